//! Files that options name and that are read whole: settings, opt-outs, certificates. They are small, and what is not is refused.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

/// Largest file that is read whole, in bytes: an opt-out list of millions of lines fits.
const MAX_BYTES: u64 = 256 << 20;

/// Reads a file. One without end, as a device or a pipe may be, is given up at the bound.
///
/// # Errors
/// What the system says, and that the file is too large.
pub fn read(path: &Path) -> io::Result<Vec<u8>> {
    read_at_most(&mut File::open(path)?, MAX_BYTES)
}

/// Reads to the end; `most` bytes are possible.
///
/// # Errors
/// What the system says, and that there is more.
pub fn read_at_most(from: &mut impl Read, most: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    from.by_ref().take(most).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == most && from.read(&mut [0])? > 0 {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("it has more than {most} bytes, and is no such file")));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_without_end_is_given_up() {
        assert_eq!(read_at_most(&mut &b"abc"[..], 3).unwrap(), b"abc");
        let said = read_at_most(&mut io::repeat(0), 1000).unwrap_err().to_string();
        assert!(said.contains("more than 1000 bytes"), "{said}");
    }
}
