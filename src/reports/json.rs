//! JSON of unknown shape: documents one behind another, each as a tree of bounded size and depth, with equal keys told.

use std::cell::Cell;
use std::collections::HashSet;
use std::fmt;
use std::io::{self, Read};

use serde::de::{DeserializeSeed, Deserializer, Error as _, IgnoredAny, MapAccess, SeqAccess, Visitor};

use super::limits::{MAX_DOCUMENT, MAX_NODES};
use super::quote::Refusal;

/// A value.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Null,
    Bool(bool),
    /// An integer from 0 on.
    Unsigned(u64),
    /// An integer below 0.
    Signed(i64),
    /// With a decimal point or an exponent, or an integer of more than 64 bits.
    Float(f64),
    Text(String),
    List(Vec<Self>),
    /// Each key once: the last of equal ones, at the place of the first.
    Object(Vec<(String, Self)>),
}

impl Json {
    /// The value of a key; `None` where this is no object.
    pub(super) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Object(entries) => entries.iter().find(|(name, _)| name == key).map(|(_, value)| value),
            _ => None,
        }
    }
}

/// A document, and what was odd about it.
#[derive(Debug)]
pub(super) struct Document {
    pub(super) value: Json,
    pub(super) has_duplicate_keys: bool,
    pub(super) is_not_utf8: bool,
}

/// What comes next of a stream of documents.
#[derive(Debug)]
pub(super) enum Next {
    /// A document.
    Document(Document),
    /// What begins like a document and is none that can be read.
    Bad(Refusal),
    /// What does not begin like a document.
    Garbage,
    /// Nothing more.
    End,
}

/// Documents that stand one behind another, be it by lines or not. Of the stream no more than the greatest document is in memory.
pub(super) struct Documents<R> {
    from: R,
    buffer: Vec<u8>,
    /// Where the next document begins.
    start: usize,
    is_whole: bool,
    /// Whether every document so far stood on a line of its own.
    is_by_lines: bool,
    has_ended: bool,
}

impl<R: Read> Documents<R> {
    pub(super) fn new(from: R) -> Self {
        Self { from, buffer: Vec::new(), start: 0, is_whole: false, is_by_lines: true, has_ended: false }
    }

    /// Drops a byte order mark; whether there was one.
    pub(super) fn skip_bom(&mut self) -> io::Result<bool> {
        self.fill()?;
        let has_bom = self.rest().starts_with(b"\xef\xbb\xbf");
        self.start += if has_bom { 3 } else { 0 };
        Ok(has_bom)
    }

    /// The next document. After one that is bad, or garbage, the stream has ended, but where documents stand on lines of their own.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        if self.has_ended {
            return Ok(Next::End);
        }
        loop {
            let blanks = self.rest().iter().take_while(|byte| byte.is_ascii_whitespace()).count();
            self.start += blanks;
            if self.rest().is_empty() {
                if self.is_whole {
                    self.has_ended = true;
                    return Ok(Next::End);
                }
                self.fill()?;
                continue;
            }
            if !matches!(self.rest().first(), Some(b'{' | b'[')) {
                self.has_ended = true;
                return Ok(Next::Garbage);
            }
            match extent(self.rest()) {
                Extent::Whole(length) => return Ok(self.take(length)),
                Extent::Cut if self.start == 0 && self.buffer.len() as u64 >= MAX_DOCUMENT => {
                    self.has_ended = true;
                    return Ok(Next::Bad(Refusal::TooLarge));
                }
                Extent::Cut if !self.is_whole => self.fill()?,
                Extent::Cut | Extent::Wrong => return Ok(self.cut()),
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.buffer.get(self.start..).unwrap_or_default()
    }

    /// Reads on, up to the length of the greatest document.
    fn fill(&mut self) -> io::Result<()> {
        self.buffer.drain(..self.start.min(self.buffer.len()));
        self.start = 0;
        // A small file takes one small step, and a large one few of them.
        let step = (self.buffer.len() as u64 * 3).max(64 << 10).min(MAX_DOCUMENT.saturating_sub(self.buffer.len() as u64));
        let read = self.from.by_ref().take(step).read_to_end(&mut self.buffer)?;
        self.is_whole = (read as u64) < step;
        Ok(())
    }

    /// The document of so many bytes that is next.
    fn take(&mut self, length: usize) -> Next {
        let bytes = self.rest().get(..length).unwrap_or_default();
        let is_one_line = !bytes.contains(&b'\n');
        let next = match document(bytes) {
            Ok(document) => Next::Document(document),
            Err(refusal) => Next::Bad(refusal),
        };
        self.is_by_lines &= is_one_line;
        self.start += length;
        next
    }

    /// What begins here is not all of a document, or none at all. Where each line is a document, the next line may be whole again.
    fn cut(&mut self) -> Next {
        let refusal = document(self.rest()).map_or_else(|refusal| refusal, |_| Refusal::BadJson);
        let line = self.rest().iter().position(|byte| *byte == b'\n').map(|length| length + 1);
        match line.filter(|_| self.is_by_lines) {
            Some(length) if self.rest().get(length..).is_some_and(starts_with_a_line_of_its_own) => self.start += length,
            _ => self.has_ended = true,
        }
        Next::Bad(refusal)
    }
}

