//! The parsed file: an element tree as it was written, without comments.
//!
//! Messages and enums of a file lie flat in two lists and know their inner ones by number. So a type is a number wherever it
//! is met, and nothing recurses to be dropped. Types are kept as written; what a name means is asked of `names`.

/// The place of a message or an enum in its file.
pub(super) type Id = u32;

/// The highest field number, which `max` stands for.
pub(super) const MAX_TAG: i32 = (1 << 29) - 1;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Syntax {
    Proto2,
    Proto3,
}

#[derive(Clone, Default, Debug)]
pub(super) struct File {
    pub(super) syntax: Option<Syntax>,
    pub(super) package: Option<Box<str>>,
    pub(super) imports: Vec<Box<str>>,
    pub(super) public_imports: Vec<Box<str>>,
    /// Not part of any text.
    pub(super) weak_imports: Vec<Box<str>>,
    pub(super) options: Vec<Opt>,
    /// All messages, each after those inside it.
    pub(super) messages: Vec<Message>,
    /// All enums.
    pub(super) enums: Vec<Enum>,
    pub(super) top_messages: Vec<Id>,
    pub(super) top_enums: Vec<Id>,
    pub(super) extends: Vec<Extend>,
    pub(super) services: Vec<Service>,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Message {
    pub(super) name: Box<str>,
    /// The byte offset of its first word.
    pub(super) at: u32,
    pub(super) reserved: Vec<Vec<Reserved>>,
    pub(super) options: Vec<Opt>,
    pub(super) fields: Vec<Field>,
    pub(super) oneofs: Vec<Oneof>,
    /// Were there oneofs, all of them empty, before it was normalised? What separates them stays.
    pub(super) oneofs_dropped: bool,
    pub(super) groups: Vec<Group>,
    pub(super) extensions: Vec<Extensions>,
    pub(super) extends: Vec<Extend>,
    pub(super) messages: Vec<Id>,
    pub(super) enums: Vec<Id>,
}

impl Message {
    /// Does it stand for the entries of a map?
    pub(super) fn is_map_entry(&self) -> bool {
        self.options.iter().any(|option| {
            &*option.name == "map_entry"
                && !option.parenthesized
                && matches!(&option.value, Value::Word(word) if &**word == "true")
        })
    }

    /// The type of the key and the field of the value, if it is nothing but the entry of a map.
    pub(super) fn entry(&self) -> Option<(&str, &Field)> {
        let part = |tag| self.fields.iter().find(|field| field.tag == tag);
        let (key, value) = (part(1)?.kind.name(), part(2)?);
        let alone = self.messages.is_empty() && self.enums.is_empty();
        (self.is_map_entry() && alone && is_key(key)).then_some((key, value))
    }

    /// Its fields and those of its oneofs, with the place of the oneof.
    pub(super) fn all_fields(&self) -> impl Iterator<Item = (&Field, Option<usize>)> {
        let members = self.oneofs.iter().enumerate();
        let members = members.flat_map(|(at, oneof)| oneof.fields.iter().map(move |field| (field, Some(at))));
        self.fields.iter().map(|field| (field, None)).chain(members)
    }
}

#[derive(Clone, Debug)]
pub(super) struct Field {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) label: Option<Label>,
    pub(super) kind: Type,
    pub(super) tag: i32,
    pub(super) options: Vec<Opt>,
    /// The text of the default, without quotes.
    pub(super) default: Option<Box<str>>,
    pub(super) json_name: Option<Box<str>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Label {
    Optional,
    Required,
    Repeated,
}

impl Label {
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Optional => "optional",
            Self::Required => "required",
            Self::Repeated => "repeated",
        }
    }
}

/// The type of a field as written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Type {
    Plain(Box<str>),
    Map(Box<str>, Box<str>),
}

impl Type {
    /// The name that may have to be resolved: that of the type, or of the values of a map.
    pub(super) fn name(&self) -> &str {
        match self {
            Self::Plain(name) | Self::Map(_, name) => name,
        }
    }
}

#[derive(Clone, Debug)]
pub(super) struct Oneof {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) options: Vec<Opt>,
    pub(super) fields: Vec<Field>,
    pub(super) groups: Vec<Group>,
}

impl Oneof {
    /// The lowest tag in it, by which oneofs are sorted; `None` of an empty one.
    pub(super) fn first_tag(&self) -> Option<i32> {
        self.fields.iter().map(|field| field.tag).chain(self.groups.iter().map(|group| group.tag)).min()
    }
}

#[derive(Clone, Debug)]
pub(super) struct Group {
    pub(super) name: Box<str>,
    pub(super) label: Option<Label>,
    pub(super) tag: i32,
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Reserved {
    Number(i32),
    Range(i32, i32),
    Name(Box<str>),
}

#[derive(Clone, Debug)]
pub(super) struct Extensions {
    pub(super) ranges: Vec<Reserved>,
    pub(super) options: Vec<Opt>,
}

#[derive(Clone, Debug)]
pub(super) struct Extend {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) fields: Vec<Field>,
}

#[derive(Clone, Default, Debug)]
pub(super) struct Enum {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) reserved: Vec<Vec<Reserved>>,
    pub(super) options: Vec<Opt>,
    pub(super) constants: Vec<Constant>,
}

#[derive(Clone, Debug)]
pub(super) struct Constant {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) tag: i32,
    pub(super) options: Vec<Opt>,
}

#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) options: Vec<Opt>,
    pub(super) rpcs: Vec<Rpc>,
}

#[derive(Clone, Debug)]
pub(super) struct Rpc {
    pub(super) name: Box<str>,
    pub(super) at: u32,
    pub(super) request: Streamed,
    pub(super) response: Streamed,
    pub(super) options: Vec<Opt>,
}

#[derive(Clone, Debug)]
pub(super) struct Streamed {
    pub(super) name: Box<str>,
    pub(super) stream: bool,
}

/// An option: `name`, `(name)` or `(name).path`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Opt {
    pub(super) name: Box<str>,
    pub(super) parenthesized: bool,
    /// Names after the first; an extension's stands in parentheses.
    pub(super) path: Vec<Box<str>>,
    pub(super) value: Value,
}

/// The value of an option.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) enum Value {
    /// In quotes.
    Text(Box<str>),
    /// A number, `true`, `false`, or the name of a constant.
    Word(Box<str>),
    Map(Vec<(Box<str>, Value)>),
    List(Vec<Value>),
}

/// The types that the language itself has, in the order of their numbers in a descriptor.
const SCALARS: [(&str, i32); 15] = [
    ("double", 1),
    ("float", 2),
    ("int64", 3),
    ("uint64", 4),
    ("int32", 5),
    ("fixed64", 6),
    ("fixed32", 7),
    ("bool", 8),
    ("string", 9),
    ("bytes", 12),
    ("uint32", 13),
    ("sfixed32", 15),
    ("sfixed64", 16),
    ("sint32", 17),
    ("sint64", 18),
];

/// The number of a scalar type in a descriptor.
pub(super) fn scalar(name: &str) -> Option<i32> {
    SCALARS.iter().find(|(word, _)| *word == name).map(|&(_, number)| number)
}

/// The name of a scalar type by its number in a descriptor.
pub(super) fn scalar_name(number: i32) -> Option<&'static str> {
    SCALARS.iter().find(|&&(_, other)| other == number).map(|&(word, _)| word)
}

/// May a map have keys of this type?
pub(super) fn is_key(name: &str) -> bool {
    scalar(name).is_some() && !matches!(name, "double" | "float" | "bytes")
}
