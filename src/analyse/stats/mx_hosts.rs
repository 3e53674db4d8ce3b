//! The MX hosts of a row as tables need them: what their conversations came to, what they showed, their TLSA records.

use arrow::array::{Array, BinaryArray, BooleanArray, Int16Array, ListArray, StringArray};

use crate::dataset::{ColumnGroup, DatasetError, ListColumn, elements, text};

/// What is read of the conversations.
pub(crate) const CONVERSATIONS: &[&str] = &[
    "findings.list.element.subject",
    "evidence.mx_hosts.list.element.host",
    "evidence.mx_hosts.list.element.a.outcome",
    "evidence.mx_hosts.list.element.aaaa.outcome",
    "evidence.mx_hosts.list.element.conversations.list.element.shared_with",
    "evidence.mx_hosts.list.element.conversations.list.element.starttls",
    "evidence.mx_hosts.list.element.conversations.list.element.tls_version",
    "evidence.mx_hosts.list.element.conversations.list.element.certificate.faults",
    "evidence.mx_hosts.list.element.conversations.list.element.certificate.issuer",
    "evidence.mx_hosts.list.element.conversations.list.element.error.stage",
    "evidence.mx_hosts.list.element.conversations.list.element.error.code",
    "evidence.mx_hosts.list.element.conversations.list.element.second_hello.version",
    "evidence.mx_hosts.list.element.conversations.list.element.second_hello.certificate.faults",
    "evidence.mx_hosts.list.element.conversations.list.element.second_hello.certificate.issuer",
    "evidence.mx_hosts.list.element.tlsa.list.element.outcome",
    "evidence.mx_hosts.list.element.tlsa.list.element.ad",
    "evidence.mx_hosts.list.element.tlsa.list.element.records.list.element.usage",
    "evidence.mx_hosts.list.element.tlsa.list.element.records.list.element.selector",
    "evidence.mx_hosts.list.element.tlsa.list.element.records.list.element.matching",
];

/// An MX host.
pub(crate) struct MxHost<'a> {
    pub(crate) name: &'a str,
    /// Outcomes of the lookups of its addresses.
    pub(crate) addresses: [Option<&'a str>; 2],
    pub(crate) conversations: Vec<Conversation<'a>>,
    pub(crate) tlsa: Vec<TlsaAnswer<'a>>,
}

/// A conversation with an MX host.
pub(crate) struct Conversation<'a> {
    /// Whether it was held under the name of another host.
    pub(crate) is_shared: bool,
    /// Whether STARTTLS was sent, which is done only where it is offered.
    pub(crate) has_starttls: bool,
    /// The version of TLS, of the session or of the answer to a second hello.
    pub(crate) version: Option<&'a str>,
    pub(crate) certificate: Option<Shown<'a>>,
    /// Stage and code of what ended it early.
    pub(crate) error: Option<(&'a str, &'a str)>,
}

/// A certificate that was shown.
pub(crate) struct Shown<'a> {
    pub(crate) issuer: &'a str,
    pub(crate) faults: Vec<&'a str>,
}

/// What became of a question for TLSA records.
pub(crate) struct TlsaAnswer<'a> {
    pub(crate) outcome: Option<&'a str>,
    pub(crate) is_authenticated: bool,
    /// Usage, selector, matching type.
    pub(crate) records: Vec<[i16; 3]>,
}

/// The columns of a batch.
pub(super) struct MxHostColumns {
    hosts: ListArray,
    name: StringArray,
    addresses: [StringArray; 2],
    conversations: Conversations,
    tlsa: Option<TlsaAnswers>,
}

