//! The questions under way: what each asks and where its present attempt stands, the ids by which replies find them, and when each attempt
//! has waited long enough.
//!
//! Whoever has to do with a question holds a handle to it and no number, so there is no question that cannot be found.

use std::cell::{RefCell, RefMut};
use std::collections::hash_map::Entry;
use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasherDefault, Hasher};
use std::rc::Rc;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use rand::RngExt as _;
use tokio::time::Instant;

use super::flow::Window;
use super::message::{Message, Question};

/// Queries in flight on one socket. Half of all ids stay free, so that a free one is found at once and stays hard to guess.
const MAX_IN_FLIGHT: usize = 32_768;
/// How late a time-out may be noticed: one timer serves all attempts.
const TICK: Duration = Duration::from_millis(25);

/// One attempt of one lookup. A key outlives its attempt harmlessly: the serial number no longer fits.
#[derive(Clone, Debug)]
pub(super) struct Key {
    slot: Rc<Slot>,
    /// Which attempt in that slot; wraps around.
    serial: u32,
}

/// Where a query left from, and when.
#[derive(Clone, Debug)]
pub(super) struct Departure {
    /// The ids of its socket.
    pub(super) ids: Rc<Ids>,
    /// Its own.
    pub(super) id: u16,
    /// When.
    pub(super) at: Instant,
}

/// What became of an attempt.
#[derive(Debug)]
pub(super) enum Reply {
    /// An answer to the question.
    Message(Message),
    /// Nothing in time.
    Silence,
    /// The resolver's host, or the network before it, said that nobody listens; with the system's words.
    Unreachable(String),
    /// This machine could not send; with the system's words.
    Local(String),
}

#[derive(Debug)]
enum Phase {
    /// Between attempts.
    Idle,
    /// In the queue of a resolver.
    Queued,
    /// On its way.
    Sent(Departure),
    /// Waiting to be picked up.
    Done(Reply),
}

/// The place of one lookup.
#[derive(Debug)]
pub(super) struct Slot(RefCell<State>);

#[derive(Debug)]
struct State {
    question: Question,
    plain: bool,
    /// Whether the question has failed before: another silence says nothing of how much is lost on the way.
    is_doubtful: bool,
    serial: u32,
    phase: Phase,
    waiter: Option<Waiter>,
}

/// Who waits for an attempt to end.
#[derive(Debug)]
enum Waiter {
    /// A lookup that is a future.
    Task(Waker),
    /// Whoever collects the ends of many lookups.
    Collector(Rc<Completions>, Submission),
}

/// A lookup whose first attempt ends with a collector.
#[derive(Clone, Copy, Debug)]
pub(super) struct Submission {
    /// By which the collector knows it.
    pub(super) tag: usize,
    /// The place of the resolver that is asked.
    pub(super) resolver: usize,
    /// Whose turn it was to be asked first.
    pub(super) turn: usize,
}

/// The end of the first attempt of a lookup.
#[derive(Debug)]
pub(super) struct Completion {
    pub(super) submission: Submission,
    pub(super) slot: Rc<Slot>,
    pub(super) reply: Reply,
}

/// What a collector has not looked at yet.
#[derive(Debug, Default)]
pub(super) struct Completions {
    ended: RefCell<VecDeque<Completion>>,
    /// Taken when it is to be woken, so that one waking serves all that ends until somebody looks.
    waker: RefCell<Option<Waker>>,
}

impl Completions {
    /// The next one, or leaves a waker.
    pub(super) fn poll(&self, context: &Context<'_>) -> Poll<Completion> {
        let next = self.ended.borrow_mut().pop_front();
        if next.is_none() {
            self.waker.borrow_mut().get_or_insert_with(|| context.waker().clone()).clone_from(context.waker());
        }
        next.map_or(Poll::Pending, Poll::Ready)
    }
}

/// The slots of one worker that are free. They are used again, so memory follows the most lookups that ever were under way.
#[derive(Debug, Default)]
pub(super) struct Slots(RefCell<Vec<Rc<Slot>>>);

