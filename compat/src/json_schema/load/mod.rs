//! Text to model.
//!
//! A schema object becomes one part for each thing it says (`parts`): its type, an enum, a combination. Several parts are a
//! conjunction of them. What is referred to is loaded after what refers to it, so that only the nesting of a text makes this
//! recurse, which is bounded.

mod classes;
mod members;

use super::dialect::{Dialect, Keyword};
use super::documents::{Cursor, Dangling, Documents, Target};
use super::model::*;
use super::pattern::{self, Pattern, Unusable};
use super::print::{normal, small};
use super::{SCHEMA_DEPTH, shown, too_long};
use crate::json::{Full, Memory, Node as Tree, Tree as Value, full};
use crate::{Spent, Work};
use members::{Members, print_of, unexpected};
use std::collections::{HashMap, HashSet, VecDeque};
use std::hash::Hash;

/// What is wrong, and at which byte offset of which text.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) at: usize,
    /// `None` where it is that of the schema around.
    pub(super) document: Option<u32>,
    /// Is it a reference that others would fetch?
    pub(super) external: bool,
}

/// Why a text does not load.
#[derive(Debug)]
pub(super) enum Failure {
    Problem(Problem),
    Spent(Spent),
}

impl From<Problem> for Failure {
    fn from(problem: Problem) -> Self {
        Failure::Problem(problem)
    }
}

impl From<Spent> for Failure {
    fn from(spent: Spent) -> Self {
        Failure::Spent(spent)
    }
}

/// A problem in the text that is being loaded, which whoever goes through it adds.
fn problem<T>(at: usize, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { message: message.into(), at, document: None, external: false })
}

/// What a member of a schema object costs, and a byte of a value that is kept.
const MEMBER: usize = 4;
const BYTE: usize = 1;

/// Builds the model of the first of the texts.
pub(super) fn load(documents: &Documents<'_>, memory: &mut Memory, work: &Work) -> Result<Model, Failure> {
    let before = memory.left();
    let mut loader = Loader {
        documents,
        memory,
        work,
        nodes: Vec::new(),
        loaded: HashMap::new(),
        patterns: HashSet::new(),
        waiting: VecDeque::new(),
    };
    let root = loader.schema(documents.root(0), 0)?;
    while let Some((reference, cursor)) = loader.waiting.pop_front() {
        let found = loader.schema(cursor, 0)?;
        if let Class::Ref { target, .. } = &mut loader.nodes[reference as usize].class {
            *target = found;
        }
    }
    let nodes = loader.nodes;
    Ok(Model { nodes, root, size: before - memory.left() })
}

struct Loader<'d, 't> {
    documents: &'d Documents<'t>,
    memory: &'d mut Memory,
    work: &'d Work,
    nodes: Vec<Node>,
    /// The nodes of places.
    loaded: HashMap<(u32, u32), NodeId>,
    /// Regular expressions that were found to be some.
    patterns: HashSet<&'t str>,
    /// References whose targets are not loaded yet.
    waiting: VecDeque<(NodeId, Cursor<'t>)>,
}

/// A thing that a schema says.
struct Part {
    class: Class,
    print: u64,
}

impl<'t> Loader<'_, 't> {
    /// Loads the schema at a place.
    fn schema(&mut self, cursor: Cursor<'t>, depth: usize) -> Result<NodeId, Failure> {
        let key = (cursor.document, small(cursor.tree.at));
        if let Some(&known) = self.loaded.get(&key) {
            return Ok(known);
        }
        let id = self.unknown_schema(cursor, depth).map_err(|failure| match failure {
            // The innermost schema knows best.
            Failure::Problem(problem) if problem.document.is_none() => {
                Failure::Problem(Problem { document: Some(cursor.document), ..problem })
            }
            failure => failure,
        })?;
        self.loaded.insert(key, id);
        Ok(id)
    }

