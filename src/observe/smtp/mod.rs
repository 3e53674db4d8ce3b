//! Conversations with mail servers over SMTP: greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 3207, RFC 8461 section 4.2).
//!
//! A refusal is no fault of a server, and a scanner that hurries is refused: so one connection at a time to an address, each host asked
//! once however many domains name it, and whoever refuses left alone for a while and asked once more.

mod breaker;
mod config;
mod conversation;
mod counters;
mod ledger;
mod limits;
mod line;
mod mailer;

pub use self::config::SmtpConfig;
pub use self::counters::SmtpActivity;
pub use self::mailer::Mailer;

#[cfg(test)]
mod tests;
