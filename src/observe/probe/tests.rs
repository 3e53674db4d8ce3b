//! Probes against a resolver on loopback that answers from a table and remembers what it was asked.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, UdpSocket};
use std::str::FromStr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use hickory_proto::op::{Edns, Message, OpCode, ResponseCode};
use hickory_proto::rr::rdata::opt::EdnsOption;
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, TXT};
use hickory_proto::rr::{Name, RData, Record, RecordType};
use rustls::RootCertStore;
use tokio::task::LocalSet;

use super::*;
use crate::observe::dns::{Dns, DnsConfig, DnsCounters, DnsLimits, RetryConfig};
use crate::observe::fetch::FetchConfig;

mod dane;

const DOMAIN: &str = "example.com";
const RECORD: &str = "_mta-sts.example.com";
const HOST: &str = "mta-sts.example.com";

/// What the resolver knows: records by name and type, and names that do not exist. All else is NODATA.
#[derive(Default)]
struct Zone {
    records: HashMap<(&'static str, RecordType), Vec<RData>>,
    missing: Vec<&'static str>,
    /// Whether aliases are told and not followed.
    lazy: bool,
    /// Names at and below which everything is signed, and the resolver says that it has validated it.
    signed: Vec<&'static str>,
    /// Answers that do not validate.
    bogus: Vec<(&'static str, RecordType)>,
    /// Questions that nobody has an answer to, and the response code of that.
    lost: Vec<(&'static str, RecordType, ResponseCode)>,
}

/// What the resolver replies.
struct Answer {
    code: ResponseCode,
    records: Vec<Record>,
    authenticated: bool,
    /// INFO-CODE of an extended error.
    why: Option<u16>,
}

impl Zone {
    fn with(mut self, name: &'static str, data: RData) -> Self {
        self.records.entry((name, data.record_type())).or_default().push(data);
        self
    }

    fn txt(self, name: &'static str, text: &str) -> Self {
        self.with(name, RData::TXT(TXT::new(vec![text.to_owned()])))
    }

    fn alias(self, name: &'static str, target: &str) -> Self {
        self.with(name, RData::CNAME(CNAME(Name::from_str(target).unwrap())))
    }

    fn address(self, name: &'static str) -> Self {
        self.with(name, RData::A(A(Ipv4Addr::LOCALHOST)))
    }

    fn without(mut self, name: &'static str) -> Self {
        self.missing.push(name);
        self
    }

    fn is_signed(&self, name: &Name) -> bool {
        self.signed.iter().any(|signed| Name::from_str(&format!("{signed}.")).unwrap().zone_of(name))
    }

    /// The answer of a resolver that validates, unless it is asked not to.
    fn judged(&self, asked: &Name, kind: RecordType, checking: bool) -> Answer {
        let name = asked.to_ascii().to_ascii_lowercase();
        let is_asked = |known: &str, known_kind: RecordType| known == name.trim_end_matches('.') && known_kind == kind;
        let failed = |code, why| Answer { code, records: Vec::new(), authenticated: false, why };
        if let Some((_, _, code)) = self.lost.iter().find(|(name, kind, _)| is_asked(name, *kind)) {
            return failed(*code, Some(22));
        }
        if checking && self.bogus.iter().any(|(name, kind)| is_asked(name, *kind)) {
            return failed(ResponseCode::ServFail, Some(6));
        }
        let (code, records) = self.answer(asked, kind);
        let authenticated = checking && self.is_signed(asked) && records.iter().all(|record| self.is_signed(&record.name));
        Answer { code, records, authenticated, why: None }
    }

    /// The answer to a question; CNAMEs are followed as a resolver does.
    fn answer(&self, asked: &Name, kind: RecordType) -> (ResponseCode, Vec<Record>) {
        let (mut owner, mut answers) = (asked.clone(), Vec::new());
        loop {
            let name = owner.to_ascii().to_ascii_lowercase();
            let name = name.trim_end_matches('.');
            let of =
                |kind| self.records.iter().find(|((known, known_kind), _)| *known == name && *known_kind == kind).map(|(_, data)| data);
            let found = of(kind).or_else(|| of(RecordType::CNAME)).cloned().unwrap_or_default();
            answers.extend(found.iter().map(|data| Record::from_rdata(owner.clone(), 300, data.clone())));
            match found.first() {
                Some(RData::CNAME(_)) if self.lazy => return (ResponseCode::NoError, answers),
                Some(RData::CNAME(target)) => owner = target.0.clone(),
                _ if self.missing.contains(&name) => return (ResponseCode::NXDomain, answers),
                _ => return (ResponseCode::NoError, answers),
            }
        }
    }
}

/// Probes the domain and says what was asked.
async fn probe(zone: Zone, opted_out: &str) -> (Evidence, Vec<String>) {
    probe_with(zone, opted_out, |probe| probe).await
}

async fn probe_around(zone: Zone, opted_out: &str, look_around: bool) -> (Evidence, Vec<String>) {
    probe_with(zone, opted_out, |probe| probe.looking_around(look_around)).await
}

/// A resolver that knows the zone, and what it has been asked.
fn serve(zone: Zone) -> (SocketAddr, Arc<Mutex<Vec<String>>>) {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
    let resolver = socket.local_addr().unwrap();
    let asked = Arc::new(Mutex::new(Vec::new()));
    let journal = Arc::clone(&asked);
    std::thread::spawn(move || {
        let mut buffer = [0; 1500];
        while let Ok((length, peer)) = socket.recv_from(&mut buffer) {
            let query = Message::from_vec(&buffer[..length]).unwrap();
            let question = query.queries[0].clone();
            let name = question.name().to_ascii().to_ascii_lowercase();
            let checking = !query.metadata.checking_disabled;
            let unchecked = if checking { "" } else { " unchecked" };
            journal.lock().unwrap().push(format!("{} {}{unchecked}", name.trim_end_matches('.'), question.query_type()));
            let Answer { code, records, authenticated, why } = zone.judged(question.name(), question.query_type(), checking);
            let mut response = Message::response(query.metadata.id, OpCode::Query);
            response.metadata.authentic_data = authenticated;
            response.edns = why.map(|why| {
                let mut edns = Edns::new();
                edns.options_mut().insert(EdnsOption::Unknown(15, why.to_be_bytes().to_vec()));
                edns
            });
            response.metadata.recursion_desired = true;
            response.metadata.recursion_available = true;
            response.metadata.response_code = code;
            response.add_query(question).add_answers(records);
            socket.send_to(&response.to_vec().unwrap(), peer).unwrap();
        }
    });
    (resolver, asked)
}

fn bulk_engine(resolver: SocketAddr) -> Dns {
    let config =
        DnsConfig { retry: RetryConfig { timeout: Duration::from_secs(5), ..RetryConfig::default() }, ..DnsConfig::new(vec![resolver]) };
    Dns::new(&config, Arc::new(DnsLimits::default()), Arc::new(DnsCounters::new(&[resolver]))).unwrap()
}

/// Probes the domain by itself, and once more as one of many whose openings are led side by side, which has to come to the same.
async fn probe_with(zone: Zone, opted_out: &str, configure: impl Fn(Probe) -> Probe) -> (Evidence, Vec<String>) {
    let (resolver, asked) = serve(zone);
    let exclusion = Arc::new(Exclusion::parse(opted_out).unwrap());
    let fetcher = fetcher(&exclusion);
    let domain = Domain::from_a_labels(DOMAIN).unwrap();
    let probe = || configure(Probe::new(bulk_engine(resolver), Arc::clone(&fetcher), Arc::clone(&exclusion), Arc::default()));
    let take_asked = || std::mem::take(&mut *asked.lock().unwrap());
    let local = LocalSet::new();
    let evidence = local.run_until(async { probe().observe(&domain).await }).await;
    let asked_alone = take_asked();
    let among_many = local.run_until(async { observe_among_many(&probe(), &domain).await }).await;
    assert_eq!(without_times(&among_many), without_times(&evidence));
    let sorted = |mut asked: Vec<String>| {
        asked.sort();
        asked
    };
    assert_eq!(sorted(take_asked()), sorted(asked_alone.clone()));
    (*evidence, asked_alone)
}

/// Probes a domain as a worker does.
async fn observe_among_many(probe: &Probe, domain: &Domain) -> Box<Evidence> {
    let mut openings = probe.openings().unwrap();
    openings.begin("the caller's", domain.clone());
    assert_eq!(openings.len(), 1);
    let (target, opening) = std::future::poll_fn(|context| openings.poll_next(context)).await;
    assert_eq!((target, openings.len()), ("the caller's", 0));
    match probe.finish(opening) {
        Ok(evidence) => evidence,
        Err(opening) => probe.go_on(opening).await,
    }
}

/// Openings begun at different times end in any order, and each has what is its own.
#[tokio::test]
async fn openings_do_not_mix() {
    const NAMES: [&str; 5] = ["none.example", "mail.example", "record.example", "lost.example", "left-alone.example"];
    let zone = Zone::default()
        .without("none.example")
        .with("mail.example", RData::MX(MX::new(10, Name::from_str("mx.mail.example.").unwrap())))
        .txt("_mta-sts.record.example", "v=STSv1; id=1;");
    let lost = vec![("lost.example", RecordType::MX, ResponseCode::ServFail)];
    let (resolver, _) = serve(Zone { lost, ..zone });
    let exclusion = Arc::new(Exclusion::parse("left-alone.example").unwrap());
    let seen = LocalSet::new()
        .run_until(async {
            let probe = Probe::new(bulk_engine(resolver), fetcher(&exclusion), Arc::clone(&exclusion), Arc::default());
            let mut openings = probe.openings().unwrap();
            let (mut seen, mut begun) = (Vec::new(), 0);
            while seen.len() < 40 {
                while begun < 40 && openings.len() < 7 {
                    openings.begin(begun, Domain::from_a_labels(NAMES[begun % NAMES.len()]).unwrap());
                    begun += 1;
                }
                seen.push(std::future::poll_fn(|context| openings.poll_next(context)).await);
            }
            assert_eq!(openings.len(), 0);
            seen
        })
        .await;
    let mut numbers: Vec<usize> = seen.iter().map(|(number, _)| *number).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..40).collect::<Vec<_>>());
    for (number, opening) in seen {
        let (name, evidence) = (NAMES[number % NAMES.len()], &opening.seen);
        assert_eq!((evidence.domain.as_str(), evidence.mx.name.as_str()), (name, name));
        assert_eq!(evidence.sts_txt.name, format!("_mta-sts.{name}"));
        let outcomes = [evidence.mx.outcome, evidence.sts_txt.outcome, evidence.tlsrpt_txt.outcome];
        let expected = match name {
            "none.example" => [Outcome::Nxdomain, Outcome::Pruned, Outcome::Pruned],
            "mail.example" => [Outcome::Noerror, Outcome::Nodata, Outcome::Nodata],
            "record.example" => [Outcome::Nodata, Outcome::Noerror, Outcome::Nodata],
            "lost.example" => [Outcome::LocalError; 3],
            _ => [Outcome::Excluded; 3],
        };
        assert_eq!(outcomes, expected, "{name}");
        assert_eq!((opening.is_settled(), opening.unsettled.mx.is_some()), (name != "lost.example", name == "lost.example"));
    }
}

/// Evidence, without what differs from one probe of a domain to the next.
fn without_times(evidence: &Evidence) -> serde_json::Value {
    fn forget(value: &mut serde_json::Value) {
        match value {
            serde_json::Value::Object(fields) => {
                fields.retain(|name, _| name != "scanned_at" && !name.ends_with("_ms") && !name.ends_with("_us"));
                fields.values_mut().for_each(forget);
            }
            serde_json::Value::Array(values) => values.iter_mut().for_each(forget),
            _ => {}
        }
    }
    let mut value = serde_json::to_value(evidence).unwrap();
    forget(&mut value);
    value
}

/// Reaches loopback, but nobody listens there: an exchange that is tried is refused.
fn fetcher(exclusion: &Arc<Exclusion>) -> Arc<Fetcher> {
    let free = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
    let config = FetchConfig { https_port: free, allow_private: true, ..FetchConfig::default() };
    Arc::new(Fetcher::new(config, RootCertStore::empty(), Arc::clone(exclusion)).unwrap())
}

#[tokio::test]
async fn a_domain_with_a_record_is_followed_to_its_policy() {
    let zone = Zone::default()
        .with(DOMAIN, RData::MX(MX::new(10, Name::from_str("mail.example.com.").unwrap())))
        .txt(RECORD, "v=STSv1; id=1;")
        .txt("_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:a@example.com")
        .address(HOST)
        .with(HOST, RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)));
    let before = SystemTime::now();
    let (evidence, mut asked) = probe(zone, "").await;
    assert!(evidence.scanned_at >= before && evidence.elapsed_ms < 60_000);
    assert_eq!(evidence.mx.records[0].exchange, "mail.example.com");
    assert_eq!(evidence.sts_txt.records[0].joined(), b"v=STSv1; id=1;");
    assert_eq!(evidence.tlsrpt_txt.outcome, Outcome::Noerror);
    assert_eq!(evidence.host_a.unwrap().records, [Ipv4Addr::LOCALHOST]);
    assert_eq!(evidence.host_aaaa.unwrap().records, [Ipv6Addr::LOCALHOST]);
    let fetch = evidence.fetch.unwrap();
    assert_eq!(fetch.tried, [IpAddr::from(Ipv4Addr::LOCALHOST), IpAddr::from(Ipv6Addr::LOCALHOST)]);
    assert_eq!(fetch.error.unwrap().fault, FetchFault::Refused);
    assert_eq!(asked.remove(0), "example.com MX", "the domain itself comes first");
    asked.sort();
    let expected = [
        "_mta-sts.example.com TXT",
        "_smtp._tls.example.com TXT",
        "mail.example.com A",
        "mail.example.com AAAA",
        "mta-sts.example.com A",
        "mta-sts.example.com AAAA",
    ];
    assert_eq!(asked, expected);
    assert_eq!((evidence.mx_hosts.len(), evidence.mx_hosts[0].a.outcome), (1, Outcome::Nodata));
    assert_eq!(evidence.rua_hosts[0].mx, Some(Lookup { attempts: 0, ..evidence.mx }), "the domain's own MX is known");
    assert_eq!(evidence.stray_records, []);
}

