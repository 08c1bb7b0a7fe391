//! Answers in pieces, taken piece by piece as hyper takes them.

use super::*;
use crate::http::dispatcher::{Arrival, Dispatcher};
use crate::node::{Assembled, assemble};
use crate::settings::gather;
use authz::basic::{add_user, hash_password};
use axum::body::HttpBody as _;
use http::{Request, Response};
use http_body_util::BodyExt;
use model::{AuditChange, AuditRecord, Record};
use serde_json::Value;
use std::fs;
use std::io::Read;
use std::net::SocketAddr;
use storage::contract::records::{audit, audited, delete_subject, forget, schema};
use tempfile::TempDir;

/// A registry without sockets.
struct Registry {
    whole: Assembled,
    dispatcher: Dispatcher,
    _directory: TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.whole.store.close().unwrap();
    }
}

const ADA: (&str, &str) = ("authorization", "Basic YWRhOmFkYQ==");

/// Subjects, each with one version of two kilobytes: some pieces altogether.
const SUBJECTS: i32 = 300;

impl Registry {
    async fn new() -> Self {
        Self::with(tempfile::tempdir().unwrap(), &[]).await
    }

    /// One in which `ADA` may read the audit.
    async fn audited() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let users = directory.path().join("users");
        let (text, _) = add_user("", "ada", &hash_password("ada").unwrap(), None).unwrap();
        fs::write(&users, text).unwrap();
        let flags = [("authentication-users", users.to_str().unwrap()), ("authorization-admins", "user:basic/ada")];
        Self::with(directory, &flags).await
    }

    async fn with(directory: TempDir, flags: &[(&str, &str)]) -> Self {
        let data = directory.path().join("data");
        let flags = [&[("data", data.to_str().unwrap())], flags].concat();
        let flags: Vec<_> = flags.into_iter().map(|(key, value)| (key.to_owned(), value.to_owned())).collect();
        let settings = gather(None, std::iter::empty(), &flags).unwrap().settings().unwrap();
        let whole = assemble(&settings, SocketAddr::from(([127, 0, 0, 1], 8081))).unwrap();
        let text = |n: i32| format!("\"{n} {}\"", "ä".repeat(1_000));
        let records: Vec<_> = (0..SUBJECTS).map(|n| schema(&format!("s{n:03}"), 1, n + 1, &text(n))).collect();
        whole.store.submit(Box::new(move |_| Ok(records))).await.unwrap().unwrap();
        let dispatcher = Dispatcher::new(Arc::clone(&whole.app));
        Registry { whole, dispatcher, _directory: directory }
    }

    async fn get(&self, target: &str, header: (&str, &str)) -> Response<Body> {
        let request = Request::get(target).header("host", "localhost").header(header.0, header.1);
        self.dispatcher.answer(request.body(Body::empty()).unwrap(), Arrival::default()).await
    }

    fn streams(&self) -> (i64, u64) {
        let metrics = &self.whole.app.metrics;
        (metrics.streams.get(), metrics.pieces.get())
    }
}

async fn frame(body: &mut Body) -> Option<Bytes> {
    Some(body.frame().await?.unwrap().into_data().unwrap())
}

