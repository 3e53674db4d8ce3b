//! What operating systems do each in its own way, behind one face: error numbers, room on a disk, interfaces, limits, the machine's name.

pub(crate) use self::kind::{Errno, has_interface, interface_index, machine_name, raise_file_limit, room};

/// Descriptors that are counted on where the system does not say how many there may be.
const FILES: u64 = 1024;

#[cfg(unix)]
mod kind {
    use std::path::Path;

    use nix::net::if_::{if_indextoname, if_nametoindex};
    use nix::sys::resource::{Resource, getrlimit, setrlimit};
    use nix::sys::statvfs::statvfs;

    pub(crate) use nix::errno::Errno;

    /// Bytes that the file system of a folder has room for; `None` where that is not known.
    pub(crate) fn room(folder: &Path) -> Option<u64> {
        let system = statvfs(folder).ok()?;
        #[allow(clippy::unnecessary_cast)] // 32 bits on macOS.
        Some((system.blocks_available() as u64).saturating_mul(system.fragment_size() as u64))
    }

    /// The index of a network interface.
    pub(crate) fn interface_index(name: &str) -> Option<u32> {
        if_nametoindex(name).ok()
    }

    /// Whether a network interface has this index.
    pub(crate) fn has_interface(index: u32) -> bool {
        // An index that is none comes back as a name without letters.
        if_indextoname(index).is_ok_and(|name| !name.is_empty())
    }

    /// Raises the soft limit of open files to the hard one and returns what is in force.
    pub(crate) fn raise_file_limit() -> u64 {
        let Ok((soft, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return super::FILES };
        match setrlimit(Resource::RLIMIT_NOFILE, hard, hard) {
            Ok(()) => hard,
            Err(_) => soft,
        }
    }

    /// What the machine calls itself.
    pub(crate) fn machine_name() -> Option<String> {
        nix::unistd::gethostname().ok()?.into_string().ok()
    }
}

#[cfg(not(unix))]
mod kind {
    use std::path::Path;

    /// Error numbers of Windows and its sockets by the names that POSIX has for what they mean.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    #[allow(clippy::upper_case_acronyms)]
    pub(crate) enum Errno {
        EACCES,
        EADDRINUSE,
        EADDRNOTAVAIL,
        EAFNOSUPPORT,
        ECONNABORTED,
        ECONNREFUSED,
        ECONNRESET,
        EHOSTDOWN,
        EHOSTUNREACH,
        EINVAL,
        EMFILE,
        EMSGSIZE,
        ENETDOWN,
        ENETUNREACH,
        ENFILE,
        ENOBUFS,
        ENOMEM,
        ENOTCONN,
        EPERM,
        EPIPE,
        ETIMEDOUT,
        /// What has no name here.
        UnknownErrno,
    }

    impl Errno {
        /// What a number means.
        pub(crate) fn from_raw(number: i32) -> Self {
            match number {
                5 | 10013 => Self::EACCES,
                1314 => Self::EPERM,
                4 | 10024 => Self::EMFILE,
                36 => Self::ENFILE,
                8 | 14 => Self::ENOMEM,
                109 | 232 | 10058 => Self::EPIPE,
                10022 => Self::EINVAL,
                10040 => Self::EMSGSIZE,
                10047 => Self::EAFNOSUPPORT,
                10048 => Self::EADDRINUSE,
                10049 => Self::EADDRNOTAVAIL,
                10050 => Self::ENETDOWN,
                10051 => Self::ENETUNREACH,
                10053 => Self::ECONNABORTED,
                10054 => Self::ECONNRESET,
                10055 => Self::ENOBUFS,
                10057 => Self::ENOTCONN,
                10060 => Self::ETIMEDOUT,
                10061 => Self::ECONNREFUSED,
                10064 => Self::EHOSTDOWN,
                10065 => Self::EHOSTUNREACH,
                _ => Self::UnknownErrno,
            }
        }
    }

    /// Not known here.
    pub(crate) fn room(_: &Path) -> Option<u64> {
        None
    }

    /// Interfaces have indices alone here.
    pub(crate) fn interface_index(_: &str) -> Option<u32> {
        None
    }

    /// Whether a network interface can have this index.
    pub(crate) fn has_interface(index: u32) -> bool {
        index != 0
    }

    /// There is no limit on sockets but memory.
    pub(crate) fn raise_file_limit() -> u64 {
        8 * super::FILES
    }

    /// What the machine calls itself.
    pub(crate) fn machine_name() -> Option<String> {
        std::env::var("COMPUTERNAME").ok()
    }
}
