//! The hosts that a domain names, MX hosts and receivers of reports, and the names around its records.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::site::{End, Exchange, Neighbour, Reply};

const PUBLIC: Ipv4Addr = Ipv4Addr::new(44, 1, 2, 3);
const PRIVATE: Ipv4Addr = Ipv4Addr::new(10, 1, 2, 3);

/// The addresses of the MX hosts (RFC 5321 section 5.1).
fn mx_hosts() -> Vec<Case> {
    vec![
        mx1("mx-nxdomain", "An MX host that does not exist.", Neighbour::end("mx1", End::Nxdomain)).code(codes::MX_NO_ADDRESS),
        mx1("mx-no-address", "An MX host without an address.", Neighbour::new("mx1")).code(codes::MX_NO_ADDRESS),
        mx1("mx-host-servfail", "SERVFAIL for an MX host, which settles nothing.", Neighbour::end("mx1", End::Servfail))
            .unasked()
            .dane("unknown"),
        mx1(
            "mx-half-servfail",
            "No A, and SERVFAIL for AAAA, so that the host may have an address.",
            Neighbour { aaaa: Reply::end(End::Servfail), ..Neighbour::new("mx1") },
        )
        .unasked()
        .dane("unknown"),
        mx1(
            "mx-ipv6-only",
            "An MX host with IPv6 only.",
            Neighbour { aaaa: Reply::records(vec![Ipv6Addr::new(0x2a10, 1, 1, 0, 0, 0, 0, 1)]), ..Neighbour::new("mx1") },
        ),
        mx1("mx-cname", "An MX host that is an alias.", Neighbour::at("mx1", PUBLIC).cname("{-}.mail-company.example"))
            .code(codes::MX_CNAME),
        mx1("mx-cname-dangling", "An MX host that is an alias to nothing.", Neighbour::end("mx1", End::Nxdomain).cname("{-}.gone.example"))
            .codes(&[codes::MX_CNAME, codes::MX_NO_ADDRESS]),
        mx1("mx-private", "An MX host with a private address.", Neighbour::at("mx1", PRIVATE)).code(codes::MX_PRIVATE_ADDRESS).unasked(),
        mx1(
            "mx-private-ipv6",
            "An MX host with private addresses of both families.",
            Neighbour {
                aaaa: Reply::records(vec![Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, 1)]),
                ..Neighbour::at("mx1", Ipv4Addr::new(100, 64, 0, 1))
            },
        )
        .code(codes::MX_PRIVATE_ADDRESS)
        .unasked(),
        mx1(
            "mx-private-beside",
            "An MX host with a private address beside a public one.",
            Neighbour { a: Reply::records(vec![PRIVATE, PUBLIC]), ..Neighbour::new("mx1") },
        ),
        mx1(
            "mx-documentation",
            "An address of the documentation, which is not private.",
            Neighbour::at("mx1", Ipv4Addr::new(192, 0, 2, 25)),
        )
        .unasked(),
        case(
            "mx-unasked",
            "An MX host without an address, and no record that asks for a policy: only who asks the mail servers looks for it.",
        )
        .neighbour(Neighbour::new("mx1"))
        .sts_end(End::Nxdomain)
        .no_record()
        .code(codes::STS_RECORD_ABSENT)
        .seen(&[codes::MX_NO_ADDRESS]),
    ]
}

fn mx1(name: &'static str, about: &'static str, neighbour: Neighbour) -> Case {
    case(name, about).neighbour(neighbour)
}

