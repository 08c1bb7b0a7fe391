//! The bytes on disk as examples that never change, and the promise that no bytes make a decoder panic.
//!
//! `fixtures/bytes.txt` has one line for each example: name, tab, hexadecimal bytes. A line may be added; a changed one means
//! that existing data directories and backups are no longer read.

use super::bytes::{Codec, decode, encode};
use super::former::Former;
use super::value::{self, Head, Ids};
use super::{key, record, text_key};
use crate::contract::records::*;
use crate::tally::Tally;
use crate::{
    AuditEntry, AuditLog, Error, Feed, KeyCounts, StoredAssociation, StoredDek, StoredKek, StoredVersion,
    SubjectSummary, TextKey, Totals,
};
use model::{
    Association, AssociationKey, AuditOutcome, AuditRecord, CompatibilityLevel, CompatibilityPolicy, Config, Content,
    Context, Dek, DekAlgorithm, DekId, Fingerprint, Guid, InternalRecord, Kek, Lifecycle, MemberRole, Metadata, Mode,
    Namespace, NamespaceId, Position, Record, Referrers, RegistryRecord, Rule, RuleKind, RuleMode, RuleSet,
    SchemaRecord, SchemaType, Stamped, Subject,
};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::Arc;

const FIXTURE: &str = include_str!("../../fixtures/bytes.txt");

fn metadata() -> Metadata {
    Metadata {
        tags: [("f".into(), ["A".into(), "PII".into()].into())].into(),
        properties: [("k".into(), "v".into())].into(),
        sensitive: ["k".into()].into(),
    }
}

fn rule_set() -> RuleSet {
    let rule = |kind, mode| Rule {
        name: Some("r".into()),
        doc: None,
        kind,
        mode,
        rule_type: Some("CEL".into()),
        tags: ["T".into()].into(),
        params: [("p".into(), "q".into())].into(),
        expr: Some("x".into()),
        on_success: None,
        on_failure: Some("DLQ".into()),
        disabled: true,
    };
    RuleSet {
        migration_rules: vec![rule(RuleKind::Transform, RuleMode::Upgrade)],
        domain_rules: vec![
            rule(RuleKind::Condition, RuleMode::WriteRead),
            rule(RuleKind::Condition, RuleMode::Read),
            rule(RuleKind::Condition, RuleMode::Write),
        ],
        encoding_rules: vec![
            rule(RuleKind::Transform, RuleMode::Downgrade),
            rule(RuleKind::Transform, RuleMode::UpDown),
        ],
        enable_at: Some("CLIENT".into()),
    }
}

fn full_config() -> Config {
    Config {
        alias: Some("a".into()),
        alias_for_deks: Some("d".into()),
        normalize: Some(true),
        validate_fields: Some(false),
        validate_new_schemas: Some(true),
        validate_rules: Some(false),
        compatibility_level: Some(CompatibilityLevel::FullTransitive),
        compatibility_policy: Some(CompatibilityPolicy::Logical),
        compatibility_group: Some("g".into()),
        default_metadata: Some(Metadata::default()),
        override_metadata: Some(metadata()),
        default_rule_set: Some(RuleSet::default()),
        override_rule_set: Some(rule_set()),
    }
}

fn full_schema() -> SchemaRecord {
    let content = Content {
        schema_type: SchemaType::Other("XML".into()),
        text: "{\"é\":1}".into(),
        references: vec![model::Reference { name: "n".into(), subject: ":.d:r".into(), version: 300 }],
        metadata: Some(metadata()),
        rule_set: Some(rule_set()),
    };
    SchemaRecord { content: Arc::new(content), deleted: true, ..schema_record(":.c:s\0/ü", i32::MAX, -1, "") }
}

