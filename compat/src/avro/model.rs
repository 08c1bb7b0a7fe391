//! The parsed schema: an arena of nodes.
//!
//! A named type is one node however often it is used; every other occurrence of a type is a node of its own. The
//! compatibility check remembers verdicts by node, and the paths in its messages depend on exactly this identity.

use super::names::Name;
use crate::json::Json;

/// A place in `Schema::nodes`.
pub(crate) type NodeId = u32;

/// Custom properties in source order.
pub(crate) type Props = Vec<(Box<str>, Json)>;

/// The primitive types.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Primitive {
    Null,
    Boolean,
    Int,
    Long,
    Float,
    Double,
    Bytes,
    String,
}

impl Primitive {
    pub(crate) const ALL: [Primitive; 8] =
        [Self::Null, Self::Boolean, Self::Int, Self::Long, Self::Float, Self::Double, Self::Bytes, Self::String];

    /// The word in a schema.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Boolean => "boolean",
            Self::Int => "int",
            Self::Long => "long",
            Self::Float => "float",
            Self::Double => "double",
            Self::Bytes => "bytes",
            Self::String => "string",
        }
    }

    /// The primitive of a word.
    pub(crate) fn of(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|primitive| primitive.word() == word)
    }
}

/// What kind of type a node is, as messages name it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Kind {
    Primitive(Primitive),
    Record,
    Enum,
    Fixed,
    Array,
    Map,
    Union,
}

impl Kind {
    /// The lower-case word.
    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Primitive(primitive) => primitive.word(),
            Self::Record => "record",
            Self::Enum => "enum",
            Self::Fixed => "fixed",
            Self::Array => "array",
            Self::Map => "map",
            Self::Union => "union",
        }
    }

    /// The upper-case word of messages.
    pub(crate) fn shout(self) -> String {
        self.word().to_ascii_uppercase()
    }
}

/// A type.
#[derive(Clone, Debug)]
pub(crate) enum Node {
    Primitive {
        primitive: Primitive,
        props: Props,
    },
    Record(Box<Record>),
    Enum(Box<Enum>),
    Fixed(Box<Fixed>),
    Array {
        items: NodeId,
        props: Props,
    },
    Map {
        values: NodeId,
        props: Props,
    },
    Union(Box<[NodeId]>),
    /// A name whose definition had not been seen yet. Nothing refers to such a node once its text is resolved.
    Unresolved,
}

impl Node {
    /// What kind of type this is.
    pub(crate) fn kind(&self) -> Kind {
        match self {
            Node::Primitive { primitive, .. } => Kind::Primitive(*primitive),
            Node::Record(_) => Kind::Record,
            Node::Enum(_) => Kind::Enum,
            Node::Fixed(_) => Kind::Fixed,
            Node::Array { .. } => Kind::Array,
            Node::Map { .. } => Kind::Map,
            Node::Union(_) => Kind::Union,
            Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
        }
    }

    /// What record, enum and fixed have in common.
    pub(crate) fn named(&self) -> Option<&Named> {
        match self {
            Node::Record(record) => Some(&record.named),
            Node::Enum(symbols) => Some(&symbols.named),
            Node::Fixed(fixed) => Some(&fixed.named),
            _ => None,
        }
    }

    /// The custom properties; a union has none.
    pub(crate) fn props(&self) -> &[(Box<str>, Json)] {
        match self {
            Node::Primitive { props, .. } | Node::Array { props, .. } | Node::Map { props, .. } => props,
            Node::Union(_) | Node::Unresolved => &[],
            named => named.named().map_or(&[], |named| &named.props),
        }
    }
}

/// What record, enum and fixed have in common.
#[derive(Clone, Debug)]
pub(crate) struct Named {
    pub(crate) name: Name,
    pub(crate) doc: Option<Box<str>>,
    /// In source order, without duplicates.
    pub(crate) aliases: Vec<Name>,
    pub(crate) props: Props,
    /// The node that stands for all equal definitions of this name; mostly this node itself. A name may be defined again
    /// if the definition is the same in what counts; uses of the name mean the first one.
    pub(crate) representative: NodeId,
}

