//! Protobuf.
//!
//! Own lexer, parser, printer and comparison. The crates that compile `.proto` files make descriptors, in which the spelling of
//! options, kinds of imports and the names of types as written are lost, all of which are part of the canonical text; they
//! refuse much that the reference takes; and they compare nothing. They are at home where descriptors are meant: `compiled`
//! asks them whether a file is right by protoc's rules (`validateFields`), and whether a sample fits.
//!
//! `parse` and `descriptor` make a tree (`model`), from a text or from a serialised descriptor; `names` says what a name in it
//! means; `print`, `normalize` and `check` read both.

mod bare;
mod bundled;
mod check;
mod compiled;
mod data;
mod descriptor;
mod finding;
mod lexer;
mod literal;
mod locate;
mod model;
mod names;
mod normalize;
mod options;
mod parse;
mod print;
mod tags;
mod uses;

pub use finding::Rule;

pub(crate) use check::{MOST_DEPTH, MOST_FINDINGS};
pub(crate) use data::{MOST_BYTES as SAMPLE_BYTES, MOST_DEPTH as SAMPLE_DEPTH};
pub(crate) use lexer::MOST_NAME;
pub(crate) use options::VALUE_DEPTH;
pub(crate) use parse::NESTING;

use crate::json::Memory;
use crate::language::{self, Language};
use crate::{
    Dependency, Direction, Error, Finding, Fit, Mismatch, Place, Sample, Spent, Strictness, TagEdits, TaggedEntity,
    Work,
};
use ::model::{CompatibilityPolicy, Subject, Version};
use compiled::Uncompiled;
use descriptor::NoFile;
use lexer::{Problem, quoted};
use md5::{Digest, Md5};
use model::{Enum, Extend, Field, File, Message};
use names::{Declared, Extension, Found, Kind, Names};
use print::{Audience, Unprinted};
use std::borrow::Cow;
use std::sync::Arc;

/// How long a text may be, in bytes.
pub(crate) const MOST_TEXT: usize = 64 << 20;

/// Bytes of text that are printed for a unit of work, those that are read, and fields or characters among which is sought.
const PRINTED: usize = 8;
const READ: usize = 2;
const SOUGHT: usize = 16;

/// A parsed file, with the files that it needs.
#[derive(Debug)]
pub struct Schema {
    /// The file itself comes first, then those of the dependencies in their order.
    files: Vec<Arc<File>>,
    names: Names,
    dependencies: Vec<Dependency>,
    canonical: Arc<str>,
    /// What the tree is printed as, by which schemas are equal. A normalised text has options in another order.
    printed: Arc<str>,
    fingerprint: u64,
    strictness: Strictness,
}

/// Why a step could not be done.
#[derive(Debug)]
enum Unfinished {
    Problem(Problem),
    TooLong,
    Spent(Spent),
}

impl From<Spent> for Unfinished {
    fn from(spent: Spent) -> Self {
        Unfinished::Spent(spent)
    }
}

impl From<Unprinted> for Unfinished {
    fn from(why: Unprinted) -> Self {
        match why {
            Unprinted::TooLong => Unfinished::TooLong,
            Unprinted::Spent(spent) => Unfinished::Spent(spent),
        }
    }
}

impl Unfinished {
    fn error(self, text: &str) -> Error {
        match self {
            Unfinished::Problem(problem) => {
                let place = Place::of(text, problem.at);
                Error::Invalid { message: problem.message, place }
            }
            Unfinished::TooLong => {
                Error::TooComplex(format!("The text would be longer than the {MOST_TEXT} bytes allowed"))
            }
            Unfinished::Spent(spent) => spent.into(),
        }
    }
}

/// The error about a name that means no type.
fn unresolved(name: &str, at: u32) -> Unfinished {
    let message = format!("Could not resolve type: {}", quoted(name));
    Unfinished::Problem(Problem { message, at: at as usize, syntax: false })
}

