//! The rows of the catalogue, one file a family of codes or a part of one.

mod deployment;
mod dns_security;
mod fetch;
mod host;
mod mx;
mod policy_fields;
mod policy_mx;
mod policy_text;
mod record;
mod rua;
mod scenes;
mod tlsrpt;

use super::rule::Rule;

pub(in crate::classify) use self::scenes::SCENES;

/// Families in the order of the catalogue, which is that in which a sender comes by what they are about.
pub(super) const FAMILIES: &[&[Rule]] = &[
    record::RULES,
    host::RULES,
    fetch::RULES,
    policy_text::RULES,
    policy_fields::RULES,
    policy_mx::RULES,
    deployment::MODE_RULES,
    deployment::MX_RULES,
    deployment::WHOLE_RULES,
    mx::RULES,
    mx::CERT_RULES,
    tlsrpt::RULES,
    rua::RULES,
    dns_security::DANE_RULES,
    dns_security::DNSSEC_RULES,
];
