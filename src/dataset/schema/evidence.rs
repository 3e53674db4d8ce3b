//! Column `evidence`: one struct a DNS question, one for the HTTPS exchange.

use arrow::datatypes::{DataType, Field};

use crate::evidence::{CertificateFault, FetchFault, FetchStage, Outcome};

use super::documented::{field, group, list, range, timestamp, unit, words};

/// The type of column `evidence`.
pub(super) fn evidence() -> DataType {
    use DataType::{Binary, Int32, Utf8};
    let mx = group(vec![
        range(field("preference", Int32, "The least is tried first."), "0..65535"),
        field("exchange", Utf8, "The host, lower case, no trailing dot; `.` for a null MX."),
    ]);
    let txt = list(list(Binary));
    let txt_records = "TXT records: a list of character-strings each, exact bytes, kept apart.";
    group(vec![
        field("mx", lookup(list(mx.clone()), "MX records in the order of the answer."), "MX of the domain."),
        field("sts_txt", lookup(txt.clone(), txt_records), "TXT at `_mta-sts.DOMAIN` (RFC 8461 section 3.1)."),
        field("tlsrpt_txt", lookup(txt.clone(), txt_records), "TXT at `_smtp._tls.DOMAIN` (RFC 8460 section 3)."),
        field("host_a", lookup(list(Utf8), "IPv4 addresses."), "A of the policy host; null where no record asked for a policy."),
        field(
            "host_aaaa",
            lookup(list(Utf8), "IPv6 addresses."),
            "AAAA of the policy host; where A has led to an alias, of its end, shared by all domains with that alias. Null where no record asked for a policy.",
        ),
        field("fetch", fetch(), "The GET of the policy; null where there was nothing to fetch or no address to connect to."),
        field(
            "mx_hosts",
            list(group(vec![
                field("host", Utf8, "The host as it stands in the MX records."),
                field(
                    "a",
                    lookup(list(Utf8), "IPv4 addresses."),
                    "A of the host; asked once as long as its TTL lasts, however many domains name it.",
                ),
                field("aaaa", lookup(list(Utf8), "IPv6 addresses."), "AAAA of the host, likewise."),
            ])),
            "The MX hosts' addresses, the most preferred first; empty where no record asked for a policy.",
        ),
        field("rua_hosts", list(receiver(mx)), "The receivers of TLS reports; empty where there is no TLSRPT record."),
        field(
            "stray_records",
            list(lookup(txt, txt_records)),
            "TXT at the names at which records are published by mistake, at one that only a wildcard answers for and, of a subdomain that takes mail and has no record, at the _mta-sts of its registrable domain; empty without --look-around.",
        ),
        field(
            "extra_requests",
            list(connection()),
            "Extra requests for the policy: at other addresses of the policy host, and in wrong places; empty without --look-around.",
        ),
    ])
}

fn receiver(mx: DataType) -> DataType {
    use DataType::Utf8;
    group(vec![
        field("host", Utf8, "The mail domain or the HTTPS host of the destination."),
        field("mx", lookup(list(mx), "MX records in the order of the answer."), "MX of a mail domain; null for an HTTPS host."),
        field("a", lookup(list(Utf8), "IPv4 addresses."), "A of an HTTPS host, or of a mail domain without MX; else null."),
        field("aaaa", lookup(list(Utf8), "IPv6 addresses."), "AAAA, likewise."),
        field("connection", connection(), "A TLS handshake with an HTTPS host, and no request; null without --look-around."),
    ])
}

fn connection() -> DataType {
    use DataType::{Binary, Int16, Utf8};
    group(vec![
        field("url", Utf8, "What was asked for; of a receiver of reports, which is sent no request, scheme and host."),
        field("address", Utf8, "The address that answered, or was tried last."),
        words(
            field("certificate_faults", list(Utf8), "What is wrong with the certificate; empty if nothing, null if none was presented."),
            CertificateFault::ALL.iter().map(|word| word.as_str()),
        ),
        range(field("status", Int16, "HTTP status."), "100..999"),
        field("body", Binary, "The first 4096 bytes of the body."),
        field("body_sha256", Utf8, "SHA-256 of the first 65536 bytes of the body, lower-case hex."),
        milliseconds("total_ms", "All of it."),
        field("error", fetch_error(), "What ended it early."),
    ])
}