    fn unknown_schema(&mut self, cursor: Cursor<'t>, depth: usize) -> Result<NodeId, Failure> {
        match &cursor.tree.tree {
            Value::Bool(true) => self.add(Class::True, print_of(|hash| "true".hash(hash)), None, cursor),
            Value::Bool(false) => self.add(Class::False, print_of(|hash| "false".hash(hash)), None, cursor),
            Value::Object(_) if depth == SCHEMA_DEPTH => {
                Ok(problem(cursor.tree.at, format!("Schemas nest deeper than the {SCHEMA_DEPTH} levels allowed"))?)
            }
            Value::Object(members) => {
                self.work.spend(MEMBER * (members.len() + 4))?;
                self.object_schema(self.documents.entered(cursor), depth + 1)
            }
            _ => Ok(unexpected("a schema", "Boolean or JsonObject", cursor.tree)?),
        }
    }

    fn object_schema(&mut self, cursor: Cursor<'t>, depth: usize) -> Result<NodeId, Failure> {
        let dialect = self.documents.dialect(cursor);
        let members = Members::of(cursor.tree, dialect)?;
        if dialect.is_old()
            && let Some(reference) = members.text(Keyword::Ref)?
        {
            return self.reference(cursor, reference);
        }
        let mut parts = self.parts(cursor, &members, dialect, depth)?;
        parts.sort_by_key(|part| rank(&part.class));
        let (notes, notes_print) = self.notes(&members, dialect)?;
        let common = notes_print.wrapping_add(members.unknown_print);
        if let Some(reference) = members.text(Keyword::Ref)? {
            if parts.is_empty() {
                return self.reference(cursor, reference);
            }
            let referred = self.reference(cursor, reference)?;
            let print =
                parts.iter().fold(self.nodes[referred as usize].print, |all, part| all.wrapping_add(part.print));
            let mut ids = self.part_nodes(parts, cursor)?;
            ids.push(referred);
            return self.conjunction(ids, print.wrapping_add(common), notes, cursor);
        }
        if parts.len() > 1 {
            let print = parts.iter().fold(common, |all, part| all.wrapping_add(part.print));
            let ids = self.part_nodes(parts, cursor)?;
            return self.conjunction(ids, print, notes, cursor);
        }
        let Part { class, print } = parts.pop().unwrap_or(Part { class: Class::Empty, print: 0 });
        let class = self.alone(class, &members, dialect)?;
        self.add(class, print.wrapping_add(common), notes, cursor)
    }

    fn part_nodes(&mut self, parts: Vec<Part>, cursor: Cursor<'t>) -> Result<Vec<NodeId>, Failure> {
        parts.into_iter().map(|part| self.add(part.class, part.print, None, cursor)).collect()
    }

    fn conjunction(
        &mut self,
        members: Vec<NodeId>,
        print: u64,
        notes: Option<Box<Notes>>,
        cursor: Cursor<'t>,
    ) -> Result<NodeId, Failure> {
        let class = Class::Combined { criterion: Criterion::All, members: members.into(), synthetic: true };
        self.add(class, print, notes, cursor)
    }

    /// What happens to a part that is all that a schema says: what the dialect does not know reaches it, or replaces what
    /// it knew.
    fn alone(&mut self, mut class: Class, members: &Members<'t>, dialect: Dialect) -> Result<Class, Failure> {
        match &mut class {
            Class::Array(array) if dialect.is_old() => {
                let raw = |key: &str| members.tree.get(key).and_then(members::number);
                array.min_contains = raw(Keyword::MinContains.as_str());
                array.max_contains = raw(Keyword::MaxContains.as_str());
            }
            Class::Array(array) if members.unknown => {
                (array.unevaluated, array.min_contains, array.max_contains) = (None, None, None);
            }
            Class::Object(object) if members.unknown => object.unevaluated = None,
            _ => {}
        }
        Ok(class)
    }

    fn notes(&mut self, members: &Members<'t>, dialect: Dialect) -> Result<(Option<Box<Notes>>, u64), Failure> {
        let id = if dialect == Dialect::Draft4 { Keyword::OldId } else { Keyword::Id };
        let (id, title) = (members.text(id)?, members.text(Keyword::Title)?);
        let description = members.text(Keyword::Description)?;
        let default = members.get(Keyword::Default);
        let default = default.filter(|tree| dialect.is_old() || !matches!(tree.tree, Value::Null));
        let default = default.map(|tree| self.value(tree)).transpose()?;
        let bytes = members.unknown && members.tree.get("connect.type").and_then(Tree::as_str) == Some("bytes");
        let flags = [Keyword::ReadOnly, Keyword::WriteOnly]
            .map(|keyword| members.get(keyword).is_some_and(|tree| matches!(tree.tree, Value::Bool(true))));
        if id.is_none() && title.is_none() && description.is_none() && default.is_none() && !bytes {
            return Ok((None, print_of(|hash| flags.hash(hash))));
        }
        let print = print_of(|hash| (id, title, description, &default, flags).hash(hash));
        let mut kept = |text: Option<&str>| text.map(|text| self.kept(text, members.tree)).transpose();
        let id = kept(id.filter(|_| dialect.is_old()))?;
        let notes = Notes { id, title: kept(title)?, description: kept(description)?, default, bytes };
        self.take(size_of::<Notes>(), members.tree)?;
        Ok((Some(Box::new(notes)), print))
    }

