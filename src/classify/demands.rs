//! What the reader of a scan demands of a domain, beyond what the RFCs say: whether a judgement meets it, and if not, the finding that it is.
//! A scan has none of these findings; they are made when it is read.

use super::assessment::{Assessment, MxState, PolicyStage, Posture, RecordState};
use super::findings::{Finding, quoted, quoted_list};
use super::rule::{Code, Rule, Severity, Status, codes};

/// A demand that is not met. The severity is that of a file that names none.
const DEMAND: Rule = Rule {
    severity: Severity::High,
    effect: "None that the RFCs know: whoever looks after these domains wants it so.",
    status: Status::Expectation,
    ..Rule::BASE
};

codes! {
    20010 EXPECT_MODE = "expect-mode" {
        clause: "RFC 8461 section 5",
        summary: "The domain has MX records and no policy of the mode that is expected.",
        effect: "What is in force is not what whoever looks after the domain wants.",
        remedy: "Publish a policy and its record (`stscan check` prints both), begin with mode testing and go on to the mode that is expected, or waive the expectation with a date.",
        example: Some(Seen("[[expect]] mode = \"enforce\"\nposture testing", "[[expect]] mode = \"enforce\"\nposture enforce")),
        ..DEMAND
    }
    20020 EXPECT_NULL_MX = "expect-null-mx" {
        clause: "RFC 7505 section 3",
        summary: "The domain is expected to take no mail, and publishes no null MX.",
        effect: "Senders try to deliver to it, and mail in its name looks as if it could be answered.",
        remedy: "Publish a single MX record with preference 0 and the host \".\", or take the domain out of the expectation.",
        example: Some(Seen("[[expect]] null_mx = true\nexample.com. MX 10 mail.example.com.", "[[expect]] null_mx = true\nexample.com. MX 0 .")),
        ..DEMAND
    }
    20030 EXPECT_NO_POLICY = "expect-no-policy" {
        clause: "RFC 8461 section 8.3",
        summary: "The domain is expected to have no MTA-STS record and no policy, and has one.",
        remedy: "Serve a policy with mode none and a new id for as long as the former max_age, and only then remove record and policy.",
        example: Some(Seen("[[expect]] no_policy = true\n_mta-sts.example.com. TXT \"v=STSv1; id=1;\"", "[[expect]] no_policy = true\n_mta-sts.example.com. TXT  NXDOMAIN")),
        ..DEMAND
    }
    20040 EXPECT_MX_ONLY = "expect-mx-only" {
        clause: "RFC 5321 section 5.1",
        summary: "The domain has an MX host that is not among those that are expected.",
        effect: "Mail goes to a host that whoever looks after the domain does not know of.",
        remedy: "Remove the MX record of the host, or add the host to the expectation.",
        example: Some(Seen(
            "[[expect]] mx_only = [\"*.example.net\"]\nexample.com. MX 10 mail.elsewhere.example.",
            "[[expect]] mx_only = [\"*.example.net\"]\nexample.com. MX 10 mx1.example.net.",
        )),
        ..DEMAND
    }
    20050 EXPECT_MAX_AGE = "expect-max-age" {
        clause: "RFC 8461 section 3.2",
        summary: "The max_age of the policy is less than what is expected.",
        effect: "Senders forget the policy sooner than whoever looks after the domain wants it.",
        remedy: "Raise max_age in the policy and change the id of the record.",
        example: Some(Seen("[[expect]] max_age_at_least = 604800\nmax_age: 86400", "[[expect]] max_age_at_least = 604800\nmax_age: 1209600")),
        ..DEMAND
    }
    20060 EXPECT_TLSRPT = "expect-tlsrpt" {
        clause: "RFC 8460 section 3",
        summary: "TLS reports do not go to the address that is expected.",
        effect: "Nobody who looks after the domain learns of failed deliveries.",
        remedy: "Publish the record v=TLSRPTv1; at _smtp._tls.DOMAIN with the address that is expected in its rua.",
        example: Some(Seen(
            "[[expect]] tlsrpt_to = \"tls@example.net\"\nrua=mailto:old@example.com",
            "[[expect]] tlsrpt_to = \"tls@example.net\"\nrua=mailto:tls@example.net",
        )),
        ..DEMAND
    }
    20070 EXPECT_NO_FINDING = "expect-no-finding" {
        clause: "RFC 8461 section 5",
        summary: "The domain has a finding that is not expected there.",
        remedy: "Do what `stscan explain` says of the code that is named, or waive the expectation with a date.",
        example: Some(Seen("[[expect]] no_finding = \"dane-*\"\ndane-mismatch", "[[expect]] no_finding = \"dane-*\"\nno finding whose code begins so")),
        ..DEMAND
    }
}