/// Parses one text.
fn file(text: &str, memory: &mut Memory, work: &Work) -> Result<File, Error> {
    work.spend(text.len() / READ)?;
    parse::parse(text, memory).map_err(|problem| {
        let place = Place::of(text, problem.at);
        let message = match problem.syntax {
            true => format!("Syntax error in :{}:{}: {}", place.line, place.column, problem.message),
            false => problem.message,
        };
        Error::Unreadable(format!("Could not parse Protobuf - {message}"))
    })
}

impl Schema {
    fn of(
        own: File,
        canonical: Option<String>,
        others: Vec<Arc<File>>,
        dependencies: Vec<Dependency>,
        strictness: Strictness,
        work: &Work,
    ) -> Result<Schema, Error> {
        let refused = |why: Unprinted| Unfinished::from(why).error("");
        let printed: Arc<str> = print::print(&own, Audience::Everybody, work).map_err(refused)?.into();
        let canonical = match canonical {
            Some(text) if text != *printed => text.into(),
            _ => printed.clone(),
        };
        let digest = Md5::digest(printed.as_bytes());
        let mut first = [0; 8];
        first.copy_from_slice(&digest[..8]);
        let files: Vec<Arc<File>> = std::iter::once(Arc::new(own)).chain(others).collect();
        let called: Vec<&str> = dependencies.iter().map(|dependency| &*dependency.name).collect();
        let names = Names::of(&files, &called, work)?;
        let fingerprint = u64::from_be_bytes(first);
        Ok(Schema { files, names, dependencies, canonical, printed, fingerprint, strictness })
    }

    /// A message by what a name meant.
    fn message(&self, found: Found) -> &Message {
        let (file, kind) = self.defined(found);
        match kind {
            Kind::Message(id) => &file.messages[id as usize],
            Kind::Package | Kind::Part | Kind::Enum(_) => unreachable!("only messages are asked for"),
        }
    }

    /// An enum by what a name meant.
    fn symbols(&self, found: Found) -> &Enum {
        let (file, kind) = self.defined(found);
        match kind {
            Kind::Enum(id) => &file.enums[id as usize],
            Kind::Package | Kind::Part | Kind::Message(_) => unreachable!("only enums are asked for"),
        }
    }

    /// The file of a type, and which of its types it is.
    fn defined(&self, found: Found) -> (&File, Kind) {
        match found {
            Found::Here(node) => {
                let node = self.names.table.get(node);
                (&self.files[node.file as usize], node.kind)
            }
            Found::Bundled(node) => {
                let bundle = bundled::bundle();
                let node = bundle.table.get(node);
                (&bundle.files[node.file as usize], node.kind)
            }
        }
    }

    /// All extensions that the file can see, what they extend, and the scope in which that is written.
    fn all_extensions(&self) -> impl Iterator<Item = (Extension, &str, Found)> {
        let bundle = bundled::bundle();
        let here = (0..).zip(self.names.table.extensions());
        let here = here.map(|(id, declared)| {
            let extend = block(&self.files[declared.file as usize], declared);
            (Extension::Here(id), &*extend.name, Found::Here(declared.scope))
        });
        let bundled = (0..).zip(bundle.table.extensions());
        let bundled = bundled.filter(|(_, declared)| !self.names.is_replaced(declared.file));
        let bundled = bundled.map(|(id, declared)| {
            let extend = block(&bundle.files[declared.file as usize], declared);
            (Extension::Bundled(id), &*extend.name, Found::Bundled(declared.scope))
        });
        here.chain(bundled)
    }

    /// An extension, and the scope in which its type is written.
    fn extension_field(&self, extension: Extension) -> (Found, &Field) {
        let (scope, file, declared) = match extension {
            Extension::Here(id) => {
                let declared = self.names.table.extension(id);
                (Found::Here(declared.scope), &*self.files[declared.file as usize], declared)
            }
            Extension::Bundled(id) => {
                let bundle = bundled::bundle();
                let declared = bundle.table.extension(id);
                (Found::Bundled(declared.scope), &*bundle.files[declared.file as usize], declared)
            }
        };
        (scope, &block(file, declared).fields[declared.field])
    }

