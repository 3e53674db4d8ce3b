//! The confusion table at the end of a scan of the lab: what was expected, what was found.

use std::io::{self, Write};

use anstyle::Style;

use crate::trial::{Confusion, Difference, Tally};
use crate::ui::tables::grouped;

/// Prints the codes that occur, then whatever differs with examples.
pub(super) fn print(out: &mut impl Write, confusion: &Confusion) -> io::Result<()> {
    let bold = Style::new().bold();
    writeln!(out, "\n{bold}Compared with the truth of the lab{bold:#}")?;
    writeln!(out, "  {:<40} {:>9} {:>9} {:>9} {:>13}", "code", "expected", "found", "missed", "wrongly found")?;
    for (code, tally) in confusion.codes.iter().filter(|(_, tally)| tally.expected + tally.found > 0) {
        let Tally { expected, found, missed, wrong, .. } = tally;
        let [expected, found, missed, wrong] = [expected, found, missed, wrong].map(|count| grouped(*count));
        writeln!(out, "  {code:<40} {expected:>9} {found:>9} {missed:>9} {wrong:>13}")?;
    }
    for (code, tally) in confusion.codes.iter().filter(|(_, tally)| tally.missed + tally.wrong > 0) {
        writeln!(out, "  {code}: differs at {}", tally.examples.join(", "))?;
    }
    for (Difference { column, expected, found }, (count, examples)) in &confusion.columns {
        let (expected, found) = (expected.unwrap_or("null"), found.as_deref().unwrap_or("null"));
        writeln!(out, "  {column} is {found}, not {expected}: {} times, at {}", grouped(*count), examples.join(", "))?;
    }
    writeln!(
        out,
        "{bold}{} codes, {} missed, {} wrongly found; {} column values, {} differ; {} domains{bold:#}",
        confusion.codes.len(),
        grouped(confusion.missed()),
        grouped(confusion.wrong()),
        grouped(confusion.values),
        grouped(confusion.differing()),
        grouped(confusion.domains)
    )?;
    match confusion.strangers {
        0 => Ok(()),
        strangers => writeln!(out, "{} domains of the list are none of the zoo and were not compared", grouped(strangers)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::codes;

    #[test]
    fn what_differs_is_named_with_its_domains() {
        let mut confusion = Confusion { domains: 2, values: 18, strangers: 1, ..Confusion::default() };
        let tally = Tally { expected: 2, found: 1, missed: 1, wrong: 0, examples: vec!["a.test".to_owned()] };
        confusion.codes.insert(codes::STS_MX_TYPO, tally);
        confusion.codes.insert(codes::MX_NULL, Tally::default());
        let difference = Difference { column: "mismatch", expected: Some("typo"), found: None };
        confusion.columns.insert(difference, (1, vec!["a.test".to_owned()]));
        let mut out = Vec::new();
        print(&mut out, &confusion).unwrap();
        let text = String::from_utf8(anstream::adapter::strip_bytes(&out).into_vec()).unwrap();
        for line in [
            "  sts-mx-typo                                      2         1         1             0",
            "  sts-mx-typo: differs at a.test",
            "  mismatch is null, not typo: 1 times, at a.test",
            "2 codes, 1 missed, 0 wrongly found; 18 column values, 1 differ; 2 domains",
            "1 domains of the list are none of the zoo and were not compared",
        ] {
            assert!(text.lines().any(|shown| shown == line), "{line}\n{text}");
        }
        assert!(!text.contains("mx-null"));
    }
}
