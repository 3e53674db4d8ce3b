//! Who runs mail and who hosts policies for others. Only names: none of them is ever contacted.

use std::net::Ipv4Addr;

use crate::classify::codes;

use super::case::Case;
use super::places;

/// A way to receive mail.
pub(crate) struct Mail {
    pub(crate) weight: u64,
    pub(crate) hosts: &'static [&'static str],
    /// What its customers write into their policies.
    pub(crate) patterns: &'static [&'static str],
}

pub(crate) const MAIL: &[Mail] = &[
    Mail { weight: 200, hosts: &["mail.{d}"], patterns: &["mail.{d}"] },
    Mail { weight: 100, hosts: &["mx1.{d}", "mx2.{d}"], patterns: &["mx1.{d}", "mx2.{d}"] },
    Mail { weight: 40, hosts: &["{d}"], patterns: &["{d}"] },
    Mail {
        weight: 240,
        hosts: &[
            "aspmx.l.google.com",
            "alt1.aspmx.l.google.com",
            "alt2.aspmx.l.google.com",
            "alt3.aspmx.l.google.com",
            "alt4.aspmx.l.google.com",
        ],
        patterns: &["aspmx.l.google.com", "*.aspmx.l.google.com"],
    },
    Mail { weight: 210, hosts: &["{-}.mail.protection.outlook.com"], patterns: &["*.mail.protection.outlook.com"] },
    Mail {
        weight: 40,
        hosts: &["mxa-00001.gslb.pphosted.com", "mxb-00001.gslb.pphosted.com"],
        patterns: &["mxa-00001.gslb.pphosted.com", "mxb-00001.gslb.pphosted.com"],
    },
    Mail { weight: 40, hosts: &["eu-smtp-inbound-1.mimecast.com", "eu-smtp-inbound-2.mimecast.com"], patterns: &["*.mimecast.com"] },
    Mail { weight: 30, hosts: &["mx.zoho.com", "mx2.zoho.com", "mx3.zoho.com"], patterns: &["*.zoho.com"] },
    Mail { weight: 30, hosts: &["mx00.ionos.com", "mx01.ionos.com"], patterns: &["mx00.ionos.com", "mx01.ionos.com"] },
    Mail { weight: 30, hosts: &["mx1.mail.ovh.net", "mx2.mail.ovh.net"], patterns: &["*.mail.ovh.net"] },
    Mail { weight: 20, hosts: &["mail.protonmail.ch", "mailsec.protonmail.ch"], patterns: &["*.protonmail.ch"] },
    Mail { weight: 20, hosts: &["mail.tutanota.de"], patterns: &["mail.tutanota.de"] },
];

/// The case with its mail at a place of [`MAIL`].
pub(crate) fn with_mail(case: Case, provider: usize) -> Case {
    match MAIL.get(provider) {
        Some(mail) => case.mx(mail.hosts),
        None => case,
    }
}

/// A provider of hosted policies (IMC 2025, Table 2; the weights are its counts).
pub(crate) struct Hosting {
    pub(crate) weight: u64,
    /// CNAME target of the policy host.
    pub(crate) host: &'static str,
    /// CNAME target of the record, where that is delegated, too.
    pub(crate) record: Option<&'static str>,
}

pub(crate) const HOSTING: &[Hosting] = &[
    Hosting { weight: 7614, host: "mta-sts.tutanota.de", record: Some("_mta-sts.tutanota.de") },
    Hosting { weight: 7293, host: "{-}.mta-sts.dmarcinput.com", record: None },
    Hosting { weight: 3753, host: "{-}._mta.mta-sts.tech", record: Some("{-}._sts.mta-sts.tech") },
    Hosting { weight: 2222, host: "{_}__mta_sts.easydmarc.pro", record: None },
    Hosting { weight: 1558, host: "{d}._mta-sts-host.mailhardener.com", record: Some("{d}._mta-sts.mailhardener.com") },
    Hosting { weight: 1100, host: "{-}._mta-sts-host.uriports.com", record: Some("{-}._mta-sts.uriports.com") },
    Hosting { weight: 805, host: "{d}._mta-sts-host.sdmarc.net", record: Some("{d}._mta-sts.sdmarc.net") },
    Hosting { weight: 451, host: "_mta-sts.{d}._mta-sts-host.smart.ondmarc.com", record: Some("_mta-sts.{d}._mta-sts.smart.ondmarc.com") },
];

/// How other names end that policy hosts are aliases of: those of the zoo, and of the study's world.
const OTHER_TARGETS: &[&str] = &["._mta-sts.hosting.example", "._mta-sts-host.hosting.example", ".cdn.example"];
const STUDY_TARGETS: &[&str] = &[".mta-sts.policy-host-", ".mta-sts.small-host-"];

/// What is at a name that policy hosts are aliases of. None of them has an IPv6 address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// A name of its own for each customer; its address, where that is not for the customer to say.
    OfCustomer(Option<Ipv4Addr>),
    /// A name for all customers, which is somebody's own policy host, too.
    OfAll,
}

/// What a name is that policy hosts are aliases of; `None` for any other name.
pub(crate) fn target(name: &str) -> Option<Target> {
    let hosting = HOSTING.iter().enumerate().find_map(|(place, hosting)| match hosting.host.rsplit_once('}') {
        Some((_, end)) => name.ends_with(end).then(|| Target::OfCustomer(Some(places::provider(place as u8)))),
        None => (name == hosting.host).then_some(Target::OfAll),
    });
    let other = || OTHER_TARGETS.iter().any(|end| name.ends_with(end)) || STUDY_TARGETS.iter().any(|part| name.contains(part));
    hosting.or_else(|| other().then_some(Target::OfCustomer(None)))
}

/// The case with its policy at a place of [`HOSTING`]: the aliases, the address and the codes that follow.
pub(crate) fn with_hosting(case: Case, place: usize) -> Case {
    let Some(hosting) = HOSTING.get(place) else { return case };
    let case = case.host_cname(&[hosting.host]).host_at(places::provider(place as u8)).code(codes::STS_HOST_CNAME);
    match hosting.record {
        Some(record) => case.sts_cname(&[record]).code(codes::STS_RECORD_CNAME),
        None => case.code(codes::STS_DELEGATION_PARTIAL),
    }
}
