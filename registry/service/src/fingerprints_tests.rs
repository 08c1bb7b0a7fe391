//! Fingerprints over a store in memory: what is filled in, in which order, and what it costs afterwards.

use super::*;
use model::{Fingerprint, Record, Reference, RegistryRecord, SchemaType};
use storage::contract::records::schema_record;
use storage::{Equivalents, MemoryStore, Store};

fn field(name: &str) -> String {
    format!(r#"{{"type":"record","name":"R","fields":[{{"name":"{name}","type":"int"}}]}}"#)
}

fn schema(subject: &str, version: Version, text: &str) -> Record {
    let id = i32::from(subject.as_bytes()[0]) * 1_000 + version;
    Record::Registry(RegistryRecord::Schema(schema_record(subject, version, id, text)))
}

fn commit(store: &dyn Store, records: Vec<Record>) {
    store.submit(Box::new(move |_| Ok(records))).blocking_recv().unwrap().unwrap();
}

fn write(store: &dyn Store, derived: Vec<Derived>) -> usize {
    let count = derived.len();
    store.derive(derived).blocking_recv().unwrap().unwrap();
    count
}

fn fingerprints(asked: &Arc<SchemaCache>) -> Fingerprints {
    Fingerprints::new(Arc::clone(asked), Work::unlimited)
}

/// The versions of a subject that may mean the same as an Avro schema.
fn equivalents(store: &dyn Store, subject: &str, text: &str) -> Equivalents {
    let parsed = compat::parse(&SchemaType::Avro, text, &[], compat::Strictness::Stored, &Work::unlimited()).unwrap();
    let fingerprint = Fingerprint { scheme: fingerprint_scheme(&SchemaType::Avro), value: parsed.fingerprint() };
    store.view().unwrap().equivalents(&Subject::parse(subject), &SchemaType::Avro, fingerprint).unwrap()
}

/// Steps of deriving everything until it is done, and how many fingerprints they filled in.
fn rebuild(store: &dyn Store, fingerprints: &mut Fingerprints) -> (usize, usize) {
    let (mut steps, mut filled) = (0, 0);
    loop {
        let Rebuilt { derived, is_done } = fingerprints.rebuild(&*store.view().unwrap()).unwrap();
        (steps, filled) = (steps + 1, filled + write(store, derived));
        if is_done {
            write(store, vec![fingerprints.note(store.view().unwrap().feed().next)]);
            return (steps, filled);
        }
    }
}

#[test]
fn those_of_a_log_from_elsewhere_are_filled_in_step_by_step() {
    let store = MemoryStore::new(Arc::new(())).unwrap();
    let mut records: Vec<_> = (1..=300).map(|n| schema("s", n, &field(&format!("f{n}")))).collect();
    // What cannot be read, or is of a language that this registry does not know.
    records.push(schema("t", 1, "{"));
    let mut foreign = schema_record("t", 2, 900_002, "<x/>");
    Arc::make_mut(&mut foreign.content).schema_type = SchemaType::Other("XML".into());
    records.push(Record::Registry(RegistryRecord::Schema(foreign)));
    commit(&store, records);
    let asked = Arc::new(SchemaCache::new(1 << 20));
    let mut first = fingerprints(&asked);
    assert_eq!(first.through(&*store.view().unwrap()).unwrap(), None);
    let all = equivalents(&store, "s", &field("f7"));
    assert!(all.versions.len() == 300 && all.unknown);

    let (steps, filled) = rebuild(&store, &mut first);
    assert!(filled == 302 && steps >= 302 / READ_AT_ONCE, "{filled} in {steps} steps");
    assert_eq!(equivalents(&store, "s", &field("f7")), Equivalents { versions: vec![7], unknown: false });
    assert_eq!(equivalents(&store, "s", &field("no")), Equivalents { versions: vec![], unknown: false });
    assert_eq!(equivalents(&store, "t", &field("f7")), Equivalents { versions: vec![2, 1], unknown: false });
    let view = store.view().unwrap();
    assert_eq!(fingerprints(&asked).through(&*view).unwrap(), Some(view.feed().next), "after a restart it goes on");
    assert_eq!(rebuild(&store, &mut fingerprints(&asked)).1, 0, "what is known is not read again");
}

#[test]
fn what_is_touched_later_is_filled_in_if_its_writer_did_not_know_it() {
    let store = MemoryStore::new(Arc::new(())).unwrap();
    let asked = Arc::new(SchemaCache::new(1 << 20));
    let mut fingerprints = fingerprints(&asked);
    rebuild(&store, &mut fingerprints);
    let known = match schema("s", 1, &field("a")) {
        Record::Registry(RegistryRecord::Schema(record)) => {
            Record::Registry(RegistryRecord::Schema(storage::contract::records::knowing(record, 7)))
        }
        other => other,
    };
    let mut referring = schema_record("s", 3, 900_003, r#"{"type":"array","items":"R"}"#);
    let to = Reference { name: "R".into(), subject: "s".into(), version: 2 };
    Arc::make_mut(&mut referring.content).references.push(to);
    let records = vec![known, schema("s", 2, &field("b")), Record::Registry(RegistryRecord::Schema(referring))];
    commit(&store, records.clone());
    let touched: Vec<_> = records.iter().map(Record::touched).collect();
    let derived = fingerprints.apply(&*store.view().unwrap(), &touched).unwrap();
    assert_eq!(write(&store, derived), 2);
    assert_eq!(equivalents(&store, "s", &field("b")).versions, [2]);
    let inlined = format!(r#"{{"type":"array","items":{}}}"#, field("b"));
    assert_eq!(equivalents(&store, "s", &inlined).versions, [3], "with all that it refers to");
    assert!(fingerprints.apply(&*store.view().unwrap(), &touched).unwrap().is_empty());
}

#[test]
fn a_subject_in_which_one_was_missed_comes_first() {
    let store = MemoryStore::new(Arc::new(())).unwrap();
    let versions = |subject: &'static str| (1..=150).map(move |n| schema(subject, n, &field(&format!("f{n}"))));
    commit(&store, versions("a").chain(versions("wanted")).collect());
    let asked = Arc::new(SchemaCache::new(1 << 20));
    let mut fingerprints = fingerprints(&asked);
    assert!(fingerprints.wanted(&*store.view().unwrap()).unwrap().is_empty());
    asked.wanted().add(&Subject::parse("wanted"));
    let steps = (1..).find(|_| write(&store, fingerprints.wanted(&*store.view().unwrap()).unwrap()) == 0);
    assert_eq!(steps, Some(4), "in steps of {READ_AT_ONCE}");
    assert_eq!(equivalents(&store, "wanted", &field("f7")), Equivalents { versions: vec![7], unknown: false });
    assert_eq!(equivalents(&store, "a", &field("f7")).versions.len(), 150);
}

#[test]
fn it_stops_in_the_middle_when_the_work_does() {
    let store = MemoryStore::new(Arc::new(())).unwrap();
    commit(&store, vec![schema("s", 1, &field("a"))]);
    let halt = compat::Halt::default();
    let stopped = halt.clone();
    let budget = move || Work::new(1 << 20, &stopped);
    let mut fingerprints = Fingerprints::new(Arc::new(SchemaCache::new(1)), budget);
    halt.stop();
    assert_eq!(fingerprints.rebuild(&*store.view().unwrap()).map(|_| ()), Err(Error::Closed));
    assert_eq!(rebuild(&store, &mut Fingerprints::new(Arc::new(SchemaCache::new(1)), Work::unlimited)).1, 1);
}
