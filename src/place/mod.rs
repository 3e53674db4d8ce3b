//! Where files lie: in folders of this machine, or under a prefix of an object store (`s3://bucket/prefix`, `gs://`, `az://`).
//!
//! A place is named by a path, as the user typed it; everything here takes either kind, so that nobody above has to ask which it is. What
//! differs is said once, here: a file of this machine has its name when it is renamed, an object when it is put; a folder of this
//! machine has a lock, a prefix a manifest that is only replaced where it is still the one that this process has seen; a file of this
//! machine is read as it is needed, of an object only the ranges that were asked for, at once where they lie side by side.
//!
//! Whatever can pass (a refused connection, 429, 500, 503, silence, a body that is cut) is repeated with growing pauses; see [`courier`].

mod address;
mod bucket;
mod courier;
mod folder;
mod opened;
mod profile;
mod settings;
mod trouble;
mod upload;

pub(crate) use self::address::{SCHEMES, check, is_far};
pub(crate) use self::folder::{
    Lengths, absolute, canonical, create_dir_all, exists, is_folder, length, names, read, remove_dir, remove_file, rename, replace, write,
    write_durably,
};
pub(crate) use self::opened::{Opened, open, open_of};
pub(crate) use self::trouble::is_passing;
pub(crate) use self::upload::{UPLOADS, abort_uploads, put};
