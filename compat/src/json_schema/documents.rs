//! The texts that one schema is made of, itself and those it refers to, and where a `$ref` leads in them. Never anywhere
//! else but into the built-in meta-schemas: what is not among them does not resolve.

use super::dialect::Dialect;
use super::meta;
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
    pub(super) uri: String,
    /// The schemas in it that have a URI of their own, and its root.
    resources: HashMap<String, Cursor<'t>>,
    /// Its anchors, by base and name.
    anchors: HashMap<(u32, String), Cursor<'t>>,
}

/// The number of the first built-in meta-schema; texts of a schema and their bases are numbered from 0.
pub(super) const BUILT_IN: u32 = 1 << 31;

/// All texts; the first is the schema's own.
#[derive(Debug)]
pub(super) struct Documents<'t> {
    all: Vec<Document<'t>>,
    bases: Vec<String>,
    /// The number of the first text and of the first base.
    first: u32,
    /// Texts by the URI and by the name of the reference.
    registered: HashMap<String, u32>,
}

/// Where a `$ref` leads.
pub(super) enum Target<'t> {
    Place(Cursor<'t>),
    /// To a built-in meta-schema, or to a place in it that it has not.
    MetaSchema(Result<Cursor<'t>, Dangling>),
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
    /// The schema's own text, which is in a dialect, and those that it refers to, with the names of the references.
    pub(super) fn new(
        root: &'t Tree<'t>,
        dialect: Dialect,
        dependencies: impl Iterator<Item = (&'t str, &'t Tree<'t>)>,
        work: &Work,
    ) -> Result<Self, Spent> {
        let mut documents = Documents::numbered_from(0);
        documents.add(root, dialect, String::new(), work)?;
        let base = documents.base(documents.root(0).base).to_owned();
        for (name, tree) in dependencies {
            let uri = resolve(&base, split(name).0);
            let document = small(documents.all.len());
            documents.registered.entry(uri.clone()).or_insert(document);
            documents.registered.entry(name.to_owned()).or_insert(document);
            documents.add(tree, dialect.of_dependency(tree), uri, work)?;
        }
        Ok(documents)
    }

    /// No texts yet.
    pub(super) fn numbered_from(first: u32) -> Self {
        Documents { all: Vec::new(), bases: Vec::new(), first, registered: HashMap::new() }
    }

    /// Adds a text.
    pub(super) fn add(&mut self, root: &'t Tree<'t>, dialect: Dialect, uri: String, work: &Work) -> Result<(), Spent> {
        let document = self.first + small(self.all.len());
        let base = self.new_base(uri.clone());
        let cursor = Cursor { tree: root, document, base };
        let resources = HashMap::from([(uri.clone(), cursor)]);
        self.all.push(Document { root, dialect, uri, resources, anchors: HashMap::new() });
        self.index(cursor, work)
    }

    fn new_base(&mut self, uri: String) -> u32 {
        self.bases.push(uri);
        self.first + small(self.bases.len() - 1)
    }

    /// Where a text or a base is kept: here, or with the meta-schemas.
    fn holder(&self, number: u32) -> &Documents<'t> {
        if (number < BUILT_IN) == (self.first < BUILT_IN) { self } else { meta::documents() }
    }

    /// The text of a number.
    pub(super) fn document(&self, number: u32) -> &Document<'t> {
        let holder = self.holder(number);
        &holder.all[(number - holder.first) as usize]
    }

    fn document_mut(&mut self, number: u32) -> &mut Document<'t> {
        &mut self.all[(number - self.first) as usize]
    }

    fn base(&self, number: u32) -> &str {
        let holder = self.holder(number);
        &holder.bases[(number - holder.first) as usize]
    }

    /// The root of a text.
    pub(super) fn root(&self, document: u32) -> Cursor<'t> {
        let text = self.document(document);
        let outside = text.resources[&text.uri];
        self.entered(Cursor { tree: text.root, ..outside })
    }

    /// The dialect of the text that a place is in.
    pub(super) fn dialect(&self, cursor: Cursor<'t>) -> Dialect {
        self.document(cursor.document).dialect
    }

    /// The same place with the base that it sets for what is in it.
    pub(super) fn entered(&self, cursor: Cursor<'t>) -> Cursor<'t> {
        let text = self.document(cursor.document);
        let Some(id) = cursor.tree.get(text.dialect.id_keyword()).and_then(Tree::as_str) else { return cursor };
        let id = split(id).0;
        if id.is_empty() || only_refers(cursor.tree, text.dialect) {
            return cursor;
        }
        let uri = resolve(self.base(cursor.base), id);
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
        let uri = resolve(self.base(cursor.base), id);
        // As long as a chain of relative references can make it.
        work.spend(LOOKED_AT * uri.len())?;
        let mut inside = cursor;
        if !id.is_empty() {
            match self.document(cursor.document).resources.get(&uri) {
                Some(known) => inside.base = known.base,
                None => {
                    inside.base = self.new_base(uri.clone());
                    self.document_mut(cursor.document).resources.insert(uri, inside);
                }
            }
        }
        if let Some(name) = fragment.filter(|name| !name.is_empty() && !name.starts_with('/')) {
            self.anchor(inside, name, work)?;
        }
        Ok(inside)
    }

    fn anchor(&mut self, cursor: Cursor<'t>, name: &str, work: &Work) -> Result<(), Spent> {
        work.spend(LOOKED_AT * name.len())?;
        self.document_mut(cursor.document).anchors.entry((cursor.base, name.to_owned())).or_insert(cursor);
        Ok(())
    }

    /// Where a `$ref` leads that stands in a schema with this base.
    pub(super) fn follow(&self, from: Cursor<'t>, reference: &str) -> Result<Target<'t>, Dangling> {
        let (before, fragment) = split(reference);
        let fragment = decoded(fragment.unwrap_or_default());
        let text = self.document(from.document);
        let uri = resolve(self.base(from.base), before);
        let own = text.resources.get(&uri).map(|found| self.entered(*found));
        // What a meta-schema refers to is never what somebody registered.
        let is_ours = from.document < BUILT_IN;
        let registered = |uri: &str| self.registered.get(uri).filter(|_| is_ours).map(|&document| self.root(document));
        let resource = own
            .or_else(|| registered(&uri))
            .or_else(|| registered(&resolve(&text.uri, before)))
            .or_else(|| registered(before));
        match resource {
            Some(resource) => self.within(resource, fragment).map(Target::Place),
            None => match meta::schema(&uri) {
                Some(built_in) => Ok(Target::MetaSchema(self.within(built_in, fragment))),
                None => Err(Dangling::NoText(uri)),
            },
        }
    }

    /// The place of a fragment in a resource.
    fn within(&self, resource: Cursor<'t>, fragment: String) -> Result<Cursor<'t>, Dangling> {
        if fragment.is_empty() {
            return Ok(resource);
        }
        let found = match fragment.strip_prefix('/') {
            Some(pointer) => {
                let from_root = || self.root(resource.document);
                self.pointed(resource, pointer).or_else(|| self.pointed(from_root(), pointer))
            }
            None => self.document(resource.document).anchors.get(&(resource.base, fragment)).copied(),
        };
        found.ok_or(Dangling::NoPlace)
    }

    /// The schema of a resource with this anchor, if that is a dynamic one.
    pub(super) fn dynamic(&self, document: u32, base: u32, name: &str) -> Option<Cursor<'t>> {
        let found = *self.document(document).anchors.get(&(base, name.to_owned()))?;
        (found.tree.get("$dynamicAnchor").and_then(Tree::as_str) == Some(name)).then_some(found)
    }

    /// The root of the resource that a place is in.
    pub(super) fn resource(&self, cursor: Cursor<'t>) -> Cursor<'t> {
        let found = self.document(cursor.document).resources.get(self.base(cursor.base)).copied();
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
