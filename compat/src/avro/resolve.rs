//! The end of a text: names used before their definition find it, and what could not be judged until then is judged.

use super::defaults;
use super::equal::{self, Undecided};
use super::members::{Problem, problem};
use super::model::*;
use super::names::Name;
use super::parse::{Arena, Open};
use crate::{Spent, Strictness, Work};
use std::collections::{HashMap, HashSet};

/// Why a text is not finished.
pub(super) enum Unresolved {
    Problem(Problem),
    Spent(Spent),
}

fn refuse<T>(at: usize, message: impl Into<String>) -> Result<T, Unresolved> {
    Ok(problem(at, message)?)
}

impl From<Problem> for Unresolved {
    fn from(problem: Problem) -> Self {
        Unresolved::Problem(problem)
    }
}

impl From<Spent> for Unresolved {
    fn from(spent: Spent) -> Self {
        Unresolved::Spent(spent)
    }
}

/// Finishes a text whose nodes are in the arena; returns its root.
///
/// # Errors
/// What is wrong with it; or the work ended.
pub(super) fn resolve(
    arena: &mut Arena,
    root: NodeId,
    open: Open,
    strictness: Strictness,
    work: &Work,
) -> Result<NodeId, Unresolved> {
    let mut targets: HashMap<NodeId, NodeId> = HashMap::with_capacity(open.uses.len());
    for (id, name, at) in &open.uses {
        match arena.names.get(name) {
            Some(&target) => targets.insert(*id, target),
            None => return refuse(*at, format!("Undefined schema: {name}")),
        };
    }
    // A named root means the first definition of its name, as every use of the name does.
    let root = targets.get(&root).copied().unwrap_or(root);
    let root = arena.nodes[root as usize].named().map_or(root, |named| arena.names[&named.name]);
    if !targets.is_empty() {
        arena.nodes[open.first..].iter_mut().for_each(|node| redirect(node, &targets));
    }
    for (id, at) in open.unions {
        let Node::Union(branches) = &arena.nodes[id as usize] else { unreachable!("only unions are noted") };
        if let Some((_, name)) = duplicate_branch(&arena.nodes, branches) {
            return refuse(at, format!("Duplicate in union:{name}"));
        }
    }
    redefinitions(arena, &open.redefinitions, work)?;
    if strictness == Strictness::New {
        defaults::check(&arena.nodes, &open.defaults, work)?;
    }
    Ok(root)
}

fn redirect(node: &mut Node, targets: &HashMap<NodeId, NodeId>) {
    let patch = |id: &mut NodeId| {
        if let Some(&target) = targets.get(id) {
            *id = target;
        }
    };
    match node {
        Node::Record(record) => record.fields.iter_mut().for_each(|field| patch(&mut field.schema)),
        Node::Array { items: id, .. } | Node::Map { values: id, .. } => patch(id),
        Node::Union(branches) => branches.iter_mut().for_each(patch),
        Node::Primitive { .. } | Node::Enum(_) | Node::Fixed(_) | Node::Unresolved => {}
    }
}

/// The first branch that has the name of an earlier one. Unnamed types go by the name of their kind.
pub(super) fn duplicate_branch(nodes: &[Node], branches: &[NodeId]) -> Option<(usize, String)> {
    #[derive(PartialEq, Eq, Hash)]
    enum Called<'n> {
        Name(&'n Name),
        Kind(&'static str),
    }
    let mut seen = HashSet::with_capacity(branches.len());
    branches.iter().enumerate().find_map(|(at, &id)| {
        let node = &nodes[id as usize];
        let called = match (node, node.named()) {
            (Node::Unresolved, _) => return None,
            (_, Some(named)) => Called::Name(&named.name),
            (_, None) => Called::Kind(node.kind().word()),
        };
        let text = || node.named().map_or_else(|| node.kind().word().to_owned(), |named| named.name.to_string());
        (!seen.insert(called)).then(|| (at, text()))
    })
}

/// A second definition of a name must be the same as the first in all that the data depends on.
fn redefinitions(arena: &mut Arena, redefinitions: &[(NodeId, usize)], work: &Work) -> Result<(), Unresolved> {
    /// Definitions that differ in documentation only are rare; comparing with more than a few would be quadratic.
    const REPRESENTATIVES: usize = 16;
    let mut variants: HashMap<Name, Vec<NodeId>> = HashMap::new();
    for &(id, at) in redefinitions {
        let name = &arena.nodes[id as usize].named().expect("only named types are defined").name;
        let first = arena.names[name];
        match equal::significant(&arena.nodes, id, first, work) {
            Ok(true) => {}
            Ok(false) => return refuse(at, format!("Can't redefine: {name}")),
            Err(Undecided::TooDeep) => return refuse(at, super::too_deep()),
            Err(Undecided::Spent(spent)) => return Err(spent.into()),
        }
        let known = variants.entry(name.clone()).or_insert_with(|| vec![first]);
        let same = |&&other: &&NodeId| equal::all(&arena.nodes, id, &arena.nodes, other, work) == Ok(true);
        match known.iter().find(same).copied() {
            Some(representative) => match &mut arena.nodes[id as usize] {
                Node::Record(record) => record.named.representative = representative,
                Node::Enum(symbols) => symbols.named.representative = representative,
                Node::Fixed(fixed) => fixed.named.representative = representative,
                _ => unreachable!("only named types are defined"),
            },
            None if known.len() < REPRESENTATIVES => known.push(id),
            None => {}
        }
    }
    Ok(())
}
