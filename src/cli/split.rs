//! `stscan report --split-by`: a folder for each cell of a carried column, with a page, a table and a tree to publish of the domains that
//! have it, and an index. Cells are text from anywhere: the name of a folder is made of what every file system and URL takes, and tells any two cells apart.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest, Sha256};

use super::args::{ReportArguments, ReportFormat};
use super::exit::{Exit, Failure};
use super::own_folder::{self, refused, unreadable, unwritable};
use super::publish::{remove_tree, tree_of};
use super::report::{prepare, to_file};
use super::values::shown;
use crate::analyse::report::{ByCell, Kind, Report, ReportOptions, Standing};
use crate::analyse::senders::Seen;
use crate::analyse::{Share, Shares};
use crate::ui::report::{Handout, csv, html, index, index_csv};
use crate::whole_file;

/// The list of the folders that are ours, a name each.
const LIST: &str = ".stscan-split";
const FIRST_LINE: &str = "stscan report --split-by 1";
const INDEX: [&str; 2] = ["index.html", "index.csv"];
/// The files of a cell, and what they are called.
const FILES: [(&str, &str); 2] = [("report.html", "page"), ("findings.csv", "CSV")];
/// The tree of `publish` beside them, and what of it is to be read first.
const TREE: &str = "publish";
const PLAN: (&str, &str) = ("publish/plan.txt", "plan");
/// The folder of domains without a cell; no name that is made of a cell begins like it.
const NO_CELL: &str = "_none";

/// Writes the folder.
pub(super) fn run(arguments: &ReportArguments, column: &str) -> Result<Exit, Failure> {
    if arguments.format != ReportFormat::Html {
        return Err(Failure::usage("--split-by writes pages and CSV files: leave out --format"));
    }
    let Some(out) = arguments.out.as_deref().filter(|out| out.as_os_str() != "-") else {
        return Err(Failure::usage("name the folder of the pages, as -o pages"));
    };
    let prepared = prepare(arguments)?;
    let (scan, seen) = (&prepared.scan, &prepared.seen);
    if prepared.options.kind == Some(Kind::Adoption) {
        return Err(Failure::usage("--split-by writes pages of the kind portfolio only: leave out --kind"));
    }
    let options = ReportOptions { kind: Some(Kind::Portfolio), figures: false, ..prepared.options.clone() };
    let shares = Shares::count(scan, column)?;
    let mut folder = Folder::open(out)?;
    let mut handouts: BTreeMap<Option<String>, Handout> = BTreeMap::new();
    let mut by = ByCell { column: column.to_owned(), cells: Vec::new() };
    shares.each(|share| {
        let name = folder.begin(share.cell.as_deref())?;
        let standing = hand_out(share, column, &folder.dir.join(&name), seen.clone(), (&options, arguments.bare))?;
        by.cells.push((share.cell.clone(), standing));
        handouts.insert(
            share.cell.clone(),
            Handout { cell: share.cell.clone(), folder: name, files: FILES.into_iter().chain([PLAN]).collect() },
        );
        Ok::<(), Failure>(())
    })?;
    by.cells.sort_by_key(|(_, of)| (std::cmp::Reverse(of.work()), std::cmp::Reverse(of.domains)));
    to_file(&out.join(INDEX[0]), |file| index(scan, &by, &handouts, file))?;
    to_file(&out.join(INDEX[1]), |file| index_csv(scan, &by, &handouts, arguments.bare, file))?;
    folder.finish()?;
    let (work, cells) = (by.cells.iter().filter(|(_, of)| of.work() > 0).count(), by.cells.len());
    let pages = if cells == 1 { "1 page".to_owned() } else { format!("{cells} pages") };
    writeln!(anstream::stdout(), "{}: {pages}, {work} with domains that need work; begin with {}", shown(out), shown(&out.join(INDEX[0])))?;
    prepared.close()
}

