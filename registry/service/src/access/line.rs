//! An entry of the audit as JSON: in answers, and as a line of the sink, which can be read back to check the chain.

use model::{AuditOutcome, AuditRecord};
use serde_json::{Map, Value, json};
use std::fmt::Write as _;
use storage::{AuditEntry, Chain};

/// An entry as one line of JSON, with its end of line.
pub fn line(entry: &AuditEntry) -> String {
    let mut line = shown(entry).to_string();
    line.push('\n');
    line
}

/// An entry as JSON; what is empty is left out.
pub fn shown(entry: &AuditEntry) -> Value {
    let AuditEntry { number, at, previous, record } = entry;
    let mut shown = json!({
        "number": number,
        "time": record.happened.unwrap_or(*at),
        "principal": record.principal,
    });
    let mut add = |name: &str, value: &str| {
        if !value.is_empty() {
            shown[name] = value.into();
        }
    };
    add("attempted", &record.attempted);
    add("authenticated", record.method.as_deref().unwrap_or_default());
    add("operation", &record.operation);
    add("action", &record.action);
    add("kind", &record.kind);
    add("resource", &record.name);
    add("namespace", record.namespace.as_ref().map_or("", |name| name.as_str()));
    add("namespaceId", &record.namespace_id.map(|id| id.to_string()).unwrap_or_default());
    add("decision", record.outcome.as_str());
    add("rule", &record.rule);
    add("requestId", &record.request_id);
    add("address", &record.address.map(|address| address.to_string()).unwrap_or_default());
    if record.count != 1 {
        shown["count"] = record.count.into();
    }
    shown["previous"] = hex(previous).into();
    shown["hash"] = hex(&entry.hash()).into();
    shown
}

/// A hash as text.
pub fn hex(hash: &Chain) -> String {
    hash.iter().fold(String::with_capacity(64), |mut out, byte| {
        // Writing to a text does not fail.
        let _ = write!(out, "{byte:02x}");
        out
    })
}

/// An entry that was read back.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Line {
    /// What it says; `at` is the time shown.
    pub entry: AuditEntry,
    /// The hash that stands beside it.
    pub hash: Chain,
}

impl Line {
    /// Reads what `shown` wrote.
    ///
    /// # Errors
    /// What is missing or wrong.
    pub fn read(shown: &Value) -> Result<Self, String> {
        let object = shown.as_object().ok_or("it is not a JSON object")?;
        let number = object.get("number").and_then(Value::as_u64).ok_or("it has no number")?;
        let at = object.get("time").and_then(Value::as_i64).ok_or("it has no time")?;
        let record = AuditRecord {
            happened: None,
            principal: text(object, "principal")?,
            attempted: text(object, "attempted")?,
            method: Some(text(object, "authenticated")?).filter(|method| !method.is_empty()),
            operation: text(object, "operation")?,
            action: text(object, "action")?,
            kind: text(object, "kind")?,
            name: text(object, "resource")?,
            namespace: parsed(object, "namespace", |text| text.parse().ok())?,
            namespace_id: parsed(object, "namespaceId", |text| {
                model::Guid::parse(text).map(|id| model::NamespaceId(id.0))
            })?,
            outcome: parsed(object, "decision", |text| text.parse::<AuditOutcome>().ok())?
                .ok_or("it has no decision")?,
            rule: text(object, "rule")?,
            request_id: text(object, "requestId")?,
            address: parsed(object, "address", |text| text.parse().ok())?,
            count: object.get("count").map_or(Some(1), Value::as_u64).ok_or("its count is no number")?,
        };
        let chain = |name: &str| parsed(object, name, unhex)?.ok_or_else(|| format!("it has no {name}"));
        Ok(Line { entry: AuditEntry { number, at, previous: chain("previous")?, record }, hash: chain("hash")? })
    }
}

fn text(object: &Map<String, Value>, name: &str) -> Result<String, String> {
    match object.get(name) {
        None => Ok(String::new()),
        Some(Value::String(text)) => Ok(text.clone()),
        Some(_) => Err(format!("its {name} is no text")),
    }
}

fn parsed<T>(
    object: &Map<String, Value>,
    name: &str,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, String> {
    let text = text(object, name)?;
    if text.is_empty() {
        return Ok(None);
    }
    parse(&text).map(Some).ok_or_else(|| format!("its {name} cannot be read"))
}

fn unhex(text: &str) -> Option<Chain> {
    let mut chain = [0; 32];
    if text.len() != 64 || !text.is_ascii() {
        return None;
    }
    for (at, byte) in chain.iter_mut().enumerate() {
        *byte = u8::from_str_radix(text.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(chain)
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn entry(number: u64, name: &str) -> AuditEntry {
        let record = AuditRecord {
            happened: None,
            principal: "user:basic/alice".into(),
            attempted: String::new(),
            method: Some("basic".into()),
            operation: "subjects.versions.register".into(),
            action: "register".into(),
            kind: "Subject".into(),
            name: name.into(),
            namespace: "payments".parse().ok(),
            namespace_id: None,
            outcome: AuditOutcome::Permitted,
            rule: "role:owner".into(),
            request_id: "r-1".into(),
            address: Some([127, 0, 0, 1].into()),
            count: 1,
        };
        AuditEntry { number, at: 5, previous: [0xab; 32], record }
    }

    #[test]
    fn an_entry_is_one_line_of_json() {
        let entry = entry(7, "a\nb");
        let (previous, hash) = ("ab".repeat(32), hex(&entry.hash()));
        assert_eq!(
            line(&entry),
            format!(
                "{{\"number\":7,\"time\":5,\"principal\":\"user:basic/alice\",\"authenticated\":\"basic\",\"operation\":\"subjects.versions.register\",\"action\":\"register\",\"kind\":\"Subject\",\"resource\":\"a\\nb\",\"namespace\":\"payments\",\"decision\":\"permitted\",\"rule\":\"role:owner\",\"requestId\":\"r-1\",\"address\":\"127.0.0.1\",\"previous\":\"{previous}\",\"hash\":\"{hash}\"}}\n"
            )
        );
    }

    #[test]
    fn a_line_is_read_back_with_the_hash_that_it_shows() {
        let full = AuditRecord {
            happened: Some(4),
            attempted: "bob".into(),
            namespace_id: Some(model::NamespaceId([7; 16])),
            count: 300,
            ..entry(1, "").record
        };
        let bare = AuditRecord { method: None, namespace: None, address: None, ..full.clone() };
        for record in [full, bare] {
            let entry = AuditEntry { record, ..entry(7, "") };
            let read = Line::read(&serde_json::from_str(&line(&entry)).unwrap()).unwrap();
            assert_eq!((read.entry.hash(), read.hash), (entry.hash(), entry.hash()));
        }
    }

    #[test]
    fn what_is_no_line_is_refused_with_the_reason() {
        let good = shown(&entry(7, "a"));
        for (member, value, why) in [
            ("number", json!("7"), "it has no number"),
            ("hash", json!("ab"), "its hash cannot be read"),
            ("previous", json!(""), "it has no previous"),
            ("resource", json!(7), "its resource is no text"),
            ("decision", json!("perhaps"), "its decision cannot be read"),
        ] {
            let mut bad = good.clone();
            bad[member] = value;
            assert_eq!(Line::read(&bad).unwrap_err(), why);
        }
        assert!(Line::read(&json!([])).is_err());
    }
}
