//! Short ways to write records, for tests.

use crate::codec::text_key;
use model::{
    Association, AssociationKey, AuditChange, AuditOutcome, AuditRecord, Config, Content, Context, Dek, DekAlgorithm,
    DekId, Fingerprint, Guid, Hashes, InternalRecord, Kek, Lifecycle, Mode, Namespace, NamespaceId, Record, Reference,
    RegistryRecord, SchemaId, SchemaRecord, SchemaType, Subject, Version,
};
use std::sync::Arc;

/// A version without references, as a record to change where a test needs more.
pub fn schema_record(subject: &str, version: Version, id: SchemaId, text: &str) -> SchemaRecord {
    let content = Content {
        schema_type: SchemaType::Avro,
        text: text.into(),
        references: vec![],
        metadata: None,
        rule_set: None,
    };
    SchemaRecord {
        subject: Subject::parse(subject),
        version,
        id,
        content: Arc::new(content),
        deleted: false,
        hashes: None,
    }
}

/// A version.
pub fn schema(subject: &str, version: Version, id: SchemaId, text: &str) -> Record {
    Record::Registry(RegistryRecord::Schema(schema_record(subject, version, id, text)))
}

/// A version whose fingerprint, of scheme 1, its writer knows.
pub fn fingerprinted(subject: &str, version: Version, id: SchemaId, text: &str, fingerprint: u64) -> Record {
    let plain = schema_record(subject, version, id, text);
    Record::Registry(RegistryRecord::Schema(knowing(plain, fingerprint)))
}

/// The same version, whose fingerprint, of scheme 1, its writer knows.
pub fn knowing(record: SchemaRecord, fingerprint: u64) -> SchemaRecord {
    let fingerprint = Some(Fingerprint { scheme: 1, value: fingerprint });
    let (text, guid) = (text_key(&record.content.text).0, record.content.guid());
    SchemaRecord { hashes: Some(Hashes { text, guid, fingerprint }), ..record }
}

/// A soft-deleted version.
pub fn deleted(subject: &str, version: Version, id: SchemaId, text: &str) -> Record {
    let record = SchemaRecord { deleted: true, ..schema_record(subject, version, id, text) };
    Record::Registry(RegistryRecord::Schema(record))
}

/// A version that refers to others.
pub fn referring(subject: &str, version: Version, id: SchemaId, text: &str, to: &[(&str, Version)]) -> Record {
    let plain = schema_record(subject, version, id, text);
    let references = to.iter().map(|(subject, version)| Reference {
        name: format!("{subject}.{version}"),
        subject: (*subject).to_owned(),
        version: *version,
    });
    let content = Content { references: references.collect(), ..Content::clone(&plain.content) };
    Record::Registry(RegistryRecord::Schema(SchemaRecord { content: Arc::new(content), ..plain }))
}

/// A version is gone.
pub fn tombstone(subject: &str, version: Version) -> Record {
    Record::Registry(RegistryRecord::SchemaTombstone { subject: Subject::parse(subject), version })
}

/// A subject is soft-deleted.
pub fn delete_subject(subject: &str, through: Version) -> Record {
    Record::Registry(RegistryRecord::DeleteSubject { subject: Subject::parse(subject), through })
}

/// Soft-deleted versions are gone.
pub fn clear(scope: &str) -> Record {
    Record::Registry(RegistryRecord::ClearSubject { scope: Subject::parse(scope) })
}

/// A configuration, or its removal.
pub fn config(scope: &str, config: Option<Config>) -> Record {
    Record::Registry(RegistryRecord::Config { scope: Subject::parse(scope), config: config.map(Box::new) })
}

/// A mode, or its removal.
pub fn mode(scope: &str, mode: Option<Mode>) -> Record {
    Record::Registry(RegistryRecord::Mode { scope: Subject::parse(scope), mode })
}

/// A context exists, or no longer.
pub fn context(dotted: &str, exists: bool) -> Record {
    let context = Context::new(dotted).expect("tests name contexts with their dot");
    Record::Registry(RegistryRecord::Context { context, exists })
}

/// What tells the association of a subject with the values of a topic, `NAMESPACE/NAME`, from others.
pub fn association_key(topic: &str, subject: &str) -> AssociationKey {
    let (namespace, name) = topic.split_once('/').expect("tests name topics with their namespace");
    AssociationKey {
        resource_name: name.to_owned(),
        resource_namespace: namespace.to_owned(),
        resource_type: model::TOPIC.to_owned(),
        association_type: "value".to_owned(),
        subject: Subject::parse(subject),
    }
}

