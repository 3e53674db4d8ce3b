//! Builder of the columns that are read off the domain's name.

use arrow::array::ArrayRef;

use crate::name::suffix;

use super::columns::Texts;

/// The columns `tld`, `suffix` and `org_domain`.
#[derive(Debug, Default)]
pub(super) struct NameBuilder {
    tld: Texts,
    suffix: Texts,
    org_domain: Texts,
}

impl NameBuilder {
    pub(super) fn append(&mut self, domain: &str) {
        self.tld.append(domain.rsplit('.').next());
        let (public_suffix, registrable) = suffix::suffix_and_registrable(domain);
        self.suffix.append(public_suffix);
        self.org_domain.append(registrable);
    }

    pub(super) fn finish(self) -> Vec<(&'static str, ArrayRef)> {
        vec![("tld", self.tld.finish()), ("suffix", self.suffix.finish()), ("org_domain", self.org_domain.finish())]
    }
}
