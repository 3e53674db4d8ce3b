//! Who refuses one name after the other is left alone for a while: an address, or a provider with many of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::evidence::{Conversation, FetchFault, FetchStage};

/// Refusals in a row after which an address is left alone.
const ADDRESS_TRIES: u32 = 3;
/// Refusals in a row, of whichever address, after which a provider is.
const PROVIDER_TRIES: u32 = 6;
/// How long at first; twice as long after each further refusal.
const FIRST_PAUSE: Duration = Duration::from_secs(20);
/// How long at most.
const MAX_PAUSE: Duration = Duration::from_secs(900);
/// Servers of each kind that are known at most; beyond that those whose pause is over are forgotten.
const MAX_KNOWN: usize = 65_536;

/// The servers that refuse.
#[derive(Debug, Default)]
pub(super) struct Breakers {
    known: Mutex<HashMap<Server, Refusals>>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Server {
    Address(IpAddr),
    Provider(String),
}

#[derive(Clone, Copy, Debug, Default)]
struct Refusals {
    in_a_row: u32,
    until: Option<Instant>,
}

impl Breakers {
    /// Why nobody of this address and provider is to be asked now; `None` where they may be.
    pub(super) fn why_not(&self, address: IpAddr, provider: &str) -> Option<String> {
        let now = Instant::now();
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let is_open = |server| known.get(&server).and_then(|refusals: &Refusals| refusals.until).is_some_and(|until| until > now);
        if is_open(Server::Address(address)) {
            return Some(format!("{address} had refused other names of this scan shortly before"));
        }
        is_open(Server::Provider(provider.to_owned())).then(|| format!("{provider} had refused other names of this scan shortly before"))
    }

    /// Takes note of what became of a conversation.
    pub(super) fn note(&self, address: IpAddr, provider: &str, conversation: &Conversation) {
        let Some(refused) = verdict(conversation) else { return };
        let servers = [(Server::Address(address), ADDRESS_TRIES), (Server::Provider(provider.to_owned()), PROVIDER_TRIES)];
        let now = Instant::now();
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if !refused {
            servers.iter().for_each(|(server, _)| {
                known.remove(server);
            });
            return;
        }
        if known.len() >= MAX_KNOWN {
            known.retain(|_, refusals| refusals.until.is_some_and(|until| until > now));
        }
        for (server, tries) in servers {
            let refusals = known.entry(server).or_default();
            refusals.in_a_row = refusals.in_a_row.saturating_add(1);
            if let Some(beyond) = refusals.in_a_row.checked_sub(tries) {
                let pause = FIRST_PAUSE.saturating_mul(1 << beyond.min(16)).min(MAX_PAUSE);
                refusals.until = Some(now + pause);
            }
        }
    }
}

/// Whether a conversation was refused, or not answered; `None` where it says neither.
fn verdict(conversation: &Conversation) -> Option<bool> {
    use FetchFault::{Local, NotTried, Refused, Reset, SmtpRefused, Tarpit, Timeout, Unreachable};
    let Some(error) = &conversation.error else { return Some(false) };
    match (error.fault, error.stage) {
        // A port that is closed is so for every name, and costs nobody anything.
        (NotTried | Local, _) | (Refused, FetchStage::Connect) => None,
        (SmtpRefused, FetchStage::Greeting | FetchStage::Ehlo) if conversation.may_pass() => Some(true),
        (Timeout | Unreachable | Reset | Tarpit, FetchStage::Connect | FetchStage::Greeting) => Some(true),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FetchError;

    const ADDRESS: IpAddr = IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));

    fn conversation(fault: Option<FetchFault>) -> Conversation {
        let mut conversation = Conversation::new(ADDRESS);
        conversation.error = fault.map(|fault| FetchError::new(FetchStage::Greeting, fault, ""));
        conversation
    }

    #[tokio::test(start_paused = true)]
    async fn who_refuses_is_left_alone_for_longer_and_longer() {
        let breakers = Breakers::default();
        let refused =
            |times: usize| (0..times).for_each(|_| breakers.note(ADDRESS, "a.example", &conversation(Some(FetchFault::SmtpRefused))));
        let is_open = || breakers.why_not(ADDRESS, "a.example").is_some();
        refused(2);
        assert!(!is_open(), "twice is no habit");
        refused(1);
        assert!(is_open());
        tokio::time::advance(FIRST_PAUSE).await;
        assert!(!is_open(), "somebody may try");
        refused(1);
        tokio::time::advance(FIRST_PAUSE).await;
        assert!(is_open(), "twice as long");
        tokio::time::advance(FIRST_PAUSE).await;
        assert!(!is_open());
        refused(40);
        tokio::time::advance(MAX_PAUSE).await;
        assert!(!is_open(), "there is a longest pause");
        breakers.note(ADDRESS, "a.example", &conversation(None));
        refused(2);
        assert!(!is_open(), "who answers begins anew");
    }

    #[tokio::test(start_paused = true)]
    async fn a_provider_counts_over_its_addresses() {
        let breakers = Breakers::default();
        for last in 0..6 {
            let address = IpAddr::from([192, 0, 2, last]);
            assert!(breakers.why_not(address, "big.example").is_none(), "{last}");
            breakers.note(address, "big.example", &conversation(Some(FetchFault::Timeout)));
        }
        assert!(breakers.why_not(IpAddr::from([192, 0, 2, 99]), "big.example").is_some());
        assert!(breakers.why_not(IpAddr::from([192, 0, 2, 99]), "other.example").is_none());
    }

    #[tokio::test(start_paused = true)]
    async fn faults_of_this_machine_and_of_tls_are_no_refusals() {
        let breakers = Breakers::default();
        for fault in [FetchFault::Local, FetchFault::NotTried, FetchFault::TlsAlert, FetchFault::SmtpProtocol] {
            (0..10).for_each(|_| breakers.note(ADDRESS, "a.example", &conversation(Some(fault))));
            assert!(breakers.why_not(ADDRESS, "a.example").is_none(), "{fault}");
        }
    }
}
