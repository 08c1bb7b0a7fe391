//! Connections that are slow, half open, or do not speak HTTP as it should be spoken.

use super::lives;
use crate::harness::wait::DEADLINE;
use crate::harness::{Node, Reply, Settings};
use std::time::{Duration, Instant};

/// Short limits, so that a test sees them pass.
fn impatient() -> Node {
    Node::with(Settings::flags(&[
        "--http-head-timeout",
        "1",
        "--http-request-timeout",
        "2",
        "--http-body-limit",
        "1000",
    ]))
}

const GET: &str = "GET /subjects HTTP/1.1\r\nHost: localhost\r\n\r\n";

fn post(headers: &str, body: &str) -> String {
    format!(
        "POST /subjects/s/versions HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\n{headers}\r\n{body}"
    )
}

/// Sends all of it; what comes back until the server closes the connection.
fn reply_to(node: &Node, sent: &[u8]) -> Reply {
    let mut wire = node.wire();
    wire.send(sent);
    wire.reply()
}

/// The connection must end, and before that bring one answer with one of these statuses.
#[track_caller]
fn check(node: &Node, sent: &[u8], statuses: &[u16]) {
    let reply = reply_to(node, sent);
    let got = reply.statuses();
    let told = got.len() == 1 && statuses.contains(&got[0]);
    assert!(told, "{:.120}: {reply:?}", String::from_utf8_lossy(sent));
    // Also what is no request is told so as any other failure is.
    let Reply::Text(text) = &reply else { panic!("no answer") };
    let enveloped = text.contains(&format!("{{\"error_code\":{},\"message\":\"", got[0]));
    assert!(enveloped || got[0] < 400, "{:.120}: {text}", String::from_utf8_lossy(sent));
}

#[test]
fn connections_that_do_not_finish_their_head_are_closed() {
    let node = impatient();
    for unfinished in ["", "GET /subj", "GET /subjects HTTP/1.1\r\nHost: localhost\r\nX-Slow: "] {
        assert_eq!(reply_to(&node, unfinished.as_bytes()), Reply::Closed, "{unfinished:?}");
    }
    // A kept connection that stays idle, and one whose other half is closed.
    check(&node, GET.as_bytes(), &[200]);
    let mut wire = node.wire();
    wire.send(b"GET /subjects HTTP/1.1\r\nHost").half_close();
    assert_eq!(wire.reply(), Reply::Closed);
    lives(&node);
}

#[test]
fn a_head_that_drips_in_is_cut_off_all_the_same() {
    let node = impatient();
    let mut wire = node.wire();
    wire.send(b"GET /subjects HTTP/1.1\r\nHost: localhost\r\n");
    // One header line after another, each in time for an idle limit, without an end.
    let started = Instant::now();
    while wire.is_open() {
        assert!(started.elapsed() < DEADLINE, "the head never ends and the connection stays open");
        wire.send(b"X: x\r\n");
        std::thread::sleep(Duration::from_millis(50));
    }
    lives(&node);
}

#[test]
fn a_body_that_does_not_come_is_given_up() {
    let node = impatient();
    check(&node, post("Content-Length: 100\r\n", "{\"schema\"").as_bytes(), &[408]);
    check(&node, post("Transfer-Encoding: chunked\r\n", "5\r\n{\"sch\r\n").as_bytes(), &[408]);
    // One that is cut off cannot be anything but refused.
    let mut wire = node.wire();
    wire.send(post("Content-Length: 100\r\n", "{\"schema\"").as_bytes()).half_close();
    assert_eq!(wire.reply().statuses(), [400]);
    // A slow client is no failure of the server.
    assert!(!node.log().contains("ERROR"), "{}", node.log());
    lives(&node);
}

#[test]
fn a_body_larger_than_the_limit_is_refused_with_413_however_it_comes() {
    let node = impatient();
    let large = "x".repeat(5000);
    check(&node, post(&format!("Content-Length: {}\r\n", large.len()), &large).as_bytes(), &[413]);
    let chunks = format!("1388\r\n{large}\r\n0\r\n\r\n");
    check(&node, post("Transfer-Encoding: chunked\r\n", &chunks).as_bytes(), &[413]);
    // Only announced: nobody has to send it first.
    check(&node, post("Content-Length: 99999999999999\r\n", "").as_bytes(), &[413]);
    // An ordinary client is told and not cut off.
    let answer =
        node.caller().send("POST", "/subjects/s", &[("Content-Type", "application/json")], Some(large.as_bytes()));
    assert_eq!(answer.error_code(), 413);
    lives(&node);
}

