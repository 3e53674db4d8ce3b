//! The speed of a scan, apart from how it is shown, since the bar and the JSON lines both show it.

use crate::scan::Snapshot;

/// Speed over the last seconds.
#[derive(Debug, Default)]
pub(super) struct Rates {
    past: std::collections::VecDeque<(f64, u64, u64)>,
    pub(super) domains_per_s: f64,
    pub(super) queries_per_s: f64,
}

impl Rates {
    /// Seconds over which the speed is taken.
    const WINDOW_S: f64 = 5.0;

    pub(super) fn update(&mut self, now: &Snapshot) {
        self.past.push_back((now.elapsed_s, now.judged, now.queries));
        while self.past.len() > 2 && self.past.front().is_some_and(|past| now.elapsed_s - past.0 > Self::WINDOW_S) {
            self.past.pop_front();
        }
        if let Some((then, judged, queries)) = self.past.front() {
            let seconds = (now.elapsed_s - then).max(1e-3);
            self.domains_per_s = (now.judged - judged) as f64 / seconds;
            self.queries_per_s = (now.queries - queries) as f64 / seconds;
        }
    }

    /// Seconds to the end at the present speed.
    pub(super) fn eta_s(&self, now: &Snapshot) -> Option<f64> {
        let left = now.expected?.saturating_sub(now.done);
        (self.domains_per_s > 0.0).then(|| left as f64 / self.domains_per_s)
    }
}
