//! `stscan publish`: deployable policies, records and server configuration, of flags, of what DNS says, or of a whole dataset.

mod folder;
mod tree;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::args::PublishArguments;
use super::check;
use super::config::ConfigFile;
use super::exit::{Exit, Failure};
use super::options::NetworkOptions;
use super::values::{shown, wishes};
use crate::analyse::Scan;
use crate::analyse::report::every_entry;
use crate::classify::{Assessment, classify};
use crate::dataset::Layout;
use crate::evidence::{Evidence, Mx, Outcome};
use crate::name::{Domain, suffix};
use crate::parse::policy::Mode;
use crate::place;
use crate::publish::dns::WebServer;
use crate::publish::server::check_root;
use crate::publish::{Known, Wishes, decide};
use crate::ui::text::safe;

use self::folder::Folder;
use self::tree::{Extent, Site, Summary, Tree};

/// Decides, and writes the tree.
pub(super) fn run(arguments: PublishArguments) -> Result<Exit, Failure> {
    let file = ConfigFile::read(arguments.config.as_deref())?;
    let wanted = Wishes {
        mode: arguments.mode.as_deref().map(mode).transpose()?,
        max_age: arguments.max_age.map(max_age).transpose()?,
        ..wishes(&arguments.rua)?
    };
    let site = site(&arguments)?;
    let network = &arguments.network;
    let summary = match source(&arguments.targets)? {
        Source::Dataset(dir) => {
            refuse_beside_dataset(&arguments, network)?;
            let scan = arguments.filter.apply_to(Scan::open(&dir)?)?;
            of_dataset(&scan, &arguments.out, site, &Wishes { adds_rua: false, ..wanted.clone() })?
        }
        Source::Domains(_) if !arguments.filter.is_empty() => {
            return Err(Failure::usage("--where chooses among the domains of a dataset: leave it out where domains are named"));
        }
        Source::Domains(domains) if !arguments.mx.is_empty() => {
            if *network != NetworkOptions::default() {
                return Err(Failure::usage(
                    "--mx replaces what DNS says, so nothing is asked: leave out --mx, or the options about the network",
                ));
            }
            if wanted.mode == Some(Mode::None) {
                return Err(Failure::usage(
                    "--mode none and --mx contradict each other: a policy that takes MTA-STS back names no MX host",
                ));
            }
            let hosts = arguments.mx.iter().map(|host| mx(host)).collect::<Result<Vec<_>, _>>()?;
            let stated: Vec<(Evidence, Assessment)> = domains.into_iter().map(|domain| stated(domain, &hosts)).collect();
            of_domains(&stated, true, None, &arguments.out, site, &wanted)?
        }
        Source::Domains(domains) => {
            let probed = check::probe(&arguments.network.clone().or(file.network), &domains)?;
            of_domains(&probed.judged, false, probed.invented.as_deref(), &arguments.out, site, &wanted)?
        }
    };
    summary.print(&arguments.out, &wanted)?;
    Ok(Exit::Done)
}

/// What is published for.
enum Source {
    Domains(Vec<Domain>),
    Dataset(PathBuf),
}

/// A folder that holds a dataset is one, and a prefix of an object store; everything else has to be a domain.
fn source(targets: &[String]) -> Result<Source, Failure> {
    let is_dataset = |target: &&String| {
        let dir = Path::new(target);
        place::is_far(dir) || dir.join(Layout::of(dir).manifest()).exists()
    };
    if let Some(dataset) = targets.iter().find(is_dataset) {
        return match targets {
            [_] => Ok(Source::Dataset(dataset.into())),
            _ => Err(Failure::usage(format!("{}: one dataset, or domains; not both, and not several datasets", safe(dataset)))),
        };
    }
    let mut domains = Vec::new();
    for target in targets {
        let name = Domain::from_input(target.trim()).map_err(|error| {
            let path = Path::new(target);
            let is_path = path.exists() || target.contains(std::path::MAIN_SEPARATOR);
            let what = if is_path { "holds no dataset (no manifest.json)".to_owned() } else { format!("is no domain name: {error}") };
            Failure::new(if is_path { Exit::Dataset } else { Exit::Usage }, format!("{:?} {what}", safe(target)))
        })?;
        if suffix::registrable(name.as_str()).is_none() {
            return Err(Failure::usage(format!("{name} is a public suffix: the names below it belong to others; name a domain below it")));
        }
        if !domains.contains(&name) {
            domains.push(name);
        }
    }
    Ok(Source::Domains(domains))
}

/// Refuses what a dataset has said already, or what is not for many domains.
fn refuse_beside_dataset(arguments: &PublishArguments, network: &NetworkOptions) -> Result<(), Failure> {
    if !arguments.mx.is_empty() {
        return Err(Failure::usage("--mx is for domains that are named: a dataset says which MX hosts each domain has"));
    }
    if *network != NetworkOptions::default() || arguments.config.is_some() {
        return Err(Failure::usage("a dataset is read, so nothing is asked: leave out the options about the network"));
    }
    Ok(())
}

fn mode(word: &str) -> Result<Mode, Failure> {
    let all: Vec<&str> = Mode::ALL.iter().map(|mode| mode.as_str()).collect();
    Mode::from_word(word).ok_or_else(|| Failure::usage(format!("--mode {:?}: one of {}", safe(word), all.join(", "))))
}

fn max_age(seconds: u64) -> Result<u64, Failure> {
    Wishes::max_age(seconds).map_err(|error| Failure::usage(format!("--max-age {seconds}: {error}")))
}

