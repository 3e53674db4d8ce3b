//! The zoo scanned from end to end: every case of the lab has to be judged as was written by hand.

#![allow(clippy::unwrap_used)] // A test fails by panicking.

mod harness;

use std::collections::BTreeMap;

use stscan::classify::Code;
use stscan::lab::{Internet, Lab, spoken_codes};

#[test]
fn every_case_is_judged_as_written() {
    let dir = tempfile::tempdir().unwrap();
    let out = dir.path().join("zoo");
    let said = harness::stdout(&harness::expect(0, &["scan", "--lab=zoo", "--look-around", "-o", out.to_str().unwrap()]));
    let lab = Lab::start(Internet::zoo()).unwrap();
    let rows = harness::rows(&out);
    assert_eq!(rows.len(), lab.names().count(), "every name has a row");

    let mut wrong = String::new();
    let mut confusion: BTreeMap<Code, [u32; 4]> = BTreeMap::new();
    for row in &rows {
        let truth = lab.truth(&row.domain).unwrap_or_else(|| panic!("{} has no truth", row.domain));
        for (column, expected) in truth.columns() {
            if row.column(column) != expected {
                wrong += &format!("{}: {column} is {:?}, expected {expected:?}\n", truth.case, row.column(column));
            }
        }
        for code in spoken_codes() {
            let (expected, found) = (truth.codes.contains(&code), row.codes.contains(&code));
            let counts = confusion.entry(code).or_default();
            counts[0] += u32::from(expected);
            counts[1] += u32::from(found);
            counts[2] += u32::from(expected && !found);
            counts[3] += u32::from(found && !expected);
            match (expected, found) {
                (true, false) => wrong += &format!("{}: {code} was missed\n", truth.case),
                (false, true) => wrong += &format!("{}: {code} was wrongly found\n", truth.case),
                _ => {}
            }
        }
    }
    assert!(wrong.is_empty(), "{} cases\n{wrong}", rows.len());
    assert!(confusion.values().all(|counts| counts[2] == 0 && counts[3] == 0));

    // The table at the end of the scan says the same.
    for (code, [expected, found, ..]) in confusion.iter().filter(|(_, counts)| counts[0] > 0) {
        let line = format!("  {code:<40} {expected:>9} {found:>9} {:>9} {:>13}", 0, 0);
        assert!(said.lines().any(|shown| shown == line), "{line}\n{said}");
    }
    assert!(
        said.contains(&format!("{} codes, 0 missed, 0 wrongly found; ", spoken_codes().count())) && said.contains(" 0 differ; "),
        "{said}"
    );
}