#[tokio::test]
async fn the_end_of_an_alias_is_asked_in_place_of_the_policy_host() {
    let hosted = |zone: Zone| {
        zone.txt(RECORD, "v=STSv1; id=1;").alias(HOST, "one.provider.example.").alias("one.provider.example", "sts.cdn.example.")
    };
    let zone = hosted(Zone::default()).address("sts.cdn.example").with("sts.cdn.example", RData::AAAA(AAAA(Ipv6Addr::LOCALHOST)));
    let (evidence, asked) = probe(zone, "").await;
    let (a, aaaa) = (evidence.host_a.unwrap(), evidence.host_aaaa.unwrap());
    assert_eq!((a.name.as_str(), a.cname_chain.len(), a.records.len()), (HOST, 2, 1));
    assert_eq!((aaaa.name.as_str(), aaaa.cname_chain.len(), aaaa.records.len(), aaaa.attempts), ("sts.cdn.example", 0, 1, 1));
    assert!(asked.contains(&"sts.cdn.example AAAA".to_owned()) && !asked.contains(&format!("{HOST} AAAA")), "{asked:?}");
    assert_eq!(evidence.fetch.unwrap().addresses.len(), 2);

    let (evidence, asked) = probe(hosted(Zone::default()).without("sts.cdn.example"), "").await;
    let (a, aaaa) = (evidence.host_a.unwrap(), evidence.host_aaaa.unwrap());
    assert_eq!((a.outcome, a.cname_chain.len(), aaaa.outcome), (Outcome::Nxdomain, 2, Outcome::Nxdomain));
    assert!(!asked.contains(&"sts.cdn.example A".to_owned()), "what does not exist is not asked twice");
}

