//! What can be wrong with a text: the kinds of fault, each with the byte range it is about.

use std::ops::Range;

/// One thing to say about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// What it is.
    pub kind: FaultKind,
    /// Byte offsets into the text; empty where something is missing.
    pub span: Range<usize>,
    /// Particulars, quoted and escaped, fit for one line; may be empty.
    pub detail: String,
}

/// What a text says, whether the RFC's grammar and MUSTs hold, and everything there is to say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parsed<T> {
    /// Best effort where the text is not valid.
    pub value: T,
    /// Whether the ABNF and the MUSTs hold.
    pub valid: bool,
    /// By position; at most [`MAX_FAULTS_PER_KIND`] of each kind.
    pub faults: Vec<Fault>,
    /// How many more there are of a kind that has more than those.
    pub omitted: Vec<(FaultKind, usize)>,
}

/// A hostile body can hold thousands of faulty lines; more than this many of one kind tell nothing new.
pub const MAX_FAULTS_PER_KIND: usize = 32;

impl<T> Parsed<T> {
    /// Whether a fault of the kind was found.
    pub fn has(&self, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }
}

/// Defines the enum and what is asked of all its variants.
macro_rules! kinds {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$doc])* $variant,)+ }

        impl $name {
            /// Every kind, in the order of the declaration, which is that of `kind as usize`.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// Its name in this source.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$variant => stringify!($variant)),+ }
            }
        }
    };
}

