//! Rows for the tests of this module: typical ones, and arbitrary ones for properties.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

use crate::classify::{
    Assessment, Code, Coverage, DaneState, Delivery, DnssecState, Finding, Mismatch, Moment, MxState, MxTls, PolicyHost, PolicyStage,
    Posture, RecordState, RuaHost, Severity, codes, flat_columns,
};
use crate::evidence::{
    Alias, Certificate, CertificateFault, ChainCertificate, Connection, Conversation, Evidence, ExtendedError, Fetch, FetchError,
    FetchFault, FetchStage, GivenAnchor, HostLookup, Lookup, Mx, MxAsked, Outcome, Path, ReceiverLookup, SecondHello, SmtpTimings, Timings,
    TlsVersion, Tlsa, Txt,
};
use crate::input::{Accounting, Carried, Target};
use crate::name::Domain;
use crate::parse::senders::Sender;
use crate::parse::tlsrpt_record::ReportScheme;

use super::batch::Record;
use super::manifest::{List, Manifest, Options, RunDescription, Tool};

/// A description of a run with small shards.
pub(super) fn run() -> RunDescription {
    let text = str::to_owned;
    RunDescription {
        run_id: text("20261123-1"),
        tool: Tool { version: text("0.1.0"), git_revision: None, rules: Some("0".to_owned()) },
        catalogue_version: text("1"),
        configuration: Options::from([(text("top"), 100.into()), (text("dns-timeout"), 2.0.into())]),
        pace: Options::from([(text("rate"), 1000.into())]),
        shard_rows: 4,
        list: List { name: text("top.csv"), id: Some(text("ABCD")), sha256: Some("0".repeat(64)), ..List::default() },
        public_suffix_list: text("psl 2"),
        root_store: text("roots 1"),
        resolvers: vec![text("192.0.2.53:53")],
        resolver_validates: Some(true),
        asn_db: Vec::new(),
        user_agent: text("stscan/0.1.0"),
    }
}

/// The manifest of a finished run of no rows.
pub(crate) fn finished() -> Manifest {
    let mut manifest = Manifest::begun(&run());
    manifest.end(Accounting::default(), manifest.run.list.clone(), None);
    manifest
}

/// The row of a domain without any record of ours, as nearly all domains are.
pub(crate) fn absent(ordinal: u64, domain: &str) -> Record {
    let domain = Domain::from_a_labels(domain).unwrap();
    let noise = noise(ordinal);
    let scanned_at = UNIX_EPOCH + Duration::from_micros(1_795_000_000_000_000 + ordinal * 250 + noise % 20_000);
    let evidence = Evidence {
        elapsed_ms: (noise % 60) as u32 + 10,
        mx: negative(domain.as_str().to_owned(), noise),
        sts_txt: negative(domain.sts_record_name(), noise >> 21),
        tlsrpt_txt: negative(domain.tlsrpt_record_name(), noise >> 42),
        ..Evidence::nothing_seen(domain.clone(), scanned_at)
    };
    let target = Target {
        ordinal,
        domain,
        rank: i32::try_from(ordinal + 1).ok(),
        list: "tranco-ABCD.csv".into(),
        file: Some("lists/tranco-ABCD.csv".into()),
        line: Some(ordinal + 1),
        carried: Vec::new(),
    };
    Record { target, evidence, assessment: absence() }
}

/// The same with mail at the first hosts of a provider, as many domains have it; none leaves it as it is.
pub(crate) fn with_mail(record: &Record, hosts: usize) -> Record {
    let mut record = record.clone();
    let host = |place: usize| format!("mx{place}.provider.example");
    record.evidence.mx.records = (0..hosts).map(|place| Mx { preference: place as u16 * 10, exchange: host(place) }).collect();
    if hosts > 0 {
        (record.evidence.mx.outcome, record.evidence.mx.ttl) = (Outcome::Noerror, Some(record.target.ordinal as u32 % 3600));
        record.assessment.mx_state = MxState::Present;
        record.assessment.findings.clear();
    }
    record.assessment.mx_hosts = (0..hosts).map(host).collect();
    record
}