#[tokio::test]
async fn an_alias_without_the_addresses_behind_it_is_followed() {
    let zone = || Zone { lazy: true, ..Zone::default() }.txt(RECORD, "v=STSv1; id=1;").alias(HOST, "sts.provider.example.");
    let (evidence, _) = probe(zone().address("sts.provider.example"), "").await;
    let a = evidence.host_a.unwrap();
    assert_eq!((a.outcome, a.records.as_slice(), a.attempts), (Outcome::Noerror, &[Ipv4Addr::LOCALHOST][..], 2));
    assert_eq!((a.name.as_str(), a.cname_chain.as_slice()), (HOST, &["sts.provider.example".to_owned()][..]));
    let (evidence, _) = probe(zone().address("sts.provider.example"), "provider.example").await;
    assert_eq!((evidence.host_a.unwrap().outcome, evidence.host_aaaa.unwrap().outcome), (Outcome::Excluded, Outcome::Excluded));
}

/// The domain and its record behind aliases of which the resolver tells no more than that.
fn behind_aliases(lazy: bool) -> Zone {
    Zone { lazy, ..Zone::default() }
        .alias(DOMAIN, "r.example.net.")
        .alias(RECORD, "s.example.net.")
        .alias("s.example.net", "t.example.net.")
}

#[tokio::test]
async fn an_alias_alone_is_followed_whatever_was_asked_for() {
    let mx = || RData::MX(MX::new(10, Name::from_str("mail.example.com.").unwrap()));
    let zone = |lazy| behind_aliases(lazy).with("r.example.net", mx()).txt("t.example.net", "v=STSv1; id=1;");
    for lazy in [false, true] {
        let (evidence, _) = probe(zone(lazy), "").await;
        let (mx, sts) = (&evidence.mx, &evidence.sts_txt);
        assert_eq!((mx.outcome, mx.records.len(), mx.cname_chain.as_slice()), (Outcome::Noerror, 1, &["r.example.net".to_owned()][..]));
        assert_eq!((sts.outcome, sts.records.len(), sts.cname_chain.len()), (Outcome::Noerror, 1, 2));
        assert_eq!((mx.attempts, sts.attempts), if lazy { (2, 3) } else { (1, 1) });
    }
    let (evidence, _) = probe(zone(true), "t.example.net").await;
    assert_eq!(evidence.sts_txt.outcome, Outcome::Excluded, "not asked, and not taken for absent");
    let (evidence, _) = probe(behind_aliases(true).without("r.example.net"), "").await;
    assert_eq!((evidence.mx.outcome, evidence.sts_txt.outcome), (Outcome::Nxdomain, Outcome::Nodata), "what the end itself says");
}

