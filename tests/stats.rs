//! `stscan stats` end to end: a scan of the zoo against an independent count, made-up datasets for heuristics, hostile names and errors.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::{BTreeMap, HashMap};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;
use std::time::{Duration, UNIX_EPOCH};

use harness::{expect, mail, rows, stderr, stdout};
use serde_json::Value;
use stscan::analyse::stats::{By, StatsOptions, TableId, stats};
use stscan::analyse::{Cell, Scan, Table};
use stscan::classify::classify;
use stscan::classify::codes::{self, Code};
use stscan::dataset::{Activity, Dataset, EvidenceColumns, List, Options, Reader, Record, RunDescription, Tool, record_batch};
use stscan::evidence::{Evidence, Fetch, FetchError, FetchFault, FetchStage, Lookup, Mx, Outcome, Txt};
use stscan::input::{Accounting, Target};
use stscan::name::{Domain, suffix};
use stscan::study;

/// The zoo, scanned once for all tests.
fn zoo() -> &'static Path {
    static ZOO: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, path) = ZOO.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("zoo");
        expect(0, &["scan", "--lab=zoo", "-o", path.to_str().unwrap()]);
        (folder, path)
    });
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn tables(dirs: &[PathBuf], options: &StatsOptions) -> BTreeMap<String, Table> {
    let made = stats(&Scan::open_all(dirs).unwrap(), options).unwrap();
    made.tables.into_iter().map(|table| (table.id.clone(), table)).collect()
}

fn all_tables() -> Vec<TableId> {
    TableId::ALL.iter().copied().chain(study::TABLES.iter().map(|(table, _)| *table)).collect()
}

fn n(table: &Table, row: &str, column: &str) -> u64 {
    table.cell(None, row, column).unwrap_or_else(|| panic!("{} has no cell {row} {column}", table.id)).n().unwrap()
}

/// Some cases of the zoo, so that a new case changes no snapshot.
const CASES: &str = "enforce domain-nxdomain record-cname-loop record-over-tcp tlsrpt-cname id-duplicate unrelated-txt id-hyphens \
    record-two-equals record-policy-lines version-colon record-split-joined rua-two rua-external tlsrpt-unrelated-txt \
    tlsrpt-version-0 rua-empty rua-space tlsrpt-field-syntax host-silence connect-refused tls12 cert-name-mismatch \
    cert-not-yet-valid redirect-301 status-204 status-404 status-526 content-type-octets content-encoding to-the-end \
    version-last line-separator space-before-colon bom json-body version-missing mode-report max-age-one-week \
    max-age-missing mx-two-wildcards mx-port mx-u-label-pattern mx-missing mx-digits mx-outlook typo null-mx mx-nxdomain \
    mx-cname-dangling null-mx-beside rua-null-mx rua-https-no-mx stray-old wildcard-behind age-zero rua-port-443";

#[test]
fn tables_in_all_formats() {
    let folder = tempfile::tempdir().unwrap();
    let (list, dir) = (folder.path().join("cases.txt"), folder.path().join("cases"));
    std::fs::write(&list, CASES.split_whitespace().map(|case| format!("{case}.test\n")).collect::<String>()).unwrap();
    expect(0, &["scan", "--lab=zoo", text(&list), "-o", text(&dir)]);
    // What takes time, or is tried again under load, is no matter of a snapshot.
    let chosen = "T1,T2,T3,T4,T5,T6,T7,T8,T9,T10,T12,T14,T15,T16,T17,T18,T18-receivers,T19,T20";
    let printed = |format: &str, chosen: &str| {
        stdout(&expect(0, &["stats", text(&dir), "--table", chosen, "--top", "5", "--bare", "--format", format]))
    };
    insta::assert_snapshot!("text", printed("text", chosen));
    insta::assert_snapshot!("markdown", printed("markdown", "T3,T15,study"));
    insta::assert_snapshot!("csv", printed("csv", "T3,T5,T9"));
    insta::assert_snapshot!("json", printed("json", "T2,T14"));
}

/// What an independent reading of a row gives.
struct Plain {
    columns: HashMap<&'static str, Option<String>>,
    codes: Vec<Code>,
    policy_host: Option<String>,
    settled: bool,
}

fn plain(dir: &Path) -> Vec<Plain> {
    let reader = Reader::open(dir).unwrap();
    let evidence: Vec<Evidence> = reader
        .batches(None)
        .flat_map(|batch| {
            let batch = batch.unwrap();
            let columns = EvidenceColumns::of(&batch).unwrap();
            (0..batch.num_rows()).map(|row| columns.row(row).unwrap()).collect::<Vec<_>>()
        })
        .collect();
    rows(dir)
        .into_iter()
        .zip(evidence)
        .map(|(row, evidence)| {
            let own = suffix::registrable(evidence.domain.as_str()).map(str::to_owned);
            let assessment = classify(&evidence);
            let name = assessment.policy_provider.filter(|name| Some(name) != own.as_ref());
            let a = evidence.host_a.as_ref().and_then(|lookup| lookup.records.iter().min().map(ToString::to_string));
            let aaaa = evidence.host_aaaa.as_ref().and_then(|lookup| lookup.records.iter().min().map(ToString::to_string));
            let settled = |outcome: Option<Outcome>| outcome.is_some_and(Outcome::is_conclusive);
            Plain {
                columns: row.columns.into_iter().collect(),
                codes: row.codes,
                policy_host: name.or(a).or(aaaa),
                settled: settled(evidence.host_a.map(|lookup| lookup.outcome)) && settled(evidence.host_aaaa.map(|lookup| lookup.outcome)),
            }
        })
        .collect()
}

