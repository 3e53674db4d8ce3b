//! Conversations with mail servers over SMTP: greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 3207, RFC 8461 section 4.2).
//!
//! A refusal is no fault of a server, and a scanner that hurries is refused: so one connection at a time to an address, each host asked
//! once however many domains name it, and whoever refuses left alone for a while and asked once more.

mod alike;
mod breaker;
mod canary;
mod config;
mod conversation;
mod counters;
mod ehlo_name;
mod ledger;
mod limits;
mod line;
mod mailer;
mod watch;

pub(crate) use self::canary::CANARIES;
pub(in crate::observe) use self::canary::choose as choose_canaries;
pub use self::config::SmtpConfig;
pub use self::counters::SmtpActivity;
pub(crate) use self::ehlo_name::find as find_ehlo_name;
pub use self::ehlo_name::{EhloName, check as check_ehlo_name};
pub use self::mailer::Mailer;

#[cfg(test)]
mod tests;
