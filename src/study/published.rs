//! What Ashiq, Fiebig and Chung published (IMC 2025), figure by figure, and why a scan of the lab's world `imc2025` may differ.

use super::figure::{Block, Figure, absent, count, percent};
use super::tables;
use crate::analyse::stats::TableId;

pub(super) const BLOCKS: &[Block] = &[
    Block { table: tables::ADOPTION, title: "Adoption (Table 1)", figures: ADOPTION },
    Block { table: TableId::T2, title: "TLSRPT beside MTA-STS (read off a figure)", figures: BOTH },
    Block { table: tables::CLASSES, title: "Misconfiguration", figures: CLASSES },
    Block { table: tables::SERVERS, title: "Errors of policy servers by managing entity (Figure 5)", figures: SERVERS },
    Block { table: tables::MISMATCH, title: "Inconsistency of policies and MX hosts", figures: MISMATCH },
    Block { table: tables::PROVIDERS, title: "Policy-hosting providers (Table 2)", figures: PROVIDERS },
];

/// What is to be known of all of it.
pub(super) const NOTES: &[&str] = &[
    "published: Ashiq, Fiebig and Chung, Unraveling the Complexities of MTA-STS Deployment and Management in Securing Email, IMC 2025",
    "percentages are compared as printed, rounded to as many digits; those of all domains with MX are of the study's own 86,791,845",
];

const HISTORY: &str = "needs earlier scans";
const ROUNDED: &str = "the study's own counts round to another figure";
const STAGES: &str = "the study's stages sum to another figure";

const STS: &[&str] = &["sts"];
const TLSRPT: &[&str] = &["tlsrpt"];

const ADOPTION: &[Figure] = &[
    count("sts-com", ".com with MTA-STS", 53_800, "all", STS).group("com"),
    count("sts-net", ".net with MTA-STS", 6_183, "all", STS).group("net"),
    count("sts-org", ".org with MTA-STS", 7_355, "all", STS).group("org"),
    count("sts-se", ".se with MTA-STS", 692, "all", STS).group("se"),
    count("sts", "with MTA-STS, sum", 68_030, "all", STS),
    count("tlsrpt-com", ".com with TLSRPT", 52_641, "all", TLSRPT).group("com"),
    count("tlsrpt-org", ".org with TLSRPT", 7_192, "all", TLSRPT).group("org"),
    percent("sts-share-com", ".com with MTA-STS, %", (7, 2), "all", STS).group("com").of(73_939_004),
    percent("sts-share-net", ".net with MTA-STS, %", (9, 2), "all", STS).group("net").of(6_248_969).open(ROUNDED),
    percent("sts-share-org", ".org with MTA-STS, %", (13, 2), "all", STS).group("org").of(5_781_423),
    percent("sts-share-se", ".se with MTA-STS, %", (8, 2), "all", STS).group("se").of(822_449),
    percent("tlsrpt-share-com", ".com with TLSRPT, %", (7, 2), "all", TLSRPT).group("com").of(73_939_004),
    percent("tlsrpt-share-org", ".org with TLSRPT, %", (12, 2), "all", TLSRPT).group("org").of(5_781_423),
];

const BOTH: &[Figure] = &[
    percent("both-com", ".com: TLSRPT among MTA-STS, %", (70, 0), "all", &["both"]).group("com"),
    percent("both-net", ".net: TLSRPT among MTA-STS, %", (52, 0), "all", &["both"]).group("net"),
    percent("both-org", ".org: TLSRPT among MTA-STS, %", (75, 0), "all", &["both"]).group("org"),
    percent("both-se", ".se: TLSRPT among MTA-STS, %", (54, 0), "all", &["both"]).group("se"),
];

const DOMAINS: &[&str] = &["domains"];
const OF_CLASS: &[&str] = &["of-class"];