kinds! {
    /// Kinds of fault and of remark that a text alone can show. Each has a finding code, which is declared in `classify::faults`.
    pub enum FaultKind {
        /// Control character in the record.
        StsRecordControlChar,
        /// Two semicolons with nothing between them.
        StsRecordEmptyField,
        /// A backslash before a semicolon, left over from a zone file.
        StsRecordEscapedSemicolon,
        /// A field that is no `name=value`.
        StsRecordFieldSyntax,
        /// A second `id`; the first counts.
        StsRecordIdDuplicate,
        /// `id` with something else than letters and digits, or without a value.
        StsRecordIdInvalid,
        /// No `id`.
        StsRecordIdMissing,
        /// `id` of more than 32 characters.
        StsRecordIdTooLong,
        /// `id` in other letters than lower case.
        StsRecordKeyCase,
        /// White space before the version.
        StsRecordLeadingSpace,
        /// Quotation marks stored as part of the text.
        StsRecordLiteralQuotes,
        /// More than one record, which counts as none.
        StsRecordMultiple,
        /// Text that was meant as a record and is none to a sender.
        StsRecordNearMiss,
        /// Bytes outside US-ASCII.
        StsRecordNonAscii,
        /// Fields of the policy (`mode`, `mx`, `max_age`, `version`) in the record.
        StsRecordPolicyKeys,
        /// A record that fits into one character-string, stored as several.
        StsRecordSplitStrings,
        /// White space at the end that no semicolon follows.
        StsRecordTrailingSpace,
        /// A field that the RFC does not define.
        StsRecordUnknownField,
        /// Another version than STSv1.
        StsRecordUnknownVersion,
        /// A TXT record of another kind under the same name.
        StsRecordUnrelatedTxt,
        /// The version in the wrong case.
        StsRecordVersionCase,
        /// A second `v`; the first counts.
        StsRecordVersionDuplicate,
        /// Something stands before the version.
        StsRecordVersionNotFirst,
        /// White space between the version and its semicolon: lost to the literal discard rule.
        StsRecordVersionSpace,

        /// Tags of DMARC.
        TlsrptDmarcTags,
        /// Two semicolons with nothing between them.
        TlsrptEmptyField,
        /// A field that is no `name=value`, or a control character.
        TlsrptFieldSyntax,
        /// `rua` in other letters than lower case.
        TlsrptKeyCase,
        /// White space before the version.
        TlsrptLeadingSpace,
        /// Quotation marks stored as part of the text.
        TlsrptLiteralQuotes,
        /// More than one record, which counts as none.
        TlsrptMultiple,
        /// Text that was meant as a record and is none to a sender.
        TlsrptNearMiss,
        /// Bytes outside US-ASCII.
        TlsrptNonAscii,
        /// White space at the end that no semicolon follows.
        TlsrptRecordTrailingSpace,
        /// A field that the RFC does not define.
        TlsrptUnknownField,
        /// Another version than TLSRPTv1.
        TlsrptUnknownVersion,
        /// A TXT record of another kind under the same name.
        TlsrptUnrelatedTxt,
        /// Something stands before the version.
        TlsrptVersionNotFirst,
        /// White space between the version and its semicolon: lost to the literal discard rule.
        TlsrptVersionSpace,
        /// The same destination twice.
        TlsrptRuaDuplicate,
        /// `rua` without a destination, or an empty place in its list.
        TlsrptRuaEmpty,
        /// An https destination without a proper host or port.
        TlsrptRuaHttpsSyntax,
        /// A destination by address instead of by name.
        TlsrptRuaIpLiteral,
        /// A mailto destination that is no proper mailbox.
        TlsrptRuaMailtoSyntax,
        /// No `rua`.
        TlsrptRuaMissing,
        /// More than one destination.
        TlsrptRuaMultiple,
        /// A destination without `mailto:` or `https:`.
        TlsrptRuaNoScheme,
        /// An https destination on another port than 443.
        TlsrptRuaNonstandardPort,
        /// An address hidden from robots, copied from a web page.
        TlsrptRuaObfuscated,
        /// `rua` more than once.
        TlsrptRuaRepeatedField,
        /// A scheme that no sender of reports uses.
        TlsrptRuaScheme,
        /// A host without a dot.
        TlsrptRuaSingleLabel,
        /// A size limit (`!10m`), which only DMARC knows.
        TlsrptRuaSizeSuffix,
        /// A destination that is no URI.
        TlsrptRuaUriSyntax,
        /// Credentials in an https destination.
        TlsrptRuaUserinfo,

        /// The header names another charset than UTF-8 or US-ASCII.
        StsFetchContentTypeCharset,
        /// The header is no media type.
        StsFetchContentTypeMalformed,
        /// No header.
        StsFetchContentTypeMissing,
        /// Another media type than text/plain.
        StsFetchContentTypeWrong,
        /// More bytes than senders read.
        StsFetchTooLarge,

        /// Mode none: the policy asks for nothing.
        StsModeNone,
        /// Mode testing: failures are reported, mail is delivered.
        StsModeTesting,

        /// CR that no LF follows, or several before one LF.
        StsPolicyBareCr,
        /// A line with nothing in it.
        StsPolicyBlankLine,
        /// A byte order mark.
        StsPolicyBom,
        /// A comment; the format has none.
        StsPolicyComment,
        /// Control character in a line.
        StsPolicyControlChar,
        /// A second field of a kind that counts once; the first counts.
        StsPolicyDuplicateField,
        /// Nothing but white space.
        StsPolicyEmpty,
        /// Lines end with LF; the grammar allows it, the prose says CRLF.
        StsPolicyEolLf,
        /// Some lines end with LF, some with CRLF.
        StsPolicyEolMixed,
        /// The two characters `\n` where a line should end.
        StsPolicyEscapedNewline,
        /// A web page.
        StsPolicyHtmlBody,
        /// A JSON document.
        StsPolicyJsonBody,
        /// A known key in other letters than lower case.
        StsPolicyKeyCase,
        /// A key that is nearly a known one.
        StsPolicyKeyTypo,
        /// More than 4096 bytes.
        StsPolicyLarge,
        /// White space before a key.
        StsPolicyLeadingSpace,
        /// U+2028, U+2029 or U+0085 where a line should end.
        StsPolicyLineSeparator,
        /// A line that is no `key: value`.
        StsPolicyLineSyntax,
        /// max_age is not 1 to 10 digits.
        StsPolicyMaxAgeInvalid,
        /// max_age begins with a zero.
        StsPolicyMaxAgeLeadingZero,
        /// No max_age.
        StsPolicyMaxAgeMissing,
        /// max_age above 31557600 seconds.
        StsPolicyMaxAgeOverMaximum,
        /// max_age below a week.
        StsPolicyMaxAgeShort,
        /// max_age below a day.
        StsPolicyMaxAgeVeryShort,
        /// max_age of 0.
        StsPolicyMaxAgeZero,
        /// The mode in the wrong case.
        StsPolicyModeCase,
        /// Another mode than enforce, testing and none.
        StsPolicyModeInvalid,
        /// Mode `report` of the drafts.
        StsPolicyModeLegacyReport,
        /// No mode.
        StsPolicyModeMissing,
        /// `*` alone as pattern.
        StsPolicyMxBareWildcard,
        /// The same pattern twice.
        StsPolicyMxDuplicate,
        /// A mail address as pattern.
        StsPolicyMxEmail,
        /// mx without a value.
        StsPolicyMxEmpty,
        /// A pattern that is no `["*."] Domain`.
        StsPolicyMxInvalid,
        /// An IP address as pattern.
        StsPolicyMxIpLiteral,
        /// A pattern with the label of the policy host.
        StsPolicyMxIsPolicyHost,
        /// A pattern that begins with a dot.
        StsPolicyMxLeadingDot,
        /// Several patterns in one line.
        StsPolicyMxListOnOneLine,
        /// More than 30 patterns.
        StsPolicyMxMany,
        /// No mx, though the mode needs one.
        StsPolicyMxMissing,
        /// A pattern with a port.
        StsPolicyMxPort,
        /// A pattern with the preference of an MX record.
        StsPolicyMxPriority,
        /// A pattern without a dot.
        StsPolicyMxSingleLabel,
        /// A pattern with the root dot.
        StsPolicyMxTrailingDot,
        /// A pattern with letters outside US-ASCII.
        StsPolicyMxULabel,
        /// A pattern with upper-case letters.
        StsPolicyMxUppercase,
        /// A URL as pattern.
        StsPolicyMxUrl,
        /// `*` elsewhere than as the whole first label.
        StsPolicyMxWildcardPosition,
        /// A wildcard directly below a public suffix.
        StsPolicyMxWildcardPublicSuffix,
        /// No-break space, or another space that Unicode knows and the grammar does not.
        StsPolicyNbsp,
        /// Bytes that are no UTF-8.
        StsPolicyNotUtf8,
        /// Example text of a guide, left in.
        StsPolicyPlaceholder,
        /// Several fields in one line.
        StsPolicySingleLine,
        /// White space between a key and its colon.
        StsPolicySpaceBeforeColon,
        /// Empty lines at the end.
        StsPolicyTrailingBlankLine,
        /// White space at the end of a line.
        StsPolicyTrailingSpace,
        /// A field that the RFC does not define.
        StsPolicyUnknownField,
        /// The version in the wrong case.
        StsPolicyVersionCase,
        /// Another version than STSv1.
        StsPolicyVersionInvalid,
        /// No version.
        StsPolicyVersionMissing,
        /// The version is not the first field; legal.
        StsPolicyVersionNotFirst,
    }
}
