//! What the lookups of one worker and the drivers share: slots, a queue for each resolver, sockets, deadlines.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::rc::Rc;
use std::sync::Arc;
use std::task::Waker;
use std::time::Duration;

use tokio::net::UdpSocket;
use tokio::sync::Notify;

use super::config::DnsConfig;
use super::counters::DnsCounters;
use super::deadlines::Deadlines;
use super::health::Health;
use super::ids::Ids;
use super::limits::DnsLimits;
use super::question::Question;
use super::slots::{Departure, Key, Reply, Slots};
use super::socket::{Incoming, Outgoing, open};
use super::window::Window;

/// The shared state. No borrow of a cell is held across an await or while a waker is woken.
pub(super) struct Engine {
    pub(super) counters: Arc<DnsCounters>,
    pub(super) limits: Arc<DnsLimits>,
    pub(super) resolvers: Vec<Resolver>,
    pub(super) slots: RefCell<Slots>,
    pub(super) deadlines: RefCell<Deadlines>,
    /// Told when the first deadline is set.
    pub(super) deadline_set: Notify,
    pub(super) outgoing: RefCell<Outgoing>,
    pub(super) leaving: RefCell<Vec<Leaving>>,
    pub(super) incoming: RefCell<Incoming>,
    /// Messages received since they were last left to gather.
    pub(super) received: Cell<usize>,
    /// Told when a socket has been emptied.
    pub(super) emptied: Notify,
    pub(super) health: Health,
    /// Octets of receive buffer to ask the kernel for.
    pub(super) receive_buffer: usize,
    mix_case: bool,
    /// What sending comes to in place of what it would, for tests.
    #[cfg(test)]
    pub(super) fault: Cell<Option<nix::errno::Errno>>,
}

/// A query of the batch that is being sent.
pub(super) struct Leaving {
    /// Octets of its header and question, by which the batch is sorted.
    pub(super) length: usize,
    pub(super) key: Key,
    pub(super) id: u16,
}

/// The sockets towards one resolver and what waits to leave through them.
pub(super) struct Resolver {
    pub(super) address: SocketAddr,
    pub(super) sockets: Vec<Line>,
    pub(super) queue: RefCell<VecDeque<Key>>,
    /// Told when the queue stops being empty.
    pub(super) queued: Notify,
    pub(super) window: Window,
    turn: Cell<usize>,
}

/// One socket and the ids in use on it.
pub(super) struct Line {
    pub(super) socket: RefCell<Rc<UdpSocket>>,
    /// Told when there is another socket.
    pub(super) replaced: Notify,
    pub(super) ids: RefCell<Ids>,
    /// Datagrams that the kernel has dropped here.
    pub(super) dropped: Cell<u32>,
}

impl Line {
    fn new(socket: UdpSocket) -> Self {
        Self { socket: RefCell::new(Rc::new(socket)), replaced: Notify::new(), ids: RefCell::default(), dropped: Cell::new(0) }
    }

    /// The socket as it is now.
    pub(super) fn socket(&self) -> Rc<UdpSocket> {
        Rc::clone(&self.socket.borrow())
    }
}