/// Bits without a pattern, as real times have none that packing could use (SplitMix64).
fn noise(seed: u64) -> u64 {
    let mixed = (seed ^ (seed >> 30)).wrapping_add(0x9E37_79B9_7F4A_7C15).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    mixed ^ (mixed >> 31)
}

fn negative<R>(name: String, noise: u64) -> Lookup<R> {
    Lookup {
        rcode: Some(0),
        resolver: Some(SocketAddr::from((Ipv4Addr::new(192, 0, 2, 53 + (noise % 2) as u8), 53))),
        attempts: 1,
        rtt_us: Some((noise % 40_000) as u32 + 300),
        ..Lookup::unsent(name, Outcome::Nodata)
    }
}

fn absence() -> Assessment {
    let mut assessment = Assessment::default();
    (assessment.mx_state, assessment.sts_state, assessment.tlsrpt_state) = (MxState::None, RecordState::Absent, RecordState::Absent);
    (assessment.posture, assessment.delivery, assessment.delivery_lenient) =
        (Posture::Absent, Delivery::Opportunistic, Delivery::Opportunistic);
    assessment.findings = vec![finding(codes::MX_IMPLICIT, Severity::Info)];
    assessment
}

pub(super) fn finding(code: Code, severity: Severity) -> Finding {
    Finding { code, severity, subject: String::new(), detail: String::new(), count: 1 }
}

/// Any text without NUL, which the dataset does not keep.
fn text() -> impl Strategy<Value = String> {
    "[^\\x00]{0,12}"
}

fn word<T: Copy + std::fmt::Debug + 'static>(all: &'static [T]) -> impl Strategy<Value = T> {
    proptest::sample::select(all)
}

fn time() -> impl Strategy<Value = SystemTime> {
    (-4_000_000_000_000_000_i64..4_000_000_000_000_000).prop_map(super::micros::to_time)
}

fn milliseconds() -> impl Strategy<Value = u32> {
    0..=i32::MAX as u32
}

/// Boxed, as others are that are large: a strategy as deep as evidence is does not fit into the stack of a test.
fn lookup<R: std::fmt::Debug + Clone + 'static>(record: impl Strategy<Value = R> + 'static) -> BoxedStrategy<Lookup<R>> {
    let answer =
        (word(Outcome::ALL), of(0_u16..4096), any::<Option<u32>>(), of(any::<bool>()), vec(text(), 0..3), vec(record, 0..4), of(1_u16..));
    let resolver = (any::<IpAddr>(), any::<u16>()).prop_map(SocketAddr::from);
    let way = (of(resolver), any::<u16>(), any::<bool>(), any::<Option<u32>>(), of(text()));
    let validation = (of((any::<u16>(), text()).prop_map(|(code, text)| Box::new(ExtendedError { code, text }))), of(word(Outcome::ALL)));
    // A name that is asked for is never empty.
    ("[^\\x00]{1,12}", answer, way, validation)
        .prop_map(|(name, answer, way, (extended_error, unchecked))| {
            let (outcome, rcode, ttl, authenticated, cname_chain, records, left_out) = answer;
            let (resolver, attempts, tcp, rtt_us, detail) = way;
            let known = Lookup { outcome, rcode, ttl, authenticated, cname_chain, records, left_out, ..Lookup::unsent(name, outcome) };
            Lookup { resolver, attempts, tcp, rtt_us, detail, extended_error, unchecked, ..known }
        })
        .boxed()
}

fn certificate() -> BoxedStrategy<Certificate> {
    let texts = (of(text()), text(), vec(text(), 0..4), text(), text());
    let key = (of(text()), any::<Option<u16>>(), of(text()));
    (vec(word(CertificateFault::ALL), 0..3), texts, of(time()), of(time()), key, of(any::<u8>()), any::<u16>())
        .prop_map(
            |(
                faults,
                (reason, subject, sans, issuer, sha256),
                not_before,
                not_after,
                (key_type, key_bits, signature_algorithm),
                version,
                chain_length,
            )| Certificate {
                faults,
                reason,
                subject,
                sans,
                issuer,
                not_before,
                not_after,
                key_type,
                key_bits,
                signature_algorithm,
                sha256,
                version,
                chain_length,
            },
        )
        .boxed()
}

