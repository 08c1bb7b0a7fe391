//! The text format of cases; `cases/README.md` describes it for those who write them.
//!
//! A format of our own because of what is written in it: Avro schemas are JSON inside JSON strings, requests are an HTTP
//! line, headers and a body, and a contract is read far more often than parsed. In TOML or YAML each would be three levels
//! of quoting. Parsed here into plain values; nothing is substituted yet.

/// When a case runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Profile {
    /// Keeps to its own subjects and contexts: any registry, any time.
    Core,
    /// Changes the global config or mode for a moment and puts it back: a registry that nobody else uses.
    Global,
    /// Parts of the API that many registries do not have: other languages, rules, encryption keys, IMPORT mode.
    Extended,
    /// What Freehold adds to the Confluent API.
    Freehold,
}

/// One case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// `file.name`, unique.
    pub id: String,
    /// What the contract says, in words.
    pub clause: String,
    /// When it runs.
    pub profile: Profile,
    /// `let` lines: name and value, values may use earlier names.
    pub lets: Vec<(String, String)>,
    /// Requests with expectations, in order.
    pub steps: Vec<Step>,
}

impl Case {
    /// The group that it belongs to: the name of its file.
    pub fn group(&self) -> &str {
        self.id.split('.').next().unwrap_or_default()
    }
}

/// A request and what must come back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// `file:line` of the request.
    pub place: String,
    /// The method.
    pub method: String,
    /// The target, with variables.
    pub target: String,
    /// Header names and values, with variables.
    pub headers: Vec<(String, String)>,
    /// The body, with variables.
    pub body: Option<String>,
    /// The status.
    pub status: u16,
    /// Headers of the answer: `None` for `absent`, or the value.
    pub answer_headers: Vec<(String, Option<String>)>,
    /// The body of the answer.
    pub answer: Answer,
}

/// What the body of an answer must be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Not looked at.
    Whatever,
    /// No byte.
    Empty,
    /// JSON that fits this text of a pattern.
    Json(String),
    /// Exactly this text.
    Text(String),
    /// The error envelope, with this code and message.
    Error(String, Message),
}

/// The message of an error.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// Any text that is not empty: parsers word it as they like.
    Any,
    /// A text that has this in it.
    Contains(String),
    /// Exactly this text.
    Exactly(String),
}

/// A case that does not parse.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{place}: {problem}")]
pub struct BadCase {
    /// `file:line`.
    pub place: String,
    /// What is wrong.
    pub problem: String,
}

/// Parses one file; `name` is its name without extension.
///
/// # Errors
/// [`BadCase`] for the first line that does not fit the format.
pub fn parse(name: &str, text: &str) -> Result<Vec<Case>, BadCase> {
    let mut lines = Lines { name, lines: text.lines().collect(), next: 0 };
    let mut shared = Vec::new();
    while let Some(binding) = take_let(&mut lines)? {
        shared.push(binding);
    }
    let mut cases = Vec::new();
    while lines.skip_blank() {
        cases.extend(parse_case(&mut lines, &shared)?);
    }
    Ok(cases)
}

/// `let NAME = value` or `repeat NAME = COUNT TEXT`, if that is what comes next.
fn take_let(lines: &mut Lines<'_>) -> Result<Option<(String, String)>, BadCase> {
    lines.skip_blank();
    if let Some(line) = lines.take("let ") {
        return binding(lines, line).map(Some);
    }
    let Some(line) = lines.take("repeat ") else { return Ok(None) };
    let (name, value) = binding(lines, line)?;
    let parts = value.split_once(' ').and_then(|(count, text)| Some((count.parse::<usize>().ok()?, text)));
    let (count, text) = parts.ok_or_else(|| lines.bad("repeat NAME = COUNT TEXT"))?;
    Ok(Some((name, text.repeat(count))))
}

struct Lines<'a> {
    name: &'a str,
    lines: Vec<&'a str>,
    next: usize,
}

