//! DNS master files (RFC 1035 section 5): the owners of NS records below the apex are the delegated names.

use super::field::{self, Parsed};
use super::reject::Reason;

/// So many lines may pass until an open parenthesis is taken for a stray one.
const MAX_OPEN_LINES: u32 = 256;

const TYPES: [&str; 33] = [
    "A",
    "AAAA",
    "AFSDB",
    "CAA",
    "CDNSKEY",
    "CDS",
    "CERT",
    "CNAME",
    "CSYNC",
    "DLV",
    "DNAME",
    "DNSKEY",
    "DS",
    "HINFO",
    "HTTPS",
    "LOC",
    "MX",
    "NAPTR",
    "NS",
    "NSEC",
    "NSEC3",
    "NSEC3PARAM",
    "OPENPGPKEY",
    "PTR",
    "RP",
    "RRSIG",
    "SOA",
    "SPF",
    "SRV",
    "SSHFP",
    "SVCB",
    "TLSA",
    "TXT",
];

/// Whether a file that has this line as its first one (comments aside) is a master file.
pub(super) fn is_zone_line(line: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(line) else { return false };
    let mut words = text.split_ascii_whitespace();
    let first = words.next().unwrap_or_default();
    if is_directive(first.as_bytes()) {
        return words.next().is_some();
    }
    let kind = words.find(|word| !is_ttl(word.as_bytes()) && class(word.as_bytes()).is_none());
    let is_type = kind.is_some_and(|kind| TYPES.iter().any(|known| known.eq_ignore_ascii_case(kind)) || is_other_type(kind));
    match (kind, words.next()) {
        // "What a day" is none.
        (Some("a" | "A"), Some(address)) => address.starts_with('(') || address.parse::<std::net::Ipv4Addr>().is_ok(),
        (_, data) => is_type && data.is_some(),
    }
}

fn is_other_type(word: &str) -> bool {
    word.get(..4).is_some_and(|prefix| prefix.eq_ignore_ascii_case("TYPE")) && word[4..].parse::<u16>().is_ok()
}

fn is_directive(word: &[u8]) -> bool {
    ["$ORIGIN", "$TTL", "$INCLUDE", "$GENERATE"].iter().any(|known| word.eq_ignore_ascii_case(known.as_bytes()))
}

/// A TTL as RFC 1035 has it, or with the units that BIND knows (`1h30m`).
fn is_ttl(word: &[u8]) -> bool {
    word.first().is_some_and(u8::is_ascii_digit) && word.iter().all(|byte| byte.is_ascii_digit() || b"smhdwSMHDW".contains(byte))
}

/// Whether the word is a class, and whether it is the Internet's.
fn class(word: &[u8]) -> Option<bool> {
    let known = ["IN", "CH", "HS", "CS"].iter().find(|known| word.eq_ignore_ascii_case(known.as_bytes()))?;
    Some(*known == "IN")
}

/// How far the record at hand has been read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Awaited {
    Type { internet: bool },
    Nothing,
}

/// The state of reading a master file. Names are kept as written, absolute, without the trailing dot; the root is empty.
#[derive(Clone, Debug)]
pub(super) struct Zone {
    origin: Option<Vec<u8>>,
    apex: Option<Vec<u8>>,
    /// `None` where there was no owner yet or it could not be completed.
    owner: Option<Vec<u8>>,
    awaited: Awaited,
    /// Open parentheses, and lines since the first of them.
    depth: u32,
    open_lines: u32,
}

impl Zone {
    pub(super) fn new() -> Self {
        Self { origin: None, apex: None, owner: None, awaited: Awaited::Nothing, depth: 0, open_lines: 0 }
    }

    /// Reads a line. A record's target comes with the line that has its type.
    pub(super) fn parse(&mut self, line: &[u8]) -> Parsed {
        let mut words = Words { rest: line };
        if self.depth == 0 {
            if words.clone().next().is_none() {
                return Parsed::Blank;
            }
            self.awaited = Awaited::Type { internet: true };
            self.open_lines = 0;
            if !line.first().is_some_and(|byte| byte.is_ascii_whitespace() || *byte == b'(') {
                let first = words.next().unwrap_or_default();
                if first.starts_with(b"$") {
                    return self.directive(first, words.next());
                }
                self.owner = self.absolute(first);
            }
        } else {
            self.open_lines += 1;
            if self.open_lines > MAX_OPEN_LINES {
                self.depth = 0;
                return Parsed::Rejected(Reason::OpenParenthesis);
            }
        }
        let parsed = self.record(words);
        match self.awaited {
            Awaited::Type { .. } if self.depth == 0 => Parsed::Rejected(Reason::NoType),
            _ => parsed,
        }
    }

