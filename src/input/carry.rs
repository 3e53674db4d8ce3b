//! Further columns of a table that are carried along with the names: an owner, a business unit.

use std::sync::Arc;

/// Columns that may be carried at most.
pub const MAX_CARRIED: usize = 16;
/// Bytes of a carried cell that are kept at most.
pub const MAX_CARRIED_BYTES: usize = 256;

/// What stands in a carried column on the line of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Carried {
    /// The column, as it was asked for.
    pub name: Arc<str>,
    /// The cell without white space around it, at most [`MAX_CARRIED_BYTES`] bytes; `None` where it is empty or missing.
    pub value: Option<String>,
}

/// A cell as it is kept: bytes that are no UTF-8 and control characters replaced by U+FFFD, doubled quotes undone, cut at a character.
pub(super) fn cell(field: &[u8]) -> Option<String> {
    // A little more than is kept, so that a cell of a megabyte is not copied whole.
    let beginning = field.trim_ascii();
    let beginning = beginning.get(..4 * MAX_CARRIED_BYTES).unwrap_or(beginning);
    let text = String::from_utf8_lossy(beginning).replace("\"\"", "\"");
    let mut value = String::new();
    for c in text.trim().chars().map(|c| if c.is_control() { char::REPLACEMENT_CHARACTER } else { c }) {
        if value.len() + c.len_utf8() > MAX_CARRIED_BYTES {
            break;
        }
        value.push(c);
    }
    (!value.is_empty()).then_some(value)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_tidied() {
        assert_eq!(cell(b"  Sales & \"\"Field\"\" "), Some("Sales & \"Field\"".to_owned()));
        assert_eq!(cell(b"a\x1b[31m\0b\xff"), Some("a\u{fffd}[31m\u{fffd}b\u{fffd}".to_owned()));
        assert_eq!((cell(b""), cell(b" \t")), (None, None));
    }

    proptest! {
        #[test]
        fn any_cell_is_short_and_without_control_characters(bytes in proptest::collection::vec(any::<u8>(), 0..3000)) {
            let value = cell(&bytes).unwrap_or_default();
            prop_assert!(value.len() <= MAX_CARRIED_BYTES && !value.chars().any(char::is_control));
        }
    }
}
