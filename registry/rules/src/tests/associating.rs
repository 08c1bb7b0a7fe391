//! Associations: `create NAMESPACE/NAME ID BINDING…`, `upsert …` and `end ID [type=T] [cascade]`, where a binding is
//! `value,subject=S,STRONG,frozen=true,schema=TEXT` with any of its members left out. Then `bound SUBJECT` lists what there is.

use super::{Options, World, name_of, registration};
use crate::association::request::{self, Asked, Run, Sent, Verb};
use crate::association::{self, bind, end};
use crate::fault::Fault;
use crate::knowledge::Stop;
use model::{CompatibilityLevel, Context, Guid, Lifecycle, Record, Subject, TOPIC};
use state::Associations;

#[track_caller]
fn check(rows: &[(&str, &str)]) {
    let mut world = World::default();
    for (request, outcome) in rows {
        assert_eq!(run(&mut world, request), *outcome, "{request}");
    }
}

fn run(world: &mut World, request: &str) -> String {
    let words: Vec<&str> = request.split_whitespace().collect();
    let outcome = match words[0] {
        "create" => bound(world, Verb::Create, words[1], words[2], &words[3..]),
        "upsert" => bound(world, Verb::Upsert, words[1], words[2], &words[3..]),
        "end" => ended(world, words[1], Options(&words[2..])),
        "bound" => Ok(listed(world, &Subject::parse(words[1]))),
        _ => return world.run(request),
    };
    outcome.unwrap_or_else(|fault| match &fault {
        Fault::InvalidAssociation { property, .. } => format!("invalid {property}"),
        Fault::AssociationExists { .. } => "AssociationExists".to_owned(),
        other => name_of(other),
    })
}

/// An id of `-` is left out, which makes it a dry run.
fn bound(world: &mut World, verb: Verb, topic: &str, id: &str, bindings: &[&str]) -> Result<String, Fault> {
    let (namespace, name) = topic.split_once('/').unwrap();
    let some = |text: &str| Some(text.to_owned()).filter(|text| text != "-");
    let sent = Sent { name: some(name), namespace: some(namespace), id: some(id), resource_type: None };
    let run = if id == "-" { Run::Dry } else { Run::Real };
    let asked = bindings.iter().map(|binding| asked(binding)).collect();
    let context = Context::default_context();
    let request = request::check(verb, run, &context, sent, asked, || Guid([9; 16]))?;
    let plan = |knowledge: &dyn super::Knowledge| {
        let subjects = bind::subjects(&world.state, &request)?;
        let subjects: Vec<&Subject> = subjects.iter().collect();
        bind::plan(&world.state, knowledge, &request, &subjects, CompatibilityLevel::Backward)
    };
    let computing = world.computing();
    let steps = match plan(&computing) {
        Ok(steps) => steps,
        Err(stop) => return Err(stop.outside_the_writer()),
    };
    let records = |steps: &[bind::Step]| -> Vec<Record> {
        steps.iter().flat_map(|step| step.schema.iter().chain(&step.association)).cloned().collect()
    };
    let written = records(&steps);
    let again = plan(&computing.precomputed()).map_err(Stop::outside_the_writer)?;
    assert_eq!(written, records(&again), "the writer came to another answer");
    let words: Vec<String> = steps.into_iter().filter_map(|step| step.bound).map(|bound| described(&bound)).collect();
    if run == Run::Real {
        world.fold(written);
    }
    Ok(if words.is_empty() { "nothing".to_owned() } else { words.join("; ") })
}

fn asked(binding: &str) -> Asked {
    let words: Vec<&str> = binding.split(',').collect();
    let options = Options(&words);
    let schema = options.value("schema").map(|text| registration("s", Options(&[text])).schema);
    Asked {
        subject: options.value("subject").map(str::to_owned),
        association_type: Some(words[0].to_owned()),
        lifecycle: words.iter().find_map(|word| word.parse::<Lifecycle>().ok()),
        frozen: options.value("frozen").map(|flag| flag == "true"),
        schema,
        normalize: false,
    }
}

fn described(bound: &bind::Bound) -> String {
    let schema = bound.schema.as_ref().map_or(String::new(), |s| format!(" with version {}, id {}", s.version, s.id));
    format!("{} of {} {}{schema}", bound.association_type, bound.subject, bound.lifecycle)
}

fn ended(world: &mut World, id: &str, options: Options<'_>) -> Result<String, Fault> {
    let ending = end::Ending {
        resource_id: id.to_owned(),
        resource_type: TOPIC.to_owned(),
        association_types: options.value("type").map(str::to_owned).into_iter().collect(),
        cascade: if options.has("cascade") { end::Cascade::Yes } else { end::Cascade::No },
    };
    let targets = end::targets(&world.state, &ending)?;
    let records = end::plan(&world.state, &targets, ending.cascade)?;
    world.fold(records);
    Ok(format!("ended {}", targets.len()))
}

