//! Mailboxes found in any text and made unreadable: the local part replaced by a keyed hash, or by a fixed word.

use std::ops::Range;

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

/// What stands for a local part that was dropped.
const DROPPED: &[u8] = b"removed";
/// Bytes of a hash that are shown, as twice as many hexadecimal digits: enough that two mailboxes do not meet by chance.
const HASH_BYTES: usize = 12;

/// How local parts are replaced.
#[derive(Clone, Debug)]
pub(super) enum Redaction {
    /// By HMAC-SHA256 (RFC 2104) of the mailbox in lower case under this key, in hexadecimal digits. The whole mailbox is hashed, since
    /// the few usual local parts would be known by their frequency.
    Hash([u8; 32]),
    /// By a fixed word.
    Drop,
}

impl Redaction {
    /// The text without readable local parts; `None` where it has none.
    pub(super) fn apply(&self, text: &[u8]) -> Option<Vec<u8>> {
        let spans = local_parts(text);
        if spans.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(text.len());
        let mut from = 0;
        for span in spans {
            out.extend_from_slice(text.get(from..span.start).unwrap_or_default());
            out.extend_from_slice(&self.replacement(text, &span));
            from = span.end;
        }
        out.extend_from_slice(text.get(from..).unwrap_or_default());
        Some(out)
    }

    /// The same of a text that is cut into pieces, as the character-strings of a TXT record are: as many pieces, a replacement stands
    /// in the piece in which the local part begins.
    pub(super) fn apply_to_pieces(&self, pieces: &[&[u8]]) -> Option<Vec<Vec<u8>>> {
        let text = pieces.concat();
        let spans = local_parts(&text);
        if spans.is_empty() {
            return None;
        }
        let mut out = Vec::with_capacity(pieces.len());
        let mut start = 0;
        for piece in pieces {
            let end = start + piece.len();
            let mut kept = Vec::with_capacity(piece.len());
            let mut from = start;
            for span in spans.iter().filter(|span| span.start < end && span.end > start) {
                kept.extend_from_slice(text.get(from..span.start.max(from)).unwrap_or_default());
                if span.start >= start {
                    kept.extend_from_slice(&self.replacement(&text, span));
                }
                from = span.end.min(end);
            }
            kept.extend_from_slice(text.get(from..end).unwrap_or_default());
            out.push(kept);
            start = end;
        }
        Some(out)
    }

    fn replacement(&self, text: &[u8], local: &Range<usize>) -> Vec<u8> {
        match self {
            Self::Drop => DROPPED.to_vec(),
            Self::Hash(key) => {
                let is_domain = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_');
                let after = text.get(local.end..).unwrap_or_default();
                let after = after.strip_prefix(b"@").or_else(|| after.strip_prefix(b"%40")).unwrap_or_default();
                let domain = after.split(|byte| !is_domain(byte)).next().unwrap_or_default();
                let mailbox = [text.get(local.clone()).unwrap_or_default(), b"@", domain].concat().to_ascii_lowercase();
                hmac(key, &mailbox).get(..HASH_BYTES).map(hex::encode).unwrap_or_default().into_bytes()
            }
        }
    }
}

fn hmac(key: &[u8; 32], message: &[u8]) -> [u8; 32] {
    // A key of the hash's whole block, padded with zeros as HMAC itself does: of that type no length can be wrong.
    let mut block = [0; 64];
    block.iter_mut().zip(key).for_each(|(padded, byte)| *padded = *byte);
    Hmac::<Sha256>::new(&block.into()).chain_update(message).finalize().into_bytes().into()
}

/// Where the local parts of mailboxes stand: before an `@` (or `%40`), and after `mailto:` also without one, as in a text that was cut.
/// Ascending, disjoint, none empty.
fn local_parts(text: &[u8]) -> Vec<Range<usize>> {
    let mut found: Vec<Range<usize>> = Vec::new();
    let mut token = 0..0;
    while token.start < text.len() {
        let rest = text.get(token.start..).unwrap_or_default();
        let length = rest.iter().position(|byte| is_delimiter(*byte)).unwrap_or(rest.len());
        token.end = token.start + length;
        in_token(text, &token, &mut found);
        token.start = token.end + 1;
    }
    found
}

fn is_delimiter(byte: u8) -> bool {
    byte.is_ascii_whitespace() || byte.is_ascii_control() || matches!(byte, b',' | b';' | b'"' | b'<' | b'>' | b'(' | b')')
}

fn in_token(text: &[u8], token: &Range<usize>, found: &mut Vec<Range<usize>>) {
    let mut from = token.start;
    for at in token.clone() {
        let here = text.get(at..token.end).unwrap_or_default();
        if here.first() == Some(&b'@') || here.get(..3).is_some_and(|three| three == b"%40") {
            let start = from + beginning(text.get(from..at).unwrap_or_default());
            if start < at {
                found.push(start..at);
            }
            from = at + if here.first() == Some(&b'@') { 1 } else { 3 };
        }
    }
    let rest = text.get(from..token.end).unwrap_or_default();
    if let Some(mailto) = after_mailto(rest).filter(|start| *start < rest.len()) {
        found.push(from + mailto..token.end);
    }
}

