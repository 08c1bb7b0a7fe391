//! The URIs in a text: its own, and those that it refers to outside of itself.

use super::dialect::Dialect;
use super::uri::{resolve, split};
use super::{READ, tree};
use crate::json::{Memory, Node as Tree, Tree as Value};
use crate::{Names, Spent, Work};
use std::collections::HashSet;

/// What a text needs of others and offers to them. What its references may be called: as they are written, and as its own URI
/// completes them.
///
/// # Errors
/// The work ended.
pub(super) fn names(text: &str, work: &Work) -> Result<Names, Spent> {
    work.spend(text.len() / READ)?;
    let mut memory = Memory::default();
    let Ok(Some(root)) = tree(text, &mut memory) else { return Ok(Names::default()) };
    let id = root.get(Dialect::of(&root).id_keyword()).and_then(Tree::as_str).map(|id| split(id).0);
    let base = resolve("", id.unwrap_or_default());
    let (mut seen, mut needs) = (HashSet::new(), Vec::new());
    let mut open = vec![&root];
    while let Some(tree) = open.pop() {
        let before = open.len();
        match &tree.tree {
            Value::Array(items) => open.extend(items),
            Value::Object(members) => {
                let written = tree.get("$ref").and_then(Tree::as_str).map(|reference| split(reference).0);
                if let Some(written) =
                    written.filter(|written| !written.is_empty() && seen.insert((*written).to_owned()))
                {
                    let mut called = vec![resolve("", written), resolve(&base, written)];
                    called.dedup();
                    if !called.contains(&base) {
                        needs.push(called);
                    }
                }
                open.extend(members.iter().map(|member| &member.value));
            }
            _ => {}
        }
        open[before..].reverse();
    }
    let offers = if base.is_empty() { Vec::new() } else { vec![base] };
    Ok(Names { offers, needs })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_offers_its_uri_and_needs_what_it_refers_to() {
        let text = r##"{"$id": "http://x/a/order.json#", "properties": {"a": {"$ref": "./customer.json#/definitions/n"},
            "b": {"items": [{"$ref": "#/definitions/own"}, {"$ref": "customer.json"}, {"$ref": "http://x/a/order.json#/y"}]},
            "c": {"$ref": "http://y/other.json"}}}"##;
        let found = names(text, &Work::unlimited()).unwrap();
        assert_eq!(found.offers, ["http://x/a/order.json"]);
        let customer = ["customer.json", "http://x/a/customer.json"];
        assert_eq!(found.needs, [&customer[..], &customer, &["http://y/other.json"]]);
        assert_eq!(names("true", &Work::unlimited()), Ok(Names::default()));
        assert_eq!(names("{", &Work::unlimited()), Ok(Names::default()));
    }
}
