//! What DANE leads to, against a resolver that validates.

use std::net::Ipv4Addr;

use hickory_proto::op::ResponseCode;
use hickory_proto::rr::rdata::tlsa::{CertUsage, Matching, Selector};
use hickory_proto::rr::rdata::{A, TLSA};
use hickory_proto::rr::{RData, RecordType};

use super::{DOMAIN, RECORD, Zone, mx, probe_with};
use crate::evidence::{Evidence, ExtendedError, MxAsked, Outcome};
use crate::observe::probe::Probe;
use crate::observe::scope::{MxScopes, Scope};

const HOST: &str = "mx.provider.example";
const TLSA_NAME: &str = "_25._tcp.mx.provider.example";
const VALIDATED: MxScopes = MxScopes { smtp: Scope::None, dane: Scope::All, validates: true };

fn tlsa(octets: usize) -> RData {
    RData::TLSA(TLSA::new(CertUsage::DaneEe, Selector::Spki, Matching::Sha256, vec![7; octets]))
}

/// A domain with one MX host, both signed, and an address.
fn served() -> Zone {
    Zone { signed: vec!["example.com", "provider.example"], ..Zone::default() }
        .with(DOMAIN, mx("mx.provider.example."))
        .with(HOST, RData::A(A(Ipv4Addr::LOCALHOST)))
}

async fn asking(zone: Zone, scopes: MxScopes) -> (Evidence, Vec<String>) {
    probe_with(zone, "", |probe: Probe| probe.asking(scopes)).await
}

/// What was asked for by TLSA or CNAME, or without validation.
fn beyond(asked: &[String]) -> Vec<&str> {
    let is_beyond = |question: &&str| question.contains("TLSA") || question.contains("CNAME") || question.contains("unchecked");
    asked.iter().map(String::as_str).filter(is_beyond).collect()
}

#[tokio::test]
async fn tlsa_is_asked_of_whoever_is_in_the_scope() {
    let (evidence, asked) = asking(served().with(TLSA_NAME, tlsa(32)), VALIDATED).await;
    assert_eq!(evidence.mx_asked, Some(MxAsked { smtp: false, dane: true, validates: true }));
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.tlsa.len(), host.tlsa[0].outcome, host.tlsa[0].name.as_str()), (1, Outcome::Noerror, TLSA_NAME));
    let signed = [evidence.mx.authenticated, host.a.authenticated, host.aaaa.authenticated, host.tlsa[0].authenticated];
    assert_eq!(signed, [Some(true); 4]);
    assert_eq!((host.tlsa[0].records[0].usage, host.tlsa[0].records[0].data.len()), (3, 32));
    assert_eq!(beyond(&asked), ["_25._tcp.mx.provider.example TLSA"]);

    let adopters = MxScopes { dane: Scope::Adopters, ..VALIDATED };
    let (evidence, asked) = asking(served(), adopters).await;
    assert_eq!((evidence.mx_asked, evidence.mx_hosts.len(), asked.len()), (None, 0, 3), "no adopter");
    let (evidence, asked) = asking(served().txt(RECORD, "v=STSv1; id=1;"), adopters).await;
    assert_eq!((evidence.mx_hosts[0].tlsa.len(), beyond(&asked).len()), (1, 1), "an adopter");
    let nobody = MxScopes { dane: Scope::None, ..VALIDATED };
    let (evidence, asked) = asking(served().txt(RECORD, "v=STSv1; id=1;"), nobody).await;
    assert_eq!((evidence.mx_asked, evidence.mx_hosts[0].tlsa.len(), beyond(&asked).len()), (None, 0, 0));
}

#[tokio::test]
async fn an_unsigned_host_is_asked_too_so_that_it_shows() {
    let zone = Zone { signed: vec!["example.com"], ..served().with(TLSA_NAME, tlsa(32)) };
    let (evidence, _) = asking(zone, VALIDATED).await;
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.a.authenticated, host.tlsa[0].outcome, host.tlsa[0].authenticated), (Some(false), Outcome::Noerror, Some(false)));
}

