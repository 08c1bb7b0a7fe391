//! Clauses on views, changes and questions.

use super::{Groups, Held, Open, plain, versions, write};
use crate::{
    Associations, AuditEntry, Deks, Derivation, Derived, Error, Feed, Holder, KeyCounts, Limits, Progress, Referrer,
    Schemes, State, Store, StoredAssociation, StoredVersion, SubjectSummary, Totals,
};
use model::{Context, Fingerprint, Mode, Position, Record, SchemaType, Subject, SubjectPrefix, Version};
use state::contract::records::*;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

pub(super) fn a_view_does_not_change_under_its_reader(open: Open<'_>) {
    let store = plain(open);
    write(&*store, vec![schema("s", 1, 1, "a")]).unwrap();
    let view = store.view().unwrap();
    write(&*store, vec![schema("s", 2, 2, "b"), delete_subject("s", 1)]).unwrap();
    write(&*store, vec![tombstone("s", 1)]).unwrap();
    assert_eq!(view.position(), Position { registry: 1, internal: 0 });
    assert_eq!(versions(&*view, "s"), [1]);
    let only = view.version(&Subject::parse("s"), 1).unwrap().unwrap();
    assert!(!only.deleted && view.text(&only.text).unwrap().as_deref() == Some("a"));
    assert_eq!(versions(&*store.view().unwrap(), "s"), [2]);
}

pub(super) fn no_reader_sees_half_a_commit(open: Open<'_>) {
    let store = plain(open);
    let done = AtomicBool::new(false);
    // Ends the reader also when a commit fails.
    struct Done<'a>(&'a AtomicBool);
    impl Drop for Done<'_> {
        fn drop(&mut self) {
            self.0.store(true, Ordering::Relaxed);
        }
    }
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| {
            let mut views = 0;
            while !done.load(Ordering::Relaxed) {
                let view = store.view().unwrap();
                let (left, right) = (versions(&*view, "left"), versions(&*view, "right"));
                assert_eq!(left, right, "a commit is of both or of none");
                assert_eq!(view.position().registry, 2 * left.len() as u64);
                assert_eq!(view.position().internal, left.len() as u64);
                views += 1;
            }
            views
        });
        let ends = Done(&done);
        for n in 1..=100 {
            let text = n.to_string();
            let records = vec![schema("left", n, n, &text), high_water(".", n), schema("right", n, n, &text)];
            write(&*store, records).unwrap();
        }
        drop(ends);
        assert!(reader.join().unwrap() > 0);
    });
}

pub(super) fn changes_come_in_the_order_of_commits(open: Open<'_>) {
    let store = plain(open);
    let written: Vec<Record> = (1..=400)
        .map(|n| match n % 3 {
            0 => high_water(".", n),
            _ => schema("s", n, n, &n.to_string()),
        })
        .collect();
    for records in written.chunks(7) {
        write(&*store, records.to_vec()).unwrap();
    }
    let all = store.changes(0, usize::MAX).unwrap();
    assert_eq!(all.iter().map(|stamped| stamped.record.clone()).collect::<Vec<_>>(), written);

    let view = store.view().unwrap();
    assert_eq!(view.position(), Position { registry: 267, internal: 133 });
    assert_eq!(view.feed(), Feed { first: 0, next: 400 });
    let brief = store.changes_without_texts(0, usize::MAX).unwrap();
    assert!(brief.iter().zip(&all).all(|(brief, whole)| brief.record.touched() == whole.record.touched()));
    assert_eq!(brief.len(), all.len());
    for from in [0, 1, 7, 255, 256, 257, 399, 400, 401, u64::MAX] {
        let expected = all.get(from.min(400) as usize..).unwrap();
        assert_eq!(store.changes(from, usize::MAX).unwrap(), expected, "from {from}");
        let few = &expected[..expected.len().min(5)];
        assert_eq!(store.changes(from, 5).unwrap(), few, "five from {from}");
    }
}

pub(super) fn old_records_are_let_go_and_what_they_said_stays(open: Open<'_>) {
    let store = open(Arc::new(()), Limits { kept_records: 10, ..Limits::default() });
    let fill = |from: i32| (from..from + 7).map(|n| schema("s", n, n, &n.to_string())).collect::<Vec<_>>();
    for (from, feed) in [(1, (0, 7)), (8, (0, 14)), (15, (11, 21)), (22, (11, 28)), (29, (25, 35))] {
        write(&*store, fill(from)).unwrap();
        let (first, next) = feed;
        assert_eq!(store.view().unwrap().feed(), Feed { first, next });
        let kept = store.changes(first, usize::MAX).unwrap();
        assert_eq!(kept.iter().map(|stamped| stamped.position).collect::<Vec<_>>(), (first..next).collect::<Vec<_>>());
        let before = first.checked_sub(1).map(|before| store.changes(before, 1));
        assert!(before.is_none_or(|before| before == Err(Error::Gone { first })));
    }
    let view = store.view().unwrap();
    assert_eq!(versions(&*view, "s"), (1..=35).collect::<Vec<_>>());
    let first = view.version(&Subject::parse("s"), 1).unwrap().unwrap();
    assert_eq!(view.text(&first.text).unwrap().as_deref(), Some("1"));
}

