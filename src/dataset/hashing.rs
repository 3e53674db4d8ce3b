//! A file whose length and hash are known when it is written.

use std::fs::File;
use std::io::{self, BufWriter, Read, Write};
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::place;

/// Length and hash of what was written.
pub(super) struct Digested {
    pub(super) bytes: u64,
    pub(super) sha256: String,
}

impl Digested {
    /// Length and hash of a file that is there.
    pub(super) fn of(path: &Path) -> io::Result<Self> {
        let (mut file, mut sha256, mut bytes) = (place::open(path)?, Sha256::new(), 0);
        let mut buffer = vec![0; 1 << 18];
        loop {
            match file.read(&mut buffer) {
                Ok(0) => return Ok(Self { bytes, sha256: hex::encode(sha256.finalize()) }),
                Ok(read) => {
                    bytes += read as u64;
                    sha256.update(buffer.get(..read).unwrap_or_default());
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

/// A file that is hashed on its way to the disk.
pub(super) struct Hashing {
    file: BufWriter<File>,
    sha256: Sha256,
    bytes: u64,
}

impl Hashing {
    pub(super) fn new(file: File) -> Self {
        Self { file: BufWriter::with_capacity(1 << 18, file), sha256: Sha256::new(), bytes: 0 }
    }

    /// The end of what is written; what comes after it is hashed anew.
    pub(super) fn finish(&mut self) -> io::Result<Digested> {
        self.file.flush()?;
        self.file.get_ref().sync_all()?;
        Ok(Digested { bytes: std::mem::take(&mut self.bytes), sha256: hex::encode(self.sha256.finalize_reset()) })
    }
}

impl Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.file.write(bytes)?;
        self.sha256.update(bytes.get(..written).unwrap_or_default());
        self.bytes += written as u64;
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}
