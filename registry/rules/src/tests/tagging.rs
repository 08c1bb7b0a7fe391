//! Inline tags at registration, and new versions that are made of others.

use super::{World, check, rule_set, text};
use crate::candidate::Wanted;
use crate::delete::Selector;
use crate::fault::Fault;
use crate::knowledge::Stop;
use crate::modify_tags::{Modification, RulesChange, registration};
use crate::register::plan;
use crate::tagging::Edits;
use compat::{EntityKind, TagEdit, TagEdits};
use model::{CompatibilityLevel, Metadata, Subject};
use state::State;

#[test]
fn a_registration_that_edits_tags_makes_a_version() {
    check(&[
        ("register s A tag=R:PII", "version 1, id 1, {confluent:version:1}"),
        // Whatever is there: it asks for a new version.
        ("register s A tag=R:PII", "version 2, id 2, {confluent:version:2}"),
        ("register s A tag=R.a:X", "version 3, id 3, {confluent:version:3}"),
        ("register s A tag=R.b:X", "InvalidSchema"),
        ("register s A untag=R:PII version=4", "version 4, id 4, {confluent:version:4}"),
        ("register s A untag=R:PII version=9", "InvalidSchema"),
        ("register s Blank tag=R:X", "InvalidSchema"),
        ("register s Broken tag=R:X", "InvalidSchema"),
        ("register s X tag=R:PII", "Incompatible"),
        // A path is looked for before anything else is asked.
        ("mode s READONLY", "done"),
        ("register s A tag=R.b:X", "InvalidSchema"),
        ("register s A tag=R.a:X", "ReadOnly"),
    ]);
}

#[test]
fn tags_of_the_version_before_are_taken_over_where_they_still_have_a_place() {
    let mut world = World::default();
    let run = |world: &mut World, request: &str| world.run(request);
    assert_eq!(run(&mut world, "register s B tag=R.b:X"), "version 1, id 1, {confluent:version:1}");
    assert_eq!(run(&mut world, "register s B tag=R.a:Y"), "version 2, id 2, {confluent:version:2}");
    assert_eq!(run(&mut world, "register s C propagate"), "version 3, id 3, {confluent:version:3}");
    let newest = |world: &World| {
        let stored = world.state.version(&Subject::parse("s"), 3).unwrap().unwrap();
        world.state.text(&stored.text).unwrap().unwrap()
    };
    assert_eq!(*newest(&world), text("C").replace(r#""type":"string"}"#, r#""type":"string","confluent:tags":["Y"]}"#));
    // With its tags it is what is there already.
    assert_eq!(run(&mut world, "register s C propagate"), "version 3, id 3, {confluent:version:3}, already there");
    assert_eq!(run(&mut world, "register s C"), "version 4, id 4, {confluent:version:4}");
    assert_eq!(run(&mut world, "register s C propagate"), "version 4, id 4, {confluent:version:4}, already there");
    assert_eq!(run(&mut world, "register first C propagate"), "version 1, id 5");
}

fn modification(source: Selector) -> Modification {
    Modification {
        subject: Subject::parse("s"),
        source,
        new_version: 0,
        edits: Edits::default(),
        metadata: None,
        rules: RulesChange::Set(None),
        default_level: CompatibilityLevel::Backward,
    }
}

/// Makes a version of another one, and says what came of it.
fn modify(world: &mut World, modification: &Modification) -> String {
    let number = match modification.source {
        Selector::Number(number) => number,
        Selector::Latest => world.state.subject(&modification.subject).unwrap().unwrap().latest.unwrap(),
    };
    let source = world.state.version(&Subject::parse("s"), number).unwrap().unwrap();
    let request = registration(&world.state, &source, modification).unwrap();
    world.register(&request).unwrap_or_else(|fault| super::name_of(&fault))
}

#[test]
fn a_version_is_made_of_another_one() {
    let mut world = World::default();
    world.run("register s A meta=k:v");
    world.run("register s B");
    let first = modification(Selector::Number(1));
    assert_eq!(modify(&mut world, &first), "version 3, id 3, {confluent:version:3,k:v}");
    assert_eq!(modify(&mut world, &first), "version 4, id 4, {confluent:version:4,k:v}");
    let tagged = Modification {
        new_version: 5,
        edits: TagEdits {
            add: vec![TagEdit { path: "R".into(), kind: EntityKind::Record, tags: vec!["T".into()] }],
            ..TagEdits::default()
        }
        .into(),
        metadata: Some(Metadata::default()),
        ..first.clone()
    };
    assert_eq!(modify(&mut world, &tagged), "version 5, id 5, {confluent:version:5}");
    assert_eq!(modify(&mut world, &tagged), "InvalidSchema");
    world.run("mode s IMPORT force");
    assert_eq!(modify(&mut world, &first), "NotInReadWriteMode");
}

#[test]
fn rules_are_given_or_edited() {
    let mut world = World::default();
    world.run("register s A rules=a:1,b:2");
    let change = |rules| Modification { rules, ..modification(Selector::Latest) };
    let inherited = change(RulesChange::Set(None));
    assert_eq!(modify(&mut world, &inherited), "version 2, id 2, {confluent:version:2}, [a:1,b:2]");
    let merged = |merge: &str| RulesChange::Edit { merge: Some(rule_set(merge)), remove: vec!["b".into(), "z".into()] };
    assert_eq!(modify(&mut world, &change(merged("c:3,a:4"))), "version 3, id 3, {confluent:version:3}, [c:3,a:4]");
    // Of the version before the new one, whichever is the latest.
    let named = Modification { new_version: 4, ..change(merged("d:5")) };
    assert_eq!(modify(&mut world, &named), "version 4, id 4, {confluent:version:4}, [c:3,a:4,d:5]");
    let set = change(RulesChange::Set(Some(rule_set(""))));
    assert_eq!(modify(&mut world, &set), "version 5, id 5, {confluent:version:5}, []");
    assert_eq!(modify(&mut world, &change(merged("1x:5"))), "InvalidRuleSet");
}

#[test]
fn references_of_a_version_in_another_context_lead_where_they_led() {
    let mut world = World::default();
    world.run("register :.c:r A");
    world.run("register :.c:s Uses ref=r/1");
    let source = world.state.version(&Subject::parse(":.c:s"), 1).unwrap().unwrap();
    let mut request = registration(&world.state, &source, &modification(Selector::Number(1))).unwrap();
    assert_eq!(request.schema.references[0].subject, ":.c:r");
    assert_eq!(request.schema.version, Wanted::Any);
    assert_eq!(world.register(&request).unwrap(), "version 1, id 1, {confluent:version:1}");
    request.schema.references[0].subject = "r".to_owned();
    let refused = plan(&world.state, &world.computing(), &request);
    assert!(matches!(refused, Err(Stop::Fault(Fault::InvalidSchema(_)))));
}