/// The MX records as a set.
fn mx_sets() -> Vec<Case> {
    let mx = |name, about, records: &[(u16, &'static str)]| {
        let records = records.iter().map(|&(preference, host)| Exchange(preference, host.into())).collect();
        case(name, about).site(|site| site.mx.records = records)
    };
    vec![
        mx("null-mx-beside", "A null MX beside others.", &[(0, "."), (10, "mx1.{d}"), (20, "mx2.{d}")]).code(codes::MX_NULL_NOT_ALONE),
        mx("mx-twice", "The same MX host twice.", &[(10, "mx1.{d}"), (20, "mx2.{d}"), (30, "mx1.{d}")]).code(codes::MX_DUPLICATE),
        mx("mx-equal", "MX hosts of one preference.", &[(10, "mx1.{d}"), (10, "mx2.{d}")]),
        mx(
            "backup-uncovered",
            "Only the last MX host is not in the policy.",
            &[(10, "mx1.{d}"), (20, "mx2.{d}"), (30, "spare.relay.example")],
        )
        .codes(&[codes::STS_MX_BACKUP_UNCOVERED, codes::STS_MX_UNCOVERED])
        .coverage("some", "different-domain")
        .delivery("partial"),
        mx(
            "first-uncovered",
            "The first MX host is not in the policy, which is no backup.",
            &[(5, "front.relay.example"), (10, "mx1.{d}"), (20, "mx2.{d}")],
        )
        .code(codes::STS_MX_UNCOVERED)
        .coverage("some", "different-domain")
        .delivery("partial"),
        mx(
            "peer-uncovered",
            "An MX host of the same preference is not in the policy, which is no backup.",
            &[(10, "mx1.{d}"), (20, "mx2.{d}"), (20, "peer.relay.example")],
        )
        .code(codes::STS_MX_UNCOVERED)
        .coverage("some", "different-domain")
        .delivery("partial"),
    ]
}

/// Mail domains to which reports go (RFC 8460 section 5.3).
fn receivers() -> Vec<Case> {
    let null = || Neighbour { mx: Reply::records(vec![Exchange(0, ".".into())]), ..Neighbour::new("reports") };
    vec![
        to("rua-null-mx", "Reports go to a domain that takes no mail.", null()).code(codes::TLSRPT_RUA_DOMAIN_NULL_MX),
        to("rua-no-mx", "Reports go to a domain with neither MX nor address.", Neighbour::new("reports"))
            .code(codes::TLSRPT_RUA_DOMAIN_NO_MX),
        to("rua-implicit-mx", "Reports go to a domain with an address, which takes mail.", Neighbour::at("reports", PUBLIC)),
        to("rua-nxdomain", "Reports go to a domain that does not exist.", Neighbour::end("reports", End::Nxdomain))
            .code(codes::TLSRPT_RUA_DOMAIN_NXDOMAIN),
        to("rua-servfail", "SERVFAIL for the domain to which reports go.", Neighbour::end("reports", End::Servfail)),
        to(
            "rua-half-servfail",
            "No MX, and SERVFAIL for the address of the domain to which reports go.",
            Neighbour { a: Reply::end(End::Servfail), ..Neighbour::new("reports") },
        ),
    ]
}

fn to(name: &'static str, about: &'static str, reports: Neighbour) -> Case {
    case(name, about).tlsrpt("v=TLSRPTv1; rua=mailto:tls@reports.{d}").neighbour(reports)
}

/// Records at other names, seen with `--look-around`.
fn strays() -> Vec<Case> {
    let bare = |name, about| {
        let case = case(name, about).sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT);
        case.tlsrpt_end(End::Nxdomain).no_tlsrpt_record()
    };
    let wrong = |name, about, neighbour| bare(name, about).neighbour(neighbour).code(codes::STS_RECORD_WRONG_NAME);
    vec![
        wrong("stray-underscore", "The record at _mta_sts.", Neighbour::txt("_mta_sts", "v=STSv1; id=1;")),
        wrong("stray-host", "The record at the policy host.", Neighbour::txt("mta-sts", "v=STSv1; id=1;")),
        wrong("stray-apex", "The record at the domain itself.", Neighbour::txt("@", "v=STSv1; id=1;")),
        wrong("stray-tlsrpt", "The TLSRPT record at _tlsrpt.", Neighbour::txt("_tlsrpt", "v=TLSRPTv1; rua=mailto:tls@{d}")),
        wrong("stray-smtp-tlsrpt", "The TLSRPT record at _smtp-tlsrpt.", Neighbour::txt("_smtp-tlsrpt", "v=TLSRPTv1; rua=mailto:tls@{d}")),
        case("stray-old", "An older record at the domain itself, beside the right one.")
            .neighbour(Neighbour::txt("@", "v=STSv1; id=20200101T000000;"))
            .code(codes::STS_RECORD_WRONG_NAME),
        case("stray-copy", "The same record at the policy host.").neighbour(Neighbour::txt("mta-sts", "v=STSv1; id=20240101T000000;")),
        bare("stray-unrelated", "Unrelated text at the domain itself.").neighbour(Neighbour::txt("@", "v=spf1 -all")),
        bare("stray-servfail", "SERVFAIL for a name at which no record should be.").neighbour(Neighbour::end("_tlsrpt", End::Servfail)),
    ]
}

/// Wildcard TXT records (RFC 4592), distinguished with `--look-around`.
fn wildcards() -> Vec<Case> {
    let spf = |case: Case| case.sts("v=spf1 -all").no_record().codes(&[codes::STS_RECORD_ABSENT, codes::STS_RECORD_UNRELATED_TXT]);
    let both = |name, about| spf(case(name, about)).tlsrpt("v=spf1 -all").no_tlsrpt_record().code(codes::TLSRPT_UNRELATED_TXT);
    vec![
        both("wildcard-txt", "A wildcard answers for every name.")
            .neighbour(Neighbour::txt("*", "v=spf1 -all"))
            .code(codes::STS_RECORD_WILDCARD_TXT),
        both("wildcard-lookalike", "The same text at both names, but no wildcard."),
        spf(case("wildcard-behind", "A wildcard answers for one of the names, the other has its record."))
            .neighbour(Neighbour::txt("*", "v=spf1 -all"))
            .code(codes::STS_RECORD_WILDCARD_TXT),
        case("wildcard-hidden", "A wildcard that the records hide.").neighbour(Neighbour::txt("*", "v=spf1 -all")),
        case("wildcard-record", "A wildcard with a record, which is no stray at the other names.")
            .sts("v=STSv1; id=1;")
            .neighbour(Neighbour::txt("*", "v=STSv1; id=1;"))
            .code(codes::STS_RECORD_WILDCARD_TXT),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [mx_hosts(), mx_sets(), receivers(), strays(), wildcards()].concat()
}
