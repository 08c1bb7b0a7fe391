//! What our own routes take in their query. A parameter that is misspelt, or has a value that it cannot have, is refused:
//! `?dryrun=true` must not change what it was meant to try.
//!
//! The routes of the Confluent API take anything, as the reference does, and so do those that probes and scrapers ask, which
//! add parameters of their own. The rows of the route table name what the others take, and `openapi.json` says the same:
//! checked by a test.

use super::query::Query;
use super::routes::Operation;
use rules::fault::Fault;
use rules::near;

/// A parameter of a query.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it can be.
    pub value: Value,
}

/// What the value of a parameter can be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Value {
    /// `true` or `false`.
    Flag,
    /// A whole number from the one to the other.
    Number(i64, i64),
    /// One of these words.
    Word(&'static [&'static str]),
    /// A text, which its handler reads.
    Text,
}

pub(super) const OFFSET: Parameter = Parameter { name: "offset", value: Value::Number(0, i32::MAX as i64) };
pub(super) const LIMIT: Parameter = Parameter { name: "limit", value: Value::Number(1, i32::MAX as i64) };
pub(super) const LIMIT_1000: Parameter = Parameter { name: "limit", value: Value::Number(1, 1000) };
pub(super) const FROM: Parameter = Parameter { name: "from", value: Value::Number(i64::MIN, i64::MAX) };
pub(super) const TO: Parameter = Parameter { name: "to", value: Value::Number(i64::MIN, i64::MAX) };
pub(super) const BEFORE: Parameter = Parameter { name: "before", value: Value::Text };
pub(super) const CONFIRM: Parameter = Parameter { name: "confirm", value: Value::Flag };
pub(super) const DRY_RUN: Parameter = Parameter { name: "dryRun", value: Value::Flag };
pub(super) const NORMALIZE: Parameter = Parameter { name: "normalize", value: Value::Flag };
pub(super) const ENCODING: Parameter = Parameter { name: "encoding", value: Value::Word(&["json", "base64"]) };
pub(super) const ACTION: Parameter = Parameter { name: "action", value: Value::Text };
pub(super) const SUBJECT: Parameter = Parameter { name: "subject", value: Value::Text };
pub(super) const TOPIC: Parameter = Parameter { name: "topic", value: Value::Text };
pub(super) const CONTEXT: Parameter = Parameter { name: "context", value: Value::Text };

/// Does the query hold nothing but what the operation takes, and each of it once?
///
/// # Errors
/// `BadParameter`.
pub fn check(operation: Operation, query: &Query) -> Result<(), Fault> {
    let Some(parameters) = operation.route().takes else { return Ok(()) };
    let mut seen = Vec::new();
    for (name, text) in query.pairs() {
        let Some(parameter) = parameters.iter().find(|parameter| parameter.name == name) else {
            return Err(unknown(name, parameters));
        };
        if seen.contains(&name) {
            return Err(Fault::BadParameter(format!("The parameter '{name}' is given twice")));
        }
        seen.push(name);
        if let Some(kind) = parameter.value.kind_unless(text) {
            return Err(Fault::BadParameter(format!("The parameter '{name}' is {kind}, not '{}'", cut(text))));
        }
    }
    Ok(())
}

fn unknown(name: &str, parameters: &[Parameter]) -> Fault {
    let names: Vec<&str> = parameters.iter().map(|parameter| parameter.name).collect();
    let takes = if names.is_empty() { "no parameters".to_owned() } else { names.join(", ") };
    let hint = near::hint(name, names);
    Fault::BadParameter(format!("There is no parameter '{}' here{hint} (this takes {takes})", cut(name)))
}

impl Value {
    /// What the value has to be, where the text is not that.
    fn kind_unless(self, text: &str) -> Option<String> {
        match self {
            Value::Text => None,
            Value::Flag => Value::Word(&["true", "false"]).kind_unless(text),
            Value::Word(words) if words.contains(&text) => None,
            Value::Word(words) => Some(words.iter().map(|word| format!("'{word}'")).collect::<Vec<_>>().join(" or ")),
            Value::Number(least, most) if text.parse().is_ok_and(|number: i64| (least..=most).contains(&number)) => {
                None
            }
            Value::Number(i64::MIN, _) => Some("a whole number".to_owned()),
            Value::Number(least, most) => Some(format!("a whole number from {least} to {most}")),
        }
    }
}

