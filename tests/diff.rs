//! What changed between two scans: hand-made evidence whose truth is known, and the lab's census in two states.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::{Duration, UNIX_EPOCH};

use harness::{expect, mail, rows, stderr, stdout};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use stscan::analyse::Scan;
use stscan::analyse::diff::{Diff, Kind, diff, diff_by_shares};
use stscan::classify::codes;
use stscan::classify::{Posture, Severity, classify};
use stscan::dataset::{Activity, Dataset, List, Options, Record, RunDescription, Tool, record_batch};
use stscan::evidence::Evidence;
use stscan::input::{Accounting, Target};

/// A deployment; `None` as mode: no record.
#[derive(Clone)]
struct Site {
    id: &'static str,
    mode: Option<&'static str>,
    patterns: &'static str,
    hosts: &'static str,
    max_age: u32,
    rua: Option<&'static str>,
    /// Outcome of the question for the record.
    outcome: &'static str,
    status: u16,
    provider: Option<&'static str>,
    /// Days that the certificate of the policy host is still valid; `None`: years.
    days_left: Option<u64>,
}

const SITE: Site = Site {
    id: "1",
    mode: Some("enforce"),
    patterns: "mx1.example.net",
    hosts: "mx1.example.net",
    max_age: 604_800,
    rua: Some("mailto:tls@example.net"),
    outcome: "noerror",
    status: 200,
    provider: None,
    days_left: None,
};

const NOTHING: Site = Site { mode: None, rua: None, outcome: "nodata", ..SITE };

fn evidence(domain: &str, site: &Site) -> Evidence {
    let template = include_str!("golden/enforce.json").replace("enforce.test", domain);
    let mut evidence: Value = serde_json::from_str(&template).unwrap();
    let words = |texts: &str| texts.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    evidence["mx"]["records"] = words(site.hosts).iter().map(|host| json!({ "preference": 10, "exchange": host })).collect();
    evidence["mx_hosts"] = json!([]);
    evidence["rua_hosts"] = json!([]);
    evidence["tlsrpt_txt"]["records"] = site.rua.map_or(json!([]), |rua| json!([[format!("v=TLSRPTv1; rua={rua}")]]));
    if site.rua.is_none() {
        evidence["tlsrpt_txt"]["outcome"] = "nodata".into();
    }
    evidence["sts_txt"]["outcome"] = site.outcome.into();
    evidence["sts_txt"]["records"] = json!([[format!("v=STSv1; id={};", site.id)]]);
    if let Some(provider) = site.provider {
        evidence["host_a"]["cname_chain"] = json!([provider]);
    }
    match site.mode.filter(|_| site.outcome == "noerror") {
        Some(mode) => {
            let patterns: String = words(site.patterns).iter().map(|pattern| format!("mx: {pattern}\n")).collect();
            let body = format!("version: STSv1\nmode: {mode}\n{patterns}max_age: {}\n", site.max_age);
            evidence["fetch"]["status"] = site.status.into();
            evidence["fetch"]["body_sha256"] = Sha256::digest(&body).iter().map(|byte| format!("{byte:02x}")).collect::<String>().into();
            evidence["fetch"]["body"] = body.into();
        }
        None => {
            evidence["sts_txt"]["records"] = json!([]);
            for absent in ["host_a", "host_aaaa", "fetch"] {
                evidence[absent] = Value::Null;
            }
        }
    }
    serde_json::from_value(evidence).unwrap()
}

