//! What becomes of the proxies that the environment names: lists are downloaded through them, and nothing else goes there.

use std::env;

/// The variables by which a proxy for https is named.
const VARIABLES: [&str; 4] = ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"];

/// What a user of proxies should know of a scan of these lists, a sentence; `None` where the environment names none.
pub(super) fn note(lists: &[String]) -> Option<String> {
    let variable = VARIABLES.iter().find(|variable| env::var_os(variable).is_some_and(|proxy| !proxy.is_empty()))?;
    Some(sentence(variable, lists.iter().any(|list| list.starts_with("https://"))))
}

fn sentence(variable: &str, downloads: bool) -> String {
    let lists = if downloads { "the list is downloaded through that proxy (but for hosts of NO_PROXY), and " } else { "" };
    format!(
        "{variable} is set: {lists}policies, DNS and mail servers are asked without it, since what a proxy answers is not what senders of mail see"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_said_what_goes_through_a_proxy() {
        assert!(sentence("HTTPS_PROXY", true).contains("the list is downloaded through that proxy"));
        assert!(
            !sentence("HTTPS_PROXY", false).contains("the list") && sentence("ALL_PROXY", false).starts_with("ALL_PROXY is set: policies")
        );
    }
}
