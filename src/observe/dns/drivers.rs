//! The tasks that move messages: one sends for each resolver, one receives for each socket, one lets messages gather, one looks after the time;
//! one watches each resolver.

use std::cmp::Reverse;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::task::Waker;
use std::time::{Duration, Instant};

use nix::errno::Errno;
use tokio::io::Interest;
use tokio::task::JoinSet;
use tokio::time::sleep;

use super::counters::add;
use super::engine::{Engine, Leaving, Line};
use super::header::Header;
use super::message::Message;
use super::slots::{Departure, Key, Reply};
use super::socket::{BATCH, Incoming, SEND_BATCH, Sent, receive, receive_one};
use super::watch::watch;
use super::window::Move;

/// How often, and how long each time, a full network device is waited for before the query fails here.
const SHORTAGE_WAITS: (u32, Duration) = (100, Duration::from_millis(5));
/// How long to wait where every id of every socket is in use.
const CROWDED_WAIT: Duration = Duration::from_millis(5);
/// How long the thread sleeps where few messages have come and many more are on their way: to be woken costs as much as ten messages,
/// and the more questions leave at a time, the more of them are of one length. The thread's timers are exact to a millisecond anyway.
const NAP: Duration = Duration::from_millis(2);
/// Messages that are few, and questions on their way that are many.
const FEW_OF_MANY: (usize, usize) = (256, 512);
/// Full batches that one socket may receive before the lookups get their turn.
const ROUNDS: usize = 16;

/// Starts the drivers on the `LocalSet` that this is called in. They end when the set is dropped.
pub(super) fn spawn(engine: &Rc<Engine>, timeout: Duration) -> JoinSet<()> {
    let mut drivers = JoinSet::new();
    for (resolver, opened) in engine.resolvers.iter().enumerate() {
        drivers.spawn_local(send_queued(Rc::clone(engine), resolver));
        drivers.spawn_local(watch(Rc::clone(engine), resolver, timeout));
        for socket in 0..opened.sockets.len() {
            drivers.spawn_local(receive_replies(Rc::clone(engine), resolver, socket));
        }
    }
    drivers.spawn_local(let_gather(Rc::clone(engine)));
    drivers.spawn_local(watch_deadlines(Rc::clone(engine), timeout));
    drivers
}

async fn send_queued(engine: Rc<Engine>, resolver: usize) {
    let Some(route) = engine.resolvers.get(resolver) else { return };
    loop {
        let waiting = route.queue.borrow().len();
        if waiting == 0 {
            route.queued.notified().await;
            continue;
        }
        let room = route.room();
        if room == 0 {
            route.window.wait().await;
            continue;
        }
        let granted = engine.limits.acquire(resolver, waiting.min(room).min(SEND_BATCH)).await;
        engine.send_granted(resolver, granted).await;
    }
}

async fn receive_replies(engine: Rc<Engine>, resolver: usize, socket: usize) {
    let Some(line) = engine.line(resolver, socket) else { return };
    let mut replaced = pin!(line.replaced.notified());
    loop {
        let from = line.socket();
        let ready = tokio::select! {
            biased;
            () = &mut replaced => {
                replaced.set(line.replaced.notified());
                continue;
            }
            // An error alone (an ICMP message) does not make a socket readable.
            ready = from.ready(Interest::READABLE | Interest::ERROR) => ready,
        };
        let Ok(ready) = ready else { return };
        if ready.is_error() {
            let mut fault = None;
            // Nothing is left to be told of the error once it has been taken: the readiness is to be cleared.
            let _ = from.try_io(Interest::ERROR, || {
                fault = from.take_error()?;
                Err::<(), _>(io::Error::from(io::ErrorKind::WouldBlock))
            });
            if let Some(fault) = fault {
                engine.fail_line(resolver, socket, &fault);
            }
        }
        let (mut rounds, mut look, mut received) = (0, false, 0);
        loop {
            // Only a socket that fills faster than it is emptied can overflow.
            let looked = std::mem::take(&mut look);
            let batch = engine.receive_batch(resolver, socket, looked);
            received += *batch.as_ref().unwrap_or(&0);
            match batch {
                Ok(_) if looked => {}
                Ok(BATCH) if rounds < ROUNDS => (rounds, look) = (rounds + 1, true),
                Ok(BATCH) => {
                    rounds = 0;
                    tokio::task::yield_now().await;
                }
                Ok(_) => break,
                Err(error) if matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted) => break,
                Err(error) => {
                    engine.fail_line(resolver, socket, &error);
                    // Were the fault a lasting one, this must not become a busy loop.
                    sleep(Duration::from_millis(1)).await;
                    break;
                }
            }
        }
        engine.received.set(engine.received.get() + received);
        engine.emptied.notify_one();
    }
}

/// Lets messages gather. Sleeps without giving the thread to others: whatever it waits for would be woken by the very next message.
async fn let_gather(engine: Rc<Engine>) {
    loop {
        engine.emptied.notified().await;
        if engine.received.replace(0) < FEW_OF_MANY.0 && engine.in_flight() >= FEW_OF_MANY.1 {
            std::thread::sleep(NAP);
        }
    }
}