impl MxHostColumns {
    /// Finds the columns; `None` where they were not read, or where the dataset is older than they are.
    pub(super) fn of(evidence: &ColumnGroup) -> Result<Option<Self>, DatasetError> {
        let Some((hosts, host)) = evidence.added_groups("mx_hosts")? else { return Ok(None) };
        let Some((lists, conversation)) = host.added_groups("conversations")? else { return Ok(None) };
        Ok(Some(Self {
            hosts,
            name: host.column("host")?,
            addresses: [host.group("a")?.column("outcome")?, host.group("aaaa")?.column("outcome")?],
            conversations: Conversations::of(lists, &conversation)?,
            tlsa: match host.added_groups("tlsa")? {
                Some((lists, answer)) => Some(TlsaAnswers::of(lists, &answer)?),
                None => None,
            },
        }))
    }

    pub(super) fn row(&self, row: usize) -> Vec<MxHost<'_>> {
        let host = |at| MxHost {
            name: text(&self.name, at).unwrap_or_default(),
            addresses: self.addresses.each_ref().map(|outcome| text(outcome, at)),
            conversations: elements(&self.conversations.lists, at).map(|at| self.conversations.one(at)).collect(),
            tlsa: self.tlsa.as_ref().map_or_else(Vec::new, |tlsa| elements(&tlsa.lists, at).map(|at| tlsa.one(at)).collect()),
        };
        elements(&self.hosts, row).map(host).collect()
    }
}

struct Conversations {
    lists: ListArray,
    shared_with: StringArray,
    starttls: BinaryArray,
    tls_version: StringArray,
    certificate: Certificates,
    error: [StringArray; 2],
    hello_version: StringArray,
    hello_certificate: Certificates,
}

impl Conversations {
    fn of(lists: ListArray, conversation: &ColumnGroup) -> Result<Self, DatasetError> {
        let (error, hello) = (conversation.group("error")?, conversation.group("second_hello")?);
        Ok(Self {
            lists,
            shared_with: conversation.column("shared_with")?,
            starttls: conversation.column("starttls")?,
            tls_version: conversation.column("tls_version")?,
            certificate: Certificates::of(&conversation.group("certificate")?)?,
            error: [error.column("stage")?, error.column("code")?],
            hello_version: hello.column("version")?,
            hello_certificate: Certificates::of(&hello.group("certificate")?)?,
        })
    }

    fn one(&self, at: usize) -> Conversation<'_> {
        let [stage, code] = self.error.each_ref().map(|column| text(column, at));
        Conversation {
            is_shared: self.shared_with.is_valid(at),
            has_starttls: self.starttls.is_valid(at),
            version: text(&self.tls_version, at).or_else(|| text(&self.hello_version, at)),
            certificate: self.hello_certificate.one(at).or_else(|| self.certificate.one(at)),
            error: stage.zip(code),
        }
    }
}

struct Certificates {
    issuer: StringArray,
    faults: ListColumn<StringArray>,
}

impl Certificates {
    fn of(certificate: &ColumnGroup) -> Result<Self, DatasetError> {
        Ok(Self { issuer: certificate.column("issuer")?, faults: certificate.lists("faults")? })
    }

    fn one(&self, at: usize) -> Option<Shown<'_>> {
        Some(Shown { issuer: text(&self.issuer, at)?, faults: self.faults.texts(at).into_iter().flatten().collect() })
    }
}

struct TlsaAnswers {
    lists: ListArray,
    outcome: StringArray,
    ad: BooleanArray,
    records: ListArray,
    parameters: [Int16Array; 3],
}

impl TlsaAnswers {
    fn of(lists: ListArray, answer: &ColumnGroup) -> Result<Self, DatasetError> {
        let (records, record) = answer.groups("records")?;
        Ok(Self {
            lists,
            outcome: answer.column("outcome")?,
            ad: answer.column("ad")?,
            records,
            parameters: [record.column("usage")?, record.column("selector")?, record.column("matching")?],
        })
    }

    fn one(&self, at: usize) -> TlsaAnswer<'_> {
        TlsaAnswer {
            outcome: text(&self.outcome, at),
            is_authenticated: self.ad.is_valid(at) && self.ad.value(at),
            records: elements(&self.records, at).map(|at| self.parameters.each_ref().map(|column| column.value(at))).collect(),
        }
    }
}
