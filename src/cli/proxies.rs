//! What becomes of the proxies that the environment names: lists are downloaded through them, and nothing else goes there.

use std::env;

/// The variables by which a proxy for https is named.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// What a user of proxies should know of a scan of these lists, or of a check, a sentence; `None` where the environment names none.
pub(super) fn note(lists: &[String]) -> Option<String> {
    let named = VARIABLES.iter().filter_map(|variable| Some((variable, env::var_os(variable).filter(|proxy| !proxy.is_empty())?)));
    let (variable, proxy) = named.into_iter().next()?;
    Some(sentence(variable, &proxy.to_string_lossy(), lists.iter().any(|list| list.starts_with("https://"))))
}

fn sentence(variable: &str, proxy: &str, downloads: bool) -> String {
    let scheme = proxy.split_once("://").map_or("http", |(scheme, _)| scheme);
    let lists = match downloads {
        false => "",
        true if reqwest::Proxy::all(proxy).is_err() => "what it says is no address of a proxy, so the list is downloaded without, and ",
        true if !["http", "https"].contains(&scheme) => {
            "the list cannot be downloaded through a proxy of that kind (http and https can), and "
        }
        true => "the list is downloaded through that proxy (but for hosts of NO_PROXY), and ",
    };
    format!(
        "{variable} is set: {lists}policies, DNS and mail servers are asked without it, since what a proxy answers is not what senders of mail see"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_goes_through_a_proxy() {
        let of = |proxy| sentence("HTTPS_PROXY", proxy, true);
        for proxy in ["http://proxy:3128", "https://user:word@proxy", "proxy:3128"] {
            assert!(of(proxy).contains("the list is downloaded through that proxy") && !of(proxy).contains("word"), "{proxy}");
        }
        assert!(of(":::").contains("no address of a proxy") && of("socks5://proxy").contains("of that kind"));
        assert!(sentence("ALL_PROXY", ":::", false).starts_with("ALL_PROXY is set: policies"));
    }
}
