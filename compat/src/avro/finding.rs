//! What keeps a reader from reading what a writer wrote, how the reference says it, and what can be done about it.

use crate::Direction::{Backward, Forward};
use crate::Finding;
use crate::finding::Explain;

/// The kinds of incompatibility.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum Rule {
    FixedSizeMismatch,
    TypeMismatch,
    NameMismatch,
    MissingEnumSymbols,
    MissingUnionBranch,
    ReaderFieldMissingDefaultValue,
}

impl Explain for Rule {
    fn as_str(&self) -> &'static str {
        match self {
            Self::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::NameMismatch => "NAME_MISMATCH",
            Self::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::MissingUnionBranch => "MISSING_UNION_BRANCH",
            Self::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
        }
    }

    fn message(&self, finding: &Finding) -> String {
        let (path, info, words) = (&finding.at, &finding.detail, finding.direction.words());
        let (reader, writer) = (words.reader, words.writer);
        let description = match self {
            Self::FixedSizeMismatch => format!(
                "The size of FIXED type field at path '{path}' in the {reader} schema does not match with the {writer} schema"
            ),
            Self::TypeMismatch => format!(
                "The type (path '{path}') of a field in the {reader} schema does not match with the {writer} schema"
            ),
            Self::NameMismatch => format!("The name of the schema has changed (path '{path}')"),
            Self::MissingEnumSymbols => {
                format!("The {reader} schema is missing enum symbols '{info}' at path '{path}' in the {writer} schema")
            }
            Self::MissingUnionBranch => format!(
                "The {reader} schema is missing a type inside a union field at path '{path}' in the {writer} schema"
            ),
            Self::ReaderFieldMissingDefaultValue => format!(
                "The field '{info}' at path '{path}' in the {reader} schema has no default value and is missing in the \
                 {writer} schema"
            ),
        };
        format!("{{errorType:'{}', description:'{description}', additionalInfo:'{info}'}}", self.as_str())
    }

    fn advice(&self, finding: &Finding) -> Option<String> {
        let info = crate::finding::abridged(&finding.detail);
        Some(match (self, finding.direction) {
            (Self::FixedSizeMismatch, _) => {
                "Keep the size of the fixed type, and add a new field with a default for data of the new size.".to_owned()
            }
            (Self::TypeMismatch, Backward) => "Keep the old type, change it only to one that Avro promotes it to (int to \
                long, float or double; long to float or double; float to double; string to bytes and back), or add a new \
                field with a default beside it."
                .to_owned(),
            (Self::TypeMismatch, Forward) => "Keep the old type, change it only to one that Avro promotes to it (int to \
                long, float or double; long to float or double; float to double; string to bytes and back), or add a new \
                field beside it."
                .to_owned(),
            (Self::NameMismatch, Backward) => {
                "Keep the old name, or list the full old name among the aliases of the renamed type.".to_owned()
            }
            (Self::NameMismatch, Forward) => {
                "Keep the old name: readers with the old schema know the new name neither as a name nor as an alias."
                    .to_owned()
            }
            (Self::MissingEnumSymbols, Backward) => format!(
                "Keep the symbols {info} and deprecate them, or give the enum a default, which is read in place of symbols \
                 that it lacks."
            ),
            (Self::MissingEnumSymbols, Forward) => format!(
                "Leave out the symbols {info} until every reader has a schema whose enum has a default: add that default in \
                 a version of its own first."
            ),
            (Self::MissingUnionBranch, Backward) => {
                "Keep a branch in the union that can read this type, since data of it may have been written.".to_owned()
            }
            (Self::MissingUnionBranch, Forward) => {
                "Leave this type out of the union: no branch of the old schema can read it; add a new field with a union \
                 of its own instead."
                    .to_owned()
            }
            (Self::ReaderFieldMissingDefaultValue, Backward) => {
                format!("Give the field '{info}' a default, which is read where data were written without it.")
            }
            (Self::ReaderFieldMissingDefaultValue, Forward) => format!(
                "Keep the field '{info}': the old schema has no default for it; to remove it, give it a default in a version \
                 of its own first."
            ),
        })
    }
}