/// Examples with their places in the history, those behind the ones of the first release.
fn records() -> Vec<(u64, &'static str, Record)> {
    let level = |level| Config { compatibility_level: Some(level), ..Config::default() };
    let first = vec![
        ("schema", schema("s", 1, 1, "\"string\"")),
        ("schema, all members", Record::Registry(RegistryRecord::Schema(full_schema()))),
        ("schema, empty", schema("", 0, 0, "")),
        ("schema tombstone", tombstone("s", 1)),
        ("delete subject", delete_subject("s", 3)),
        ("clear subject", clear(":.c:")),
        ("config, all members", config(":.c:s", Some(full_config()))),
        ("config, a level", config("", Some(level(CompatibilityLevel::None)))),
        ("config, removed", config("s", None)),
        ("mode", mode("", Some(Mode::ReadOnlyOverride))),
        ("mode, removed", mode(":.c:", None)),
        ("context", context(".c", true)),
        ("context, removed", context(".c", false)),
        ("high water", high_water(".c", 100_001)),
        ("namespace, removed", remove_namespace("payments")),
        ("association", associate("lkc-1/orders", "id-1", ":.c:s")),
        ("association, frozen", frozen_association()),
        ("association, ended", dissociate("lkc-1/orders", "s")),
    ];
    let places = (0..14).chain([16]).chain(20..23);
    let mut all: Vec<_> = places.zip(first).map(|(at, (name, record))| (at, name, record)).collect();
    all.extend([
        (23, "namespace", put_namespace(Namespace { id: NamespaceId([3; 16]), ..full_namespace() })),
        (24, "namespace, empty", put_namespace(Namespace::new("a".parse().unwrap()))),
        (25, "vacant", Record::Internal(InternalRecord::Vacant)),
        (26, "KEK", put_kek(a_kek("orders"))),
        (27, "KEK, all members", put_kek(full_kek())),
        (28, "KEK, removed", remove_kek("orders")),
        (29, "DEK", put_dek(a_dek("orders", "s", 1))),
        (30, "DEK, all members", put_dek(full_dek())),
        (31, "DEK, removed", remove_dek(full_dek().id)),
    ]);
    all
}

fn full_kek() -> Kek {
    Kek {
        kms_props: [("a".into(), "é".into())].into(),
        doc: Some("d".into()),
        shared: true,
        deleted: true,
        readers: ["user:basic/alice", "namespace:payments"].map(|text| text.parse().unwrap()).into(),
        ..a_kek("orders")
    }
}

fn full_dek() -> Dek {
    let id = DekId { algorithm: DekAlgorithm::Aes256Siv, ..a_dek("orders", ":.c:s\0", i32::MAX).id };
    Dek { id, encrypted: "/w==".into(), deleted: true }
}

fn full_namespace() -> Namespace {
    let principal = |text: &str| text.parse().unwrap();
    let mut namespace = namespace("payments", ":.eu:payments");
    namespace.claims.insert("=payments-value".parse().unwrap());
    namespace.members =
        [(principal("user:basic/alice"), MemberRole::Owner), (principal("cert:CN=billing,O=Bank"), MemberRole::Writer)]
            .into();
    namespace.offers = [("payments.cards".parse().unwrap(), "cards".parse().unwrap())].into();
    namespace.contact = Some("#payments".into());
    namespace.labels = [("tier".into(), "1".into())].into();
    namespace.referrers = Referrers::Members;
    namespace
}

fn frozen_association() -> Record {
    let mut record = associate("lkc-1/orders", "id-1", ":.lkc-1:orders-value");
    if let Record::Registry(RegistryRecord::Association { association: Some(association), .. }) = &mut record {
        (association.lifecycle, association.frozen) = (Lifecycle::Strong, true);
    }
    record
}

fn bound_at(key: AssociationKey) -> StoredAssociation {
    let association =
        Association { guid: Guid([9; 16]), resource_id: "id-1".into(), lifecycle: Lifecycle::Weak, frozen: false };
    StoredAssociation { key, association, created: 1_700_000_000_000, updated: 1_700_000_000_001 }
}

fn counted() -> AuditRecord {
    AuditRecord {
        happened: Some(1_700_000_000_000),
        method: None,
        outcome: AuditOutcome::Refused,
        address: Some([0x20, 1, 0xd, 0xb8, 0, 0, 0, 1].into()),
        count: 300,
        ..audited("", None)
    }
}

fn attempted() -> AuditRecord {
    AuditRecord { attempted: "alice".into(), ..audited("payments-value", Some("payments")) }
}

fn stored() -> StoredVersion {
    let SchemaRecord { subject, version, id, content, deleted, .. } = full_schema();
    StoredVersion {
        subject,
        version,
        id,
        guid: content.guid(),
        schema_type: content.schema_type.clone(),
        text: text_key(&content.text),
        length: content.text.len() as u64,
        references: content.references.clone(),
        metadata: content.metadata.clone(),
        rule_set: content.rule_set.clone(),
        deleted,
        at: 1_700_000_000_123,
    }
}

fn bare() -> StoredVersion {
    StoredVersion {
        schema_type: SchemaType::Avro,
        references: vec![],
        metadata: None,
        rule_set: None,
        deleted: false,
        ..stored()
    }
}

