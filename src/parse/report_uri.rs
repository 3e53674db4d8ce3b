//! One destination of reports: `tlsrpt-uri` of RFC 8460 section 3, `mailto` of RFC 6068, `https` of RFC 9110.

use super::collector::{Collector, is_control, quote};
use super::fault::FaultKind;
use super::grammar::{Uri, is_domain, is_ipv4_like, is_number, parse_uri, uri_scheme};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// How a report travels.
    pub enum ReportScheme {
        /// The report is sent by mail (RFC 6068).
        Mailto = "mailto",
        /// The report is sent by an HTTPS POST.
        Https = "https",
        /// No report can be sent: there is no scheme, or one that RFC 8460 does not name.
        Other = "other",
    }
}

/// A destination of reports.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ReportUri {
    /// The text as written.
    pub uri: String,
    /// Its scheme.
    pub scheme: ReportScheme,
    /// The mail domain or the HTTPS host, lower case; `None` where there is none.
    pub host: Option<String>,
    /// The TCP port, where one is written.
    pub port: Option<u16>,
    /// Whether a report can be sent there as far as the text shows.
    pub usable: bool,
}

/// Reads one destination that stands at `start` of the record and notes its faults.
pub(super) fn read(text: &[u8], start: usize, faults: &mut Collector) -> ReportUri {
    let written = String::from_utf8_lossy(text).into_owned();
    let scheme = match uri_scheme(&written) {
        Some(scheme) if scheme.eq_ignore_ascii_case("mailto") => ReportScheme::Mailto,
        Some(scheme) if scheme.eq_ignore_ascii_case("https") => ReportScheme::Https,
        _ => ReportScheme::Other,
    };
    let mut report = ReportUri { uri: written.clone(), scheme, host: None, port: None, usable: false };
    let mut oddities = Vec::new();
    if let Some(uri) = parse_uri(&written) {
        match scheme {
            ReportScheme::Mailto => read_mailto(&uri, &mut report, &mut oddities),
            ReportScheme::Https => read_https(&uri, &mut report, &mut oddities),
            ReportScheme::Other => oddities.push(FaultKind::TlsrptRuaScheme),
        }
    }
    let span = start..start + text.len();
    if let Some(kind) = why_no_uri(&written) {
        report.usable = false;
        let said_already = kind == FaultKind::TlsrptRuaUriSyntax && text.iter().any(|&byte| !byte.is_ascii() || is_control(byte));
        if !said_already {
            faults.fatal(kind, span, quote(text));
        }
        return report;
    }
    for kind in oddities {
        faults.remark(kind, span.clone(), quote(text));
    }
    report
}

/// Why a text is no `tlsrpt-uri`: a URI of RFC 3986 in which `!`, `,` and `;` are encoded.
fn why_no_uri(text: &str) -> Option<FaultKind> {
    match text.rsplit_once('!') {
        Some((_, limit)) if is_size(limit) => Some(FaultKind::TlsrptRuaSizeSuffix),
        Some(_) => Some(FaultKind::TlsrptRuaUriSyntax),
        None if parse_uri(text).is_some() => None,
        None if is_obfuscated(text) => Some(FaultKind::TlsrptRuaObfuscated),
        None if uri_scheme(text).is_none() => Some(FaultKind::TlsrptRuaNoScheme),
        None => Some(FaultKind::TlsrptRuaUriSyntax),
    }
}

/// Digits and a unit, as DMARC has it after `!` (RFC 7489 section 6.2).
fn is_size(text: &str) -> bool {
    is_number(text.strip_suffix(|unit: char| "kmgt".contains(unit.to_ascii_lowercase())).unwrap_or(text))
}

/// What content networks and people write against harvesters of addresses.
fn is_obfuscated(text: &str) -> bool {
    let lower = text.to_lowercase();
    ["[email", "protected]", "email-protection", "(at)", "[at]", " at "].iter().any(|word| lower.contains(word))
}

