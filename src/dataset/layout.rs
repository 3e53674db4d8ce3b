//! Where the files of a dataset lie in its folder: by themselves, or as a partition of a tree `list=NAME/date=YYYY-MM-DD`, which engines read
//! as one table.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use time::{Date, Month};

use crate::place;

/// What stands before the name of the list.
const LIST: &str = "list=";
/// What stands before the date.
const DATE: &str = "date=";
/// Octets of a list's name in a file name at most, so that there is room for what marks a longer one.
const MAX_NAME: usize = 200;

/// How the files of a dataset lie in its folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Layout {
    /// `manifest.json`, `domains/part-00000.parquet`.
    Plain,
    /// `part-00000.parquet`; beside the parts only names that begin with `_` or `.`, which engines leave alone.
    Hive,
}

impl Layout {
    /// The layout of a dataset; of one that is to be made, by the name of its folder.
    pub(crate) fn of(dir: &Path) -> Self {
        if place::is_far(dir) {
            return Self::of_prefix(dir);
        }
        let has = |layout: Self| dir.join(layout.manifest()).exists();
        if !has(Self::Plain) && (has(Self::Hive) || is_partition(dir)) { Self::Hive } else { Self::Plain }
    }

    /// The same of a prefix of a store, which is asked no more than once what is there already: a manifest is never removed.
    fn of_prefix(dir: &Path) -> Self {
        static KNOWN: Mutex<BTreeMap<PathBuf, Layout>> = Mutex::new(BTreeMap::new());
        let known = || KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(layout) = known().get(dir) {
            return *layout;
        }
        let names = place::names(dir).unwrap_or_default();
        let there = [Self::Plain, Self::Hive].into_iter().find(|layout| names.iter().any(|name| name == layout.manifest()));
        if let Some(layout) = there {
            known().insert(dir.to_owned(), layout);
        }
        there.unwrap_or(if is_partition(dir) { Self::Hive } else { Self::Plain })
    }

    /// The name of the manifest.
    pub(crate) fn manifest(self) -> &'static str {
        match self {
            Self::Plain => "manifest.json",
            Self::Hive => "_manifest.json",
        }
    }

    /// The name of the file of rejected lines.
    pub(crate) fn rejected(self) -> &'static str {
        match self {
            Self::Plain => "rejected.csv",
            Self::Hive => "_rejected.csv",
        }
    }

    /// The name of the file of lines whose name an earlier line has.
    pub(crate) fn duplicates(self) -> &'static str {
        match self {
            Self::Plain => "duplicates.csv",
            Self::Hive => "_duplicates.csv",
        }
    }

    /// The folder of the companion tables of an export.
    pub(crate) fn flat(self) -> &'static str {
        match self {
            Self::Plain => "flat",
            Self::Hive => "_flat",
        }
    }

    /// The folder of the parts, with `/`; empty where it is the dataset's own.
    pub(crate) fn parts(self) -> &'static str {
        match self {
            Self::Plain => "domains/",
            Self::Hive => "",
        }
    }

    /// Where a repair puts files that are no parts of the dataset.
    pub(super) fn aside(self) -> &'static str {
        match self {
            Self::Plain => "aside",
            Self::Hive => "_aside",
        }
    }
}

/// Whether a folder is called as a partition is.
fn is_partition(dir: &Path) -> bool {
    let name = |dir: &Path| dir.file_name().and_then(|name| name.to_str()).map(str::to_owned);
    let of_list = dir.parent().and_then(name).is_some_and(|name| name.starts_with(LIST));
    of_list && name(dir).is_some_and(|name| date_of(&name).is_some())
}

/// The folder of a list's partitions.
pub(super) fn list_folder(list: &str) -> String {
    format!("{LIST}{}", encoded(list))
}

/// Whether a folder is one of a list's partitions.
pub(super) fn is_list_folder(name: &str) -> bool {
    name.starts_with(LIST)
}

/// The folder of a date.
pub(super) fn date_folder(date: Date) -> String {
    let (year, month, day) = date.to_calendar_date();
    format!("{DATE}{year:04}-{:02}-{day:02}", u8::from(month))
}

/// The date of a folder that is called as [`date_folder`] calls it.
pub(super) fn date_of(name: &str) -> Option<Date> {
    let (year, rest) = name.strip_prefix(DATE)?.split_once('-')?;
    let (month, day) = rest.split_once('-')?;
    let month = Month::try_from(month.parse::<u8>().ok()?).ok()?;
    let date = Date::from_calendar_date(year.parse().ok()?, month, day.parse().ok()?).ok()?;
    (date_folder(date) == name).then_some(date)
}

/// A name as the value of a partition: what is no letter, digit, `.`, `_` or `-` as `%XX`, which engines read back. Letters of other
/// scripts stay: Spark reads `%XX` beyond ASCII as something else. A name that is too long is cut and marked by its hash.
fn encoded(name: &str) -> String {
    let mut out = String::new();
    for c in name.chars() {
        if c.is_alphanumeric() || "._-".contains(c) {
            out.push(c);
        } else {
            let mut octets = [0; 4];
            out.extend(c.encode_utf8(&mut octets).bytes().map(|octet| format!("%{octet:02X}")));
        }
    }
    match out.len() {
        0 => "__HIVE_DEFAULT_PARTITION__".to_owned(),
        1..=MAX_NAME => out,
        _ => {
            let end = (0..=MAX_NAME).rev().find(|end| out.is_char_boundary(*end)).unwrap_or(0);
            let head = out.get(..end).unwrap_or_default();
            // Not in the midst of an escape.
            let cut = head.rfind('%').filter(|at| head.len() - at < 3).unwrap_or(end);
            format!("{}-{:016x}", head.get(..cut).unwrap_or_default(), xxhash_rust::xxh3::xxh3_64(name.as_bytes()))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_of_lists_are_values_of_a_partition() {
        for (name, folder) in [
            ("tranco.csv", "list=tranco.csv"),
            ("a b/c=d", "list=a%20b%2Fc%3Dd"),
            ("..", "list=.."),
            ("100%", "list=100%25"),
            ("bücher", "list=bücher"),
            ("", "list=__HIVE_DEFAULT_PARTITION__"),
            ("\u{202e}\0\n", "list=%E2%80%AE%00%0A"),
        ] {
            assert_eq!(list_folder(name), folder);
        }
    }

    #[test]
    fn a_partition_is_known_by_its_name() {
        for (path, layout) in [
            ("tree/list=a/date=2026-11-28", Layout::Hive),
            ("tree/list=a/date=2026-11-31", Layout::Plain),
            ("tree/list=a/date=2026-1-2", Layout::Plain),
            ("tree/a/date=2026-11-28", Layout::Plain),
            ("date=2026-11-28", Layout::Plain),
        ] {
            assert_eq!(Layout::of(Path::new(path)), layout, "{path}");
        }
    }

    proptest! {
        #[test]
        fn any_name_is_a_file_name_of_its_own(names in proptest::collection::btree_set(".{0,300}", 2..4)) {
            let folders: BTreeSet<String> = names.iter().map(|name| list_folder(name)).collect();
            prop_assert_eq!(folders.len(), names.len());
            let harmless = |c: char| c.is_alphanumeric() || "._-%=".contains(c);
            prop_assert!(folders.iter().all(|folder| folder.len() <= 255 && folder.chars().all(harmless)));
        }
    }
}
