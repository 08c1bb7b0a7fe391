//! JSON Schema, drafts 4, 6, 7, 2019-09 and 2020-12.
//!
//! Own loader, model and comparison rather than a validator's: verdicts hang on what the reference makes of a text (an enum
//! beside a type is a conjunction, keywords beside `$ref` count or not by dialect), and no crate shows what it compiled.
//!
//! `documents` finds what a `$ref` leads to, `load` makes a `model`, `check` compares two; `print` makes the texts. What is
//! stored may be anything in JSON: a text that does not load still has its canonical text, and says why it does not when it
//! is compared.

mod advice;
mod check;
mod dialect;
mod divisible;
mod documents;
mod load;
mod locate;
mod meta;
mod model;
mod order;
mod pattern;
mod print;
mod rule;
mod scan;
mod spots;
mod tags;
mod uri;
mod validate;

pub use rule::Rule;

pub(crate) use check::{MOST_FINDINGS, MOST_PAIRS};
pub(crate) use pattern::LONGEST as LONGEST_PATTERN;

use crate::json::{Flavor, Memory, Node as Tree, Tree as Value, rest};
use crate::language::{Language, held};
use crate::sample::Document;
use crate::{
    Dependency, Direction, Error, Finding, Fit, Mismatch, Names, Place, Sample, Spent, Strictness, TagEdits,
    TaggedEntity, Work,
};
use ::model::CompatibilityPolicy;
use check::Abandoned;
use dialect::Dialect;
use documents::Documents;
use load::{Failure, Problem};
use md5::{Digest, Md5};
use std::sync::Arc;

/// How deep schemas may nest in a text.
pub(crate) const SCHEMA_DEPTH: usize = 128;

/// How long a text may be, in bytes; bodies of requests are far smaller.
pub(crate) const MOST_TEXT: usize = 64 << 20;

/// Bytes of text that are printed or hashed for a unit of work, and those that are read.
const PRINTED: usize = 8;
const READ: usize = 2;

/// A parsed JSON schema.
#[derive(Debug)]
pub struct Schema {
    canonical: Arc<str>,
    fingerprint: u64,
    /// What it is compared by, or why it does not load.
    model: Result<model::Model, Unloadable>,
    /// The names of the root's `properties`.
    fields: Box<[Box<str>]>,
    dependencies: Vec<Dependency>,
    strictness: Strictness,
}

/// Why a text does not load.
#[derive(Debug)]
struct Unloadable {
    error: Error,
    /// Is it for a reference that others would fetch?
    external: bool,
}

impl From<Error> for Unloadable {
    fn from(error: Error) -> Self {
        Unloadable { error, external: false }
    }
}

impl Schema {
    /// Reads a text, with its members in its order or sorted. A stored text need not load.
    fn of(
        text: &str,
        dependencies: &[Dependency],
        strictness: Strictness,
        sorted: bool,
        work: &Work,
    ) -> Result<Schema, Error> {
        work.spend(text.len() / READ)?;
        let mut memory = Memory::default();
        let tree = match (tree(text, &mut memory)?, strictness) {
            (Some(tree), _) => tree,
            (None, Strictness::New | Strictness::NewFields) => return Err(not_a_schema("MISSING", text, 0)),
            (None, Strictness::Stored) => Tree { at: 0, tree: Value::Null },
        };
        let (canonical, offsets) =
            print::print(&tree, sorted).map_err(|print::TooLong| Error::TooComplex(too_long()))?;
        work.spend(canonical.len() / PRINTED)?;
        let model = match model(&tree, text, dependencies, &mut memory, work) {
            Err(Unloadable { error: Error::Spent(spent), .. }) => return Err(spent.into()),
            // As in the reference, whose stored texts need not load until something more is asked of them.
            Err(Unloadable { error, .. }) if strictness != Strictness::Stored || sorted => return Err(error),
            Err(unloadable) => Err(unloadable),
            Ok(mut model) => {
                for node in model.nodes.iter_mut().filter(|node| node.document == 0) {
                    node.at = offsets.printed(node.at);
                }
                Ok(model)
            }
        };
        let fields = match tree.get("properties").map(|properties| &properties.tree) {
            Some(Value::Object(members)) => members.iter().map(|member| (*member.key).into()).collect(),
            _ => Box::default(),
        };
        drop(tree);
        let digest: [u8; 16] = Md5::digest(canonical.as_bytes()).into();
        let (first, _) = digest.split_first_chunk::<8>().expect("16 bytes have a first half");
        let fingerprint = u64::from_be_bytes(*first);
        let dependencies = dependencies.to_vec();
        Ok(Schema { canonical: canonical.into(), fingerprint, model, fields, dependencies, strictness })
    }

