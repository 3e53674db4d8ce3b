//! Names of certificates as RFC 4514 writes them: whose they are, for columns and tables alike.

use std::borrow::Cow;

/// The first organization (`O`) of a name, unescaped; `None` where there is none, or none that is text.
pub fn organization(name: &str) -> Option<String> {
    let value = attributes(name).into_iter().find_map(|attribute| attribute.strip_prefix("O="))?;
    if value.starts_with('#') {
        return None; // What is no string is written as the hexadecimal of its encoding.
    }
    Some(unescaped(value)).filter(|value| !value.is_empty())
}

/// The organization, or the whole name as it is written where it has none; `None` of an empty name.
pub fn organization_or_name(name: &str) -> Option<Cow<'_, str>> {
    organization(name).map(Cow::Owned).or_else(|| (!name.is_empty()).then_some(Cow::Borrowed(name)))
}

/// The attributes of a name as they are written, its separators and the space behind them left out.
fn attributes(name: &str) -> Vec<&str> {
    let (mut found, mut start, mut escaped) = (Vec::new(), 0, false);
    let mut add = |range| found.push(name.get::<std::ops::Range<usize>>(range).unwrap_or_default().trim_start());
    for (at, c) in name.char_indices() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            ',' | '+' => {
                add(start..at);
                start = at + 1;
            }
            _ => {}
        }
    }
    add(start..name.len());
    found
}

fn unescaped(value: &str) -> String {
    let mut octets = Vec::with_capacity(value.len());
    let mut rest = value.as_bytes();
    while let Some((first, after)) = rest.split_first() {
        rest = after;
        match (first, after) {
            (b'\\', [high, low, after @ ..]) if high.is_ascii_hexdigit() && low.is_ascii_hexdigit() => {
                octets.extend(hex::decode([*high, *low]).unwrap_or_default());
                rest = after;
            }
            (b'\\', [escaped, after @ ..]) => {
                octets.push(*escaped);
                rest = after;
            }
            _ => octets.push(*first),
        }
    }
    String::from_utf8_lossy(&octets).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_organization_of_an_issuer() {
        for (name, expected) in [
            ("CN=R11,O=Let's Encrypt,C=US", Some("Let's Encrypt")),
            ("CN=a\\,O=b,O=\\ M\u{fc}ller\\, S\u{f6}hne \\+ Co.\\ ,C=DE", Some(" M\u{fc}ller, S\u{f6}hne + Co. ")),
            ("CN=x, O=A\\, Inc.", Some("A, Inc.")),
            ("OU=x+O=y,C=DE", Some("y")),
            ("O=a\\0ab", Some("a\nb")),
            ("CN=O=x", None),
            ("CN=only", None),
            ("O=#0c0141", None),
            ("O=", None),
            ("", None),
            ("O=\\", Some("\\")),
        ] {
            assert_eq!(organization(name).as_deref(), expected, "{name}");
            assert_eq!(organization_or_name(name).as_deref(), expected.or(Some(name)).filter(|name| !name.is_empty()), "{name}");
        }
    }
}
