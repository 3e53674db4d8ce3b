//! `sts-mx-*`, `sts-mode-*` and `sts-*`: policy against MX hosts, the mode, and the deployment as a whole.

use super::super::Severity::{High, Info, Low, Medium};
use super::super::rule::{ResultType, Rule, Status};
use super::policy_fields::{GOOD, policy};

/// Policy and MX records disagree. The severity is that of mode enforce.
const MX: Rule = Rule { severity: High, clause: "RFC 8461 section 4.1", tlsrpt_result: Some(ResultType::ValidationFailure), ..Rule::BASE };

const WHOLE: Rule = Rule { severity: Low, clause: "RFC 8461 section 5", ..Rule::BASE };

pub(super) const MX_RULES: &[Rule] = &[
    Rule {
        code: "sts-mx-none-covered",
        summary: "No MX host of the domain matches the policy.",
        effect: "With mode enforce senders that follow the RFC cannot deliver any mail to the domain; with mode testing they report failures.",
        remedy: "Add an mx line for every MX host to the policy and change the id of the record; until then set mode: testing if mail is lost.",
        ..MX
    },
    Rule {
        code: "sts-mx-uncovered",
        summary: "An MX host of the domain does not match the policy.",
        effect: "With mode enforce senders that follow the RFC do not deliver to this host, so mail fails when the others cannot be reached.",
        remedy: "Add an mx line for the host to the policy and change the id of the record, or remove the host's MX record if it is out of service.",
        ..MX
    },
    Rule {
        code: "sts-mx-uncovered-depth",
        summary: "An MX host lies more than one label below the domain of a wildcard pattern.",
        effect: "The asterisk stands for exactly one label, so the host does not match and with mode enforce is not delivered to; some senders let it match.",
        remedy: "Add an mx line with one asterisk directly in front of the parent of the host's name, or name the host in full.",
        ..MX
    },
    Rule {
        code: "sts-mx-backup-uncovered",
        severity: Medium,
        clause: "RFC 8461 section 8.4",
        summary: "Only MX hosts of the lowest priority do not match the policy.",
        effect: "Mail flows as long as the preferred hosts work; when they fail, the backup is refused.",
        remedy: "Add the backup hosts to the policy and change the id of the record, or give the backup up.",
        ..MX
    },
    Rule {
        code: "sts-mx-typo",
        summary: "An mx pattern differs from an MX host by a few characters only.",
        effect: "The pattern matches no host, and the host it was meant for is not covered.",
        remedy: "Copy the host's name from the MX record into the policy and change the id of the record.",
        ..MX
    },
    Rule {
        code: "sts-mx-tld-mismatch",
        summary: "An mx pattern has the name of an MX host's domain under another top-level domain.",
        effect: "The pattern matches no host, and the host it was meant for is not covered.",
        remedy: "Copy the host's name from the MX record into the policy and change the id of the record.",
        ..MX
    },
    Rule {
        code: "sts-mx-stale-pattern",
        severity: Low,
        summary: "An mx pattern matches none of the present MX hosts.",
        effect: "Mail is not affected. A pattern for a spare host is fine, one for a former provider lets that provider pose as yours.",
        remedy: "Remove the pattern once max_age has passed since the host was last in use, and change the id of the record.",
        tlsrpt_result: None,
        ..MX
    },
];

