//! A record as the reference server writes it, byte for byte.

use crate::TENANT;
use crate::parts::{put_metadata, put_references, put_rule_set};
use crate::write::{Members, object};
use model::{Association, AssociationKey, Config, Mode, RegistryRecord, SchemaRecord, Subject};

/// A record as bytes. Headers it has none.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Encoded {
    /// The key, by whose bytes the broker compacts.
    pub key: Vec<u8>,
    /// The value; `None` is a tombstone.
    pub value: Option<Vec<u8>>,
}

/// The bytes of a record.
///
/// One thing is not as the reference server writes it: the empty subject of the default context, whose name is left out there,
/// is written as `""`, because a record without it cannot be read by either.
pub fn encode(record: &RegistryRecord) -> Encoded {
    Encoded { key: key(record), value: value(record) }
}

/// The record that means nothing.
pub fn noop() -> Encoded {
    Encoded { key: typed("NOOP", 0, |_| {}), value: None }
}

/// The key under which `encode` puts a record. A record that was read under another spelling of it stays in the log beside
/// whatever is written here, until a tombstone under its own bytes is written too.
pub fn key(record: &RegistryRecord) -> Vec<u8> {
    match record {
        RegistryRecord::Schema(SchemaRecord { subject, version, .. })
        | RegistryRecord::SchemaTombstone { subject, version } => typed("SCHEMA", 1, |members| {
            members.text("subject", subject.as_str());
            members.integer("version", *version);
        }),
        RegistryRecord::Config { scope, .. } => typed("CONFIG", 0, |members| put_scope(scope, members)),
        RegistryRecord::Mode { scope, .. } => typed("MODE", 0, |members| put_scope(scope, members)),
        RegistryRecord::DeleteSubject { subject, .. } => {
            typed("DELETE_SUBJECT", 0, |members| members.text("subject", subject.as_str()))
        }
        // Without a subject it would be all subjects' here.
        RegistryRecord::ClearSubject { scope } => {
            typed("CLEAR_SUBJECT", 0, |members| members.text("subject", scope.as_str()))
        }
        RegistryRecord::Context { context, .. } => typed("CONTEXT", 0, |members| {
            members.text("tenant", TENANT);
            members.text("context", context.as_str());
        }),
        RegistryRecord::Association { key, .. } => typed("ASSOC", 0, |members| {
            members.text("tenant", TENANT);
            members.text("resourceName", &key.resource_name);
            members.text("resourceNamespace", &key.resource_namespace);
            members.text("resourceType", &key.resource_type);
            members.text("associationType", &key.association_type);
            members.text("subject", key.subject.as_str());
        }),
    }
}

fn typed(kind: &str, magic: i32, members: impl FnOnce(&mut Members<'_>)) -> Vec<u8> {
    object(|key| {
        key.text("keytype", kind);
        members(key);
        key.integer("magic", magic);
    })
}

/// The global scope has no name.
fn put_scope(scope: &Subject, members: &mut Members<'_>) {
    members.optional("subject", Some(scope.as_str()));
}

fn value(record: &RegistryRecord) -> Option<Vec<u8>> {
    match record {
        RegistryRecord::Schema(record) => Some(schema(record)),
        RegistryRecord::SchemaTombstone { .. } => None,
        RegistryRecord::DeleteSubject { subject, through } => Some(object(|members| {
            members.text("subject", subject.as_str());
            members.integer("version", *through);
        })),
        RegistryRecord::ClearSubject { scope } => Some(object(|members| members.text("subject", scope.as_str()))),
        RegistryRecord::Config { scope, config } => config.as_ref().map(|config| settings(scope, config)),
        RegistryRecord::Mode { scope, mode } => mode.map(|mode| mode_of(scope, mode)),
        RegistryRecord::Context { context, exists } => exists.then(|| {
            object(|members| {
                members.text("tenant", TENANT);
                members.text("context", context.as_str());
            })
        }),
        RegistryRecord::Association { key, association } => association.as_ref().map(|now| association_of(key, now)),
    }
}

fn schema(record: &SchemaRecord) -> Vec<u8> {
    let content = &record.content;
    object(|members| {
        members.text("subject", record.subject.as_str());
        members.integer("version", record.version);
        members.integer("id", record.id);
        members.optional("schemaType", Some(content.schema_type.as_str()));
        put_references(&content.references, members);
        put_metadata("metadata", content.metadata.as_ref(), members);
        put_rule_set("ruleSet", content.rule_set.as_ref(), members);
        members.optional("schema", Some(&content.text));
        members.boolean("deleted", record.deleted);
    })
}

fn settings(scope: &Subject, config: &Config) -> Vec<u8> {
    object(|members| {
        put_scope(scope, members);
        members.optional("alias", config.alias.as_deref());
        members.optional("aliasForDeks", config.alias_for_deks.as_deref());
        let switches = [
            ("normalize", config.normalize),
            ("validateFields", config.validate_fields),
            ("validateNewSchemas", config.validate_new_schemas),
            ("validateRules", config.validate_rules),
        ];
        for (name, is) in switches {
            if let Some(is) = is {
                members.boolean(name, is);
            }
        }
        members.optional("compatibilityLevel", config.compatibility_level.map(|level| level.as_str()));
        members.optional("compatibilityPolicy", config.compatibility_policy.map(|policy| policy.as_str()));
        members.optional("compatibilityGroup", config.compatibility_group.as_deref());
        put_metadata("defaultMetadata", config.default_metadata.as_ref(), members);
        put_metadata("overrideMetadata", config.override_metadata.as_ref(), members);
        put_rule_set("defaultRuleSet", config.default_rule_set.as_ref(), members);
        put_rule_set("overrideRuleSet", config.override_rule_set.as_ref(), members);
    })
}

fn mode_of(scope: &Subject, mode: Mode) -> Vec<u8> {
    object(|members| {
        put_scope(scope, members);
        members.text("mode", mode.as_str());
    })
}

fn association_of(key: &AssociationKey, association: &Association) -> Vec<u8> {
    object(|members| {
        members.text("guid", &association.guid.to_string());
        members.text("tenant", TENANT);
        members.text("resourceName", &key.resource_name);
        members.text("resourceNamespace", &key.resource_namespace);
        members.optional("resourceId", Some(&association.resource_id));
        members.text("resourceType", &key.resource_type);
        members.text("associationType", &key.association_type);
        members.text("subject", key.subject.as_str());
        members.text("lifecycle", association.lifecycle.as_str());
        members.boolean("frozen", association.frozen);
    })
}
