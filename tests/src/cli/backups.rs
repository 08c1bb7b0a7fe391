//! `freehold backup` and `freehold restore`: one file, taken while serving, that brings everything back or is refused.

use crate::harness::command::{Outcome, freehold, run};
use crate::harness::wait::{self, AtEnd};
use crate::harness::{Node, named, schema};
use serde_json::{Value, json};
use std::io::{Read, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Duration;
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
fn a_restored_registry_finds_what_means_the_same_before_and_after_its_fingerprints_are_computed() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start();
    let spelled = |order: [&str; 2], n: usize| {
        let properties = order.map(|name| format!(r#""{name}":{n}"#));
        json!({ "schema": format!(r#"{{"type":"string",{}}}"#, properties.join(",")) })
    };
    node.put("/config/s", &json!({ "compatibility": "NONE" })).ok();
    for n in 1..=100 {
        node.register("s", &spelled(["a", "b"], n));
    }
    let (file, data) = (dir.path().join("backup"), dir.path().join("restored"));
    backup(node.data(), &file).good();
    restore(&data, &file).good();
    let restored = Node::at(&data);
    let check = |when: &str| {
        for n in [1, 70, 100] {
            let found = restored.post("/subjects/s", &spelled(["b", "a"], n)).ok();
            assert_eq!(found["version"], json!(n), "{when}");
        }
        assert_eq!(restored.post("/subjects/s", &spelled(["b", "a"], 101)).status, 404, "{when}");
    };
    check("before");
    restored.logged(|line| line.contains("fingerprints") && line.contains("count=100"));
    check("after");
    assert_eq!(restored.register("s", &spelled(["b", "a"], 70)), node.register("s", &spelled(["b", "a"], 70)));
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

/// Killed before a byte of the backup has been written, let alone all: what is there is not an empty registry.
#[test]
fn a_restore_that_is_killed_leaves_nothing_that_starts() {
    let dir = tempfile::tempdir().unwrap();
    let (_node, file) = sample(&dir);
    let (data, pipe) = (dir.path().join("data"), dir.path().join("pipe"));
    assert!(Command::new("mkfifo").arg(&pipe).status().unwrap().success());
    let mut restoring = freehold();
    restoring.args(["restore", "--data"]).arg(&data).arg(&pipe);
    let mut child = restoring.stdin(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let bytes = std::fs::read(&file).unwrap();
    let mut writing = std::fs::File::options().write(true).open(&pipe).unwrap();
    writing.write_all(&bytes[..100]).unwrap();
    wait::until("the directory is marked", || data.join("RESTORING").exists().then_some(()));
    child.kill().unwrap();
    child.wait().unwrap();
    drop(writing);

    for command in ["serve", "backup"] {
        let said = run(freehold().args([command, "--data"]).arg(&data).args(match command {
            "serve" => vec!["--listen".into(), "127.0.0.1:0".into()],
            _ => vec![dir.path().join("other").into_os_string()],
        }))
        .bad();
        let sentence = format!("a restore into the data directory {} was not finished", data.display());
        assert!(said.contains(&sentence), "{command}: {said}");
    }
    // Nothing but the mark is there, so it can be done again.
    restore(&data, &file).good();
    assert!(!data.join("RESTORING").exists());
    assert!(Node::at(&data).get("/subjects").ok().as_array().unwrap().len() > 2);
}

#[test]
fn silent_clients_of_the_control_socket_delay_no_backup_and_are_dropped() {
    let dir = tempfile::tempdir().unwrap();
    let node = Node::start();
    node.register("s", &named("A"));
    let connect = || UnixStream::connect(node.data().join("control.sock")).unwrap();
    let mut silent: Vec<_> = (0..5).map(|_| connect()).collect();
    silent[0].write_all(b"back").unwrap();
    backup(node.data(), &dir.path().join("backup")).good();
    for stream in &mut silent {
        stream.set_read_timeout(Some(Duration::from_secs(30))).unwrap();
        assert_eq!(stream.read(&mut [0]).unwrap(), 0);
    }
    // More than can be served at once are refused, and nobody after them.
    let many: Vec<_> = (0..30).map(|_| connect()).collect();
    wait::until("one is refused", || {
        let mut said = String::new();
        many.iter().find_map(|mut stream| {
            stream.set_read_timeout(Some(Duration::from_millis(10))).unwrap();
            let _ = stream.read_to_string(&mut said);
            said.contains("too many backups").then_some(())
        })
    });
    drop(many);
    let again = dir.path().join("again");
    wait::until("a backup is taken", || backup(node.data(), &again).status.success().then_some(()));
}
