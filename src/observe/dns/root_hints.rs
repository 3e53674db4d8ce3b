//! Where iteration begins: the addresses of the root servers, built in or from a file in the form that IANA publishes.

use std::net::IpAddr;
use std::path::Path;

use super::error::DnsError;

/// IANA's `named.root`; says itself of when it is.
const BUILT_IN: &str = include_str!("../../../data/root.hints");

/// The root servers as IANA lists them (`data/root.hints`).
pub fn built_in_root_hints() -> Vec<IpAddr> {
    // Checked by a test: every line of the file can be read.
    parse(BUILT_IN).unwrap_or_default()
}

/// Reads root hints: a zone file's A and AAAA records, whatever their owners, or bare addresses, one a line; `;` and `#` begin comments.
///
/// # Errors
/// [`DnsError::File`] if the file cannot be read, [`DnsError::RootHints`] at the first line that is neither, or if there is no address.
pub fn read_root_hints(path: &Path) -> Result<Vec<IpAddr>, DnsError> {
    let text = std::fs::read_to_string(path).map_err(|source| DnsError::File { path: path.to_owned(), source })?;
    let found = parse(&text).map_err(|(line, text)| DnsError::RootHints { path: path.to_owned(), at: Some((line, text)) })?;
    if found.is_empty() { Err(DnsError::RootHints { path: path.to_owned(), at: None }) } else { Ok(found) }
}

/// The addresses, or number and text of the first line that cannot be read.
fn parse(text: &str) -> Result<Vec<IpAddr>, (usize, String)> {
    let mut found = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let entry = line.split([';', '#']).next().unwrap_or_default().trim();
        let fault = || (index + 1, entry.to_owned());
        let words: Vec<&str> = entry.split_ascii_whitespace().collect();
        let kind = words.iter().rev().nth(1).copied().unwrap_or_default();
        match words.last() {
            None => {}
            Some(_) if kind.eq_ignore_ascii_case("NS") => {}
            Some(address) if words.len() == 1 || kind.eq_ignore_ascii_case("A") || kind.eq_ignore_ascii_case("AAAA") => {
                let address = address.parse().map_err(|_| fault())?;
                if !found.contains(&address) {
                    found.push(address);
                }
            }
            Some(_) => return Err(fault()),
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thirteen_servers_are_built_in() {
        let hints = parse(BUILT_IN).unwrap();
        assert_eq!(built_in_root_hints(), hints);
        assert_eq!((hints.iter().filter(|hint| hint.is_ipv4()).count(), hints.iter().filter(|hint| hint.is_ipv6()).count()), (13, 13));
        assert!(hints.contains(&"198.41.0.4".parse().unwrap()) && hints.contains(&"2001:dc3::35".parse().unwrap()));
    }

    #[test]
    fn a_file_holds_records_or_addresses() {
        let text = "; hints\n. 3600 IN NS a.\na. 3600 IN A 127.0.0.1\na.\tAAAA ::1 # six\n\n127.0.0.2\n127.0.0.1\n";
        let expected: Vec<IpAddr> = ["127.0.0.1", "::1", "127.0.0.2"].map(|address| address.parse().unwrap()).into();
        assert_eq!(parse(text).unwrap(), expected);
        for (text, line) in [("127.0.0.1\nroot", 2), ("a. A 1.2.3", 1), ("a. TXT x", 1), ("a. SOA a b 1 2 3 4 5", 1)] {
            assert_eq!(parse(text).unwrap_err().0, line, "{text}");
        }
    }

    #[test]
    fn a_file_without_addresses_is_refused_by_name() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "; nothing\n. NS a.\n").unwrap();
        let sentence = read_root_hints(file.path()).unwrap_err().to_string();
        assert!(sentence.contains(file.path().to_str().unwrap()) && sentence.contains("no address"), "{sentence}");
    }
}
