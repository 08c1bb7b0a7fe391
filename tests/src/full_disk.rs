//! A disk that is full while clients write.

use crate::harness::{Node, command, named};
use serde_json::{Value, json};
use std::path::Path;
use std::process::Command;

/// Random text, which no compression makes smaller.
fn bulky(number: u64) -> Value {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        format!("{state:016x}")
    };
    let doc: String = (0..600).map(|_| next()).collect();
    let avro = json!({ "type": "record", "name": format!("R{number}"), "doc": doc, "fields": [] });
    json!({ "schema": avro.to_string() })
}

#[test]
fn a_full_disk_refuses_writes_keeps_reads_and_loses_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let Some(disk) = Disk::mount(dir.path(), "8m") else {
        // To the terminal, past the capture of the test runner: whoever relies on this test must know.
        let _ = std::fs::write("/dev/stderr", "SKIPPED: full_disk, since mounting a small file system needs root\n");
        return;
    };
    let data = dir.path().join("data");
    let node = Node::at(&data);
    let mut caller = node.caller();
    let mut acknowledged = Vec::new();
    let refusal = loop {
        let number = acknowledged.len() as u64;
        let answer = caller.post(&format!("/subjects/s{number}/versions"), &bulky(number));
        if answer.status != 200 {
            break answer;
        }
        acknowledged.push(answer.json()["id"].as_u64().unwrap());
        assert!(number < 10_000, "the disk is never full");
    };
    assert_eq!((refusal.status, refusal.error_code()), (500, 50001), "{refusal:?}");
    assert!(!refusal.text.contains(&data.display().to_string()), "{refusal:?}");
    assert!(acknowledged.len() > 50, "{}", acknowledged.len());

    assert_eq!(node.post("/subjects/t/versions", &named("T")).error_code(), 50001, "writes stay refused");
    assert_eq!(node.delete("/subjects/s0").error_code(), 50001);
    check(&node, &acknowledged);
    let ready = node.get("/health/ready");
    assert!(ready.status == 503 && ready.json()["status"] == "read-only", "{ready:?}");
    let said = command::freehold_with(&["healthcheck", "--listen", &node.address]).bad();
    assert!(said.contains("not ready") && said.contains("read-only"), "{said}");
    assert_eq!(node.get("/health/live").status, 200);
    assert!(node.get("/metrics").text.contains("\nfreehold_store_writable 0\n"));
    node.stop();

    disk.grow("64m");
    let node = Node::at(&data);
    assert_eq!(node.get("/health/ready").status, 200);
    check(&node, &acknowledged);
    node.register("t", &named("T"));
}

#[track_caller]
fn check(node: &Node, acknowledged: &[u64]) {
    let mut caller = node.caller();
    for (number, id) in acknowledged.iter().enumerate() {
        let stored = caller.get(&format!("/subjects/s{number}/versions/1")).ok();
        assert_eq!(stored["id"].as_u64(), Some(*id), "s{number}");
    }
}

/// A small file system in memory.
struct Disk<'a>(&'a Path);

impl<'a> Disk<'a> {
    fn mount(dir: &'a Path, size: &str) -> Option<Self> {
        let mut mount = Command::new("mount");
        mount.args(["-t", "tmpfs", "-o", &format!("size={size}"), "tmpfs"]).arg(dir);
        mount.output().is_ok_and(|done| done.status.success()).then_some(Disk(dir))
    }

    fn grow(&self, size: &str) {
        let mut mount = Command::new("mount");
        assert!(mount.args(["-o", &format!("remount,size={size}")]).arg(self.0).status().unwrap().success());
    }
}

impl Drop for Disk<'_> {
    fn drop(&mut self) {
        // Lazily: a failed test may still have files open.
        let _ = Command::new("umount").arg("-l").arg(self.0).status();
    }
}
