//! Judgements used again: who publishes nothing at all is judged by the outcomes alone, and most domains publish nothing.

use std::sync::Arc;

use crate::evidence::{AnyLookup, Evidence, Outcomes};

use super::assessment::Assessment;
use super::judge::classify;

/// Judges evidence as [`classify`] does, and shares the judgements of domains without any record: there are as many as combinations of
/// outcomes.
#[derive(Debug, Default)]
pub struct Judge {
    known: Vec<(Outcomes, Arc<Assessment>)>,
}

impl Judge {
    /// The judgement, in the same [`Arc`] for evidence that is judged alike because it has no record.
    pub fn judge(&mut self, evidence: &Evidence) -> Arc<Assessment> {
        let Some(outcomes) = outcomes_alone(evidence) else { return Arc::new(classify(evidence)) };
        // The outcomes of one list hardly differ, so that the first is nearly always right.
        if let Some((_, assessment)) = self.known.iter().find(|(known, _)| *known == outcomes) {
            return Arc::clone(assessment);
        }
        let assessment = Arc::new(classify(evidence));
        self.known.push((outcomes, Arc::clone(&assessment)));
        assessment
    }
}

/// The outcomes of the first lookups, where there is nothing else to go by.
fn outcomes_alone(evidence: &Evidence) -> Option<Outcomes> {
    let Evidence { host_a, host_aaaa, fetch, mx_asked, mx_hosts, rua_hosts, stray_records, extra_requests, .. } = evidence;
    let nothing_further = host_a.is_none()
        && host_aaaa.is_none()
        && fetch.is_none()
        && mx_asked.is_none()
        && mx_hosts.is_empty()
        && rua_hosts.is_empty()
        && stray_records.is_empty()
        && extra_requests.is_empty();
    let is_plain = |lookup: &dyn AnyLookup| lookup.outcome().is_conclusive() && lookup.is_bare();
    (nothing_further && evidence.lookups().all(is_plain)).then(|| evidence.outcomes())
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;
    use std::time::{Duration, UNIX_EPOCH};

    use proptest::prelude::*;

    use super::*;
    use crate::evidence::{Lookup, Mx, Outcome, Txt};
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
        fn evidence_of(domain: &'static str)(
            mx in lookup(domain.to_owned()),
            sts_txt in lookup(format!("_mta-sts.{domain}")),
            tlsrpt_txt in lookup(format!("_smtp._tls.{domain}")),
            seconds in 0..4_000_000_000_u64,
            preference in prop::option::weighted(0.2, any::<u16>()),
        ) -> Evidence {
            let records = preference.map(|preference| Mx { preference, exchange: "mx.example.com".to_owned() }).into_iter().collect();
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
            prop_assert!(judge.known.len() <= 64);
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
    }
}