async fn watch_deadlines(engine: Rc<Engine>, timeout: Duration) {
    loop {
        let look = engine.deadlines.borrow().next_look();
        match look {
            None => engine.deadline_set.notified().await,
            Some(look) => {
                tokio::time::sleep_until(look.into()).await;
                // After a stall of this thread, answers may lie in the sockets: they are read before anything counts as silence.
                let now = Instant::now();
                tokio::task::yield_now().await;
                engine.expire(now);
                for resolver in &engine.resolvers {
                    let retreat = resolver.window.judge(now, timeout) == Move::Retreat;
                    add(&engine.counters.retreats, usize::from(retreat));
                }
            }
        }
    }
}

/// What came of trying to send a batch.
enum Step {
    /// So many left; 0 if nothing waits.
    Sent(usize),
    /// No id is free on the socket.
    Crowded,
    /// So many left. The next message could not be sent for want of room, or for another reason, or an earlier one was refused far away.
    Stuck(usize, io::Error),
}

impl Engine {
    /// Sends queued queries, as many as have been granted.
    async fn send_granted(&self, resolver: usize, mut granted: usize) {
        let Some(route) = self.resolvers.get(resolver) else { return };
        let mut socket = route.next_socket();
        let (mut faults, mut reopened) = (0, false);
        while granted > 0 {
            let Some(line) = route.sockets.get(socket) else { return };
            let (sent, error) = match self.send_batch(resolver, socket, granted) {
                Step::Sent(0) => return,
                Step::Sent(sent) => {
                    granted = granted.saturating_sub(sent);
                    faults = 0;
                    continue;
                }
                Step::Crowded => {
                    socket = route.next_socket();
                    sleep(CROWDED_WAIT).await;
                    continue;
                }
                Step::Stuck(sent, error) => (sent, error),
            };
            granted = granted.saturating_sub(sent);
            faults = if sent > 0 { 0 } else { faults };
            match error.kind() {
                io::ErrorKind::WouldBlock => {
                    let _ = line.socket().writable().await;
                }
                io::ErrorKind::ConnectionRefused => self.fail_line(resolver, socket, &error),
                _ if is_shortage(&error) && faults < SHORTAGE_WAITS.0 => {
                    faults += 1;
                    sleep(SHORTAGE_WAITS.1).await;
                }
                // The first error may belong to an earlier query (ICMP); the second is about this one.
                _ if faults == 0 => faults = 1,
                // The socket's own, or this machine's: which, a new socket tells.
                _ if !reopened && self.reopen(resolver, socket, &error) => reopened = true,
                _ => {
                    self.fail_next(resolver, &error);
                    granted = granted.saturating_sub(1);
                }
            }
        }
    }

    /// Sends up to `limit` queued queries, those of one length together.
    fn send_batch(&self, resolver: usize, socket: usize, limit: usize) -> Step {
        let (Some(route), Some(line)) = (self.resolvers.get(resolver), self.line(resolver, socket)) else { return Step::Sent(0) };
        let (mut outgoing, mut slots) = (self.outgoing.borrow_mut(), self.slots.borrow_mut());
        let (mut queue, mut ids) = (route.queue.borrow_mut(), line.ids.borrow_mut());
        let mut leaving = self.leaving.borrow_mut();
        leaving.clear();
        // Lookups that were dropped while they waited are passed over.
        let next = std::iter::from_fn(|| queue.pop_front()).filter_map(|key| slots.queued(key).map(|(question, _)| (question.end(), key)));
        leaving.extend(next.take(limit.min(SEND_BATCH)).map(|(length, key)| Leaving { length, key, id: 0 }));
        leaving.sort_unstable_by_key(|query| Reverse(query.length));
        outgoing.clear();
        let mut ready = 0;
        for query in leaving.iter_mut() {
            let (Some((question, plain)), Some(id)) = (slots.queued(query.key), ids.take(query.key)) else { break };
            outgoing.push(|octets| question.write_query(id, plain, octets));
            query.id = id;
            ready += 1;
        }
        let at = Instant::now();
        let Sent { count: sent, fault } = self.send_out(line, &mut outgoing);
        for query in leaving.get(sent..ready).unwrap_or_default() {
            ids.give_back(query.id);
        }
        let crowded = ready == 0 && !leaving.is_empty();
        let left = sent.min(leaving.len());
        leaving.drain(left..).rev().for_each(|query| queue.push_front(query.key));
        let mut deadlines = self.deadlines.borrow_mut();
        deadlines.forget_ended(|key| slots.sent(key).is_some());
        let (resolver_index, socket) = (u32::try_from(resolver).unwrap_or(u32::MAX), u32::try_from(socket).unwrap_or(u32::MAX));
        for query in leaving.iter() {
            slots.depart(query.key, Departure { socket, resolver: resolver_index, id: query.id, at });
            if deadlines.push(at, query.key) {
                self.deadline_set.notify_one();
            }
        }
        self.counters.count_sent(resolver, sent);
        match fault {
            None if crowded => Step::Crowded,
            None => Step::Sent(sent),
            Some(error) => Step::Stuck(sent, error),
        }
    }

