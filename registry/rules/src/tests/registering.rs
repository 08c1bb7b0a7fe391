//! Registration: version numbers, ids, the order of its steps, metadata, references, explicit ids.

use super::{Described, Fault, Registration, World, check};
use model::{Context, InternalRecord, Record, RegistryRecord};

#[test]
fn versions_count_up_and_never_go_back_after_a_soft_deletion() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("delete s/2", "2"),
        ("register s B", "version 3, id 2"),
        // The old version 2 has the same id, so it is gone for good.
        ("list s", "1 3"),
    ]);
}

#[test]
fn a_soft_deleted_version_that_somebody_refers_to_stays_beside_its_successor() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register u Uses ref=s/1", "version 1, id 2"),
        ("delete u", "1"),
        ("delete s/1", "1"),
        ("register s A", "version 2, id 1"),
        ("list s", "(1) 2"),
    ]);
}

#[test]
fn a_permanent_deletion_frees_the_number_and_not_the_id() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("delete s/2", "2"),
        ("delete s/2 permanent", "2"),
        ("register s C", "version 2, id 3"),
        ("delete s", "1 2"),
        ("delete s permanent", "1 2"),
        ("register s B", "version 1, id 4"),
    ]);
}

#[test]
fn what_is_remembered_in_the_house_log_is_enough_to_never_hand_out_an_id_again() {
    let mut world = World::default();
    // What is left of a log when everything that held ids 1 to 7 has been compacted away.
    world.fold(vec![Record::Internal(InternalRecord::HighWater { context: Context::default_context(), id: 7 })]);
    assert_eq!(world.run("register s A"), "version 1, id 8");
    assert_eq!(world.run("register :.c:s A"), "version 1, id 1");
}

#[test]
fn equal_content_has_one_id_in_a_context_and_another_in_another() {
    check(&[
        ("register a A", "version 1, id 1"),
        ("register a B", "version 2, id 2"),
        ("register b B", "version 1, id 2"),
        ("register :.c:a B", "version 1, id 1"),
        ("register b A meta=k:v", "version 2, id 3, {k:v}"),
    ]);
}

#[test]
fn a_context_is_made_by_its_first_version() {
    let mut world = World::default();
    world.run("register s A");
    assert_eq!(state::State::contexts(&world.state).unwrap(), []);
    world.run("register :.c:s Broken");
    assert_eq!(state::State::contexts(&world.state).unwrap(), []);
    world.run("register :.c:s A");
    assert_eq!(state::State::contexts(&world.state).unwrap(), [Context::new(".c").unwrap()]);
}

#[test]
fn what_is_there_already_wins_over_mode_and_compatibility() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s X", "Incompatible"),
        ("register s X force", "version 2, id 2"),
        ("register s A", "version 1, id 1, already there"),
        ("mode s READONLY", "done"),
        ("register s A", "version 1, id 1, already there"),
        ("register s B", "ReadOnly"),
        ("mode s READWRITE", "done"),
        // Not so once it is soft-deleted: then it is a new version like any other.
        ("delete s/1", "1"),
        ("register s A", "Incompatible"),
    ]);
}

#[test]
fn a_verdict_reaches_beyond_the_latest_version_where_the_level_or_a_group_asks_for_it() {
    check(&[
        ("register s X", "version 1, id 1"),
        ("register s A force", "version 2, id 2"),
        ("register s B", "version 3, id 3"),
        ("config s level=BACKWARD_TRANSITIVE", "done"),
        ("register s C", "Incompatible"),
        ("config t group=major", "done"),
        ("register t A meta=major:1", "version 1, id 4, {major:1}"),
        ("register t X meta=major:2", "version 2, id 5, {major:2}"),
        ("register t X meta=major:1", "Incompatible"),
        ("register t B meta=major:1", "version 3, id 6, {major:1}"),
    ]);
}

#[test]
fn another_spelling_of_a_version_is_that_version() {
    check(&[
        ("register s P", "version 1, id 1"),
        ("register s Q", "version 1, id 1, already there"),
        // In another subject it is a text of its own.
        ("register t Q", "version 1, id 2"),
        // Normalised, both are one text.
        ("register u P normalize", "version 1, id 1"),
        ("register v Q normalize", "version 1, id 1"),
    ]);
}

#[test]
fn an_explicit_version_must_be_the_next_one_and_compatible() {
    check(&[
        ("register s A version=2", "InvalidSchema"),
        ("register s A version=1", "version 1, id 1, {confluent:version:1}"),
        ("register s A version=1", "InvalidSchema"),
        ("register s B version=2", "version 2, id 2, {confluent:version:2}"),
        ("register s X version=9", "Incompatible"),
        ("register s X version=9 force", "InvalidSchema"),
    ]);
}