#[test]
fn figures_are_those_of_an_independent_count() {
    let options = StatsOptions { tables: all_tables(), further: study::TABLES, ..StatsOptions::default() };
    let tables = tables(&[zoo().to_owned()], &options);
    let rows = plain(zoo());
    let is = |row: &Plain, column: &str, words: &[&str]| row.columns[column].as_deref().is_some_and(|word| words.contains(&word));
    let there = |row: &Plain, column: &str| is(row, column, &["valid", "invalid", "multiple"]);
    let count = |so: &dyn Fn(&Plain) -> bool| rows.iter().filter(|row| so(row)).count() as u64;
    let sts = |row: &Plain| there(row, "sts_state");
    let has = |row: &Plain, code: Code| row.codes.contains(&code);

    let (t1, t2) = (&tables["T1"], &tables["T2"]);
    assert_eq!(n(t1, "all", "domains"), rows.len() as u64);
    assert_eq!(n(t1, "all", "null-mx"), count(&|row| is(row, "mx_state", &["null"])));
    assert_eq!(n(t2, "all", "sts"), count(&|row| is(row, "mx_state", &["present"]) && sts(row)));
    assert_eq!(n(t2, "all", "both"), count(&|row| is(row, "mx_state", &["present"]) && sts(row) && there(row, "tlsrpt_state")));
    assert_eq!(n(t2, "all", "tlsrpt-unknown"), count(&|row| is(row, "mx_state", &["present"]) && is(row, "tlsrpt_state", &["unknown"])));

    let valid = |row: &Plain| is(row, "sts_state", &["valid"]);
    let passed = |row: &Plain, stages: &[&str]| valid(row) && is(row, "policy_stage", stages);
    let t3 = &tables["T3"];
    assert_eq!(n(t3, "record", "reached"), count(&sts));
    assert_eq!(n(t3, "record", "unknown"), count(&|row| is(row, "sts_state", &["unknown"])));
    assert_eq!(n(t3, "valid-record", "reached"), count(&valid));
    assert_eq!(
        n(t3, "host", "unknown"),
        count(&|row| valid(row) && (row.columns["policy_stage"].is_none() || passed(row, &["dns"]) && is(row, "posture", &["unknown"])))
    );
    assert_eq!(n(t3, "tls", "reached"), count(&|row| passed(row, &["http", "syntax", "ok"])));
    assert_eq!(n(t3, "http", "dropped"), count(&|row| passed(row, &["http"]) && !is(row, "posture", &["unknown"])));
    assert_eq!(n(t3, "policy", "reached"), count(&|row| passed(row, &["ok"])));
    assert_eq!(n(t3, "mx", "reached"), count(&|row| passed(row, &["ok"]) && is(row, "mx_coverage", &["all"])));

    assert_eq!(n(&tables["T4"], "no-id", "records"), count(&|row| sts(row) && has(row, codes::STS_RECORD_ID_MISSING)));
    assert_eq!(n(&tables["T4"], "multiple", "unusable"), count(&|row| is(row, "sts_state", &["multiple"])));
    for stage in ["dns", "tcp", "tls", "http", "syntax", "ok"] {
        assert_eq!(n(&tables["T5"], stage, "all"), count(&|row| sts(row) && is(row, "policy_stage", &[stage])), "{stage}");
    }
    assert_eq!(
        n(&tables["T6"], "name-mismatch", "overlapping"),
        count(&|row| sts(row) && is(row, "policy_stage", &["tls"]) && has(row, codes::STS_FETCH_CERT_NAME_MISMATCH))
    );
    assert_eq!(
        n(&tables["T8"], "empty", "all"),
        count(&|row| sts(row) && is(row, "policy_stage", &["syntax"]) && has(row, codes::STS_POLICY_EMPTY))
    );
    for mode in ["enforce", "testing", "none"] {
        assert_eq!(n(&tables["T9"], mode, "valid"), count(&|row| sts(row) && is(row, "posture", &[mode])), "{mode}");
    }
    let usable = |row: &Plain| sts(row) && is(row, "posture", &["enforce", "testing", "none"]);
    assert_eq!(n(&tables["T12"], "complete", "all"), count(&|row| usable(row) && is(row, "mx_coverage", &["none"])));
    assert_eq!(n(&tables["T12"], "policy-host", "all"), count(&|row| usable(row) && is(row, "mismatch", &["policy-host"])));
    assert_eq!(n(&tables["T18"], "valid", "domains"), count(&|row| is(row, "tlsrpt_state", &["valid"])));
    let t3 = &tables["T3-headline"];
    let settled = |row: &Plain| sts(row) && !is(row, "posture", &["unknown"]);
    assert_eq!(n(t3, "record", "domains"), count(&|row| settled(row) && !valid(row)));
    assert_eq!(n(t3, "retrieval", "domains"), count(&|row| settled(row) && valid(row) && is(row, "posture", &["broken"])));
    assert_eq!(n(t3, "some-covered", "domains"), count(&|row| usable(row) && valid(row) && is(row, "mx_coverage", &["some"])));
    assert_eq!(n(t3, "loses-mail", "domains"), count(&|row| sts(row) && is(row, "delivery", &["refused"])));
    let causes = &tables["T3-causes"];
    let broken = |row: &Plain| sts(row) && is(row, "posture", &["broken"]);
    assert_eq!(n(causes, "broken", "domains"), count(&broken));
    let by_code: BTreeMap<&str, u64> = causes
        .rows
        .iter()
        .filter(|row| Code::from_word(&row.key).is_some())
        .map(|row| (row.key.as_str(), row.cells[0].n().unwrap()))
        .collect();
    assert_eq!(by_code.values().sum::<u64>(), count(&broken), "each has one cause: {by_code:?}");
    assert!(by_code.len() > 20 && by_code[codes::STS_FETCH_CERT_NAME_MISMATCH.as_str()] > 0, "{by_code:?}");
    for (code, domains) in by_code {
        assert_eq!(domains, count(&|row| broken(row) && is(row, "cause", &[code])), "{code}");
    }
    let codes: BTreeMap<&str, u64> = tables["findings"].rows.iter().map(|row| (row.key.as_str(), row.cells[0].n().unwrap())).collect();
    let all: std::collections::BTreeSet<Code> = rows.iter().flat_map(|row| row.codes.iter().copied()).collect();
    assert_eq!(codes, all.iter().map(|code| (code.as_str(), count(&|row| has(row, *code)))).collect());
    assert_eq!(n(&tables["study-classes"], "loses-mail", "domains"), count(&|row| sts(row) && is(row, "delivery", &["refused"])));

    let mut served = HashMap::<&String, u32>::new();
    for host in rows.iter().filter(|row| sts(row)).filter_map(|row| row.policy_host.as_ref()) {
        *served.entry(host).or_default() += 1;
    }
    let own = |row: &Plain| row.policy_host.as_ref().map_or(row.settled, |host| served[host] <= 5);
    assert_eq!(n(&tables["T5"], "records", "self-managed"), count(&|row| sts(row) && own(row)));
    assert_eq!(n(&tables["T5"], "tls", "self-managed"), count(&|row| sts(row) && own(row) && is(row, "policy_stage", &["tls"])));
    assert_eq!(
        n(&tables["T5"], "records", "third-party"),
        count(&|row| sts(row) && row.policy_host.as_ref().is_some_and(|host| served[host] >= 50))
    );
}

