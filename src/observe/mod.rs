//! Asking the network: DNS lookups, the HTTPS exchange with a policy host, and the probe of a domain that joins them.

pub mod fetch;
