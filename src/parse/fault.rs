//! What can be wrong with a text: the kinds of fault, each with the byte range it is about.

use std::ops::Range;

use crate::vocabulary::vocabulary;

/// One thing to say about a text.
#[derive(Clone, Debug, PartialEq, Eq)]
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
pub struct Parsed<T> {
    /// Best effort where the text is not valid.
    pub value: T,
    /// Whether the ABNF and the MUSTs hold.
    pub valid: bool,
    /// By position; at most [`MAX_FAULTS_PER_KIND`] of each kind.
    pub faults: Vec<Fault>,
}

/// A hostile body can hold thousands of faulty lines; more than this many of one kind tell nothing new.
pub const MAX_FAULTS_PER_KIND: usize = 32;

impl<T> Parsed<T> {
    /// Whether a fault of the kind was found.
    pub fn has(&self, kind: FaultKind) -> bool {
        self.faults.iter().any(|fault| fault.kind == kind)
    }
}

vocabulary! {
    /// Kinds of fault and of remark that a text alone can show. The word is the code of the finding.
    pub enum FaultKind {
        /// Control character in the record.
        StsRecordControlChar = "sts-record-control-char",
        /// Two semicolons with nothing between them.
        StsRecordEmptyField = "sts-record-empty-field",
        /// A backslash before a semicolon, left over from a zone file.
        StsRecordEscapedSemicolon = "sts-record-escaped-semicolon",
        /// A field that is no `name=value`.
        StsRecordFieldSyntax = "sts-record-field-syntax",
        /// A second `id`; the first counts.
        StsRecordIdDuplicate = "sts-record-id-duplicate",
        /// `id` with something else than letters and digits, or without a value.
        StsRecordIdInvalid = "sts-record-id-invalid",
        /// No `id`.
        StsRecordIdMissing = "sts-record-id-missing",
        /// `id` of more than 32 characters.
        StsRecordIdTooLong = "sts-record-id-too-long",
        /// `id` in other letters than lower case.
        StsRecordKeyCase = "sts-record-key-case",
        /// White space before the version.
        StsRecordLeadingSpace = "sts-record-leading-space",
        /// Quotation marks stored as part of the text.
        StsRecordLiteralQuotes = "sts-record-literal-quotes",
        /// More than one record, which counts as none.
        StsRecordMultiple = "sts-record-multiple",
        /// Text that was meant as a record and is none to a sender.
        StsRecordNearMiss = "sts-record-near-miss",
        /// Bytes outside US-ASCII.
        StsRecordNonAscii = "sts-record-non-ascii",
        /// Fields of the policy (`mode`, `mx`, `max_age`, `version`) in the record.
        StsRecordPolicyKeys = "sts-record-policy-keys",
        /// A record that fits into one character-string, stored as several.
        StsRecordSplitStrings = "sts-record-split-strings",
        /// White space at the end that no semicolon follows.
        StsRecordTrailingSpace = "sts-record-trailing-space",
        /// A field that the RFC does not define.
        StsRecordUnknownField = "sts-record-unknown-field",
        /// Another version than STSv1.
        StsRecordUnknownVersion = "sts-record-unknown-version",
        /// A TXT record of another kind under the same name.
        StsRecordUnrelatedTxt = "sts-record-unrelated-txt",
        /// The version in the wrong case.
        StsRecordVersionCase = "sts-record-version-case",
        /// A second `v`; the first counts.
        StsRecordVersionDuplicate = "sts-record-version-duplicate",
        /// Something stands before the version.
        StsRecordVersionNotFirst = "sts-record-version-not-first",
        /// White space between the version and its semicolon: lost to the literal discard rule.
        StsRecordVersionSpace = "sts-record-version-space",

        /// Tags of DMARC.
        TlsrptDmarcTags = "tlsrpt-dmarc-tags",
        /// Two semicolons with nothing between them.
        TlsrptEmptyField = "tlsrpt-empty-field",
        /// A field that is no `name=value`, or a control character.
        TlsrptFieldSyntax = "tlsrpt-field-syntax",
        /// `rua` in other letters than lower case.
        TlsrptKeyCase = "tlsrpt-key-case",
        /// White space before the version.
        TlsrptLeadingSpace = "tlsrpt-leading-space",
        /// Quotation marks stored as part of the text.
        TlsrptLiteralQuotes = "tlsrpt-literal-quotes",
        /// More than one record, which counts as none.
        TlsrptMultiple = "tlsrpt-multiple",
        /// Text that was meant as a record and is none to a sender.
        TlsrptNearMiss = "tlsrpt-near-miss",
        /// Bytes outside US-ASCII.
        TlsrptNonAscii = "tlsrpt-non-ascii",
        /// White space at the end that no semicolon follows.
        TlsrptRecordTrailingSpace = "tlsrpt-record-trailing-space",
        /// A field that the RFC does not define.
        TlsrptUnknownField = "tlsrpt-unknown-field",
        /// Another version than TLSRPTv1.
        TlsrptUnknownVersion = "tlsrpt-unknown-version",
        /// A TXT record of another kind under the same name.
        TlsrptUnrelatedTxt = "tlsrpt-unrelated-txt",
        /// Something stands before the version.
        TlsrptVersionNotFirst = "tlsrpt-version-not-first",
        /// White space between the version and its semicolon: lost to the literal discard rule.
        TlsrptVersionSpace = "tlsrpt-version-space",
        /// The same destination twice.
        TlsrptRuaDuplicate = "tlsrpt-rua-duplicate",
        /// `rua` without a destination, or an empty place in its list.
        TlsrptRuaEmpty = "tlsrpt-rua-empty",
        /// An https destination without a proper host or port.
        TlsrptRuaHttpsSyntax = "tlsrpt-rua-https-syntax",
        /// A destination by address instead of by name.
        TlsrptRuaIpLiteral = "tlsrpt-rua-ip-literal",
        /// A mailto destination that is no proper mailbox.
        TlsrptRuaMailtoSyntax = "tlsrpt-rua-mailto-syntax",
        /// No `rua`.
        TlsrptRuaMissing = "tlsrpt-rua-missing",
        /// More than one destination.
        TlsrptRuaMultiple = "tlsrpt-rua-multiple",
        /// A destination without `mailto:` or `https:`.
        TlsrptRuaNoScheme = "tlsrpt-rua-no-scheme",
        /// An https destination on another port than 443.
        TlsrptRuaNonstandardPort = "tlsrpt-rua-nonstandard-port",
        /// An address hidden from robots, copied from a web page.
        TlsrptRuaObfuscated = "tlsrpt-rua-obfuscated",
        /// `rua` more than once.
        TlsrptRuaRepeatedField = "tlsrpt-rua-repeated-field",
        /// A scheme that no sender of reports uses.
        TlsrptRuaScheme = "tlsrpt-rua-scheme",
        /// A host without a dot.
        TlsrptRuaSingleLabel = "tlsrpt-rua-single-label",
        /// A size limit (`!10m`), which only DMARC knows.
        TlsrptRuaSizeSuffix = "tlsrpt-rua-size-suffix",
        /// A destination that is no URI.
        TlsrptRuaUriSyntax = "tlsrpt-rua-uri-syntax",
        /// Credentials in an https destination.
        TlsrptRuaUserinfo = "tlsrpt-rua-userinfo",

        /// The header names another charset than UTF-8 or US-ASCII.
        StsFetchContentTypeCharset = "sts-fetch-content-type-charset",
        /// The header is no media type.
        StsFetchContentTypeMalformed = "sts-fetch-content-type-malformed",
        /// No header.
        StsFetchContentTypeMissing = "sts-fetch-content-type-missing",
        /// Another media type than text/plain.
        StsFetchContentTypeWrong = "sts-fetch-content-type-wrong",

        /// Mode none: the policy asks for nothing.
        StsModeNone = "sts-mode-none",
        /// Mode testing: failures are reported, mail is delivered.
        StsModeTesting = "sts-mode-testing",

        /// CR that no LF follows, or several before one LF.
        StsPolicyBareCr = "sts-policy-bare-cr",
        /// A line with nothing in it.
        StsPolicyBlankLine = "sts-policy-blank-line",
        /// A byte order mark.
        StsPolicyBom = "sts-policy-bom",
        /// A comment; the format has none.
        StsPolicyComment = "sts-policy-comment",
        /// Control character in a line.
        StsPolicyControlChar = "sts-policy-control-char",
        /// A second field of a kind that counts once; the first counts.
        StsPolicyDuplicateField = "sts-policy-duplicate-field",
        /// Nothing but white space.
        StsPolicyEmpty = "sts-policy-empty",
        /// Lines end with LF; the grammar allows it, the prose says CRLF.
        StsPolicyEolLf = "sts-policy-eol-lf",
        /// Some lines end with LF, some with CRLF.
        StsPolicyEolMixed = "sts-policy-eol-mixed",
        /// The two characters `\n` where a line should end.
        StsPolicyEscapedNewline = "sts-policy-escaped-newline",
        /// A web page.
        StsPolicyHtmlBody = "sts-policy-html-body",
        /// A JSON document.
        StsPolicyJsonBody = "sts-policy-json-body",
        /// A known key in other letters than lower case.
        StsPolicyKeyCase = "sts-policy-key-case",
        /// A key that is nearly a known one.
        StsPolicyKeyTypo = "sts-policy-key-typo",
        /// More than 4096 bytes.
        StsPolicyLarge = "sts-policy-large",
        /// White space before a key.
        StsPolicyLeadingSpace = "sts-policy-leading-space",
        /// U+2028, U+2029 or U+0085 where a line should end.
        StsPolicyLineSeparator = "sts-policy-line-separator",
        /// A line that is no `key: value`.
        StsPolicyLineSyntax = "sts-policy-line-syntax",
        /// max_age is not 1 to 10 digits.
        StsPolicyMaxAgeInvalid = "sts-policy-max-age-invalid",
        /// max_age begins with a zero.
        StsPolicyMaxAgeLeadingZero = "sts-policy-max-age-leading-zero",
        /// No max_age.
        StsPolicyMaxAgeMissing = "sts-policy-max-age-missing",
        /// max_age above 31557600 seconds.
        StsPolicyMaxAgeOverMaximum = "sts-policy-max-age-over-maximum",
        /// max_age below a week.
        StsPolicyMaxAgeShort = "sts-policy-max-age-short",
        /// max_age below a day.
        StsPolicyMaxAgeVeryShort = "sts-policy-max-age-very-short",
        /// max_age of 0.
        StsPolicyMaxAgeZero = "sts-policy-max-age-zero",
        /// The mode in the wrong case.
        StsPolicyModeCase = "sts-policy-mode-case",
        /// Another mode than enforce, testing and none.
        StsPolicyModeInvalid = "sts-policy-mode-invalid",
        /// Mode `report` of the drafts.
        StsPolicyModeLegacyReport = "sts-policy-mode-legacy-report",
        /// No mode.
        StsPolicyModeMissing = "sts-policy-mode-missing",
        /// `*` alone as pattern.
        StsPolicyMxBareWildcard = "sts-policy-mx-bare-wildcard",
        /// The same pattern twice.
        StsPolicyMxDuplicate = "sts-policy-mx-duplicate",
        /// A mail address as pattern.
        StsPolicyMxEmail = "sts-policy-mx-email",
        /// mx without a value.
        StsPolicyMxEmpty = "sts-policy-mx-empty",
        /// A pattern that is no `["*."] Domain`.
        StsPolicyMxInvalid = "sts-policy-mx-invalid",
        /// An IP address as pattern.
        StsPolicyMxIpLiteral = "sts-policy-mx-ip-literal",
        /// A pattern with the label of the policy host.
        StsPolicyMxIsPolicyHost = "sts-policy-mx-is-policy-host",
        /// A pattern that begins with a dot.
        StsPolicyMxLeadingDot = "sts-policy-mx-leading-dot",
        /// Several patterns in one line.
        StsPolicyMxListOnOneLine = "sts-policy-mx-list-on-one-line",
        /// More than 30 patterns.
        StsPolicyMxMany = "sts-policy-mx-many",
        /// No mx, though the mode needs one.
        StsPolicyMxMissing = "sts-policy-mx-missing",
        /// A pattern with a port.
        StsPolicyMxPort = "sts-policy-mx-port",
        /// A pattern with the preference of an MX record.
        StsPolicyMxPriority = "sts-policy-mx-priority",
        /// A pattern without a dot.
        StsPolicyMxSingleLabel = "sts-policy-mx-single-label",
        /// A pattern with the root dot.
        StsPolicyMxTrailingDot = "sts-policy-mx-trailing-dot",
        /// A pattern with letters outside US-ASCII.
        StsPolicyMxULabel = "sts-policy-mx-u-label",
        /// A pattern with upper-case letters.
        StsPolicyMxUppercase = "sts-policy-mx-uppercase",
        /// A URL as pattern.
        StsPolicyMxUrl = "sts-policy-mx-url",
        /// `*` elsewhere than as the whole first label.
        StsPolicyMxWildcardPosition = "sts-policy-mx-wildcard-position",
        /// A wildcard directly below a public suffix.
        StsPolicyMxWildcardPublicSuffix = "sts-policy-mx-wildcard-public-suffix",
        /// No-break space, or another space that Unicode knows and the grammar does not.
        StsPolicyNbsp = "sts-policy-nbsp",
        /// Bytes that are no UTF-8.
        StsPolicyNotUtf8 = "sts-policy-not-utf8",
        /// Example text of a guide, left in.
        StsPolicyPlaceholder = "sts-policy-placeholder",
        /// Several fields in one line.
        StsPolicySingleLine = "sts-policy-single-line",
        /// White space between a key and its colon.
        StsPolicySpaceBeforeColon = "sts-policy-space-before-colon",
        /// Empty lines at the end.
        StsPolicyTrailingBlankLine = "sts-policy-trailing-blank-line",
        /// White space at the end of a line.
        StsPolicyTrailingSpace = "sts-policy-trailing-space",
        /// A field that the RFC does not define.
        StsPolicyUnknownField = "sts-policy-unknown-field",
        /// The version in the wrong case.
        StsPolicyVersionCase = "sts-policy-version-case",
        /// Another version than STSv1.
        StsPolicyVersionInvalid = "sts-policy-version-invalid",
        /// No version.
        StsPolicyVersionMissing = "sts-policy-version-missing",
        /// The version is not the first field; legal.
        StsPolicyVersionNotFirst = "sts-policy-version-not-first",
    }
}
