//! A scan of the lab compared with what is true of it: the only place that knows both the scan and the lab.
//!
//! The lab is started, the plan of a scan is pointed at it by overrides that it would take for any other network, and the dataset that
//! comes out is compared with the truth.

use std::collections::BTreeMap;
use std::io::Write;
use std::sync::Arc;

use crate::classify::{Code, Judgement};
use crate::dataset::{DatasetError, JudgementColumns, Reader, TargetColumns, schema};
use crate::lab::{Asked, BEYOND_LOOPBACK, Internet, Lab, Truth, mail_server, spoken_codes};
use crate::scan::{Overrides, OwnList};

/// Where a running lab has its servers, whom they trust, and whom a scan of it must leave alone: its mail servers have public addresses.
pub fn overrides(lab: &Lab) -> Overrides {
    Overrides {
        resolvers: vec![lab.dns_addr()],
        validation_names: None,
        root: Some(lab.root_addr()),
        https_port: Some(lab.https_port()),
        http_port: Some(lab.http_port()),
        authority: Some(("the lab's authority", lab.ca_pem().to_owned())),
        smtp_port: Some(lab.smtp_port()),
        mail_server: Some(mail_server),
        excluded: BEYOND_LOOPBACK,
    }
}

/// The list of a world, for scans that name none.
pub fn own_list(world: &Arc<Internet>) -> OwnList {
    let names = Arc::clone(world);
    let write = move |out: &mut dyn Write| names.names().try_for_each(|name| writeln!(out, "{name}"));
    OwnList { name: world.word().to_owned(), write: Arc::new(write) }
}

/// Domains that are named for one difference.
const MAX_EXAMPLES: usize = 5;

/// How often a finding code was expected and found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Domains that have it by the truth.
    pub expected: u64,
    /// Domains of which the scan says it.
    pub found: u64,
    /// Expected and not found.
    pub missed: u64,
    /// Found and not expected.
    pub wrong: u64,
    /// The first domains where expectation and finding differ.
    pub examples: Vec<String>,
}

/// A column that does not hold what the truth says.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    /// Name of the column.
    pub column: &'static str,
    /// The word that is true; `None` for null.
    pub expected: Option<&'static str>,
    /// What the dataset holds.
    pub found: Option<String>,
}

/// Where a dataset and the truth of the lab agree and where they do not.
#[derive(Clone, Debug, Default)]
pub struct Confusion {
    /// Domains that were compared: all rows of the dataset, those of earlier runs included.
    pub domains: u64,
    /// Domains that the lab does not know; nothing can be said of them.
    pub strangers: u64,
    /// Every code of which the truth speaks.
    pub codes: BTreeMap<Code, Tally>,
    /// Column values that were compared.
    pub values: u64,
    /// Columns that differ: how often, and the first domains.
    pub columns: BTreeMap<Difference, (u64, Vec<String>)>,
}

impl Confusion {
    /// Compares all rows of a dataset, a batch at a time, of a scan that asked this of mail servers.
    ///
    /// # Errors
    /// If the dataset cannot be read.
    pub fn of(dataset: &Reader, lab: &Internet, asked: Asked) -> Result<Self, DatasetError> {
        let mut confusion = Self { codes: spoken_codes().map(|code| (code, Tally::default())).collect(), ..Self::default() };
        let schema = schema();
        let flat: Vec<&str> = schema.fields().iter().map(|field| field.name().as_str()).filter(|name| *name != "evidence").collect();
        for batch in dataset.batches(Some(&flat)) {
            let batch = batch?;
            let (targets, judgements) = (TargetColumns::of(&batch)?, JudgementColumns::of(&batch)?);
            for row in 0..batch.num_rows() {
                let domain = targets.row(row)?.domain;
                match lab.truth_when(domain.as_str(), asked) {
                    Some(truth) => confusion.add(domain.as_str(), &truth, &judgements.row(row)),
                    None => confusion.strangers += 1,
                }
            }
        }
        Ok(confusion)
    }

