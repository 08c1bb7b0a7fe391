//! Runs cases against a registry.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher as _;
use std::path::PathBuf;
use std::time::Duration;

use super::clean::Touched;
use super::format::{Answer, Case, Message, Profile, Step};
use super::pattern;
use super::vars::{Vars, Within, substitute};
use crate::JSON;
use crate::expect::{Captures, Difference, Expect, Extra};
use crate::http::{BadUrl, BaseUrl, Client, Request, Response};
use crate::report::{Failure, Problem, Report, Tally, summary};

/// Which cases to run, and how.
#[derive(Debug, Clone)]
pub struct Options {
    /// Cases of this profile and of those before it in the list of [`Profile`] run; the others count as skipped.
    pub profile: Profile,
    /// Only cases with this in their id or clause; the others count as skipped.
    pub filter: Option<String>,
    /// Groups of cases that do not run; they count as skipped.
    pub without: Vec<String>,
    /// How long to wait for a connection and for each read of an answer.
    pub timeout: Duration,
    /// Whose certificates an `https://` registry may show: a PEM file; the system's authorities where there is none.
    pub authorities: Option<PathBuf>,
}

impl Default for Options {
    /// Every case that needs no part of the API that many registries lack, also those that change global settings for a moment.
    fn default() -> Self {
        let timeout = Duration::from_secs(30);
        Self { profile: Profile::Global, filter: None, without: Vec::new(), timeout, authorities: None }
    }
}

impl Options {
    /// Whether the case is to run.
    pub fn selects(&self, case: &Case) -> bool {
        let wanted = self.filter.as_ref().is_none_or(|part| case.id.contains(part) || case.clause.contains(part));
        let left_out = self.without.iter().any(|group| group == case.group());
        wanted && !left_out && case.profile <= self.profile
    }
}

/// Runs all cases that the options select against the registry at the URL, one after the other.
///
/// # Errors
/// [`BadUrl`] if the URL cannot be used. All else is in the report, a registry that does not answer included.
pub fn run(url: &str, options: &Options) -> Result<Report, BadUrl> {
    run_each(url, options, |_, _| {})
}

/// Like [`run`], and tells `watch` of each case that ran whether it failed.
///
/// # Errors
/// As [`run`].
pub fn run_each(url: &str, options: &Options, watch: impl FnMut(&Case, Option<&Failure>)) -> Result<Report, BadUrl> {
    match super::all() {
        Ok(cases) => run_cases(url, &cases, options, watch),
        Err(bad) => {
            let mut report = Report::default();
            report.record(Err(Failure {
                name: "cases".to_owned(),
                clause: "the cases themselves".to_owned(),
                place: bad.place,
                request: String::new(),
                problem: Problem::Case(bad.problem),
            }));
            Ok(report)
        }
    }
}

/// Runs other cases than those of this crate, otherwise like [`run_each`].
///
/// # Errors
/// As [`run`].
pub fn run_cases(
    url: &str,
    cases: &[Case],
    options: &Options,
    mut watch: impl FnMut(&Case, Option<&Failure>),
) -> Result<Report, BadUrl> {
    let mut client = Client::new(BaseUrl::parse(url)?, options.timeout, options.authorities.as_deref())?;
    let mut report = Report::default();
    let run = run_prefix();
    for (number, case) in cases.iter().enumerate() {
        let mut tally = Tally::default();
        if options.selects(case) {
            // Ends in a letter that is no digit, so that no prefix is the start of another.
            let outcome = run_case(&mut client, case, &format!("{run}{number}z"));
            watch(case, outcome.as_ref().err().map(AsRef::as_ref));
            (tally.passed, tally.failed) = (usize::from(outcome.is_ok()), usize::from(outcome.is_err()));
            report.record(outcome.map_err(|failure| *failure));
        } else {
            (tally.skipped, report.skipped) = (1, report.skipped + 1);
        }
        report.in_group(case.group(), tally);
    }
    Ok(report)
}

/// Random, and good for subjects as well as for Avro names: starts with a letter, has letters and digits only.
fn run_prefix() -> String {
    const DIGITS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";
    let mut random = RandomState::new().hash_one(std::process::id());
    let mut prefix = String::from("c");
    for _ in 0..8 {
        prefix.push(char::from(DIGITS[usize::try_from(random % 32).expect("below 32")]));
        random /= 32;
    }
    prefix.push('n');
    prefix
}

fn run_case(client: &mut Client, case: &Case, prefix: &str) -> Result<(), Box<Failure>> {
    let mut touched = Touched::default();
    if case.profile == Profile::Global {
        touched.remember_global(client);
    }
    let outcome = run_steps(client, case, prefix, &mut touched);
    touched.clean(client);
    outcome
}

