//! `stscan lint`: every fault of a record or a policy text, offline, with its place; `--fix` writes the text as it should be.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use anstyle::Style;
use serde_json::{Value, json};

use super::args::LintArguments;
use super::exit::{Exit, Failure};
use crate::classify::{Code, Severity};
use crate::evidence::Txt;
use crate::parse::record_set::{Choice, RecordKind, select};
use crate::parse::{Fault, line_column, policy, sts_record, tlsrpt_record};
use crate::ui::text;
use crate::vocabulary::vocabulary;
use crate::whole_file;

/// Bytes that are read at most; sixteen times what a sender reads of a policy.
const MAX_BYTES: u64 = 1 << 20;

vocabulary! {
    /// What a text is.
    pub enum Kind {
        /// TXT record at `_mta-sts`.
        Record = "record",
        /// TXT record at `_smtp._tls`.
        Tlsrpt = "tlsrpt",
        /// Policy body.
        Policy = "policy",
    }
}

/// What a text says and everything there is to say about it.
struct Examination {
    kind: Kind,
    text: Vec<u8>,
    valid: bool,
    value: Value,
    faults: Vec<Fault>,
    /// The text as it should be, where the values suffice for one.
    canonical: Option<String>,
    /// Values that it leaves out, as what they should be cannot be known.
    left_out: Vec<String>,
}

/// Checks one text and says what is wrong with it.
pub(super) fn run(arguments: &LintArguments) -> Result<Exit, Failure> {
    let text = read(&arguments.file)?;
    let kind = match (arguments.record, arguments.tlsrpt, arguments.policy) {
        (true, _, _) => Kind::Record,
        (_, true, _) => Kind::Tlsrpt,
        (_, _, true) => Kind::Policy,
        _ => guess(&text),
    };
    if arguments.fix {
        return correct(&arguments.file, kind, text);
    }
    let examination = examine(kind, text);
    let mut out = anstream::stdout().lock();
    if arguments.json {
        writeln!(out, "{}", text::safe_json(&format!("{:#}", as_json(&examination))))?
    } else {
        print(&mut out, &arguments.file, &examination)?
    }
    Ok(exit(&examination))
}

fn exit(examination: &Examination) -> Exit {
    let bad = !examination.valid || examination.faults.iter().any(|fault| severity(fault) == Severity::High);
    if bad { Exit::Bad } else { Exit::Done }
}

/// Puts the corrected text in place of the text; the exit status is that of what is there then.
fn correct(path: &Path, kind: Kind, text: Vec<u8>) -> Result<Exit, Failure> {
    let examination = examine(kind, text.clone());
    let correction = correction(&examination);
    write_corrected(path, &shown(path), &text, &correction)?;
    Ok(match correction {
        Correction::Text(text, _) => exit(&examine(kind, text)),
        _ => exit(&examination),
    })
}

/// Remarks alone are no reason to touch a text: what is extended as the RFCs allow would be lost.
fn correction(examination: &Examination) -> Correction {
    if examination.valid && examination.faults.iter().all(|fault| severity(fault) == Severity::Info) {
        return Correction::Unneeded;
    }
    // What is left out may be what somebody relies on.
    let Some(canonical) = examination.canonical.as_ref().filter(|_| examination.left_out.is_empty()) else { return Correction::Impossible };
    // A file of one record is a file of one line.
    let end = if examination.kind == Kind::Policy { "" } else { "\n" };
    let text = format!("{canonical}{end}").into_bytes();
    let left: Vec<_> = examine(examination.kind, text.clone()).faults.iter().map(|fault| fault.kind).collect();
    let mut fixed: Vec<Code> = Vec::new();
    for fault in examination.faults.iter().filter(|fault| !left.contains(&fault.kind)) {
        if !fixed.contains(&code(fault)) {
            fixed.push(code(fault));
        }
    }
    if fixed.is_empty() { Correction::Unneeded } else { Correction::Text(text, fixed) }
}

