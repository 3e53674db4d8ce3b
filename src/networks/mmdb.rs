//! Databases in MaxMind's format (mmdb), of whichever publisher: of numbers and names of autonomous systems, of countries, or of both.

use std::net::IpAddr;

use maxminddb::Reader;
use serde_json::Value;
use time::OffsetDateTime;

use super::network::{Network, country_code};

/// What stands before the metadata, near the end of a file.
const MARKER: &[u8] = b"\xab\xcd\xefMaxMind.com";
/// Within how many octets of the end it stands.
const MARKER_WITHIN: usize = 128 << 10;

/// A database.
pub(super) struct Mmdb(Reader<Vec<u8>>);

impl std::fmt::Debug for Mmdb {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Mmdb({})", self.kind())
    }
}

impl Mmdb {
    /// Whether it looks like one.
    pub(super) fn is_one(octets: &[u8]) -> bool {
        let end = octets.get(octets.len().saturating_sub(MARKER_WITHIN)..).unwrap_or_default();
        end.windows(MARKER.len()).any(|window| window == MARKER)
    }

    pub(super) fn read(octets: Vec<u8>) -> Result<Self, String> {
        let reader = Reader::from_source(octets).map_err(|_| "its index or its metadata is damaged".to_owned())?;
        reader.verify().map_err(|_| "its index or its data is damaged".to_owned())?;
        Ok(Self(reader))
    }

    /// The type that it states.
    pub(super) fn kind(&self) -> &str {
        &self.0.metadata().database_type
    }

    /// The day on which it was built.
    pub(super) fn date(&self) -> Option<String> {
        let built = i64::try_from(self.0.metadata().build_epoch).ok().filter(|built| *built > 0)?;
        OffsetDateTime::from_unix_timestamp(built).ok().map(|time| time.date().to_string())
    }

    /// What it says of an address; what cannot be read is as good as nothing.
    pub(super) fn look_up(&self, address: IpAddr) -> Network {
        let record = self.0.lookup(address).ok().and_then(|found| found.decode::<Value>().ok().flatten());
        record.as_ref().map(network).unwrap_or_default()
    }
}

