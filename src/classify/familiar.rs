//! Judgements used again: who publishes nothing at all, or nothing but MX records, is judged by these and the outcomes alone. Most domains publish
//! nothing else, and many share the hosts of a few providers.

use std::collections::HashMap;
use std::sync::Arc;

use ahash::RandomState;

use crate::evidence::{AnyLookup, Evidence, Mx, Outcomes, Record as _};

use super::assessment::Assessment;
use super::findings::THE_DOMAIN;
use super::judge::classify;

/// Sets of MX records of which judgements are kept: usually some hundred kilobytes. When there are more, all are forgotten; those of the large
/// providers are soon there again.
const MAX_KNOWN: usize = 1024;
/// Records of a set at most of which judgements are kept: the providers whose hosts many share have five, and a hostile zone can name hundreds of
/// hosts of a thousand characters for each of its domains.
const MAX_RECORDS: usize = 8;

/// Judgements of the domains with a set of MX records, by the outcomes of their lookups.
type ByOutcomes = Vec<(Outcomes, Arc<Assessment>)>;

/// Judges evidence as [`classify`] does, and shares the judgements of domains without any record but MX.
#[derive(Debug, Default)]
pub struct Judge {
    /// By the MX records, in the order of the answer; for each there are as many as combinations of outcomes.
    known: HashMap<Vec<Mx>, ByOutcomes, RandomState>,
}

impl Judge {
    /// The judgement, in the same [`Arc`] for evidence that is judged alike because it has no other record.
    pub fn judge(&mut self, evidence: &Evidence) -> Arc<Assessment> {
        let Some(outcomes) = outcomes_alone(evidence) else { return Arc::new(classify(evidence)) };
        let records = evidence.mx.records.as_slice();
        // The outcomes of one list hardly differ, so that the first is nearly always right.
        let known = self.known.get(records).and_then(|known| known.iter().find(|(known, _)| *known == outcomes));
        if let Some((_, assessment)) = known {
            return Arc::clone(assessment);
        }
        let assessment = Arc::new(classify(evidence));
        // A finding about a host, or about the domain by its name, holds for this domain alone.
        if assessment.findings.iter().all(|finding| finding.subject == THE_DOMAIN) {
            if self.known.len() >= MAX_KNOWN {
                self.known.clear();
            }
            self.known.entry(records.to_vec()).or_default().push((outcomes, Arc::clone(&assessment)));
        }
        assessment
    }
}

