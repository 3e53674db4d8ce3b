//! `stscan lab`: the built-in Internet by itself.

use std::io::Write;
use std::path::Path;

use serde::Serialize;
use serde_json::json;

use super::args::{LabArguments, LabCommand};
use super::exit::{Exit, Failure};
use crate::classify::Code;
use crate::lab::{Asked, BEYOND_LOOPBACK, Internet, Lab, cases};
use crate::scan::NetworkPlan;
use crate::system::raise_file_limit;
use crate::vocabulary::vocabulary;
use crate::{study, trial};

vocabulary! {
    /// A world that the command line knows.
    pub enum World {
        /// Every case and its near miss, evenly.
        Zoo = "zoo",
        /// Rates as measured in the wild; any list of names can be scanned against it.
        Census = "census",
        /// The population of a study: a scan has to print its tables again.
        Imc2025 = "imc2025",
        /// Text that would act on what shows it, in every place where a scan reads text.
        Hostile = "hostile",
    }
}

/// Which world the lab serves; serialised, the options by name that say so.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct LabChoice {
    /// Which world.
    #[serde(rename = "lab")]
    pub(super) world: World,
    /// Names of the world's own list; by default the zoo has each case once, the census 10,000 names, and the other worlds all they have.
    #[serde(rename = "lab-names")]
    pub(super) names: Option<u64>,
    /// Another seed makes another census.
    #[serde(rename = "lab-seed")]
    pub(super) seed: u64,
}

impl LabChoice {
    fn internet(self) -> Internet {
        let world = match self.world {
            World::Zoo => Internet::zoo(),
            World::Census => Internet::census(self.seed),
            World::Imc2025 => study::world(),
            World::Hostile => Internet::hostile(),
        };
        world.with_names(self.names)
    }
}

/// Lists the cases, writes list and truth, or serves until Ctrl-C.
pub(super) fn run(arguments: LabArguments) -> Result<Exit, Failure> {
    let config = LabChoice { world: world(&arguments.world)?, names: arguments.names, seed: arguments.seed };
    match arguments.command {
        Some(LabCommand::List { json }) => list(config, json),
        Some(LabCommand::Write { dir }) => write(config, &dir),
        None => serve(config),
    }
}

/// A world by its word.
pub(super) fn world(word: &str) -> Result<World, Failure> {
    World::from_word(word).ok_or_else(|| {
        let worlds: Vec<&str> = World::ALL.iter().map(|world| world.as_str()).collect();
        Failure::usage(format!("there is no world {word:?}; there are: {}", worlds.join(", ")))
    })
}

/// Starts the lab and points a scan at it.
pub(super) fn start(config: LabChoice, plan: &mut NetworkPlan) -> Result<Lab, Failure> {
    let lab = begin(config.internet())?;
    plan.overrides = trial::overrides(&lab);
    Ok(lab)
}

fn begin(world: Internet) -> Result<Lab, Failure> {
    // It has a socket for each of its addresses.
    raise_file_limit();
    Lab::start(world).map_err(|error| Failure::new(Exit::Fault, format!("the lab cannot be started: {error}")))
}

fn list(config: LabChoice, as_json: bool) -> Result<Exit, Failure> {
    if config.world != World::Zoo {
        return Err(Failure::usage(format!(
            "lab list has the cases of the zoo; the names of the world {0}, and what is expected of them: stscan lab write DIR --world {0}",
            config.world
        )));
    }
    let mut out = anstream::stdout().lock();
    let cases = cases();
    if as_json {
        let rows: Vec<_> = cases
            .iter()
            .map(|case| json!({ "name": case.name, "about": case.about, "codes": case.truth_when(Asked::ALL).codes, "near": case.near }))
            .collect();
        writeln!(out, "{}", serde_json::to_string_pretty(&rows).unwrap_or_default())?;
        return Ok(Exit::Done);
    }
    for case in cases {
        writeln!(out, "{}\n    {}\n    expected: {}", case.name, case.about, words(&case.truth_when(Asked::ALL).codes))?;
        if !case.near.is_empty() {
            writeln!(out, "    a near miss of: {}", words(&case.near))?;
        }
    }
    Ok(Exit::Done)
}

/// Codes, separated by spaces.
fn words(codes: &[Code]) -> String {
    codes.iter().map(|code| code.as_str()).collect::<Vec<_>>().join(" ")
}

fn write(config: LabChoice, dir: &Path) -> Result<Exit, Failure> {
    config
        .internet()
        .write(dir)
        .map_err(|error| Failure::unwritable(format!("the lab's list in {}", dir.display()), Exit::Dataset, &error))?;
    writeln!(anstream::stdout(), "{0}/names.txt\n{0}/truth.jsonl", dir.display())?;
    Ok(Exit::Done)
}

fn serve(config: LabChoice) -> Result<Exit, Failure> {
    // Whoever asks from outside cannot be told where the mail servers are in place of the addresses that they have otherwise.
    let lab = begin(config.internet().with_mail_on_loopback())?;
    // Removed again when the lab ends.
    let ca = tempfile::Builder::new().prefix("stscan-lab-").suffix(".pem").tempfile();
    let mut ca = ca.map_err(|error| Failure::new(Exit::Fault, format!("cannot create a file for the lab's root: {error}")))?;
    ca.write_all(lab.ca_pem().as_bytes())
        .map_err(|error| Failure::new(Exit::Fault, format!("the lab's root cannot be written to {}: {error}", ca.path().display())))?;
    let mut exclude = tempfile::Builder::new()
        .prefix("stscan-lab-")
        .suffix(".txt")
        .tempfile()
        .map_err(|error| Failure::new(Exit::Fault, format!("cannot create a file for the lab's opt-out list: {error}")))?;
    exclude.write_all(BEYOND_LOOPBACK.as_bytes())?;
    let (root, exclude) = (ca.path().display(), exclude.path().display());
    let mut out = anstream::stdout();
    writeln!(out, "world {}, seed {}", config.world, config.seed)?;
    writeln!(out, "DNS   {} (UDP and TCP)", lab.dns_addr())?;
    writeln!(out, "names {} (a root server, for --iterative --root-hints FILE --dns-port N)", lab.root_addr())?;
    writeln!(out, "HTTPS port {} of the addresses that DNS gives", lab.https_port())?;
    writeln!(out, "HTTP  port {} of the same, for --look-around", lab.http_port())?;
    writeln!(
        out,
        "SMTP  port {} of the addresses that DNS gives of MX hosts, which are private, so scans find mx-private-address",
        lab.smtp_port()
    )?;
    writeln!(out, "root  {root}")?;
    writeln!(out, "not of the lab  {exclude}")?;
    writeln!(
        out,
        "\nstscan scan LIST -o DIR --resolver {} --trust-resolvers --rate 0 --https-port {} --look-around --http-port {} --smtp all --smtp-port {} --dane all --smtp-greeting-timeout 3 --smtp-rate 0 --ca-file {root} --allow-private --exclude {exclude}",
        lab.dns_addr(),
        lab.https_port(),
        lab.http_port(),
        lab.smtp_port()
    )?;
    writeln!(out, "\nCtrl-C ends it.")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::new(Exit::Fault, format!("signals cannot be caught: {error}")))?;
    runtime.block_on(tokio::signal::ctrl_c()).map_err(|error| Failure::new(Exit::Fault, format!("signals cannot be caught: {error}")))?;
    Ok(Exit::Done)
}
