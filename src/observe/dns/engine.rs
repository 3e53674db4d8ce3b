//! What the lookups of one worker and the drivers share: the resolvers with their queues and sockets, the questions, their deadlines.

use std::cell::{Cell, RefCell};
use std::cmp::Reverse;
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Notify;
use tokio::time::Instant;

use super::counters::{DnsCounters, ResolverCounters};
use super::flow::{DnsLimits, Move, Window};
use super::health::{Health, Liveness, Watched};
use super::message::{Header, Message, Question};
use super::slots::{Completions, Deadlines, Departure, Ids, Key, Reply, Slot, Slots, Submission};
use super::socket::{BATCH, Incoming, Outgoing, SEND_BATCH, Sent, count_drops, open, receive, receive_one};
use crate::words;

/// What the kernel counts for a small datagram that waits in a receive buffer, at most.
const DATAGRAM_MEMORY: usize = 1280;

/// How the engine is to be built.
pub(super) struct EngineConfig<'c> {
    /// The resolvers to ask; at least one.
    pub(super) resolvers: &'c [SocketAddr],
    /// How long every attempt waits for its answer.
    pub(super) timeout: Duration,
    /// Sockets towards each resolver; at least 1.
    pub(super) sockets: usize,
    /// Octets of receive buffer to ask the kernel for.
    pub(super) receive_buffer: usize,
    /// Queries in flight at most towards each resolver.
    pub(super) in_flight: usize,
    /// Whether letters are asked for in random case.
    pub(super) mix_case: bool,
}

/// Sends a batch through a socket: [`super::socket::send`], unless a test has something else happen.
pub(super) type SendBatch = Box<dyn Fn(&UdpSocket, &mut Outgoing) -> Sent>;

/// The shared state. No borrow of a cell is held across an await or while a waker is woken.
pub(super) struct Engine {
    counters: Arc<DnsCounters>,
    limits: Arc<DnsLimits>,
    health: Health<Rc<Resolver>>,
    slots: Slots,
    deadlines: RefCell<Deadlines>,
    /// Told when the first deadline is set.
    deadline_set: Notify,
    send: SendBatch,
    outgoing: RefCell<Outgoing>,
    leaving: RefCell<Vec<Leaving>>,
    incoming: RefCell<Incoming>,
    /// Octets of receive buffer to ask the kernel for.
    receive_buffer: usize,
    mix_case: bool,
}

/// A query of the batch that is being sent.
struct Leaving {
    /// Octets of its header and question, by which the batch is sorted.
    length: usize,
    key: Key,
    id: u16,
}

/// A resolver: the sockets towards it and what waits to leave through them.
pub(super) struct Resolver {
    address: SocketAddr,
    /// Its place in the configuration, by which limits know it.
    place: usize,
    socket: Rc<Socket>,
    more_sockets: Vec<Rc<Socket>>,
    queue: RefCell<VecDeque<Key>>,
    /// Told when the queue stops being empty.
    queued: Notify,
    window: Rc<Window>,
    turn: Cell<usize>,
    liveness: Liveness,
    /// Where its own totals are kept.
    counters: Option<Arc<ResolverCounters>>,
}

/// One socket and the ids in use on it.
pub(super) struct Socket {
    /// There is another one after a fault that lasts.
    socket: RefCell<Rc<UdpSocket>>,
    /// Told when there is another socket.
    replaced: Notify,
    ids: Rc<Ids>,
    /// Octets of its receive buffer.
    buffer: Cell<usize>,
    /// Datagrams that the kernel has dropped here, since it is asked.
    dropped: Cell<Option<u32>>,
}

/// What came of trying to send a batch.
pub(super) enum Step {
    /// So many left; 0 if nothing waits.
    Sent(usize),
    /// No id is free on the socket.
    Crowded,
    /// So many left. The next message could not be sent for want of room, or for another reason, or an earlier one was refused far away.
    Stuck(usize, io::Error),
}

