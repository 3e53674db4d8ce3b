//! Where figures come from, as it stands at the head of every output: the list, the run, the program, the vantage point, and whether any of it
//! is real.

use serde::Serialize;
use serde_json::Value;

use crate::dataset::reports::ReportsManifest;
use crate::dataset::{Manifest, Tool};
use crate::input::KnownList;

/// The option of a scan that says where it runs, in the manifest among those that set the pace.
const VANTAGE: &str = "vantage";
/// How much of a hash a line for a person has; the data has all of it.
const SHOWN_DIGITS: usize = 12;

/// Where one dataset comes from.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Provenance {
    /// What the dataset is called beside others.
    pub dataset: String,
    /// What the list is called; of TLS reports the files that were read.
    pub list: String,
    /// Its citable id.
    pub list_id: Option<String>,
    /// Its day or month, where its name says it.
    pub list_date: Option<String>,
    /// SHA-256 of its bytes; of several files each.
    pub list_sha256: Option<String>,
    /// Which of the well-known lists it is.
    pub list_kind: Option<KnownList>,
    /// Name of the run.
    pub run_id: String,
    /// When it began (RFC 3339, UTC).
    pub started_at: String,
    /// When it ended; `None` while it is unfinished.
    pub finished_at: Option<String>,
    /// Version and revision of the program that judged it.
    pub tool: String,
    /// Version of its catalogue of findings; `None` of TLS reports.
    pub catalogue_version: Option<String>,
    /// Where the scan ran, in the words of whoever ran it.
    pub vantage: Option<String>,
    /// The world of the built-in lab whose results these are; `None` for the Internet.
    pub lab: Option<String>,
    /// Whether the results are of the Internet.
    pub real: bool,
    /// What is to be known of the list.
    pub list_note: Option<String>,
}

impl Provenance {
    /// Of a scan; `dataset` is what it is called beside others.
    pub fn of(dataset: &str, manifest: &Manifest) -> Self {
        let run = &manifest.run;
        let known = run.list.known;
        let is_folded = run.configuration.get("registrable").and_then(Value::as_bool).unwrap_or(false);
        let vantage = match run.pace.get(VANTAGE) {
            Some(Value::String(text)) => Some(text.clone()),
            // Of merged shards.
            Some(Value::Array(several)) => Some(several.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("; ")),
            _ => None,
        };
        Self {
            dataset: dataset.to_owned(),
            list: run.list.name.clone(),
            list_id: run.list.id.clone(),
            list_date: run.list.date.clone(),
            list_sha256: run.list.sha256.clone(),
            list_kind: known,
            run_id: run.run_id.clone(),
            started_at: manifest.started_at.to_string(),
            finished_at: manifest.finished_at.as_ref().map(ToString::to_string),
            tool: program(&run.tool),
            catalogue_version: Some(run.catalogue_version.clone()),
            vantage: vantage.filter(|vantage| !vantage.is_empty()),
            lab: run.lab().map(str::to_owned),
            real: run.lab().is_none(),
            list_note: known.and_then(|known| known.note(is_folded)),
        }
    }

    /// Of TLS reports.
    pub fn of_reports(dataset: &str, manifest: &ReportsManifest) -> Self {
        Self {
            dataset: dataset.to_owned(),
            list: format!("TLS reports in {}", manifest.inputs.join(", ")),
            list_id: None,
            list_date: None,
            list_sha256: None,
            list_kind: None,
            run_id: manifest.run_id.clone(),
            started_at: manifest.started_at.to_string(),
            finished_at: manifest.finished_at.as_ref().map(ToString::to_string),
            tool: program(&manifest.tool),
            catalogue_version: None,
            vantage: None,
            lab: None,
            real: true,
            list_note: None,
        }
    }

    /// What a person reads: lines of a label and a text each, the hash cut short.
    pub fn lines(&self) -> Vec<(&'static str, String)> {
        self.labelled(|hash| hash.get(..SHOWN_DIGITS).map_or_else(|| hash.to_owned(), |first| format!("{first}...")))
    }

    /// The same whole, for data.
    pub fn whole_lines(&self) -> Vec<(&'static str, String)> {
        self.labelled(str::to_owned)
    }

    fn labelled(&self, shown: impl Fn(&str) -> String) -> Vec<(&'static str, String)> {
        let mut list = vec![self.list.clone()];
        list.extend(self.list_id.as_ref().map(|id| format!("id {id}")));
        list.extend(self.list_date.as_ref().map(|date| format!("of {date}")));
        let hashes = self.list_sha256.as_deref().map(|hashes| hashes.split(' ').map(&shown).collect::<Vec<_>>().join(" "));
        list.extend(hashes.map(|hashes| format!("SHA-256 {hashes}")));
        let end = self.finished_at.as_deref().unwrap_or("unfinished");
        let catalogue = self.catalogue_version.as_ref().map_or_else(String::new, |version| format!(", catalogue of findings {version}"));
        let world = self.lab.as_ref().map_or_else(
            || "real: the Internet".to_owned(),
            |world| format!("lab: the built-in Internet, world {world}; all results are invented"),
        );
        let mut lines = vec![
            ("list", list.join(", ")),
            ("run", format!("{}, {} to {end}", self.run_id, self.started_at)),
            ("program", format!("stscan {}{catalogue}", self.tool)),
            ("vantage", self.vantage.clone().unwrap_or_else(|| "not stated (scan --vantage)".to_owned())),
            ("world", world),
        ];
        lines.extend(self.list_note.clone().map(|note| ("note", note)));
        lines
    }
}

/// Version and revision.
fn program(tool: &Tool) -> String {
    match &tool.git_revision {
        Some(revision) => format!("{} ({revision})", tool.version),
        None => tool.version.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::dataset::samples;

    #[test]
    fn all_that_a_citation_needs_is_said() {
        let mut manifest = samples::finished();
        manifest.run.list.date = Some("2026-11".to_owned());
        manifest.run.list.known = Some(KnownList::Crux);
        manifest.run.pace.insert(VANTAGE.to_owned(), "AS64500, Frankfurt".into());
        let real = Provenance::of("week-47", &manifest);
        let text = format!("{:?}", real.lines());
        for part in [
            "top.csv, id ABCD, of 2026-11, SHA-256 000000000000...",
            "20261123-1",
            "stscan 0.1.0",
            "catalogue of findings 1",
            "AS64500",
            "real",
            "buckets",
            "--registrable",
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
        assert!(format!("{:?}", real.whole_lines()).contains(&"0".repeat(64)));
        manifest.run.configuration.insert("lab".to_owned(), "zoo".into());
        manifest.run.configuration.insert("registrable".to_owned(), true.into());
        let lab = Provenance::of("week-47", &manifest);
        assert!(!lab.real && lab.list_note.as_ref().is_some_and(|note| note.contains("folded")));
        assert!(format!("{:?}", lab.lines()).contains("world zoo; all results are invented"));
        manifest.run.pace.remove(VANTAGE);
        assert!(format!("{:?}", Provenance::of("a", &manifest).lines()).contains("not stated"));
    }
}
