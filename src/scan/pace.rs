//! How many domains a worker begins at once.
//!
//! Where answers come at once, those in flight only wait for the processor: in the resolver's queue, and in more memory than its caches hold,
//! which makes each of them dearer. Where answers take their time, twice as many in flight are twice as many per second (Little's law), and names that
//! fail hold their places for long. So only the domains begun a moment ago are few; those that have waited longer than this moment are bounded by the
//! whole number alone.

use std::time::Duration;

use tokio::time::Instant;

/// Young domains in flight: of 64 to 4,096, with which a million names took the least processor time.
const MAX_YOUNG: usize = 384;
/// How long a domain is young at least; at most twice as long. With [`MAX_YOUNG`], a worker begins 9,600 domains per second however long answers take.
const TURN: Duration = Duration::from_millis(20);

/// When a domain was begun, as a number of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Begun(u64);

/// Counts the young domains in flight.
#[derive(Debug)]
pub(super) struct Pace {
    turn: u64,
    ends: Instant,
    /// In flight of those begun in this turn, and in the one before.
    young: [usize; 2],
}

impl Pace {
    pub(super) fn new(now: Instant) -> Self {
        Self { turn: 0, ends: now + TURN, young: [0; 2] }
    }

    /// How many more may be begun.
    pub(super) fn room(&mut self, now: Instant) -> usize {
        if now >= self.ends {
            // Whoever looks late finds that all in flight have grown old.
            self.young = if now < self.ends + TURN { [0, self.young[0]] } else { [0; 2] };
            (self.turn, self.ends) = (self.turn + if now < self.ends + TURN { 1 } else { 2 }, now + TURN);
        }
        MAX_YOUNG.saturating_sub(self.young[0] + self.young[1])
    }

    /// When there may be more room though nothing is done.
    pub(super) fn turns(&self) -> Instant {
        self.ends
    }

    /// A domain is begun.
    pub(super) fn begin(&mut self) -> Begun {
        self.young[0] += 1;
        Begun(self.turn)
    }

    /// A domain is done.
    pub(super) fn end(&mut self, begun: Begun) {
        if let Some(young) = usize::try_from(self.turn - begun.0).ok().and_then(|turns| self.young.get_mut(turns)) {
            *young -= 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use super::*;

    /// Domains begun in a second and most in flight, where each takes this long and nothing else bounds them.
    fn second(takes: Duration) -> (usize, usize) {
        let start = Instant::now();
        let (mut pace, mut flying, mut begun, mut most) = (Pace::new(start), VecDeque::new(), 0, 0);
        for millisecond in 0..1000 {
            let now = start + Duration::from_millis(millisecond);
            while let Some((_, done)) = flying.pop_front_if(|(until, _)| *until <= now) {
                pace.end(done);
            }
            for _ in 0..pace.room(now) {
                flying.push_back((now + takes, pace.begin()));
                begun += 1;
            }
            most = most.max(flying.len());
        }
        (begun, most)
    }

    #[test]
    fn few_are_in_flight_where_answers_come_at_once_and_many_where_they_do_not() {
        assert_eq!(second(Duration::from_millis(1)), (1000 * MAX_YOUNG, MAX_YOUNG));
        let (begun, most) = second(Duration::from_secs(20));
        assert!(begun == most && (1000 / 40 * MAX_YOUNG..=1000 / 20 * MAX_YOUNG).contains(&begun), "{begun}");
        let (begun, _) = second(Duration::from_millis(200));
        assert!(begun >= 1000 / 40 * MAX_YOUNG, "{begun}");
    }

    #[test]
    fn who_looks_late_finds_room() {
        let start = Instant::now();
        let mut pace = Pace::new(start);
        let begun: Vec<Begun> = (0..pace.room(start)).map(|_| pace.begin()).collect();
        assert_eq!(pace.room(start + TURN), 0);
        assert_eq!(pace.room(start + 10 * TURN), MAX_YOUNG);
        begun.into_iter().for_each(|begun| pace.end(begun));
        assert_eq!(pace.room(start + 10 * TURN), MAX_YOUNG, "who has grown old is not taken off");
    }
}
