//! What requests carry: a schema to register, look up or check.

use crate::http::body::{self, Object};
use compat::{EntityKind, TagEdit, TagEdits};
use model::{Metadata, Reference, Rule, RuleKind, RuleMode, RuleSet, SchemaType};
use rules::candidate::{Described, Wanted};
use rules::delete::Selector;
use rules::fault::Fault;
use rules::modify_tags::RulesChange;
use rules::tagging::Tagging;
use serde_json::Value;
use service::Modified;
use std::collections::{BTreeMap, BTreeSet};

/// Reads a `RegisterSchemaRequest`. Unknown members are ignored.
///
/// # Errors
/// `BadBody`; `InvalidSchema` for an unknown type or an incomplete reference.
pub fn schema(object: &Object) -> Result<Described, Fault> {
    let schema_type = body::text(object, "schemaType")?.map_or(SchemaType::Avro, |name| SchemaType::parse(&name));
    let references = references(object, &schema_type)?;
    Ok(Described {
        text: body::text(object, "schema")?.unwrap_or_default().into(),
        schema_type,
        references,
        metadata: metadata(object, "metadata")?,
        rule_set: rule_set(object, "ruleSet")?,
        version: Wanted::of(body::integer(object, "version")?.unwrap_or(0)),
        id: body::integer(object, "id")?.filter(|id| *id >= 0),
        tagging: Tagging {
            edits: tag_edits(object, "schemaTagsToAdd", "schemaTagsToRemove")?.into(),
            propagate: body::boolean(object, "propagateSchemaTags")?.unwrap_or(false),
        },
    })
}

/// Reads a `TagSchemaRequest` about a version.
///
/// # Errors
/// `BadBody`; `InvalidRuleSet` where rules are both given and edited.
pub fn modified(object: &Object, source: Selector) -> Result<Modified, Fault> {
    let (rules, merge) = (rule_set(object, "ruleSet")?, rule_set(object, "rulesToMerge")?);
    let edits_rules = merge.is_some() || object.get("rulesToRemove").is_some_and(|names| !names.is_null());
    if rules.is_some() && edits_rules {
        let message = "ruleSet should be omitted if specifying rulesToMerge or rulesToRemove";
        return Err(Fault::InvalidRuleSet(message.to_owned()));
    }
    let remove = body::list(object, "rulesToRemove")?.iter().map(text).collect::<Result<_, _>>()?;
    Ok(Modified {
        source,
        new_version: body::integer(object, "newVersion")?.unwrap_or(0),
        edits: tag_edits(object, "tagsToAdd", "tagsToRemove")?.into(),
        metadata: metadata(object, "metadata")?,
        rules: if edits_rules { RulesChange::Edit { merge, remove } } else { RulesChange::Set(rules) },
    })
}

/// Reads what is edited of inline tags: the members of these names.
///
/// # Errors
/// `BadBody`.
pub fn tag_edits(object: &Object, add: &str, remove: &str) -> Result<TagEdits, Fault> {
    let edits = |name: &str| body::list(object, name)?.iter().map(tag_edit).collect::<Result<_, _>>();
    Ok(TagEdits { add: edits(add)?, remove: edits(remove)?, lenient: false })
}

fn tag_edit(item: &Value) -> Result<TagEdit, Fault> {
    let object = item.as_object().ok_or_else(|| body::mismatch("SchemaTags", item))?;
    let missing = |name: &str| Fault::BadBody(format!("An element of `SchemaTags` lacks its `{name}`"));
    let entity = match object.get("schemaEntity") {
        None | Some(Value::Null) => return Err(missing("schemaEntity")),
        Some(Value::Object(entity)) => entity,
        Some(other) => return Err(body::mismatch("SchemaEntity", other)),
    };
    let kind = body::text(entity, "entityType")?.ok_or_else(|| missing("entityType"))?;
    let kind = EntityKind::parse(&kind).ok_or_else(|| unknown("EntityType", &kind, "sr_record, sr_field"))?;
    Ok(TagEdit {
        path: body::text(entity, "entityPath")?.ok_or_else(|| missing("entityPath"))?,
        kind,
        tags: body::list(object, "tags")?.iter().map(text).collect::<Result<_, _>>()?,
    })
}

/// The refusal of a name that is none of a list.
fn unknown(what: &str, name: &str, known: &str) -> Fault {
    Fault::BadBody(format!(
        "Cannot deserialize value of type `{what}` from String \"{name}\": not one of the values accepted for Enum class: [{known}]"
    ))
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
    list.iter().map(text).collect()
}

fn text(item: &Value) -> Result<String, Fault> {
    body::text_value(item)?.ok_or_else(|| body::mismatch("String", item))
}

/// Reads a rule set; whether it can be kept is not asked here.
///
/// # Errors
/// `BadBody`.
pub fn rule_set(object: &Object, name: &str) -> Result<Option<RuleSet>, Fault> {
    let object = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(body::mismatch("RuleSet", other)),
    };
    Ok(Some(RuleSet {
        migration_rules: rules(object, "migrationRules")?,
        domain_rules: rules(object, "domainRules")?,
        encoding_rules: rules(object, "encodingRules")?,
        enable_at: enable_at(object)?,
    }))
}

fn enable_at(object: &Object) -> Result<Option<String>, Fault> {
    let Some(name) = body::text(object, "enableAt")? else { return Ok(None) };
    match name.as_str() {
        "NONE" | "ALL" | "SERVER" | "GATEWAY" | "CLIENT" => Ok(Some(name)),
        other => Err(unknown("ExecutionEnvironment", other, "NONE, ALL, SERVER, GATEWAY, CLIENT")),
    }
}

fn rules(object: &Object, name: &str) -> Result<Vec<Rule>, Fault> {
    body::list(object, name)?.iter().map(rule).collect()
}

fn rule(item: &Value) -> Result<Rule, Fault> {
    let object = item.as_object().ok_or_else(|| body::mismatch("Rule", item))?;
    let kind = body::text(object, "kind")?.map_or(Ok(RuleKind::default()), |name| {
        RuleKind::parse(&name).ok_or_else(|| unknown("RuleKind", &name, "CONDITION, TRANSFORM"))
    });
    let mode = body::text(object, "mode")?.map_or(Ok(RuleMode::default()), |name| {
        let known = "DOWNGRADE, READ, UPGRADE, UPDOWN, WRITE, WRITEREAD";
        RuleMode::parse(&name).ok_or_else(|| unknown("RuleMode", &name, known))
    });
    let tags = match object.get("tags") {
        None | Some(Value::Null) => BTreeSet::new(),
        Some(Value::Array(list)) => texts(list)?,
        Some(other) => return Err(body::mismatch("Set", other)),
    };
    Ok(Rule {
        name: body::text(object, "name")?,
        doc: body::text(object, "doc")?,
        kind: kind?,
        mode: mode?,
        rule_type: body::text(object, "type")?,
        tags,
        params: map(object, "params")?,
        expr: body::text(object, "expr")?,
        on_success: body::text(object, "onSuccess")?,
        on_failure: body::text(object, "onFailure")?,
        disabled: body::boolean(object, "disabled")?.unwrap_or(false),
    })
}