const CLASSES: &[Figure] = &[
    count("misconfigured", "misconfigured", 20_144, "misconfigured", DOMAINS).smtp(),
    percent("misconfigured-share", "misconfigured, %", (296, 1), "misconfigured", DOMAINS).smtp(),
    count("loses-mail", "expected to lose mail", 640, "loses-mail", DOMAINS).smtp(),
    percent("loses-mail-share", "expected to lose mail, % of misconfigured", (32, 1), "loses-mail", OF_CLASS).smtp(),
    count("record", "record", 331, "record", DOMAINS),
    percent("record-share", "record, %", (5, 1), "record", DOMAINS),
    count("record-no-id", "record: no id", 65, "record-no-id", DOMAINS),
    percent("record-no-id-share", "record: no id, % of these", (196, 1), "record-no-id", OF_CLASS),
    count("record-bad-id", "record: invalid id", 203, "record-bad-id", DOMAINS),
    percent("record-bad-id-share", "record: invalid id, % of these", (61, 0), "record-bad-id", OF_CLASS),
    count("record-bad-version", "record: bad version prefix", 52, "record-bad-version", DOMAINS),
    percent("record-bad-version-share", "record: bad version prefix, % of these", (157, 1), "record-bad-version", OF_CLASS),
    count("record-extension", "record: invalid extension field", 2, "record-extension", DOMAINS),
    count("record-other", "record: the rest", 9, "record-other", DOMAINS),
    count("retrieval", "retrieval", 17_184, "retrieval", DOMAINS),
    percent("retrieval-share", "retrieval, %", (253, 1), "retrieval", DOMAINS),
    count("mx-certificate", "certificates of all MX hosts invalid", 1_326, "mx-certificate-all", DOMAINS).smtp(),
    percent("mx-certificate-share", "certificates of all MX hosts invalid, %", (19, 1), "mx-certificate-all", DOMAINS).smtp(),
    percent("mx-certificate-any-share", "of at least one, % (read off a figure)", (47, 1), "mx-certificate", DOMAINS).smtp(),
    count("mx-own", "self-managed MX", 23_512, "mx-own", DOMAINS).smtp(),
    count("mx-certificate-own", "self-managed MX with an invalid certificate", 1_046, "mx-own-any", DOMAINS).smtp(),
    percent("mx-certificate-own-share", "self-managed MX with an invalid one, %", (44, 1), "mx-own-any", OF_CLASS).smtp(),
    count("mx-certificate-own-all", "self-managed MX, all invalid", 993, "mx-own-all", DOMAINS).smtp(),
    percent("mx-certificate-own-all-share", "self-managed MX, all invalid, %", (42, 1), "mx-own-all", OF_CLASS).smtp(),
    count("mx-third-party", "third-party MX", 40_683, "mx-third", DOMAINS).smtp(),
    count("mx-certificate-third-party", "third-party MX with an invalid certificate", 397, "mx-third-any", DOMAINS).smtp(),
    percent("mx-certificate-third-party-share", "third-party MX with an invalid one, %", (1, 0), "mx-third-any", OF_CLASS).smtp(),
    count("mx-certificate-third-party-all", "third-party MX, all invalid", 149, "mx-third-all", DOMAINS).smtp(),
    percent("mx-certificate-third-party-all-share", "third-party MX, all invalid, %", (3, 1), "mx-third-all", OF_CLASS)
        .smtp()
        .open(ROUNDED),
    count("mx-certificate-mxrouting", "third-party MX: mxrouting.net", 122, "mx-mxrouting", DOMAINS).smtp(),
    count("mx-certificate-enforce", "invalid certificate of an MX host, and enforced", 269, "mx-enforce", DOMAINS).smtp(),
    percent("inconsistent-share", "inconsistent, % (read off a figure)", (28, 1), "inconsistent", DOMAINS)
        .open("the study's classes sum to 1,816, 2.7 %"),
];

const OWN: &[&str] = &["self-managed"];
const THIRD: &[&str] = &["third-party"];
const CLASSIFIED: &[&str] = &["self-managed", "third-party"];
const UNCLASSIFIED: &[&str] = &["unclassified"];
const ALL: &[&str] = &["all"];