fn head() -> Head {
    let position = Position { registry: 1000, internal: 20 };
    let totals = Totals { subjects: 3, versions: 500, live_versions: 400, json: 30, protobuf: 20, foreign: 1 };
    let audit = AuditLog { first: 300, next: 301, oldest: 1_700_000_000_000, hash: [5; 32] };
    Head { position, feed: Feed { first: 900, next: 1020 }, at: 1_700_000_000_123, totals, audit }
}

fn all_examples() -> Vec<(String, Vec<u8>)> {
    let mut all = Vec::new();
    for (at, name, record) in records() {
        let stamped = Stamped { position: at, at: 1_700_000_000_000 + at as i64, record };
        all.push((format!("record: {name}"), record::encode(100 + at, &stamped, None)));
    }
    let (s, c, g) = (Subject::parse(":.c:s\0"), Context::new(".c").unwrap(), Guid([7; 16]));
    let mut add = |name: &str, bytes: Vec<u8>| all.push((name.to_owned(), bytes));
    add("value: version", value::version(&bare()));
    add("value: version, all members", value::version(&stored()));
    add("value: head", encode(&head()));
    let summary = SubjectSummary { versions: 3, live: 1, highest: 3, latest: Some(2), bytes: 70_000 };
    add("value: subject", encode(&summary));
    add("value: ids", encode(&Ids::from([(1, 2), (70_000, 1)])));
    add("key: log", key::log(258));
    add("key: version", key::version(&s, -2));
    add("key: subject", key::subject(&s));
    add("key: former fingerprint", key::former_fingerprint(&s, Some(258), 1));
    add("key: no former fingerprint", key::former_fingerprint(&s, None, 1));
    add("key: fingerprint", key::fingerprint(&s, Some((2, Fingerprint { scheme: 3, value: 258 })), 1));
    add("key: no fingerprint", key::fingerprint(&s, None, 1));
    add("key: fingerprint of a version", key::fingerprint_of(&s, 1));
    add("key: holder", key::holder(&c, 258, &s, 1));
    add("key: ids", key::ids(g, &c));
    add("key: referrer", key::referrer((&Subject::parse("base"), 2), (&s, 1), 258));
    add("key: config", key::config(&s));
    add("key: mode", key::mode(&s));
    add("key: context", key::context(&c));
    add("key: highest id", key::highest_id(&c));
    add("key: high water", key::high_water(&c));
    let name = "a-1".parse().unwrap();
    add("key: namespace", key::namespace(&name));
    add("key: former audit", key::former_audit(-1, 258));
    add("key: former audit of a namespace", key::former_audit_of(&name, -1, 258));
    add("key: audit", key::audit(258));
    add("key: audit of a namespace", key::audit_of(NamespaceId([3; 16]), 258));
    add("value: namespace", value::namespace(&full_namespace()));
    add("value: audit", value::audit_entry(1_700_000_000_000, &[5; 32], &counted()));
    add("value: audit, of a namespace", value::audit_entry(1_700_000_000_000, &[5; 32], &attempted()));
    add("hash: audit", crate::audit::hash(&[5; 32], 300, 1_700_000_000_000, &attempted()).to_vec());
    let bound = association_key("lkc-1/orders", "s\0");
    add("key: association", key::association(&bound));
    add("key: association of a subject", key::association_of_subject(&bound));
    add("key: association of a resource", key::association_of_resource("id-1", &bound));
    add("key: association in a namespace", key::association_in_namespace(&bound));
    add("value: association", value::association(&bound_at(bound.clone())));
    add("key: KEK", key::kek("orders"));
    add("key: DEK", key::dek(&full_dek().id));
    add("value: KEK", value::kek(1_700_000_000_000, &full_kek()));
    add("value: DEK", value::dek(1_700_000_000_000, &full_dek()));
    add("value: counts of keys", encode(&KeyCounts { keks: 300, shared_keks: 2, deks: 20_000 }));
    add("key: block", key::tally(&key::version(&s, -2)));
    add("value: block", encode(&Tally { all: 300, live: 2 }));
    add("numbers: levels", CompatibilityLevel::ALL.map(|level| encode(&level)).concat());
    let modes = [Mode::ReadWrite, Mode::ReadOnly, Mode::ReadOnlyOverride, Mode::Import, Mode::Forward];
    add("numbers: modes", modes.map(|mode| encode(&mode)).concat());
    add("numbers: lifecycles", [Lifecycle::Strong, Lifecycle::Weak].map(|lifecycle| encode(&lifecycle)).concat());
    let policies = [CompatibilityPolicy::Strict, CompatibilityPolicy::Lenient, CompatibilityPolicy::Logical];
    add("numbers: policies", policies.map(|policy| encode(&policy)).concat());
    let algorithms = [DekAlgorithm::Aes128Gcm, DekAlgorithm::Aes256Gcm, DekAlgorithm::Aes256Siv];
    add("texts: algorithms", algorithms.map(|algorithm| encode(&algorithm)).concat());
    let types = [SchemaType::Avro, SchemaType::Json, SchemaType::Protobuf];
    add("numbers: types", types.map(|schema_type| encode(&schema_type)).concat());
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut out, byte| {
        write!(out, "{byte:02x}").unwrap();
        out
    })
}

