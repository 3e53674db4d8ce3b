//! X.501 names as strings (RFC 4514).

use std::fmt::Write;

use x509_parser::x509::{AttributeTypeAndValue, X509Name};

/// Longest string kept, in octets; names come from strangers.
const MAX_OCTETS: usize = 1024;

/// Short names registered for attribute types that certificates have.
const SHORT_NAMES: &[(&str, &str)] = &[
    ("2.5.4.3", "CN"),
    ("2.5.4.4", "SN"),
    ("2.5.4.5", "serialNumber"),
    ("2.5.4.6", "C"),
    ("2.5.4.7", "L"),
    ("2.5.4.8", "ST"),
    ("2.5.4.9", "STREET"),
    ("2.5.4.10", "O"),
    ("2.5.4.11", "OU"),
    ("2.5.4.12", "title"),
    ("2.5.4.15", "businessCategory"),
    ("2.5.4.17", "postalCode"),
    ("2.5.4.42", "GN"),
    ("2.5.4.97", "organizationIdentifier"),
    ("0.9.2342.19200300.100.1.1", "UID"),
    ("0.9.2342.19200300.100.1.25", "DC"),
    ("1.2.840.113549.1.9.1", "emailAddress"),
];

/// The name, most specific part first (section 2.1); cut after 1,024 octets.
pub(super) fn to_rfc4514(name: &X509Name<'_>) -> String {
    let parts: Vec<Vec<&AttributeTypeAndValue<'_>>> = name.iter_rdn().map(|part| part.iter().collect()).collect();
    let mut text = String::new();
    for (index, part) in parts.iter().rev().enumerate() {
        text.push_str(if index == 0 { "" } else { "," });
        for (index, attribute) in part.iter().enumerate() {
            text.push_str(if index == 0 { "" } else { "+" });
            write_attribute(&mut text, attribute);
        }
        if text.len() > MAX_OCTETS {
            break;
        }
    }
    cut(text, MAX_OCTETS)
}

/// The text without what lies beyond so many octets, whole characters kept.
pub(in crate::observe) fn cut(mut text: String, octets: usize) -> String {
    text.truncate(text.floor_char_boundary(octets));
    text
}

fn write_attribute(text: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    let oid = attribute.attr_type().to_id_string();
    let short = SHORT_NAMES.iter().find(|(number, _)| *number == oid).map(|(_, name)| *name);
    text.push_str(short.unwrap_or(&oid));
    text.push('=');
    match string_value(attribute) {
        Some(value) => escape(text, &value),
        None => {
            // Section 2.4: what is no string is the hexadecimal of its encoding; of that the contents are kept.
            text.push('#');
            let octets = attribute.as_slice();
            text.push_str(&hex::encode(octets.get(..MAX_OCTETS).unwrap_or(octets)));
        }
    }
}

fn string_value(attribute: &AttributeTypeAndValue<'_>) -> Option<String> {
    const BMP_STRING: u32 = 30;
    if attribute.attr_value().tag().0 == BMP_STRING {
        let units = attribute.as_slice().chunks_exact(2).map(|pair| pair.iter().fold(0, |unit, octet| (unit << 8) | u16::from(*octet)));
        return Some(char::decode_utf16(units).map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER)).collect());
    }
    attribute.as_str().ok().map(str::to_owned)
}

/// Section 2.4: a leading `#` or space, a trailing space and the separators are escaped; control characters too.
fn escape(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (index, c) in value.chars().enumerate() {
        match c {
            '"' | '+' | ',' | ';' | '<' | '>' | '\\' => text.extend(['\\', c]),
            ' ' if index == 0 || index == last => text.push_str("\\ "),
            '#' if index == 0 => text.push_str("\\#"),
            c if c.is_ascii_control() => {
                let _ = write!(text, "\\{:02x}", u32::from(c)); // Writing to a String cannot fail.
            }
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use rcgen::{CertificateParams, DistinguishedName, DnType, DnValue, KeyPair};
    use x509_parser::parse_x509_certificate;

    use super::*;

    fn written(attributes: Vec<(DnType, DnValue)>) -> String {
        let mut params = CertificateParams::default();
        params.distinguished_name = DistinguishedName::new();
        for (kind, value) in attributes {
            params.distinguished_name.push(kind, value);
        }
        let der = params.self_signed(&KeyPair::generate().unwrap()).unwrap();
        to_rfc4514(parse_x509_certificate(der.der()).unwrap().1.subject())
    }

    fn utf8(text: &str) -> DnValue {
        DnValue::Utf8String(text.into())
    }

    #[test]
    fn the_most_specific_part_comes_first_and_separators_are_escaped() {
        let text = written(vec![
            (DnType::CountryName, utf8("DE")),
            (DnType::OrganizationName, utf8(" Müller, Söhne + Co. ")),
            (DnType::CustomDnType(vec![1, 2, 840, 113549, 1, 9, 1]), utf8("#a@b")),
            (DnType::CustomDnType(vec![1, 2, 3, 4]), utf8("x")),
            (DnType::CommonName, utf8("a\nb")),
        ]);
        assert_eq!(text, "CN=a\\0ab,1.2.3.4=x,emailAddress=\\#a@b,O=\\ Müller\\, Söhne \\+ Co.\\ ,C=DE");
    }

    #[test]
    fn other_string_types_are_read_and_long_names_cut() {
        let bmp = DnValue::BmpString("Größe".try_into().unwrap());
        assert_eq!(written(vec![(DnType::CommonName, bmp)]), "CN=Größe");
        assert_eq!(written(vec![]), "");
        let long = written(vec![(DnType::CommonName, utf8(&"ü".repeat(2000)))]);
        assert!(long.len() <= MAX_OCTETS && long.len() > MAX_OCTETS - 4 && long.starts_with("CN=ü"));
    }
}