impl<'a> Lines<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.lines.get(self.next).copied()
    }

    /// The next line without its mark, if it has that mark.
    fn take(&mut self, mark: &str) -> Option<&'a str> {
        let rest = self.peek()?.strip_prefix(mark)?;
        self.next += 1;
        Some(rest.trim())
    }

    /// To the next line that says something; false at the end.
    fn skip_blank(&mut self) -> bool {
        while self.peek().is_some_and(|line| line.trim().is_empty() || line.starts_with('#')) {
            self.next += 1;
        }
        self.peek().is_some()
    }

    fn place(&self) -> String {
        format!("cases/{}.cases:{}", self.name, self.next + 1)
    }

    fn bad(&self, problem: impl Into<String>) -> BadCase {
        BadCase { place: self.place(), problem: problem.into() }
    }

    /// `Name: value` lines.
    fn headers(&mut self) -> Vec<(&'a str, &'a str)> {
        let mut headers = Vec::new();
        while let Some((name, value)) = self.peek().and_then(as_header) {
            headers.push((name, value));
            self.next += 1;
        }
        headers
    }

    /// Lines up to the next mark, without trailing blank lines and comments; a leading `|` keeps a line as it is, also a blank one.
    fn body(&mut self) -> Option<String> {
        let (mut body, mut kept) = (Vec::new(), 0);
        while let Some(line) = self.peek() {
            if line.starts_with("> ") || line.starts_with("< ") || line.starts_with("== ") || line.starts_with('#') {
                break;
            }
            body.push(line.strip_prefix('|').unwrap_or(line));
            if line.starts_with('|') {
                kept = body.len();
            }
            self.next += 1;
        }
        while body.len() > kept && body.last().is_some_and(|line| line.is_empty()) {
            body.pop();
        }
        (!body.is_empty()).then(|| body.join("\n"))
    }
}

fn as_header(line: &str) -> Option<(&str, &str)> {
    let (name, value) = line.split_once(':')?;
    let token = name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    token.then_some((name, value.trim()))
}

/// A case, or with an `each` line one per value.
fn parse_case(lines: &mut Lines<'_>, shared: &[(String, String)]) -> Result<Vec<Case>, BadCase> {
    let head = lines.take("== ").ok_or_else(|| lines.bad("a case starts with `== name: clause`"))?;
    let (name, clause) = head.split_once(": ").ok_or_else(|| lines.bad("a case starts with `== name: clause`"))?;
    let mut case = Case {
        id: format!("{}.{name}", lines.name),
        clause: clause.to_owned(),
        profile: Profile::Core,
        lets: shared.to_vec(),
        steps: Vec::new(),
    };
    let mut each = None;
    while lines.skip_blank() {
        if let Some(profile) = lines.take("profile:") {
            case.profile = match profile {
                "global" => Profile::Global,
                "extended" => Profile::Extended,
                "freehold" => Profile::Freehold,
                other => return Err(lines.bad(format!("no such profile: {other}"))),
            };
        } else if let Some(line) = lines.take("each ") {
            each = Some(binding(lines, line)?);
        } else if let Some(binding) = take_let(lines)? {
            case.lets.push(binding);
        } else {
            break;
        }
    }
    while lines.skip_blank() && lines.peek().is_some_and(|line| line.starts_with("> ")) {
        case.steps.push(parse_step(lines)?);
    }
    if case.steps.is_empty() {
        return Err(lines.bad("expected `> METHOD target`"));
    }
    Ok(match each {
        None => vec![case],
        Some((name, values)) => values.split(" | ").map(|value| with_value(&case, &name, value.trim())).collect(),
    })
}

fn binding(lines: &Lines<'_>, line: &str) -> Result<(String, String), BadCase> {
    let (name, value) = line.split_once('=').ok_or_else(|| lines.bad("expected NAME = value"))?;
    Ok((name.trim().to_owned(), value.trim().to_owned()))
}

fn with_value(case: &Case, name: &str, value: &str) -> Case {
    let mut case = case.clone();
    case.id = format!("{}[{value}]", case.id);
    case.lets.insert(0, (name.to_owned(), value.to_owned()));
    case
}

fn parse_step(lines: &mut Lines<'_>) -> Result<Step, BadCase> {
    let place = lines.place();
    let line = lines.take("> ").ok_or_else(|| lines.bad("expected `> METHOD target`"))?;
    let (method, target) = line.split_once(' ').unwrap_or((line, ""));
    let own = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
    let headers = lines.headers().into_iter().map(own).collect();
    let body = lines.body();
    lines.skip_blank();
    let line = lines.take("< ").ok_or_else(|| lines.bad("expected `< STATUS …`"))?;
    let (status, rest) = line.split_once(' ').unwrap_or((line, ""));
    let status = status.parse().map_err(|_| lines.bad(format!("not a status: {status}")))?;
    let answer_headers = lines
        .headers()
        .into_iter()
        .map(|(name, value)| (name.to_ascii_lowercase(), (value != "absent").then(|| value.to_owned())))
        .collect();
    let answer = parse_answer(lines, rest)?;
    let (method, target) = (method.to_owned(), target.to_owned());
    Ok(Step { place, method, target, headers, body, status, answer_headers, answer })
}

