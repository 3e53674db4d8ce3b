//! Names of well-known policy hosts and mail providers, for people who read reports, and the patterns that mail providers document; no
//! judgement goes by them.

use std::sync::LazyLock;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a provider does for a domain.
    pub enum Service {
        /// It serves the policy: the policy host is a CNAME to it.
        Policy = "policy",
        /// It takes the mail: the MX hosts are its own.
        Mail = "mail",
        /// It takes the mail, and says which `mx` patterns its customers are to put into their policies.
        Patterns = "mta-sts",
    }
}

/// A row of `data/providers.csv`.
#[derive(Debug)]
struct Provider {
    name: &'static str,
    service: Service,
    /// A domain to which, and to all below which, the provider's hosts belong; of patterns the pattern itself.
    pattern: &'static str,
    source: &'static str,
}

/// A pattern of MX hosts that a provider documents for the policies of its customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct DocumentedPattern {
    /// The provider.
    pub provider: &'static str,
    /// What goes behind `mx: `.
    pub pattern: &'static str,
    /// Where the provider says so.
    pub source: &'static str,
}

/// Every documented pattern.
pub fn documented_patterns() -> impl Iterator<Item = DocumentedPattern> {
    let documented = PROVIDERS.iter().filter(|row| row.service == Service::Patterns);
    documented.map(|&Provider { name, pattern, source, .. }| DocumentedPattern { provider: name, pattern, source })
}

static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

const TABLE: &str = include_str!("../../data/providers.csv");

/// Name, kind, pattern and source, which may be quoted.
fn row(line: &'static str) -> Option<Provider> {
    let mut cells = line.splitn(4, ',');
    let (name, kind, pattern, source) = (cells.next()?, cells.next()?, cells.next()?, cells.next()?.trim_matches('"'));
    Some(Provider { name, service: Service::from_word(kind)?, pattern, source })
}

/// The provider to which a host belongs; `host` in lower case without a final dot.
pub fn provider(service: Service, host: &str) -> Option<&'static str> {
    let is_below = |pattern: &str| host.strip_suffix(pattern).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'));
    PROVIDERS.iter().find(|provider| provider.service == service && is_below(provider.pattern)).map(|provider| provider.name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hosts_have_their_provider() {
        let policy = |host| provider(Service::Policy, host);
        assert_eq!(policy("example-com._mta.mta-sts.tech"), Some("PowerDMARC"));
        assert_eq!(policy("_mta-sts.tutanota.de"), Some("Tutanota"));
        assert_eq!((policy("xmta-sts.tech"), policy("tech"), policy("")), (None, None, None));
        let mail = |host| provider(Service::Mail, host);
        assert_eq!(mail("alt1.aspmx.l.google.com"), Some("Google"));
        assert_eq!(mail("example-com.mail.protection.outlook.com"), Some("Microsoft 365"));
        assert_eq!((mail("example.com"), mail("example-com._mta.mta-sts.tech")), (None, None));
    }

    #[test]
    fn documented_patterns_say_who_says_so() {
        let microsoft = documented_patterns().find(|row| row.pattern == "*.mail.protection.outlook.com").unwrap();
        assert!(microsoft.provider == "Microsoft 365" && microsoft.source.contains("learn.microsoft.com"), "{microsoft:?}");
        assert!(documented_patterns().all(|row| row.source.contains("https://")));
    }

    #[test]
    fn every_row_is_read_and_has_a_source() {
        let rows: Vec<&str> = TABLE.lines().skip(1).collect();
        assert_eq!(rows.len(), PROVIDERS.len());
        assert_eq!(TABLE.lines().next(), Some("name,kind,pattern,source"));
        for row in rows {
            let source = row.splitn(4, ',').nth(3).unwrap().trim_matches('"');
            assert!(source.len() > 8 && row.matches('"').count() == 2, "{row}");
        }
        for (at, provider) in PROVIDERS.iter().enumerate() {
            assert!(!provider.pattern.is_empty() && provider.pattern == provider.pattern.to_lowercase(), "{provider:?}");
            let same = |other: &&Provider| (other.service, other.pattern) == (provider.service, provider.pattern);
            assert_eq!(PROVIDERS.iter().position(|other| same(&other)), Some(at), "{provider:?} stands twice");
        }
    }
}
