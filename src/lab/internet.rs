//! A world that can be served: which names it has, what each publishes and what is true of it, also as files, for those who want to compare a
//! dataset with it themselves.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::net::Ipv4Addr;
use std::path::Path;

use serde_json::{Map, Value, json};

use super::census::Census;
use super::hostile::Hostile;
use super::site::Site;
use super::truth::Truth;
use super::world::{Found, World};
use super::zoo::Zoo;

/// A world without its servers.
#[derive(Debug)]
pub struct Internet {
    word: &'static str,
    world: Box<dyn World>,
    names: Option<u64>,
}

impl Internet {
    /// Every case and its near miss, evenly. Cases that need an IPv6 loopback are part of it only where this machine has one.
    pub fn zoo() -> Self {
        Self::of("zoo", Zoo::new())
    }

    /// Rates as measured in the wild; any list of names can be scanned against it. Another seed makes another census.
    pub fn census(seed: u64) -> Self {
        Self::of("census", Census::new(seed))
    }

    /// Text that would act on what shows it, in every place where a scan reads text.
    pub fn hostile() -> Self {
        Self::of("hostile", Hostile)
    }

    /// A world of another module.
    pub(crate) fn of(word: &'static str, world: impl World + 'static) -> Self {
        Self { word, world: Box::new(world), names: None }
    }

    /// The same with so many names in its own list, or all that it has if those are fewer; `None` leaves the number as it is.
    pub fn with_names(self, names: Option<u64>) -> Self {
        Self { names: names.or(self.names), ..self }
    }

    /// What the world is called.
    pub fn word(&self) -> &'static str {
        self.word
    }

    /// How many names the world's own list has.
    pub fn len(&self) -> u64 {
        match self.names {
            Some(names) if self.world.is_endless() => names,
            Some(names) => names.min(self.world.names()),
            None => self.world.names(),
        }
    }

    /// Whether the list has no names.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The world's own list.
    pub fn names(&self) -> impl Iterator<Item = String> + '_ {
        (0..self.len()).map(|place| self.world.listed(place))
    }

    /// What is true of a domain; `None` for a name that is no domain of the world.
    pub fn truth(&self, domain: &str) -> Option<Truth> {
        self.world.truth(domain)
    }

    /// The domain that a name belongs to, what the name is to it, and what the domain publishes.
    pub(super) fn find<'n>(&self, name: &'n str) -> Option<Found<'n>> {
        self.world.find(name)
    }

    /// Every address at which policies are served.
    pub(super) fn addresses(&self) -> Vec<Ipv4Addr> {
        self.world.addresses()
    }

    /// Whether a name without a site is that of a server of somebody else.
    pub(super) fn is_elsewhere(&self, name: &str) -> bool {
        name.contains('.') && !name.starts_with('_') && self.world.is_elsewhere(name)
    }

    /// Whether the web server of a domain is nobody's mail server.
    pub(super) fn has_own_web(&self, domain: &str, site: &Site) -> bool {
        self.world.has_own_web(domain, site)
    }
}

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
