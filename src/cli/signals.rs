//! What signals do: a scan that is asked to stop finishes what is in flight, and a limit of file sizes is a full disk.

use std::io::Write;
use std::sync::Arc;
#[cfg(unix)]
use std::task::Poll;
use std::time::{Duration, Instant};

use tokio::runtime::{Builder, Runtime};

use super::exit::{Exit, Failure};
use crate::scan::Status;

/// Signals that come so soon after the first are the same one: `timeout` sends each twice, to the process and to its group, and a shell
/// that hangs up and a service manager do the like.
const SAME_SIGNAL: Duration = Duration::from_secs(2);

/// From now on a write beyond the limit of file sizes (`ulimit -f`) fails, as one to a full disk does; by default the signal SIGXFSZ ends the
/// process, without a word and with a part half written.
pub(super) fn survive_file_limit() {
    #[cfg(unix)]
    if let Ok(runtime) = runtime() {
        let _guard = runtime.enter();
        // The handler stays when its listener is gone. Where there can be none, all is as it was.
        let _ = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::from_raw(nix::libc::SIGXFSZ));
    }
}

/// Ctrl-C, a termination signal or a closed terminal (SIGHUP) once: finish what is in flight and commit. Again, later: end at once, which
/// loses what is in flight.
pub(super) fn stop_on_signal(status: &Arc<Status>) -> Result<(), Failure> {
    let status = Arc::clone(status);
    let runtime = runtime().map_err(|error| Failure::new(Exit::Fault, format!("signals cannot be caught: {error}")))?;
    let mut signals = runtime.block_on(async { Signals::new() });
    std::thread::spawn(move || {
        runtime.block_on(async {
            signals.next().await;
            status.stop();
            say("stopping: what is in flight is finished and committed; a further signal ends it at once");
            let first = Instant::now();
            loop {
                signals.next().await;
                if first.elapsed() >= SAME_SIGNAL {
                    break;
                }
            }
            let lost = status.snapshot().judged.saturating_add(status.snapshot().resumed).saturating_sub(status.snapshot().committed);
            let in_flight = status.snapshot().in_flight;
            say(&format!(
                "ended at once: {lost} rows that were not committed and {in_flight} domains in flight are lost; the same command continues"
            ));
            std::process::exit(Exit::Stopped as i32);
        });
    });
    Ok(())
}

fn runtime() -> std::io::Result<Runtime> {
    Builder::new_current_thread().enable_all().build()
}

/// To whoever still reads it.
fn say(text: &str) {
    let _ = writeln!(anstream::stderr().lock(), "stscan: {text}");
}

/// The signals that ask a scan to stop.
struct Signals {
    #[cfg(unix)]
    kinds: Vec<tokio::signal::unix::Signal>,
}

#[cfg(unix)]
impl Signals {
    /// Listens from now on. Whoever began the scan with hang-ups ignored (`nohup`) wants it to survive them.
    fn new() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let hangup = Some(SignalKind::hangup()).filter(|_| !ignores_hangup());
        let kinds = [SignalKind::interrupt(), SignalKind::terminate()].into_iter().chain(hangup);
        Self { kinds: kinds.filter_map(|kind| signal(kind).ok()).collect() }
    }

    async fn next(&mut self) {
        // Without signals the scan simply runs to its end.
        std::future::poll_fn(|context| {
            let came = self.kinds.iter_mut().any(|kind| kind.poll_recv(context).is_ready());
            if came { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
    }
}

/// Whether SIGHUP was ignored when the process began, as far as the system tells.
#[cfg(unix)]
fn ignores_hangup() -> bool {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let mask = ignored.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
    mask >> (nix::libc::SIGHUP - 1) & 1 == 1
}

#[cfg(not(unix))]
impl Signals {
    fn new() -> Self {
        Self {}
    }

    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
