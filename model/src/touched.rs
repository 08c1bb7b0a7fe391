//! What a record touches: the one place that tells whose answers it makes old, whom it concerns, and what has to be derived
//! anew.
//!
//! Whoever keeps something that depends on records asks here and not the kinds of records: a new kind says once what it
//! touches, and all of them follow it.

use crate::{
    AuditChange, InternalRecord, Namespace, NamespaceName, Record, RegistryRecord, SchemaId, Subject, Version,
};

/// What a record touches. A member is there where an answer about it may be another one after the record.
#[derive(Clone, Copy, PartialEq, Debug, Default)]
pub struct Touched<'a> {
    /// What is done, and the subject or context that it is done to: for this somebody needs permission. None where it is done
    /// along with something else that says so.
    pub effect: Option<(Effect, &'a Subject)>,
    /// The subject whose versions or associations change.
    pub subject: Option<&'a Subject>,
    /// Which of its versions, if it is one.
    pub version: Option<Version>,
    /// The id that this version holds, in the context of the subject.
    pub id: Option<SchemaId>,
    /// The name of the resource whose associations change.
    pub resource: Option<&'a str>,
    /// Does something change that answers about anything may depend on: a configuration, a mode, the contexts, or the versions
    /// of a whole scope?
    pub settings: bool,
    /// The namespace that is written, and what it is now; `None` inside: it is gone.
    pub namespace: Option<(&'a NamespaceName, Option<&'a Namespace>)>,
    /// Does the audit get an entry?
    pub audit: bool,
}

/// What is done to a subject or a context.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Effect {
    /// A version is there.
    Registers,
    /// Versions are soft-deleted or gone.
    Deletes,
    /// Its configuration is written or removed.
    Configures,
    /// Its mode is written or removed.
    SetsMode,
    /// An association of it is written or ended.
    Associates,
}

impl Record {
    /// What the record touches.
    pub fn touched(&self) -> Touched<'_> {
        match self {
            Record::Registry(record) => record.touched(),
            Record::Internal(InternalRecord::Namespace(namespace)) => {
                Touched { namespace: Some((&namespace.name, Some(namespace))), ..Touched::default() }
            }
            Record::Internal(InternalRecord::NamespaceRemoved { name }) => {
                Touched { namespace: Some((name, None)), ..Touched::default() }
            }
            // What was handed out is asked for in the writer alone.
            Record::Internal(InternalRecord::HighWater { .. } | InternalRecord::Vacant) => Touched::default(),
            // Nothing is kept of answers about keys.
            Record::Internal(
                InternalRecord::Kek(_)
                | InternalRecord::KekRemoved { .. }
                | InternalRecord::Dek(_)
                | InternalRecord::DekRemoved { .. },
            ) => Touched::default(),
            Record::Audit(AuditChange::Entry(_)) => Touched { audit: true, ..Touched::default() },
            Record::Audit(AuditChange::Forgotten { .. }) => Touched::default(),
        }
    }
}

impl RegistryRecord {
    fn touched(&self) -> Touched<'_> {
        match self {
            RegistryRecord::Schema(schema) => {
                let effect = if schema.deleted { Effect::Deletes } else { Effect::Registers };
                let (version, id) = (Some(schema.version), Some(schema.id));
                Touched { version, id, ..Touched::of_subject(effect, &schema.subject) }
            }
            RegistryRecord::SchemaTombstone { subject, version } => {
                Touched { version: Some(*version), ..Touched::of_subject(Effect::Deletes, subject) }
            }
            RegistryRecord::DeleteSubject { subject, .. } => Touched::of_subject(Effect::Deletes, subject),
            RegistryRecord::Association { key, .. } => {
                Touched { resource: Some(&key.resource_name), ..Touched::of_subject(Effect::Associates, &key.subject) }
            }
            RegistryRecord::Config { scope, .. } => Touched::of_settings(Some((Effect::Configures, scope))),
            RegistryRecord::Mode { scope, .. } => Touched::of_settings(Some((Effect::SetsMode, scope))),
            // They go with the tombstones of all that is cleared, and with the first version or the last one.
            RegistryRecord::ClearSubject { .. } | RegistryRecord::Context { .. } => Touched::of_settings(None),
        }
    }
}

impl<'a> Touched<'a> {
    fn of_subject(effect: Effect, subject: &'a Subject) -> Self {
        Touched { effect: Some((effect, subject)), subject: Some(subject), ..Touched::default() }
    }