impl Slots {
    /// A slot for a lookup of records of a type at a name.
    ///
    /// # Errors
    /// Says what keeps the name from being asked for.
    pub(super) fn claim(&self, name: &str, record_type: u16, mix_case: bool) -> Result<Rc<Slot>, &'static str> {
        let slot = self.0.borrow_mut().pop().unwrap_or_else(|| Rc::new(Slot::empty()));
        // Written in place: a question is large.
        let set = {
            let mut state = slot.0.borrow_mut();
            state.is_doubtful = false;
            state.question.set(name, record_type)
        };
        if let Err(reason) = set {
            self.0.borrow_mut().push(slot);
            return Err(reason);
        }
        if mix_case {
            slot.0.borrow_mut().question.mix_case();
        }
        Ok(slot)
    }

    /// Takes a slot back. The waker is to be dropped when no part of the engine is borrowed.
    pub(super) fn release(&self, slot: &Rc<Slot>) -> Option<Waker> {
        let (phase, waker) = {
            let mut state = slot.0.borrow_mut();
            state.serial = state.serial.wrapping_add(1);
            (std::mem::replace(&mut state.phase, Phase::Idle), state.take_waker())
        };
        if let Phase::Sent(departure) = phase {
            departure.ids.give_back(departure.id);
        }
        self.0.borrow_mut().push(Rc::clone(slot));
        waker
    }
}

impl Slot {
    fn empty() -> Self {
        Self(RefCell::new(State {
            question: Question::EMPTY,
            plain: false,
            is_doubtful: false,
            serial: 0,
            phase: Phase::Idle,
            waiter: None,
        }))
    }

    /// The question of the lookup.
    pub(super) fn question(&self) -> Question {
        self.0.borrow().question.clone()
    }

    /// The question has failed before.
    pub(super) fn doubt(&self) {
        self.0.borrow_mut().is_doubtful = true;
    }

    /// Has the resolver asked not to validate.
    pub(super) fn disable_checking(&self) {
        self.0.borrow_mut().question.disable_checking();
    }

    /// Begins an attempt, without EDNS if `plain`.
    pub(super) fn begin(self: &Rc<Self>, plain: bool) -> Key {
        let mut state = self.0.borrow_mut();
        state.serial = state.serial.wrapping_add(1);
        state.phase = Phase::Queued;
        state.plain = plain;
        Key { slot: Rc::clone(self), serial: state.serial }
    }

    /// Has the end of the attempt that is begun next go to a collector.
    pub(super) fn collect(&self, completions: &Rc<Completions>, submission: Submission) {
        self.0.borrow_mut().waiter = Some(Waiter::Collector(Rc::clone(completions), submission));
    }

    /// Picks up the reply of an attempt, or leaves a waker; the waker that it replaces is handed back.
    pub(super) fn poll(&self, context: &Context<'_>) -> (Poll<Reply>, Option<Waker>) {
        let mut state = self.0.borrow_mut();
        if matches!(state.phase, Phase::Done(_))
            && let Phase::Done(reply) = std::mem::replace(&mut state.phase, Phase::Idle)
        {
            return (Poll::Ready(reply), state.take_waker());
        }
        match &state.waiter {
            Some(Waiter::Task(waker)) if waker.will_wake(context.waker()) => (Poll::Pending, None),
            _ => {
                let before = state.take_waker();
                state.waiter = Some(Waiter::Task(context.waker().clone()));
                (Poll::Pending, before)
            }
        }
    }
}

impl State {
    /// Forgets who waits; their waker is handed back.
    fn take_waker(&mut self) -> Option<Waker> {
        match self.waiter.take() {
            Some(Waiter::Task(waker)) => Some(waker),
            Some(Waiter::Collector(..)) | None => None,
        }
    }
}

impl Key {
    /// The state of the slot as long as this is its attempt.
    fn live(&self) -> Option<RefMut<'_, State>> {
        let state = self.slot.0.borrow_mut();
        (state.serial == self.serial).then_some(state)
    }

    /// Reads the question of an attempt that waits to be sent, and whether it goes without EDNS.
    pub(super) fn queued<T>(&self, read: impl FnOnce(&Question, bool) -> T) -> Option<T> {
        let state = self.live()?;
        matches!(state.phase, Phase::Queued).then(|| read(&state.question, state.plain))
    }

    /// Notes that the query of an attempt has left.
    pub(super) fn depart(&self, departure: Departure) {
        if let Some(mut state) = self.live() {
            state.phase = Phase::Sent(departure);
        }
    }

    /// Reads the question and the departure of an attempt that is under way.
    pub(super) fn sent<T>(&self, read: impl FnOnce(&Question, &Departure) -> T) -> Option<T> {
        let state = self.live()?;
        match &state.phase {
            Phase::Sent(departure) => Some(read(&state.question, departure)),
            _ => None,
        }
    }

    /// Whether what becomes of the attempt says something of how much is lost on the way.
    pub(super) fn tells_of_loss(&self) -> bool {
        !self.slot.0.borrow().is_doubtful
    }

    /// Whether the attempt waits for its answer.
    pub(super) fn is_under_way(&self) -> bool {
        self.live().is_some_and(|state| matches!(state.phase, Phase::Sent(_)))
    }

    /// Ends an attempt. The waker is to be woken when no part of the engine is borrowed.
    pub(super) fn complete(&self, reply: Reply) -> Option<Waker> {
        let mut state = self.live()?;
        let waker = match state.waiter.take() {
            Some(Waiter::Collector(completions, submission)) => {
                state.phase = Phase::Idle;
                completions.ended.borrow_mut().push_back(Completion { submission, slot: Rc::clone(&self.slot), reply });
                return completions.waker.borrow_mut().take();
            }
            Some(Waiter::Task(waker)) => Some(waker),
            None => None,
        };
        state.phase = Phase::Done(reply);
        waker
    }
}

