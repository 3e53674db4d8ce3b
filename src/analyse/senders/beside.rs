//! What senders testify of one domain: which findings their failures confirm, which failures no finding explains, which findings they have
//! not met.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::dated::day_text;
use super::seen::{DomainSeen, FailureKey, Kind, Seen, Sessions, WINDOW};
use crate::name::normalise_host;
use crate::reports::{Reported, is_of_deliveries};

/// What the reports of the days of the window say of a domain and its MX hosts.
#[derive(Clone, Debug, Default)]
pub struct Testimony {
    /// Sessions by policy type: the type's word and its sessions.
    pub sessions: Vec<(&'static str, Sessions)>,
    /// Who reported in these days.
    pub reporters: usize,
    /// The last day that is reported of the domain, whenever that was.
    pub last_day: Option<i32>,
    /// The last day that is reported at all, with which the window ends.
    pub window_end: Option<i32>,
    failures: Vec<ReportedFailure>,
    patterns: Vec<String>,
}

#[derive(Clone, Debug)]
struct ReportedFailure {
    key: FailureKey,
    events: u64,
    last_day: Option<i32>,
}

/// Failures of one type that senders reported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Confirmation {
    /// Result types, each once.
    pub result_types: Vec<String>,
    /// Reasons that senders gave, each once.
    pub reasons: Vec<String>,
    /// MX hosts, each once.
    pub hosts: Vec<String>,
    /// Events, which overlap.
    pub events: u64,
    /// Who reported them.
    pub reporters: Vec<String>,
    /// The last day of one.
    pub last_day: Option<i32>,
    /// Whether senders delivered all the same, by a policy that they had cached.
    pub carried_by_cache: bool,
}

impl Seen {
    /// What senders say of a domain; `None` where there is no report of it at all.
    pub fn testimony(&self, domain: &str, mx_hosts: &[String]) -> Option<Testimony> {
        let own = self.domains.get(domain);
        let hosts: BTreeSet<String> = mx_hosts.iter().map(|host| normalise_host(host)).filter(|host| host != domain).collect();
        // Of an MX host only DANE is reported under its name.
        let of_hosts = hosts.iter().filter_map(|host| self.domains.get(host.as_str())).filter(|seen| {
            let tlsa = seen.sessions.get(Kind::Tlsa as usize).copied().unwrap_or_default();
            tlsa.all() > 0
        });
        let all: Vec<&DomainSeen> = own.into_iter().chain(of_hosts).collect();
        if all.is_empty() {
            return None;
        }
        let mut testimony = Testimony { window_end: self.last_day, ..Testimony::default() };
        let mut reporters: BTreeSet<&Arc<str>> = BTreeSet::new();
        for (kind, word) in [(Kind::Sts, "sts"), (Kind::Tlsa, "tlsa"), (Kind::NoPolicy, "no-policy-found")] {
            let mut sum = Sessions::default();
            all.iter().filter_map(|seen| seen.recent.sessions.get(kind as usize)).for_each(|sessions| sum.add(*sessions));
            if sum.all() > 0 {
                testimony.sessions.push((word, sum));
            }
        }
        for seen in all {
            reporters.extend(&seen.recent.reporters);
            testimony.last_day = testimony.last_day.max(seen.last_day);
            testimony.patterns.extend(seen.recent.patterns.iter().cloned());
            testimony.failures.extend(seen.recent.failures.iter().map(|(key, events)| ReportedFailure {
                key: key.clone(),
                events: events.events,
                last_day: events.last_day,
            }));
        }
        testimony.reporters = reporters.len();
        testimony.failures.sort_by(|a, b| a.key.cmp(&b.key));
        Some(testimony)
    }
}

impl Testimony {
    /// The failures that a finding of this code explains; `None` where no sender reported one.
    pub fn of_code(&self, code: &str) -> Option<Confirmation> {
        self.gathered(|failure| self.is_explained(failure, code))
    }