fn read_mailto(uri: &Uri<'_>, report: &mut ReportUri, oddities: &mut Vec<FaultKind>) {
    let (local, domain) = uri.path.rsplit_once('@').unwrap_or_default();
    if local.is_empty() || domain.is_empty() {
        let obfuscated = is_obfuscated(uri.path);
        return oddities.push(if obfuscated { FaultKind::TlsrptRuaObfuscated } else { FaultKind::TlsrptRuaMailtoSyntax });
    }
    report.usable = true;
    report.host = Some(domain.strip_suffix('.').unwrap_or(domain).to_ascii_lowercase());
    if !is_local_part(local) || !is_domain(domain) {
        oddities.push(FaultKind::TlsrptRuaMailtoSyntax);
    }
    describe_host(domain, oddities);
}

/// `Local-part` of RFC 5321 section 4.1.2, percent-encoded as in RFC 6068 section 2: a dot-string, or a quoted string. Letters outside
/// ASCII are those of RFC 6531.
fn is_local_part(encoded: &str) -> bool {
    let Some(local) = decoded(encoded) else { return false };
    match local.strip_prefix('"').map(|rest| rest.strip_suffix('"')) {
        Some(Some(content)) => is_quoted_content(content),
        Some(None) => false,
        None => local.split('.').all(is_atom),
    }
}

/// The text without percent-encoding; `None` if that is no UTF-8. What is no encoding stays, the URI's grammar has refused it.
fn decoded(encoded: &str) -> Option<String> {
    let mut octets = Vec::with_capacity(encoded.len());
    let mut rest = encoded;
    while let Some((before, after)) = rest.split_once('%') {
        octets.extend(before.as_bytes());
        let (digits, after) = after.split_at_checked(2)?;
        octets.push(u8::from_str_radix(digits, 16).ok()?);
        rest = after;
    }
    octets.extend(rest.as_bytes());
    String::from_utf8(octets).ok()
}

