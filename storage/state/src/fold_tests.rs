//! Examples of the fold, and the property that no index ever strays from the versions.

use super::*;
use crate::contract::records::*;
use crate::kv::{Map, Overlay};
use crate::query::Folded;
use crate::tally::{Blocks, Surveyed};
use crate::{Associations, Holder, MemoryState, State};
use model::{Context, SchemaType};
use proptest::prelude::*;
use std::fmt::Write as _;
use std::sync::Arc;

pub(crate) fn folded(records: impl IntoIterator<Item = Record>) -> MemoryState {
    let mut state = MemoryState::default();
    for (at, record) in (1..).zip(records) {
        state.fold([record], at).unwrap();
    }
    state
}

/// Each subject with its summary and versions, one line each: `subject v1=id text @time, v2 ...`.
fn show(state: &MemoryState) -> String {
    let mut out = String::new();
    state
        .subjects(&SubjectPrefix::EveryContext(String::new()), &mut |subject, summary| {
            let SubjectSummary { versions, live, highest, latest, .. } = summary;
            write!(out, "{subject}: {live}/{versions} highest {highest} latest {latest:?};").unwrap();
            for version in state.versions(&subject).unwrap() {
                let gone = if version.deleted { " deleted" } else { "" };
                let text = state.text(&version.text).unwrap().unwrap();
                write!(out, " v{}=id{} {text} @{}{gone}", version.version, version.id, version.at).unwrap();
            }
            out.push('\n');
            ControlFlow::Continue(())
        })
        .unwrap();
    out
}

#[track_caller]
fn check(records: impl IntoIterator<Item = Record>, expected: &[&str]) {
    let state = folded(records);
    assert_eq!(show(&state).lines().collect::<Vec<_>>(), expected);
    assert_consistent(&state);
}

#[test]
fn versions_appear_and_are_counted() {
    check(
        [schema("s", 1, 1, "a"), schema("s", 2, 2, "b"), schema(":.c:s", 1, 1, "c")],
        &[
            ":.c:s: 1/1 highest 1 latest Some(1); v1=id1 c @3",
            "s: 2/2 highest 2 latest Some(2); v1=id1 a @1 v2=id2 b @2",
        ],
    );
    let totals = folded([schema("s", 1, 1, "a"), deleted("s", 2, 2, "b"), schema("t", 1, 1, "a")]).totals().unwrap();
    assert_eq!(totals, crate::Totals { subjects: 2, versions: 3, live_versions: 2, ..crate::Totals::default() });
}

#[test]
fn versions_are_counted_by_format() {
    let of = |format: SchemaType, version| {
        let mut record = schema_record("s", version, version, "{}");
        Arc::make_mut(&mut record.content).schema_type = format;
        record
    };
    let mut gone = of(SchemaType::Json, 2);
    gone.deleted = true;
    let records = [
        of(SchemaType::Avro, 1),
        of(SchemaType::Json, 2),
        of(SchemaType::Json, 3),
        of(SchemaType::Protobuf, 4),
        of(SchemaType::Other("LOGICAL".to_owned()), 5),
        gone,
    ];
    let mut records: Vec<Record> =
        records.into_iter().map(|record| Record::Registry(RegistryRecord::Schema(record))).collect();
    let counts = |records: &[Record]| folded(records.to_vec()).totals().unwrap().by_format();
    assert_eq!(counts(&records), [("AVRO", 1), ("JSON", 2), ("PROTOBUF", 1), ("other", 1)]);
    let tombstone = |version| RegistryRecord::SchemaTombstone { subject: Subject::parse("s"), version };
    records.extend([3, 5].map(|version| Record::Registry(tombstone(version))));
    assert_eq!(counts(&records), [("AVRO", 1), ("JSON", 1), ("PROTOBUF", 1), ("other", 0)]);
}

#[test]
fn a_version_written_again_replaces_itself() {
    check([schema("s", 1, 1, "a"), deleted("s", 1, 1, "a")], &["s: 0/1 highest 1 latest None; v1=id1 a @2 deleted"]);
    check([schema("s", 1, 1, "a"), schema("s", 1, 7, "b")], &["s: 1/1 highest 1 latest Some(1); v1=id7 b @2"]);
    // The only holder of an id may take another text.
    check([schema("s", 1, 1, "a"), schema("s", 1, 1, "b")], &["s: 1/1 highest 1 latest Some(1); v1=id1 b @2"]);
}

