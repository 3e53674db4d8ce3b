//! TLSA records (RFC 6698, RFC 7671, RFC 7672), the signatures that vouch for them, and resolvers that cannot validate.

use crate::classify::codes;

use super::super::case::{Case, case};
use super::super::site::{
    DENIAL_MISSING, Dnssec, Ehlo, Mail, Pin, Pinned, RIGHT, SIGNATURE_EXPIRED, SIGNATURES_MISSING, TOO_MANY_ITERATIONS,
};
use super::super::site::{End, Neighbour, Reply, Shape};
use super::mail_servers::{one_mx, server, without_tls};

/// One MX host, signed, with these TLSA records and this certificate.
fn pinned(name: &'static str, about: &'static str, certificate: Shape, records: Vec<Pin>) -> Case {
    let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
    case.neighbour(Neighbour::mail("mx1", Mail::certificate(certificate))).neighbour(Neighbour::tlsa("_25._tcp.mx1", records))
}

/// Records that do not authenticate the host, whose certificate is good for MTA-STS.
fn mismatch(name: &'static str, about: &'static str, certificate: Shape, records: Vec<Pin>) -> Case {
    let case = pinned(name, about, certificate, records).dane("mismatch");
    case.delivered("protected", "refused").seen(&[codes::DANE_MISMATCH])
}

fn names(name: &'static str) -> Shape {
    Shape::Names(vec![name.into()])
}