/// `1*atext` (RFC 5322 section 3.2.3).
fn is_atom(text: &str) -> bool {
    !text.is_empty() && text.chars().all(|c| c.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~".contains(c) || is_beyond_ascii(c))
}

/// `*QcontentSMTP`: printable characters, quotation mark and backslash behind a backslash.
fn is_quoted_content(text: &str) -> bool {
    let mut chars = text.chars();
    let is_printable = |c: char| matches!(c, ' '..='~') || is_beyond_ascii(c);
    while let Some(c) = chars.next() {
        let allowed = match c {
            '"' => false,
            '\\' => chars.next().is_some_and(|c| matches!(c, ' '..='~')),
            c => is_printable(c),
        };
        if !allowed {
            return false;
        }
    }
    true
}

fn is_beyond_ascii(c: char) -> bool {
    !c.is_ascii() && !c.is_control()
}

fn read_https(uri: &Uri<'_>, report: &mut ReportUri, oddities: &mut Vec<FaultKind>) {
    let Some(authority) = uri.authority.as_ref().filter(|authority| !authority.host.is_empty()) else {
        return oddities.push(FaultKind::TlsrptRuaHttpsSyntax);
    };
    let host = authority.host.strip_suffix('.').unwrap_or(authority.host);
    let is_literal = host.starts_with('[');
    let port = authority.port.filter(|port| !port.is_empty()).map(str::parse::<u16>);
    let bad_port = matches!(port, Some(Ok(0) | Err(_)));
    if bad_port || !(is_literal || is_domain(host)) {
        oddities.push(FaultKind::TlsrptRuaHttpsSyntax);
    }
    if matches!(port, Some(Ok(1..=442 | 444..))) {
        oddities.push(FaultKind::TlsrptRuaNonstandardPort);
    }
    if authority.userinfo.is_some() {
        oddities.push(FaultKind::TlsrptRuaUserinfo);
    }
    report.host = Some(host.to_ascii_lowercase());
    report.port = port.and_then(Result::ok);
    report.usable = !bad_port && (is_literal || is_domain(&host.replace('_', "x"))); // Underscores resolve and work.
    describe_host(host, oddities);
}

fn describe_host(host: &str, oddities: &mut Vec<FaultKind>) {
    if host.starts_with('[') || is_ipv4_like(host) {
        oddities.push(FaultKind::TlsrptRuaIpLiteral);
    } else if is_domain(host) && !host.contains('.') {
        oddities.push(FaultKind::TlsrptRuaSingleLabel);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_and_their_faults() {
        use FaultKind::*;
        for (text, host, usable, kinds) in [
            ("mailto:a@Example.com", Some("example.com"), true, vec![]),
            ("MAILTO:a@example.com?subject=x", Some("example.com"), true, vec![]),
            ("mailto:a.b+c=d@example.com", Some("example.com"), true, vec![]),
            ("mailto:a..b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:.a@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a.@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:.@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:@example.com", None, false, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a%2e%2Eb@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a%2Bb%21@example.com", Some("example.com"), true, vec![]),
            ("mailto:a%20b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a(b)@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a:b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a%0Ab@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%c3%bc@example.com", Some("example.com"), true, vec![]),
            ("mailto:%fc@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%22a..b%20c%22@example.com", Some("example.com"), true, vec![]),
            ("mailto:%22a%40b%5C%22%22@example.com", Some("example.com"), true, vec![]),
            ("mailto:%22%22@example.com", Some("example.com"), true, vec![]),
            ("mailto:%22@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%22a%22b%22@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%22a%5C%22@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%22a%0D%22@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:%22a%22.b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a%40b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a@b@example.com", Some("example.com"), true, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a@localhost", Some("localhost"), true, vec![TlsrptRuaSingleLabel]),
            ("mailto:a@192.0.2.1", Some("192.0.2.1"), true, vec![TlsrptRuaIpLiteral]),
            ("mailto:a@[192.0.2.1]", None, false, vec![TlsrptRuaUriSyntax]),
            ("mailto://a@example.com", None, false, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a", None, false, vec![TlsrptRuaMailtoSyntax]),
            ("mailto:a(at)example.com", None, false, vec![TlsrptRuaObfuscated]),
            ("mailto:a@example.com!10m", Some("example.com!10m"), false, vec![TlsrptRuaSizeSuffix]),
            ("mailto:a!b@example.com", Some("example.com"), false, vec![TlsrptRuaUriSyntax]),
            ("/cdn-cgi/l/email-protection#ab", None, false, vec![TlsrptRuaObfuscated]),
            ("https://r.example.com:443/", Some("r.example.com"), true, vec![]),
            ("https://r.example.com:/", Some("r.example.com"), true, vec![]),
            ("https://r.example.com:70000/", Some("r.example.com"), false, vec![TlsrptRuaHttpsSyntax]),
            ("https://[2001:db8::1]/", Some("[2001:db8::1]"), true, vec![TlsrptRuaIpLiteral]),
            ("https://a_b.example.com/", Some("a_b.example.com"), true, vec![TlsrptRuaHttpsSyntax]),
            ("https:r.example.com", None, false, vec![TlsrptRuaHttpsSyntax]),
            ("https://:443/", None, false, vec![TlsrptRuaHttpsSyntax]),
            ("tls@example.com", None, false, vec![TlsrptRuaNoScheme]),
            ("http://example.com/", None, false, vec![TlsrptRuaScheme]),
        ] {
            let mut faults = Collector::new();
            let report = read(text.as_bytes(), 0, &mut faults);
            let parsed = faults.into_parsed(report);
            assert_eq!(parsed.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), kinds, "{text}");
            assert_eq!((parsed.value.host.as_deref(), parsed.value.usable), (host, usable), "{text}");
        }
    }
}
