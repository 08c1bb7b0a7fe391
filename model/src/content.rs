//! What a schema version holds, and the hash that gives it its identity.
//!
//! The hash input is that of the Confluent API (MD5 over text, references, metadata and rules): it decides which versions
//! share an id and is shown as `guid`, so it must not change. It is not a defence against forged collisions; whoever acts on
//! an equal hash compares the content as well.

use md5::{Digest, Md5};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

/// The language of a schema.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub enum SchemaType {
    Avro,
    Json,
    Protobuf,
    /// A name that this registry has no language for. Never accepted in a request; a foreign log may hold one, and it is
    /// shown as it is.
    Other(String),
}

impl SchemaType {
    /// The name on the wire.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Avro => "AVRO",
            Self::Json => "JSON",
            Self::Protobuf => "PROTOBUF",
            Self::Other(name) => name,
        }
    }

    /// The type of a name, which is case-sensitive; an unknown one becomes `Other`.
    pub fn parse(name: &str) -> Self {
        match name {
            "AVRO" => Self::Avro,
            "JSON" => Self::Json,
            "PROTOBUF" => Self::Protobuf,
            other => Self::Other(other.to_owned()),
        }
    }
}

impl fmt::Display for SchemaType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A reference to a version of another subject.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Reference {
    /// What the referring text calls it: a full type name (Avro), a URI (JSON Schema), an import path (Protobuf).
    pub name: String,
    /// The subject as sent: an unqualified one is of the referrer's context.
    pub subject: String,
    /// The version; -1 (the latest) only before it is resolved, never in the store.
    pub version: i32,
}

/// Metadata of a schema version.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Metadata {
    /// Path pattern → tags.
    pub tags: BTreeMap<String, BTreeSet<String>>,
    /// Free properties; keys beginning with `confluent:` have meanings.
    pub properties: BTreeMap<String, String>,
    /// Names of properties whose values are sensitive.
    pub sensitive: BTreeSet<String>,
}

/// Rules of a schema version.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct RuleSet {
    /// Rules between versions.
    pub migration_rules: Vec<Rule>,
    /// Rules on data.
    pub domain_rules: Vec<Rule>,
    /// Rules on encoded data.
    pub encoding_rules: Vec<Rule>,
    /// Where the rules are executed: `ALL`, `CLIENT`, `GATEWAY`, `SERVER`, `NONE`.
    pub enable_at: Option<String>,
}

/// One rule.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "the names are the API's own")]
pub struct Rule {
    pub name: Option<String>,
    pub doc: Option<String>,
    pub kind: RuleKind,
    pub mode: RuleMode,
    pub rule_type: Option<String>,
    pub tags: BTreeSet<String>,
    pub params: BTreeMap<String, String>,
    pub expr: Option<String>,
    pub on_success: Option<String>,
    pub on_failure: Option<String>,
    pub disabled: bool,
}

