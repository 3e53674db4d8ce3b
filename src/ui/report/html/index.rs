//! The index of a report that was split: who has which page, those with most to do first.

use std::collections::BTreeMap;
use std::io::Write;

use maud::{Markup, PreEscaped, html};

use super::appendix::minute;
use super::carried::{COUNTED, shown, table};
use super::document::{TITLE, head};
use super::markup::Safe;
use crate::analyse::Scan;
use crate::analyse::report::ByCell;
use crate::ui::provenance::csv_head;
use crate::ui::report::data::ReportError;
use crate::ui::tables::counted;
use crate::ui::tables::data::field;

/// What lies in the folder of a cell.
#[derive(Clone, Debug)]
pub(crate) struct Handout {
    /// The cell.
    pub(crate) cell: Option<String>,
    /// The folder, a name that needs no quoting anywhere.
    pub(crate) folder: String,
    /// The files in it, and what they are called.
    pub(crate) files: Vec<(&'static str, &'static str)>,
}

/// Writes the index. It has no script.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn index(
    scan: &Scan,
    by: &ByCell,
    handouts: &BTreeMap<Option<String>, Handout>,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    let manifest = scan.manifest();
    let about = format!("{} by {}", manifest.run.list.name, by.column);
    let links = |cell: Option<&str>| {
        let handout = handouts.get(&cell.map(str::to_owned));
        handout.map_or_else(|| shown(cell), of_cell)
    };
    let page = html! {
        (maud::DOCTYPE) "\n"
        html lang="en" {
            (head(manifest, &about, false))
            body {
                header {
                    p.kicker { (TITLE) " · Pages" }
                    h1 { (Safe(&about)) }
                    p.meta {
                        (counted(scan.rows(), "domain")) " in " (counted(by.cells.len() as u64, "page")) ", scanned "
                        time datetime=(Safe(&manifest.started_at)) { (Safe(&minute(&manifest.started_at))) }
                    }
                    @for note in scan.notes() { p.note { (Safe(&note)) } }
                }
                main { (table(by, usize::MAX, links)) }
                footer { p { "Each page has the domains of its row alone, and can be handed out by itself." } }
            }
        }
        (PreEscaped("\n"))
    };
    Ok(out.write_all(page.0.as_bytes())?)
}

fn of_cell(handout: &Handout) -> Markup {
    html! {
        @for (at, (file, title)) in handout.files.iter().enumerate() {
            @if at == 0 {
                a href={ (handout.folder) "/" (file) } { (shown(handout.cell.as_deref())) }
            } @else {
                " " small { a href={ (handout.folder) "/" (file) } { (title) } }
            }
        }
    }
}

/// The index for programs: a line for each cell.
///
/// # Errors
/// If it cannot be written.
pub(crate) fn index_csv(
    scan: &Scan,
    by: &ByCell,
    handouts: &BTreeMap<Option<String>, Handout>,
    bare: bool,
    out: &mut impl Write,
) -> Result<(), ReportError> {
    if !bare {
        out.write_all(csv_head(&[scan.provenance()]).as_bytes())?;
    }
    let invented = scan.manifest().run.invented();
    let invented = invented.as_deref();
    let titles: String = COUNTED.iter().map(|(title, _)| format!(",{}", title.replace(' ', "_"))).collect();
    let last = invented.map_or("", |_| ",invented");
    writeln!(out, "{},folder{titles}{last}", field(&by.column))?;
    for (cell, standing) in &by.cells {
        let counts: String = COUNTED.iter().map(|(_, count)| format!(",{}", count(standing))).collect();
        let folder = handouts.get(cell).map_or("", |handout| handout.folder.as_str());
        let last = invented.map_or_else(String::new, |invented| format!(",{}", field(invented)));
        writeln!(out, "{},{folder}{counts}{last}", field(cell.as_deref().unwrap_or_default()))?;
    }
    Ok(out.flush()?)
}
