//! What a record says, by the rules of the reference server's reader and what it was seen to tolerate.

use crate::json::{self, Half, Object};
use crate::parts;
use crate::{MAX_BYTES, TENANT};
use model::{
    Association, AssociationKey, CompatibilityLevel, CompatibilityPolicy, Config, Content, Context, Guid, Lifecycle,
    Mode, RegistryRecord, SchemaRecord, SchemaType, Subject,
};
use serde_json::value::RawValue;
use std::sync::Arc;

/// What a record is.
#[derive(Clone, PartialEq, Debug)]
pub enum Decoded {
    /// A fact of the registry.
    Record(RegistryRecord),
    /// Nothing. A writer waits for it, to know that it has read everything before it.
    Noop,
    /// Nothing that changes the state here: the reference server passes over it, or keeps it without ever looking at it. It is
    /// not ours to throw away.
    Foreign(Foreign),
    /// A record that must not be passed over and that nobody can serve.
    Refused(Refused),
}

/// Why a record changes nothing.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Foreign {
    /// The reference server logs it and goes on.
    #[error("the key is not a JSON object")]
    Key,
    /// A member of the key is missing, or has another type.
    #[error("the key's member {0:?} is missing or is not what it must be")]
    KeyMember(&'static str),
    /// Of the magic numbers of SCHEMA keys 0 and 1 are known.
    #[error("the key's magic number is {0}")]
    Magic(i32),
    /// The value is neither a JSON object nor `null`.
    #[error("the value is not a JSON object")]
    Value,
    /// A member of the value is missing, or has another type.
    #[error("the value's member {0:?} is missing or is not what it must be")]
    ValueMember(&'static str),
    /// A server that has one tenant looks only at `default`.
    #[error("the tenant is another one")]
    Tenant,
    /// Settings of a subject that no request can name: one written as nobody asks for it, or the empty one.
    #[error("no request names this subject")]
    Unreachable,
    /// Key and value of CLEAR_SUBJECT name different subjects; which one counts is not known.
    #[error("the key and the value name different subjects")]
    Contradiction,
    /// DELETE_SUBJECT and CLEAR_SUBJECT say what happened; that they are gone says nothing.
    #[error("the tombstone of a record that is no state")]
    Past,
}

/// Why nobody can serve a log with this record.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Refused {
    /// The reference server's reader ends here, so that it never starts: an unknown `keytype`, in another letter case, of
    /// another type, or none.
    #[error("the key's \"keytype\" is {0}, which Confluent Schema Registry cannot start with")]
    KeyType(String),
    /// More bytes than `MAX_BYTES`. It may hold an id, so it must not be passed over.
    #[error("the record has {0} bytes, and at most {MAX_BYTES} are read")]
    TooLarge(usize),
}

/// Reads a record. `value` is `None` for a tombstone. Work and memory are bounded by the number of bytes.
///
/// Rules that the caller must know: a SCHEMA record is found under the subject and version of its key, whatever its value says;
/// DELETE_SUBJECT is of the subject in its value. Subjects are normalised. What a value says that `model` cannot hold (unknown
/// members, `md5`, a differing subject or version) is lost.
pub fn decode(key: &[u8], value: Option<&[u8]>) -> Decoded {
    let size = key.len().saturating_add(value.map_or(0, <[u8]>::len));
    if size > MAX_BYTES {
        return Decoded::Refused(Refused::TooLarge(size));
    }
    let names = ["keytype", "subject", "version", "magic", "tenant", "context"];
    let associated = ["resourceName", "resourceNamespace", "resourceType", "associationType"];
    let names: Vec<&'static str> = names.into_iter().chain(associated).collect();
    let Some(Ok(key)) = json::first(key).map(|raw| Object::read(Half::Key, raw, &names)) else {
        return Decoded::Foreign(Foreign::Key);
    };
    let kind = match key.text("keytype") {
        Ok(Some(kind)) => kind,
        Ok(None) => return Decoded::Refused(Refused::KeyType("missing".to_owned())),
        Err(_) => return Decoded::Refused(Refused::KeyType("not a text".to_owned())),
    };
    if kind == "NOOP" {
        return Decoded::Noop;
    }
    let read = match kind.as_str() {
        "SCHEMA" => schema,
        "CONFIG" => config,
        "MODE" => mode,
        "DELETE_SUBJECT" => delete_subject,
        "CLEAR_SUBJECT" => clear_subject,
        "CONTEXT" => context,
        "ASSOC" => association,
        other => return Decoded::Refused(Refused::KeyType(format!("{:?}", model::cut(other)))),
    };
    let value = match value.map(json::first) {
        None => None,
        Some(None) => return Decoded::Foreign(Foreign::Value),
        Some(Some(raw)) => Some(raw).filter(|raw| !json::is_null(raw)),
    };
    read(&key, value).map_or_else(Decoded::Foreign, Decoded::Record)
}

