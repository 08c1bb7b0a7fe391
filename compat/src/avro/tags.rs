//! Inline tags of an Avro schema. A record has its full name for a path, a field that and its own name after a dot.

use super::model::{Model, Node, NodeId, Props, Record};
use super::{Error, PRINTED, print, too_deep};
use crate::json::Json;
use crate::tags::{EntityKind, PROPERTY, Pending, Tagged, TaggedEntity};
use crate::{Spent, TagEdits, Work};
use std::collections::HashSet;

/// Records and fields with tags, by path.
///
/// # Errors
/// The work ended.
pub(super) fn inline_tags(model: &Model, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
    let mut tagged = Tagged::new();
    for id in written(model, work)? {
        let Node::Record(record) = model.node(id) else { continue };
        work.spend(1 + record.fields.len())?;
        let name = record.named.name.full();
        tagged.add(&[&name], EntityKind::Record, tags(&record.named.props));
        for field in &record.fields {
            tagged.add(&[&name, ".", &field.name], EntityKind::Field, tags(&field.props));
        }
    }
    Ok(tagged.sorted())
}

/// The canonical text with tags edited.
///
/// # Errors
/// A path leads nowhere, or the text would exceed a bound; or the work ended.
pub(super) fn retagged(model: &Model, edits: &TagEdits, work: &Work) -> Result<String, Error> {
    let mut pending = Pending::of(edits, |path| path);
    let records = written(model, work)?;
    work.spend(model.size() / PRINTED)?;
    let mut edited =
        Model { nodes: model.nodes.clone(), root: model.root, referenced: model.referenced.clone(), own: model.own };
    for id in records {
        if let Node::Record(record) = &mut edited.nodes[id as usize] {
            edit(record, &mut pending, work)?;
        }
    }
    if let Some((path, _)) = pending.missed() {
        return Err(Error::no_such_entity("path", path));
    }
    let text = print::canonical(&edited).map_err(|print::TooDeep| Error::TooComplex(too_deep()))?;
    work.spend(text.len() / PRINTED)?;
    Ok(text)
}

fn edit(record: &mut Record, pending: &mut Pending<'_>, work: &Work) -> Result<(), Spent> {
    let name = record.named.name.full().into_owned();
    if !pending.below(&name) {
        return Ok(());
    }
    let mut set = |path: &str, kind, props: &mut Props| {
        if let Some(tags) = pending.edited(path, kind, &tags(props)) {
            put(props, tags);
        }
    };
    set(&name, EntityKind::Record, &mut record.named.props);
    for field in &mut record.fields {
        work.spend(1 + (name.len() + field.name.len()) / PRINTED)?;
        set(&format!("{name}.{}", field.name), EntityKind::Field, &mut field.props);
    }
    Ok(())
}

/// The records that the canonical text writes out: those of referenced schemas stand there by name, and their tags are
/// shown where they are defined.
fn written(model: &Model, work: &Work) -> Result<Vec<NodeId>, Spent> {
    let (mut records, mut open) = (Vec::new(), vec![model.root]);
    let mut known: HashSet<_> = model.referenced.iter().collect();
    while let Some(id) = open.pop() {
        work.spend(1)?;
        let node = model.node(id);
        if node.named().is_some_and(|named| !known.insert(&named.name)) {
            continue;
        }
        // The first use of a name is where it is written out, so what comes first must be taken first.
        match node {
            Node::Array { items: inner, .. } | Node::Map { values: inner, .. } => open.push(*inner),
            Node::Union(branches) => open.extend(branches.iter().rev()),
            Node::Record(record) => {
                records.push(id);
                open.extend(record.fields.iter().rev().map(|field| field.schema));
            }
            _ => {}
        }
    }
    Ok(records)
}

fn tags(props: &Props) -> Vec<String> {
    let Some((_, Json::Array(items))) = props.iter().find(|(name, _)| &**name == PROPERTY) else { return Vec::new() };
    items.iter().filter_map(Json::as_str).map(str::to_owned).collect()
}