/// Publishers differ in how they call the same: MaxMind and DB-IP, IPinfo, and those who follow one of them.
fn network(record: &Value) -> Network {
    let text = |keys: &[&str]| keys.iter().find_map(|key| record.get(key)?.as_str()).filter(|text| !text.is_empty()).map(str::to_owned);
    let number = ["autonomous_system_number", "asn", "as_number"].iter().find_map(|key| match record.get(key)? {
        Value::Number(number) => number.as_u64(),
        Value::String(text) => text.trim_start_matches(['A', 'S', 'a', 's']).parse().ok(),
        _ => None,
    });
    let of_country = ["country", "registered_country"].iter().find_map(|key| record.get(key)?.get("iso_code")?.as_str());
    let country = of_country.map(str::to_owned).or_else(|| text(&["country_code", "country"]));
    Network {
        asn: number.and_then(|number| u32::try_from(number).ok()).filter(|asn| *asn != 0),
        org: text(&["autonomous_system_organization", "as_name", "organization", "org", "name"]),
        country: country.and_then(|country| country_code(&country)),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Adds a number as an integer of so many octets and of this type.
    fn write_number(out: &mut Vec<u8>, kind: u8, octets: &[u8]) {
        match kind {
            0..8 => out.push(kind << 5 | u8::try_from(octets.len()).unwrap()),
            _ => out.extend([u8::try_from(octets.len()).unwrap(), kind - 7]),
        }
        out.extend(octets);
    }

    /// Adds a value of the data section (a map, text or number), as the format has it.
    fn write(out: &mut Vec<u8>, value: &Value) {
        match value {
            Value::Object(map) => {
                out.push(7 << 5 | u8::try_from(map.len()).unwrap());
                for (key, value) in map {
                    write(out, &json!(key));
                    match (key.as_str(), value.as_u64()) {
                        ("build_epoch", Some(number)) => write_number(out, 9, &number.to_be_bytes()),
                        ("record_size" | "ip_version" | "binary_format_major_version" | "binary_format_minor_version", Some(number)) => {
                            write_number(out, 5, &u16::try_from(number).unwrap().to_be_bytes());
                        }
                        _ => write(out, value),
                    }
                }
            }
            Value::String(text) if text.len() < 29 => {
                out.push(2 << 5 | u8::try_from(text.len()).unwrap());
                out.extend(text.as_bytes());
            }
            Value::String(text) => {
                out.extend([2 << 5 | 29, u8::try_from(text.len() - 29).unwrap()]);
                out.extend(text.as_bytes());
            }
            Value::Number(number) => {
                write_number(out, 6, &u32::try_from(number.as_u64().unwrap()).unwrap().to_be_bytes());
            }
            Value::Array(values) => {
                out.extend([u8::try_from(values.len()).unwrap(), 4]);
                values.iter().for_each(|value| write(out, value));
            }
            other => panic!("{other}"),
        }
    }

    /// A database of IPv4 with one record for 128.0.0.0/1, and none for the rest.
    pub(crate) fn database(kind: &str, record: &Value) -> Vec<u8> {
        let (nodes, mut out) = (1_u32, Vec::new());
        // One node of two records of 24 bits: nothing on the left, on the right the data, behind the separator of 16 octets.
        out.extend(&nodes.to_be_bytes()[1..]);
        out.extend(&(nodes + 16).to_be_bytes()[1..]);
        out.extend([0; 16]);
        write(&mut out, record);
        out.extend(MARKER);
        let metadata = json!({
            "node_count": nodes, "record_size": 24, "ip_version": 4, "database_type": kind, "languages": ["en"],
            "binary_format_major_version": 2, "binary_format_minor_version": 0, "build_epoch": 1_795_392_000_u32,
            "description": { "en": "for a test" },
        });
        write(&mut out, &metadata);
        out
    }

    #[test]
    fn databases_of_several_publishers() {
        let address: IpAddr = "192.0.2.1".parse().unwrap();
        for (record, asn, org, country) in [
            (json!({"autonomous_system_number": 64500, "autonomous_system_organization": "Example"}), Some(64500), Some("Example"), None),
            (
                json!({"asn": "AS64500", "as_name": "Example", "country_code": "DE", "country": "Germany"}),
                Some(64500),
                Some("Example"),
                Some("DE"),
            ),
            (json!({"asn": "AS64500", "name": "Example", "country": "de"}), Some(64500), Some("Example"), Some("DE")),
            (json!({"country": {"iso_code": "FR", "geoname_id": 1}}), None, None, Some("FR")),
            (json!({"asn": "none", "country": "elsewhere"}), None, None, None),
        ] {
            let octets = database("Test-ASN", &record);
            assert!(Mmdb::is_one(&octets));
            let mmdb = Mmdb::read(octets).unwrap();
            assert_eq!((mmdb.kind(), mmdb.date().as_deref()), ("Test-ASN", Some("2026-11-23")));
            let expected = Network { asn, org: org.map(str::to_owned), country: country.map(str::to_owned) };
            assert_eq!(mmdb.look_up(address), expected, "{record}");
            assert_eq!(mmdb.look_up("10.0.0.1".parse().unwrap()), Network::default());
            assert_eq!(mmdb.look_up("2001:db8::1".parse().unwrap()), Network::default());
        }
    }

    #[test]
    fn a_damaged_database_is_refused() {
        let whole = database("Test-ASN", &json!({"asn": "AS64500"}));
        let mut damaged = whole.clone();
        damaged[5] = 0xff;
        assert!(Mmdb::is_one(&damaged) && Mmdb::read(damaged).is_err());
        assert!(!Mmdb::is_one(b"192.0.2.0/24\t64500\n") && !Mmdb::is_one(&[]));
        for cut in 0..whole.len() {
            let _ = Mmdb::is_one(&whole[..cut]) && Mmdb::read(whole[..cut].to_vec()).is_ok();
        }
    }
}