#[test]
fn groups_sum_to_all() {
    // Rows of these are names, of which each group shows its own most frequent ones, or hosts, which several groups may name.
    let by_name = [
        "T11",
        "T11-certificates",
        "T11-issuers",
        "T11-providers",
        "T11-tlsa",
        "T15",
        "T15-addresses",
        "findings",
        "T16",
        "T17",
        "T18-receivers",
        "T20-issuers",
        "T23-run",
    ];
    // The zoo's own list carries nothing; tests/filter.rs groups by owner.
    for by in By::ALL.iter().filter(|by| **by != By::Carried) {
        let options =
            StatsOptions { tables: all_tables(), by: Some(*by), top: 3, rank_bin: 100, further: study::TABLES, ..StatsOptions::default() };
        for (id, table) in tables(&[zoo().to_owned()], &options) {
            if by_name.contains(&id.as_str()) {
                continue;
            }
            assert_eq!(table.grouped_by.as_deref(), Some(by.as_str()), "{id}");
            let mut sums = BTreeMap::<(&str, usize), u64>::new();
            for row in table.rows.iter().filter(|row| row.group.is_some()) {
                for (at, cell) in row.cells.iter().enumerate() {
                    *sums.entry((&row.key, at)).or_default() += cell.n().unwrap_or_default();
                }
            }
            for row in table.rows.iter().filter(|row| row.group.is_none()) {
                for (at, cell) in row.cells.iter().enumerate() {
                    let sum = sums.get(&(row.key.as_str(), at)).copied().unwrap_or_default();
                    assert_eq!(sum, cell.n().unwrap_or_default(), "{id} by {by}: {} column {at}", row.key);
                }
            }
        }
    }
}