    /// The version that a type comes from, if the file refers to it directly.
    fn reference(&self, found: Found) -> Option<(&Subject, Version)> {
        let Found::Here(node) = found else { return None };
        let at = (self.names.table.get(node).file as usize).checked_sub(1)?;
        let dependency = &self.dependencies[at];
        dependency.direct.then_some((&dependency.subject, dependency.version))
    }

    /// All differences of the schema that is to read (this one) from the one that data was written with, also those that do no
    /// harm: the rule and the path, in the order of the reference. `None` if messages lead into each other too deeply.
    ///
    /// # Errors
    /// The work ended.
    pub fn differences(&self, writer: &Schema, work: &Work) -> Result<Option<Vec<(Rule, String)>>, Spent> {
        match check::differences(self, writer, work) {
            Ok(differences) => Ok(Some(differences)),
            Err(check::Abandoned::TooDeep) => Ok(None),
            Err(check::Abandoned::Spent(spent)) => Err(spent),
        }
    }
}

/// The block that an extension stands in.
fn block<'f>(file: &'f File, declared: &Declared) -> &'f Extend {
    let blocks = declared.message.map_or(&file.extends, |message| &file.messages[message as usize].extends);
    &blocks[declared.block]
}

/// The files of the dependencies.
fn referenced(dependencies: &[Dependency], memory: &mut Memory, work: &Work) -> Result<Vec<Arc<File>>, Error> {
    let read = |dependency: &Dependency| match file(&dependency.text, memory, work) {
        Ok(file) => Ok(Arc::new(file)),
        Err(Error::Spent(spent)) => Err(spent.into()),
        Err(source) => Err(Error::Dependency {
            name: dependency.name.clone(),
            subject: dependency.subject.to_string(),
            version: dependency.version,
            source: Box::new(source),
        }),
    };
    dependencies.iter().map(read).collect()
}

/// The text of the file that a descriptor describes; the error of the text where it describes none.
fn described(
    bytes: &[u8],
    others: &[Arc<File>],
    dependencies: &[Dependency],
    otherwise: Error,
    work: &Work,
) -> Result<String, Error> {
    work.spend(bytes.len() / READ)?;
    let refused = |why| match why {
        NoFile::Other => otherwise.clone(),
        NoFile::Refused(message) => Error::Unreadable(format!("Could not parse Protobuf - {message}")),
    };
    let bare = descriptor::read(bytes, &mut Memory::default()).map_err(refused)?;
    // What its options mean is known from the file itself, too.
    let bare = Schema::of(bare, None, others.to_vec(), dependencies.to_vec(), Strictness::Stored, work)?;
    work.spend(bytes.len() / READ)?;
    let whole = descriptor::read_options(bytes, &bare, work)?.map_err(refused)?;
    print::print(&whole, Audience::Everybody, work).map_err(|why| Unfinished::from(why).error(""))
}

impl Language for Schema {
    fn parse(text: &str, dependencies: &[Dependency], strictness: Strictness, work: &Work) -> Result<Self, Error> {
        let mut memory = Memory::default();
        let others = referenced(dependencies, &mut memory, work)?;
        let mut source = Cow::Borrowed(text);
        let own = match file(text, &mut memory, work) {
            Err(otherwise @ Error::Unreadable(_)) => {
                let Some(bytes) = descriptor::decoded(text) else { return Err(otherwise) };
                // What it describes is read as a text, since that is what will be read from the store.
                source = described(&bytes, &others, dependencies, otherwise, work)?.into();
                file(&source, &mut memory, work)?
            }
            own => own?,
        };
        let schema = Self::of(own, None, others, dependencies.to_vec(), strictness, work)?;
        if strictness == Strictness::New {
            uses::check(&schema, work).map_err(|why| why.error(&source))?;
        }
        Ok(schema)
    }

    fn canonical(&self) -> &Arc<str> {
        &self.canonical
    }