#[test]
fn bytes_on_disk_are_those_of_the_first_release() {
    let lines: Vec<_> = all_examples().iter().map(|(name, bytes)| format!("{name}\t{}", hex(bytes))).collect();
    // What was written before is only read.
    let known: Vec<_> = FIXTURE.lines().filter(|line| !line.starts_with('#') && !line.starts_with("former ")).collect();
    assert_eq!(lines, known, "\n{}\n", lines.join("\n"));
}

#[test]
fn every_record_of_the_fixture_is_read_back() {
    for (at, name, record) in records() {
        let bytes = fixture(&format!("record: {name}"));
        let text = match &record {
            Record::Registry(RegistryRecord::Schema(schema)) => schema.content.text.clone(),
            _ => "".into(),
        };
        let read = record::decode(100 + at, &bytes, |key| Ok((*key == text_key(&text)).then(|| text.clone())));
        assert_eq!(read, Ok(Stamped { position: at, at: 1_700_000_000_000 + at as i64, record }), "{name}");
    }
}

/// The bytes of an example.
fn fixture(name: &str) -> Vec<u8> {
    let line = FIXTURE.lines().find_map(|line| line.strip_prefix(&format!("{name}\t"))).unwrap();
    (0..line.len()).step_by(2).map(|at| u8::from_str_radix(&line[at..at + 2], 16).unwrap()).collect()
}

#[test]
fn what_format_1_wrote_is_still_read() {
    let at = |place: i64| 1_700_000_000_000 + place;
    let empty = Namespace::new("a".parse().unwrap());
    for (place, name, namespace) in [(14, "namespace", full_namespace()), (15, "namespace, empty", empty)] {
        let read = record::decode(100 + place, &fixture(&format!("former record: {name}")), |_| Ok(None));
        let record = put_namespace(namespace);
        assert_eq!(read, Ok(Stamped { position: place, at: at(place as i64), record }), "{name}");
    }
    let entry = |record| Former::Entry(Box::new(record));
    let audits = [
        (17, "audit", entry(audited("payments-value", Some("payments")))),
        (18, "audit, counted", entry(counted())),
        (19, "audit, forgotten", Former::Forgotten { before: 1_700_000_000_000 }),
    ];
    for (place, name, change) in audits {
        let bytes = fixture(&format!("former record: {name}"));
        let read = record::former_audit(100 + place, &bytes);
        assert_eq!(read, Ok(Some((place, at(place as i64), change))), "{name}");
        assert!(record::former_audit(99 + place, &bytes).is_err(), "{name} is bound to its place");
        assert!(record::decode(100 + place, &bytes, |_| Ok(None)).is_err(), "{name} is no record of today");
    }
    assert_eq!(record::former_audit(100, &fixture("record: schema")), Ok(None));
    assert_eq!(value::take_namespace(&fixture("former value: namespace")), Ok(full_namespace()));
    let totals = Totals { subjects: 3, versions: 500, live_versions: 400, ..Totals::default() };
    let former = Head { feed: Feed { first: 0, next: 1020 }, totals, audit: AuditLog::default(), ..head() };
    assert_eq!(decode::<Head>(&fixture("former value: head")), Ok(former));
}

#[test]
fn what_format_4_wrote_is_still_read_and_numbers_the_feed_by_positions() {
    let former = Head { feed: Feed { first: 0, next: 1020 }, ..head() };
    assert_eq!(decode::<Head>(&fixture("former value: head of format 4")), Ok(former));
}

