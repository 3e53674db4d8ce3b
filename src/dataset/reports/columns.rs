//! The columns of table `reports`, declared once: schema, builder and reader.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, LazyLock};

use arrow::array::RecordBatch;
use arrow::datatypes::{Schema, SchemaRef};

use crate::dataset::column::{
    Column, ColumnReader, Day, Field, Group, Int32, Int64, List, Shape, Shown, Slot, Text, Time, Validity, Vocabularies, Word, columns,
    documented,
};
use crate::dataset::error::DatasetError;
use crate::dataset::schema::SCHEMA_VERSION_KEY;
use crate::reports::{DomainFrom, Warning};

use super::manifest::REPORTS_SCHEMA_VERSION;
use super::row::{FailureRow, ReportRow};

columns! {
    /// A report and one of its policies.
    RowBuilder, RowReader of ReportRow {
        /// Key of the report: 128 bits of SHA-256 over sender, id, range and content, in hexadecimal. The same report has the same key in every run; with policy_index it is unique.
        report_key: Text<Arc<str>>,
        /// Position of the report in the run.
        #[range = "0.."]
        report_index: Int32<u64>,
        /// Position of the policy in the report; null where the report has no policies.
        #[range = "0.."]
        policy_index: Int32<u64>,
        /// How many policies the report has.
        #[range = "0.."]
        policies: Int32<u64>,
        /// Registrable domain of the sender: of contact, else of submitter, else of from_domain. Group by this, not by organization.
        reporter: Text<Arc<str>>,
        /// organization-name as read.
        organization: Text<Arc<str>>,
        /// contact-info as read: a mailbox.
        contact: Text<Arc<str>>,
        /// report-id as read; not unique.
        report_id: Text<Arc<str>>,
        /// Who sent it by TLS-Report-Submitter, the name of the file or the subject; unverified.
        submitter: Text<Arc<str>>,
        /// Domain of the mail's From; unverified.
        from_domain: Text<Arc<str>>,
        /// Domain that the mail's first DKIM signature claims (d=); unverified.
        dkim_domain: Text<Arc<str>>,
        /// Begin of the range.
        begin: Time,
        /// End of the range.
        end: Time,
        /// Date of the mail.
        received_at: Time,
        /// First day of the range in UTC.
        day: Day,
        /// sts, tlsa, no-policy-found, or another word as read. A session may be counted under several types: never add sessions over them.
        policy_type: Text,
        /// Domain of the policy, A-labels; of type tlsa the MX host, but for senders that write the recipient domain.
        policy_domain: Text,
        /// Where policy_domain was found.
        policy_domain_from: Word<DomainFrom>,
        /// policy-string as read: lines of the policy, or TLSA records.
        policy_string: List<Text>,
        /// Patterns of MX hosts in the policy's text.
        policy_mx: List<Text>,
        /// mx-host as read.
        mx_host: List<Text>,
        /// Mode in the policy's text.
        policy_mode: Text,
        /// max_age in the policy's text.
        #[unit = "s"]
        #[range = "0.."]
        policy_max_age: Int64<u64>,
        /// Sessions that kept to the policy; null is unknown, not 0.
        #[unit = "sessions"]
        #[range = "0.."]
        successful: Int64<u64>,
        /// Sessions that did not; null is unknown, not 0. With mode testing they were delivered all the same.
        #[unit = "sessions"]
        #[range = "0.."]
        failed: Int64<u64>,
        /// What went wrong. Events of several failures overlap, and there may be some without a failed session.
        failures: List<FailureBuilder>,
        /// How the report deviates from RFC 8460, or from what its file, name or mail says.
        warnings: List<Word<Warning>>,
        /// The file.
        source: Text<Arc<str>>,
        /// Where in the file: Message-ID, names of attachments and members.
        part: Text<Arc<str>>,
    }
}

columns! {
    /// A failure.
    FailureBuilder, FailureReader of FailureRow {
        /// result-type as read, in lower case.
        result_type: Text,
        /// failure-reason-code as read.
        reason: Text,
        /// Finding code to which type, reason and MX host point; null where they do not tell.
        code: Text,
        /// receiving-mx-hostname as read.
        mx_host: Text,
        /// receiving-mx-helo as read.
        mx_helo: Text,
        /// sending-mta-ip.
        sending_ip: Shown<IpAddr>,
        /// receiving-ip.
        receiving_ip: Shown<IpAddr>,
        /// additional-information as read.
        more: Text,
        /// failed-session-count; null is unknown, not 0.
        #[unit = "sessions"]
        #[range = "0.."]
        events: Int64<u64>,
    }
}

static SCHEMA: LazyLock<SchemaRef> = LazyLock::new(|| {
    let metadata = HashMap::from([(SCHEMA_VERSION_KEY.to_owned(), REPORTS_SCHEMA_VERSION.to_string())]);
    Arc::new(Schema::new_with_metadata(RowBuilder::fields(), metadata))
});

/// Adds the columns of words of table `reports`.
pub(crate) fn words(found: &mut Vocabularies) {
    RowBuilder::words_within("", found);
}

/// The schema of table `reports`.
pub(crate) fn schema() -> SchemaRef {
    Arc::clone(&SCHEMA)
}

impl RowBuilder {
    /// The rows as a batch.
    pub(super) fn into_batch(self) -> Result<RecordBatch, DatasetError> {
        let schema = schema();
        let shape = Shape::of_fields(schema.fields());
        let columns = self.into_columns(&shape)?;
        Ok(RecordBatch::from(shape.assemble(None, columns)?).with_schema(schema)?)
    }
}

/// The rows of a batch.
pub(super) fn rows(batch: &RecordBatch) -> Result<Vec<ReportRow>, DatasetError> {
    let reader = RowReader::new(Group::table(batch))?;
    (0..batch.num_rows()).filter_map(|row| reader.read(row).transpose()).collect()
}
