//! The names in a text: what it defines, and what it uses and does not define. Without judging it: what is no schema has names
//! as far as it looks like one.

use super::names::{Name, is_primitive};
use crate::json::{Flavor, Memory, Node as Tree, Tree as Value, rest};
use crate::{Names, Spent, Work};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// A type in the tree of a text, and the namespace around it.
pub(super) type Defined<'t> = (&'t Tree<'t>, Option<Arc<str>>);

/// The names in a text.
pub(super) struct Scan<'t> {
    /// The definitions by their names, the first one of each.
    pub(super) defined: HashMap<Name, Defined<'t>>,
    /// The uses of names, with the namespaces around them.
    uses: Vec<(&'t str, Option<Arc<str>>)>,
}

/// What a text needs of others and offers to them.
///
/// # Errors
/// The work ended.
pub(super) fn names(text: &str, work: &Work) -> Result<Names, Spent> {
    work.spend(text.len() / super::READ)?;
    let Ok(Some((tree, _))) = rest(text, Flavor::Commented, &mut Memory::default()) else {
        return Ok(Names::default());
    };
    let Scan { defined, uses } = Scan::of(&tree);
    let mut offers: Vec<String> = defined.keys().map(ToString::to_string).collect();
    offers.sort_unstable();
    let mut seen = HashSet::new();
    let mut needs = Vec::new();
    for (written, namespace) in uses {
        let mut meant = vec![Name::new(written, namespace.as_ref()), Name::new(written, None)];
        meant.dedup();
        if !meant.iter().any(|name| defined.contains_key(name)) && seen.insert(meant.clone()) {
            needs.push(meant.iter().map(ToString::to_string).collect());
        }
    }
    Ok(Names { offers, needs })
}

impl<'t> Scan<'t> {
    /// Looks through a text.
    pub(super) fn of(root: &'t Tree<'t>) -> Self {
        let (mut found, mut uses) = (HashMap::new(), Vec::new());
        let mut open: Vec<Defined<'t>> = vec![(root, None)];
        while let Some((tree, namespace)) = open.pop() {
            let before = open.len();
            match &tree.tree {
                Value::String(written) if !is_primitive(written) => uses.push((&**written, namespace)),
                Value::Array(branches) => open.extend(branches.iter().map(|branch| (branch, namespace.clone()))),
                Value::Object(_) => {
                    let word = tree.get("type").and_then(Tree::as_str).unwrap_or_default();
                    if let Some(name) = defined(tree, namespace.as_ref()) {
                        let inside = name.namespace().cloned();
                        found.entry(name).or_insert((tree, namespace));
                        if let Some(Value::Array(fields)) = tree.get("fields").map(|fields| &fields.tree) {
                            let types = fields.iter().filter_map(|field| field.get("type"));
                            open.extend(types.map(|schema| (schema, inside.clone())));
                        }
                    } else if matches!(word, "array" | "map") {
                        let parts = [tree.get("items"), tree.get("values")].into_iter().flatten();
                        open.extend(parts.map(|part| (part, namespace.clone())));
                    } else if !word.is_empty() && !is_primitive(word) {
                        uses.push((word, namespace));
                    }
                }
                _ => {}
            }
            open[before..].reverse();
        }
        Scan { defined: found, uses }
    }
}

/// The name that a tree defines, if it does.
pub(super) fn defined(tree: &Tree<'_>, namespace: Option<&Arc<str>>) -> Option<Name> {
    if !matches!(tree.get("type")?.as_str()?, "record" | "error" | "enum" | "fixed") {
        return None;
    }
    let own: Option<Arc<str>> = tree.get("namespace").and_then(Tree::as_str).map(Arc::from);
    Some(Name::new(tree.get("name")?.as_str()?, own.as_ref().or(namespace)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_offers_what_it_defines_and_needs_what_it_uses_besides() {
        let text = r#"{"type":"record","name":"R","namespace":"x","fields":[
            {"name":"a","type":["null","Later","Other","y.Other"]},
            {"name":"b","type":{"type":"array","items":{"type":"enum","name":"Later","symbols":[]}}},
            {"name":"c","type":{"type":"Other"}},{"name":"d","type":{"type":"map","values":"int"}}]}"#;
        let found = names(text, &Work::unlimited()).unwrap();
        assert_eq!(found.offers, ["x.Later", "x.R"]);
        assert_eq!(found.needs, [vec!["x.Other", "Other"], vec!["y.Other"]]);
        assert_eq!(names("\"Q\"", &Work::unlimited()).unwrap().needs, [["Q"]]);
        assert_eq!(names("{", &Work::unlimited()), Ok(Names::default()));
    }
}
