//! Which schemas a schema needs, and in which order.

use compat::references::{self, Error, Fetch, Fetched, MOST_DEPTH, MOST_REFERENCES, MOST_SCHEMAS, Needed, invalid};
use compat::{Halt, Spent, Work};
use model::{Reference, SchemaType, Subject, Version};
use std::collections::HashMap;

fn closure<T: Clone, E>(
    referrer: &Subject,
    schema_type: &SchemaType,
    references: &[Reference],
    fetch: &mut Fetch<'_, T, E>,
) -> Result<Vec<Needed<T>>, Error<E>> {
    references::closure(referrer, schema_type, references, fetch, &Work::unlimited())
}

/// A store: `subject:version` to the references of that version, each `name=subject:version`.
fn resolve(store: &[(&str, &[&str])], referrer: &str, references: &[&str]) -> Result<Vec<String>, Error<()>> {
    let parse = |text: &&str| {
        let (name, target) = text.split_once('=').unwrap();
        let (subject, version) = target.rsplit_once(':').unwrap();
        Reference { name: name.into(), subject: subject.into(), version: version.parse().unwrap() }
    };
    let parse_all = |texts: &[&str]| texts.iter().map(parse).collect::<Vec<_>>();
    let store: HashMap<String, Vec<Reference>> =
        store.iter().map(|(key, references)| ((*key).to_owned(), parse_all(references))).collect();
    let mut fetch = |subject: &Subject, version: Version| {
        Ok(store.get(&format!("{subject}:{version}")).map(|references| Fetched {
            schema_type: if subject.name() == "json" { SchemaType::Json } else { SchemaType::Avro },
            text: (),
            references: references.clone(),
        }))
    };
    let found = closure(&Subject::parse(referrer), &SchemaType::Avro, &parse_all(references), &mut fetch)?;
    Ok(found.iter().map(|d| format!("{}={}:{}", d.name, d.subject, d.version)).collect())
}

#[test]
fn what_others_need_comes_first() {
    let store: &[(&str, &[&str])] =
        &[("a:1", &["b=b:2", "c=c:1"]), ("b:2", &["c=c:1"]), ("c:1", &[]), ("d:1", &["b=b:2"])];
    assert_eq!(resolve(store, "r", &["a=a:1", "d=d:1"]).unwrap(), ["c=c:1", "b=b:2", "a=a:1", "d=d:1"]);
    assert!(resolve(store, "r", &[]).unwrap().is_empty());
}

#[test]
fn of_several_references_with_one_name_the_first_met_counts() {
    let store: &[(&str, &[&str])] = &[("a:1", &["n=b:1"]), ("b:1", &[]), ("b:2", &[])];
    assert_eq!(resolve(store, "r", &["a=a:1", "n=b:2", "a=b:2"]).unwrap(), ["n=b:1", "a=a:1"]);
    assert_eq!(resolve(store, "r", &["n=b:2", "a=a:1"]).unwrap(), ["n=b:2", "a=a:1"]);
}

#[test]
fn an_unqualified_subject_belongs_to_the_context_of_its_referrer() {
    let store: &[(&str, &[&str])] = &[
        (":.x:a:1", &["b=b:1"]),
        (":.x:b:1", &["c=:.y:c:1"]),
        (":.y:c:1", &["d=d:1"]),
        (":.y:d:1", &[]),
        ("b:1", &[]),
    ];
    assert_eq!(
        resolve(store, "r", &["a=:.x:a:1", "e=b:1"]).unwrap(),
        ["d=:.y:d:1", "c=:.y:c:1", "b=:.x:b:1", "a=:.x:a:1", "e=b:1"]
    );
    assert_eq!(resolve(store, ":.x:r", &["a=a:1"]).unwrap().len(), 4);
}

#[test]
fn what_cannot_be_followed_is_said_in_the_references_words() {
    let store: &[(&str, &[&str])] = &[("a:1", &["b=:.x:b:3"]), ("json:1", &[])];
    let said = |references: &[&str]| resolve(store, "r", references).unwrap_err().to_string();
    assert_eq!(said(&["x=b:1"]), "No schema reference found for subject \"b\" and version 1");
    assert_eq!(said(&["a=a:1"]), "No schema reference found for subject \":.x:b\" and version 3");
    assert_eq!(said(&["a=a:-1"]), "Invalid reference: {name='a', subject='a', version=-1}");
    assert_eq!(
        said(&["a=json:1"]),
        "The schema of subject \"json\" and version 1 is of type JSON and cannot be referenced here"
    );
    assert_eq!(invalid(Some("a"), None, None), "Invalid reference: {name='a', subject='null', version=null}");
}

#[test]
fn a_failing_store_is_no_fault_of_the_client() {
    let mut fetch = |_: &Subject, _: Version| Err::<Option<Fetched<()>>, _>(std::fmt::Error);
    let reference = Reference { name: "a".into(), subject: "a".into(), version: 1 };
    let error = closure(&Subject::parse("r"), &SchemaType::Avro, &[reference], &mut fetch).unwrap_err();
    assert_eq!(error.details(), None);
}

