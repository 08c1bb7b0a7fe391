//! Does a document fit a schema, and where does it not?
//!
//! The schema is read as it stands, keyword by keyword, not as the model that is compared: that is made for comparing. Own
//! code rather than the `jsonschema` crate, since every step is paid for out of the budget of the request, and a stranger's
//! schema can ask for any number of them. `format` and `content…` are notes and refuse nothing.

mod containers;
mod place;
mod scalars;
mod values;
mod vocabulary;

use super::dialect::{Dialect, Keyword};
use super::documents::{BUILT_IN, Cursor, Dangling, Documents, Target};
use super::pattern::Pattern;
use super::{READ, Schema, tree};
use crate::json::{Flavor, Memory, Node as Tree, Tree as Value, whole};
use crate::{Mismatch, Spent, Work};
use place::Place;
use std::collections::HashMap;
use vocabulary::Vocabularies;

/// How deep documents may nest.
pub(crate) const MOST_DEPTH: usize = 128;
/// How deep schemas may apply inside schemas, and in a document inside it.
pub(crate) const MOST_NESTED: usize = 256;

/// What a schema costs that is applied to a value.
const APPLIED: usize = 16;

/// Does the document fit?
///
/// # Errors
/// The work ended.
pub(super) fn validate(schema: &Schema, document: &str, work: &Work) -> Result<Result<(), Mismatch>, Spent> {
    work.spend(document.len() / READ)?;
    let mut memory = Memory::default();
    let value = match whole(document, Flavor::Plain, &mut memory) {
        Ok(value) => value,
        Err(error) => {
            let place = crate::Place::of(document, error.at);
            return Ok(Err(Mismatch::new("/", format!("{} {place}", error.message))));
        }
    };
    let mut memory = Memory::default();
    work.spend(schema.canonical.len() / READ)?;
    let Ok(Some(root)) = tree(&schema.canonical, &mut memory) else { return Ok(Err(unreadable())) };
    let mut trees = Vec::with_capacity(schema.dependencies.len());
    for dependency in &schema.dependencies {
        work.spend(dependency.text.len() / READ)?;
        let Ok(Some(tree)) = tree(&dependency.text, &mut memory) else { return Ok(Err(unreadable())) };
        trees.push((&*dependency.name, tree));
    }
    let (dialect, vocabularies) = match vocabulary::of(&root, &trees) {
        Ok(found) => found,
        Err(unknown) => return Ok(Err(needs_vocabulary(unknown))),
    };
    let documents = Documents::new(&root, dialect, trees.iter().map(|(name, tree)| (*name, tree)), work)?;
    let texts = [&*schema.canonical].into_iter().chain(schema.dependencies.iter().map(|needed| &*needed.text));
    let mut validator = Validator {
        documents: &documents,
        vocabularies,
        work,
        tracks: texts.into_iter().any(|text| text.contains("\"unevaluated")),
        patterns: HashMap::new(),
        path: Vec::new(),
        scope: Vec::new(),
        applied: Vec::new(),
    };
    match validator.apply(documents.root(0), &value, &mut Seen::default()) {
        Ok(()) => Ok(Ok(())),
        Err(Stop::Spent(spent)) => Err(spent),
        Err(Stop::Misfit(misfit)) => Ok(Err(misfit.told(&documents, schema))),
    }
}

fn unreadable() -> Mismatch {
    Mismatch::new("/", "The schema, or one that it refers to, cannot be read")
}

fn needs_vocabulary(uri: &str) -> Mismatch {
    let keyword = Keyword::Schema.as_str();
    Mismatch {
        keyword: Some(keyword),
        schema_path: Some(format!("/{keyword}")),
        ..Mismatch::new("/", format!("the meta-schema needs the vocabulary '{uri}', which is not known here"))
    }
}

/// Why a document does not fit.
struct Misfit<'t> {
    path: String,
    message: String,
    /// The schema, and the keyword in it.
    schema: Cursor<'t>,
    keyword: Option<Keyword>,
}

