//! The task that asks a resolver of the bulk engine for a sign of life.

use std::rc::Rc;
use std::time::Duration;

use super::engine::{Engine, Ticket};
use super::slots::Reply;

/// Type NS (RFC 1035 section 3.2.2).
const TYPE_NS: u16 = 2;

/// Looks after one resolver for ever. It is asked the way lookups go, through the same sockets and limits: what does not pass there is of
/// no use elsewhere.
pub(super) async fn watch(engine: Rc<Engine>, resolver: usize, timeout: Duration) {
    engine.health.look_after(resolver, &engine.counters, timeout, || is_answering(&engine, resolver)).await;
}

/// Whatever it says, it lives. It may be our sockets that do not, so a benched one is asked through new ones.
async fn is_answering(engine: &Rc<Engine>, resolver: usize) -> bool {
    if !engine.health.is_up(resolver) {
        engine.reopen_all(resolver);
    }
    let Ok(ticket) = Ticket::claim(engine, ".", TYPE_NS) else { return true };
    matches!(ticket.ask(resolver, false).await, Reply::Message(_))
}
