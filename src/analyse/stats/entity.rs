//! Who runs a host: the domain's owner or a third party, by the heuristic of Ashiq, Fiebig and Chung (IMC 2025, section 4.1).
//!
//! A host that serves many domains is a third party's; a policy host that serves few is self-managed, as is an MX host within the
//! domain's own registrable domain; what is neither stays unclassified. A policy host is known by the registrable domain of its CNAME
//! target, or by its least address where it is no CNAME out of the domain; an MX host by its registrable domain and its least address.
//! Only domains with an MTA-STS record count.
//!
//! The study also joins domains that share MX hosts, web address and policy address into one administrator, who then manages himself.
//! A scan does not ask for a domain's web address; in its place stands how uniform a host's domains are: those of a provider receive
//! their mail in many places, those of one administrator mostly in one. So a host between the two thresholds is self-managed too if
//! nearly all its domains (an option) have the same policy host and the same set of MX hosts, and are more than the lower threshold.
//! What that cannot tell: a small mail provider that serves its customers' policies as well looks like an administrator, and one whose
//! domains each have MX hosts of their own name stays unclassified unless the hosts' addresses were looked up. Above the upper
//! threshold the rule says nothing, or every mail provider with policies for its customers (Tutanota) would be an administrator.

use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};

use arrow::array::{Array, ListArray, RecordBatch, StringArray};
use xxhash_rust::xxh3::xxh3_64;

use super::reading::{RowGroup, fold};
use super::survey::{is_there, record_state};
use crate::analyse::scans::{AnalyseError, Scan};
use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};
use crate::vocabulary::vocabulary;

/// Thresholds of the heuristic for managing entities (Ashiq, Fiebig and Chung, IMC 2025, section 4.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EntityOptions {
    /// A host that serves so many domains or more is a third party's.
    pub third_party: u32,
    /// A policy host that serves so many domains or fewer is self-managed.
    pub self_managed: u32,
    /// A host between the two is one administrator's, and so self-managed, if at least so many per cent of its domains have one policy
    /// host and one set of MX hosts; 0: no host is.
    pub one_administrator: u32,
    /// Whether hosts at one address are taken for one host.
    pub by_address: bool,
}

impl Default for EntityOptions {
    fn default() -> Self {
        Self { third_party: 50, self_managed: 5, one_administrator: 90, by_address: true }
    }
}

vocabulary! {
    /// Who runs a host.
    pub enum Entity {
        /// The domain's owner.
        SelfManaged = "self-managed",
        /// A provider that hosts many domains.
        ThirdParty = "third-party",
        /// The heuristic does not tell.
        Unclassified = "unclassified",
    }
}

/// The columns by which hosts are known.
const COLUMNS: &[&str] = &["sts_state", "org_domain", "mx_hosts", "mx_provider", "policy_provider"];
/// The evidence by which hosts are known.
const ADDRESSES: &[&str] = &[
    "evidence.host_a.outcome",
    "evidence.host_a.records",
    "evidence.host_aaaa.outcome",
    "evidence.host_aaaa.records",
    "evidence.mx_hosts.list.element.a.records",
];

/// The columns that tell hosts apart.
pub(crate) fn columns(by_address: bool) -> Vec<&'static str> {
    COLUMNS.iter().chain(ADDRESSES).copied().filter(|column| by_address || !column.ends_with("records")).collect()
}

/// Most hosts that are kept apart, of 12 bytes each; beyond, new ones are not counted and stay unclassified.
const MAX_HOSTS: usize = 4_000_000;

/// How many domains each host serves.
#[derive(Default)]
pub(crate) struct Hosts {
    domains: HashMap<u64, u32>,
    overflowed: bool,
}