#[test]
fn what_format_2_wrote_is_still_read_but_for_fingerprints() {
    let schema = full_schema();
    let text = |key: &TextKey| Ok((*key == text_key(&schema.content.text)).then(|| schema.content.text.clone()));
    let read = record::decode(101, &fixture("former record: schema, all members"), text);
    assert_eq!(read.unwrap().record, Record::Registry(RegistryRecord::Schema(schema.clone())));
    let StoredVersion { subject, version, .. } = stored();
    let read = value::take_version(subject, version, &fixture("former value: version, all members"));
    assert_eq!(read, Ok(StoredVersion { length: 0, ..stored() }));
    for (key, fingerprint) in [("key: former fingerprint", Some(258)), ("key: no former fingerprint", None)] {
        let subject = Subject::parse(":.c:s\0");
        assert_eq!(key::take_former_fingerprint(&fixture(key)), Ok((subject, fingerprint, 1)));
    }
}

#[test]
fn what_format_3_wrote_is_still_read_but_says_nothing_of_lengths() {
    for (name, example) in [("version", bare()), ("version of format 3, all members", stored())] {
        let bytes = fixture(&format!("former value: {name}"));
        let read = value::take_version(example.subject.clone(), example.version, &bytes);
        assert_eq!(read, Ok(StoredVersion { length: 0, ..example }), "{name}");
        assert_eq!(value::has_length(&bytes), Ok(false), "{name}");
    }
    let former = SubjectSummary { versions: 3, live: 1, highest: 3, latest: Some(2), bytes: 0 };
    assert_eq!(decode::<SubjectSummary>(&fixture("former value: subject")), Ok(former));
}

#[test]
fn values_are_read_back() {
    let StoredVersion { subject, version, .. } = stored();
    for example in [stored(), bare()] {
        let bytes = value::version(&example);
        assert_eq!((value::is_deleted(&bytes), value::has_length(&bytes)), (Ok(example.deleted), Ok(true)));
        assert_eq!(value::take_version(subject.clone(), version, &bytes), Ok(example.clone()));
        let mut marked = bytes;
        value::mark_deleted(&mut marked).unwrap();
        let read = value::take_version(subject.clone(), version, &marked);
        assert_eq!(read, Ok(StoredVersion { deleted: true, ..example }));
    }
    assert_eq!(decode::<Head>(&encode(&head())), Ok(head()));
    assert_eq!(decode::<Tally>(&encode(&Tally { all: 300, live: 2 })), Ok(Tally { all: 300, live: 2 }));
    assert_eq!(decode::<Config>(&encode(&full_config())), Ok(full_config()));
    let namespace = Namespace { id: NamespaceId([3; 16]), ..full_namespace() };
    assert_eq!(value::take_namespace(&value::namespace(&namespace)), Ok(namespace.clone()));
    assert_eq!(value::namespace_id(&namespace.name, &value::namespace(&namespace)), Ok(namespace.id));
    let former = value::namespace_id(&namespace.name, &fixture("former value: namespace"));
    assert_eq!(former, Ok(NamespaceId::of_name(&namespace.name)));
    for record in [counted(), attempted(), audited("", None)] {
        let entry = AuditEntry { number: 7, at: -1, previous: [9; 32], record };
        let bytes = value::audit_entry(entry.at, &entry.previous, &entry.record);
        assert_eq!(value::take_audit_entry(7, &bytes), Ok(entry));
    }
    assert_eq!([1, 255, 256, u64::MAX].map(|number| key::take_audit(&key::audit(number)).unwrap())[2], 256);
    let key = association_key("n/a", ":.c:s");
    let bound = bound_at(key.clone());
    assert_eq!(value::take_association(key.clone(), &value::association(&bound)), Ok(bound));
    assert_eq!(key::take_association(&key::association(&key)), Ok(key.clone()));
    let entries = [
        key::association_of_subject(&key),
        key::association_of_resource("i", &key),
        key::association_in_namespace(&key),
    ];
    for entry in entries {
        assert_eq!(key::take_indexed_association(&entry), Ok(key.clone()));
    }
    assert_eq!(key::take_audit_of(&key::audit_of(NamespaceId([3; 16]), 258)), Ok(258));
    let (kek, dek) = (StoredKek { kek: full_kek(), at: 5 }, StoredDek { dek: full_dek(), at: 5 });
    assert_eq!(value::take_kek(&value::kek(5, &full_kek())), Ok(kek));
    assert_eq!(value::take_dek(&value::dek(5, &full_dek())), Ok(dek));
}

