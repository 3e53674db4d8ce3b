//! What stands between hickory and the lookups: threads of its own, notes of what one lookup met on its way (hickory turns most causes into
//! text), and which errors of its recursor are facts about a name, and which only say that it failed.

use std::future::pending;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hickory_resolver::net::{DnsError, NetError};
use hickory_resolver::proto::op::Message;
use hickory_resolver::proto::rr::{Name, RData};
use hickory_resolver::proto::serialize::binary::BinEncodable as _;
use hickory_resolver::recursor::RecursorError;
use tokio::runtime::{Builder, Handle, Runtime};

use super::attempt::Failure;
use super::message::{NOERROR, NXDOMAIN};
use super::wire_name::WireName;
use crate::evidence::{ExtendedError, Outcome};
use crate::words;

/// How hickory's texts end where a time-out was the cause.
const TIMED_OUT: &str = "request timed out";

/// What the recursor knows of a question.
pub(super) enum Resolution {
    /// A message with records.
    Message(Vec<u8>),
    /// There is no such record at this name, or not even the name.
    Negative {
        /// Whether the name does not exist.
        nxdomain: bool,
        /// The name of which this is said: the end of the CNAME chain.
        end: Name,
    },
    /// Nothing.
    Failed(Failure),
}

impl Resolution {
    /// Reads a result of the recursor; `noted` is the failure that its lookup met and that says most.
    ///
    /// hickory has one kind of error for "no such name" and "no such record", and makes the same of an answer of which it has thrown
    /// away everything because it was about other zones. That one is recognised because it does not say that no records were found.
    pub(super) fn of(result: Result<Message, RecursorError>, noted: Option<Failure>) -> Self {
        match result {
            Ok(message) => match message.to_vec() {
                Ok(octets) => Self::Message(octets),
                Err(_) => Self::Failed(Failure::Unusable("answer cannot be read".to_owned())),
            },
            Err(RecursorError::Negative(data)) if data.is_no_records_found() => {
                Self::Negative { nxdomain: data.is_nx_domain(), end: data.query.name().clone() }
            }
            Err(error) => Self::Failed(match (failure(&error), noted) {
                (own @ (Failure::Unusable(_) | Failure::Rcode(_)), _) => own,
                // A server that was silent on the way is to blame only if that was the end of it.
                (Failure::Unresolved(text), Some(Failure::Silence(_))) if !has_timed_out(&error) => Failure::Unresolved(text),
                (own, noted) => noted.unwrap_or(own),
            }),
        }
    }
}

/// The failure behind an error. Without a server to blame the recursor itself failed, which a resolver would call SERVFAIL.
fn failure(error: &RecursorError) -> Failure {
    match error {
        RecursorError::Negative(_) => Failure::Unusable("lame name server: it answers only about other zones".to_owned()),
        RecursorError::ForwardNS(_) => Failure::Unusable("lame name server: a referral instead of an answer".to_owned()),
        RecursorError::MaxRecordLimitExceeded { .. } | RecursorError::RecursionLimitExceeded { .. } => {
            Failure::Unusable("names that lead to names without end".to_owned())
        }
        RecursorError::Timeout | RecursorError::Net(NetError::Timeout) => Failure::Silence("no answer in time".to_owned()),
        RecursorError::Net(NetError::Dns(DnsError::ResponseCode(code))) => Failure::Rcode(u16::from(*code)),
        RecursorError::Net(NetError::Proto(_)) => Failure::Unusable("answer cannot be read".to_owned()),
        RecursorError::Net(NetError::Io(error)) => match error.get_ref().and_then(|inner| inner.downcast_ref::<Failure>()) {
            Some(failure) => failure.clone(),
            None => Failure::Local(words::system(error)),
        },
        RecursorError::QueryBudgetExceeded => Failure::Unresolved("more queries than one lookup may cost".to_owned()),
        error if has_timed_out(error) => Failure::Unresolved("no name server on the way from the root answers in time".to_owned()),
        _ => Failure::Unresolved("no name server could be found or reached on the way from the root".to_owned()),
    }
}

