//! A case: what a domain publishes and, beside it, what a correct scan has to say of it.
//!
//! Every case begins as a domain where all is right; each step changes what is published and says by hand what follows.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use crate::classify::codes::{self, Code};

use super::packing::Packing;
use super::site::Dnssec;
use super::site::{Elsewhere, End, Exchange, Framing, Neighbour, Place, Reply, Response, Session, Shape, Site, Strings, Text};
use super::truth::{Expected, MailTruth, Truth};

/// A named situation of the lab.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its name, which is the first label of its domains in the zoo.
    pub name: &'static str,
    /// What is the matter with it, in one sentence.
    pub about: &'static str,
    /// What a correct scan says that asks no mail server.
    pub truth: Truth,
    /// Codes that it comes close to and does not have, so that a scan that is too eager is found out.
    pub near: Vec<Code>,
    /// Whether a scan has to wait for a time-out, or for a slow server, to see it.
    pub waits: bool,
    /// Whether it needs an IPv6 loopback.
    pub ipv6: bool,
    pub(crate) site: Site,
    /// What is true beside `truth` where the mail servers are asked.
    pub(crate) mail: MailTruth,
    policy: PolicyText,
    /// Whether the case is broken and has not said yet by what: the code that it names next is the one to fix first.
    names_cause: bool,
}

/// The policy in its parts, so that a step can change one of them.
#[derive(Clone, Debug)]
struct PolicyText {
    mode: &'static str,
    patterns: Vec<String>,
    max_age: &'static str,
    /// What ends a line: CRLF says the prose of RFC 8461 section 3.2, its ABNF allows LF.
    end: &'static str,
}

impl PolicyText {
    fn text(&self) -> Text {
        let end = self.end;
        let patterns: String = self.patterns.iter().map(|pattern| format!("mx: {pattern}{end}")).collect();
        format!("version: STSv1{end}mode: {}{end}{patterns}max_age: {}{end}", self.mode, self.max_age).into()
    }
}

/// A case where all is right; see the module.
pub(crate) fn case(name: &'static str, about: &'static str) -> Case {
    let policy =
        PolicyText { mode: "enforce", patterns: vec!["mx1.{d}".to_owned(), "mx2.{d}".to_owned()], max_age: "2592000", end: "\r\n" };
    let response = Response {
        version: "HTTP/1.1",
        status: 200,
        headers: vec![("Content-Type", "text/plain".into())],
        body: policy.text(),
        packing: Vec::new(),
        framing: Framing::Length,
        delay: Duration::ZERO,
    };
    let site = Site {
        zone: Dnssec::Unsigned,
        mx: Reply::records(vec![Exchange(10, "mx1.{d}".into()), Exchange(20, "mx2.{d}".into())]),
        sts: Reply::records(vec![vec!["v=STSv1; id=20240101T000000;".into()]]),
        tlsrpt: Reply::records(vec![vec!["v=TLSRPTv1; rua=mailto:tls-reports@{d}".into()]]),
        host_a: Reply::records(vec![Place::Own]),
        host_aaaa: Reply::records(Vec::new()),
        session: Session::Modern,
        certificate: Shape::Valid,
        response,
        elsewhere: Vec::new(),
        neighbours: Vec::new(),
    };
    Case {
        name,
        about,
        truth: Truth::protected(name),
        near: Vec::new(),
        waits: false,
        ipv6: false,
        site,
        mail: MailTruth::default(),
        policy,
        names_cause: false,
    }
}

/// What is published.
impl Case {
    /// The MTA-STS record: one TXT of one string.
    pub(crate) fn sts(self, record: impl Into<Text>) -> Self {
        self.sts_set(vec![vec![record.into()]])
    }

    /// All TXT records at `_mta-sts`, each a list of strings.
    pub(crate) fn sts_set(mut self, records: Vec<Strings>) -> Self {
        self.site.sts.records = records;
        self
    }

    pub(crate) fn sts_end(mut self, end: End) -> Self {
        self.site.sts = Reply::end(end);
        self
    }

