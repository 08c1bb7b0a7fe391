//! Reading the two policy files, so strictly that nothing reaches casbin that could surprise it.
//!
//! casbin compiles expressions of a scripting language and panics on some of them (an invalid pattern in `regexMatch`, an
//! unknown effect). So the files are read here, word by word, and what casbin gets is written anew from what was
//! understood. Every error names its line.

use crate::{Action, Role};
use std::fmt::Write;

/// The most bytes a policy file may have.
pub(crate) const MAX_BYTES: usize = 64 * 1024;

/// Why a policy file is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidLine {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: Problem,
}

/// What is wrong with a line.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum Problem {
    #[error("unknown role {0:?}; known: anyone, writer, owner, context-owner, admin")]
    Role(String),
    #[error("unknown action {0:?}")]
    Action(String),
    #[error("unknown domain {0:?}; known: namespace, registry")]
    Domain(String),
    #[error("unknown effect {0:?}; known: allow, deny")]
    Effect(String),
    #[error("expected `p, role, action` or `g, role, role, domain`")]
    Shape,
    #[error("expected `[section]` or `key = value`")]
    ModelShape,
    #[error("section [{0}] is unknown or stands here twice")]
    Section(String),
    #[error("{0} must read: {1}")]
    Fixed(&'static str, &'static str),
    #[error(
        "the matcher may not hold {0:?}; it knows r.role, r.dom, r.act, p.role, p.act, g(…), ==, &&, || and brackets"
    )]
    Matcher(String),
    #[error("section [{0}] is missing")]
    Missing(&'static str),
    #[error("the file has more than {MAX_BYTES} bytes")]
    TooLong,
}

impl Problem {
    fn at(self, line: usize) -> InvalidLine {
        InvalidLine { line, problem: self }
    }
}

/// Where a decision is made, as the policy sees it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Domain {
    /// A namespace owns the resource.
    Namespace,
    /// None does.
    Registry,
}

impl Domain {
    pub(super) const ALL: [Domain; 2] = [Domain::Namespace, Domain::Registry];

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Domain::Namespace => "namespace",
            Domain::Registry => "registry",
        }
    }
}

/// Does the policy know lines that deny?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Effect {
    AllowOnly,
    AllowAndDeny,
}

impl Effect {
    const ALLOW: &'static str = "some(where (p.eft == allow))";
    const ALLOW_AND_DENY: &'static str = "some(where (p.eft == allow)) && !some(where (p.eft == deny))";
}

/// A model file that was understood.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Model {
    pub(super) effect: Effect,
    matcher: String,
}

const SECTIONS: [(&str, &str); 5] = [
    ("request_definition", "r = role, dom, act"),
    ("policy_definition", "p = role, act"),
    ("role_definition", "g = _, _, _"),
    ("policy_effect", "e = some(where (p.eft == allow)), optionally followed by && !some(where (p.eft == deny))"),
    ("matchers", "m = an expression"),
];

impl Model {
    pub(super) fn parse(text: &str) -> Result<Self, InvalidLine> {
        if text.len() > MAX_BYTES {
            return Err(Problem::TooLong.at(1));
        }
        let mut values: [Option<(usize, String)>; 5] = Default::default();
        let mut section = None;
        let mut last = 1;
        for (line, content) in lines(text) {
            last = line;
            if let Some(name) = content.strip_prefix('[') {
                let name = name.strip_suffix(']').ok_or(Problem::ModelShape.at(line))?;
                let at = SECTIONS.iter().position(|(known, _)| *known == name);
                section = Some(
                    at.filter(|&at| values[at].is_none()).ok_or_else(|| Problem::Section(name.to_owned()).at(line))?,
                );
                continue;
            }
            let at = section.take().ok_or(Problem::ModelShape.at(line))?;
            let (key, value) = content.split_once('=').ok_or(Problem::ModelShape.at(line))?;
            let (name, form) = SECTIONS[at];
            if key.trim() != &form[..1] {
                return Err(Problem::Fixed(name, form).at(line));
            }
            values[at] = Some((line, value.trim().to_owned()));
        }
        let mut fields = Vec::with_capacity(SECTIONS.len());
        for (value, (name, _)) in values.into_iter().zip(SECTIONS) {
            fields.push(value.ok_or(Problem::Missing(name).at(last))?);
        }
        for at in 0..3 {
            let (name, form) = SECTIONS[at];
            let (line, value) = &fields[at];
            if squeeze(value) != squeeze(&form[4..]) {
                return Err(Problem::Fixed(name, form).at(*line));
            }
        }
        let (line, effect) = &fields[3];
        let effect = match squeeze(effect) {
            effect if effect == squeeze(Effect::ALLOW) => Effect::AllowOnly,
            effect if effect == squeeze(Effect::ALLOW_AND_DENY) => Effect::AllowAndDeny,
            _ => return Err(Problem::Fixed(SECTIONS[3].0, SECTIONS[3].1).at(*line)),
        };
        let (line, matcher) = &fields[4];
        let matcher = parse_matcher(matcher).map_err(|problem| problem.at(*line))?;
        Ok(Model { effect, matcher })
    }

