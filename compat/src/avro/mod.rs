//! Avro.
//!
//! Own parser, printer and checker rather than the `apache-avro` crate, which rejects valid schemas (forward references,
//! comments, `error`), accepts invalid ones, forgets properties and reports one problem without a path. That crate reads
//! and writes data (`data`), where it is at home.
//!
//! `parse` builds a `model`; `resolve` finishes it; `print`, `normalize`, `equal`, `fingerprint` and `check` read it. All
//! of them are bounded: in depth by `STRUCTURE_DEPTH`, in work by the size of the model or by a budget of their own.

mod brief;
mod check;
mod data;
mod defaults;
mod equal;
mod finding;
mod fingerprint;
mod locate;
mod logical;
mod members;
mod model;
mod names;
mod normalize;
mod parse;
mod pointers;
mod print;
mod resolve;
mod scan;
mod tags;

pub use finding::Rule;

pub(crate) use check::{MOST_FINDINGS, MOST_PAIRS};
pub(crate) use data::{MOST_DEPTH as SAMPLE_DEPTH, MOST_VALUES as SAMPLE_VALUES};
pub(crate) use names::MOST_NAMESPACE;

use crate::language::{Language, held};
use crate::{
    Dependency, Direction, Error, Finding, Fit, Mismatch, Names, Place, Sample, Spent, Strictness, TagEdits,
    TaggedEntity, Work,
};
use ::model::CompatibilityPolicy;
use check::{Abandoned, check};
use std::sync::Arc;

/// How deep types may nest, in brackets of the text, with every type written out at its first use.
pub(crate) const STRUCTURE_DEPTH: usize = 256;

/// How long a text may be, in bytes. A text is hardly longer than what it was made of, unless a long namespace has to be
/// written in front of many names; bodies of requests are far smaller.
pub(crate) const MOST_TEXT: usize = 64 << 20;

/// How long the text with all that it refers to written out may be, in bytes. It is made for every request that asks for it.
pub(crate) const MOST_RESOLVED: usize = 16 << 20;

/// Bytes of text that are printed for a unit of work, and those that are read.
const PRINTED: usize = 8;
const READ: usize = 2;

/// How deep a property or default may nest. With `STRUCTURE_DEPTH` this stays below what the JSON reader accepts, so that
/// what was printed can be read again.
pub(crate) const VALUE_DEPTH: usize = 250;

fn too_deep() -> String {
    format!("The types nest deeper than the {STRUCTURE_DEPTH} levels allowed, or their text is too long")
}

/// A parsed Avro schema.
#[derive(Debug)]
pub struct Schema {
    model: model::Model,
    canonical: Arc<str>,
    fingerprint: u64,
    dependencies: Vec<Dependency>,
    strictness: Strictness,
}

impl Schema {
    fn of(
        model: model::Model,
        dependencies: Vec<Dependency>,
        strictness: Strictness,
        work: &Work,
    ) -> Result<Schema, Error> {
        let deep = || Error::TooComplex(too_deep());
        let canonical: Arc<str> = print::canonical(&model).map_err(|print::TooDeep| deep())?.into();
        work.spend(canonical.len() / PRINTED)?;
        let fingerprint = fingerprint::fingerprint(&model).map_err(|fingerprint::TooDeep| deep())?;
        Ok(Schema { model, canonical, fingerprint, dependencies, strictness })
    }

    /// The text with referenced types inlined.
    fn resolved(&self, work: &Work) -> Result<String, Error> {
        let refused = || {
            Error::TooComplex(format!(
                "The types nest deeper than the {STRUCTURE_DEPTH} levels allowed, or their text with all that it refers to is \
                 longer than the {MOST_RESOLVED} bytes allowed"
            ))
        };
        let text = print::resolved(&self.model, MOST_RESOLVED).map_err(|print::TooDeep| refused())?;
        work.spend(text.len() / PRINTED)?;
        Ok(text)
    }
}

impl Language for Schema {
    fn parse(text: &str, dependencies: &[Dependency], strictness: Strictness, work: &Work) -> Result<Self, Error> {
        let model = parse::parse(text, dependencies, strictness, work)?;
        Self::of(model, dependencies.to_vec(), strictness, work)
    }

    fn canonical(&self) -> &Arc<str> {
        &self.canonical
    }

    fn normalized(&self, work: &Work) -> Result<Self, Error> {
        work.spend(self.model.nodes.len() + self.canonical.len() / PRINTED)?;
        Self::of(normalize::normalize(&self.model, work)?, self.dependencies.clone(), self.strictness, work)
    }

    fn formatted(&self, format: &str, work: &Work) -> Result<Option<String>, Error> {
        if format == "resolved" { self.resolved(work).map(Some) } else { Ok(None) }
    }

    fn fingerprint(&self) -> u64 {
        self.fingerprint
    }

    fn equivalent(&self, other: &Self, work: &Work) -> Result<bool, Spent> {
        match equal::all(&self.model.nodes, self.model.root, &other.model.nodes, other.model.root, work) {
            Ok(equal) => Ok(equal),
            Err(equal::Undecided::TooDeep) => Ok(false),
            Err(equal::Undecided::Spent(spent)) => Err(spent),
        }
    }

    fn read(
        &self,
        writer: &Self,
        direction: Direction,
        _policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent> {
        let abandoned = |reason| Ok(vec![Finding::abandoned(direction, reason)]);
        match check(self, writer, direction, work) {
            Ok(findings) => Ok(findings),
            Err(Abandoned::Ambiguous(reason)) => abandoned(reason),
            Err(Abandoned::TooMuch) => abandoned("The schemas have too many types to compare".to_owned()),
            Err(Abandoned::Spent(spent)) => Err(spent),
        }
    }

    fn inline_tags(&self, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
        tags::inline_tags(&self.model, work)
    }

    fn retagged(&self, edits: &TagEdits, work: &Work) -> Result<String, Error> {
        tags::retagged(&self.model, edits, work)
    }

    fn top_level_fields(&self) -> Vec<String> {
        match self.model.node(self.model.root) {
            model::Node::Record(record) => record.fields.iter().map(|field| field.name.to_string()).collect(),
            _ => Vec::new(),
        }
    }

    fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
        data::validate(self, sample, work)
    }

    fn size_hint(&self) -> usize {
        size_of::<Schema>() + self.model.size() + self.canonical.len() + held(&self.dependencies)
    }

    fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
        locate::locate(text, paths, work)
    }

    fn names(text: &str, work: &Work) -> Result<Names, Spent> {
        scan::names(text, work)
    }
}
