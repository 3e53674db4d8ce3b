//! The task that asks a suspected resolver for a sign of life, and a benched one again and again.

use std::rc::Rc;
use std::time::Duration;

use tokio::time::sleep;

use super::engine::{Engine, Ticket};
use super::slots::Reply;

/// Type NS (RFC 1035 section 3.2.2).
const TYPE_NS: u16 = 2;
/// Questions to a suspect before it is benched: one may be lost.
const LAST_CHANCES: u32 = 2;
/// The longest pause between questions to a benched resolver.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Looks after one resolver for ever. It is asked the way lookups go, through the same sockets and limits: what does not pass there is of
/// no use elsewhere.
pub(super) async fn watch(engine: Rc<Engine>, resolver: usize, timeout: Duration) {
    loop {
        engine.health.suspicion(resolver).await;
        let mut failures = 0_u32;
        while !is_answering(&engine, resolver).await {
            failures = failures.saturating_add(1);
            if failures == LAST_CHANCES {
                engine.health.bench(resolver, &engine.counters);
            }
            if failures >= LAST_CHANCES {
                sleep(timeout.min(LOOK_EVERY)).await;
            }
        }
        engine.health.clear(resolver);
    }
}

/// Whatever it says, it lives.
async fn is_answering(engine: &Rc<Engine>, resolver: usize) -> bool {
    let Ok(ticket) = Ticket::claim(engine, ".", TYPE_NS) else { return true };
    matches!(ticket.ask(resolver, false).await, Reply::Message(_))
}