    pub(crate) fn sts_cname(mut self, targets: &[&'static str]) -> Self {
        self.site.sts.cname = targets.iter().map(|&target| target.into()).collect();
        self
    }

    /// The TLSRPT record: one TXT of one string.
    pub(crate) fn tlsrpt(self, record: impl Into<Text>) -> Self {
        self.tlsrpt_set(vec![vec![record.into()]])
    }

    pub(crate) fn tlsrpt_set(mut self, records: Vec<Strings>) -> Self {
        self.site.tlsrpt.records = records;
        self
    }

    pub(crate) fn tlsrpt_end(mut self, end: End) -> Self {
        self.site.tlsrpt = Reply::end(end);
        self
    }

    pub(crate) fn tlsrpt_cname(mut self, target: &'static str) -> Self {
        self.site.tlsrpt.cname = vec![target.into()];
        self
    }

    /// MX hosts, the preferences 10, 20, 30 ...
    pub(crate) fn mx(mut self, hosts: &[&'static str]) -> Self {
        self.site.mx.records = hosts.iter().zip(1..).map(|(&host, place)| Exchange(place * 10, host.into())).collect();
        self
    }

    pub(crate) fn mx_bytes(mut self, host: &'static [u8]) -> Self {
        self.site.mx.records = vec![Exchange(10, host.into())];
        self
    }

    pub(crate) fn mx_end(mut self, end: End) -> Self {
        self.site.mx = Reply::end(end);
        self
    }

    /// The policy's mode; a mode other than enforce changes what a sender does.
    pub(crate) fn mode(mut self, mode: &'static str) -> Self {
        self.policy.mode = mode;
        self.site.response.body = self.policy.text();
        match mode {
            "testing" => self.code(codes::STS_MODE_TESTING).posture("testing").delivery("reported"),
            "none" => self.code(codes::STS_MODE_NONE).posture("none").delivery("opportunistic"),
            _ => self,
        }
    }

    /// Every answer that does not say otherwise is signed.
    pub(crate) fn signed(mut self) -> Self {
        self.site.zone = Dnssec::Secure;
        self
    }

    /// The policy's `mx` lines.
    pub(crate) fn patterns(mut self, patterns: &[&str]) -> Self {
        self.policy.patterns = patterns.iter().map(|&pattern| pattern.to_owned()).collect();
        self.site.response.body = self.policy.text();
        self
    }

    pub(crate) fn max_age(mut self, max_age: &'static str) -> Self {
        self.policy.max_age = max_age;
        self.site.response.body = self.policy.text();
        self
    }

    /// LF ends the lines of the policy.
    pub(crate) fn lf(mut self) -> Self {
        self.policy.end = "\n";
        self.site.response.body = self.policy.text();
        self.code(codes::STS_POLICY_EOL_LF)
    }

    /// The policy's exact text.
    pub(crate) fn body(mut self, body: impl Into<Text>) -> Self {
        self.site.response.body = body.into();
        self
    }

    pub(crate) fn host_end(mut self, end: End) -> Self {
        self.site.host_a = Reply::end(end);
        self.site.host_aaaa = Reply::end(end);
        self
    }

    pub(crate) fn host_at(mut self, address: Ipv4Addr) -> Self {
        self.site.host_a.records = vec![Place::At(address)];
        self
    }

    pub(crate) fn host_aaaa(mut self, address: Ipv6Addr) -> Self {
        self.site.host_aaaa.records = vec![address];
        self
    }

    pub(crate) fn host_cname(mut self, targets: &[&'static str]) -> Self {
        let targets: Vec<Text> = targets.iter().map(|&target| target.into()).collect();
        self.site.host_a.cname = targets.clone();
        self.site.host_aaaa.cname = targets;
        self
    }

    pub(crate) fn session(mut self, session: Session) -> Self {
        self.site.session = session;
        self
    }

    pub(crate) fn certificate(mut self, certificate: Shape) -> Self {
        self.site.certificate = certificate;
        self
    }

    pub(crate) fn status(mut self, status: u16) -> Self {
        self.site.response.status = status;
        self
    }

    pub(crate) fn header(mut self, name: &'static str, value: &'static str) -> Self {
        self.site.response.headers.push((name, value.into()));
        self
    }

    pub(crate) fn content_type(mut self, value: &'static str) -> Self {
        self.site.response.headers = vec![("Content-Type", value.into())];
        self
    }

    /// The body compressed, or otherwise changed, and a header that says so.
    pub(crate) fn packed(mut self, declared: &'static str, packing: &[Packing]) -> Self {
        self.site.response.packing = packing.to_vec();
        self.header("Content-Encoding", declared).code(codes::STS_FETCH_CONTENT_ENCODING)
    }

    /// A filter against robots answers in place of the policy host, with this page.
    pub(crate) fn filtered(self, status: u16, page: &'static str) -> Self {
        let case = self.status(status).content_type("text/html").body(page);
        case.policy_not_now("http").delivery("unknown").code(codes::STS_FETCH_UA_FILTERED)
    }

    pub(crate) fn framing(mut self, framing: Framing) -> Self {
        self.site.response.framing = framing;
        self
    }

    /// Another name of the domain, or below it, that is unlike others.
    pub(crate) fn neighbour(mut self, neighbour: Neighbour) -> Self {
        self.site.neighbours.push(neighbour);
        self
    }

    /// Further addresses of the policy host, after its own.
    pub(crate) fn also_at(mut self, addresses: &[Ipv4Addr]) -> Self {
        self.site.host_a.records.extend(addresses.iter().map(|address| Place::At(*address)));
        self
    }

    /// What the policy host serves now, in another place.
    pub(crate) fn served(self, place: Elsewhere) -> Self {
        let response = Response { status: 200, ..self.site.response.clone() };
        self.serving(place, response.status, response.body)
    }

    /// Something else in another place.
    pub(crate) fn serving(mut self, place: Elsewhere, status: u16, body: impl Into<Text>) -> Self {
        let response = Response { status, body: body.into(), ..self.site.response.clone() };
        self.site.elsewhere.push((place, response));
        self
    }

    /// Any other change of what is published.
    pub(crate) fn site(mut self, change: impl FnOnce(&mut Site)) -> Self {
        change(&mut self.site);
        self
    }

    /// A scan has to wait to see this case.
    pub(crate) fn waits(mut self) -> Self {
        self.waits = true;
        self
    }

    pub(crate) fn needs_ipv6(mut self) -> Self {
        self.ipv6 = true;
        self
    }
}

/// What follows.
impl Case {
    pub(crate) fn code(mut self, code: Code) -> Self {
        self.truth.add(code);
        if self.names_cause { self.cause(code) } else { self }
    }

    pub(crate) fn codes(self, codes: &[Code]) -> Self {
        codes.iter().fold(self, |case, code| case.code(*code))
    }

    /// Of a broken case the code to fix first, where it is not the one that is named next.
    pub(crate) fn cause(mut self, code: Code) -> Self {
        self.names_cause = false;
        self.truth(|t| t.cause = Expected::Is(code.as_str()))
    }

    /// A code that it comes close to and does not have.
    pub(crate) fn near(mut self, code: Code) -> Self {
        self.near.push(code);
        self
    }

    /// Any other statement about the columns.
    pub(crate) fn truth(mut self, change: impl FnOnce(&mut Truth)) -> Self {
        change(&mut self.truth);
        self
    }

    fn posture(mut self, posture: &'static str) -> Self {
        self.names_cause = posture == "broken";
        self.truth(|t| {
            t.posture = Expected::Is(posture);
            t.cause = Expected::Null;
        })
    }

    /// What senders do, the strict and the forgiving.
    pub(crate) fn delivery(self, delivery: &'static str) -> Self {
        self.truth(|t| {
            t.delivery = Expected::Is(delivery);
            t.delivery_lenient = Expected::Is(delivery);
        })
    }

    /// What forgiving senders do.
    pub(crate) fn lenient(self, delivery: &'static str) -> Self {
        self.truth(|t| t.delivery_lenient = Expected::Is(delivery))
    }

    /// No MTA-STS record and no policy host: nothing is fetched, mail goes as it always did.
    pub(crate) fn no_record(self) -> Self {
        let case = self.host_end(End::Nxdomain).posture("absent").delivery("opportunistic").unfetched();
        case.truth(|t| t.sts_state = Expected::Is("absent"))
    }

    /// Whether there is an MTA-STS record cannot be known.
    pub(crate) fn unknown_record(self) -> Self {
        let case = self.code(codes::STS_RECORD_DNS_ERROR).posture("unknown").delivery("unknown").unfetched();
        case.truth(|t| t.sts_state = Expected::Is("unknown"))
    }

    fn unfetched(self) -> Self {
        self.truth(|t| {
            t.policy_stage = Expected::Null;
            t.mx_coverage = Expected::Null;
            t.mismatch = Expected::Null;
        })
    }

    /// Text meant as an MTA-STS record that is none to a sender that follows the RFC. The policy behind it is fetched.
    pub(crate) fn bad_record(self) -> Self {
        let case = self.posture("broken").delivery("opportunistic").lenient_differs();
        case.truth(|t| t.sts_state = Expected::Is("invalid"))
    }

    /// The policy cannot be retrieved, for a reason that is the domain's (RFC 8461 section 3.3: as if there were none).
    pub(crate) fn no_policy(self, stage: &'static str) -> Self {
        let case = self.posture("broken").delivery("opportunistic");
        case.no_comparison().truth(|t| t.policy_stage = Expected::Is(stage))
    }

    /// The policy cannot be retrieved for now: a strict sender does without, but it says little of the domain.
    pub(crate) fn policy_not_now(self, stage: &'static str) -> Self {
        self.no_policy(stage).posture("unknown").delivery_open()
    }

    /// Our library cannot retrieve the policy, and senders with another one may: neither posture nor delivery is known.
    pub(crate) fn beyond_our_library(self) -> Self {
        self.no_policy("tls").posture("unknown").delivery("unknown")
    }

    /// The text is no valid policy. What forgiving senders do with it differs.
    pub(crate) fn bad_policy(self) -> Self {
        self.no_policy("syntax").lenient_differs()
    }

    /// The text is no valid policy, but forgiving senders read it as if all were right.
    pub(crate) fn bad_policy_read_by_some(self) -> Self {
        self.bad_policy().lenient("protected")
    }

    /// Whether and how the MX hosts are compared with the policy is left open.
    pub(crate) fn no_comparison(self) -> Self {
        self.truth(|t| {
            t.mx_coverage = Expected::Anything;
            t.mismatch = Expected::Anything;
        })
    }

    /// What senders do is left open.
    pub(crate) fn delivery_open(self) -> Self {
        self.lenient_differs().truth(|t| t.delivery = Expected::Anything)
    }

    /// Forgiving senders do not agree with each other.
    pub(crate) fn lenient_differs(self) -> Self {
        self.truth(|t| t.delivery_lenient = Expected::Anything)
    }

    /// Several records, which count as none; some senders take the first.
    pub(crate) fn multiple_records(self) -> Self {
        self.bad_record().truth(|t| t.sts_state = Expected::Is("multiple"))
    }

    /// The MX hosts cannot be known, so neither can what becomes of mail.
    pub(crate) fn unknown_mx(self) -> Self {
        let case = self.mx_state("unknown").delivery("unknown").no_comparison();
        case.lenient_differs()
    }

    pub(crate) fn coverage(self, coverage: &'static str, mismatch: &'static str) -> Self {
        self.truth(|t| {
            t.mx_coverage = Expected::Is(coverage);
            t.mismatch = Expected::Is(mismatch);
        })
    }

    pub(crate) fn mx_state(self, state: &'static str) -> Self {
        self.truth(|t| t.mx_state = Expected::Is(state))
    }

    pub(crate) fn tlsrpt_state(self, state: &'static str) -> Self {
        self.truth(|t| t.tlsrpt_state = Expected::Is(state))
    }

    /// No TLSRPT record at the name.
    pub(crate) fn no_tlsrpt(self) -> Self {
        self.tlsrpt_set(Vec::new()).no_tlsrpt_record()
    }

    /// What is at the name of the TLSRPT record, if anything, is none.
    pub(crate) fn no_tlsrpt_record(self) -> Self {
        self.code(codes::TLSRPT_ABSENT).tlsrpt_state("absent")
    }
}
