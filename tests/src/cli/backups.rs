//! `freehold backup` and `freehold restore`: one file, taken while serving, that brings everything back or is refused.

use crate::harness::command::{Outcome, freehold, run};
use crate::harness::wait::{self, AtEnd};
use crate::harness::{Node, named, schema};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use tempfile::TempDir;

fn backup(data: &Path, file: &Path) -> Outcome {
    run(freehold().args(["backup", "--data"]).arg(data).arg(file))
}

fn restore(data: &Path, file: &Path) -> Outcome {
    run(freehold().args(["restore", "--data"]).arg(data).arg(file))
}

/// A registry with something of everything, and a backup of it.
fn sample(dir: &TempDir) -> (Node, PathBuf) {
    let node = Node::start();
    for name in ["A", "B", "C"] {
        node.register("plain", &schema(&json!({ "type": "enum", "name": name, "symbols": ["X"] })));
        node.put("/config/plain", &json!({ "compatibility": "NONE" })).ok();
    }
    let money = json!({ "type": "record", "name": "Money", "fields": [{ "name": "cents", "type": "long" }] });
    node.register("money", &schema(&money));
    let order = json!({ "type": "record", "name": "Order", "fields": [{ "name": "total", "type": "Money" }] });
    let references = json!([{ "name": "Money", "subject": "money", "version": 1 }]);
    node.register("order", &json!({ "schema": order.to_string(), "references": references }));
    let tagged = json!({ "schema": "\"int\"", "metadata": { "properties": { "owner": "me" } } });
    node.register("tagged", &tagged);
    node.register(":.other:plain", &named("Elsewhere"));
    node.delete("/subjects/plain/versions/2").ok();
    node.register("gone", &named("Gone"));
    node.delete("/subjects/gone").ok();
    node.delete("/subjects/gone?permanent=true").ok();
    node.put("/mode/tagged", &json!({ "mode": "READONLY" })).ok();
    node.put("/config", &json!({ "compatibility": "FULL" })).ok();
    let file = dir.path().join("backup");
    let said = backup(node.data(), &file).good();
    assert!(said.contains("verified"), "{said}");
    (node, file)
}

/// Everything that a registry shows.
fn shown(node: &Node) -> Vec<(String, Value)> {
    let mut targets = vec!["/subjects?deleted=true".to_owned(), "/schemas?subjectPrefix=:*:&deleted=true".to_owned()];
    targets.extend(["/contexts", "/config", "/mode", "/config/plain", "/mode/tagged"].map(str::to_owned));
    targets.extend((1..10).map(|id| format!("/schemas/ids/{id}?fetchMaxId=true")));
    targets.extend((1..10).map(|id| format!("/schemas/ids/{id}/versions?deleted=true")));
    targets.extend(["/subjects/money/versions/1/referencedby", "/schemas/ids/1?subject=:.other:"].map(str::to_owned));
    let mut caller = node.caller();
    targets.into_iter().map(|target| (target.clone(), caller.get(&target).json())).collect()
}

#[test]
fn a_restored_registry_answers_as_the_one_that_was_backed_up() {
    let dir = tempfile::tempdir().unwrap();
    let (node, file) = sample(&dir);
    let data = dir.path().join("restored");
    restore(&data, &file).good();
    let restored = Node::at(&data);
    assert_eq!(shown(&restored), shown(&node));
    // The id of the schema that is gone for good is not handed out again.
    let next = |node: &Node| node.register("new", &named("New"));
    assert_eq!(next(&restored), next(&node));
}

#[test]
fn a_stopped_registry_is_backed_up_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let node = Node::at(&data);
    node.register("s", &named("A"));
    node.stop();
    let file = dir.path().join("backup");
    backup(&data, &file).good();
    let restored = dir.path().join("restored");
    restore(&restored, &file).good();
    assert_eq!(Node::at(&restored).get("/subjects").ok(), json!(["s"]));
    let said = backup(&dir.path().join("nowhere"), &dir.path().join("other")).bad();
    assert!(said.contains("nowhere"), "{said}");
}

#[test]
fn a_backup_under_load_has_everything_acknowledged_before_it_began() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start();
    let (done, acknowledged) = (AtomicBool::new(false), AtomicU64::new(0));
    let file = dir.path().join("backup");
    let before = thread::scope(|scope| {
        for writer in 0..4 {
            let (node, done, acknowledged) = (&node, &done, &acknowledged);
            scope.spawn(move || {
                let mut caller = node.caller();
                for number in 0.. {
                    if done.load(Ordering::SeqCst) {
                        return;
                    }
                    caller.post(&format!("/subjects/s{writer}-{number}/versions"), &named("Same")).ok();
                    acknowledged.fetch_add(1, Ordering::SeqCst);
                }
            });
        }
        let _stop = AtEnd(|| done.store(true, Ordering::SeqCst));
        wait::until("some writes", || (acknowledged.load(Ordering::SeqCst) > 100).then_some(()));
        let before = acknowledged.load(Ordering::SeqCst);
        backup(node.data(), &file).good();
        before
    });
    let data = dir.path().join("restored");
    restore(&data, &file).good();
    let there = Node::at(&data).get("/subjects?limit=-1").ok().as_array().unwrap().len() as u64;
    assert!(there >= before && there <= acknowledged.into_inner(), "{there} of {before}");
}

#[test]
fn a_backup_overwrites_nothing_and_a_restore_fills_only_what_is_empty() {
    let dir = tempfile::tempdir().unwrap();
    let (node, file) = sample(&dir);
    let bytes = std::fs::read(&file).unwrap();
    let said = backup(node.data(), &file).bad();
    assert!(said.contains("does not overwrite"), "{said}");
    assert_eq!(std::fs::read(&file).unwrap(), bytes);

    let occupied = dir.path().join("occupied");
    std::fs::create_dir(&occupied).unwrap();
    std::fs::write(occupied.join("diary"), "mine").unwrap();
    let said = restore(&occupied, &file).bad();
    assert!(said.contains("is not empty"), "{said}");
    assert_eq!(std::fs::read_dir(&occupied).unwrap().count(), 1);
    let said = restore(node.data(), &file).bad();
    assert!(said.contains("is not empty"), "{said}");
}

#[test]
fn a_damaged_backup_is_refused_before_anything_is_written() {
    let dir = tempfile::tempdir().unwrap();
    let (_node, file) = sample(&dir);
    let whole = std::fs::read(&file).unwrap();
    let flipped = |at: usize| {
        let mut bytes = whole.clone();
        bytes[at] ^= 0x20;
        bytes
    };
    let damaged = [
        ("the first byte", flipped(0)),
        ("the format", flipped(17)),
        ("the middle", flipped(whole.len() / 2)),
        ("the checksum", flipped(whole.len() - 1)),
        ("cut in the middle", whole[..whole.len() / 2].to_vec()),
        ("cut at the end", whole[..whole.len() - 1].to_vec()),
        ("more at the end", [whole.as_slice(), b"x"].concat()),
        ("nothing", Vec::new()),
        ("another file", b"{\"subjects\":[]}".to_vec()),
    ];
    let data = dir.path().join("data");
    for (what, bytes) in damaged {
        let file = dir.path().join("damaged");
        std::fs::write(&file, bytes).unwrap();
        let said = restore(&data, &file).bad();
        assert!(said.contains("the backup cannot be used"), "{what}: {said}");
        assert!(!data.exists(), "{what}: {said}");
    }
    assert!(restore(&data, &dir.path().join("nowhere")).bad().contains("nowhere"));
    restore(&data, &file).good();
}