fn listed(world: &World, subject: &Subject) -> String {
    let found = association::all(&world.state, Associations::OfSubject(subject)).unwrap();
    let one = |stored: &state::StoredAssociation| {
        format!("{} of {}", stored.key.association_type, stored.association.resource_id)
    };
    found.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn a_weak_association_takes_a_subject_with_a_schema() {
    check(&[
        ("create n/orders 1 value,subject=s", "NoActiveVersion"),
        ("register s A", "version 1, id 1"),
        ("create n/orders 1 value,subject=s", "value of s WEAK"),
        ("create n/orders 1 value,subject=s,WEAK", "nothing"),
        ("create n/orders 1 value,subject=t", "AssociationExists"),
        ("create n/orders 1 key,subject=s", "key of s WEAK"),
        ("create n/cards 2 value,subject=s", "value of s WEAK"),
        ("bound s", "value of 2 key of 1 value of 1"),
    ]);
}

#[test]
fn a_strong_association_makes_the_subject_that_it_owns() {
    check(&[
        ("create n/orders 1 value,STRONG", "invalid schema"),
        (
            "create n/orders 1 value,schema=A key,schema=X",
            "value of :.n:orders-value STRONG with version 1, id 1; key of :.n:orders-key STRONG with version 1, id 2",
        ),
        ("create n/orders 1 value,STRONG,schema=A", "nothing"),
        ("create n/orders 1 value,STRONG,schema=B", "AssociationExists"),
        ("create n/orders 1 value,STRONG,schema=X", "AssociationExists"),
        ("list :.n:orders-value", "1"),
        ("create n/orders 2 value,schema=A", "SubjectAssociated"),
        ("create m/other 3 value,subject=:.n:orders-value", "StronglyAssociated"),
        ("register u Uses ref=:.n:orders-value/1", "NotReferable"),
    ]);
}

#[test]
fn a_frozen_association_needs_a_subject_that_is_new_or_has_only_its_schema() {
    check(&[
        ("register :.n:a-value A", "version 1, id 1"),
        ("create n/a 1 value,schema=A", "value of :.n:a-value STRONG with version 1, id 1"),
        ("register :.n:b-value A", "version 1, id 1"),
        ("create n/b 2 value,schema=B", "invalid schema"),
        ("register :.n:b-value B", "version 2, id 2"),
        ("create n/b 2 value,schema=A", "invalid schema"),
        ("register :.n:c-value A", "version 1, id 1"),
        ("register :.n:u Uses ref=c-value/1", "version 1, id 3"),
        ("create n/c 3 value,schema=A", "SubjectReferenced"),
    ]);
}

#[test]
fn members_that_contradict_each_other_are_refused() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("create n/- 1 value,subject=s", "invalid resourceName"),
        ("create -/a 1 value,subject=s", "invalid resourceNamespace"),
        ("create n/a.b 1 value,subject=s", "invalid resourceName"),
        ("create n/a 1", "invalid associations"),
        ("create n/a 1 header,subject=s", "invalid associationType"),
        ("create n/a 1 value,subject=s value,subject=s", "invalid associationType"),
        ("create n/a 1 value", "invalid subject"),
        ("create n/a 1 value,subject=s,frozen=true", "invalid frozen"),
        ("create n/a 1 value,subject=s,STRONG", "invalid subject"),
        ("create n/a 1 value,STRONG,frozen=false", "invalid frozen"),
        ("create n/a 1 value,WEAK,schema=A", "invalid lifecycle"),
        ("create n/a 1 value,frozen=false,schema=A", "invalid frozen"),
        ("create n/a 1 value,subject=:.n:a-value", "invalid subject"),
        ("create __GLOBAL/a 1 value,schema=A", "InvalidSubject"),
        ("create n/a 1 value,schema=Broken", "InvalidSchema"),
        ("bound :.n:a-value", ""),
    ]);
}

#[test]
fn all_associations_of_a_topic_have_one_lifecycle_and_one_name() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("create n/a 1 value,subject=s key,schema=A", "invalid lifecycle"),
        ("create n/a 1 value,subject=s", "value of s WEAK"),
        ("create n/a 1 key,schema=A", "invalid lifecycle"),
        ("create n/b 1 key,subject=s", "invalid resourceId"),
        ("create m/a 1 key,subject=s", "invalid resourceId"),
        ("list :.n:a-key", ""),
    ]);
}

