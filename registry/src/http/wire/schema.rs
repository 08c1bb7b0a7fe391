//! Schemas as answers show them. Null, empty strings and empty collections are left out; metadata and rule sets that are
//! present but empty are shown as `{}`.

use super::association::AssociationOut;
use compat::TaggedEntity;
use model::{Content, Metadata, Reference, Rule, RuleSet, Subject};
use rules::expression::RuleFinding;
use rules::register::Registered;
use serde::Serialize;
use service::{Listed, Shown};
use std::collections::{BTreeMap, BTreeSet};

/// A reference.
#[derive(Serialize)]
pub struct ReferenceOut<'a> {
    name: &'a str,
    subject: &'a str,
    version: i32,
}

/// Metadata.
#[derive(Serialize)]
pub struct MetadataOut<'a> {
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    tags: &'a BTreeMap<String, BTreeSet<String>>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    properties: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    sensitive: &'a BTreeSet<String>,
}

impl<'a> From<&'a Metadata> for MetadataOut<'a> {
    fn from(metadata: &'a Metadata) -> Self {
        MetadataOut { tags: &metadata.tags, properties: &metadata.properties, sensitive: &metadata.sensitive }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RuleOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc: Option<&'a str>,
    kind: &'static str,
    mode: &'static str,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    rule_type: Option<&'a str>,
    #[serde(skip_serializing_if = "BTreeSet::is_empty")]
    tags: &'a BTreeSet<String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    params: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    expr: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_success: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    on_failure: Option<&'a str>,
    disabled: bool,
}

/// A rule set.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RuleSetOut<'a> {
    #[serde(skip_serializing_if = "Vec::is_empty")]
    migration_rules: Vec<RuleOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    domain_rules: Vec<RuleOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    encoding_rules: Vec<RuleOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    enable_at: Option<&'a str>,
}

impl<'a> From<&'a RuleSet> for RuleSetOut<'a> {
    fn from(rules: &'a RuleSet) -> Self {
        let list = |rules: &'a [Rule]| rules.iter().map(rule).collect();
        RuleSetOut {
            migration_rules: list(&rules.migration_rules),
            domain_rules: list(&rules.domain_rules),
            encoding_rules: list(&rules.encoding_rules),
            enable_at: rules.enable_at.as_deref(),
        }
    }
}

fn rule(rule: &Rule) -> RuleOut<'_> {
    RuleOut {
        name: rule.name.as_deref(),
        doc: rule.doc.as_deref(),
        kind: rule.kind.as_str(),
        mode: rule.mode.as_str(),
        rule_type: rule.rule_type.as_deref(),
        tags: &rule.tags,
        params: &rule.params,
        expr: rule.expr.as_deref(),
        on_success: rule.on_success.as_deref(),
        on_failure: rule.on_failure.as_deref(),
        disabled: rule.disabled,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EntityOut<'a> {
    entity_path: &'a str,
    entity_type: &'static str,
}

/// Inline tags of one record or field.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TagsOut<'a> {
    schema_entity: EntityOut<'a>,
    tags: &'a [String],
}

/// A rule whose expression does not parse: a member of our own, which clients of the Confluent API ignore.
#[derive(Serialize)]
pub struct RuleFindingOut<'a> {
    rule: &'a str,
    message: &'a str,
    line: usize,
    column: usize,
}

impl<'a> From<&'a RuleFinding> for RuleFindingOut<'a> {
    fn from(finding: &'a RuleFinding) -> Self {
        let RuleFinding { rule, message, line, column } = finding;
        RuleFindingOut { rule, message, line: *line, column: *column }
    }
}

/// A schema in any of its answers; who shows it decides which members are there.
#[derive(Serialize, Default)]
#[serde(rename_all = "camelCase")]
pub struct SchemaOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    subject: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<i32>,
    guid: String,
    schema_type: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    references: Vec<ReferenceOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<MetadataOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_set: Option<RuleSetOut<'a>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    schema: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    schema_tags: Vec<TagsOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_id: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ts: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    associations: Vec<AssociationOut<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    aliases: Vec<&'a str>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    rule_findings: Vec<RuleFindingOut<'a>>,
}

impl<'a> SchemaOut<'a> {
    fn of(content: &'a Content, guid: String) -> Self {
        SchemaOut {
            guid,
            schema_type: content.schema_type.as_str(),
            references: content.references.iter().map(reference).collect(),
            metadata: content.metadata.as_ref().map(MetadataOut::from),
            rule_set: content.rule_set.as_ref().map(RuleSetOut::from),
            schema: &content.text,
            ..SchemaOut::default()
        }
    }

    /// A subject's version: lookup, `GET …/versions/{version}`, items of `/schemas`.
    pub fn of_subject(shown: &'a Shown) -> Self {
        SchemaOut { id: Some(shown.stored.id), ..SchemaOut::by_id(shown) }
    }

    /// An item of a listing, which may show associations.
    pub fn listed(listed: &'a Listed) -> Self {
        SchemaOut {
            associations: listed.associations.iter().map(AssociationOut::from).collect(),
            aliases: listed.aliases.iter().map(Subject::as_str).collect(),
            ..SchemaOut::of_subject(&listed.shown)
        }
    }

    /// By id: the id itself is not shown.
    pub fn by_id(shown: &'a Shown) -> Self {
        SchemaOut {
            subject: Some(shown.stored.subject.as_str()),
            version: Some(shown.stored.version),
            ..SchemaOut::by_guid(shown)
        }
    }

    /// By GUID: neither subject nor version nor id.
    pub fn by_guid(shown: &'a Shown) -> Self {
        SchemaOut {
            ts: shown.at,
            deleted: shown.at.map(|_| shown.stored.deleted),
            ..SchemaOut::of(&shown.content, shown.stored.guid.to_string())
        }
    }

    /// The answer to a registration.
    pub fn registered(registered: &'a Registered) -> Self {
        SchemaOut {
            id: Some(registered.id),
            version: Some(registered.version),
            ts: registered.stored.map(|(at, _)| at),
            deleted: registered.stored.map(|(_, deleted)| deleted),
            ..SchemaOut::of(&registered.content, registered.guid.to_string())
        }
    }

    /// With its subject.
    pub fn with_subject(mut self, subject: &'a str) -> Self {
        self.subject = Some(subject);
        self
    }

    /// With the text in another format.
    pub fn with_text(mut self, text: Option<&'a str>) -> Self {
        if let Some(text) = text {
            self.schema = text;
        }
        self
    }

    /// With the largest id of the context.
    pub fn with_max_id(mut self, max_id: Option<i32>) -> Self {
        self.max_id = max_id;
        self
    }

    /// With the rules whose expressions do not parse.
    pub fn with_rule_findings(mut self, findings: &'a [RuleFinding]) -> Self {
        self.rule_findings = findings.iter().map(RuleFindingOut::from).collect();
        self
    }

    /// With the inline tags that were asked for.
    pub fn with_tags(mut self, tags: &'a [TaggedEntity]) -> Self {
        self.schema_tags = tags
            .iter()
            .map(|entity| TagsOut {
                schema_entity: EntityOut { entity_path: &entity.path, entity_type: entity.kind.as_str() },
                tags: &entity.tags,
            })
            .collect();
        self
    }
}

fn reference(reference: &Reference) -> ReferenceOut<'_> {
    ReferenceOut { name: &reference.name, subject: &reference.subject, version: reference.version }
}
