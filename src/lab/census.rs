//! The census: stub.

use std::sync::Arc;

use super::case::case;
use super::site::Site;
use super::truth::Truth;

#[derive(Debug)]
pub(super) struct Census;

impl Census {
    pub(super) fn new(_seed: u64) -> Self {
        Self
    }
    pub(super) fn name(&self, place: u64) -> String {
        format!("n{place}.example")
    }
    pub(super) fn truth(&self, _domain: &str) -> Truth {
        case("x", "y").truth
    }
    pub(super) fn site(&self, _domain: &str) -> Arc<Site> {
        Arc::new(case("x", "y").site)
    }
}