/// Whether silence was the end of it, which hickory says only in words.
fn has_timed_out(error: &RecursorError) -> bool {
    error.to_string().ends_with(TIMED_OUT)
}

/// Outcome and response code of a negative answer.
pub(super) fn negative(nxdomain: bool) -> (Outcome, u16) {
    if nxdomain { (Outcome::Nxdomain, NXDOMAIN) } else { (Outcome::Nodata, NOERROR) }
}

/// The target of the CNAME at a name, if the message has one.
pub(super) fn alias_at<'m>(message: &'m Message, name: &Name) -> Option<&'m Name> {
    message.answers.iter().filter(|record| record.name == *name).find_map(|record| match &record.data {
        RData::CNAME(target) => Some(&target.0),
        _ => None,
    })
}

/// A name as the evidence writes it: lower case, no trailing dot, odd octets escaped.
pub(super) fn presentation(name: &Name) -> String {
    let octets = name.to_bytes().unwrap_or_default();
    WireName::read(&octets, 0).map_or_else(|| name.to_ascii(), WireName::to_presentation)
}

/// The notes of one lookup.
#[derive(Clone, Debug, Default)]
pub(super) struct Notes {
    /// Queries sent.
    pub(super) queries: u16,
    /// Whether the last answer came over TCP.
    pub(super) tcp: bool,
    /// The server that answered last, or was asked last.
    pub(super) server: Option<SocketAddr>,
    /// How long the last answer took.
    pub(super) rtt: Option<Duration>,
    /// How long questions waited for their turn by our own limits.
    pub(super) waited: Duration,
    /// The failure that says most.
    pub(super) failure: Option<Failure>,
    /// What the server said of its own that answered with an error last.
    pub(super) extended_error: Option<Box<ExtendedError>>,
}

/// Notes that the lookup and the task that makes it share.
pub(super) type Trace = Arc<Mutex<Notes>>;

tokio::task_local! {
    /// The notes of the lookup for which the present task works.
    static TRACE: Trace;
}

/// Runs a lookup whose notes go to `trace`.
pub(super) async fn traced<F: Future>(trace: Trace, lookup: F) -> F::Output {
    TRACE.scope(trace, lookup).await
}

/// Notes something for the lookup for which the present task works; nothing where it works for none.
pub(super) fn note(write: impl FnOnce(&mut Notes)) {
    let _ = TRACE.try_with(|trace| write(&mut trace.lock().unwrap_or_else(PoisonError::into_inner)));
}

/// Notes a failure, unless one that says more is noted already.
pub(super) fn note_failure(failure: &Failure) {
    note(|notes| {
        if notes.failure.as_ref().is_none_or(|noted| noted.weight() <= failure.weight()) {
            notes.failure = Some(failure.clone());
        }
    });
}

/// The notes so far.
pub(super) fn read(trace: &Trace) -> Notes {
    trace.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

/// A runtime that ends, without waiting, when it is dropped.
pub(super) struct Background {
    handle: Handle,
    runtime: Option<Runtime>,
}

impl Background {
    /// Starts so many threads.
    ///
    /// # Errors
    /// If no threads can be started.
    pub(super) fn start(threads: usize) -> io::Result<Self> {
        let runtime = Builder::new_multi_thread().worker_threads(threads.max(1)).thread_name("dns").enable_all().build()?;
        Ok(Self { handle: runtime.handle().clone(), runtime: Some(runtime) })
    }

    /// Starts a task there that nobody waits for.
    pub(super) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) {
        self.handle.spawn(task);
    }

    /// Runs a task there and waits for it. Where it panics, which is a fault of ours, so does the caller, and the scan ends with it: a fault
    /// of ours is no outcome of a lookup.
    pub(super) async fn run<F>(&self, task: F) -> F::Output
    where
        F: Future<Output: Send> + Send + 'static,
    {
        match self.handle.spawn(task).await {
            Ok(output) => output,
            Err(error) => match error.try_into_panic() {
                Ok(panic) => std::panic::resume_unwind(panic),
                // Ended with its threads, which nobody does who still waits.
                Err(_) => pending().await,
            },
        }
    }
}

