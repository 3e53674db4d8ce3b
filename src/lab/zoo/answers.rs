//! What DNS answers: absence, failures, truncation and aliases, for each of the questions.

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::site::{End, Exchange, Neighbour, Reply, Text};
use super::super::wire;

fn whole() -> Vec<Case> {
    vec![
        case("enforce", "All is right."),
        case("testing", "All is right, mode testing.").mode("testing"),
        case("mode-none", "All is right, mode none.").mode("none"),
        case("nothing", "Mail, but neither MTA-STS nor TLSRPT.")
            .sts_end(End::Nxdomain)
            .tlsrpt_end(End::Nxdomain)
            .no_record()
            .codes(&[codes::STS_RECORD_ABSENT])
            .no_tlsrpt_record(),
        case("nothing-nodata", "As before, but the names exist without TXT.")
            .sts_set(Vec::new())
            .no_record()
            .code(codes::STS_RECORD_ABSENT)
            .no_tlsrpt(),
        case("tlsrpt-only", "TLSRPT without MTA-STS.").sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT),
        case("domain-nxdomain", "The domain does not exist.")
            .mx_end(End::Nxdomain)
            .sts_end(End::Nxdomain)
            .tlsrpt_end(End::Nxdomain)
            .no_record()
            .code(codes::STS_RECORD_ABSENT)
            .no_tlsrpt_record()
            .mx_state("nxdomain"),
    ]
}

fn failures() -> Vec<Case> {
    vec![
        case("record-servfail", "SERVFAIL for the record.").sts_end(End::Servfail).unknown_record(),
        case("record-refused", "REFUSED for the record.").sts_end(End::Refused).unknown_record(),
        case("record-notimp", "NOTIMP for the record.").sts_end(End::Rcode(wire::NOTIMP)).unknown_record(),
        case("record-silence", "No answer for the record.").sts_end(End::Silent).unknown_record().waits(),
        case("record-other-type", "Only an address where the record was asked for.").sts_end(End::OtherType).unknown_record(),
        case("record-referral", "A referral in place of the record, by a server that says it resolves.")
            .sts_end(End::Referral)
            .unknown_record(),
        case("record-unresolved", "Nothing in place of the record, by a server that says it does not resolve.")
            .sts_end(End::Unresolved)
            .unknown_record(),
        case("mx-other-type", "Only an address where the MX was asked for.").mx_end(End::OtherType).unknown_mx(),
        case("mx-referral", "A referral in place of the MX.").mx_end(End::Referral).unknown_mx(),
        case("record-malformed", "An answer for the record that cannot be read.").sts_end(End::Malformed).unknown_record(),
        case("record-cname-loop", "Two aliases that lead to each other in place of the record.")
            .sts_end(End::Loop)
            .unknown_record()
            .code(codes::STS_RECORD_CNAME_LOOP),
        case("tlsrpt-servfail", "SERVFAIL for the TLSRPT record.")
            .tlsrpt_end(End::Servfail)
            .code(codes::TLSRPT_DNS_ERROR)
            .tlsrpt_state("unknown"),
        case("tlsrpt-silence", "No answer for the TLSRPT record.")
            .tlsrpt_end(End::Silent)
            .code(codes::TLSRPT_DNS_ERROR)
            .tlsrpt_state("unknown")
            .waits(),
        case("mx-servfail", "SERVFAIL for the MX.").mx_end(End::Servfail).unknown_mx(),
        case("all-servfail", "SERVFAIL for everything.")
            .mx_end(End::Servfail)
            .unknown_mx()
            .sts_end(End::Servfail)
            .unknown_record()
            .tlsrpt_end(End::Servfail)
            .code(codes::TLSRPT_DNS_ERROR)
            .tlsrpt_state("unknown"),
        case("mx-silence", "No answer for the MX.").mx_end(End::Silent).unknown_mx().waits(),
    ]
}