    fn normalized(&self, work: &Work) -> Result<Self, Error> {
        let normal = normalize::normalize(self, work).map_err(|why| why.error(""))?;
        let text = print::print(&normal, Audience::Everybody, work).map_err(|why| Unfinished::from(why).error(""))?;
        // Read again, so that it is the same tree whether it comes from here or from the store.
        let own = file(&text, &mut Memory::default(), work)?;
        let (others, dependencies) = (self.files[1..].to_vec(), self.dependencies.clone());
        Self::of(own, Some(text), others, dependencies, self.strictness, work)
    }

    fn formatted(&self, format: &str, work: &Work) -> Result<Option<String>, Error> {
        match format {
            "serialized" => {
                let bytes = descriptor::write(self, work).map_err(|why| why.error(""))?;
                work.spend(bytes.len() / PRINTED)?;
                Ok(Some(descriptor::encoded(&bytes)))
            }
            "ignore_extensions" => {
                let bare = bare::without_extensions(&self.files[0]);
                let text = print::print(&bare, Audience::Everybody, work);
                text.map(Some).map_err(|why| Unfinished::from(why).error(""))
            }
            _ => Ok(None),
        }
    }

    fn may_be_serialized(text: &str) -> bool {
        descriptor::may_be_written(text)
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn equivalent(&self, other: &Self, work: &Work) -> Result<bool, Spent> {
        work.spend(1 + self.printed.len().min(other.printed.len()) / PRINTED)?;
        Ok(self.printed == other.printed)
    }

    fn read(
        &self,
        writer: &Self,
        direction: Direction,
        _policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent> {
        match check::check(self, writer, direction, work) {
            Ok(findings) => Ok(findings),
            Err(check::Abandoned::TooDeep) => Ok(vec![Finding::abandoned(
                direction,
                format!("The messages lead into each other deeper than the {MOST_DEPTH} levels allowed"),
            )]),
            Err(check::Abandoned::Spent(spent)) => Err(spent),
        }
    }

    fn inline_tags(&self, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
        tags::inline_tags(&self.files[0], work)
    }

    fn retagged(&self, edits: &TagEdits, work: &Work) -> Result<String, Error> {
        tags::retagged(&self.files[0], edits, work)
    }

    fn top_level_fields(&self) -> Vec<String> {
        let file = &self.files[0];
        let messages = file.top_messages.iter().map(|&id| &file.messages[id as usize]);
        messages.flat_map(|message| message.all_fields().map(|(field, _)| field.name.to_string())).collect()
    }

    fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
        data::validate(self, sample, work)
    }

    fn check_fields(&self, work: &Work) -> Result<(), Error> {
        match compiled::compile(self, work) {
            Ok(_) => Ok(()),
            Err(Uncompiled::Wrong(why)) => {
                Err(Error::Unreadable(format!("Invalid protobuf schema definition: {}", quoted(&why))))
            }
            Err(Uncompiled::Spent(spent)) => Err(spent.into()),
        }
    }

    fn size_hint(&self) -> usize {
        /// Bytes that a byte of text is as a tree, roughly.
        const BUILT: usize = 6;
        let texts: usize =
            self.dependencies.iter().map(|dependency| dependency.name.len() + dependency.text.len()).sum();
        size_of::<Schema>() + BUILT * (self.printed.len() + texts) + self.canonical.len()
    }

    fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
        work.spend(text.len() / READ)?;
        match parse::parse(text, &mut Memory::default()) {
            Ok(file) => locate::locate(text, &file, paths, work),
            Err(_) => Ok(vec![None; paths.len()]),
        }
    }

    fn names(text: &str, work: &Work) -> Result<language::Names, Spent> {
        work.spend(text.len() / READ)?;
        let Ok(file) = parse::parse(text, &mut Memory::default()) else { return Ok(language::Names::default()) };
        let imports = [file.imports, file.public_imports, file.weak_imports].concat();
        let needs = imports.into_iter().filter(|path| bundled::position(path).is_none());
        // Others import a file by its path, which it does not know.
        Ok(language::Names { offers: Vec::new(), needs: needs.map(|path| vec![path.into()]).collect() })
    }
}
