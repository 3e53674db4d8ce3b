//! Mail servers from end to end: every vector of STARTTLS, certificates and DANE judged as written by hand, and how polite the scanner was, as
//! seen by the servers.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::net::IpAddr;
use std::path::Path;
use std::time::{Duration, Instant};

use stscan::lab::{Asked, Internet, Lab, MailVisit, spoken_codes};

/// The vectors and the cases of the zoo that play them. Two take the whole network of the scanner, so no case plays them: (4) port 25
/// blocked here, and (5) the same server everywhere.
const VECTORS: &[(u32, &[&str])] = &[
    (1, &["smtp-healthy"]),
    (2, &["dane-none"]),
    (3, &["smtp-refused", "smtp-dropped"]),
    (6, &["smtp-421", "smtp-450", "smtp-451", "smtp-421-once"]),
    (7, &["smtp-554", "smtp-554-no-service"]),
    (8, &["smtp-teaser", "smtp-delayed"]),
    (9, &["smtp-silent"]),
    (10, &["smtp-drips"]),
    (11, &["smtp-ssh", "smtp-http", "smtp-200-lines", "smtp-long-line"]),
    (12, &["ehlo-500", "ehlo-502"]),
    (13, &["ehlo-504", "ehlo-550", "ehlo-421", "ehlo-421-once"]),
    (14, &["ehlo-codes-differ", "ehlo-lf", "ehlo-lower-case"]),
    (15, &["ehlo-no-keyword", "ehlo-one-line", "ehlo-first-line"]),
    (16, &["ehlo-masked", "ehlo-masked-greeting"]),
    (17, &["starttls-454", "starttls-502"]),
    (18, &["starttls-454-once"]),
    (19, &["starttls-reset", "starttls-close", "starttls-plain"]),
    (20, &["starttls-surplus"]),
    (21, &["smtp-tls-old", "smtp-tls-old-hello", "smtp-tls-old-failure"]),
    (22, &["smtp-tls-dhe"]),
    (23, &["smtp-tls-rsa", "smtp-tls-cbc", "smtp-tls-cbc-expired"]),
    (24, &["smtp-tls12"]),
    (25, &["sni-rejected"]),
    (26, &["sni-other"]),
    (27, &["sni-needed"]),
    (28, &["sni-wrong"]),
    (29, &["client-cert-asked", "client-cert-required", "client-cert-required-tls12"]),
    (30, &["mxcert-expired", "dane-ta-expired"]),
    (31, &["mxcert-not-yet-valid", "dane-ta-not-yet-valid"]),
    (32, &["mxcert-expiring"]),
    (33, &["mxcert-self-signed"]),
    (34, &["mxcert-untrusted", "dane-ta-private"]),
    (35, &["mxcert-incomplete", "dane-ta-incomplete"]),
    (36, &["mxcert-other-name", "dane-ta-other-name"]),
    (37, &["mxcert-domain", "dane-ta-domain"]),
    (38, &["mxcert-policy-only"]),
    (39, &["mxcert-wildcard", "mxcert-wildcard-deep"]),
    (40, &["mxcert-no-san"]),
    (41, &["mxcert-v1"]),
    (42, &["mxcert-rsa-1024", "mxcert-sha1"]),
    (43, &["mxcert-wrong-purpose", "dane-ta-wrong-purpose"]),
    (44, &["two-keys-one-pinned"]),
    (45, &["dane-other-key"]),
    (46, &["dane-rollover"]),
    (47, &["dane-reissued"]),
    (48, &["dane-digest-shadowed"]),
    (49, &["dane-ta"]),
    (50, &["dane-ta-full"]),
    (51, &["dane-pkix"]),
    (52, &["dane-unusable"]),
    (53, &["dane-partly-unusable"]),
    (54, &["dane-unusable-without-tls"]),
    (55, &["dane-insecure"]),
    (56, &["dane-mx-insecure", "dane-mx-insecure-mismatch"]),
    (57, &["dane-bogus-expired", "dane-bogus-missing", "dane-bogus-unexplained", "dane-bogus-denial"]),
    (58, &["mx-bogus"]),
    (59, &["dane-dropped", "dane-notimp", "dane-servfail", "dane-notimp-unsigned", "dane-servfail-unsigned"]),
    (60, &["dane-aaaa-bogus"]),
    (61, &["dane-cname", "dane-cname-both", "dane-cname-unsigned"]),
    (62, &["dane-owner-cname", "dane-owner-cname-unsigned"]),
    (63, &["dane-implicit-mx"]),
    (64, &["dane-partial"]),
    (65, &["two-servers", "two-servers-differ"]),
    (66, &["dnssec-no-ds"]),
    (67, &["dnssec-iterations"]),
    (68, &["smtp-no-route"]),
];