/// What a host is known by; hashed, since there may be one for each domain.
#[derive(Clone, Copy)]
enum Mark<'a> {
    PolicyName(&'a str),
    PolicyAddress(&'a str),
    MxName(&'a str),
    MxAddress(&'a str),
    /// A policy host and a set of MX hosts, by their hashes.
    Together(u64, u64),
}

impl Mark<'_> {
    fn hash(self) -> u64 {
        let (kind, hash) = match self {
            Self::PolicyName(name) => (1, xxh3_64(name.as_bytes())),
            Self::PolicyAddress(address) => (2, xxh3_64(address.as_bytes())),
            Self::MxName(name) => (3, xxh3_64(name.as_bytes())),
            Self::MxAddress(address) => (4, xxh3_64(address.as_bytes())),
            Self::Together(policy, mx) => (5, xxh3_64(&[policy.to_le_bytes(), mx.to_le_bytes()].concat())),
        };
        hash.wrapping_mul(8).wrapping_add(kind)
    }
}

impl Hosts {
    /// Counts, for every host, the domains with a record that it serves.
    pub(crate) fn count(scans: &[Scan], by_address: bool) -> Result<Self, AnalyseError> {
        let columns = columns(by_address);
        let step = |hosts: &mut Self, group: &RowGroup<'_>| {
            let rows = group.rows_with_a_record(false)?;
            if rows.is_empty() {
                return Ok(());
            }
            for batch in group.batches(&columns, Some(&rows))? {
                let columns = HostColumns::of(&batch?)?;
                for row in 0..columns.rows() {
                    hosts.add(&columns.marks(row));
                }
            }
            Ok(())
        };
        fold(scans, Self::default, step, Self::merge)
    }

    fn add(&mut self, marks: &Marks<'_>) {
        if !marks.counts {
            return;
        }
        let [by_names, by_address] = marks.together;
        for mark in [marks.policy, marks.mx_name, marks.mx_address, by_names, by_address].into_iter().flatten() {
            self.plus(mark.hash(), 1);
        }
    }

    fn plus(&mut self, hash: u64, domains: u32) {
        if self.domains.len() >= MAX_HOSTS && !self.domains.contains_key(&hash) {
            self.overflowed = true;
            return;
        }
        let count = self.domains.entry(hash).or_default();
        *count = count.saturating_add(domains);
    }

    fn merge(mut self, other: Self) -> Self {
        if other.domains.len() > self.domains.len() {
            return other.merge(self);
        }
        for (hash, domains) in &other.domains {
            self.plus(*hash, *domains);
        }
        self.overflowed |= other.overflowed;
        self
    }

    /// Whether there were more hosts than are kept apart.
    pub(crate) const fn overflowed(&self) -> bool {
        self.overflowed
    }

    fn domains(&self, mark: Option<Mark<'_>>) -> Option<u32> {
        mark.and_then(|mark| self.domains.get(&mark.hash())).copied()
    }

    /// Who runs the policy host of a row, and who its most preferred MX host.
    pub(crate) fn entities(&self, marks: &Marks<'_>, options: &EntityOptions) -> (Entity, Entity) {
        let policy = match (self.domains(marks.policy), marks.policy) {
            (Some(domains), _) if domains >= options.third_party => Entity::ThirdParty,
            (Some(domains), _) if domains <= options.self_managed => Entity::SelfManaged,
            (Some(domains), _) if self.one_administrator(marks, domains, options) => Entity::SelfManaged,
            (None, None) if marks.own_policy_host => Entity::SelfManaged,
            _ => Entity::Unclassified,
        };
        let many = |mark| self.domains(mark).is_some_and(|domains| domains >= options.third_party);
        let mx = match marks.own_mx {
            true if many(marks.mx_address) => Entity::ThirdParty,
            true => Entity::SelfManaged,
            false if many(marks.mx_name) || many(marks.mx_address) => Entity::ThirdParty,
            false if self.domains(marks.mx_name).is_some_and(|domains| self.one_administrator(marks, domains, options)) => {
                Entity::SelfManaged
            }
            false => Entity::Unclassified,
        };
        (policy, mx)
    }

    /// Whether so nearly all domains of a host have the policy host and the MX hosts of this row that one administrator runs them.
    fn one_administrator(&self, marks: &Marks<'_>, domains: u32, options: &EntityOptions) -> bool {
        let together = marks.together.iter().filter_map(|mark| self.domains(*mark)).max().unwrap_or_default();
        let least = u64::from(domains) * u64::from(options.one_administrator);
        options.one_administrator > 0 && together > options.self_managed && u64::from(together) * 100 >= least
    }
}

/// What the hosts of a row are known by.
pub(crate) struct Marks<'a> {
    /// Whether the row has an MTA-STS record, and so counts.
    counts: bool,
    policy: Option<Mark<'a>>,
    /// Whether the policy host is no CNAME out of the domain and it is settled that it has no other mark.
    own_policy_host: bool,
    mx_name: Option<Mark<'a>>,
    mx_address: Option<Mark<'a>>,
    /// Policy host and MX hosts in one: by the names of all MX hosts, and by the address of the most preferred.
    together: [Option<Mark<'a>>; 2],
    /// Whether the MX host is within the registrable domain of the row.
    own_mx: bool,
}

/// The columns of a batch.
pub(crate) struct HostColumns {
    sts_state: StringArray,
    org_domain: StringArray,
    mx_hosts: ListColumn<StringArray>,
    mx_provider: StringArray,
    policy_provider: StringArray,
    a_outcome: StringArray,
    aaaa_outcome: StringArray,
    a: Option<ListColumn<StringArray>>,
    aaaa: Option<ListColumn<StringArray>>,
    mx: Option<(ListArray, ListColumn<StringArray>)>,
}

impl HostColumns {
    pub(crate) fn of(batch: &RecordBatch) -> Result<Self, DatasetError> {
        let table = ColumnGroup::table(batch);
        let evidence = table.group("evidence")?;
        let (a, aaaa) = (evidence.group("host_a")?, evidence.group("host_aaaa")?);
        let addresses = |lookup: &ColumnGroup| if lookup.has("records") { lookup.lists("records").map(Some) } else { Ok(None) };
        let mx = match evidence.added_groups("mx_hosts")? {
            None => None,
            Some((lists, host)) => match host.optional_group("a")? {
                Some(lookup) => addresses(&lookup)?.map(|addresses| (lists, addresses)),
                None => None,
            },
        };
        Ok(Self {
            sts_state: table.column("sts_state")?,
            org_domain: table.column("org_domain")?,
            mx_hosts: table.lists("mx_hosts")?,
            mx_provider: table.column("mx_provider")?,
            policy_provider: table.column("policy_provider")?,
            a_outcome: a.column("outcome")?,
            aaaa_outcome: aaaa.column("outcome")?,
            a: addresses(&a)?,
            aaaa: addresses(&aaaa)?,
            mx,
        })
    }

    pub(crate) fn rows(&self) -> usize {
        self.sts_state.len()
    }

    pub(crate) fn marks(&self, row: usize) -> Marks<'_> {
        let own = text(&self.org_domain, row);
        let mx = text(&self.mx_provider, row);
        let foreign = text(&self.policy_provider, row).filter(|provider| Some(*provider) != own);
        let address = least::<Ipv4Addr>(self.a.as_ref(), row).or_else(|| least::<Ipv6Addr>(self.aaaa.as_ref(), row));
        let settled = [&self.a_outcome, &self.aaaa_outcome]
            .iter()
            .all(|outcome| matches!(text(outcome, row), Some("noerror" | "nodata" | "nxdomain" | "pruned")));
        let first_mx = self.mx.as_ref().and_then(|(hosts, addresses)| least::<Ipv4Addr>(Some(addresses), elements(hosts, row).next()?));
        let policy = foreign.map(Mark::PolicyName).or(address.map(Mark::PolicyAddress));
        let mx_hashes = [self.mx_set(row), first_mx.map(|address| Mark::MxAddress(address).hash())];
        Marks {
            counts: is_there(record_state(text(&self.sts_state, row))),
            policy,
            together: mx_hashes.map(|mx| Some(Mark::Together(policy?.hash(), mx?))),
            own_policy_host: foreign.is_none() && settled,
            mx_name: mx.map(Mark::MxName),
            mx_address: first_mx.map(Mark::MxAddress),
            own_mx: mx.is_some() && mx == own,
        }
    }
}

impl HostColumns {
    /// The hash of all MX hosts, in whichever order; `None` where there are none.
    fn mx_set(&self, row: usize) -> Option<u64> {
        let mut hosts: Vec<&str> = self.mx_hosts.texts(row)?.collect();
        hosts.sort_unstable();
        hosts.dedup();
        (!hosts.is_empty()).then(|| xxh3_64(hosts.join(" ").as_bytes()))
    }
}

/// The least address of a row, so that it does not matter in which order they came; texts that are no address come last.
fn least<A: std::str::FromStr + Ord>(addresses: Option<&ListColumn<StringArray>>, row: usize) -> Option<&str> {
    let values = addresses?.texts(row)?;
    values.min_by_key(|address| (address.parse::<A>().ok().is_none(), address.parse::<A>().ok()))
}
