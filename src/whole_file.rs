//! Files that options name and that are read or replaced whole: settings, opt-outs, certificates, texts. They are small, and what is not
//! is refused.

use std::fs::{self, File};
use std::io::{self, Read, Write};
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

/// Whether a path names a device, a pipe or a socket: what is written goes into it, and it must never be replaced (`-o /dev/null`).
pub fn is_special(path: &Path) -> bool {
    path.metadata().is_ok_and(|found| !found.is_file() && !found.is_dir())
}

/// Replaces what is in a file. Writes beside it first, so that a full disk leaves it as it is; a link stays one.
///
/// # Errors
/// What the system says.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if is_special(path) {
        return File::options().write(true).open(path)?.write_all(bytes);
    }
    let path = path.canonicalize()?;
    let beside = path.with_added_extension("tmp");
    let write = || {
        let mut file = File::create(&beside)?;
        file.set_permissions(path.metadata()?.permissions())?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, &path)
    };
    write().inspect_err(|_| _ = fs::remove_file(&beside))
}

/// Puts a file in place, new or in place of another, so that a reader sees the one or the other as a whole.
///
/// # Errors
/// What the system says.
pub fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if path.exists() {
        return replace(path, bytes);
    }
    let beside = path.with_added_extension("tmp");
    let write = || {
        let mut file = File::create(&beside)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&beside, path)
    };
    write().inspect_err(|_| _ = fs::remove_file(&beside))
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

    #[cfg(unix)]
    #[test]
    fn what_replaces_a_file_keeps_its_mode_and_the_link_to_it() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let dir = tempfile::tempdir().unwrap();
        let (file, link) = (dir.path().join("policy"), dir.path().join("link"));
        fs::write(&file, "old").unwrap();
        fs::set_permissions(&file, fs::Permissions::from_mode(0o640)).unwrap();
        symlink(&file, &link).unwrap();
        replace(&link, b"new").unwrap();
        assert!(link.is_symlink() && fs::read_dir(dir.path()).unwrap().count() == 2);
        assert_eq!((fs::read(&file).unwrap(), fs::metadata(&file).unwrap().permissions().mode() & 0o777), (b"new".to_vec(), 0o640));
    }

    #[cfg(unix)]
    #[test]
    fn a_pipe_is_written_into_and_stays_one() {
        use std::os::unix::fs::FileTypeExt;
        let dir = tempfile::tempdir().unwrap();
        let pipe = dir.path().join("pipe");
        nix::unistd::mkfifo(&pipe, nix::sys::stat::Mode::S_IRWXU).unwrap();
        for write in [put, replace] {
            let from = pipe.clone();
            let reader = std::thread::spawn(move || fs::read(from).unwrap());
            write(&pipe, b"text").unwrap();
            // Were it replaced, the reader would wait for ever.
            assert!(fs::metadata(&pipe).unwrap().file_type().is_fifo() && fs::read_dir(dir.path()).unwrap().count() == 1);
            assert_eq!(reader.join().unwrap(), b"text");
        }
        assert!(is_special(&pipe) && !is_special(dir.path()) && !is_special(&dir.path().join("nothing")));
    }
}
