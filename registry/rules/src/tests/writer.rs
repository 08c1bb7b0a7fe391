//! What the writer knows: what was computed on the snapshot, and nothing else. Where the state has moved on so that the rule
//! asks something new, it stops and the request comes back; where it has moved on elsewhere, it does not.

use super::{Computing, Fault, Options, Plan, Precomputed, Stop, World, answer, plan, registration};
use compat::{Halt, Spent, Work};

/// Plans a request on the state before `between`, then as the writer on the state after it.
#[track_caller]
fn check(before: &[&str], request: &str, between: &[&str], in_writer: Option<&str>, afterwards: &str) {
    let mut world = World::default();
    for request in before {
        world.run(request);
    }
    let words: Vec<&str> = request.split_whitespace().collect();
    let request = registration(words[1], Options(&words[2..]));
    let known = {
        let computing = world.computing();
        plan(&world.state, &computing, &request).unwrap();
        computing.precomputed()
    };
    for request in between {
        world.run(request);
    }
    let outcome = |planned: Result<Plan, Stop>| match planned {
        Ok(plan) => Some(answer(&plan)),
        Err(Stop::Fault(fault)) => Some(super::name_of(&fault)),
        Err(Stop::NotPrecomputed) => None,
    };
    assert_eq!(outcome(plan(&world.state, &known, &request)).as_deref(), in_writer);
    // Computing what was missing, the request comes back, and then the writer knows enough.
    let computing = Computing::resume(&world.schema_cache, &world.work, known);
    assert_eq!(outcome(plan(&world.state, &computing, &request)).as_deref(), Some(afterwards));
    assert_eq!(outcome(plan(&world.state, &computing.precomputed(), &request)).as_deref(), Some(afterwards));
}

#[test]
fn a_state_that_moved_elsewhere_needs_nothing_new() {
    check(&["register s A"], "register s B", &[], Some("version 2, id 2"), "version 2, id 2");
    // The id is allotted in the writer, so another subject's version costs no second round.
    check(&["register s A"], "register s B", &["register t X"], Some("version 2, id 3"), "version 2, id 3");
    check(&["register s A"], "register s B", &["config t level=FULL"], Some("version 2, id 2"), "version 2, id 2");
}

#[test]
fn a_new_version_of_the_subject_needs_a_new_verdict() {
    check(&["register s A"], "register s B", &["register s C"], None, "version 3, id 3");
    check(&["register s A"], "register s B", &["register s X force"], None, "Incompatible");
}

#[test]
fn another_level_needs_a_new_verdict() {
    check(&["register s A"], "register s B", &["config s level=FULL"], None, "version 2, id 2");
    check(&["register s A"], "register s B", &["config s level=NONE"], Some("version 2, id 2"), "version 2, id 2");
}

#[test]
fn another_latest_version_of_a_reference_is_another_schema() {
    check(&["register s A"], "register u Uses ref=s/-1", &["register s B"], None, "version 1, id 3");
    check(&["register s A"], "register u Uses ref=s/1", &["register s B"], Some("version 1, id 3"), "version 1, id 3");
}

/// The canonical text is the same whatever its reference leads to, and so is the version that it is compared with.
#[test]
fn a_verdict_is_about_what_a_reference_led_to() {
    let before = ["register s A", "register u Uses ref=s/1"];
    check(&before, "register u UsesMore ref=s/-1", &["register s X force"], None, "Incompatible");
    check(&before, "register u UsesMore ref=s/1", &["register s X force"], Some("version 2, id 4"), "version 2, id 4");
    let before = ["register s A", "register u Uses ref=s/1", "register s X force"];
    check(&before, "register u UsesMore ref=s/1", &["delete s/2"], Some("version 2, id 4"), "version 2, id 4");
}

#[test]
fn what_somebody_else_registered_meanwhile_is_there_already() {
    let (there, now) = ("version 2, id 2, already there", &["register s B"][..]);
    check(&["register s A"], "register s B", now, Some(there), there);
}

#[test]
fn a_refusal_needs_no_knowledge() {
    check(&["register s A"], "register s B", &["mode s READONLY"], Some("ReadOnly"), "ReadOnly");
}

#[test]
fn a_writer_that_knows_nothing_asks_for_everything() {
    let world = World::default();
    let request = registration("s", Options(&["A"]));
    assert!(matches!(plan(&world.state, &Precomputed::default(), &request), Err(Stop::NotPrecomputed)));
}

#[test]
fn what_takes_more_work_than_is_left_is_refused_and_not_remembered() {
    let mut world = World::default();
    world.run("register s A");
    let request = registration("s", Options(&["B"]));
    world.work = Work::new(10, &Halt::default());
    let computing = world.computing();
    assert!(matches!(plan(&world.state, &computing, &request), Err(Stop::Fault(Fault::Spent(Spent::TooMuch)))));
    let (known, enough) = (computing.precomputed(), Work::unlimited());
    let computing = Computing::resume(&world.schema_cache, &enough, known);
    assert_eq!(answer(&plan(&world.state, &computing, &request).unwrap()), "version 2, id 2");
}