pub(super) fn the_position_is_watched(open: Open<'_>) {
    let store = plain(open);
    let mut watch = store.watch();
    assert_eq!(*watch.borrow_and_update(), Position::default());
    write(&*store, vec![schema("s", 1, 1, "a"), high_water(".", 1)]).unwrap();
    assert!(watch.has_changed().unwrap());
    assert_eq!(*watch.borrow_and_update(), Position { registry: 1, internal: 1 });
    write(&*store, vec![]).unwrap();
    assert!(!watch.has_changed().unwrap(), "nothing was written");
}

/// Versions that may mean the same as a schema with a fingerprint of scheme 1, and whether of some nothing is known.
fn equivalents(view: &dyn State, subject: &str, value: u64) -> (Vec<Version>, bool) {
    let fingerprint = Fingerprint { scheme: 1, value };
    let found = view.equivalents(&Subject::parse(subject), &SchemaType::Avro, fingerprint).unwrap();
    (found.versions, found.unknown)
}

pub(super) fn what_is_derived_is_filled_in_beside_the_records(open: Open<'_>) {
    let groups = Arc::new(Groups::default());
    let store = open(groups.clone(), Limits::default());
    write(&*store, vec![fingerprinted("s", 1, 1, "a", 7), schema("s", 2, 2, "b"), schema("s", 3, 3, "c")]).unwrap();
    let (seen, through) = (groups.seen(), store.view().unwrap().feed().next);
    let of = |version| {
        let stored = store.view().unwrap().version(&Subject::parse("s"), version).unwrap().unwrap();
        let StoredVersion { subject, version, guid, text, .. } = stored;
        let derivation = Derivation { scheme: 1, value: Some(version as u64 * 10) };
        Derived::Fingerprint { subject, version, guid, text, derivation }
    };
    let schemes = Schemes::new(|schema_type| u8::from(*schema_type == SchemaType::Avro));
    let progress = Progress { schemes, through: Some(through) };
    let derived = vec![of(2), of(3), Derived::Fingerprints(progress)];

    // The third is gone when it is filled in, and one like it has not the same content.
    let held = Held::new(&*store);
    let change = store.submit(Box::new(|_| Ok(vec![tombstone("s", 3), schema("s", 3, 4, "d")])));
    let answer = store.derive(derived);
    held.release();
    change.blocking_recv().unwrap().unwrap();
    assert!(answer.blocking_recv().unwrap().unwrap().records.is_empty());
    let view = store.view().unwrap();
    assert_eq!(equivalents(&*view, "s", 20), (vec![3, 2], true));
    assert_eq!(view.fingerprints().unwrap(), Some(progress));
    assert_eq!(groups.seen(), [seen, vec![(2, 1)]].concat(), "what is derived is no commit");
    drop(view);

    let position = *store.watch().borrow();
    store.derive(vec![of(3)]).blocking_recv().unwrap().unwrap();
    let view = store.view().unwrap();
    assert_eq!(
        [20, 30, 7].map(|value| equivalents(&*view, "s", value)),
        [(vec![2], false), (vec![3], false), (vec![1], false),]
    );
    assert_eq!((view.position(), groups.seen().len()), (position, 2));
    drop(view);
    store.close().unwrap();
    let refused = store.derive(vec![]).blocking_recv().unwrap();
    assert!(matches!(refused, Err(Error::Closed)), "{refused:?}");
}

