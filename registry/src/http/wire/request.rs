//! What requests carry: a schema to register, look up or check.

use crate::http::body::{self, Object};
use model::{Metadata, Reference, Rule, RuleKind, RuleMode, RuleSet, SchemaType};
use rules::candidate::{Described, Wanted};
use rules::fault::Fault;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// Reads a `RegisterSchemaRequest`. Unknown members are ignored.
///
/// # Errors
/// `BadBody`; `InvalidSchema` for an unknown type or an incomplete reference; `NotSupported` for editing inline tags.
pub fn schema(object: &Object) -> Result<Described, Fault> {
    let schema_type = body::text(object, "schemaType")?.map_or(SchemaType::Avro, |name| SchemaType::parse(&name));
    let version = match body::integer(object, "version")?.unwrap_or(0) {
        0 => Wanted::Any,
        -1 => Wanted::Latest,
        version if version < 0 => Wanted::Next,
        version => Wanted::Exactly(version),
    };
    for member in ["schemaTagsToAdd", "schemaTagsToRemove"] {
        if object.get(member).and_then(Value::as_array).is_some_and(|tags| !tags.is_empty()) {
            return Err(Fault::NotSupported(format!(
                "Editing inline tags at registration ({member}) is not supported"
            )));
        }
    }
    let references = references(object, &schema_type)?;
    Ok(Described {
        text: body::text(object, "schema")?.unwrap_or_default().into(),
        schema_type,
        references,
        metadata: metadata(object, "metadata")?,
        rule_set: rule_set(object, "ruleSet")?,
        version,
        id: body::integer(object, "id")?.filter(|id| *id >= 0),
    })
}

/// The same as a registration keeps it, to be registered or to be looked up: what was just registered is found by its body.
///
/// # Errors
/// As `schema`.
pub fn registrable(object: &Object) -> Result<Described, Fault> {
    // As the community server: rules are not kept (yet), so they must not become part of a version's identity.
    Ok(Described { rule_set: None, ..schema(object)? })
}

fn references(object: &Object, schema_type: &SchemaType) -> Result<Vec<Reference>, Fault> {
    body::list(object, "references")?.iter().map(|item| reference(item, schema_type)).collect()
}

/// A reference needs a name, a subject and a version.
fn reference(item: &Value, schema_type: &SchemaType) -> Result<Reference, Fault> {
    let object = item.as_object().ok_or_else(|| body::mismatch("SchemaReference", item))?;
    let (name, subject) = (body::text(object, "name")?, body::text(object, "subject")?);
    match (name, subject, body::integer(object, "version")?) {
        (Some(name), Some(subject), Some(version)) => Ok(Reference { name, subject, version }),
        (name, subject, version) => {
            let details = compat::references::invalid(name.as_deref(), subject.as_deref(), version);
            Err(Fault::InvalidSchema(format!("Invalid schema of type {schema_type}, details: {details}")))
        }
    }
}

/// Reads metadata.
///
/// # Errors
/// `BadBody`.
pub fn metadata(object: &Object, name: &str) -> Result<Option<Metadata>, Fault> {
    let object = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(body::mismatch("Metadata", other)),
    };
    let mut tags = BTreeMap::new();
    if let Some(members) = members(object, "tags")? {
        for (path, list) in members {
            let list = list.as_array().ok_or_else(|| body::mismatch("Set", list))?;
            tags.insert(path.clone(), texts(list)?);
        }
    }
    let sensitive = match object.get("sensitive") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(Value::Array(list)) => texts(list)?,
        Some(other) => return Err(body::mismatch("Set", other)),
    };
    Ok(Some(Metadata { tags, properties: map(object, "properties")?, sensitive }))
}

fn members<'a>(object: &'a Object, name: &str) -> Result<Option<&'a Object>, Fault> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Object(members)) => Ok(Some(members)),
        Some(other) => Err(body::mismatch("Map", other)),
    }
}

fn map(object: &Object, name: &str) -> Result<BTreeMap<String, String>, Fault> {
    let mut map = BTreeMap::new();
    for (key, value) in members(object, name)?.into_iter().flatten() {
        let value = body::text_value(value)?.ok_or_else(|| body::mismatch("String", &Value::Null))?;
        map.insert(key.clone(), value);
    }
    Ok(map)
}

fn texts(list: &[Value]) -> Result<BTreeSet<String>, Fault> {
    list.iter().map(|item| body::text_value(item)?.ok_or_else(|| body::mismatch("String", item))).collect()
}

fn rule_set(object: &Object, name: &str) -> Result<Option<RuleSet>, Fault> {
    let object = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(body::mismatch("RuleSet", other)),
    };
    Ok(Some(RuleSet {
        migration_rules: rules(object, "migrationRules")?,
        domain_rules: rules(object, "domainRules")?,
        encoding_rules: rules(object, "encodingRules")?,
        enable_at: body::text(object, "enableAt")?,
    }))
}

fn rules(object: &Object, name: &str) -> Result<Vec<Rule>, Fault> {
    body::list(object, name)?.iter().map(rule).collect()
}

fn rule(item: &Value) -> Result<Rule, Fault> {
    let object = item.as_object().ok_or_else(|| body::mismatch("Rule", item))?;
    fn named<T: Default>(object: &Object, name: &str, parse: fn(&str) -> Option<T>) -> Result<T, Fault> {
        match body::text(object, name)? {
            None => Ok(T::default()),
            Some(text) => parse(&text).ok_or_else(|| Fault::BadBody(format!("Unknown rule {name} \"{text}\""))),
        }
    }
    let tags = match object.get("tags") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(Value::Array(list)) => texts(list)?,
        Some(other) => return Err(body::mismatch("Set", other)),
    };
    Ok(Rule {
        name: body::text(object, "name")?,
        doc: body::text(object, "doc")?,
        kind: named(object, "kind", RuleKind::parse)?,
        mode: named(object, "mode", RuleMode::parse)?,
        rule_type: body::text(object, "type")?,
        tags,
        params: map(object, "params")?,
        expr: body::text(object, "expr")?,
        on_success: body::text(object, "onSuccess")?,
        on_failure: body::text(object, "onFailure")?,
        disabled: body::boolean(object, "disabled")?.unwrap_or(false),
    })
}
