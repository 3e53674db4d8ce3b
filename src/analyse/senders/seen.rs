//! The reports of a dataset, counted by domain, day and reporter.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::SystemTime;

use super::dated::day_text;
use crate::analyse::scans::AnalyseError;
use crate::dataset::reports::{FailureRow, ReportRow, ReportsReader};
use crate::name::normalise_host;

/// Days of the window in which failures count as of now. It ends at the last day that is reported, not today: reports come a day late.
pub(super) const WINDOW: i32 = 7;

/// Sessions of one policy type.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sessions {
    /// Sessions that kept to the policy.
    pub successful: u64,
    /// Sessions that did not.
    pub failed: u64,
}

impl Sessions {
    /// All of them.
    pub const fn all(self) -> u64 {
        self.successful.saturating_add(self.failed)
    }

    pub(super) fn add(&mut self, other: Self) {
        self.successful = self.successful.saturating_add(other.successful);
        self.failed = self.failed.saturating_add(other.failed);
    }
}

/// A policy type whose sessions are counted by themselves.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Kind {
    Sts,
    Tlsa,
    NoPolicy,
    Other,
}

impl Kind {
    pub(super) const ALL: [Self; 4] = [Self::Sts, Self::Tlsa, Self::NoPolicy, Self::Other];

    pub(super) fn of(row: &ReportRow) -> Self {
        match row.policy_type.as_deref() {
            Some("sts") => Self::Sts,
            Some("tlsa") => Self::Tlsa,
            Some("no-policy-found") => Self::NoPolicy,
            _ => Self::Other,
        }
    }
}

/// Sessions by policy type.
pub(super) type ByKind = [Sessions; 4];

pub(super) fn add_sessions(to: &mut ByKind, kind: Kind, sessions: Sessions) {
    if let Some(of_kind) = to.get_mut(kind as usize) {
        of_kind.add(sessions);
    }
}

/// Who reports.
#[derive(Clone, Debug, Default)]
pub(super) struct ReporterSeen {
    pub(super) days: BTreeSet<i32>,
    pub(super) reports: u64,
    pub(super) sessions: ByKind,
}

/// Which failures are counted together.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct FailureKey {
    pub(super) result_type: Arc<str>,
    pub(super) reason: Option<Arc<str>>,
    pub(super) code: Option<Arc<str>>,
    pub(super) mx_host: Option<Arc<str>>,
    pub(super) reporter: Arc<str>,
}

/// How often, and when last.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Events {
    pub(super) events: u64,
    pub(super) last_day: Option<i32>,
}

impl Events {
    pub(super) fn add(&mut self, events: Option<u64>, day: Option<i32>) {
        self.events = self.events.saturating_add(events.unwrap_or(0));
        self.last_day = self.last_day.max(day);
    }
}

/// A policy as senders have it.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct PolicyKey {
    pub(super) mode: String,
    /// Sorted, in lower case.
    pub(super) mx: Vec<String>,
    pub(super) max_age: Option<u64>,
}

/// Where and how long it was seen.
#[derive(Clone, Debug, Default)]
pub(super) struct PolicySeen {
    /// The last moment at which each reporter had it, in seconds since 1970, and the sessions under it.
    pub(super) reporters: BTreeMap<Arc<str>, (Option<i64>, Sessions)>,
}

/// What senders say of one policy domain.
#[derive(Clone, Debug, Default)]
pub(super) struct DomainSeen {
    /// Of all days.
    pub(super) last_day: Option<i32>,
    pub(super) rows: u64,
    pub(super) reporters: BTreeSet<Arc<str>>,
    pub(super) sessions: ByKind,
    pub(super) policies: BTreeMap<PolicyKey, PolicySeen>,
    /// Of the days of the window.
    pub(super) recent: Recent,
}

/// What senders say of one policy domain in the days of the window.
#[derive(Clone, Debug, Default)]
pub(super) struct Recent {
    pub(super) sessions: ByKind,
    pub(super) reporters: BTreeSet<Arc<str>>,
    pub(super) failures: HashMap<FailureKey, Events>,
    /// Patterns of the policies that failures are reported of.
    pub(super) patterns: BTreeSet<String>,
}

/// Failures by where they came from and arrived.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct WayKey {
    pub(super) receiving: Option<IpAddr>,
    pub(super) network: String,
}

