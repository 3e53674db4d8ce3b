//! The flat columns as a dataset keeps them, and the way back to an assessment.

use crate::parse::senders::Sender;
use crate::vocabulary::Vocabulary;

use super::assessment::{
    Assessment, Coverage, DaneState, Delivery, DnssecState, Mismatch, MxState, MxTls, PolicyStage, Posture, RecordState, flat_columns,
};
use super::codes::StoredCode;
use super::findings::Finding;
use super::particulars::{IdFormat, Moment, PolicyHost, RuaHost};
use super::rule::{Code, Severity};

/// A type of flat column.
pub trait Stored: Sized {
    /// What is stored: texts in place of words, borrowed.
    type Form<'a>: Clone + Default
    where
        Self: 'a;

    /// What is stored of the value.
    fn form(&self) -> Self::Form<'_>;

    /// The value of what is stored.
    fn restored(form: &Self::Form<'_>) -> Self;
}

/// A value that is stored as one text.
pub trait Worded: Sized + 'static {
    /// The text.
    fn text(&self) -> &str;
    /// The value that a text stands for, if this version knows it.
    fn of_text(text: &str) -> Option<Self>;
}

impl Worded for String {
    fn text(&self) -> &str {
        self
    }

    fn of_text(text: &str) -> Option<Self> {
        Some(text.to_owned())
    }
}

impl<V: Vocabulary> Worded for V {
    fn text(&self) -> &str {
        self.word()
    }

    fn of_text(text: &str) -> Option<Self> {
        V::of_word(text)
    }
}

impl Worded for Code {
    fn text(&self) -> &str {
        self.as_str()
    }

    fn of_text(text: &str) -> Option<Self> {
        Self::from_word(text)
    }
}

/// A vocabulary of a column that is never null. Its default stands for a word that this version does not know.
pub trait Always: Vocabulary + Default {}

impl<V: Always> Stored for V {
    type Form<'a> = Option<&'a str>;

    fn form(&self) -> Option<&str> {
        Some(self.word())
    }

    fn restored(form: &Option<&str>) -> Self {
        form.and_then(V::of_word).unwrap_or_default()
    }
}

impl<T: Worded> Stored for Option<T> {
    type Form<'a> = Option<&'a str>;

    fn form(&self) -> Option<&str> {
        self.as_ref().map(T::text)
    }

    fn restored(form: &Option<&str>) -> Self {
        form.and_then(T::of_text)
    }
}

impl<T: Worded> Stored for Vec<T> {
    type Form<'a> = Vec<&'a str>;

    fn form(&self) -> Vec<&str> {
        self.iter().map(T::text).collect()
    }

    fn restored(form: &Vec<&str>) -> Self {
        form.iter().filter_map(|text| T::of_text(text)).collect()
    }
}

impl<T: Worded> Stored for Option<Vec<T>> {
    type Form<'a> = Option<Vec<&'a str>>;

    fn form(&self) -> Option<Vec<&str>> {
        self.as_ref().map(Stored::form)
    }

    fn restored(form: &Option<Vec<&str>>) -> Self {
        form.as_ref().map(Stored::restored)
    }
}

impl Stored for Option<i64> {
    type Form<'a> = Self;

    fn form(&self) -> Self {
        *self
    }

    fn restored(form: &Self) -> Self {
        *form
    }
}

impl Stored for Option<bool> {
    type Form<'a> = Self;

    fn form(&self) -> Self {
        *self
    }

    fn restored(form: &Self) -> Self {
        *form
    }
}

impl Stored for Option<Moment> {
    type Form<'a> = Self;

    fn form(&self) -> Self {
        *self
    }

    fn restored(form: &Self) -> Self {
        *form
    }
}

impl Stored for Option<Vec<PolicyHost>> {
    type Form<'a> = Self;

    fn form(&self) -> Self {
        self.clone()
    }

    fn restored(form: &Self) -> Self {
        form.clone()
    }
}

impl Stored for Vec<RuaHost> {
    type Form<'a> = Self;

    fn form(&self) -> Self {
        self.clone()
    }

    fn restored(form: &Self) -> Self {
        form.clone()
    }
}

/// A type of flat column that is computed from the others.
trait Computed: Stored {
    /// What is stored of the value.
    fn into_form<'a>(self) -> Self::Form<'a>;
}

impl<V: Vocabulary> Computed for Option<V> {
    fn into_form<'a>(self) -> Option<&'a str> {
        self.map(V::word)
    }
}

impl Computed for Option<Code> {
    fn into_form<'a>(self) -> Option<&'a str> {
        self.map(Code::as_str)
    }
}

