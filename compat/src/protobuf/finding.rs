//! How two files can differ, which differences keep data from flowing, how the reference says it, and what can be done.

use crate::Direction::{Backward, Forward};
use crate::Finding;
use crate::finding::{Explain, abridged};

/// What can differ. Most of it is of no consequence.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the reference's own")]
pub enum Rule {
    PackageChanged,
    MessageAdded,
    MessageRemoved,
    MessageMoved,
    EnumAdded,
    EnumRemoved,
    EnumConstAdded,
    EnumConstChanged,
    EnumConstRemoved,
    FieldAdded,
    FieldRemoved,
    FieldNameChanged,
    FieldKindChanged,
    FieldScalarKindChanged,
    FieldNamedTypeChanged,
    FieldNumericLabelChanged,
    FieldStringOrBytesLabelChanged,
    RequiredFieldAdded,
    RequiredFieldRemoved,
    OneofAdded,
    OneofRemoved,
    OneofFieldAdded,
    OneofFieldRemoved,
    OneofFieldMovedToTopLevel,
    MultipleFieldsMovedToOneof,
    FieldMovedToExistingOneof,
}

impl Rule {
    /// Can data flow in spite of it?
    pub fn is_compatible(self) -> bool {
        !matches!(
            self,
            Self::PackageChanged
                | Self::MessageRemoved
                | Self::FieldKindChanged
                | Self::FieldScalarKindChanged
                | Self::FieldNamedTypeChanged
                | Self::FieldNumericLabelChanged
                | Self::RequiredFieldAdded
                | Self::RequiredFieldRemoved
                | Self::OneofFieldRemoved
                | Self::MultipleFieldsMovedToOneof
                | Self::FieldMovedToExistingOneof
        )
    }

    /// The name of the reference: the `errorType` of messages.
    pub fn name(self) -> &'static str {
        match self {
            Self::PackageChanged => "PACKAGE_CHANGED",
            Self::MessageAdded => "MESSAGE_ADDED",
            Self::MessageRemoved => "MESSAGE_REMOVED",
            Self::MessageMoved => "MESSAGE_MOVED",
            Self::EnumAdded => "ENUM_ADDED",
            Self::EnumRemoved => "ENUM_REMOVED",
            Self::EnumConstAdded => "ENUM_CONST_ADDED",
            Self::EnumConstChanged => "ENUM_CONST_CHANGED",
            Self::EnumConstRemoved => "ENUM_CONST_REMOVED",
            Self::FieldAdded => "FIELD_ADDED",
            Self::FieldRemoved => "FIELD_REMOVED",
            Self::FieldNameChanged => "FIELD_NAME_CHANGED",
            Self::FieldKindChanged => "FIELD_KIND_CHANGED",
            Self::FieldScalarKindChanged => "FIELD_SCALAR_KIND_CHANGED",
            Self::FieldNamedTypeChanged => "FIELD_NAMED_TYPE_CHANGED",
            Self::FieldNumericLabelChanged => "FIELD_NUMERIC_LABEL_CHANGED",
            Self::FieldStringOrBytesLabelChanged => "FIELD_STRING_OR_BYTES_LABEL_CHANGED",
            Self::RequiredFieldAdded => "REQUIRED_FIELD_ADDED",
            Self::RequiredFieldRemoved => "REQUIRED_FIELD_REMOVED",
            Self::OneofAdded => "ONEOF_ADDED",
            Self::OneofRemoved => "ONEOF_REMOVED",
            Self::OneofFieldAdded => "ONEOF_FIELD_ADDED",
            Self::OneofFieldRemoved => "ONEOF_FIELD_REMOVED",
            Self::OneofFieldMovedToTopLevel => "ONEOF_FIELD_MOVED_TO_TOP_LEVEL",
            Self::MultipleFieldsMovedToOneof => "MULTIPLE_FIELDS_MOVED_TO_ONEOF",
            Self::FieldMovedToExistingOneof => "FIELD_MOVED_TO_EXISTING_ONEOF",
        }
    }
}

