//! What a name means: the types of a file and of all that it can see, and the scopes in which a name is sought.
//!
//! A name is sought whole, from the innermost message outwards, then in the package and in the packages around it. What the
//! file itself defines comes before what referenced files define, and those before the bundled files, which are there whether
//! or not they are imported. No full name is ever built to seek one: a scope is a node, and a name is walked part by part.
//! So a type that is declared with dots in its name has a scope for each part of it, and types of one full name have one inside:
//! the reference allows both, since it knows types by their full names.

use super::bundled;
use super::model::*;
use crate::json::SMALL;
use crate::{Spent, Work};
use std::collections::{HashMap, VecDeque};

/// A scope: a package or a type.
pub(super) type NodeId = u32;

/// The scope of everything.
const ROOT: NodeId = 0;

/// What a scope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    Package,
    /// What stands before a dot in the name of a type where it is declared, and is no type itself.
    Part,
    Message(Id),
    Enum(Id),
}

impl Kind {
    fn is_type(self) -> bool {
        match self {
            Self::Package | Self::Part => false,
            Self::Message(_) | Self::Enum(_) => true,
        }
    }
}

#[derive(Debug)]
pub(super) struct Node {
    pub(super) parent: NodeId,
    name: u32,
    /// What has the names inside it: itself, or what came first under its own full name.
    pub(super) inside: NodeId,
    /// The file that defines it, by its place in the list of files.
    pub(super) file: u32,
    pub(super) kind: Kind,
    /// The same package among the bundled files.
    bundled: Option<NodeId>,
}

/// Bytes that a scope takes.
pub(super) const SCOPE: usize = size_of::<Node>() + 8 * SMALL;

/// What it costs to make a scope.
const MADE: usize = 4;

/// An extension where it is declared.
#[derive(Debug)]
pub(super) struct Declared {
    /// The scope that it stands in.
    pub(super) scope: NodeId,
    name: u32,
    pub(super) file: u32,
    /// The message that it stands in.
    pub(super) message: Option<Id>,
    /// Its block there, and its place in that.
    pub(super) block: usize,
    pub(super) field: usize,
}

/// The scopes of some files.
#[derive(Debug, Default)]
pub(super) struct Table {
    nodes: Vec<Node>,
    symbols: HashMap<Box<str>, u32>,
    names: Vec<Box<str>>,
    children: HashMap<(NodeId, u32), NodeId>,
    extensions: Vec<Declared>,
    extension_names: HashMap<(NodeId, u32), u32>,
    /// The node of the first message and of the first enum of each file, and that of its package.
    first: Vec<(NodeId, NodeId, NodeId)>,
}