#[test]
fn an_upsert_makes_weak_associations_and_changes_no_subject() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("upsert n/a 1 value", "invalid subject"),
        ("upsert n/a 1 value,schema=A", "invalid subject"),
        ("upsert n/a 1 value,subject=s,schema=A", "invalid schema"),
        ("upsert n/a 1 value,STRONG", "invalid lifecycle"),
        ("upsert n/a 1 value,subject=s", "value of s WEAK"),
        ("upsert n/a 1 value,subject=s,WEAK", "nothing"),
        ("upsert n/a 1 value", "nothing"),
        ("upsert n/a 1 value,subject=t", "invalid lifecycle"),
        ("upsert n/a 1 value,subject=t,WEAK", "invalid subject"),
        ("upsert n/a 1 value,STRONG", "invalid frozen"),
        ("upsert n/a 1 value,frozen=true,WEAK", "invalid frozen"),
        ("upsert n/a 1 value,schema=B", "value of s WEAK with version 2, id 2"),
        ("upsert n/a 1 value,schema=B", "nothing"),
        ("upsert n/a 1 value,schema=X", "AssociationIncompatible"),
        ("create n/b 2 value,schema=A", "value of :.n:b-value STRONG with version 1, id 1"),
        ("upsert n/b 2 value,schema=B", "AssociationFrozen"),
        ("upsert n/b 2 value,WEAK", "invalid lifecycle"),
        ("list :.n:b-value", "1"),
    ]);
}

#[test]
fn another_id_of_the_same_name_and_subject_takes_the_association_over() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("create n/a 1 value,subject=s", "value of s WEAK"),
        ("upsert n/a 2 value,subject=s", "value of s WEAK"),
        ("bound s", "value of 2"),
        ("end 1", "AssociationNotFound"),
        ("create n/a - value,subject=s", "nothing"),
        ("create n/a - value,subject=t", "AssociationExists"),
    ]);
}

#[test]
fn an_alias_stands_for_another_subject() {
    let mut world = World::default();
    let config = model::Config { alias: Some("s".to_owned()), ..model::Config::default() };
    let scope = Subject::parse("old");
    world.fold(vec![Record::Registry(model::RegistryRecord::Config { scope, config: Some(Box::new(config)) })]);
    assert_eq!(run(&mut world, "register s A"), "version 1, id 1");
    assert_eq!(run(&mut world, "create n/a 1 value,subject=old"), "value of s WEAK");
}

#[test]
fn modes_decide_what_may_be_associated() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register :.n:b-value A", "version 1, id 1"),
        ("mode s READONLY", "done"),
        ("create n/a 1 value,subject=s", "ReadOnly"),
        ("mode s READWRITE", "done"),
        ("create n/a 1 value,subject=s", "value of s WEAK"),
        ("mode s READONLY", "done"),
        ("end 1", "ReadOnly"),
        ("mode :.n:b-value IMPORT force", "done"),
        ("create n/b 2 value,schema=A", "invalid schema"),
        ("upsert n/b 2 value,STRONG", "value of :.n:b-value STRONG"),
        // What imports the end of the association imports the end of the subject as well.
        ("end 2 cascade", "ended 1"),
        ("list :.n:b-value", "1"),
    ]);
}

#[test]
fn what_a_topic_owns_ends_with_it() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("create n/a 1 value,subject=s", "value of s WEAK"),
        (
            "create n/b 2 key,schema=A value,schema=B",
            "key of :.n:b-key STRONG with version 1, id 1; value of :.n:b-value STRONG with version 1, id 2",
        ),
        ("end 2", "AssociationFrozen"),
        ("end 2 type=header", "AssociationNotFound"),
        ("end 2 type=key cascade", "ended 1"),
        ("list :.n:b-key", ""),
        ("list :.n:b-value", "1"),
        ("end 2 cascade", "ended 1"),
        ("list :.n:b-value", ""),
        // The shared subject stays.
        ("end 1 cascade", "ended 1"),
        ("list s", "1"),
        // Ids are not handed out again.
        ("create n/c 3 value,schema=X", "value of :.n:c-value STRONG with version 1, id 3"),
    ]);
}

#[test]
fn a_subject_under_an_association_cannot_be_deleted() {
    check(&[
        ("register s A", "version 1, id 1"),
        ("register s B", "version 2, id 2"),
        ("create n/a 1 value,subject=s", "value of s WEAK"),
        ("delete s", "SubjectAssociated"),
        ("delete s/1", "1"),
        ("delete s/1 permanent", "1"),
        ("delete s/2", "SubjectAssociated"),
        ("end 1", "ended 1"),
        ("delete s/2", "2"),
        ("delete s permanent", "2"),
    ]);
}