/// Vectors that no case plays.
const OF_THE_WHOLE_NETWORK: [u32; 2] = [4, 5];
/// All vectors.
const ALL: u32 = 68;

#[test]
fn every_vector_is_judged_as_written() {
    let numbers: BTreeSet<u32> = VECTORS.iter().map(|(number, _)| *number).chain(OF_THE_WHOLE_NETWORK).collect();
    assert!(numbers.iter().copied().eq(1..=ALL), "each vector once: {numbers:?}");
    let dir = tempfile::tempdir().unwrap();
    let (list, out) = (dir.path().join("list.txt"), dir.path().join("out"));
    let names = VECTORS.iter().flat_map(|(_, cases)| *cases).map(|case| format!("{case}.test\n"));
    fs::write(&list, names.collect::<String>()).unwrap();
    harness::expect(0, &["scan", list.to_str().unwrap(), "--lab=zoo", "-o", out.to_str().unwrap()]);
    let wrong = differences(&out, &Internet::zoo());
    let right = VECTORS.iter().filter(|(_, cases)| cases.iter().all(|case| !wrong.contains_key(&format!("{case}.test"))));
    println!("vectors right of all: {} of {ALL}; {OF_THE_WHOLE_NETWORK:?} take the whole network", right.count());
    assert!(wrong.is_empty(), "{wrong:#?}");

    let again = dir.path().join("again");
    harness::expect(0, &["reclassify", out.to_str().unwrap(), "-o", again.to_str().unwrap()]);
    assert_eq!(harness::rows(&out), harness::rows(&again), "what was seen is enough to judge");
}

#[test]
fn the_census_is_judged_as_drawn() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("census");
    let patience = ["--connect-timeout", "10", "--fetch-timeout", "30"];
    let scan = ["scan", "--lab=census:1000", "--smtp", "all", "--dane", "all", "-o", out.to_str().unwrap()];
    harness::expect(0, &[&scan[..], &patience].concat());
    let wrong = differences(&out, &Internet::census(1));
    assert!(wrong.is_empty(), "{wrong:#?}");
    let rows = harness::rows(&out);
    let has = |column: &str, word: &str| rows.iter().any(|row| row.column(column) == Some(word));
    let shown = [("mx_tls", "all"), ("mx_tls", "none"), ("mx_tls", "unknown"), ("mx_dnssec", "secure"), ("dane_state", "insecure")];
    assert!(shown.iter().all(|(column, word)| has(column, word)), "a census that shows all of it");
}

/// Where the rows of a dataset differ from the truth, by domain.
fn differences(dataset: &Path, world: &Internet) -> BTreeMap<String, Vec<String>> {
    let mut wrong: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for row in harness::rows(dataset) {
        let truth = world.truth_when(&row.domain, Asked::ALL).unwrap();
        let mut add = |text| wrong.entry(row.domain.clone()).or_default().push(text);
        for (column, expected) in truth.columns().filter(|(column, expected)| row.column(column) != *expected) {
            add(format!("{column} is {:?}, expected {expected:?}", row.column(column)));
        }
        // How fast a busy machine fetches says nothing of mail servers.
        for code in spoken_codes().filter(|code| code.as_str() != "sts-fetch-slow") {
            match (truth.codes.contains(&code), row.codes.contains(&code)) {
                (true, false) => add(format!("{code} was missed")),
                (false, true) => add(format!("{code} was wrongly found")),
                _ => {}
            }
        }
    }
    wrong
}