#[test]
fn a_record_whose_id_stands_for_another_text_is_ignored() {
    let records = [schema("s", 1, 1, "a"), schema("t", 1, 1, "b"), schema(":.c:t", 1, 1, "b")];
    check(
        records.clone(),
        &[":.c:t: 1/1 highest 1 latest Some(1); v1=id1 b @3", "s: 1/1 highest 1 latest Some(1); v1=id1 a @1"],
    );
    assert_eq!(folded(records).position(), model::Position { registry: 3, internal: 0 });
    // Metadata, references and soft deletion make no difference; the text does.
    check(
        [deleted("s", 1, 1, "a"), schema("t", 1, 1, "b"), referring("u", 1, 1, "a", &[("s", 1)])],
        &["s: 0/1 highest 1 latest None; v1=id1 a @1 deleted", "u: 1/1 highest 1 latest Some(1); v1=id1 a @3"],
    );
}

#[test]
fn a_tombstone_frees_the_version_and_the_subject() {
    check(
        [schema("s", 1, 1, "a"), schema("s", 2, 2, "b"), tombstone("s", 2)],
        &["s: 1/1 highest 1 latest Some(1); v1=id1 a @1"],
    );
    check([schema("s", 1, 1, "a"), tombstone("s", 1), tombstone("s", 1), tombstone("t", 9)], &[]);
}

#[test]
fn deleting_a_subject_marks_versions_up_to_one_and_keeps_their_time() {
    check(
        [schema("s", 1, 1, "a"), schema("s", 2, 2, "b"), schema("s", 3, 3, "c"), delete_subject("s", 2)],
        &["s: 1/3 highest 3 latest Some(3); v1=id1 a @1 deleted v2=id2 b @2 deleted v3=id3 c @3"],
    );
    check(
        [schema("s", 0, 1, "a"), schema("s", 1, 1, "a"), delete_subject("s", i32::MAX)],
        &["s: 1/2 highest 1 latest Some(0); v0=id1 a @1 v1=id1 a @2 deleted"],
    );
    check([schema("s", 1, 1, "a"), delete_subject("s", -1)], &["s: 1/1 highest 1 latest Some(1); v1=id1 a @1"]);
}

#[test]
fn clearing_removes_soft_deleted_versions_of_a_subject_a_context_or_all() {
    let given = || {
        vec![
            deleted("s", 1, 1, "a"),
            schema("s", 2, 2, "b"),
            deleted("sub", 1, 1, "a"),
            deleted(":.c:s", 1, 1, "a"),
            deleted(":.cc:s", 1, 1, "a"),
        ]
    };
    let clearing = |scope: &str| [given(), vec![clear(scope)]].concat();
    let c = ":.c:s: 0/1 highest 1 latest None; v1=id1 a @4 deleted";
    let cc = ":.cc:s: 0/1 highest 1 latest None; v1=id1 a @5 deleted";
    let s = "s: 1/1 highest 2 latest Some(2); v2=id2 b @2";
    let whole_s = "s: 1/2 highest 2 latest Some(2); v1=id1 a @1 deleted v2=id2 b @2";
    let sub = "sub: 0/1 highest 1 latest None; v1=id1 a @3 deleted";
    check(clearing("s"), &[c, cc, s, sub]);
    check(clearing(":.c:"), &[cc, whole_s, sub]);
    check(clearing(""), &[c, cc, s]);
    check(clearing(":.__GLOBAL:"), &[s]);
}

#[test]
fn content_keeps_its_id_until_the_last_holder_is_gone() {
    #[track_caller]
    fn check(records: impl IntoIterator<Item = Record>, id: Option<SchemaId>, highest: SchemaId) {
        let state = folded(records);
        let context = Context::default_context();
        let guid = schema_record("s", 1, 1, "a").content.guid();
        assert_eq!(state.ids_in(&context, guid).unwrap().first().copied(), id);
        assert_eq!(state.highest_id(&context).unwrap(), Some(highest));
        assert_consistent(&state);
    }
    check([schema("s", 1, 1, "a"), schema("t", 1, 1, "a"), tombstone("s", 1)], Some(1), 1);
    check([schema("s", 1, 1, "a"), schema("t", 1, 1, "a"), tombstone("s", 1), tombstone("t", 1)], None, 1);
    check([deleted("s", 1, 5, "a")], Some(5), 5);
    // Two ids for one content: the one written last, and the other one again when that is gone.
    check([schema("s", 1, 1, "a"), schema("t", 1, 2, "a")], Some(2), 2);
    check([schema("s", 1, 1, "a"), schema("t", 1, 2, "a"), schema("s", 1, 1, "a")], Some(1), 2);
    check([schema("s", 1, 1, "a"), schema("t", 1, 2, "a"), tombstone("t", 1)], Some(1), 2);
}

