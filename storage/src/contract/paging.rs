//! Clauses on listings that begin in the middle.

use super::{Open, plain, write};
use crate::{Associations, Begin, Holder, Referrer, Standing, StoredAssociation, Subjects};
use model::{Context, Record, Subject, SubjectPrefix};
use state::contract::records::*;
use state::contract::{assert_begins_anywhere, subjects, versions};
use std::ops::ControlFlow;

pub(super) fn a_listing_begun_anywhere_is_the_rest_of_the_whole(open: Open<'_>) {
    let store = plain(open);
    write(&*store, corpus()).unwrap();
    let view = store.view().unwrap();
    let anywhere = [0, 1, 99, 256, 257, 511, 513, 700, 1_023, 1_025, 1_300, 1_390, 5_000];
    assert_begins_anywhere(&*view, anywhere);
    // The writer decides on a state like this.
    let mut draft = view.draft().unwrap();
    let more = (0..400).map(|n| schema(&format!("{}-n", n % 90), 1 + n / 90, 9_000 + n, "n"));
    let records: Vec<Record> = more.chain([delete_subject("7-a", 9), clear("7-a"), clear(":.c:")]).collect();
    draft.add(&records).unwrap();
    assert_begins_anywhere(&*draft, anywhere);
}

/// More than some blocks of subjects and of versions, of which whole blocks are gone and others half deleted.
fn corpus() -> Vec<Record> {
    let mut records = Vec::new();
    let mut id = 0;
    for n in 0..600 {
        let subject = match n % 5 {
            0 => format!(":.c:{n}-a"),
            1 => format!(":.d:{n}-a"),
            _ => format!("{n}-a"),
        };
        for version in 1..=1 + n % 3 {
            id += 1;
            records.push(schema(&subject, version, id, &id.to_string()));
        }
        if n % 4 == 0 {
            records.push(delete_subject(&subject, 1 + n % 2));
        }
        if n % 8 == 0 || (100..300).contains(&n) {
            records.extend([delete_subject(&subject, 9), clear(&subject)]);
        }
    }
    // A subject that fills blocks alone, and one that a foreign log has left odd numbers.
    records.extend((1..=700).map(|n| schema("long", n, id + n, &format!("long {n}"))));
    records.extend([delete_subject("long", 300), tombstone("long", 17), tombstone("long", 650)]);
    records.extend([schema("odd", -1, 5_000, "odd"), schema("odd", 0, 5_001, "even"), schema("odd", 5, 5_002, "five")]);
    records
}

pub(super) fn a_listing_of_several_shows_each_subject_once(open: Open<'_>) {
    let store = plain(open);
    let names = ["a", "a-b", "a-c", "b", "c", ":.c:a", ":.c:b", "long", "longer"];
    write(&*store, (1..).zip(names).map(|(id, name)| schema(name, 1, id, name)).collect()).unwrap();
    let view = store.view().unwrap();
    let (a, a_b, every, c, one) = (
        SubjectPrefix::parse("a"),
        SubjectPrefix::parse("a-b"),
        SubjectPrefix::parse(":*:b"),
        SubjectPrefix::parse(":.c:"),
        Subject::parse("long"),
    );
    let several = [Subjects::One(&one), Subjects::Matching(&a_b), Subjects::Matching(&a), Subjects::Matching(&every)];
    let several = [Subjects::EachOf(&several), Subjects::Matching(&c), Subjects::One(&one)];
    let whole = [":.c:a", ":.c:b", "a", "a-b", "a-c", "b", "long"].map(Subject::parse);
    for at in 0..whole.len() {
        let found = subjects(&*view, Subjects::EachOf(&several), Standing::Live, Begin::Skipping(at as u64));
        assert_eq!(found, whole[at..]);
        let found = subjects(&*view, Subjects::EachOf(&several), Standing::Live, Begin::Behind(&whole[at]));
        assert_eq!(found, whole[at + 1..]);
    }
    let found = versions(&*view, Subjects::EachOf(&several), Standing::Any, Begin::Skipping(2));
    assert_eq!(found.into_iter().map(|version| version.subject).collect::<Vec<_>>(), whole[2..]);
}

pub(super) fn a_listing_goes_on_behind_what_is_gone(open: Open<'_>) {
    let store = plain(open);
    let mut records: Vec<Record> = ["a", "b", "c"].iter().map(|name| schema(name, 1, 1, "x")).collect();
    records.extend([
        schema("a", 2, 1, "x"),
        referring("d", 1, 2, "y", &[("a", 1)]),
        referring("e", 1, 3, "z", &[("a", 1)]),
    ]);
    records.extend([".p", ".q", ".r"].map(|name| context(name, true)));
    records.extend(["n/a", "n/b", "n/c"].map(|topic| associate(topic, "1", "s")));
    write(&*store, records).unwrap();
    let subject = Subject::parse;
    let gone = vec![tombstone("b", 1), tombstone("d", 1), context(".q", false), dissociate("n/b", "s")];
    let referrer = Referrer { subject: subject("d"), version: 1, id: 2, deleted: false };
    write(&*store, gone).unwrap();
    let view = store.view().unwrap();

    let everywhere = SubjectPrefix::EveryContext(String::new());
    assert_eq!(
        subjects(&*view, Subjects::Matching(&everywhere), Standing::Any, Begin::Behind(&subject("b"))),
        ["c", "e"].map(subject)
    );
    let behind = versions(&*view, Subjects::Matching(&everywhere), Standing::Any, Begin::Behind((&subject("b"), 1)));
    assert_eq!(behind.iter().map(|version| version.subject.as_str()).collect::<Vec<_>>(), ["c", "e"]);
    let mut found = Vec::new();
    let default = Context::default_context();
    let visit = &mut |Holder { subject, version }| {
        found.push(format!("{subject} {version}"));
        ControlFlow::Continue(())
    };
    view.holders_from(&default, 1, Some(&subject("a")), visit).unwrap();
    view.referrers_from(&subject("a"), 1, Some(&referrer), &mut |referrer| {
        found.push(format!("{} refers", referrer.subject));
        ControlFlow::Continue(())
    })
    .unwrap();
    view.contexts_from(Context::new(".q").as_ref(), &mut |context| {
        found.push(context.to_string());
        ControlFlow::Continue(())
    })
    .unwrap();
    let s = subject("s");
    let which = [
        Associations::All,
        Associations::OfSubject(&s),
        Associations::OfResource("1"),
        Associations::InNamespace("n"),
        Associations::Named("b"),
        Associations::NamedIn("n", "b"),
    ];
    for which in which {
        let visit = &mut |stored: StoredAssociation| {
            found.push(stored.key.resource_name);
            ControlFlow::Continue(())
        };
        view.associations_from(which, Some(&association_key("n/b", "s")), visit).unwrap();
    }
    assert_eq!(found, ["c 1", "e refers", ".r", "c", "c", "c", "c"]);
}
