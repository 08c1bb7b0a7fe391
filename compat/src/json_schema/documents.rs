//! The texts that one schema is made of, itself and those it refers to, and where a `$ref` leads in them. Never anywhere
//! else: what is not among them does not resolve.

use super::dialect::Dialect;
use super::uri::{decoded, resolve, split};
use crate::json::{self, Node as Tree, Tree as Value};
use crate::{Spent, Work};
use std::collections::HashMap;

/// A place in a text, and the base URI there.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'t> {
    pub(super) tree: &'t Tree<'t>,
    pub(super) document: u32,
    pub(super) base: u32,
}

/// A text.
#[derive(Debug)]
pub(super) struct Document<'t> {
    pub(super) root: &'t Tree<'t>,
    pub(super) dialect: Dialect,
    /// The URI under which it is referred to.
    uri: String,
    /// The schemas in it that have a URI of their own, and its root.
    resources: HashMap<String, Cursor<'t>>,
    /// Its anchors, by base and name.
    anchors: HashMap<(u32, String), Cursor<'t>>,
}

/// All texts; the first is the schema's own.
#[derive(Debug, Default)]
pub(super) struct Documents<'t> {
    pub(super) all: Vec<Document<'t>>,
    bases: Vec<String>,
    /// Texts by the URI and by the name of the reference.
    registered: HashMap<String, u32>,
}

/// Where a `$ref` leads.
pub(super) enum Target<'t> {
    Place(Cursor<'t>),
    /// To the meta-schema of a dialect.
    MetaSchema,
}

/// Why a `$ref` does not resolve.
pub(super) enum Dangling {
    /// There is no such text. Inside is its URI.
    NoText(String),
    /// The text has no such place.
    NoPlace,
}

/// What a value costs that is looked at.
const LOOKED_AT: usize = 1;

impl<'t> Documents<'t> {
    /// The schema's own text and those that it refers to, with the names of the references.
    pub(super) fn new(
        root: &'t Tree<'t>,
        dependencies: impl Iterator<Item = (&'t str, &'t Tree<'t>)>,
        work: &Work,
    ) -> Result<Self, Spent> {
        let mut documents = Documents::default();
        let dialect = Dialect::of(root);
        documents.add(root, dialect, String::new(), work)?;
        let base = documents.bases[documents.root(0).base as usize].clone();
        for (name, tree) in dependencies {
            let uri = resolve(&base, split(name).0);
            let document = small(documents.all.len());
            documents.registered.entry(uri.clone()).or_insert(document);
            documents.registered.entry(name.to_owned()).or_insert(document);
            documents.add(tree, dialect.of_dependency(tree), uri, work)?;
        }
        Ok(documents)
    }

    fn add(&mut self, root: &'t Tree<'t>, dialect: Dialect, uri: String, work: &Work) -> Result<(), Spent> {
        let document = small(self.all.len());
        self.bases.push(uri.clone());
        let base = small(self.bases.len() - 1);
        self.all.push(Document { root, dialect, uri: uri.clone(), resources: HashMap::new(), anchors: HashMap::new() });
        let cursor = Cursor { tree: root, document, base };
        self.all[document as usize].resources.insert(uri, cursor);
        self.index(cursor, work)
    }

    /// The root of a text.
    pub(super) fn root(&self, document: u32) -> Cursor<'t> {
        let text = &self.all[document as usize];
        let outside = text.resources[&text.uri];
        self.entered(Cursor { tree: text.root, ..outside })
    }

    /// The dialect of the text that a place is in.
    pub(super) fn dialect(&self, cursor: Cursor<'t>) -> Dialect {
        self.all[cursor.document as usize].dialect
    }