impl Computed for Option<i64> {
    fn into_form<'a>(self) -> Self::Form<'a> {
        self
    }
}

impl Computed for Option<bool> {
    fn into_form<'a>(self) -> Self::Form<'a> {
        self
    }
}

/// A finding as it is stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct StoredFinding<'a> {
    /// Code of the catalogue.
    pub code: StoredCode<'a>,
    /// Word of its severity.
    pub severity: &'a str,
    /// What it is about.
    pub subject: &'a str,
    /// The particulars.
    pub detail: &'a str,
    /// In how many places it was found.
    pub count: u32,
}

impl StoredFinding<'_> {
    /// The finding; `None` if this version does not know its code or severity.
    pub fn known(&self) -> Option<Finding> {
        Some(Finding {
            code: self.code.known()?,
            severity: Severity::from_word(self.severity)?,
            subject: self.subject.to_owned(),
            detail: self.detail.to_owned(),
            count: self.count,
        })
    }
}

impl Finding {
    pub(crate) fn stored(&self) -> StoredFinding<'_> {
        StoredFinding {
            code: StoredCode::Known(self.code),
            severity: self.severity.as_str(),
            subject: &self.subject,
            detail: &self.detail,
            count: self.count,
        }
    }
}

impl Stored for Vec<Finding> {
    type Form<'a> = Vec<StoredFinding<'a>>;

    fn form(&self) -> Vec<StoredFinding<'_>> {
        self.iter().map(Finding::stored).collect()
    }

    fn restored(form: &Vec<StoredFinding<'_>>) -> Self {
        form.iter().filter_map(StoredFinding::known).collect()
    }
}

/// A stored form that is shown as one text.
trait Readable {
    /// `None` for a list, `Some(None)` for null.
    fn text(&self) -> Option<Option<String>>;
}

impl Readable for Option<&str> {
    fn text(&self) -> Option<Option<String>> {
        Some(self.map(str::to_owned))
    }
}

impl Readable for Option<i64> {
    fn text(&self) -> Option<Option<String>> {
        Some(self.map(|number| number.to_string()))
    }
}

impl Readable for Option<bool> {
    fn text(&self) -> Option<Option<String>> {
        Some(self.map(|yes| yes.to_string()))
    }
}

impl Readable for Option<Moment> {
    fn text(&self) -> Option<Option<String>> {
        Some(self.map(Moment::text))
    }
}

impl<T> Readable for Vec<T> {
    fn text(&self) -> Option<Option<String>> {
        None
    }
}

impl<T> Readable for Option<Vec<T>> {
    fn text(&self) -> Option<Option<String>> {
        None
    }
}

/// Defines [`Judgement`].
macro_rules! define {
    (
        { $($(#[doc = $doc:literal])+ $column:ident: $type:ty,)+ }
        derived { $($(#[doc = $about:literal])+ $derived:ident: $made:ty = $from:ident,)+ }
    ) => {
        /// The flat columns of one row as they are stored: words of closed vocabularies are texts, so that rows of a newer version can be
        /// read.
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[non_exhaustive]
        pub struct Judgement<'a> {
            $($(#[doc = $doc])+ pub $column: <$type as Stored>::Form<'a>,)+
            $($(#[doc = $about])+ pub $derived: <$made as Stored>::Form<'a>,)+
        }

        impl<'a> Judgement<'a> {
            /// What would be stored of an assessment.
            pub fn of(assessment: &'a Assessment) -> Self {
                Self { $($column: assessment.$column.form(),)+ $($derived: Computed::into_form(assessment.$from()),)+ }
            }

            /// The judgement as one of this version: words that it does not know are unknown, findings whose code it does not know are left
            /// out; [`Self::unknown_codes`] names them.
            pub fn assessment(&self) -> Assessment {
                Assessment { $($column: Stored::restored(&self.$column),)+ }
            }

            /// A column that is one value as text: `None` if there is no such column, `Some(None)` if it is null.
            pub fn value(&self, column: &str) -> Option<Option<String>> {
                match column {
                    $(stringify!($column) => Readable::text(&self.$column),)+
                    $(stringify!($derived) => Readable::text(&self.$derived),)+
                    _ => None,
                }
            }
        }
    };
}

flat_columns!(define);

impl Always for MxState {}
impl Always for RecordState {}
impl Always for Posture {}
impl Always for Delivery {}

impl Judgement<'_> {
    /// The codes of findings that this version does not know.
    pub fn unknown_codes(&self) -> Vec<String> {
        let unknown = self.findings.iter().filter(|finding| finding.known().is_none());
        unknown.map(|finding| finding.code.as_str().to_owned()).collect()
    }
}