/// The query ids in use on one socket, and which attempt each stands for.
#[derive(Debug)]
pub(super) struct Ids {
    used: RefCell<HashMap<u16, Key, BuildHasherDefault<IdHasher>>>,
    /// Where there is room again when an id comes back.
    window: Rc<Window>,
}

impl Ids {
    /// None in use yet, on a socket towards the resolver of the window.
    pub(super) fn new(window: Rc<Window>) -> Self {
        Self { used: RefCell::default(), window }
    }

    /// Takes a free id at random; `None` while too many are in use.
    pub(super) fn take(&self, key: &Key) -> Option<u16> {
        let mut used = self.used.borrow_mut();
        if used.len() >= MAX_IN_FLIGHT {
            return None;
        }
        let mut random = rand::rng();
        loop {
            let id = random.random();
            if let Entry::Vacant(free) = used.entry(id) {
                free.insert(key.clone());
                return Some(id);
            }
        }
    }

    /// How many are in use.
    pub(super) fn len(&self) -> usize {
        self.used.borrow().len()
    }

    /// Reads the attempt that a reply with this id would be for.
    pub(super) fn read<T>(&self, id: u16, read: impl FnOnce(&Key) -> T) -> Option<T> {
        self.used.borrow().get(&id).map(read)
    }

    /// Gives an id back whose attempt a reply is for, as far as `read` takes it for its reply.
    pub(super) fn answer<T>(&self, id: u16, read: impl FnOnce(&Key) -> Option<T>) -> Option<(Key, T)> {
        let mut used = self.used.borrow_mut();
        let Entry::Occupied(entry) = used.entry(id) else { return None };
        let taken = read(entry.get())?;
        let key = entry.remove();
        drop(used);
        self.window.release();
        Some((key, taken))
    }

    /// Gives an id back that does not wait for its answer any more.
    pub(super) fn give_back(&self, id: u16) -> Option<Key> {
        let key = self.used.borrow_mut().remove(&id);
        self.window.release();
        key
    }

    /// The question that stands behind an id got no answer in time.
    pub(super) fn lose(&self, id: u16) {
        if self.give_back(id).is_some_and(|key| key.tells_of_loss()) {
            self.window.lost();
        }
    }

    /// Gives all ids back.
    pub(super) fn drain(&self) -> Vec<Key> {
        let keys = self.used.borrow_mut().drain().map(|(_, key)| key).collect();
        self.window.release();
        keys
    }
}

/// Ids are random and chosen by us: nobody can make them collide, so one multiplication spreads them well enough.
#[derive(Debug, Default)]
struct IdHasher(u64);

