//! Politeness: how many exchanges run at once, and how fast they begin, in all and for each address.
//!
//! A rate is kept by one line of waiters with the moment of the next turn, so only the first of a line has a timer however
//! long it grows (retrying limiters wake all of them for each turn). Whoever is first for an address stays first until
//! the permit and the turn among all are there too; so turns never pile up, and the distance between two connections to an
//! address is never less than the rate asks for.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::sync::{Mutex as Line, MutexGuard, Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep_until};

/// Turns of the rate in all that were missed (timers are coarse) are caught up as far back as this.
const CATCH_UP: Duration = Duration::from_millis(100);
/// Admissions between two sweeps of the lines that nobody needs any more.
const SWEEP_EVERY: usize = 1024;

/// The limits that all exchanges of a scan share.
pub(super) struct Limits {
    in_flight: Semaphore,
    all: Pace,
    host: Duration,
    hosts: Mutex<Hosts>,
}

#[derive(Default)]
struct Hosts {
    lines: HashMap<IpAddr, Arc<Line<Instant>>>,
    since_sweep: usize,
}

impl Limits {
    /// So many at once, and so many a second in all and for each address; 0 a second for no limit.
    pub(super) fn new(concurrency: usize, rate: u32, host_rate: u32) -> Self {
        Self {
            in_flight: Semaphore::new(concurrency),
            all: Pace { period: period(rate), next: Line::new(Instant::now()) },
            host: period(host_rate),
            hosts: Mutex::default(),
        }
    }

    /// Waits until one more connection to the address may be opened; the permit counts as in flight until it is dropped.
    pub(super) async fn admit(&self, address: IpAddr) -> Option<SemaphorePermit<'_>> {
        let line = self.line_of(address);
        let mut turn = first_in(line.as_deref()).await;
        let permit = self.in_flight.acquire().await.ok(); // Never closed, so always a permit.
        self.all.turn().await;
        if let Some(next) = turn.as_deref_mut() {
            *next = Instant::now() + self.host;
        }
        permit
    }

    fn line_of(&self, address: IpAddr) -> Option<Arc<Line<Instant>>> {
        if self.host.is_zero() {
            return None;
        }
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        hosts.since_sweep += 1;
        if hosts.since_sweep >= SWEEP_EVERY {
            let now = Instant::now();
            hosts.lines.retain(|_, line| Arc::strong_count(line) > 1 || line.try_lock().is_ok_and(|next| *next > now));
            hosts.since_sweep = 0;
        }
        Some(Arc::clone(hosts.lines.entry(address).or_insert_with(|| Arc::new(Line::new(Instant::now())))))
    }
}

/// Waits to be the first of the line and for its turn.
async fn first_in(line: Option<&Line<Instant>>) -> Option<MutexGuard<'_, Instant>> {
    let turn = line?.lock().await;
    until(*turn).await;
    Some(turn)
}

/// Timers round up to the next millisecond, so a moment that has come needs none.
async fn until(moment: Instant) {
    if moment > Instant::now() {
        sleep_until(moment).await;
    }
}

/// A rate with one line of waiters.
struct Pace {
    period: Duration,
    next: Line<Instant>,
}

impl Pace {
    async fn turn(&self) {
        if self.period.is_zero() {
            return;
        }
        let mut next = self.next.lock().await;
        until(*next).await;
        let oldest = Instant::now().checked_sub(CATCH_UP).unwrap_or(*next);
        *next = (*next).max(oldest) + self.period;
    }
}

fn period(rate: u32) -> Duration {
    Duration::from_secs(1).checked_div(rate).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use futures_util::future::join_all;

    use super::*;

    fn host(last: u8) -> IpAddr {
        IpAddr::from([192, 0, 2, last])
    }

    async fn admit_all(limits: &Limits, addresses: impl IntoIterator<Item = IpAddr>) {
        join_all(addresses.into_iter().map(|address| async move { drop(limits.admit(address).await) })).await;
    }

    #[tokio::test]
    async fn connections_to_one_address_keep_their_distance() {
        let start = Instant::now();
        admit_all(&Limits::new(100, 0, 100), [host(1); 6]).await;
        assert!(start.elapsed() >= Duration::from_millis(50), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn other_addresses_do_not_wait_behind_a_busy_one() {
        let limits = Limits::new(1, 0, 1); // A second a turn, far longer than the others take.
        drop(limits.admit(host(1)).await);
        let waiting = limits.admit(host(1));
        tokio::select! {
            biased;
            _ = waiting => panic!("the second connection to an address has to wait"),
            () = admit_all(&limits, (2..40).map(host)) => {}
        }
    }

    #[tokio::test]
    async fn the_rate_in_all_holds_over_addresses() {
        let start = Instant::now();
        admit_all(&Limits::new(100, 200, 0), (0..20).map(host)).await;
        assert!(start.elapsed() >= Duration::from_millis(19 * 5), "{:?}", start.elapsed());
    }

    #[tokio::test]
    async fn only_so_many_run_at_once() {
        let limits = Limits::new(2, 0, 0);
        let held = (limits.admit(host(1)).await, limits.admit(host(1)).await);
        let third = tokio::time::timeout(Duration::from_millis(20), limits.admit(host(1)));
        assert!(third.await.is_err());
        drop(held);
        assert!(limits.admit(host(1)).await.is_some());
    }

    #[tokio::test]
    async fn lines_that_nobody_needs_are_swept() {
        let limits = Limits::new(1, 0, 1_000_000);
        for number in 0..10 * SWEEP_EVERY as u32 {
            drop(limits.admit(IpAddr::from(number.to_be_bytes())).await);
        }
        let lines = limits.hosts.lock().unwrap().lines.len();
        assert!((1..=2 * SWEEP_EVERY).contains(&lines), "{lines}");
    }
}