/// Sets the tags, in their place if there are any.
fn put(props: &mut Props, tags: Vec<String>) {
    let at = props.iter().position(|(name, _)| &**name == PROPERTY);
    if tags.is_empty() {
        at.map(|at| props.remove(at));
        return;
    }
    let value = Json::Array(tags.into_iter().map(|tag| Json::String(tag.into())).collect());
    match at {
        Some(at) => props[at].1 = value,
        None => props.push((PROPERTY.into(), value)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::{Dependency, Strictness, TagEdit, avro::Schema};
    use ::model::Subject;

    fn schema(text: &str, dependencies: &[Dependency]) -> Schema {
        Schema::parse(text, dependencies, Strictness::New, &Work::unlimited()).unwrap()
    }

    fn found(schema: &Schema) -> Vec<(String, &'static str, String)> {
        let found = inline_tags(&schema.model, &Work::unlimited()).unwrap();
        found.into_iter().map(|e| (e.path, e.kind.as_str(), e.tags.join(" "))).collect()
    }

    fn edits(add: &[(&str, EntityKind, &str)], remove: &[(&str, EntityKind, &str)]) -> TagEdits {
        let list = |list: &[(&str, EntityKind, &str)]| {
            let edit = |&(path, kind, tags): &(&str, _, &str)| TagEdit {
                path: path.to_owned(),
                kind,
                tags: tags.split(' ').map(str::to_owned).collect(),
            };
            list.iter().map(edit).collect()
        };
        TagEdits { add: list(add), remove: list(remove), lenient: false }
    }

    #[test]
    fn records_and_fields_show_their_tags_by_full_name() {
        let text = r#"{"type":"record","name":"a.R","confluent:tags":["T"],"fields":[
            {"name":"f","type":{"type":"record","name":"S","fields":[{"name":"g","type":"int","confluent:tags":["A","B"]}]}},
            {"name":"h","type":"int","confluent:tags":"no list"}]}"#;
        let expected = [("a.R", "sr_record", "T"), ("a.S.g", "sr_field", "A B")];
        assert_eq!(found(&schema(text, &[])), expected.map(|(path, kind, tags)| (path.into(), kind, tags.into())));
    }

    #[test]
    fn tags_of_a_referenced_schema_are_shown_and_edited_there() {
        let other = r#"{"type":"record","name":"O","confluent:tags":["T"],"fields":[{"name":"x","type":"int"}]}"#;
        let text = r#"{"type":"record","name":"R","fields":[{"name":"o","type":"O"}]}"#;
        let subject = Subject::parse("o");
        let dependency = Dependency { name: "O".into(), subject, version: 1, text: other.into(), direct: true };
        let schema = schema(text, &[dependency]);
        assert_eq!(found(&schema), []);
        let refused = retagged(&schema.model, &edits(&[("O", EntityKind::Record, "U")], &[]), &Work::unlimited());
        assert_eq!(refused.unwrap_err().details(), "No matching path 'O' found in the schema");
    }

    #[test]
    fn edits_change_the_tags_and_nothing_else() {
        use EntityKind::{Field, Record};
        let text = concat!(
            r#"{"type":"record","name":"R","namespace":"a","doc":"d","fields":[{"name":"f","type":["null",{"type":"array","#,
            r#""items":{"type":"record","name":"S","fields":[{"name":"g","type":"int","confluent:tags":["A","B"],"p":1}]}}],"#,
            r#""default":null,"aliases":["h"]}],"q":{"r":1},"aliases":["b.T"]}"#,
        );
        let edit = |add: &[(&str, EntityKind, &str)], remove: &[(&str, EntityKind, &str)]| {
            retagged(&schema(text, &[]).model, &edits(add, remove), &Work::unlimited())
        };
        assert_eq!(edit(&[], &[]).as_deref(), Ok(text));
        let changed = edit(
            &[("a.R", Record, "X"), ("a.R.f", Field, "Y"), ("a.S.g", Field, "C B")],
            &[("a.S.g", Field, "A"), ("a.R", Record, "none")],
        );
        let expected = text
            .replace(r#"["A","B"]"#, r#"["B","C"]"#)
            .replace(r#""aliases":["h"]}"#, r#""aliases":["h"],"confluent:tags":["Y"]}"#)
            .replace(r#""q":{"r":1}"#, r#""q":{"r":1},"confluent:tags":["X"]"#);
        assert_eq!(changed, Ok(expected));
        let bare = edit(&[], &[("a.S.g", Field, "A B")]);
        assert_eq!(bare, Ok(text.replace(r#""confluent:tags":["A","B"],"#, "")));
        for (path, kind) in [("a.R", Field), ("a.R.f", Record), ("a.R.g", Field), ("R", Record), ("", Record)] {
            let refused = edit(&[(path, kind, "X")], &[]).unwrap_err().details();
            assert_eq!(refused, format!("No matching path '{path}' found in the schema"), "{kind:?}");
        }
    }
}
