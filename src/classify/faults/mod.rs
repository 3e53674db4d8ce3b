//! Codes of what a parser finds wrong with a text, one file per family of codes; which kind of fault has which code follows.

mod kinds;
pub(super) mod policy_fields;
pub(super) mod policy_mx;
pub(super) mod policy_text;
pub(super) mod record;
pub(super) mod rua;
pub(super) mod tlsrpt;
