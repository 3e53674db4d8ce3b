//! Addresses that show every name the same certificate: a provider with a name for each customer is not asked once for each of them.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

use rustls::RootCertStore;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use webpki::EndEntityCert;

use super::conversation::{Held, describe_chain};
use crate::evidence::{CHAIN_LIMIT, Conversation, Tlsa};
use crate::observe::certificate;

/// Names that have to see an address alike before it answers for others.
const NAMES: usize = 3;
/// Addresses that are known at most.
const MAX_KNOWN: usize = 4096;
/// Octets of a chain that is kept at most.
const MAX_CHAIN: usize = 16 * 1024;

/// What addresses show.
#[derive(Debug, Default)]
pub(super) struct Alike {
    known: Mutex<HashMap<IpAddr, Shown>>,
}

/// What an address has shown lately.
#[derive(Debug)]
struct Shown {
    leaf: CertificateDer<'static>,
    /// Who saw it, each once.
    names: Vec<String>,
    /// The first conversation in which it was shown.
    first: Arc<First>,
}

#[derive(Debug)]
struct First {
    conversation: Box<Conversation>,
    chain: Arc<Vec<CertificateDer<'static>>>,
}

impl Alike {
    /// Takes note of a conversation that came to its end.
    pub(super) fn note(&self, name: &str, held: &Held) {
        let Held { conversation, chain } = held;
        let small = chain.len() <= CHAIN_LIMIT && chain.iter().map(|der| der.len()).sum::<usize>() <= MAX_CHAIN;
        let Some(leaf) = chain.first().filter(|_| small && conversation.error.is_none()) else { return };
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= MAX_KNOWN && !known.contains_key(&conversation.address) {
            known.retain(|_, shown| shown.names.len() >= NAMES);
            if known.len() >= MAX_KNOWN {
                return;
            }
        }
        if let Some(shown) = known.get_mut(&conversation.address).filter(|shown| shown.leaf == *leaf) {
            if shown.names.len() < NAMES && !shown.names.iter().any(|known| known == name) {
                shown.names.push(name.to_owned());
            }
            return;
        }
        let first = Arc::new(First { conversation: conversation.clone(), chain: Arc::clone(chain) });
        known.insert(conversation.address, Shown { leaf: leaf.clone(), names: vec![name.to_owned()], first });
    }

    /// The conversation that a name would have with an address, where others have had it and the certificate is for the name, too. The
    /// certificate is examined for the name, and for its own TLSA records.
    pub(super) fn answer(&self, address: IpAddr, name: &str, tlsa: &[&Tlsa], roots: &RootCertStore) -> Option<Box<Conversation>> {
        let (host, first) = {
            let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
            let shown = known.get(&address).filter(|shown| shown.names.len() >= NAMES)?;
            (shown.names.first()?.clone(), Arc::clone(&shown.first))
        };
        let server_name = ServerName::try_from(name).ok()?;
        EndEntityCert::try_from(first.chain.first()?).ok()?.verify_is_valid_for_subject_name(&server_name).ok()?;
        let now = UnixTime::now();
        let mut conversation = first.conversation.clone();
        conversation.certificate = certificate::examine(&first.chain, &server_name, roots, now);
        describe_chain(&mut conversation, &first.chain, tlsa, now);
        (conversation.connections, conversation.refused_before, conversation.shared_with) = (0, None, Some(host));
        Some(conversation)
    }
}