    /// A reference, whose target waits to be loaded.
    fn reference(&mut self, cursor: Cursor<'t>, reference: &str) -> Result<NodeId, Failure> {
        self.work.spend(MEMBER + BYTE * reference.len())?;
        let at = cursor.tree.get("$ref").map_or(cursor.tree.at, |tree| tree.at);
        let print = print_of(|hash| ("$ref", reference).hash(hash));
        match self.documents.follow(cursor, reference) {
            Ok(Target::MetaSchema(_)) => self.add(Class::MetaSchema, print, None, cursor),
            Ok(Target::Place(target)) => {
                let old = self.documents.dialect(cursor).is_old();
                let own = small(self.nodes.len());
                // The old dialects load what is referred to once, the new ones once for each reference.
                let copy = if old { copy_of(target) } else { 2 * own + 1 };
                let id = self.add(Class::Ref { target: own, copy }, print, None, cursor)?;
                self.waiting.push_back((id, target));
                Ok(id)
            }
            Err(Dangling::NoPlace) => {
                Ok(problem(at, format!("$ref '{}' leads to no place in the text it names", shown(reference)))?)
            }
            Err(Dangling::NoText(uri)) => {
                let external = uri.starts_with("http://") || uri.starts_with("https://");
                let message = match external {
                    true => format!(
                        "Remote schema reference fetching over HTTP(S) is disabled: $ref '{}' is not among the references",
                        shown(reference)
                    ),
                    false => format!("$ref '{}' is not among the references", shown(reference)),
                };
                Err(Problem { message, at, document: None, external }.into())
            }
        }
    }

    /// The things that a schema says.
    fn parts(
        &mut self,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
    ) -> Result<Vec<Part>, Failure> {
        let mut parts = Vec::new();
        self.typed(&mut parts, cursor, members, dialect, depth)?;
        if let Some(values) = members.list(Keyword::Enum)? {
            parts.push(self.enumeration(values)?);
        }
        for (keyword, criterion) in
            [(Keyword::AllOf, Criterion::All), (Keyword::AnyOf, Criterion::Any), (Keyword::OneOf, Criterion::One)]
        {
            if let Some(trees) = members.list(keyword)? {
                parts.push(self.combination(criterion, trees, cursor, depth)?);
            }
        }
        if let Some(tree) = members.get(Keyword::Not) {
            let inner = self.inner(cursor, tree, depth)?;
            let print = print_of(|hash| ("not", self.print(inner)).hash(hash));
            parts.push(Part { class: Class::Not(inner), print });
        }
        if let Some(tree) = members.get(Keyword::Const) {
            let value = self.value(tree)?;
            let print = print_of(|hash| ("const", &value).hash(hash));
            parts.push(Part { class: Class::Const(value), print });
        }
        let conditional = [Keyword::If, Keyword::Then, Keyword::Else];
        if members.any(if dialect.is_old() { &conditional } else { &conditional[..1] }) {
            let mut inner = Vec::new();
            for keyword in conditional {
                if let Some(tree) = members.get(keyword) {
                    let id = self.inner(cursor, tree, depth)?;
                    inner.push((keyword.as_str(), self.print(id)));
                }
            }
            parts.push(Part { class: Class::Conditional, print: print_of(|hash| inner.hash(hash)) });
        }
        Ok(parts)
    }