#[test]
fn framing_that_two_readers_would_read_differently_is_refused() {
    let node = impatient();
    let body = "{\"schema\":\"\\\"int\\\"\"}";
    let (length, longer) = (body.len(), body.len() + GET.len());
    let smuggled = format!("{body}{GET}");
    check(
        &node,
        post(&format!("Content-Length: {length}\r\nContent-Length: {longer}\r\n"), &smuggled).as_bytes(),
        &[400],
    );
    check(&node, post("Content-Length: -1\r\n", body).as_bytes(), &[400]);
    check(&node, post("Content-Length: +5\r\n", body).as_bytes(), &[400]);
    check(&node, post("Content-Length: 99999999999999999999999\r\n", body).as_bytes(), &[400]);
    check(&node, post("Transfer-Encoding: chunked\r\n", "zz\r\nhello\r\n0\r\n\r\n").as_bytes(), &[400]);
    check(&node, post("Transfer-Encoding: chunked\r\n", "5\r\nhelloworld\r\n0\r\n\r\n").as_bytes(), &[400]);
    check(&node, post("Transfer-Encoding: chunked\r\n", "ffffffffffffffffff\r\nx").as_bytes(), &[400]);
    check(&node, post("Transfer-Encoding: gzip\r\n", body).as_bytes(), &[400]);
    check(&node, post("Transfer-Encoding: chunked, gzip\r\n", body).as_bytes(), &[400]);
    let both = format!("Content-Length: {length}\r\nTransfer-Encoding: chunked\r\n");
    let chunked = format!("{length:x}\r\n{body}\r\n0\r\n\r\n");
    check(&node, post(&both, &chunked).as_bytes(), &[400]);
    let both = format!("transfer-encoding: chunked\r\nCONTENT-LENGTH: {}\r\n", chunked.len());
    check(&node, post(&both, &chunked).as_bytes(), &[400]);
    // In a body it is no header.
    let chunk = "{\"schema\":\r\nContent-Length: 5\r\n";
    let chunked = format!("{:x}\r\n{chunk}\r\n0\r\n\r\n", chunk.len());
    let reply = reply_to(&node, post("Transfer-Encoding: chunked\r\n", &chunked).as_bytes());
    let Reply::Text(text) = &reply else { panic!("no answer") };
    assert!(reply.statuses() == [400] && !text.contains("both"), "{text}");
    lives(&node);
}

#[test]
fn a_request_names_one_host() {
    let node = impatient();
    check(&node, b"GET /subjects HTTP/1.1\r\n\r\n", &[400]);
    check(&node, b"GET /subjects HTTP/1.1\r\nHost: localhost\r\nHost: localhost\r\n\r\n", &[400]);
    let Reply::Text(old) = reply_to(&node, b"GET /subjects HTTP/1.0\r\n\r\n") else { panic!("no answer") };
    assert!(old.starts_with("HTTP/1.0 200"), "{old}");
    lives(&node);
}

#[test]
fn a_body_that_is_compressed_is_refused_with_the_reason() {
    let node = impatient();
    let body = br#"{"schema":"\"int\""}"#;
    for coding in ["gzip", "GZIP", "br, gzip", "identity, deflate"] {
        let headers = [("Content-Type", "application/json"), ("Content-Encoding", coding)];
        let answer = node.caller().send("POST", "/subjects/s/versions", &headers, Some(body));
        assert!(answer.error_code() == 415 && answer.text.contains(coding), "{answer:?}");
        assert_eq!(answer.header("accept-encoding"), Some("identity"));
    }
    let headers = [("Content-Type", "application/json"), ("Content-Encoding", "identity")];
    node.caller().send("POST", "/subjects/s/versions", &headers, Some(body)).ok();
    lives(&node);
}

#[test]
fn a_client_that_has_said_all_and_closed_its_half_is_answered() {
    let node = impatient();
    let body = "{\"schema\":\"\\\"int\\\"\"}";
    let chunked = format!("{:x}\r\n{body}\r\n0\r\n\r\n", body.len());
    let mut requests = vec![
        post(&format!("Content-Length: {}\r\n", body.len()), body),
        post("Transfer-Encoding: chunked\r\n", &chunked),
        GET.to_owned(),
    ];
    requests.push(format!("{}{}", requests[0], requests[1]));
    for request in requests {
        let mut wire = node.wire();
        wire.send(request.as_bytes()).half_close();
        let statuses = wire.reply().statuses();
        assert!(statuses.len() == request.matches("HTTP/1.1").count(), "{request}: {statuses:?}");
        assert!(statuses.iter().all(|status| *status == 200), "{request}: {statuses:?}");
    }
    lives(&node);
}