fn parse_answer(lines: &mut Lines<'_>, rest: &str) -> Result<Answer, BadCase> {
    let body = lines.body();
    match (rest, body) {
        ("", None) => Ok(Answer::Whatever),
        ("", Some(body)) => Ok(Answer::Json(body)),
        ("empty", None) => Ok(Answer::Empty),
        ("text", Some(body)) => Ok(Answer::Text(body)),
        (error, None) if error.starts_with(|c: char| c.is_ascii_digit()) => {
            let (code, message) = error.split_once(' ').ok_or_else(|| lines.bad("`< STATUS CODE message`"))?;
            let message = match (message, message.strip_prefix("~ ")) {
                ("*", _) => Message::Any,
                (_, Some(part)) => Message::Contains(part.to_owned()),
                (exact, None) => Message::Exactly(exact.to_owned()),
            };
            Ok(Answer::Error(code.to_owned(), message))
        }
        _ => Err(lines.bad("after the status: nothing, `empty`, `text` and a body, or CODE and a message")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_case_has_a_clause_variables_requests_and_expectations() {
        let text = "# Registration.\nlet S = s\n\n== ok: 200, never 201\nprofile: global\nlet A = {\"type\":\"int\"}\nrepeat L = 3 ab\n\n\
                    > POST /subjects/${p}a/versions?x=a b\nAccept: */*\nX-Empty:\n{\"schema\":\n \"${A}\"}\n< 200\n\
                    vary: Accept-Encoding\nallow: absent\n{\"id\": \"$int\"}\n\n\
                    > PUT /config\n< 422 42203 ~ Invalid\n> GET \n< 200 text\n|\n| a\n|\n\n> GET /x\n< 404 40401 Subject 'x' not found.\n";
        let [case] = parse("f", text).unwrap().try_into().unwrap();
        assert_eq!((case.id.as_str(), case.clause.as_str()), ("f.ok", "200, never 201"));
        assert_eq!(case.profile, Profile::Global);
        assert_eq!(
            case.lets,
            [("S".into(), "s".into()), ("A".into(), "{\"type\":\"int\"}".into()), ("L".into(), "ababab".into())]
        );
        let [register, config, root, missing] = &case.steps[..] else { panic!("{:?}", case.steps) };
        assert_eq!(register.place, "cases/f.cases:9");
        assert_eq!((register.method.as_str(), register.target.as_str()), ("POST", "/subjects/${p}a/versions?x=a b"));
        assert_eq!(register.headers, [("Accept".into(), "*/*".into()), ("X-Empty".into(), String::new())]);
        assert_eq!(register.body.as_deref(), Some("{\"schema\":\n \"${A}\"}"));
        assert_eq!(register.answer_headers, [("vary".into(), Some("Accept-Encoding".into())), ("allow".into(), None)]);
        assert_eq!(register.answer, Answer::Json("{\"id\": \"$int\"}".into()));
        assert_eq!((config.status, &config.body), (422, &None));
        assert_eq!(config.answer, Answer::Error("42203".into(), Message::Contains("Invalid".into())));
        assert_eq!((root.target.as_str(), &root.answer), ("", &Answer::Text("\n a\n".into())));
        assert_eq!(missing.answer, Answer::Error("40401".into(), Message::Exactly("Subject 'x' not found.".into())));
    }

    #[test]
    fn each_makes_one_case_per_value() {
        let cases = parse("f", "== v: bad versions\neach V = 0 | abc\n> GET /${V}\n< 422\n").unwrap();
        let ids: Vec<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids, ["f.v[0]", "f.v[abc]"]);
        assert_eq!(cases[1].lets, [("V".into(), "abc".into())]);
    }

    #[test]
    fn what_does_not_fit_is_refused_with_its_line() {
        let check = |text: &str, problem: &str| assert_eq!(parse("f", text).unwrap_err().to_string(), problem);
        check("> GET /\n< 200\n", "cases/f.cases:1: a case starts with `== name: clause`");
        check("== a: b\n", "cases/f.cases:2: expected `> METHOD target`");
        check("== a: b\n> GET /\n{}\n", "cases/f.cases:4: expected `< STATUS …`");
        check("== a: b\n> GET /\n< ok\n", "cases/f.cases:4: not a status: ok");
        check("== a: b\nprofile: x\n> GET /\n< 200\n", "cases/f.cases:3: no such profile: x");
    }
}