#[test]
fn a_record_is_bound_to_its_place_and_whole() {
    let stamped = Stamped { position: 5, at: 9, record: schema("s", 1, 1, "a") };
    let bytes = record::encode(7, &stamped, None);
    let text = |_: &_| Ok(Some(Arc::from("a")));
    let corrupt = |why: &str| Err(Error::Corrupt(why.into()));
    assert_eq!(record::decode(7, &bytes, text), Ok(stamped));
    assert_eq!(record::decode(8, &bytes, text), corrupt("log record 8: the checksum does not match"));
    assert_eq!(
        record::decode(7, &bytes, |_| Ok(None)),
        corrupt("log record 7: the text of a schema record is missing")
    );
    assert_eq!(record::decode(7, &bytes[..3], text), corrupt("log record 7: bytes are missing at the end"));
    for at in 0..bytes.len() {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            assert!(record::decode(7, &flipped, text).is_err(), "bit {bit} of byte {at}");
        }
    }
}

/// Reads bytes as everything that is ever read.
fn read_as_anything(bytes: &[u8]) {
    let subject = Subject::parse("s");
    let _ = value::take_version(subject, 1, bytes).is_ok();
    let _ = decode::<Head>(bytes).is_ok();
    let _ = decode::<SubjectSummary>(bytes).is_ok();
    let _ = decode::<Ids>(bytes).is_ok();
    let _ = decode::<Tally>(bytes).is_ok();
    let _ = key::context_of(bytes).is_ok();
    let _ = decode::<Config>(bytes).is_ok();
    let _ = decode::<Mode>(bytes).is_ok();
    let _ = key::take_version(bytes).is_ok();
    let _ = key::take_subject(bytes).is_ok();
    let _ = key::take_fingerprint(bytes).is_ok();
    let _ = key::take_former_fingerprint(bytes).is_ok();
    let _ = decode::<crate::Progress>(bytes).is_ok();
    let _ = crate::fingerprints::is_entry(bytes);
    let _ = key::take_holder(bytes).is_ok();
    let _ = key::take_ids(bytes).is_ok();
    let _ = key::take_referrer(bytes).is_ok();
    let _ = key::take_mode(bytes).is_ok();
    let _ = key::take_context(bytes).is_ok();
    let _ = key::take_log(bytes).is_ok();
    let _ = key::take_audit(bytes).is_ok();
    let _ = key::take_audit_of(bytes).is_ok();
    let _ = key::take_association(bytes).is_ok();
    let _ = key::take_indexed_association(bytes).is_ok();
    let _ = value::take_association(association_key("n/a", "s"), bytes).is_ok();
    let _ = value::take_kek(bytes).is_ok();
    let _ = value::take_dek(bytes).is_ok();
    let _ = decode::<KeyCounts>(bytes).is_ok();
    let _ = value::take_namespace(bytes).is_ok();
    let _ = value::namespace_id(&"a".parse().unwrap(), bytes).is_ok();
    let _ = value::take_audit_entry(1, bytes).is_ok();
    let _ = record::former_audit(0, bytes).is_ok();
    let _ = record::decode(0, bytes, |_| Ok(Some("".into()))).is_ok();
    // With a checksum that matches, so that the reading goes on behind it.
    let sum = crc32c::crc32c_append(crc32c::crc32c(&0u64.to_be_bytes()), bytes);
    let _ = record::decode(0, &[bytes, &sum.to_le_bytes()[..]].concat(), |_| Ok(Some("".into()))).is_ok();
}

proptest! {
    #[test]
    fn no_bytes_make_a_decoder_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        read_as_anything(&bytes);
    }

    #[test]
    fn no_damage_to_real_bytes_makes_a_decoder_panic(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(),
                                                     with in prop::collection::vec(any::<u8>(), 0..12), cut in 0..12usize) {
        let examples = all_examples();
        let mut bytes = which.get(&examples).1.clone();
        // Records without their checksum, see above.
        if which.get(&examples).0.starts_with("record") {
            bytes.truncate(bytes.len() - 4);
        }
        let at = at.index(bytes.len());
        let end = (at + cut).min(bytes.len());
        bytes.splice(at..end, with);
        read_as_anything(&bytes);
    }
}

#[test]
fn a_form_is_read_to_its_end() {
    let mut longer = encode(&Mode::Import);
    longer.push(0);
    assert!(decode::<Mode>(&longer).is_err());
    assert!(Config::take(&mut super::bytes::Input(&[0x80, 0x40])).is_err(), "a bit that stands for nothing yet");
}