impl Table {
    /// The scopes of these files; of several types with one name the first counts.
    pub(super) fn of<'f>(
        files: impl IntoIterator<Item = &'f File>,
        bundle: Option<&Table>,
        work: &Work,
    ) -> Result<Table, Spent> {
        let mut table = Table::default();
        table.node(ROOT, 0, Kind::Package);
        table.nodes[ROOT as usize].bundled = bundle.map(|_| ROOT);
        for (at, file) in files.into_iter().enumerate() {
            table.add(u32::try_from(at).expect("files are few"), file, bundle, work)?;
        }
        Ok(table)
    }

    fn node(&mut self, parent: NodeId, file: u32, kind: Kind) -> NodeId {
        let id = u32::try_from(self.nodes.len()).expect("texts of 4 GiB never get here");
        self.nodes.push(Node { parent, name: 0, inside: id, file, kind, bundled: None });
        id
    }

    fn symbol(&mut self, name: &str) -> u32 {
        if let Some(&symbol) = self.symbols.get(name) {
            return symbol;
        }
        let symbol = u32::try_from(self.names.len()).expect("texts of 4 GiB never get here");
        self.names.push(name.into());
        self.symbols.insert(name.into(), symbol);
        symbol
    }

    fn add(&mut self, at: u32, file: &File, bundle: Option<&Table>, work: &Work) -> Result<(), Spent> {
        work.spend(MADE * (1 + file.messages.len() + file.enums.len()))?;
        let package = match &file.package {
            Some(path) => self.enter(ROOT, path, (at, Kind::Package), bundle, work)?,
            None => ROOT,
        };
        let base = u32::try_from(self.nodes.len()).expect("texts of 4 GiB never get here");
        let enums = base + u32::try_from(file.messages.len()).expect("texts of 4 GiB never get here");
        self.first.push((base, enums, package));
        // Their places are numbered at once, their names and scopes are known when they are declared.
        let messages = (0..).zip(&file.messages).map(|(id, _)| Kind::Message(id));
        for kind in messages.chain((0..).zip(&file.enums).map(|(id, _)| Kind::Enum(id))) {
            self.node(package, at, kind);
        }
        let mut declare = |scope, messages: &[Id], symbols: &[Id]| {
            let messages = messages.iter().map(|&id| (base + id, &file.messages[id as usize].name));
            let symbols = symbols.iter().map(|&id| (enums + id, &file.enums[id as usize].name));
            messages.chain(symbols).try_for_each(|(node, name)| self.declare(node, scope, name, bundle, work))
        };
        declare(package, &file.top_messages, &file.top_enums)?;
        // The messages around a message are declared before it.
        let mut around: VecDeque<Id> = file.top_messages.iter().copied().collect();
        while let Some(id) = around.pop_front() {
            let message = &file.messages[id as usize];
            declare(base + id, &message.messages, &message.enums)?;
            around.extend(&message.messages);
        }
        self.add_extensions(package, at, None, &file.extends);
        for (id, message) in (0..).zip(&file.messages).filter(|(_, message)| !message.extends.is_empty()) {
            self.add_extensions(base + id, at, Some(id), &message.extends);
        }
        Ok(())
    }

    /// The scope that a path leads to from another. A step that is not there is made: of this file and kind.
    fn enter(
        &mut self,
        mut scope: NodeId,
        path: &str,
        (file, kind): (u32, Kind),
        bundle: Option<&Table>,
        work: &Work,
    ) -> Result<NodeId, Spent> {
        for part in path.split('.') {
            let symbol = self.symbol(part);
            let key = self.key(scope, symbol);
            scope = match self.children.get(&key) {
                Some(&child) => child,
                None => {
                    work.spend(MADE)?;
                    let outer = self.nodes[scope as usize].bundled;
                    let made = self.node(scope, file, kind);
                    let node = &mut self.nodes[made as usize];
                    node.name = symbol;
                    node.bundled = bundle.zip(outer).and_then(|(bundle, outer)| bundle.child(outer, part));
                    self.children.insert(key, made);
                    made
                }
            };
        }
        Ok(scope)
    }

    /// Lets a type be found in a scope; of several with one name the first.
    fn declare(
        &mut self,
        id: NodeId,
        scope: NodeId,
        name: &str,
        bundle: Option<&Table>,
        work: &Work,
    ) -> Result<(), Spent> {
        let (parent, last) = match name.rsplit_once('.') {
            Some((path, last)) => {
                let file = self.nodes[id as usize].file;
                (self.enter(scope, path, (file, Kind::Part), bundle, work)?, last)
            }
            None => (scope, name),
        };
        let name = self.symbol(last);
        let key = self.key(parent, name);
        let first = self.children.get(&key).map(|&first| &self.nodes[first as usize]);
        let inside = first.map_or(id, |first| first.inside);
        if first.is_none_or(|first| !first.kind.is_type()) {
            self.children.insert(key, id);
        }
        let node = &mut self.nodes[id as usize];
        (node.parent, node.name, node.inside) = (parent, name, inside);
        Ok(())
    }

    /// Under what a name in a scope is known.
    fn key(&self, scope: NodeId, name: u32) -> (NodeId, u32) {
        (self.nodes[scope as usize].inside, name)
    }

    fn add_extensions(&mut self, scope: NodeId, file: u32, message: Option<Id>, blocks: &[Extend]) {
        let fields = blocks.iter().enumerate().flat_map(|(block, extend)| {
            extend.fields.iter().enumerate().map(move |(field, declared)| (block, field, declared))
        });
        for (block, field, declared) in fields {
            let name = self.symbol(&declared.name);
            let id = u32::try_from(self.extensions.len()).expect("texts of 4 GiB never get here");
            self.extensions.push(Declared { scope, name, file, message, block, field });
            self.extension_names.entry(self.key(scope, name)).or_insert(id);
        }
    }

    fn child(&self, parent: NodeId, name: &str) -> Option<NodeId> {
        let symbol = self.symbols.get(name)?;
        self.children.get(&self.key(parent, *symbol)).copied()
    }

    /// The type with this name in a scope.
    fn find(&self, mut scope: NodeId, name: &str) -> Option<NodeId> {
        for part in name.split('.') {
            scope = self.child(scope, part)?;
        }
        self.nodes[scope as usize].kind.is_type().then_some(scope)
    }

    /// The extension with this name in a scope.
    fn find_extension(&self, mut scope: NodeId, name: &str) -> Option<u32> {
        let (path, last) = name.rsplit_once('.').map_or((None, name), |(path, last)| (Some(path), last));
        for part in path.into_iter().flat_map(|path| path.split('.')) {
            scope = self.child(scope, part)?;
        }
        let symbol = self.symbols.get(last)?;
        self.extension_names.get(&self.key(scope, *symbol)).copied()
    }

    pub(super) fn extension(&self, id: u32) -> &Declared {
        &self.extensions[id as usize]
    }

    pub(super) fn extensions(&self) -> &[Declared] {
        &self.extensions
    }

    fn full_extension(&self, id: u32) -> String {
        let declared = &self.extensions[id as usize];
        let mut parts = self.parts(declared.scope, true);
        parts.push(&self.names[declared.name as usize]);
        parts.join(".")
    }

    pub(super) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The scope of a message.
    pub(super) fn of_message(&self, file: u32, id: Id) -> NodeId {
        self.first[file as usize].0 + id
    }

    /// The scope of an enum.
    pub(super) fn of_enum(&self, file: u32, id: Id) -> NodeId {
        self.first[file as usize].1 + id
    }

    /// The scope of a file.
    pub(super) fn of_file(&self, file: u32) -> NodeId {
        self.first[file as usize].2
    }

    /// The names of a type from the outermost message inwards, or with its package before them.
    fn parts(&self, id: NodeId, with_package: bool) -> Vec<&str> {
        let mut parts = Vec::new();
        let mut at = id;
        while at != ROOT && (with_package || self.nodes[at as usize].kind != Kind::Package) {
            let node = &self.nodes[at as usize];
            parts.push(&*self.names[node.name as usize]);
            at = node.parent;
        }
        parts.reverse();
        parts
    }
}