#[tokio::test]
async fn the_end_of_a_secure_alias_is_asked_first() {
    let aliased = || Zone { signed: vec!["example.com"], ..Zone::default() }.with(DOMAIN, mx("mx.example.com."));
    let zone = |end: &'static str| aliased().alias("mx.example.com", &format!("{end}.")).with(end, RData::A(A(Ipv4Addr::LOCALHOST)));
    let (evidence, asked) = asking(zone("mail.example.com").with("_25._tcp.mail.example.com", tlsa(32)), VALIDATED).await;
    assert_eq!(beyond(&asked), ["_25._tcp.mail.example.com TLSA"]);
    assert_eq!(evidence.mx_hosts[0].alias, None);

    let (_, asked) = asking(zone("mail.example.com").with("_25._tcp.mx.example.com", tlsa(32)), VALIDATED).await;
    assert_eq!(beyond(&asked), ["_25._tcp.mail.example.com TLSA", "_25._tcp.mx.example.com TLSA"]);

    let (evidence, asked) = asking(zone("mail.unsigned.example").with("_25._tcp.mx.example.com", tlsa(32)), VALIDATED).await;
    assert_eq!(beyond(&asked), ["mx.example.com CNAME", "_25._tcp.mx.example.com TLSA"]);
    let host = &evidence.mx_hosts[0];
    let alias = host.alias.as_ref().unwrap();
    assert_eq!([host.a.authenticated, alias.authenticated, host.tlsa[0].authenticated], [Some(false), Some(true), Some(true)]);
    assert_eq!((alias.outcome, alias.records[0].0.as_str(), alias.cname_chain.len()), (Outcome::Noerror, "mail.unsigned.example", 0));
}

#[tokio::test]
async fn the_owner_of_tlsa_may_be_an_alias() {
    for (end, signed) in [("tlsa.provider.example", true), ("tlsa.unsigned.example", false)] {
        let zone = served().alias(TLSA_NAME, &format!("{end}.")).with(end, tlsa(32));
        let (evidence, _) = asking(zone, VALIDATED).await;
        let tlsa = &evidence.mx_hosts[0].tlsa[0];
        assert_eq!(
            (tlsa.outcome, tlsa.cname_chain.as_slice(), tlsa.authenticated),
            (Outcome::Noerror, &[end.to_owned()][..], Some(signed))
        );
    }
}

#[tokio::test]
async fn bogus_is_told_from_lost() {
    let bogus = Zone { bogus: vec![(TLSA_NAME, RecordType::TLSA)], ..served().with(TLSA_NAME, tlsa(32)) };
    let (evidence, asked) = asking(bogus, VALIDATED).await;
    let found = &evidence.mx_hosts[0].tlsa[0];
    assert_eq!((found.outcome, found.unchecked, found.records.len()), (Outcome::Servfail, Some(Outcome::Noerror), 0), "never as data");
    assert_eq!(found.extended_error, Some(Box::new(ExtendedError { code: 6, text: String::new() })));
    assert_eq!(beyond(&asked).iter().filter(|question| question.contains("unchecked")).count(), 1);
    assert_eq!(usize::from(found.attempts), beyond(&asked).len(), "each question is counted");

    // A denial that does not validate is as bogus as a record.
    let denial = Zone { bogus: vec![(HOST, RecordType::AAAA)], ..served() };
    let (evidence, _) = asking(denial, VALIDATED).await;
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.a.outcome, host.aaaa.outcome, host.aaaa.unchecked), (Outcome::Noerror, Outcome::Servfail, Some(Outcome::Nodata)));
    assert_eq!(host.tlsa.len(), 1, "one family is enough");

    for (code, outcome, unchecked) in
        [(ResponseCode::ServFail, Outcome::Servfail, Some(Outcome::Servfail)), (ResponseCode::NotImp, Outcome::OtherRcode, None)]
    {
        let lost = Zone { lost: vec![(TLSA_NAME, RecordType::TLSA, code)], ..served() };
        let (evidence, _) = asking(lost, VALIDATED).await;
        let found = &evidence.mx_hosts[0].tlsa[0];
        assert_eq!((found.outcome, found.unchecked), (outcome, unchecked));
        assert_eq!(found.extended_error.as_ref().map(|error| error.code), Some(22));
    }
}

