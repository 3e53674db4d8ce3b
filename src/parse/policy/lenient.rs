//! A policy as forgiving senders read it: every line and value trimmed, junk skipped, the last of a kind taken, no pattern refused.

use super::value::{LenientPolicy, Mode, VERSION, digits};

/// Reads a policy body as forgiving senders do; `None` where even they find no policy.
///
/// What most of them do, not what each does: lines end with LF and are trimmed of all white space that Unicode knows and of a byte
/// order mark; blank lines and lines without a colon are skipped; keys, version and mode keep their case; the last of several fields
/// counts, but a max_age that is no number is an error wherever it stands.
pub fn parse_lenient(body: &[u8]) -> Option<LenientPolicy> {
    let text = String::from_utf8_lossy(body);
    let (mut version, mut mode, mut max_age, mut mx) = (None, None, None, Vec::new());
    for (key, value) in text.split('\n').filter_map(|line| line.split_once(':')) {
        let value = trim(value);
        match trim(key) {
            "version" => version = Some(value),
            "mode" => mode = Some(value),
            "max_age" => max_age = Some(digits(value)?),
            // Who splits at every colon finds no pattern in `://host`.
            "mx" if !value.is_empty() && !value.starts_with(':') => mx.push(value.to_owned()),
            _ => {}
        }
    }
    version.filter(|version| *version == VERSION)?;
    let policy = LenientPolicy { mode: Mode::from_word(mode?)?, max_age: max_age?, mx };
    (policy.mode == Mode::None || !policy.mx.is_empty()).then_some(policy)
}

fn trim(text: &str) -> &str {
    text.trim_matches(|c: char| c.is_whitespace() || c == '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_forgiving_senders_forgive() {
        let good = LenientPolicy { mode: Mode::Enforce, max_age: 604_800, mx: vec!["*".to_owned()] };
        for body in [
            "version: STSv1\nmode: enforce\nmx: *\nmax_age: 604800",
            "\u{feff} version :\u{a0}STSv1\r\r\n\n# junk\nmode: none\nmode: enforce\nmx: *\nmx:\nmax_age: 00000604800\nMX: b",
        ] {
            assert_eq!(parse_lenient(body.as_bytes()).as_ref(), Some(&good), "{body}");
        }
    }

    #[test]
    fn what_they_do_not_forgive() {
        for body in [
            "",
            "mode: enforce\nmx: a\nmax_age: 1",
            "version: stsv1\nmode: enforce\nmx: a\nmax_age: 1",
            "version: STSv1\nmode: Enforce\nmx: a\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmx:\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: 1d",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: 1d\nmax_age: 1",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: +1",
            "version: STSv1\nmode: enforce\nmx: a\nmax_age: 18446744073709551616",
        ] {
            assert_eq!(parse_lenient(body.as_bytes()), None, "{body}");
        }
    }
}