    fn add(&mut self, domain: &str, truth: &Truth, judgement: &Judgement<'_>) {
        self.domains += 1;
        let found = |code: Code| judgement.findings.iter().any(|finding| finding.code == code);
        for (&code, tally) in &mut self.codes {
            let (expected, found) = (truth.codes.binary_search(&code).is_ok(), found(code));
            tally.expected += u64::from(expected);
            tally.found += u64::from(found);
            tally.missed += u64::from(expected && !found);
            tally.wrong += u64::from(found && !expected);
            if expected != found {
                exemplify(&mut tally.examples, domain);
            }
        }
        for (column, expected) in truth.columns() {
            self.values += 1;
            // A column that the truth has and the dataset has not differs from every expectation.
            let found = judgement.value(column).unwrap_or_else(|| Some("?".to_owned()));
            if found.as_deref() != expected {
                let difference = Difference { column, expected, found };
                let (count, examples) = self.columns.entry(difference).or_default();
                *count += 1;
                exemplify(examples, domain);
            }
        }
    }

    /// Codes that were expected and not found, over all domains.
    pub fn missed(&self) -> u64 {
        self.codes.values().map(|tally| tally.missed).sum()
    }

    /// Codes that were found and not expected, over all domains.
    pub fn wrong(&self) -> u64 {
        self.codes.values().map(|tally| tally.wrong).sum()
    }

    /// Column values that differ.
    pub fn differing(&self) -> u64 {
        self.columns.values().map(|(count, _)| count).sum()
    }
}

fn exemplify(examples: &mut Vec<String>, domain: &str) {
    if examples.len() < MAX_EXAMPLES {
        examples.push(domain.to_owned());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::classify::{StoredCode, StoredFinding, codes};

    fn finding(code: StoredCode<'_>) -> StoredFinding<'_> {
        StoredFinding { code, severity: "low", subject: "", detail: "", count: 1 }
    }

    fn judgement<'j>(truth: &Truth, findings: Vec<StoredFinding<'j>>) -> Judgement<'j> {
        let columns: BTreeMap<_, _> = truth.columns().collect();
        let column = |name| columns.get(name).copied().flatten();
        Judgement {
            mx_state: column("mx_state"),
            sts_state: column("sts_state"),
            tlsrpt_state: column("tlsrpt_state"),
            policy_stage: column("policy_stage"),
            posture: column("posture"),
            delivery: column("delivery"),
            delivery_lenient: column("delivery_lenient"),
            mx_coverage: column("mx_coverage"),
            mismatch: column("mismatch"),
            mx_tls: column("mx_tls"),
            mx_dnssec: column("mx_dnssec"),
            dane_state: column("dane_state"),
            delivery_dane: column("delivery_dane"),
            findings,
            ..Judgement::default()
        }
    }

    #[test]
    fn what_agrees_and_what_does_not_is_counted() {
        let lab = Internet::zoo();
        let truth = lab.truth("eol-lf.test").unwrap();
        let mut confusion = Confusion { codes: spoken_codes().map(|code| (code, Tally::default())).collect(), ..Confusion::default() };
        let right = truth
            .codes
            .iter()
            .copied()
            .map(StoredCode::Known)
            .chain([StoredCode::Unknown("a-code-beyond-the-truth")])
            .map(finding)
            .collect();
        confusion.add("right.test", &truth, &judgement(&truth, right));
        assert_eq!((confusion.missed(), confusion.wrong(), confusion.differing(), confusion.values), (0, 0, 0, 14));
        for _ in 0..7 {
            let wrong = judgement(&truth, vec![finding(StoredCode::Known(codes::STS_MODE_TESTING))]);
            confusion.add("wrong.test", &truth, &Judgement { posture: Some("testing"), mismatch: Some("typo"), ..wrong });
        }
        let missed = 7 * truth.codes.len() as u64;
        assert_eq!((confusion.domains, confusion.missed(), confusion.wrong(), confusion.differing()), (8, missed, 7, 14));
        let missed = &confusion.codes[&codes::STS_POLICY_EOL_LF];
        assert_eq!((missed.expected, missed.found, missed.examples.len()), (8, 1, MAX_EXAMPLES));
        let posture = Difference { column: "posture", expected: Some("enforce"), found: Some("testing".to_owned()) };
        assert_eq!(confusion.columns[&posture].0, 7);
    }
}
