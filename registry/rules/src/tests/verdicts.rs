//! The verdict on a candidate: which versions it is compared with, and what is said.

use super::super::verdict::{self, Outcome};
use super::{Candidate, Knowledge, Normalize, Strictness, World, config, registration, source};
use super::{Deleted, Options};
use compat::{Direction, Work};
use model::{CompatibilityLevel, SchemaType, Subject};
use state::State;

/// What a check comes to.
fn outcome(world: &World, candidate: &[&str]) -> Outcome {
    let computing = world.computing();
    let request = registration("s", Options(candidate));
    let (subject, described) = (Subject::parse("s"), &request.schema);
    let (source, references) =
        source(&world.state, &computing, &subject, described, Normalize::No, Deleted::Ignore).unwrap().unwrap();
    let schema = computing.parse(&world.state, &source, Strictness::New, Normalize::No).unwrap().unwrap();
    let candidate = Candidate::new(schema, references, described.metadata.clone(), None);
    let existing: Vec<_> = world.state.versions(&subject).unwrap().into_iter().filter(|v| !v.deleted).collect();
    let scope = config::in_scope(&world.state, &subject, CompatibilityLevel::Backward).unwrap();
    verdict::check(&world.state, &computing, &candidate, existing.last(), &existing, &scope).unwrap()
}

fn world(history: &[&str]) -> World {
    let mut world = World::default();
    for request in history {
        world.run(request);
    }
    world
}

/// The versions that the messages speak of, and the last message.
fn verdict(history: &[&str], candidate: &[&str]) -> (Vec<String>, Option<String>) {
    let outcome = outcome(&world(history), candidate);
    let messages = outcome.messages();
    assert_eq!(messages.is_empty(), outcome.is_compatible());
    let versions = messages.iter().filter(|message| message.starts_with("{oldSchemaVersion")).cloned().collect();
    (versions, messages.last().cloned())
}

#[track_caller]
fn check(history: &[&str], candidate: &[&str], versions: &[&str]) {
    let (found, closing) = verdict(history, candidate);
    let wanted: Vec<String> = versions.iter().map(|version| format!("{{oldSchemaVersion: {version}}}")).collect();
    assert_eq!(found, wanted, "{history:?} {candidate:?}");
    assert_eq!(closing.is_some(), !versions.is_empty());
}

#[test]
fn a_level_that_is_not_transitive_looks_at_the_newest_version_a_transitive_one_at_all() {
    let history = |level: &'static str| [level, "register s X", "register s A force", "register s B force"];
    check(&history("config s level=BACKWARD"), &["C"], &[]);
    check(&history("config s level=BACKWARD_TRANSITIVE"), &["C"], &["1"]);
    check(&history("config s level=FULL"), &["C"], &[]);
    check(&history("config s level=FULL_TRANSITIVE"), &["C"], &["1"]);
    check(&history("config s level=NONE"), &["X"], &[]);
    check(&[], &["X"], &[]);
}

#[test]
fn a_transitive_check_stops_at_the_newest_version_with_a_finding() {
    let history = ["config s level=BACKWARD_TRANSITIVE", "register s A", "register s B"];
    check(&history, &["X"], &["2"]);
}

#[test]
fn soft_deleted_versions_are_not_looked_at() {
    check(&["register s A", "register s X force", "delete s/2"], &["B"], &[]);
    check(&["register s A", "delete s"], &["X"], &[]);
}

#[test]
fn only_versions_of_the_candidates_group_are_looked_at() {
    let history = ["config s group=major", "register s A meta=major:1", "register s X meta=major:2"];
    check(&history, &["X", "meta=major:3"], &[]);
    check(&history, &["A", "meta=major:2"], &["2"]);
    check(&history, &["X", "meta=major:1"], &["1"]);
    check(&history, &["A"], &[]);
}

#[test]
fn a_reserved_field_stays_reserved_and_unused() {
    let reserved = "meta=confluent:reserved:gone";
    let history = ["config s level=NONE validateFields=true", "register s A meta=confluent:reserved:gone"];
    let said = |candidate: &[&str]| verdict(&history, candidate).1;
    assert_eq!(said(&["B", reserved]), None);
    assert_eq!(said(&["B"]).as_deref(), Some("{validateFields: 'true', compatibility: 'NONE'}"));
    // The first version of a subject, also.
    let first = |candidate: &[&str]| verdict(&history[..1], candidate).1;
    assert_eq!(first(&["A", "meta=confluent:reserved:gone"]), None);
    assert!(first(&["A", "meta=confluent:reserved:a"]).is_some());
    // The newest version counts, whichever group it is of, and a soft-deleted one does not.
    let grouped = [
        "config s group=major validateFields=true",
        "register s A meta=major:1",
        "register s A meta=major:2,confluent:reserved:gone",
    ];
    assert!(verdict(&grouped, &["B", "meta=major:1"]).1.is_some());
    assert_eq!(verdict(&[&grouped[..], &["delete s/2"]].concat(), &["B", "meta=major:1"]).1, None);
    assert_eq!(
        verdict(&["register s A"], &["X"]).1.as_deref(),
        Some("{validateFields: 'false', compatibility: 'BACKWARD'}")
    );
}

#[test]
fn a_verdict_is_remembered_for_all_requests_and_levels() {
    let mut world = world(&["register s A", "register s B", "config s level=BACKWARD_TRANSITIVE"]);
    // Hits and misses of another check.
    let compared = |world: &World, candidate: &[&str]| {
        let [hits, misses] = world.schema_cache.reuse().read();
        let outcome = outcome(world, candidate);
        let [now, missed] = world.schema_cache.reuse().read();
        (outcome.is_compatible(), now - hits, missed - misses)
    };
    assert_eq!(compared(&world, &["C"]), (true, 0, 2));
    assert_eq!(compared(&world, &["C"]), (true, 2, 0));
    assert_eq!(compared(&world, &["X"]), (false, 0, 1));
    assert_eq!(compared(&world, &["X"]), (false, 1, 0));
    // A level combines directions: what one of them came to is known. Of a pair that was never compared nothing is.
    world.run("config s level=FULL_TRANSITIVE");
    assert_eq!(compared(&world, &["C"]), (true, 2, 2));
    world.run("config s level=FORWARD");
    assert_eq!(compared(&world, &["C"]), (true, 1, 0));
    assert_eq!(compared(&world, &["P"]), (false, 0, 1));
}

#[test]
fn findings_are_told_with_version_and_place() {
    let world = world(&["config s level=FULL_TRANSITIVE", "register s A", "register s B"]);
    let mut outcome = outcome(&world, &["X"]);
    // X lacks `a` and has an `x` that B lacks.
    let rules = |outcome: &Outcome| -> Vec<_> {
        outcome
            .told
            .all()
            .map(|told| (told.finding.direction, told.version, told.place.map(|place| place.column)))
            .collect()
    };
    let (forward, backward) = (Direction::Forward, Direction::Backward);
    assert_eq!(rules(&outcome), [(forward, Some(2), None), (backward, Some(2), None)]);
    let text = super::text("X");
    let places = outcome.told.places(&SchemaType::Avro, &text, &Work::unlimited()).unwrap();
    outcome.told.locate(places);
    // What is lacking is lacking among the fields.
    let column = |part: &str| text.find(part).map(|at| at + 1);
    assert_eq!(rules(&outcome), [(forward, Some(2), column("[{")), (backward, Some(2), column("{\"name\":\"x\""))]);
}