#[test]
fn an_entry_of_a_referrer_lives_as_long_as_the_referrer() {
    #[track_caller]
    fn check(records: impl IntoIterator<Item = Record>, expected: &str) {
        let state = folded(records);
        let referrers = state.referrers(&Subject::parse("base"), 1).unwrap();
        let shown: Vec<_> = referrers
            .iter()
            .map(|r| format!("{} v{} id{}{}", r.subject, r.version, r.id, if r.deleted { " deleted" } else { "" }))
            .collect();
        assert_eq!(shown.join(", "), expected);
        assert_consistent(&state);
    }
    let to = |subject: &str, id| referring(subject, 1, id, "x", &[("base", 1), ("base", 1)]);
    check([to("b", 7), to("a", 7), to("a2", 3)], "a2 v1 id3, a v1 id7, b v1 id7");
    check([to("a", 7), to("b", 7), tombstone("a", 1)], "b v1 id7");
    check([to("a", 7), delete_subject("a", 1)], "a v1 id7 deleted");
    check([to("a", 7), schema("a", 1, 8, "y")], "");
    check([to(":.c:a", 7), referring(":.c:b", 1, 8, "y", &[(":.:base", 1)])], ":.c:b v1 id8");
}

#[test]
fn configuration_mode_contexts_and_high_water_are_kept_by_scope() {
    let alias = |name: &str| Some(model::Config { alias: Some(name.into()), ..model::Config::default() });
    let state = folded([
        config("", alias("all")),
        config("s", alias("one")),
        config("s", None),
        mode(":.c:", Some(Mode::Import)),
        mode(":.c:s", Some(Mode::ReadOnly)),
        mode(":.c:t", Some(Mode::ReadOnly)),
        mode(":.c:t", None),
        mode(":.cc:s", Some(Mode::ReadOnly)),
        mode("s", Some(Mode::Forward)),
        mode("", Some(Mode::ReadWrite)),
        context(".c", true),
        context(".b", true),
        context(".a", true),
        context(".a", false),
        high_water(".", 7),
        high_water(".", 3),
    ]);
    assert_eq!(state.config(&Subject::parse("")).unwrap(), alias("all"));
    assert_eq!(state.config(&Subject::parse("s")).unwrap(), None);
    assert_eq!(state.mode(&Subject::parse(":.c:")).unwrap(), Some(Mode::Import));
    let dotted = |name| Context::new(name).unwrap();
    assert_eq!(state.scopes_with_mode(&dotted(".c")).unwrap(), [Subject::parse(":.c:s")]);
    assert_eq!(state.scopes_with_mode(&dotted(".")).unwrap(), [Subject::parse("s")]);
    assert_eq!(state.contexts().unwrap(), [dotted(".b"), dotted(".c")]);
    assert_eq!(state.high_water(&dotted(".")).unwrap(), Some(7));
    assert_eq!(state.highest_id(&dotted(".")).unwrap(), None);
    assert_eq!(state.position(), model::Position { registry: 14, internal: 2 });
}