/// Whether the first line is a document.
fn starts_with_a_line_of_its_own(text: &[u8]) -> bool {
    let line = text.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let is_whole = |length| line.get(length..).unwrap_or_default().trim_ascii().is_empty();
    line.starts_with(b"{") && matches!(extent(line), Extent::Whole(length) if is_whole(length))
}

/// How far a document goes.
enum Extent {
    /// So many bytes.
    Whole(usize),
    /// It does not come to its end.
    Cut,
    /// It is no JSON.
    Wrong,
}

/// How far the document goes that begins here.
fn extent(text: &[u8]) -> Extent {
    let mut values = serde_json::Deserializer::from_slice(text).into_iter::<IgnoredAny>();
    match values.next() {
        Some(Ok(_)) => Extent::Whole(values.byte_offset()),
        Some(Err(error)) if !error.is_eof() => Extent::Wrong,
        Some(Err(_)) | None => Extent::Cut,
    }
}

/// The tree of a document.
fn document(bytes: &[u8]) -> Result<Document, Refusal> {
    let text = String::from_utf8_lossy(bytes);
    let is_not_utf8 = matches!(text, std::borrow::Cow::Owned(_));
    let (value, has_duplicate_keys) = value(&text)?;
    Ok(Document { value, has_duplicate_keys, is_not_utf8 })
}

/// The tree of a text, and whether an object of it has a key twice.
pub(super) fn value(text: &str) -> Result<(Json, bool), Refusal> {
    let seen = Seen::default();
    match Tree(&seen).deserialize(&mut serde_json::Deserializer::from_str(text)) {
        Ok(value) => Ok((value, seen.duplicate.get())),
        Err(_) if seen.nodes.get() > MAX_NODES => Err(Refusal::TooLarge),
        // The library has no other sign of it.
        Err(error) if error.to_string().starts_with("recursion limit") => Err(Refusal::TooDeep),
        Err(_) => Err(Refusal::BadJson),
    }
}

/// What is counted of a tree while it is built.
#[derive(Default)]
struct Seen {
    nodes: Cell<usize>,
    duplicate: Cell<bool>,
}

#[derive(Clone, Copy)]
struct Tree<'s>(&'s Seen);