/// What a text is called.
fn shown(path: &Path) -> String {
    if path == Path::new("-") { "standard input".to_owned() } else { text::safe(&path.display().to_string()) }
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let mut text = Vec::new();
    let read = if path == Path::new("-") {
        io::stdin().lock().take(MAX_BYTES + 1).read_to_end(&mut text)
    } else {
        File::open(path).and_then(|file| file.take(MAX_BYTES + 1).read_to_end(&mut text))
    };
    read.map_err(|error| Failure::new(Exit::Input, format!("{} cannot be read: {error}", path.display())))?;
    if text.len() as u64 > MAX_BYTES {
        Err(Failure::new(Exit::Input, format!("{} has more than {MAX_BYTES} bytes, no record or policy has", path.display())))
    } else {
        Ok(text)
    }
}

/// A record has its version in front, after what people put there by mistake; everything else is a policy.
fn guess(text: &[u8]) -> Kind {
    let head = String::from_utf8_lossy(text.get(..64).unwrap_or(text)).to_ascii_lowercase();
    let compact: String = head.chars().filter(|c| !c.is_whitespace() && !matches!(c, '"' | '\'' | '\u{feff}')).collect();
    match compact {
        head if head.contains("v=tlsrpt") || head.starts_with("rua=") => Kind::Tlsrpt,
        head if head.contains("v=sts") || head.starts_with("id=") => Kind::Record,
        _ => Kind::Policy,
    }
}

fn examine(kind: Kind, mut text: Vec<u8>) -> Examination {
    if kind != Kind::Policy {
        // The final newline is the file's, not the record's.
        while text.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
            text.pop();
        }
    }
    let record_faults = |record_kind| {
        let selection = select(record_kind, &[Txt(vec![text.clone()])]);
        let unique = matches!(selection.choice, Choice::Unique(_));
        let faults: Vec<Fault> = selection.faults.into_iter().map(|(_, fault)| fault).collect();
        (unique, faults)
    };
    let mut left_out = Vec::new();
    let (valid, value, mut faults, canonical) = match kind {
        Kind::Record => {
            let (unique, mut faults) = record_faults(RecordKind::Sts);
            let parsed = sts_record::parse(&text);
            faults.extend(parsed.faults);
            (unique && parsed.valid, json!({ "id": parsed.value.id }), faults, sts_record::canonical(&parsed.value))
        }
        Kind::Tlsrpt => {
            let (unique, mut faults) = record_faults(RecordKind::Tlsrpt);
            let parsed = tlsrpt_record::parse(&text);
            faults.extend(parsed.faults);
            let rua: Vec<&str> = parsed.value.rua.iter().map(|uri| uri.uri.as_str()).collect();
            left_out = tlsrpt_record::beyond_correction(&parsed.value).map(str::to_owned).collect();
            (unique && parsed.valid, json!({ "rua": rua }), faults, tlsrpt_record::canonical(&parsed.value))
        }
        Kind::Policy => {
            let parsed = policy::parse(&text);
            let policy::Policy { version, mode, max_age, mx } = &parsed.value;
            let value = json!({ "version": version, "mode": mode, "max_age": max_age, "mx": mx });
            let canonical = policy::canonical(&parsed.value);
            (parsed.valid, value, parsed.faults, canonical)
        }
    };
    faults.sort_by_key(|fault| fault.span.start);
    faults.dedup();
    Examination { kind, text, valid, value, faults, canonical, left_out }
}

/// What `lint` prints of a text, as plain text and with `json` as one object. For the fuzzer.
#[doc(hidden)]
pub fn render(kind: Kind, text: Vec<u8>, json: bool) -> io::Result<String> {
    let examination = examine(kind, text);
    if json {
        return Ok(text::safe_json(&as_json(&examination).to_string()));
    }
    let mut out = Vec::new();
    print(&mut out, Path::new("-"), &examination)?;
    Ok(String::from_utf8_lossy(&anstream::adapter::strip_bytes(&out).into_vec()).into_owned())
}

