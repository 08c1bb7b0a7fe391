//! From the pointers of findings to lines and columns of a text.
//!
//! A pointer goes through types that are written out at their first use. In a text as somebody wrote it, a name can stand
//! there, and the definition elsewhere: then it goes on in the definition. Where the text has none, since the type is one of
//! a schema that it refers to, it stays at the name.

use super::names::{Name, is_primitive};
use super::scan::{Defined, Scan, defined};
use crate::json::{Flavor, Memory, Node as Tree, rest, tokens};
use crate::{Place, Spent, Work};
use std::collections::HashMap;
use std::sync::Arc;

/// The places to which pointers lead.
///
/// # Errors
/// The work ended.
pub(super) fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
    work.spend(text.len() / super::READ)?;
    let Ok(Some((tree, _))) = rest(text, Flavor::Commented, &mut Memory::default()) else {
        return Ok(vec![None; paths.len()]);
    };
    let definitions = Scan::of(&tree).defined;
    let place = |path: &&str| {
        let at = follow(&tree, path, &definitions).at;
        Place::sought(text, path, at, work).map(Some)
    };
    paths.iter().map(place).collect()
}

/// Where a pointer leads, or as far on the way as the text goes.
fn follow<'t>(root: &'t Tree<'t>, path: &str, definitions: &HashMap<Name, Defined<'t>>) -> &'t Tree<'t> {
    let (mut tree, mut namespace) = (root, None);
    for token in tokens(path) {
        let next = tree.child(&token).or_else(|| {
            let (definition, around) = definition(tree, namespace.as_ref(), definitions)?;
            namespace = around;
            tree = definition;
            definition.child(&token)
        });
        let Some(next) = next else { return tree };
        if let Some(name) = defined(tree, namespace.as_ref()) {
            namespace = name.namespace().cloned();
        }
        tree = next;
    }
    tree
}

/// The definition of the name that stands here, in this namespace or else as it is written.
fn definition<'t>(
    tree: &Tree<'t>,
    namespace: Option<&Arc<str>>,
    definitions: &HashMap<Name, Defined<'t>>,
) -> Option<Defined<'t>> {
    let written = tree.as_str().or_else(|| tree.get("type")?.as_str())?;
    if is_primitive(written) {
        return None;
    }
    let found = definitions.get(&Name::new(written, namespace));
    found.or_else(|| definitions.get(&Name::new(written, None))).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, path: &str, expected: &str) {
        let found = locate(text, &[path], &Work::unlimited()).unwrap()[0].unwrap();
        let line = text.lines().nth(found.line - 1).unwrap();
        let there: String = line.chars().skip(found.column - 1).collect();
        assert!(there.starts_with(expected), "{path} leads to {there}");
    }

    #[test]
    fn pointers_lead_to_places() {
        let text = "// an order\n{\"type\": \"record\", \"name\": \"x.R\", \"fields\": [\n  {\"name\": \"a\", \"type\": [\"null\", \"int\"]},\n  \
                    {\"name\": \"b\", \"type\": \"B\"},\n  {\"name\": \"c\", \"type\": {\"type\": \"enum\", \"name\": \"B\", \"symbols\": [\"s\", \"t\"]}}]}";
        check(text, "", "{\"type\": \"record\"");
        check(text, "/name", "\"x.R\"");
        check(text, "/fields/0/type/1", "\"int\"");
        check(text, "/fields/1/type", "\"B\"},");
        // What stands behind a name stands in its definition, also where that follows later.
        check(text, "/fields/1/type/symbols/1", "\"t\"");
        check(text, "/fields/2/type/symbols/0", "\"s\"");
        // As far as the text goes.
        check(text, "/fields/7", "[");
        check(text, "/fields/0/type/0/symbols", "\"null\"");
    }

    #[test]
    fn names_mean_what_their_namespace_says() {
        let text = r#"{"type":"record","name":"x.R","fields":[{"name":"a","type":{"type":"B"}},{"name":"b","type":{"type":
            "fixed","name":"y.B","size":1}},{"name":"c","type":{"type":"fixed","name":"B","size":2}},{"name":"d","type":"Other"}]}"#;
        check(text, "/fields/0/type/size", "2");
        check(text, "/fields/1/type/size", "1");
        check(text, "/fields/3/type/fields/0", "\"Other\"");
    }

    #[test]
    fn a_text_that_is_no_json_has_no_places() {
        assert_eq!(locate("{", &["", "/a"], &Work::unlimited()), Ok(vec![None, None]));
        assert_eq!(locate("1 ", &["/a"], &Work::new(0, &Default::default())), Err(Spent::TooMuch));
    }
}
