//! The versions of a subject that a candidate has to be compatible with, from any registry with the Confluent API.

use super::{Existing, budget};
use crate::cli::client::{Client, segment};
use compat::Dependency;
use compat::references::{self, Fetched};
use model::{CompatibilityLevel, CompatibilityPolicy, Reference, SchemaType, Version};
use rules::verdict::RESERVED_PROPERTY;
use serde_json::Value;

/// What a registry says of a subject.
pub struct Subject {
    /// Its level, unless another is asked for.
    pub level: CompatibilityLevel,
    /// Its policy.
    pub policy: CompatibilityPolicy,
    /// Are new schemas held to all rules of their language?
    pub validates: bool,
    /// The reserved fields, where the config asks for `validateFields`.
    pub reserved: Option<Reserved>,
    /// What to compare with, the newest first.
    pub versions: Vec<Existing>,
}

/// Fields that a schema may not have, as lists with commas.
#[derive(Default)]
pub struct Reserved {
    /// Those of the newest version.
    pub before: Option<String>,
    /// Those of a version that is registered without metadata: it gets those of the newest one, between what the config has
    /// for versions that say nothing and what it has for all.
    pub now: Option<String>,
}

impl Reserved {
    fn of(config: &Value, newest: Option<&Value>) -> Self {
        let of = |metadata: &Value| metadata["properties"][RESERVED_PROPERTY].as_str().map(str::to_owned);
        let before = newest.and_then(|newest| of(&newest["metadata"]));
        let now = of(&config["overrideMetadata"]).or(before.clone()).or(of(&config["defaultMetadata"]));
        Reserved { before, now }
    }
}

impl Subject {
    /// Asks for the config and for the versions that the level compares with: those of the newest version's group.
    ///
    /// # Errors
    /// The registry cannot be asked, or does not answer as one does.
    pub fn fetch(client: &Client, subject: &str, level: Option<CompatibilityLevel>) -> Result<Self, String> {
        let config = format!("/config/{}?defaultToGlobal=true", segment(subject));
        let config = match client.get(&config)? {
            Some(config) => config,
            None => client.get("/config")?.unwrap_or_default(),
        };
        let member = |name: &str| config[name].as_str();
        let level = level.or(member("compatibilityLevel").and_then(|level| level.parse().ok()));
        let level = level.unwrap_or(CompatibilityLevel::Backward);
        let policy = match member("compatibilityPolicy") {
            Some("LENIENT") => CompatibilityPolicy::Lenient,
            _ => CompatibilityPolicy::Strict,
        };
        let validates = config["validateNewSchemas"].as_bool().unwrap_or(true);
        let group = member("compatibilityGroup");

        let listed = client.get(&format!("/subjects/{}/versions", segment(subject)))?.unwrap_or_default();
        let numbers = listed.as_array().into_iter().flatten().rev().filter_map(number);
        let reserved = match config["validateFields"].as_bool() {
            Some(true) => {
                let newest = numbers.clone().next().map(|newest| version(client, subject, newest)).transpose()?;
                Some(Reserved::of(&config, newest.flatten().as_ref()))
            }
            _ => None,
        };
        let numbers: Vec<Version> = match level {
            CompatibilityLevel::None => Vec::new(),
            level if level.is_transitive() => numbers.collect(),
            _ => numbers.take(1).collect(),
        };
        let (mut versions, mut newest) = (Vec::new(), None);
        for number in numbers {
            // One that is gone since it was listed is left out.
            let Some(version) = version(client, subject, number)? else { continue };
            let of_group = group.map(|group| version["metadata"]["properties"][group].clone());
            if *newest.get_or_insert_with(|| of_group.clone()) == of_group {
                versions.push(existing(client, subject, number, &version)?);
            }
        }
        Ok(Subject { level, policy, validates, reserved, versions })
    }
}

fn existing(client: &Client, subject: &str, number: Version, version: &Value) -> Result<Existing, String> {
    let name = format!("version {number} of {subject}");
    let fetched = fetched(version).ok_or_else(|| format!("{name}: the registry shows no schema"))?;
    let referrer = model::Subject::parse(subject);
    let mut fetch = |subject: &model::Subject, version: Version| -> Result<_, String> {
        let answer = self::version(client, &subject.to_string(), version)?;
        Ok(answer.as_ref().and_then(self::fetched))
    };
    let needed = references::closure(&referrer, &fetched.schema_type, &fetched.references, &mut fetch, &budget());
    let dependencies = needed.map_err(|error| match error {
        references::Error::Fetch(message) => message,
        other => format!("{name}: {other}"),
    })?;
    let text = |needed: references::Needed<String>| Dependency {
        name: needed.name,
        subject: needed.subject,
        version: needed.version,
        text: needed.text.into(),
        direct: needed.direct,
    };
    let Fetched { schema_type, text: schema, .. } = fetched;
    let dependencies = dependencies.into_iter().map(text).collect();
    Ok(Existing { name, version: Some(number), schema_type, text: schema, dependencies })
}

/// A version; `None` where there is none.
fn version(client: &Client, subject: &str, version: Version) -> Result<Option<Value>, String> {
    client.get(&format!("/subjects/{}/versions/{version}", segment(subject)))
}

/// The schema in an answer.
fn fetched(answer: &Value) -> Option<Fetched<String>> {
    let reference = |reference: &Value| {
        let text = |name: &str| Some(reference[name].as_str()?.to_owned());
        Some(Reference { name: text("name")?, subject: text("subject")?, version: number(&reference["version"])? })
    };
    let references = answer["references"].as_array().into_iter().flatten().filter_map(reference).collect();
    let schema_type = answer["schemaType"].as_str().map_or(SchemaType::Avro, SchemaType::parse);
    Some(Fetched { schema_type, text: answer["schema"].as_str()?.to_owned(), references })
}

fn number(value: &Value) -> Option<Version> {
    Version::try_from(value.as_i64()?).ok()
}
