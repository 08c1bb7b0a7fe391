//! Ids and versions under concurrency and over restarts, as clients see them.

use crate::harness::wait::AtEnd;
use crate::harness::{Caller, Node, named, schema};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

/// Registers at the same time, each over a connection of its own; id and version of each.
fn at_once(node: &Node, requests: Vec<(String, serde_json::Value)>) -> Vec<(u64, u64)> {
    thread::scope(|scope| {
        let one = |(subject, body): (String, serde_json::Value)| {
            scope.spawn(move || {
                let answer = node.post(&format!("/subjects/{subject}/versions"), &body).ok();
                (answer["id"].as_u64().unwrap(), answer["version"].as_u64().unwrap())
            })
        };
        let all: Vec<_> = requests.into_iter().map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    })
}

#[test]
fn concurrent_registrations_on_one_subject_get_versions_without_a_gap() {
    let node = Node::start();
    node.put("/config/s", &json!({ "compatibility": "NONE" })).ok();
    let given = at_once(&node, (0..64).map(|number| ("s".to_owned(), named(&format!("R{number}")))).collect());
    let versions: BTreeSet<u64> = given.iter().map(|(_, version)| *version).collect();
    let ids: BTreeSet<u64> = given.iter().map(|(id, _)| *id).collect();
    assert_eq!(versions, (1..=64).collect(), "{given:?}");
    assert_eq!(ids.len(), 64, "{given:?}");
    let listed = node.get("/subjects/s/versions").ok();
    assert_eq!(listed, json!((1..=64).collect::<Vec<u64>>()));
    for (id, version) in given {
        let stored = node.get(&format!("/subjects/s/versions/{version}")).ok();
        assert_eq!(stored["id"].as_u64(), Some(id), "version {version}");
    }
}

/// Each is compatible with the one before or refused; which one, is the order in which they were written.
#[test]
fn concurrent_registrations_are_judged_against_each_other() {
    let node = Node::start();
    let with = |number: u64| {
        let fields = json!([{ "name": format!("f{number}"), "type": "int" }]);
        schema(&json!({ "type": "record", "name": "R", "fields": fields }))
    };
    let statuses: Vec<u16> = thread::scope(|scope| {
        let node = &node;
        let one = |number| scope.spawn(move || node.post("/subjects/s/versions", &with(number)).status);
        let all: Vec<_> = (0..16).map(one).collect();
        all.into_iter().map(|one| one.join().unwrap()).collect()
    });
    let counts = |wanted| statuses.iter().filter(|status| **status == wanted).count();
    assert_eq!((counts(200), counts(409)), (1, 15), "{statuses:?}");
    assert_eq!(node.get("/subjects/s/versions").ok(), json!([1]));
}

/// Answers are cached between reads. Nobody may be served an older one after a newer one was acknowledged or seen.
#[test]
fn what_was_acknowledged_is_read_at_once_and_nothing_older_ever_after() {
    let node = Node::start();
    node.put("/config/s", &json!({ "compatibility": "NONE" })).ok();
    node.register("s", &named("R0"));
    let done = AtomicBool::new(false);
    let latest = |caller: &mut Caller| {
        let body = caller.get("/subjects/s/versions/latest").ok();
        body["version"].as_u64().unwrap()
    };
    thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| {
                let (mut caller, mut seen) = (node.caller(), 0);
                while !done.load(Ordering::SeqCst) {
                    let version = latest(&mut caller);
                    assert!(version >= seen, "{version} after {seen}");
                    seen = version;
                }
            });
        }
        let _stop = AtEnd(|| done.store(true, Ordering::SeqCst));
        let (mut writer, mut reader) = (node.caller(), node.caller());
        for number in 1..300 {
            let written = writer.post("/subjects/s/versions", &named(&format!("R{number}"))).ok();
            assert_eq!(written["version"], number + 1);
            assert_eq!(latest(&mut reader), number + 1);
        }
    });
    // A deletion is read at once as well.
    node.delete("/subjects/s/versions/300").ok();
    assert_eq!(latest(&mut node.caller()), 299);
}

#[test]
fn equal_content_has_one_id_in_every_subject() {
    let node = Node::start();
    let requests = (0..64).map(|number| (format!("s{number}"), named(&format!("R{}", number % 8)))).collect();
    let given = at_once(&node, requests);
    let mut by_content: BTreeMap<usize, BTreeSet<u64>> = BTreeMap::new();
    for (number, (id, version)) in given.into_iter().enumerate() {
        assert_eq!(version, 1);
        by_content.entry(number % 8).or_default().insert(id);
    }
    let ids: BTreeSet<u64> = by_content.values().flatten().copied().collect();
    assert!(by_content.values().all(|ids| ids.len() == 1) && ids.len() == 8, "{by_content:?}");
    let id = ids.first().unwrap();
    let holders = node.get(&format!("/schemas/ids/{id}/subjects")).ok();
    assert_eq!(holders.as_array().unwrap().len(), 8, "{holders}");
}

#[test]
fn an_id_is_never_handed_out_again_even_after_a_permanent_delete_and_a_restart() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::at(dir.path());
    let remove = |node: &Node, subject: &str| {
        node.delete(&format!("/subjects/{subject}")).ok();
        node.delete(&format!("/subjects/{subject}?permanent=true")).ok();
    };
    let first = node.register("s", &named("First"));
    remove(&node, "s");
    let second = node.register("s", &named("Second"));
    assert!(second > first, "{second} after {first}");
    remove(&node, "s");
    node.stop();
    let node = Node::at(dir.path());
    let third = node.register("s", &named("Third"));
    assert!(third > second, "{third} after {second}");
    remove(&node, "s");
    node.kill();
    let node = Node::at(dir.path());
    assert!(node.register("s", &named("Fourth")) > third);
    assert_eq!(node.get(&format!("/schemas/ids/{first}")).error_code(), 40403);
}
