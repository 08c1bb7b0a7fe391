//! References that turn back on themselves, lead nowhere, or never end.

use super::lives;
use crate::harness::{Answer, Node, named};
use serde_json::{Value, json};

fn referring(name: &str, references: &[(&str, &str, i64)]) -> Value {
    let fields: Vec<Value> =
        references.iter().map(|(name, ..)| json!({ "name": name.to_lowercase(), "type": name })).collect();
    let references: Vec<Value> = references
        .iter()
        .map(|(name, subject, version)| json!({ "name": name, "subject": subject, "version": version }))
        .collect();
    json!({ "schema": json!({ "type": "record", "name": name, "fields": fields }).to_string(), "references": references })
}

fn register(node: &Node, subject: &str, body: &Value) -> Answer {
    node.post(&format!("/subjects/{subject}/versions"), body)
}

#[test]
fn references_to_nothing_and_to_oneself_are_refused() {
    let node = Node::start();
    #[track_caller]
    fn check(node: &Node, reference: (&str, &str, i64)) {
        assert_eq!(register(node, "a", &referring("A", &[reference])).error_code(), 42201);
    }
    check(&node, ("B", "nobody", 1));
    check(&node, ("A", "a", 1));
    check(&node, ("A", "a", -1));
    check(&node, ("B", "b", 0));
    check(&node, ("B", "b", i64::from(i32::MAX)));
    lives(&node);
}

/// A cycle would need a version that was registered before what it refers to. Every way to bring that about is shut.
#[test]
fn a_cycle_cannot_be_made_by_deleting_and_registering_again() {
    let node = Node::start();
    node.register("a", &named("A"));
    node.register("b", &referring("B", &[("A", "a", 1)]));
    assert_eq!(node.delete("/subjects/a/versions/1").error_code(), 42206);
    assert_eq!(node.delete("/subjects/a").error_code(), 42206);
    // With the referrer out of sight, the version can go for good, and its number is free.
    node.delete("/subjects/b").ok();
    for target in ["/subjects/a", "/subjects/a?permanent=true"] {
        let answer = node.delete(target);
        assert!(answer.status == 200 || answer.error_code() == 42206, "{answer:?}");
    }
    let closing = register(&node, "a", &referring("A", &[("B", "b", 1)]));
    assert_eq!(closing.error_code(), 42201, "{closing:?}");
    // The referrer cannot come back to life over something else either.
    let again = register(&node, "b", &referring("B", &[("A", "a", 1)]));
    assert!(again.status == 200 || again.error_code() == 42201, "{again:?}");
    for target in ["/subjects/b/versions/1?deleted=true&format=resolved", "/schemas/ids/2?format=resolved"] {
        let answer = node.get(target);
        assert!(answer.status < 500, "{target}: {answer:?}");
    }
    lives(&node);
}

#[test]
fn a_long_chain_of_references_is_followed_or_refused_in_bounded_time() {
    let node = Node::start();
    node.register("s0", &named("S0"));
    let mut last = 0;
    for number in 1..=300 {
        let before = format!("s{}", number - 1);
        let body = referring(&format!("S{number}"), &[(&before.to_uppercase(), &before, 1)]);
        let answer = register(&node, &format!("s{number}"), &body);
        if answer.status != 200 {
            assert_eq!(answer.error_code(), 42201, "{answer:?}");
            break;
        }
        last = number;
    }
    assert!(last >= 10, "no chain of a reasonable length is followed: {last}");
    let answer = node.get(&format!("/subjects/s{last}/versions/1?format=resolved"));
    assert!(answer.status < 500, "{answer:?}");
    lives(&node);
}

/// Every schema refers twice to each schema of the level below: read as a tree it has 2^25 leaves.
#[test]
fn references_that_share_what_they_refer_to_are_read_once() {
    let node = Node::start();
    node.register("l0", &named("L0"));
    node.register("r0", &named("R0"));
    for level in 1..=25 {
        let (left, right) = (format!("l{}", level - 1), format!("r{}", level - 1));
        let below = [(left.to_uppercase(), left), (right.to_uppercase(), right)];
        let below = [(below[0].0.as_str(), below[0].1.as_str(), 1), (below[1].0.as_str(), below[1].1.as_str(), 1)];
        for side in ["L", "R"] {
            let body = referring(&format!("{side}{level}"), &below);
            let answer = register(&node, &format!("{}{level}", side.to_lowercase()), &body);
            assert_eq!(answer.status, 200, "{answer:?}");
        }
    }
    let answer = node.get("/subjects/l25/versions/1?format=resolved");
    assert_eq!(answer.status, 200, "{:.300}", answer.text);
    lives(&node);
}

/// A small request that names few large schemas often: they are read once, and too many bytes of them are refused unread.
#[test]
fn references_that_repeat_large_schemas_cost_what_the_schemas_cost() {
    let node = Node::start();
    for number in 0..20 {
        let text = json!({ "type": "record", "name": format!("T{number}"), "doc": "d".repeat(700_000), "fields": [] });
        node.register(&format!("t{number}"), &crate::harness::schema(&text));
    }
    let repeating = |targets: usize| {
        let references: Vec<Value> = (0..4_000)
            .map(|n| json!({ "name": format!("n{n}"), "subject": format!("t{}", n % targets), "version": 1 }))
            .collect();
        let text = json!({ "type": "record", "name": "R", "fields": [{ "name": "f", "type": "T1" }] }).to_string();
        json!({ "schema": text, "references": references })
    };
    let all = register(&node, "all", &repeating(20));
    assert_eq!(all.error_code(), 42201, "{:.300}", all.text);
    assert!(all.text.contains("8388608 bytes"), "{:.300}", all.text);
    let some = register(&node, "some", &repeating(5));
    assert_eq!(some.status, 200, "{:.300}", some.text);
    for _ in 0..3 {
        let checked = node.post("/compatibility/subjects/some/versions", &repeating(5));
        assert_eq!(checked.status, 200, "{:.300}", checked.text);
        assert_eq!(node.get("/subjects/some/versions/1?format=resolved").status, 200);
    }
    let resident = node.resident();
    assert!(resident < 400 << 20, "{} MiB resident", resident >> 20);
    lives(&node);
}
