//! The tasks that move messages: one sends for each resolver, one receives for each socket, one lets messages gather, one looks after the time;
//! one watches each resolver.

use std::cell::Cell;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use tokio::io::Interest;
use tokio::sync::Notify;
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until};

use super::engine::{Engine, Resolver, Socket, Step, Ticket};
use super::health::Watched as _;
use super::slots::Reply;
use super::socket::BATCH;
use crate::system::Errno;

/// How often, and how long each time, a full network device is waited for before the query fails here.
const SHORTAGE_WAITS: (u32, Duration) = (100, Duration::from_millis(5));
/// How long to wait where every id of every socket is in use.
const CROWDED_WAIT: Duration = Duration::from_millis(5);
/// How long the thread sleeps for each question on its way, where few messages have come and many more are to come: to be woken costs as much as ten
/// messages, and the more questions leave at a time, the more of them are of one length. Where answers come at once, few are on their way, and soon here;
/// where they take their time, many are, and none is late by it.
const NAP: Duration = Duration::from_micros(1);
/// The longest sleep. The thread's timers are exact to a millisecond anyway.
const LONGEST_NAP: Duration = Duration::from_millis(2);
/// Questions on their way that are many.
const MANY: usize = 128;
/// Messages that are no longer few, even if more than as many again are to come.
const NOT_FEW: usize = 256;
/// Full batches that one socket may receive before the lookups get their turn.
const ROUNDS: usize = 16;

/// Type NS (RFC 1035 section 3.2.2).
const TYPE_NS: u16 = 2;

/// Starts the drivers on the `LocalSet` that this is called in. They end when the set is dropped.
pub(super) fn spawn(engine: &Rc<Engine>, timeout: Duration) -> JoinSet<()> {
    let mut drivers = JoinSet::new();
    let gathered = Rc::new(Gathered::default());
    for resolver in engine.health().members() {
        drivers.spawn_local(send_queued(Rc::clone(engine), Rc::clone(resolver)));
        drivers.spawn_local(watch(Rc::clone(engine), Rc::clone(resolver), timeout));
        for socket in resolver.sockets() {
            drivers.spawn_local(receive_replies(Rc::clone(engine), Rc::clone(resolver), Rc::clone(socket), Rc::clone(&gathered)));
        }
    }
    drivers.spawn_local(let_gather(Rc::clone(engine), gathered));
    drivers.spawn_local(watch_deadlines(Rc::clone(engine), timeout));
    drivers
}

async fn send_queued(engine: Rc<Engine>, resolver: Rc<Resolver>) {
    loop {
        let wanted = resolver.sendable().await;
        let granted = engine.acquire(&resolver, wanted).await;
        send_granted(&engine, &resolver, granted).await;
    }
}

/// Sends queued queries, as many as have been granted.
async fn send_granted(engine: &Engine, resolver: &Resolver, mut granted: usize) {
    let mut socket = resolver.next_socket();
    let (mut faults, mut reopened) = (0, false);
    while granted > 0 {
        let (sent, error) = match engine.send_batch(resolver, socket, granted) {
            Step::Sent(0) => return,
            Step::Sent(sent) => {
                granted = granted.saturating_sub(sent);
                faults = 0;
                continue;
            }
            Step::Crowded => {
                socket = resolver.next_socket();
                sleep(CROWDED_WAIT).await;
                continue;
            }
            Step::Stuck(sent, error) => (sent, error),
        };
        granted = granted.saturating_sub(sent);
        faults = if sent > 0 { 0 } else { faults };
        match error.kind() {
            io::ErrorKind::WouldBlock => {
                let _ = socket.current().writable().await;
            }
            io::ErrorKind::ConnectionRefused => engine.fail_socket(socket, &error),
            _ if is_shortage(&error) && faults < SHORTAGE_WAITS.0 => {
                faults += 1;
                sleep(SHORTAGE_WAITS.1).await;
            }
            // The first error may belong to an earlier query (ICMP); the second is about this one.
            _ if faults == 0 => faults = 1,
            // The socket's own, or this machine's: a new socket shows which.
            _ if !reopened && engine.reopen(resolver, socket, &error) => reopened = true,
            _ => {
                engine.fail_next(resolver, &error);
                granted = granted.saturating_sub(1);
            }
        }
    }
}