#[tokio::test]
async fn aliases_that_lead_in_a_circle_are_no_absence() {
    let zone = Zone { lazy: true, ..Zone::default() }.alias(DOMAIN, "r.example.net.").alias("r.example.net", "example.com.");
    let (evidence, _) = probe(zone, "").await;
    assert_eq!((evidence.mx.outcome, evidence.mx.attempts), (Outcome::Malformed, 2));
}

#[tokio::test]
async fn nothing_is_fetched_without_a_record() {
    for zone in [Zone::default(), Zone::default().txt(RECORD, "v=spf1 -all"), Zone::default().without(RECORD)] {
        let (evidence, asked) = probe(zone.address(HOST), "").await;
        assert_eq!((evidence.host_a, evidence.host_aaaa, evidence.fetch, asked.len()), (None, None, None, 3));
    }
}

#[tokio::test]
async fn near_misses_and_several_records_are_followed_too() {
    for texts in [&["v=stsv1; id=1"][..], &["v=STSv1; id=1", "v=STSv1; id=2"]] {
        let zone = texts.iter().fold(Zone::default(), |zone, text| zone.txt(RECORD, text)).address(HOST);
        let (evidence, _) = probe(zone, "").await;
        assert!(evidence.fetch.is_some_and(|fetch| !fetch.tried.is_empty()), "{texts:?}");
    }
}

