//! What a scan has to know of a lab to scan it in place of the Internet.

use std::io::Write;
use std::sync::Arc;

use crate::lab::{BEYOND_LOOPBACK, Internet, Lab};
use crate::scan::{Overrides, OwnList};

/// Where a running lab has its servers, whom they trust, and whom a scan of it must leave alone: its mail servers have public addresses.
pub fn overrides(lab: &Lab) -> Overrides {
    Overrides {
        resolvers: vec![lab.dns_addr()],
        root: Some(lab.root_addr()),
        https_port: Some(lab.https_port()),
        http_port: Some(lab.http_port()),
        authority: Some(("the lab's authority", lab.ca_pem().to_owned())),
        excluded: BEYOND_LOOPBACK,
    }
}

/// The list of a world, for scans that name none.
pub fn own_list(world: &Arc<Internet>) -> OwnList {
    let names = Arc::clone(world);
    let write = move |out: &mut dyn Write| names.names().try_for_each(|name| writeln!(out, "{name}"));
    OwnList { name: world.word().to_owned(), write: Arc::new(write) }
}