impl Engine {
    /// Opens the sockets.
    ///
    /// # Errors
    /// The resolver towards which no socket could be opened, and the system's words.
    pub(super) fn open(
        config: &EngineConfig<'_>,
        limits: Arc<DnsLimits>,
        counters: Arc<DnsCounters>,
        send: SendBatch,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let mut resolvers = Vec::new();
        for (place, &address) in config.resolvers.iter().enumerate() {
            let window = Rc::new(Window::new(config.in_flight));
            let socket = || {
                let (socket, buffer) = open(address, config.receive_buffer).map_err(|error| (address, error))?;
                counters.note_receive_buffer(buffer);
                Ok(Rc::new(Socket::new(socket, buffer, &window)))
            };
            let socket = (socket()?, (1..config.sockets).map(|_| socket()).collect::<Result<_, _>>()?);
            resolvers.push(Rc::new(Resolver {
                address,
                place,
                socket: socket.0,
                more_sockets: socket.1,
                queue: RefCell::default(),
                queued: Notify::new(),
                window: Rc::clone(&window),
                turn: Cell::new(0),
                liveness: Liveness::default(),
                counters: counters.resolver(place),
            }));
        }
        Ok(Self {
            counters,
            limits,
            health: Health::new(resolvers),
            slots: Slots::default(),
            deadlines: RefCell::new(Deadlines::new(config.timeout)),
            deadline_set: Notify::new(),
            send,
            outgoing: RefCell::new(Outgoing::new()),
            leaving: RefCell::default(),
            incoming: RefCell::new(Incoming::new()),
            receive_buffer: config.receive_buffer,
            mix_case: config.mix_case,
        })
    }

    /// The resolvers, as far as they have shown signs of life.
    pub(super) fn health(&self) -> &Health<Rc<Resolver>> {
        &self.health
    }

    /// What is counted.
    pub(super) fn counters(&self) -> &Arc<DnsCounters> {
        &self.counters
    }

    /// Questions on their way.
    pub(super) fn in_flight(&self) -> usize {
        self.health.members().iter().map(|resolver| resolver.in_flight()).sum()
    }

    /// Asks for records of a type at a name without waiting for the reply, which goes to a collector under a tag. `false` where no resolver is up or
    /// the name cannot be asked for.
    pub(super) fn submit(&self, (name, record_type): (&str, u16), turn: usize, completions: &Rc<Completions>, tag: usize) -> bool {
        let Some(resolver) = self.health.choose(turn) else { return false };
        let Ok(slot) = self.slots.claim(name, record_type, self.mix_case) else { return false };
        slot.collect(completions, Submission { tag, resolver: resolver.place, turn });
        resolver.enqueue(slot.begin(false));
        true
    }

    /// Takes the slot of a lookup back that has ended or is given up.
    pub(super) fn release(&self, slot: &Rc<Slot>) {
        // Dropped last: it may be the last to hold a task.
        let _waker = self.slots.release(slot);
    }

    /// Waits until at least one query may go to a resolver; says how many may go now, at most `wanted`.
    pub(super) async fn acquire(&self, resolver: &Resolver, wanted: usize) -> usize {
        self.limits.acquire(Some(resolver.place), wanted).await
    }