type Value<'a> = Option<&'a RawValue>;
type Read = Result<RegistryRecord, Foreign>;

fn schema(key: &Object<'_>, value: Value<'_>) -> Read {
    if let Some(magic) = key.integer("magic")?.filter(|magic| ![0, 1].contains(magic)) {
        return Err(Foreign::Magic(magic));
    }
    let subject = Subject::parse(&required(key.text("subject")?, Half::Key, "subject")?);
    let version = key.integer("version")?.unwrap_or(0);
    let Some(value) = value else { return Ok(RegistryRecord::SchemaTombstone { subject, version }) };
    let names = ["id", "schemaType", "references", "metadata", "ruleSet", "schema", "deleted"];
    let value = Object::read(Half::Value, value, &names)?;
    let content = Content {
        schema_type: value.text("schemaType")?.map_or(SchemaType::Avro, |name| SchemaType::parse(&name)),
        text: value.text("schema")?.unwrap_or_default().into(),
        references: parts::references(&value)?,
        metadata: parts::metadata(&value, "metadata")?,
        rule_set: parts::rule_set(&value, "ruleSet")?,
    };
    Ok(RegistryRecord::Schema(SchemaRecord {
        subject,
        version,
        id: required(value.integer("id")?, Half::Value, "id")?,
        content: Arc::new(content),
        deleted: value.boolean("deleted")?.unwrap_or(false),
        hashes: None,
    }))
}

fn config(key: &Object<'_>, value: Value<'_>) -> Read {
    let scope = scope(key)?;
    let Some(value) = value else { return Ok(RegistryRecord::Config { scope, config: None }) };
    let settings = ["alias", "aliasForDeks", "normalize", "validateFields", "validateNewSchemas", "validateRules"];
    let levels = ["compatibilityLevel", "compatibilityPolicy", "compatibilityGroup"];
    let merged = ["defaultMetadata", "overrideMetadata", "defaultRuleSet", "overrideRuleSet"];
    let names: Vec<&'static str> = settings.into_iter().chain(levels).chain(merged).collect();
    let value = Object::read(Half::Value, value, &names)?;
    // Only the upper case, unlike in requests.
    let level = |text: &str| CompatibilityLevel::ALL.into_iter().find(|level| level.as_str() == text);
    let policy = |text: &str| CompatibilityPolicy::parse(text).filter(|policy| policy.as_str() == text);
    let config = Config {
        alias: value.text("alias")?,
        alias_for_deks: value.text("aliasForDeks")?,
        normalize: value.boolean("normalize")?,
        validate_fields: value.boolean("validateFields")?,
        validate_new_schemas: value.boolean("validateNewSchemas")?,
        validate_rules: value.boolean("validateRules")?,
        compatibility_level: value.named("compatibilityLevel", level)?,
        compatibility_policy: value.named("compatibilityPolicy", policy)?,
        compatibility_group: value.text("compatibilityGroup")?,
        default_metadata: parts::metadata(&value, "defaultMetadata")?,
        override_metadata: parts::metadata(&value, "overrideMetadata")?,
        default_rule_set: parts::rule_set(&value, "defaultRuleSet")?,
        override_rule_set: parts::rule_set(&value, "overrideRuleSet")?,
    };
    Ok(RegistryRecord::Config { scope, config: Some(Box::new(config)) })
}

