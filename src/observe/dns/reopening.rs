//! Sockets that have become useless are opened anew: after a fault that lasts, and while their resolver is benched.
//!
//! A socket keeps the address from which it was connected. When that goes, because an interface has gone down or a network has given us
//! another one, nothing leaves or arrives through it any more; a new one has the address that is right now.

use std::io;
use std::rc::Rc;

use super::engine::{Engine, Line};
use super::slots::{Key, Reply};
use super::socket::{Outgoing, Sent, open, send};

impl Engine {
    /// Opens a socket anew. What was under way on the old one ends with the fault, which is this machine's. `false` if there is no new one to
    /// be had, and then all is as before.
    pub(super) fn reopen(&self, resolver: usize, socket: usize, fault: &io::Error) -> bool {
        let (Some(route), Some(line)) = (self.resolvers.get(resolver), self.line(resolver, socket)) else { return false };
        let Ok((fresh, buffer)) = open(route.address, self.receive_buffer) else { return false };
        self.counters.note_receive_buffer(buffer);
        *line.socket.borrow_mut() = Rc::new(fresh);
        line.dropped.set(0);
        line.replaced.notify_one();
        let keys: Vec<Key> = line.ids.borrow_mut().drain().collect();
        let ended = keys.into_iter().map(|key| self.slots.borrow_mut().complete(key, Reply::Local(fault.to_string())));
        let wakers: Vec<_> = ended.collect();
        route.window.release();
        wakers.into_iter().flatten().for_each(std::task::Waker::wake);
        true
    }

    /// Opens all sockets towards a resolver anew.
    pub(super) fn reopen_all(&self, resolver: usize) {
        let sockets = self.resolvers.get(resolver).map_or(0, |route| route.sockets.len());
        for socket in 0..sockets {
            self.reopen(resolver, socket, &io::Error::other("socket opened anew, as the resolver does not answer"));
        }
    }

    /// Sends a batch.
    #[cfg(not(test))]
    pub(super) fn send_out(&self, line: &Line, outgoing: &mut Outgoing) -> Sent {
        send(&line.socket(), outgoing)
    }

    /// Sends a batch, or fails as a test wants it.
    #[cfg(test)]
    pub(super) fn send_out(&self, line: &Line, outgoing: &mut Outgoing) -> Sent {
        match self.fault.get() {
            Some(fault) => Sent { count: 0, fault: Some(fault.into()) },
            None => send(&line.socket(), outgoing),
        }
    }
}