/// The fold is tested beside itself; this is about the store keeping and finding what was folded.
pub(super) fn all_questions_are_answered_from_what_is_stored(open: Open<'_>) {
    let store = plain(open);
    let level = model::Config { normalize: Some(true), ..model::Config::default() };
    write(
        &*store,
        vec![
            fingerprinted("base", 1, 1, "a", 7),
            referring("s", 1, 2, "b", &[("base", 1)]),
            schema("s", 2, 1, "a"),
            schema(":.c:s", 1, 1, "a"),
            deleted("t", 3, 5, "c"),
            config("s", Some(level.clone())),
            mode(":.c:s", Some(Mode::Import)),
            context(".c", true),
            high_water(".c", 9),
            associate("n/orders", "1", "s"),
            associate("n/cards", "2", "s"),
            put_kek(a_kek("k")),
            put_dek(a_dek("k", "s", 1)),
        ],
    )
    .unwrap();
    let view = store.view().unwrap();
    let subject = Subject::parse;
    let (default, c) = (Context::default_context(), Context::new(".c").unwrap());
    let summary = |versions, live, highest, latest, bytes| SubjectSummary { versions, live, highest, latest, bytes };

    assert_eq!(view.totals().unwrap(), Totals { subjects: 4, versions: 5, live_versions: 4, ..Totals::default() });
    assert_eq!(view.subject(&subject("t")).unwrap(), Some(summary(1, 0, 3, None, 1)));
    assert_eq!(view.subject(&subject("none")).unwrap(), None);
    let listed = |prefix: &str| list(&*view, prefix);
    assert_eq!(listed(":*:"), [":.c:s", "base", "s", "t"].map(subject));
    assert_eq!(listed(""), ["base", "s", "t"].map(subject));
    assert_eq!(listed(":.c:"), [":.c:s"].map(subject));
    assert_eq!(view.version(&subject("s"), 3).unwrap(), None);
    assert_eq!(equivalents(&*view, "base", 7), (vec![1], false));
    assert_eq!(equivalents(&*view, "s", 7), (vec![2, 1], true));

    let mut holders = Vec::new();
    let visit = &mut |holder| {
        holders.push(holder);
        ControlFlow::Continue(())
    };
    view.holders(&default, 1, visit).unwrap();
    let holder = |name, version| Holder { subject: subject(name), version };
    assert_eq!(holders, [holder("base", 1), holder("s", 2)]);
    let newest = |subject: &str| view.newest_holder(&Subject::parse(subject), 1).unwrap();
    assert_eq!([newest("base"), newest("s"), newest("bas"), newest("s2")], [Some(1), Some(2), None, None]);
    let guid = schema_record("s", 1, 1, "a").content.guid();
    assert_eq!(view.ids_in(&c, guid).unwrap(), [1]);
    assert_eq!(view.ids_of(guid, usize::MAX).unwrap(), [(default.clone(), 1), (c.clone(), 1)]);
    assert_eq!(view.ids_of(guid, 1).unwrap(), [(default.clone(), 1)]);
    assert_eq!((view.highest_id(&default).unwrap(), view.high_water(&default).unwrap()), (Some(5), None));
    assert_eq!((view.highest_id(&c).unwrap(), view.high_water(&c).unwrap()), (Some(1), Some(9)));
    let referrer = Referrer { subject: subject("s"), version: 1, id: 2, deleted: false };
    assert_eq!(view.referrers(&subject("base"), 1).unwrap(), [referrer]);
    assert_eq!(view.config(&subject("s")).unwrap(), Some(level));
    let mut configs = vec![];
    let everywhere = SubjectPrefix::EveryContext(String::new());
    let visit = &mut |scope, _| {
        configs.push(scope);
        ControlFlow::Continue(())
    };
    view.configs(&everywhere, visit).unwrap();
    assert_eq!(configs, [subject("s")]);
    assert_eq!(view.mode(&subject(":.c:s")).unwrap(), Some(Mode::Import));
    assert_eq!(view.scopes_with_mode(&c).unwrap(), [subject(":.c:s")]);
    assert!(view.has_context(&c).unwrap() && !view.has_context(&Context::new(".d").unwrap()).unwrap());
    assert_eq!(view.contexts().unwrap(), [c]);
    let associated = |which| {
        let mut found = Vec::new();
        let visit = &mut |stored: StoredAssociation| {
            found.push(stored.key.resource_name);
            ControlFlow::Continue(())
        };
        view.associations(which, visit).unwrap();
        found
    };
    let s = subject("s");
    assert_eq!(associated(Associations::OfSubject(&s)), ["cards", "orders"]);
    assert_eq!(associated(Associations::OfResource("1")), ["orders"]);
    assert_eq!(associated(Associations::InNamespace("n")), ["cards", "orders"]);
    assert_eq!(associated(Associations::NamedIn("n", "cards")), ["cards"]);
    assert_eq!(view.kek("k").unwrap().map(|stored| stored.kek), Some(a_kek("k")));
    assert_eq!(view.dek(&a_dek("k", "s", 1).id).unwrap().map(|stored| stored.dek), Some(a_dek("k", "s", 1)));
    assert_eq!(view.key_counts().unwrap(), KeyCounts { keks: 1, shared_keks: 0, deks: 1 });
}