/// A subject is associated, weakly, with the values of a topic, `NAMESPACE/NAME`, that has this id.
pub fn associate(topic: &str, id: &str, subject: &str) -> Record {
    let association =
        Association { guid: Guid([9; 16]), resource_id: id.to_owned(), lifecycle: Lifecycle::Weak, frozen: false };
    let key = Box::new(association_key(topic, subject));
    Record::Registry(RegistryRecord::Association { key, association: Some(association) })
}

/// The association ends.
pub fn dissociate(topic: &str, subject: &str) -> Record {
    let key = Box::new(association_key(topic, subject));
    Record::Registry(RegistryRecord::Association { key, association: None })
}

/// Ids are handed out up to this one.
pub fn high_water(dotted: &str, id: SchemaId) -> Record {
    let context = Context::new(dotted).expect("tests name contexts with their dot");
    Record::Internal(InternalRecord::HighWater { context, id })
}

/// A namespace of this name that owns this claim.
pub fn namespace(name: &str, claim: &str) -> Namespace {
    let mut namespace = Namespace::new(name.parse().expect("tests give namespaces their names"));
    namespace.claims.insert(claim.parse().expect("tests write claims as they are read"));
    namespace
}

/// A namespace is written.
pub fn put_namespace(namespace: Namespace) -> Record {
    Record::Internal(InternalRecord::Namespace(Box::new(namespace)))
}

/// A namespace is gone.
pub fn remove_namespace(name: &str) -> Record {
    Record::Internal(InternalRecord::NamespaceRemoved {
        name: name.parse().expect("tests give namespaces their names"),
    })
}

/// A KEK of the local key management system that nobody shares.
pub fn a_kek(name: &str) -> Kek {
    Kek {
        name: name.to_owned(),
        kms_type: "local-kms".to_owned(),
        kms_key_id: "key-1".to_owned(),
        kms_props: [].into(),
        doc: None,
        shared: false,
        deleted: false,
        readers: [].into(),
    }
}

/// A KEK is written.
pub fn put_kek(kek: Kek) -> Record {
    Record::Internal(InternalRecord::Kek(Box::new(kek)))
}

/// A KEK is gone.
pub fn remove_kek(name: &str) -> Record {
    Record::Internal(InternalRecord::KekRemoved { name: name.to_owned() })
}

/// A DEK of the algorithm that is meant where none is named.
pub fn a_dek(kek: &str, subject: &str, version: Version) -> Dek {
    let (kek, subject) = (kek.to_owned(), subject.to_owned());
    let id = DekId { kek, subject, algorithm: DekAlgorithm::Aes256Gcm, version };
    Dek { id, encrypted: "AAAA".to_owned(), deleted: false }
}

/// A DEK is written.
pub fn put_dek(dek: Dek) -> Record {
    Record::Internal(InternalRecord::Dek(Box::new(dek)))
}

/// A DEK is gone.
pub fn remove_dek(id: DekId) -> Record {
    Record::Internal(InternalRecord::DekRemoved { id: Box::new(id) })
}

/// Somebody registered a schema in a namespace, or in nobody's.
pub fn audited(subject: &str, namespace: Option<&str>) -> AuditRecord {
    AuditRecord {
        happened: None,
        principal: "user:basic/alice".into(),
        attempted: String::new(),
        method: Some("basic".into()),
        operation: "subjects.versions.register".into(),
        action: "register".into(),
        kind: "Subject".into(),
        name: subject.into(),
        namespace: namespace.map(|name| name.parse().expect("tests give namespaces their names")),
        namespace_id: namespace.map(id),
        outcome: AuditOutcome::Permitted,
        rule: "role:writer".into(),
        request_id: "r-1".into(),
        address: Some([127, 0, 0, 1].into()),
        count: 1,
    }
}

/// That, as a record.
pub fn audit(subject: &str, namespace: Option<&str>) -> Record {
    Record::Audit(AuditChange::Entry(Box::new(audited(subject, namespace))))
}

/// The audit is forgotten before a number.
pub fn forget(before: u64) -> Record {
    Record::Audit(AuditChange::Forgotten { before })
}

/// The id of a namespace that tests have made.
pub fn id(name: &str) -> NamespaceId {
    NamespaceId::of_name(&name.parse().expect("tests give namespaces their names"))
}