#[test]
fn every_part_is_at_most_its_whole_and_every_whole_has_a_name() {
    for by in [None, Some(By::Tld), Some(By::Posture)] {
        let options = StatsOptions { tables: all_tables(), by, further: study::TABLES, ..StatsOptions::default() };
        for table in tables(&[zoo().to_owned()], &options).values() {
            for row in &table.rows {
                assert_eq!(row.cells.len(), table.columns.len(), "{} {}", table.id, row.key);
                for (column, cell) in table.columns.iter().zip(&row.cells) {
                    if let Cell::Share { n, of } = cell {
                        assert!(n <= of, "{} {:?} {} {}: {n} of {of}", table.id, row.group, row.key, column.key);
                        assert!(row.of.is_some() || !column.of.is_empty(), "{} {} {}: a share of what?", table.id, row.key, column.key);
                    }
                }
            }
        }
    }
}

/// A domain whose policy host is a CNAME to a host, has an address, and refuses connections.
fn refused(ordinal: u64, domain: &str, alias: Option<&str>, address: Ipv4Addr) -> Record {
    let domain = Domain::from_a_labels(domain).unwrap();
    let answered = |name: String| Lookup { rcode: Some(0), attempts: 1, ..Lookup::unsent(name, Outcome::Noerror) };
    let mx = vec![Mx { preference: 10, exchange: format!("mail.{domain}") }];
    let host =
        Lookup { records: vec![address], cname_chain: alias.map(str::to_owned).into_iter().collect(), ..answered(domain.policy_host()) };
    let error = FetchError::new(FetchStage::Connect, FetchFault::Refused, "refused");
    let mut evidence = Evidence::nothing_seen(domain.clone(), UNIX_EPOCH + Duration::from_secs(1_795_000_000));
    evidence.elapsed_ms = 5;
    evidence.mx = Lookup { records: mx, rcode: Some(0), ..Lookup::unsent(domain.as_str().to_owned(), Outcome::Noerror) };
    evidence.sts_txt =
        Lookup { records: vec![Txt(vec![b"v=STSv1; id=1;".to_vec()])], ..Lookup::unsent(domain.sts_record_name(), Outcome::Noerror) };
    evidence.tlsrpt_txt = Lookup::unsent(domain.tlsrpt_record_name(), Outcome::Nodata);
    evidence.host_a = Some(host);
    evidence.host_aaaa = Some(Lookup::unsent(domain.policy_host(), Outcome::Nodata));
    let mut fetch = Fetch::new(vec![IpAddr::from(address)]);
    fetch.error = Some(error);
    evidence.fetch = Some(Box::new(fetch));
    let assessment = classify(&evidence);
    Record {
        target: Target { ordinal, domain, rank: None, list: "made.csv".into(), file: None, line: None, carried: Vec::new() },
        evidence,
        assessment,
    }
}

/// Writes a dataset; unfinished where `finished` is false.
fn write(dir: &Path, records: &[Record], finished: bool) {
    let run = RunDescription {
        run_id: "1".to_owned(),
        tool: Tool { version: "0".to_owned(), git_revision: None, rules: Some("0".to_owned()) },
        catalogue_version: "1".to_owned(),
        configuration: Options::new(),
        pace: Options::new(),
        shard_rows: 1000,
        list: List { name: "made.csv".to_owned(), ..List::default() },
        public_suffix_list: String::new(),
        root_store: String::new(),
        resolvers: Vec::new(),
        resolver_validates: None,
        asn_db: Vec::new(),
        user_agent: String::new(),
    };
    let mut dataset = Dataset::create_or_resume(dir, &run).unwrap();
    dataset.commit_part(0, &[record_batch(records).unwrap()], &Activity::default()).unwrap();
    if finished {
        let rows = records.len() as u64;
        dataset.finish(Accounting { lines: rows, rows, ..Accounting::default() }, run.list, &Activity::default()).unwrap();
    }
}

#[test]
fn managing_entities_go_by_how_many_domains_a_host_serves() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    let mut add = |count: u64, alias: Option<&str>, shared: bool| {
        for _ in 0..count {
            let ordinal = records.len() as u64;
            let address = Ipv4Addr::new(192, 0, 2, if shared { 1 } else { 100 + ordinal as u8 % 100 });
            records.push(refused(ordinal, &format!("d{ordinal}.example{ordinal}.com"), alias, address));
        }
    };
    add(50, Some("host.large.net"), false);
    add(6, Some("host.small.net"), false);
    add(5, Some("host.tiny.net"), false);
    add(1, None, false);
    add(7, None, true);
    write(folder.path(), &records, true);
    let figures = |arguments: &[&str]| {
        let output = expect(0, &[&["stats", text(folder.path()), "--table", "T5", "--format", "json"], arguments].concat());
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = value["tables"][0]["rows"].as_array().unwrap().iter().find(|row| row["key"] == "tcp").unwrap().clone();
        ["self-managed", "third-party", "unclassified", "all"].map(|column| row["cells"][column]["n"].as_u64().unwrap())
    };
    assert_eq!(figures(&[]), [6, 50, 13, 69]);
    assert_eq!(figures(&["--third-party", "51"]), [6, 0, 63, 69]);
    assert_eq!(figures(&["--third-party", "7"]), [6, 57, 6, 69]);
    assert_eq!(figures(&["--self-managed", "6"]), [12, 50, 7, 69]);
    assert_eq!(figures(&["--ignore-addresses"]), [13, 50, 6, 69]);
}

