//! Filters against robots, told by their answers: status, headers and marks of the body as `data/filters.csv` lists them.
//!
//! What a filter answers says nothing of the file behind it: a mail server that asks from elsewhere, or under another name, may get it.

use std::borrow::Cow;
use std::sync::LazyLock;

use super::content_coding;
use super::policy::parse_lenient;

/// A row of the table: all that it names has to be there.
#[derive(Debug)]
struct Mark {
    filter: &'static str,
    /// Empty where it is told with any status.
    statuses: Vec<u16>,
    headers: Vec<HeaderMark>,
    /// Lower case.
    body: Vec<String>,
}

/// `name`, `name: what the value contains`, or `!name` for a header that must not be there. Of Set-Cookie the name of the cookie counts,
/// which has to begin so.
#[derive(Debug)]
struct HeaderMark {
    name: &'static str,
    value: &'static str,
    wanted: bool,
}

/// What gave a filter away.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Filter {
    /// Who makes or runs it.
    pub name: &'static str,
    /// The header, as `name: value` in lower case, if one did.
    pub header: Option<String>,
    /// The text of its page, in lower case, if one did.
    pub page: Option<&'static str>,
}

static MARKS: LazyLock<Vec<Mark>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

const TABLE: &str = include_str!("../../data/filters.csv");
/// What stands between several conditions of one cell.
const AND: &str = " + ";
/// Octets of a body in which marks are looked for; a challenge names its maker early.
const SEARCHED: usize = 32_768;

/// Filter, status, header and body; the source is for readers of the table.
fn row(line: &'static str) -> Option<Mark> {
    let mut rest = line;
    let mut cell = || {
        let (cell, after) = match rest.strip_prefix('"') {
            Some(quoted) => quoted.split_once("\",")?,
            None => rest.split_once(',')?,
        };
        rest = after;
        Some(cell)
    };
    let (filter, status, header, body) = (cell()?, cell()?, cell()?, cell()?);
    let statuses =
        if status == "any" { Vec::new() } else { status.split(' ').map(|one| one.parse::<u16>().ok()).collect::<Option<_>>()? };
    let headers = header.split(AND).filter(|one| !one.is_empty()).map(header_mark).collect();
    let body = body.split(AND).filter(|one| !one.is_empty()).map(|one| one.replace("\"\"", "\"")).collect();
    Some(Mark { filter, statuses, headers, body })
}

fn header_mark(text: &'static str) -> HeaderMark {
    let (name, value) = text.split_once(": ").unwrap_or((text, ""));
    match name.strip_prefix('!') {
        Some(name) => HeaderMark { name, value, wanted: false },
        None => HeaderMark { name, value, wanted: true },
    }
}

/// A response in lower case.
struct Response<'r> {
    status: u16,
    headers: Vec<(&'r str, String)>,
    page: String,
}

impl HeaderMark {
    fn find<'h>(&self, headers: &'h [(&str, String)]) -> Option<&'h (&'h str, String)> {
        headers.iter().find(|(name, value)| {
            let holds = if self.name == "set-cookie" { value.starts_with(self.value) } else { value.contains(self.value) };
            *name == self.name && holds
        })
    }
}

impl Mark {
    fn finds(&'static self, response: &Response<'_>) -> Option<Filter> {
        let told = self.statuses.is_empty() || self.statuses.contains(&response.status);
        let all = told
            && self.headers.iter().all(|mark| mark.find(&response.headers).is_some() == mark.wanted)
            && self.body.iter().all(|text| response.page.contains(text.as_str()));
        let header = || self.headers.iter().find(|mark| mark.wanted)?.find(&response.headers);
        all.then(|| Filter {
            name: self.filter,
            header: header().map(|(name, value)| format!("{name}: {value}")),
            page: self.body.first().map(String::as_str),
        })
    }
}