/// A mode that can be demanded; a stronger one meets it, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DemandedMode {
    /// Testing or enforce.
    Testing,
    /// Enforce.
    Enforce,
}

/// What is demanded of a domain. All but a null MX and no policy are of domains with MX records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Demand {
    /// A valid policy of this mode.
    Mode(DemandedMode),
    /// A null MX.
    NullMx,
    /// Neither a record nor a policy.
    NoPolicy,
    /// No MX hosts but these; `*.example.net` stands for all hosts below it.
    MxOnly(Vec<String>),
    /// Of a policy in force, so many seconds.
    MaxAge(i64),
    /// TLS reports to each of these addresses.
    Tlsrpt(Vec<String>),
    /// No finding with one of these codes.
    NoFinding(Vec<Code>),
}

/// Whether a judgement meets a demand.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Outcome {
    Met,
    /// Not, for this reason.
    Unmet(String),
    /// That is not known.
    Open(&'static str),
}

use Outcome::{Met, Open, Unmet};

impl Demand {
    /// The code of the finding that it is where it is not met.
    pub const fn code(&self) -> Code {
        match self {
            Self::Mode(_) => EXPECT_MODE,
            Self::NullMx => EXPECT_NULL_MX,
            Self::NoPolicy => EXPECT_NO_POLICY,
            Self::MxOnly(_) => EXPECT_MX_ONLY,
            Self::MaxAge(_) => EXPECT_MAX_AGE,
            Self::Tlsrpt(_) => EXPECT_TLSRPT,
            Self::NoFinding(_) => EXPECT_NO_FINDING,
        }
    }

    /// The finding that a domain deviates, with this severity; of severity info where that is not known; `None` where the demand is met.
    pub fn deviation(&self, assessment: &Assessment, severity: Severity, place: &str) -> Option<Finding> {
        let (severity, why) = match self.outcome(assessment) {
            Met => return None,
            Unmet(why) => (severity, why),
            Open(why) => (Severity::Info, why.to_owned()),
        };
        Some(Finding { code: self.code(), severity, subject: String::new(), detail: format!("{why} ({place})"), count: 1 })
    }

    fn outcome(&self, assessment: &Assessment) -> Outcome {
        match (self, assessment.mx_state) {
            (Self::NullMx, state) => return null_mx(state),
            (Self::NoPolicy, _) => return no_policy(assessment),
            (Self::NoFinding(codes), _) => return no_finding(codes, assessment),
            (_, MxState::Unknown) => return Open("whether there are MX records is not known"),
            (_, MxState::Null | MxState::None | MxState::Nxdomain) => return Met,
            (_, MxState::Present) => {}
        }
        match self {
            Self::Mode(mode) => of_mode(*mode, assessment.posture),
            Self::MxOnly(patterns) => mx_only(patterns, &assessment.mx_hosts),
            Self::MaxAge(least) => max_age(*least, assessment),
            Self::Tlsrpt(addresses) => tlsrpt(addresses, assessment),
            Self::NullMx | Self::NoPolicy | Self::NoFinding(_) => Met,
        }
    }
}

fn of_mode(mode: DemandedMode, posture: Posture) -> Outcome {
    let expected = match mode {
        DemandedMode::Testing => "testing or enforce",
        DemandedMode::Enforce => "enforce",
    };
    match (posture, mode) {
        (Posture::Enforce, _) | (Posture::Testing, DemandedMode::Testing) => Met,
        (Posture::Unknown, _) => Open("which policy there is is not known"),
        (other, _) => Unmet(format!("posture {other}, expected: {expected}")),
    }
}

