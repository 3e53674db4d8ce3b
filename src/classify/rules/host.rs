//! `sts-host-*`: the name and addresses of the policy host `mta-sts.DOMAIN`.

use super::super::Severity::{High, Info, Medium};
use super::super::rule::{ResultType, Rule};

const H: Rule = Rule {
    severity: High,
    clause: "RFC 8461 section 3.3",
    effect: "Senders cannot retrieve the policy: without a cached one they send without MTA-STS.",
    tlsrpt_result: Some(ResultType::StsPolicyFetchError),
    ..Rule::BASE
};

/// A fact that no report mentions.
const FACT: Rule = Rule { severity: Info, tlsrpt_result: None, ..H };

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-host-cname",
        clause: "RFC 8461 section 8.2",
        summary: "The policy host is a CNAME, so somebody else may be serving the policy.",
        effect: "None: it is how policy hosting is delegated. The certificate still has to be valid for mta-sts.DOMAIN.",
        remedy: "Nothing to mend. When the contract with the provider ends, remove this CNAME and that of _mta-sts.DOMAIN together.",
        ..FACT
    },
    Rule {
        code: "sts-host-cname-dangling",
        summary: "The policy host is a CNAME to a name that does not exist.",
        effect: "Senders cannot retrieve the policy, and whoever can register or claim the target can serve one for the domain.",
        remedy: "Delete the CNAME of mta-sts.DOMAIN or have the provider set up its target; if the service has ended, remove the record at _mta-sts.DOMAIN too.",
        ..H
    },
    Rule {
        code: "sts-host-nxdomain",
        summary: "The policy host does not exist in DNS.",
        remedy: "Add an A record (and an AAAA record) or a CNAME for mta-sts.DOMAIN that leads to the web server with the policy, or remove the record at _mta-sts.DOMAIN.",
        ..H
    },
    Rule {
        code: "sts-host-no-address",
        summary: "The policy host exists, but has neither an A nor an AAAA record.",
        remedy: "Add an A record (and an AAAA record) for mta-sts.DOMAIN that leads to the web server with the policy.",
        ..H
    },
    Rule {
        code: "sts-host-dns-error",
        summary: "The lookup of the policy host's addresses failed, so it is not known whether it has any.",
        effect: "A sender that meets the same failure cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "If it persists, query every authoritative name server for A and AAAA at mta-sts.DOMAIN and mend the one that fails; check DNSSEC signatures as well.",
        ..H
    },
    Rule {
        code: "sts-host-private-address",
        summary: "Every address of the policy host is private, loopback or otherwise not of the public Internet.",
        remedy: "Publish the public address of the web server for mta-sts.DOMAIN; an internal DNS view that leaked to the outside is a common cause.",
        ..H
    },
    Rule {
        code: "sts-host-ipv6-only",
        severity: Medium,
        summary: "The policy host has an AAAA record but no A record.",
        effect: "Senders without IPv6 cannot retrieve the policy and send without MTA-STS.",
        remedy: "Add an A record for mta-sts.DOMAIN.",
        ..H
    },
    Rule {
        code: "sts-host-no-ipv6",
        summary: "The policy host has an A record but no AAAA record.",
        effect: "Only senders without IPv4, which are rare, cannot retrieve the policy.",
        remedy: "Add an AAAA record for mta-sts.DOMAIN if the web server can be reached over IPv6.",
        ..FACT
    },
    Rule {
        code: "sts-host-address-family-mismatch",
        severity: Medium,
        summary: "The policy host serves different policies, or none, over IPv4 and over IPv6.",
        effect: "Which policy a sender sees depends on the protocol it prefers.",
        remedy: "Let the A and AAAA records of mta-sts.DOMAIN lead to web servers with the same file and the same certificate.",
        ..H
    },
    Rule {
        code: "sts-host-address-mismatch",
        severity: Medium,
        summary: "The addresses of the policy host serve different policies.",
        effect: "Which policy a sender sees depends on the address it happens to choose.",
        remedy: "Deploy the same file and certificate to every address of mta-sts.DOMAIN before the id of the record changes.",
        ..H
    },
];