/// The filter that gave a response in place of the host. A policy with status 200 is none, whatever stands beside it.
pub fn filter_of(status: Option<u16>, headers: &[(String, Vec<u8>)], body: Option<&[u8]>) -> Option<Filter> {
    let status = status?;
    let body = body.unwrap_or_default();
    let text = content_coding::of_response(headers, body).text.unwrap_or(Cow::Borrowed(body));
    if status == 200 && parse_lenient(&text).is_some() {
        return None;
    }
    let lower = |bytes: &[u8]| String::from_utf8_lossy(bytes).to_ascii_lowercase();
    let response = Response {
        status,
        headers: headers.iter().map(|(name, value)| (name.as_str(), lower(value))).collect(),
        page: lower(text.get(..SEARCHED).unwrap_or(&text)),
    };
    MARKS.iter().find_map(|mark| mark.finds(&response))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::evidence::KEPT_HEADERS;

    /// Filter, status, headers and body, as they were seen or are documented.
    const SEEN: &[(&str, u16, &[&str], &str)] = &[
        ("Cloudflare", 403, &["server: cloudflare", "cf-mitigated: challenge", "cf-ray: 8f1-FRA"], "<title>Just a moment...</title>"),
        ("Cloudflare", 429, &["cf-mitigated: challenge"], ""),
        ("Cloudflare", 403, &["server: cloudflare"], "error code: 1010"),
        ("Cloudflare", 503, &["server: nginx", "cf-ray: 8f1-FRA"], ""),
        ("Cloudflare", 403, &["server: nginx"], "<script>window._cf_chl_opt={cvId:'3'}</script>"),
        ("Cloudflare", 403, &[], "<title>Attention Required! | Cloudflare</title>"),
        ("AWS WAF", 202, &["server: CloudFront", "x-amzn-waf-action: challenge"], ""),
        ("AWS WAF", 405, &["x-amzn-waf-action: captcha"], ""),
        ("AWS WAF", 403, &["server: CloudFront", "x-cache: Error from cloudfront"], "<H1>403 ERROR</H1>Request blocked.\nWe can't connect"),
        ("AWS WAF", 403, &["x-blocked-by-waf: Blocked_by_custom_response_for_AWSManagedRulesBotControl"], ""),
        ("Imperva", 403, &["x-iinfo: 7-38432735-0 0NNN RT(1647961160933 0) q(0 -1 -1 -1) r(0 -1) B10(4,314,0) U5"], ""),
        ("Imperva", 403, &["set-cookie: visid_incap_2439558"], ""),
        ("Imperva", 403, &["set-cookie: incap_ses_1234_2439558"], ""),
        ("Imperva", 200, &[], "<script src=\"/_Incapsula_Resource?SWJIYLWA=719d34d31c8e3a6e6fffd425f7e032f3\"></script>"),
        ("Imperva", 200, &[], "Request unsuccessful. Incapsula incident ID: 220011010269131805-850355021556761818"),
        ("imunify360", 200, &["server: imunify360-webshield/1.21"], "<title>One moment, please...</title>"),
        (
            "imunify360",
            200,
            &[],
            "{\"message\":\"Access denied by Imunify360 bot-protection. IPs used for automation should be whitelisted\"}",
        ),
        ("imunify360", 403, &[], "This site is protected by Imunify360"),
        ("imunify360", 415, &[], "<div id=\"x\">imunify360 preloader</div>"),
        ("SiteGround", 202, &["sg-captcha: challenge"], ""),
        ("SiteGround", 202, &[], "<meta http-equiv=\"refresh\" content=\"0;/.well-known/sgcaptcha/?r=%2F&y=ipr:192.0.2.1\">"),
        ("SiteGround", 403, &[], "Your access is restricted due to a security rule"),
        ("Vercel", 403, &["x-vercel-mitigated: deny"], "Forbidden"),
        ("Vercel", 429, &["x-vercel-mitigated: challenge"], ""),
        ("Vercel", 403, &[], "<title>Vercel Security Checkpoint</title>"),
        ("Azure Front Door", 403, &["x-azure-ref: 0abc"], "<h2>The request is blocked.</h2>0abc"),
        ("Azure Application Gateway", 403, &[], "<h1>403 Forbidden</h1><center>Microsoft-Azure-Application-Gateway/v2</center>"),
        ("ModSecurity", 406, &["server: Apache"], "Not Acceptable! ... This error was generated by Mod_Security."),
        ("ModSecurity", 403, &[], "... by the rules of the mod_security module."),
        ("ModSecurity", 501, &["server: Mod_Security"], ""),
        ("Wordfence", 503, &[], "<p>Generated by Wordfence at Mon, 1 Jan 2024</p>"),
        ("Wordfence", 503, &[], "Your access to this site has been limited by the site owner"),
        (
            "F5 BIG-IP",
            200,
            &[],
            "The requested URL was rejected. Please consult with your administrator.<br><br>Your support ID is: 1554988284",
        ),
        ("FortiWeb", 403, &[], "<style>.fgd_icon{}</style>"),
        ("FortiWeb", 500, &[], "<h2>Web Page Blocked!</h2>Attack ID: 20000008"),
        ("Anubis", 200, &[], "<script src=\"/.within.website/x/cmd/anubis/static/js/main.mjs\"></script>"),
        ("Anubis", 200, &[], "<script id=\"anubis_challenge\" type=\"application/json\">{}</script>"),
        ("QRATOR", 401, &["server: QRATOR"], ""),
        ("QRATOR", 401, &["server: nginx", "set-cookie: qrator_jsr"], ""),
        ("QRATOR", 403, &[], "<script src=\"/__qrator/qauth_utm_v2.js\"></script>"),
        ("QRATOR", 403, &["server: QRATOR"], ""),
        ("Akamai", 403, &["server: AkamaiGHost"], "<H1>Access Denied</H1>You don't have permission to access this. Reference&#32;&#35;18"),
        ("Akamai", 200, &[], "<div id=\"sec-if-cpt-container\"></div>Powered and protected by Akamai"),
        ("Akamai", 428, &[], "{\"sec-cp-challenge\": \"true\",\"provider\": \"recaptcha\"}"),
        ("Sucuri", 403, &["server: Sucuri/Cloudproxy"], ""),
        ("Sucuri", 403, &["server: nginx", "x-sucuri-id: 15012"], ""),
        ("Sucuri", 403, &["server: nginx", "x-sucuri-block: BOT"], ""),
        ("Sucuri", 200, &[], "<title>Sucuri WebSite Firewall - Access Denied</title>"),
        ("DDoS-Guard", 403, &["server: ddos-guard"], "<title>DDOS-GUARD</title>"),
        ("DDoS-Guard", 403, &["set-cookie: __ddg1_"], ""),
        ("DDoS-Guard", 200, &[], "<script src=\"/.well-known/ddos-guard/check\"></script>"),
        ("DataDome", 403, &["server: DataDome"], ""),
        ("DataDome", 403, &["x-dd-b: 1"], ""),
        ("DataDome", 403, &[], "<script src=\"https://ct.captcha-delivery.com/c.js\"></script>"),
        ("bunny.net", 403, &[], "Sorry, you have been blocked from viewing this page. Performance &amp; security by <a>bunny.net</a>"),
        ("bunny.net", 200, &[], "<script src=\"/.bunny-shield/assets/shield-challenge.js\"></script>"),
        ("HUMAN", 403, &[], "<div id=\"px-captcha\"></div>"),
        ("Kasada", 429, &["x-kpsdk-ct: 0abc"], ""),
        ("LiteSpeed", 200, &[], "<title>Bot Verification</title><form id=\"lsrecaptcha-form\">"),
        ("BitNinja", 200, &[], "<title>Visitor anti-robot validation</title>"),
        ("WP Cerber", 403, &[], "Your request looks suspicious or similar to automated requests from spam posting software"),
        ("Shield Security", 403, &[], "You were blocked by the Shield."),
        ("NinjaFirewall", 406, &[], "<title>NinjaFirewall: 406 Forbidden</title>"),
    ];

    /// What comes close and is what it says.
    const NOT: &[(u16, &[&str], &str)] = &[
        (403, &["server: nginx"], "<center><h1>403 Forbidden</h1></center><hr><center>nginx</center>"),
        (403, &["server: Apache"], "You don't have permission to access this resource."),
        (403, &["server: awselb/2.0"], ""),
        (403, &["server: BunnyCDN-DE1-722"], "The origin refuses."),
        (403, &["server: nginx"], "NinjaFirewall is a plugin of ours."),
        (403, &["x-azure-ref: 0abc"], "AuthorizationFailure"),
        (403, &["server: CloudFront", "x-cache: Error from cloudfront"], "<Code>AccessDenied</Code>"),
        (404, &["server: cloudflare", "cf-ray: 8f1-FRA"], "Not found"),
        (404, &["x-iinfo: 1-2-3 NNNN CT(1 2 3) RT(1 2) q(0 0 0 -1) r(1 1) U6", "set-cookie: visid_incap_1"], "Not found"),
        (404, &["server: Sucuri/Cloudproxy", "x-sucuri-id: 15012"], ""),
        (404, &["server: AkamaiGHost"], ""),
        (404, &["server: ddos-guard"], ""),
        (401, &["server: QRATOR", "www-authenticate: Basic realm=\"staging\""], ""),
        (401, &["server: nginx", "www-authenticate: Basic"], ""),
        (406, &["server: Apache"], "<h1>Not Acceptable</h1>An appropriate representation could not be found on this server."),
        (405, &["server: nginx"], "Method Not Allowed"),
        (202, &["server: nginx"], "Accepted"),
        (429, &["server: cloudflare"], "Too many requests"),
        (500, &["server: cloudflare", "cf-ray: 8f1-FRA"], "Internal Server Error"),
        (301, &["server: cloudflare", "location: https://www.example.com/"], ""),
        (200, &["server: cloudflare", "cf-ray: 8f1-FRA", "x-iinfo: 1-2-3", "set-cookie: __ddg1_"], "<html>Welcome</html>"),
        (200, &["server: nginx"], "<h2>Attack ID</h2> of the day"),
        // A policy is a policy, whoever stands in front of it.
        (200, &["server: imunify360-webshield/1.21"], "version: STSv1\nmode: none\nmax_age: 1\n"),
        (200, &["sg-captcha: challenge"], "version: STSv1\nmode: none\nmax_age: 1\nnote: /_Incapsula_Resource\n"),
    ];

    fn headers(texts: &[&str]) -> Vec<(String, Vec<u8>)> {
        let pair = |text: &&str| text.split_once(": ").map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec()));
        texts.iter().map(|text| pair(text).unwrap()).collect()
    }

    fn all_of(status: u16, texts: &[&str], body: &str) -> BTreeSet<usize> {
        let headers: Vec<(String, String)> =
            texts.iter().filter_map(|text| text.split_once(": ")).map(|(n, v)| (n.to_owned(), v.to_ascii_lowercase())).collect();
        let headers = headers.iter().map(|(name, value)| (name.as_str(), value.clone())).collect();
        let response = Response { status, headers, page: body.to_ascii_lowercase() };
        (0..).zip(MARKS.iter()).filter(|(_, mark)| mark.finds(&response).is_some()).map(|(row, _)| row).collect()
    }

    #[test]
    fn filters_are_told_by_what_they_send() {
        for (name, status, texts, body) in SEEN {
            let found = filter_of(Some(*status), &headers(texts), Some(body.as_bytes()));
            assert_eq!(found.as_ref().map(|filter| filter.name), Some(*name), "{status} {texts:?} {body}");
            let found = found.unwrap();
            assert!(found.header.is_some() || found.page.is_some(), "{found:?} says nothing of why");
        }
    }

    #[test]
    fn every_row_has_been_seen() {
        let seen: BTreeSet<usize> = SEEN.iter().flat_map(|(_, status, texts, body)| all_of(*status, texts, body)).collect();
        let unseen: Vec<&Mark> = (0..).zip(MARKS.iter()).filter(|(row, _)| !seen.contains(row)).map(|(_, mark)| mark).collect();
        assert!(unseen.is_empty(), "{unseen:#?}");
    }

    #[test]
    fn what_comes_close_is_no_filter() {
        for (status, texts, body) in NOT {
            assert_eq!(filter_of(Some(*status), &headers(texts), Some(body.as_bytes())), None, "{status} {texts:?} {body}");
        }
        assert_eq!(filter_of(None, &headers(&["cf-mitigated: challenge"]), None), None);
    }

    #[test]
    fn a_compressed_page_is_read() {
        let page = content_coding::encode(content_coding::Coding::Brotli, b"<script id=\"anubis_challenge\">").unwrap();
        assert_eq!(filter_of(Some(200), &headers(&["content-encoding: br"]), Some(&page)).unwrap().name, "Anubis");
    }

    #[test]
    fn every_row_is_read_and_its_headers_are_kept() {
        assert_eq!(TABLE.lines().next(), Some("filter,status,header,body,source"));
        assert_eq!(TABLE.lines().count() - 1, MARKS.len());
        for (line, mark) in TABLE.lines().skip(1).zip(MARKS.iter()) {
            let source = line.rsplit_once(",\"").unwrap().1;
            assert!(source.len() > 8 && source.ends_with('"'), "{line}");
            assert!(!(mark.headers.iter().all(|header| !header.wanted) && mark.body.is_empty()), "{line} is told by its status alone");
            assert!(mark.body.iter().all(|text| *text == text.to_lowercase() && text.len() > 7), "{line}");
            for header in &mark.headers {
                assert!(KEPT_HEADERS.contains(&header.name) && header.value == header.value.to_lowercase(), "{line}");
            }
        }
    }
}
