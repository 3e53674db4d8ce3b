//! Names of well-known policy hosts and mail providers, for people who read reports; no judgement goes by them.

use std::sync::LazyLock;

use crate::vocabulary::vocabulary;

vocabulary! {
    /// What a provider does for a domain.
    pub enum Service {
        /// It serves the policy: the policy host is a CNAME to it.
        Policy = "policy",
        /// It takes the mail: the MX hosts are its own.
        Mail = "mail",
    }
}

/// A row of `data/providers.csv`.
#[derive(Debug)]
struct Provider {
    name: &'static str,
    service: Service,
    /// A domain to which, and to all below which, the provider's hosts belong.
    pattern: &'static str,
}

static PROVIDERS: LazyLock<Vec<Provider>> = LazyLock::new(|| TABLE.lines().skip(1).filter_map(row).collect());

const TABLE: &str = include_str!("../../data/providers.csv");

/// Name, kind and pattern; the source, which may be quoted, is for readers of the table.
fn row(line: &'static str) -> Option<Provider> {
    let mut cells = line.splitn(4, ',');
    let (name, kind, pattern) = (cells.next()?, cells.next()?, cells.next()?);
    Some(Provider { name, service: Service::from_word(kind)?, pattern })
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