/// Which records match what (vectors 2, 30 to 37, 43 to 50).
fn matching() -> Vec<Case> {
    use Pinned::{Issuer, Leaf, Other, Reissued, Root, Stranger};
    let fails = |case: Case| case.mx_tls("none").delivered("refused", "refused");
    vec![
        case("dane-none", "Signed, and no TLSA record.").signed(),
        pinned("dane-ee-certificate", "`3 0 1` of the certificate.", Shape::Valid, vec![Pin(3, 0, 1, Leaf)]),
        pinned("dane-ee-sha512", "`3 1 2` of the key.", Shape::Valid, vec![Pin(3, 1, 2, Leaf)]),
        pinned("dane-ee-full", "`3 0 0`, the whole certificate.", Shape::Valid, vec![Pin(3, 0, 0, Leaf)]),
        pinned("dane-ee-full-key", "`3 1 0`, the whole key.", Shape::Valid, vec![Pin(3, 1, 0, Leaf)]),
        mismatch("dane-other-key", "`3 1 1` of another key.", Shape::Valid, vec![Pin(3, 1, 1, Other)]),
        pinned("dane-rollover", "The record of the next key beside the present one's.", Shape::Valid, vec![Pin(3, 1, 1, Other), RIGHT]),
        mismatch("dane-reissued", "`3 0 1` of the former certificate, which had the same key.", Shape::Valid, vec![Pin(3, 0, 1, Reissued)]),
        pinned(
            "dane-reissued-key",
            "`3 1 1` of the former certificate, which had the same key.",
            Shape::Valid,
            vec![Pin(3, 1, 1, Reissued)],
        ),
        pinned(
            "dane-digest-shadowed",
            "`3 0 1` is right, `3 0 2` is of another certificate.",
            Shape::Valid,
            vec![Pin(3, 0, 1, Leaf), Pin(3, 0, 2, Reissued)],
        )
        .seen(&[codes::DANE_DIGEST_SHADOWED]),
        pinned(
            "dane-digest-of-other-selector",
            "`3 1 1` is right, `3 0 2` is of another certificate: the digests of different things do not compete.",
            Shape::Valid,
            vec![RIGHT, Pin(3, 0, 2, Reissued)],
        ),
        pinned("dane-ta", "`2 1 1` of the intermediate, which is sent.", Shape::Valid, vec![Pin(2, 1, 1, Issuer)]),
        pinned("dane-ta-private", "`2 0 1` of a root that nobody trusts, which is sent.", Shape::Untrusted, vec![Pin(2, 0, 1, Stranger)])
            .mx_tls("none")
            .delivered("refused", "protected")
            .seen(&[codes::MX_CERT_UNTRUSTED]),
        pinned(
            "dane-ta-full",
            "`2 0 0`, the whole of a root that nobody trusts and that is not sent.",
            Shape::UntrustedAlone,
            vec![Pin(2, 0, 0, Stranger)],
        )
        .mx_tls("none")
        .delivered("refused", "protected")
        .seen(&[codes::MX_CERT_UNTRUSTED]),
        mismatch("dane-ta-not-sent", "`2 1 1` of the public root, which is not sent.", Shape::Valid, vec![Pin(2, 1, 1, Root)])
            .seen(&[codes::DANE_TA_NOT_SENT]),
        fails(mismatch(
            "dane-ta-incomplete",
            "`2 0 1` of the intermediate, which is not sent.",
            Shape::Incomplete,
            vec![Pin(2, 0, 1, Issuer)],
        ))
        .seen(&[codes::DANE_TA_NOT_SENT, codes::MX_CERT_INCOMPLETE_CHAIN]),
        fails(mismatch("dane-ta-expired", "`2 1 1`, and the certificate has expired.", Shape::Expired, vec![Pin(2, 1, 1, Issuer)]))
            .seen(&[codes::MX_CERT_EXPIRED]),
        fails(mismatch("dane-ta-not-yet-valid", "`2 1 1`, and it is not valid yet.", Shape::NotYetValid, vec![Pin(2, 1, 1, Issuer)]))
            .seen(&[codes::MX_CERT_NOT_YET_VALID]),
        fails(mismatch("dane-ta-wrong-purpose", "`2 1 1`, and it is for clients.", Shape::WrongPurpose, vec![Pin(2, 1, 1, Issuer)]))
            .seen(&[codes::MX_CERT_WRONG_PURPOSE]),
        fails(mismatch("dane-ta-other-name", "`2 1 1`, and it names another host.", names("www.example"), vec![Pin(2, 1, 1, Issuer)]))
            .seen(&[codes::MX_CERT_NAME_MISMATCH, codes::DANE_TA_NAME_MISMATCH]),
        pinned("dane-ta-domain", "`2 1 1`, and it names the mail domain, which is enough.", names("{d}"), vec![Pin(2, 1, 1, Issuer)])
            .mx_tls("none")
            .delivered("refused", "protected")
            .seen(&[codes::MX_CERT_NAME_MISMATCH]),
        // Nothing of MTA-STS, and yet senders with DANE stop.
        without_record("dane-other-key-alone", "`3 1 1` of another key, and no MTA-STS.", vec![Pin(3, 1, 1, Other)])
            .delivered("opportunistic", "refused")
            .dane("mismatch")
            .seen(&[codes::DANE_MISMATCH]),
        without_record("dane-alone", "DANE without MTA-STS.", vec![RIGHT]).delivered("opportunistic", "protected"),
    ]
}

fn without_record(name: &'static str, about: &'static str, records: Vec<Pin>) -> Case {
    let case = pinned(name, about, Shape::Valid, records).sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT);
    case.tlsrpt_end(End::Nxdomain).no_tlsrpt_record()
}

/// Records that nobody can use (vectors 51 to 54).
fn unusable() -> Vec<Case> {
    let only = |name, about, records| {
        pinned(name, about, Shape::Valid, records).dane("unusable").delivered("protected", "protected").seen(&[codes::DANE_UNUSABLE])
    };
    let three = || vec![Pin(3, 1, 1, Pinned::Octets(20)), Pin(3, 9, 1, Pinned::Leaf), Pin(3, 1, 7, Pinned::Leaf)];
    vec![
        only("dane-pkix", "`1 1 1` and `0 0 1` alone.", vec![Pin(1, 1, 1, Pinned::Leaf), Pin(0, 0, 1, Pinned::Issuer)])
            .seen(&[codes::DANE_PKIX_USAGE]),
        only("dane-unusable", "A digest of 20 octets, selector 9, matching type 7.", three()),
        pinned("dane-partly-unusable", "The same beside a right one.", Shape::Valid, [three(), vec![RIGHT]].concat())
            .seen(&[codes::DANE_PARTLY_UNUSABLE]),
        without_tls(
            one_mx("dane-unusable-without-tls", "Unusable records alone, and no STARTTLS.")
                .site(|site| site.neighbours.clear())
                .neighbour(Neighbour::tlsa("_25._tcp.mx1", three()))
                .neighbour(Neighbour::mail("mx1", Mail::ehlo(Ehlo::Says(b"250-mail greets you\r\n250 SIZE 1000\r\n")))),
            &[codes::MX_NO_STARTTLS, codes::DANE_UNUSABLE],
        )
        .dane("unusable"),
        case("dane-partial", "TLSA records for one of two MX hosts.")
            .signed()
            .neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![RIGHT]))
            .dane("partial")
            .seen(&[codes::DANE_PARTIAL]),
    ]
}

