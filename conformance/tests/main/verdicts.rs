//! What must make a run or a replay fail, one wrong thing at a time.

use conformance::traces::{Coverage, Deviations, Pair, Recorded, Trace, replay, replay_with};
use conformance::{Failure, Options, cases, http};

use crate::server::{Reply, serve};

fn headers(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    pairs.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect()
}

const TYPED: [(&str, &str); 2] = [("content-type", conformance::JSON), ("x-request-id", "1")];

/// A recording of one pair.
fn recording(name: &str, status: u16, recorded: &[(&str, &str)], body: &str) -> Trace {
    let request = http::Request { method: "GET".into(), target: "/x".into(), ..http::Request::default() };
    let answer = Recorded { status, headers: headers(recorded), body: body.into() };
    Trace { name: name.into(), prefix: "q".into(), pairs: vec![Pair { request, answer }] }
}

#[test]
fn a_recorded_answer_fails_for_each_thing_that_is_wrong() {
    let recorded = [("content-type", conformance::JSON), ("x-request-id", "present")];
    let body = r#"{"error_code":40403,"message":"Schema not found"}"#;
    let check = |status: u16, sent: &[(&str, &str)], answer: &str, problem: &str| {
        let (sent, answer) = (headers(sent), answer.to_owned());
        let url = serve(move |_| Reply { status, headers: sent.clone(), body: answer.clone().into() });
        let trace = recording("t", 404, &recorded, body);
        let report = replay_with(&trace, &url, &Coverage::whole(), &Deviations::none());
        match &report.failures[..] {
            [] => assert_eq!(problem, "", "should have failed"),
            [failure] => assert!(!problem.is_empty() && failure.to_string().contains(problem), "{failure}"),
            more => panic!("{more:?}"),
        }
    };
    check(404, &TYPED, body, "");
    check(200, &TYPED, body, "status: expected 404, got 200");
    check(
        404,
        &TYPED,
        r#"{"error_code":40401,"message":"Schema not found"}"#,
        "/error_code: expected 40403, got 40401",
    );
    check(404, &TYPED, r#"{"error_code":40403,"message":"nope"}"#, "/message: expected \"Schema not found\"");
    check(404, &TYPED, r#"{"error_code":40403}"#, "/message: expected \"Schema not found\", got no such member");
    check(404, &TYPED, "not json", "body: expected {");
    check(404, &[("content-type", "text/plain"), TYPED[1]], body, "header content-type");
    check(404, &TYPED[..1], body, "header x-request-id");
}

#[test]
fn a_listed_deviation_must_be_there_and_as_listed() {
    let check = |name: &str,
                 status: u16,
                 recorded: &[(&str, &str)],
                 was: &str,
                 sent: &[(&str, &str)],
                 is: &str,
                 problem: &str| {
        let (sent, is) = (headers(sent), is.to_owned());
        let url = serve(move |_| Reply { status, headers: sent.clone(), body: is.clone().into() });
        let report = replay(&recording(name, status, recorded, was), &url);
        let failures = report.failures.iter().map(Failure::to_string).collect::<String>();
        assert!(failures.contains(problem) && failures.is_empty() == problem.is_empty(), "{failures}");
    };
    let page = [("content-type", "text/html;charset=iso-8859-1")];
    let envelope = r#"{"error_code":400,"message":"The path has an empty segment"}"#;
    check("t", 400, &page, "<html>", &TYPED, envelope, "");
    check("t", 400, &page, "<html>", &page, "<html>", "a deviation is listed for it");
    check(
        "t",
        400,
        &page,
        "<html>",
        &TYPED,
        r#"{"error_code":404,"message":"x"}"#,
        "/error_code: expected 400, got 404",
    );
    check("t", 400, &page, "<html>", &TYPED[1..], envelope, "header content-type");
    let untyped = r#"{"error_code":404,"message":"HTTP 404 Not Found"}"#;
    check("t", 404, &[], untyped, &TYPED, untyped, "");
    check("t", 404, &[], untyped, &[], untyped, "a deviation is listed for it");
    check("t", 404, &[], untyped, &TYPED, r#"{"error_code":404,"message":"nope"}"#, "/message: expected \"HTTP 404");
}

#[test]
fn a_case_fails_for_each_thing_that_is_wrong() {
    let case = "== a: clause\n> GET /x\n< 200\nvary: accept\n{\"error_code\": 1, \"id\": \"$int as id\"}\n\
                > GET /x/${id}\n< 404 40403 Schema ${id} not found\n";
    let check = |status: u16, vary: &str, first: &str, second: &str, problem: &str| {
        let (vary, first, second) = (headers(&[("vary", vary)]), first.to_owned(), second.to_owned());
        let url = serve(move |seen| match seen.target.as_str() {
            "/x" => Reply { status, headers: vary.clone(), body: first.clone().into() },
            "/x/7" => Reply { status: 404, headers: Vec::new(), body: second.clone().into() },
            other => panic!("{other}"),
        });
        let report = cases::run_cases(&url, &cases::parse("f", case).unwrap(), &Options::default(), |_, _| {}).unwrap();
        let failures = report.failures.iter().map(Failure::to_string).collect::<String>();
        assert!(failures.contains(problem) && failures.is_empty() == problem.is_empty(), "{failures}");
        assert_eq!((report.passed, report.failed), if problem.is_empty() { (1, 0) } else { (0, 1) });
    };
    let (first, second) = (r#"{"error_code":1,"id":7}"#, r#"{"error_code":40403,"message":"Schema 7 not found"}"#);
    check(200, "accept", first, second, "");
    check(201, "accept", first, second, "FAIL f.a (cases/f.cases:2) clause | GET /x | status: expected 200, got 201");
    check(200, "origin", first, second, "header vary: expected \"accept\", got \"origin\"");
    check(200, "accept", r#"{"error_code":2,"id":7}"#, second, "/error_code: expected 1, got 2");
    check(200, "accept", r#"{"error_code":1}"#, second, "/id: expected an integer, got no such member");
    check(200, "accept", r#"{"error_code":1,"id":7,"x":0}"#, second, "/x: expected no such member, got 0");
    check(
        200,
        "accept",
        first,
        r#"{"error_code":40401,"message":"Schema 7 not found"}"#,
        "/error_code: expected 40403",
    );
    check(
        200,
        "accept",
        first,
        r#"{"error_code":40403,"message":"Schema 8 not found"}"#,
        "/message: expected \"Schema 7",
    );
    check(200, "accept", first, "", "body: expected {");
}

#[test]
fn what_a_case_made_is_deleted_whatever_came_of_it() {
    let case = "== a: b\n> PUT /mode/${p}m\n{}\n< 200\n> POST /subjects/${p}s/versions?x=1\n{}\n< 200\n\
                > POST /subjects/${p}t/versions\n{}\n< 200\n> GET /subjects/${p}u/versions\n< 404\n";
    let (log, seen_by_server) = std::sync::mpsc::channel();
    let url = serve(move |seen| {
        log.send(format!("{} {}", seen.method, seen.target)).unwrap();
        Reply { status: 200, headers: Vec::new(), body: Vec::new() }
    });
    let report = cases::run_cases(&url, &cases::parse("f", case).unwrap(), &Options::default(), |_, _| {}).unwrap();
    assert_eq!(report.failed, 1, "{report}");
    let requests: Vec<String> = seen_by_server.try_iter().collect();
    let mode = &requests[0]["PUT /mode/".len()..];
    let prefix = &mode[..mode.len() - 1];
    let requests: Vec<String> = requests[4..].iter().map(|request| request.replace(prefix, "P")).collect();
    let settings = ["m", "s", "t"].map(|name| [format!("DELETE /mode/P{name}"), format!("DELETE /config/P{name}")]);
    let subject = |name| [format!("DELETE /subjects/P{name}"), format!("DELETE /subjects/P{name}?permanent=true")];
    let round = [subject("t"), subject("s"), subject("m")].concat();
    assert_eq!(requests, [settings.concat(), round.clone(), round].concat());
}

#[test]
fn profiles_and_filters_choose_what_runs() {
    let text = "== one: first\n> GET /\n< 200\n== two: second\nprofile: global\n> GET /\n< 200\n\
                == three: third\nprofile: extended\n> GET /\n< 200\n";
    let parsed = cases::parse("f", text).unwrap();
    let check = |profile: cases::Profile, filter: Option<&str>, expected: &[&str]| {
        let options = Options { profile, filter: filter.map(str::to_owned), ..Options::default() };
        let selected = parsed.iter().filter(|case| options.selects(case)).map(|case| case.id.as_str());
        assert_eq!(selected.collect::<Vec<_>>(), expected);
    };
    check(cases::Profile::Core, None, &["f.one"]);
    check(cases::Profile::Global, None, &["f.one", "f.two"]);
    check(cases::Profile::Extended, None, &["f.one", "f.two", "f.three"]);
    check(cases::Profile::Extended, Some("second"), &["f.two"]);
    check(cases::Profile::Core, Some("f.two"), &[]);
}

#[test]
fn the_client_sends_targets_and_headers_as_they_are_and_reads_every_kind_of_body() {
    let url = serve(|seen| {
        let echo =
            format!("{} {} {:?}", seen.method, seen.target, seen.headers.iter().filter(|(n, _)| n == "X").count());
        match seen.target.as_str() {
            "//a/%zz b" => Reply { status: 200, headers: Vec::new(), body: echo.into() },
            "/chunked" => {
                let body = b"3;x=1\r\nabc\r\n2\r\nde\r\n0\r\ntrailer: x\r\n\r\n".to_vec();
                Reply { status: 200, headers: headers(&[("transfer-encoding", "chunked")]), body }
            }
            // A connection that the server closes after the answer: the next request needs a new one.
            _ => Reply { status: 200, headers: headers(&[("connection", "close")]), body: echo.into() },
        }
    });
    let url = http::BaseUrl::parse(&url).unwrap();
    let mut client = http::Client::new(url, std::time::Duration::from_secs(10), None).unwrap();
    let mut send = |method: &str, target: &str, with: &[(&str, &str)]| {
        let request =
            http::Request { method: method.into(), target: target.into(), headers: headers(with), body: None };
        client.send(&request).unwrap().text()
    };
    assert_eq!(send("GET", "//a/%zz b", &[("X", "1"), ("X", "2")]), "GET //a/%zz b 2");
    assert_eq!(send("GET", "/chunked", &[]), "abcde");
    assert_eq!(send("HEAD", "//a/%zz b", &[]), "");
    assert_eq!(send("PUT", "", &[]), "PUT  0");
    assert_eq!(send("GET", "//a/%zz b", &[]), "GET //a/%zz b 0");
}

#[test]
fn a_server_that_never_answers_is_a_failure_in_bounded_time() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = http::BaseUrl::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
    let mut client = http::Client::new(url, std::time::Duration::from_millis(50), None).unwrap();
    let request = http::Request { method: "GET".into(), target: "/".into(), ..http::Request::default() };
    assert!(matches!(client.send(&request), Err(http::Error::Io(_))));
}