/// A dataset of these domains, in parts of three rows, as if it had been begun on a day of 2026.
fn dataset(dir: &Path, day: u64, sites: &[(&str, Site)]) {
    let run = RunDescription {
        run_id: format!("day-{day}"),
        tool: Tool::of_this_build(),
        catalogue_version: "1".to_owned(),
        configuration: Options::new(),
        pace: Options::new(),
        shard_rows: 3,
        list: List { name: "list".to_owned(), ..List::default() },
        public_suffix_list: String::new(),
        root_store: String::new(),
        resolvers: Vec::new(),
        resolver_validates: None,
        asn_db: Vec::new(),
        user_agent: String::new(),
    };
    let mut dataset = Dataset::create_or_resume(dir, &run).unwrap();
    for (shard, sites) in sites.chunks(3).enumerate() {
        let record = |(index, (domain, site)): (usize, &(&str, Site))| {
            let mut evidence = evidence(domain, site);
            evidence.scanned_at = UNIX_EPOCH + Duration::from_secs(day * 86_400);
            if let (Some(days), Some(fetch)) = (site.days_left, &mut evidence.fetch) {
                let certificate = fetch.certificate.as_mut().unwrap();
                certificate.not_before = Some(evidence.scanned_at - Duration::from_secs(60 * 86_400));
                certificate.not_after = Some(evidence.scanned_at + Duration::from_secs(days * 86_400));
            }
            let ordinal = (shard * 3 + index) as u64;
            let target = Target {
                ordinal,
                domain: evidence.domain.clone(),
                rank: None,
                list: "list".into(),
                file: None,
                line: None,
                carried: Vec::new(),
            };
            Record { target, assessment: classify(&evidence), evidence }
        };
        let records: Vec<Record> = sites.iter().enumerate().map(record).collect();
        dataset.commit_part(shard as u64, &[record_batch(&records).unwrap()], &Activity::default()).unwrap();
    }
    let rows = sites.len() as u64;
    dataset.finish(Accounting { lines: rows, rows, ..Accounting::default() }, List::default(), &Activity::default()).unwrap();
    let path = dir.join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["started_at"] = format!("2026-01-{day:02}T00:00:00Z").into();
    fs::write(&path, manifest.to_string()).unwrap();
}

/// Name, deployment before and after (`None`: not in the list), and the changes that are expected.
type Case = (&'static str, Option<Site>, Option<Site>, &'static [Kind]);

fn cases() -> Vec<Case> {
    use Kind::*;
    let with = |change: fn(&mut Site)| {
        let mut site = SITE;
        change(&mut site);
        Some(site)
    };
    let same = Some(SITE);
    let testing = || with(|site| site.mode = Some("testing"));
    vec![
        ("same.example", same.clone(), same.clone(), &[]),
        ("still-nothing.example", Some(NOTHING), Some(NOTHING), &[]),
        ("adopted.example", Some(Site { rua: SITE.rua, ..NOTHING }), same.clone(), &[Adopted]),
        ("adopted-both.example", Some(NOTHING), same.clone(), &[Adopted, TlsrptAdopted]),
        ("adopted-broken.example", Some(Site { rua: SITE.rua, ..NOTHING }), with(|site| site.status = 404), &[NewlyBroken, Adopted]),
        ("broken.example", same.clone(), with(|site| site.status = 404), &[NewlyBroken]),
        ("fixed.example", with(|site| site.status = 404), same.clone(), &[Fixed]),
        ("still-broken.example", with(|site| site.status = 404), with(|site| site.status = 404), &[]),
        ("abrupt.example", same.clone(), Some(NOTHING), &[DroppedAbruptly, TlsrptDropped]),
        ("expired.example", with(|site| site.max_age = 86_400), Some(Site { rua: SITE.rua, ..NOTHING }), &[Dropped]),
        ("orderly.example", with(|site| site.mode = Some("none")), Some(Site { rua: SITE.rua, ..NOTHING }), &[DroppedOrderly]),
        ("raised.example", testing(), with(|site| site.id = "2"), &[ModeRaised]),
        ("lowered.example", same.clone(), with(|site| (site.mode, site.id) = (Some("none"), "2")), &[ModeLowered]),
        ("id-reused.example", testing(), same.clone(), &[IdReused, ModeRaised]),
        ("id-only.example", same.clone(), with(|site| site.id = "2"), &[IdOnly]),
        (
            "patterns.example",
            same.clone(),
            with(|site| (site.id, site.patterns) = ("2", "mx1.example.net *.example.org")),
            &[PatternsChanged],
        ),
        ("case.example", same.clone(), with(|site| (site.id, site.patterns) = ("2", "MX1.example.net")), &[]),
        (
            "stale.example",
            same.clone(),
            with(|site| site.hosts = "mx.elsewhere.test"),
            &[NewlyRefused, MxStale, MxChanged, MailProviderMoved],
        ),
        (
            "stale-one.example",
            same.clone(),
            with(|site| site.hosts = "mx1.example.net mx2.example.net"),
            &[NewlyRefused, MxStale, MxChanged],
        ),
        (
            "covered-move.example",
            with(|site| site.patterns = "mx1.example.net *.example.org"),
            with(|site| (site.patterns, site.hosts) = ("mx1.example.net *.example.org", "a.example.org")),
            &[MxChanged, MailProviderMoved],
        ),
        (
            "refusal-fixed.example",
            with(|site| site.hosts = "mx9.example.net"),
            with(|site| (site.hosts, site.patterns, site.id) = ("mx9.example.net", "mx9.example.net", "2")),
            &[RefusalFixed, PatternsChanged],
        ),
        (
            "policy-moved.example",
            with(|site| site.provider = Some("a.hoster.net")),
            with(|site| site.provider = Some("a.other.net")),
            &[PolicyProviderMoved],
        ),
        ("rua.example", same.clone(), with(|site| site.rua = Some("mailto:new@example.net")), &[RuaChanged]),
        ("rua-broken.example", same.clone(), with(|site| site.rua = Some("tls@example.net!10m")), &[TlsrptBroken]),
        ("rua-fixed.example", with(|site| site.rua = Some("tls@example.net!10m")), same.clone(), &[TlsrptFixed]),
        ("unknown.example", same.clone(), with(|site| site.outcome = "timeout"), &[Unknown]),
        ("was-unknown.example", with(|site| site.outcome = "servfail"), same.clone(), &[Unknown]),
        ("new.example", None, same.clone(), &[OnlyNew]),
        ("new-nothing.example", None, Some(NOTHING), &[]),
        ("old.example", same.clone(), None, &[OnlyOld]),
        ("old-nothing.example", Some(NOTHING), None, &[]),
    ]
}