fn null_mx(state: MxState) -> Outcome {
    match state {
        MxState::Null => Met,
        MxState::Unknown => Open("whether there are MX records is not known"),
        MxState::Present => Unmet("there are MX records, expected: a null MX".to_owned()),
        MxState::None => Unmet("there is no MX record, so that mail goes to the domain itself; expected: a null MX".to_owned()),
        MxState::Nxdomain => Unmet("the domain does not exist, expected: a null MX".to_owned()),
    }
}

fn no_policy(assessment: &Assessment) -> Outcome {
    match assessment.sts_state {
        RecordState::Unknown => Open("whether there is a record is not known"),
        RecordState::Absent if assessment.policy_stage == Some(PolicyStage::Ok) => Unmet("a policy is served, expected: none".to_owned()),
        RecordState::Absent => Met,
        state => Unmet(format!("there is a record ({state}), expected: none")),
    }
}

fn no_finding(codes: &[Code], assessment: &Assessment) -> Outcome {
    let all = || assessment.findings.iter().filter(|finding| codes.contains(&finding.code));
    let mut found: Vec<&str> = all().filter(|finding| !finding.leaves_open()).map(|finding| finding.code.as_str()).collect();
    found.dedup();
    match (found.as_slice(), all().next()) {
        ([], None) => Met,
        ([], Some(_)) => Open("what would show it could not be determined"),
        (found, _) => Unmet(found.join(", ")),
    }
}

fn mx_only(patterns: &[String], hosts: &[String]) -> Outcome {
    let fits = |pattern: &String, host: &str| match pattern.strip_prefix('*') {
        Some(parent) => host.strip_suffix(parent).is_some_and(|label| !label.is_empty()),
        None => host == pattern,
    };
    let others: Vec<&String> = hosts.iter().filter(|host| !patterns.iter().any(|pattern| fits(pattern, host))).collect();
    if others.is_empty() { Met } else { Unmet(format!("{}, expected only: {}", quoted_list(others), quoted_list(patterns))) }
}

fn max_age(least: i64, assessment: &Assessment) -> Outcome {
    match (assessment.posture, assessment.policy_max_age) {
        (Posture::Testing | Posture::Enforce, Some(seconds)) if seconds < least => {
            Unmet(format!("max_age {seconds}, expected: at least {least}"))
        }
        (Posture::Unknown, _) => Open("which policy there is is not known"),
        _ => Met,
    }
}

