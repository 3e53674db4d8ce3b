//! What asking one server once brought, an answer or why there is none, and how often a question is asked before its lookup fails: one
//! loop for the resolvers of the bulk engine and for the encrypted ones.

use std::net::SocketAddr;
use std::ops::Deref;
use std::time::Duration;

use thiserror::Error;
use tokio::time::Instant;

use super::answer::{self, Answer, ResourceRecord};
use super::counters::DnsCounters;
use super::extended_error;
use super::health::{Health, Watched};
use super::message::{Header, Message, NOERROR, NXDOMAIN, Question, REFUSED, SERVFAIL};
use crate::evidence::{ExtendedError, Lookup, Outcome};

/// Why a question to a server brought nothing to go on with.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub(super) enum Failure {
    /// No answer in time, or nobody listens.
    #[error("{0}")]
    Silence(String),
    /// This machine could not ask.
    #[error("{0}")]
    Local(String),
    /// The server is on the opt-out list.
    #[error("the name server is on the opt-out list")]
    Excluded,
    /// An answer that is none: unreadable, or of a server that does not know the zone.
    #[error("{0}")]
    Unusable(String),
    /// The way to a server could not be found, which a resolver would call SERVFAIL.
    #[error("{0}")]
    Unresolved(String),
    /// The server answered with an error.
    #[error("answers {}", rcode_name(*.0))]
    Rcode(u16),
}

impl Failure {
    /// The outcome of a lookup that ends so, its response code and its particulars.
    pub(super) fn outcome(self) -> (Outcome, Option<u16>, Option<String>) {
        match self {
            Self::Silence(text) => (Outcome::Timeout, None, Some(text)),
            Self::Local(text) => (Outcome::LocalError, None, Some(text)),
            Self::Excluded => (Outcome::Excluded, None, Some(self.to_string())),
            Self::Unusable(text) => (Outcome::Malformed, None, Some(text)),
            Self::Unresolved(text) => (Outcome::Servfail, None, Some(text)),
            Self::Rcode(SERVFAIL) => (Outcome::Servfail, Some(SERVFAIL), None),
            Self::Rcode(REFUSED) => (Outcome::Refused, Some(REFUSED), None),
            Self::Rcode(rcode) => (Outcome::OtherRcode, Some(rcode), None),
        }
    }

    /// Which of two failures says more.
    pub(super) fn weight(&self) -> u8 {
        match self {
            Self::Silence(_) => 0,
            Self::Local(_) => 1,
            Self::Excluded => 2,
            Self::Unresolved(_) => 3,
            Self::Unusable(_) => 4,
            Self::Rcode(_) => 5,
        }
    }
}

fn rcode_name(rcode: u16) -> String {
    match rcode {
        SERVFAIL => "SERVFAIL".to_owned(),
        REFUSED => "REFUSED".to_owned(),
        other => format!("response code {other}"),
    }
}

/// What one resolver brought.
pub(super) struct Attempt<R> {
    /// What became of the question.
    pub(super) outcome: Outcome,
    detail: Option<String>,
    rcode: Option<u16>,
    authenticated: Option<bool>,
    tcp: bool,
    /// How long the answer took.
    pub(super) rtt: Option<Duration>,
    answer: Option<Answer<R>>,
    extended_error: Option<Box<ExtendedError>>,
    /// Queries sent for it.
    pub(super) sent: u16,
    /// Who was asked.
    pub(super) resolver: Option<SocketAddr>,
    /// How long an answer was waited for without success; zero where the failure was reported at once.
    pub(super) waited: Duration,
}

impl<R> Attempt<R> {
    /// An attempt without an answer.
    pub(super) fn failed(outcome: Outcome, rcode: Option<u16>, detail: Option<String>) -> Self {
        Self {
            outcome,
            detail,
            rcode,
            authenticated: None,
            tcp: false,
            rtt: None,
            answer: None,
            extended_error: None,
            sent: 0,
            resolver: None,
            waited: Duration::ZERO,
        }
    }

    /// Whether no other resolver needs to be asked: the question is settled, or the answer says who has to be asked next.
    pub(super) fn is_final(&self) -> bool {
        self.outcome.is_conclusive() || self.is_alias_alone()
    }

    /// Whether the answer is an alias without what it leads to, the only answer that is kept of those that do not count.
    fn is_alias_alone(&self) -> bool {
        self.outcome == Outcome::Malformed && self.answer.is_some()
    }

