//! Requests that only a scan which looks around makes: which ones, by what became of the retrieval.

use std::net::IpAddr;

use super::fetch::{POLICY_PATH, RequestKind};
use crate::evidence::{Fetch, FetchFault, FetchStage, status_may_pass};
use crate::parse::content_coding;
use crate::parse::filter::filter_of;
use crate::parse::policy::parse_lenient;

/// Paths at which policies are found by mistake.
const WRONG_PATHS: [&str; 2] = ["/mta-sts.txt", "/.well-known/mta-sts"];
/// Addresses of a policy host that are asked at most, the one that has answered among them.
const MAX_ADDRESSES: usize = 4;

/// What is asked of the policy host where the retrieval found no policy, and whether the domain itself is asked for one.
///
/// A host that is in trouble (too many requests, server errors, silence) or has a filter against robots gets no further requests.
pub(super) fn request_kinds(fetch: &Fetch) -> (Vec<RequestKind>, bool) {
    let at = fetch.error.as_ref().map(|error| (error.stage, error.fault));
    match at {
        _ if found(fetch) || in_trouble(fetch) => (Vec::new(), false),
        Some((FetchStage::Address, FetchFault::SpecialUseAddress)) => (Vec::new(), true),
        Some((FetchStage::Connect, FetchFault::Timeout | FetchFault::Unreachable)) => (vec![RequestKind::Plain(POLICY_PATH)], false),
        Some((_, fault)) if fault.may_pass() => (Vec::new(), false),
        _ => {
            // Where there is no HTTP over TLS, there is none at other paths.
            let paths = WRONG_PATHS.map(RequestKind::Tls).into_iter().filter(|_| fetch.status.is_some());
            (std::iter::once(RequestKind::Plain(POLICY_PATH)).chain(paths).collect(), true)
        }
    }
}

/// Whether the exchange brought a policy, be it one that only forgiving senders can read or behind a certificate that nobody trusts.
fn found(fetch: &Fetch) -> bool {
    let text = |body| content_coding::of_response(&fetch.headers, body).text;
    fetch.status == Some(200) && fetch.body.as_deref().and_then(text).is_some_and(|text| parse_lenient(&text).is_some())
}

/// Whether the status says that another request may go better, or a filter against robots has answered.
fn in_trouble(fetch: &Fetch) -> bool {
    fetch.status.is_some_and(status_may_pass) || filter_of(fetch.status, &fetch.headers, fetch.body.as_deref()).is_some()
}

/// The addresses that are asked for the policy as well, the other family first; none where nothing can be compared.
pub(super) fn other_addresses(fetch: &Fetch) -> Vec<IpAddr> {
    let conclusive = !fetch.error.as_ref().is_some_and(|error| error.fault.may_pass()) && !in_trouble(fetch);
    let Some(answered) = fetch.address.filter(|_| conclusive) else { return Vec::new() };
    let mut others: Vec<IpAddr> = fetch.addresses.iter().copied().filter(|address| *address != answered).collect();
    if let Some(place) = others.iter().position(|address| address.is_ipv4() != answered.is_ipv4()) {
        let other_family = others.remove(place);
        others.insert(0, other_family);
    }
    others.truncate(MAX_ADDRESSES - 1);
    others
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::evidence::FetchError;

    fn fetch(status: u16, body: &str) -> Fetch {
        Fetch { status: Some(status), body: Some(body.as_bytes().to_vec()), ..Fetch::new(Vec::new()) }
    }

    fn failed(stage: FetchStage, fault: FetchFault) -> Fetch {
        Fetch { error: Some(FetchError::new(stage, fault, "")), ..Fetch::new(Vec::new()) }
    }

    #[test]
    fn what_is_asked_depends_on_what_was_found() {
        let count = |fetch: &Fetch| (request_kinds(fetch).0.len(), request_kinds(fetch).1);
        let policy = "version: STSv1\nmode: none\nmax_age: 1\n";
        for (fetch, expected) in [
            (fetch(200, policy), (0, false)),
            (fetch(200, "<html>"), (3, true)),
            (fetch(404, policy), (3, true)),
            (fetch(301, ""), (3, true)),
            (fetch(429, ""), (0, false)),
            (fetch(503, ""), (0, false)),
            (failed(FetchStage::Connect, FetchFault::Refused), (1, true)),
            (failed(FetchStage::Connect, FetchFault::Timeout), (1, false)),
            (failed(FetchStage::Tls, FetchFault::TlsAlert), (1, true)),
            (failed(FetchStage::Tls, FetchFault::Timeout), (0, false)),
            (failed(FetchStage::Connect, FetchFault::Local), (0, false)),
            (failed(FetchStage::Address, FetchFault::Excluded), (0, false)),
            (failed(FetchStage::Address, FetchFault::SpecialUseAddress), (0, true)),
        ] {
            assert_eq!(count(&fetch), expected, "{fetch:?}");
        }
    }

    #[test]
    fn each_family_is_asked_and_not_too_many() {
        let addresses = |texts: &[&str]| -> Vec<IpAddr> { texts.iter().map(|text| text.parse().unwrap()).collect() };
        let given = ["192.0.2.1", "192.0.2.2", "192.0.2.3", "192.0.2.4", "192.0.2.5", "2001:db8::1"];
        let mut fetch = Fetch { status: Some(200), address: Some("192.0.2.1".parse().unwrap()), ..Fetch::new(addresses(&given)) };
        assert_eq!(other_addresses(&fetch), addresses(&["2001:db8::1", "192.0.2.2", "192.0.2.3"]));
        fetch.status = Some(503);
        assert!(other_addresses(&fetch).is_empty());
        let alone = Fetch { address: Some("192.0.2.1".parse().unwrap()), ..Fetch::new(addresses(&["192.0.2.1"])) };
        assert!(other_addresses(&alone).is_empty());
        assert!(other_addresses(&failed(FetchStage::Connect, FetchFault::Refused)).is_empty());
    }
}