    fn of_settings(effect: Option<(Effect, &'a Subject)>) -> Self {
        Touched { effect, settings: true, ..Touched::default() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{AssociationKey, AuditOutcome, AuditRecord, Content, Context, SchemaRecord, SchemaType, TOPIC};
    use std::fmt::Write as _;

    /// In a line: `deletes s, subject s, version 1`.
    fn shown(touched: Touched<'_>) -> String {
        let Touched { effect, subject, version, id, resource, settings, namespace, audit } = touched;
        let mut line = String::new();
        let mut part = |name: &str, what: Option<String>| {
            let between = if line.is_empty() { "" } else { ", " };
            what.into_iter().for_each(|what| write!(line, "{between}{name}{what}").unwrap());
        };
        part("", effect.map(|(effect, scope)| format!("{effect:?} {scope}")));
        part("subject ", subject.map(ToString::to_string));
        part("version ", version.map(|version| version.to_string()));
        part("id ", id.map(|id| id.to_string()));
        part("resource ", resource.map(str::to_owned));
        part("settings", settings.then(String::new));
        part("namespace ", namespace.map(|(name, now)| format!("{name}{}", if now.is_some() { "" } else { " gone" })));
        part("audit", audit.then(String::new));
        line
    }

    #[test]
    fn each_kind_of_record_says_what_it_touches() {
        let subject = || Subject::parse(":.c:s");
        let schema = |deleted| {
            let content = Content {
                schema_type: SchemaType::Avro,
                text: "x".into(),
                references: vec![],
                metadata: None,
                rule_set: None,
            };
            let (content, hashes) = (content.into(), None);
            RegistryRecord::Schema(SchemaRecord { subject: subject(), version: 2, id: 7, content, deleted, hashes })
        };
        let key = AssociationKey {
            resource_name: "orders".into(),
            resource_namespace: "n".into(),
            resource_type: TOPIC.into(),
            association_type: "value".into(),
            subject: subject(),
        };
        let context = Context::new(".c").unwrap();
        let namespace = Namespace::new("pay".parse().unwrap());
        let entry = AuditRecord {
            happened: None,
            principal: String::new(),
            attempted: String::new(),
            method: None,
            operation: String::new(),
            action: String::new(),
            kind: String::new(),
            name: String::new(),
            namespace: None,
            namespace_id: None,
            outcome: AuditOutcome::Permitted,
            rule: String::new(),
            request_id: String::new(),
            address: None,
            count: 1,
        };
        let rows = [
            (Record::Registry(schema(false)), "Registers :.c:s, subject :.c:s, version 2, id 7"),
            (Record::Registry(schema(true)), "Deletes :.c:s, subject :.c:s, version 2, id 7"),
            (
                Record::Registry(RegistryRecord::SchemaTombstone { subject: subject(), version: 2 }),
                "Deletes :.c:s, subject :.c:s, version 2",
            ),
            (
                Record::Registry(RegistryRecord::DeleteSubject { subject: subject(), through: 9 }),
                "Deletes :.c:s, subject :.c:s",
            ),
            (
                Record::Registry(RegistryRecord::Association { key: key.into(), association: None }),
                "Associates :.c:s, subject :.c:s, resource orders",
            ),
            (Record::Registry(RegistryRecord::Config { scope: subject(), config: None }), "Configures :.c:s, settings"),
            (Record::Registry(RegistryRecord::Mode { scope: subject(), mode: None }), "SetsMode :.c:s, settings"),
            (Record::Registry(RegistryRecord::ClearSubject { scope: subject() }), "settings"),
            (Record::Registry(RegistryRecord::Context { context: context.clone(), exists: true }), "settings"),
            (Record::Internal(InternalRecord::HighWater { context, id: 7 }), ""),
            (Record::Internal(InternalRecord::NamespaceRemoved { name: namespace.name.clone() }), "namespace pay gone"),
            (Record::Internal(InternalRecord::Namespace(namespace.into())), "namespace pay"),
            (Record::Internal(InternalRecord::Vacant), ""),
            (Record::Internal(InternalRecord::KekRemoved { name: "k".into() }), ""),
            (Record::Audit(AuditChange::Entry(entry.into())), "audit"),
            (Record::Audit(AuditChange::Forgotten { before: 7 }), ""),
        ];
        for (record, expected) in rows {
            assert_eq!(shown(record.touched()), expected, "{record:?}");
        }
    }
}
