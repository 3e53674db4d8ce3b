//! `--notify-exec`: a program of the user's that is told what happened, as JSON on its standard input. Whatever it does, it cannot do more to
//! us than take its time, and that has a limit.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::exit::Failure;
use super::values::shown;

/// How long the program may take, unless the user says otherwise.
const USUAL_LIMIT: Duration = Duration::from_secs(60);
/// How often we look whether it has ended.
const LOOK: Duration = Duration::from_millis(10);
/// How long a program that was killed may take to be gone.
const GONE: Duration = Duration::from_secs(2);
/// Octets of the program's beginning that say what it is.
const BEGINNING: u64 = 4096;

/// A program that can be run.
#[derive(Debug)]
pub(super) struct Notifier {
    program: PathBuf,
    limit: Duration,
}

impl Notifier {
    /// Finds the program, as a shell does, and refuses what cannot be run.
    pub(super) fn find(typed: &Path, limit: Option<Duration>) -> Result<Self, Failure> {
        let refuse = |why: String| Failure::usage(format!("--notify-exec {} cannot be run: {why}", shown(typed)));
        let program = if typed.components().count() > 1 {
            std::path::absolute(typed).map_err(|error| refuse(error.to_string()))?
        } else {
            in_path(typed)
                .ok_or_else(|| refuse(format!("no program in PATH is called so; write ./{0} for the file {0} here", shown(typed))))?
        };
        why_not(&program).map_or(Ok(()), |why| Err(refuse(why)))?;
        Ok(Self { program, limit: limit.unwrap_or(USUAL_LIMIT) })
    }

    /// Runs the program with a text on its standard input. `Err` is what is to be said of it, a sentence.
    pub(super) fn tell(&self, text: &str) -> Result<(), String> {
        let wrong = |why: String| format!("--notify-exec {} {why}; what was done before stays as it is", shown(&self.program));
        let mut command = Command::new(&self.program);
        // What it says is for the reader of our messages; our output may be a table that somebody reads.
        command.stdin(Stdio::piped()).stdout(Stdio::from(io::stderr())).stderr(Stdio::inherit());
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = spawn(&mut command).map_err(|error| wrong(format!("cannot be run: {error}")))?;
        if let Some(mut stdin) = child.stdin.take() {
            let text = text.to_owned();
            // In a thread, as it may never read. One that ends without having read is content with that.
            thread::spawn(move || _ = stdin.write_all(text.as_bytes()));
        }
        match ended_within(&mut child, self.limit).map_err(|error| wrong(format!("cannot be waited for: {error}")))? {
            Some(status) if status.success() => Ok(()),
            Some(status) => Err(wrong(how_it_ended(status))),
            None => {
                kill(&mut child);
                let _ = ended_within(&mut child, GONE);
                Err(wrong(format!("did not end within {:?} (--notify-timeout) and was killed", self.limit)))
            }
        }
    }
}

/// Starts a program. One that is being written at this moment is waited for.
fn spawn(command: &mut Command) -> io::Result<Child> {
    let end = Instant::now() + GONE;
    loop {
        match command.spawn() {
            Err(error) if error.kind() == io::ErrorKind::ExecutableFileBusy && Instant::now() < end => thread::sleep(LOOK),
            started => return started,
        }
    }
}

/// Waits for the end of a program, for so long.
fn ended_within(child: &mut Child, limit: Duration) -> io::Result<Option<ExitStatus>> {
    let end = Instant::now() + limit;
    loop {
        match child.try_wait()? {
            None if Instant::now() < end => thread::sleep(LOOK),
            ended => return Ok(ended),
        }
    }
}

/// Kills a program, and on Unix what it has started.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    if let Ok(group) = i32::try_from(child.id()) {
        use nix::sys::signal::{Signal, killpg};
        // It may have ended by itself in this moment.
        let _ = killpg(nix::unistd::Pid::from_raw(group), Signal::SIGKILL);
    }
    let _ = child.kill();
}

fn how_it_ended(status: ExitStatus) -> String {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return format!("was ended by signal {signal}");
    }
    status.code().map_or("failed".to_owned(), |code| format!("ended with exit status {code}"))
}

/// The first program of that name in `PATH`.
fn in_path(name: &Path) -> Option<PathBuf> {
    let folders = std::env::var_os("PATH")?;
    let found = std::env::split_paths(&folders).map(|folder| folder.join(name)).find(|program| why_not(program).is_none())?;
    std::path::absolute(found).ok()
}