/// Associations of some, as `namespace/name of id: subject @created-updated`.
fn associated(state: &dyn State, which: Associations<'_>) -> Vec<String> {
    let mut found = Vec::new();
    state
        .associations(which, &mut |StoredAssociation { key, association, created, updated }| {
            let (namespace, name, id) = (key.resource_namespace, key.resource_name, association.resource_id);
            found.push(format!("{namespace}/{name} of {id}: {} @{created}-{updated}", key.subject));
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

#[test]
fn associations_are_found_by_subject_id_and_name() {
    let state = folded([
        associate("n/b", "1", "s"),
        associate("m/b", "2", "s"),
        associate("n/a", "3", ":.c:s"),
        associate("n/bb", "1", "t"),
    ]);
    let check = |which: Associations<'_>, expected: &[&str]| assert_eq!(associated(&state, which), expected);
    let [a, mb, nb, bb] = ["n/a of 3: :.c:s @3-3", "m/b of 2: s @2-2", "n/b of 1: s @1-1", "n/bb of 1: t @4-4"];
    check(Associations::All, &[a, mb, nb, bb]);
    check(Associations::OfSubject(&Subject::parse("s")), &[mb, nb]);
    check(Associations::OfSubject(&Subject::parse("c")), &[]);
    check(Associations::OfResource("1"), &[nb, bb]);
    check(Associations::Named("b"), &[mb, nb]);
    check(Associations::NamedIn("n", "b"), &[nb]);
    check(Associations::InNamespace("n"), &[a, nb, bb]);
    let mut first = Vec::new();
    let stop = &mut |stored: StoredAssociation| {
        first.push(stored.key.resource_name);
        ControlFlow::Break(())
    };
    state.associations(Associations::All, stop).unwrap();
    assert_eq!(first, ["a"]);
}

#[test]
fn whoever_writes_the_same_key_takes_the_association_over() {
    let taken = [associate("n/a", "1", "s"), associate("n/a", "2", "s")];
    let state = folded(taken.clone());
    assert_eq!(associated(&state, Associations::All), ["n/a of 2: s @1-2"]);
    assert_eq!(associated(&state, Associations::OfResource("1")), [""; 0]);
    assert_eq!(associated(&state, Associations::OfResource("2")), ["n/a of 2: s @1-2"]);
    assert_consistent(&state);
    let ended = folded(taken.into_iter().chain([dissociate("n/a", "s"), dissociate("n/never", "s")]));
    assert_eq!(associated(&ended, Associations::All), [""; 0]);
    assert_consistent(&ended);
    let again = [associate("n/a", "1", "s"), dissociate("n/a", "s"), associate("n/a", "1", "s")];
    assert_eq!(associated(&folded(again), Associations::All), ["n/a of 1: s @3-3"]);
}

#[test]
fn a_draft_shows_what_would_be_and_changes_nothing() {
    let state = folded([schema("s", 1, 1, "a")]);
    let mut draft = state.draft().unwrap();
    draft.add(&[schema("s", 2, 2, "b"), high_water(".", 9)]).unwrap();
    let mut further = draft.draft().unwrap();
    further.add(&[tombstone("s", 1)]).unwrap();
    let numbers = |state: &dyn State| {
        let versions = state.versions(&Subject::parse("s")).unwrap();
        versions.iter().map(|version| version.version).collect::<Vec<_>>()
    };
    assert_eq!((numbers(&state), numbers(&*draft), numbers(&*further)), (vec![1], vec![1, 2], vec![2]));
    assert_eq!(draft.high_water(&Context::default_context()).unwrap(), Some(9));
    assert_eq!((state.position().registry, further.position().registry), (1, 3));
}

#[test]
fn what_is_folded_twice_keeps_its_fingerprint_unless_it_means_something_else() {
    #[track_caller]
    fn check(second: Record, known: Option<u64>) {
        let state = folded([fingerprinted("s", 1, 1, "a", 7), second]);
        let derivation = state.derivation(&Subject::parse("s"), 1).unwrap();
        assert_eq!(derivation.and_then(|derivation| derivation.value), known);
        assert_consistent(&state);
    }
    check(deleted("s", 1, 1, "a"), Some(7));
    check(delete_subject("s", 1), Some(7));
    check(schema("s", 1, 1, "b"), None);
    check(referring("s", 1, 1, "a", &[("base", 1)]), None);
    check(fingerprinted("s", 1, 1, "b", 8), Some(8));
    check(tombstone("s", 1), None);
}

#[test]
fn listings_follow_prefixes_and_stop_when_told() {
    let names = ["", ":", ":/x", ":x", "b", "foo", ":.c:", ":.c:b", ":.c:foo", ":.c::x", ":.ct:foo"];
    let state = folded((1..).zip(names).map(|(id, name)| schema(name, 1, id, name)));
    for prefix in
        ["", "fo", "f", ":", ":x", ":/", ":.:", ":.:fo", ":.c:", ":.c", ":.c:f", ":*:", ":*:f", ":*::", ":*::.", "no"]
    {
        let filter = SubjectPrefix::parse(prefix);
        let mut found = Vec::new();
        let visit = &mut |subject: Subject, _| {
            found.push(subject);
            ControlFlow::Continue(())
        };
        state.subjects(&filter, visit).unwrap();
        let mut expected: Vec<_> = names.map(Subject::parse).into_iter().filter(|s| filter.matches(s)).collect();
        expected.sort();
        assert_eq!(found, expected, "{prefix:?}");

        let mut first = None;
        let visit = &mut |subject: Subject, _| {
            assert_eq!(first.replace(subject), None, "shown after the end of {prefix:?}");
            ControlFlow::Break(())
        };
        state.subjects(&filter, visit).unwrap();
        assert_eq!(first.as_ref(), expected.first());
    }
}

#[test]
fn a_record_out_of_order_is_refused_and_positions_may_be_empty() {
    let mut map = Map::default();
    let stamped = |position| Stamped { position, at: 0, record: schema("s", 1, 1, "a") };
    assert_eq!(append(&stamped(0), &mut map), Ok(()));
    let refused = append(&stamped(0), &mut map);
    let why = "record 0 of a log comes when record 1 or a later one was due";
    assert_eq!(refused, Err(Error::Corrupt(why.into())));
    assert_eq!(append(&stamped(7), &mut map), Ok(()));
    let internal = Stamped { position: 3, at: 0, record: high_water(".", 1) };
    assert_eq!(append(&internal, &mut map), Ok(()));
    let Head { position, feed, .. } = head(&map).unwrap();
    assert_eq!((position, feed), (model::Position { registry: 8, internal: 4 }, crate::Feed { first: 0, next: 3 }));
    let changes = crate::log::changes(&map, 0, 9).unwrap();
    assert_eq!(changes.iter().map(|stamped| stamped.position).collect::<Vec<_>>(), [0, 7, 3]);
    let last = Stamped { position: u64::MAX, at: 0, record: high_water(".", 1) };
    assert!(append(&last, &mut map).is_err(), "nothing could come behind it");
}

/// All entries that stand there because of versions or associations, computed anew from those, are those that are there.
#[track_caller]
pub(crate) fn assert_consistent(state: &MemoryState) {
    let tables = &state.kv;
    let everything = |first: u8, end: u8| {
        let mut found = Vec::new();
        tables
            .scan(Table::State, &(vec![first], vec![end]), Direction::Up, &mut |key, value| {
                found.push((key.to_vec(), value.to_vec()));
                ControlFlow::Continue(())
            })
            .unwrap();
        found
    };
    let mut expected = Map::default();
    let mut ids: std::collections::BTreeMap<Vec<u8>, Ids> = Default::default();
    let mut totals = crate::Totals::default();
    for (key, bytes) in everything(1, 2) {
        let (subject, number) = key::take_version(&key).unwrap();
        let version = value::take_version(subject.clone(), number, &bytes).unwrap();
        for entry in entries(&version) {
            expected.put(Table::State, entry, Vec::new());
        }
        let held = ids.entry(key::ids(version.guid, subject.context())).or_default();
        match held.iter_mut().find(|(id, _)| *id == version.id) {
            Some((_, count)) => *count += 1,
            None => held.push((version.id, 1)),
        }
        let mut summary: SubjectSummary =
            read(&expected, Table::State, &key::subject(&subject)).unwrap().unwrap_or_default();
        totals.subjects += u64::from(summary.versions == 0);
        totals.versions += 1;
        totals.live_versions += u64::from(!version.deleted);
        totals.of(&version.schema_type).into_iter().for_each(|count| *count += 1);
        summary.versions += 1;
        summary.highest = number;
        summary.bytes += state.text(&version.text).unwrap().unwrap().len() as u64;
        if !version.deleted {
            summary.live += 1;
            summary.latest = Some(number);
        }
        expected.put(Table::State, key::subject(&subject), encode(&summary));
    }
    for (key, mut held) in ids {
        held.sort();
        expected.put(Table::State, key, encode(&held));
    }
    for (key, bytes) in everything(15, 16) {
        let key = key::take_association(&key).unwrap();
        let id = value::take_association(key.clone(), &bytes).unwrap().association.resource_id;
        let (subject, resource) = (key::association_of_subject(&key), key::association_of_resource(&id, &key));
        for entry in [subject, resource, key::association_in_namespace(&key)] {
            expected.put(Table::State, entry, Vec::new());
        }
    }
    let mut derived = Vec::new();
    expected
        .scan(Table::State, &(vec![2], vec![7]), Direction::Up, &mut |key, value| {
            derived.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    expected
        .scan(Table::State, &(vec![16], vec![19]), Direction::Up, &mut |key, value| {
            derived.push((key.to_vec(), value.to_vec()));
            ControlFlow::Continue(())
        })
        .unwrap();
    let mut actual = everything(2, 7);
    actual.extend(everything(16, 19));
    for (_, value) in actual.iter_mut().filter(|(key, _)| key[0] == 5) {
        let mut held: Ids = decode(value).unwrap();
        held.sort();
        *value = encode(&held);
    }
    assert_eq!(actual, derived);
    assert_eq!(state.totals().unwrap(), totals);
    crate::fingerprints::tests::assert_consistent(state);
    assert_eq!(everything(24, 25), counted(tables));
    assert_eq!(everything(25, 26), shown(state));
    // One id, one text.
    let mut texts = std::collections::BTreeMap::new();
    for (key, bytes) in everything(1, 2) {
        let (subject, number) = key::take_version(&key).unwrap();
        let version = value::take_version(subject.clone(), number, &bytes).unwrap();
        let text = texts.entry((subject.context().clone(), version.id)).or_insert(version.text);
        assert_eq!(*text, version.text);
        let mut held = false;
        state
            .holders(subject.context(), version.id, &mut |Holder { subject: s, version: v }| {
                held |= s == subject && v == number;
                ControlFlow::Continue(())
            })
            .unwrap();
        assert!(held);
    }
}

/// For each id the key of the newest version of its first subject.
fn shown(state: &Folded<Map>) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut first = std::collections::BTreeMap::<_, (Subject, i32)>::new();
    state
        .subjects(&SubjectPrefix::EveryContext(String::new()), &mut |subject, _| {
            for version in state.versions(&subject).unwrap() {
                let shown = first.entry(key::shown(subject.context(), version.id));
                let shown = shown.or_insert_with(|| (subject.clone(), version.version));
                if shown.0.as_str() > subject.as_str() || shown.0 == subject {
                    *shown = (subject.clone(), version.version);
                }
                let found = state.shown_holder(subject.context(), version.id).unwrap();
                assert!(found.is_some());
            }
            ControlFlow::Continue(())
        })
        .unwrap();
    let id = |place: &[u8]| i32::from_be_bytes(place[place.len() - 4..].try_into().unwrap()) ^ i32::MIN;
    let entry = |(place, (subject, version)): (Vec<u8>, (Subject, i32))| {
        let holder = key::holder(subject.context(), id(&place), &subject, version);
        (place, holder)
    };
    first.into_iter().map(entry).collect()
}

/// The blocks as they are, with the counts of what lies in them: none is missing, empty or wrong.
fn counted(tables: &Map) -> Vec<(Vec<u8>, Vec<u8>)> {
    let mut found = Vec::new();
    for table in key::COUNTED.map(|table| table()) {
        let entries = |range: &key::Range| {
            let mut keys = Vec::new();
            let take = &mut |key: &[u8], _: &[u8]| {
                keys.push(key.to_vec());
                ControlFlow::Continue(())
            };
            tables.scan(Table::State, range, Direction::Up, take).unwrap();
            keys
        };
        let mut ends: Vec<_> = entries(&key::tallies(&table)).iter().map(|key| key::take_tally(key).to_vec()).collect();
        assert_eq!(ends.is_empty(), entries(&table).is_empty());
        assert!(ends.first().is_none_or(|first| *first <= entries(&table)[0]), "an entry before the first block");
        ends.push(table.1);
        for block in ends.windows(2) {
            let range = (block[0].clone(), block[1].clone());
            let (all, live) = (entries(&range).len(), crate::tally::count(tables, &range));
            found.push((key::tally(&block[0]), encode(&(all as u64, live))));
        }
    }
    found
}

pub(crate) fn any_record() -> impl Strategy<Value = Record> {
    let subject = || prop::sample::select(vec!["s", "t", ":.c:s", ":.c:t"]);
    let text = || prop::sample::select(vec!["a", "b"]);
    let topic = || prop::sample::select(vec!["n/a", "n/b", "m/a"]);
    let schemas = (subject(), 1..4i32, 1..4i32, text(), any::<bool>(), any::<bool>(), 0..3usize).prop_map(
        |(subject, version, id, text, deleted, is_known, to)| {
            let to: Vec<_> = [("s", 1), (":.c:t", 2)].into_iter().take(to).collect();
            let Record::Registry(RegistryRecord::Schema(plain)) = referring(subject, version, id, text, &to) else {
                unreachable!("it is a schema")
            };
            let plain = SchemaRecord { deleted, ..plain };
            let value = crate::fingerprints::tests::value(&plain.content.text, plain.content.references.len());
            Record::Registry(RegistryRecord::Schema(if is_known { knowing(plain, value) } else { plain }))
        },
    );
    prop_oneof![
        6 => schemas,
        2 => (subject(), 1..4i32).prop_map(|(subject, version)| tombstone(subject, version)),
        1 => (subject(), 0..4i32).prop_map(|(subject, through)| delete_subject(subject, through)),
        1 => prop::sample::select(vec!["s", ":.c:", "", ":.__GLOBAL:"]).prop_map(clear),
        2 => (topic(), prop::sample::select(vec!["1", "2"]), subject()).prop_map(|(topic, id, s)| associate(topic, id, s)),
        1 => (topic(), subject()).prop_map(|(topic, subject)| dissociate(topic, subject)),
    ]
}

proptest! {
    #[test]
    fn no_order_of_records_leaves_an_index_wrong(records in prop::collection::vec(any_record(), 0..40)) {
        let state = folded(records);
        assert_consistent(&state);
        crate::fingerprints::tests::assert_right(&state);
    }
}

proptest! {
    // Each looks at hundreds of listings.
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn counts_made_anew_serve_as_well(records in prop::collection::vec(any_record(), 0..40)) {
        let mut state = folded(records);
        state.change(crate::tally::derive).unwrap().unwrap();
        assert_consistent(&state);
        crate::contract::assert_begins_anywhere(&state, 0..14);
    }

    #[test]
    fn every_listing_can_be_begun_anywhere(records in prop::collection::vec(any_record(), 0..60)) {
        crate::contract::assert_begins_anywhere(&folded(records), 0..14);
    }
}

/// A map that counts the entries that are read of it.
struct Counted {
    map: Map,
    read: std::cell::Cell<usize>,
}

impl Kv for Counted {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        self.read.set(self.read.get() + 1);
        self.map.get(table, key)
    }

    fn scan(
        &self,
        table: Table,
        range: &key::Range,
        direction: Direction,
        visit: &mut crate::kv::Visit<'_>,
    ) -> Result<(), Error> {
        self.map.scan(table, range, direction, &mut |key, value| {
            self.read.set(self.read.get() + 1);
            visit(key, value)
        })
    }
}

#[test]
fn whether_a_version_is_referred_to_is_known_from_the_first_referrer() {
    let base = [schema("base", 1, 1, "b")];
    let refers = |n| referring("s", n, n + 1, &n.to_string(), &[("base", 1)]);
    let state = folded(base.into_iter().chain((1..=300).map(refers)));
    let counted = Counted { map: state.kv, read: 0.into() };
    let state = crate::query::Folded::over(&counted).unwrap();
    let base = Subject::parse("base");
    assert!(state.is_referred_to(&base, 1, &|_| true).unwrap());
    assert!(counted.read.get() < 10, "{} entries are read", counted.read.get());
    assert!(!state.is_referred_to(&base, 1, &|referrer| referrer.deleted).unwrap());
    assert!(!state.is_referred_to(&base, 2, &|_| true).unwrap());
}

#[test]
fn deleting_many_versions_in_one_commit_costs_as_much_as_they_are() {
    const MANY: i32 = 500;
    let state = folded((1..=MANY).map(|n| deleted("s", n, n, &n.to_string())));
    let orders: [Vec<i32>; 2] = [(1..=MANY).rev().collect(), (1..=MANY).collect()];
    for order in orders {
        let counted = Counted { map: state.kv.clone(), read: 0.into() };
        let mut overlay = crate::kv::Overlay::new(&counted);
        for version in &order {
            let stamped = stamp(&head(&overlay).unwrap(), 0, tombstone("s", *version));
            append(&stamped, &mut overlay).unwrap();
        }
        let each = counted.read.get() / order.len();
        assert!(each < 30, "{each} entries are read for each version, from {}", order[0]);
    }
}

#[test]
fn the_versions_that_hold_an_id_are_found_without_the_others() {
    let others = (1..=300).map(|n| deleted("s", n, n, &n.to_string()));
    let state = folded(others.chain([deleted("s", 301, 7, "7"), deleted("s0", 1, 7, "7"), schema(":.c:s", 1, 7, "x")]));
    let counted = Counted { map: state.kv, read: 0.into() };
    let state = crate::query::Folded::over(&counted).unwrap();
    let mut found = Vec::new();
    let visit = &mut |version| {
        found.push(version);
        ControlFlow::Continue(())
    };
    state.holders_in(&Subject::parse("s"), 7, visit).unwrap();
    assert_eq!(found, [301, 7]);
    assert!(counted.read.get() < 10, "{} entries are read", counted.read.get());
}

#[test]
fn the_newest_version_comes_and_goes_above_many_deleted_ones_without_their_being_read() {
    const MANY: i32 = 600;
    let newest = |n: i32| schema("s", n, n, &n.to_string());
    let reads = |first: Record| {
        let state = folded([first].into_iter().chain((2..=MANY).map(|n| deleted("s", n, n, &n.to_string()))));
        let blocks = counted(&state.kv).len();
        let counted = Counted { map: state.kv.clone(), read: 0.into() };
        let mut overlay = crate::kv::Overlay::new(&counted);
        let (mut most, mut summary) = (0, SubjectSummary::default());
        for n in MANY + 1..MANY + 20 {
            for record in [newest(n), deleted("s", n, n, &n.to_string()), tombstone("s", n)] {
                let before = counted.read.get();
                append(&stamp(&head(&overlay).unwrap(), 0, record), &mut overlay).unwrap();
                most = most.max(counted.read.get() - before);
            }
            summary = read(&overlay, Table::State, &key::subject(&Subject::parse("s"))).unwrap().unwrap();
        }
        (most, blocks, summary.latest)
    };
    let (most, _, latest) = reads(deleted("s", 1, 1, "1"));
    assert!(most < 40 && latest.is_none(), "{most} entries are read where none is live");
    let (most, blocks, latest) = reads(newest(1));
    assert!(most < blocks + 40 && latest == Some(1), "{most} entries are read, with {blocks} blocks");
    assert!(blocks < 300, "a block holds more than one entry");
}

#[test]
fn the_holder_that_is_shown_is_found_also_where_it_is_not_kept() {
    let context = Context::default_context();
    let mut state = folded([schema("t", 1, 7, "x"), schema("s", 2, 7, "x"), schema("s", 1, 7, "x")]);
    let kept = state.shown_holder(&context, 7).unwrap();
    assert_eq!(kept, Some(Holder { subject: Subject::parse("s"), version: 2 }));
    state.kv.delete(Table::State, key::shown(&context, 7));
    assert_eq!(state.shown_holder(&context, 7).unwrap(), kept);
    state.fold([schema("u", 1, 7, "x")], 9).unwrap();
    assert_consistent(&state);
}

/// As the writer folds: what it knows of blocks outlives its commits, some of which are dropped.
#[test]
fn what_is_known_of_blocks_leaves_no_count_wrong() {
    let versions = |range: std::ops::RangeInclusive<i32>| range.map(|n| deleted("s", n, n, &n.to_string()));
    let gone = |range: std::ops::RangeInclusive<i32>| range.map(|n| tombstone("s", n));
    let (blocks, mut tables) = (Blocks::default(), Map::default());
    let mut commit = |records: Vec<Record>, is_kept: bool| {
        let mut commit = Overlay::new(Surveyed { tables: &tables, blocks: &blocks });
        for record in records {
            let stamped = stamp(&head(&commit).unwrap(), 0, record);
            append(&stamped, &mut commit).unwrap();
        }
        let changes = commit.into_changes();
        if is_kept {
            tables.apply(changes);
        } else {
            blocks.clear();
        }
        assert_consistent(&Folded::over(tables.clone()).unwrap());
    };
    commit(versions(1..=6).collect(), true);
    commit(versions(7..=12).collect(), false);
    // Nothing is known, as when it has just been opened; without its neighbour the first block reaches to the end.
    blocks.clear();
    commit(gone(4..=6).chain(gone(1..=1)).collect(), false);
    commit(versions(7..=7).collect(), true);
    commit(versions(8..=20).collect(), true);
    commit(gone(2..=20).chain(versions(30..=31)).collect(), true);
    commit(versions(2..=29).collect(), true);
    commit(gone(1..=31).collect(), true);
    commit(versions(1..=9).collect(), true);
}