#[test]
fn version_minus_one_looks_at_the_latest_only_and_writes_the_number_into_the_metadata() {
    check(&[
        ("register s A version=-1", "version 1, id 1, {confluent:version:1}"),
        // The property that only one side has is not looked at.
        ("register s A", "version 1, id 1, {confluent:version:1}, already there"),
        ("register s A version=-1", "version 1, id 1, {confluent:version:1}, already there"),
        // Once there, the property is inherited and follows the version.
        ("register s B", "version 2, id 2, {confluent:version:2}"),
        // An older version is not what -1 asks for.
        ("register s A version=-1", "version 3, id 3, {confluent:version:3}"),
        ("register s X version=-1", "Incompatible"),
    ]);
}

#[test]
fn a_version_below_minus_one_is_always_the_next() {
    check(&[
        ("register s A version=-2", "version 1, id 1, {confluent:version:1}"),
        ("register s A version=-2", "version 2, id 2, {confluent:version:2}"),
    ]);
}

#[test]
fn metadata_is_sticky_and_part_of_identity() {
    check(&[
        ("register s A meta=o:a", "version 1, id 1, {o:a}"),
        ("register s B", "version 2, id 2, {o:a}"),
        ("register s B", "version 2, id 2, {o:a}, already there"),
        ("register s B meta=", "version 3, id 3, {}"),
        ("register s C meta=n:b", "version 4, id 4, {n:b}"),
    ]);
}

#[test]
fn metadata_of_the_config_lies_under_and_over_that_of_the_request() {
    check(&[
        ("config s default=k:default,d:1 override=o:override", "done"),
        ("register s A meta=k:own,o:own", "version 1, id 1, {d:1,k:own,o:override}"),
        ("register s A meta=k:own,o:own", "version 1, id 1, {d:1,k:own,o:override}, already there"),
        ("register s B", "version 2, id 2, {d:1,k:own,o:override}"),
        // What was there before the config is not there as the config wants it.
        ("register t A", "version 1, id 3"),
        ("config t default=d:1", "done"),
        ("register t A", "version 2, id 4, {d:1}"),
    ]);
}

#[test]
fn a_blank_text_is_the_previous_one() {
    check(&[
        ("register s Blank", "InvalidSchema"),
        ("register s A", "version 1, id 1"),
        ("register s Blank", "version 1, id 1, already there"),
        ("register s Blank meta=k:v", "version 2, id 2, {k:v}"),
    ]);
}

#[test]
fn what_does_not_parse_or_has_bad_defaults_is_refused() {
    check(&[
        ("register s Broken", "InvalidSchema"),
        ("register s BadDefault", "InvalidSchema"),
        ("config s validateNew=false", "done"),
        ("register s BadDefault", "version 1, id 1"),
        ("list s", "1"),
    ]);
}

#[test]
fn references_are_resolved_and_lead_to_what_is_not_deleted() {
    check(&[
        ("register u Uses ref=s/1", "InvalidSchema"),
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("register u Uses ref=s/-1", "version 1, id 3"),
        // -1 was stored as the number that it meant.
        ("register u Uses ref=s/2", "version 1, id 3, already there"),
        ("delete s/1", "1"),
        ("register v Uses ref=s/1", "InvalidSchema"),
        // An unqualified subject is of the referrer's context.
        ("register :.c:u Uses ref=s/2", "InvalidSchema"),
        ("register :.c:u Uses ref=:.:s/2", "version 1, id 1"),
    ]);
}

#[test]
fn import_takes_ids_and_versions_as_they_come_and_never_another_content_for_an_id() {
    check(&[
        ("register s A id=5", "NotInImportMode"),
        ("mode s IMPORT", "done"),
        ("register s A", "NotInReadWriteMode"),
        ("register s A id=5 version=3", "version 3, id 5"),
        ("register s A", "version 3, id 5, already there"),
        // Neither compatibility nor a gap matters.
        ("register s X id=9 version=7", "version 7, id 9"),
        ("register s B id=5", "OverwriteId"),
        ("register s B id=0", "version 8, id 0"),
        ("mode s READWRITE", "done"),
        ("register t C", "version 1, id 10"),
        ("list s", "3 7 8"),
    ]);
}

#[test]
fn only_who_takes_the_next_version_needs_one() {
    check(&[
        ("mode s IMPORT", "done"),
        ("register s A id=1 version=2147483647", "version 2147483647, id 1"),
        ("register s B id=2 version=3", "version 3, id 2"),
        ("register s C id=3", "InvalidSchema"),
        ("mode s READWRITE", "done"),
        ("register s C", "InvalidSchema"),
        ("list s", "3 2147483647"),
    ]);
}