impl Named {
    /// Is one of the aliases this full name? A null-namespace name cannot be addressed from a namespace.
    pub(crate) fn has_alias(&self, name: &Name) -> bool {
        let addressable = name.namespace().is_some() || self.name.namespace().is_none();
        addressable && self.aliases.contains(name)
    }

    /// The aliases as the reference shows and sorts them: a null-namespace alias of a namespaced type has a leading dot.
    pub(crate) fn alias_texts(&self) -> impl Iterator<Item = String> {
        self.aliases.iter().map(|alias| {
            let dotted = alias.namespace().is_none() && self.name.namespace().is_some();
            if dotted { format!(".{}", alias.full()) } else { alias.full().into_owned() }
        })
    }
}

/// A record or error.
#[derive(Clone, Debug)]
pub(crate) struct Record {
    pub(crate) named: Named,
    pub(crate) word: RecordWord,
    pub(crate) fields: Vec<Field>,
}

/// Which word introduced the record. Only the canonical text knows the difference.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum RecordWord {
    Record,
    Error,
}

/// A field.
#[derive(Clone, Debug)]
pub(crate) struct Field {
    pub(crate) name: Box<str>,
    pub(crate) schema: NodeId,
    pub(crate) doc: Option<Box<str>>,
    pub(crate) default: Option<Json>,
    pub(crate) order: Order,
    /// In source order, without duplicates.
    pub(crate) aliases: Vec<Box<str>>,
    pub(crate) props: Props,
}

/// How values of a field count when records are sorted.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Order {
    Ascending,
    Descending,
    Ignore,
}

/// An enum.
#[derive(Clone, Debug)]
pub(crate) struct Enum {
    pub(crate) named: Named,
    pub(crate) symbols: Vec<Box<str>>,
    pub(crate) default: Option<Box<str>>,
}

/// A fixed.
#[derive(Clone, Debug)]
pub(crate) struct Fixed {
    pub(crate) named: Named,
    pub(crate) size: u32,
}

/// All types of a schema and of the schemas it refers to.
#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) nodes: Vec<Node>,
    pub(crate) root: NodeId,
    /// The roots of the referenced texts; the canonical text names these and does not define them.
    pub(crate) referenced: Vec<Name>,
    /// The first node of the schema's own text; those before it are of the texts that it refers to.
    pub(crate) own: NodeId,
}

impl Model {
    /// The node of an id.
    pub(crate) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// Bytes held, roughly; for cache accounting.
    pub(crate) fn size(&self) -> usize {
        let props = |props: &[(Box<str>, Json)]| props.iter().map(|(k, v)| k.len() + 16 + v.size()).sum::<usize>();
        let named = |named: &Named| {
            size_of::<Named>()
                + named.name.short().len()
                + named.doc.as_deref().map_or(0, str::len)
                + named.aliases.len() * 48
        };
        let node = |node: &Node| {
            size_of::<Node>()
                + props(node.props())
                + node.named().map_or(0, named)
                + match node {
                    Node::Record(record) => record
                        .fields
                        .iter()
                        .map(|field| {
                            size_of::<Field>()
                                + field.name.len()
                                + field.doc.as_deref().map_or(0, str::len)
                                + field.default.as_ref().map_or(0, Json::size)
                                + field.aliases.len() * 32
                                + props(&field.props)
                        })
                        .sum(),
                    Node::Enum(symbols) => symbols.symbols.iter().map(|symbol| symbol.len() + 16).sum(),
                    Node::Union(branches) => branches.len() * size_of::<NodeId>(),
                    _ => 0,
                }
        };
        self.nodes.iter().map(node).sum()
    }
}
