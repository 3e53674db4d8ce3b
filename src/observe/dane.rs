//! What is asked of an MX host for DANE: at which names there may be TLSA records, and when one of them settles it (RFC 7672 section 2.2.2,
//! RFC 7671 section 7).

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::evidence::{Alias, HostLookup, Lookup, Outcome, Tlsa};

/// Octets of association data that are kept of one name. A whole certificate takes one to two thousand, a hash 64 at most; a hostile
/// answer has 65,000.
const MAX_OCTETS: usize = 8192;

/// Asks for the TLSA records of a host that has an address, and notes them; below one that has none nobody would look.
///
/// A sender looks at the end of an alias first if that is signed all the way, and at the host itself then. TLSA records of a host whose
/// address is not signed count for nobody, but are worth knowing. An alias that leads out of what is signed may be signed itself, which it
/// alone says: whether that is asked, too, is `validated`.
pub(super) async fn look_up(
    host: &mut HostLookup,
    validated: bool,
    alias: impl AsyncFnOnce(&str) -> Lookup<Alias>,
    tlsa: impl AsyncFn(&str) -> Lookup<Tlsa>,
) {
    if host.a.records.is_empty() && host.aaaa.records.is_empty() {
        return;
    }
    if let Some(end) = secure_end(&host.a, &host.aaaa) {
        let at_the_end = tlsa(end).await;
        let settled = settles(&at_the_end);
        host.tlsa.push(at_the_end);
        if settled {
            return;
        }
    } else if validated && is_alias(&host.a, &host.aaaa) {
        host.alias = Some(alias(&host.host).await);
    }
    host.tlsa.push(tlsa(&host.host).await);
}

/// The name at which the TLSA records for mail to a base domain are (RFC 7672 section 2.2.3): port 25, whichever port is connected to.
pub(super) fn tlsa_name(base: &str) -> String {
    format!("_25._tcp.{base}")
}

/// Keeps of hostile answers what is worth keeping. A record that does not fit is left out and counted; those behind it may fit.
pub(super) fn bounded(mut lookup: Lookup<Tlsa>) -> Lookup<Tlsa> {
    let mut octets = 0_usize;
    let (fitting, beyond): (Vec<_>, Vec<_>) = std::mem::take(&mut lookup.records).into_iter().partition(|record| {
        let fits = octets.saturating_add(record.data.len()) <= MAX_OCTETS;
        octets += if fits { record.data.len() } else { 0 };
        fits
    });
    let most = fitting.len();
    lookup.records = fitting.into_iter().chain(beyond).collect();
    lookup.keep(most);
    lookup
}

/// The end of the host's alias, where it is signed all the way. That one family is is enough.
fn secure_end<'l>(a: &'l Lookup<Ipv4Addr>, aaaa: &'l Lookup<Ipv6Addr>) -> Option<&'l str> {
    let secure = |authenticated: bool, chain: &'l [String]| chain.last().filter(|_| authenticated).map(String::as_str);
    let found = secure(a.authenticated == Some(true) && !a.records.is_empty(), &a.cname_chain);
    found.or_else(|| secure(aaaa.authenticated == Some(true) && !aaaa.records.is_empty(), &aaaa.cname_chain))
}

/// Whether one of the host's answers with an address came by an alias.
fn is_alias(a: &Lookup<Ipv4Addr>, aaaa: &Lookup<Ipv6Addr>) -> bool {
    !(a.records.is_empty() || a.cname_chain.is_empty()) || !(aaaa.records.is_empty() || aaaa.cname_chain.is_empty())
}