#[test]
fn hosts_whose_domains_receive_mail_in_one_place_are_one_administrators() {
    let folder = tempfile::tempdir().unwrap();
    let mut records = Vec::new();
    let mut add = |count: u64, host: u8, alias: Option<&str>, mx: Option<&[&str]>| {
        for _ in 0..count {
            let ordinal = records.len() as u64;
            let mut record = refused(ordinal, &format!("d{ordinal}.example{ordinal}.com"), alias, Ipv4Addr::new(192, 0, 2, host));
            if let Some(hosts) = mx {
                // In another order every other time: the set counts.
                let turned = if ordinal.is_multiple_of(2) { 0 } else { 1 };
                let mx =
                    |(place, host): (usize, &&str)| Mx { preference: 10 * ((place + turned) % 2) as u16, exchange: (*host).to_owned() };
                record.evidence.mx.records = hosts.iter().enumerate().map(mx).collect();
                record.assessment = classify(&record.evidence);
            }
            records.push(record);
        }
    };
    // An owner of twenty names, two of which have their mail elsewhere; his mail host serves nobody else.
    add(18, 1, None, Some(&["mx1.owner.net", "mx2.owner.net"]));
    add(2, 1, None, None);
    // The same by an alias; a provider whose customers have their mail in several places; the host of many.
    add(6, 2, Some("sts.other.net"), Some(&["mx.other.net"]));
    add(8, 3, None, Some(&["mx.large.net"]));
    add(8, 3, None, None);
    add(50, 4, None, Some(&["mx.larger.net"]));
    write(folder.path(), &records, true);
    let figures = |table: &str, row: &str, columns: &[&str], arguments: &[&str]| -> Vec<u64> {
        let output = expect(0, &[&["stats", text(folder.path()), "--table", table, "--format", "json"], arguments].concat());
        let value: Value = serde_json::from_slice(&output.stdout).unwrap();
        let row = value["tables"][0]["rows"].as_array().unwrap().iter().find(|found| found["key"] == row).unwrap().clone();
        columns.iter().map(|column| row["cells"][column]["n"].as_u64().unwrap()).collect()
    };
    let entities = |arguments: &[&str]| figures("T5", "tcp", &["self-managed", "third-party", "unclassified"], arguments);
    assert_eq!(entities(&[]), [24, 50, 18], "the two with their mail elsewhere may be somebody else's");
    assert_eq!(entities(&["--one-administrator", "91"]), [6, 50, 36], "18 of 20 are nine tenths");
    assert_eq!(entities(&["--one-administrator", "50"]), [32, 50, 10]);
    assert_eq!(entities(&["--one-administrator", "0"]), [0, 50, 42]);
    assert_eq!(entities(&["--third-party", "51"]), [74, 0, 18]);
    assert_eq!(entities(&["--third-party", "51", "--self-managed", "6"]), [74, 0, 18]);
    assert_eq!(figures("T15-addresses", "192.0.2.1", &["domains", "failed", "cname"], &[]), [20, 20, 0]);
    assert_eq!(figures("T15-addresses", "192.0.2.2", &["domains", "ok", "cname"], &[]), [6, 0, 6]);
    assert_eq!(figures("T20-families", "ipv4", &["has", "tried", "answered"], &[]), [92, 0, 0]);
    assert_eq!(figures("T3-headline", "misconfigured", &["domains"], &[]), [92]);
    let codes = figures("findings", codes::STS_FETCH_CONNECT_REFUSED.as_str(), &["domains"], &[]);
    assert_eq!(codes, [92]);
}

#[test]
fn hostile_names_act_on_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let hostile = [
        "=HYPERLINK(\"http://x\",\"y\")",
        "+1\u{1b}[31m",
        "a|b\n<script>alert(1)</script>",
        "@x\u{202e},\"'",
        "[x](javascript:y)",
        "-2\r\n9",
    ];
    let records: Vec<Record> = (0_u64..)
        .zip(hostile)
        .map(|(ordinal, name)| {
            let mut record = refused(ordinal, &format!("d{ordinal}.com"), None, Ipv4Addr::LOCALHOST);
            record.assessment.policy_provider = Some(name.to_owned());
            record.assessment.mx_provider = Some(name.to_owned());
            record.target.list = name.into();
            record
        })
        .collect();
    write(folder.path(), &records, true);
    for by in ["list", "provider", "policy-host"] {
        for format in ["text", "markdown", "csv", "json"] {
            let printed =
                stdout(&expect(0, &["stats", text(folder.path()), "--table", "T2,T15,T16", "--by", by, "--bare", "--format", format]));
            let bad = printed.chars().find(|c| (c.is_control() && *c != '\n') || *c == '\u{202e}');
            assert_eq!(bad, None, "{format} by {by}");
            match format {
                "csv" => {
                    let mut reader = csv::ReaderBuilder::new().from_reader(printed.as_bytes());
                    for record in reader.records() {
                        let record = record.unwrap();
                        assert_eq!(record.len(), 12);
                        assert!(record.iter().all(|field| !field.starts_with(['=', '+', '-', '@', '\t', '\r'])), "{record:?}");
                    }
                }
                "markdown" => {
                    assert!(!printed.contains("<script") && !printed.contains("javascript:"), "{printed}");
                    let table = printed.lines().filter(|line| line.starts_with('|'));
                    let width = |line: &str| line.replace("\\|", "").matches('|').count();
                    let widths: std::collections::BTreeSet<usize> = table.map(width).collect();
                    assert_eq!(widths.len(), 3, "three tables of different width, and no row torn: {printed}");
                }
                "json" => {
                    let value: Value = serde_json::from_str(&printed).unwrap();
                    let groups = value["tables"][0]["rows"].as_array().unwrap();
                    assert!(hostile.iter().all(|name| groups.iter().any(|row| row["group"] == *name)), "{printed}");
                }
                _ => {}
            }
        }
    }
}