const SERVERS: &[Figure] = &[
    count("own", "self-managed", 25_344, "records", OWN),
    count("third", "third party", 28_591, "records", THIRD),
    count("classified", "classified", 53_935, "records", CLASSIFIED),
    percent("classified-share", "classified, %", (793, 1), "records", CLASSIFIED).of(68_030),
    count("unclassified", "unclassified", 14_095, "records", UNCLASSIFIED),
    count("own-any", "self-managed: any error", 9_588, "any", OWN).open(STAGES),
    percent("own-any-share", "self-managed: any error, %", (378, 1), "any", OWN).open(STAGES),
    count("third-any", "third party: any error", 1_393, "any", THIRD).open(STAGES),
    percent("third-any-share", "third party: any error, %", (49, 1), "any", THIRD).open(STAGES),
    count("classified-any", "classified: any error", 10_981, "any", CLASSIFIED),
    count("unclassified-any", "unclassified: any error", 6_203, "any", UNCLASSIFIED),
    percent("unclassified-any-share", "unclassified: any error, %", (44, 0), "any", UNCLASSIFIED),
    count("any", "any error", 17_184, "any", ALL),
    count("own-dns", "self-managed: DNS", 42, "dns", OWN),
    count("third-dns", "third party: DNS", 0, "dns", THIRD),
    count("own-tcp", "self-managed: TCP", 193, "tcp", OWN),
    percent("own-tcp-share", "self-managed: TCP, %", (7, 1), "tcp", OWN).open(ROUNDED),
    count("third-tcp", "third party: TCP", 34, "tcp", THIRD),
    percent("third-tcp-share", "third party: TCP, %", (1, 1), "tcp", THIRD),
    count("own-tls", "self-managed: TLS", 8_871, "tls", OWN),
    percent("own-tls-share", "self-managed: TLS, %", (35, 0), "tls", OWN),
    count("third-tls", "third party: TLS", 1_113, "tls", THIRD),
    percent("third-tls-share", "third party: TLS, %", (39, 1), "tls", THIRD),
    count("own-mismatch", "self-managed: name mismatch", 8_385, "tls-name-mismatch", OWN),
    percent("own-mismatch-share", "self-managed: name mismatch, % of TLS", (945, 1), "tls-name-mismatch", OWN),
    count("third-alert", "third party: no certificate (alert)", 463, "tls-no-certificate", THIRD),
    percent("third-alert-share", "third party: no certificate (alert), % of TLS", (436, 1), "tls-no-certificate", THIRD).open(ROUNDED),
    count("own-http", "self-managed: HTTP", 377, "http", OWN),
    percent("own-http-share", "self-managed: HTTP, %", (15, 1), "http", OWN),
    count("third-http", "third party: HTTP", 215, "http", THIRD),
    percent("third-http-share", "third party: HTTP, %", (8, 1), "http", THIRD),
    count("classified-http", "classified: HTTP", 592, "http", CLASSIFIED),
    count("http", "all: HTTP", 1_336, "http", ALL),
    count("not-found", "classified: 404", 387, "http-404", CLASSIFIED),
    percent("not-found-share", "classified: 404, % of HTTP", (653, 1), "http-404", CLASSIFIED).open(ROUNDED),
    count("own-syntax", "self-managed: syntax", 55, "syntax", OWN),
    count("third-syntax", "third party: syntax", 81, "syntax", THIRD),
    count("classified-syntax", "classified: syntax", 136, "syntax", CLASSIFIED),
    count("bad-mx", "classified: bad value of mx", 87, "syntax-mx", CLASSIFIED),
    percent("bad-mx-share", "classified: bad value of mx, % of syntax", (64, 0), "syntax-mx", CLASSIFIED),
    count("empty", "third party: empty file", 5, "syntax-empty", THIRD),
];

const INCONSISTENT: &[&str] = &["inconsistent"];

const MISMATCH: &[Figure] = &[
    count("complete", "complete domain mismatch", 1_023, "complete", DOMAINS),
    percent("complete-share", "complete domain mismatch, %", (15, 1), "complete", DOMAINS),
    count("same-domain", "3LD+ mismatch", 730, "same-domain", DOMAINS),
    percent("same-domain-share", "3LD+ mismatch, %", (107, 2), "same-domain", DOMAINS),
    count("policy-host", "3LD+: lists the policy host", 597, "policy-host", DOMAINS),
    count("typo", "typing error", 63, "typo", DOMAINS),
    count("tld", "other top-level domain (read off a figure)", 0, "tld", DOMAINS),
    count("enforce", "mismatch, and enforced", 406, "enforce", DOMAINS),
    count("both-outsourced", "third parties for mail and policy", 26_414, "both-outsourced", DOMAINS),
    count("same-provider", "the same third party", 7_492, "same-provider", DOMAINS),
    count("same-provider-inconsistent", "the same third party: inconsistent", 1, "same-provider", INCONSISTENT),
    count("different-providers", "different third parties", 18_922, "different-providers", DOMAINS),
    count("different-providers-inconsistent", "different third parties: inconsistent", 640, "different-providers", INCONSISTENT),
    percent("different-providers-share", "different third parties: inconsistent, %", (34, 1), "different-providers", INCONSISTENT),
    absent("outdated", "complete mismatch, matching earlier MX hosts", 644, HISTORY),
];

const FAILED: &[&str] = &["failed"];

const PROVIDERS: &[Figure] = &[
    count("tutanota", "Tutanota", 7_614, "Tutanota", DOMAINS),
    count("dmarcreport", "DMARCReport", 7_293, "DMARCReport", DOMAINS),
    count("powerdmarc", "PowerDMARC", 3_753, "PowerDMARC", DOMAINS),
    count("easydmarc", "EasyDMARC", 2_222, "EasyDMARC", DOMAINS),
    count("mailhardener", "Mailhardener", 1_558, "Mailhardener", DOMAINS),
    count("uriports", "URIports", 1_100, "URIports", DOMAINS),
    count("sendmarc", "Sendmarc", 805, "Sendmarc", DOMAINS),
    count("ondmarc", "OnDMARC", 451, "OnDMARC", DOMAINS),
    count("eight", "the eight", 24_796, "sum", DOMAINS),
    percent("eight-share", "the eight, %", (364, 1), "sum", DOMAINS),
    count("tutanota-failed", "Tutanota: in error", 10, "Tutanota", FAILED),
    count("dmarcreport-failed", "DMARCReport: no certificate or empty file", 359, "DMARCReport", FAILED),
];
