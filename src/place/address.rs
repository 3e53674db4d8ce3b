//! The name of an object or of a prefix: which store, which bucket, which key.

use std::path::Path;

use object_store::path::Path as Key;

use super::trouble::Trouble;

/// What URLs of stores begin with.
pub(crate) const SCHEMES: &[&str] = &["s3", "gs", "az"];

/// The kind of a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) enum Scheme {
    /// Amazon S3 and what speaks like it.
    S3,
    /// Google Cloud Storage.
    Gs,
    /// Azure Blob Storage.
    Az,
    /// Of a test, in memory.
    #[cfg(test)]
    Memory,
}

impl Scheme {
    fn of(word: &str) -> Option<Self> {
        match word {
            "s3" => Some(Self::S3),
            "gs" => Some(Self::Gs),
            "az" => Some(Self::Az),
            #[cfg(test)]
            "memory" => Some(Self::Memory),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::S3 => "s3",
            Self::Gs => "gs",
            Self::Az => "az",
            #[cfg(test)]
            Self::Memory => "memory",
        }
    }
}

/// Where an object lies, or all objects of a prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) scheme: Scheme,
    pub(super) bucket: String,
    pub(super) key: Key,
}

/// Whether a path names a place in a store.
pub(crate) fn is_far(path: &Path) -> bool {
    split(path).is_some()
}

/// Whether a path names no place in a store, or one that can be; why not, in words.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    Address::of(path).transpose().map(drop).map_err(|trouble| trouble.to_string())
}

fn split(path: &Path) -> Option<(Scheme, &str)> {
    let (scheme, rest) = path.to_str()?.split_once("://")?;
    Some((Scheme::of(scheme)?, rest))
}

impl Address {
    /// The place in a store that a path names; `None` for one of this machine.
    pub(super) fn of(path: &Path) -> Option<Result<Self, Trouble>> {
        let (scheme, rest) = split(path)?;
        Some(Self::parse(scheme, rest).map_err(|why| Trouble::refused(format!("{why}; write {}://BUCKET/PREFIX", scheme.as_str()))))
    }

    fn parse(scheme: Scheme, rest: &str) -> Result<Self, String> {
        // What joins paths on Windows puts backslashes.
        let rest = if cfg!(windows) { rest.replace('\\', "/") } else { rest.to_owned() };
        let (bucket, key) = rest.split_once('/').unwrap_or((&rest, ""));
        if bucket.is_empty() || !bucket.bytes().all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet)) {
            return Err(format!("{bucket:?} is no name of a bucket"));
        }
        let key = key.split('/').filter(|segment| !segment.is_empty()).collect::<Vec<_>>().join("/");
        let key = Key::parse(&key).map_err(|_| format!("{key:?} is no key that every store can have"))?;
        Ok(Self { scheme, bucket: bucket.to_owned(), key })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_stores_are_told_from_paths() {
        let address = |text: &str| Address::of(Path::new(text)).map(|address| address.map_err(|trouble| trouble.to_string()));
        let found = address("s3://lists/a//b%20c/").unwrap().unwrap();
        assert_eq!((found.scheme, found.bucket.as_str(), found.key.as_ref()), (Scheme::S3, "lists", "a/b%20c"));
        assert_eq!(address("gs://b").unwrap().unwrap().key.as_ref(), "");
        assert_eq!(
            Address::of(&Path::new("az://b/x").join("domains/part-00000.parquet")).unwrap().unwrap().key.as_ref(),
            "x/domains/part-00000.parquet"
        );
        for path in ["out", "./s3://x", "/s3://b/x", "s3:/b/x", "https://example.org/x", "C:/x"] {
            assert!(address(path).is_none(), "{path}");
        }
        for wrong in ["s3://", "s3:///x", "s3://a b/x", "s3://b/../x", "s3://user:secret@b/x"] {
            assert!(address(wrong).unwrap().unwrap_err().contains("write s3://BUCKET/PREFIX"), "{wrong}");
        }
    }
}