#[test]
fn several_datasets_and_series() {
    let folder = tempfile::tempdir().unwrap();
    let dirs: Vec<PathBuf> = ["a", "b"].map(|name| folder.path().join(name)).to_vec();
    for (dir, count) in dirs.iter().zip([2, 3]) {
        let records: Vec<Record> =
            (0..count).map(|ordinal| refused(ordinal, &format!("d{ordinal}.com"), None, Ipv4Addr::LOCALHOST)).collect();
        write(dir, &records, true);
    }
    let json = |arguments: &[&str]| -> Value {
        let output = expect(0, &[&["stats", text(&dirs[0]), text(&dirs[1]), "--format", "json"], arguments].concat());
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let counts = |value: &Value| -> Vec<(String, u64)> {
        let rows = value["tables"][0]["rows"].as_array().unwrap();
        rows.iter().map(|row| (row["group"].as_str().unwrap_or("all").to_owned(), row["cells"]["mx"]["n"].as_u64().unwrap())).collect()
    };
    // Names that both have are not summed up.
    let lists = counts(&json(&["--table", "T2"]));
    assert_eq!(lists, [("b: made.csv".to_owned(), 3), ("a: made.csv".to_owned(), 2)]);
    let sums = stderr(&expect(2, &["stats", text(&dirs[0]), text(&dirs[1]), "--by", "tld"]));
    assert!(sums.contains("have names in common") && sums.contains("--series"), "{sums}");
    let series = json(&["--series"]);
    assert_eq!(series["tables"][0]["id"], "P2");
    let scans = counts(&series);
    let at = |end: &str| scans.iter().find(|(name, _)| name.ends_with(end)).unwrap().1;
    assert_eq!((scans.len(), at(" a"), at(" b")), (2, 2, 3));
    assert!(scans[0].0.starts_with("20"), "a date: {scans:?}");
    let twice = stderr(&expect(2, &["stats", text(&dirs[0]), text(&dirs[0])]));
    assert!(twice.contains("given twice"), "{twice}");
}

/// Shards of one list are one scan; who runs a host is told from all of it, and from each scan of a series by itself.
#[test]
fn shards_are_one_scan_and_scans_are_counted_apart() {
    let folder = tempfile::tempdir().unwrap();
    let list = folder.path().join("list.txt");
    let names: Vec<String> = (0..4000).map(|number| format!("d{number}.example.com\n")).collect();
    std::fs::write(&list, names.concat()).unwrap();
    let scan = |name: &str, shard: &str| {
        let out = folder.path().join(name);
        expect(0, &["scan", "--lab=census", text(&list), "-o", text(&out), "--shard", shard]);
        out
    };
    let (whole, first, second) = (scan("whole", "0/1"), scan("w1-0", "0/2"), scan("w1-1", "1/2"));
    let json =
        |arguments: &[&str]| -> Value { serde_json::from_slice(&expect(0, &[arguments, &["--format", "json"]].concat()).stdout).unwrap() };
    let cells = |value: &Value| -> Vec<Value> {
        value["tables"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|table| table["rows"].as_array().unwrap())
            .map(|row| row["cells"].clone())
            .collect()
    };
    let tables = ["--table", "T5,T14,T2"];
    let alone = cells(&json(&[&["stats", text(&whole)], &tables[..]].concat()));
    // Shards without a word are one scan, with a sum over all.
    assert_eq!(
        cells(&json(&[&["stats", text(&first), text(&second), "--by", "posture"], &tables[..]].concat()))[..3],
        cells(&json(&[&["stats", text(&whole), "--by", "posture"], &tables[..]].concat()))[..3]
    );
    // In a series each scan has the rows that it has alone, the shards together those of the whole.
    let series = json(&[&["stats", "--series", text(&whole), text(&first), text(&second)], &tables[..]].concat());
    let mut of_scans: Vec<String> = Vec::new();
    for table in series["tables"].as_array().unwrap() {
        for row in table["rows"].as_array().unwrap() {
            let group = row["group"].as_str().expect("there is no row of all scans together").to_owned();
            if !of_scans.contains(&group) {
                of_scans.push(group);
            }
        }
    }
    assert_eq!(of_scans.len(), 2, "{of_scans:?}");
    assert!(of_scans.iter().any(|name| name.ends_with("w1-0 and another shard")), "{of_scans:?}");
    for group in &of_scans {
        let own: Vec<Value> = series["tables"]
            .as_array()
            .unwrap()
            .iter()
            .flat_map(|table| table["rows"].as_array().unwrap())
            .filter(|row| row["group"] == group.as_str())
            .map(|row| row["cells"].clone())
            .collect();
        assert_eq!(own, alone.iter().take(own.len()).cloned().collect::<Vec<_>>(), "{group}");
    }
    let apart = stderr(&expect(2, &["diff", text(&first), text(&second)]));
    assert!(apart.contains("have no domain in common"), "{apart}");
}

#[test]
fn datasets_that_are_unfinished_foreign_or_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path().join("half");
    write(&dir, &[refused(0, "example.com", None, Ipv4Addr::LOCALHOST)], false);
    for (format, note_on_stderr) in [("text", false), ("markdown", false), ("json", false), ("csv", true)] {
        let output = expect(0, &["stats", text(&dir), "--table", "T2", "--format", format]);
        let said = if note_on_stderr { stderr(&output) } else { stdout(&output) };
        let words = "half: the scan is unfinished; the figures cover the rows that it has so far (1)";
        assert!(said.contains(words), "{format}: {said}");
    }
    let refusal = |status, dir: &Path| stderr(&expect(status, &["stats", text(dir)]));
    assert!(refusal(4, folder.path()).contains("no manifest.json"));
    assert!(refusal(4, &folder.path().join("nowhere")).contains("no manifest.json"));
    std::fs::write(dir.join("domains/part-00000.parquet"), "PAR1 is not all").unwrap();
    assert!(refusal(4, &dir).contains("damaged"));
    std::fs::write(dir.join("manifest.json"), "{\"schema_version\": 99}").unwrap();
    assert!(refusal(4, &dir).contains("schema version 99"));
    std::fs::write(dir.join("manifest.json"), "{").unwrap();
    assert!(refusal(4, &dir).contains("damaged"));
    for (arguments, words) in [
        (vec!["--table", "T13"], "one of all, study, T1, T2"),
        (vec!["--by", "colour"], "one of tld, suffix, rank"),
        (vec!["--self-managed", "50"], "has to be less than --third-party"),
        (vec!["--top", "0"], "--top"),
    ] {
        let said = stderr(&expect(2, &[&["stats", text(zoo())][..], &arguments].concat()));
        assert!(said.contains(words), "{said}");
    }
}