impl Explain for Rule {
    fn as_str(&self) -> &'static str {
        self.name()
    }

    fn message(&self, finding: &Finding) -> String {
        let (path, words) = (&finding.at, finding.direction.words());
        let (one, other) = (words.reader, words.writer);
        let description = match self {
            Self::PackageChanged => {
                format!("The package at '{path}' in the {one} schema does not match the package in the {other} schema")
            }
            Self::MessageRemoved => {
                format!("The {one} schema is missing a MESSAGE type at path '{path}' in the {other} schema")
            }
            Self::FieldKindChanged => {
                format!("The type of a field at path '{path}' in the {one} schema does not match the {other} schema")
            }
            Self::FieldScalarKindChanged => format!(
                "The kind of a SCALAR field at path '{path}' in the {one} schema does not match its kind in the {other} schema"
            ),
            Self::FieldNamedTypeChanged => format!(
                "The type of a MESSAGE field at path '{path}' in the {one} schema does not match its type in the {other} schema"
            ),
            Self::FieldNumericLabelChanged => format!(
                "The label for a NUMERIC field at path '{path}' in the {one} schema does not match its label in the {other} \
                 schema"
            ),
            Self::RequiredFieldAdded => {
                format!("A required field  at path '{path}' in the {one} schema is missing in the {other} schema")
            }
            Self::RequiredFieldRemoved => {
                format!("The {one} schema is missing a required field at path: '{path}' in the {other} schema")
            }
            Self::OneofFieldRemoved => {
                format!("The {one} schema is missing a oneof field at path '{path}' in the {other} schema")
            }
            Self::MultipleFieldsMovedToOneof => format!(
                "Multiple fields in the oneof at path '{path}' in the {one} schema are outside a oneof in the {other} schema"
            ),
            Self::FieldMovedToExistingOneof => format!(
                "A field in the oneof at path '{path}' in the {one} schema is outside an existing oneof in the {other} schema"
            ),
            _ => {
                format!("A difference at path '{path}' in the {one} schema, which does no harm, to the {other} schema")
            }
        };
        format!("{{errorType:\"{}\", description:\"{description}\"}}", self.name())
    }

    fn advice(&self, finding: &Finding) -> Option<String> {
        let name = abridged(&finding.detail);
        Some(match (self, finding.direction) {
            (Self::PackageChanged, _) => {
                "Keep the package, which is part of the name of every type; types of another package go into a subject of \
                 their own."
                    .to_owned()
            }
            (Self::MessageRemoved, Backward) => {
                format!("Keep the message '{name}', deprecated if it is no longer written, since data of it may exist.")
            }
            (Self::MessageRemoved, Forward) => format!(
                "Leave out the message '{name}': readers with the old schema do not know it; where only the other messages \
                 are written here, put it into a file and subject of its own and import that."
            ),
            (Self::FieldKindChanged | Self::FieldNamedTypeChanged, _) => format!(
                "Keep the type of the field '{name}'; add a field with a new tag for the new type, and when the old one goes, \
                 reserve its tag and its name."
            ),
            (Self::FieldScalarKindChanged, _) => format!(
                "Change the type of the field '{name}' only to one that is encoded alike (int32, int64, uint32, uint64, bool \
                 and enums; sint32 and sint64; string and bytes; fixed32 and sfixed32; fixed64 and sfixed64), or add a field \
                 with a new tag."
            ),
            (Self::FieldNumericLabelChanged, _) => format!(
                "Keep the label of the field '{name}', since one number is encoded otherwise than a list of them; add a field \
                 with a new tag instead."
            ),
            (Self::RequiredFieldAdded, Backward) => {
                format!("Make the field '{name}' optional: data written before does not have it.")
            }
            (Self::RequiredFieldAdded, Forward) => format!(
                "Keep the required field '{name}': readers with the old schema refuse data without it; make it optional in a \
                 version of its own first, then reserve its tag and its name."
            ),
            (Self::RequiredFieldRemoved, Backward) => format!(
                "Keep the required field '{name}'; make it optional in a version of its own first, then reserve the tag and \
                 the name."
            ),
            (Self::RequiredFieldRemoved, Forward) => {
                format!("Make the field '{name}' optional: the old schema does not have it.")
            }
            (Self::OneofFieldRemoved, Backward) => format!(
                "Keep the member '{name}' of the oneof, deprecated: data that has it set would be read as if nothing of the \
                 oneof were set; when none is left, reserve the tag and the name."
            ),
            (Self::OneofFieldRemoved, Forward) => format!(
                "Add '{name}' as a field outside the oneof: a reader with the old schema would take the oneof for unset."
            ),
            (Self::MultipleFieldsMovedToOneof, Backward) => format!(
                "These fields moved into a oneof: data may have several of them set, of which only the last would be read; \
                 keep all but one of them outside of '{name}'."
            ),
            (Self::MultipleFieldsMovedToOneof, Forward) => format!(
                "Keep these fields in the oneof '{name}': readers with the old schema keep only the last of them that is set."
            ),
            (Self::FieldMovedToExistingOneof, Backward) => format!(
                "This field moved into a oneof: data may have it set together with another member of '{name}', of which only \
                 the last would be read; keep it outside, or give it a oneof of its own."
            ),
            (Self::FieldMovedToExistingOneof, Forward) => format!(
                "Keep this field in the oneof '{name}': readers with the old schema keep only the last member that is set."
            ),
            _ => return None,
        })
    }
}
