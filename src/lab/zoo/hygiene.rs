//! What hurts nobody today and is worth a word: TTLs, filters against robots, long lists of patterns, forgotten modes and providers.

use crate::classify::codes;

use super::super::case::{Case, case};

fn lifetimes() -> Vec<Case> {
    vec![
        case("ttl-short", "The record may be cached for five minutes.").site(|site| site.sts.ttl = 300).code(codes::STS_RECORD_TTL_SHORT),
        case("ttl-one-day", "The record may be cached for a day.").site(|site| site.sts.ttl = 86_400),
        case("ttl-long", "The record may be cached for two days.").site(|site| site.sts.ttl = 172_800).code(codes::STS_RECORD_TTL_LONG),
        case("tlsrpt-ttl-short", "The TLSRPT record may be cached for five minutes.")
            .site(|site| site.tlsrpt.ttl = 300)
            .code(codes::TLSRPT_TTL_SHORT),
        case("testing-serial", "Testing since nobody knows when: the id is no date.").sts("v=STSv1; id=1;").mode("testing"),
        case("testing-unreported", "Testing without reports.").mode("testing").no_tlsrpt(),
    ]
}

fn responses() -> Vec<Case> {
    vec![
        case("nosniff", "With a header for browsers.")
            .header("X-Content-Type-Options", "nosniff")
            .code(codes::STS_FETCH_CONTENT_TYPE_NOSNIFF),
        case("nosniff-not", "With that header and a word that means nothing.").header("X-Content-Type-Options", "none"),
    ]
}

fn patterns() -> Vec<Case> {
    let with = |name, about, count: u32| {
        let spares = (3..=count).map(|number| format!("mx{number}.{{d}}"));
        let patterns: Vec<String> = ["mx1.{d}", "mx2.{d}"].map(str::to_owned).into_iter().chain(spares).collect();
        let patterns: Vec<&str> = patterns.iter().map(String::as_str).collect();
        case(name, about).patterns(&patterns).code(codes::STS_MX_STALE_PATTERN)
    };
    vec![
        with("mx-thirty", "Thirty patterns, most of them for spares.", 30),
        with("mx-thirty-one", "One pattern more.", 31).code(codes::STS_POLICY_MX_MANY),
        case("provider-stale", "The policy host is with a provider that knows only old MX hosts.")
            .host_cname(&["{-}._mta-sts.hosting.example"])
            .patterns(&["*.old-company.example"])
            .codes(&[codes::STS_DELEGATION_PARTIAL, codes::STS_HOST_CNAME, codes::STS_MX_NONE_COVERED, codes::STS_PROVIDER_STALE_POLICY])
            .coverage("none", "different-domain")
            .delivery("refused"),
    ]
}

pub(super) fn cases() -> Vec<Case> {
    [lifetimes(), responses(), patterns()].concat()
}
