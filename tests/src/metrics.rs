//! `GET /metrics`: the documented names, counts of what was done, and no more series than the route table allows.

use crate::harness::{Node, named, wait};
use serde_json::json;
use std::collections::BTreeSet;

/// The samples of a page: name with labels, value.
fn samples(page: &str) -> Vec<(&str, f64)> {
    let lines = page.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.rsplit_once(' ').unwrap()).map(|(name, value)| (name, value.parse().unwrap())).collect()
}

pub fn value(page: &str, name: &str) -> f64 {
    let samples = samples(page);
    let found = samples.iter().find(|(known, _)| *known == name);
    found.unwrap_or_else(|| panic!("{name} is not in:\n{page}")).1
}

#[test]
fn metrics_count_what_was_done() {
    let node = Node::start();
    let id = node.register("a", &named("A"));
    node.register("b", &named("A"));
    node.put("/config/b", &json!({ "compatibility": "NONE" })).ok();
    node.register("b", &named("B"));
    node.delete("/subjects/b/versions/1").ok();
    for _ in 0..3 {
        node.get(&format!("/schemas/ids/{id}")).ok();
    }
    assert_eq!(node.get("/schemas/ids/99").status, 404);
    assert_eq!(node.get("/nothing").status, 404);
    let answer = node.get("/metrics");
    assert_eq!(answer.header("content-type"), Some("text/plain; version=0.0.4; charset=utf-8"));
    let page = answer.text;
    #[track_caller]
    fn check(page: &str, name: &str, expected: f64) {
        assert_eq!(value(page, name), expected, "{name}");
    }
    check(&page, r#"freehold_http_requests_total{operation="subjects.versions.register",status="200"}"#, 3.0);
    check(&page, r#"freehold_http_requests_total{operation="schemas.ids.get-schema",status="200"}"#, 3.0);
    check(&page, r#"freehold_http_requests_total{operation="schemas.ids.get-schema",status="404"}"#, 1.0);
    check(&page, r#"freehold_http_requests_total{operation="none",status="404"}"#, 1.0);
    check(&page, r#"freehold_http_request_duration_seconds_count{operation="subjects.versions.register"}"#, 3.0);
    check(&page, "freehold_subjects", 2.0);
    check(&page, "freehold_versions", 3.0);
    check(&page, "freehold_schemas", 2.0);
    check(&page, "freehold_store_writable", 1.0);
    check(&page, "freehold_commits_total", 5.0);
    check(&page, "freehold_commit_group_size_sum", 5.0);
    let syncs = value(&page, "freehold_syncs_total");
    assert!((1.0..=5.0).contains(&syncs), "{syncs}");
    check(&page, "freehold_commit_duration_seconds_count", syncs);
    // The first of three reads of an id makes the answer, the others find it.
    assert!(value(&page, "freehold_response_cache_hits_total") >= 2.0);
    assert!(value(&page, "freehold_response_cache_misses_total") >= 1.0);
}

/// A registry that nobody has asked anything has no series of operations; sizes, queues and the process are there.
#[test]
fn an_idle_registry_shows_few_series_and_what_it_takes_up() {
    let node = Node::start();
    let page = node.get("/metrics").text;
    let count = samples(&page).len();
    assert!(count < 100, "{count} series:\n{page}");
    assert!(!page.contains("operation="), "{page}");
    let before = value(&page, r#"freehold_store_bytes{part="log"}"#);
    for number in 0..20 {
        node.register("s", &json!({ "schema": format!(r#"{{"type":"fixed","name":"F","size":{}}}"#, number % 2 + 1) }));
        node.put("/config", &json!({ "compatibility": "NONE" })).ok();
    }
    let page = node.get("/metrics").text;
    assert!(value(&page, r#"freehold_store_bytes{part="log"}"#) > before, "{page}");
    assert_eq!(value(&page, r#"freehold_versions_by_format{format="AVRO"}"#), value(&page, "freehold_versions"));
    for queue in ["writer", "parse", "list"] {
        assert_eq!(value(&page, &format!(r#"freehold_queue_length{{queue="{queue}"}}"#)), 0.0);
    }
    let operation = r#"freehold_http_request_duration_seconds_bucket{operation="subjects.versions.register",le="15"}"#;
    assert_eq!(value(&page, operation), 20.0);
    assert!(page.contains("freehold_build_info{commit=\"") && page.contains("version=\"0."), "{page}");
    for name in ["cpu_seconds_total", "resident_memory_bytes", "open_fds", "max_fds", "threads", "start_time_seconds"] {
        assert!(value(&page, &format!("process_{name}")) > 0.0, "{name}");
    }
    let told = value(&page, "process_resident_memory_bytes") as u64;
    assert!(told.abs_diff(node.resident()) < 16 << 20, "{told} and {}", node.resident());
}

#[test]
fn connections_are_counted_while_they_are_open() {
    let node = Node::start();
    let open: Vec<_> = (0..5)
        .map(|_| {
            let mut caller = node.caller();
            caller.get("/").ok();
            caller
        })
        .collect();
    let mut asks = node.caller();
    assert_eq!(value(&asks.get("/metrics").text, "freehold_connections"), 6.0);
    drop(open);
    wait::until("they are gone", || (value(&asks.get("/metrics").text, "freehold_connections") == 1.0).then_some(()));
}

/// Names of subjects, ids, odd methods and unknown paths make no series of their own.
#[test]
fn labels_are_bounded_whatever_clients_send() {
    let node = Node::start();
    let mut caller = node.caller();
    let mut ask = |from: usize| {
        for number in from..from + 50 {
            caller.get(&format!("/subjects/s{number}/versions"));
            caller.get(&format!("/nothing/{number}"));
            caller.send(&format!("ODD{number}"), "/subjects", &[], None);
            caller.get(&format!("/schemas/ids/{number}?x={number}"));
        }
        let page = caller.get("/metrics").text;
        let names: BTreeSet<String> = samples(&page).into_iter().map(|(name, _)| name.to_owned()).collect();
        names
    };
    // The first page does not yet count itself.
    ask(0);
    let names = ask(100);
    assert_eq!(names, ask(200));
    assert!(!names.iter().any(|name| name.contains("s123") || name.contains("ODD")), "{names:?}");
}
