//! What bytes are, by the bytes alone, and what a name or a media type says that they are.

/// Bytes at the beginning that tell the format; the mark of tar comes last, at 257.
pub(super) const HEAD: usize = 4096;

/// What bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Format {
    Empty,
    Gzip,
    Zip,
    Tar,
    Json,
    Mbox,
    Mail,
    Unknown,
}

impl Format {
    /// The format of what begins so; `is_all` if there is no more.
    pub(super) fn of(head: &[u8], is_all: bool) -> Self {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        match head {
            [] => Self::Empty,
            [0x1f, 0x8b, ..] => Self::Gzip,
            [b'P', b'K', 3 | 5, 4 | 6, ..] => Self::Zip,
            _ if head.get(257..262) == Some(b"ustar") => Self::Tar,
            _ if matches!(text.first(), Some(b'{' | b'[')) => Self::Json,
            // Blanks without end are for the reader of JSON, which bounds them.
            _ if text.is_empty() && !is_all => Self::Json,
            _ if head.starts_with(b"From ") => Self::Mbox,
            _ if is_header_field(head) => Self::Mail,
            _ => Self::Unknown,
        }
    }
}

/// Whether the bytes begin with a name and a colon (RFC 5322 section 2.2).
fn is_header_field(head: &[u8]) -> bool {
    let name = head.iter().take_while(|byte| (b'!'..=b'~').contains(byte) && **byte != b':').count();
    (1..=76).contains(&name) && head.get(name) == Some(&b':')
}

/// The format that is claimed of gzip, JSON and zip; `None` where nothing is. A media type that says one of them goes before the name.
pub(super) fn claimed(media_type: Option<&str>, name: Option<&str>) -> Option<Format> {
    let of_type = match media_type.unwrap_or_default() {
        "application/tlsrpt+gzip" | "application/gzip" | "application/x-gzip" => Some(Format::Gzip),
        "application/tlsrpt+json" | "application/json" => Some(Format::Json),
        "application/zip" | "application/x-zip-compressed" => Some(Format::Zip),
        _ => None,
    };
    let name = name.unwrap_or_default().to_ascii_lowercase();
    let endings = [(".gz", Format::Gzip), (".tgz", Format::Gzip), (".json", Format::Json), (".zip", Format::Zip)];
    of_type.or_else(|| endings.into_iter().find(|(ending, _)| name.ends_with(ending)).map(|(_, format)| format))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_tell_the_format() {
        for (head, expected) in [
            (b"".as_slice(), Format::Empty),
            (b"\x1f\x8b\x08", Format::Gzip),
            (b"PK\x03\x04", Format::Zip),
            (b"\xef\xbb\xbf \n{", Format::Json),
            (b"[", Format::Json),
            (b"From a@example.com", Format::Mbox),
            (b"From: a@example.com", Format::Mail),
            (b"ContentType: x", Format::Mail),
            (b"  \n", Format::Unknown),
            (b"<html>", Format::Unknown),
            (b": x", Format::Unknown),
            (b"\0\0\0", Format::Unknown),
        ] {
            assert_eq!(Format::of(head, true), expected, "{head:?}");
        }
        assert_eq!(Format::of(b"    ", false), Format::Json);
    }

    #[test]
    fn a_media_type_goes_before_the_name() {
        assert_eq!(claimed(Some("application/octet-stream"), Some("A.JSON.GZ")), Some(Format::Gzip));
        assert_eq!(claimed(Some("application/tlsrpt+json"), Some("a.json.gz")), Some(Format::Json));
        assert_eq!(claimed(None, Some("notes.txt")), None);
    }
}