fn two_scans(dir: &Path) -> (String, String) {
    let (old, new) = (dir.join("old"), dir.join("new"));
    let mut before: Vec<(&str, Site)> = cases().into_iter().filter_map(|(name, before, ..)| before.map(|site| (name, site))).collect();
    before.reverse(); // The order of the lists and the parts have nothing to do with each other.
    dataset(&old, 1, &before);
    dataset(&new, 6, &cases().into_iter().filter_map(|(name, _, after, _)| after.map(|site| (name, site))).collect::<Vec<_>>());
    (old.to_str().unwrap().to_owned(), new.to_str().unwrap().to_owned())
}

fn compared(old: &str, new: &str) -> Diff {
    diff(&Scan::open(Path::new(old)).unwrap(), &Scan::open(Path::new(new)).unwrap()).unwrap()
}

#[test]
fn every_change_is_seen_and_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = two_scans(dir.path());
    let found = compared(&old, &new);
    let mut changes = kinds(&found);
    changes.retain(|_, kinds| !kinds.is_empty());
    for (name, .., expected) in cases() {
        assert_eq!(changes.remove(name).unwrap_or_default(), expected, "{name}");
    }
    assert!(changes.is_empty(), "{changes:?}");
    let listed = cases().len() as u64;
    assert_eq!((found.in_both, found.only_old, found.only_new), (listed - 4, 2, 2));
    assert_eq!(found.kinds[&Kind::NewlyBroken], 2);
    assert_eq!(found.postures.values().sum::<u64>(), found.in_both);
    assert_eq!(found.postures[&(Posture::Absent, Posture::Absent)], 1);
    assert_eq!(found.postures[&(Posture::Unknown, Posture::Enforce)], 1);
    let codes: Vec<_> =
        found.domains.iter().flat_map(|domain| &domain.changes).filter_map(|change| Some((change.kind, change.code?))).collect();
    let expected = [
        (Kind::DroppedAbruptly, codes::STS_REMOVED_ABRUPTLY),
        (Kind::IdOnly, codes::STS_ID_CHANGED_BODY_SAME),
        (Kind::IdReused, codes::STS_ID_REUSED_BODY_CHANGED),
    ];
    assert!(expected.iter().all(|code| codes.contains(code)), "{codes:?}");
    let same = compared(&new, &new);
    // What is unknown in both is no change, and is said of the one that has a TLSRPT record.
    assert_eq!((same.domains.len(), same.only_old, same.kinds.keys().copied().collect::<Vec<_>>()), (1, 0, vec![Kind::Unknown]));
}

