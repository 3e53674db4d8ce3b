//! The two TXT records share one grammar; what differs is their words and the codes of their faults.

use super::fault::FaultKind;

/// The two records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RecordKind {
    /// `_mta-sts`, `v=STSv1` (RFC 8461 section 3.1).
    Sts,
    /// `_smtp._tls`, `v=TLSRPTv1` (RFC 8460 section 3).
    Tlsrpt,
}

/// Words and codes of one kind of record; `None` where the catalogue has no code.
pub(super) struct Words {
    /// The version field, exact.
    pub(super) version: &'static str,
    /// The version word without its digit.
    pub(super) stem: &'static str,
    /// What a version may begin with (lower case) for the text to be taken as an attempt at the record.
    pub(super) attempts: &'static [&'static str],
    pub(super) near_miss: FaultKind,
    pub(super) unknown_version: FaultKind,
    pub(super) version_case: Option<FaultKind>,
    pub(super) version_not_first: FaultKind,
    pub(super) version_space: FaultKind,
    pub(super) leading_space: FaultKind,
    pub(super) literal_quotes: FaultKind,
    pub(super) escaped_semicolon: Option<FaultKind>,
    pub(super) policy_keys: Option<FaultKind>,
    pub(super) non_ascii: FaultKind,
    pub(super) control_char: FaultKind,
    pub(super) field_syntax: FaultKind,
    pub(super) empty_field: FaultKind,
    pub(super) trailing_space: FaultKind,
    pub(super) unrelated_txt: FaultKind,
    pub(super) multiple: FaultKind,
    pub(super) split_strings: Option<FaultKind>,
}

impl RecordKind {
    pub(super) const fn words(self) -> &'static Words {
        match self {
            Self::Sts => &STS,
            Self::Tlsrpt => &TLSRPT,
        }
    }
}

static STS: Words = Words {
    version: "v=STSv1",
    stem: "STSv",
    attempts: &["sts", "mta-sts", "mta_sts", "mtasts"],
    near_miss: FaultKind::StsRecordNearMiss,
    unknown_version: FaultKind::StsRecordUnknownVersion,
    version_case: Some(FaultKind::StsRecordVersionCase),
    version_not_first: FaultKind::StsRecordVersionNotFirst,
    version_space: FaultKind::StsRecordVersionSpace,
    leading_space: FaultKind::StsRecordLeadingSpace,
    literal_quotes: FaultKind::StsRecordLiteralQuotes,
    escaped_semicolon: Some(FaultKind::StsRecordEscapedSemicolon),
    policy_keys: Some(FaultKind::StsRecordPolicyKeys),
    non_ascii: FaultKind::StsRecordNonAscii,
    control_char: FaultKind::StsRecordControlChar,
    field_syntax: FaultKind::StsRecordFieldSyntax,
    empty_field: FaultKind::StsRecordEmptyField,
    trailing_space: FaultKind::StsRecordTrailingSpace,
    unrelated_txt: FaultKind::StsRecordUnrelatedTxt,
    multiple: FaultKind::StsRecordMultiple,
    split_strings: Some(FaultKind::StsRecordSplitStrings),
};

static TLSRPT: Words = Words {
    version: "v=TLSRPTv1",
    stem: "TLSRPTv",
    attempts: &["tls"],
    near_miss: FaultKind::TlsrptNearMiss,
    unknown_version: FaultKind::TlsrptUnknownVersion,
    version_case: None,
    version_not_first: FaultKind::TlsrptVersionNotFirst,
    version_space: FaultKind::TlsrptVersionSpace,
    leading_space: FaultKind::TlsrptLeadingSpace,
    literal_quotes: FaultKind::TlsrptLiteralQuotes,
    escaped_semicolon: None,
    policy_keys: None,
    non_ascii: FaultKind::TlsrptNonAscii,
    control_char: FaultKind::TlsrptFieldSyntax,
    field_syntax: FaultKind::TlsrptFieldSyntax,
    empty_field: FaultKind::TlsrptEmptyField,
    trailing_space: FaultKind::TlsrptRecordTrailingSpace,
    unrelated_txt: FaultKind::TlsrptUnrelatedTxt,
    multiple: FaultKind::TlsrptMultiple,
    split_strings: None,
};
