//! What is built in and ages: trusted roots, public suffix list, root hints; of when it is, and that it is old.

use time::{Date, Duration, Month, OffsetDateTime};

use super::plan::NetworkPlan;
use crate::name::suffix;
use crate::observe::dns::{ROOT_HINTS, built_in_root_hints};
use crate::observe::fetch::{ROOTS_DATE, ROOTS_VERSION};

/// What is older than this is said to be old.
const HALF_A_YEAR: Duration = Duration::days(183);

/// Something that is built in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BuiltIn {
    /// What it is.
    pub what: &'static str,
    /// Which version, as the manifest says it.
    pub version: String,
    /// Of when it is.
    pub date: Date,
    /// What to do when it is old.
    remedy: &'static str,
}

/// All that is built in and ages: the roots, the public suffix list, the root hints.
pub fn built_in() -> [BuiltIn; 3] {
    let (hints, of_hints) = hints();
    [
        BuiltIn {
            what: "trusted roots",
            version: ROOTS_VERSION.to_owned(),
            date: date(ROOTS_DATE),
            remedy: "use those of this machine (--platform-roots), or a newer stscan",
        },
        BuiltIn {
            what: "public suffix list",
            version: suffix::LIST_VERSION.to_owned(),
            date: date(suffix::LIST_DATE),
            remedy: "a newer stscan has a newer one",
        },
        BuiltIn {
            what: "root hints",
            version: hints,
            date: of_hints,
            remedy: "give newer ones (--root-hints; https://www.internic.net/domain/named.root)",
        },
    ]
}

/// What a scan by this plan uses and is old, a sentence each.
pub(super) fn warnings(plan: &NetworkPlan, now: OffsetDateTime) -> Vec<String> {
    if plan.overrides.authority.is_some() {
        return Vec::new(); // What the lab has does not age.
    }
    let [roots, list, hints] = built_in();
    let uses_hints = plan.iterative.as_ref().is_some_and(|iterative| iterative.roots == built_in_root_hints());
    let used = [(!plan.platform_roots).then_some(roots), Some(list), uses_hints.then_some(hints)];
    used.into_iter().flatten().filter_map(|used| used.warning(now)).collect()
}

impl BuiltIn {
    fn warning(&self, now: OffsetDateTime) -> Option<String> {
        let old = now.date() - self.date > HALF_A_YEAR;
        let Self { what, version, date, remedy } = self;
        old.then(|| format!("older than half a year: the built-in {what} of {date} ({version}); {remedy}"))
    }
}

/// A date as our constants have it.
fn date(text: &str) -> Date {
    let mut parts = text.split('-').map(|part| part.parse::<u16>().unwrap_or(1));
    let (year, month, day) = (parts.next().unwrap_or(1), parts.next().unwrap_or(1), parts.next().unwrap_or(1));
    let month = u8::try_from(month).ok().and_then(|month| Month::try_from(month).ok()).unwrap_or(Month::January);
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).unwrap_or(1)).unwrap_or(Date::MIN)
}

/// Version and date of the root hints, as they say themselves: `last update: April 18, 2024`, `related version of root zone: 2024041801`.
fn hints() -> (String, Date) {
    let after = |mark: &str| ROOT_HINTS.lines().find_map(|line| line.split_once(mark)).map_or("", |(_, text)| text.trim());
    let (zone, update) = (after("related version of root zone:"), after("last update:"));
    let mut words = update.split([' ', ',']).filter(|word| !word.is_empty());
    let month: Option<Month> = words.next().and_then(|word| word.parse().ok());
    let (day, year) = (words.next().and_then(|day| day.parse().ok()), words.next().and_then(|year| year.parse().ok()));
    let date = month.zip(day).zip(year).and_then(|((month, day), year)| Date::from_calendar_date(year, month, day).ok());
    (format!("root zone {zone}"), date.unwrap_or(Date::MIN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scan::IterativePlan;

    fn at(text: &str) -> OffsetDateTime {
        date(text).midnight().assume_utc()
    }

    #[test]
    fn everything_has_its_date() {
        let dates = built_in().map(|built_in| (built_in.version, built_in.date.to_string()));
        assert_eq!(dates[0], (ROOTS_VERSION.to_owned(), ROOTS_DATE.to_owned()));
        assert_eq!(dates[1], (suffix::LIST_VERSION.to_owned(), suffix::LIST_DATE.to_owned()));
        assert_eq!(dates[2], ("root zone 2024041801".to_owned(), "2024-04-18".to_owned()));
    }

    #[test]
    fn what_is_old_and_used_is_said() {
        let plan = NetworkPlan::default();
        assert_eq!(warnings(&plan, at(suffix::LIST_DATE)), Vec::<String>::new());
        let old = warnings(&plan, at("2027-06-30")).join("\n");
        assert!(old.contains("public suffix list") && old.contains("trusted roots") && !old.contains("hints"), "{old}");
        assert!(!warnings(&NetworkPlan { platform_roots: true, ..plan.clone() }, at("2027-06-30")).join("\n").contains("roots"));
        let iterative = |roots| NetworkPlan { iterative: Some(IterativePlan { roots, port: 53 }), ..plan.clone() };
        assert!(warnings(&iterative(built_in_root_hints()), at("2026-11-28")).join("\n").contains("root hints"));
        assert_eq!(warnings(&iterative(vec!["192.0.2.1".parse().unwrap()]), at("2026-11-28")), Vec::<String>::new());
    }
}
