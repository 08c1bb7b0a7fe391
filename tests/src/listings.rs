//! Listings: pages that begin anywhere, and clients that do not read what they have asked for.

use crate::harness::{Node, named, wait};
use crate::metrics::value;
use serde_json::{Value, json};
use std::io::Write;
use std::net::TcpStream;

fn metric(node: &Node, name: &str) -> f64 {
    value(&node.get("/metrics").text, name)
}

#[test]
fn a_client_that_does_not_read_keeps_a_piece_and_one_that_goes_away_nothing() {
    const LARGE: usize = 24;
    let node = Node::start();
    let doc = "x".repeat(1 << 20);
    for n in 0..LARGE {
        let schema = json!({ "type": "record", "name": format!("R{n}"), "doc": doc, "fields": [] });
        node.register(&format!("s{n}"), &json!({ "schema": schema.to_string() }));
    }
    let mut stuck = TcpStream::connect(&node.address).unwrap();
    stuck.write_all(b"GET /schemas HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
    wait::until("the listing has begun", || (metric(&node, "freehold_streams") == 1.0).then_some(()));
    // Others get all of theirs meanwhile.
    assert_eq!(node.get("/schemas").ok().as_array().unwrap().len(), LARGE);
    assert_eq!(metric(&node, "freehold_streams"), 1.0);
    let pieces = metric(&node, "freehold_stream_pieces_total");
    // What the sockets hold is of the kernel, some megabytes.
    assert!(pieces < 2.0 * LARGE as f64 - 4.0, "{pieces} pieces were made, as if both had been read");
    drop(stuck);
    wait::until("nobody makes pieces for nobody", || (metric(&node, "freehold_streams") == 0.0).then_some(()));
}

#[test]
fn any_page_is_a_part_of_the_whole() {
    let node = Node::start();
    assert_eq!(node.caller().put("/config", &json!({ "compatibility": "NONE" })).status, 200);
    for n in 0..12 {
        for version in 0..3 {
            node.register(&format!("s{n:02}"), &named(&format!("R{version}")));
        }
    }
    node.delete("/subjects/s03").ok();
    node.delete("/subjects/s05/versions/2").ok();
    let everything = ["/schemas?", "/schemas?deleted=true&", "/schemas?latestOnly=true&", "/schemas?subjectPrefix=s1&"];
    let names = ["/subjects?", "/subjects?deletedOnly=true&", "/subjects/s05/versions?deletedAsNegative=true&"];
    let ids = ["/schemas/ids/1/subjects?", "/schemas/ids/1/versions?deleted=true&", "/contexts?"];
    for target in everything.iter().chain(&names).chain(&ids) {
        let get = |page: &str| node.get(&format!("{target}{page}")).ok().as_array().unwrap().clone();
        let whole = get("");
        assert!(!whole.is_empty(), "{target}");
        for offset in [0, 1, 7, whole.len() - 1, whole.len(), 99] {
            for limit in [1, 4, 99] {
                let page: Vec<Value> = whole.iter().skip(offset).take(limit).cloned().collect();
                assert_eq!(get(&format!("offset={offset}&limit={limit}")), page, "{target} {offset} {limit}");
            }
        }
    }
}

#[test]
fn a_namespace_lists_what_it_owns_and_the_rest_are_orphans() {
    let node = Node::start();
    let mut caller = node.caller();
    let names = ["a", "a-b", "a-b-c", "a.x", "ab", "b", ":.c:a", ":.c:b", ":.d:a", "d-1"];
    for name in names {
        node.register(name, &named("R"));
    }
    let claims = |claims: &[&str]| json!({ "claims": claims });
    for (name, claims) in [("one", claims(&["a", "=b", ":.c:"])), ("two", claims(&["a-b", ":.d:a"]))] {
        assert_eq!(caller.put(&format!("/namespaces/{name}?confirm=true"), &claims).status, 201);
    }
    let owned: [(&str, &[&str]); 3] = [
        ("/namespaces/one/subjects", &[":.c:a", ":.c:b", "a", "a.x", "b"]),
        ("/namespaces/two/subjects", &[":.d:a", "a-b", "a-b-c"]),
        ("/namespaces/-/orphans", &["ab", "d-1"]),
    ];
    for (target, subjects) in owned {
        assert_eq!(node.get(target).ok(), json!(subjects), "{target}");
        for offset in 0..=subjects.len() {
            let page = node.get(&format!("{target}?offset={offset}&limit=2")).ok();
            assert_eq!(page, json!(subjects[offset..].iter().take(2).collect::<Vec<_>>()), "{target} {offset}");
        }
    }
}

#[test]
fn schemas_in_the_answer_to_a_batch_are_bounded() {
    let node = Node::start();
    let mut caller = node.caller();
    let doc = "x".repeat(3 << 20);
    let mut requests = Vec::new();
    for n in 0..8 {
        let schema = json!({ "type": "record", "name": "R", "doc": doc, "fields": [] });
        node.register(&format!("t{n}-value"), &json!({ "schema": schema.to_string() }));
        let association = json!({ "subject": format!("t{n}-value"), "associationType": "value", "lifecycle": "WEAK" });
        let resource = json!({
            "resourceName": format!("t{n}"), "resourceNamespace": "n", "resourceId": format!("id{n}"),
            "resourceType": "topic", "associations": [association],
        });
        assert_eq!(caller.post("/associations", &resource).status, 200);
        requests.push(json!({ "resourceId": format!("id{n}") }));
    }
    let answer = caller.post("/associations:batchGet?includeSchemas=true", &json!({ "requests": requests }));
    assert_eq!(answer.status, 207);
    let results = answer.json()["results"].as_array().unwrap().clone();
    let refused =
        |result: &Value| result["error"]["message"].as_str().is_some_and(|text| text.contains("16777216 bytes"));
    let shown = results.iter().take_while(|result| !refused(result)).count();
    assert!(shown == 6 && results[shown..].iter().all(refused), "{shown} of {}", results.len());
}

#[test]
fn a_listing_of_namespaces_is_short_whoever_belongs_to_them() {
    let node = Node::start();
    let mut caller = node.caller();
    let members: Value =
        (0..500).map(|n| (format!("user:basic/u{n}"), json!("writer"))).collect::<serde_json::Map<_, _>>().into();
    for name in ["cards", "payments", "risk"] {
        let whole = json!({ "claims": [name], "members": members, "contact": format!("#{name}") });
        assert_eq!(caller.put(&format!("/namespaces/{name}"), &whole).status, 201);
    }
    let listed = node.get("/namespaces?offset=1&limit=1").ok();
    let payments = json!({
        "name": "payments", "claimCount": 1, "memberCount": 500, "offerCount": 0, "contact": "#payments",
        "visibility": "open", "referrers": "anyone",
    });
    assert_eq!(listed, json!([payments]));
    assert_eq!(node.get("/namespaces").ok().as_array().unwrap().len(), 3);
    let page = node.get("/namespaces/payments/members?offset=498&limit=5").ok();
    assert_eq!(page, json!({ "user:basic/u98": "writer", "user:basic/u99": "writer" }));
    assert_eq!(node.get("/namespaces/payments/claims?offset=1").ok(), json!([]));
    assert_eq!(node.get("/namespaces/payments").ok()["members"].as_object().unwrap().len(), 500);
}