#[test]
fn an_imported_id_may_stand_at_several_versions() {
    check(&[
        ("mode s IMPORT", "done"),
        ("register s A id=5 version=1", "version 1, id 5"),
        ("register s B id=6 version=2", "version 2, id 6"),
        ("delete s/2", "2"),
        ("register s A id=5 version=3", "version 3, id 5"),
        ("list s", "1 (2) 3"),
    ]);
}

#[test]
fn a_version_that_is_there_keeps_its_id_and_its_content() {
    check(&[
        ("mode s IMPORT", "done"),
        ("register s A id=7 version=5", "version 5, id 7"),
        ("register s A id=7 version=5", "version 5, id 7, already there"),
        ("register s X id=8 version=5", "OverwriteId"),
        // Or nothing would hold id 7 any more.
        ("register s A id=8 version=5", "OverwriteId"),
        ("register s X id=7", "OverwriteId"),
        ("register s A id=7 version=6", "version 6, id 7"),
        ("register s A id=7 version=5", "version 5, id 7, already there"),
        ("register s A id=8 version=9", "version 9, id 8"),
        ("register s A id=7", "version 6, id 7, already there"),
        // Soft-deleted, it is still there.
        ("delete s/5", "5"),
        ("register s X id=10 version=5", "OverwriteId"),
        ("register s A id=8 version=5", "OverwriteId"),
        ("register s A id=7 version=5", "version 5, id 7"),
        ("list s", "5 6 9"),
        // And where something refers to it.
        ("mode s READWRITE", "done"),
        ("register u Uses ref=s/9", "version 1, id 9"),
        ("mode s IMPORT force", "done"),
        ("register s X id=11 version=9", "OverwriteId"),
        ("register s X id=11 version=10", "version 10, id 11"),
    ]);
}

#[test]
fn contents_with_one_hash_are_two_contents() {
    let mut world = World::default();
    let request = |target: &str, meta: &str| {
        let mut request = super::registration(target, super::Options(&["A", meta]));
        let metadata = request.schema.metadata.as_mut().unwrap();
        if metadata.properties.remove("tag").is_some() {
            // The hash of the Confluent API does not tell a tag from a property.
            metadata.properties.clear();
            metadata.tags.insert("a".to_owned(), ["b".to_owned()].into());
        }
        request
    };
    let (property, tag) = ("meta=a:b", "meta=tag:yes");
    let mut register = |target: &str, meta: &str| world.register(&request(target, meta)).unwrap();
    assert_eq!(register("s", property), "version 1, id 1, {a:b}");
    assert_eq!(register("s", tag), "version 2, id 2, {}");
    assert_eq!(register("s", property), "version 1, id 1, {a:b}, already there");
    assert_eq!(register("s", tag), "version 2, id 2, {}, already there");
    // Each has its id in other subjects too, whichever was registered last.
    assert_eq!(register("t", property), "version 1, id 1, {a:b}");
    assert_eq!(register("t", tag), "version 2, id 2, {}");
    assert_eq!(register("u", property), "version 1, id 1, {a:b}");
    world.run("mode s IMPORT force");
    let import =
        Registration { schema: Described { id: Some(2), ..request("s", property).schema }, ..request("s", property) };
    assert!(matches!(world.register(&import), Err(Fault::OverwriteId(2, _))));
}

#[test]
fn the_last_id_is_the_last() {
    check(&[
        ("mode s IMPORT", "done"),
        ("register s A id=2147483647", "version 1, id 2147483647"),
        ("register t B", "IdsExhausted"),
        ("register t A", "version 1, id 2147483647"),
        ("register :.c:t B", "version 1, id 1"),
    ]);
}

#[test]
fn a_record_holds_what_the_answer_says() {
    let mut world = World::default();
    let computing = world.computing();
    let request = super::registration(":.c:s", super::Options(&["P", "normalize"]));
    let plan = super::plan(&world.state, &computing, &request).unwrap();
    let [
        Record::Registry(RegistryRecord::Context { exists: true, .. }),
        Record::Registry(RegistryRecord::Schema(schema)),
    ] = &plan.records[..]
    else {
        panic!("{:?}", plan.records)
    };
    assert_eq!((schema.id, schema.version, schema.deleted), (plan.answer.id, plan.answer.version, false));
    assert_eq!(schema.content.guid(), plan.answer.guid);
    let hashes = schema.hashes.unwrap();
    assert_eq!((hashes.guid, hashes.fingerprint.map(|known| known.scheme)), (plan.answer.guid, Some(1)));
    drop(computing);
    world.fold(plan.records);
}
