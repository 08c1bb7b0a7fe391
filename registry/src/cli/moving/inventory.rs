//! What a registry holds, as it is moved: versions, and configs and modes of their scopes. A registry and a directory tree are read
//! into the same values, so that what is done about them is decided without asking where they are from.

use super::selection::Selection;
use model::{Reference, SchemaId, SchemaType, Subject, Version};
use serde_json::{Map, Value};
use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::sync::Arc;

/// A JSON object.
pub type Object = Map<String, Value>;
/// A version: of which subject, and its number.
pub type Key = (Subject, Version);

/// A registry's content, or a part of it.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Inventory {
    /// The versions, soft-deleted ones included.
    pub versions: BTreeMap<Key, Entry>,
    /// The configs and modes that subjects, contexts (subjects with an empty name) and the registry as a whole have of their own.
    pub settings: BTreeMap<Subject, Settings>,
}

/// The most text that is kept in memory, in bytes.
const MOST_TEXT: usize = 2 << 30;

/// Texts, each kept once: most of what two registries hold is alike.
#[derive(Default)]
pub struct Texts {
    all: HashSet<Arc<str>>,
    /// Their length together.
    bytes: usize,
}

impl Texts {
    /// The kept one of this text.
    ///
    /// # Errors
    /// All together are longer than what is kept.
    pub fn kept(&mut self, text: Arc<str>) -> Result<Arc<str>, String> {
        if let Some(kept) = self.all.get(&text) {
            return Ok(Arc::clone(kept));
        }
        self.bytes += text.len();
        if self.bytes > MOST_TEXT {
            let gib = MOST_TEXT >> 30;
            return Err(format!("the schemas have more than {gib} GiB together; move them in parts, with --prefix"));
        }
        self.all.insert(Arc::clone(&text));
        Ok(text)
    }
}

/// A version's content, and how it stands.
#[derive(Clone, PartialEq, Debug)]
pub struct Entry {
    /// The id.
    pub id: SchemaId,
    /// Is it soft-deleted?
    pub deleted: bool,
    /// The language.
    pub schema_type: SchemaType,
    /// The text.
    pub text: Arc<str>,
    /// The references, in their order.
    pub references: Vec<Reference>,
    /// Metadata as the registry shows them, members ordered by name.
    pub metadata: Option<Value>,
    /// Rules, likewise.
    pub rule_set: Option<Value>,
}

/// What a scope has of its own.
#[derive(Clone, PartialEq, Debug, Default)]
pub struct Settings {
    /// The config as a GET shows it, members ordered by name.
    pub config: Option<Object>,
    /// The mode.
    pub mode: Option<String>,
}

impl Settings {
    /// Neither config nor mode?
    pub fn is_empty(&self) -> bool {
        self.config.is_none() && self.mode.is_none()
    }
}

impl Inventory {
    /// The subjects that have versions.
    pub fn subjects(&self) -> BTreeSet<&Subject> {
        self.versions.keys().map(|(subject, _)| subject).collect()
    }

    /// Leaves out what is not in this part.
    pub fn retain(&mut self, selection: &Selection) {
        self.versions.retain(|(subject, _), _| selection.includes(subject));
        self.settings.retain(|scope, _| match scope.is_context() {
            true => selection.includes_context(scope.context()),
            false => selection.includes(scope),
        });
    }

    /// What a scope has of its own.
    pub fn own(&self, scope: &Subject) -> Settings {
        self.settings.get(scope).cloned().unwrap_or_default()
    }

    /// The subject that this one is an alias of.
    pub fn alias(&self, subject: &Subject) -> Option<&str> {
        let alias = self.settings.get(subject)?.config.as_ref()?.get("alias")?.as_str()?;
        (!subject.is_context() && !alias.is_empty()).then_some(alias)
    }

    /// How many versions, and how many of them are soft-deleted.
    pub fn counts(&self) -> (usize, usize) {
        (self.versions.len(), self.versions.values().filter(|entry| entry.deleted).count())
    }
}

