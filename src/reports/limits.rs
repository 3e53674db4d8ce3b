//! Bounds of what is read of TLS reports, so that no file, however it was made, takes much memory, time or stack.

/// Bytes of one report, mail or member of an archive once it is unpacked; RFC 8460 lets receivers stop at 10 MB.
pub const MAX_DOCUMENT: u64 = 32 << 20;
/// Bytes that one archive, or all that is packed in one mail, may unpack to.
pub const MAX_UNPACKED: u64 = 1 << 30;
/// Members of an archive.
pub const MAX_MEMBERS: usize = 100_000;
/// Archives and compressions within one another.
pub const MAX_LAYERS: u32 = 3;
/// MIME parts within one another.
pub const MAX_MIME_DEPTH: u32 = 16;
/// MIME parts of a mail.
pub const MAX_MIME_PARTS: usize = 1000;
/// Bytes of the header of a mail or a part; beyond that nothing is read of it.
pub const MAX_HEADER: usize = 256 << 10;
/// Values, arrays and objects of one JSON document: an honest report of the greatest length has less than half as many.
pub const MAX_NODES: usize = 4_000_000;
/// Policies of a report.
pub const MAX_POLICIES: usize = 100_000;
/// Failures of a policy.
pub const MAX_FAILURES: usize = 100_000;
/// Bytes of a text that is kept.
pub const MAX_TEXT: usize = 1024;
/// Texts of a list that are kept.
pub const MAX_LIST: usize = 1000;
/// Folders within one another.
pub const MAX_FOLDER_DEPTH: u32 = 16;
/// Greatest count of sessions that every reader of JSON has exactly (RFC 7493 section 2.2).
pub const MAX_COUNT: u64 = (1 << 53) - 1;