/// As much of a text as a message shows.
fn cut(text: &str) -> &str {
    text.char_indices().nth(60).map_or(text, |(at, _)| &text[..at])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::openapi::DOCUMENT;
    use crate::http::routes::ROUTES;
    use serde_json::{Value as Json, json};
    use std::collections::{BTreeMap, BTreeSet};

    #[track_caller]
    fn refused(operation: Operation, query: &str) -> String {
        match check(operation, &Query::parse(Some(query))) {
            Ok(()) => "taken".to_owned(),
            Err(Fault::BadParameter(message)) => message,
            Err(other) => format!("{other:?}"),
        }
    }

    #[test]
    fn what_is_not_documented_is_refused_by_name() {
        use Operation as Op;
        let rows = [
            (Op::PutNamespace, "dryRun=true&confirm=false", "taken"),
            (Op::PutNamespace, "", "taken"),
            (
                Op::PutNamespace,
                "dryrun=true",
                "There is no parameter 'dryrun' here; did you mean 'dryRun'? (this takes confirm, dryRun)",
            ),
            (Op::PutNamespace, "dryRun=1", "The parameter 'dryRun' is 'true' or 'false', not '1'"),
            (Op::PutNamespace, "dryRun", "The parameter 'dryRun' is 'true' or 'false', not ''"),
            (Op::PutNamespace, "dryRun=TRUE", "The parameter 'dryRun' is 'true' or 'false', not 'TRUE'"),
            (Op::PutNamespace, "dryRun=false&dryRun=true", "The parameter 'dryRun' is given twice"),
            (Op::PutMember, "confirm=true", "There is no parameter 'confirm' here (this takes dryRun)"),
            (Op::GetNamespace, "x=1", "There is no parameter 'x' here (this takes no parameters)"),
            (Op::GetAudit, "from=-5&to=6&limit=1000&before=1.2", "taken"),
            (Op::GetAudit, "from=yesterday", "The parameter 'from' is a whole number, not 'yesterday'"),
            (Op::GetAudit, "limit=1001", "The parameter 'limit' is a whole number from 1 to 1000, not '1001'"),
            (Op::ListOrphans, "offset=-1", "The parameter 'offset' is a whole number from 0 to 2147483647, not '-1'"),
            (Op::ValidateSample, "encoding=base64", "taken"),
            (Op::ValidateSample, "encoding=hex", "The parameter 'encoding' is 'json' or 'base64', not 'hex'"),
            (Op::RegisterSchema, "dryRun=1&x=y", "taken"),
            (Op::GetReadiness, "probe=7", "taken"),
        ];
        for (operation, query, expected) in rows {
            assert_eq!(refused(operation, query), expected, "{operation:?} {query}");
        }
        let long = "é".repeat(9000);
        assert!(refused(Op::CanI, &format!("{long}=1")).len() < 300);
    }

    fn schema(value: Value) -> Json {
        match value {
            Value::Flag => json!({ "type": "boolean", "default": false }),
            Value::Word(words) => json!({ "enum": words, "default": words[0] }),
            Value::Text => json!({ "type": "string" }),
            Value::Number(i64::MIN, _) => json!({ "type": "integer", "format": "int64" }),
            Value::Number(0, _) => json!({ "type": "integer", "format": "int32", "minimum": 0, "default": 0 }),
            Value::Number(least, 1000) => {
                json!({ "type": "integer", "format": "int32", "minimum": least, "maximum": 1000, "default": 1000 })
            }
            Value::Number(least, _) => json!({ "type": "integer", "format": "int32", "minimum": least }),
        }
    }

    #[test]
    fn the_description_of_the_api_says_the_same() {
        let document: Json = serde_json::from_str(DOCUMENT).unwrap();
        for route in ROUTES {
            let own = route.path.starts_with("/namespaces") || route.path.ends_with("/validate");
            let Some(parameters) = route.takes else {
                assert!(!own, "{}", route.name);
                continue;
            };
            let described = &document["paths"][route.path][route.method.as_str().to_lowercase()]["parameters"];
            // What stands beside a reference adds to what it leads to.
            let target = |described: &Json| {
                let mut whole = described.clone();
                if let Some(place) = described["$ref"].as_str() {
                    let target = document.pointer(place.trim_start_matches('#')).unwrap();
                    whole.as_object_mut().unwrap().extend(target.as_object().unwrap().clone());
                }
                whole
            };
            let in_query = described.as_array().into_iter().flatten().map(target).filter(|one| one["in"] == "query");
            let described: BTreeMap<String, Json> =
                in_query.map(|one| (one["name"].as_str().unwrap().to_owned(), target(&one["schema"]))).collect();
            let names: BTreeSet<&str> = parameters.iter().map(|parameter| parameter.name).collect();
            assert_eq!(described.keys().map(String::as_str).collect::<BTreeSet<_>>(), names, "{}", route.name);
            for Parameter { name, value } in parameters {
                for (member, expected) in schema(*value).as_object().unwrap() {
                    assert_eq!(described[*name][member], *expected, "{} {name} {member}", route.name);
                }
            }
        }
    }
}
