//! The study again: the population of the paper that first measured MTA-STS over whole zones, domain by domain.
//!
//! Ashiq, Fiebig and Chung, "Unraveling the Complexities of MTA-STS Deployment and Management in Securing Email" (IMC 2025): 68,030
//! domains with an MTA-STS record, as in the snapshot of 2024-09-29, and 16,657 that only ask for TLS reports, so that Table 1 comes
//! to its sums. A scan of this world has to count what the paper counts. All is computed from the index in a name, so the world
//! takes no memory; names are synthetic, and the list is shuffled, so that its beginning is a fair sample.
//!
//! Where the paper leaves something open or contradicts itself, the world chooses:
//!
//! - *Retrieval errors.* By stage they sum to 9,538 (self-managed) and 1,443 (third party), in the text to 9,588 and 1,393; the total of
//!   10,981 is the same. The world has the stages. 17,184 in all leave 6,203 for the domains that the paper does not classify;
//!   744 of these fail by HTTP (1,336 in the text without 592 in the figure), the other stages are free: 150 DNS, 300 TCP, 4,909 TLS, 100 syntax.
//! - *Records.* The 9 of 331 that no class explains have two records. A bad record comes with a policy where all is right, so these classes
//!   do not overlap: 331 + 17,184 + 1,816 = 19,331 misconfigured. The paper's 20,144 then has 813 whose only fault is at an MX host.
//! - *MX hosts*: certificates of all are invalid for 1,326 domains (993 self-managed, 149 with a third party, so 184 that are not
//!   classified), that of at least one for 1,046 and 397, and for 4.7 per cent of all, which a figure shows: 3,197, so 1,754 that are not
//!   classified. Of the 269 that enforce all have no other MX host; 35 of them are customers of lucidgrow, so that 269 and the 406 of the
//!   inconsistent make the 640 that lose mail. What is wrong with them is read off a figure: other names, self-signed, expired.
//! - *No certificate installed* (463): the alert unrecognized_name. Other causes of TLS failures by third parties are free.
//! - *The registrar of 7,237 domains with invalid certificates* is among the self-managed: third parties have 1,113 TLS failures in all.
//!   Each of its addresses serves five domains, or the study's threshold of 50 would say otherwise.
//! - *404* (387 of 592) is 246 and 141, *bad values of mx* (87 of 136) are 35 and 52, in proportion. What the others fail by is free.
//! - *Inconsistency*: 641 of the 1,816 are domains with providers for both mail and policy (1 with one provider: a typo; 640 with two:
//!   complete mismatches, among them 246 of lucidgrow, an incident of January 2024, and 122 that left Tutanota); the other 1,175 serve
//!   their own policies. 406 enforce: lucidgrow, Tutanota's 123, and 37 others. None differs by its top-level domain only.
//! - *Mail*: 23,512 receive it at home and 40,683 with a third party (the paper's figures are of domains whose MX hosts could be
//!   scanned), so 3,835 are unclassified. 26,414 have providers for both.
//! - *Modes* of all others are not in the paper: enforce and testing in turn. max_age is 30 days throughout.
//! - *TLSRPT beside MTA-STS* is read off a figure; .net and .se have none without MTA-STS, since Table 1 does not say.
//!
//! Not in this world: history (outdated policies, trends), Tranco ranks, and domains without any record (73,939,004 in .com alone),
//! which are denominators only.

mod faults;
mod groups;
mod hosts;
mod names;
mod segments;

#[cfg(test)]
mod tests;

use self::hosts::MxCertificates;
use self::names::Place;
use self::segments::{Found, Group, Mode};
use crate::classify::codes;
use std::net::Ipv4Addr;

use crate::lab::case::{Case, case};
use crate::lab::places;
use crate::lab::site::End;
use crate::lab::truth::Truth;
use crate::lab::world::{self, Server, World, find_case};
use crate::lab::{Asked, Internet};

/// The population of the study, to be served by the lab: a scan has to print the study's tables again.
pub fn world() -> Internet {
    Internet::of("imc2025", Population)
}

#[derive(Debug)]
struct Population;

impl World for Population {
    fn names(&self) -> u64 {
        names::NAMES
    }

    fn listed(&self, place: u64) -> String {
        names::listed(place)
    }

    fn truth(&self, domain: &str, asked: Asked) -> Option<Truth> {
        find(domain).map(|case| case.truth_when(asked))
    }

    fn find<'n>(&self, name: &'n str) -> Option<world::Found<'n>> {
        find_case(name, find)
    }

    fn server(&self, host: &str) -> Server {
        if let Some(server) = hosts::third_party(host) {
            return server;
        }
        // At home, or at a host that is called after the customer.
        let customer = host.strip_suffix(".mx.lucidgrow.com").map(|customer| customer.replacen('-', ".", 1));
        let own = || Some(["mail.", "mail2."].iter().find_map(|label| host.strip_prefix(label))?.to_owned());
        let certificates = customer.or_else(own).and_then(|domain| mx_certificates(&domain));
        certificates.map_or(Server::ordinary(), |certificates| certificates.server(!host.starts_with("mail2.")))
    }

    fn addresses(&self) -> Vec<Ipv4Addr> {
        places::all().chain(hosts::addresses()).collect()
    }
}

fn groups() -> impl Iterator<Item = &'static Group> {
    [groups::SELF_MANAGED, groups::THIRD_PARTY, groups::UNCLASSIFIED].into_iter().flatten()
}

/// The case of a domain; `None` for a name that is no domain of this world.
fn find(domain: &str) -> Option<Case> {
    let place = names::place(domain)?;
    let case = if place.adopter { adopter(place)? } else { reports_only() };
    Some(case.settled())
}

/// A multiplier without a common factor with the number of adopters, so that it deals the segments out over the indices.
const DEAL: u64 = 48_271;

fn adopter(place: Place) -> Option<Case> {
    let Found { host, segment, in_segment, in_group } = segments::find(groups(), place.index * DEAL % names::ADOPTERS)?;
    let mail = segment.mail.of(case(segment.name, segment.about), in_segment);
    let case = (segment.change)(host.of(mail, in_group, segment.door));
    let case = match segment.mode {
        Mode::Testing => case.mode("testing"),
        Mode::Either if in_segment % 2 == 1 => case.mode("testing"),
        Mode::Enforce | Mode::Either => case,
    };
    let case = segment.mx.judged(case);
    Some(if place.reports { case } else { case.no_tlsrpt() })
}

/// The certificates of a domain's MX hosts.
fn mx_certificates(domain: &str) -> Option<MxCertificates> {
    let place = names::place(domain).filter(|place| place.adopter)?;
    segments::find(groups(), place.index * DEAL % names::ADOPTERS).map(|found| found.segment.mx)
}

fn reports_only() -> Case {
    let case = case("reports-only", "TLSRPT without MTA-STS.");
    case.sts_end(End::Nxdomain).no_record().code(codes::STS_RECORD_ABSENT)
}