    /// Compares two schemas that load.
    fn compare(
        &self,
        writer: &Schema,
        (reads, wrote): (&model::Model, &model::Model),
        direction: Direction,
        policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent> {
        let found = match check::check(reads, wrote, policy, work) {
            Ok(found) => found,
            Err(Abandoned::Spent(spent)) => return Err(spent),
            Err(Abandoned::TooMuch) => {
                let reason = "The schemas have too many parts to compare".to_owned();
                return Ok(vec![Finding::abandoned(direction, reason)]);
            }
        };
        let reader = spots::spots(self, &found, |found| found.reader, work)?;
        let writer = spots::spots(writer, &found, |found| found.writer, work)?;
        let told = found.into_iter().zip(reader.into_iter().zip(writer)).map(|(found, (read, written))| {
            let (old, new) = direction.old_and_new(read, written);
            let rule = crate::Rule::JsonSchema(found.rule);
            Finding { rule, direction, old, new, at: found.path, detail: String::new() }
        });
        Ok(told.collect())
    }
}

impl Language for Schema {
    fn parse(text: &str, dependencies: &[Dependency], strictness: Strictness, work: &Work) -> Result<Self, Error> {
        Self::of(text, dependencies, strictness, false, work)
    }

    fn canonical(&self) -> &Arc<str> {
        &self.canonical
    }

    fn normalized(&self, work: &Work) -> Result<Self, Error> {
        Self::of(&self.canonical, &self.dependencies, self.strictness, true, work)
    }

    fn formatted(&self, _format: &str, _work: &Work) -> Result<Option<String>, Error> {
        Ok(None)
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn equivalent(&self, other: &Self, work: &Work) -> Result<bool, Spent> {
        work.spend(self.canonical.len() / PRINTED)?;
        Ok(self.canonical == other.canonical)
    }

    fn read(
        &self,
        writer: &Self,
        direction: Direction,
        policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent> {
        let (old, _) = direction.old_and_new(self, writer);
        let unloadable = match (&self.model, &writer.model) {
            (Ok(reads), Ok(wrote)) => return self.compare(writer, (reads, wrote), direction, policy, work),
            (Err(unloadable), _) | (_, Err(unloadable)) => unloadable,
        };
        let finding = Finding::abandoned(direction, unloadable.error.details());
        Ok(vec![match &old.model {
            Err(Unloadable { external: true, .. }) => {
                Finding { rule: crate::Rule::JsonSchema(Rule::UnsupportedReference), ..finding }
            }
            _ => finding,
        }])
    }

    fn inline_tags(&self, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
        tags::inline_tags(self, work)
    }

    fn retagged(&self, edits: &TagEdits, work: &Work) -> Result<String, Error> {
        tags::retagged(self, edits, work)
    }

    fn top_level_fields(&self) -> Vec<String> {
        self.fields.iter().map(|name| name.to_string()).collect()
    }

    fn check_fields(&self, _work: &Work) -> Result<(), Error> {
        match self.fields.iter().any(|name| name.starts_with("$$")) {
            true => Err(Error::Refused("#: Field names cannot start with $$ prefix".to_owned())),
            false => Ok(()),
        }
    }

    /// A document in binary is its text in UTF-8.
    fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
        match sample {
            Sample::Json(text) => Ok(validate::validate(self, text, work)?.map(|()| Fit::Json)),
            Sample::Binary(bytes) | Sample::Framed(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) => Ok(validate::validate(self, text, work)?.map(|()| Document::whole(text))),
                Err(_) => Ok(Err(Mismatch::new("/", "The document is not text in UTF-8"))),
            },
        }
    }

