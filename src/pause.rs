//! Pauses between the steps of a commit, in builds with the feature `adversity` alone: `tests/adversity/run` kills the scan in each of them.

/// A step of writing a dataset that is done, and what a killed scan leaves there.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(not(feature = "adversity"), allow(dead_code))]
pub enum Step {
    /// The folder is there, without a manifest.
    FolderMade,
    /// A part is begun, under its temporary name.
    PartBegun,
    /// A part is whole and synced, under its temporary name.
    PartWritten,
    /// A part has its name; the manifest does not list it.
    PartNamed,
    /// A manifest that is empty, under its temporary name.
    ManifestBegun,
    /// A manifest that is whole and synced, under its temporary name.
    ManifestWritten,
    /// The manifest is in place.
    ManifestNamed,
    /// `rejected.csv` is in place; the manifest says nothing of an end.
    RejectedNamed,
    /// The manifest says that the run is finished; the copies of the list are still there.
    Finished,
    /// An upload in pieces is begun in a store; nothing is noted of it.
    UploadCreated,
    /// The upload is noted beside the manifest; no byte is sent.
    UploadNoted,
    /// A piece of the upload is in the store.
    UploadBegun,
    /// All pieces are in the store, which does not show the object yet.
    UploadSent,
    /// Damaged parts are struck out of the manifest; their files are still there.
    RepairBegun,
}

/// Waits to be killed if the environment names this step: `STSCAN_PAUSE=STEP:N` for the N-th time that it comes. Says so in the file
/// that `STSCAN_PAUSED` names.
#[cfg(feature = "adversity")]
pub fn pause(step: Step) {
    use std::sync::atomic::{AtomicU64, Ordering::SeqCst};
    static TIMES: AtomicU64 = AtomicU64::new(0);
    let Ok(wanted) = std::env::var("STSCAN_PAUSE") else { return };
    let (name, time) = wanted.split_once(':').unwrap_or((&wanted, "1"));
    if format!("{step:?}") != name || (TIMES.fetch_add(1, SeqCst) + 1).to_string() != time {
        return;
    }
    if let Ok(path) = std::env::var("STSCAN_PAUSED") {
        let _ = std::fs::write(path, name);
    }
    loop {
        std::thread::park();
    }
}

/// Nothing: this build is not for tests.
#[cfg(not(feature = "adversity"))]
pub const fn pause(_: Step) {}