/// Where the local part begins in what stands before the `@`.
fn beginning(before: &[u8]) -> usize {
    let after = |mark: &[u8]| before.windows(mark.len()).rposition(|window| window == mark).map(|at| at + mark.len());
    let last_of = || before.iter().rposition(|byte| matches!(byte, b':' | b'=' | b'/')).map(|at| at + 1);
    after_mailto(before).or_else(|| after(b"://")).or_else(last_of).unwrap_or(0)
}

fn after_mailto(text: &[u8]) -> Option<usize> {
    const SCHEME: &[u8] = b"mailto:";
    text.windows(SCHEME.len()).rposition(|window| window.eq_ignore_ascii_case(SCHEME)).map(|at| at + SCHEME.len())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn dropped(text: &str) -> String {
        let out = Redaction::Drop.apply(text.as_bytes()).unwrap_or_else(|| text.as_bytes().to_vec());
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn local_parts_are_found_wherever_they_stand() {
        for (text, expected) in [
            ("mailto:tls@example.com", "mailto:removed@example.com"),
            ("v=TLSRPTv1; rua=mailto:a.b+c@x.org,mailto:d=e/f@y.org!10m", "v=TLSRPTv1; rua=mailto:removed@x.org,mailto:removed@y.org!10m"),
            ("rua=MAILTO:a%40b.org?subject=x", "rua=MAILTO:removed%40b.org?subject=x"),
            ("rua=tls@example.com", "rua=removed@example.com"),
            ("mx: <postmaster@example.com>", "mx: <removed@example.com>"),
            ("https://user:secret@example.com/a", "https://removed@example.com/a"),
            ("found \"mailto:john.d... (300 bytes in all)", "found \"mailto:removed (300 bytes in all)"),
            ("mailto:tls[at]example.com, more", "mailto:removed, more"),
            ("mailto:o'brien@example.com", "mailto:removed@example.com"),
            ("no mailbox: v=STSv1; id=1;", "no mailbox: v=STSv1; id=1;"),
            ("@example.com mailto: @", "@example.com mailto: @"),
        ] {
            assert_eq!(dropped(text), expected, "{text}");
        }
    }

    #[test]
    fn the_hash_is_keyed_and_of_the_whole_mailbox() {
        let hash = |key: u8, text: &str| String::from_utf8(Redaction::Hash([key; 32]).apply(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(hash(1, "mailto:TLS@Example.com").to_lowercase(), hash(1, "mailto:tls@example.com"));
        assert_ne!(hash(1, "mailto:tls@a.example"), hash(2, "mailto:tls@a.example"));
        let local = |text: String| text.split('@').next().unwrap().to_owned();
        assert_ne!(local(hash(1, "tls@a.example")), local(hash(1, "tls@b.example")));
        assert_eq!(local(hash(1, "tls@a.example")), local(hash(1, "tls%40a.example").replace("%40", "@")));
        assert_eq!(local(hash(1, "tls@a.example")).len(), 24);
    }

    #[test]
    fn the_hash_is_hmac_sha256() {
        // RFC 4231 section 4.2; its key of 20 bytes is padded with zeros, as HMAC itself does.
        let mut key = [0; 32];
        key[..20].fill(0x0b);
        assert_eq!(hex::encode(hmac(&key, b"Hi There")), "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7");
    }

    #[test]
    fn a_mailbox_across_character_strings_is_found() {
        let pieces: [&[u8]; 4] = [b"v=TLSRPTv1; rua=mailto:jo", b"hn", b".doe@exam", b"ple.com"];
        let out = Redaction::Drop.apply_to_pieces(&pieces).unwrap();
        assert_eq!(out, [&b"v=TLSRPTv1; rua=mailto:removed"[..], b"", b"@exam", b"ple.com"]);
        assert_eq!(out.concat(), Redaction::Drop.apply(&pieces.concat()).unwrap());
        assert_eq!(Redaction::Drop.apply_to_pieces(&[b"v=STSv1; ", b"id=1;"]), None);
    }

    proptest! {
        #[test]
        fn any_text_is_taken_and_pieces_do_not_matter(text in "(mailto:|@|%40|[a-c]|[;,= /:\"]){0,30}", cut in 0_usize..40) {
            let bytes = text.as_bytes();
            let (one, two) = bytes.split_at(cut.min(bytes.len()));
            let whole = Redaction::Drop.apply(bytes);
            prop_assert_eq!(Redaction::Drop.apply_to_pieces(&[one, two]).map(|pieces| pieces.concat()), whole.clone());
            // Nothing readable is left before an @.
            if let Some(whole) = whole {
                let again = Redaction::Drop.apply(&whole).unwrap_or_else(|| whole.clone());
                prop_assert_eq!(again, whole);
            }
        }
    }
}
