//! References, metadata and rules: members of values, both ways.

use crate::decode::Foreign;
use crate::json::{self, Half, Object};
use crate::write::Members;
use model::{Metadata, Reference, Rule, RuleKind, RuleMode, RuleSet};

/// The references of a schema. An absent name or subject adds nothing to the content's hash, as an empty one.
pub(crate) fn references(value: &Object<'_>) -> Result<Vec<Reference>, Foreign> {
    let read = |item: Object<'_>| {
        Ok(Reference {
            name: item.text("name")?.unwrap_or_default(),
            subject: item.text("subject")?.unwrap_or_default(),
            version: item.integer("version")?.ok_or(Half::Value.member("references"))?,
        })
    };
    value.objects("references", &["name", "subject", "version"])?.into_iter().map(read).collect()
}

pub(crate) fn metadata(value: &Object<'_>, name: &'static str) -> Result<Option<Metadata>, Foreign> {
    let Some(value) = value.object(name, &["tags", "properties", "sensitive"])? else { return Ok(None) };
    Ok(Some(Metadata {
        tags: value.map("tags", json::texts)?,
        properties: value.map("properties", json::text)?,
        sensitive: value.texts("sensitive")?,
    }))
}

pub(crate) fn rule_set(value: &Object<'_>, name: &'static str) -> Result<Option<RuleSet>, Foreign> {
    let names = ["migrationRules", "domainRules", "encodingRules", "enableAt"];
    let Some(value) = value.object(name, &names)? else { return Ok(None) };
    Ok(Some(RuleSet {
        migration_rules: rules(&value, "migrationRules")?,
        domain_rules: rules(&value, "domainRules")?,
        encoding_rules: rules(&value, "encodingRules")?,
        enable_at: value.text("enableAt")?,
    }))
}

fn rules(value: &Object<'_>, name: &'static str) -> Result<Vec<Rule>, Foreign> {
    let names = ["name", "doc", "kind", "mode", "type", "tags", "params", "expr", "onSuccess", "onFailure", "disabled"];
    let read = |rule: Object<'_>| {
        Ok(Rule {
            name: rule.text("name")?,
            doc: rule.text("doc")?,
            kind: rule.named("kind", RuleKind::parse)?.unwrap_or_default(),
            mode: rule.named("mode", RuleMode::parse)?.unwrap_or_default(),
            rule_type: rule.text("type")?,
            tags: rule.texts("tags")?,
            params: rule.map("params", json::text)?,
            expr: rule.text("expr")?,
            on_success: rule.text("onSuccess")?,
            on_failure: rule.text("onFailure")?,
            disabled: rule.boolean("disabled")?.unwrap_or(false),
        })
    };
    value.objects(name, &names)?.into_iter().map(read).collect()
}

pub(crate) fn put_references(references: &[Reference], value: &mut Members<'_>) {
    value.objects("references", references, |reference, item| {
        item.text("name", &reference.name);
        item.text("subject", &reference.subject);
        item.integer("version", reference.version);
    });
}

pub(crate) fn put_metadata(name: &'static str, metadata: Option<&Metadata>, value: &mut Members<'_>) {
    let Some(metadata) = metadata else { return };
    value.object(name, |members| {
        if !metadata.tags.is_empty() {
            members.object("tags", |tags| metadata.tags.iter().for_each(|(path, of)| tags.list(path, of)));
        }
        members.map("properties", &metadata.properties);
        if !metadata.sensitive.is_empty() {
            members.list("sensitive", &metadata.sensitive);
        }
    });
}

pub(crate) fn put_rule_set(name: &'static str, rule_set: Option<&RuleSet>, value: &mut Members<'_>) {
    let Some(rule_set) = rule_set else { return };
    value.object(name, |members| {
        members.objects("migrationRules", &rule_set.migration_rules, put_rule);
        members.objects("domainRules", &rule_set.domain_rules, put_rule);
        members.objects("encodingRules", &rule_set.encoding_rules, put_rule);
        members.optional("enableAt", rule_set.enable_at.as_deref());
    });
}

fn put_rule(rule: &Rule, members: &mut Members<'_>) {
    members.optional("name", rule.name.as_deref());
    members.optional("doc", rule.doc.as_deref());
    members.text("kind", rule.kind.as_str());
    members.text("mode", rule.mode.as_str());
    members.optional("type", rule.rule_type.as_deref());
    if !rule.tags.is_empty() {
        members.list("tags", &rule.tags);
    }
    members.map("params", &rule.params);
    members.optional("expr", rule.expr.as_deref());
    members.optional("onSuccess", rule.on_success.as_deref());
    members.optional("onFailure", rule.on_failure.as_deref());
    members.boolean("disabled", rule.disabled);
}
