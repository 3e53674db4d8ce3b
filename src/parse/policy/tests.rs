//! Tests of the policy reader as a whole.

use proptest::prelude::*;

use super::*;

fn kinds(body: &[u8]) -> Vec<FaultKind> {
    parse(body).faults.iter().map(|fault| fault.kind).filter(|kind| *kind != FaultKind::StsPolicyEolLf).collect()
}

/// A right policy with one more line at its end.
fn with_line(line: &str) -> Vec<u8> {
    format!("version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n{line}").into_bytes()
}

#[test]
fn every_fault_is_found_at_its_place() {
    use FaultKind::*;
    let body = b"mode: Enforce\r\nversion: STSv1 \n mx : a.example.\r\nmx: *\r\nmax_age: 1d\r\nmax_age: 5\r\n\r\njunk\r\n\r\n";
    let parsed = parse(body);
    let found: Vec<_> =
        parsed.faults.iter().map(|fault| (fault.kind, String::from_utf8_lossy(&body[fault.span.clone()]).into_owned())).collect();
    let expected = [
        (StsPolicyModeCase, "Enforce"),
        (StsPolicyVersionNotFirst, "version"),
        (StsPolicyTrailingSpace, " "),
        (StsPolicyEolMixed, "\n"),
        (StsPolicyLeadingSpace, " "),
        (StsPolicySpaceBeforeColon, " "),
        (StsPolicyMxTrailingDot, "a.example."),
        (StsPolicyMxBareWildcard, "*"),
        (StsPolicyMaxAgeInvalid, "1d"),
        (StsPolicyDuplicateField, "max_age"),
        (StsPolicyBlankLine, ""),
        (StsPolicyLineSyntax, "junk"),
        (StsPolicyTrailingBlankLine, "\r\n"),
    ];
    assert_eq!(found, expected.map(|(kind, text)| (kind, text.to_owned())));
    assert!(!parsed.valid);
    assert_eq!(parsed.value.mode.as_deref(), Some("Enforce"));
    assert_eq!((parsed.value.max_age, parsed.value.mx.len()), (None, 2));
}

#[test]
fn lines_that_are_no_field() {
    use FaultKind::*;
    for (line, expected) in [
        ("", vec![]),
        ("ext: value", vec![StsPolicyUnknownField]),
        ("ext:", vec![StsPolicyLineSyntax]),
        ("ext: a\tb", vec![StsPolicyUnknownField, StsPolicyControlChar]),
        ("ext: a\u{a0}\u{2028}b", vec![StsPolicyUnknownField]),
        ("ext: a\\nb", vec![StsPolicyUnknownField]),
        ("mode:", vec![StsPolicyDuplicateField, StsPolicyLineSyntax]),
        ("mode: x mx: y", vec![StsPolicyDuplicateField, StsPolicySingleLine, StsPolicyMxSingleLabel]),
        ("mx: a\u{a0}", vec![StsPolicyNbsp, StsPolicyMxSingleLabel]),
        ("\u{a0}mx: a.example", vec![StsPolicyNbsp]),
        ("// x", vec![StsPolicyComment]),
        ("mx=a.example", vec![StsPolicyLineSyntax]),
        ("a12345678901234567890123456789012: x", vec![StsPolicyLineSyntax]),
        ("modes: x", vec![StsPolicyUnknownField]),
        ("MX: a.example", vec![StsPolicyKeyCase]),
    ] {
        assert_eq!(kinds(&with_line(line)), expected, "{line}");
    }
}

#[test]
fn documents_of_another_kind_are_one_fault() {
    use FaultKind::*;
    for (body, expected) in [
        ("\u{feff}<html>\n\n<p>x\n", vec![StsPolicyBom, StsPolicyHtmlBody]),
        ("{ \"version\": \"STSv1\" }", vec![StsPolicyJsonBody]),
        ("[]", vec![StsPolicyJsonBody]),
        ("\u{feff}\r\n", vec![StsPolicyBom, StsPolicyEmpty]),
    ] {
        assert_eq!(kinds(body.as_bytes()), expected, "{body}");
    }
}

#[test]
fn a_policy_in_one_line_is_still_read() {
    let parsed = parse(b"version: STSv1 mode: testing mx: a.example mx: b.example max_age: 604800");
    assert!(!parsed.valid);
    assert_eq!(parsed.faults.iter().map(|fault| fault.kind).collect::<Vec<_>>(), [FaultKind::StsPolicySingleLine; 4]);
    assert_eq!(parsed.value.mx, ["a.example", "b.example"]);
    assert_eq!((parsed.value.known_mode(), parsed.value.max_age), (Some(Mode::Testing), Some(604_800)));
}

#[test]
fn many_patterns_and_large_bodies() {
    let patterns: String = (0..31).map(|n| format!("mx: {n}.{}.{}.example\n", "a".repeat(60), "b".repeat(60))).collect();
    assert_eq!(kinds(&with_line(&patterns)), [FaultKind::StsPolicyLarge, FaultKind::StsPolicyMxMany]);
}