    fn directive(&mut self, word: &[u8], value: Option<&[u8]>) -> Parsed {
        if word.eq_ignore_ascii_case(b"$TTL") {
            return Parsed::Blank;
        }
        if !word.eq_ignore_ascii_case(b"$ORIGIN") {
            return Parsed::Rejected(Reason::Directive);
        }
        self.origin = value.and_then(|name| self.absolute(name));
        if self.apex.is_none() {
            self.apex.clone_from(&self.origin);
        }
        match self.origin {
            Some(_) => Parsed::Blank,
            None => Parsed::Rejected(Reason::NoOrigin),
        }
    }

    /// Completes a name; `None` for a relative name where there is no origin.
    fn absolute(&self, name: &[u8]) -> Option<Vec<u8>> {
        let origin = || self.origin.clone();
        match name.strip_suffix(b".") {
            Some(absolute) => Some(absolute.to_ascii_lowercase()),
            None if name == b"@" => origin(),
            None => origin()
                .map(|origin| if origin.is_empty() { name.to_ascii_lowercase() } else { [name, &origin].join(&b'.').to_ascii_lowercase() }),
        }
    }

    fn record(&mut self, words: Words<'_>) -> Parsed {
        let mut parsed = Parsed::Blank;
        for word in words {
            match (word, self.awaited) {
                (b"(", _) => self.depth = self.depth.saturating_add(1),
                (b")", _) => self.depth = self.depth.saturating_sub(1),
                (word, Awaited::Type { internet }) => match class(word) {
                    Some(class) => self.awaited = Awaited::Type { internet: class },
                    None if is_ttl(word) => self.awaited = Awaited::Type { internet },
                    None => {
                        self.awaited = Awaited::Nothing;
                        parsed = self.of_type(word, internet);
                    }
                },
                (_, Awaited::Nothing) => {}
            }
        }
        parsed
    }

    fn of_type(&mut self, kind: &[u8], internet: bool) -> Parsed {
        if kind.eq_ignore_ascii_case(b"SOA") {
            self.apex.clone_from(&self.owner);
            return Parsed::Blank;
        }
        if !internet || !kind.eq_ignore_ascii_case(b"NS") {
            return Parsed::Blank;
        }
        match &self.owner {
            None => Parsed::Rejected(Reason::NoOrigin),
            Some(owner) if owner.is_empty() || self.apex.as_ref() == Some(owner) => Parsed::Blank,
            Some(owner) => match std::str::from_utf8(owner).map_err(|_| Reason::NotUtf8).and_then(field::owner) {
                Ok(domain) => Parsed::Name(domain, None),
                Err(reason) => Parsed::Rejected(reason),
            },
        }
    }
}

/// The words of a line up to a comment; parentheses outside quotes are words of their own.
#[derive(Clone)]
struct Words<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Words<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let text = self.rest.trim_ascii_start();
        let end = match text.first()? {
            b';' => return None,
            b'(' | b')' => 1,
            b'"' => end_of_quoted(text),
            _ => end_of_word(text),
        };
        let (word, rest) = text.split_at(end);
        self.rest = rest;
        Some(word)
    }
}

fn end_of_quoted(text: &[u8]) -> usize {
    let mut escaped = false;
    let closing = text.iter().skip(1).position(|&byte| {
        let closes = byte == b'"' && !escaped;
        escaped = byte == b'\\' && !escaped;
        closes
    });
    closing.map_or(text.len(), |position| position + 2)
}

