//! Domains that publish what would act on a terminal, a web page, a spreadsheet or a reader of XML, in every place where a scan reads a text.
//!
//! No truth is written for them: what counts is not how they are judged but that whatever shows the judgement shows text and nothing else.

use super::asked::Asked;
use super::case::{Case, case};
use super::site::{Exchange, Shape, Text};
use super::truth::Truth;
use super::world::{Found, World, find_case};

/// What is published, in turn. Those with a `\n` or an escape character cannot stand in a header.
const TEXTS: [&[u8]; 14] = [
    b"<script>document.title='owned'</script>",
    b"\"><img src=x onerror=\"document.title='owned'\">",
    b"</script><script src=https://evil.example/x.js></script>",
    b"</pre></details></main><iframe src=https://evil.example></iframe>",
    b"' onmouseover='document.title=1' x='`${7*7}`{{7*7}}",
    b"<svg/onload=document.title='owned'><style>*{display:none}</style>",
    b"<link rel=stylesheet href=https://evil.example/x.css><base href=https://evil.example/>",
    "\u{202e}txt.lortnoc\u{2066}\u{200b}\u{61c}\u{feff}".as_bytes(),
    b"\x1b[31mred\x1b]0;owned\x07\x9b2J\x08\x7f\r\n<b>bold</b>",
    b"=HYPERLINK(\"https://evil.example\",\"x\")",
    b"@SUM(1+1)*cmd|'/C calc'!A0",
    b"]]><!-- --><![CDATA[ &amp; &#0; &lt; \xef\xbf\xbe \xed\xa0\x80",
    b"\xff\xfe<\x00>\xc3(",
    b"javascript:alert(document.domain)",
];

/// Kinds of domains, each once for every text.
const KINDS: [&str; 3] = ["record", "policy", "long"];

/// Every text in every place.
#[derive(Debug)]
pub(super) struct Hostile;

impl World for Hostile {
    fn names(&self) -> u64 {
        (TEXTS.len() * KINDS.len()) as u64
    }

    fn listed(&self, place: u64) -> String {
        let kind = KINDS.get((place / TEXTS.len() as u64) as usize).copied().unwrap_or("record");
        format!("{kind}-{:02}.test", place % TEXTS.len() as u64)
    }

    fn truth(&self, _domain: &str, _asked: Asked) -> Option<Truth> {
        None
    }

    fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        find_case(name, find)
    }
}

/// The case of a domain; `None` for a name that is no domain of this world.
fn find(domain: &str) -> Option<Case> {
    let (kind, number) = domain.strip_suffix(".test")?.split_once('-')?;
    let text = TEXTS.get(number.parse::<usize>().ok()?)?;
    match kind {
        "record" => Some(record(text)),
        "policy" => Some(policy(text)),
        "long" => Some(long(text)),
        _ => None,
    }
}

fn joined(parts: &[&[u8]]) -> Text {
    parts.concat().into()
}

/// In both records.
fn record(text: &[u8]) -> Case {
    let sts = vec![joined(&[b"v=STSv1; id=1; x=", text])];
    let unrelated = vec![joined(&[text])];
    let tlsrpt = vec![joined(&[b"v=TLSRPTv1; rua=mailto:", text, b"@{d},https://", text])];
    case("record", "Hostile text in the records.").site(|site| {
        site.sts.records = vec![sts, unrelated];
        site.tlsrpt.records = vec![tlsrpt];
    })
}

/// In the policy, the headers, the certificate and the name of an MX host.
fn policy(text: &[u8]) -> Case {
    let label: Vec<u8> = text.iter().map(|byte| if *byte == b'.' { b'-' } else { *byte }).take(50).collect();
    let body = joined(&[b"version: STSv1\nmode: enforce\nmx: ", text, b"\nmx: mx1.{d}\nmax_age: 86400\n", text, b": ", text, b"\n"]);
    let fits_a_header = !text.iter().any(|byte| byte.is_ascii_control());
    case("policy", "Hostile text in the policy and its surroundings.").site(|site| {
        site.mx.records = vec![Exchange(10, "mx1.{d}".into()), Exchange(20, joined(&[&label, b".{d}"]))];
        site.response.body = body;
        if fits_a_header {
            site.response.headers = ["Content-Type", "Server", "X-Powered-By"].map(|name| (name, joined(&[text]))).to_vec();
        }
        site.certificate =
            if text.is_ascii() { Shape::Names(vec![joined(&[text]), "mta-sts.{d}".into()]) } else { Shape::Called(joined(&[text])) };
    })
}

/// In a policy whose one line is as long as a policy may be, and in a redirect.
fn long(text: &[u8]) -> Case {
    let body = joined(&[b"mode: ", &text.repeat(65_000 / text.len())]);
    let fits_a_header = !text.iter().any(|byte| byte.is_ascii_control());
    case("long", "Hostile text without end.").status(if fits_a_header { 302 } else { 200 }).site(|site| {
        site.response.body = body;
        if fits_a_header {
            site.response.headers.push(("Location", joined(&[text])));
        }
    })
}
