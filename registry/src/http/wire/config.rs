//! Configs and modes. The level is called `compatibility` in a PUT and in its answer, `compatibilityLevel` everywhere else;
//! a `compatibilityLevel` in a PUT is an unknown member.

use super::request::{metadata, rule_set};
use super::schema::{MetadataOut, RuleSetOut};
use crate::http::body::{self, Object};
use model::{CompatibilityLevel, CompatibilityPolicy, Config};
use rules::fault::Fault;
use serde::Serialize;
use service::ConfigChange;

/// A config as shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ConfigOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    alias: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    alias_for_deks: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    normalize: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_fields: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_new_schemas: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    validate_rules: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility_level: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility_policy: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    compatibility_group: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_metadata: Option<MetadataOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_metadata: Option<MetadataOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    default_rule_set: Option<RuleSetOut<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    override_rule_set: Option<RuleSetOut<'a>>,
}

impl<'a> ConfigOut<'a> {
    /// The answer to GET and DELETE: empty texts are left out.
    pub fn read(config: &'a Config) -> Self {
        let text = |member: &'a Option<String>| member.as_deref().filter(|text| !text.is_empty());
        ConfigOut {
            alias: text(&config.alias),
            alias_for_deks: text(&config.alias_for_deks),
            compatibility: None,
            compatibility_level: config.compatibility_level.map(CompatibilityLevel::as_str),
            compatibility_group: text(&config.compatibility_group),
            ..Self::written(config)
        }
    }

    /// The answer to PUT.
    pub fn written(config: &'a Config) -> Self {
        ConfigOut {
            alias: config.alias.as_deref(),
            alias_for_deks: config.alias_for_deks.as_deref(),
            normalize: config.normalize,
            validate_fields: config.validate_fields,
            validate_new_schemas: config.validate_new_schemas,
            validate_rules: config.validate_rules,
            compatibility: config.compatibility_level.map(CompatibilityLevel::as_str),
            compatibility_level: None,
            compatibility_policy: config.compatibility_policy.map(CompatibilityPolicy::as_str),
            compatibility_group: config.compatibility_group.as_deref(),
            default_metadata: config.default_metadata.as_ref().map(MetadataOut::from),
            override_metadata: config.override_metadata.as_ref().map(MetadataOut::from),
            default_rule_set: config.default_rule_set.as_ref().map(RuleSetOut::from),
            override_rule_set: config.override_rule_set.as_ref().map(RuleSetOut::from),
        }
    }
}

/// Reads a change of config: an absent member keeps the old value, `null` clears it.
///
/// # Errors
/// `InvalidLevel`, `NotSupported` for the policy LOGICAL, `BadBody`.
pub fn change(object: &Object) -> Result<ConfigChange, Fault> {
    fn member<T>(
        object: &Object,
        name: &str,
        read: impl Fn(&Object, &str) -> Result<Option<T>, Fault>,
    ) -> Result<Option<Option<T>>, Fault> {
        if object.contains_key(name) { Ok(Some(read(object, name)?)) } else { Ok(None) }
    }
    let level = |object: &Object, name: &str| match body::text(object, name)? {
        Some(text) => text.parse().map(Some).map_err(|_| Fault::InvalidLevel),
        None => Ok(None),
    };
    let policy =
        |object: &Object, name: &str| match body::text(object, name)?.as_deref().map(CompatibilityPolicy::parse) {
            Some(Some(CompatibilityPolicy::Logical)) => Err(Fault::NotSupported(
                "The compatibility policy LOGICAL is not supported; use STRICT or LENIENT".into(),
            )),
            Some(policy) => Ok(policy),
            None => Ok(None),
        };
    Ok(ConfigChange {
        alias: member(object, "alias", body::text)?,
        alias_for_deks: member(object, "aliasForDeks", body::text)?,
        normalize: member(object, "normalize", body::boolean)?,
        validate_fields: member(object, "validateFields", body::boolean)?,
        validate_new_schemas: member(object, "validateNewSchemas", body::boolean)?,
        validate_rules: member(object, "validateRules", body::boolean)?,
        compatibility_level: member(object, "compatibility", level)?,
        compatibility_policy: member(object, "compatibilityPolicy", policy)?,
        compatibility_group: member(object, "compatibilityGroup", body::text)?,
        default_metadata: member(object, "defaultMetadata", metadata)?,
        override_metadata: member(object, "overrideMetadata", metadata)?,
        default_rule_set: member(object, "defaultRuleSet", rule_set)?,
        override_rule_set: member(object, "overrideRuleSet", rule_set)?,
    })
}
