//! Evidence as JSON: bytes as text in which what is no UTF-8 is escaped, times as RFC 3339.

use std::time::SystemTime;

use ::time::OffsetDateTime;
use ::time::format_description::well_known::Rfc3339;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// UTF-8 as it is, a backslash as `\\`, other bytes as `\xNN`. [`bytes_of`] is the way back.
fn text_of(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(&chunk.valid().replace('\\', "\\\\"));
        text.extend(chunk.invalid().iter().map(|byte| format!("\\x{byte:02x}")));
    }
    text
}

/// The bytes that [`text_of`] made a text of.
fn bytes_of(text: &str) -> Result<Vec<u8>, String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        match (first, after) {
            (b'\\', [b'\\', after @ ..]) => {
                bytes.push(b'\\');
                rest = after;
            }
            (b'\\', [b'x', high, low, after @ ..]) => {
                bytes.extend(hex::decode([*high, *low]).map_err(|_| "\\x without two hexadecimal digits")?);
                rest = after;
            }
            (b'\\', _) => return Err("a backslash that begins neither \\\\ nor \\xNN".to_owned()),
            _ => {
                bytes.push(*first);
                rest = after;
            }
        }
    }
    Ok(bytes)
}

fn read_bytes<'de, D: Deserializer<'de>>(text: &str) -> Result<Vec<u8>, D::Error> {
    bytes_of(text).map_err(D::Error::custom)
}

/// A time by RFC 3339, UTC.
pub(super) mod time {
    use super::*;

    pub(in crate::evidence) fn serialize<S: Serializer>(time: &SystemTime, serializer: S) -> Result<S::Ok, S::Error> {
        let text = OffsetDateTime::from(*time).format(&Rfc3339).map_err(serde::ser::Error::custom)?;
        serializer.serialize_str(&text)
    }

    pub(in crate::evidence) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<SystemTime, D::Error> {
        let text = String::deserialize(deserializer)?;
        OffsetDateTime::parse(&text, &Rfc3339).map(SystemTime::from).map_err(D::Error::custom)
    }
}

/// A time or null.
pub(super) mod optional_time {
    use super::*;

    #[derive(Serialize, Deserialize)]
    struct Time(#[serde(with = "super::time")] SystemTime);

    pub(in crate::evidence) fn serialize<S: Serializer>(time: &Option<SystemTime>, serializer: S) -> Result<S::Ok, S::Error> {
        time.map(Time).serialize(serializer)
    }

    pub(in crate::evidence) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<SystemTime>, D::Error> {
        Ok(Option::<Time>::deserialize(deserializer)?.map(|Time(time)| time))
    }
}

/// Bytes or null.
pub(super) mod optional_bytes {
    use super::*;

    pub(in crate::evidence) fn serialize<S: Serializer>(bytes: &Option<Vec<u8>>, serializer: S) -> Result<S::Ok, S::Error> {
        bytes.as_deref().map(text_of).serialize(serializer)
    }

    pub(in crate::evidence) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Vec<u8>>, D::Error> {
        Option::<String>::deserialize(deserializer)?.map(|text| read_bytes::<D>(&text)).transpose()
    }
}

/// Several byte strings.
pub(super) mod many_bytes {
    use super::*;

    pub(in crate::evidence) fn serialize<S: Serializer>(strings: &[Vec<u8>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(strings.iter().map(|bytes| text_of(bytes)))
    }

    pub(in crate::evidence) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Vec<u8>>, D::Error> {
        Vec::<String>::deserialize(deserializer)?.iter().map(|text| read_bytes::<D>(text)).collect()
    }
}

/// Header names with their values.
pub(super) mod headers {
    use super::*;

    pub(in crate::evidence) fn serialize<S: Serializer>(headers: &[(String, Vec<u8>)], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(headers.iter().map(|(name, value)| (name, text_of(value))))
    }

    pub(in crate::evidence) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(String, Vec<u8>)>, D::Error> {
        let headers = Vec::<(String, String)>::deserialize(deserializer)?;
        headers.into_iter().map(|(name, value)| Ok((name, read_bytes::<D>(&value)?))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn bytes_read_as_text_where_they_are_text() {
        assert_eq!(text_of(b"v=STSv1; id=caf\xe9\\"), "v=STSv1; id=caf\\xe9\\\\");
        assert!(bytes_of("\\q").is_err() && bytes_of("\\x4").is_err() && bytes_of("\\xzz").is_err());
    }

    proptest! {
        #[test]
        fn any_bytes_come_back(bytes in proptest::collection::vec(any::<u8>(), 0..100)) {
            prop_assert_eq!(bytes_of(&text_of(&bytes)), Ok(bytes));
        }

        #[test]
        fn any_text_is_bytes_or_an_error(text in any::<String>()) {
            let _ = bytes_of(&text);
        }
    }
}