    /// Sends up to `limit` queued queries, those of one length together.
    pub(super) fn send_batch(&self, resolver: &Resolver, socket: &Socket, limit: usize) -> Step {
        let (mut outgoing, mut queue) = (self.outgoing.borrow_mut(), resolver.queue.borrow_mut());
        let mut leaving = self.leaving.borrow_mut();
        leaving.clear();
        // Lookups that were dropped while they waited are passed over.
        let next = std::iter::from_fn(|| queue.pop_front());
        let next = next.filter_map(|key| Some((key.queued(|question, _| question.end())?, key)));
        leaving.extend(next.take(limit.min(SEND_BATCH)).map(|(length, key)| Leaving { length, key, id: 0 }));
        leaving.sort_unstable_by_key(|query| Reverse(query.length));
        outgoing.clear();
        let mut ready = 0;
        for query in leaving.iter_mut() {
            let Some(id) = socket.ids.take(&query.key) else { break };
            query.id = id;
            query.key.queued(|question, plain| outgoing.push(|octets| question.write_query(id, plain, octets)));
            ready += 1;
        }
        let at = Instant::now();
        let Sent { count: sent, fault } = (self.send)(&socket.current(), &mut outgoing);
        for query in leaving.get(sent..ready).unwrap_or_default() {
            socket.ids.give_back(query.id);
        }
        let crowded = ready == 0 && !leaving.is_empty();
        let left = sent.min(leaving.len());
        leaving.drain(left..).rev().for_each(|query| queue.push_front(query.key));
        let mut deadlines = self.deadlines.borrow_mut();
        deadlines.forget_ended();
        for query in leaving.drain(..) {
            query.key.depart(Departure { ids: Rc::clone(&socket.ids), id: query.id, at });
            if deadlines.push(at, query.key) {
                self.deadline_set.notify_one();
            }
        }
        self.counters.count_sent(resolver.counters(), sent);
        match fault {
            None if crowded => Step::Crowded,
            None => Step::Sent(sent),
            Some(error) => Step::Stuck(sent, error),
        }
    }

    /// Ends the attempt at the head of a queue with a fault of this machine.
    pub(super) fn fail_next(&self, resolver: &Resolver, error: &io::Error) {
        let key = resolver.queue.borrow_mut().pop_front();
        self.counters.local_errors.add(1);
        wake(key.and_then(|key| key.complete(Reply::Local(words::system(error)))));
    }

    /// Ends every attempt under way on a socket: the resolver's host, or the network before it, said that nobody listens.
    pub(super) fn fail_socket(&self, socket: &Socket, error: &io::Error) {
        let text = match error.kind() {
            io::ErrorKind::ConnectionRefused => "connection refused by resolver".to_owned(),
            _ => format!("resolver unreachable: {}", words::system(error)),
        };
        let keys = socket.ids.drain();
        self.counters.timeouts.add(keys.len());
        wake_all(keys, || Reply::Unreachable(text.clone()));
    }

    /// Opens a socket again. What was under way on the old one ends with the fault, which is this machine's. `false` if no new one
    /// can be opened, and then nothing changes.
    ///
    /// A socket keeps the address from which it was connected. When that goes, because an interface has gone down or a network has given us
    /// another one, nothing leaves or arrives through it any more; a new one has the address that is right now.
    pub(super) fn reopen(&self, resolver: &Resolver, socket: &Socket, fault: &io::Error) -> bool {
        let Ok((fresh, buffer)) = open(resolver.address, self.receive_buffer) else { return false };
        self.counters.note_receive_buffer(buffer);
        *socket.socket.borrow_mut() = Rc::new(fresh);
        socket.buffer.set(buffer);
        socket.dropped.set(None);
        socket.replaced.notify_one();
        wake_all(socket.ids.drain(), || Reply::Local(words::system(fault)));
        true
    }

    /// Receives what has arrived at a socket and hands it to the lookups; says how many messages there were. To look at what the kernel has
    /// dropped takes one message by itself.
    pub(super) fn receive_batch(&self, resolver: &Resolver, socket: &Socket, look: bool) -> io::Result<usize> {
        let mut incoming = self.incoming.borrow_mut();
        let count = if look { self.receive_and_look(socket, &mut incoming)? } else { receive(&socket.current(), &mut incoming)? };
        let now = Instant::now();
        let mut wakers: [Option<Waker>; BATCH] = [const { None }; BATCH];
        let (mut accepted, mut telling) = (0, 0);
        // All questions are looked at once before the first is read: the processor then fetches them side by side, and waits once and not for
        // each of them.
        let at_hand = incoming.messages(count).filter_map(Header::read).filter_map(|header| socket.ids.read(header.id, Key::is_under_way));
        std::hint::black_box(at_hand.filter(|is_under_way| *is_under_way).count());
        for (octets, waker) in incoming.messages(count).zip(&mut wakers) {
            if let Some((key, message)) = accept(&socket.ids, octets, now) {
                telling += usize::from(key.tells_of_loss());
                *waker = key.complete(Reply::Message(message));
                accepted += 1;
            }
        }
        drop(incoming);
        if accepted > 0 {
            resolver.window.answered(telling);
            self.health.answered(&resolver.liveness, now);
        }
        self.counters.count_answers(resolver.counters(), accepted);
        self.counters.unexpected.add(count - accepted);
        wake(wakers.into_iter().flatten());
        Ok(count)
    }