#[tokio::test]
async fn a_policy_host_without_an_address_is_not_fetched_from() {
    let (evidence, _) = probe(Zone::default().txt(RECORD, "v=STSv1; id=1;").without(HOST), "").await;
    assert_eq!((evidence.host_a.unwrap().outcome, evidence.fetch), (Outcome::Nxdomain, None));
}

#[tokio::test]
async fn without_pruning_everything_is_asked() {
    let zone = Zone::default().without(DOMAIN).txt(RECORD, "v=STSv1; id=1;");
    let (evidence, _) = probe_with(zone, "", |probe| probe.pruning(false)).await;
    assert_eq!((evidence.mx.outcome, evidence.sts_txt.outcome), (Outcome::Nxdomain, Outcome::Noerror));
}

#[tokio::test]
async fn below_a_name_that_does_not_exist_nothing_is_asked() {
    let (evidence, asked) = probe(Zone::default().without(DOMAIN).txt(RECORD, "v=STSv1; id=1;"), "").await;
    assert_eq!(evidence.mx.outcome, Outcome::Nxdomain);
    assert_eq!((evidence.sts_txt.outcome, evidence.tlsrpt_txt.outcome), (Outcome::Pruned, Outcome::Pruned));
    assert_eq!((evidence.sts_txt.name.as_str(), evidence.tlsrpt_txt.name.as_str()), (RECORD, "_smtp._tls.example.com"));
    assert_eq!((evidence.fetch, asked.as_slice()), (None, &["example.com MX".to_owned()][..]));
}