/// Writes the files of a cell.
fn hand_out(
    share: &Share,
    column: &str,
    dir: &Path,
    seen: Option<Arc<Seen>>,
    (options, bare): (&ReportOptions, bool),
) -> Result<Standing, Failure> {
    to_file(&dir.join(FILES[1].0), |file| csv(&share.scan, seen.as_deref(), bare, file))?;
    tree_of(&share.scan, &dir.join(TREE), &options.wishes)?;
    let mut report = Report::of(share.scan.clone(), options, seen)?;
    report.about = Some(format!("{column}: {}", share.cell.as_deref().unwrap_or("(none)")));
    to_file(&dir.join(FILES[0].0), |file| html(&report, file))?;
    Ok(report.standing)
}

/// The folder that is written: what is in it and not ours keeps us away.
struct Folder {
    dir: PathBuf,
    /// Folders of an earlier run.
    before: BTreeSet<String>,
    now: BTreeSet<String>,
}

impl Folder {
    /// Takes an empty or missing folder, or one that an earlier run wrote.
    fn open(dir: &Path) -> Result<Self, Failure> {
        own_folder::take(dir)?;
        let list = dir.join(LIST);
        let before = match fs::read_to_string(&list) {
            Ok(text) if text.lines().next() == Some(FIRST_LINE) => {
                text.lines().skip(1).filter(|name| is_ours(name)).map(str::to_owned).collect()
            }
            Ok(_) => return Err(refused(&list, "is no list that stscan wrote")),
            Err(error) if error.kind() == io::ErrorKind::NotFound => BTreeSet::new(),
            Err(error) => return Err(unreadable(&list, &error)),
        };
        let is_new = !list.exists();
        check(
            dir,
            |name, is_dir| {
                if is_dir { before.contains(name) } else { name == LIST || (!is_new && INDEX.iter().any(|file| is_file(name, file))) }
            },
        )?;
        for name in &before {
            if dir.join(name).is_dir() {
                check(
                    &dir.join(name),
                    |name, is_dir| if is_dir { name == TREE } else { FILES.iter().any(|(file, _)| is_file(name, file)) },
                )?;
            }
        }
        let folder = Self { dir: dir.to_owned(), before, now: BTreeSet::new() };
        folder.write_list(&folder.before)?;
        Ok(folder)
    }

    /// Makes the folder of a cell; it is ours before it is there, so that a run that ends in between is no stranger to the next.
    fn begin(&mut self, cell: Option<&str>) -> Result<String, Failure> {
        let mut name = folder_name(cell);
        if self.now.contains(&name) {
            name = format!("{name}-{}", hex::encode(Sha256::digest(cell.unwrap_or_default())));
        }
        self.now.insert(name.clone());
        if !self.before.contains(&name) {
            let path = self.dir.join(LIST);
            let mut list = fs::File::options().append(true).open(&path).map_err(|error| unwritable(&path, &error))?;
            writeln!(list, "{name}").map_err(|error| unwritable(&path, &error))?;
        }
        let path = self.dir.join(&name);
        fs::create_dir_all(&path).map_err(|error| unwritable(&path, &error))?;
        Ok(name)
    }

    /// Removes the folders of cells that are no more, and lists those that are.
    fn finish(self) -> Result<(), Failure> {
        for name in self.before.difference(&self.now) {
            let path = self.dir.join(name);
            for (file, _) in FILES {
                own_folder::remove_file(&path.join(file))?;
            }
            if path.join(TREE).is_dir() {
                remove_tree(&path.join(TREE))?;
            }
            // One that holds something else stays.
            let _ = fs::remove_dir(&path);
        }
        self.write_list(&self.now)
    }

    fn write_list(&self, names: &BTreeSet<String>) -> Result<(), Failure> {
        let text: String = std::iter::once(FIRST_LINE).chain(names.iter().map(String::as_str)).map(|line| format!("{line}\n")).collect();
        let list = self.dir.join(LIST);
        whole_file::put(&list, text.as_bytes()).map_err(|error| unwritable(&list, &error))
    }
}

/// Whether a name is that of a file of ours, or of one that was being written.
fn is_file(name: &str, file: &str) -> bool {
    name.strip_prefix(file).is_some_and(|rest| rest.is_empty() || rest == ".tmp")
}