#[tokio::test]
async fn without_a_resolver_that_validates_nothing_is_asked_again() {
    let bogus = Zone { bogus: vec![(TLSA_NAME, RecordType::TLSA), (DOMAIN, RecordType::MX)], ..served() };
    let (_, asked) = asking(bogus, MxScopes { validates: false, ..VALIDATED }).await;
    assert_eq!(beyond(&asked).iter().filter(|question| question.contains("unchecked")).count(), 0);
}

#[tokio::test]
async fn an_mx_record_that_does_not_validate_is_asked_for_again() {
    let bogus = || Zone { bogus: vec![(DOMAIN, RecordType::MX)], ..served() };
    let (evidence, asked) = asking(bogus(), VALIDATED).await;
    assert_eq!((evidence.mx.outcome, evidence.mx.unchecked), (Outcome::Servfail, Some(Outcome::Noerror)));
    assert_eq!((evidence.mx_asked.is_some(), evidence.mx_hosts.len()), (true, 0), "which hosts they are is not known");
    assert_eq!(beyond(&asked), ["example.com MX unchecked"]);
    let (evidence, asked) = asking(bogus(), MxScopes { dane: Scope::Adopters, ..VALIDATED }).await;
    assert_eq!((evidence.mx.unchecked, beyond(&asked).len()), (None, 0), "no adopter");
    let (evidence, _) = asking(bogus().txt(RECORD, "v=STSv1; id=1;"), MxScopes { dane: Scope::Adopters, ..VALIDATED }).await;
    assert_eq!(evidence.mx.unchecked, Some(Outcome::Noerror));
}

#[tokio::test]
async fn the_domain_itself_is_the_host_where_it_has_an_address_and_no_mx() {
    let zone = || Zone { signed: vec!["example.com"], ..Zone::default() };
    let implicit = zone().with(DOMAIN, RData::A(A(Ipv4Addr::LOCALHOST))).with("_25._tcp.example.com", tlsa(32));
    let (evidence, _) = asking(implicit, VALIDATED).await;
    assert_eq!((evidence.mx_hosts[0].host.as_str(), evidence.mx_hosts[0].tlsa[0].outcome), (DOMAIN, Outcome::Noerror));
    let (evidence, asked) = asking(zone(), VALIDATED).await;
    assert_eq!((evidence.mx_hosts[0].tlsa.len(), beyond(&asked).len()), (0, 0), "it takes no mail");
    let (_, asked) = asking(zone().with(DOMAIN, mx("gone.example.com.")).without("gone.example.com"), VALIDATED).await;
    assert!(beyond(&asked).is_empty(), "below what does not exist nothing is asked");
    let (evidence, asked) = asking(zone().with(DOMAIN, mx(".")), VALIDATED).await;
    assert_eq!((evidence.mx_asked, beyond(&asked).len()), (None, 0), "a null MX");
}

#[tokio::test]
async fn who_opted_out_is_not_asked_for_tlsa() {
    let scopes = |probe: Probe| probe.asking(VALIDATED);
    let (evidence, asked) = probe_with(served().with(TLSA_NAME, tlsa(32)), "provider.example", scopes).await;
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.a.outcome, host.tlsa.len(), beyond(&asked).len()), (Outcome::Excluded, 0, 0));
    let aliased = Zone { signed: vec!["example.com", "provider.example"], ..Zone::default() };
    let aliased = aliased.with(DOMAIN, mx("mx.example.com.")).alias("mx.example.com", "mx.provider.example.");
    let (evidence, asked) = probe_with(aliased.with(HOST, RData::A(A(Ipv4Addr::LOCALHOST))), "provider.example", scopes).await;
    let host = &evidence.mx_hosts[0];
    assert_eq!((host.tlsa.len(), host.tlsa[0].outcome, beyond(&asked).len()), (1, Outcome::Excluded, 0), "its end is somebody else's");
}

#[tokio::test]
async fn many_and_large_records_are_kept_in_part() {
    let many = (0..40).fold(served(), |zone, _| zone.with(TLSA_NAME, tlsa(8)));
    let (evidence, _) = asking(many, VALIDATED).await;
    let found = &evidence.mx_hosts[0].tlsa[0];
    assert_eq!((found.records.len(), found.left_out), (32, Some(8)));
}