/// Why a file cannot be run, as far as that can be known without running it.
fn why_not(program: &Path) -> Option<String> {
    if program.is_dir() {
        return Some("it is a folder".to_owned());
    }
    #[cfg(unix)]
    if let Err(error) = nix::unistd::access(program, nix::unistd::AccessFlags::X_OK) {
        let advice = if error == nix::errno::Errno::EACCES && program.exists() { "; make it executable by chmod +x" } else { "" };
        return Some(format!("{}{advice}", io::Error::from(error)));
    }
    let mut beginning = Vec::new();
    // A program that may be run and not read is none of those that the beginning tells of.
    let _ = File::open(program).and_then(|file| file.take(BEGINNING).read_to_end(&mut beginning)).ok()?;
    let Ok(text) = String::from_utf8(beginning) else { return None };
    match text.strip_prefix("#!") {
        Some(rest) => {
            let interpreter = rest.split_whitespace().next().unwrap_or_default();
            (!Path::new(interpreter).is_file()).then(|| format!("its first line asks for {interpreter:?}, which is not there"))
        }
        // Every kind of binary has a NUL near its beginning.
        None if cfg!(unix) && !text.contains('\0') => Some("it is a text without a first line such as #!/bin/sh".to_owned()),
        None => None,
    }
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    fn script(dir: &Path, name: &str, text: &str) -> PathBuf {
        let path = dir.join(name);
        std::fs::write(&path, text).unwrap();
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o755)).unwrap();
        path
    }

    fn tell(path: &Path, limit: u64, text: &str) -> Result<(), String> {
        Notifier::find(path, Some(Duration::from_millis(limit))).unwrap().tell(text)
    }

    #[test]
    fn a_program_that_cannot_be_run_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let plain = dir.path().join("plain");
        std::fs::write(&plain, "#!/bin/sh\n").unwrap();
        for (program, why) in [
            (dir.path().join("none"), "No such file"),
            (dir.path().to_owned(), "it is a folder"),
            (plain, "chmod +x"),
            (script(dir.path(), "empty", ""), "without a first line"),
            (script(dir.path(), "text", "echo\n"), "without a first line"),
            (script(dir.path(), "other", "#! /no/such/shell -e\n"), "\"/no/such/shell\", which is not there"),
            ("stscan-no-such-program".into(), "no program in PATH"),
        ] {
            let said = Notifier::find(&program, None).unwrap_err().to_string();
            assert!(said.starts_with("--notify-exec ") && said.contains(why) && !said.contains('\n'), "{said}");
        }
        assert!(Notifier::find(Path::new("true"), None).is_ok());
    }

    #[test]
    fn what_goes_wrong_is_one_sentence_within_the_limit() {
        let dir = tempfile::tempdir().unwrap();
        let dir = dir.path();
        let large = "x".repeat(1 << 20);
        let copy = script(dir, "copy", &format!("#!/bin/sh\ncat > {}/copied\n", dir.display()));
        assert_eq!(tell(&copy, 20_000, &large), Ok(()));
        assert_eq!(std::fs::read_to_string(dir.join("copied")).unwrap(), large);
        assert_eq!(tell(&script(dir, "deaf", "#!/bin/sh\nexit 0\n"), 20_000, &large), Ok(()));
        let begun = Instant::now();
        for (program, why) in [
            (script(dir, "fails", "#!/bin/sh\nexit 3\n"), "ended with exit status 3"),
            (script(dir, "dies", "#!/bin/sh\nkill -9 $$\n"), "was ended by signal 9"),
            (script(dir, "hangs", "#!/bin/sh\nsleep 1000 & wait\n"), "did not end within 300ms"),
            (script(dir, "stubborn", "#!/bin/sh\ntrap '' TERM HUP INT\nwhile :; do sleep 1000; done\n"), "and was killed"),
        ] {
            let said = tell(&program, if why.starts_with("did not") || why.starts_with("and") { 300 } else { 20_000 }, &large).unwrap_err();
            assert!(said.contains(why) && !said.contains('\n'), "{said}");
        }
        assert!(begun.elapsed() < Duration::from_secs(60));
        let gone = script(dir, "gone", "#!/bin/sh\n");
        let notifier = Notifier::find(&gone, None).unwrap();
        std::fs::remove_file(gone).unwrap();
        assert!(notifier.tell("").unwrap_err().contains("cannot be run: No such file"));
    }
}
