//! The wall around the Parquet library: what it does with a file that it did not expect ends the reading of that file and nothing else.

use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};
use std::path::Path;
use std::sync::Once;

use super::error::DatasetError;

thread_local! {
    /// Whether a panic of this thread is caught by [`contained`] and told as an error.
    static CONTAINED: Cell<bool> = const { Cell::new(false) };
}

/// Runs what reads a part by the Parquet library, and tells a panic as damage of the file.
///
/// The last resort: length and hash of a part are checked before the library sees it, so that chance damage never comes here. What is
/// left is a file that was made to have the hash that its manifest says. The library means to return errors, but bits in page headers and
/// levels are known to make it panic; a dataset may come from anybody, and one bad file must not end a program without a sentence.
pub(super) fn contained<T>(path: &Path, read: impl FnOnce() -> T) -> Result<T, DatasetError> {
    be_quiet_when_contained();
    let before = CONTAINED.replace(true);
    // What a panic leaves half done is the reader of this file, and nobody goes on with it.
    let result = panic::catch_unwind(AssertUnwindSafe(read));
    CONTAINED.set(before);
    result.map_err(|_| DatasetError::damaged(path, "its content is not what a Parquet file may hold"))
}

/// A panic that is told as an error is not also printed.
fn be_quiet_when_contained() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let usual = panic::take_hook();
        panic::set_hook(Box::new(move |panic| {
            if !CONTAINED.get() {
                usual(panic);
            }
        }));
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_becomes_a_sentence_and_an_answer_stays_one() {
        assert_eq!(contained(Path::new("part"), || 7).unwrap(), 7);
        let told = contained::<()>(Path::new("part"), || panic!("of the library")).unwrap_err();
        assert!(matches!(&told, DatasetError::Damaged { path, .. } if path == Path::new("part")), "{told}");
        assert!(!CONTAINED.get());
    }
}