/// Where a type is defined.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Found {
    /// In the file, or in one that it needs.
    Here(NodeId),
    /// In a bundled file.
    Bundled(NodeId),
}

/// Where an extension is declared.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(super) enum Extension {
    /// In the file, or in one that it needs.
    Here(u32),
    /// In a bundled file.
    Bundled(u32),
}

/// All types that a file can see.
#[derive(Debug)]
pub(super) struct Names {
    pub(super) table: Table,
    /// The bundled files in whose place there are others, as bits.
    replaced: u64,
}

impl Names {
    /// The names of a file (the first) and of those that it needs, under the names of their references.
    pub(super) fn of(files: &[std::sync::Arc<File>], called: &[&str], work: &Work) -> Result<Names, Spent> {
        let bundle = bundled::bundle();
        let table = Table::of(files.iter().map(|file| &**file), Some(&bundle.table), work)?;
        let replaced = called.iter().filter_map(|name| bundled::position(name)).fold(0, |bits, at| bits | 1 << at);
        Ok(Names { table, replaced })
    }

    /// The type that a name means in a scope.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn resolve(&self, scope: Found, name: &str, work: &Work) -> Result<Option<Found>, Spent> {
        let bundle = bundled::bundle();
        self.seek(
            scope,
            name,
            |scope, name| self.table.find(scope, name).map(Found::Here),
            |scope, name| {
                let found = bundle.table.find(scope, name)?;
                (!self.is_replaced(bundle.table.get(found).file)).then_some(Found::Bundled(found))
            },
            work,
        )
    }

    /// The extension that a name means in a scope.
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn extension(&self, scope: Found, name: &str, work: &Work) -> Result<Option<Extension>, Spent> {
        let bundle = bundled::bundle();
        self.seek(
            scope,
            name,
            |scope, name| self.table.find_extension(scope, name).map(Extension::Here),
            |scope, name| {
                let found = bundle.table.find_extension(scope, name)?;
                (!self.is_replaced(bundle.table.extension(found).file)).then_some(Extension::Bundled(found))
            },
            work,
        )
    }

    /// Seeks a name from a scope outwards.
    fn seek<T>(
        &self,
        scope: Found,
        name: &str,
        find_here: impl Fn(NodeId, &str) -> Option<T>,
        find_bundled: impl Fn(NodeId, &str) -> Option<T>,
        work: &Work,
    ) -> Result<Option<T>, Spent> {
        let steps = 1 + name.len() / super::SOUGHT;
        let (absolute, name) = name.strip_prefix('.').map_or((false, name), |rest| (true, rest));
        let (mut here, mut bundled) = match scope {
            _ if absolute => (Some(ROOT), Some(ROOT)),
            Found::Here(node) => (Some(node), self.bundled_beside(node)),
            Found::Bundled(node) => (None, Some(node)),
        };
        loop {
            work.spend(steps)?;
            let found = here.and_then(|scope| find_here(scope, name));
            let found = found.or_else(|| bundled.and_then(|scope| find_bundled(scope, name)));
            if found.is_some() {
                return Ok(found);
            }
            (here, bundled) = match (here, bundled) {
                (Some(ROOT), _) | (None, None) => return Ok(None),
                (Some(node), _) => {
                    let parent = self.table.get(node).parent;
                    (Some(parent), self.bundled_beside(parent))
                }
                (None, Some(ROOT)) => (Some(ROOT), None),
                (None, Some(node)) => (None, Some(bundled::bundle().table.get(node).parent)),
            };
        }
    }

    fn bundled_beside(&self, node: NodeId) -> Option<NodeId> {
        let node = self.table.get(node);
        if node.kind == Kind::Package { node.bundled } else { None }
    }

    /// Is there another file in the place of this bundled one?
    pub(super) fn is_replaced(&self, file: u32) -> bool {
        self.replaced >> file & 1 == 1
    }

    /// The name of an extension with its package.
    pub(super) fn full_extension(&self, extension: Extension) -> String {
        match extension {
            Extension::Here(id) => self.table.full_extension(id),
            Extension::Bundled(id) => bundled::bundle().table.full_extension(id),
        }
    }

    pub(super) fn kind(&self, found: Found) -> Kind {
        match found {
            Found::Here(node) => self.table.get(node).kind,
            Found::Bundled(node) => bundled::bundle().table.get(node).kind,
        }
    }

    /// The name of a type with its package, without a dot before it.
    pub(super) fn full(&self, found: Found) -> String {
        self.parts(found, true).join(".")
    }

    /// Have two types the same name, from the outermost message inwards?
    ///
    /// # Errors
    /// The work ended.
    pub(super) fn same_local(&self, one: Found, names: &Names, other: Found, work: &Work) -> Result<bool, Spent> {
        /// Bytes that are compared for a unit of work.
        const COMPARED: usize = 64;
        let (one, other) = (self.parts(one, false), names.parts(other, false));
        work.spend(one.iter().map(|part| 1 + part.len() / COMPARED).sum())?;
        Ok(one == other)
    }

    fn parts(&self, found: Found, with_package: bool) -> Vec<&str> {
        match found {
            Found::Here(node) => self.table.parts(node, with_package),
            Found::Bundled(node) => bundled::bundle().table.parts(node, with_package),
        }
    }
}
