//! T1 and T2: how many domains there are, where their mail goes, and how many have the two records.

use crate::analyse::stats::definition::{Definition, Figures, share};
use crate::analyse::table::{Cell, Row};
use crate::classify::{MxState, Posture, RecordState};

const DOMAINS: &str = "domains scanned";
const WITH_MX: &str = "domains with MX";

pub(in crate::analyse::stats) const MAIL: Definition = Definition {
    title: "Domains scanned and where their mail goes",
    columns: &[
        ("domains", "domains", ""),
        ("mx", "with MX", DOMAINS),
        ("null-mx", "null MX", DOMAINS),
        ("no-mx", "no MX", DOMAINS),
        ("nxdomain", "NXDOMAIN", DOMAINS),
        ("unknown", "unknown", DOMAINS),
    ],
    by_tld: true,
    rows: mail,
    notes: &[
        "no MX: the domain is its own mail host if it has an address, which a scan does not ask for (implicit MX, RFC 5321 section 5.1)",
    ],
    ..Definition::EMPTY
};

fn mail(figures: &Figures<'_>) -> Vec<Row> {
    let rows = figures.survey.rows();
    let states = [MxState::Present, MxState::Null, MxState::None, MxState::Nxdomain, MxState::Unknown];
    let cells = states.map(|state| share(figures.survey.count(|states| states.mx == state), rows));
    vec![Row::new("all", "all", [&[Cell::Count(rows)][..], &cells].concat())]
}

pub(in crate::analyse::stats) const ADOPTION: Definition = Definition {
    title: "Adoption of MTA-STS and TLS reporting among domains with MX",
    columns: &[
        ("mx", "with MX", DOMAINS),
        ("mx-unknown", "MX unknown", DOMAINS),
        ("sts", "MTA-STS record", WITH_MX),
        ("sts-valid", "valid record", WITH_MX),
        ("sts-unknown", "MTA-STS unknown", WITH_MX),
        ("tlsrpt", "TLSRPT record", WITH_MX),
        ("tlsrpt-unknown", "TLSRPT unknown", WITH_MX),
        ("both", "TLSRPT among MTA-STS", "domains with MX and an MTA-STS record"),
        ("sts-of-tlsrpt", "MTA-STS among TLSRPT", "domains with MX and a TLSRPT record"),
    ],
    by_tld: true,
    rows: adoption,
    notes: &["a record counts whether it is valid or not; lists of popular domains overestimate adoption among all domains"],
    ..Definition::EMPTY
};

fn adoption(figures: &Figures<'_>) -> Vec<Row> {
    let survey = figures.survey;
    let mx = survey.count(|states| states.has_mx());
    let sts = survey.count(|states| states.has_mx() && states.has_sts());
    let tlsrpt = survey.count(|states| states.has_mx() && states.has_tlsrpt());
    let both = survey.count(|states| states.has_mx() && states.has_sts() && states.has_tlsrpt());
    let cells = vec![
        share(mx, survey.rows()),
        share(survey.count(|states| states.mx == MxState::Unknown), survey.rows()),
        share(sts, mx),
        share(survey.count(|states| states.has_mx() && states.sts == RecordState::Valid), mx),
        share(survey.count(|states| states.has_mx() && states.sts == RecordState::Unknown), mx),
        share(tlsrpt, mx),
        share(survey.count(|states| states.has_mx() && states.tlsrpt == RecordState::Unknown), mx),
        share(both, sts),
        share(both, tlsrpt),
    ];
    vec![Row::new("all", "all", cells)]
}

pub(in crate::analyse::stats) const SERIES: Definition = Definition {
    title: "Adoption and state of deployments over time",
    columns: &[
        ("domains", "domains", ""),
        ("mx", "with MX", DOMAINS),
        ("sts", "MTA-STS record", WITH_MX),
        ("tlsrpt", "TLSRPT record", WITH_MX),
        ("enforce", "enforce", DEPLOYED),
        ("testing", "testing", DEPLOYED),
        ("none", "none", DEPLOYED),
        ("broken", "broken", DEPLOYED),
        ("posture-unknown", "policy unknown", DEPLOYED),
        ("unknown", "record unknown", WITH_MX),
    ],
    rows: series,
    notes: &["made for --series, where each group is a scan, the oldest first"],
    ..Definition::EMPTY
};

const DEPLOYED: &str = "domains with MX and an MTA-STS record";

fn series(figures: &Figures<'_>) -> Vec<Row> {
    let survey = figures.survey;
    let mx = survey.count(|states| states.has_mx());
    let sts = survey.count(|states| states.has_mx() && states.has_sts());
    let posture = |posture| share(survey.count(|states| states.has_mx() && states.has_sts() && states.posture == posture), sts);
    let cells = vec![
        Cell::Count(survey.rows()),
        share(mx, survey.rows()),
        share(sts, mx),
        share(survey.count(|states| states.has_mx() && states.has_tlsrpt()), mx),
        posture(Posture::Enforce),
        posture(Posture::Testing),
        posture(Posture::None),
        posture(Posture::Broken),
        posture(Posture::Unknown),
        share(survey.count(|states| states.has_mx() && states.sts == RecordState::Unknown), mx),
    ];
    vec![Row::new("all", "all", cells)]
}