/// Scans names against a lab whose mail servers DNS gives on loopback, and gives what the servers saw.
fn visits(names: &[String], options: &[&str]) -> (Vec<MailVisit>, Vec<harness::Row>) {
    let lab = Lab::start(Internet::zoo().with_mail_on_loopback()).unwrap();
    let dir = tempfile::tempdir().unwrap();
    let path = |name: &str| dir.path().join(name).to_str().unwrap().to_owned();
    let (list, authority, out) = (path("list.txt"), path("ca.pem"), path("out"));
    fs::write(&list, names.iter().map(|name| format!("{name}\n")).collect::<String>()).unwrap();
    fs::write(&authority, lab.ca_pem()).unwrap();
    let (resolver, https, smtp) = (lab.dns_addr().to_string(), lab.https_port().to_string(), lab.smtp_port().to_string());
    let network = ["--resolver", &resolver, "--trust-resolvers", "--https-port", &https, "--ca-file", &authority, "--allow-private"];
    let mail = ["--smtp", "all", "--smtp-port", &smtp, "--ehlo", "scanner.example", "--smtp-greeting-timeout", "10"];
    let pace = ["--host-rate", "0", "--fetch-rate", "0", "--rate", "0", "--retry-rounds", "500ms"];
    let rate: &[&str] = if options.contains(&"--smtp-rate") { &[] } else { &["--smtp-rate", "0"] };
    harness::expect(0, &[&["scan", &list, "-o", &out][..], &network, &mail, &pace, rate, options].concat());
    let patience = Instant::now();
    while lab.journal().open_mail_visits() > 0 && patience.elapsed() < Duration::from_secs(10) {
        std::thread::sleep(Duration::from_millis(20));
    }
    (lab.journal().mail_visits(), harness::rows(Path::new(&out)))
}

/// Every case of the vectors, once.
fn vectors() -> Vec<String> {
    VECTORS.iter().flat_map(|(_, cases)| *cases).map(|case| format!("{case}.test")).collect()
}

#[test]
fn mail_servers_see_a_polite_client() {
    let (visits, _) = visits(&vectors(), &[]);
    assert!(visits.len() > 120, "{}", visits.len());
    for visit in &visits {
        let MailVisit { address, commands, in_clear, greeted, early, pipelined, dismissed, .. } = visit;
        assert!(!early, "{address}: something came before the end of the greeting");
        assert!(!pipelined, "{address}: something came with a command, before its reply: {commands:?}");
        assert!(commands.is_empty() || greeted.is_some_and(|greeted| commands[0].0 >= greeted), "{address}: spoke first");
        for (_, command) in commands {
            let known = ["EHLO scanner.example", "STARTTLS", "QUIT"].contains(&command.as_str());
            assert!(known, "{address}: {command:?}");
        }
        let (clear, within) = commands.split_at(in_clear.unwrap_or(commands.len()));
        let is = |commands: &[(Instant, String)], words: &[&str]| {
            commands.iter().map(|(_, command)| command.split(' ').next().unwrap_or_default()).eq(words.iter().copied())
        };
        match in_clear {
            Some(_) => assert!(is(clear, &["EHLO", "STARTTLS"]) && (within.is_empty() || is(within, &["EHLO", "QUIT"])), "{commands:?}"),
            None => assert!(
                [&[][..], &["QUIT"], &["EHLO"], &["EHLO", "QUIT"], &["EHLO", "STARTTLS"], &["EHLO", "STARTTLS", "QUIT"]]
                    .iter()
                    .any(|words| is(clear, words)),
                "{commands:?}"
            ),
        }
        // Whoever listens is told good-bye: not those whose greeting never ended or broke all bounds, who hung up, or whose handshake failed.
        let listens = !commands.is_empty() && !dismissed && (in_clear.is_none() || !within.is_empty());
        assert!(!listens || visit.quit(), "{address}: left without QUIT: {commands:?}");
    }
    let unspoken = visits.iter().filter(|visit| visit.greeted.is_some() && !visit.dismissed && visit.commands.is_empty());
    assert!(unspoken.count() <= 4, "greetings of 200 lines and of a line of 10,000 octets, each at most twice");
    assert!(visits.iter().filter(|visit| visit.quit()).count() > 60, "most of them listen to the end");
}

