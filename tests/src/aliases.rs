//! A request is about one subject, also where the alias that it names comes to stand for another one meanwhile.

use crate::harness::{Node, Reply, Wire, named};
use serde_json::{Value, json};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

fn stands_for(node: &Node, subject: &str) {
    node.put("/config/alias", &json!({ "alias": subject })).ok();
}

/// A request whose body is still to come, once the registry waits for it.
fn begun(node: &Node, target: &str, body: &Value) -> Wire {
    let mut wire = node.wire();
    let length = body.to_string().len();
    let head = format!(
        "POST {target} HTTP/1.1\r\nHost: {}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\
         Expect: 100-continue\r\nConnection: close\r\n\r\n",
        node.url().trim_start_matches("http://")
    );
    wire.send(head.as_bytes()).read_until("100 Continue\r\n\r\n");
    wire
}

/// The answer, once the body has come.
#[track_caller]
fn finished(mut wire: Wire, body: &Value) -> Value {
    wire.send(body.to_string().as_bytes());
    let Reply::Text(text) = wire.reply() else { panic!("no answer") };
    assert!(text.starts_with("HTTP/1.1 200"), "{text}");
    serde_json::from_str(text.split_once("\r\n\r\n").unwrap().1).unwrap()
}

/// Two subjects that have two of three schemas each: `b` is version 2 of one and version 1 of the other.
fn two_subjects() -> (Node, [Value; 3], [u64; 3]) {
    let node = Node::start();
    let bodies = ["A", "B", "C"].map(named);
    let (a, b) = (node.register("old", &bodies[0]), node.register("old-b", &bodies[1]));
    let c = node.register("new-c", &bodies[2]);
    for subject in ["old", "new"] {
        node.put(&format!("/config/{subject}"), &json!({ "compatibility": "NONE" })).ok();
    }
    node.register("old", &bodies[1]);
    node.register("new", &bodies[2]);
    node.register("new", &bodies[0]);
    (node, bodies, [a, b, c])
}

#[test]
fn an_alias_that_changes_while_a_body_arrives_never_answers_with_another_schema() {
    let (node, [a, _, _], [id, ..]) = two_subjects();
    // In `old` it is version 1, and version 2 is another schema; in `new` it is version 2.
    for target in ["/subjects/alias/versions", "/subjects/alias"] {
        stands_for(&node, "old");
        let slow = begun(&node, target, &a);
        stands_for(&node, "new");
        for _ in 0..2 {
            assert_eq!(node.post(target, &a).ok()["version"], 2);
        }
        let answer = finished(slow, &a);
        assert_eq!((&answer["id"], &answer["version"]), (&json!(id), &json!(2)), "{target}");
    }
}

#[test]
fn a_change_is_written_where_the_alias_points_when_it_is_written() {
    let (node, [_, b, _], [_, id, _]) = two_subjects();
    stands_for(&node, "old");
    let slow = begun(&node, "/subjects/alias/versions", &b);
    stands_for(&node, "new");
    let answer = finished(slow, &b);
    assert_eq!((&answer["id"], &answer["version"]), (&json!(id), &json!(3)));
    assert_eq!(node.get("/subjects/new/versions").ok(), json!([1, 2, 3]));
    assert_eq!(node.get("/subjects/old/versions").ok(), json!([1, 2]));
}

#[test]
fn an_answer_is_true_of_what_was_sent_however_often_the_alias_changes() {
    let (node, ..) = two_subjects();
    stands_for(&node, "old");
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        let registering: Vec<_> = (0..3)
            .map(|connection| {
                let node = &node;
                scope.spawn(move || {
                    let mut caller = node.caller();
                    for number in 0..40 {
                        let body = named(&format!("R{connection}x{}", number / 2));
                        let answer = caller.post("/subjects/alias/versions", &body);
                        if answer.status == 503 {
                            continue;
                        }
                        let id = answer.ok()["id"].clone();
                        let text = |body: &Value| body["schema"].as_str().unwrap().parse::<Value>().unwrap();
                        assert_eq!(text(&caller.get(&format!("/schemas/ids/{id}")).ok()), text(&body));
                    }
                })
            })
            .collect();
        let done = &done;
        let node = &node;
        scope.spawn(move || {
            while !done.load(Ordering::SeqCst) {
                stands_for(node, "new");
                stands_for(node, "old");
            }
        });
        let ended: Vec<_> = registering.into_iter().map(thread::ScopedJoinHandle::join).collect();
        done.store(true, Ordering::SeqCst);
        ended.into_iter().for_each(|one| one.unwrap());
    });
}
