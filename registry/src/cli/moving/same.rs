//! Is a version here that version there? Registries write one schema in different ways: what differs in its bytes is compared in
//! its canonical text.

use super::inventory::{Entry, Inventory, Object};
use crate::http::wire;
use compat::references::{self, Fetched};
use compat::{Dependency, Halt, Strictness, Work};
use model::{Reference, Subject, Version};
use rules::fault::Fault;
use serde_json::Value;
use std::sync::Arc;

/// A version in the registry that it is of, where its references lead.
#[derive(Clone, Copy)]
pub struct Side<'a> {
    /// The registry.
    pub inventory: &'a Inventory,
    /// The subject.
    pub subject: &'a Subject,
    /// The content.
    pub entry: &'a Entry,
}

/// Do both mean the same content?
pub fn same(one: Side<'_>, other: Side<'_>) -> bool {
    let (a, b) = (one.entry, other.entry);
    a.schema_type == b.schema_type
        && same_references(one, other)
        && same_described("metadata", a.metadata.as_ref(), b.metadata.as_ref(), wire::request::metadata)
        && same_described("ruleSet", a.rule_set.as_ref(), b.rule_set.as_ref(), wire::request::rule_set)
        && (a.text == b.text || canonical(one).is_some_and(|text| *text == *b.text || Some(text) == canonical(other)))
}

fn same_references(one: Side<'_>, other: Side<'_>) -> bool {
    let same = |(a, b): (&Reference, &Reference)| {
        let target = |side: Side<'_>, reference: &Reference| side.subject.sibling(&reference.subject);
        a.name == b.name && a.version == b.version && target(one, a) == target(other, b)
    };
    let (a, b) = (&one.entry.references, &other.entry.references);
    a.len() == b.len() && a.iter().zip(b).all(same)
}

/// What is left out and what is said to be the default are one; no metadata and empty metadata are not.
fn same_described<T: PartialEq>(
    name: &str,
    one: Option<&Value>,
    other: Option<&Value>,
    read: impl Fn(&Object, &str) -> Result<Option<T>, Fault>,
) -> bool {
    if one == other {
        return true;
    }
    let read = |value: Option<&Value>| {
        let object = value.map(|value| (name.to_owned(), value.clone())).into_iter().collect();
        read(&object, name).ok()
    };
    matches!((read(one), read(other)), (Some(one), Some(other)) if one == other)
}

/// The canonical text, where the version can be parsed with what it refers to.
fn canonical(side: Side<'_>) -> Option<Arc<str>> {
    let work = Work::new(service::BUDGET, &Halt::default());
    let Entry { schema_type, references, text, .. } = side.entry;
    let mut fetch = |subject: &Subject, version: Version| -> Result<_, ()> {
        let found = side.inventory.versions.get(&(subject.clone(), version));
        Ok(found.map(|found| Fetched {
            schema_type: found.schema_type.clone(),
            text: Arc::clone(&found.text),
            references: found.references.clone(),
        }))
    };
    let needed: Vec<Dependency> = references::closure(side.subject, schema_type, references, &mut fetch, &work).ok()?;
    let parsed = compat::parse(schema_type, text, &needed, Strictness::Stored, &work).ok()?;
    Some(Arc::clone(parsed.canonical()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::moving::inventory::version;
    use serde_json::json;

    fn inventory(versions: &[Value]) -> Inventory {
        let versions =
            versions.iter().map(|answer| version(answer).map(|(key, entry, _)| (key, entry)).unwrap()).collect();
        Inventory { versions, ..Inventory::default() }
    }

    #[track_caller]
    fn check(one: &[Value], other: &[Value], expected: bool) {
        let (one, other) = (inventory(one), inventory(other));
        let side = |inventory| {
            let key: (Subject, Version) = (Subject::parse("s"), 1);
            let (key, entry) = Inventory::versions(inventory).get_key_value(&key).unwrap();
            Side { inventory, subject: &key.0, entry }
        };
        assert_eq!(same(side(&one), side(&other)), expected);
    }

    impl Inventory {
        fn versions(&self) -> &std::collections::BTreeMap<(Subject, Version), Entry> {
            &self.versions
        }
    }

    fn s(schema: &str, more: Value) -> Value {
        let mut answer = json!({ "subject": "s", "version": 1, "id": 1, "schema": schema });
        answer.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        answer
    }

    #[test]
    fn one_schema_written_in_two_ways_is_one() {
        let none = || json!({});
        check(&[s("\"int\"", none())], &[s(r#"{"type": "int"}"#, none())], true);
        check(&[s("\"int\"", none())], &[s("\"long\"", none())], false);
        check(&[s("{", none())], &[s("{", none())], true);
        check(&[s("{", none())], &[s("{ ", none())], false);
        check(&[s("\"int\"", none())], &[s("\"int\"", json!({ "schemaType": "JSON" }))], false);
        check(&[s("\"int\"", none())], &[s("\"int\"", json!({ "metadata": {} }))], false);
        check(&[s("\"int\"", json!({ "metadata": {} }))], &[s("\"int\"", json!({ "metadata": { "tags": {} } }))], true);
        let rule = |more: Value| {
            let mut rule = json!({ "name": "r", "type": "CEL", "expr": "x" });
            rule.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
            json!({ "ruleSet": { "domainRules": [rule] } })
        };
        check(
            &[s("\"int\"", rule(none()))],
            &[s("\"int\"", rule(json!({ "kind": "TRANSFORM", "mode": "WRITEREAD", "disabled": false })))],
            true,
        );
        check(&[s("\"int\"", rule(none()))], &[s("\"int\"", rule(json!({ "disabled": true })))], false);
    }

    #[test]
    fn references_are_followed_where_each_is() {
        let record = r#"{"type":"record","name":"T","fields":[]}"#;
        let target = |schema: &str| json!({ "subject": "t", "version": 2, "id": 9, "schema": schema });
        let referring = |schema: &str, subject: &str| {
            s(schema, json!({ "references": [{ "name": "T", "subject": subject, "version": 2 }] }))
        };
        let (short, long) = (r#"{"type":"array","items":"T"}"#, r#"{"items": "T", "type": "array"}"#);
        check(&[referring(short, "t"), target(record)], &[referring(long, ":.:t"), target(record)], true);
        check(&[referring(short, "t"), target(record)], &[referring(long, "u"), target(record)], false);
        // What it refers to is missing: nothing says that both are one.
        check(&[referring(short, "t")], &[referring(long, "t"), target(record)], false);
    }
}