fn mode(key: &Object<'_>, value: Value<'_>) -> Read {
    let scope = scope(key)?;
    let Some(value) = value else { return Ok(RegistryRecord::Mode { scope, mode: None }) };
    let value = Object::read(Half::Value, value, &["mode"])?;
    let parse = |text: &str| text.parse::<Mode>().ok().filter(|mode| mode.as_str() == text);
    let mode = required(value.named("mode", parse)?, Half::Value, "mode")?;
    Ok(RegistryRecord::Mode { scope, mode: Some(mode) })
}

fn delete_subject(_: &Object<'_>, value: Value<'_>) -> Read {
    let value = Object::read(Half::Value, value.ok_or(Foreign::Past)?, &["subject", "version"])?;
    let subject = Subject::parse(&required(value.text("subject")?, Half::Value, "subject")?);
    let through = required(value.integer("version")?, Half::Value, "version")?;
    Ok(RegistryRecord::DeleteSubject { subject, through })
}

fn clear_subject(key: &Object<'_>, value: Value<'_>) -> Read {
    let value = Object::read(Half::Value, value.ok_or(Foreign::Past)?, &["subject"])?;
    let subject = key.text("subject")?;
    if value.text("subject")? != subject {
        return Err(Foreign::Contradiction);
    }
    let scope = Subject::parse(subject.as_deref().unwrap_or(EVERYTHING));
    Ok(RegistryRecord::ClearSubject { scope })
}

/// The scope that stands for all contexts; so does none in CLEAR_SUBJECT.
const EVERYTHING: &str = ":.__GLOBAL:";

fn context(key: &Object<'_>, value: Value<'_>) -> Read {
    of_our_tenant(key)?;
    let named = |text: &str| Context::new(text).filter(|context| !context.is_default());
    let context = required(key.named("context", named)?, Half::Key, "context")?;
    let exists = value.map(|value| Object::read(Half::Value, value, &[])).transpose()?.is_some();
    Ok(RegistryRecord::Context { context, exists })
}

fn association(key: &Object<'_>, value: Value<'_>) -> Read {
    of_our_tenant(key)?;
    let of_key = |name| required(key.text(name)?, Half::Key, name);
    let key = Box::new(AssociationKey {
        resource_name: of_key("resourceName")?,
        resource_namespace: of_key("resourceNamespace")?,
        resource_type: of_key("resourceType")?,
        association_type: of_key("associationType")?,
        subject: Subject::parse(&of_key("subject")?),
    });
    let Some(value) = value else { return Ok(RegistryRecord::Association { key, association: None }) };
    let value = Object::read(Half::Value, value, &["guid", "resourceId", "lifecycle", "frozen"])?;
    let lifecycle = |text: &str| text.parse::<Lifecycle>().ok();
    let association = Association {
        guid: required(value.named("guid", Guid::parse)?, Half::Value, "guid")?,
        resource_id: value.text("resourceId")?.unwrap_or_default(),
        lifecycle: required(value.named("lifecycle", lifecycle)?, Half::Value, "lifecycle")?,
        frozen: value.boolean("frozen")?.unwrap_or(false),
    };
    Ok(RegistryRecord::Association { key, association: Some(association) })
}

fn required<T>(found: Option<T>, half: Half, name: &'static str) -> Result<T, Foreign> {
    found.ok_or_else(|| half.member(name))
}

fn of_our_tenant(key: &Object<'_>) -> Result<(), Foreign> {
    if key.text("tenant")?.as_deref() == Some(TENANT) { Ok(()) } else { Err(Foreign::Tenant) }
}

/// Of what CONFIG and MODE are: no subject is the global one. Requests name subjects in their normal form, so that settings
/// under another spelling are never found.
fn scope(key: &Object<'_>) -> Result<Subject, Foreign> {
    let Some(text) = key.text("subject")? else { return Ok(Subject::of_context(Context::default_context())) };
    let subject = Subject::parse(&text);
    if text.is_empty() || subject.as_str() != text { Err(Foreign::Unreachable) } else { Ok(subject) }
}

#[cfg(test)]
#[path = "decode_tests.rs"]
mod tests;