    fn receive_and_look(&self, socket: &Socket, incoming: &mut Incoming) -> io::Result<usize> {
        let current = socket.current();
        let before = socket.dropped.get().unwrap_or_else(|| {
            count_drops(&current);
            0
        });
        let dropped = receive_one(&current, incoming)?.unwrap_or(before);
        socket.dropped.set(Some(dropped));
        self.counters.kernel_drops.add(dropped.wrapping_sub(before) as usize);
        Ok(1)
    }

    /// When the attempts under way are to be looked at again; waits until one is under way.
    pub(super) async fn next_look(&self) -> Instant {
        loop {
            let look = self.deadlines.borrow().next_look();
            match look {
                Some(look) => return look,
                None => self.deadline_set.notified().await,
            }
        }
    }

    /// Ends the attempts that have waited long enough, and lets more or fewer leave by what has been lost.
    pub(super) fn expire(&self, now: Instant, timeout: Duration) {
        let mut wakers = Vec::new();
        let mut silent = 0;
        {
            let mut deadlines = self.deadlines.borrow_mut();
            while let Some(key) = deadlines.pop(now) {
                let Some(Departure { ids, id, .. }) = key.sent(|_, departure| departure.clone()) else { continue };
                ids.lose(id);
                wakers.extend(key.complete(Reply::Silence));
                silent += 1;
            }
        }
        self.counters.timeouts.add(silent);
        wake(wakers);
        for resolver in self.health.members() {
            let retreat = resolver.window.adjust(now, timeout) == Move::Retreat;
            self.counters.retreats.add(usize::from(retreat));
        }
    }
}

/// What is under way when an engine ends is forgotten: a query holds the ids of its socket, and those hold the query.
impl Drop for Engine {
    fn drop(&mut self) {
        for resolver in self.health.members() {
            resolver.sockets().for_each(|socket| drop(socket.ids.drain()));
        }
    }
}

/// Finds the attempt that a datagram answers, and takes its id back.
fn accept(ids: &Ids, octets: &[u8], now: Instant) -> Option<(Key, Message)> {
    let header = Header::read(octets)?;
    let answers =
        |question: &Question, departure: &Departure| Message::accept(header, octets, question, now.saturating_duration_since(departure.at));
    ids.answer(header.id, |key| key.sent(answers).flatten())
}

/// Wakes lookups. Called while nothing is borrowed, for a waker may be the last to hold a task.
fn wake(wakers: impl IntoIterator<Item = Waker>) {
    wakers.into_iter().for_each(Waker::wake);
}

/// Ends attempts and wakes their lookups when all of them have ended.
fn wake_all(keys: Vec<Key>, reply: impl Fn() -> Reply) {
    let wakers: Vec<Waker> = keys.iter().filter_map(|key| key.complete(reply())).collect();
    wake(wakers);
}

impl Resolver {
    /// Where it listens.
    pub(super) fn address(&self) -> SocketAddr {
        self.address
    }

    /// Where its own totals are kept.
    pub(super) fn counters(&self) -> Option<&ResolverCounters> {
        self.counters.as_deref()
    }

