//! Where findings are, in the texts of both schemas.

use super::check::Found;
use super::model::NodeId;
use super::{Schema, tree};
use crate::finding::LONGEST_FRAGMENT;
use crate::json::{Memory, Node as Tree, Tree as Value, push_token};
use crate::{Spent, Spot, Work};
use std::collections::HashMap;

/// How many findings are told with their places: more than anybody looks at.
const MOST_SPOTS: usize = 200;
/// How long a pointer may be, in bytes.
const LONGEST: usize = 1_000;

/// Where each finding is in the texts of a schema.
///
/// # Errors
/// The work ended.
pub(super) fn spots(
    schema: &Schema,
    found: &[Found],
    node: impl Fn(&Found) -> NodeId,
    work: &Work,
) -> Result<Vec<Spot>, Spent> {
    let mut all = vec![Spot::default(); found.len()];
    let Ok(model) = &schema.model else { return Ok(all) };
    let mut texts: HashMap<u32, Vec<usize>> = HashMap::new();
    for (at, found) in found.iter().enumerate().take(MOST_SPOTS) {
        texts.entry(model.node(node(found)).document).or_default().push(at);
    }
    for (document, findings) in texts {
        let dependency = (document as usize).checked_sub(1).and_then(|at| schema.dependencies.get(at));
        let text = dependency.map_or(&schema.canonical, |dependency| &dependency.text);
        work.spend(text.len() / super::READ)?;
        let mut memory = Memory::default();
        let Ok(Some(tree)) = tree(text, &mut memory) else { continue };
        for at in findings {
            let place = model.node(node(&found[at])).at as usize;
            let (mut pointer, mut there) = reached(&tree, place);
            for step in ways(there, &found[at].steps) {
                let Some(next) = there.child(&step) else { break };
                push_token(&mut pointer, &step);
                there = next;
            }
            let name = dependency.map_or(String::new(), |dependency| format!("{}#", dependency.name));
            let path = format!("{name}{pointer}");
            all[at] = Spot {
                path: (path.len() <= LONGEST).then_some(path),
                fragment: Some(crate::finding::abridged(value(&text[there.at..]))),
            };
        }
    }
    Ok(all)
}

/// The value that begins at this offset, and its pointer.
pub(super) fn reached<'t>(root: &'t Tree<'t>, at: usize) -> (String, &'t Tree<'t>) {
    let (mut pointer, mut tree) = (String::new(), root);
    while tree.at != at {
        let next = match &tree.tree {
            Value::Array(items) => {
                let found = items.partition_point(|item| item.at <= at).checked_sub(1);
                found.map(|index| (index.to_string(), &items[index]))
            }
            Value::Object(members) => {
                let found = members.partition_point(|member| member.value.at <= at).checked_sub(1);
                found.map(|index| (members[index].key.to_string(), &members[index].value))
            }
            _ => None,
        };
        let Some((token, next)) = next else { break };
        push_token(&mut pointer, &token);
        tree = next;
    }
    (pointer, tree)
}

/// The tokens for the steps of a finding: what the reference calls otherwise than the text does is found by its name there.
fn ways(tree: &Tree<'_>, steps: &[String]) -> Vec<String> {
    let Some((keyword, rest)) = steps.split_first() else { return Vec::new() };
    let others: &[&str] = match keyword.as_str() {
        "dependencies" => &["dependentRequired", "dependentSchemas"],
        "items" if !rest.is_empty() => &["prefixItems"],
        "additionalItems" => &["items"],
        _ => &[],
    };
    let has = |keyword: &str| match (tree.get(keyword), rest.first()) {
        (Some(inner), Some(name)) => inner.child(name).is_some() || keyword == "required",
        (inner, _) => inner.is_some(),
    };
    let keyword = others.iter().copied().find(|&other| has(other)).unwrap_or(keyword);
    let mut tokens = vec![keyword.to_owned()];
    if let ("required", Some(Value::Array(names)), Some(name)) =
        (keyword, tree.get(keyword).map(|names| &names.tree), rest.first())
    {
        tokens.extend(names.iter().position(|entry| entry.as_str() == Some(name)).map(|at| at.to_string()));
    } else {
        tokens.extend_from_slice(rest);
    }
    tokens
}

/// The value at the beginning of a text, or more of it than is shown.
fn value(text: &str) -> &str {
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for (at, byte) in text.bytes().enumerate() {
        if at > LONGEST_FRAGMENT && text.is_char_boundary(at) {
            return &text[..at];
        }
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' | b',' if depth == 0 => return &text[..at],
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        if depth == 0 && !quoted && matches!(byte, b'}' | b']' | b'"') {
            return &text[..=at];
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fragment_is_a_whole_value() {
        #[track_caller]
        fn check(text: &str, fragment: &str) {
            assert_eq!(value(text), fragment);
        }
        check(r#"{"a":"}"},1"#, r#"{"a":"}"}"#);
        check(r#""a\"b","c""#, r#""a\"b""#);
        check("12]", "12");
        check("true,1", "true");
        check("1.5", "1.5");
        check("[[1],[2]]}", "[[1],[2]]");
    }
}