/// What failed on a way.
#[derive(Clone, Debug, Default)]
pub(super) struct WaySeen {
    pub(super) events: Events,
    pub(super) reporters: BTreeSet<Arc<str>>,
    pub(super) hosts: BTreeSet<Arc<str>>,
}

/// The reports of a dataset.
#[derive(Debug, Default)]
pub struct Seen {
    pub(super) reporters: BTreeMap<Arc<str>, ReporterSeen>,
    pub(super) by_day: BTreeMap<i32, BTreeMap<Arc<str>, ByKind>>,
    pub(super) failures: HashMap<FailureKey, (Events, BTreeSet<Arc<str>>)>,
    pub(super) ways: HashMap<WayKey, WaySeen>,
    pub(super) domains: BTreeMap<Arc<str>, DomainSeen>,
    /// Rows without a policy domain.
    pub(super) without_domain: u64,
    pub(super) first_day: Option<i32>,
    pub(super) last_day: Option<i32>,
    pub(super) reports: u64,
    names: HashMap<String, Arc<str>>,
}

/// Who reports where nothing tells it.
const UNKNOWN: &str = "unknown";

impl Seen {
    /// Reads a dataset of reports.
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn of(reader: &ReportsReader) -> Result<Self, AnalyseError> {
        let mut seen = Self::about(reader, |_| true)?;
        seen.reports = reader.manifest().accounting.reports;
        Ok(seen)
    }

    /// Reads of a dataset of reports what is about some policy domains (`None`: about one that is not told).
    ///
    /// # Errors
    /// If it cannot be read.
    pub fn about(reader: &ReportsReader, is_wanted: impl Fn(Option<&str>) -> bool) -> Result<Self, AnalyseError> {
        // Where the window ends is known once all days are.
        let mut last_day = None;
        reader.for_each(|row| last_day = last_day.max(row.day))?;
        let mut seen = Self { last_day, ..Self::default() };
        let mut last_report = None;
        reader.for_each(|row| {
            if is_wanted(row.policy_domain.as_deref()) {
                let is_new = last_report.replace(row.report_index) != Some(row.report_index);
                seen.reports += u64::from(is_new);
                seen.add(&row, is_new);
            }
        })?;
        Ok(seen)
    }

    /// How many reports there are.
    pub const fn report_count(&self) -> u64 {
        self.reports
    }

    /// How many reporters there are.
    pub fn reporter_count(&self) -> usize {
        self.reporters.len()
    }

    /// The first and the last day that is reported.
    pub fn days(&self) -> Option<(String, String)> {
        self.first_day.zip(self.last_day).map(|(first, last)| (day_text(first), day_text(last)))
    }

