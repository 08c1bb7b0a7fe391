//! The scopes of some files, and what is declared in them.

use crate::json::SMALL;
use crate::protobuf::model::*;
use crate::{Spent, Work};
use std::collections::{HashMap, VecDeque};

/// A scope: a package or a type.
pub(in crate::protobuf) type NodeId = u32;

/// The scope of everything.
pub(super) const ROOT: NodeId = 0;

/// What a scope is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(in crate::protobuf) enum Kind {
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
pub(in crate::protobuf) struct Node {
    pub(in crate::protobuf) parent: NodeId,
    name: u32,
    /// What has the names inside it: itself, or what came first under its own full name.
    pub(in crate::protobuf) inside: NodeId,
    /// The file that defines it, by its place in the list of files.
    pub(in crate::protobuf) file: u32,
    pub(in crate::protobuf) kind: Kind,
    /// The same package among the bundled files.
    pub(super) bundled: Option<NodeId>,
}

/// Bytes that a scope takes.
pub(in crate::protobuf) const SCOPE: usize = size_of::<Node>() + 8 * SMALL;

/// What it costs to make a scope.
const MADE: usize = 4;

/// An extension where it is declared.
#[derive(Debug)]
pub(in crate::protobuf) struct Declared {
    /// The scope that it stands in.
    pub(in crate::protobuf) scope: NodeId,
    name: u32,
    pub(in crate::protobuf) file: u32,
    /// The message that it stands in.
    pub(in crate::protobuf) message: Option<Id>,
    /// Its block there, and its place in that.
    pub(in crate::protobuf) block: usize,
    pub(in crate::protobuf) field: usize,
}

/// The scopes of some files.
#[derive(Debug, Default)]
pub(in crate::protobuf) struct Table {
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
    pub(in crate::protobuf) fn of<'f>(
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
    pub(super) fn find(&self, mut scope: NodeId, name: &str) -> Option<NodeId> {
        for part in name.split('.') {
            scope = self.child(scope, part)?;
        }
        self.nodes[scope as usize].kind.is_type().then_some(scope)
    }

    /// The extension with this name in a scope.
    pub(super) fn find_extension(&self, mut scope: NodeId, name: &str) -> Option<u32> {
        let (path, last) = name.rsplit_once('.').map_or((None, name), |(path, last)| (Some(path), last));
        for part in path.into_iter().flat_map(|path| path.split('.')) {
            scope = self.child(scope, part)?;
        }
        let symbol = self.symbols.get(last)?;
        self.extension_names.get(&self.key(scope, *symbol)).copied()
    }

    pub(in crate::protobuf) fn extension(&self, id: u32) -> &Declared {
        &self.extensions[id as usize]
    }

    pub(in crate::protobuf) fn extensions(&self) -> &[Declared] {
        &self.extensions
    }

    pub(super) fn full_extension(&self, id: u32) -> String {
        let declared = &self.extensions[id as usize];
        let mut parts = self.parts(declared.scope, true);
        parts.push(&self.names[declared.name as usize]);
        parts.join(".")
    }

    pub(in crate::protobuf) fn get(&self, id: NodeId) -> &Node {
        &self.nodes[id as usize]
    }

    /// The scope of a message.
    pub(in crate::protobuf) fn of_message(&self, file: u32, id: Id) -> NodeId {
        self.first[file as usize].0 + id
    }

    /// The scope of an enum.
    pub(in crate::protobuf) fn of_enum(&self, file: u32, id: Id) -> NodeId {
        self.first[file as usize].1 + id
    }

    /// The scope of a file.
    pub(in crate::protobuf) fn of_file(&self, file: u32) -> NodeId {
        self.first[file as usize].2
    }

    /// The names of a type from the outermost message inwards, or with its package before them.
    pub(super) fn parts(&self, id: NodeId, with_package: bool) -> Vec<&str> {
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
