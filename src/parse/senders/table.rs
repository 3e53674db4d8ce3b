//! The implementations whose reading is known, by name, and how each reads.

use super::quirks::{
    Beginning, Choice, Counts, Destinations, Encoding, KeyStart, Keys, Lines, Matching, MaxAge, Media, Misfit, MxLines, Number, Pairs,
    Policy, Profile, Record, Reports, RootDot, SecondId, Spaces, White,
};
use crate::vocabulary::vocabulary;

vocabulary! {
    /// An implementation whose reading is known.
    pub enum Sender {
        /// The mail server chasquid, <https://github.com/albertito/chasquid>.
        Chasquid = "chasquid",
        /// The library of the mail server maddy, <https://github.com/foxcpp/go-mtasts>.
        GoMtasts = "go-mtasts",
        /// The mail server KumoMTA, <https://github.com/KumoCorp/kumomta>.
        Kumomta = "kumomta",
        /// The library of the mail server ZoneMTA, <https://github.com/postalsys/mailauth>.
        Mailauth = "mailauth",
        /// The mail server mox, <https://github.com/mjl-/mox>.
        Mox = "mox",
        /// A policy service for Postfix, in Python, <https://github.com/Snawoot/postfix-mta-sts-resolver>.
        PostfixMtaStsResolver = "postfix-mta-sts-resolver",
        /// A policy service for Postfix, in Go, <https://github.com/Zuplu/postfix-tlspol>.
        PostfixTlspol = "postfix-tlspol",
        /// The mail server Stalwart, <https://github.com/stalwartlabs/stalwart>.
        Stalwart = "stalwart",
    }
}

/// How a sender reads.
pub(super) const fn profile(sender: Sender) -> &'static Profile {
    match sender {
        Sender::Chasquid => &CHASQUID,
        Sender::GoMtasts => &GO_MTASTS,
        Sender::Kumomta => &KUMOMTA,
        Sender::Mailauth => &MAILAUTH,
        Sender::Mox => &MOX,
        Sender::PostfixMtaStsResolver => &POSTFIX_MTA_STS_RESOLVER,
        Sender::PostfixTlspol => &POSTFIX_TLSPOL,
        Sender::Stalwart => &STALWART,
    }
}

const ANY_AGE: (f64, f64) = (f64::NEG_INFINITY, f64::INFINITY);
/// The maximum of RFC 8461 section 3.2, in seconds.
const YEAR: f64 = 31_557_600.0;

/// Pairs as most forgiving senders read them.
const PAIRS: Pairs = Pairs {
    spaces: Spaces::AroundBoth,
    blank: Misfit::Skipped,
    lone: Misfit::Skipped,
    second_equals: true,
    colon_cuts: false,
    any_case: false,
    every_version: false,
    empty_id: true,
};

/// A policy as most forgiving senders read it.
const FORGIVING: Policy = Policy {
    encoding: Encoding::Lossy,
    most_octets: None,
    lines: Lines::Feed,
    empty_line: Misfit::Skipped,
    lone: Misfit::Skipped,
    second_colon: true,
    keys: Keys::Trimmed,
    counts: Counts::Last,
    all_checked: false,
    version_optional: false,
    mode_any_case: false,
    mode_optional: false,
    max_age: MaxAge { number: Number::Signed, range: ANY_AGE, otherwise: None },
    mx: MxLines::Anything,
    none_needs_mx: false,
};

/// A policy by the ABNF.
const STRICT: Policy = Policy {
    empty_line: Misfit::Refused,
    lone: Misfit::Refused,
    keys: Keys::Grammar(KeyStart::Alphanumeric),
    counts: Counts::First,
    max_age: MaxAge { number: Number::Digits, range: ANY_AGE, otherwise: None },
    mx: MxLines::Grammar(RootDot::Kept),
    ..FORGIVING
};

const MATCHING: Matching =
    Matching { pattern_dot: RootDot::Kept, host_dot: RootDot::Ignored, any_depth: false, grammar: false, trims: false };

const CHASQUID: Profile = Profile {
    white: White::Unicode,
    choice: Choice::AnyReadable,
    record: Record::VersionOnly,
    media: Media::Whole,
    policy: Policy {
        most_octets: Some(10 * 1024),
        max_age: MaxAge { number: Number::Signed, range: (1.0, YEAR), otherwise: None },
        none_needs_mx: true,
        ..FORGIVING
    },
    reports: None,
    matching: Some(Matching { pattern_dot: RootDot::Ignored, ..MATCHING }),
};