/// The count of a row in each column of a table of JSON.
fn counts(table: &Value, row: &str) -> Vec<u64> {
    let rows = table["rows"].as_array().unwrap();
    let row = rows.iter().find(|found| found["key"] == row && found["group"].is_null());
    let row = row.unwrap_or_else(|| panic!("{} has no such row", table["id"]));
    let columns = table["columns"].as_array().unwrap();
    columns.iter().filter_map(|column| row["cells"][column["key"].as_str().unwrap()]["n"].as_u64()).collect()
}

#[test]
fn mx_hosts_count_once_and_their_domains_each() {
    let folder = tempfile::tempdir().unwrap();
    mail::write(folder.path(), 1, &[("smtp", "all"), ("dane", "all")], &mail::domains());
    let printed = |format: &str, tables: &str, arguments: &[&str]| {
        stdout(&expect(0, &[&["stats", text(folder.path()), "--table", tables, "--bare", "--format", format], arguments].concat()))
    };
    let value: Value = serde_json::from_str(&printed("json", MX_TABLES, &[])).unwrap();
    let tables: HashMap<&str, &Value> =
        value["tables"].as_array().unwrap().iter().map(|table| (table["id"].as_str().unwrap(), table)).collect();
    // MX hosts and domains: the host of two domains counts once, the domain of two hosts once.
    for (table, row, expected) in [
        ("T11", "asked", [6, 7]),
        ("T11", "tested", [5, 6]),
        ("T11", "refused", [1, 1]),
        ("T11", "starttls", [4, 5]),
        ("T11", "no-starttls", [1, 1]),
        ("T11", "TLSv1.3", [3, 4]),
        ("T11", "TLSv1.2", [1, 2]),
        ("T11-certificates", "certificates", [4, 5]),
        ("T11-certificates", "valid", [3, 4]),
        ("T11-certificates", "refused", [1, 2]),
        ("T11-certificates", "fault-expired", [1, 2]),
        ("T11-certificates", "fault-name-mismatch", [1, 2]),
        ("T11-certificates", "fault-self-signed", [0, 0]),
        ("T11-issuers", "Let's Encrypt", [2, 3]),
        ("T11-tlsa", "asked", [5, 6]),
        ("T11-tlsa", "records", [2, 3]),
        ("T11-tlsa", "matching", [1, 2]),
        ("T11-tlsa", "mismatch", [1, 1]),
        ("T11-tlsa", "record 3 1 1", [2, 3]),
        ("T11-tlsa", "record 2 1 1", [1, 2]),
    ] {
        assert_eq!(counts(tables[table], row), expected, "{table} {row}");
    }
    // enforce, testing, none, broken, absent, unknown, all
    for (table, row, expected) in [
        ("T11-domains", "asked", [5, 1, 0, 0, 1, 0, 7]),
        ("T11-domains", "all", [3, 0, 0, 0, 0, 0, 3]),
        ("T11-domains", "not-asked", [0, 0, 0, 0, 1, 0, 1]),
        ("T11-dane", "valid", [1, 0, 0, 0, 0, 0, 1]),
        ("T11-dane", "mismatch", [1, 0, 0, 0, 0, 0, 1]),
        ("T11-dane", "protected-sts-only", [1, 0, 0, 0, 0, 0, 1]),
        ("T11-dane", "not-asked", [1, 0, 0, 0, 1, 0, 2]),
        ("T11-dnssec", "secure", [4, 1, 0, 0, 1, 0, 6]),
    ] {
        assert_eq!(counts(tables[table], row), expected, "{table} {row}");
    }
    // opportunistic, reported, protected, partial, refused, unknown, all
    assert_eq!(counts(tables["T11-delivery"], "protected"), [0, 0, 1, 0, 1, 0, 2]);
    assert_eq!(counts(tables["T11-delivery"], "not-asked"), [2]);
    // domains, hosts, tested, STARTTLS, valid
    assert_eq!(counts(tables["T11-providers"], "big.example"), [2, 1, 1, 1, 1]);
    insta::assert_snapshot!("mx_text", printed("text", MX_TABLES, &[]));
    insta::assert_snapshot!("mx_markdown", printed("markdown", "T11-dane,T11-issuers", &[]));
    let hostile = ["text", "markdown", "csv", "json"].map(|format| printed(format, MX_TABLES, &["--by", "posture"]));
    assert!(hostile.iter().all(|text| !text.contains(|c: char| c.is_control() && c != '\n')), "an issuer that acts");
}

