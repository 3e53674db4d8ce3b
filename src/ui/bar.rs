//! The bar on standard error.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::rates::Rates;
use crate::scan::Snapshot;

/// One line that says how far the scan is and what it has found.
pub(super) struct Bar(ProgressBar);

impl Bar {
    pub(super) fn new() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        bar.set_style(style("{spinner} {human_pos} domains  {msg}"));
        Self(bar)
    }

    /// Writes something else to standard error, with the bar out of its way.
    pub(super) fn aside(&self, write: impl FnOnce()) {
        self.0.suspend(write);
    }

    pub(super) fn show(&self, now: &Snapshot, rates: &Rates, last: bool) {
        if let Some(expected) = now.expected.filter(|_| self.0.length() != now.expected) {
            self.0.set_length(expected);
            self.0.set_style(style("{bar:24} {percent:>3}%  {human_pos}/{human_len}  {msg}"));
        }
        self.0.set_position(now.done);
        if let Some(preparing) = &now.preparing {
            self.0.set_message(super::text::safe(preparing));
            return self.0.tick();
        }
        let eta = match rates.eta_s(now) {
            _ if now.paused => format!("PAUSED: no resolver or name server answers, {} so far", duration(now.paused_s)),
            _ if now.stopping => "stopping, finishing what is in flight".to_owned(),
            Some(seconds) => format!("ETA {}", duration(seconds)),
            None => "ETA -".to_owned(),
        };
        self.0.set_message(format!(
            "{:.0}/s  {:.0} q/s  {eta}  in flight {}  found {} ({} enforce, {} broken)  unknown {}",
            rates.domains_per_s, rates.queries_per_s, now.in_flight, now.records, now.enforce, now.broken, now.unknown
        ));
        if last { self.0.abandon() } else { self.0.tick() }
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()).progress_chars("=> ")
}

/// Seconds as a person says them: `42s`, `3m05s`, `2h07m`, `3d04h`.
fn duration(seconds: f64) -> String {
    let seconds = seconds.min(1e9) as u64;
    match seconds {
        0..60 => format!("{seconds}s"),
        60..3600 => format!("{}m{:02}s", seconds / 60, seconds % 60),
        3600..86_400 => format!("{}h{:02}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d{:02}h", seconds / 86_400, seconds % 86_400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::duration;

    #[test]
    fn durations_read_well() {
        assert_eq!([42.0, 185.0, 7620.0, 273_600.0].map(duration), ["42s", "3m05s", "2h07m", "3d04h"]);
    }
}
