//! The tree that is written, one decision after the other: policies, records, server configuration, plan and table.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::SystemTime;

use super::folder::{Folder, Growing, LATER};
use crate::cli::exit::Failure;
use crate::escape::csv_field;
use crate::name::Domain;
use crate::publish::dns::WebServer;
use crate::publish::server::{Policies, apache, nginx};
use crate::publish::{Action, Decision, Ids, PublishedBefore, Reports, Stage, dns, plan};

/// Where the tree is to be served.
#[derive(Clone, Debug)]
pub(super) struct Site {
    /// What the policy hosts lead to; empty where that is not said.
    pub(super) servers: Vec<WebServer>,
    /// Where the tree lies there.
    pub(super) root: String,
}

/// Which domains get their files.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// Those of which something changes.
    Changes,
    /// All that have a policy.
    Everything,
}

/// Files of the tree beside the folders of domains.
const PLAN: &str = "plan.txt";
const TABLE: &str = "publish.csv";

/// The tree while it is written.
pub(super) struct Tree {
    folder: Folder,
    site: Site,
    extent: Extent,
    plan: Growing,
    table: Growing,
    records: Growing,
    later_records: Growing,
    now: Policies,
    later: Policies,
    has_later: bool,
    summary: Summary,
}

/// What was written.
#[derive(Clone, Debug, Default)]
pub(super) struct Summary {
    /// How many domains each action has.
    pub(super) actions: BTreeMap<Action, u64>,
    /// Policies in the tree.
    pub(super) policies: u64,
    /// Domains without a usable TLSRPT record and without a mailbox for one.
    pub(super) without_mailbox: u64,
    /// Named domains for which nothing is published, and why.
    pub(super) skipped: Vec<(Domain, String)>,
}

impl Tree {
    /// Begins a tree in a folder that holds nothing else. `carried`: further columns of the table.
    pub(super) fn begin(dir: &Path, site: Site, extent: Extent, invented: Option<&str>, carried: &[String]) -> Result<Self, Failure> {
        let folder = Folder::open(dir)?;
        let (mut plan, mut table) = (folder.begin(PLAN)?, folder.begin(TABLE)?);
        let (mut records, mut later_records) = (folder.begin("dns/records.csv")?, folder.begin("later/dns/records.csv")?);
        plan.add(plan::HEADING)?;
        if let Some(invented) = invented {
            plan.add(&format!("\nNote: {invented}. Nothing of this is to be deployed.\n"))?;
        }
        let names: String = carried.iter().map(|name| format!(",{}", csv_field(name))).collect();
        table.add(&format!("{}{names}\n", plan::COLUMNS))?;
        for records in [&mut records, &mut later_records] {
            records.add(&format!("{}\n", dns::COLUMNS))?;
        }
        let (now, later) = Default::default();
        Ok(Self { folder, site, extent, plan, table, records, later_records, now, later, has_later: false, summary: Summary::default() })
    }

    /// What new ids of a domain go by.
    pub(super) fn ids(&self, domain: &Domain, at: SystemTime) -> Ids {
        let path = format!("{domain}/.well-known/mta-sts.txt");
        let held = |path: &str| self.folder.held(path).map(|(policy, id)| PublishedBefore { policy, id });
        Ids { at, now: held(&path), later: held(&format!("{LATER}/{path}")) }
    }

    /// Adds what was decided for a domain; `carried`: its cells of the further columns.
    pub(super) fn add(&mut self, mut decision: Decision, carried: &[&str]) -> Result<(), Failure> {
        if [PLAN, TABLE].contains(&decision.domain.as_str()) && decision.now.take().is_some() {
            decision.action = Action::Skip;
            decision.why = vec!["its folder would have the name of a file of this tree; publish it by itself".to_owned()];
        }
        let cells: String = carried.iter().map(|cell| format!(",{}", csv_field(cell))).collect();
        *self.summary.actions.entry(decision.action).or_default() += 1;
        let is_listed = decision.action.changes() || (self.extent == Extent::Everything && decision.action == Action::Keep);
        if self.extent == Extent::Everything && decision.action == Action::Skip {
            self.summary.skipped.push((decision.domain.clone(), decision.why.join("; ")));
        }
        match decision.now.take().filter(|_| is_listed) {
            Some(now) => {
                decision.now = Some(now.clone());
                self.table.add(&format!("{}{cells}\n", plan::row(&decision)))?;
                self.add_files(&decision, &now)
            }
            None => self.table.add(&format!("{}{cells}\n", plan::row(&decision))),
        }
    }

    fn add_files(&mut self, decision: &Decision, now: &Stage) -> Result<(), Failure> {
        let (domain, servers) = (&decision.domain, &self.site.servers);
        self.plan.add(&plan::section(decision))?;
        self.folder.write(&plan::policy_path(decision), now.policy.as_bytes(), Some(&now.id))?;
        self.folder.write(&format!("dns/{domain}.zone"), dns::bind(decision, now, false, servers).as_bytes(), None)?;
        self.records.add(&dns::csv(decision, now, false, servers))?;
        self.now.add(domain, now);
        self.later.add(domain, decision.later.as_ref().unwrap_or(now));
        if let Some(later) = &decision.later {
            self.has_later = true;
            self.folder.write(&format!("{LATER}/{}", plan::policy_path(decision)), later.policy.as_bytes(), Some(&later.id))?;
            self.folder.write(&format!("{LATER}/dns/{domain}.zone"), dns::bind(decision, later, true, servers).as_bytes(), None)?;
            self.later_records.add(&dns::csv(decision, later, true, servers))?;
        }
        self.summary.policies += 1;
        self.summary.without_mailbox += u64::from(decision.reports == Reports::Unnamed);
        Ok(())
    }

    /// Writes what is of all domains, and removes what an earlier run left.
    pub(super) fn finish(mut self) -> Result<Summary, Failure> {
        let root = &self.site.root;
        let any = !self.now.is_empty();
        if any {
            self.folder.write("server/nginx.conf", nginx(root).as_bytes(), None)?;
            self.folder.write("server/Caddyfile", self.now.caddy(root).as_bytes(), None)?;
            self.folder.write("server/apache.conf", apache(root).as_bytes(), None)?;
            self.folder.write("server/worker.js", self.now.worker().as_bytes(), None)?;
            self.folder.write("server/names.txt", self.now.names().as_bytes(), None)?;
        }
        if self.has_later {
            self.folder.write("later/server/worker.js", self.later.worker().as_bytes(), None)?;
        }
        self.folder.end(self.records, any)?;
        self.folder.end(self.later_records, self.has_later)?;
        self.folder.end(self.plan, true)?;
        self.folder.end(self.table, true)?;
        self.folder.finish()?;
        Ok(self.summary)
    }
}