    /// The model in casbin's language.
    pub(super) fn render(&self) -> String {
        let (definition, effect) = match self.effect {
            Effect::AllowOnly => ("role, act", Effect::ALLOW),
            Effect::AllowAndDeny => ("role, act, eft", Effect::ALLOW_AND_DENY),
        };
        format!(
            "[request_definition]\nr = role, dom, act\n\n[policy_definition]\np = {definition}\n\n\
             [role_definition]\ng = _, _, _\n\n[policy_effect]\ne = {effect}\n\n[matchers]\nm = {}\n",
            self.matcher
        )
    }
}

/// The matcher's words, each of which must be known. Its length bounds how deep it can nest.
fn parse_matcher(text: &str) -> Result<String, Problem> {
    const WORDS: [&str; 5] = ["r.role", "r.dom", "r.act", "p.role", "p.act"];
    const MAX: usize = 400;
    if text.len() > MAX || text.is_empty() {
        return Err(Problem::Matcher(text.chars().take(20).collect()));
    }
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '(' | ')' | ',' => 1,
            '=' | '&' | '|' => 2,
            '"' => rest[1..].find('"').map_or(rest.len(), |end| end + 2),
            _ => rest.find(|c: char| !(c.is_ascii_alphanumeric() || c == '.' || c == '_')).unwrap_or(rest.len()),
        };
        let word = rest.get(..length.max(1)).unwrap_or(rest);
        rest = rest[word.len()..].trim_start();
        let known = match first {
            '(' | ')' | ',' => true,
            '=' | '&' | '|' => matches!(word, "==" | "&&" | "||"),
            '"' => is_literal(word),
            _ => WORDS.contains(&word) || (word == "g" && rest.starts_with('(')),
        };
        if !known {
            return Err(Problem::Matcher(word.to_owned()));
        }
    }
    Ok(text.to_owned())
}

/// A quoted role, action or domain: letters and hyphens.
fn is_literal(word: &str) -> bool {
    word.len() > 2
        && word.ends_with('"')
        && word[1..word.len() - 1].bytes().all(|b| b.is_ascii_lowercase() || b == b'-')
}

/// A policy line that was understood.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Line {
    Allow(Role, Action),
    Deny(Role, Action),
    Inherit(Role, Role, Domain),
}

/// Reads the policy. Comments begin with `#`.
pub(super) fn parse_policy(text: &str, effect: Effect) -> Result<Vec<Line>, InvalidLine> {
    if text.len() > MAX_BYTES {
        return Err(Problem::TooLong.at(1));
    }
    lines(text).map(|(line, content)| parse_line(content, effect).map_err(|problem| problem.at(line))).collect()
}

fn parse_line(content: &str, effect: Effect) -> Result<Line, Problem> {
    let role = |word: &str| Role::parse(word).ok_or_else(|| Problem::Role(word.to_owned()));
    let action = |word: &str| Action::parse(word).ok_or_else(|| Problem::Action(word.to_owned()));
    let fields: Vec<&str> = content.split(',').map(str::trim).collect();
    match (fields.as_slice(), effect) {
        (["p", who, what], _) => Ok(Line::Allow(role(who)?, action(what)?)),
        (["p", who, what, "allow"], Effect::AllowAndDeny) => Ok(Line::Allow(role(who)?, action(what)?)),
        (["p", who, what, "deny"], Effect::AllowAndDeny) => Ok(Line::Deny(role(who)?, action(what)?)),
        (["p", _, _, other], Effect::AllowAndDeny) => Err(Problem::Effect((*other).to_owned())),
        (["g", who, like, domain], _) => {
            let known = Domain::ALL.into_iter().find(|known| known.as_str() == *domain);
            let domain = known.ok_or_else(|| Problem::Domain((*domain).to_owned()))?;
            Ok(Line::Inherit(role(who)?, role(like)?, domain))
        }
        _ => Err(Problem::Shape),
    }
}

/// The policy in casbin's language.
pub(super) fn render_policy(lines: &[Line], effect: Effect) -> String {
    let mut text = String::new();
    for line in lines {
        let written = match (line, effect) {
            (Line::Allow(role, action), Effect::AllowOnly) => writeln!(text, "p, {role}, {action}"),
            (Line::Allow(role, action), Effect::AllowAndDeny) => writeln!(text, "p, {role}, {action}, allow"),
            (Line::Deny(role, action), _) => writeln!(text, "p, {role}, {action}, deny"),
            (Line::Inherit(role, like, domain), _) => writeln!(text, "g, {role}, {like}, {}", domain.as_str()),
        };
        written.expect("writing to a string cannot fail");
    }
    text
}

/// Lines that say something, numbered from 1.
fn lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, content)| !content.is_empty() && !content.starts_with('#'))
}

fn squeeze(text: &str) -> String {
    text.split_whitespace().collect()
}