fn subjects(body: &[u8]) -> Vec<String> {
    let all: Vec<Value> = serde_json::from_slice(body).unwrap();
    all.iter().map(|item| item["subject"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_piece_is_made_when_the_one_before_is_taken_and_none_for_who_has_gone_away() {
    let registry = Registry::new().await;
    let mut body = registry.get("/schemas", ("accept", "*/*")).await.into_body();
    assert_eq!(registry.streams(), (1, 0), "the first piece waits to be taken");
    let first = frame(&mut body).await.unwrap();
    assert!((PIECE..2 * PIECE).contains(&first.len()), "{}", first.len());
    frame(&mut body).await.unwrap();
    assert_eq!(registry.streams(), (1, 2));
    drop(body);
    assert_eq!(registry.streams(), (0, 2));

    let body = registry.get("/schemas", ("accept", "*/*")).await.into_body();
    let whole = body.collect().await.unwrap().to_bytes();
    assert_eq!(subjects(&whole), (0..SUBJECTS).map(|n| format!("s{n:03}")).collect::<Vec<_>>());
    let (streams, pieces) = registry.streams();
    assert!(streams == 0 && pieces > 8, "{pieces}");
}

#[tokio::test]
async fn pieces_have_the_form_that_was_asked_for() {
    let registry = Registry::new().await;
    let plain = registry.get("/schemas", ("accept", "*/*")).await.into_body().collect().await.unwrap().to_bytes();
    let response = registry.get("/schemas", ("accept-encoding", "gzip")).await;
    assert_eq!(response.headers()["content-encoding"], "gzip");
    let packed = response.into_body().collect().await.unwrap().to_bytes();
    let mut unpacked = Vec::new();
    flate2::read::GzDecoder::new(&packed[..]).read_to_end(&mut unpacked).unwrap();
    assert!(packed.len() < plain.len() && unpacked == plain);
    let wide = registry.get("/schemas", ("accept", "application/json;charset=utf-16")).await;
    let wide = wide.into_body().collect().await.unwrap().to_bytes();
    let units: Vec<u16> = wide.chunks(2).map(|pair| u16::from_be_bytes([pair[0], pair[1]])).collect();
    let text = String::from_utf16(&units).unwrap();
    assert_eq!(text.strip_prefix('\u{feff}').map(str::as_bytes), Some(&plain[..]));
}

#[tokio::test]
async fn what_changes_meanwhile_is_shown_as_it_is_when_its_piece_is_made() {
    let registry = Registry::new().await;
    let mut body = registry.get("/schemas", ("accept", "*/*")).await.into_body();
    let mut whole = frame(&mut body).await.unwrap().to_vec();
    let last = format!("s{:03}", SUBJECTS - 1);
    let records = vec![delete_subject("s000", 1), delete_subject(&last, 1), schema("zz", 1, 9_999, "new")];
    registry.whole.store.submit(Box::new(move |_| Ok(records))).await.unwrap().unwrap();
    while let Some(more) = frame(&mut body).await {
        whole.extend(more);
    }
    let listed = subjects(&whole);
    assert_eq!(listed.len(), SUBJECTS as usize, "one has gone behind the place, one before it, one has come");
    assert!(listed[0] == "s000" && !listed.contains(&last) && listed.last().unwrap() == "zz");
    assert!(listed.is_sorted());
}

#[tokio::test]
async fn there_are_no_more_at_once_than_there_is_room_for() {
    let registry = Registry::new().await;
    let all = Arc::clone(&registry.whole.app.pieces).acquire_many_owned(AT_ONCE as u32).await.unwrap();
    assert_eq!(registry.get("/schemas", ("accept", "*/*")).await.status(), 503);
    let short = registry.get("/schemas?offset=290&limit=5", ("accept", "*/*")).await;
    assert_eq!(short.status(), 200, "what is short needs no room");
    let short = short.into_body().collect().await.unwrap().to_bytes();
    assert_eq!(subjects(&short), ["s290", "s291", "s292", "s293", "s294"]);
    drop(all);
    assert_eq!(registry.get("/schemas", ("accept", "*/*")).await.status(), 200);
}

/// The numbers of the entries that a page of the audit shows, and what comes after it.
fn numbers(page: &[u8]) -> (Vec<u64>, Value) {
    let page: Value = serde_json::from_slice(page).unwrap();
    let entries = page["entries"].as_array().unwrap();
    (entries.iter().map(|entry| entry["number"].as_u64().unwrap()).collect(), page["next"].clone())
}

#[tokio::test]
async fn the_audit_is_sent_in_pieces_in_the_order_in_which_things_happened() {
    let registry = Registry::audited().await;
    let submit = |records: Vec<Record>| registry.whole.store.submit(Box::new(move |_| Ok(records)));
    // Every second one is written after the one that it happened before.
    let happened = |number: i64| if number % 2 == 0 { number - 2 } else { number };
    let entry = |number| AuditRecord { happened: Some(happened(number)), ..audited(&"s".repeat(200), None) };
    let entries = (1..=500).map(|number| Record::Audit(AuditChange::Entry(Box::new(entry(number)))));
    submit(entries.collect()).await.unwrap().unwrap();
    let mut expected: Vec<u64> = (101..=500).rev().collect();
    expected.sort_by_key(|number| -happened(*number as i64));

    let whole = registry.get("/namespaces/-/audit?limit=400", ADA).await.into_body();
    let whole = whole.collect().await.unwrap().to_bytes();
    assert!(whole.len() > 3 * PIECE, "{}", whole.len());
    assert_eq!(numbers(&whole), (expected.clone(), "101".into()));

    let (_, made) = registry.streams();
    let mut body = registry.get("/namespaces/-/audit?limit=400", ADA).await.into_body();
    assert_eq!(registry.streams(), (1, made), "the first piece waits to be taken");
    let mut page = frame(&mut body).await.unwrap().to_vec();
    assert!((PIECE..2 * PIECE).contains(&page.len()), "{}", page.len());
    assert_eq!(registry.streams(), (1, made + 1));
    // What is forgotten meanwhile is not shown any more.
    submit(vec![forget(200)]).await.unwrap().unwrap();
    while let Some(more) = frame(&mut body).await {
        page.extend(more);
    }
    expected.retain(|number| *number >= 200);
    assert_eq!(numbers(&page), (expected, "101".into()));
    assert_eq!(registry.streams().0, 0);
}

#[tokio::test]
async fn a_page_of_the_audit_that_is_short_or_empty_is_answered_whole() {
    let registry = Registry::audited().await;
    let get = async |target: &str| {
        let response = registry.get(target, ADA).await;
        assert!(response.body().size_hint().exact().is_some(), "its length is known");
        response.into_body().collect().await.unwrap().to_bytes()
    };
    assert_eq!(get("/namespaces/-/audit").await, r#"{"entries":[]}"#);
    let entries = (0..3).map(|_| audit("s", None)).collect();
    registry.whole.store.submit(Box::new(move |_| Ok(entries))).await.unwrap().unwrap();
    assert_eq!(numbers(&get("/namespaces/-/audit?limit=2").await), (vec![3, 2], "2".into()));
    assert_eq!(numbers(&get("/namespaces/-/audit?before=2").await), (vec![1], Value::Null));
}

/// Makes some pieces and then fails.
struct Failing(usize);

impl Make for Failing {
    fn go_on(&mut self, _: &App, _: usize, out: &mut Vec<u8>) -> Result<(), Fault> {
        self.0 = self.0.checked_sub(1).ok_or(Fault::Internal("it fails".into()))?;
        out.extend(b"1,");
        Ok(())
    }

    fn is_over(&self) -> bool {
        false
    }
}

#[tokio::test]
async fn what_fails_on_the_way_breaks_the_answer_off() {
    let registry = Registry::new().await;
    let app = &registry.whole.app;
    for gzip in [false, true] {
        let place = Arc::clone(&app.pieces).acquire_owned().await.unwrap();
        let pieces = Pieces::new(Arc::clone(app), b"[".to_vec(), Box::new(Failing(3)), place);
        let mut body = Box::new(pieces).into_body(false, gzip);
        for _ in 0..4 {
            frame(&mut body).await.unwrap();
        }
        assert!(body.frame().await.unwrap().is_err());
        drop(body);
        assert_eq!(registry.streams().0, 0);
    }
}
