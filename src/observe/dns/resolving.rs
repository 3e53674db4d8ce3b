//! The three ways to get a lookup, so that a probe need not care: in bulk over UDP, from the root, by encrypted resolvers.

use std::sync::Arc;

use super::answer::ResourceRecord;
use super::client::Dns;
use super::encrypted::Encrypted;
use super::iterative::Iterative;
use crate::evidence::{Lookup, Outcome};

/// How lookups are made. Clones share whatever is behind them.
#[derive(Clone)]
pub enum Resolving {
    /// The bulk engine of one worker thread.
    Bulk(Dns),
    /// Hickory's recursor, shared by all workers.
    Iterative(Arc<Iterative>),
    /// Resolvers over TLS or HTTPS, shared by all workers.
    Encrypted(Arc<Encrypted>),
}

impl From<Dns> for Resolving {
    fn from(dns: Dns) -> Self {
        Self::Bulk(dns)
    }
}

impl Resolving {
    /// Asks for records at a name (A-labels, underscores allowed). Never fails: whatever happens is an outcome.
    pub async fn lookup<R: ResourceRecord>(&self, name: &str) -> Lookup<R> {
        let mut lookup = Lookup::unsent(name.to_owned(), Outcome::LocalError);
        self.fill(&mut lookup).await;
        lookup
    }

    /// Asks the question that a lookup names and notes what became of it, in place: lookups are large, and there are many.
    pub async fn fill<R: ResourceRecord>(&self, lookup: &mut Lookup<R>) {
        match self {
            Self::Bulk(dns) => dns.fill(lookup).await,
            // Apart, so that a lookup of the bulk engine is spared their room.
            Self::Iterative(iterative) => *lookup = Box::pin(iterative.lookup(&lookup.name)).await,
            Self::Encrypted(encrypted) => *lookup = Box::pin(encrypted.lookup(&lookup.name)).await,
        }
    }
}
