//! Many connections at once, and clients that do not take what they asked for.

use super::lives;
use crate::harness::{Node, Settings, Wire, named, wait};
use serde_json::{Value, json};

const PATIENT: [&str; 4] = ["--http-head-timeout", "1h", "--http-write-timeout", "1h"];

fn node(flags: &[&str]) -> Node {
    Node::with(Settings::flags(&[&PATIENT[..], flags].concat()))
}

fn get(target: &str) -> String {
    format!("GET {target} HTTP/1.1\r\nHost: localhost\r\n\r\n")
}

/// Registers a schema whose text has so many bytes.
fn large(node: &Node, subject: &str, bytes: usize) -> u64 {
    let avro = json!({ "type": "record", "name": "R", "doc": subject.repeat(bytes / subject.len()), "fields": [] });
    node.register(subject, &json!({ "schema": avro.to_string() }))
}

/// Asked for so many times, it is more than the kernel takes in for a client that does not read.
const LARGE: usize = 3 << 20;
const TIMES: usize = 6;

/// Asks for a schema many times and reads only the beginning of the first answer.
fn deaf(node: &Node, id: u64) -> Wire {
    let mut wire = node.wire();
    let again = get(&format!("/schemas/ids/{id}"));
    let last = again.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n");
    wire.send(format!("{}{last}", again.repeat(TIMES - 1)).as_bytes()).read_until("HTTP/1.1 200");
    wire
}

/// Was the client cut off before it had all its answers?
fn was_cut_off(deaf: Wire) -> bool {
    // The first one has begun to be read.
    deaf.reply().statuses().len() < TIMES - 1
}

#[test]
fn idle_connections_give_way_to_new_ones() {
    let node = node(&["--http-connections", "8"]);
    let mut first = node.wire();
    first.send(get("/subjects").as_bytes()).read_until("[]");
    let mut crowd: Vec<_> = (0..100).map(|_| node.wire()).collect();
    lives(&node);
    assert!(!first.is_open());
    // Those that came last may still be there; one in the middle of its head is not more than they are.
    crowd.iter_mut().for_each(|wire| {
        wire.send(b"GET /subj");
    });
    crowd.extend((0..100).map(|_| node.wire()));
    lives(&node);
    drop(crowd);
    assert_eq!(node.get("/health/ready").status, 200);
}

#[test]
fn clients_that_do_not_read_leave_room_for_health_and_then_for_everybody() {
    let node = node(&["--http-connections", "4"]);
    let id = large(&node, "large", LARGE);
    let deaf: Vec<_> = (0..4).map(|_| deaf(&node, id)).collect();
    // At once, while all places may be taken.
    for target in ["/health/live", "/health/ready", "/metrics"] {
        assert_eq!(node.get(target).status, 200);
    }
    // Once they have taken nothing for a while, they give way.
    wait::until("somebody else is answered", || {
        let answer = node.get("/subjects");
        assert!(
            answer.status == 200 || answer.error_code() == 503 && answer.header("retry-after").is_some(),
            "{answer:?}"
        );
        (answer.status == 200).then_some(())
    });
    lives(&node);
    assert!(deaf.into_iter().any(was_cut_off), "nobody gave way");
}

#[test]
fn answers_that_are_not_taken_stay_within_their_budget() {
    let node = node(&["--http-answer-memory", "10000000"]);
    // One of them is more than the kernel takes in for somebody who does not read.
    let (first, second) = (large(&node, "one", 8 << 20), large(&node, "two", 8 << 20));
    let deaf = deaf(&node, first);
    // Others have to wait until the one who does not read is cut off; small ones never.
    wait::until("another large answer", || {
        assert_eq!(node.get("/subjects").status, 200);
        let answer = node.get(&format!("/schemas/ids/{second}"));
        assert!(
            answer.status == 200 || answer.error_code() == 503 && answer.header("retry-after").is_some(),
            "{answer:?}"
        );
        (answer.status == 200).then_some(())
    });
    assert!(was_cut_off(deaf));
    lives(&node);
}