    /// Which of two attempts says more.
    pub(super) fn weight(&self) -> u8 {
        match self.outcome {
            outcome if outcome.is_conclusive() => 4,
            Outcome::Servfail | Outcome::Refused | Outcome::OtherRcode => 3,
            Outcome::Malformed => 2,
            Outcome::LocalError => 1,
            _ => 0,
        }
    }

    /// Notes the attempt as what became of a lookup.
    pub(super) fn fill(self, lookup: &mut Lookup<R>) {
        lookup.outcome = self.outcome;
        lookup.detail = self.detail;
        lookup.rcode = self.rcode;
        lookup.authenticated = self.authenticated;
        lookup.tcp = self.tcp;
        lookup.rtt_us = self.rtt.map(micros);
        lookup.resolver = self.resolver;
        lookup.extended_error = self.extended_error;
        if let Some(answer) = self.answer {
            (lookup.cname_chain, lookup.records, lookup.ttl) = (answer.chain, answer.records, answer.ttl);
        }
    }
}

impl<R> From<Failure> for Attempt<R> {
    fn from(failure: Failure) -> Self {
        let (outcome, rcode, detail) = failure.outcome();
        Self::failed(outcome, rcode, detail)
    }
}

fn micros(rtt: Duration) -> u32 {
    u32::try_from(rtt.as_micros()).unwrap_or(u32::MAX)
}

/// Notes a first reply that only says that there is nothing, as most do: what [`interpret`] and [`Attempt::fill`] come to, for a tenth of the steps.
/// `false` for any other.
pub(super) fn note_denial<R>(message: &Message, resolver: SocketAddr, lookup: &mut Lookup<R>) -> bool {
    let outcome = match message.rcode {
        NOERROR => Outcome::Nodata,
        NXDOMAIN => Outcome::Nxdomain,
        _ => return false,
    };
    let is_denial = message.header.answers == 0 && message.whole && message.hearsay.is_none() && !message.header.is_truncated();
    if is_denial {
        (lookup.outcome, lookup.rcode, lookup.authenticated) = (outcome, Some(message.rcode), Some(message.header.is_authenticated()));
        (lookup.rtt_us, lookup.resolver, lookup.attempts) = (Some(micros(message.rtt)), Some(resolver), 1);
    }
    is_denial
}

/// What a reply says. Negative answers without records are not decoded further.
pub(super) fn interpret<R: ResourceRecord>(message: &Message, tcp: bool) -> Attempt<R> {
    let mut attempt = Attempt::failed(Outcome::Malformed, Some(message.rcode), None);
    (attempt.authenticated, attempt.tcp, attempt.rtt) = (Some(message.header.is_authenticated()), tcp, Some(message.rtt));
    attempt.outcome = match message.rcode {
        NOERROR | NXDOMAIN => {
            match records(message) {
                Ok(answer) => attempt.answer = answer,
                Err(fault) => {
                    attempt.detail = Some(fault.to_owned());
                    return attempt;
                }
            }
            let (octets, records) = (&message.octets, message.header.records());
            attempt.extended_error = extended_error::read_beside_answer(octets, message.question_end, records);
            let found = attempt.answer.as_ref().map(|answer| (answer.records.is_empty(), answer.chain.is_empty()));
            match (message.rcode, found) {
                (NXDOMAIN, _) => Outcome::Nxdomain,
                (_, Some((false, _))) => Outcome::Noerror,
                // A resolver says that there is nothing behind an alias by an SOA (RFC 2308 section 2.2).
                (_, Some((true, false))) if !message.has_soa() => {
                    attempt.detail = Some("an alias without what it leads to".to_owned());
                    Outcome::Malformed
                }
                (_, None | Some((true, _))) => Outcome::Nodata,
            }
        }
        rcode => {
            attempt.extended_error = extended_error::read(&message.octets, message.question_end, message.header.records());
            match rcode {
                SERVFAIL => Outcome::Servfail,
                REFUSED => Outcome::Refused,
                _ => Outcome::OtherRcode,
            }
        }
    };
    attempt
}

/// The answer section of a success or an NXDOMAIN; the latter may hold the CNAMEs that led there, but no record.
fn records<R: ResourceRecord>(message: &Message) -> Result<Option<Answer<R>>, &'static str> {
    if message.header.is_truncated() {
        return Err("truncated answer over TCP");
    }
    if let Some(why) = message.hearsay {
        return Err(why);
    }
    let mut answer = None;
    if message.header.answers > 0 {
        answer = Some(answer::read(&message.octets, message.question_end, message.header.answers)?);
    }
    if !message.whole {
        return Err("message that is cut or goes on behind its last record");
    }
    if let Some(answer) = answer.as_mut().filter(|_| message.rcode == NXDOMAIN) {
        answer.records = Vec::new();
    }
    Ok(answer)
}

