//! `sts-fetch-*`: connection, TLS and HTTP of the retrieval of the policy (RFC 8461 section 3.3).

use super::super::Severity::{High, Info, Low, Medium};
use super::super::rule::{ResultType, Rule};

const F: Rule = Rule {
    severity: High,
    clause: "RFC 8461 section 3.3",
    effect: "Senders must not use the policy: without a cached one they send without MTA-STS.",
    tlsrpt_result: Some(ResultType::StsPolicyFetchError),
    ..Rule::BASE
};

/// The server's certificate is not acceptable.
const CERT: Rule = Rule { tlsrpt_result: Some(ResultType::StsWebpkiInvalid), ..F };

/// The policy is retrieved, but something about it is worth a word.
const RETRIEVED: Rule = Rule { severity: Info, effect: "None: the policy is retrieved all the same.", tlsrpt_result: None, ..F };

/// The media type is not as the RFC wants it.
const MEDIA: Rule = Rule {
    severity: Medium,
    clause: "RFC 8461 section 3.2",
    effect: "Senders should check for text/plain: several widely used ones refuse the policy, others ignore the media type.",
    ..F
};

pub(super) const RULES: &[Rule] = &[
    Rule {
        code: "sts-fetch-connect-refused",
        summary: "The policy host refuses connections to port 443.",
        remedy: "Start the web server for mta-sts.DOMAIN on port 443 and open the port in the firewall, or correct the address in DNS.",
        ..F
    },
    Rule {
        code: "sts-fetch-connect-timeout",
        summary: "No connection to port 443 of the policy host came about: no answer in time, or no route to it.",
        remedy: "Check that the addresses of mta-sts.DOMAIN are those of the web server, that it runs, and that no firewall drops packets to port 443, on IPv6 as on IPv4.",
        ..F
    },
    Rule {
        code: "sts-fetch-connect-reset",
        summary: "The policy host broke the connection off.",
        remedy: "Look in the logs of the web server and of firewalls and load balancers in front of it for what resets connections to mta-sts.DOMAIN on port 443.",
        ..F
    },
    Rule {
        code: "sts-fetch-timeout",
        summary: "The policy host accepted the connection, but did not deliver the policy in time.",
        remedy: "Serve the policy as a static file; senders wait 60 seconds at most, many less.",
        ..F
    },
    Rule {
        code: "sts-fetch-tls-alert",
        clause: "RFC 8461 section 7.1",
        summary: "The TLS handshake with the policy host failed before it showed a certificate.",
        remedy: "Set up a virtual host with a certificate for mta-sts.DOMAIN on the web server; if a provider hosts the policy, have it provision the domain.",
        ..F
    },
    Rule {
        code: "sts-fetch-sni-unprovisioned",
        clause: "RFC 8461 section 7.1",
        summary: "The web server says that it does not know the name of the policy host.",
        remedy: "Add mta-sts.DOMAIN to the web server or to the account at the provider, so that a certificate is issued for it; or remove the CNAME that leads there.",
        ..F
    },
    Rule {
        code: "sts-fetch-tls-old",
        clause: "RFC 8461 section 7.2",
        summary: "The policy host offers neither TLS 1.2 nor a later version with a cipher suite in use today.",
        remedy: "Enable TLS 1.2 and TLS 1.3 with current cipher suites on the web server, and disable what is older.",
        ..F
    },
    Rule {
        code: "sts-fetch-tls-weak",
        severity: Low,
        clause: "RFC 9325 section 4",
        summary: "The policy host negotiates a weak cipher suite or key.",
        effect: "The policy is retrieved, but the session is easier to break than it need be.",
        remedy: "Configure the web server by RFC 9325: ephemeral key exchange, authenticated encryption, RSA keys of 2048 bits or more.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-tls12-only",
        clause: "RFC 8461 section 7.2",
        summary: "The policy host speaks TLS 1.2, but not TLS 1.3.",
        remedy: "Enable TLS 1.3 when the web server is next updated.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-cert-name-mismatch",
        summary: "The certificate of the policy host is valid for other names, not for mta-sts.DOMAIN.",
        remedy: "Obtain a certificate with mta-sts.DOMAIN as a subject alternative name and install it for that virtual host; *.DOMAIN also covers it, but DOMAIN alone or the provider's own name does not.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-no-san",
        summary: "The certificate of the policy host has no subject alternative name of type DNS.",
        remedy: "Obtain a certificate that carries mta-sts.DOMAIN as a subject alternative name; the common name is not looked at.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-expired",
        summary: "The certificate of the policy host, or one of its chain, has expired.",
        remedy: "Renew the certificate for mta-sts.DOMAIN and reload the web server; then find out why automatic renewal failed.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-not-yet-valid",
        summary: "The certificate of the policy host is not valid yet.",
        remedy: "Install the certificate that is valid now, and check the clock of the machine on which it was issued.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-self-signed",
        summary: "The certificate of the policy host is self-signed.",
        remedy: "Obtain a certificate for mta-sts.DOMAIN from a public certification authority, for example by ACME; a self-signed one is often the default of a web server without a virtual host for the name.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-incomplete-chain",
        summary: "The policy host does not send the intermediate certificates that lead to a trusted root.",
        effect: "Senders that do not fetch missing certificates, which is most of them, must not use the policy; browsers hide the fault.",
        remedy: "Configure the full chain: the certificate of mta-sts.DOMAIN followed by the intermediates (the file called fullchain.pem by many ACME clients).",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-untrusted",
        summary: "The certificate of the policy host does not lead to a publicly trusted root, or its chain cannot be validated.",
        remedy: "Obtain a certificate for mta-sts.DOMAIN from a public certification authority; a private one is not known to other people's mail servers.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-revoked",
        summary: "The certificate of the policy host has been revoked.",
        effect: "Senders that check revocation must not use the policy.",
        remedy: "Obtain a new certificate for mta-sts.DOMAIN with a new key and install it.",
        ..CERT
    },
    Rule {
        code: "sts-fetch-cert-expiring",
        severity: Low,
        summary: "The certificate of the policy host expires soon.",
        effect: "None yet; once it has expired, senders can no longer retrieve the policy.",
        remedy: "Check that automatic renewal for mta-sts.DOMAIN works and that the web server loads the new certificate.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-not-found",
        clause: "RFC 8461 section 3.2",
        summary: "The policy host answers that there is no such file (404 or 410).",
        remedy: "Put the policy at exactly https://mta-sts.DOMAIN/.well-known/mta-sts.txt; some static hosts leave out folders whose name begins with a dot unless told otherwise.",
        ..F
    },
    Rule {
        code: "sts-fetch-wrong-path",
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served at another path than /.well-known/mta-sts.txt.",
        remedy: "Move the file to /.well-known/mta-sts.txt on mta-sts.DOMAIN; senders ask for no other path.",
        ..F
    },
    Rule {
        code: "sts-fetch-http-only",
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served over plain HTTP only.",
        remedy: "Serve it over HTTPS with a certificate for mta-sts.DOMAIN; senders never use plain HTTP.",
        ..F
    },
    Rule {
        code: "sts-fetch-redirect",
        summary: "The policy host answers with a redirect, which senders must not follow.",
        remedy: "Serve the file itself with status 200 on mta-sts.DOMAIN, and exempt /.well-known/mta-sts.txt from rules that redirect to www or to another host.",
        ..F
    },
    Rule {
        code: "sts-fetch-status-forbidden",
        summary: "The policy host forbids access to the policy (403).",
        remedy: "Allow anonymous GET requests for /.well-known/mta-sts.txt from any address and with any user agent; check file permissions and rules against robots.",
        ..F
    },
    Rule {
        code: "sts-fetch-ua-filtered",
        severity: Medium,
        summary: "A filter against robots in front of the policy host seems to have refused the request.",
        effect: "Mail servers are no browsers either: the filter is likely to keep them from the policy, too.",
        remedy: "Exempt mta-sts.DOMAIN from bot protection, browser checks and challenges.",
        ..F
    },
    Rule {
        code: "sts-fetch-rate-limited",
        summary: "The policy host answers that it gets too many requests (429).",
        effect: "A sender that meets the same answer cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "Exempt /.well-known/mta-sts.txt from rate limits: large senders ask from many addresses.",
        ..F
    },
    Rule {
        code: "sts-fetch-server-error",
        summary: "The policy host answers with a server error (5xx).",
        effect: "A sender that meets the same answer cannot retrieve the policy: without a cached one it sends without MTA-STS.",
        remedy: "Look in the logs of the web server; serve the policy as a static file that needs no application behind it.",
        ..F
    },
    Rule {
        code: "sts-fetch-status",
        summary: "The policy host answers with something other than a proper HTTP response of status 200.",
        remedy: "Answer GET requests for /.well-known/mta-sts.txt with status 200 and the policy as body, without authentication.",
        ..F
    },
    Rule {
        code: "sts-fetch-too-large",
        summary: "The file is larger than the 64 KB that senders read.",
        remedy: "Reduce the policy to its few lines; if the file is a web page, the path is served by the wrong application.",
        ..F
    },
    Rule {
        code: "sts-fetch-truncated",
        summary: "The response ends before its declared length.",
        remedy: "Correct the Content-Length that the web server or a proxy in front of it sends.",
        ..F
    },
    Rule {
        code: "sts-fetch-slow",
        severity: Low,
        summary: "The retrieval of the policy took more than ten seconds.",
        effect: "Impatient senders give up, and mail waits for the others.",
        remedy: "Serve the policy as a static file from a host that is awake; check for addresses of mta-sts.DOMAIN that do not answer.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-content-type-wrong",
        summary: "The policy is not served as text/plain.",
        remedy: "Configure the web server to send Content-Type: text/plain for /.well-known/mta-sts.txt.",
        example: Some(("text/html", "text/plain")),
        ..MEDIA
    },
    Rule {
        code: "sts-fetch-content-type-missing",
        summary: "The policy is served without a Content-Type.",
        remedy: "Configure the web server to send Content-Type: text/plain for /.well-known/mta-sts.txt.",
        ..MEDIA
    },
    Rule {
        code: "sts-fetch-content-type-malformed",
        summary: "The Content-Type of the policy breaks the grammar of media types.",
        remedy: "Configure the web server to send exactly Content-Type: text/plain or text/plain; charset=utf-8.",
        example: Some(("text/plain; charset", "text/plain; charset=utf-8")),
        ..MEDIA
    },
    Rule {
        code: "sts-fetch-content-type-charset",
        severity: Low,
        clause: "RFC 8461 section 3.2",
        summary: "The Content-Type of the policy has a parameter other than charset=utf-8 or charset=us-ascii.",
        effect: "Senders ignore the parameter, save for a few that decode the text by it.",
        remedy: "Send Content-Type: text/plain; charset=utf-8.",
        example: Some(("text/plain; charset=iso-8859-1", "text/plain; charset=utf-8")),
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-content-type-nosniff",
        clause: "RFC 8461 section 3.2",
        summary: "The policy is served with X-Content-Type-Options: nosniff.",
        effect: "None: the header is meant for browsers.",
        remedy: "Nothing to mend.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-content-encoding",
        summary: "The policy is sent compressed, although the request did not ask for it.",
        effect: "Senders that do not decompress read no valid policy.",
        remedy: "Switch compression off for /.well-known/mta-sts.txt, or do it only where Accept-Encoding asks for it.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-http10",
        summary: "The policy host answers with HTTP/1.0.",
        remedy: "Nothing urgent; a current web server speaks HTTP/1.1.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-served-from-cache",
        summary: "The policy came from an HTTP cache in front of the policy host.",
        effect: "After a change some senders may for a while get the old policy with the new id.",
        remedy: "Purge the cache whenever the policy changes, and change the id of the record only after that.",
        ..RETRIEVED
    },
    Rule {
        code: "sts-fetch-cache-control-long",
        clause: "RFC 8461 section 8.2",
        summary: "Cache-Control allows caches to keep the policy for more than 60 seconds.",
        effect: "A proxy between policy host and sender may serve an old policy after a change.",
        remedy: "Send Cache-Control: max-age=60 or less for /.well-known/mta-sts.txt; how long senders keep the policy is said by its max_age, not by HTTP.",
        ..RETRIEVED
    },
];
