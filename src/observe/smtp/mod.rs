//! Conversations with mail servers over SMTP: greeting, EHLO, STARTTLS, handshake, EHLO, QUIT (RFC 3207, RFC 8461 section 4.2).

mod config;

pub use self::config::SmtpConfig;