/// Whether a sender would look no further: there are records that count, or it cannot be known if there are.
fn settles(lookup: &Lookup<Tlsa>) -> bool {
    !lookup.outcome.is_conclusive() || lookup.outcome == Outcome::Noerror && lookup.authenticated == Some(true)
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    fn address(chain: &[&str], authenticated: bool) -> Lookup<Ipv4Addr> {
        let cname_chain = chain.iter().map(|&name| name.to_owned()).collect();
        let records = vec![Ipv4Addr::LOCALHOST];
        Lookup { authenticated: Some(authenticated), cname_chain, records, ..Lookup::unsent("mx.test".to_owned(), Outcome::Noerror) }
    }

    fn nothing(outcome: Outcome) -> Lookup<Ipv6Addr> {
        Lookup::unsent("mx.test".to_owned(), outcome)
    }

    /// Which names are asked of a host with such addresses, if TLSA at the end of its alias is this.
    async fn asked(a: Lookup<Ipv4Addr>, aaaa: Lookup<Ipv6Addr>, end: (Outcome, bool)) -> Vec<String> {
        let asked = RefCell::new(Vec::new());
        let mut host = HostLookup::new("mx.test".to_owned(), a, aaaa);
        let alias = async |name: &str| {
            asked.borrow_mut().push(format!("{name} CNAME"));
            Lookup::unsent(name.to_owned(), Outcome::Noerror)
        };
        let tlsa = async |name: &str| {
            asked.borrow_mut().push(name.to_owned());
            let (outcome, authenticated) = if name == "mx.test" { (Outcome::Nodata, true) } else { end };
            Lookup { authenticated: Some(authenticated), ..Lookup::unsent(tlsa_name(name), outcome) }
        };
        look_up(&mut host, true, alias, tlsa).await;
        let found: Vec<&str> = host.tlsa.iter().map(|lookup| lookup.name.as_str()).collect();
        let asked = asked.into_inner();
        let bases = asked.iter().filter(|name| !name.ends_with("CNAME"));
        assert_eq!(found, bases.map(|name| format!("_25._tcp.{name}")).collect::<Vec<_>>());
        assert_eq!(host.alias.is_some(), asked.iter().any(|name| name.ends_with("CNAME")));
        asked
    }

    const NO: (Outcome, bool) = (Outcome::Nodata, true);

    #[tokio::test]
    async fn the_end_of_a_secure_alias_comes_first_and_the_host_itself_where_that_has_none() {
        for (end, expected) in [
            ((Outcome::Noerror, true), &["end.test"][..]),
            ((Outcome::Noerror, false), &["end.test", "mx.test"]),
            ((Outcome::Nodata, true), &["end.test", "mx.test"]),
            ((Outcome::Nxdomain, false), &["end.test", "mx.test"]),
            ((Outcome::Servfail, false), &["end.test"]),
            ((Outcome::Timeout, false), &["end.test"]),
            ((Outcome::Excluded, false), &["end.test"]),
        ] {
            assert_eq!(asked(address(&["way.test", "end.test"], true), nothing(Outcome::Nodata), end).await, expected, "{end:?}");
        }
    }

    #[tokio::test]
    async fn an_alias_out_of_what_is_signed_is_asked_for_by_itself() {
        assert_eq!(asked(address(&["end.test"], false), nothing(Outcome::Nodata), NO).await, ["mx.test CNAME", "mx.test"]);
        assert_eq!(asked(address(&[], false), nothing(Outcome::Nodata), NO).await, ["mx.test"], "no alias");
        assert_eq!(asked(address(&[], true), nothing(Outcome::Servfail), NO).await, ["mx.test"]);
        let mut host = HostLookup::new("mx.test".to_owned(), address(&["end.test"], false), nothing(Outcome::Nodata));
        let alias = async |_: &str| unreachable!("nobody is there whose word on it counts");
        look_up(&mut host, false, alias, async |name: &str| Lookup::unsent(name.to_owned(), Outcome::Nodata)).await;
        assert_eq!((host.alias, host.tlsa.len()), (None, 1));
    }

    #[tokio::test]
    async fn one_secure_family_is_enough() {
        let aaaa = Lookup {
            authenticated: Some(true),
            cname_chain: vec!["end.test".to_owned()],
            records: vec![Ipv6Addr::LOCALHOST],
            ..nothing(Outcome::Noerror)
        };
        assert_eq!(asked(address(&["end.test"], false), aaaa.clone(), (Outcome::Noerror, true)).await, ["end.test"]);
        let bogus = Lookup::unsent("mx.test".to_owned(), Outcome::Servfail);
        assert_eq!(asked(bogus, aaaa, (Outcome::Noerror, true)).await, ["end.test"]);
    }

    #[tokio::test]
    async fn of_a_host_without_an_address_nothing_is_asked() {
        for outcome in [Outcome::Nxdomain, Outcome::Nodata, Outcome::Servfail, Outcome::Excluded] {
            let a = Lookup::unsent("mx.test".to_owned(), outcome);
            assert!(asked(a, nothing(outcome), NO).await.is_empty(), "{outcome:?}");
        }
    }

    #[test]
    fn hostile_answers_are_cut_and_say_so() {
        let record = |octets: usize| Tlsa { usage: 3, selector: 1, matching: 1, data: vec![7; octets] };
        let kept = |records: Vec<Tlsa>| {
            let lookup = bounded(Lookup { records, ..Lookup::unsent("_25._tcp.mx.test".to_owned(), Outcome::Noerror) });
            (lookup.records.len(), lookup.left_out)
        };
        assert_eq!(kept(vec![record(32); 4]), (4, None));
        assert_eq!(kept(vec![record(2000); 4]), (4, None), "whole certificates");
        assert_eq!(kept(vec![record(60_000)]), (0, Some(1)));
        assert_eq!(kept(vec![record(32), record(60_000), record(32)]), (2, Some(1)), "one that is too long hides no other");
        assert_eq!(kept(vec![record(0); 4]), (4, None));
    }
}