impl Hasher for IdHasher {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, octets: &[u8]) {
        for &octet in octets {
            self.write_u16(u16::from(octet));
        }
    }

    fn write_u16(&mut self, id: u16) {
        self.0 = (self.0 ^ u64::from(id)).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

/// Attempts in the order in which they run out: all wait equally long, so those that left first end first and a plain queue suffices.
#[derive(Debug)]
pub(super) struct Deadlines {
    timeout: Duration,
    queue: VecDeque<(Instant, Key)>,
}

impl Deadlines {
    /// A queue for attempts that wait so long each.
    pub(super) fn new(timeout: Duration) -> Self {
        Self { timeout, queue: VecDeque::new() }
    }

    /// Notes an attempt; `departed` never goes back. Says whether it is the only one.
    pub(super) fn push(&mut self, departed: Instant, key: Key) -> bool {
        self.queue.push_back((departed, key));
        self.queue.len() == 1
    }

    /// Forgets the oldest attempts as far as they have ended: answers come within milliseconds, so that without this the queue would
    /// hold a thousand answered attempts for each that is waiting.
    pub(super) fn forget_ended(&mut self) {
        while self.queue.front().is_some_and(|(_, key)| !key.is_under_way()) {
            self.queue.pop_front();
        }
    }

    /// When to look again; `None` while nothing waits.
    pub(super) fn next_look(&self) -> Option<Instant> {
        self.queue.front().map(|(departed, _)| *departed + self.timeout + TICK)
    }

    /// The next attempt that has run out. Attempts that ended in another way are still among them.
    pub(super) fn pop(&mut self, now: Instant) -> Option<Key> {
        let (departed, _) = self.queue.front()?;
        if now.saturating_duration_since(*departed) < self.timeout {
            return None;
        }
        self.queue.pop_front().map(|(_, key)| key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids() -> Rc<Ids> {
        Rc::new(Ids::new(Rc::new(Window::new(100_000))))
    }

    /// An attempt that is under way.
    fn departed(slots: &Slots, at: Instant) -> Key {
        let key = slots.claim("a.test", 16, false).unwrap().begin(false);
        key.depart(Departure { ids: ids(), id: 1, at });
        key
    }

    fn is(one: &Key, other: &Key) -> bool {
        Rc::ptr_eq(&one.slot, &other.slot) && one.serial == other.serial
    }

    #[test]
    fn a_key_of_an_earlier_attempt_changes_nothing() {
        let slots = Slots::default();
        let context = Context::from_waker(Waker::noop());
        let slot = slots.claim("a.test", 16, false).unwrap();
        let first = slot.begin(false);
        assert!(first.queued(|_, _| ()).is_some());
        let second = slot.begin(true);
        assert!(first.queued(|_, _| ()).is_none());
        assert!(first.complete(Reply::Silence).is_none());
        assert!(slot.poll(&context).0.is_pending());
        assert_eq!(second.queued(|_, plain| plain), Some(true));
        assert!(second.complete(Reply::Silence).is_some());
        assert!(slot.poll(&context).0.is_ready());
    }

    #[test]
    fn a_released_slot_is_used_again_and_gives_its_id_back() {
        let (slots, ids) = (Slots::default(), ids());
        let slot = slots.claim("a.test", 16, false).unwrap();
        let key = slot.begin(false);
        let id = ids.take(&key).unwrap();
        key.depart(Departure { ids: Rc::clone(&ids), id, at: Instant::now() });
        let address = Rc::as_ptr(&slot);
        slots.release(&slot);
        assert_eq!(ids.len(), 0);
        assert!(key.sent(|_, _| ()).is_none());
        assert!(slots.claim("b..test", 16, false).is_err());
        assert_eq!(Rc::as_ptr(&slots.claim("b.test", 16, false).unwrap()), address);
    }

    #[test]
    fn ids_are_unique_and_run_out() {
        let (slots, ids) = (Slots::default(), ids());
        let key = slots.claim("a.test", 16, false).unwrap().begin(false);
        let mut seen = vec![false; 65_536];
        for _ in 0..MAX_IN_FLIGHT {
            let id = ids.take(&key).unwrap();
            assert!(!std::mem::replace(&mut seen[usize::from(id)], true));
            assert_eq!(ids.read(id, |found| is(found, &key)), Some(true));
        }
        assert_eq!(ids.take(&key), None);
        let one = u16::try_from(seen.iter().position(|&used| used).unwrap()).unwrap();
        assert!(ids.give_back(one).is_some() && ids.give_back(one).is_none());
        assert!(ids.take(&key).is_some());
        assert_eq!(ids.drain().len(), MAX_IN_FLIGHT);
    }

    #[test]
    fn attempts_run_out_in_order_and_never_early() {
        let (slots, mut deadlines) = (Slots::default(), Deadlines::new(Duration::from_millis(100)));
        let start = Instant::now();
        let at = |millis| start + Duration::from_millis(millis);
        let [first, second] = [0, 10].map(|millis| departed(&slots, at(millis)));
        assert!(deadlines.push(at(0), first.clone()));
        assert!(!deadlines.push(at(10), second.clone()));
        assert!(deadlines.pop(at(99)).is_none());
        assert_eq!(deadlines.next_look(), Some(at(125)));
        assert!(is(&deadlines.pop(at(105)).unwrap(), &first));
        assert!(deadlines.pop(at(105)).is_none());
        assert!(is(&deadlines.pop(at(110)).unwrap(), &second));
        assert_eq!(deadlines.next_look(), None);
        let keys = [0, 0, 0].map(|millis| departed(&slots, at(millis)));
        keys.iter().for_each(|key| assert!(deadlines.push(start, key.clone()) || deadlines.next_look().is_some()));
        keys[0].complete(Reply::Silence);
        deadlines.forget_ended();
        assert!(is(&deadlines.pop(at(100)).unwrap(), &keys[1]));
    }
}