impl<'de> DeserializeSeed<'de> for Tree<'_> {
    type Value = Json;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Json, D::Error> {
        self.0.nodes.set(self.0.nodes.get() + 1);
        if self.0.nodes.get() > MAX_NODES {
            return Err(D::Error::custom("too many values"));
        }
        from.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Tree<'_> {
    type Value = Json;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_unit<E>(self) -> Result<Json, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json, E> {
        Ok(Json::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json, E> {
        Ok(Json::Unsigned(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json, E> {
        Ok(u64::try_from(value).map_or(Json::Signed(value), Json::Unsigned))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json, E> {
        Ok(Json::Float(value))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json, E> {
        Ok(Json::Text(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Json, E> {
        Ok(Json::Text(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Json, A::Error> {
        let mut list = Vec::new();
        while let Some(element) = elements.next_element_seed(self)? {
            list.push(element);
        }
        Ok(Json::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Json, A::Error> {
        let mut object: Vec<(String, Json)> = Vec::new();
        while let Some(key) = entries.next_key::<String>()? {
            object.push((key, entries.next_value_seed(self)?));
        }
        let mut known = HashSet::with_capacity(object.len());
        if !object.iter().all(|(key, _)| known.insert(key.as_str())) {
            self.0.duplicate.set(true);
            object = last_of_equal_keys(object);
        }
        Ok(Json::Object(object))
    }
}

fn last_of_equal_keys(object: Vec<(String, Json)>) -> Vec<(String, Json)> {
    let mut known = HashSet::new();
    let mut kept: Vec<(String, Json)> = object.into_iter().rev().filter(|(key, _)| known.insert(key.clone())).collect();
    kept.reverse();
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8]) -> Vec<String> {
        let mut documents = Documents::new(text);
        let mut found = Vec::new();
        loop {
            match documents.next().unwrap() {
                Next::Document(document) => found.push(format!("{:?}", document.value)),
                Next::Bad(refusal) => found.push(refusal.to_string()),
                Next::Garbage => found.push("garbage".to_owned()),
                Next::End => return found,
            }
        }
    }

    #[test]
    fn documents_follow_each_other() {
        assert_eq!(all(b" {}\n[1]{} "), ["Object([])", "List([Unsigned(1)])", "Object([])"]);
        assert_eq!(all(b"{}garbage"), ["Object([])", "garbage"]);
        assert_eq!(all(b""), Vec::<String>::new());
        assert_eq!(all(b"{\"a\":"), ["bad-json"]);
        assert_eq!(all(b"{}\n{\"a\":\n{}\n"), ["Object([])", "bad-json", "Object([])"], "a line that is cut does not hide the next");
        assert_eq!(all(b"{\n}\n{\"a\":\n{}\n"), ["Object([])", "bad-json"], "where documents have several lines nobody knows");
    }

    #[test]
    fn what_no_text_can_hold_is_no_json() {
        assert_eq!(all(br#"{"a":"\ud83d x"}"#), ["bad-json"]);
        assert_eq!(all(br#"{"a":NaN}"#), ["bad-json"]);
        assert_eq!(all("[".repeat(20_000).as_bytes()), ["too-deep"]);
        assert_eq!(all(("[".repeat(200) + &"]".repeat(200)).as_bytes()), ["too-deep"]);
    }

    #[test]
    fn the_last_of_equal_keys_counts() {
        let (object, duplicate) = value(r#"{"a":1,"b":2,"a":3}"#).unwrap();
        assert!(duplicate);
        assert_eq!(object.get("a"), Some(&Json::Unsigned(3)));
        assert_eq!(object.get("b"), Some(&Json::Unsigned(2)));
    }

    #[test]
    fn numbers_keep_their_kind() {
        let (list, _) = value("[0, -1, 1.0, 18446744073709551615, 18446744073709551616]").unwrap();
        let Json::List(list) = list else { panic!("{list:?}") };
        let expected =
            [Json::Unsigned(0), Json::Signed(-1), Json::Float(1.0), Json::Unsigned(u64::MAX), Json::Float(18446744073709551616.0)];
        assert_eq!(list, expected);
    }

    #[test]
    fn a_document_of_more_values_than_any_report_is_refused() {
        let text = format!("[{}0]", "0,".repeat(MAX_NODES));
        assert_eq!(all(text.as_bytes()), ["too-large"]);
    }

    #[test]
    fn a_stream_is_longer_than_its_greatest_document() {
        let line = format!("{{\"a\":\"{}\"}}\n", "x".repeat(1 << 20));
        let lines = line.repeat(40); // 40 MiB of documents, each of one.
        assert_eq!(all(lines.as_bytes()).len(), 40);
        let blanks = vec![b' '; 34 << 20];
        assert_eq!(all(&[b"{".as_slice(), &blanks, b"}"].concat()), ["too-large"]);
    }
}