    fn size_hint(&self) -> usize {
        let model = self.model.as_ref().map_or(0, |model| model.size);
        let fields: usize = self.fields.iter().map(|name| size_of::<Box<str>>() + name.len()).sum();
        size_of::<Schema>() + model + fields + self.canonical.len() + held(&self.dependencies)
    }

    fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
        locate::locate(text, paths, work)
    }

    fn names(text: &str, work: &Work) -> Result<Names, Spent> {
        scan::names(text, work)
    }
}

/// A text of the schema or a name in a message.
fn shown(text: &str) -> &str {
    const LONGEST: usize = 200;
    text.char_indices().nth(LONGEST).map_or(text, |(end, _)| &text[..end])
}

fn too_long() -> String {
    format!("The text takes more than the {MOST_TEXT} bytes allowed")
}

/// The tree of a text; what follows its first value is ignored.
fn tree<'t>(text: &'t str, memory: &mut Memory) -> Result<Option<Tree<'t>>, Error> {
    let read = rest(text, Flavor::Exact, memory);
    let read = read.map_err(|error| Error::Syntax {
        message: format!("Invalid JSON schema: {}", error.message),
        place: Place::of(text, error.at),
    })?;
    Ok(read.map(|(tree, _)| tree))
}

fn not_a_schema(found: &str, text: &str, at: usize) -> Error {
    Error::Invalid {
        message: format!("Invalid JSON schema: expected an object or boolean at the root, found {found}"),
        place: Place::of(text, at),
    }
}

/// What the tree of a text means together with the texts that it refers to.
fn model(
    root: &Tree<'_>,
    text: &str,
    dependencies: &[Dependency],
    memory: &mut Memory,
    work: &Work,
) -> Result<model::Model, Unloadable> {
    let found = match root.tree {
        Value::Bool(_) | Value::Object(_) => None,
        Value::Null => Some("NULL"),
        Value::Int(_) | Value::Double(_) | Value::Decimal(_) => Some("NUMBER"),
        Value::String(_) => Some("STRING"),
        Value::Array(_) => Some("ARRAY"),
    };
    if let Some(found) = found {
        return Err(not_a_schema(found, text, root.at).into());
    }
    let mut trees = Vec::with_capacity(dependencies.len());
    for dependency in dependencies {
        work.spend(dependency.text.len() / READ).map_err(Error::Spent)?;
        let read = tree(&dependency.text, memory).map_err(|error| in_dependency(dependency, error))?;
        trees.push((&*dependency.name, read.unwrap_or(Tree { at: 0, tree: Value::Null })));
    }
    let needed = trees.iter().map(|(name, tree)| (*name, tree));
    let documents = Documents::new(root, Dialect::of(root), needed, work).map_err(Error::Spent)?;
    load::load(&documents, memory, work).map_err(|failure| match failure {
        Failure::Spent(spent) => Error::Spent(spent).into(),
        Failure::Problem(Problem { message, at, document, external }) => {
            let message = format!("Invalid JSON: {message}");
            let error = match document.and_then(|document| dependencies.get((document as usize).checked_sub(1)?)) {
                None => Error::Invalid { message, place: Place::of(text, at) },
                Some(dependency) => {
                    let place = Place::of(&dependency.text, at);
                    in_dependency(dependency, Error::Invalid { message, place })
                }
            };
            Unloadable { error, external }
        }
    })
}

fn in_dependency(dependency: &Dependency, source: Error) -> Error {
    Error::Dependency {
        name: dependency.name.clone(),
        subject: dependency.subject.to_string(),
        version: dependency.version,
        source: Box::new(source),
    }
}
