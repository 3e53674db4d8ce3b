//! The quirks by which implementations differ when they read a record or a policy.

/// How one implementation reads.
#[derive(Debug)]
pub(super) struct Profile {
    /// What it takes for white space.
    pub(super) white: White,
    /// Which TXT records it reads.
    pub(super) choice: Choice,
    /// How it reads a record.
    pub(super) record: Record,
    /// What it asks of the Content-Type.
    pub(super) media: Media,
    /// How it reads a policy.
    pub(super) policy: Policy,
    /// How it reads a record of TLS reporting; `None` where that is not known or it sends no reports.
    pub(super) reports: Option<Reports>,
    /// How it compares names; `None` where it hands the patterns on.
    pub(super) matching: Option<Matching>,
}

/// What counts as white space.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum White {
    /// Space and tab, the WSP of the RFC.
    Wsp,
    /// The property White_Space of Unicode.
    Unicode,
    /// The same without U+0085 and with the byte order mark, as ECMAScript has it.
    Script,
    /// Unicode's and the four information separators, as Python has it.
    Python,
}

/// Which of several TXT records is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Choice {
    /// The only one, whatever the others would say.
    OnlyTxt,
    /// All of them, joined.
    Joined,
    /// Any that can be read.
    AnyReadable,
    /// The only one that begins in a certain way.
    OneThat(Beginning),
}

/// How a TXT record has to begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    /// With the version, white space and a semicolon.
    Delimited,
    /// With the version, whatever follows; texts beyond ASCII are not looked at.
    AsciiPrefix,
    /// With the version as a word in any case, after white space.
    Word,
}

/// How a record is read.
#[derive(Clone, Copy, Debug)]
pub(super) enum Record {
    /// Not beyond `v=STSv1;`.
    VersionOnly,
    /// By the ABNF.
    Grammar(KeyStart, SecondId),
    /// As pairs of key and value between semicolons.
    Pairs(Pairs),
}

/// Which characters an extension's name may begin with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum KeyStart {
    /// Letters and digits, as the ABNF says.
    Alphanumeric,
    /// Hyphen and dot, too.
    Punctuation,
}

/// What comes of a second id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum SecondId {
    Ignored,
    Refused,
}

/// What comes of something that does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Misfit {
    /// It is passed over.
    Skipped,
    /// It spoils the whole text.
    Refused,
    /// It is a key with an empty value.
    Empty,
}

/// How pairs are read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pairs {
    /// Where white space is taken off.
    pub(super) spaces: Spaces,
    /// Fields of nothing but white space; empty ones are always skipped.
    pub(super) blank: Misfit,
    /// Fields without an equals sign.
    pub(super) lone: Misfit,
    /// Whether a value may contain an equals sign.
    pub(super) second_equals: bool,
    /// Whether what stands before the first colon of the record is dropped.
    pub(super) colon_cuts: bool,
    /// Whether keys and version are read in any case.
    pub(super) any_case: bool,
    /// Whether every `v` has to be right, or the last.
    pub(super) every_version: bool,
    /// Whether the id may be empty.
    pub(super) empty_id: bool,
}

/// Where white space is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Spaces {
    /// Around the field; within it, spaces and tabs are refused.
    AroundField,
    /// Around the field only.
    AroundFieldOnly,
    /// Around key and value.
    AroundBoth,
    /// Everywhere.
    Everywhere,
}

/// What is asked of the Content-Type (a SHOULD of RFC 8461 section 3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Media {
    /// Nothing.
    Unread,
    /// text/plain before the first semicolon, in any case.
    Essence,
    /// The same in small letters.
    SmallEssence,
    /// text/plain, and parameters without error.
    Whole,
}

/// How a policy is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Policy {
    pub(super) encoding: Encoding,
    /// How many octets are read; the rest is dropped without a word.
    pub(super) most_octets: Option<usize>,
    pub(super) lines: Lines,
    /// Empty lines.
    pub(super) empty_line: Misfit,
    /// Lines without a colon.
    pub(super) lone: Misfit,
    /// Whether a value may contain a colon.
    pub(super) second_colon: bool,
    pub(super) keys: Keys,
    /// Which of several fields of a kind counts.
    pub(super) counts: Counts,
    /// Whether those that do not count have to be right, too.
    pub(super) all_checked: bool,
    /// Whether the version may be missing, and written in any case.
    pub(super) version_optional: bool,
    /// Whether the mode is read in any case.
    pub(super) mode_any_case: bool,
    /// Whether a policy without mode has mode none.
    pub(super) mode_optional: bool,
    pub(super) max_age: MaxAge,
    pub(super) mx: MxLines,
    /// Whether mode none needs mx, too.
    pub(super) none_needs_mx: bool,
}

/// What octets are read as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Encoding {
    /// UTF-8, errors replaced.
    Lossy,
    /// UTF-8 or nothing.
    Utf8,
    /// UTF-8 without the control characters U+0080 to U+009F, or nothing.
    Utf8Printable,
    /// What the Content-Type says, ASCII if it says nothing, or nothing.
    Declared,
}

/// What ends a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Lines {
    /// LF, or CR LF.
    Feed,
    /// All that Python takes for a line end.
    Python,
    /// LF after a value; a key reaches from there to the next colon, over line ends.
    FeedAfterColon,
}

/// How keys are compared, and whether unknown fields have to fit the ABNF.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keys {
    /// Exactly, and unknown fields have to fit.
    Grammar(KeyStart),
    /// Exactly.
    Exact,
    /// White space taken off.
    Trimmed,
    /// White space taken off, in any case.
    AnyCase,
}

/// Which of several fields of a kind counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counts {
    First,
    Last,
    /// There must not be several.
    Only,
}

/// How max_age is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct MaxAge {
    pub(super) number: Number,
    /// Least and most seconds that are accepted.
    pub(super) range: (f64, f64),
    /// Seconds where the number is missing or cannot be read; `None` if there has to be one.
    pub(super) otherwise: Option<u64>,
}

/// What is a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Number {
    /// 1 to 10 digits, as the ABNF says.
    Digits,
    /// Digits and perhaps a plus, within 64 bits.
    Unsigned,
    /// Digits and perhaps a sign, within 64 bits.
    Signed,
    /// What Python's `int` reads.
    Python,
    /// What ECMAScript's `Number` reads.
    Script,
}

/// What an mx line may say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MxLines {
    /// A pattern that is no address, or the policy is refused.
    Grammar(RootDot),
    /// Anything.
    Anything,
    /// Anything; empty ones are passed over.
    NotEmpty,
}

/// Whether a dot at the end of a name is taken off.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum RootDot {
    Ignored,
    Kept,
}

/// How a record of TLS reporting is read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reports {
    /// Which TXT records are read.
    pub(super) choice: Choice,
    pub(super) destinations: Destinations,
}

/// How fields and destinations are read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Destinations {
    /// By the ABNF, save that white space may stand at the end; any scheme will do.
    AnyScheme(KeyStart),
    /// As pairs in any case, mailto and https only.
    MailAndWeb,
}

/// How a pattern is compared with the name of an MX host.
#[derive(Clone, Copy, Debug)]
pub(super) struct Matching {
    /// Dots at the end of patterns and of hosts.
    pub(super) pattern_dot: RootDot,
    pub(super) host_dot: RootDot,
    /// Whether a wildcard stands for several labels, too.
    pub(super) any_depth: bool,
    /// Whether a pattern has to fit the grammar and be no address.
    pub(super) grammar: bool,
    /// Whether white space is taken off the host.
    pub(super) trims: bool,
}
