//! One recording: requests as they went over the wire and the answers that came.
//!
//! A file is JSON lines: a head with `trace`, `prefix` and the number of `pairs`, then a line per pair. Header values of
//! answers are the recorder's: `x-request-id` is `present` (the server made one) or `echoed` (it returned the client's).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::BadData;
use crate::http::Request;

/// One recording.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// Its name, as in `coverage.toml`.
    pub name: String,
    /// What all its subjects and contexts start with.
    pub prefix: String,
    /// Its pairs, in order; the index in the list is the number of the pair.
    pub pairs: Vec<Pair>,
}

/// One request and its answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pair {
    /// What was sent.
    pub request: Request,
    /// What came back.
    pub answer: Recorded,
}

/// A recorded answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// The status.
    pub status: u16,
    /// Names in lower case; only content-type, content-encoding, vary, allow and x-request-id were kept.
    pub headers: Vec<(String, String)>,
    /// The body, gzip undone.
    pub body: Vec<u8>,
}

impl Recorded {
    /// First header of that name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as JSON, if it is.
    pub fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }
}

impl Trace {
    /// Parses a file.
    ///
    /// # Errors
    /// [`BadData`] with the line that does not fit.
    pub fn parse(name: &str, text: &str) -> Result<Self, BadData> {
        let mut lines = text.lines().enumerate().map(|(number, line)| {
            let bad = |problem: String| BadData { file: format!("traces/{name}.jsonl:{}", number + 1), problem };
            let value: Value = serde_json::from_str(line).map_err(|e| bad(e.to_string()))?;
            Ok((value, number))
        });
        let bad = |line: usize, problem: &str| BadData {
            file: format!("traces/{name}.jsonl:{}", line + 1),
            problem: problem.to_owned(),
        };
        let (head, _) = lines.next().ok_or_else(|| bad(0, "no head"))??;
        let prefix = head["prefix"].as_str().ok_or_else(|| bad(0, "no prefix"))?.to_owned();
        let mut pairs = Vec::new();
        for line in lines {
            let (value, number) = line?;
            let pair = read_pair(&value).ok_or_else(|| bad(number, "not a pair"))?;
            if value["i"].as_u64() != Some(pairs.len() as u64) {
                return Err(bad(number, "pairs are numbered from 0"));
            }
            pairs.push(pair);
        }
        if head["pairs"].as_u64() != Some(pairs.len() as u64) {
            return Err(bad(0, "the head counts other pairs than there are"));
        }
        Ok(Self { name: name.to_owned(), prefix, pairs })
    }
}

fn read_pair(value: &Value) -> Option<Pair> {
    let (request, answer) = (value["request"].as_object()?, value["answer"].as_object()?);
    Some(Pair {
        request: Request {
            method: request.get("method")?.as_str()?.to_owned(),
            target: request.get("target")?.as_str()?.to_owned(),
            headers: read_headers(request)?,
            body: read_body(request),
        },
        answer: Recorded {
            status: answer.get("status")?.as_u64()?.try_into().ok()?,
            headers: read_headers(answer)?,
            body: read_body(answer).unwrap_or_default(),
        },
    })
}

fn read_headers(message: &Map<String, Value>) -> Option<Vec<(String, String)>> {
    let pairs = message.get("headers")?.as_object()?.iter();
    pairs.map(|(name, value)| Some((name.clone(), value.as_str()?.to_owned()))).collect()
}

fn read_body(message: &Map<String, Value>) -> Option<Vec<u8>> {
    if let Some(body) = message.get("body").and_then(Value::as_str) {
        return Some(body.as_bytes().to_vec());
    }
    STANDARD.decode(message.get("body_b64")?.as_str()?).ok()
}