fn fetch() -> BoxedStrategy<Fetch> {
    let addresses = (vec(any::<IpAddr>(), 0..3), vec(any::<IpAddr>(), 0..3), any::<Option<IpAddr>>());
    let tls = (of(text()), of(text()), of(text()), of(certificate()));
    let header = (prop_oneof![Just("location".to_owned()), text()], vec(any::<u8>(), 0..9));
    let bytes = || of(vec(any::<u8>(), 0..40));
    let http = (bytes(), of(text()), of(0_u16..1000), vec(header, 0..3), bytes(), any::<bool>(), of(text()));
    let timings = (of(milliseconds()), of(milliseconds()), of(milliseconds()), of(milliseconds()), milliseconds());
    (addresses, tls, http, timings, (of(fetch_error()), of(second_hello())))
        .prop_map(|(addresses, tls, http, timings, (error, second_hello))| {
            let (addresses, tried, address) = addresses;
            let (tls_version, tls_cipher, alpn, certificate) = tls;
            let (head, http_version, status, headers, body, body_cut, body_sha256) = http;
            let (connect_ms, tls_ms, http_ms, body_ms, total_ms) = timings;
            let timings = Timings { connect_ms, tls_ms, http_ms, body_ms, total_ms };
            let connection = Fetch { tried, address, tls_version, tls_cipher, alpn, certificate, ..Fetch::new(addresses) };
            Fetch { head, http_version, status, headers, body, body_cut, body_sha256, timings, error, second_hello, ..connection }
        })
        .boxed()
}

fn second_hello() -> BoxedStrategy<SecondHello> {
    (of(word(TlsVersion::ALL)), (of(text()), of(text()), of(text())), of(certificate()), milliseconds(), of(fetch_error()))
        .prop_map(|(version, (cipher, key_exchange, alpn), certificate, elapsed_ms, error)| SecondHello {
            version,
            cipher,
            key_exchange,
            alpn,
            certificate,
            elapsed_ms,
            error,
        })
        .boxed()
}

fn fetch_error() -> impl Strategy<Value = FetchError> {
    (word(FetchStage::ALL), word(FetchFault::ALL), any::<Option<u8>>(), text()).prop_map(|(stage, fault, alert, text)| FetchError {
        stage,
        fault,
        alert,
        text,
    })
}

fn connection() -> BoxedStrategy<Connection> {
    let faults = of(vec(word(CertificateFault::ALL), 0..3));
    let headers = vec((text(), vec(any::<u8>(), 0..9)), 0..2);
    let http = (of(0_u16..1000), headers, of(vec(any::<u8>(), 0..9)), of(text()));
    (text(), any::<Option<IpAddr>>(), faults, http, milliseconds(), (of(fetch_error()), of(second_hello())))
        .prop_map(|(url, address, certificate_faults, http, total_ms, (error, second_hello))| {
            let (status, headers, body, body_sha256) = http;
            Connection { url, address, certificate_faults, status, headers, body, body_sha256, total_ms, error, second_hello }
        })
        .boxed()
}

fn mx() -> impl Strategy<Value = Mx> {
    (any::<u16>(), text()).prop_map(|(preference, exchange)| Mx { preference, exchange })
}

fn tlsa() -> impl Strategy<Value = Tlsa> {
    (any::<(u8, u8, u8)>(), bytes()).prop_map(|((usage, selector, matching), data)| Tlsa { usage, selector, matching, data })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..9)
}

fn chain_certificate() -> impl Strategy<Value = ChainCertificate> {
    (bytes(), bytes(), bytes(), bytes(), of(word(Path::ALL))).prop_map(
        |(certificate_sha256, certificate_sha512, key_sha256, key_sha512, path)| ChainCertificate {
            certificate_sha256,
            certificate_sha512,
            key_sha256,
            key_sha512,
            path,
        },
    )
}

