//! `kill -9` in the middle of writes: what was acknowledged is there after a restart. (A kill leaves the system's page cache;
//! what a power failure leaves is tested where the store is.)

use crate::harness::wait::{self, AtEnd};
use crate::harness::{Node, named};
use std::collections::BTreeMap;
use std::sync::Mutex;
use std::thread;

const ROUNDS: usize = 5;
const WRITERS: usize = 8;

/// What a writer was told: the id of its subject's version.
type Acknowledged = Mutex<BTreeMap<(String, u64), u64>>;

fn write_until_it_dies(node: &Node, round: usize, writer: usize, acknowledged: &Acknowledged) {
    let mut caller = node.caller();
    // Half of the writers share a subject with another.
    let subject = format!("s{}", writer / 2);
    for number in 0.. {
        let body = named(&format!("R{round}W{writer}N{number}")).to_string();
        let target = format!("/subjects/{subject}/versions");
        let headers = [("Content-Type", conformance::JSON)];
        let Ok(answer) = caller.try_send("POST", &target, &headers, Some(body.as_bytes())) else { return };
        let answer = answer.ok();
        let (version, id) = (answer["version"].as_u64().unwrap(), answer["id"].as_u64().unwrap());
        let twice = acknowledged.lock().unwrap().insert((subject.clone(), version), id);
        assert!(twice.is_none(), "version {version} of {subject} was given twice: {twice:?} and {id}");
    }
}

#[test]
fn what_was_acknowledged_survives_kills_under_load() {
    let dir = tempfile::tempdir().unwrap();
    let acknowledged = Acknowledged::default();
    let node = Node::at(dir.path());
    // Records of different names: no version is compatible with the one before.
    node.put("/config", &serde_json::json!({ "compatibility": "NONE" })).ok();
    node.kill();
    for round in 0..ROUNDS {
        let node = Node::at(dir.path());
        let before = acknowledged.lock().unwrap().len();
        thread::scope(|scope| {
            for writer in 0..WRITERS {
                let (node, acknowledged) = (&node, &acknowledged);
                scope.spawn(move || write_until_it_dies(node, round, writer, acknowledged));
            }
            let _kill = AtEnd(|| node.kill_running());
            wait::until("some writes are acknowledged", || {
                (acknowledged.lock().unwrap().len() > before + 50 * (round + 1)).then_some(())
            });
        });
        drop(node);
        check(&Node::at(dir.path()), &acknowledged.lock().unwrap());
    }
}

#[track_caller]
fn check(node: &Node, acknowledged: &BTreeMap<(String, u64), u64>) {
    let mut caller = node.caller();
    for ((subject, version), id) in acknowledged {
        let stored = caller.get(&format!("/subjects/{subject}/versions/{version}")).ok();
        assert_eq!(stored["id"].as_u64(), Some(*id), "version {version} of {subject}: {stored}");
        let by_id = caller.get(&format!("/schemas/ids/{id}")).ok();
        assert_eq!(by_id["schema"], stored["schema"]);
    }
    // No half of a commit: what was not acknowledged and is there all the same is whole, and without gaps.
    for subject in caller.get("/subjects").ok().as_array().unwrap() {
        let subject = subject.as_str().unwrap();
        let versions = caller.get(&format!("/subjects/{subject}/versions?limit=-1")).ok();
        let versions: Vec<u64> = versions.as_array().unwrap().iter().map(|version| version.as_u64().unwrap()).collect();
        assert_eq!(versions, (1..=versions.len() as u64).collect::<Vec<_>>(), "{subject}");
    }
}