    /// Whether sessions have failed in the days of the window in a way that one of the codes explains.
    pub fn confirms<'c>(&self, domain: &str, mx_hosts: &[String], mut codes: impl Iterator<Item = &'c str>) -> bool {
        self.testimony(domain, mx_hosts).is_some_and(|said| said.most().failed > 0 && codes.any(|code| said.of_code(code).is_some()))
    }

    fn name(&mut self, text: &str) -> Arc<str> {
        if let Some(known) = self.names.get(text) {
            return Arc::clone(known);
        }
        let name: Arc<str> = text.into();
        self.names.insert(text.to_owned(), Arc::clone(&name));
        name
    }

    fn add(&mut self, row: &ReportRow, is_new_report: bool) {
        let reporter = match (&row.reporter, &row.organization) {
            (Some(reporter), _) => self.name(reporter),
            // Anybody can call himself like a domain.
            (None, Some(organization)) => self.name(&format!("{organization:?} (by name)")),
            (None, None) => self.name(UNKNOWN),
        };
        let (kind, sessions) = (Kind::of(row), Sessions { successful: row.successful.unwrap_or(0), failed: row.failed.unwrap_or(0) });
        let of_reporter = self.reporters.entry(Arc::clone(&reporter)).or_default();
        of_reporter.reports += u64::from(is_new_report);
        of_reporter.days.extend(row.day);
        add_sessions(&mut of_reporter.sessions, kind, sessions);
        if let Some(day) = row.day {
            self.first_day = Some(self.first_day.map_or(day, |first| first.min(day)));
            add_sessions(self.by_day.entry(day).or_default().entry(Arc::clone(&reporter)).or_default(), kind, sessions);
        }
        let domain = row.policy_domain.as_deref().map(|domain| self.name(domain));
        let failures: Vec<(FailureKey, &FailureRow)> = row.failures.iter().map(|failure| (self.key(failure, &reporter), failure)).collect();
        for (key, failure) in &failures {
            self.add_failure(key, failure, row.day, domain.as_ref());
        }
        let Some(domain) = domain else {
            self.without_domain += 1;
            return;
        };
        let is_recent = row.day.zip(self.last_day).is_some_and(|(day, last)| day > last - WINDOW);
        let seen = self.domains.entry(domain).or_default();
        seen.rows += 1;
        seen.last_day = seen.last_day.max(row.day);
        seen.reporters.insert(Arc::clone(&reporter));
        add_sessions(&mut seen.sessions, kind, sessions);
        if kind == Kind::Sts
            && let Some(policy) = policy_key(row)
        {
            let of_reporter = seen.policies.entry(policy).or_default().reporters.entry(Arc::clone(&reporter)).or_default();
            of_reporter.0 = of_reporter.0.max(row.end.and_then(seconds));
            of_reporter.1.add(sessions);
        }
        if is_recent {
            seen.recent.reporters.insert(reporter);
            add_sessions(&mut seen.recent.sessions, kind, sessions);
            seen.recent.patterns.extend(row.failures.iter().flat_map(|_| row.patterns().iter().cloned()));
            for (key, failure) in failures {
                seen.recent.failures.entry(key).or_default().add(failure.events, row.day);
            }
        }
    }

    fn key(&mut self, failure: &FailureRow, reporter: &Arc<str>) -> FailureKey {
        let mut name = |text: &Option<String>| text.as_deref().map(|text| self.name(text));
        FailureKey {
            reason: name(&failure.reason),
            code: name(&failure.code),
            mx_host: failure.mx_host.as_deref().map(|host| normalise_host(host.trim())).map(|host| self.name(&host)),
            result_type: self.name(failure.result_type.as_deref().unwrap_or(UNKNOWN)),
            reporter: Arc::clone(reporter),
        }
    }

    fn add_failure(&mut self, key: &FailureKey, failure: &FailureRow, day: Option<i32>, domain: Option<&Arc<str>>) {
        // Reasons may be different in each report; the table has a row for each code, host and reporter.
        let without_reason = FailureKey { reason: None, ..key.clone() };
        let (events, domains) = self.failures.entry(without_reason).or_default();
        events.add(failure.events, day);
        domains.extend(domain.cloned());
        if failure.sending_ip.is_none() && failure.receiving_ip.is_none() {
            return;
        }
        let network = failure.sending_ip.map_or_else(|| UNKNOWN.to_owned(), network);
        let way = self.ways.entry(WayKey { receiving: failure.receiving_ip, network }).or_default();
        way.events.add(failure.events, day);
        way.reporters.insert(Arc::clone(&key.reporter));
        way.hosts.extend(key.mx_host.clone());
    }
}

/// The policy that a row reports; `None` where the sender does not tell it.
fn policy_key(row: &ReportRow) -> Option<PolicyKey> {
    let mode = row.policy_mode.as_ref()?.to_ascii_lowercase();
    Some(PolicyKey { mode, mx: patterns(row.policy_mx.as_deref().unwrap_or_default()), max_age: row.policy_max_age })
}

/// Patterns as they are compared: in lower case, sorted, each once.
pub(super) fn patterns(mx: &[String]) -> Vec<String> {
    let set: BTreeSet<String> = mx.iter().map(|pattern| pattern.trim().to_ascii_lowercase()).collect();
    set.into_iter().collect()
}

/// Seconds since 1970.
pub(super) fn seconds(time: SystemTime) -> Option<i64> {
    i64::try_from(time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs()).ok()
}

/// The network of an address, /24 or /48: senders have many addresses of few networks.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(address) => {
            let [a, b, c, _] = address.octets();
            format!("{a}.{b}.{c}.0/24")
        }
        IpAddr::V6(address) => {
            let [a, b, c, ..] = address.segments();
            format!("{}/48", std::net::Ipv6Addr::new(a, b, c, 0, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_are_those_of_operators() {
        assert_eq!(network("192.0.2.7".parse().unwrap()), "192.0.2.0/24");
        assert_eq!(network("2001:db8:abcd:12::1".parse().unwrap()), "2001:db8:abcd::/48");
    }

    #[test]
    fn patterns_are_compared_as_sets() {
        assert_eq!(patterns(&["B.example".to_owned(), "a.example ".to_owned(), "b.example".to_owned()]), ["a.example", "b.example"]);
    }
}