#[test]
fn no_policy_is_longer_than_senders_read() {
    let of = |bytes: usize| {
        let policy = "version: STSv1\nmode: enforce\nmx: mail.example.com\nmax_age: 604800\n";
        format!("{policy}x: {}\n", "y".repeat(bytes - policy.len() - "x: \n".len()))
    };
    let (longest, longer) = (parse(of(MAX_BYTES).as_bytes()), parse(of(MAX_BYTES + 1).as_bytes()));
    assert!(longest.valid && longest.has(FaultKind::StsPolicyLarge) && !longest.has(FaultKind::StsFetchTooLarge));
    assert!(!longer.valid && longer.has(FaultKind::StsFetchTooLarge) && !longer.has(FaultKind::StsPolicyLarge));
    assert_eq!(longer.value.mx, ["mail.example.com"]);
}

#[test]
fn hostile_bodies_take_no_long() {
    let begun = std::time::Instant::now();
    for unit in
        ["\r", "\n", " ", "mx:a\n", "mode: a ", ":", "x: y\n", "\\n", "mx ", "\t;", "\u{a0}", "\u{2028}", "MX:a\n", "mxs:a\n", "\u{ff}"]
    {
        for prefix in ["", "mx: a"] {
            let body = format!("{prefix}{}", unit.repeat(65_536 / unit.len()));
            let _ = (parse(body.as_bytes()), parse_lenient(body.as_bytes()));
        }
    }
    // 30 bodies of 64 KB take seconds; a single one whose bytes are walked once for each byte takes longer than all of them may.
    assert!(begun.elapsed().as_secs() < 30, "{:?}", begun.elapsed());
}

/// Text in which policies and their faults are likely.
fn policy_like() -> impl Strategy<Value = Vec<u8>> {
    let part = prop_oneof![
        "(version|mode|max_age|mx|Mode|mxs|ext)",
        "[ \t]?:[ \t]?",
        "(STSv1|enforce|testing|none|604800|mail\\.example\\.com|\\*\\.example)",
        "(\r\n|\n|\r|\\\\n|\u{2028}|\u{85}|\x0b)",
        "[ ,;#a-z0-9.*é\u{a0}\u{feff}\x01]",
    ];
    proptest::collection::vec(part, 0..40).prop_map(|parts| parts.concat().into_bytes())
}

proptest! {
    #[test]
    fn any_bytes_are_read(body in prop_oneof![proptest::collection::vec(any::<u8>(), 0..200), policy_like()]) {
        let parsed = parse(&body);
        for fault in &parsed.faults {
            prop_assert!(fault.span.start <= fault.span.end && fault.span.end <= body.len(), "{:?}", fault);
            prop_assert!(!fault.detail.contains(['\n', '\r', '\x1b']));
        }
        prop_assert!(parsed.faults.is_sorted_by_key(|fault| fault.span.start));
        prop_assert!(parsed.valid || !parsed.faults.is_empty());
        if let Some(fixed) = canonical(&parsed.value) {
            let again = parse(fixed.as_bytes());
            prop_assert!(again.valid, "{fixed}");
            prop_assert_eq!(canonical(&again.value), Some(fixed));
        }
        if parsed.valid && !parsed.has(FaultKind::StsPolicyDuplicateField) {
            let lenient = parse_lenient(&body);
            prop_assert!(lenient.is_some());
            prop_assert_eq!(lenient.as_ref().map(|policy| policy.mode), parsed.value.known_mode());
            prop_assert_eq!(lenient.as_ref().map(|policy| policy.max_age), parsed.value.max_age);
            prop_assert_eq!(lenient.map(|policy| policy.mx), Some(parsed.value.mx));
        }
    }

    #[test]
    fn what_the_grammar_generates_is_valid(
        mode in "(enforce|testing|none)",
        max_age in 0u64..10_000_000_000,
        mx in proptest::collection::vec("(\\*\\.)?[A-Za-z0-9]([a-z0-9-]{0,5}[a-z0-9])?(\\.[a-z0-9]{1,5}){0,3}", 1..5),
        extensions in proptest::collection::vec("x[A-Za-z0-9_.-]{0,31}:[ \t]{0,2}[!-~é]([ -~\u{80}\u{2028}😀]{0,9}[!-~])?", 0..3),
        colon in ":[ \t]{0,3}",
        order in any::<u64>(),
        end in "[ \t]{0,2}\r?\n",
        last in "[ \t]{0,2}(\r?\n)?",
    ) {
        let mut lines = vec![format!("version{colon}STSv1"), format!("mode{colon}{mode}"), format!("max_age{colon}{max_age}")];
        lines.extend(extensions);
        let mut at = order;
        for pattern in &mx {
            lines.insert(usize::try_from(at % (lines.len() as u64 + 1)).unwrap(), format!("mx{colon}{pattern}"));
            at /= 7;
        }
        let body = lines.join(&end) + &last;
        let parsed = parse(body.as_bytes());
        prop_assert!(parsed.valid, "{body:?} {:?}", parsed.faults);
        prop_assert_eq!(parsed.value.mode.as_deref(), Some(mode.as_str()));
        prop_assert_eq!(parsed.value.max_age, Some(max_age));
        let (mut read, mut written) = (parsed.value.mx, mx);
        read.sort_unstable();
        written.sort_unstable();
        prop_assert_eq!(read, written);
    }
}
