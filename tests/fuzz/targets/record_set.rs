//! All TXT records of a name: lines are records, tabs part their character-strings. The choice is one of them.
#![no_main]

use stscan::evidence::Txt;
use stscan::parse::record_set::{RecordKind, select};

libfuzzer_sys::fuzz_target!(|text: &[u8]| {
    let records: Vec<Txt> =
        text.split(|&b| b == b'\n').map(|record| Txt(record.split(|&b| b == b'\t').map(<[u8]>::to_vec).collect())).collect();
    for &kind in RecordKind::ALL {
        let selection = select(kind, &records);
        assert!(selection.index().is_none_or(|index| index < records.len()));
        for (index, fault) in &selection.faults {
            assert!(fault.span.start <= fault.span.end && fault.span.end <= records[*index].joined().len());
        }
    }
});
