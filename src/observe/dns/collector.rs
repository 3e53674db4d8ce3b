//! Lookups without a future for each: they are submitted, and their ends collected. For whoever makes thousands at a time of which the first reply
//! settles nearly every one: a future, its place among the others and its waker cost more than all that such a lookup takes besides.

use std::rc::Rc;
use std::task::{Context, Poll};

use super::answer::ResourceRecord;
use super::client::Dns;
use super::slots::{Completion, Completions};
use crate::evidence::Lookup;

/// Submits lookups to the bulk engine of one worker, and collects their ends.
pub struct Collector {
    dns: Dns,
    completions: Rc<Completions>,
}

/// The end of a lookup's first attempt.
pub struct Ended(Completion);

/// A lookup whose first reply did not settle it.
pub struct Unsettled {
    dns: Dns,
    completion: Completion,
}

impl Collector {
    /// Of this engine; nothing submitted yet.
    pub fn new(dns: Dns) -> Self {
        Self { dns, completions: Rc::default() }
    }

    /// Asks the question that an unsent lookup names; the end of it comes with this tag. `false` where nobody can be asked now, or not by this name:
    /// nothing comes then, and [`Dns::fill`] waits, or says why.
    pub fn submit<R: ResourceRecord>(&self, lookup: &Lookup<R>, tag: usize) -> bool {
        self.dns.submit(lookup, &self.completions, tag)
    }

    /// The next end, or [`Poll::Pending`] and a waker is left.
    pub fn poll(&self, context: &Context<'_>) -> Poll<Ended> {
        self.completions.poll(context).map(Ended)
    }

    /// Notes in the lookup what became of it, where the reply settles it; else it is to go on.
    pub fn settle<R: ResourceRecord>(&self, ended: Ended, lookup: &mut Lookup<R>) -> Option<Box<Unsettled>> {
        if self.dns.settle(&ended.0, lookup) {
            self.dns.release(&ended.0);
            return None;
        }
        Some(Box::new(Unsettled { dns: self.dns.clone(), completion: ended.0 }))
    }
}

impl Ended {
    /// The tag that the lookup was submitted with.
    pub fn tag(&self) -> usize {
        self.0.submission.tag
    }
}

impl Unsettled {
    /// Asks on, as [`Dns::fill`] does after such a reply, and notes what became of the lookup.
    pub async fn go_on<R: ResourceRecord>(self, lookup: &mut Lookup<R>) {
        self.dns.resume(self.completion, lookup).await;
    }
}

#[cfg(test)]
mod tests {
    use std::net::{Ipv4Addr, UdpSocket};
    use std::sync::Arc;

    use tokio::task::LocalSet;

    use super::super::{DnsConfig, DnsCounters, DnsLimits};
    use super::*;
    use crate::evidence::{Outcome, Txt};

    #[tokio::test]
    async fn what_is_under_way_is_forgotten_with_the_engine() {
        let silent = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let resolver = silent.local_addr().unwrap();
        let local = LocalSet::new();
        let completions = local
            .run_until(async {
                let dns =
                    Dns::new(&DnsConfig::new(vec![resolver]), Arc::new(DnsLimits::default()), Arc::new(DnsCounters::new(&[resolver])))
                        .unwrap();
                let collector = Collector::new(dns);
                assert!(collector.submit(&Lookup::<Txt>::unsent("a.test".to_owned(), Outcome::LocalError), 1));
                tokio::task::spawn_blocking(move || silent.recv(&mut [0; 64]).unwrap()).await.unwrap();
                Rc::downgrade(&collector.completions)
            })
            .await;
        drop(local);
        assert_eq!(completions.strong_count(), 0);
    }
}
