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