const GO_MTASTS: Profile = Profile {
    white: White::Unicode,
    choice: Choice::OnlyTxt,
    record: Record::Pairs(Pairs {
        spaces: Spaces::AroundField,
        lone: Misfit::Refused,
        second_equals: false,
        every_version: true,
        empty_id: false,
        ..PAIRS
    }),
    media: Media::Whole,
    policy: Policy {
        empty_line: Misfit::Refused,
        lone: Misfit::Refused,
        second_colon: false,
        keys: Keys::Exact,
        all_checked: true,
        ..FORGIVING
    },
    reports: None,
    matching: Some(Matching { pattern_dot: RootDot::Ignored, ..MATCHING }),
};

const KUMOMTA: Profile = Profile {
    white: White::Unicode,
    choice: Choice::Joined,
    record: Record::Pairs(Pairs { blank: Misfit::Refused, lone: Misfit::Refused, ..PAIRS }),
    media: Media::SmallEssence,
    policy: Policy {
        lone: Misfit::Refused,
        counts: Counts::Only,
        max_age: MaxAge { number: Number::Unsigned, range: ANY_AGE, otherwise: None },
        ..FORGIVING
    },
    reports: None,
    matching: Some(MATCHING),
};

const MAILAUTH: Profile = Profile {
    white: White::Script,
    choice: Choice::OneThat(Beginning::Word),
    // The record is read as a mail header is, and what stands before a colon is taken for the name of the header.
    record: Record::Pairs(Pairs { colon_cuts: true, any_case: true, empty_id: false, ..PAIRS }),
    media: Media::Unread,
    policy: Policy {
        keys: Keys::AnyCase,
        mode_any_case: true,
        mode_optional: true,
        max_age: MaxAge { number: Number::Script, range: (0.0, YEAR), otherwise: None },
        ..FORGIVING
    },
    reports: None,
    matching: Some(Matching { host_dot: RootDot::Kept, any_depth: true, trims: true, ..MATCHING }),
};

const MOX: Profile = Profile {
    white: White::Wsp,
    choice: Choice::OneThat(Beginning::Delimited),
    record: Record::Grammar(KeyStart::Punctuation, SecondId::Refused),
    media: Media::Unread,
    policy: Policy {
        keys: Keys::Grammar(KeyStart::Punctuation),
        all_checked: true,
        max_age: MaxAge { number: Number::Digits, range: (0.0, i32::MAX as f64), otherwise: None },
        ..STRICT
    },
    reports: Some(Reports { choice: Choice::OneThat(Beginning::Delimited), destinations: Destinations::AnyScheme(KeyStart::Punctuation) }),
    matching: Some(Matching { grammar: true, ..MATCHING }),
};

const POSTFIX_MTA_STS_RESOLVER: Profile = Profile {
    white: White::Python,
    choice: Choice::OneThat(Beginning::AsciiPrefix),
    record: Record::Pairs(Pairs { spaces: Spaces::AroundFieldOnly, lone: Misfit::Empty, ..PAIRS }),
    media: Media::Essence,
    policy: Policy {
        encoding: Encoding::Declared,
        lines: Lines::Python,
        lone: Misfit::Empty,
        keys: Keys::Exact,
        max_age: MaxAge { number: Number::Python, range: (0.0, YEAR), otherwise: None },
        ..FORGIVING
    },
    reports: None,
    matching: None,
};

const POSTFIX_TLSPOL: Profile = Profile {
    white: White::Wsp,
    choice: Choice::OneThat(Beginning::Delimited),
    record: Record::Grammar(KeyStart::Alphanumeric, SecondId::Ignored),
    media: Media::Whole,
    policy: Policy { encoding: Encoding::Utf8Printable, mx: MxLines::Grammar(RootDot::Ignored), ..STRICT },
    reports: None,
    matching: None,
};

const STALWART: Profile = Profile {
    white: White::Unicode,
    choice: Choice::AnyReadable,
    record: Record::Pairs(Pairs { spaces: Spaces::Everywhere, any_case: true, every_version: true, ..PAIRS }),
    media: Media::Unread,
    policy: Policy {
        encoding: Encoding::Utf8,
        lines: Lines::FeedAfterColon,
        all_checked: true,
        version_optional: true,
        mode_optional: true,
        max_age: MaxAge { number: Number::Unsigned, range: ANY_AGE, otherwise: Some(86_400) },
        mx: MxLines::NotEmpty,
        none_needs_mx: true,
        ..FORGIVING
    },
    reports: Some(Reports { choice: Choice::AnyReadable, destinations: Destinations::MailAndWeb }),
    matching: Some(MATCHING),
};