/// Whether the network device or the kernel is out of buffers, which passes.
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::ENOBUFS | Errno::ENOMEM))
}

async fn receive_replies(engine: Rc<Engine>, resolver: Rc<Resolver>, socket: Rc<Socket>, gathered: Rc<Gathered>) {
    let mut replaced = pin!(socket.replaced());
    loop {
        let from = socket.current();
        let ready = tokio::select! {
            biased;
            () = &mut replaced => {
                replaced.set(socket.replaced());
                continue;
            }
            // An error alone (an ICMP message) does not make a socket readable.
            ready = from.ready(Interest::READABLE | Interest::ERROR) => ready,
        };
        let Ok(ready) = ready else { return };
        if ready.is_error() {
            let mut fault = None;
            // The error has been taken and is not reported again: the readiness has to be cleared.
            let _ = from.try_io(Interest::ERROR, || {
                fault = from.take_error()?;
                Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock))
            });
            if let Some(fault) = fault {
                engine.fail_socket(&socket, &fault);
            }
        }
        let received = empty(&engine, &resolver, &socket).await;
        gathered.received.set(gathered.received.get() + received);
        gathered.emptied.notify_one();
    }
}

/// Receives all that has arrived at a socket; says how many messages there were.
async fn empty(engine: &Engine, resolver: &Resolver, socket: &Socket) -> usize {
    let (mut rounds, mut look, mut received) = (0, false, 0);
    loop {
        let looked = std::mem::take(&mut look);
        let batch = engine.receive_batch(resolver, socket, looked);
        received += *batch.as_ref().unwrap_or(&0);
        match batch {
            Ok(_) if looked => {}
            Ok(BATCH) if rounds < ROUNDS => (rounds, look) = (rounds + 1, socket.may_overflow(received)),
            Ok(BATCH) => {
                rounds = 0;
                tokio::task::yield_now().await;
            }
            Ok(_) => return received,
            Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => return received,
            Err(error) => {
                engine.fail_socket(socket, &error);
                // Were the fault a lasting one, this must not become a busy loop.
                sleep(Duration::from_millis(1)).await;
                return received;
            }
        }
    }
}

/// What the receiving tasks tell the one that lets messages gather.
#[derive(Default)]
struct Gathered {
    /// Messages received since they were last left to gather.
    received: Cell<usize>,
    /// Told when a socket has been emptied.
    emptied: Notify,
}

/// Lets messages gather. Sleeps without giving the thread to others: whatever it waits for would be woken by the very next message.
async fn let_gather(engine: Rc<Engine>, gathered: Rc<Gathered>) {
    loop {
        gathered.emptied.notified().await;
        let (received, in_flight) = (gathered.received.replace(0), engine.in_flight());
        if in_flight >= MANY && received < NOT_FEW.min(in_flight / 2) {
            std::thread::sleep(LONGEST_NAP.min(NAP * u32::try_from(in_flight).unwrap_or(u32::MAX)));
        }
    }
}

async fn watch_deadlines(engine: Rc<Engine>, timeout: Duration) {
    loop {
        sleep_until(engine.next_look().await).await;
        // After a stall of this thread, answers may lie in the sockets: they are read before anything counts as silence.
        let now = Instant::now();
        tokio::task::yield_now().await;
        engine.expire(now, timeout);
    }
}

/// Looks after one resolver until it is dropped. It is asked the way lookups go, through the same sockets and limits: what does not pass there is of
/// no use elsewhere.
async fn watch(engine: Rc<Engine>, resolver: Rc<Resolver>, timeout: Duration) {
    engine.health().look_after(resolver.liveness(), engine.counters(), timeout, || is_answering(&engine, &resolver)).await;
}

/// Any answer, an error too, shows that the resolver is reachable. The fault may be in our sockets, so a benched one is asked through new ones.
async fn is_answering(engine: &Engine, resolver: &Resolver) -> bool {
    if !resolver.liveness().is_up() {
        let why = io::Error::other("socket opened again, as the resolver does not answer");
        for socket in resolver.sockets() {
            engine.reopen(resolver, socket, &why);
        }
    }
    let Ok(ticket) = Ticket::claim(engine, ".", TYPE_NS) else { return true };
    matches!(ticket.ask(resolver, false).await, Reply::Message(_))
}