/// The tables on MX hosts.
const MX_TABLES: &str = "T11,T11-domains,T11-certificates,T11-issuers,T11-providers,T11-tlsa,T11-dane,T11-delivery,T11-dnssec";

#[test]
fn who_asked_nobody_gets_a_line_and_no_empty_table() {
    let folder = tempfile::tempdir().unwrap();
    let (nobody, asked) = (folder.path().join("nobody"), folder.path().join("asked"));
    mail::write(&nobody, 1, &[], &mail::unasked(mail::domains()));
    mail::write(&asked, 2, &[("smtp", "all"), ("dane", "all")], &mail::domains());
    let said = stdout(&expect(0, &["stats", text(&nobody), "--table", MX_TABLES, "--bare"]));
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    assert!(
        lines[0].starts_with("T11, T11-domains, T11-certificates, T11-issuers, T11-providers: no MX host was asked over SMTP"),
        "{said}"
    );
    assert!(lines[0].contains("`stscan scan --smtp adopters`") && lines[1].contains("`stscan scan --dane adopters`"), "{said}");
    let said = stdout(&expect(0, &["stats", text(&nobody), "--table", "T1,T11", "--format", "markdown"]));
    assert!(said.contains("### T1 ") && !said.contains("### T11") && said.contains("* T11: no MX host"), "{said}");
    let output = expect(0, &["stats", text(&nobody), "--table", "T11,T11-dane", "--bare", "--format", "csv"]);
    assert_eq!(stdout(&output).lines().count(), 1, "only the heading");
    assert!(stderr(&output).contains("T11: no MX host was asked over SMTP") && stderr(&output).contains("--dane adopters"));
    let value: Value = serde_json::from_slice(&expect(0, &["stats", text(&nobody), "--table", "T11", "--format", "json"]).stdout).unwrap();
    assert_eq!((&value["tables"][0]["id"], value["tables"][0]["rows"].as_array().map(Vec::len)), (&"T11".into(), Some(0)));
    assert!(value["tables"][0]["unmade"].as_str().unwrap().contains("--smtp adopters"));
    // In a series the scan that asked nobody has the row that says so, and no zeros.
    let series = ["stats", "--series", text(&nobody), text(&asked), "--table", "T11-domains,T11", "--format", "json"];
    let value: Value = serde_json::from_slice(&expect(0, &series).stdout).unwrap();
    let rows = |group: &str| -> Vec<&str> {
        let rows = value["tables"][0]["rows"].as_array().unwrap();
        rows.iter().filter(|row| row["group"].as_str().unwrap().starts_with(group)).map(|row| row["key"].as_str().unwrap()).collect()
    };
    assert_eq!(rows("2026-01-01"), ["not-asked"]);
    assert_eq!(rows("2026-01-02"), ["asked", "all", "some", "none", "unknown", "not-asked"]);
}