/// The outcomes of the first lookups, where there is nothing else to go by, MX records aside.
fn outcomes_alone(evidence: &Evidence) -> Option<Outcomes> {
    let few_mx = evidence.mx.has_records_alone() && evidence.mx.records.len() <= MAX_RECORDS;
    let is_plain = |lookup: &dyn AnyLookup| lookup.outcome().is_conclusive() && (lookup.is_bare() || lookup.record_type() == Mx::MNEMONIC);
    (evidence.has_first_lookups_alone() && few_mx && evidence.lookups().all(is_plain)).then(|| evidence.outcomes())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;
    use crate::evidence::{Lookup, Outcome, Txt};
    use crate::name::Domain;

    prop_compose! {
        /// A lookup that is often bare and sometimes nearly so.
        fn lookup(name: String)(
            outcome in prop::sample::select(Outcome::ALL.to_vec()),
            (rcode, ttl, attempts, tcp, authenticated, rtt_us) in any::<(Option<u16>, Option<u32>, u16, bool, Option<bool>, Option<u32>)>(),
            detail in prop::option::weighted(0.1, ".{0,9}"),
            cname_chain in prop::option::weighted(0.1, Just("alias.example".to_owned())),
            record in prop::option::weighted(0.2, prop::sample::select(vec!["v=STSv1; id=1;", "v=TLSRPTv1; rua=mailto:a@b.example", "x"])),
            resolver: Option<[u8; 4]>,
        ) -> Lookup<Txt> {
            let resolver = resolver.map(|ip| SocketAddr::from((ip, 53)));
            let records = record.map(|text| Txt(vec![text.as_bytes().to_vec()])).into_iter().collect();
            let cname_chain = cname_chain.into_iter().collect();
            Lookup { rcode, ttl, attempts, tcp, authenticated, rtt_us, detail, cname_chain, records, resolver, ..Lookup::unsent(name.clone(), outcome) }
        }
    }

    prop_compose! {
        /// A record of a few, so that the sets of several domains are the same, with all that is said of a host by itself or beside the domain.
        fn mx()(
            preference in prop::sample::select(vec![0, 10, 20]),
            exchange in prop::sample::select(vec![
                "mx.example.com", "mx.example.net", "example.com", "a.b.example.co.uk", "mta-sts.example.com", ".", "_mx.example.com",
                "192.0.2.1", "m\\195\\188ller.example", "localhost",
            ]),
        ) -> Mx {
            Mx { preference, exchange: exchange.to_owned() }
        }
    }

    prop_compose! {
        fn evidence_of(domain: &'static str)(
            mx in lookup(domain.to_owned()),
            sts_txt in lookup(format!("_mta-sts.{domain}")),
            tlsrpt_txt in lookup(format!("_smtp._tls.{domain}")),
            seconds in 0..4_000_000_000_u64,
            records in prop::collection::vec(mx(), 0..4),
        ) -> Evidence {
            let Lookup { name, outcome, rcode, ttl, authenticated, cname_chain, resolver, attempts, tcp, rtt_us, detail, .. } = mx;
            let left_out = None;
            let mx =
                Lookup { name, outcome, rcode, ttl, authenticated, cname_chain, records, left_out, resolver, attempts, tcp, rtt_us, detail, extended_error: None, unchecked: None };
            let scanned_at = UNIX_EPOCH + Duration::from_secs(seconds);
            Evidence { mx, sts_txt, tlsrpt_txt, ..Evidence::nothing_seen(Domain::from_a_labels(domain).unwrap(), scanned_at) }
        }
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        prop::sample::select(vec!["example.com", "a.b.example.co.uk", "xn--bcher-kva.example"]).prop_flat_map(evidence_of)
    }

    proptest! {
        /// Whatever was judged before, a shared judgement is what the evidence itself would have got.
        #[test]
        fn shared_judgements_are_the_same(evidence in prop::collection::vec(evidence(), 1..60)) {
            let mut judge = Judge::default();
            for evidence in &evidence {
                prop_assert_eq!(&*judge.judge(evidence), &classify(evidence));
            }
            prop_assert!(judge.known.values().all(|known| known.len() <= 64));
        }
    }

    #[test]
    fn the_judgement_of_those_without_records_is_shared() {
        let bare = |domain| {
            let mut evidence = Evidence::nothing_seen(Domain::from_a_labels(domain).unwrap(), UNIX_EPOCH);
            (evidence.mx.outcome, evidence.sts_txt.outcome, evidence.tlsrpt_txt.outcome) =
                (Outcome::Nodata, Outcome::Nxdomain, Outcome::Pruned);
            evidence
        };
        let mut judge = Judge::default();
        assert!(Arc::ptr_eq(&judge.judge(&bare("a.example")), &judge.judge(&bare("b.example"))));
        let with_mx = |domain, exchange: &str| {
            let mut evidence = bare(domain);
            evidence.mx.outcome = Outcome::Noerror;
            evidence.mx.records = vec![Mx { preference: 10, exchange: exchange.to_owned() }];
            evidence
        };
        let mut of = |domain: &'static str, exchange: &str| judge.judge(&with_mx(domain, exchange));
        assert!(Arc::ptr_eq(&of("a.example", "mx.example.net"), &of("b.example", "mx.example.net")));
        assert!(!Arc::ptr_eq(&of("a.example", "."), &of("b.example", ".")), "whose null MX it is, is named");
        let many = || {
            let mut evidence = with_mx("a.example", "mx.example.net");
            let record = |preference| Mx { preference, exchange: "mx.example.net".to_owned() };
            evidence.mx.records = (0..).take(MAX_RECORDS + 1).map(record).collect();
            evidence
        };
        assert!(outcomes_alone(&many()).is_none());
        (0..3 * MAX_KNOWN).for_each(|number| drop(of("a.example", &format!("mx{number}.example.net"))));
        assert!(judge.known.len() <= MAX_KNOWN);
    }
}