impl Misfit<'_> {
    fn told(self, documents: &Documents<'_>, schema: &Schema) -> Mismatch {
        let number = self.schema.document;
        let document = documents.document(number);
        let (mut pointer, _) = super::spots::reached(document.root, self.schema.tree.at);
        let keyword = self.keyword.map(Keyword::as_str);
        if let Some(keyword) = keyword {
            pointer.push('/');
            pointer.push_str(keyword);
        }
        let name = match (number as usize).checked_sub(1) {
            None => String::new(),
            Some(_) if number >= BUILT_IN => format!("{}#", document.uri),
            Some(at) => schema.dependencies.get(at).map_or(String::new(), |needed| format!("{}#", needed.name)),
        };
        Mismatch { path: self.path, message: self.message, keyword, schema_path: Some(format!("{name}{pointer}")) }
    }
}

enum Stop<'t> {
    Misfit(Box<Misfit<'t>>),
    Spent(Spent),
}

impl From<Spent> for Stop<'_> {
    fn from(spent: Spent) -> Self {
        Stop::Spent(spent)
    }
}

type Outcome<'t> = Result<(), Stop<'t>>;

/// The parts of a value that were looked at, for `unevaluatedProperties` and `unevaluatedItems`. Empty lists stand for none.
#[derive(Clone, Default)]
struct Seen {
    members: Vec<bool>,
    items: Vec<bool>,
}

impl Seen {
    fn of(value: &Tree<'_>) -> Self {
        match &value.tree {
            Value::Object(members) => Seen { members: vec![false; members.len()], items: Vec::new() },
            Value::Array(items) => Seen { members: Vec::new(), items: vec![false; items.len()] },
            _ => Seen::default(),
        }
    }

    fn member(&mut self, at: usize) {
        if let Some(seen) = self.members.get_mut(at) {
            *seen = true;
        }
    }

    fn item(&mut self, at: usize) {
        if let Some(seen) = self.items.get_mut(at) {
            *seen = true;
        }
    }

    fn add(&mut self, other: &Seen) {
        self.members.iter_mut().zip(&other.members).for_each(|(seen, other)| *seen |= other);
        self.items.iter_mut().zip(&other.items).for_each(|(seen, other)| *seen |= other);
    }
}

struct Validator<'d, 't> {
    documents: &'d Documents<'t>,
    /// Which keywords count in the schema's own text; in all others all do.
    vocabularies: Vocabularies,
    work: &'d Work,
    /// Does anything ask what was looked at?
    tracks: bool,
    patterns: HashMap<&'t str, Option<Pattern>>,
    /// Where in the document the walk is.
    path: Vec<Place<'d>>,
    /// The resources that were entered, from the outermost on.
    scope: Vec<(u32, u32)>,
    /// Which schemas are being applied to which values.
    applied: Vec<(u32, usize, usize)>,
}

