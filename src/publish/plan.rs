//! A decision in words: the plan, the table of decisions and their headings.

use super::decision::{Decision, Step};
use super::hosts::Hosts;
use super::reports::Reports;
use crate::escape::{csv_field, safe};
use crate::name::suffix;
use crate::parse::policy::Mode;

/// What stands above the plan.
pub const HEADING: &str = "\
Plan of `stscan publish`. What is decided for each domain and why stands in publish.csv, too.

The order counts: reports first, so that failures are seen; then the policy; then the record that sends senders to it.
  DOMAIN/.well-known/mta-sts.txt   the policies, as they are served at https://mta-sts.DOMAIN/.well-known/mta-sts.txt
  server/                          one virtual host for all of them: nginx, Caddy, Apache or a Cloudflare Worker; names.txt: its names
  dns/                             the records, one BIND snippet per domain, and all of them in records.csv
  later/                           the same tree as it is from the day on which to go on: copied over this one, it is in place
A policy that enforces makes senders hold back mail for MX hosts that fail. Read the TLS reports before it is put in place.
";

/// The heading of the table.
pub const COLUMNS: &str = "domain,registrable_domain,action,mode,mode_later,go_on,id,id_changes,max_age_wait,mx_hosts,patterns,not_named,failing,untested,tlsrpt_record,policy_file,why";

/// The steps in words, in order.
pub fn steps(decision: &Decision) -> Vec<String> {
    decision.steps.iter().map(|step| words(step, decision)).collect()
}

fn words(step: &Step, decision: &Decision) -> String {
    let domain = &decision.domain;
    match step {
        Step::NameMailbox => "Name a mailbox for TLS reports that somebody reads (--rua): there is no usable TLSRPT record.".to_owned(),
        Step::Report => {
            format!(
                "Publish the TLSRPT record, TXT at {}{}.",
                domain.tlsrpt_record_name(),
                instead(decision.aliases.reports.as_ref().map(|to| to.as_str()))
            )
        }
        Step::Serve => serve(decision),
        Step::Announce => announce(decision),
        Step::RenameHosts => format!("Rename the MX hosts that no policy can name: {}.", decision.hosts.unnameable_in_words()),
        Step::FixHosts => {
            format!("Fix the MX hosts to which nobody would deliver: {}. Then scan again.", decision.hosts.failing_in_words())
        }
        Step::Advance(day) => {
            let tested = if decision.hosts.untested.is_empty() { "" } else { " and `stscan check` finds every MX host fit" };
            format!(
                "From {day} on, if TLS reports show no failures{tested}: serve the same policy with mode enforce, then publish its record, which has another id (both in later/)."
            )
        }
        Step::Wait(seconds) => format!(
            "Wait until no sender holds the old policy: {} from the day on which it was last served, longer if an older one had a longer max_age.",
            days(*seconds)
        ),
        Step::Remove => format!("Remove the TXT record at {}, then the policy and {}.", domain.sts_record_name(), domain.policy_host()),
        Step::ScanAgain => "Scan again: the MX lookup failed.".to_owned(),
    }
}

fn serve(decision: &Decision) -> String {
    let host = decision.domain.policy_host();
    let alias = decision.aliases.policy_host.as_ref();
    let alias =
        alias.map_or_else(String::new, |to| format!(" {host} is an alias of {to}: change the policy there, or let the name lead here."));
    format!("Serve the policy at https://{host}/.well-known/mta-sts.txt, with a valid certificate for {host}.{alias}")
}

fn announce(decision: &Decision) -> String {
    let name = decision.domain.sts_record_name();
    let alias = instead(decision.aliases.record.as_ref().map(|to| to.as_str()));
    format!("Publish the MTA-STS record, the only TXT at {name}{alias}. Then: stscan check {}", decision.domain)
}

fn instead(alias: Option<&str>) -> String {
    alias.map_or_else(String::new, |to| format!(" (in place of the alias of {to}, or there)"))
}

fn days(seconds: u64) -> String {
    match seconds.div_ceil(86_400) {
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

/// The part of the plan that is about one domain.
pub fn section(decision: &Decision) -> String {
    let mode = |mode: Mode| format!("mode {mode}");
    let now = decision.now.as_ref().map(|now| mode(now.mode));
    let later = decision.go_on().map(|day| format!("enforce from {day}"));
    let modes: Vec<String> = now.into_iter().chain(later).collect();
    let mut text = format!("\n{}: {}, {}\n", decision.domain, decision.action, modes.join(", "));
    for why in &decision.why {
        text.push_str(&format!("  because: {}\n", safe(why)));
    }
    for (place, step) in steps(decision).iter().enumerate() {
        text.push_str(&format!("  {}. {}\n", place + 1, safe(step)));
    }
    text
}

/// The line of the table that is about one domain, without its end.
pub fn row(decision: &Decision) -> String {
    let now = decision.now.as_ref();
    let Hosts { named, patterns, unnameable, failing, untested, .. } = &decision.hosts;
    let names = |names: Vec<&str>| names.join(" ");
    let texts = |texts: &[String]| names(texts.iter().map(String::as_str).collect());
    let wait = decision.steps.iter().find_map(|step| if let Step::Wait(seconds) = step { Some(seconds.to_string()) } else { None });
    let reports = match &decision.reports {
        Reports::Kept(_) => "kept",
        Reports::Set(_) => "set",
        Reports::Unnamed => "no mailbox named",
        Reports::Unknown => "",
    };
    let cells: [String; 17] = [
        decision.domain.to_string(),
        suffix::registrable(decision.domain.as_str()).unwrap_or_default().to_owned(),
        decision.action.to_string(),
        now.map_or_else(String::new, |now| now.mode.to_string()),
        decision.later.as_ref().map_or_else(String::new, |later| later.mode.to_string()),
        decision.go_on().map_or_else(String::new, |day| day.to_string()),
        now.map_or_else(String::new, |now| now.id.clone()),
        now.map_or_else(String::new, |_| decision.record_changes.to_string()),
        wait.unwrap_or_default(),
        texts(named),
        if now.is_some_and(|now| now.mode != Mode::None) { texts(patterns) } else { String::new() },
        names(unnameable.iter().map(|(host, _)| host.as_str()).collect()),
        names(failing.iter().map(|(host, _)| host.as_str()).collect()),
        texts(untested),
        reports.to_owned(),
        now.map_or_else(String::new, |_| policy_path(decision)),
        decision.why.join("; "),
    ];
    cells.map(|cell| csv_field(&cell)).join(",")
}

/// Where the policy of a domain lies in the tree.
pub fn policy_path(decision: &Decision) -> String {
    format!("{}/.well-known/mta-sts.txt", decision.domain)
}