fn tlsrpt(addresses: &[String], assessment: &Assessment) -> Outcome {
    if assessment.tlsrpt_state == RecordState::Unknown {
        return Open("whether there is a TLSRPT record is not known");
    }
    let is_there = |address: &&String| {
        assessment.tlsrpt_state == RecordState::Valid && assessment.tlsrpt_rua.iter().any(|rua| rua.eq_ignore_ascii_case(address))
    };
    let missing: Vec<&String> = addresses.iter().filter(|address| !is_there(address)).collect();
    let there = match assessment.tlsrpt_rua.as_slice() {
        [] => format!("TLSRPT record {}", assessment.tlsrpt_state),
        [one] => format!("reports go to {}", quoted(one)),
        many => format!("reports go to {}", quoted_list(many)),
    };
    if missing.is_empty() { Met } else { Unmet(format!("{there}, expected: {}", quoted_list(missing))) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Assessment {
        let mut assessment = Assessment::default();
        (assessment.mx_state, assessment.posture, assessment.sts_state) = (MxState::Present, Posture::Enforce, RecordState::Valid);
        (assessment.policy_max_age, assessment.mx_hosts) = (Some(604_800), vec!["mx1.example.net".to_owned()]);
        (assessment.tlsrpt_state, assessment.tlsrpt_rua) = (RecordState::Valid, vec!["mailto:TLS@example.net".to_owned()]);
        assessment
    }

    fn detail(demand: &Demand, assessment: &Assessment) -> Option<(Severity, String)> {
        demand.deviation(assessment, Severity::Medium, "line 3").map(|finding| (finding.severity, finding.detail))
    }

    /// Each demand with what is asked of a healthy domain, what deviates, and what is not known.
    #[test]
    fn a_demand_is_met_or_not_or_open() {
        let texts = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
        type Change = fn(&mut Assessment);
        type Case<'a> = (Demand, Option<Change>, Change, &'a str, Option<Change>);
        let cases: [Case<'_>; 7] = [
            (
                Demand::Mode(DemandedMode::Enforce),
                None,
                |a| a.posture = Posture::Testing,
                "posture testing, expected: enforce",
                Some(|a| a.posture = Posture::Unknown),
            ),
            (
                Demand::Mode(DemandedMode::Testing),
                Some(|a| a.posture = Posture::Testing),
                |a| a.posture = Posture::Absent,
                "posture absent",
                None,
            ),
            (
                Demand::NullMx,
                Some(|a| a.mx_state = MxState::Null),
                |a| a.mx_state = MxState::None,
                "mail goes to the domain itself",
                Some(|a| a.mx_state = MxState::Unknown),
            ),
            (
                Demand::NoPolicy,
                Some(|a| a.sts_state = RecordState::Absent),
                |a| a.sts_state = RecordState::Invalid,
                "there is a record (invalid)",
                Some(|a| a.sts_state = RecordState::Unknown),
            ),
            (
                Demand::MxOnly(texts(&["*.example.net", "mx.example.org"])),
                Some(|a| a.mx_hosts.push("mx.example.org".to_owned())),
                |a| a.mx_hosts = vec!["example.net".to_owned()],
                "\"example.net\", expected only: \"*.example.net\"",
                Some(|a| a.mx_state = MxState::Unknown),
            ),
            (
                Demand::MaxAge(604_800),
                Some(|a| (a.posture, a.policy_max_age) = (Posture::None, Some(60))),
                |a| a.policy_max_age = Some(604_799),
                "max_age 604799, expected: at least 604800",
                Some(|a| a.posture = Posture::Unknown),
            ),
            (
                Demand::Tlsrpt(texts(&["mailto:tls@example.net"])),
                Some(|a| a.tlsrpt_rua.push("mailto:other@example.net".to_owned())),
                |a| a.tlsrpt_rua = vec!["mailto:other@example.net".to_owned()],
                "reports go to \"mailto:other@example.net\", expected: \"mailto:tls@example.net\"",
                Some(|a| a.tlsrpt_state = RecordState::Unknown),
            ),
        ];
        for (demand, meeting, deviating, said, open) in cases {
            let changed = |change: Option<Change>| {
                let mut assessment = healthy();
                if let Some(change) = change {
                    change(&mut assessment);
                }
                detail(&demand, &assessment)
            };
            assert_eq!(changed(meeting), None, "{demand:?}");
            let (severity, why) = changed(Some(deviating)).unwrap();
            assert!(severity == Severity::Medium && why.contains(said) && why.ends_with("(line 3)"), "{demand:?}: {why}");
            if let Some(open) = open {
                let mut assessment = healthy();
                open(&mut assessment);
                let finding = demand.deviation(&assessment, Severity::High, "").unwrap();
                assert!(finding.leaves_open(), "{demand:?}: {finding:?}");
            }
        }
    }

    /// What is demanded of domains with MX is not demanded of one that takes no mail.
    #[test]
    fn domains_without_mx_records_are_asked_for_no_policy() {
        let mut parked = Assessment::default();
        (parked.mx_state, parked.posture) = (MxState::Null, Posture::Absent);
        for demand in [Demand::Mode(DemandedMode::Enforce), Demand::MaxAge(1), Demand::Tlsrpt(vec!["mailto:a@b.example".to_owned()])] {
            assert_eq!(demand.deviation(&parked, Severity::High, ""), None, "{demand:?}");
        }
    }

    #[test]
    fn a_finding_can_be_what_is_not_expected() {
        let code = super::super::codes::DANE_MISMATCH;
        let demand = Demand::NoFinding(vec![code]);
        assert_eq!(detail(&demand, &healthy()), None);
        let with = |severity| {
            let mut assessment = healthy();
            assessment.findings = vec![Finding { code, severity, subject: String::new(), detail: String::new(), count: 1 }];
            detail(&demand, &assessment).unwrap()
        };
        assert_eq!(with(Severity::High), (Severity::Medium, "dane-mismatch (line 3)".to_owned()));
        assert_eq!(with(Severity::Info).0, Severity::Info);
    }
}
