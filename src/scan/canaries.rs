//! Whether this network lets us ask mail servers at all, found out before the first row: by the canaries that are named, or by the first
//! MX hosts of the list.

use std::collections::VecDeque;

use tokio::task::LocalSet;

use super::network::Network;
use super::plan::ScanError;
use crate::input::{Input, InputError, Target};
use crate::observe::probe::Probe;
use crate::observe::smtp::CANARIES;

/// Names of the list that are looked at together.
const AT_ONCE: usize = 64;
/// Names of the list that are looked at in all: where only adopters are asked, one in a hundred is.
const MAX_NAMES: usize = 4096;

/// What was read from the list for it, and is still to be scanned.
pub(super) type Head = VecDeque<Result<Target, InputError>>;

/// Asks the canaries, if there is a doubt; the names that were read from the list are in `head` whatever becomes of it.
///
/// # Errors
/// [`ScanError::Blocked`] if this network does not let us ask mail servers.
pub(super) fn ask(network: &Network, input: &mut Input, head: &mut Head) -> Result<(), ScanError> {
    if !network.doubts_mail() {
        return Ok(());
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Machine(format!("cannot start an event loop: {error}")))?;
    let asked = LocalSet::new().block_on(&runtime, async {
        let probe = network.probe()?;
        if probe.names_canaries() {
            return Ok(probe.ask_named_canaries().await);
        }
        Ok::<_, ScanError>(ask_list(&probe, input, head).await)
    })?;
    asked.map_err(ScanError::Blocked)
}

async fn ask_list(probe: &Probe, input: &mut Input, head: &mut Head) -> Result<(), String> {
    let mut canaries = Vec::new();
    while canaries.len() < CANARIES && head.len() < MAX_NAMES {
        let before = head.len();
        head.extend(input.by_ref().take(AT_ONCE));
        let domains: Vec<_> = head.iter().skip(before).filter_map(|target| Some(target.as_ref().ok()?.domain.clone())).collect();
        if domains.is_empty() {
            break;
        }
        probe.choose_canaries(&domains, &mut canaries).await;
    }
    probe.ask_canaries(&canaries).await
}
