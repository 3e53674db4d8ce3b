//! The resolvers of the system's configuration (resolv.conf), scopes of link-local ones included.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;

use super::resolvers::DnsError;
use super::scoped_address;
use crate::whole_file;

const RESOLV_CONF: &str = "/etc/resolv.conf";
/// Port of DNS (RFC 1035 section 4.2); the file can name no other.
const PORT: u16 = 53;

/// The system's resolvers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct SystemResolvers {
    /// Those that can be asked, in the order of the file, each once.
    pub found: Vec<SocketAddr>,
    /// A sentence for each that cannot.
    pub left_out: Vec<String>,
}

/// Reads `/etc/resolv.conf`.
///
/// # Errors
/// [`DnsError::SystemResolvers`] if it cannot be read or names no resolver that can be asked.
pub fn system_resolvers() -> Result<SystemResolvers, DnsError> {
    read_resolv_conf(Path::new(RESOLV_CONF))
}

fn read_resolv_conf(path: &Path) -> Result<SystemResolvers, DnsError> {
    let fault = |reason| DnsError::SystemResolvers { path: path.to_owned(), reason };
    let bytes = whole_file::read(path).map_err(|error| fault(format!("it cannot be read: {error}")))?;
    let resolvers = resolvers(path, &String::from_utf8_lossy(&bytes));
    match (resolvers.found.is_empty(), resolvers.left_out.as_slice()) {
        (false, _) => Ok(resolvers),
        (true, []) => Err(fault("it names no resolver".to_owned())),
        (true, left_out) => Err(fault(left_out.join("; "))),
    }
}

/// What the lines `nameserver ADDRESS` name (resolv.conf(5)).
fn resolvers(path: &Path, text: &str) -> SystemResolvers {
    let mut resolvers = SystemResolvers::default();
    for (line, text) in (1..).zip(text.lines()) {
        let mut words = text.split_ascii_whitespace();
        // A comment has # or ; in the first column; anything else that is no `nameserver` is another matter.
        let (Some("nameserver"), Some(address)) = (words.next(), words.next()) else { continue };
        // For the system's own resolver 0.0.0.0 is this machine.
        let read = match address.parse() {
            Ok(IpAddr::V4(Ipv4Addr::UNSPECIFIED)) => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, PORT))),
            _ => scoped_address::read(address, PORT),
        };
        match read {
            Ok(address) if resolvers.found.contains(&address) => {}
            Ok(address) => resolvers.found.push(address),
            Err(reason) => resolvers.left_out.push(format!("{}:{line}: resolver {address:?} is left out: {reason}", path.display())),
        }
    }
    resolvers
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<SystemResolvers, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), text).unwrap();
        read_resolv_conf(file.path()).map_err(|error| error.to_string())
    }

    #[test]
    fn nameservers_are_found_whatever_is_around_them() {
        let text = "# nameserver 192.0.2.9\n;nameserver 192.0.2.8\ndomain example.com\nsearch a b\noptions edns0 trust-ad\n\n\
            nameserver 192.0.2.1\r\nnameserver\t2001:db8::1 # ours\n  nameserver 192.0.2.1\nnameserver 0.0.0.0\nnameserver\nsortlist x\n";
        let expected: Vec<SocketAddr> = ["192.0.2.1:53", "[2001:db8::1]:53", "127.0.0.1:53"].map(|text| text.parse().unwrap()).into();
        assert_eq!(read(text), Ok(SystemResolvers { found: expected, left_out: Vec::new() }));
    }

    #[test]
    fn a_link_local_one_keeps_its_scope_or_says_what_is_wrong_with_it() {
        let found = read("nameserver fe80::53%1\nnameserver fe80::54%nosuch0\nnameserver fe80::55\n").unwrap();
        assert_eq!(found.found.iter().map(ToString::to_string).collect::<Vec<_>>(), ["[fe80::53%1]:53"]);
        assert_eq!(found.left_out.len(), 2);
        assert!(found.left_out[0].contains(":2: resolver \"fe80::54%nosuch0\" is left out: this machine has no network interface"));
        assert!(found.left_out[1].contains(":3: ") && found.left_out[1].contains("needs its network interface"));
        let nothing_else = read("nameserver fe80::54%nosuch0\n").unwrap_err();
        assert!(nothing_else.contains("nosuch0") && nothing_else.contains("--resolver"), "{nothing_else}");
    }

    #[test]
    fn without_resolvers_the_file_is_named() {
        let sentence = read("search example.com\n").unwrap_err();
        assert!(sentence.contains("names no resolver") && sentence.contains("tmp"), "{sentence}");
        let sentence = read_resolv_conf(Path::new("/nonexistent/file")).unwrap_err().to_string();
        assert!(sentence.contains("/nonexistent/file") && sentence.contains("cannot be read"), "{sentence}");
    }
}
