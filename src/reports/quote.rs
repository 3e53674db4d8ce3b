//! What is said of files and reports: why something was not read, and how what was read deviates.

use crate::vocabulary::vocabulary;

vocabulary! {
    /// Why a file, or a part of it, gave no report.
    pub enum Refusal {
        /// There are no bytes in it.
        Empty = "empty",
        /// Neither JSON nor gzip, zip, tar, mail or mbox.
        UnknownFormat = "unknown-format",
        /// No JSON, or JSON that is cut.
        BadJson = "bad-json",
        /// JSON that is no TLS report.
        NotTlsrpt = "not-tlsrpt",
        /// A mail, or an archive, without a report.
        NoReport = "no-report",
        /// The gzip data are cut or damaged.
        CorruptGzip = "corrupt-gzip",
        /// A zip file that is cut or damaged.
        CorruptZip = "corrupt-zip",
        /// A tar file that is cut or damaged.
        CorruptTar = "corrupt-tar",
        /// A member of a zip file that is encrypted, or packed by a method other than Deflate.
        UnsupportedZip = "unsupported-zip",
        /// More bytes, members, parts, policies or failures than any report has.
        TooLarge = "too-large",
        /// JSON, MIME parts or folders nested deeper than in any report.
        TooDeep = "too-deep",
        /// Archives within archives.
        TooManyLayers = "too-many-layers",
        /// The system did not let it be read.
        Unreadable = "unreadable",
    }
}

impl Refusal {
    /// What a person reads beside the word.
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Empty => "no bytes",
            Self::UnknownFormat => "neither JSON nor gzip, zip, tar, mail or mbox",
            Self::BadJson => "no JSON, or cut",
            Self::NotTlsrpt => "JSON that is no TLS report",
            Self::NoReport => "a mail or an archive without a report",
            Self::CorruptGzip => "gzip data that are cut or damaged",
            Self::CorruptZip => "a zip file that is cut or damaged",
            Self::CorruptTar => "a tar file that is cut or damaged",
            Self::UnsupportedZip => "a zip member that is encrypted or packed by an unusual method",
            Self::TooLarge => "larger than any report",
            Self::TooDeep => "nested deeper than any report",
            Self::TooManyLayers => "archives within archives",
            Self::Unreadable => "the system did not let it be read",
        }
    }
}

vocabulary! {
    /// How a report that was read deviates from RFC 8460, or from what its file, name or mail says.
    pub enum Warning {
        /// A field that the RFC requires is absent, null or empty.
        MissingField = "missing-field",
        /// A value of another JSON type; read as null.
        WrongType = "wrong-type",
        /// An object where an array of objects stands; read as its one element.
        ObjectForArray = "object-for-array",
        /// A text where an array of texts stands; split at its line ends.
        StringForArray = "string-for-array",
        /// A text of an array that is itself a JSON array; opened.
        JsonInString = "json-in-string",
        /// A key that is written otherwise than in the RFC.
        KeyVariant = "key-variant",
        /// An object has a key twice; the last one counts.
        DuplicateKey = "duplicate-key",
        /// The report has no policies.
        EmptyPolicies = "empty-policies",
        /// A policy domain with U-labels.
        ULabel = "u-label",
        /// A policy domain that is no domain name; read as null.
        BadDomain = "bad-domain",
        /// The policy domain is taken from the mail's header, a file name or the subject.
        DomainFromEnvelope = "domain-from-envelope",
        /// A count as text.
        CountAsString = "count-as-string",
        /// A count with a decimal point.
        CountAsFloat = "count-as-float",
        /// A count that is none; read as null.
        CountInvalid = "count-invalid",
        /// A count is absent.
        CountMissing = "count-missing",
        /// A date-time without a zone or without a time; read as UTC.
        DateWithoutZone = "date-without-zone",
        /// A date-time that cannot be read; null.
        DateInvalid = "date-invalid",
        /// A date-time before 2016 or in the future; read as null.
        DateOutOfRange = "date-out-of-range",
        /// The range ends before it begins.
        DateReversed = "date-reversed",
        /// The range is longer than a day.
        DateRangeLong = "date-range-long",
        /// A policy type that the RFC does not know.
        UnknownPolicyType = "unknown-policy-type",
        /// A result type that is not registered.
        UnknownResultType = "unknown-result-type",
        /// An address that is none; read as null.
        BadIp = "bad-ip",
        /// A text is longer than 1,024 bytes; the rest is dropped.
        TextCut = "text-cut",
        /// A list has more than 1,000 texts; the rest is dropped.
        ListCut = "list-cut",
        /// A text has control characters or marks that change the direction of writing.
        ControlChar = "control-char",
        /// Bytes that are no UTF-8; replaced.
        NotUtf8 = "not-utf8",
        /// A byte order mark.
        Bom = "bom",
        /// Something stands behind the report or behind the compressed data.
        TrailingData = "trailing-data",
        /// There is gzip within gzip.
        NestedCompression = "nested-compression",
        /// The name or the media type says another format than the bytes.
        TypeMismatch = "type-mismatch",
        /// Base64 that no header tells of.
        Base64Content = "base64-content",
        /// Another report of the same sender has the same id and range, and other content; both are kept.
        ReportIdReused = "report-id-reused",
    }
}