#[tokio::test]
async fn a_dangling_alias_of_the_domain_prunes_nothing() {
    let zone = Zone::default().alias(DOMAIN, "gone.example.net.").without("gone.example.net").txt(RECORD, "v=STSv1; id=1;");
    let (evidence, _) = probe(zone, "").await;
    assert_eq!((evidence.mx.outcome, evidence.sts_txt.outcome), (Outcome::Nxdomain, Outcome::Noerror));
}

#[tokio::test]
async fn who_opted_out_is_left_alone() {
    let zone = || Zone::default().txt(RECORD, "v=STSv1; id=1;").address(HOST);
    let (evidence, asked) = probe(zone(), "example.com").await;
    assert_eq!((evidence.mx.outcome, evidence.sts_txt.outcome, asked.len()), (Outcome::Excluded, Outcome::Excluded, 0));

    let (evidence, asked) = probe(zone(), "mta-sts.example.com").await;
    assert_eq!((evidence.host_a.unwrap().outcome, evidence.host_aaaa.unwrap().outcome), (Outcome::Excluded, Outcome::Excluded));
    assert_eq!((evidence.fetch, asked.len()), (None, 3));

    let hosted = Zone::default().txt(RECORD, "v=STSv1; id=1;").alias(HOST, "sts.provider.example.").address("sts.provider.example");
    let (evidence, _) = probe(hosted, "provider.example").await;
    let fetch = evidence.fetch.unwrap();
    assert_eq!((fetch.addresses.len(), fetch.tried.len()), (1, 0));
    assert_eq!(fetch.error.map(|error| (error.stage, error.fault)), Some((FetchStage::Address, FetchFault::Excluded)));
}

fn mx(host: &str) -> RData {
    RData::MX(MX::new(10, Name::from_str(host).unwrap()))
}

#[tokio::test]
async fn mx_hosts_are_asked_only_where_a_record_makes_them_matter() {
    let (evidence, asked) = probe(Zone::default().with(DOMAIN, mx("mx.provider.example.")), "").await;
    assert_eq!((evidence.mx_hosts, asked.len()), (vec![], 3));
}

#[tokio::test]
async fn who_opted_out_is_not_asked_as_a_neighbour_either() {
    let zone = Zone::default()
        .with(DOMAIN, mx("mx.provider.example."))
        .txt(RECORD, "v=STSv1; id=1;")
        .txt("_smtp._tls.example.com", "v=TLSRPTv1; rua=mailto:a@provider.example");
    let (evidence, asked) = probe(zone, "provider.example").await;
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.a.outcome, host.aaaa.outcome), (Outcome::Excluded, Outcome::Excluded));
    assert_eq!(evidence.rua_hosts[0].mx.as_ref().unwrap().outcome, Outcome::Excluded);
    assert!(asked.iter().all(|question| !question.contains("provider")), "{asked:?}");
}

#[tokio::test]
async fn a_receiver_without_mx_is_asked_for_its_addresses() {
    let rua = "v=TLSRPTv1; rua=mailto:a@one.example,mailto:a@two.example,https://three.example/t";
    let zone = Zone::default().txt("_smtp._tls.example.com", rua).with("two.example", mx("mx.two.example.")).without("gone.example");
    let (evidence, _) = probe(zone, "").await;
    let asked: Vec<_> = evidence.rua_hosts.iter().map(|found| (found.host.as_str(), found.mx.is_some(), found.a.is_some())).collect();
    assert_eq!(asked, [("one.example", true, true), ("two.example", true, false), ("three.example", false, true)]);
}

#[tokio::test]
async fn names_around_are_asked_on_request_and_where_the_domain_exists() {
    let (evidence, asked) = probe_around(Zone::default().txt("_tlsrpt.example.com", "v=TLSRPTv1;"), "", true).await;
    // Three that every scan asks, six around, and whether there is a policy host of which no record tells.
    assert_eq!((evidence.stray_records.len(), asked.len()), (6, 10));
    assert!(asked.contains(&"mta-sts.example.com A".to_owned()), "{asked:?}");
    assert_eq!(evidence.stray_records.iter().filter(|lookup| lookup.outcome == Outcome::Noerror).count(), 1);
    let (evidence, asked) = probe_around(Zone::default().without(DOMAIN), "", true).await;
    assert_eq!((evidence.stray_records.len(), asked.len()), (0, 1));
}
