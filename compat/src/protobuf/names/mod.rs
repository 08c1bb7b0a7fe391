//! What a name means: the types of a file and of all that it can see, and the scopes in which a name is sought.
//!
//! A name is sought whole, from the innermost message outwards, then in the package and in the packages around it. What the
//! file itself defines comes before what referenced files define, and those before the bundled files, which are there whether
//! or not they are imported. No full name is ever built to seek one: a scope is a node, and a name is walked part by part.
//! So a type that is declared with dots in its name has a scope for each part of it, and types of one full name have one inside:
//! the reference allows both, since it knows types by their full names.

mod table;

pub(super) use table::{Declared, Kind, NodeId, SCOPE, Table};

use super::bundled;
use super::model::*;
use crate::{Spent, Work};
use table::ROOT;

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