    /// The same place with the base that it sets for what is in it.
    pub(super) fn entered(&self, cursor: Cursor<'t>) -> Cursor<'t> {
        let text = &self.all[cursor.document as usize];
        let Some(id) = cursor.tree.get(text.dialect.id_keyword()).and_then(Tree::as_str) else { return cursor };
        let id = split(id).0;
        if id.is_empty() || only_refers(cursor.tree, text.dialect) {
            return cursor;
        }
        let uri = resolve(&self.bases[cursor.base as usize], id);
        text.resources.get(&uri).map_or(cursor, |found| Cursor { base: found.base, ..cursor })
    }

    /// Finds the URIs and anchors in a value. Depth is that of the text, which reading has bounded.
    fn index(&mut self, mut cursor: Cursor<'t>, work: &Work) -> Result<(), Spent> {
        match &cursor.tree.tree {
            Value::Array(items) => {
                work.spend(LOOKED_AT * items.len())?;
                for tree in items {
                    self.index(Cursor { tree, ..cursor }, work)?;
                }
            }
            Value::Object(members) => {
                work.spend(LOOKED_AT * members.len())?;
                let dialect = self.dialect(cursor);
                let refers = only_refers(cursor.tree, dialect);
                for (key, text) in members.iter().filter_map(|m| Some((&*m.key, m.value.as_str()?))) {
                    if key == dialect.id_keyword() && !refers {
                        cursor = self.identified(cursor, text, work)?;
                    }
                }
                for (key, text) in members.iter().filter_map(|m| Some((&*m.key, m.value.as_str()?))) {
                    if !dialect.is_old() && matches!(key, "$anchor" | "$dynamicAnchor") {
                        self.anchor(cursor, text, work)?;
                    }
                }
                for member in members {
                    if !matches!(&*member.key, "enum" | "const" | "default" | "examples") {
                        self.index(Cursor { tree: &member.value, ..cursor }, work)?;
                    }
                }
            }
            _ => {}
        }
        Ok(())
    }

    /// Remembers a schema under its `$id`, and says with what base.
    fn identified(&mut self, cursor: Cursor<'t>, id: &str, work: &Work) -> Result<Cursor<'t>, Spent> {
        let (id, fragment) = split(id);
        let uri = resolve(&self.bases[cursor.base as usize], id);
        // As long as a chain of relative references can make it.
        work.spend(LOOKED_AT * uri.len())?;
        let mut inside = cursor;
        if !id.is_empty() {
            let known = self.all[cursor.document as usize].resources.get(&uri).copied();
            inside.base = known.map_or(small(self.bases.len()), |known| known.base);
            if known.is_none() {
                self.bases.push(uri.clone());
                self.all[cursor.document as usize].resources.insert(uri, inside);
            }
        }
        if let Some(name) = fragment.filter(|name| !name.is_empty() && !name.starts_with('/')) {
            self.anchor(inside, name, work)?;
        }
        Ok(inside)
    }

    fn anchor(&mut self, cursor: Cursor<'t>, name: &str, work: &Work) -> Result<(), Spent> {
        work.spend(LOOKED_AT * name.len())?;
        self.all[cursor.document as usize].anchors.entry((cursor.base, name.to_owned())).or_insert(cursor);
        Ok(())
    }

    /// Where a `$ref` leads that stands in a schema with this base.
    pub(super) fn follow(&self, from: Cursor<'t>, reference: &str) -> Result<Target<'t>, Dangling> {
        let (before, fragment) = split(reference);
        let text = &self.all[from.document as usize];
        let uri = resolve(&self.bases[from.base as usize], before);
        let registered = |uri: &str| self.registered.get(uri).map(|&document| self.root(document));
        let own = text.resources.get(&uri).map(|found| self.entered(*found));
        let resource = own
            .or_else(|| registered(&uri))
            .or_else(|| registered(&resolve(&text.uri, before)))
            .or_else(|| registered(before));
        let Some(resource) = resource else {
            return match Dialect::of_uri(&uri) {
                Some(_) => Ok(Target::MetaSchema),
                None => Err(Dangling::NoText(uri)),
            };
        };
        let fragment = decoded(fragment.unwrap_or_default());
        if fragment.is_empty() {
            return Ok(Target::Place(resource));
        }
        if let Some(pointer) = fragment.strip_prefix('/') {
            let from_root = || self.root(resource.document);
            let found = self.pointed(resource, pointer).or_else(|| self.pointed(from_root(), pointer));
            return found.map(Target::Place).ok_or(Dangling::NoPlace);
        }
        let anchors = &self.all[resource.document as usize].anchors;
        anchors.get(&(resource.base, fragment)).map(|found| Target::Place(*found)).ok_or(Dangling::NoPlace)
    }

    /// The schema of a resource with this anchor, if that is a dynamic one.
    pub(super) fn dynamic(&self, document: u32, base: u32, name: &str) -> Option<Cursor<'t>> {
        let found = *self.all[document as usize].anchors.get(&(base, name.to_owned()))?;
        (found.tree.get("$dynamicAnchor").and_then(Tree::as_str) == Some(name)).then_some(found)
    }

    /// The root of the resource that a place is in.
    pub(super) fn resource(&self, cursor: Cursor<'t>) -> Cursor<'t> {
        let uri = &self.bases[cursor.base as usize];
        let found = self.all[cursor.document as usize].resources.get(uri).copied();
        self.entered(found.unwrap_or_else(|| self.root(cursor.document)))
    }

    /// The place of a JSON pointer, which is given without its first `/`.
    fn pointed(&self, from: Cursor<'t>, pointer: &str) -> Option<Cursor<'t>> {
        let mut cursor = from;
        for (at, token) in pointer.split('/').enumerate() {
            let token = json::token(token);
            let tree = match &cursor.tree.tree {
                Value::Array(items) => items.get(token.parse::<usize>().ok()?)?,
                // What stands under `definitions` of a text is found under `$defs` as well.
                Value::Object(_) if at == 0 && token == "$defs" => {
                    let rest = pointer.split('/').nth(1).map(json::token);
                    let has = |bucket: &&Tree<'_>| rest.as_ref().is_none_or(|name| bucket.get(name).is_some());
                    cursor.tree.get("$defs").filter(has).or_else(|| cursor.tree.get("definitions"))?
                }
                Value::Object(_) => cursor.tree.get(&token)?,
                _ => return None,
            };
            cursor = self.entered(Cursor { tree, ..cursor });
        }
        Some(cursor)
    }
}

/// Does nothing count in a schema but its `$ref`?
fn only_refers(tree: &Tree<'_>, dialect: Dialect) -> bool {
    dialect.is_old() && tree.get("$ref").and_then(Tree::as_str).is_some()
}

fn small(number: usize) -> u32 {
    u32::try_from(number).expect("a text has fewer values than bytes, of which there are few enough")
}
