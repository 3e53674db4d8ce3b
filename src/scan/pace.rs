//! How many domains a worker has in flight: as many as make the scan faster, and no more.
//!
//! Where answers take their time, twice as many in flight are twice as many in a second (Little's law). Where the resolver, the line or this machine
//! does all it can, more of them only wait: in the resolver's queue, and in more memory than the processor keeps at hand, which makes each of
//! them dearer. Which it is shows when it is tried.

use std::time::{Duration, Instant};

/// What is tried: so much more, or so much less.
const STEP: f64 = 1.5;
/// How much faster the scan has to be with that much more in flight, and how much slower it may be with less, for it to stay so: less than half of what it would
/// be if all depended on it.
const FASTER: f64 = 1.2;
/// How long a speed is measured at least.
const MEASURED: Duration = Duration::from_millis(250);
/// How long nothing is tried after neither more nor less was better.
const REST: Duration = Duration::from_secs(10);

/// The number of domains in flight, and what is known of the scan's speed with it.
#[derive(Debug)]
pub(super) struct Pace {
    least: usize,
    most: usize,
    limit: usize,
    /// What is tried next.
    next: Trial,
    /// Trials in a row that did not help.
    failed: u32,
    stage: Stage,
    /// Since when it is measured.
    since: Option<Instant>,
    /// Domains that were finished since then.
    finished: usize,
    /// How often it was asked since then, and how many were in flight then, added up.
    asked: usize,
    in_flight: usize,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trial {
    More,
    Less,
}

#[derive(Clone, Copy, Debug)]
enum Stage {
    /// Nothing is tried before this.
    Resting(Option<Instant>),
    /// What was in flight under another limit ends first; with the speed under that one and the limit itself, where one is tried.
    Settling(Option<(f64, usize)>),
    /// The speed is measured; likewise.
    Measuring(Option<(f64, usize)>),
}

impl Pace {
    /// Begins with the least.
    pub(super) fn between(least: usize, most: usize) -> Self {
        let least = least.min(most);
        let stage = Stage::Settling(None);
        Self { least, most, limit: least, next: Trial::More, failed: 0, stage, since: None, finished: 0, asked: 0, in_flight: 0 }
    }

    /// How many domains may be in flight, when so many were finished since it was asked last, and so many are.
    pub(super) fn limit(&mut self, finished: usize, in_flight: usize, now: Instant) -> usize {
        self.finished += finished;
        (self.asked, self.in_flight) = (self.asked + 1, self.in_flight + in_flight);
        let since = *self.since.get_or_insert(now);
        let took = now.saturating_duration_since(since);
        match self.stage {
            Stage::Resting(until) if until.is_none_or(|until| now >= until) => self.go_on(Stage::Measuring(None)),
            Stage::Settling(before) if self.finished >= self.limit => self.go_on(Stage::Measuring(before)),
            Stage::Measuring(before) if took >= MEASURED && self.finished >= 2 * self.limit => {
                if self.in_flight * 4 < self.asked * self.limit * 3 {
                    // The list, or who takes the rows, is what holds the scan up.
                    self.go_on(Stage::Measuring(before));
                    return self.limit;
                }
                let speed = self.finished as f64 / took.as_secs_f64();
                match before {
                    None => self.attempt(speed, now),
                    Some((before, limit)) => self.judge(speed, before, limit),
                }
            }
            _ => {}
        }
        self.limit
    }

    fn go_on(&mut self, stage: Stage) {
        (self.stage, self.since, self.finished, self.asked, self.in_flight) = (stage, None, 0, 0, 0);
    }

    /// Tries another limit, the speed under this one being known.
    fn attempt(&mut self, speed: f64, now: Instant) {
        let limit = match self.next {
            Trial::More => ((self.limit as f64 * STEP) as usize).min(self.most),
            Trial::Less => ((self.limit as f64 / STEP) as usize).max(self.least),
        };
        if limit == self.limit {
            self.give_up();
            if self.failed >= 2 {
                self.go_on(Stage::Resting(Some(now + REST)));
            }
            return;
        }
        let before = std::mem::replace(&mut self.limit, limit);
        self.go_on(Stage::Settling(Some((speed, before))));
    }

    /// Keeps the limit that was tried, or goes back to the one before.
    fn judge(&mut self, speed: f64, before: f64, limit: usize) {
        let is_better = match self.next {
            Trial::More => speed >= before * FASTER,
            Trial::Less => speed * FASTER >= before,
        };
        if is_better {
            self.failed = 0;
        } else {
            self.limit = limit;
            self.give_up();
        }
        let rests = if self.failed >= 2 { self.since.map(|since| since + MEASURED + REST) } else { None };
        self.go_on(rests.map_or(Stage::Settling(None), |until| Stage::Resting(Some(until))));
    }

    fn give_up(&mut self) {
        self.next = if self.next == Trial::More { Trial::Less } else { Trial::More };
        self.failed = if self.failed >= 2 { 1 } else { self.failed + 1 };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The limit after so many seconds of a scan whose domains take `latency` seconds each, or longer where that would be more than `most` a
    /// second; `shaken` is by how much the speed goes up and down.
    fn after(seconds: u32, latency: f64, most: f64, shaken: f64) -> usize {
        let begun = Instant::now();
        let (mut pace, mut limit, mut rest) = (Pace::between(256, 8192), 256, 0.0);
        for tick in 0..seconds * 100 {
            // Up and down by turns that no measurement fits.
            let shake = 1.0 + shaken * (f64::from(tick) / 37.0).sin();
            rest += (limit as f64 / latency).min(most) * shake / 100.0;
            let finished = rest as usize;
            rest -= finished as f64;
            limit = pace.limit(finished, limit, begun + Duration::from_millis(10) * tick);
        }
        limit
    }

    #[test]
    fn as_many_are_in_flight_as_make_it_faster() {
        for shaken in [0.0, 0.05] {
            assert_eq!(after(60, 0.1, f64::MAX, shaken), 8192, "all depends on it");
            assert!(after(60, 0.001, 20_000.0, shaken) <= 384, "the resolver does what it can");
            let some = after(120, 0.1, 20_000.0, shaken);
            assert!((1000..=4500).contains(&some), "up to two thousand help: {some}");
        }
    }

    #[test]
    fn a_short_list_leaves_it_as_it_is() {
        let mut pace = Pace::between(256, 8192);
        let begun = Instant::now();
        for second in 0..60 {
            assert_eq!(pace.limit(10_000, 100, begun + Duration::from_secs(second)), 256);
        }
    }

    #[test]
    fn less_than_the_least_is_what_the_user_says() {
        assert_eq!(Pace::between(256, 10).limit(0, 0, Instant::now()), 10);
    }
}
