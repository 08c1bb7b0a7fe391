//! The two sides of a comparison: where the types of each stand, and what its fields are as far as that counts.

use crate::protobuf::model::*;
use crate::protobuf::names::{Found, Kind};
use crate::protobuf::{Schema, bundled};
use crate::{Spent, Work};

#[derive(Clone, Copy)]
pub(super) struct Side<'s> {
    pub(super) schema: &'s Schema,
}

/// A type list of one side: a file or the inside of a message.
#[derive(Clone, Copy)]
pub(super) struct List<'s> {
    pub(super) file: &'s File,
    /// How a type of it is found, but for its number.
    pub(super) home: Home,
    pub(super) messages: &'s [Id],
    pub(super) enums: &'s [Id],
}

/// The file that a type stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Home {
    Here(u32),
    Bundled(u32),
}

impl<'s> Side<'s> {
    pub(super) fn message(self, home: Home, id: Id) -> (Found, &'s Message) {
        let found = match home {
            Home::Here(file) => Found::Here(self.schema.names.table.of_message(file, id)),
            Home::Bundled(file) => Found::Bundled(bundled::bundle().table.of_message(file, id)),
        };
        (found, self.schema.message(found))
    }

    /// The types inside a message.
    pub(super) fn inside(self, found: Found) -> List<'s> {
        let (home, file) = match found {
            Found::Here(node) => {
                let file = self.schema.names.table.get(node).file;
                (Home::Here(file), &*self.schema.files[file as usize])
            }
            Found::Bundled(node) => {
                let bundle = bundled::bundle();
                let file = bundle.table.get(node).file;
                (Home::Bundled(file), &*bundle.files[file as usize])
            }
        };
        let message = self.schema.message(found);
        List { file, home, messages: &message.messages, enums: &message.enums }
    }

    /// Is it a type of the file itself?
    pub(super) fn is_own(self, found: Found) -> bool {
        matches!(found, Found::Here(node) if self.schema.names.table.get(node).file == 0)
    }

    pub(super) fn kind(self, scope: Found, kind: &'s Type, work: &Work) -> Result<FieldKind<'s>, Spent> {
        let name = match kind {
            Type::Map(key, value) => return Ok(FieldKind::Map { scope, key, value }),
            Type::Plain(name) => name,
        };
        self.named(scope, name, work)
    }

    pub(super) fn named(self, scope: Found, name: &'s str, work: &Work) -> Result<FieldKind<'s>, Spent> {
        if let Some(group) = Group::of(name) {
            return Ok(FieldKind::Scalar(group));
        }
        let found = self.schema.names.resolve(scope, name, work)?;
        let Some(found) = found else { return Ok(FieldKind::Message { name, found }) };
        let Kind::Message(_) = self.schema.names.kind(found) else { return Ok(FieldKind::Scalar(Group::Varint)) };
        let message = self.schema.message(found);
        if message.is_map_entry() {
            let part = |tag| message.fields.iter().find(|field| field.tag == tag).map(|field| field.kind.name());
            if let (Some(key), Some(value)) = (part(1), part(2)) {
                return Ok(FieldKind::Map { scope: found, key, value });
            }
        }
        Ok(FieldKind::Message { name, found: Some(found) })
    }
}

/// What a field is, as far as that counts.
#[derive(Clone, Copy)]
pub(super) enum FieldKind<'s> {
    Scalar(Group),
    Map {
        scope: Found,
        key: &'s str,
        value: &'s str,
    },
    /// Also what is not known.
    Message {
        name: &'s str,
        found: Option<Found>,
    },
}

/// Scalar types that are encoded alike.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Group {
    Varint,
    Zigzag,
    Delimited,
    Fixed32,
    Fixed64,
    Float,
    Double,
}

impl Group {
    pub(super) fn of(name: &str) -> Option<Group> {
        Some(match name {
            "int32" | "int64" | "uint32" | "uint64" | "bool" => Self::Varint,
            "sint32" | "sint64" => Self::Zigzag,
            "string" | "bytes" => Self::Delimited,
            "fixed32" | "sfixed32" => Self::Fixed32,
            "fixed64" | "sfixed64" => Self::Fixed64,
            "float" => Self::Float,
            "double" => Self::Double,
            _ => return None,
        })
    }
}
