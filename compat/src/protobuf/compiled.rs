//! The schema as the `protox` crate compiles it: by protoc's rules, which are far stricter than the registry's.
//!
//! It is handed texts that say the same with every name in full, with the imports that the types really come from, and without
//! options that change nothing about data: whoever defines those need not be known here.

use super::model::*;
use super::names::Found;
use super::print::{self, Audience};
use super::{Schema, Unfinished, bundled, normalize, uses};
use crate::{Spent, Work};
use prost_reflect::{DescriptorPool, FileDescriptor};
use protox::file::{ChainFileResolver, File as Source, FileResolver, GoogleFileResolver};
use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap};

/// What it costs to compile a byte.
const COMPILED: usize = 16;

/// Why a schema does not compile.
#[derive(Debug)]
pub(super) enum Uncompiled {
    /// In protoc's eyes it is wrong.
    Wrong(String),
    Spent(Spent),
}

impl From<Spent> for Uncompiled {
    fn from(spent: Spent) -> Self {
        Uncompiled::Spent(spent)
    }
}

impl From<Unfinished> for Uncompiled {
    fn from(why: Unfinished) -> Self {
        match why {
            Unfinished::Problem(problem) => Uncompiled::Wrong(problem.message),
            Unfinished::TooLong => Uncompiled::Wrong("it is too long".to_owned()),
            Unfinished::Spent(spent) => Uncompiled::Spent(spent),
        }
    }
}

/// Compiles a schema with all that it needs.
///
/// # Errors
/// It breaks a rule of protoc; or the work ended.
pub(super) fn compile(schema: &Schema, work: &Work) -> Result<FileDescriptor, Uncompiled> {
    let names = Names::of(schema);
    let mut texts = HashMap::new();
    for (at, name) in (0..).zip(&names.of) {
        let file = prepared(schema, at, &names, work)?;
        let text = print::print(&file, Audience::Compiler, work).map_err(Unfinished::from)?;
        work.spend(COMPILED * text.len())?;
        texts.insert(name.clone(), text);
    }
    let mut resolver = ChainFileResolver::new();
    resolver.add(Texts(texts));
    resolver.add(GoogleFileResolver::new());
    resolver.add(Bundled);
    let mut compiler = protox::Compiler::with_file_resolver(resolver);
    compiler.include_imports(true);
    // Those first that others need, so that the compiler hardly has to follow imports.
    for name in names.of.iter().skip(1).chain(names.of.first()) {
        compiler.open_file(name).map_err(|error| Uncompiled::Wrong(error.to_string()))?;
    }
    let pool: DescriptorPool = compiler.descriptor_pool();
    let own = names.of.first().and_then(|name| pool.get_file_by_name(name));
    own.ok_or_else(|| Uncompiled::Wrong("the compiler lost it".to_owned()))
}

/// What the files are called while they are compiled.
struct Names {
    of: Vec<String>,
}

impl Names {
    fn of(schema: &Schema) -> Names {
        let numbered = |(at, called): (usize, &str)| match bundled::position(called) {
            // It takes the place of a bundled one.
            Some(_) => called.to_owned(),
            None => format!("{at}.proto"),
        };
        let called = std::iter::once("").chain(schema.dependencies.iter().map(|dependency| &*dependency.name));
        Names { of: called.enumerate().map(numbered).collect() }
    }
}

/// One of the files as the compiler gets it.
fn prepared(schema: &Schema, at: u32, names: &Names, work: &Work) -> Result<File, Uncompiled> {
    let used = RefCell::new(BTreeSet::new());
    let note = |found| {
        let name = match found {
            Found::Here(node) => {
                let file = schema.names.table.get(node).file;
                // What comes later in the list is not needed by what comes before, but for the file itself.
                (file != at && (at == 0 || (file != 0 && file < at))).then(|| &*names.of[file as usize])
            }
            Found::Bundled(node) => Some(bundled::FILES[bundled::bundle().table.get(node).file as usize].0),
        };
        used.borrow_mut().extend(name);
    };
    uses::of_file(schema, at, &note, work)?;
    let mut file = normalize::of_file(schema, at, Audience::Compiler, work)?;
    file.imports = used.into_inner().into_iter().map(Into::into).collect();
    file.public_imports.clear();
    file.weak_imports.clear();
    file.options.clear();
    for message in &mut file.messages {
        strip(&mut message.options);
        message.fields.iter_mut().for_each(|field| strip(&mut field.options));
        message.groups.iter_mut().flat_map(|group| &mut group.fields).for_each(|field| strip(&mut field.options));
        for oneof in &mut message.oneofs {
            oneof.options.clear();
            oneof.fields.iter_mut().for_each(|field| strip(&mut field.options));
        }
        message.extends.iter_mut().flat_map(|extend| &mut extend.fields).for_each(|field| strip(&mut field.options));
        message.extensions.iter_mut().for_each(|extensions| extensions.options.clear());
    }
    for symbols in &mut file.enums {
        strip(&mut symbols.options);
        symbols.constants.iter_mut().for_each(|constant| constant.options.clear());
    }
    file.extends.iter_mut().flat_map(|extend| &mut extend.fields).for_each(|field| strip(&mut field.options));
    for service in &mut file.services {
        service.options.clear();
        service.rpcs.iter_mut().for_each(|rpc| rpc.options.clear());
    }
    Ok(file)
}

/// Leaves the options that data and its rules depend on. What still says `map_entry` stands for no map, and nobody but a compiler
/// may say it.
fn strip(options: &mut Vec<Opt>) {
    options.retain(|option| {
        !option.parenthesized
            && matches!(&*option.name, "default" | "json_name" | "packed" | "allow_alias" | "message_set_wire_format")
    });
}

struct Texts(HashMap<String, String>);

impl FileResolver for Texts {
    fn open_file(&self, name: &str) -> Result<Source, protox::Error> {
        match self.0.get(name) {
            Some(text) => Source::from_source(name, text),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

struct Bundled;

impl FileResolver for Bundled {
    fn open_file(&self, name: &str) -> Result<Source, protox::Error> {
        match bundled::position(name) {
            Some(at) => Source::from_source(name, bundled::FILES[at].1),
            None => Err(protox::Error::file_not_found(name)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bundled_files_are_right_by_the_rules_of_protoc() {
        let mut resolver = ChainFileResolver::new();
        resolver.add(Bundled);
        resolver.add(GoogleFileResolver::new());
        let mut compiler = protox::Compiler::with_file_resolver(resolver);
        for (name, _) in bundled::FILES {
            compiler.open_file(name).unwrap_or_else(|error| panic!("{name}: {error}"));
        }
    }
}
