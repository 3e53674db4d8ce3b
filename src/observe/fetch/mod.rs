//! The HTTPS evidence: one GET of `https://mta-sts.DOMAIN/.well-known/mta-sts.txt` by explicit steps
//! (RFC 8461 section 3.3).
//!
//! The steps are: choose an address, connect, TLS handshake, request, body. Each leaves what it saw in
//! [`evidence::Fetch`](crate::evidence::Fetch), also where it fails. A ready-made HTTP client would hide half of that: the
//! addresses tried, the length of each stage, the TLS version, cipher suite and ALPN, and every fault of a certificate
//! but the first; it refuses heads that mail software reads, and is at the mercy of servers that send without end. So this goes down to a
//! TCP stream within a budget (`wire`), rustls, and a reader of one response (`response`, with `parse::http_head`).
//!
//! What the exchange does not do, on purpose: follow redirects, decompress, keep cookies, use a proxy, pool connections,
//! resume TLS sessions (a resumed session shows no certificate).

mod config;
mod counters;
mod fetcher;
mod http;
mod limits;
mod response;

pub use self::config::FetchConfig;
pub(crate) use self::config::{MAX_TIMEOUT, PACE, ROOTS_DATE, ROOTS_VERSION, add_roots, built_in_roots, platform_roots, sets_pace};
pub(in crate::observe) use self::fetcher::POLICY_PATH;
pub(crate) use self::fetcher::{Fetcher, RequestKind};
pub(in crate::observe) use self::response::NoResponse;

#[cfg(test)]
mod tests;