/// What a message says as the reply to a question for records at a name; `None` where it answers something else.
pub(super) fn read<R: ResourceRecord>(name: &str, octets: &[u8], tcp: bool, rtt: Duration) -> Option<Attempt<R>> {
    let question = Question::new(name, R::TYPE).ok()?;
    let message = Message::accept(Header::read(octets)?, octets, &question, rtt)?;
    Some(interpret(&message, tcp))
}

/// What a lookup makes of a message as the reply to its question, without any network; `None` where it answers something else.
/// For the fuzzer.
#[doc(hidden)]
pub fn read_reply<R: ResourceRecord>(name: &str, octets: &[u8], tcp: bool) -> Option<Lookup<R>> {
    let mut lookup = Lookup::unsent(name.to_owned(), Outcome::Malformed);
    read(name, octets, tcp, Duration::ZERO)?.fill(&mut lookup);
    Some(lookup)
}

/// Attempts of one lookup that do not count because their resolver had died: a bound where resolvers come and go without end.
pub(super) const MAX_IN_VAIN: u32 = 50;

/// How often and how long is asked before a lookup fails; the same for all three ways of asking.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RetryConfig {
    /// How long an attempt waits for its answer, from the moment its query leaves; TCP after truncation waits as long again. Encrypted
    /// resolvers have as long for their connection, too. From the root it is the wait for one name server, and a lookup may take twice as
    /// long for each of its tries, and what our own limits make it wait besides.
    pub timeout: Duration,
    /// Attempts a lookup has before it fails, each on another resolver where there is one, or from what is known by then; at least 1.
    pub tries: u16,
    /// How long to wait when nobody answers at all: `None` means without limit. Zero is not to ask whether a silent resolver is alive: every
    /// silence counts against the name.
    pub patience: Option<Duration>,
}

impl Default for RetryConfig {
    /// 2 s, 3 tries, no limit.
    fn default() -> Self {
        Self { timeout: Duration::from_secs(2), tries: 3, patience: None }
    }
}

/// The attempts of one lookup.
pub(super) struct Retry<'a, W> {
    /// Whom to ask.
    pub(super) health: &'a Health<W>,
    pub(super) counters: &'a DnsCounters,
    pub(super) config: RetryConfig,
    /// Whose turn it is to be asked first.
    pub(super) turn: usize,
}

