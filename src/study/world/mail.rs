//! Where a domain of the study's world receives its mail, and what its policy says of it.

use crate::lab::case::Case;
use crate::lab::providers::{MAIL, with_mail};
use crate::lab::site::Exchange;

/// A way to receive mail. The study's heuristic tells own servers (the name of the domain), third parties (50 domains or more)
/// and those between, which it does not classify.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Mail {
    /// A host below the domain.
    Own,
    /// One of the great mail providers in turn.
    Shared,
    /// A small provider, of 35 to 40 domains.
    Small,
    Tutanota,
    /// A letter is wrong in the MX record: the one inconsistent domain among those with one provider for both.
    TutanotaTypo,
    /// The forwarding of a registrar.
    Porkbun,
    /// 4,722 domains, which the study names as an exception from its heuristic.
    Mxascen,
    /// A host of its own for each customer, and patterns of somebody else.
    Lucidgrow,
}

/// Places in [`MAIL`] of providers that host no policies: those between the domains' own hosts and Tutanota.
const SHARED: std::ops::Range<usize> = 3..11;
/// Domains of a small provider.
const SMALL_DOMAINS: u64 = 40;

impl Mail {
    /// The case with its MX records and patterns to match; `rank` counts the domains that are alike.
    pub(super) fn of(self, case: Case, rank: u64) -> Case {
        match self {
            Self::Own => case.mx(&["mail.{d}"]).patterns(&["mail.{d}"]),
            Self::Shared => {
                let place = SHARED.start + (rank % SHARED.len() as u64) as usize;
                with_mail(case, place).patterns(MAIL.get(place).map_or(&[], |mail| mail.patterns))
            }
            Self::Small => {
                let host = format!("mx.small-mail-{:03}.example", rank / SMALL_DOMAINS);
                case.patterns(&[&host]).site(|site| site.mx.records = vec![Exchange(10, host.into())])
            }
            Self::Tutanota => case.mx(&["mail.tutanota.de"]).patterns(&["mail.tutanota.de"]),
            Self::TutanotaTypo => case.mx(&["mial.tutanota.de"]).patterns(&["mail.tutanota.de"]),
            Self::Porkbun => case.mx(&["fwd1.porkbun.com", "fwd2.porkbun.com"]).patterns(&["fwd1.porkbun.com", "fwd2.porkbun.com"]),
            Self::Mxascen => case.mx(&["mx.l.mxascen.com"]).patterns(&["mx.l.mxascen.com"]),
            Self::Lucidgrow => case.mx(&["{-}.mx.lucidgrow.com"]).patterns(&["*.mail.protection.outlook.com"]),
        }
    }
}
