//! Domain names inside a DNS message: compression followed safely, presentation form (RFC 1035 sections 3.1, 4.1.4 and 5.1).

use std::io::Write as _;

/// Octets of a DNS header, behind which the question's name begins.
pub(super) const HEADER_OCTETS: usize = 12;
/// Longest name on the wire, length octets and the root included (RFC 1035 section 2.3.4).
pub(super) const MAX_WIRE_OCTETS: usize = 255;

/// Octets that the text of a name is given room for: those of nearly all hosts.
const USUAL_OCTETS: usize = 48;

/// A 16-bit number in network order.
pub(super) fn read_u16(message: &[u8], at: usize) -> Option<u16> {
    message.get(at..at.checked_add(2)?)?.try_into().ok().map(u16::from_be_bytes)
}

/// A 32-bit number in network order.
pub(super) fn read_u32(message: &[u8], at: usize) -> Option<u32> {
    message.get(at..at.checked_add(4)?)?.try_into().ok().map(u32::from_be_bytes)
}

/// Where the owner's name of the record at an offset ends, passed over unread; `None` if it is cut.
fn owner_end(message: &[u8], mut at: usize) -> Option<usize> {
    loop {
        match *message.get(at)? {
            0 => return Some(at + 1),
            length @ 1..64 => at += 1 + usize::from(length),
            0xc0.. => return Some(at + 2),
            _ => return None,
        }
    }
}

/// The type of the record at an offset; `None` if it is cut.
pub(super) fn record_type(message: &[u8], at: usize) -> Option<u16> {
    read_u16(message, owner_end(message, at)?)
}

/// Where the record at an offset ends (RFC 1035 section 4.1.3), its name passed over unread; `None` if it is cut.
pub(super) fn record_end(message: &[u8], at: usize) -> Option<usize> {
    let at = owner_end(message, at)?;
    let end = at + 10 + usize::from(read_u16(message, at + 8)?);
    (end <= message.len()).then_some(end)
}

/// A name that has been walked to its end once: every pointer leads backwards, and it fits the limits.
#[derive(Clone, Copy, Debug)]
pub(super) struct WireName<'a> {
    message: &'a [u8],
    start: usize,
    /// Where its first label is, or the root: behind the pointers with which it begins.
    first: usize,
    /// Just behind the name where it stands, that is behind its first pointer if it has one.
    pub(super) end: usize,
}

impl<'a> WireName<'a> {
    /// The name that begins at an offset; `None` if it is cut, too long, or its pointers do not lead backwards.
    pub(super) fn read(message: &'a [u8], start: usize) -> Option<Self> {
        let mut walk = Walk { message, at: start, floor: start, end: None };
        let (mut octets, mut first) = (1, None);
        while let Some(label) = walk.step()? {
            first.get_or_insert(walk.at - label.len());
            octets += label.len() + 1;
            if octets > MAX_WIRE_OCTETS {
                return None;
            }
        }
        Some(Self { message, start, first: first.unwrap_or(walk.at), end: walk.end.unwrap_or(walk.at) })
    }

    /// The labels from the left.
    fn labels(self) -> impl Iterator<Item = &'a [u8]> {
        let mut walk = Walk { message: self.message, at: self.start, floor: self.start, end: None };
        std::iter::from_fn(move || walk.step().flatten())
    }

    /// Whether two names of a message are one, letter case aside (RFC 4343).
    pub(super) fn is(self, other: Self) -> bool {
        // As nearly every owner is a pointer to the question.
        if self.first == other.first {
            return true;
        }
        let (mut ours, mut theirs) = (self.labels(), other.labels());
        loop {
            match (ours.next(), theirs.next()) {
                (None, None) => return true,
                (Some(one), Some(another)) if one.eq_ignore_ascii_case(another) => {}
                _ => return false,
            }
        }
    }

    /// Presentation form: lower case, no trailing dot, the root as `.`; octets that are not graphic ASCII, dots inside a label
    /// and backslashes as `\DDD`, so that every dot parts two labels.
    pub(super) fn to_presentation(self) -> String {
        let mut text = Vec::with_capacity(USUAL_OCTETS);
        for label in self.labels() {
            let begin = text.len();
            text.extend_from_slice(label);
            let is_plain = text.iter_mut().skip(begin).fold(true, |is_plain, octet| {
                *octet = shown(*octet);
                is_plain & (*octet != ESCAPED)
            });
            if !is_plain {
                text.truncate(begin);
                label.iter().for_each(|octet| push(&mut text, *octet));
            }
            text.push(b'.');
        }
        text.pop();
        // All of it is ASCII.
        if text.is_empty() { ".".to_owned() } else { String::from_utf8(text).unwrap_or_default() }
    }
}