#[test]
fn cycles_are_found() {
    let store: &[(&str, &[&str])] = &[("a:1", &["b=b:1"]), ("b:1", &["a2=a:1"])];
    assert_eq!(resolve(store, "r", &["a=a:1"]).unwrap_err(), Error::Cycle { subject: "a".into(), version: 1 });
}

#[test]
fn depth_and_number_are_bounded() {
    let chain = |length: usize| {
        let mut fetch = |subject: &Subject, _: Version| {
            let next: usize = subject.name().parse::<usize>().unwrap() + 1;
            let reference = Reference { name: next.to_string(), subject: next.to_string(), version: 1 };
            let references = if next < length { vec![reference] } else { vec![] };
            Ok::<_, ()>(Some(Fetched { schema_type: SchemaType::Avro, text: (), references }))
        };
        let first = Reference { name: "0".into(), subject: "0".into(), version: 1 };
        closure(&Subject::parse("r"), &SchemaType::Avro, &[first], &mut fetch).map(|found| found.len())
    };
    assert_eq!(chain(MOST_DEPTH), Ok(MOST_DEPTH));
    assert_eq!(chain(MOST_DEPTH + 1), Err(Error::TooDeep));
    let wide = |count: usize| {
        let mut fetch = |_: &Subject, _: Version| {
            Ok::<_, ()>(Some(Fetched { schema_type: SchemaType::Avro, text: (), references: vec![] }))
        };
        let all: Vec<_> = (0..count).map(|n| named(&n.to_string(), &n.to_string())).collect();
        closure(&Subject::parse("r"), &SchemaType::Avro, &all, &mut fetch).map(|found| found.len())
    };
    assert_eq!(wide(MOST_SCHEMAS), Ok(MOST_SCHEMAS));
    assert_eq!(wide(MOST_SCHEMAS + 1), Err(Error::TooMany));
    let repeated = |count: usize| {
        let mut fetch = |_: &Subject, _: Version| {
            Ok::<_, ()>(Some(Fetched { schema_type: SchemaType::Avro, text: (), references: vec![] }))
        };
        let all = vec![named("n", "s"); count];
        closure(&Subject::parse("r"), &SchemaType::Avro, &all, &mut fetch).map(|found| found.len())
    };
    assert_eq!(repeated(MOST_REFERENCES), Ok(1));
    assert_eq!(repeated(MOST_REFERENCES + 1), Err(Error::TooManyReferences));
}

fn named(name: &str, subject: &str) -> Reference {
    Reference { name: name.into(), subject: subject.into(), version: 1 }
}

#[test]
fn what_is_referred_to_often_is_fetched_and_found_once() {
    let mut fetched = 0;
    // Sixty schemas, each of which refers to all after it; four thousand names for them.
    let mut fetch = |subject: &Subject, _: Version| {
        fetched += 1;
        let own: usize = subject.name().parse().unwrap();
        let references = (own + 1..60).map(|n| named(&format!("{own} of {n}"), &n.to_string())).collect();
        Ok::<_, ()>(Some(Fetched { schema_type: SchemaType::Avro, text: (), references }))
    };
    let all: Vec<_> = (0..2_000).map(|n| named(&n.to_string(), &(n % 60).to_string())).collect();
    let found = closure(&Subject::parse("r"), &SchemaType::Avro, &all, &mut fetch).unwrap();
    let mut subjects: Vec<usize> = found.iter().map(|needed| needed.subject.name().parse().unwrap()).collect();
    assert!(subjects.is_sorted_by(|a, b| a > b), "each comes after those it needs: {subjects:?}");
    subjects.dedup();
    assert_eq!((subjects.len(), found.len()), (60, 60));
    assert_eq!(fetched, 60);
}

#[test]
fn following_references_is_paid_for() {
    let mut fetch = |_: &Subject, _: Version| {
        Ok::<_, ()>(Some(Fetched { schema_type: SchemaType::Avro, text: (), references: vec![] }))
    };
    let all: Vec<_> = (0..100).map(|n| named(&n.to_string(), &n.to_string())).collect();
    let work = Work::new(1_000, &Halt::default());
    let found = references::closure(&Subject::parse("r"), &SchemaType::Avro, &all, &mut fetch, &work);
    assert_eq!(found.unwrap_err(), Error::Spent(Spent::TooMuch));
}

#[test]
fn outside_avro_a_schema_is_found_under_each_of_its_names() {
    let reference = |name: &str| Reference { name: name.into(), subject: "j".into(), version: 1 };
    let names = |schema_type: SchemaType| {
        let mut fetched = 0;
        let mut fetch = |_: &Subject, _: Version| {
            fetched += 1;
            Ok::<_, ()>(Some(Fetched { schema_type: schema_type.clone(), text: "{}", references: Vec::new() }))
        };
        let all = [reference("a.json"), reference("b.json"), reference("a.json")];
        let found = closure(&Subject::parse("s"), &schema_type, &all, &mut fetch).unwrap();
        assert_eq!(fetched, 1);
        found.into_iter().map(|needed| needed.name).collect::<Vec<_>>()
    };
    assert_eq!(names(SchemaType::Json), ["a.json", "b.json"]);
    assert_eq!(names(SchemaType::Avro), ["a.json"]);
}
