//! Whether it is this network that does not let us talk to mail servers: port 25 is blocked in many, and in some somebody on the way
//! answers for all of them.

use std::collections::{HashMap, HashSet};
use std::net::IpAddr;
use std::sync::{Mutex, OnceLock, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::evidence::{Conversation, FetchError, FetchFault, FetchStage};

/// How recently another network has to have answered for the silence of one to be its own.
const RECENTLY: Duration = Duration::from_secs(60);
/// Networks in a row that are silent where port 25 is blocked.
const SILENT_NETWORKS: usize = 50;

/// What networks have answered, of those that were asked.
#[derive(Debug, Default)]
pub(super) struct Watch {
    seen: Mutex<Seen>,
    blocked: OnceLock<(FetchFault, String)>,
}

#[derive(Debug, Default)]
struct Seen {
    /// When networks answered last; no more than the two that did last.
    answered: HashMap<Network, Instant>,
    /// Those that were asked in vain since anybody answered.
    silent: HashSet<Network>,
}

/// The first 16 bits of an IPv4 address, the first 32 of an IPv6 one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Network {
    V4([u8; 2]),
    V6([u16; 2]),
}

impl Network {
    pub(super) fn of(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(v4) => {
                let [a, b, _, _] = v4.octets();
                Self::V4([a, b])
            }
            IpAddr::V6(v6) => {
                let [a, b, ..] = v6.segments();
                Self::V6([a, b])
            }
        }
    }
}

impl Watch {
    /// Takes note of what became of a connection. Where it was not made, and no other network has answered lately either, that says
    /// nothing of the host, and the conversation is changed to say so.
    pub(super) fn judge(&self, conversation: &mut Conversation) {
        use FetchFault::{Refused, Timeout, Unreachable};
        let network = Network::of(conversation.address);
        let now = Instant::now();
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        match &mut conversation.error {
            Some(FetchError { stage: FetchStage::Connect, fault: fault @ (Refused | Timeout | Unreachable), text, .. }) => {
                if seen.silent.len() < SILENT_NETWORKS {
                    seen.silent.insert(network);
                }
                let vouched = |(other, at): (&Network, &Instant)| *other != network && now.duration_since(*at) <= RECENTLY;
                if !seen.answered.iter().any(vouched) {
                    *fault = FetchFault::NotTried;
                    *text = format!("no other network has answered on this port for a minute, so it may be this network: {text}");
                }
            }
            Some(FetchError { stage: FetchStage::Address | FetchStage::Connect, .. }) => return,
            _ => seen.answer(network, now),
        }
        if seen.silent.len() >= SILENT_NETWORKS {
            self.block(FetchFault::NotTried, format!("{SILENT_NETWORKS} different networks were asked in a row, and none answered"));
        }
    }

    /// No mail server can be asked from here: what that is to everybody who is not, and why.
    pub(super) fn block(&self, fault: FetchFault, why: String) {
        let _ = self.blocked.set((fault, why)); // The first reason is as good.
    }

    /// Why no mail server can be asked from here, if that is known, and the fault that it is.
    pub(super) fn blocked(&self) -> Option<(FetchFault, &str)> {
        self.blocked.get().map(|(fault, why)| (*fault, why.as_str()))
    }
}

impl Seen {
    fn answer(&mut self, network: Network, now: Instant) {
        self.silent.clear();
        self.answered.insert(network, now);
        if self.answered.len() > 2
            && let Some(oldest) = self.answered.iter().min_by_key(|(_, at)| **at).map(|(network, _)| *network)
        {
            self.answered.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(watch: &Watch, address: [u8; 4], error: Option<(FetchStage, FetchFault)>) -> Option<FetchFault> {
        let mut conversation = Conversation::new(address.into());
        conversation.error = error.map(|(stage, fault)| FetchError::new(stage, fault, "no answer in time"));
        watch.judge(&mut conversation);
        conversation.error.map(|error| error.fault)
    }

    const SILENCE: Option<(FetchStage, FetchFault)> = Some((FetchStage::Connect, FetchFault::Timeout));

    #[tokio::test(start_paused = true)]
    async fn nobody_is_unreachable_in_a_minute_in_which_no_other_network_answered() {
        let watch = Watch::default();
        assert_eq!(judged(&watch, [192, 0, 2, 1], SILENCE), Some(FetchFault::NotTried));
        judged(&watch, [192, 0, 9, 9], None);
        assert_eq!(judged(&watch, [192, 0, 2, 1], SILENCE), Some(FetchFault::NotTried), "its own network does not vouch for it");
        judged(&watch, [198, 51, 100, 1], Some((FetchStage::Greeting, FetchFault::SmtpRefused)));
        assert_eq!(judged(&watch, [192, 0, 2, 1], SILENCE), Some(FetchFault::Timeout));
        tokio::time::advance(RECENTLY + Duration::from_secs(1)).await;
        assert_eq!(judged(&watch, [192, 0, 2, 1], SILENCE), Some(FetchFault::NotTried));
        // Whoever was excluded or has no route says nothing at all.
        judged(&watch, [198, 51, 100, 1], Some((FetchStage::Address, FetchFault::NoRoute)));
        assert_eq!(judged(&watch, [192, 0, 2, 1], SILENCE), Some(FetchFault::NotTried));
        assert_eq!(judged(&watch, [192, 0, 2, 1], Some((FetchStage::Tls, FetchFault::Timeout))), Some(FetchFault::Timeout));
    }

    #[tokio::test(start_paused = true)]
    async fn fifty_silent_networks_in_a_row_are_one_that_blocks() {
        let watch = Watch::default();
        let silent = |watch: &Watch, networks: std::ops::Range<u8>| {
            for b in networks {
                judged(watch, [10, b, 0, 1], SILENCE);
            }
        };
        silent(&watch, 0..49);
        for _ in 0..100 {
            judged(&watch, [10, 3, 0, 1], SILENCE);
        }
        assert_eq!(watch.blocked(), None, "each counts once");
        judged(&watch, [10, 200, 0, 1], None);
        silent(&watch, 0..49);
        assert_eq!(watch.blocked(), None, "somebody answered meanwhile");
        silent(&watch, 49..50);
        assert!(watch.blocked().is_some_and(|(_, why)| why.contains("50 different networks")));
    }
}
