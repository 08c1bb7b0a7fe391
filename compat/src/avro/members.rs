//! The members of a schema object: what must be there, what may be, and what is left over as properties. And how problems
//! quote them.

use super::VALUE_DEPTH;
use super::model::Props;
use crate::json::{Cut, Full, Json, Memory, Node as Tree, Tree as Value, full};

/// What is wrong, and at which byte offset.
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) at: usize,
}

pub(super) fn problem<T>(at: usize, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { message: message.into(), at })
}

/// A string member that must be there.
pub(super) fn required<'a>(tree: &'a Tree<'_>, key: &str, otherwise: &str) -> Result<&'a str, Problem> {
    match tree.get(key).and_then(Tree::as_str) {
        Some(text) => Ok(text),
        None => problem(tree.get(key).map_or(tree.at, |node| node.at), format!("{otherwise}: {}", echo(tree))),
    }
}

/// A string member; one of another type counts as absent.
pub(super) fn text(tree: &Tree<'_>, key: &str) -> Option<Box<str>> {
    tree.get(key).and_then(Tree::as_str).map(Into::into)
}

pub(super) fn alias_list<'a>(tree: &'a Tree<'_>) -> Result<Vec<(&'a str, usize)>, Problem> {
    let Some(aliases) = tree.get("aliases") else { return Ok(Vec::new()) };
    let Value::Array(list) = &aliases.tree else {
        return problem(aliases.at, format!("aliases not an array: {}", echo(tree)));
    };
    let alias = |node: &'a Tree<'_>| match node.as_str() {
        Some(text) => Ok((text, node.at)),
        None => problem(node.at, format!("alias not a string: {}", echo(node))),
    };
    list.iter().map(alias).collect()
}

/// The members of a type that are properties. The reserved ones are the same for all types, also where they mean nothing;
/// only `default` is reserved on enums alone.
pub(super) fn type_props(tree: &Tree<'_>, has_default: bool, memory: &mut Memory) -> Result<Props, Problem> {
    let reserved = |key: &str| match key {
        "type" | "name" | "namespace" | "doc" | "fields" | "items" | "values" | "size" | "symbols" | "aliases" => true,
        "default" => has_default,
        _ => false,
    };
    props(tree, reserved, memory)
}

pub(super) fn props(tree: &Tree<'_>, reserved: impl Fn(&str) -> bool, memory: &mut Memory) -> Result<Props, Problem> {
    let Value::Object(members) = &tree.tree else { return Ok(Vec::new()) };
    let free = || members.iter().filter(|member| !reserved(&member.key));
    let mut props = Vec::with_capacity(free().count());
    for member in free() {
        props.push(member.to_json(VALUE_DEPTH, memory).or_else(|why| uncut(&member.value, &why))?);
    }
    Ok(props)
}

pub(super) fn value(tree: &Tree<'_>, memory: &mut Memory) -> Result<Json, Problem> {
    tree.to_json(VALUE_DEPTH, memory).or_else(|why| uncut(tree, &why))
}

fn uncut<T>(tree: &Tree<'_>, why: &Cut) -> Result<T, Problem> {
    match why {
        Cut::TooDeep => problem(tree.at, format!("The value nests deeper than the {VALUE_DEPTH} levels allowed")),
        Cut::Full => problem(tree.at, full()),
    }
}

/// Counts what is built for what stands at this offset.
pub(super) fn take(bytes: usize, at: usize, memory: &mut Memory) -> Result<(), Problem> {
    memory.take(bytes).or_else(|Full| problem(at, full()))
}

/// The text of a node for a message. Each value of an excerpt is at least a character of the text.
pub(super) fn echo(tree: &Tree<'_>) -> String {
    shorten(&tree.excerpt(&mut (QUOTED + 1)).to_string())
}

/// How many characters of the schema a message quotes; a schema may have megabytes.
pub(super) const QUOTED: usize = 2000;

/// A part of the schema for a message.
pub(super) fn shorten(text: &str) -> String {
    cut(text, QUOTED)
}

pub(super) fn cut(text: &str, longest: usize) -> String {
    match text.char_indices().nth(longest) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}