pub(super) fn namespaces_and_the_audit_are_kept_and_forgotten(open: Open<'_>) {
    let store = plain(open);
    let (payments, risk) = (namespace("payments", "payments"), namespace("risk", ":.risk:"));
    let bigger = model::Namespace { contact: Some("#payments".into()), ..payments.clone() };
    let mut records =
        vec![put_namespace(risk.clone()), put_namespace(payments), put_namespace(namespace("gone", "gone"))];
    records.extend([put_namespace(bigger.clone()), remove_namespace("gone"), remove_namespace("never")]);
    records.extend([audit("a", Some("risk")), audit("b", None), audit("c", Some("risk"))]);
    write(&*store, records).unwrap();
    let shown = |namespace: Option<&str>, to: u64| {
        let mut found = Vec::new();
        let visit = &mut |entry: AuditEntry| {
            found.push(entry);
            ControlFlow::Continue(())
        };
        store.view().unwrap().audit(namespace.map(id), 0..to, visit).unwrap();
        found
    };
    let names = |namespace| shown(namespace, u64::MAX).into_iter().map(|entry| entry.record.name).collect::<Vec<_>>();
    let view = store.view().unwrap();
    assert_eq!(view.namespaces().unwrap(), [bigger.clone(), risk.clone()]);
    // Behind the six records of namespaces; those of the audit do not count.
    assert_eq!(view.namespaces_at().unwrap(), 6);
    assert_eq!(view.namespace(&risk.name).unwrap(), Some(risk));
    assert_eq!(view.namespace(&"gone".parse().unwrap()).unwrap(), None);
    assert_eq!(names(None), ["c", "b", "a"]);
    assert_eq!(names(Some("risk")), ["c", "a"]);
    assert_eq!(names(Some("payments")), [""; 0]);
    let newest = shown(None, u64::MAX).remove(0);
    assert_eq!(newest.number, 3);
    assert_eq!(shown(Some("risk"), newest.number).len(), 1, "paging goes on before the last entry shown");
    assert_eq!((view.audit_since(newest.at).unwrap(), view.audit_since(newest.at + 1).unwrap()), (1, 4));
    assert_eq!(view.audit_log().age(), Some(newest.at));
    write(&*store, vec![forget(4), audit("d", Some("risk"))]).unwrap();
    assert_eq!((names(None), names(Some("risk"))), (vec!["d".to_owned()], vec!["d".to_owned()]));
    let left = shown(None, u64::MAX).remove(0);
    assert_eq!((left.number, left.previous), (4, newest.hash()), "the chain goes on from what is forgotten");
    write(&*store, vec![forget(u64::MAX)]).unwrap();
    let log = store.view().unwrap().audit_log();
    assert_eq!((log.first, log.next, log.hash, log.age()), (5, 5, left.hash(), None));
}

fn list(state: &dyn State, prefix: &str) -> Vec<Subject> {
    let mut found = Vec::new();
    let visit = &mut |subject, _| {
        found.push(subject);
        ControlFlow::Continue(())
    };
    state.subjects(&SubjectPrefix::parse(prefix), visit).unwrap();
    found
}

/// Everything that a store knows but for how it came to know it, to compare two of them.
pub(super) fn everything(store: &dyn Store) -> impl PartialEq + std::fmt::Debug + use<> {
    let view = store.view().unwrap();
    let subjects = list(&*view, ":*:");
    let versions: Vec<_> = subjects.iter().flat_map(|subject| view.versions(subject).unwrap()).collect();
    let mut configs = Vec::new();
    let visit = &mut |scope, config| {
        configs.push((scope, config));
        ControlFlow::Continue(())
    };
    view.configs(&SubjectPrefix::parse(":*:"), visit).unwrap();
    let modes: Vec<_> = subjects.iter().map(|subject| view.mode(subject).unwrap()).collect();
    let settings = (configs, modes, view.contexts().unwrap());
    let mut associations = Vec::new();
    let visit = &mut |stored| {
        associations.push(stored);
        ControlFlow::Continue(())
    };
    view.associations(Associations::All, visit).unwrap();
    let namespaces = view.namespaces().unwrap();
    let mut audit = Vec::new();
    let visit = &mut |entry| {
        audit.push(entry);
        ControlFlow::Continue(())
    };
    view.audit(None, 0..u64::MAX, visit).unwrap();
    let whole = (view.audit_log(), audit);
    let (mut keks, mut deks) = (Vec::new(), Vec::new());
    let visit = &mut |stored| {
        keks.push(stored);
        ControlFlow::Continue(())
    };
    view.keks_from(None, visit).unwrap();
    let visit = &mut |stored| {
        deks.push(stored);
        ControlFlow::Continue(())
    };
    view.deks_from(Deks::All, None, visit).unwrap();
    let keys = (view.key_counts().unwrap(), keks, deks);
    let whole = (whole, keys);
    (view.totals().unwrap(), subjects, versions, settings, namespaces, associations, whole)
}