/// What is signed, what is not, and what does not validate (vectors 55 to 60, 66, 67).
fn signatures() -> Vec<Case> {
    let tlsa = |records, dnssec| Neighbour { tlsa: Reply::records(records).found(dnssec), ..Neighbour::new("_25._tcp.mx1") };
    let records = |name, about, records, dnssec| {
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
        case.neighbour(tlsa(records, dnssec))
    };
    let bogus = |name, about, with| {
        let case = records(name, about, vec![RIGHT], with).dane("bogus");
        case.delivered("protected", "unknown").seen(&[codes::DNSSEC_BOGUS])
    };
    let lost = |name, about, end| {
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).neighbour(Neighbour::end("_25._tcp.mx1", end));
        case.neighbour(Neighbour::mail("mx1", Mail::healthy()))
    };
    let lost_signed = |name, about, end| {
        let case = lost(name, about, end).signed().dane("unknown");
        case.delivered("protected", "unknown").seen(&[codes::DANE_LOOKUP_FAILED])
    };
    let mx_unsigned = |name, about, records: Vec<Pin>| {
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
        let case = case.site(|site| site.mx.dnssec = Some(Dnssec::Unsigned));
        case.neighbour(Neighbour::tlsa("_25._tcp.mx1", records)).dane("insecure").seen(&[codes::DANE_MX_INSECURE])
    };
    vec![
        records("dane-insecure", "TLSA records in a zone that is not signed.", vec![RIGHT], Dnssec::Unsigned)
            .site(|site| site.zone = Dnssec::Unsigned)
            .dane("insecure")
            .seen(&[codes::DANE_INSECURE]),
        mx_unsigned("dane-mx-insecure", "The MX record is not signed, the host and its TLSA record are.", vec![RIGHT]),
        mx_unsigned("dane-mx-insecure-mismatch", "The same with a TLSA record of another key.", vec![Pin(3, 1, 1, Pinned::Other)])
            .seen(&[codes::DANE_MISMATCH]),
        bogus("dane-bogus-expired", "The signature of the TLSA record has expired.", Dnssec::Bogus(SIGNATURE_EXPIRED)),
        bogus("dane-bogus-missing", "The TLSA record has no signature.", Dnssec::Bogus(SIGNATURES_MISSING)),
        bogus("dane-bogus-unexplained", "It does not validate, and no extended error says why.", Dnssec::BogusUnexplained),
        case("dane-bogus-denial", "NXDOMAIN for the TLSA record without a proof.")
            .mx(&["mx1.{d}"])
            .patterns(&["mx1.{d}"])
            .signed()
            .neighbour(Neighbour {
                tlsa: Reply::end(End::Nxdomain).found(Dnssec::Bogus(DENIAL_MISSING)),
                ..Neighbour::end("_25._tcp.mx1", End::Nxdomain)
            })
            .dane("bogus")
            .delivered("protected", "unknown")
            .seen(&[codes::DNSSEC_BOGUS]),
        case("mx-bogus", "The MX records do not validate.")
            .site(|site| {
                site.zone = Dnssec::Secure;
                site.mx.dnssec = Some(Dnssec::Bogus(SIGNATURE_EXPIRED));
            })
            .unknown_mx()
            .mx_dnssec("bogus")
            .mx_tls("unknown")
            .dane("bogus")
            .delivered("unknown", "unknown")
            .seen(&[codes::DNSSEC_BOGUS]),
        lost_signed("dane-dropped", "No answer to questions for TLSA, in a signed zone.", End::Silent).waits(),
        lost_signed("dane-notimp", "NOTIMP for TLSA, in a signed zone.", End::Rcode(4)),
        lost_signed("dane-servfail", "SERVFAIL for TLSA, validated or not, in a signed zone.", End::Servfail),
        lost("dane-notimp-unsigned", "NOTIMP for TLSA, in a zone that is not signed.", End::Rcode(4)),
        lost("dane-servfail-unsigned", "SERVFAIL for TLSA, in a zone that is not signed.", End::Servfail),
        server("dane-aaaa-bogus", "A validates, the denial of AAAA does not.", Mail::healthy())
            .site(|site| {
                let mx1 = site.neighbours.iter_mut().filter(|neighbour| neighbour.labels == "mx1");
                mx1.for_each(|neighbour| neighbour.aaaa.dnssec = Some(Dnssec::Bogus(DENIAL_MISSING)));
            })
            .seen(&[codes::DNSSEC_PARTLY_BOGUS]),
        case("dnssec-no-ds", "Signed, but nothing above says so: to a resolver it is not signed."),
        case("dnssec-iterations", "NSEC3 with 600 iterations, which resolvers take for no signatures.")
            .site(|site| site.zone = Dnssec::Ignored(TOO_MANY_ITERATIONS))
            .seen(&[codes::DNSSEC_NSEC3_ITERATIONS]),
    ]
}