pub(super) const MODE_RULES: &[Rule] = &[
    Rule {
        code: "sts-mode-none",
        severity: Info,
        summary: "The mode of the policy is none.",
        effect: "Senders treat the domain as one without MTA-STS, which is how a deployment is ended in an orderly way.",
        remedy: "Remove record and policy once the former max_age has passed, or set mode: testing to begin anew.",
        example: Some((policy!["version: STSv1", "mode: none", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..WHOLE
    },
    Rule {
        code: "sts-mode-testing",
        summary: "The mode of the policy is testing.",
        effect: "Senders report failures, but deliver all the same, so mail is not protected.",
        remedy: "Read the TLS reports for two to four weeks; when they show no failures of your own, set mode: enforce and change the id of the record.",
        example: Some((policy!["version: STSv1", "mode: testing", "mx: mail.example.com", "max_age: 604800"], GOOD)),
        ..WHOLE
    },
    Rule {
        code: "sts-mode-testing-long",
        summary: "The mode has been testing for more than 30 days, by the date that the id of the record names.",
        effect: "Mail is not protected, although the time of testing should have shown whether it can be.",
        remedy: "Read the TLS reports; when they show no failures of your own, set mode: enforce and change the id of the record.",
        ..WHOLE
    },
];

pub(super) const WHOLE_RULES: &[Rule] = &[
    Rule {
        code: "sts-enforce-without-tlsrpt",
        clause: "RFC 8461 section 6",
        summary: "The policy is enforced, but no TLS reports are asked for.",
        effect: "When senders cannot deliver because of the policy, nobody tells the domain.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        ..WHOLE
    },
    Rule {
        code: "sts-without-tlsrpt",
        clause: "RFC 8461 section 6",
        summary: "The domain uses MTA-STS, but asks for no TLS reports.",
        effect: "Failures stay unseen, so it cannot be known whether enforcing the policy is safe.",
        remedy: "Publish a TXT record at _smtp._tls.DOMAIN: v=TLSRPTv1; rua=mailto:tls-reports@DOMAIN with an address that is read.",
        ..WHOLE
    },
    Rule {
        code: "sts-on-nonmail-domain",
        severity: Info,
        clause: "RFC 7505 section 3",
        summary: "The domain says with a null MX that it takes no mail, and yet it has a policy for mail.",
        effect: "None: nobody delivers mail to the domain.",
        remedy: "Remove the MTA-STS record and policy, or the null MX if the domain is meant to receive mail.",
        ..WHOLE
    },
    Rule {
        code: "sts-delegation-partial",
        clause: "RFC 8461 section 8.2",
        summary: "Of the record and the policy host only one is delegated to a provider, or each to another.",
        effect: "None at once; when the provider changes the policy, the id of the record does not change with it.",
        remedy: "Delegate _mta-sts.DOMAIN and mta-sts.DOMAIN to the same provider by CNAME, or change the id yourself after each change of the policy.",
        ..WHOLE
    },
    Rule {
        code: "sts-provider-stale-policy",
        severity: Medium,
        clause: "RFC 8461 section 8.2",
        summary: "A provider serves a policy for the domain that matches none of its present MX hosts.",
        effect: "The provider keeps an old policy alive; with mode enforce senders cannot deliver.",
        remedy: "Enter the present MX hosts at the provider, or, if the contract has ended, remove the CNAME of mta-sts.DOMAIN and the record at _mta-sts.DOMAIN.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        ..WHOLE
    },
    Rule {
        code: "sts-subdomain-uncovered",
        severity: Info,
        clause: "RFC 8461 section 3.4",
        summary: "A subdomain receives mail and has no MTA-STS record of its own, while its parent has one.",
        effect: "The policy of the parent does not apply to the subdomain, so its mail travels without MTA-STS.",
        remedy: "Publish a record and a policy for the subdomain as well.",
        ..WHOLE
    },
    Rule {
        code: "sts-id-reused-body-changed",
        severity: High,
        clause: "RFC 8461 section 3.1",
        summary: "The policy has changed, but the id of the record has not.",
        effect: "Senders that have the old policy cached do not learn of the new one until it expires.",
        remedy: "Change the id of the record after every change of the policy.",
        status: Status::History,
        ..WHOLE
    },
    Rule {
        code: "sts-id-changed-body-same",
        severity: Info,
        clause: "RFC 8461 section 3.1",
        summary: "The id of the record has changed, but the policy has not.",
        effect: "None: senders fetch the policy once more.",
        remedy: "Nothing to mend.",
        status: Status::History,
        ..WHOLE
    },
    Rule {
        code: "sts-id-before-body",
        clause: "RFC 8461 section 8.1",
        summary: "The id of the record was changed before the policy was.",
        effect: "Senders that fetched in between keep the old policy with the new id until it expires.",
        remedy: "Update the policy first and the id after it; now change the id once more.",
        status: Status::History,
        ..WHOLE
    },
    Rule {
        code: "sts-removed-abruptly",
        severity: Medium,
        clause: "RFC 8461 section 8.3",
        summary: "An enforced policy was removed without mode none in between.",
        effect: "Senders keep to the cached policy until it expires, and refuse MX hosts that it does not allow.",
        remedy: "Serve a policy with mode: none and a new id for as long as the former max_age, and only then remove record and policy.",
        status: Status::History,
        ..WHOLE
    },
];