#[test]
fn nobody_is_asked_twice_at_a_time_or_more_than_four_times() {
    let (visits, _) = visits(&vectors(), &[]);
    let mut by_address: BTreeMap<IpAddr, Vec<&MailVisit>> = BTreeMap::new();
    visits.iter().for_each(|visit| by_address.entry(visit.address).or_default().push(visit));
    for (address, mut visits) in by_address {
        visits.sort_by_key(|visit| visit.begun);
        for pair in visits.windows(2) {
            // The server sees the end of a connection a little later than the client.
            let gap = pair[0].ended.saturating_duration_since(pair[1].begun);
            assert!(gap < Duration::from_millis(400), "{address}: two connections at a time, for {gap:?}");
        }
        let is_numbered = matches!(address, IpAddr::V4(address) if address.octets()[1] == 4);
        assert!(!is_numbered || visits.len() <= 4, "{address}: {} connections for one name", visits.len());
    }
}

#[test]
fn hosts_that_many_domains_name_are_asked_once() {
    let names: Vec<String> = (0..60).map(|number| format!("mx-google-{number:06}.test")).collect();
    let (visits, rows) = visits(&names, &[]);
    assert!(rows.len() == 60 && rows.iter().all(|row| row.column("mx_tls") == Some("all")));
    let mut hosts: BTreeMap<(IpAddr, &str), u32> = BTreeMap::new();
    for visit in &visits {
        *hosts.entry((visit.address, visit.name.as_deref().unwrap())).or_default() += 1;
    }
    assert!((3..=6).contains(&hosts.len()) && hosts.values().all(|times| *times == 1), "{hosts:?}");
}

#[test]
fn rates_that_are_given_hold_on_loopback() {
    let names: Vec<String> = (0..30).map(|number| format!("enforce-{number:06}.test")).collect();
    let (visits, rows) = visits(&names, &["--smtp-rate", "15"]);
    assert!(rows.iter().all(|row| row.column("mx_tls") == Some("all")));
    let mut begun: Vec<Instant> = visits.iter().map(|visit| visit.begun).collect();
    begun.sort();
    for (place, first) in begun.iter().enumerate() {
        let within = begun[place..].iter().take_while(|begun| begun.duration_since(*first) < Duration::from_secs(2)).count();
        assert!(within <= 2 * 15 + 3, "{within} connections in two seconds");
    }

    // All of them at one address: the numbered cases share theirs.
    let names: Vec<String> = (0..8).map(|number| format!("smtp-healthy-{number:06}.test")).collect();
    let (mut visits, _) = self::visits(&names, &["--smtp-host-rate", "2.5"]);
    visits.sort_by_key(|visit| visit.begun);
    assert_eq!(visits.len(), 8);
    // Seven pauses of 400 ms; the server sees each beginning a little late.
    let all = visits[7].begun.duration_since(visits[0].begun);
    assert!(all >= Duration::from_millis(7 * 400 - 200), "{all:?} for eight connections to one address");
}

#[test]
fn those_who_opted_out_are_not_asked() {
    let dir = tempfile::tempdir().unwrap();
    let optout = dir.path().join("optout.txt");
    fs::write(&optout, "mx1.enforce-000001.test\nenforce-000002.test\n").unwrap();
    let names: Vec<String> = (0..3).map(|number| format!("enforce-{number:06}.test")).collect();
    let (visits, _) = visits(&names, &["--exclude", optout.to_str().unwrap()]);
    let asked: BTreeSet<&str> = visits.iter().filter_map(|visit| visit.name.as_deref()).collect();
    let expected = ["mx1.enforce-000000.test", "mx2.enforce-000000.test", "mx2.enforce-000001.test"];
    assert!(asked.into_iter().eq(expected), "{visits:?}");
}
