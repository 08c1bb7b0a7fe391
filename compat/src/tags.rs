//! Inline tags: the property `confluent:tags` on records and fields, as `findTags` shows them.

/// What carries tags.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum EntityKind {
    /// A record.
    Record,
    /// A field of a record.
    Field,
}

impl EntityKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "sr_record",
            Self::Field => "sr_field",
        }
    }
}

/// A record or field with its tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaggedEntity {
    /// Its path: the record's full name, and the field's name after a dot.
    pub path: String,
    /// What it is.
    pub kind: EntityKind,
    /// All its tags, in source order.
    pub tags: Vec<String>,
}