#[test]
fn duplicate_headers_are_one_list_or_a_refusal() {
    let node = impatient();
    let body = "{\"schema\":\"\\\"int\\\"\"}";
    let length = format!("Content-Length: {}\r\n", body.len());
    check(&node, post(&format!("{length}Content-Type: text/plain\r\n"), body).as_bytes(), &[400, 415]);
    check(
        &node,
        b"GET /subjects HTTP/1.1\r\nHost: localhost\r\nAccept: text/plain\r\nAccept: image/png\r\n\r\n",
        &[406],
    );
    check(&node, b"GET /subjects HTTP/1.1\r\nHost: localhost\r\nHost: 127.0.0.1\r\n\r\n", &[400, 403]);
    let two = [("X-Request-ID", "one"), ("X-Request-ID", "two")];
    let answer = node.caller().send("GET", "/subjects", &two, None);
    let id = answer.header("x-request-id").unwrap();
    assert!(answer.status == 200 && id != "one" && id != "two" && !id.contains(','), "{answer:?}");
    lives(&node);
}

#[test]
fn what_is_not_http_or_too_much_of_it_is_refused() {
    let node = impatient();
    let refused = [400, 405, 431];
    check(&node, b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", &refused); // TLS
    assert_eq!(reply_to(&node, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Reply::Closed);
    check(&node, b"GET / HTTP/9.9\r\n\r\n", &refused);
    check(&node, b"\0\0\0\0\r\n\r\n", &refused);
    check(&node, b"GET /subjects\xff HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, b"GET /a b HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, b"GET /subjects HTTP/1.1\r\nHost: localhost\r\nBroken header\r\n\r\n", &refused);
    check(&node, b"GET /subjects HTTP/1.1\r\nHost: localhost\r\nX: a\0b\r\n\r\n", &refused);
    check(&node, b"CONNECT x:1 HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, b"BREW /subjects HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, b"OPTIONS * HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, b"GET subjects HTTP/1.1\r\nHost: localhost\r\n\r\n", &refused);
    check(&node, format!("GET /subjects/{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(9000)).as_bytes(), &[414]);
    check(&node, format!("GET /{} HTTP/1.1\r\nHost: localhost\r\n\r\n", "x".repeat(1 << 20)).as_bytes(), &refused);
    check(
        &node,
        format!("GET / HTTP/1.1\r\nHost: localhost\r\nX: {}\r\n\r\n", "x".repeat(1 << 20)).as_bytes(),
        &refused,
    );
    check(&node, format!("GET / HTTP/1.1\r\nHost: localhost\r\n{}\r\n", "X: x\r\n".repeat(5000)).as_bytes(), &refused);
    lives(&node);
}

#[test]
fn pipelined_requests_are_answered_in_order_and_a_bad_one_ends_the_line() {
    let node = impatient();
    let mut wire = node.wire();
    wire.send(
        format!("{GET}GET /config HTTP/1.1\r\nHost: localhost\r\n\r\nGET /nothing HTTP/1.1\r\nHost: localhost\r\n\r\n")
            .as_bytes(),
    );
    let Reply::Text(text) = wire.reply() else { panic!("no answer") };
    let at = |part: &str| text.find(part).unwrap_or_else(|| panic!("{part:?} is not in {text}"));
    assert!(at("[]") < at("compatibilityLevel") && at("compatibilityLevel") < at("HTTP 404 Not Found"), "{text}");
    let mut wire = node.wire();
    wire.send(format!("{GET}garbage\r\n\r\n{GET}").as_bytes());
    assert_eq!(wire.reply().statuses(), [200, 400]);
    lives(&node);
}

#[test]
fn many_silent_connections_leave_room_for_those_that_speak() {
    let node = Node::with(Settings::flags(&["--http-connections", "4"]));
    let silent: Vec<_> = (0..3).map(|_| node.wire()).collect();
    lives(&node);
    drop(silent);
    let node = impatient();
    // More than there is room for would be, if the silent ones were not closed.
    let _silent: Vec<_> = (0..200).map(|_| node.wire()).collect();
    lives(&node);
}
