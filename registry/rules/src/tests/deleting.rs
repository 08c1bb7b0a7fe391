//! Deletion: soft first, then for good; what is referred to stays.

use super::{World, check};
use model::{Context, InternalRecord, Record, RegistryRecord, Subject};

/// The matrix: a subject with a live version 1 and a soft-deleted version 2, or with `s` soft-deleted as a whole.
#[test]
fn each_deletion_of_each_state_has_its_own_answer() {
    let live: &[(&str, &str)] =
        &[("register s A", "version 1, id 1"), ("register s B", "version 2, id 2"), ("delete s/2", "2")];
    let gone: &[(&str, &str)] = &[("register s A", "version 1, id 1"), ("delete s", "1")];
    let check = |before: &[(&'static str, &'static str)], request: &'static str, outcome: &'static str| {
        check(&[before, &[(request, outcome)]].concat());
    };
    check(live, "delete s/1", "1");
    check(live, "delete s/latest", "1");
    check(live, "delete s/1 permanent", "VersionNotSoftDeleted");
    check(live, "delete s/latest permanent", "VersionNotSoftDeleted");
    check(live, "delete s/2", "VersionSoftDeleted");
    check(live, "delete s/2 permanent", "2");
    check(live, "delete s/9", "VersionNotFound");
    check(live, "delete s/9 permanent", "VersionNotFound");
    check(live, "delete s", "1");
    check(live, "delete s permanent", "SubjectNotSoftDeleted");
    check(gone, "delete s", "SubjectSoftDeleted");
    check(gone, "delete s permanent", "1");
    check(gone, "delete s/latest", "VersionNotFound");
    check(gone, "delete s/latest permanent", "VersionNotFound");
    check(gone, "delete s/1 permanent", "1");
    check(&[], "delete s", "SubjectNotFound");
    check(&[], "delete s permanent", "SubjectNotFound");
    check(&[], "delete s/1", "SubjectNotFound");
    check(&[], "delete s/1 permanent", "SubjectNotFound");
}

#[test]
fn nothing_is_deleted_when_anything_stands_against_it() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("delete s/1", "1"),
        ("delete s permanent", "SubjectNotSoftDeleted"),
        ("list s", "(1) 2"),
    ]);
}

#[test]
fn what_another_subject_refers_to_stays_and_a_soft_deleted_referrer_stops_only_a_permanent_deletion() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register u Uses ref=s/1", "version 1, id 2"),
        ("delete s", "Referenced"),
        ("delete s/1", "Referenced"),
        ("delete u", "1"),
        ("delete s/1", "1"),
        ("delete s/1 permanent", "Referenced"),
        ("delete s permanent", "Referenced"),
        ("delete u permanent", "1"),
        ("delete s permanent", "1"),
    ]);
}

#[test]
fn references_between_versions_of_a_subject_count_for_one_version_and_not_for_the_subject() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s Uses ref=s/1 force", "version 2, id 2"),
        ("delete s/1", "Referenced"),
        ("delete s", "1 2"),
        ("delete s/1 permanent", "Referenced"),
        ("delete s permanent", "1 2"),
    ]);
}

#[test]
fn a_read_only_subject_is_not_deleted_from_and_a_mistake_is_named_before_that() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register t A", "version 1, id 1"),
        ("delete t", "1"),
        ("mode :.: READONLY", "done"),
        ("delete s", "ReadOnly"),
        ("delete s/1", "ReadOnly"),
        ("delete s/1 permanent", "ReadOnly"),
        ("delete t", "SubjectSoftDeleted"),
        ("delete t/1", "VersionSoftDeleted"),
        ("delete nope", "SubjectNotFound"),
        ("mode t READWRITE", "done"),
        ("delete t permanent", "1"),
    ]);
}

#[test]
fn config_and_mode_of_a_subject_go_with_its_last_version() {
    check(&[
        ("config s level=FULL", "done"),
        ("mode s READWRITE", "done"),
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("delete s", "1 2"),
        ("delete s/2 permanent", "2"),
        ("scope s", "READWRITE, FULL"),
        ("delete s/1 permanent", "1"),
        ("scope s", "READWRITE, BACKWARD"),
    ]);
}

#[test]
fn a_permanent_deletion_remembers_the_ids_once_and_removes_the_highest_version_first() {
    let mut world = World::default();
    for request in ["register s A", "register s B", "register t C", "delete s", "delete t"] {
        world.run(request);
    }
    let subject = Subject::parse("s");
    let (records, _) = super::delete::subject(&world.state, &subject, super::Depth::Permanent).unwrap();
    let tombstone = |version| Record::Registry(RegistryRecord::SchemaTombstone { subject: subject.clone(), version });
    let high_water = Record::Internal(InternalRecord::HighWater { context: Context::default_context(), id: 3 });
    assert_eq!(records, [tombstone(2), tombstone(1), high_water]);
    world.fold(records);
    let (records, _) = super::delete::subject(&world.state, &Subject::parse("t"), super::Depth::Permanent).unwrap();
    assert_eq!(records.len(), 1, "the highest id is known already: {records:?}");
}

#[test]
fn a_context_is_deleted_once_nothing_is_left_in_it_and_its_ids_are_not_handed_out_again() {
    check(&[
        ("drop .c", "was not there"),
        ("register :.c:s A", "version 1, id 1"),
        ("register :.cc:s A", "version 1, id 1"),
        ("drop .c", "ContextNotEmpty"),
        ("delete :.c:s", "1"),
        ("drop .c", "ContextNotEmpty"),
        ("delete :.c:s permanent", "1"),
        ("drop .c", "done"),
        ("drop .c", "was not there"),
        ("register :.c:s B", "version 1, id 2"),
        ("drop .c", "ContextNotEmpty"),
    ]);
}