fn code(fault: &Fault) -> Code {
    fault.kind.into()
}

fn severity(fault: &Fault) -> Severity {
    code(fault).rule().severity
}

fn as_json(examination: &Examination) -> Value {
    let finding = |fault: &Fault| {
        let (line, column) = line_column(&examination.text, fault.span.start);
        json!({
            "code": code(fault),
            "severity": severity(fault).as_str(),
            "subject": subject(examination, fault),
            "detail": fault.detail,
            "line": line,
            "column": column,
        })
    };
    json!({
        "kind": examination.kind.as_str(),
        "valid": examination.valid,
        "value": examination.value,
        "findings": examination.faults.iter().map(finding).collect::<Vec<_>>(),
    })
}

/// The text that a fault is about, shortened.
fn subject(examination: &Examination, fault: &Fault) -> String {
    const MOST: usize = 80;
    let about = examination.text.get(fault.span.clone()).unwrap_or_default();
    let shown = text::safe_bytes(about.get(..MOST).unwrap_or(about));
    if shown.is_empty() { examination.kind.as_str().to_owned() } else { shown }
}

fn print(out: &mut impl Write, path: &Path, examination: &Examination) -> io::Result<()> {
    let name = shown(path);
    for fault in &examination.faults {
        print_fault(out, &name, examination, fault)?;
    }
    let (bold, verdict) = (Style::new().bold(), if examination.valid { "valid" } else { "not valid" });
    writeln!(out, "{name}: {bold}{verdict}{bold:#} as a {}", describe(examination.kind))?;
    let corrected =
        examination.canonical.as_ref().filter(|canonical| !examination.faults.is_empty() && canonical.as_bytes() != examination.text);
    if let Some(canonical) = corrected {
        writeln!(out, "\nAs it should be, by the values that could be read:")?;
        for line in canonical.trim_end().lines() {
            writeln!(out, "    {}", text::safe(line))?;
        }
    }
    if !examination.left_out.is_empty() {
        let left_out = text::safe(&examination.left_out.join(", "));
        writeln!(out, "\nWhat these should be cannot be known, put the right ones in their place: {left_out}")?;
    }
    Ok(())
}

fn describe(kind: Kind) -> &'static str {
    match kind {
        Kind::Record => "TXT record of _mta-sts (RFC 8461 section 3.1)",
        Kind::Tlsrpt => "TXT record of _smtp._tls (RFC 8460 section 3)",
        Kind::Policy => "policy (RFC 8461 section 3.2)",
    }
}

/// One fault: where, what, the line with a caret under the place, and how to fix it.
fn print_fault(out: &mut impl Write, name: &str, examination: &Examination, fault: &Fault) -> io::Result<()> {
    let (line, column) = line_column(&examination.text, fault.span.start);
    let severity = severity(fault);
    let style = text::severity_style(severity);
    let code = code(fault);
    writeln!(out, "{name}:{line}:{column}: {style}{severity}{style:#} {code}: {}", code.rule().summary)?;
    if !fault.detail.is_empty() {
        writeln!(out, "    {}", text::safe(&fault.detail))?;
    }
    let (shown, before, under) = excerpt(&examination.text, fault);
    if !shown.is_empty() {
        writeln!(out, "    | {shown}\n    | {}{style}{}{style:#}", " ".repeat(before), "^".repeat(under.max(1)))?;
    }
    if severity != Severity::Info {
        writeln!(out, "{}", text::fold(code.rule().remedy, 100, 4))?;
    }
    writeln!(out)
}