macro_rules! names {
    ($(#[$meta:meta])* $name:ident { $($variant:ident = $text:literal),+ $(,)? } default $default:ident) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        #[allow(missing_docs, reason = "the names are the API's own")]
        pub enum $name { $($variant),+ }

        impl $name {
            /// The name on the wire.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value of a name; names are case-sensitive.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }

        impl Default for $name {
            fn default() -> Self { Self::$default }
        }
    };
}

names!(
    /// What a rule does.
    RuleKind { Transform = "TRANSFORM", Condition = "CONDITION" } default Transform
);
names!(
    /// When a rule applies.
    RuleMode {
        Upgrade = "UPGRADE", Downgrade = "DOWNGRADE", UpDown = "UPDOWN",
        Write = "WRITE", Read = "READ", WriteRead = "WRITEREAD",
    } default WriteRead
);

/// All that identifies a schema version apart from where it stands: equal content in one context has one id.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Content {
    /// The language.
    pub schema_type: SchemaType,
    /// The canonical text. Shared, because many versions and answers hold the same text.
    pub text: Arc<str>,
    /// References in the order of the request.
    pub references: Vec<Reference>,
    /// `None` and empty metadata are different content.
    pub metadata: Option<Metadata>,
    /// `None` and an empty rule set are different content.
    pub rule_set: Option<RuleSet>,
}

impl Content {
    /// The content hash (`guid`). `schema_type` is not part of it, as in the Confluent API.
    pub fn guid(&self) -> Guid {
        let mut md5 = Md5::new();
        md5.update(self.text.as_bytes());
        for reference in &self.references {
            md5.update(reference.name.as_bytes());
            md5.update(reference.subject.as_bytes());
            md5.update(reference.version.to_be_bytes());
        }
        if let Some(metadata) = &self.metadata {
            md5.update([1]);
            for (path, tags) in &metadata.tags {
                md5.update(path);
                tags.iter().for_each(|tag| md5.update(tag));
            }
            for (key, value) in &metadata.properties {
                md5.update(key);
                md5.update(value);
            }
            metadata.sensitive.iter().for_each(|name| md5.update(name));
        }
        if let Some(rules) = &self.rule_set {
            md5.update([1]);
            for rule in rules.migration_rules.iter().chain(&rules.domain_rules).chain(&rules.encoding_rules) {
                hash_rule(rule, &mut md5);
            }
            md5.update(rules.enable_at.as_deref().unwrap_or_default());
        }
        Guid(md5.finalize().into())
    }
}

fn hash_rule(rule: &Rule, md5: &mut Md5) {
    md5.update(rule.name.as_deref().unwrap_or_default());
    md5.update(rule.doc.as_deref().unwrap_or_default());
    md5.update(rule.kind.as_str());
    md5.update(rule.mode.as_str());
    md5.update(rule.rule_type.as_deref().unwrap_or_default());
    rule.tags.iter().for_each(|tag| md5.update(tag));
    for (key, value) in &rule.params {
        md5.update(key);
        md5.update(value);
    }
    md5.update(rule.expr.as_deref().unwrap_or_default());
    md5.update(rule.on_success.as_deref().unwrap_or_default());
    md5.update(rule.on_failure.as_deref().unwrap_or_default());
    if rule.disabled {
        md5.update([1]);
    }
}

/// The content hash, shown as a UUID (version and variant bits are not set).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Guid(pub [u8; 16]);

impl Guid {
    /// Parses a UUID, with or without hyphens in their places, in either letter case.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0u8; 16];
        let text = text.as_bytes();
        let hyphenated = match text.len() {
            36 if [8, 13, 18, 23].iter().all(|&at| text[at] == b'-') => true,
            32 => false,
            _ => return None,
        };
        let digits = text.iter().enumerate().filter(|(at, _)| !(hyphenated && [8, 13, 18, 23].contains(at)));
        for (at, (_, &digit)) in digits.enumerate() {
            bytes[at / 2] = bytes[at / 2] << 4 | (digit as char).to_digit(16)? as u8;
        }
        Some(Guid(bytes))
    }
}

impl fmt::Display for Guid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, byte) in self.0.iter().enumerate() {
            if [4, 6, 8, 10].contains(&at) {
                f.write_str("-")?;
            }
            write!(f, "{byte:02x}")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn content(text: &str) -> Content {
        Content { schema_type: SchemaType::Avro, text: text.into(), references: vec![], metadata: None, rule_set: None }
    }

    #[test]
    fn the_guid_is_the_hash_of_text_references_metadata_and_rules() {
        #[track_caller]
        fn check(content: &Content, guid: &str) {
            assert_eq!(content.guid().to_string(), guid);
        }
        check(&content("\"string\""), "095d71cf-1255-6b9d-5e33-0ad575b3df5d");
        check(&content("x"), "9dd4e461-268c-8034-f5c8-564e155c67a6");
        let empties =
            Content { metadata: Some(Metadata::default()), rule_set: Some(RuleSet::default()), ..content("x") };
        check(&empties, "4e8a014a-dc06-8f83-67e6-11dc9b374897");
        let rule = Rule {
            name: Some("r1".into()),
            doc: Some("d".into()),
            kind: RuleKind::Transform,
            mode: RuleMode::WriteRead,
            rule_type: Some("CEL".into()),
            tags: BTreeSet::new(),
            params: BTreeMap::new(),
            expr: Some("x".into()),
            on_success: None,
            on_failure: None,
            disabled: false,
        };
        let full = Content {
            references: vec![Reference { name: "n".into(), subject: "sub".into(), version: 1 }],
            metadata: Some(Metadata {
                tags: [("f".into(), ["A".into(), "PII".into()].into())].into(),
                properties: [("k".into(), "v".into())].into(),
                sensitive: ["k".into()].into(),
            }),
            rule_set: Some(RuleSet { domain_rules: vec![rule], ..RuleSet::default() }),
            ..content("\"string\"")
        };
        check(&full, "54d9dcd8-cee1-d4a5-b819-9203b733b085");
    }

    #[test]
    fn a_guid_is_read_with_or_without_hyphens_in_either_case() {
        let guid = content("x").guid();
        assert_eq!(Guid::parse("9dd4e461-268c-8034-f5c8-564e155c67a6"), Some(guid));
        assert_eq!(Guid::parse("9DD4E461268C8034F5C8564E155C67A6"), Some(guid));
        for bad in ["", "9dd4e461", "9dd4e461-268c-8034-f5c8-564e155c67ag", "9dd4e461_268c_8034_f5c8_564e155c67a6"] {
            assert_eq!(Guid::parse(bad), None, "{bad:?}");
        }
    }
}