fn run_steps(client: &mut Client, case: &Case, prefix: &str, touched: &mut Touched) -> Result<(), Box<Failure>> {
    let fail = |place: &str, request: String, problem: Problem| {
        let (name, clause, place) = (case.id.clone(), case.clause.clone(), place.to_owned());
        Box::new(Failure { name, clause, place, request, problem })
    };
    let mut vars = Vars::from([("p".to_owned(), prefix.to_owned())]);
    for (name, value) in &case.lets {
        let value =
            substitute(value, &vars, Within::Plain).map_err(|why| fail(&case.id, String::new(), Problem::Case(why)))?;
        vars.insert(name.clone(), value);
    }
    for step in &case.steps {
        let request = build(step, &vars).map_err(|why| fail(&step.place, step.target.clone(), Problem::Case(why)))?;
        let failed = |problem| fail(&step.place, summary(&request), problem);
        let response = client.send(&request).map_err(|e| failed(Problem::NoAnswer(e.to_string())))?;
        touched.note(&request, &response);
        let mut captures = Captures::new();
        let differences = judge(step, &vars, &response, &mut captures).map_err(|why| failed(Problem::Case(why)))?;
        if !differences.is_empty() {
            return Err(failed(Problem::Differs(differences)));
        }
        vars.extend(captures);
    }
    Ok(())
}

/// The request of a step. A body gets the usual content type unless the step names one; `Content-Type: none` sends none.
fn build(step: &Step, vars: &Vars) -> Result<Request, String> {
    let mut headers = Vec::new();
    for (name, value) in &step.headers {
        headers.push((name.clone(), substitute(value, vars, Within::Plain)?));
    }
    let body = step.body.as_ref().map(|body| substitute(body, vars, Within::Json)).transpose()?;
    let typed = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("content-type"));
    if body.is_some() && !typed {
        headers.push(("Content-Type".to_owned(), JSON.to_owned()));
    }
    headers.retain(|(name, value)| !(name.eq_ignore_ascii_case("content-type") && value == "none"));
    let target = substitute(&step.target, vars, Within::Plain)?;
    Ok(Request { method: step.method.clone(), target, headers, body: body.map(String::into_bytes) })
}

fn judge(step: &Step, vars: &Vars, response: &Response, captures: &mut Captures) -> Result<Vec<Difference>, String> {
    let mut differences = Vec::new();
    let mut differ = |at: &str, expected: String, got: String| {
        differences.push(Difference { at: at.to_owned(), expected, got });
    };
    if response.status != step.status {
        // The body says why, so it is shown whatever was expected of it.
        differ("status", step.status.to_string(), format!("{} {}", response.status, response.text()));
        return Ok(differences);
    }
    for (name, expected) in &step.answer_headers {
        let got = response.header(name);
        let expected = expected.as_ref().map(|value| substitute(value, vars, Within::Plain)).transpose()?;
        let fits = match (&expected, got) {
            (None, got) => got.is_none(),
            (Some(any), got) if any == "present" => got.is_some_and(|value| !value.is_empty()),
            (Some(expected), got) => got.is_some_and(|got| got.eq_ignore_ascii_case(expected)),
        };
        if !fits {
            let show = |value: Option<&str>| value.map_or("absent".to_owned(), |value| format!("{value:?}"));
            differ(&format!("header {name}"), show(expected.as_deref()), show(got));
        }
    }
    let text = response.text();
    match &step.answer {
        Answer::Whatever => {}
        Answer::Empty => {
            if !response.body.is_empty() {
                differ("body", "nothing".to_owned(), text);
            }
        }
        Answer::Text(expected) => {
            let expected = substitute(expected, vars, Within::Plain)?;
            if text != expected {
                differ("body", expected, text);
            }
        }
        Answer::Json(pattern) => differences.extend(json(&read_pattern(pattern, vars)?, &text, captures)),
        Answer::Error(code, message) => differences.extend(json(&envelope(code, message, vars)?, &text, captures)),
    }
    Ok(differences)
}

fn read_pattern(pattern: &str, vars: &Vars) -> Result<Expect, String> {
    let pattern = substitute(pattern, vars, Within::Json)?;
    let value = serde_json::from_str(&pattern).map_err(|e| format!("the expected body is not JSON: {e}"))?;
    pattern::read(&value)
}

fn envelope(code: &str, message: &Message, vars: &Vars) -> Result<Expect, String> {
    let plain = |text: &str| substitute(text, vars, Within::Plain);
    let code: u32 = code.parse().map_err(|_| format!("not an error code: {code}"))?;
    let message = match message {
        Message::Any => Expect::Text,
        Message::Contains(part) => Expect::Contains(plain(part)?),
        Message::Exactly(text) => Expect::Literal(plain(text)?.into()),
    };
    let members = vec![("error_code".to_owned(), Expect::Literal(code.into())), ("message".to_owned(), message)];
    Ok(Expect::Object(members, Extra::Refused))
}

fn json(expect: &Expect, text: &str, captures: &mut Captures) -> Vec<Difference> {
    match serde_json::from_str(text) {
        Ok(value) => expect.differences(&value, captures),
        Err(_) => vec![Difference { at: "body".to_owned(), expected: expect.to_string(), got: format!("{text:?}") }],
    }
}
