//! Answers in pieces, taken piece by piece as hyper takes them.

use super::*;
use crate::http::front::{Arrival, Front};
use crate::node::{Assembled, assemble};
use crate::settings::gather;
use http::{Request, Response};
use http_body_util::BodyExt;
use serde_json::Value;
use std::io::Read;
use std::net::SocketAddr;
use storage::contract::records::{delete_subject, schema};
use tempfile::TempDir;

/// A registry without sockets.
struct Registry {
    whole: Assembled,
    front: Front,
    _directory: TempDir,
}

impl Drop for Registry {
    fn drop(&mut self) {
        self.whole.store.close().unwrap();
    }
}

/// Subjects, each with one version of two kilobytes: some pieces altogether.
const SUBJECTS: i32 = 300;

impl Registry {
    async fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let data = directory.path().join("data").to_str().unwrap().to_owned();
        let settings = gather(None, std::iter::empty(), &[("data".into(), data)]).unwrap().settings().unwrap();
        let whole = assemble(&settings, SocketAddr::from(([127, 0, 0, 1], 8081))).unwrap();
        let text = |n: i32| format!("\"{n} {}\"", "ä".repeat(1_000));
        let records: Vec<_> = (0..SUBJECTS).map(|n| schema(&format!("s{n:03}"), 1, n + 1, &text(n))).collect();
        whole.store.submit(Box::new(move |_| Ok(records))).await.unwrap().unwrap();
        let front = Front::new(Arc::clone(&whole.app));
        Registry { whole, front, _directory: directory }
    }

    async fn get(&self, target: &str, header: (&str, &str)) -> Response<Body> {
        let request = Request::get(target).header("host", "localhost").header(header.0, header.1);
        self.front.answer(request.body(Body::empty()).unwrap(), Arrival::default()).await
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
        let mut body = pieces.into_body(false, gzip);
        for _ in 0..4 {
            frame(&mut body).await.unwrap();
        }
        assert!(body.frame().await.unwrap().is_err());
        drop(body);
        assert_eq!(registry.streams().0, 0);
    }
}