impl Engine {
    /// Opens the sockets; every attempt waits for its answer as long as `timeout` says.
    ///
    /// # Errors
    /// The resolver towards which no socket could be opened, and the system's words.
    pub(super) fn open(
        config: &DnsConfig,
        timeout: Duration,
        limits: Arc<DnsLimits>,
        counters: Arc<DnsCounters>,
    ) -> Result<Self, (SocketAddr, io::Error)> {
        let mut opened = Vec::new();
        for &address in &config.resolvers {
            let mut lines = Vec::new();
            for _ in 0..config.sockets() {
                let (socket, buffer) = open(address, config.receive_buffer).map_err(|error| (address, error))?;
                counters.note_receive_buffer(buffer);
                lines.push(Line::new(socket));
            }
            let (queue, queued, turn) = (RefCell::default(), Notify::new(), Cell::new(0));
            opened.push(Resolver { address, sockets: lines, queue, queued, window: Window::new(config.in_flight), turn });
        }
        Ok(Self {
            counters,
            limits,
            resolvers: opened,
            slots: RefCell::default(),
            deadlines: RefCell::new(Deadlines::new(timeout)),
            deadline_set: Notify::new(),
            outgoing: RefCell::new(Outgoing::new()),
            leaving: RefCell::default(),
            incoming: RefCell::new(Incoming::new()),
            received: Cell::new(0),
            emptied: Notify::new(),
            health: Health::new(config.resolvers.len()),
            receive_buffer: config.receive_buffer,
            mix_case: config.mix_case,
            #[cfg(test)]
            fault: Cell::new(None),
        })
    }

    /// Questions on their way.
    pub(super) fn in_flight(&self) -> usize {
        self.resolvers.iter().map(Resolver::in_flight).sum()
    }

    /// The socket that a query left through.
    pub(super) fn line(&self, resolver: usize, socket: usize) -> Option<&Line> {
        self.resolvers.get(resolver)?.sockets.get(socket)
    }

    /// Gives the id of a query back that no longer waits for its answer.
    pub(super) fn forget(&self, departure: Departure) {
        if let Some(line) = self.line(departure.resolver as usize, departure.socket as usize) {
            line.ids.borrow_mut().give_back(departure.id);
        }
        if let Some(resolver) = self.resolvers.get(departure.resolver as usize) {
            resolver.window.release();
        }
    }
}

impl Resolver {
    /// Index of the socket that the next batch leaves through. A batch stays together, so that it costs one call; the batches
    /// take turns, so that the ports do.
    pub(super) fn next_socket(&self) -> usize {
        let turn = (self.turn.get() + 1) % self.sockets.len().max(1);
        self.turn.set(turn);
        turn
    }

    /// How many more queries may be in flight.
    pub(super) fn room(&self) -> usize {
        self.window.room(self.in_flight())
    }

    fn in_flight(&self) -> usize {
        self.sockets.iter().map(|line| line.ids.borrow().len()).sum()
    }

    fn enqueue(&self, key: Key) {
        let mut queue = self.queue.borrow_mut();
        queue.push_back(key);
        if queue.len() == 1 {
            self.queued.notify_one();
        }
    }
}

/// The slot of one lookup, given back when the lookup ends or is dropped.
pub(super) struct Ticket {
    engine: Rc<Engine>,
    index: u32,
}

impl Ticket {
    /// A slot for a lookup of records of a type at a name.
    ///
    /// # Errors
    /// Says what keeps the name from being asked for.
    pub(super) fn claim(engine: &Rc<Engine>, name: &str, record_type: u16) -> Result<Self, &'static str> {
        let index = engine.slots.borrow_mut().claim(name, record_type, engine.mix_case)?;
        Ok(Self { engine: Rc::clone(engine), index })
    }

    /// The question of the lookup.
    pub(super) fn question(&self) -> Question {
        self.engine.slots.borrow().question(self.index)
    }

    /// Sends the question to a resolver, without EDNS if `plain`, and waits for what becomes of it.
    pub(super) async fn ask(&self, resolver: usize, plain: bool) -> Reply {
        let key = self.engine.slots.borrow_mut().enqueue(self.index, plain);
        let (Some(key), Some(resolver)) = (key, self.engine.resolvers.get(resolver)) else { return Reply::Silence };
        resolver.enqueue(key);
        std::future::poll_fn(|context| {
            let (reply, _replaced) = self.engine.slots.borrow_mut().poll(self.index, context);
            reply
        })
        .await
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let (departure, waker): (_, Option<Waker>) = self.engine.slots.borrow_mut().release(self.index);
        if let Some(departure) = departure {
            self.engine.forget(departure);
        }
        drop(waker);
    }
}
