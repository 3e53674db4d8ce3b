//! Whoever asks the mail servers, made ready: limits by the file descriptors there are, and the name behind EHLO.

use std::sync::Arc;

use rustls::RootCertStore;

use super::plan::{NetworkPlan, ScanError};
use crate::exclusion::Exclusion;
use crate::observe::dns::Resolving;
use crate::observe::scope::Scope;
use crate::observe::smtp::{EhloName, Mailer, SmtpConfig, find_ehlo_name};
use crate::system::machine_name;

/// Conversations in flight at most, unless the user wants more domains in flight than that.
const MAX_CONVERSATIONS: u64 = 2048;
/// The name behind EHLO in a lab, which nobody else hears.
const LAB_NAME: &str = "scanner.lab.test";

/// Prepares whoever asks the mail servers, if any are to be asked; with what the user should know. A conversation takes one of the `free`
/// descriptors, in a lab the server's too.
///
/// # Errors
/// If TLS or the resolvers cannot be set up.
pub(super) fn prepare(
    plan: &NetworkPlan,
    free: u64,
    roots: &Arc<RootCertStore>,
    exclusion: &Arc<Exclusion>,
    dns: impl FnOnce() -> Result<Resolving, ScanError>,
) -> Result<(Option<Arc<Mailer>>, Option<String>), ScanError> {
    if plan.smtp == Scope::None {
        return Ok((None, None));
    }
    let config = SmtpConfig {
        smtp_port: plan.overrides.smtp_port.unwrap_or(plan.mail.smtp_port),
        connect_timeout: plan.fetch.connect_timeout,
        allow_private: plan.fetch.allow_private,
        concurrency: conversations(plan.concurrency, free),
        ..plan.mail.clone()
    };
    let in_lab = plan.overrides.mail_server.is_some();
    let EhloName { name, warning } = match (&config.ehlo, in_lab) {
        (Some(name), true) => EhloName { name: name.clone(), warning: None },
        (None, true) => EhloName { name: LAB_NAME.to_owned(), warning: None },
        (given, false) => ehlo_name(given.as_deref(), dns)?,
    };
    let mailer = Mailer::new(config, name, Arc::clone(roots), Arc::clone(exclusion), plan.overrides.mail_server);
    let mailer = mailer.map_err(|_| ScanError::Machine("the TLS library cannot be set up; please report it".to_owned()))?;
    Ok((Some(Arc::new(mailer)), warning))
}

/// Conversations in flight at most: as many as the descriptors allow, so that servers that greet late leave room for others.
fn conversations(domains: Option<usize>, free: u64) -> usize {
    let most = domains.map_or(MAX_CONVERSATIONS, |domains| MAX_CONVERSATIONS.max(domains as u64));
    (free / 4).clamp(4, most) as usize
}

fn ehlo_name(given: Option<&str>, dns: impl FnOnce() -> Result<Resolving, ScanError>) -> Result<EhloName, ScanError> {
    let machine = machine_name();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| ScanError::Machine(format!("cannot start an event loop: {error}")))?;
    tokio::task::LocalSet::new().block_on(&runtime, async { Ok(find_ehlo_name(given, machine, &dns()?).await) })
}