impl<'d, 't: 'd> Validator<'d, 't> {
    /// Applies a schema to a value.
    fn apply(&mut self, cursor: Cursor<'t>, value: &'d Tree<'d>, seen: &mut Seen) -> Outcome<'t> {
        self.work.spend(APPLIED)?;
        let members = match &cursor.tree.tree {
            Value::Bool(true) => return Ok(()),
            Value::Bool(false) => return self.misfit(cursor, None, "nothing is permitted here"),
            Value::Object(members) => members,
            _ => return self.misfit(cursor, None, "the schema is neither an object nor a boolean"),
        };
        self.work.spend(members.len())?;
        let key = (cursor.document, cursor.tree.at, value.at);
        // A schema that leads back to itself at one place asks nothing more.
        if self.applied.iter().rev().take_while(|(_, _, at)| *at == value.at).any(|applied| *applied == key) {
            return Ok(());
        }
        if self.applied.len() == MOST_NESTED {
            let message =
                format!("schemas apply inside schemas more than the {MOST_NESTED} levels deep that are allowed");
            return self.misfit(cursor, None, message);
        }
        let cursor = self.documents.entered(cursor);
        let resource = (cursor.document, cursor.base);
        let entered = self.scope.last() != Some(&resource);
        if entered {
            self.scope.push(resource);
        }
        self.applied.push(key);
        let outcome = self.keywords(cursor, value, seen);
        self.applied.pop();
        if entered {
            self.scope.pop();
        }
        outcome
    }

    fn keywords(&mut self, cursor: Cursor<'t>, value: &'d Tree<'d>, seen: &mut Seen) -> Outcome<'t> {
        let dialect = self.documents.dialect(cursor);
        let mut own = if self.tracks { Seen::of(value) } else { Seen::default() };
        if let Some(reference) = cursor.tree.get("$ref").and_then(Tree::as_str) {
            self.refer(cursor, reference, value, &mut own)?;
            if dialect.is_old() {
                seen.add(&own);
                return Ok(());
            }
        }
        if !dialect.is_old() {
            self.dynamic(cursor, dialect, value, &mut own)?;
        }
        self.scalars(cursor, dialect, value)?;
        self.combined(cursor, dialect, value, &mut own)?;
        match &value.tree {
            Value::Object(members) => self.object(cursor, dialect, value, members, &mut own)?,
            Value::Array(items) => self.array(cursor, dialect, items, &mut own)?,
            _ => {}
        }
        seen.add(&own);
        Ok(())
    }

    fn refer(&mut self, cursor: Cursor<'t>, reference: &str, value: &'d Tree<'d>, seen: &mut Seen) -> Outcome<'t> {
        match self.documents.follow(cursor, reference) {
            Ok(Target::Place(target) | Target::MetaSchema(Ok(target))) => self.apply(target, value, seen),
            Ok(Target::MetaSchema(Err(_))) | Err(Dangling::NoPlace | Dangling::NoText(_)) => {
                let message = "the schema refers to what is not among its references, and nothing is ever fetched";
                self.misfit(cursor, Some(Keyword::Ref), message)
            }
        }
    }

    /// References whose target depends on how the schema was reached.
    fn dynamic(&mut self, cursor: Cursor<'t>, dialect: Dialect, value: &'d Tree<'d>, seen: &mut Seen) -> Outcome<'t> {
        if let Some(reference) = cursor.tree.get("$dynamicRef").and_then(Tree::as_str) {
            let found = match self.documents.follow(cursor, reference) {
                Ok(Target::Place(found) | Target::MetaSchema(Ok(found))) => found,
                _ => return self.refer(cursor, reference, value, seen),
            };
            let name = reference.split_once('#').map_or("", |(_, name)| name);
            let is_dynamic = self.documents.dynamic(found.document, found.base, name).is_some();
            let outermost = |scope: &[(u32, u32)]| {
                scope.iter().find_map(|&(document, base)| self.documents.dynamic(document, base, name))
            };
            let target = if is_dynamic { outermost(&self.scope).unwrap_or(found) } else { found };
            self.apply(target, value, seen)?;
        }
        if dialect == Dialect::Draft2019 && cursor.tree.get("$recursiveRef").is_some() {
            let recursive = |root: Cursor<'t>| {
                matches!(root.tree.get("$recursiveAnchor").map(|anchor| &anchor.tree), Some(Value::Bool(true)))
            };
            let mut target = self.documents.resource(cursor);
            if recursive(target) {
                let at = |&(document, base): &(u32, u32)| self.documents.resource(Cursor { document, base, ..cursor });
                target = self.scope.iter().map(at).find(|root| recursive(*root)).unwrap_or(target);
            }
            self.apply(target, value, seen)?;
        }
        Ok(())
    }

    /// Combinations of schemas, and conditions.
    fn combined(&mut self, cursor: Cursor<'t>, dialect: Dialect, value: &'d Tree<'d>, own: &mut Seen) -> Outcome<'t> {
        for tree in self.list(cursor, dialect, Keyword::AllOf) {
            self.apply(Cursor { tree, ..cursor }, value, own)?;
        }
        let any = self.list(cursor, dialect, Keyword::AnyOf);
        if !any.is_empty() {
            let mut fits = false;
            for tree in any {
                // Where nothing asks what was looked at, one that fits is enough.
                if fits && !self.tracks {
                    break;
                }
                fits |= self.fits(Cursor { tree, ..cursor }, value, own)?;
            }
            if !fits {
                return self.misfit(
                    cursor,
                    Some(Keyword::AnyOf),
                    "fits none of the schemas of which it has to fit some",
                );
            }
        }
        let one = self.list(cursor, dialect, Keyword::OneOf);
        if !one.is_empty() {
            let mut fits = 0;
            for tree in one {
                fits += usize::from(self.fits(Cursor { tree, ..cursor }, value, own)?);
            }
            if fits != 1 {
                let message = format!("fits {fits} of the schemas of which it has to fit exactly one");
                return self.misfit(cursor, Some(Keyword::OneOf), message);
            }
        }
        if let Some(not) = self.schema(cursor, dialect, Keyword::Not)
            && self.fits(not, value, &mut own.clone())?
        {
            return self.misfit(cursor, Some(Keyword::Not), "fits the schema that it must not fit");
        }
        if let Some(condition) = self.schema(cursor, dialect, Keyword::If) {
            let branch = if self.fits(condition, value, own)? { Keyword::Then } else { Keyword::Else };
            if let Some(branch) = self.schema(cursor, dialect, branch) {
                self.apply(branch, value, own)?;
            }
        }
        Ok(())
    }

    /// Does the value fit a schema? What was looked at counts only if so.
    fn fits(&mut self, cursor: Cursor<'t>, value: &'d Tree<'d>, own: &mut Seen) -> Result<bool, Stop<'t>> {
        self.work.spend(own.members.len() + own.items.len())?;
        let (depth, scope, applied) = (self.path.len(), self.scope.len(), self.applied.len());
        let mut seen = own.clone();
        match self.apply(cursor, value, &mut seen) {
            Ok(()) => {
                own.add(&seen);
                Ok(true)
            }
            Err(Stop::Misfit(_)) => {
                self.path.truncate(depth);
                self.scope.truncate(scope);
                self.applied.truncate(applied);
                Ok(false)
            }
            Err(spent) => Err(spent),
        }
    }

    /// The value of a keyword that counts.
    fn get(&self, cursor: Cursor<'t>, keyword: Keyword) -> Option<&'t Tree<'t>> {
        let counts = cursor.document != 0 || self.vocabularies.have(keyword);
        counts.then(|| cursor.tree.get(keyword.as_str())).flatten()
    }

    /// The schema of a keyword that the dialect knows.
    fn schema(&self, cursor: Cursor<'t>, dialect: Dialect, keyword: Keyword) -> Option<Cursor<'t>> {
        let tree = self.get(cursor, keyword).filter(|_| keyword.is_known(dialect))?;
        matches!(tree.tree, Value::Bool(_) | Value::Object(_)).then_some(Cursor { tree, ..cursor })
    }

    /// The list of a keyword that the dialect knows.
    fn list(&self, cursor: Cursor<'t>, dialect: Dialect, keyword: Keyword) -> &'t [Tree<'t>] {
        match self.get(cursor, keyword).map(|tree| &tree.tree) {
            Some(Value::Array(items)) if keyword.is_known(dialect) => items,
            _ => &[],
        }
    }

    /// A mismatch at the place where the walk is.
    fn misfit<T>(
        &self,
        schema: Cursor<'t>,
        keyword: Option<Keyword>,
        message: impl Into<String>,
    ) -> Result<T, Stop<'t>> {
        self.work.spend(APPLIED + self.path.len())?;
        let path = place::pointer(&self.path);
        Err(Stop::Misfit(Box::new(Misfit { path, message: message.into(), schema, keyword })))
    }
}