/// The line of a fault made safe, the columns before the fault and the columns of the fault; long lines are cut around it.
fn excerpt(text: &[u8], fault: &Fault) -> (String, usize, usize) {
    const BEFORE: usize = 40;
    const AFTER: usize = 60;
    let at = fault.span.start.min(text.len());
    let line_start = text.get(..at).unwrap_or_default().iter().rposition(|&b| b == b'\n').map_or(0, |newline| newline + 1);
    let line_end = text.get(at..).unwrap_or_default().iter().position(|&b| b == b'\n').map_or(text.len(), |newline| at + newline);
    let start = line_start.max(at.saturating_sub(BEFORE));
    let end = line_end.min(at + AFTER);
    let fault_end = fault.span.end.clamp(at, end);
    let piece = |range: std::ops::Range<usize>| text::safe_bytes(text.get(range).unwrap_or_default());
    let (before, under, after) = (piece(start..at), piece(at..fault_end), piece(fault_end..end));
    let width = |shown: &str| shown.chars().count();
    (format!("{before}{under}{after}"), width(&before), width(&under))
}

/// What to put in place of a text.
pub(super) enum Correction {
    /// Nothing: there is no fault that matters.
    Unneeded,
    /// The values that could be read do not suffice for a text.
    Impossible,
    /// This, and what is fixed by it.
    Text(Vec<u8>, Vec<Code>),
}

/// Writes the corrected text to the file, or to standard output where the text came from standard input, and says so in one line.
fn write_corrected(path: &Path, name: &str, original: &[u8], correction: &Correction) -> Result<(), Failure> {
    let piped = path == Path::new("-");
    let note = match correction {
        Correction::Unneeded => "nothing to correct".to_owned(),
        Correction::Impossible => "cannot be corrected: the values that could be read do not suffice; see what lint says of it".to_owned(),
        Correction::Text(_, codes) => format!("corrected: {}", codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")),
    };
    match (correction, piped) {
        (Correction::Text(text, _), true) => io::stdout().lock().write_all(text)?,
        (Correction::Unneeded, true) => io::stdout().lock().write_all(original)?,
        (Correction::Text(text, _), false) => {
            whole_file::replace(path, text).map_err(|error| Failure::unwritable(shown(path), Exit::Input, &error))?;
        }
        _ => {}
    }
    // Standard output is the corrected text where there is no file.
    if piped {
        writeln!(anstream::stderr().lock(), "{name}: {note}")?
    } else {
        writeln!(anstream::stdout().lock(), "{name}: {note}")?
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn the_kind_is_found_out_by_content() {
        for (text, kind) in [
            ("v=STSv1; id=1", Kind::Record),
            (" \"v=STSv1; id=1\"", Kind::Record),
            ("v=TLSRPTv1; rua=mailto:a@example.com", Kind::Tlsrpt),
            ("version: STSv1\nmode: none\nmax_age: 1\n", Kind::Policy),
            ("<html>", Kind::Policy),
            ("", Kind::Policy),
        ] {
            assert_eq!(guess(text.as_bytes()), kind, "{text}");
        }
    }

    #[test]
    fn the_final_newline_of_a_record_is_the_files() {
        assert!(examine(Kind::Record, b"v=STSv1; id=1;\n".to_vec()).valid);
        assert!(!examine(Kind::Record, b"v=STSv1; id=1; \x07\n".to_vec()).valid);
    }

    proptest! {
        #[test]
        fn any_bytes_can_be_shown(bytes in proptest::collection::vec(any::<u8>(), 0..300), kind in 0usize..3) {
            let examination = examine(Kind::ALL[kind], bytes);
            let mut out = Vec::new();
            print(&mut out, Path::new("-"), &examination).unwrap();
            let plain = anstream::adapter::strip_bytes(&out).into_vec();
            prop_assert!(String::from_utf8(plain).unwrap().chars().all(|c| !c.is_control() || c == '\n'));
            prop_assert!(as_json(&examination)["findings"].is_array());
            let json = render(examination.kind, examination.text.clone(), true).unwrap();
            prop_assert!(!json.chars().any(char::is_control), "{}", json);
            if let Correction::Text(text, fixed) = correction(&examination) {
                let again = examine(examination.kind, text);
                prop_assert!(again.valid && !fixed.is_empty());
                prop_assert!(!matches!(correction(&again), Correction::Text(..)), "corrected once is corrected");
            }
        }
    }
}
