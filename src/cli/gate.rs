//! `--fail-on` of every command that has it: the words are checked before anything is done, and what met them decides the exit status.

use std::io::Write;

use super::exit::{Exit, Failure};
use crate::analyse::diff::{ChangeCondition, change_gate};
use crate::analyse::gate::{DomainCondition, Gate, Matches, Verdict, domain_gate};
use crate::ui::text::safe;

/// The words of a command that looks at domains; `is_expecting`: whether something is expected of them.
pub(super) fn of_domains(words: &[String], is_expecting: bool) -> Result<Gate<DomainCondition>, Failure> {
    let gate = domain_gate(words).map_err(refused)?;
    let of_expectations = gate.conditions().any(DomainCondition::is_of_expectations);
    if of_expectations && !is_expecting { Err(without_expectations()) } else { Ok(gate) }
}

/// The words of the command that looks at changes.
pub(super) fn of_changes(words: &[String], is_expecting: bool) -> Result<Gate<ChangeCondition>, Failure> {
    let gate = change_gate(words).map_err(refused)?;
    let of_expectations = gate.conditions().any(ChangeCondition::is_of_expectations);
    if of_expectations && !is_expecting { Err(without_expectations()) } else { Ok(gate) }
}

fn without_expectations() -> Failure {
    Failure::usage("--fail-on: codes that begin with expect- need --expect FILE (check, report, diff): add it, or leave them out")
}

fn refused(why: String) -> Failure {
    Failure::usage(format!("--fail-on {why}"))
}

/// Says on standard error what met the words, and gives the exit status.
pub(super) fn close(matches: &Matches) -> Result<Exit, Failure> {
    if let Some(sentence) = matches.sentence() {
        writeln!(anstream::stderr().lock(), "stscan: {}", safe(&sentence))?;
    }
    Ok(status(matches))
}

/// The exit status.
pub(super) fn status(matches: &Matches) -> Exit {
    match matches.verdict() {
        Some(Verdict::Bad) => Exit::Bad,
        Some(Verdict::Undetermined) => Exit::Undetermined,
        None => Exit::Done,
    }
}
