//! The way back: a dataset's parts as batches.

mod part_file;
mod reader;

pub use self::part_file::PartFile;
pub use self::reader::{PartBatches, Reader};

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::sync::Arc;

    use arrow::array::{ArrayRef, AsArray, RecordBatch, StringArray, StructArray};
    use parquet::arrow::ArrowWriter;
    use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
    use proptest::prelude::*;

    use crate::classify::Judgement;
    use crate::dataset::manifest::Manifest;
    use crate::dataset::{
        ColumnGroup, DatasetError, EvidenceColumns, JudgementColumns, Record, TargetColumns, encoding, record_batch, samples, schema, text,
    };

    fn through_parquet(batch: &RecordBatch) -> RecordBatch {
        let file: File = tempfile::tempfile().unwrap();
        let properties = encoding::properties(&Manifest::begun(&samples::run()));
        let mut writer = ArrowWriter::try_new(file.try_clone().unwrap(), schema(), Some(properties)).unwrap();
        writer.write(batch).unwrap();
        writer.close().unwrap();
        let mut batches = ParquetRecordBatchReaderBuilder::try_new(file).unwrap().build().unwrap();
        let read = batches.next().unwrap().unwrap();
        assert!(batches.next().is_none());
        read
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]

        #[test]
        fn rows_survive_parquet(records in proptest::collection::vec(samples::record(), 1..6)) {
            let batch = through_parquet(&record_batch(&records).unwrap());
            prop_assert!(batch.schema().fields() == schema().fields());
            let (targets, evidence) = (TargetColumns::of(&batch).unwrap(), EvidenceColumns::of(&batch).unwrap());
            let judgements = JudgementColumns::of(&batch).unwrap();
            let tld: StringArray = ColumnGroup::table(&batch).column("tld").unwrap();
            for (row, Record { target, evidence: seen, assessment }) in records.iter().enumerate() {
                prop_assert_eq!(&targets.row(row).unwrap(), target);
                prop_assert_eq!(&evidence.row(row).unwrap(), seen);
                let judgement = judgements.row(row);
                prop_assert_eq!(&judgement, &Judgement::of(assessment));
                prop_assert_eq!(&judgement.assessment(), assessment);
                prop_assert_eq!(text(&tld, row), Some(target.domain.tld()));
            }
        }
    }

    #[test]
    fn a_nul_does_not_reach_a_text_column() {
        let mut record = samples::absent(0, "example.com");
        record.evidence.mx.detail = Some("a\0b".to_owned());
        record.assessment.sts_id = Some("\0".to_owned());
        let batch = record_batch(&[record]).unwrap();
        assert_eq!(EvidenceColumns::of(&batch).unwrap().row(0).unwrap().mx.detail.as_deref(), Some("a\u{fffd}b"));
        assert_eq!(JudgementColumns::of(&batch).unwrap().row(0).sts_id, Some("\u{fffd}"));
    }

    #[test]
    fn columns_that_are_missing_or_hold_unknown_words_are_named() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let error = EvidenceColumns::of(&batch.project(&[0, 1, 7, 8]).unwrap()).unwrap_err();
        assert!(matches!(&error, DatasetError::Column(column) if column == "evidence"), "{error}");
        let flat = batch.project(&(0..batch.num_columns() - 1).collect::<Vec<_>>()).unwrap();
        assert_eq!(JudgementColumns::of(&flat).unwrap().row(0).posture, Some("absent"));
        assert_eq!(TargetColumns::of(&flat).unwrap().row(0).unwrap().domain.as_str(), "example.com");
    }

    #[test]
    fn a_dataset_without_the_columns_that_came_later_is_read() {
        let batch = record_batch(&[samples::absent(0, "example.com")]).unwrap();
        let evidence = batch.column_by_name("evidence").unwrap().as_struct();
        let columns = evidence.fields().iter().cloned().zip(evidence.columns().iter().cloned());
        let first: Vec<_> = columns.filter(|(field, _)| !["mx_hosts", "rua_hosts", "around"].contains(&field.name().as_str())).collect();
        let columns = ["domain", "scanned_at", "elapsed_ms"].map(|name| (name, batch.column_by_name(name).unwrap().clone()));
        let evidence: ArrayRef = Arc::new(StructArray::from(first));
        let old = RecordBatch::try_from_iter(columns.into_iter().chain([("evidence", evidence)])).unwrap();
        let read = EvidenceColumns::of(&old).unwrap().row(0).unwrap();
        assert_eq!(read, EvidenceColumns::of(&batch).unwrap().row(0).unwrap());
    }

    #[test]
    fn a_batch_that_could_overflow_is_refused() {
        let records: Vec<Record> = (0..=4096).map(|ordinal| samples::absent(ordinal, "example.com")).collect();
        assert!(matches!(record_batch(&records), Err(DatasetError::Encoding(_))));
        assert_eq!(record_batch(&[]).unwrap().num_rows(), 0);
    }
}
