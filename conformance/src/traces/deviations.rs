//! `deviations.toml`: where an answer should differ from the recorded one, and why.
//!
//! Each entry says which pairs it is about and what is expected instead. A pair that is listed and nevertheless answered as
//! recorded is a failure: the list must not outlive its reasons.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::coverage::read_ranges;
use super::judge::is_html;
use super::recording::Recorded;
use super::{BadData, DEVIATIONS, Trace};
use crate::cases::read_pattern;
use crate::expect::{Captures, Difference, Expect, Extra};
use crate::http::Response;

/// The deviations that concern one recording.
#[derive(Debug, Clone, Default)]
pub struct Deviations {
    entries: Vec<(Pairs, Deviation)>,
}

/// What should be answered instead, always as JSON.
#[derive(Debug, Clone)]
pub struct Deviation {
    /// Why, in a sentence.
    pub reason: String,
    /// If not the recorded one.
    status: Option<u16>,
    body: Instead,
}

#[derive(Debug, Clone)]
enum Instead {
    /// The error envelope; what is not given is as recorded, or any message where there was none.
    Error { code: Option<u32>, message: Option<String> },
    /// A body that fits this.
    Body(Expect),
    /// The recorded body, but for these of its members.
    Members(Vec<String>),
}

#[derive(Debug, Clone)]
enum Pairs {
    Listed(Vec<usize>),
    Like(Pattern),
}

/// Kinds of recorded answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Pattern {
    /// An error that is a page, or has no content type, or (other than to HEAD) no body.
    ErrorWithoutEnvelope,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    deviation: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    reason: String,
    #[serde(default)]
    pairs: BTreeMap<String, String>,
    recorded: Option<Pattern>,
    status: Option<u16>,
    error_code: Option<u32>,
    message: Option<String>,
    body: Option<String>,
    #[serde(default)]
    but: Vec<String>,
}

impl Deviations {
    /// As `deviations.toml` says.
    ///
    /// # Errors
    /// [`BadData`] if the file is wrong.
    pub fn of(trace: &Trace) -> Result<Self, BadData> {
        Self::read(DEVIATIONS, trace)
    }

    /// No deviation: every answer as recorded.
    pub fn none() -> Self {
        Self::default()
    }

    /// The entry about this pair; listed numbers go before kinds of answers.
    pub fn about(&self, pair: usize, method: &str, answer: &Recorded) -> Option<&Deviation> {
        let listed =
            self.entries.iter().find(|(pairs, _)| matches!(pairs, Pairs::Listed(list) if list.contains(&pair)));
        let like = |pairs: &Pairs| matches!(pairs, Pairs::Like(pattern) if pattern.fits(method, answer));
        listed.or_else(|| self.entries.iter().find(|(pairs, _)| like(pairs))).map(|(_, deviation)| deviation)
    }

    pub(super) fn read(text: &str, trace: &Trace) -> Result<Self, BadData> {
        let bad = |problem: String| BadData { file: "deviations.toml".to_owned(), problem };
        let file: File = toml::from_str(text).map_err(|e| bad(e.to_string()))?;
        let mut entries = Vec::new();
        for entry in file.deviation {
            let pairs = match (entry.pairs.get(&trace.name), entry.recorded) {
                (Some(list), None) => Pairs::Listed(read_ranges(list).ok_or_else(|| bad(format!("pairs {list:?}")))?),
                (None, Some(pattern)) if entry.pairs.is_empty() => Pairs::Like(pattern),
                (None, None) if !entry.pairs.is_empty() => continue,
                _ => return Err(bad(format!("{:?} needs either pairs or recorded", entry.reason))),
            };
            let body = match &entry.body {
                None if !entry.but.is_empty() => Instead::Members(entry.but),
                None => Instead::Error { code: entry.error_code, message: entry.message },
                Some(body) => {
                    let value = serde_json::from_str(body).map_err(|e| bad(format!("{body}: {e}")))?;
                    Instead::Body(read_pattern(&value).map_err(bad)?)
                }
            };
            entries.push((pairs, Deviation { reason: entry.reason, status: entry.status, body }));
        }
        Ok(Self { entries })
    }
}

impl Pattern {
    fn fits(self, method: &str, answer: &Recorded) -> bool {
        let Self::ErrorWithoutEnvelope = self;
        let untyped = answer.header("content-type").is_none();
        let empty = method != "HEAD" && answer.body.is_empty();
        answer.status >= 400 && (is_html(answer) || empty || untyped)
    }
}

impl Deviation {
    /// Is the request refused? Then a registration gets no id.
    pub fn refuses(&self) -> bool {
        self.status.is_some_and(|status| status >= 400)
    }

    /// All differences from what is expected instead of the recorded answer, which differs from it as told.
    pub fn differences(
        &self,
        method: &str,
        recorded: &Recorded,
        got: &Response,
        differs: Vec<Difference>,
    ) -> Vec<Difference> {
        let mut out = Vec::new();
        if let Instead::Members(names) = &self.body {
            let member = |at: &str| at.split('/').nth(1).map(str::to_owned);
            out.extend(differs.into_iter().filter(|found| member(&found.at).is_none_or(|name| !names.contains(&name))));
            return out;
        }
        let mut differ = |at: &str, expected: String, got: String| {
            out.push(Difference { at: at.to_owned(), expected, got });
        };
        let status = self.status.unwrap_or(recorded.status);
        if got.status != status {
            differ("status", status.to_string(), format!("{} {}", got.status, got.text()));
            return out;
        }
        for (name, part) in [("content-type", "json"), ("x-request-id", "")] {
            let value = got.header(name).unwrap_or_default();
            if value.is_empty() || !value.contains(part) {
                differ(&format!("header {name}"), format!("a value with {part:?}"), format!("{value:?}"));
            }
        }
        if method == "HEAD" {
            if !got.body.is_empty() {
                differ("body", "nothing".to_owned(), got.text());
            }
            return out;
        }
        let expect = match &self.body {
            Instead::Body(expect) => expect.clone(),
            Instead::Members(_) => return out,
            Instead::Error { code, message } => envelope(recorded, status, *code, message.as_deref()),
        };
        match serde_json::from_slice(&got.body) {
            Ok(value) => out.extend(expect.differences(&value, &mut Captures::new())),
            Err(_) => differ("body", expect.to_string(), format!("{:?}", got.text())),
        }
        out
    }
}

fn envelope(recorded: &Recorded, status: u16, code: Option<u32>, message: Option<&str>) -> Expect {
    let said = recorded.json().filter(|_| code.is_none());
    let said = |name: &str| said.as_ref().and_then(|body| body.get(name)).cloned();
    let code = code.map(Value::from).or_else(|| said("error_code")).unwrap_or_else(|| status.into());
    // The messages of status 400 are those of parsers.
    let message = message.map(Value::from).or_else(|| said("message").filter(|_| status != 400));
    let message = message.map_or(Expect::Text, Expect::Literal);
    let members = vec![("error_code".to_owned(), Expect::Literal(code)), ("message".to_owned(), message)];
    Expect::Object(members, Extra::Refused)
}