fn transport_and_aliases() -> Vec<Case> {
    vec![
        case("record-over-tcp", "The answer for the record is truncated over UDP.").site(|site| site.sts.tcp_only = true),
        case("record-large", "An answer for the record that fits no datagram.")
            .sts_set(
                std::iter::once(vec!["v=STSv1; id=1;".into()])
                    .chain((0..12).map(|n| vec![format!("unrelated-{n}={}", "x".repeat(180)).into()]))
                    .collect(),
            )
            .code(codes::STS_RECORD_UNRELATED_TXT),
        case("mx-over-tcp", "The answer for the MX is truncated over UDP.").site(|site| site.mx.tcp_only = true),
        case("record-cname", "The record behind an alias.")
            .sts_cname(&["{-}._mta-sts.hosting.example"])
            .codes(&[codes::STS_RECORD_CNAME, codes::STS_DELEGATION_PARTIAL]),
        case("record-cname-chain", "The record behind three aliases.")
            .sts_cname(&["{-}.a.example", "{-}.b.example", "{-}.c.example"])
            .codes(&[codes::STS_RECORD_CNAME, codes::STS_DELEGATION_PARTIAL]),
        case("record-cname-dangling", "An alias to nothing in place of the record.")
            .sts_end(End::Nxdomain)
            .sts_cname(&["{-}._mta-sts.gone.example"])
            .no_record()
            .codes(&[codes::STS_RECORD_ABSENT, codes::STS_RECORD_CNAME, codes::STS_RECORD_CNAME_DANGLING]),
        case("record-alias-alone", "An answer that is an alias alone, without the record that it leads to.")
            .sts_end(End::Alias)
            .sts_cname(&["r.{d}"])
            .neighbour(Neighbour::txt("r", "v=STSv1; id=20240101T000000;"))
            .code(codes::STS_RECORD_CNAME),
        case("record-alias-lost", "An alias alone, of which the end answers SERVFAIL.")
            .sts_end(End::Alias)
            .sts_cname(&["r.{d}"])
            .neighbour(Neighbour::end("r", End::Servfail))
            .unknown_record()
            .code(codes::STS_RECORD_CNAME),
        case("mx-alias-alone", "An answer for the MX that is an alias alone.")
            .mx_end(End::Alias)
            .site(|site| site.mx.cname = vec!["r.{d}".into()])
            .neighbour(Neighbour {
                mx: Reply::records(vec![Exchange(10, "mx1.{d}".into()), Exchange(20, "mx2.{d}".into())]),
                ..Neighbour::new("r")
            }),
        case("record-twice", "The same record twice in one answer, which makes one.")
            .sts_set(vec![vec!["v=STSv1; id=1;".into()], vec!["v=STSv1; id=1;".into()]])
            .code(codes::DNS_RECORD_DUPLICATE),
        case("tlsrpt-twice", "The same TLSRPT record twice in one answer, which makes one.")
            .tlsrpt_set(vec![vec!["v=TLSRPTv1; rua=mailto:tls-reports@{d}".into()], vec!["v=TLSRPTv1; rua=mailto:tls-reports@{d}".into()]])
            .code(codes::DNS_RECORD_DUPLICATE),
        case("mx-record-twice", "The same MX record twice in one answer, which makes one.")
            .site(|site| {
                site.mx.records = vec![Exchange(10, "mx1.{d}".into()), Exchange(10, "mx1.{d}".into()), Exchange(20, "mx2.{d}".into())]
            })
            .code(codes::DNS_RECORD_DUPLICATE),
        case("mx-300", "300 MX records, of which 256 are kept.")
            .site(|site| site.mx.records = many_mx(300))
            .patterns(&["*.{d}"])
            .codes(&[codes::DNS_HOSTS_LEFT_OUT, codes::DNS_RECORDS_LEFT_OUT, codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN])
            .unasked()
            .dane("unknown"),
        case("mx-256", "256 MX records, as many as are kept; 20 of the hosts are looked up.")
            .site(|site| site.mx.records = many_mx(256))
            .patterns(&["*.{d}"])
            .codes(&[codes::DNS_HOSTS_LEFT_OUT, codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN])
            .unasked()
            .dane("unknown"),
        case("mx-20", "20 MX hosts, as many as are looked up.")
            .site(|site| site.mx.records = many_mx(20))
            .patterns(&["*.{d}"])
            .code(codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN),
        case("receivers-11", "11 receivers of reports, of which 10 are looked up.")
            .site(|site| site.mx.records = many_mx(11))
            .patterns(&["*.{d}"])
            .tlsrpt_set(vec![many_receivers(11)])
            .codes(&[codes::DNS_HOSTS_LEFT_OUT, codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN, codes::TLSRPT_RUA_MULTIPLE]),
        case("receivers-10", "10 receivers of reports, as many as are looked up.")
            .site(|site| site.mx.records = many_mx(10))
            .patterns(&["*.{d}"])
            .tlsrpt_set(vec![many_receivers(10)])
            .codes(&[codes::STS_POLICY_MX_WILDCARD_OWN_DOMAIN, codes::TLSRPT_RUA_MULTIPLE]),
        case("tlsrpt-cname", "The TLSRPT record behind an alias.").tlsrpt_cname("{-}._tlsrpt.hosting.example").code(codes::TLSRPT_CNAME),
        case("delegated", "Both the record and the policy host with the same provider.")
            .sts_cname(&["{d}._mta-sts.hosting.example"])
            .host_cname(&["{d}._mta-sts-host.hosting.example"])
            .codes(&[codes::STS_RECORD_CNAME, codes::STS_HOST_CNAME]),
    ]
}

fn many_mx(number: u16) -> Vec<Exchange> {
    (0..number).map(|place| Exchange(place, format!("mx{place}.{{d}}").into())).collect()
}

/// A record of several strings, as it has more than 255 octets.
fn many_receivers(number: u16) -> Vec<Text> {
    let destinations = (0..number).map(|place| format!("{}mailto:tls@mx{place}.{{d}}", if place > 0 { "," } else { "" }).into());
    std::iter::once("v=TLSRPTv1; rua=".into()).chain(destinations).collect()
}

pub(super) fn cases() -> Vec<Case> {
    [whole(), failures(), transport_and_aliases()].concat()
}
