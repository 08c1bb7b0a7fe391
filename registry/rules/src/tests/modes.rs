//! Modes: which one holds, and what switching to IMPORT asks and does.

use super::{World, check};
use model::{InternalRecord, Mode, Record, RegistryRecord, Subject};

#[test]
fn the_closest_mode_holds() {
    check(&[
        ("scope s", "READWRITE, BACKWARD"),
        ("mode :.__GLOBAL: READONLY", "done"),
        ("scope s", "READONLY, BACKWARD"),
        ("scope :.c:s", "READONLY, BACKWARD"),
        ("mode :.: READWRITE", "done"),
        ("scope s", "READWRITE, BACKWARD"),
        ("scope :.c:s", "READONLY, BACKWARD"),
        ("mode :.c: READWRITE", "done"),
        ("scope :.c:s", "READWRITE, BACKWARD"),
        ("mode :.c:s READONLY_OVERRIDE", "done"),
        ("scope :.c:s", "READONLY_OVERRIDE, BACKWARD"),
        ("register :.c:s A", "ReadOnly"),
        ("register :.c:t A", "version 1, id 1"),
        ("register s A", "version 1, id 1"),
    ]);
}

#[test]
fn import_needs_a_scope_without_live_versions() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register :.c:s A", "version 1, id 1"),
        ("mode s IMPORT", "CannotImport"),
        ("mode :.: IMPORT", "CannotImport"),
        ("mode :.__GLOBAL: IMPORT", "CannotImport"),
        ("mode :.c: IMPORT", "CannotImport"),
        ("mode t IMPORT", "done"),
        ("mode :.d: IMPORT", "done"),
        ("delete :.c:s", "1"),
        ("mode :.c: IMPORT", "done"),
        // What was soft-deleted there is gone; what is elsewhere is not.
        ("list :.c:s", ""),
        ("list s", "1"),
        ("mode s IMPORT force", "done"),
        ("list s", "1"),
        // Already there: nothing is asked again.
        ("mode s IMPORT", "done"),
    ]);
}

#[test]
fn what_import_would_wipe_must_not_be_referred_to() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register u Uses ref=s/1", "version 1, id 2"),
        ("delete u", "1"),
        ("delete s", "1"),
        ("mode s IMPORT", "Referenced"),
        ("mode s IMPORT force", "done"),
        ("list s", "(1)"),
    ]);
}

#[test]
fn wiping_for_an_import_keeps_the_ids_from_coming_back() {
    let mut world = World::default();
    for request in ["register s A", "register t B", "delete s", "delete t", "mode :.: IMPORT", "mode :.: READWRITE"] {
        world.run(request);
    }
    let high_water = state::State::high_water(&world.state, &model::Context::default_context()).unwrap();
    assert_eq!(high_water, Some(2));
    assert_eq!(world.run("register s A"), "version 1, id 3");
}

#[test]
fn an_import_says_what_it_wipes_in_words_that_other_readers_of_the_log_know() {
    #[track_caller]
    fn check(scope: &str, clears: &str) {
        let mut world = World::default();
        for request in ["register :.c:s A", "delete :.c:s"] {
            world.run(request);
        }
        let plan = super::mode::plan(&world.state, &Subject::parse(scope), Some(Mode::Import), super::mode::Force::No);
        let records = plan.unwrap();
        let [
            Record::Registry(RegistryRecord::SchemaTombstone { version: 1, .. }),
            Record::Internal(InternalRecord::HighWater { id: 1, .. }),
            Record::Registry(RegistryRecord::ClearSubject { scope: cleared }),
            Record::Registry(RegistryRecord::Mode { mode: Some(Mode::Import), .. }),
        ] = &records[..]
        else {
            panic!("{records:?}")
        };
        assert_eq!(cleared.as_str(), clears);
    }
    check(":.c:s", ":.c:s");
    check(":.c:", ":.c:");
    check(":.__GLOBAL:", ":.__GLOBAL:");
    // The empty scope would mean the default context alone.
    check(":.:", ":.__GLOBAL:");
}

#[test]
fn forward_is_for_the_whole_registry_alone() {
    check(&[
        ("mode s FORWARD", "ForwardModeNotGlobal"),
        ("mode :.: FORWARD", "ForwardModeNotGlobal"),
        ("mode :.__GLOBAL: FORWARD", "done"),
        ("register s A", "NotInReadWriteMode"),
    ]);
}

#[test]
fn a_mode_is_removed_by_none() {
    let plan = super::mode::plan(&super::MemoryState::default(), &Subject::parse("s"), None, super::mode::Force::No);
    let removed = Record::Registry(RegistryRecord::Mode { scope: Subject::parse("s"), mode: None::<Mode> });
    assert_eq!(plan.unwrap(), [removed]);
}
