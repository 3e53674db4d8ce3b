//! Why no response came: what is to be said of connections and handshakes with the policy host that fail.

use crate::evidence::{Fetch, FetchError, FetchFault, FetchStage, UNRECOGNIZED_NAME};

use super::families::{CONNECTION, RESPONSE, SESSION};
use super::findings::{Findings, quoted, quoted_list};
use super::policy_host::declared::STS_HOST_PRIVATE_ADDRESS;
use super::response::declared::STS_FETCH_STATUS;
use super::rule::codes;

codes! {
    3010 STS_FETCH_CONNECT_REFUSED = "sts-fetch-connect-refused" {
        summary: "The policy host refuses connections to port 443.",
        remedy: "Start the web server for mta-sts.DOMAIN on port 443 and open the port in the firewall, or correct the address in DNS.",
        example: Some(Seen("mta-sts.example.com port 443: connection refused", "mta-sts.example.com port 443: connected")),
        ..CONNECTION
    }
    3020 STS_FETCH_CONNECT_TIMEOUT = "sts-fetch-connect-timeout" {
        severity: Info,
        leaves_open: true,
        summary: "No connection to port 443 of the policy host came about: no answer in time, or no route to it.",
        remedy: "Check that the addresses of mta-sts.DOMAIN are those of the web server, that it runs, and that no firewall drops packets to port 443, on IPv6 as on IPv4.",
        example: Some(Seen("mta-sts.example.com port 443: no answer to SYN", "mta-sts.example.com port 443: connected")),
        ..CONNECTION
    }
    3030 STS_FETCH_CONNECT_RESET = "sts-fetch-connect-reset" {
        summary: "The policy host broke the connection off.",
        remedy: "Look in the logs of the web server and of firewalls and load balancers in front of it for what resets connections to mta-sts.DOMAIN on port 443.",
        example: Some(Seen("mta-sts.example.com port 443: reset in the handshake", "mta-sts.example.com port 443: TLS 1.3")),
        ..CONNECTION
    }
    3040 STS_FETCH_TIMEOUT = "sts-fetch-timeout" {
        severity: Info,
        leaves_open: true,
        summary: "The policy host accepted the connection, but did not deliver the policy in time.",
        remedy: "Serve the policy as a static file; senders wait 60 seconds at most, many less.",
        example: Some(Seen("GET /.well-known/mta-sts.txt  nothing for 60 seconds", "GET /.well-known/mta-sts.txt  200 after 80 ms")),
        ..CONNECTION
    }
    3050 STS_FETCH_TLS_ALERT = "sts-fetch-tls-alert" {
        clause: "RFC 8461 section 7.1",
        summary: "The TLS handshake with the policy host failed before it showed a certificate.",
        remedy: "Set up a virtual host with a certificate for mta-sts.DOMAIN on the web server; if a provider hosts the policy, have it provision the domain.",
        example: Some(Seen("TLS handshake: alert internal_error", "TLS handshake: TLS 1.3, certificate for mta-sts.example.com")),
        ..SESSION
    }
    3060 STS_FETCH_SNI_UNPROVISIONED = "sts-fetch-sni-unprovisioned" {
        clause: "RFC 8461 section 7.1",
        summary: "The web server says that it does not know the name of the policy host.",
        remedy: "Add mta-sts.DOMAIN to the web server or to the account at the provider, so that a certificate is issued for it; or remove the CNAME that leads there.",
        example: Some(Seen(
            "TLS handshake with server name mta-sts.example.com: alert unrecognized_name",
            "TLS handshake with server name mta-sts.example.com: certificate for that name",
        )),
        ..SESSION
    }
    3070 STS_FETCH_TLS_OLD = "sts-fetch-tls-old" {
        clause: "RFC 8461 section 7.2",
        summary: "The policy host offers neither TLS 1.2 nor a later version.",
        remedy: "Enable TLS 1.2 and TLS 1.3 with current cipher suites on the web server, and disable what is older.",
        example: Some(Seen("TLS handshake: the server offers TLS 1.0 at most", "TLS handshake: TLS 1.2")),
        ..SESSION
    }
    3290 STS_FETCH_TRUNCATED = "sts-fetch-truncated" {
        summary: "The response ends before its declared length, or without the end of TLS that shows one without length to be whole.",
        remedy: "Correct the Content-Length that the web server or a proxy in front of it sends; where it sends none, have it end TLS properly (close_notify).",
        example: Some(Seen("Content-Length: 220, and 120 octets", "Content-Length: 120, and 120 octets")),
        ..RESPONSE
    }
}

/// The TLS alert of a server that wants stronger suites than it was offered (RFC 8446 section 6.2); says nothing of versions.
const INSUFFICIENT_SECURITY: u8 = 71;

/// Adds why the exchange ended early. `transient`: it may end otherwise another time, so that nothing is settled.
pub(super) fn remark(error: &FetchError, host: &str, fetch: &Fetch, transient: bool, findings: &mut Findings) {
    let code = match (error.fault, error.stage) {
        (FetchFault::Local | FetchFault::Excluded, _) => return, // Says nothing of the domain.
        (FetchFault::SpecialUseAddress, _) => STS_HOST_PRIVATE_ADDRESS,
        (FetchFault::Refused, _) => STS_FETCH_CONNECT_REFUSED,
        (FetchFault::Reset, _) => STS_FETCH_CONNECT_RESET,
        (FetchFault::Truncated, _) => STS_FETCH_TRUNCATED,
        (FetchFault::TlsVersion, _) if error.alert != Some(INSUFFICIENT_SECURITY) => STS_FETCH_TLS_OLD,
        (FetchFault::TlsAlert | FetchFault::TlsVersion | FetchFault::TlsUnsupported | FetchFault::TlsProtocol, _) => STS_FETCH_TLS_ALERT,
        (_, FetchStage::Address | FetchStage::Connect) => STS_FETCH_CONNECT_TIMEOUT,
        (FetchFault::Timeout, _) => STS_FETCH_TIMEOUT,
        (_, FetchStage::Tls) => STS_FETCH_TLS_ALERT,
        (_, _) => STS_FETCH_STATUS,
    };
    let addresses = quoted_list(fetch.addresses.iter().map(ToString::to_string).collect::<Vec<_>>());
    let untried = match fetch.untried().count() {
        0 => String::new(),
        count => format!(", of which {count} were not tried"),
    };
    let detail = format!("{} at stage {}: {}; addresses {addresses}{untried}", error.fault, error.stage, quoted(&error.text));
    if transient {
        findings.add_open(code, host, detail);
    } else {
        findings.add(code, host, detail);
    }
    if error.alert == Some(UNRECOGNIZED_NAME) {
        findings.add(STS_FETCH_SNI_UNPROVISIONED, host, quoted(&error.text));
    }
}