    fn enumeration(&mut self, values: &'t [Tree<'t>]) -> Result<Part, Failure> {
        let mut texts = Vec::with_capacity(values.len());
        for value in values {
            texts.push(self.value(value)?);
        }
        let print = print_of(|hash| ("enum", &texts).hash(hash));
        texts.sort_unstable();
        texts.dedup();
        Ok(Part { class: Class::Enum(texts.into()), print })
    }

    fn combination(
        &mut self,
        criterion: Criterion,
        trees: &'t [Tree<'t>],
        cursor: Cursor<'t>,
        depth: usize,
    ) -> Result<Part, Failure> {
        let mut members = Vec::with_capacity(trees.len());
        for tree in trees {
            let id = self.inner(cursor, tree, depth)?;
            match &self.nodes[id as usize].class {
                // The new dialects take a conjunction of keywords for so many members.
                Class::Combined { members: inner, synthetic: true, .. } if !self.documents.dialect(cursor).is_old() => {
                    self.work.spend(inner.len())?;
                    members.extend_from_slice(inner);
                }
                _ => members.push(id),
            }
        }
        self.take(members.len() * size_of::<NodeId>(), cursor.tree)?;
        let prints: Vec<u64> = members.iter().map(|&id| self.print(id)).collect();
        let print = print_of(|hash| (criterion.as_str(), prints).hash(hash));
        Ok(Part { class: Class::Combined { criterion, members: members.into(), synthetic: false }, print })
    }

    /// A schema inside a schema.
    fn inner(&mut self, cursor: Cursor<'t>, tree: &'t Tree<'t>, depth: usize) -> Result<NodeId, Failure> {
        self.schema(Cursor { tree, ..cursor }, depth)
    }

    fn print(&self, id: NodeId) -> u64 {
        self.nodes[id as usize].print
    }

    fn add(
        &mut self,
        class: Class,
        print: u64,
        notes: Option<Box<Notes>>,
        cursor: Cursor<'t>,
    ) -> Result<NodeId, Failure> {
        /// What an entry of `loaded` takes.
        const ENTRY: usize = 16;
        self.take(size_of::<Node>() + ENTRY, cursor.tree)?;
        let (document, at) = (cursor.document, small(cursor.tree.at));
        self.nodes.push(Node { class, notes, print, document, at });
        Ok(small(self.nodes.len() - 1))
    }

    /// The normalised text of a value.
    fn value(&mut self, tree: &Tree<'_>) -> Result<Box<str>, Failure> {
        let text = normal(tree).or_else(|_| problem(tree.at, too_long()))?;
        self.work.spend(BYTE * text.len())?;
        self.kept(&text, tree)
    }

    fn kept(&mut self, text: &str, tree: &Tree<'_>) -> Result<Box<str>, Failure> {
        self.take(size_of::<Box<str>>() + text.len(), tree)?;
        Ok(text.into())
    }

    fn take(&mut self, bytes: usize, tree: &Tree<'_>) -> Result<(), Failure> {
        Ok(self.memory.take(bytes).or_else(|Full| problem(tree.at, full()))?)
    }

    /// Refuses what is no regular expression.
    fn pattern(&mut self, text: &'t str, at: usize) -> Result<(), Failure> {
        if self.patterns.contains(text) {
            return Ok(());
        }
        self.work.spend(pattern::price(text))?;
        match Pattern::new(text) {
            Ok(_) => {
                self.patterns.insert(text);
                Ok(())
            }
            Err(Unusable::Invalid) => Ok(problem(at, format!("'{}' is no regular expression", shown(text)))?),
            Err(Unusable::TooLong) => Ok(problem(
                at,
                format!("The regular expression is longer than the {} bytes allowed", pattern::LONGEST),
            )?),
        }
    }
}

/// The order of parts. The reference's hangs on chance, and only which compatible differences there are hangs on it.
fn rank(class: &Class) -> u8 {
    match class {
        Class::Combined { .. } => 0,
        Class::String(_) => 1,
        _ => 2,
    }
}

/// The copy by which the old dialects see what is referred to: the same for all references to a place.
fn copy_of(target: Cursor<'_>) -> Copy {
    // Offsets of one text are different; those of several texts are spread so that hardly ever two of them meet, and
    // nothing but the depth to which findings of a recursive schema are told hangs on it.
    small(target.tree.at).wrapping_mul(2).wrapping_add(target.document.wrapping_mul(0x9e37_79b8)).wrapping_add(2)
}