/// Name, deployment before and after, and the findings that are new (`+`), gone (`-`) or certificates that come to expire (`!`).
fn cases_of_findings() -> Vec<(&'static str, Site, Site, &'static [&'static str])> {
    let short = Site { max_age: 3600, ..SITE };
    let missing = Site { status: 404, ..SITE };
    let uncovered = |mode| Site { mode: Some(mode), hosts: "mx9.elsewhere.test", ..SITE };
    let literal = Site { hosts: "192.0.2.1", ..NOTHING };
    vec![
        ("same.example", short.clone(), short.clone(), &[]),
        ("new.example", SITE, short.clone(), &["+medium sts-policy-max-age-very-short"]),
        // What the text of a policy would show cannot be seen without one: it is neither gone nor new.
        ("masked.example", short.clone(), missing.clone(), &["+high sts-record-without-policy", "+high sts-fetch-not-found"]),
        ("unmasked.example", missing, short.clone(), &["-high sts-record-without-policy", "-high sts-fetch-not-found"]),
        ("unknown.example", short.clone(), Site { outcome: "timeout", ..short.clone() }, &[]),
        ("was-unknown.example", Site { outcome: "servfail", ..short.clone() }, short.clone(), &[]),
        ("dropped.example", short, Site { rua: SITE.rua, ..NOTHING }, &["-medium sts-policy-max-age-very-short"]),
        ("raised.example", uncovered("testing"), uncovered("enforce"), &["+medium>high sts-mx-none-covered", "-low sts-mode-testing"]),
        ("lowered.example", uncovered("enforce"), uncovered("testing"), &["+low sts-mode-testing"]),
        // Without a record of either kind, too.
        ("no-record.example", NOTHING, literal.clone(), &["+high mx-ip-literal"]),
        ("no-record-gone.example", literal, NOTHING, &["-high mx-ip-literal"]),
        ("expiring.example", SITE, Site { days_left: Some(5), ..SITE }, &["+low sts-fetch-cert-expiring", "!low sts-fetch-cert-expiring"]),
        ("still.example", Site { days_left: Some(9), ..SITE }, Site { days_left: Some(4), ..SITE }, &[]),
        ("renewed.example", Site { days_left: Some(5), ..SITE }, SITE, &["-low sts-fetch-cert-expiring"]),
        // That a certificate expires is true whatever the old scan could see.
        (
            "expiring-now.example",
            Site { outcome: "timeout", ..SITE },
            Site { days_left: Some(5), ..SITE },
            &["!low sts-fetch-cert-expiring"],
        ),
    ]
}

fn scans_of_findings(dir: &Path) -> (String, String) {
    let (old, new) = (dir.join("old"), dir.join("new"));
    dataset(&old, 1, &cases_of_findings().into_iter().map(|(name, before, ..)| (name, before)).collect::<Vec<_>>());
    dataset(&new, 6, &cases_of_findings().into_iter().map(|(name, _, after, _)| (name, after)).collect::<Vec<_>>());
    (old.to_str().unwrap().to_owned(), new.to_str().unwrap().to_owned())
}

#[test]
fn findings_are_new_or_gone_only_where_the_other_scan_would_have_them() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = scans_of_findings(dir.path());
    let found = compared(&old, &new);
    let said = |change: &stscan::analyse::diff::Change| {
        let (severity, code) = (change.severity?, change.code?);
        Some(match change.kind {
            Kind::FindingNew if change.before.is_empty() => format!("+{severity} {code}"),
            Kind::FindingNew => format!("+{}>{severity} {code}", change.before),
            Kind::FindingGone => format!("-{severity} {code}"),
            Kind::CertExpiring => format!("!{severity} {code}"),
            _ => return None,
        })
    };
    let mut wrong = Vec::new();
    for (name, .., expected) in cases_of_findings() {
        let changes = found.domains.iter().find(|domain| domain.domain == name).map(|domain| domain.changes.as_slice()).unwrap_or_default();
        let (mut seen, mut expected): (Vec<String>, Vec<String>) =
            (changes.iter().filter_map(said).collect(), expected.iter().map(|text| (*text).to_owned()).collect());
        seen.sort();
        expected.sort();
        if seen != expected {
            wrong.push(format!("{name}: {seen:?} and not {expected:?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert_eq!((found.kinds[&Kind::CertExpiring], found.kinds[&Kind::FindingNew]), (2, 6));
    assert_eq!((found.severities[&(Kind::FindingNew, Severity::High)], found.codes[&codes::MX_IP_LITERAL]), (3, (1, 1)));
    let text = stdout(&expect(0, &["diff", &old, &new]));
    assert!(text.contains("finding-new                           6  (3 high, 1 medium, 2 low)"), "{text}");
    assert!(text.contains("medium -> high: ") && text.contains("in 5 days"), "{text}");
    let csv = stdout(&expect(0, &["diff", &old, &new, "--format", "csv", "--bare", "--changes", "cert-expiring"]));
    assert!(csv.contains("expiring.example,cert-expiring,,\"mta-sts.expiring.example in 5 days\",sts-fetch-cert-expiring,low"), "{csv}");
    let json: Value = serde_json::from_str(&stdout(&expect(0, &["diff", &old, &new, "--format", "json"]))).unwrap();
    assert_eq!(json["findings"]["new"]["by_severity"], json!({ "high": 3, "medium": 1, "low": 2 }));
    assert_eq!(json["findings"]["gone"]["by_code"]["mx-ip-literal"], 1);
}

#[test]
fn the_gate_of_changes_closes_on_severity_code_and_kind() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = scans_of_findings(dir.path());
    let gate = |status, words: &[&str]| {
        let options = words.iter().flat_map(|word| ["--fail-on", word]);
        stderr(&expect(status, &[&["diff", &old, &new, "--format", "json"], &options.collect::<Vec<_>>()[..]].concat()))
    };
    let said = gate(6, &["high"]);
    assert!(said.contains("3 domains with high: masked.example, no-record.example and raised.example"), "{said}");
    gate(6, &["finding-new:medium"]);
    gate(6, &["finding-gone:high"]);
    gate(6, &["cert-expiring"]);
    assert!(gate(6, &["unknown", "mode-raised,mx-*"]).contains("with mode-raised or mx-*"));
    gate(0, &["medium:", "dane-*"].map(|word| if word == "medium:" { "mx-cert-expired" } else { word }));
    gate(7, &["unknown,dane-*"]);
    for (word, known) in [
        ("finding-nwe", "finding-new"),
        ("finding-new:info", "only"),
        ("sts-fetch-cert-expirring", "sts-fetch-cert-"),
        ("refused", "one of newly-broken"),
    ] {
        let refused = gate(2, &[word]);
        assert!(refused.starts_with(&format!("stscan: --fail-on {word:?}: ")) && refused.contains(known), "{refused}");
    }
}

#[test]
fn what_the_scans_were_made_and_judged_by_is_told_where_it_differs() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = scans_of_findings(dir.path());
    assert!(compared(&old, &new).conditions.is_empty());
    let path = Path::new(&new).join("manifest.json");
    let mut manifest: Value = serde_json::from_slice(&fs::read(&path).unwrap()).unwrap();
    manifest["configuration"] = json!({ "look-around": true, "list": ["elsewhere.txt"], "retry-rounds": [5.0] });
    manifest["catalogue_version"] = "2".into();
    manifest["root_store"] = "other roots".into();
    fs::write(&path, manifest.to_string()).unwrap();
    let json: Value = serde_json::from_str(&stdout(&expect(0, &["diff", &old, &new, "--format", "json"]))).unwrap();
    let named: Vec<&str> = json["conditions"].as_array().unwrap().iter().map(|one| one["what"].as_str().unwrap()).collect();
    assert_eq!(named, ["catalogue version", "--look-around", "--retry-rounds", "root store"]);
    assert_eq!((&json["conditions"][0]["old"], &json["conditions"][0]["new"]), (&json!("1"), &json!("2")));
    let text = stdout(&expect(0, &["diff", &old, &new]));
    assert!(text.contains("judged by different rules, catalogue version (1 and 2): a change may be one of the rules"), "{text}");
    assert!(text.contains("different options, --look-around (not given and yes), --retry-rounds (not given and [5.0])"), "{text}");
}

#[test]
fn the_command_prints_three_ways_and_fails_on_what_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let (old, new) = two_scans(dir.path());
    let text = stdout(&expect(0, &["diff", &old, &new]));
    assert!(text.contains("27 domains in both lists, 2 only in the old one, 2 only in the new one"), "{text}");
    assert!(text.contains("[sts-removed-abruptly]") && text.contains("not allowed: mx2.example.net"), "{text}");
    let csv = stdout(&expect(0, &["diff", &old, &new, "--format", "csv", "--bare", "--changes", "mx-stale"]));
    assert!(csv.lines().skip(1).all(|line| line.starts_with("stale")) && csv.lines().count() == 10, "{csv}");
    let json: Value = serde_json::from_str(&stdout(&expect(0, &["diff", &old, &new, "--format", "json"]))).unwrap();
    assert_eq!((&json["changes"]["mx-stale"], &json["in_both"], &json["old"]["label"]), (&json!(2), &json!(27), &json!("old")));
    let failed = stderr(&expect(6, &["diff", &old, &new, "--fail-on", "newly-broken,newly-refused"]));
    assert!(failed.contains("4 domains with newly-broken or newly-refused"), "{failed}");
    let wrong = stderr(&expect(2, &["diff", &old, &new, "--fail-on", "broken"]));
    assert!(wrong.contains("--fail-on \"broken\": one of newly-broken"), "{wrong}");
    assert!(stderr(&expect(2, &["diff", &old, &old])).contains("given twice"));
    let backwards = stderr(&expect(2, &["diff", &new, &old]));
    assert!(backwards.contains("was scanned after") && backwards.contains("name the older dataset first"), "{backwards}");
    expect(7, &["diff", &old, &new, "--fail-on", "unknown"]);
    expect(6, &["diff", &old, &new, "--fail-on", "unknown,newly-broken"]);
    assert!(text.contains("by policy; MX hosts not tested"), "{text}");
}

#[test]
fn a_changed_world_is_compared_row_by_row() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let names: Vec<String> = (0..3000).map(|number| format!("d{number}.example.com\n")).collect();
    fs::write(path("old.txt"), names[..2600].concat()).unwrap();
    fs::write(path("new.txt"), names[400..].iter().rev().cloned().collect::<String>()).unwrap();
    for (name, seed) in [("old", "1"), ("new", "2")] {
        expect(0, &["scan", "--lab", &path(&format!("{name}.txt")), "--seed", seed, "--part-rows", "1000", "-o", &path(name)]);
    }
    let found = compared(&path("old"), &path("new"));
    let postures = |name: &str| -> BTreeMap<String, String> {
        rows(Path::new(&path(name))).into_iter().map(|row| (row.domain.clone(), row.column("posture").unwrap().to_owned())).collect()
    };
    let (before, after) = (postures("old"), postures("new"));
    let mut expected = BTreeMap::<(String, String), u64>::new();
    for (domain, posture) in &before {
        if let Some(now) = after.get(domain) {
            *expected.entry((posture.clone(), now.clone())).or_default() += 1;
        }
    }
    let found_postures: BTreeMap<(String, String), u64> =
        found.postures.iter().map(|((before, after), domains)| ((before.to_string(), after.to_string()), *domains)).collect();
    assert_eq!(found_postures, expected);
    assert_eq!((found.in_both, found.only_old, found.only_new), (2200, 400, 400));
    let (old, new) = (Scan::open(Path::new(&path("old"))).unwrap(), Scan::open(Path::new(&path("new"))).unwrap());
    for shares in [0, 2, 7] {
        let by_shares = diff_by_shares(&old, &new, shares).unwrap();
        assert!(Diff { old: found.old.clone(), new: found.new.clone(), ..by_shares } == found, "in {shares} shares");
    }
    let known = |posture: &str| posture != "unknown";
    let both = expected.iter().filter(|((before, after), _)| known(before) && known(after));
    assert_eq!(found.other_posture().of(), Some(both.clone().map(|(_, domains)| domains).sum()));
    assert_eq!(found.other_posture().n(), Some(both.filter(|((before, after), _)| before != after).map(|(_, domains)| domains).sum()));
    let once = expected.iter().filter(|((before, after), _)| known(before) != known(after));
    assert_eq!(found.unknown_once().n(), Some(once.map(|(_, domains)| domains).sum()));
    let adopted = expected.iter().filter(|((before, after), _)| before == "absent" && after != "absent" && after != "unknown");
    assert_eq!(found.kinds.get(&Kind::Adopted).copied().unwrap_or_default(), adopted.map(|(_, domains)| domains).sum::<u64>());
    assert!(found.kinds.contains_key(&Kind::Adopted), "the two states of the world differ");
}