fn lookup(records: DataType, meaning: &str) -> DataType {
    use DataType::{Boolean, Int16, Int32, Int64, Utf8};
    group(vec![
        field("name", Utf8, "The name asked for, no trailing dot."),
        words(
            field("outcome", Utf8, "What became of the question; only noerror, nodata, nxdomain and pruned settle if a record exists."),
            Outcome::ALL.iter().map(|word| word.as_str()),
        ),
        range(field("rcode", Int16, "Response code of the answer (RFC 6895 section 2.3); null without one."), "0..4095"),
        unit(range(field("ttl", Int64, "Least TTL of the records and of the CNAMEs that led to them."), "0..4294967295"), "s"),
        field("ad", Boolean, "AD bit: the resolver says that it validated the answer (RFC 4035 section 3.2.3)."),
        field("cname_chain", list(Utf8), "CNAME targets in order, lower case, no trailing dot."),
        field("records", records, meaning),
        field(
            "resolver",
            Utf8,
            "Address and port of the resolver whose answer this is, or that was asked last; the name server where the scan resolved from the root.",
        ),
        range(
            field(
                "attempts",
                Int32,
                "Questions sent, over UDP and TCP together; 0 where the answer was known, from another domain that names the same host.",
            ),
            "0..65535",
        ),
        field("tcp", Boolean, "Whether the answer came over TCP."),
        unit(
            range(
                field(
                    "rtt_us",
                    Int64,
                    "From the last question to its answer; while hundreds are on their way, up to 2 ms more, for which answers gather.",
                ),
                "0..",
            ),
            "us",
        ),
        field("detail", Utf8, "Words on a local-error or a malformed answer."),
    ])
}

fn fetch() -> DataType {
    use DataType::{Binary, Boolean, Int16, Utf8};
    let header = group(vec![field("name", Utf8, "Lower case."), field("value", Binary, "Exact bytes.")]);
    group(vec![
        field("addresses", list(Utf8), "Addresses of the policy host, in the order in which they would be tried."),
        field("tried", list(Utf8), "Addresses to which a connection was attempted."),
        field("address", Utf8, "The address that answered."),
        field("tls_version", Utf8, "As `TLSv1.3`."),
        field("tls_cipher", Utf8, "Cipher suite by its IANA name."),
        field("alpn", Utf8, "Application protocol that ALPN settled on."),
        field("certificate", certificate(), "What the policy host presented; null if the handshake did not get that far."),
        field("http_version", Utf8, "As `HTTP/1.1`."),
        range(field("status", Int16, "HTTP status."), "100..999"),
        field("headers", list(header), "Kept response headers in the order received."),
        field("location", Utf8, "Where a Location header points, bytes that are no UTF-8 replaced; never followed."),
        field("body", Binary, "The first 65536 bytes of the body; null if no response head arrived."),
        field("body_cut", Boolean, "Whether there was more body than is kept."),
        field("body_sha256", Utf8, "SHA-256 of the kept body, lower-case hex."),
        milliseconds("connect_ms", "TCP connection (the last one tried)."),
        milliseconds("tls_ms", "TLS handshake."),
        milliseconds("http_ms", "From the request to the end of the response head."),
        milliseconds("body_ms", "Body."),
        milliseconds("total_ms", "All of the exchange."),
        field("error", fetch_error(), "What ended the exchange early; null if a whole response, or the kept part of it, arrived."),
    ])
}

fn fetch_error() -> DataType {
    use DataType::Utf8;
    group(vec![
        words(field("stage", Utf8, "The step that failed."), FetchStage::ALL.iter().map(|word| word.as_str())),
        words(field("code", Utf8, "Why."), FetchFault::ALL.iter().map(|word| word.as_str())),
        range(field("alert", DataType::Int16, "The TLS alert that the peer sent, by its number (RFC 8446 section 6)."), "0..255"),
        field("text", Utf8, "The library's or the system's own words."),
    ])
}

fn milliseconds(name: &str, comment: &str) -> Field {
    unit(range(field(name, DataType::Int32, comment), "0.."), "ms")
}

fn certificate() -> DataType {
    use DataType::{Int32, Utf8};
    let faults = || CertificateFault::ALL.iter().map(|word| word.as_str());
    group(vec![
        words(field("verdict", Utf8, "valid for the policy host, or the first fault."), std::iter::once("valid").chain(faults())),
        words(field("faults", list(Utf8), "Everything that is wrong with it; empty if it is valid."), faults()),
        field("reason", Utf8, "The verifier's own words where there is a fault."),
        field("subject", Utf8, "Subject of the leaf (RFC 4514)."),
        field("sans", list(Utf8), "SAN dNSNames of the leaf, at most 100."),
        field("issuer", Utf8, "Issuer of the leaf (RFC 4514)."),
        field("not_before", timestamp(), "notBefore of the leaf; null if it cannot be read."),
        field("not_after", timestamp(), "notAfter of the leaf; null if it cannot be read."),
        field("key_type", Utf8, "Algorithm of the leaf's key: RSA, EC, Ed25519, DSA, or the object identifier of another."),
        unit(range(field("key_bits", Int32, "Length of that key."), "0..65535"), "bit"),
        field("signature_algorithm", Utf8, "How the leaf is signed, as sha256WithRSAEncryption, or an object identifier."),
        field("sha256", Utf8, "SHA-256 of the leaf in DER, lower-case hex."),
        range(field("chain_length", Int32, "Certificates presented, the leaf included."), "0..65535"),
    ])
}