fn conversation() -> BoxedStrategy<Conversation> {
    let way = (any::<IpAddr>(), 0_u8..5, of(text()), of(bytes()));
    let replies = (of(bytes()), of(bytes()), of(bytes()), of(bytes()), of(bytes()));
    let tls = (of(text()), of(text()), of(text()), any::<bool>(), of(certificate()));
    let given = (bytes(), word(Path::ALL)).prop_map(|(data_sha256, path)| GivenAnchor { data_sha256, path });
    let chain = (vec(chain_certificate(), 0..3), vec(given, 0..2));
    let time = || of(milliseconds());
    let timings = (time(), time(), time(), time(), time(), milliseconds());
    (way, replies, tls, chain, timings, (of(fetch_error()), of(second_hello())))
        .prop_map(|(way, replies, tls, (chain, given_anchors), timings, (error, second_hello))| {
            let (address, connections, shared_with, refused_before) = way;
            let (greeting, ehlo, starttls, surplus, ehlo_in_tls) = replies;
            let (tls_version, tls_cipher, key_exchange, client_auth, certificate) = tls;
            let (connect_ms, greeting_ms, ehlo_ms, starttls_ms, tls_ms, total_ms) = timings;
            let timings = SmtpTimings { connect_ms, greeting_ms, ehlo_ms, starttls_ms, tls_ms, total_ms };
            let spoken = Conversation {
                connections,
                shared_with,
                refused_before,
                greeting,
                ehlo,
                starttls,
                surplus,
                ehlo_in_tls,
                ..Conversation::new(address)
            };
            let session = Conversation { tls_version, tls_cipher, key_exchange, client_auth, certificate, chain, given_anchors, ..spoken };
            Conversation { timings, error, second_hello, ..session }
        })
        .boxed()
}

fn mx_host() -> BoxedStrategy<HostLookup> {
    let alias = of(lookup(text().prop_map(Alias)));
    let asked = (alias, vec(lookup(tlsa()), 0..2), vec(conversation(), 0..2));
    (text(), lookup(any::<Ipv4Addr>()), lookup(any::<Ipv6Addr>()), asked)
        .prop_map(|(host, a, aaaa, (alias, tlsa, conversations))| HostLookup {
            alias,
            tlsa,
            conversations,
            ..HostLookup::new(host, a, aaaa)
        })
        .boxed()
}

fn mx_asked() -> impl Strategy<Value = MxAsked> {
    any::<(bool, bool, bool)>().prop_map(|(smtp, dane, validates)| MxAsked { smtp, dane, validates })
}

fn receiver() -> BoxedStrategy<ReceiverLookup> {
    let lookups = (of(lookup(mx())), of(lookup(any::<Ipv4Addr>())), of(lookup(any::<Ipv6Addr>())), of(connection()));
    (text(), lookups).prop_map(|(host, (mx, a, aaaa, connection))| ReceiverLookup { host, mx, a, aaaa, connection }).boxed()
}

fn evidence() -> BoxedStrategy<Evidence> {
    let txt = || vec(vec(any::<u8>(), 0..9), 0..3).prop_map(Txt);
    let records = (lookup(mx()), lookup(txt()), lookup(txt()));
    let host = (of(lookup(any::<Ipv4Addr>())), of(lookup(any::<Ipv6Addr>())), of(fetch()));
    let neighbours = (of(mx_asked()), vec(mx_host(), 0..3), vec(receiver(), 0..3), vec(lookup(txt()), 0..3));
    let extra_requests = vec(connection(), 0..3);
    ("[a-z][a-z0-9]{0,9}\\.(com|co\\.uk|example)", time(), milliseconds(), records, host, neighbours, extra_requests)
        .prop_map(
            |(
                domain,
                scanned_at,
                elapsed_ms,
                (mx, sts_txt, tlsrpt_txt),
                (host_a, host_aaaa, fetch),
                (mx_asked, mx_hosts, rua_hosts, stray_records),
                extra_requests,
            )| Evidence {
                domain: Domain::from_a_labels(&domain).unwrap(),
                scanned_at,
                elapsed_ms,
                mx,
                sts_txt,
                tlsrpt_txt,
                host_a,
                host_aaaa,
                fetch: fetch.map(Box::new),
                mx_asked,
                mx_hosts,
                rua_hosts,
                stray_records,
                extra_requests,
            },
        )
        .boxed()
}

