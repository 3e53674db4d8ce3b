//! The lookups under way: what each asks, where its present attempt stands, and whom to wake.

use std::task::{Context, Poll, Waker};
use std::time::Instant;

use super::message::Message;
use super::question::Question;

/// One attempt of one lookup. A key outlives its attempt harmlessly: the serial number no longer fits.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Key {
    /// The slot.
    pub(super) index: u32,
    /// Which attempt in that slot; wraps around.
    pub(super) serial: u32,
}

/// Where a query left from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Departure {
    /// Index of the socket among those of the resolver.
    pub(super) socket: u32,
    /// Index of the resolver.
    pub(super) resolver: u32,
    /// Id of the query.
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

#[derive(Debug)]
struct Slot {
    question: Question,
    plain: bool,
    serial: u32,
    phase: Phase,
    waker: Option<Waker>,
}

/// All lookups of one worker. Slots are reused, so memory follows the most that ever were under way.
#[derive(Debug, Default)]
pub(super) struct Slots {
    slots: Vec<Slot>,
    free: Vec<u32>,
}

impl Slots {
    /// A slot for a lookup of records of a type at a name.
    ///
    /// # Errors
    /// Says what keeps the name from being asked for.
    pub(super) fn claim(&mut self, name: &str, record_type: u16, mix_case: bool) -> Result<u32, &'static str> {
        let index = match self.free.pop() {
            Some(index) => index,
            None => {
                let index = u32::try_from(self.slots.len()).map_err(|_| "too many lookups at once")?;
                self.slots.push(Slot { question: Question::EMPTY, plain: false, serial: 0, phase: Phase::Idle, waker: None });
                index
            }
        };
        let slot = self.slots.get_mut(index as usize).ok_or("no slot")?;
        // Written in place: a question is large.
        slot.question.set(name, record_type).inspect_err(|_| self.free.push(index))?;
        if mix_case {
            slot.question.mix_case();
        }
        Ok(index)
    }

    /// The question of a lookup.
    pub(super) fn question(&self, index: u32) -> Question {
        self.slots.get(index as usize).map_or(Question::EMPTY, |slot| slot.question.clone())
    }

    /// Frees a slot; says where its query left from if that is still under way.
    pub(super) fn release(&mut self, index: u32) -> (Option<Departure>, Option<Waker>) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return (None, None) };
        slot.serial = slot.serial.wrapping_add(1);
        let waker = slot.waker.take();
        self.free.push(index);
        match std::mem::replace(&mut slot.phase, Phase::Idle) {
            Phase::Sent(departure) => (Some(departure), waker),
            _ => (None, waker),
        }
    }

    /// Begins an attempt, without EDNS if `plain`.
    pub(super) fn enqueue(&mut self, index: u32, plain: bool) -> Option<Key> {
        let slot = self.slots.get_mut(index as usize)?;
        slot.serial = slot.serial.wrapping_add(1);
        slot.phase = Phase::Queued;
        slot.plain = plain;
        Some(Key { index, serial: slot.serial })
    }

    fn live(&mut self, key: Key) -> Option<&mut Slot> {
        self.slots.get_mut(key.index as usize).filter(|slot| slot.serial == key.serial)
    }

    /// The question of an attempt that waits to be sent, and whether it goes without EDNS.
    pub(super) fn queued(&mut self, key: Key) -> Option<(&Question, bool)> {
        self.live(key).filter(|slot| matches!(slot.phase, Phase::Queued)).map(|slot| (&slot.question, slot.plain))
    }

    /// Notes that the query of an attempt has left.
    pub(super) fn depart(&mut self, key: Key, departure: Departure) {
        if let Some(slot) = self.live(key) {
            slot.phase = Phase::Sent(departure);
        }
    }

    /// Question and departure of an attempt that is under way.
    pub(super) fn sent(&mut self, key: Key) -> Option<(&Question, Departure)> {
        self.live(key).and_then(|slot| match slot.phase {
            Phase::Sent(departure) => Some((&slot.question, departure)),
            _ => None,
        })
    }

    /// Ends an attempt. The waker is to be woken when no part of the engine is borrowed.
    pub(super) fn complete(&mut self, key: Key, reply: Reply) -> Option<Waker> {
        let slot = self.live(key)?;
        slot.phase = Phase::Done(reply);
        slot.waker.take()
    }

    /// Picks up the reply of an attempt, or leaves a waker; the waker that it replaces is handed back.
    pub(super) fn poll(&mut self, index: u32, context: &Context<'_>) -> (Poll<Reply>, Option<Waker>) {
        let Some(slot) = self.slots.get_mut(index as usize) else { return (Poll::Ready(Reply::Silence), None) };
        if let Phase::Done(_) = slot.phase {
            let Phase::Done(reply) = std::mem::replace(&mut slot.phase, Phase::Idle) else { return (Poll::Pending, None) };
            return (Poll::Ready(reply), slot.waker.take());
        }
        match &slot.waker {
            Some(waker) if waker.will_wake(context.waker()) => (Poll::Pending, None),
            _ => (Poll::Pending, slot.waker.replace(context.waker().clone())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_of_an_earlier_attempt_changes_nothing() {
        let mut slots = Slots::default();
        let context = Context::from_waker(Waker::noop());
        let index = slots.claim("a.test", 16, false).unwrap();
        let first = slots.enqueue(index, false).unwrap();
        assert!(slots.queued(first).is_some());
        let second = slots.enqueue(index, true).unwrap();
        assert!(slots.queued(first).is_none());
        assert!(slots.complete(first, Reply::Silence).is_none());
        assert!(slots.poll(index, &context).0.is_pending());
        assert!(slots.queued(second).is_some_and(|(_, plain)| plain));
        assert!(slots.complete(second, Reply::Silence).is_some());
        assert!(slots.poll(index, &context).0.is_ready());
    }

    #[test]
    fn a_released_slot_is_used_again_and_tells_what_is_under_way() {
        let mut slots = Slots::default();
        let index = slots.claim("a.test", 16, false).unwrap();
        let key = slots.enqueue(index, false).unwrap();
        let departure = Departure { socket: 1, resolver: 2, id: 3, at: Instant::now() };
        slots.depart(key, departure);
        assert_eq!(slots.release(index).0, Some(departure));
        assert!(slots.sent(key).is_none());
        assert!(slots.claim("b..test", 16, false).is_err());
        assert_eq!(slots.claim("b.test", 16, false), Ok(index));
        assert_eq!(slots.release(index).0, None);
    }
}