fn end_of_word(text: &[u8]) -> usize {
    let mut escaped = false;
    let end = text.iter().position(|&byte| {
        let ends = !escaped && (byte.is_ascii_whitespace() || b";()\"".contains(&byte));
        escaped = byte == b'\\' && !escaped;
        ends
    });
    end.unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(zone: &str) -> (Vec<String>, Vec<(usize, Reason)>) {
        let mut state = Zone::new();
        let (mut names, mut rejected) = (Vec::new(), Vec::new());
        for (index, line) in zone.lines().enumerate() {
            match state.parse(line.as_bytes()) {
                Parsed::Blank => {}
                Parsed::Name(domain, None) => names.push(domain.to_string()),
                Parsed::Name(..) => panic!("a zone file has no ranks"),
                Parsed::Rejected(reason) => rejected.push((index + 1, reason)),
            }
        }
        (names, rejected)
    }

    #[test]
    fn a_registry_zone() {
        let zone = "; zone of a registry\n$ORIGIN se.\n$TTL 1d\n\
            @ IN SOA a.ns.se. hostmaster.iis.se. (\n  2026010101 ; serial; NS\n  1800 1800 864000 7200 )\n\
            \tNS a.ns.se.\n\tIN NS b.ns.se.\n\
            example 86400 IN NS ns1.example.se.\n\t86400 NS ns2.example.se.\n\
            ns1.example A 192.0.2.1\n\
            Other.SE. in ns ns.other.net. ; the end\n\
            text TXT \"a ; b ( NS\"\n\
            third (\n IN\n NS ns1 )\n\
            $ORIGIN sub.se.\n@ NS ns1\nwww 1h30m NS ns1\n*.wild NS ns1\n";
        let (found, rejected) = names(zone);
        assert_eq!(found, ["example.se", "example.se", "other.se", "third.se", "sub.se", "www.sub.se", "wild.sub.se"]);
        assert!(rejected.is_empty(), "{rejected:?}");
    }

    #[test]
    fn absolute_names_need_no_origin_and_the_soa_tells_the_apex() {
        let zone =
            "aaa.\t86400\tin\tsoa\tns1.nic.aaa. h.nic.aaa. 1 2 3 4 5\naaa.\t86400\tin\tns\tns1.nic.aaa.\nnic.aaa.\t3600\tin\tns\tx.\n";
        assert_eq!(names(zone).0, ["nic.aaa"]);
        assert_eq!(names(". 518400 IN NS a.root-servers.net.\ncom. 172800 IN NS a.gtld-servers.net.\n").0, ["com"]);
        assert_eq!(names("$ORIGIN .\ncom 172800 IN NS a.gtld-servers.net.\n").0, ["com"]);
    }

    #[test]
    fn what_cannot_be_read_is_rejected_by_its_line() {
        let (found, rejected) =
            names(" NS ns1.example.\nrelative NS ns1\n$INCLUDE other.zone\nowner.se. 3600 IN\na\\.b.se. NS x.\nok.se. NS x.\n");
        assert_eq!(found, ["ok.se"]);
        let lines: Vec<_> = rejected.iter().map(|(line, _)| *line).collect();
        assert_eq!(lines, [1, 2, 3, 4, 5]);
        assert_eq!(rejected[3].1, Reason::NoType);
    }

    #[test]
    fn a_stray_parenthesis_does_not_swallow_the_zone() {
        let zone = format!("a.se. NS ( x.\n{}", "b.se. NS x.\n".repeat(300));
        let (found, rejected) = names(&zone);
        assert_eq!(rejected, [(258, Reason::OpenParenthesis)]);
        assert_eq!(found.len(), 1 + 300 - 257);
    }

    #[test]
    fn zone_files_are_told_from_lists() {
        for line in [
            "$ORIGIN se.",
            "$TTL 3600",
            "www 3600 IN A 192.0.2.1",
            "@ IN SOA a. b. 1 2 3 4 5",
            "aaa.\t86400\tin\tns\tns1.",
            "example NS ns1",
            "a.se. 1 TYPE65534 \\# 0",
            "a. 1d IN NSEC3 1 0",
        ] {
            assert!(is_zone_line(line.as_bytes()), "{line}");
        }
        for line in [
            "example.com",
            "1,example.com",
            "example.com NS",
            "not a name",
            "$TTL",
            "a,b,c",
            "example.com # a note in ns",
            "\u{fc} \u{fc} \u{fc}",
            "x TYPE\u{fc} y",
        ] {
            assert!(!is_zone_line(line.as_bytes()), "{line}");
        }
    }
}
