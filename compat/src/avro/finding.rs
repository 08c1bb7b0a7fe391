//! What keeps a reader from reading what a writer wrote, and how the reference says it.

use crate::Words;

/// One incompatibility of a reader and a writer schema.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Finding {
    /// What it is.
    pub kind: FindingKind,
    /// Where, as a JSON pointer into the reader schema with the branches of writer unions in between; `/` is the root.
    pub path: String,
    /// The details: names, types, symbols.
    pub info: String,
}

/// The kinds of incompatibility.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum FindingKind {
    FixedSizeMismatch,
    TypeMismatch,
    NameMismatch,
    MissingEnumSymbols,
    MissingUnionBranch,
    ReaderFieldMissingDefaultValue,
}

impl FindingKind {
    /// The `errorType` of the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FixedSizeMismatch => "FIXED_SIZE_MISMATCH",
            Self::TypeMismatch => "TYPE_MISMATCH",
            Self::NameMismatch => "NAME_MISMATCH",
            Self::MissingEnumSymbols => "MISSING_ENUM_SYMBOLS",
            Self::MissingUnionBranch => "MISSING_UNION_BRANCH",
            Self::ReaderFieldMissingDefaultValue => "READER_FIELD_MISSING_DEFAULT_VALUE",
        }
    }
}

impl Finding {
    /// The message of the API. Nothing in it is escaped.
    pub fn message(&self, words: Words) -> String {
        let Finding { kind, path, info } = self;
        let (reader, writer) = (words.reader, words.writer);
        let description = match kind {
            FindingKind::FixedSizeMismatch => format!(
                "The size of FIXED type field at path '{path}' in the {reader} schema does not match with the {writer} schema"
            ),
            FindingKind::TypeMismatch => format!(
                "The type (path '{path}') of a field in the {reader} schema does not match with the {writer} schema"
            ),
            FindingKind::NameMismatch => format!("The name of the schema has changed (path '{path}')"),
            FindingKind::MissingEnumSymbols => {
                format!("The {reader} schema is missing enum symbols '{info}' at path '{path}' in the {writer} schema")
            }
            FindingKind::MissingUnionBranch => format!(
                "The {reader} schema is missing a type inside a union field at path '{path}' in the {writer} schema"
            ),
            FindingKind::ReaderFieldMissingDefaultValue => format!(
                "The field '{info}' at path '{path}' in the {reader} schema has no default value and is missing in the \
                 {writer} schema"
            ),
        };
        format!("{{errorType:'{}', description:'{description}', additionalInfo:'{info}'}}", kind.as_str())
    }
}
