//! The schema as it is compared: an arena of nodes.
//!
//! Verdicts depend on what the reference makes of a text, so this is what it makes, for all its oddities: keywords of
//! several kinds beside each other become a conjunction, a keyword alone says what kind a schema is of, and a schema that is
//! referred to is another one than the same text where it stands. For that a node need not be there twice: whoever compares
//! says by which reference (`Copy`) it came to a node.

/// A place in `Model::nodes`.
pub(super) type NodeId = u32;

/// By which reference a node is seen. Nodes in it are seen by the same one.
pub(super) type Copy = u32;
/// Where no reference led to a node.
pub(super) const IN_PLACE: Copy = 0;

/// What a schema is.
#[derive(Debug)]
pub(super) enum Class {
    True,
    False,
    /// Nothing is asked for.
    Empty,
    String(Box<StringRules>),
    Number(Box<NumberRules>),
    Boolean,
    Null,
    Array(Box<ArrayRules>),
    Object(Box<ObjectRules>),
    /// The values, each in its normalised text, sorted, each once.
    Enum(Box<[Box<str>]>),
    /// The value in its normalised text.
    Const(Box<str>),
    Not(NodeId),
    Conditional,
    Combined {
        criterion: Criterion,
        members: Box<[NodeId]>,
        /// Was it made of keywords beside each other?
        synthetic: bool,
    },
    Ref {
        target: NodeId,
        copy: Copy,
    },
    /// The meta-schema of a dialect, which comparing never looks into.
    MetaSchema,
}

impl Class {
    /// A number that is the same for nodes that are of one kind.
    pub(super) fn kind(&self) -> std::mem::Discriminant<Class> {
        std::mem::discriminant(self)
    }
}

/// How members are combined.
#[derive(Clone, std::marker::Copy, PartialEq, Eq, Debug)]
pub(super) enum Criterion {
    All,
    Any,
    One,
}

impl Criterion {
    /// The keyword.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::All => "allOf",
            Self::Any => "anyOf",
            Self::One => "oneOf",
        }
    }
}

/// What a string has to be.
#[derive(Debug, Default)]
pub(super) struct StringRules {
    pub(super) min_length: Option<f64>,
    pub(super) max_length: Option<f64>,
    pub(super) pattern: Option<Box<str>>,
}

/// What a number has to be.
#[derive(Debug, Default)]
pub(super) struct NumberRules {
    pub(super) integer: bool,
    pub(super) minimum: Option<f64>,
    pub(super) maximum: Option<f64>,
    pub(super) exclusive_minimum: Option<f64>,
    pub(super) exclusive_maximum: Option<f64>,
    /// As written.
    pub(super) multiple_of: Option<Box<str>>,
}

/// What is said of properties or items that are not named.
#[derive(Clone, std::marker::Copy, PartialEq, Eq, Debug, Default)]
pub(super) enum Rest {
    /// They are permitted.
    #[default]
    Open,
    /// They are not.
    Closed,
    /// They are of a schema.
    Of(NodeId),
}

/// What an array has to be.
#[derive(Debug, Default)]
pub(super) struct ArrayRules {
    /// The schema of all items.
    pub(super) items: Option<NodeId>,
    /// The schemas of the first items.
    pub(super) tuple: Box<[NodeId]>,
    pub(super) additional: Rest,
    pub(super) unevaluated: Option<NodeId>,
    pub(super) min_items: Option<f64>,
    pub(super) max_items: Option<f64>,
    pub(super) unique: bool,
    pub(super) min_contains: Option<f64>,
    pub(super) max_contains: Option<f64>,
}

/// Names and the names that each needs.
pub(super) type Needs = Box<[(Box<str>, Box<[Box<str>]>)]>;
/// Regular expressions of names, and the schemas of what they are found in.
pub(super) type Patterns = Box<[(Box<str>, NodeId)]>;

/// What an object has to be.
#[derive(Debug, Default)]
pub(super) struct ObjectRules {
    /// In source order.
    pub(super) properties: Box<[Property]>,
    /// Places in `properties`, by name.
    pub(super) by_name: Box<[u32]>,
    /// Sorted.
    pub(super) required: Box<[Box<str>]>,
    /// In source order.
    pub(super) patterns: Patterns,
    pub(super) additional: Rest,
    pub(super) unevaluated: Option<NodeId>,
    /// Which properties one property needs; sorted. Keys in source order.
    pub(super) dependencies: Needs,
    pub(super) dependent_schemas: Box<[Property]>,
    pub(super) min_properties: Option<f64>,
    pub(super) max_properties: Option<f64>,
}

impl ObjectRules {
    /// The schema of a property.
    pub(super) fn property(&self, name: &str) -> Option<NodeId> {
        let at = self.by_name.binary_search_by(|&at| (*self.properties[at as usize].name).cmp(name)).ok()?;
        Some(self.properties[self.by_name[at] as usize].schema)
    }

    /// Has an object to have this property?
    pub(super) fn requires(&self, name: &str) -> bool {
        self.required.binary_search_by(|required| (**required).cmp(name)).is_ok()
    }
}

/// A name and its schema.
#[derive(Debug)]
pub(super) struct Property {
    pub(super) name: Box<str>,
    pub(super) schema: NodeId,
}

/// What is said of a schema without asking anything.
#[derive(Debug, Default)]
pub(super) struct Notes {
    pub(super) id: Option<Box<str>>,
    pub(super) title: Option<Box<str>>,
    pub(super) description: Option<Box<str>>,
    /// In its normalised text.
    pub(super) default: Option<Box<str>>,
    /// Is `connect.type` `bytes`?
    pub(super) bytes: bool,
}

/// A schema.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) class: Class,
    pub(super) notes: Option<Box<Notes>>,
    /// A hash of what the reference prints of the schema: members of one combination that print the same count once.
    pub(super) print: u64,
    /// The text that it stands in: 0 is the schema's own, the others are those that it refers to.
    pub(super) document: u32,
    /// Where, in bytes.
    pub(super) at: u32,
}

/// All nodes of a schema and of what it refers to.
#[derive(Debug)]
pub(super) struct Model {
    pub(super) nodes: Vec<Node>,
    pub(super) root: NodeId,
    /// Bytes held, roughly.
    pub(super) size: usize,
}

impl Model {
    /// The node of an id.
    pub(super) fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }
}