#[test]
fn bodies_that_do_not_come_leave_their_memory_to_others() {
    let node = node(&["--http-body-memory", "1", "--http-body-limit", "250000", "--http-request-timeout", "1h"]);
    // There is room for one body of many values, and then for none of some length.
    let silent = || {
        let mut wire = node.wire();
        let head = "POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200000\r\n\r\n";
        wire.send(head.as_bytes()).send(b"{\"x\": [").send(&b"{\"a\":0},".repeat(1200));
        wire
    };
    let avro = json!({ "type": "record", "name": "R", "doc": "d".repeat(200_000), "fields": [] });
    let body = json!({ "schema": avro.to_string() });
    let (mut holds, mut refused) = (silent(), false);
    wait::until("somebody else's body", || {
        let answer = node.post("/subjects/t/versions", &body);
        assert!(answer.status == 200 || answer.error_code() == 503, "{answer:?}");
        let through = answer.status == 200;
        if through && !refused {
            // The other one has not been read yet, or found no room.
            holds = silent();
        }
        refused |= !through;
        (through && refused).then_some(())
    });
    wait::until("the silent one is cut off", || (!holds.is_open()).then_some(()));
    lives(&node);
}

#[test]
fn a_client_that_takes_nothing_of_its_answer_is_cut_off() {
    let node = Node::with(Settings::flags(&["--http-write-timeout", "1", "--log-level", "debug"]));
    let id = large(&node, "large", LARGE);
    let deaf = deaf(&node, id);
    node.logged(|line| line.contains("takes too little of its answers"));
    assert!(was_cut_off(deaf));
    lives(&node);
}

#[test]
fn connections_leave_the_store_the_files_that_it_needs() {
    let flags = ["--store-memtable", "65536"].map(str::to_owned).into();
    let node = Node::with(Settings { flags, open_files: Some(256), ..Settings::default() });
    node.logged(|line| line.contains("fewer connections than http.connections") && line.contains("open_files=256"));
    node.logged(|line| line.contains("serving") && line.contains("connections="));
    let crowd: Vec<_> = (0..300).map(|_| node.wire()).collect();
    // Enough for new tables.
    for number in 0..20 {
        let doc: String = (0..10_000_u64)
            .map(|at| format!("{:x}", (at + number * 7919).wrapping_mul(0x9e37_79b9_7f4a_7c15)))
            .collect();
        let avro = json!({ "type": "record", "name": "R", "doc": doc, "fields": [] });
        node.register(&format!("s{number}"), &json!({ "schema": avro.to_string() }));
    }
    assert_eq!(node.get("/health/ready").status, 200);
    drop(crowd);
    lives(&node);
}

#[test]
fn what_the_kernel_has_accepted_is_answered_before_a_stop() {
    let mut node = Node::start();
    node.register("s", &named("A"));
    let mut kept = node.wire();
    kept.send(get("/subjects").as_bytes()).read_until("[\"s\"]");
    node.freeze();
    kept.send(get("/subjects").as_bytes());
    let mut waiting: Vec<_> = (0..300).map(|_| node.wire()).collect();
    for wire in &mut waiting {
        wire.send(get("/subjects").as_bytes());
    }
    node.terminate();
    node.thaw();
    for wire in waiting.into_iter().chain([kept]) {
        assert_eq!(wire.reply().statuses(), [200]);
    }
    let (status, log) = node.ended();
    assert!(status.success(), "{log}");
}

/// Many small values take far more memory than their text.
#[test]
fn bodies_of_many_values_take_bounded_memory_and_give_it_back() {
    let node = Node::start();
    let headers = [("Content-Type", "application/json")];
    let dense = |values: usize| {
        let values: Vec<Value> = (0..values).map(|_| json!({ "a": 0 })).collect();
        json!({ "schema": "\"int\"", "x": values }).to_string()
    };
    let before = node.resident();
    let refused = node.caller().send("POST", "/subjects/s/versions", &headers, Some(dense(1_300_000).as_bytes()));
    assert!(refused.error_code() == 413 && refused.text.contains("too many values"), "{refused:?}");
    let most = dense(50_000);
    std::thread::scope(|scope| {
        for _ in 0..5 {
            scope.spawn(|| {
                let answer = node.caller().send("POST", "/subjects/s/versions", &headers, Some(most.as_bytes()));
                assert!(answer.status == 200 || answer.error_code() == 503, "{answer:?}");
            });
        }
    });
    let (peak, bound) = (node.peak(), before + (300 << 20));
    assert!(peak < bound, "{} MiB at most", peak >> 20);
    wait::until("memory is given back", || (node.resident() < before + (40 << 20)).then_some(()));
    lives(&node);
}