impl Drop for Background {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt as _;
    use hickory_resolver::proto::op::{Query, ResponseCode};
    use hickory_resolver::proto::rr::RecordType;
    use hickory_resolver::recursor::AuthorityData;

    use super::super::message::REFUSED;
    use super::*;

    fn query() -> Box<Query> {
        Box::new(Query::query(Name::from_ascii("a.test.").unwrap(), RecordType::TXT))
    }

    fn failed(error: RecursorError, noted: Option<Failure>) -> Option<Failure> {
        match Resolution::of(Err(error), noted) {
            Resolution::Failed(failure) => Some(failure),
            _ => None,
        }
    }

    #[test]
    fn only_records_that_were_not_found_are_a_fact() {
        let negative = |found, nxdomain| RecursorError::Negative(AuthorityData::new(query(), None, found, nxdomain, None));
        assert!(matches!(Resolution::of(Err(negative(true, true)), None), Resolution::Negative { nxdomain: true, .. }));
        assert!(matches!(Resolution::of(Err(negative(true, false)), None), Resolution::Negative { nxdomain: false, .. }));
        assert!(matches!(failed(negative(false, true), None), Some(Failure::Unusable(_))), "an answer only about other zones");
        let referral = RecursorError::ForwardNS([].into());
        assert!(matches!(failed(referral, None), Some(Failure::Unusable(_))));
    }

    #[test]
    fn every_other_error_is_a_failure() {
        let (local, silence) = (Failure::Local("no buffers".to_owned()), Failure::Silence("no answer".to_owned()));
        let unresolved = Failure::Unresolved("no name server could be found or reached on the way from the root".to_owned());
        for (error, noted, expected) in [
            (RecursorError::Net(NetError::Timeout), Some(silence.clone()), silence.clone()),
            (RecursorError::Net(NetError::NoConnections), Some(local.clone()), local.clone()),
            (RecursorError::from(format!("no nameserver found: {}", NetError::Timeout)), Some(silence.clone()), silence.clone()),
            (RecursorError::from("no glue"), Some(silence), unresolved),
            (RecursorError::from("no glue"), Some(local.clone()), local.clone()),
            (RecursorError::Net(NetError::Io(std::io::Error::other(local.clone()).into())), None, local.clone()),
            (RecursorError::Net(NetError::Dns(DnsError::ResponseCode(ResponseCode::Refused))), Some(local), Failure::Rcode(5)),
        ] {
            assert_eq!(failed(error.clone(), noted), Some(expected), "{error}");
        }
        assert!(matches!(failed(RecursorError::QueryBudgetExceeded, None), Some(Failure::Unresolved(_))));
        assert!(matches!(failed(RecursorError::RecursionLimitExceeded { count: 24 }, None), Some(Failure::Unusable(_))));
    }

    #[test]
    fn names_are_written_as_in_the_evidence() {
        let name = Name::from_labels([&b"A.b"[..], b"Example", b"\xff"]).unwrap();
        assert_eq!(presentation(&name), r"a\046b.example.\255");
        assert_eq!(presentation(&Name::root()), ".");
    }

    #[tokio::test]
    async fn the_failure_that_says_most_is_kept() {
        let trace = Trace::default();
        note_failure(&Failure::Rcode(5));
        traced(Arc::clone(&trace), async {
            note_failure(&Failure::Silence("no answer in 2000 ms".to_owned()));
            note_failure(&Failure::Rcode(REFUSED));
            note_failure(&Failure::Local("too many open files".to_owned()));
            note(|notes| notes.queries += 3);
        })
        .await;
        let notes = read(&trace);
        assert_eq!((notes.queries, notes.failure), (3, Some(Failure::Rcode(REFUSED))));
    }

    #[tokio::test]
    async fn a_fault_of_ours_reaches_the_one_who_waits() {
        let background = Background::start(1).unwrap();
        assert_eq!(background.run(async { 7 }).await, 7);
        let broken = std::panic::AssertUnwindSafe(background.run(async { panic!("a test's own") })).catch_unwind();
        assert!(broken.await.is_err());
        assert_eq!(background.run(async { 8 }).await, 8, "and the others go on");
    }
}