/// Refuses a folder in which something is not ours, links among it.
fn check(dir: &Path, is_ours: impl Fn(&str, bool) -> bool) -> Result<(), Failure> {
    let failed = |error: io::Error| unreadable(dir, &error);
    for entry in fs::read_dir(dir).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        let kind = entry.file_type().map_err(failed)?;
        let name = entry.file_name();
        let known = name.to_str().is_some_and(|name| is_ours(name, kind.is_dir()) || is_file(name, LIST));
        if !known || kind.is_symlink() {
            return Err(refused(&entry.path(), "was not written by stscan report --split-by"));
        }
    }
    Ok(())
}

/// Most characters of a cell in the name of its folder.
const MAX_SLUG: usize = 40;
/// Digits of a hash behind them.
const DIGITS: usize = 12;
/// Names that some system keeps for devices.
const DEVICES: [&str; 4] = ["con", "prn", "aux", "nul"];

/// The name of the folder of a cell: the cell itself where it is a plain word in lower case, else what is plain in it and a hash.
fn folder_name(cell: Option<&str>) -> String {
    let Some(cell) = cell else { return NO_CELL.to_owned() };
    let mut slug = String::new();
    for character in cell.chars() {
        match character.to_ascii_lowercase() {
            _ if slug.len() >= MAX_SLUG => break,
            plain @ ('a'..='z' | '0'..='9') => slug.push(plain),
            _ if slug.is_empty() || slug.ends_with('-') => {}
            _ => slug.push('-'),
        }
    }
    let slug = slug.trim_end_matches('-');
    let is_device = |name: &str| DEVICES.contains(&name) || (name.len() == 4 && (name.starts_with("com") || name.starts_with("lpt")));
    if slug == cell && !slug.is_empty() && !is_device(slug) && !has_hash(slug) {
        return slug.to_owned();
    }
    let hash = hex::encode(Sha256::digest(cell));
    let slug = if slug.is_empty() { "x" } else { slug };
    format!("{slug}-{}", hash.get(..DIGITS).unwrap_or(&hash))
}

/// Whether a name ends as one with a hash does.
fn has_hash(name: &str) -> bool {
    name.rsplit_once('-').is_some_and(|(_, last)| last.len() >= DIGITS && last.bytes().all(|byte| byte.is_ascii_hexdigit()))
}

/// Whether a name of the list can be that of a folder that was made here.
fn is_ours(name: &str) -> bool {
    let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    name == NO_CELL || (!name.is_empty() && name.bytes().all(is_plain))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn plain_cells_keep_their_names() {
        assert_eq!(["ops", "team-7", "a1"].map(|cell| folder_name(Some(cell))), ["ops", "team-7", "a1"]);
        assert_eq!(folder_name(None), "_none");
        for cell in [
            "",
            "Ops",
            "ops ",
            "../etc",
            "/",
            ".",
            "..",
            "con",
            "com1",
            "a/b",
            "a\\b",
            "a\0b",
            "ünit",
            "-a",
            "_none",
            "a-0123456789ab",
            "a--b",
        ] {
            let name = folder_name(Some(cell));
            assert!(has_hash(&name) && is_ours(&name), "{cell:?}: {name}");
        }
        assert!(folder_name(Some("Smith, J. <x@y>")).starts_with("smith-j-x-y-"));
        assert!(folder_name(Some(&"x".repeat(256))).len() < 64);
    }

    proptest! {
        #[test]
        fn different_cells_have_different_safe_names(a in "\\PC{0,20}|[a-z0-9-]{0,60}", b in "\\PC{0,20}|[a-z0-9-]{0,60}") {
            let (of_a, of_b) = (folder_name(Some(&a)), folder_name(Some(&b)));
            prop_assert_eq!(a == b, of_a == of_b);
            prop_assert!(is_ours(&of_a) && of_a.len() <= MAX_SLUG + 1 + DIGITS && !of_a.starts_with('-'), "{}", of_a);
            // What is made of a cell is itself no plain cell's name.
            prop_assert!(of_a == a || folder_name(Some(&of_a)) != of_a);
        }
    }
}
