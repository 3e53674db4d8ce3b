//! A list in any format: the first octet chooses the options, the rest is the file. Every line is accounted for.
#![no_main]

use std::cell::RefCell;
use std::fs;

use stscan::exclusion::Exclusion;
use stscan::input::{Column, Input, InputOptions};

thread_local! {
    static FOLDER: RefCell<tempfile::TempDir> = RefCell::new(tempfile::tempdir().expect("a folder"));
}

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let Some((choice, list)) = data.split_first() else { return };
    FOLDER.with_borrow(|folder| {
        let path = folder.path().join("list");
        fs::write(&path, list).expect("the list");
        let column = match choice & 3 {
            0 | 3 => None,
            1 => Some(Column::Number(usize::from(choice >> 4) + 1)),
            _ => Some(Column::Name("domain".to_owned())),
        };
        let options = InputOptions {
            sources: vec![path.to_str().expect("a name").to_owned()],
            column,
            registrable: choice & 4 != 0,
            spool_dir: folder.path().join("spool"),
            memory: 1 << 16,
            ..InputOptions::default()
        };
        let Ok(mut input) = Input::open(&options, &Exclusion::default()) else { return };
        let mut ordinal = 0;
        for target in &mut input {
            let Ok(target) = target else { return };
            assert_eq!(target.ordinal, ordinal);
            ordinal += 1;
        }
        let accounting = input.accounting();
        assert!(accounting.accounted() == accounting.lines && accounting.rows == ordinal, "{accounting:?}");
    });
});