    /// The sockets towards it.
    pub(super) fn sockets(&self) -> impl Iterator<Item = &Rc<Socket>> {
        std::iter::once(&self.socket).chain(&self.more_sockets)
    }

    /// The socket that the next batch leaves through. A batch stays together, so that it costs one call; the batches take turns, so that the
    /// ports do.
    pub(super) fn next_socket(&self) -> &Socket {
        let turn = self.turn.get();
        let next = self.more_sockets.get(turn);
        self.turn.set(if next.is_some() { turn + 1 } else { 0 });
        next.unwrap_or(&self.socket)
    }

    /// Waits until queries wait and may leave; says how many.
    pub(super) async fn sendable(&self) -> usize {
        loop {
            let waiting = self.queue.borrow().len();
            if waiting == 0 {
                self.queued.notified().await;
                continue;
            }
            match self.window.room(self.in_flight()) {
                0 => self.window.wait().await,
                room => return waiting.min(room).min(SEND_BATCH),
            }
        }
    }

    fn in_flight(&self) -> usize {
        self.sockets().map(|socket| socket.ids.len()).sum()
    }

    fn enqueue(&self, key: Key) {
        let mut queue = self.queue.borrow_mut();
        queue.push_back(key);
        if queue.len() == 1 {
            self.queued.notify_one();
        }
    }
}

impl Watched for Resolver {
    fn liveness(&self) -> &Liveness {
        &self.liveness
    }
}

impl Socket {
    fn new(socket: UdpSocket, buffer: usize, window: &Rc<Window>) -> Self {
        let ids = Rc::new(Ids::new(Rc::clone(window)));
        Self { socket: RefCell::new(Rc::new(socket)), replaced: Notify::new(), ids, buffer: Cell::new(buffer), dropped: Cell::new(None) }
    }

    /// The socket as it is now.
    pub(super) fn current(&self) -> Rc<UdpSocket> {
        Rc::clone(&self.socket.borrow())
    }

    /// Whether it has been half full at least when so many messages were received in a row, so that it may have overflowed.
    pub(super) fn may_overflow(&self, received: usize) -> bool {
        received * DATAGRAM_MEMORY * 2 >= self.buffer.get()
    }

    /// Waits until there is another socket.
    pub(super) async fn replaced(&self) {
        self.replaced.notified().await;
    }
}

/// The slot of one lookup, given back when the lookup ends or is dropped.
pub(super) struct Ticket<'e> {
    engine: &'e Engine,
    slot: Rc<Slot>,
}

impl<'e> Ticket<'e> {
    /// A slot for a lookup of records of a type at a name.
    ///
    /// # Errors
    /// Says what keeps the name from being asked for.
    pub(super) fn claim(engine: &'e Engine, name: &str, record_type: u16) -> Result<Self, &'static str> {
        let slot = engine.slots.claim(name, record_type, engine.mix_case)?;
        Ok(Self { engine, slot })
    }

    /// The slot of a lookup that was submitted and has come back.
    pub(super) fn of_submitted(engine: &'e Engine, slot: Rc<Slot>) -> Self {
        Self { engine, slot }
    }

    /// The question of the lookup.
    pub(super) fn question(&self) -> Question {
        self.slot.question()
    }

    /// The question has failed before, in this lookup or an earlier one.
    pub(super) fn doubt(&self) {
        self.slot.doubt();
    }

    /// Has the resolver asked not to validate.
    pub(super) fn disable_checking(&self) {
        self.slot.disable_checking();
    }

    /// Sends the question to a resolver, without EDNS if `plain`, and waits for what becomes of it.
    pub(super) async fn ask(&self, resolver: &Resolver, plain: bool) -> Reply {
        resolver.enqueue(self.slot.begin(plain));
        std::future::poll_fn(|context| {
            let (reply, _replaced) = self.slot.poll(context);
            reply
        })
        .await
    }
}

impl Drop for Ticket<'_> {
    fn drop(&mut self) {
        self.engine.release(&self.slot);
    }
}
