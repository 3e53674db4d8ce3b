//! What the lab was asked: counts of everything, and the last requests in full.

use std::collections::{BTreeMap, VecDeque};
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Instant;

use super::wire;

/// Connections to mail servers that are kept.
const KEPT_VISITS: usize = 20_000;
/// Requests that are kept in full.
const KEPT_REQUESTS: usize = 1000;
/// Hundredths of a second for which arrivals are kept.
const KEPT_TICKS: usize = 60_000;

/// Counts since the start of the lab.
#[derive(Debug, Default)]
pub struct Journal {
    mx: AtomicU64,
    txt: AtomicU64,
    a: AtomicU64,
    aaaa: AtomicU64,
    tlsa: AtomicU64,
    other: AtomicU64,
    dns_udp: AtomicU64,
    dns_tcp: AtomicU64,
    handshakes: AtomicU64,
    arrivals: Mutex<Arrivals>,
    https: Mutex<Https>,
    mail: Mutex<VecDeque<MailVisit>>,
    mail_open: AtomicU64,
}

/// DNS messages over UDP by the hundredth of a second in which they came.
#[derive(Debug, Default)]
struct Arrivals {
    begun: Option<Instant>,
    by_tick: VecDeque<(u64, u64)>,
}

#[derive(Debug, Default)]
struct Https {
    connections: BTreeMap<IpAddr, u64>,
    requests: u64,
    last: VecDeque<Request>,
}

/// One HTTP request as it came.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// When its head had arrived.
    pub at: Instant,
    /// The address that was connected to.
    pub address: IpAddr,
    /// Server name of the TLS handshake.
    pub host: String,
    /// Method, as sent.
    pub method: String,
    /// Path, as sent.
    pub path: String,
    /// Header fields in the order sent, names in lower case.
    pub headers: Vec<(String, String)>,
}

impl Request {
    /// The first value of a header (name in lower case).
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(sent, _)| sent == name).map(|(_, value)| value.as_str())
    }
}

/// A connection to a mail server, from its beginning to its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MailVisit {
    /// The address that was connected to.
    pub address: IpAddr,
    /// When it was accepted.
    pub begun: Instant,
    /// When it ended.
    pub ended: Instant,
    /// When the last line of the greeting was sent; `None` if it never was.
    pub greeted: Option<Instant>,
    /// Whether anything had come before that.
    pub early: bool,
    /// Whether anything came along with a command, before its reply.
    pub pipelined: bool,
    /// The lines that the client sent, without their ends, and when.
    pub commands: Vec<(Instant, String)>,
    /// How many of them came before TLS; `None` if there was no TLS.
    pub in_clear: Option<usize>,
    /// Server names of the ClientHello that was sent, if one was; empty if it named none.
    pub name: Option<String>,
    /// Whether the server ended the connection.
    pub dismissed: bool,
}

impl MailVisit {
    /// Whether the client took its leave by QUIT.
    pub fn quit(&self) -> bool {
        self.commands.last().is_some_and(|(_, command)| command.eq_ignore_ascii_case("QUIT"))
    }
}

/// Counts at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// DNS questions for MX.
    pub mx: u64,
    /// DNS questions for TXT.
    pub txt: u64,
    /// DNS questions for A.
    pub a: u64,
    /// DNS questions for AAAA.
    pub aaaa: u64,
    /// Other DNS messages, the unreadable included.
    pub other: u64,
    /// DNS messages over UDP.
    pub dns_udp: u64,
    /// DNS messages over TCP.
    pub dns_tcp: u64,
    /// TLS handshakes that were completed.
    pub handshakes: u64,
    /// HTTP requests.
    pub requests: u64,
    /// Connections accepted by each address of policy hosts.
    pub connections: BTreeMap<IpAddr, u64>,
    /// DNS questions for TLSA.
    pub tlsa: u64,
}

impl Journal {
    /// The counts as they are now.
    pub fn counts(&self) -> Counts {
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let https = self.https();
        Counts {
            mx: load(&self.mx),
            txt: load(&self.txt),
            a: load(&self.a),
            aaaa: load(&self.aaaa),
            other: load(&self.other),
            dns_udp: load(&self.dns_udp),
            dns_tcp: load(&self.dns_tcp),
            handshakes: load(&self.handshakes),
            requests: https.requests,
            connections: https.connections.clone(),
            tlsa: load(&self.tlsa),
        }
    }

    /// The last requests, the oldest first; at most 1000.
    pub fn requests(&self) -> Vec<Request> {
        self.https().last.iter().cloned().collect()
    }

    /// The last connections to mail servers that have ended, by their ends; at most 20,000.
    pub fn mail_visits(&self) -> Vec<MailVisit> {
        self.visits().iter().cloned().collect()
    }

    /// Connections to mail servers that have not ended.
    pub fn open_mail_visits(&self) -> u64 {
        self.mail_open.load(Ordering::Relaxed)
    }

    pub(super) fn mail_visit_begins(&self) {
        self.mail_open.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn mail_visit(&self, visit: MailVisit) {
        let mut visits = self.visits();
        if visits.len() == KEPT_VISITS {
            visits.pop_front();
        }
        visits.push_back(visit);
        self.mail_open.fetch_sub(1, Ordering::Relaxed);
    }

    fn visits(&self) -> MutexGuard<'_, VecDeque<MailVisit>> {
        self.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// When DNS messages came over UDP: hundredths of a second since the first, and how many came in each; the last ten minutes at most.
    pub fn arrivals(&self) -> Vec<(u64, u64)> {
        self.arrivals.lock().unwrap_or_else(PoisonError::into_inner).by_tick.iter().copied().collect()
    }

    /// Notes messages that have just come over UDP.
    pub(super) fn arrived(&self, messages: usize) {
        let now = Instant::now();
        let mut arrivals = self.arrivals.lock().unwrap_or_else(PoisonError::into_inner);
        let begun = *arrivals.begun.get_or_insert(now);
        let tick = u64::try_from(now.saturating_duration_since(begun).as_millis() / 10).unwrap_or(u64::MAX);
        match arrivals.by_tick.back_mut() {
            Some((last, count)) if *last == tick => *count += messages as u64,
            _ => arrivals.by_tick.push_back((tick, messages as u64)),
        }
        if arrivals.by_tick.len() > KEPT_TICKS {
            arrivals.by_tick.pop_front();
        }
    }

    pub(super) fn dns(&self, qtype: u16, tcp: bool) {
        let by_type = match qtype {
            wire::TYPE_MX => &self.mx,
            wire::TYPE_TXT => &self.txt,
            wire::TYPE_A => &self.a,
            wire::TYPE_AAAA => &self.aaaa,
            wire::TYPE_TLSA => &self.tlsa,
            _ => &self.other,
        };
        by_type.fetch_add(1, Ordering::Relaxed);
        if tcp { &self.dns_tcp } else { &self.dns_udp }.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn connection(&self, address: IpAddr) {
        *self.https().connections.entry(address).or_default() += 1;
    }

    pub(super) fn handshake(&self) {
        self.handshakes.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn request(&self, request: Request) {
        let mut https = self.https();
        https.requests += 1;
        if https.last.len() == KEPT_REQUESTS {
            https.last.pop_front();
        }
        https.last.push_back(request);
    }

    fn https(&self) -> MutexGuard<'_, Https> {
        self.https.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