/// A type of flat columns, any value of it.
trait Sampled: Sized {
    fn any() -> BoxedStrategy<Self>;
}

macro_rules! sampled {
    ($($type:ty => $strategy:expr,)+) => {
        $(impl Sampled for $type {
            fn any() -> BoxedStrategy<Self> {
                $strategy.boxed()
            }
        })+
    };
}

sampled! {
    String => text(),
    i64 => any::<i64>(),
    Moment => time().prop_map(Moment),
    PolicyHost => (text(), of(text()), any::<IpAddr>(), of(0..1_i64 << 32), of(text()), of(text())).prop_map(
        |(host, org_domain, address, asn, asn_org, country)| PolicyHost { host, org_domain, address, asn, asn_org, country }
    ),
    RuaHost => (word(ReportScheme::ALL), of(text()), of(text()))
        .prop_map(|(scheme, host, org_domain)| RuaHost { scheme, host, org_domain }),
    MxState => word(MxState::ALL),
    RecordState => word(RecordState::ALL),
    MxTls => word(MxTls::ALL),
    DnssecState => word(DnssecState::ALL),
    DaneState => word(DaneState::ALL),
    PolicyStage => word(PolicyStage::ALL),
    Posture => word(Posture::ALL),
    Delivery => word(Delivery::ALL),
    Coverage => word(Coverage::ALL),
    Mismatch => word(Mismatch::ALL),
    Sender => word(Sender::ALL),
    Severity => word(Severity::ALL),
    Code => word(&[codes::STS_RECORD_ABSENT, codes::MX_IMPLICIT, codes::STS_POLICY_EOL_LF]),
    Finding => (Code::any(), Severity::any(), text(), text(), 1_u32..99)
        .prop_map(|(code, severity, subject, detail, count)| Finding { code, severity, subject, detail, count }),
}

impl<T: Sampled + Clone + std::fmt::Debug + 'static> Sampled for Option<T> {
    fn any() -> BoxedStrategy<Self> {
        of(T::any()).boxed()
    }
}

impl<T: Sampled + Clone + std::fmt::Debug + 'static> Sampled for Vec<T> {
    fn any() -> BoxedStrategy<Self> {
        vec(T::any(), 0..4).boxed()
    }
}

macro_rules! any_assessment {
    ({ $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+ } derived $derived:tt) => {
        fn assessment() -> BoxedStrategy<Assessment> {
            let strategy = Just(Assessment::default()).boxed();
            $(let strategy = (strategy, <$type>::any())
                .prop_map(|(mut assessment, value)| {
                    assessment.$column = value;
                    assessment
                })
                .boxed();)+
            strategy
        }
    };
}

flat_columns!(any_assessment);

/// Any row, but that its times are whole microseconds, as the dataset keeps them.
pub(super) fn record() -> impl Strategy<Value = Record> {
    let carried = vec((text(), of(text())).prop_map(|(name, value)| Carried { name: name.into(), value }), 0..3);
    let place = (of(text()), of(0..1_u64 << 40));
    (0..1_u64 << 40, any::<Option<i32>>(), text(), place, carried, evidence(), assessment()).prop_map(
        |(ordinal, rank, list, (file, line), carried, evidence, assessment)| {
            let (domain, list, file) = (evidence.domain.clone(), list.into(), file.map(Into::into));
            let target = Target { ordinal, domain, rank, list, file, line, carried };
            Record { target, evidence, assessment }
        },
    )
}