/// What a scan says of the mail servers a month later: some are fixed, some broken.
fn later() -> Vec<Record> {
    use mail::{Said, domain, host, session, tlsa, with};
    use stscan::classify::Delivery::{Protected, Refused, Unknown};
    use stscan::classify::{DaneState, Delivery, DnssecState, MxTls};
    use stscan::evidence::{FetchFault, FetchStage};
    let said = |mx_tls, dane: DaneState, delivery, delivery_dane, codes: &[(codes::Code, &'static str)]| Said {
        mx_tls: Some(mx_tls),
        dane: Some(dane),
        delivery,
        delivery_dane: Some(delivery_dane),
        mx_dnssec: Some(DnssecState::Secure),
        codes: codes.to_vec(),
    };
    let good = |name: &'static str| host(name, session("TLSv1.3", name, "Let's Encrypt", &[]));
    let plain = host("mx.hostile.example", |held| {
        held.ehlo = Some(b"250 mx.hostile.example\r\n".to_vec());
        held.starttls = None;
    });
    let busy = tlsa(host("mx.old.example", mail::ended(FetchStage::Greeting, FetchFault::SmtpRefused, "421 later\r\n")), &[], true);
    let mut records = mail::domains();
    let mut replace = |at: usize, hosts, said| {
        let target = records[at].target.clone();
        let mode = [Some("enforce"), Some("testing"), Some("enforce"), None, Some("enforce"), Some("enforce"), Some("enforce"), None][at];
        records[at] = with(domain(target.domain.as_str(), mode), hosts, said);
        records[at].target = target;
    };
    let stale = [(codes::DANE_MISMATCH, "mx.big.example")];
    replace(0, vec![tlsa(good("mx.big.example"), &[[3, 1, 1]], true)], said(MxTls::All, DaneState::Mismatch, Protected, Refused, &stale));
    // One host is fixed; of the other, which has failed before, nobody knows.
    replace(
        1,
        vec![tlsa(good("mx.big.example"), &[[3, 1, 1]], true), busy],
        said(MxTls::Unknown, DaneState::Partial, Delivery::Reported, Delivery::Reported, &[]),
    );
    replace(2, vec![tlsa(good("mx.old.example"), &[], true)], said(MxTls::All, DaneState::Absent, Protected, Protected, &[]));
    replace(
        3,
        vec![tlsa(good("mx.plain.example"), &[[3, 1, 1]], true)],
        said(MxTls::All, DaneState::Valid, Delivery::Opportunistic, Protected, &[]),
    );
    replace(4, vec![tlsa(good("mx.busy.example"), &[], true)], said(MxTls::All, DaneState::Absent, Protected, Protected, &[]));
    replace(5, vec![tlsa(good("mx.stale.example"), &[[3, 1, 1]], true)], said(MxTls::All, DaneState::Valid, Protected, Protected, &[]));
    let no_starttls = vec![(codes::MX_NO_STARTTLS, "mx.hostile.example")];
    let gone = Said { mx_tls: Some(MxTls::None), dane: None, delivery: Refused, delivery_dane: None, mx_dnssec: None, codes: no_starttls };
    replace(6, vec![plain], gone);
    assert_eq!(Unknown.as_str(), "unknown");
    records
}

/// The kinds of change of each domain, without findings that are new or gone.
fn kinds(found: &Diff) -> BTreeMap<&str, Vec<Kind>> {
    let of_state = |kind: &Kind| !matches!(kind, Kind::FindingNew | Kind::FindingGone | Kind::CertExpiring);
    let kinds = |domain: &stscan::analyse::diff::Changed| domain.changes.iter().map(|change| change.kind).filter(of_state).collect();
    found.domains.iter().map(|domain| (domain.domain.as_str(), kinds(domain))).collect()
}

#[test]
fn mail_servers_and_dane_change_only_where_both_scans_asked() {
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let asked = [("smtp", "all"), ("dane", "all")];
    mail::write(Path::new(&path("old")), 1, &asked, &mail::domains());
    mail::write(Path::new(&path("new")), 9, &asked, &later());
    mail::write(Path::new(&path("unasked-old")), 1, &[], &mail::unasked(mail::domains()));
    mail::write(Path::new(&path("unasked-new")), 9, &[], &mail::unasked(later()));
    use Kind::{
        DaneAdopted, DaneDropped, DaneFixed, DaneRefusalFixed, DaneRefused, DaneStale, MxCertBroken, MxCertFixed, MxTlsAdded, MxTlsGone,
        NewlyRefused, RefusalFixed,
    };
    let found = compared(&path("old"), &path("new"));
    let expected = BTreeMap::from([
        ("one.example", vec![DaneStale, DaneRefused]),
        ("four.example", vec![DaneAdopted]),
        ("three.example", vec![RefusalFixed, MxCertFixed, DaneRefusalFixed]),
        ("six.example", vec![DaneFixed, DaneRefusalFixed]),
        ("seven.example", vec![NewlyRefused, MxTlsGone]),
    ]);
    let mut seen = kinds(&found);
    seen.values_mut().for_each(|kinds| kinds.sort());
    let sorted = |mut kinds: Vec<Kind>| {
        kinds.sort();
        kinds
    };
    assert_eq!(seen, expected.into_iter().map(|(name, kinds)| (name, sorted(kinds))).collect());
    let back = {
        mail::write(Path::new(&path("then")), 1, &asked, &later());
        mail::write(Path::new(&path("now")), 9, &asked, &mail::domains());
        compared(&path("then"), &path("now"))
    };
    let back = kinds(&back);
    assert!(back["three.example"].contains(&MxCertBroken) && back["seven.example"].contains(&MxTlsAdded), "{back:?}");
    assert_eq!(back["four.example"], [DaneDropped]);
    // A certificate that only one of the scans could see is no change, whichever it was.
    for (old, new) in [("unasked-old", "new"), ("old", "unasked-new"), ("unasked-old", "unasked-new")] {
        let found = compared(&path(old), &path(new));
        let of_mail = |kind: &&Kind| !matches!(kind, Kind::MxChanged);
        let seen = kinds(&found);
        assert_eq!(seen.values().flatten().filter(of_mail).count(), 0, "{old} {new}: {seen:?}");
        let said = found.notes.iter().any(|note| note.contains("did not ask the same of MX hosts"));
        assert_eq!(said, old.starts_with("unasked") != new.starts_with("unasked"), "{:?}", found.notes);
    }
    let text = stdout(&expect(0, &["diff", &path("old"), &path("new")]));
    assert!(text.contains("dane-stale") && text.contains("valid: mx.old.example"), "{text}");
    assert!(text.contains("as tested with the MX hosts"), "{text}");
    expect(6, &["diff", &path("old"), &path("new"), "--fail-on", "dane-stale"]);
    let csv =
        stdout(&expect(0, &["diff", &path("old"), &path("new"), "--format", "csv", "--bare", "--changes", "mx-tls-gone,dane-refused"]));
    let listed: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').next()).collect();
    assert_eq!(listed, [["one.example"; 3], ["seven.example"; 3]].concat(), "{csv}");
}