/// Whether an octet of a label stands for itself in presentation form: graphic characters, but for those that would be read as something else.
pub(super) fn is_plain(octet: u8) -> bool {
    octet.is_ascii_graphic() && octet != b'.' && octet != b'\\'
}

/// What an octet of a label is shown as.
fn shown(octet: u8) -> u8 {
    if is_plain(octet) { octet.to_ascii_lowercase() } else { ESCAPED }
}

/// Stands for what is shown by its number.
const ESCAPED: u8 = 0;

fn push(text: &mut Vec<u8>, octet: u8) {
    match shown(octet) {
        // Writing to a vector cannot fail.
        ESCAPED => _ = write!(text, "\\{octet:03}"),
        shown => text.push(shown),
    }
}

/// A position on the way through a name.
struct Walk<'a> {
    message: &'a [u8],
    at: usize,
    /// A pointer must lead to before this: it shrinks with every jump, so the walk ends.
    floor: usize,
    end: Option<usize>,
}

impl<'a> Walk<'a> {
    /// The next label; `Some(None)` at the root (with `at` behind it), `None` if the name is broken.
    fn step(&mut self) -> Option<Option<&'a [u8]>> {
        loop {
            let length = *self.message.get(self.at)?;
            match length >> 6 {
                0 if length == 0 => {
                    self.at += 1;
                    return Some(None);
                }
                0 => {
                    let start = self.at + 1;
                    let label = self.message.get(start..start + usize::from(length))?;
                    self.at = start + label.len();
                    return Some(Some(label));
                }
                3 => {
                    let target = usize::from(read_u16(self.message, self.at)? & 0x3fff);
                    if target >= self.floor {
                        return None;
                    }
                    self.end.get_or_insert(self.at + 2);
                    (self.at, self.floor) = (target, target);
                }
                _ => return None,
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(message: &[u8], at: usize) -> Option<(String, usize)> {
        WireName::read(message, at).map(|name| (name.to_presentation(), name.end))
    }

    #[test]
    fn names_with_and_without_pointers() {
        let message = b"\x03COM\x00\x04mail\xc0\x00\x00\x03a.b\x02\\\xff\x00";
        assert_eq!(read(message, 0), Some(("com".to_owned(), 5)));
        assert_eq!(read(message, 5), Some(("mail.com".to_owned(), 12)));
        assert_eq!(read(message, 12), Some((".".to_owned(), 13)));
        assert_eq!(read(message, 13), Some(("a\\046b.\\092\\255".to_owned(), 21)));
    }

    #[test]
    fn broken_names_are_refused() {
        assert!(read(b"", 0).is_none());
        assert!(read(b"\x03ab", 0).is_none(), "cut label");
        assert!(read(b"\x01a", 0).is_none(), "no root");
        assert!(read(b"\xc0\x00", 0).is_none(), "pointer to itself");
        assert!(read(b"\x01a\xc0\x00", 0).is_none(), "loop");
        assert!(read(b"\xc0\x02\x00", 0).is_none(), "pointer forwards");
        assert!(read(b"\x00\xc0", 1).is_none(), "half a pointer");
        assert!(read(b"\x41a\x00", 0).is_none(), "reserved label type");
        let long = [&[63; 1][..], &[b'a'; 63]].concat().repeat(4);
        assert!(read(&[&long[..], &[0]].concat(), 0).is_none(), "257 octets");
    }

    #[test]
    fn comparison_ignores_case_and_compression() {
        let message = b"\x03com\x00\x04mail\xc0\x00\x04MAIL\x03Com\x00\x04mai1\xc0\x00";
        let name = |at| WireName::read(message, at).unwrap();
        assert!(name(5).is(name(12)));
        assert!(!name(5).is(name(22)));
        assert!(!name(0).is(name(5)));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_without_a_panic(message in proptest::collection::vec(any::<u8>(), 0..300), at in 0_usize..310) {
            if let Some(name) = WireName::read(&message, at) {
                prop_assert!(name.end <= message.len());
                prop_assert!(name.is(name));
                prop_assert!(name.to_presentation().len() <= 4 * MAX_WIRE_OCTETS);
            }
        }
    }
}