    /// The failures that none of the codes explains, by result type.
    pub fn unexplained<'c>(&self, codes: impl Iterator<Item = &'c str> + Clone) -> Vec<Confirmation> {
        let open = |failure: &&ReportedFailure| !codes.clone().any(|code| self.is_explained(failure, code));
        let types: BTreeSet<&str> = self.failures.iter().filter(open).map(|failure| &*failure.key.result_type).collect();
        types.into_iter().filter_map(|word| self.gathered(|failure| open(&failure) && &*failure.key.result_type == word)).collect()
    }

    /// Whether senders would have reported what a finding of this code says, and did not: there were sessions without it.
    pub fn has_not_met(&self, code: &str) -> bool {
        is_of_deliveries(code) && self.all() > 0 && self.of_code(code).is_none()
    }

    /// Sessions of the policy type that has most: types are never added.
    pub fn all(&self) -> u64 {
        self.most().all()
    }

    /// The sessions of the policy type that has most of them.
    pub fn most(&self) -> Sessions {
        self.sessions.iter().map(|(_, sessions)| *sessions).max_by_key(|sessions| (sessions.failed, sessions.all())).unwrap_or_default()
    }

    /// The window in words, as `in the 7 days to 2025-03-10`.
    pub fn window(&self) -> String {
        self.window_end.map_or_else(String::new, |day| format!("in the {WINDOW} days to {}", day_text(day)))
    }

    fn is_explained(&self, failure: &ReportedFailure, code: &str) -> bool {
        let key = &failure.key;
        let (reason, mx_host) = (key.reason.as_deref(), key.mx_host.as_deref());
        Reported { result_type: &key.result_type, reason, mx_host, patterns: &self.patterns }.is_explained_by(code)
    }

    fn gathered(&self, which: impl Fn(&ReportedFailure) -> bool) -> Option<Confirmation> {
        let mut found = Confirmation::default();
        let mut lists: [BTreeSet<&str>; 4] = Default::default();
        let mut is_empty = true;
        found.carried_by_cache = true;
        for failure in self.failures.iter().filter(|failure| which(failure)) {
            is_empty = false;
            let key = &failure.key;
            let texts = [Some(&*key.result_type), key.reason.as_deref(), key.mx_host.as_deref(), Some(&*key.reporter)];
            for (list, text) in lists.iter_mut().zip(texts) {
                list.extend(text);
            }
            found.events = found.events.saturating_add(failure.events);
            found.last_day = found.last_day.max(failure.last_day);
            let reported =
                Reported { result_type: &key.result_type, reason: key.reason.as_deref(), mx_host: None, patterns: &self.patterns };
            found.carried_by_cache &= reported.is_carried_by_cache();
        }
        let [types, reasons, hosts, reporters] = lists.map(|list| list.into_iter().map(str::to_owned).collect());
        (found.result_types, found.reasons, found.hosts, found.reporters) = (types, reasons, hosts, reporters);
        (!is_empty).then_some(found)
    }
}

impl Confirmation {
    /// In a sentence: `1,204 of 51,233 sessions failed, certificate-expired, last on 2025-03-10`.
    pub fn sentence(&self, testimony: &Testimony, number: impl Fn(u64) -> String) -> String {
        let most = testimony.most();
        let events = format!("{} {}", number(self.events), if self.events == 1 { "event" } else { "events" });
        let sessions = match most.all() {
            0 => events,
            all if most.failed == 0 => format!("{events}, none of {} sessions failed", number(all)),
            all => format!("{} of {} sessions failed, {events}", number(most.failed), number(all)),
        };
        let at = match self.reporters.as_slice() {
            [one] => format!("at {one}"),
            many => format!("at {} reporters", many.len()),
        };
        let last = self.last_day.map(|day| format!(", last on {}", day_text(day))).unwrap_or_default();
        let cache = if self.carried_by_cache { "; the policy that senders have cached carried it: it ends when that expires" } else { "" };
        format!("{sessions}, {} {at} {}{last}{cache}", self.result_types.join(", "), testimony.window())
    }
}
