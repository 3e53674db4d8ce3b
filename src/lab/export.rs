//! A world on disk: its list of names and its truth, for those who want to compare a dataset with it themselves.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

use serde_json::{Map, Value, json};

use super::internet::Internet;
use super::truth::Truth;

/// The list that [`Internet::write`] makes.
pub const LIST_FILE: &str = "names.txt";
/// The truth that [`Internet::write`] makes.
pub const TRUTH_FILE: &str = "truth.jsonl";

impl Internet {
    /// Writes the world's own list as `names.txt`, a name a line, and what is true of it as `truth.jsonl`, an object a line.
    /// The folder is made if it does not exist.
    ///
    /// # Errors
    /// What the file system says.
    pub fn write(&self, dir: &Path) -> io::Result<()> {
        std::fs::create_dir_all(dir)?;
        let mut list = BufWriter::new(File::create(dir.join(LIST_FILE))?);
        let mut truths = BufWriter::new(File::create(dir.join(TRUTH_FILE))?);
        for name in self.names() {
            writeln!(list, "{name}")?;
            if let Some(truth) = self.truth(&name) {
                writeln!(truths, "{}", truth.to_json(&name))?;
            }
        }
        list.flush()?;
        truths.flush()
    }
}

impl Truth {
    /// The truth of a domain as an object: `domain`, `case`, `findings` (codes), and the asserted columns.
    pub fn to_json(&self, domain: &str) -> Value {
        let mut object = Map::new();
        object.insert("domain".to_owned(), json!(domain));
        object.insert("case".to_owned(), json!(self.case));
        object.insert("findings".to_owned(), json!(self.codes));
        object.extend(self.columns().map(|(column, word)| (column.to_owned(), json!(word))));
        Value::Object(object)
    }
}