/// Aliases and implicit MX hosts (vectors 61 to 63).
fn aliases() -> Vec<Case> {
    let aliased = |name, about, target: &'static str| {
        let mx1 = Neighbour { alias: Some(Dnssec::Secure), ..Neighbour::mail("mx1", Mail::healthy()).cname(target) };
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed().neighbour(mx1);
        case.code(codes::MX_CNAME)
    };
    let owner = |name, about, dnssec| {
        let records = Reply { cname: vec!["tlsa.hosting.example".into()], ..Reply::records(vec![RIGHT]) }.found(dnssec);
        let case = case(name, about).mx(&["mx1.{d}"]).patterns(&["mx1.{d}"]).signed();
        case.neighbour(Neighbour { tlsa: records, ..Neighbour::new("_25._tcp.mx1") })
    };
    vec![
        aliased("dane-cname", "The MX host is an alias, signed all the way, and the TLSA record is at its end.", "real.{d}")
            .neighbour(Neighbour::tlsa("_25._tcp.real", vec![RIGHT])),
        aliased("dane-cname-both", "The same with a TLSA record at the alias, too, which nobody looks at.", "real.{d}")
            .neighbour(Neighbour::tlsa("_25._tcp.real", vec![RIGHT]))
            .neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![Pin(3, 1, 1, Pinned::Other)])),
        aliased(
            "dane-cname-unsigned",
            "The alias leads into a zone that is not signed, and the TLSA record is at the alias.",
            "{-}.hosting.example",
        )
        .site(|site| {
            let mx1 = site.neighbours.iter_mut().filter(|neighbour| neighbour.labels == "mx1");
            mx1.for_each(|neighbour| {
                neighbour.a.dnssec = Some(Dnssec::Unsigned);
                neighbour.aaaa.dnssec = Some(Dnssec::Unsigned);
            });
        })
        .neighbour(Neighbour::tlsa("_25._tcp.mx1", vec![RIGHT])),
        owner("dane-owner-cname", "The TLSA record's own name is an alias, signed all the way.", Dnssec::Secure),
        owner("dane-owner-cname-unsigned", "The TLSA record's own name is an alias into a zone that is not signed.", Dnssec::Unsigned)
            .dane("insecure")
            .seen(&[codes::DANE_INSECURE]),
        case("dane-implicit-mx", "No MX record, and a TLSA record at the domain.")
            .mx(&[])
            .patterns(&["{d}"])
            .signed()
            .mx_state("none")
            .neighbour(Neighbour::tlsa("_25._tcp", vec![RIGHT]))
            .codes(&[codes::MX_NONE, codes::MX_IMPLICIT]),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [matching(), unusable(), signatures(), aliases()].concat()
}