impl<W: Deref<Target: Watched>> Retry<'_, W> {
    /// Asks resolvers by `ask`, beginning with `first` if it has been chosen already, until the question is settled or has had all its
    /// attempts.
    ///
    /// Positive and negative answers are final. Anything else is tried again on the next resolver; if no attempt brings an answer,
    /// the last response code is kept before an unreadable answer, that before a fault of this machine, and that before silence. An attempt
    /// on a resolver that has died does not count, and neither does one that `ask` gives up without a result: it is made again on another
    /// one, or when one is back.
    pub(super) async fn run<R>(&self, lookup: &mut Lookup<R>, mut first: Option<&W>, mut ask: impl AsyncFnMut(&W) -> Option<Attempt<R>>) {
        let (mut sent, mut number, mut in_vain, mut weight) = (0_u16, 0_u16, 0, None);
        while number < self.config.tries.max(1) {
            let next = match first.take() {
                Some(first) => Some(first),
                None => self.health.wait(self.turn.wrapping_add(number.into()), self.config.patience).await,
            };
            let Some(resolver) = next else {
                if weight.is_none() {
                    (lookup.outcome, lookup.detail) = (Outcome::Timeout, Some("no resolver answers".to_owned()));
                }
                break;
            };
            let begun = Instant::now();
            let Some(attempt) = ask(resolver).await else { continue };
            sent = sent.saturating_add(attempt.sent);
            let conclusive = attempt.is_final();
            self.counters.malformed.add(usize::from(attempt.outcome == Outcome::Malformed && !conclusive));
            let counts = conclusive || in_vain == MAX_IN_VAIN || self.counts(&attempt, resolver, begun).await;
            if weight <= Some(attempt.weight()) {
                weight = Some(attempt.weight());
                attempt.fill(lookup);
            }
            if conclusive {
                break;
            }
            (number, in_vain) = if counts { (number + 1, in_vain) } else { (number, in_vain + 1) };
            self.counters.retries.add(usize::from(number < self.config.tries));
        }
        lookup.attempts = sent;
    }

    /// Whether an attempt that settled nothing says something about the name: not if its resolver is dead, or was while it was asked. Signs
    /// of life from the later half of the wait count: earlier ones may be from before it died.
    async fn counts<R>(&self, attempt: &Attempt<R>, resolver: &W, begun: Instant) -> bool {
        let undecided = matches!(attempt.outcome, Outcome::Timeout | Outcome::LocalError);
        if !undecided || self.config.patience == Some(Duration::ZERO) {
            return true;
        }
        let now = Instant::now();
        let since = now.checked_sub(attempt.waited / 2).unwrap_or(now);
        self.health.is_alive(resolver.liveness(), since).await && !self.health.was_benched_since(resolver.liveness(), begun)
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::net::Ipv4Addr;
    use std::sync::Arc;

    use tokio::time::sleep;

    use super::super::health::Liveness;
    use super::*;

    #[test]
    fn no_failure_is_a_fact_about_a_domain() {
        let failures = [Failure::Silence(String::new()), Failure::Local(String::new()), Failure::Excluded, Failure::Rcode(9)];
        let more = [Failure::Unusable(String::new()), Failure::Unresolved(String::new()), Failure::Rcode(2), Failure::Rcode(3)];
        for failure in failures.into_iter().chain(more) {
            assert!(!failure.clone().outcome().0.is_conclusive(), "{failure:?}");
        }
    }

    #[test]
    fn a_denial_is_noted_as_it_is_interpreted() {
        let resolver = ([127, 0, 0, 1], 53).into();
        let question = Question::new("a.test", 1).unwrap();
        let mut query = Vec::new();
        question.write_query(7, true, &mut query);
        for (flags, behind, is_denial) in [
            ([0x81, 0x80], &b""[..], true),
            ([0x81, 0xa3], b"", true),
            ([0x83, 0x80], b"", false),
            ([0x81, 0x00], b"", false),
            ([0x81, 0x80], b"x", false),
            ([0x81, 0x82], b"", false),
        ] {
            let octets = [&query[..2], &flags, &query[4..], behind].concat();
            let message = Message::accept(Header::read(&octets).unwrap(), &octets, &question, TIMEOUT).unwrap();
            let mut noted = unsent();
            assert_eq!(note_denial(&message, resolver, &mut noted), is_denial, "{flags:?}");
            let mut interpreted = unsent();
            if is_denial {
                let mut attempt = interpret(&message, false);
                attempt.resolver = Some(resolver);
                attempt.fill(&mut interpreted);
                interpreted.attempts = 1;
            }
            assert_eq!(noted, interpreted);
        }
    }

    const TIMEOUT: Duration = Duration::from_secs(2);

    /// A resolver that does not ask anybody.
    struct Resolver {
        number: usize,
        liveness: Liveness,
    }

    impl Watched for Resolver {
        fn liveness(&self) -> &Liveness {
            &self.liveness
        }
    }

    fn health(resolvers: usize) -> Health<Arc<Resolver>> {
        Health::new((0..resolvers).map(|number| Arc::new(Resolver { number, liveness: Liveness::default() })).collect())
    }

    fn config(tries: u16, patience: Option<Duration>) -> RetryConfig {
        RetryConfig { timeout: TIMEOUT, tries, patience }
    }

    fn said(outcome: Outcome) -> Attempt<Ipv4Addr> {
        let mut attempt = Attempt::failed(outcome, None, Some(outcome.to_string()));
        attempt.sent = 1;
        attempt
    }

    async fn silence() -> Attempt<Ipv4Addr> {
        sleep(TIMEOUT).await;
        let mut attempt = said(Outcome::Timeout);
        attempt.waited = TIMEOUT;
        attempt
    }

    fn unsent() -> Lookup<Ipv4Addr> {
        Lookup::unsent("a.test".to_owned(), Outcome::LocalError)
    }

    #[tokio::test(start_paused = true)]
    async fn each_try_goes_to_the_next_resolver_and_the_best_result_is_kept() {
        let (health, counters, asked) = (health(3), DnsCounters::default(), RefCell::new(Vec::new()));
        let retry = Retry { health: &health, counters: &counters, config: config(4, Some(Duration::ZERO)), turn: 1 };
        let mut lookup = unsent();
        let ask = async |resolver: &Arc<Resolver>| {
            asked.borrow_mut().push(resolver.number);
            let outcomes = [Outcome::Malformed, Outcome::Servfail, Outcome::Timeout, Outcome::LocalError];
            outcomes.get(asked.borrow().len() - 1).copied().map(said)
        };
        retry.run(&mut lookup, None, ask).await;
        assert_eq!(asked.take(), [1, 2, 0, 1]);
        assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Servfail, 4));
        assert_eq!((counters.totals().retries, counters.totals().activity.malformed), (3, 1));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_is_final_and_a_resolver_that_was_chosen_is_asked_first() {
        let (health, counters) = (health(2), DnsCounters::default());
        let retry = Retry { health: &health, counters: &counters, config: config(3, None), turn: 0 };
        let mut lookup = unsent();
        let ask = async |resolver: &Arc<Resolver>| Some(said(if resolver.number == 1 { Outcome::Nxdomain } else { Outcome::Servfail }));
        retry.run(&mut lookup, health.members().last(), ask).await;
        assert_eq!((lookup.outcome, lookup.attempts, counters.totals().retries), (Outcome::Nxdomain, 1, 0));
    }

    #[tokio::test(start_paused = true)]
    async fn attempts_on_a_dead_resolver_do_not_count_and_its_return_is_waited_for() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let begun = Instant::now();
        let dead_until = begun + Duration::from_secs(3600);
        let retry = Retry { health: &health, counters: &counters, config: config(2, None), turn: 0 };
        let mut lookup = unsent();
        let ask = async |_: &Arc<Resolver>| Some(if Instant::now() < dead_until { silence().await } else { said(Outcome::Nodata) });
        let liveness = health.members()[0].liveness();
        tokio::select! {
            () = retry.run(&mut lookup, None, ask) => {}
            () = health.look_after(liveness, &counters, TIMEOUT, async || Instant::now() >= dead_until) => {}
        }
        assert_eq!((lookup.outcome, lookup.attempts), (Outcome::Nodata, 2));
        let totals = counters.totals();
        assert_eq!((totals.activity.pauses, totals.paused, totals.benched), (1, false, 0));
        assert!(begun.elapsed() >= Duration::from_secs(3600) && totals.activity.paused_seconds > 3500.0, "{totals:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_silence_of_a_zone_counts_where_its_resolver_lives() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let retry = Retry { health: &health, counters: &counters, config: config(3, None), turn: 0 };
        let (mut lookup, begun) = (unsent(), Instant::now());
        tokio::select! {
            () = retry.run(&mut lookup, None, async |_: &Arc<Resolver>| Some(silence().await)) => {}
            () = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, async || true) => {}
        }
        assert_eq!((lookup.outcome, lookup.attempts, begun.elapsed()), (Outcome::Timeout, 3, 3 * TIMEOUT));
        assert_eq!(counters.totals().activity.pauses, 0);
    }

    #[tokio::test(start_paused = true)]
    async fn patience_has_an_end_where_it_is_given_one() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let patience = Duration::from_secs(10);
        let retry = Retry { health: &health, counters: &counters, config: config(3, Some(patience)), turn: 0 };
        let (mut first, mut second) = (unsent(), unsent());
        let look = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, async || false);
        let lookups = async {
            retry.run(&mut first, None, async |_: &Arc<Resolver>| Some(silence().await)).await;
            let begun = Instant::now();
            retry.run(&mut second, None, async |_: &Arc<Resolver>| Some(silence().await)).await;
            begun.elapsed()
        };
        let waited = tokio::select! {
            waited = lookups => waited,
            () = look => Duration::ZERO,
        };
        assert_eq!(waited, patience);
        assert_eq!((first.outcome, first.detail.as_deref()), (Outcome::Timeout, Some("timeout")));
        assert_eq!((second.outcome, second.detail.as_deref(), second.attempts), (Outcome::Timeout, Some("no resolver answers"), 0));
    }

    #[tokio::test(start_paused = true)]
    async fn resolvers_that_come_and_go_do_not_hold_a_lookup_up_for_ever() {
        let (health, counters) = (health(1), Arc::new(DnsCounters::default()));
        let retry = Retry { health: &health, counters: &counters, config: config(2, None), turn: 0 };
        let mut lookup = unsent();
        let asked = std::cell::Cell::new(0_u32);
        // It answers nothing but every third question whether it lives.
        let is_answering = async || {
            asked.set(asked.get() + 1);
            asked.get().is_multiple_of(3)
        };
        tokio::select! {
            () = retry.run(&mut lookup, None, async |_: &Arc<Resolver>| Some(silence().await)) => {}
            () = health.look_after(health.members()[0].liveness(), &counters, TIMEOUT, is_answering) => {}
        }
        assert_eq!((lookup.outcome, u32::from(lookup.attempts)), (Outcome::Timeout, MAX_IN_VAIN + 2));
    }
}