/// A version as an answer shows it, and whether it is soft-deleted, where the answer says so.
///
/// # Errors
/// A sentence: what is missing.
pub fn version(answer: &Value) -> Result<(Key, Entry, Option<bool>), String> {
    let subject = answer["subject"].as_str().ok_or("a version is shown without a subject")?;
    let number = number(&answer["version"]).ok_or_else(|| format!("{subject}: a version is shown without a number"))?;
    let at = |what: &str| format!("{subject} version {number} is shown with {what}");
    let deleted = answer["deleted"].as_bool();
    let entry = Entry {
        id: id(&answer["id"]).ok_or_else(|| at("no id"))?,
        deleted: deleted.unwrap_or_default(),
        schema_type: answer["schemaType"].as_str().map_or(SchemaType::Avro, SchemaType::parse),
        text: answer["schema"].as_str().ok_or_else(|| at("no schema"))?.into(),
        references: references(&answer["references"]).ok_or_else(|| at("a reference that is none"))?,
        metadata: object(&answer["metadata"]),
        rule_set: object(&answer["ruleSet"]),
    };
    Ok(((Subject::parse(subject), number), entry, deleted))
}

/// A list of references; `None` where one lacks a member. Nothing is an empty list.
pub fn references(list: &Value) -> Option<Vec<Reference>> {
    let reference = |item: &Value| {
        let text = |name: &str| Some(item[name].as_str()?.to_owned());
        Some(Reference { name: text("name")?, subject: text("subject")?, version: number(&item["version"])? })
    };
    list.as_array().into_iter().flatten().map(reference).collect()
}

/// An object with its members ordered by name; anything else is none.
pub fn object(value: &Value) -> Option<Value> {
    value.is_object().then(|| ordered(value.clone()))
}

/// The same with the members of all objects ordered by name, so that equal contents are equal bytes.
pub fn ordered(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<String, Value> =
                members.into_iter().map(|(name, value)| (name, ordered(value))).collect();
            Value::Object(members.into_iter().collect())
        }
        Value::Array(items) => Value::Array(items.into_iter().map(ordered).collect()),
        other => other,
    }
}

/// The number of a version.
pub fn number(value: &Value) -> Option<Version> {
    Version::try_from(value.as_i64()?).ok().filter(|number| *number > 0)
}

/// The numbers in a list.
pub fn numbers(list: &Value) -> BTreeSet<Version> {
    list.as_array().into_iter().flatten().filter_map(number).collect()
}

/// An id.
pub fn id(value: &Value) -> Option<SchemaId> {
    SchemaId::try_from(value.as_i64()?).ok().filter(|id| *id >= 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_version_is_read_as_old_and_new_registries_show_it() {
        let old = json!({ "subject": ":.c:s", "version": 3, "id": 7, "schema": "\"int\"" });
        let (key, entry, deleted) = version(&old).unwrap();
        assert_eq!((key.0.as_str(), key.1, deleted), (":.c:s", 3, None));
        assert_eq!((entry.id, entry.schema_type, entry.deleted), (7, SchemaType::Avro, false));
        let new = json!({
            "subject": "s", "version": 1, "id": 2, "schemaType": "JSON", "schema": "{}", "deleted": true, "ts": 1,
            "references": [{ "name": "n", "subject": "t", "version": 4 }],
            "metadata": { "tags": {}, "properties": { "b": "1", "a": "2" } },
        });
        let (_, entry, deleted) = version(&new).unwrap();
        assert_eq!((entry.deleted, deleted, entry.references.len()), (true, Some(true), 1));
        assert_eq!(entry.metadata.unwrap().to_string(), r#"{"properties":{"a":"2","b":"1"},"tags":{}}"#);
    }

    #[test]
    fn what_is_no_version_is_named() {
        #[track_caller]
        fn check(answer: Value, part: &str) {
            let error = version(&answer).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        check(json!({}), "without a subject");
        check(json!({ "subject": "s", "version": -1 }), "without a number");
        check(json!({ "subject": "s", "version": 1, "id": 3_000_000_000_u64 }), "s version 1 is shown with no id");
        check(json!({ "subject": "s", "version": 1, "id": 1 }), "no schema");
        let reference = json!({ "subject": "s", "version": 1, "id": 1, "schema": "", "references": [{ "name": "n" }] });
        check(reference, "a reference that is none");
    }
}
