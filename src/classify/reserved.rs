//! Codes that no judgement of one scan uses: those of `stscan diff`, of the whole of a scan, and those reserved for what is not looked up yet.

use super::families::{DEPLOYMENT, POLICY};
use super::rule::codes;

codes! {
    4020 STS_POLICY_SHARED = "sts-policy-shared" {
        clause: "RFC 8461 section 3.2",
        summary: "The same policy text is served for many domains.",
        effect: "None: it shows the template of a provider.",
        remedy: "Nothing to fix, and never reported of a domain: it takes the whole of a scan to see it. Count evidence.fetch.body_sha256 over the rows of the dataset.",
        status: Status::Aggregate,
        ..Rule::BASE
    }
    6220 STS_POLICY_MX_REMOVED_TOO_EARLY = "sts-policy-mx-removed-too-early" {
        severity: Medium,
        clause: "RFC 8461 section 8.1",
        summary: "An MX host was changed before the policies that senders may have cached allowed the new one.",
        effect: "Senders with the old policy refuse to deliver to the new host until they fetch the policy again.",
        remedy: "Add the new host to the policy first and change the id, wait until the TTL of the record has passed, and only then change the MX records.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        status: Status::History,
        ..POLICY
    }
    9070 STS_ID_REUSED_BODY_CHANGED = "sts-id-reused-body-changed" {
        severity: High,
        clause: "RFC 8461 section 3.1",
        summary: "The policy has changed, but the id of the record has not.",
        effect: "Senders that have the old policy cached do not learn of the new one until it expires.",
        remedy: "Change the id of the record after every change of the policy.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    9080 STS_ID_CHANGED_BODY_SAME = "sts-id-changed-body-same" {
        severity: Info,
        clause: "RFC 8461 section 3.1",
        summary: "The id of the record has changed, but the policy has not.",
        effect: "None: senders fetch the policy once more.",
        remedy: "Nothing to fix.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    9090 STS_ID_BEFORE_BODY = "sts-id-before-body" {
        clause: "RFC 8461 section 8.1",
        summary: "The id of the record was changed before the policy was.",
        effect: "Senders that fetched in between keep the old policy with the new id until it expires.",
        remedy: "Update the policy first and the id after it; now change the id once more.",
        status: Status::History,
        ..DEPLOYMENT
    }
    9100 STS_REMOVED_ABRUPTLY = "sts-removed-abruptly" {
        severity: Medium,
        clause: "RFC 8461 section 8.3",
        summary: "An enforced policy was removed without mode none in between.",
        effect: "Senders keep to the cached policy until it expires, and refuse MX hosts that it does not allow.",
        remedy: "Serve a policy with mode: none and a new id for as long as the former max_age, and only then remove record and policy.",
        status: Status::Diff,
        ..DEPLOYMENT
    }
    10170 MX_SNI_REQUIRED = "mx-sni-required" {
        severity: Medium,
        clause: "RFC 8461 section 7.1",
        summary: "An MX host breaks off TLS sessions without server name indication.",
        effect: "Senders that do not send the host's name cannot deliver with mode enforce.",
        remedy: "Configure a default certificate on the mail server for sessions without a known name.",
        tlsrpt_result: Some(ResultType::ValidationFailure),
        status: Status::Planned,
        ..Rule::BASE
    }
}