fn mx(host: &str) -> Result<String, Failure> {
    Wishes::mx(host).map_err(|error| Failure::usage(format!("--mx {:?}: {error}", safe(host))))
}

fn site(arguments: &PublishArguments) -> Result<Site, Failure> {
    let mut servers = Vec::new();
    for text in &arguments.web_server {
        let server = WebServer::read(text).map_err(|error| Failure::usage(format!("--web-server {:?}: {error}", safe(text))))?;
        if !servers.contains(&server) {
            servers.push(server);
        }
    }
    if servers.len() > 1 && servers.iter().any(|server| matches!(server, WebServer::Name(_))) {
        return Err(Failure::usage("--web-server: either one name, to which the policy hosts are aliases, or addresses"));
    }
    let path = match &arguments.root {
        Some(root) if root.is_absolute() => root.clone(),
        Some(root) => return Err(Failure::usage(format!("--root {}: an absolute path is needed", shown(root)))),
        None => std::path::absolute(&arguments.out).map_err(|error| Failure::usage(format!("--out {}: {error}", shown(&arguments.out))))?,
    };
    Ok(Site { servers, root: checked_root(&path, "say with --root where the tree will lie")? })
}

/// A path as it is written into server configuration.
fn checked_root(path: &Path, advice: &str) -> Result<String, Failure> {
    let root = path.to_string_lossy().trim_end_matches('/').to_owned();
    check_root(&root).map_err(|character| {
        Failure::usage(format!(
            "{}: the path is written into server configuration, where {character:?} would mean something else; {advice}",
            shown(path)
        ))
    })?;
    Ok(root)
}

/// Writes the tree of a scan's domains into a folder, where it is served from.
pub(super) fn tree_of(scan: &Scan, out: &Path, wishes: &Wishes) -> Result<(), Failure> {
    let path = std::path::absolute(out).map_err(|error| Failure::usage(format!("{}: {error}", shown(out))))?;
    let site = Site { servers: Vec::new(), root: checked_root(&path, "choose another folder for -o")? };
    of_dataset(scan, out, site, wishes).map(drop)
}

/// Removes a tree that was written; one in which something else lies is refused.
pub(super) fn remove_tree(dir: &Path) -> Result<(), Failure> {
    Folder::open(dir)?.remove()
}

fn of_dataset(scan: &Scan, out: &Path, site: Site, wishes: &Wishes) -> Result<Summary, Failure> {
    let carried = scan.carried_columns()?;
    let mut tree = Tree::begin(out, site, Extent::Changes, scan.manifest().run.invented().as_deref(), &carried)?;
    every_entry(scan, |entry| {
        let known = Known { evidence: &entry.evidence, assessment: &entry.assessment, stated: false };
        let ids = tree.ids(&entry.target.domain, SystemTime::now());
        let value = |name: &String| {
            let cell = entry.target.carried.iter().find(|cell| *cell.name == **name);
            cell.and_then(|cell| cell.value.as_deref()).unwrap_or_default()
        };
        tree.add(decide(known, wishes, &ids), &carried.iter().map(value).collect::<Vec<_>>())
    })?;
    tree.finish()
}

fn of_domains(
    judged: &[(Evidence, Assessment)],
    stated: bool,
    invented: Option<&str>,
    out: &Path,
    site: Site,
    wishes: &Wishes,
) -> Result<Summary, Failure> {
    let mut tree = Tree::begin(out, site, Extent::Everything, invented, &[])?;
    for (evidence, assessment) in judged {
        let ids = tree.ids(&evidence.domain, SystemTime::now());
        tree.add(decide(Known { evidence, assessment, stated }, wishes, &ids), &[])?;
    }
    tree.finish()
}

/// A domain of which the user said which MX hosts it has, and of which nothing is known to be published.
fn stated(domain: Domain, hosts: &[String]) -> (Evidence, Assessment) {
    let mut evidence = Evidence::nothing_seen(domain, SystemTime::now());
    evidence.mx.outcome = Outcome::Noerror;
    evidence.mx.records = (1..).zip(hosts).map(|(preference, host)| Mx { preference, exchange: host.clone() }).collect();
    evidence.sts_txt.outcome = Outcome::Nxdomain;
    evidence.tlsrpt_txt.outcome = Outcome::Nxdomain;
    let assessment = classify(&evidence);
    (evidence, assessment)
}

impl Summary {
    fn print(&self, out: &Path, wishes: &Wishes) -> Result<(), Failure> {
        let mut stdout = anstream::stdout().lock();
        let counts: Vec<String> = self.actions.iter().map(|(action, domains)| format!("{domains} {action}")).collect();
        let policies = if self.policies == 1 { "1 policy".to_owned() } else { format!("{} policies", self.policies) };
        writeln!(
            stdout,
            "{}: {policies}; domains by action: {}",
            shown(out),
            if counts.is_empty() { "none".to_owned() } else { counts.join(", ") }
        )?;
        for (domain, why) in &self.skipped {
            writeln!(stdout, "{domain}: nothing is published: {}", safe(why))?;
        }
        if self.policies > 0 {
            writeln!(stdout, "Begin with {}; publish.csv says what was decided and why.", shown(&out.join("plan.txt")))?;
        }
        if self.without_mailbox > 0 && wishes.rua.is_empty() {
            let domains =
                if self.without_mailbox == 1 { "1 domain has".to_owned() } else { format!("{} domains have", self.without_mailbox) };
            writeln!(
                anstream::stderr(),
                "stscan: {domains} no usable TLSRPT record, and no mailbox is named for one: --rua mailto:ADDRESS"
            )?;
        }
        Ok(())
    }
}
