//! What DNS answers: absence, failures, truncation and aliases, for each of the questions.

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::site::End;
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
        case("tlsrpt-cname", "The TLSRPT record behind an alias.").tlsrpt_cname("{-}._tlsrpt.hosting.example").code(codes::TLSRPT_CNAME),
        case("delegated", "Both the record and the policy host with the same provider.")
            .sts_cname(&["{d}._mta-sts.hosting.example"])
            .host_cname(&["{d}._mta-sts-host.hosting.example"])
            .codes(&[codes::STS_RECORD_CNAME, codes::STS_HOST_CNAME]),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [whole(), failures(), transport_and_aliases()].concat()
}