    /// Ends the attempt at the head of a queue with a fault of this machine.
    fn fail_next(&self, resolver: usize, error: &io::Error) {
        let Some(route) = self.resolvers.get(resolver) else { return };
        let key = route.queue.borrow_mut().pop_front();
        let waker = key.and_then(|key| self.slots.borrow_mut().complete(key, Reply::Local(error.to_string())));
        add(&self.counters.local_errors, 1);
        wake(waker);
    }

    /// Ends every attempt under way on a socket: the resolver's host, or the network before it, said that nobody listens.
    fn fail_line(&self, resolver: usize, socket: usize, error: &io::Error) {
        let Some(line) = self.line(resolver, socket) else { return };
        let (mut slots, mut ids) = (self.slots.borrow_mut(), line.ids.borrow_mut());
        let text = match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused by resolver".to_owned(),
            _ => format!("resolver unreachable: {error}"),
        };
        let keys: Vec<Key> = ids.drain().collect();
        let wakers: Vec<Waker> = keys.iter().filter_map(|&key| slots.complete(key, Reply::Unreachable(text.clone()))).collect();
        drop((slots, ids));
        if let Some(route) = self.resolvers.get(resolver) {
            route.window.release();
        }
        add(&self.counters.timeouts, keys.len());
        wake(wakers);
    }

    /// Receives what has arrived at a socket and hands it to the lookups; says how many messages there were. To look at what the kernel has
    /// dropped takes one message by itself.
    fn receive_batch(&self, resolver: usize, socket: usize, look: bool) -> io::Result<usize> {
        let Some(line) = self.line(resolver, socket) else { return Err(io::ErrorKind::WouldBlock.into()) };
        let mut incoming = self.incoming.borrow_mut();
        let count = if look { self.receive_and_look(line, &mut incoming)? } else { receive(&line.socket(), &mut incoming)? };
        let now = Instant::now();
        let mut wakers: [Option<Waker>; BATCH] = [const { None }; BATCH];
        let mut accepted = 0;
        for (octets, waker) in incoming.messages(count).zip(&mut wakers) {
            if let Some((key, message)) = self.accept(resolver, socket, octets, now) {
                line.ids.borrow_mut().give_back(message.header.id);
                *waker = self.slots.borrow_mut().complete(key, Reply::Message(message));
                accepted += 1;
            }
        }
        drop(incoming);
        if let Some(route) = self.resolvers.get(resolver).filter(|_| accepted > 0) {
            route.window.answered(accepted);
            route.window.release();
            self.health.answered(resolver, now);
        }
        self.counters.count_answers(resolver, accepted);
        add(&self.counters.unexpected, count - accepted);
        wake(wakers.into_iter().flatten());
        Ok(count)
    }

    fn receive_and_look(&self, line: &Line, incoming: &mut Incoming) -> io::Result<usize> {
        if let Some(dropped) = receive_one(&line.socket(), incoming)? {
            let before = line.dropped.replace(dropped);
            add(&self.counters.kernel_drops, dropped.wrapping_sub(before) as usize);
        }
        Ok(1)
    }

    /// Finds the attempt that a datagram answers.
    fn accept(&self, resolver: usize, socket: usize, octets: &[u8], now: Instant) -> Option<(Key, Message)> {
        let header = Header::read(octets)?;
        let key = self.line(resolver, socket)?.ids.borrow().get(header.id)?;
        let mut slots = self.slots.borrow_mut();
        let (question, departure) = slots.sent(key)?;
        let message = Message::accept(header, octets, question, now.saturating_duration_since(departure.at))?;
        Some((key, message))
    }

    /// Ends the attempts that have waited long enough.
    fn expire(&self, now: Instant) {
        let mut wakers = Vec::new();
        let mut silent = 0;
        {
            let (mut slots, mut deadlines) = (self.slots.borrow_mut(), self.deadlines.borrow_mut());
            while let Some(key) = deadlines.pop(now) {
                let Some((_, departure)) = slots.sent(key) else { continue };
                self.forget(departure);
                if let Some(route) = self.resolvers.get(departure.resolver as usize) {
                    route.window.lost();
                }
                wakers.extend(slots.complete(key, Reply::Silence));
                silent += 1;
            }
        }
        add(&self.counters.timeouts, silent);
        wake(wakers);
    }
}

/// Wakes lookups. Called while nothing is borrowed, for a waker may be the last to hold a task.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// Whether the network device or the kernel is out of buffers, which passes.
fn is_shortage(error: &io::Error) -> bool {
    matches!(error.raw_os_error().map(Errno::from_raw), Some(Errno::ENOBUFS | Errno::ENOMEM))
}
