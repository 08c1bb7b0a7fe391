//! Which id a registry hands out where the recording has another, because registrations were left out.
//!
//! Ids are allotted in order, one counter per context, and the recording shows for each registration which one it got. So the
//! shift that left-out pairs cause is known beforehand and the expected ids stay exact: nothing is learned from the
//! answers under test. Where nothing was left out the map is the identity.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::Pair;

/// Text of a context: `.` for the default one, `.name` for others.
pub type Context = String;

/// Recorded id to expected id, per context, growing pair by pair.
#[derive(Debug, Default)]
pub struct Ids {
    contexts: BTreeMap<Context, Counter>,
}

#[derive(Debug, Default)]
struct Counter {
    /// Highest id in the recording so far, left-out pairs included.
    recorded: i64,
    /// Highest id that the registry under test has handed out.
    actual: i64,
    map: BTreeMap<i64, i64>,
    /// Subjects and versions seen to hold an id (recorded id).
    holders: BTreeMap<i64, BTreeSet<(String, i64)>>,
}

impl Ids {
    /// Takes note of the pair's registration, if it is one that succeeded. Was it also `made` of the registry under test?
    pub fn note(&mut self, pair: &Pair, made: bool) {
        let Some(Registered { subject, id, version, wanted }) = registration(pair) else { return };
        let counter = self.contexts.entry(context_of(&subject)).or_default();
        let burnt = (id - counter.recorded - 1).max(0);
        let fresh = id > counter.recorded;
        counter.recorded = counter.recorded.max(id);
        if made {
            counter.holders.entry(id).or_default().insert((subject, version));
            if wanted {
                counter.actual = counter.actual.max(id);
                counter.map.insert(id, id);
            } else if !counter.map.contains_key(&id) {
                // An id that the recording skipped was used up by something that no answer showed; it is used up here too.
                counter.actual = following(counter.actual, 1 + if fresh { burnt } else { 0 });
                counter.map.insert(id, counter.actual);
            }
        }
    }

    /// The id to expect, or to send, for a recorded one; unknown ids stay what they are.
    pub fn actual(&self, context: &str, recorded: i64) -> i64 {
        self.contexts.get(context).and_then(|c| c.map.get(&recorded)).copied().unwrap_or(recorded)
    }

    /// The highest id handed out, where the recording has its own highest (perhaps of a registration that was left out).
    pub fn actual_max(&self, context: &str, recorded: i64) -> i64 {
        match self.contexts.get(context) {
            Some(counter) if counter.recorded == recorded => counter.actual,
            _ => self.actual(context, recorded),
        }
    }

    /// Whether several subjects or versions have ever held the id, so that it is arbitrary which one is shown.
    pub fn shared(&self, context: &str, recorded: i64) -> bool {
        self.contexts.get(context).and_then(|c| c.holders.get(&recorded)).is_some_and(|holders| holders.len() > 1)
    }
}

/// Ids are 32 bits wide and wrap.
fn following(id: i64, by: i64) -> i64 {
    let next = id + by;
    if next > i64::from(i32::MAX) { next - (1 << 32) } else { next }
}

/// A successful registration.
struct Registered {
    subject: String,
    id: i64,
    version: i64,
    /// The request named the id (in IMPORT mode), so nothing was allotted.
    wanted: bool,
}

fn registration(pair: &Pair) -> Option<Registered> {
    let path = pair.request.target.split('?').next()?;
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let subject = match (pair.request.method.as_str(), &segments[..]) {
        ("POST", ["subjects", subject, "versions"] | ["subjects", subject, "versions", _, "tags"]) => subject,
        _ => return None,
    };
    let answer = (pair.answer.status == 200).then(|| pair.answer.json()).flatten()?;
    let sent: Option<Value> = pair.request.body.as_deref().and_then(|body| serde_json::from_slice(body).ok());
    let id = answer["id"].as_i64()?;
    let wanted = sent.is_some_and(|sent| sent["id"].as_i64() == Some(id));
    Some(Registered { subject: decode(subject), id, version: answer["version"].as_i64()?, wanted })
}

/// The context that a subject as written in a target lies in.
pub fn context_of(subject: &str) -> Context {
    let qualified = decode(subject);
    match qualified.strip_prefix(":.") {
        Some(rest) => format!(".{}", rest.split(':').next().unwrap_or_default()),
        None => ".".to_owned(),
    }
}

fn decode(segment: &str) -> String {
    let mut out = Vec::new();
    let mut rest = segment.as_bytes();
    while let Some((&byte, after)) = rest.split_first() {
        let escaped = (byte == b'%').then(|| after.get(..2)).flatten();
        let escaped =
            escaped.and_then(|two| std::str::from_utf8(two).ok()).and_then(|two| u8::from_str_radix(two, 16).ok());
        out.push(escaped.unwrap_or(byte));
        rest = if escaped.is_some() { &after[2..] } else { after };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// The context that ids in a target's answer belong to: that of the subject in the path or in the query.
pub fn context_of_target(target: &str) -> Context {
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut segments = path.trim_start_matches('/').split('/');
    match (segments.next(), segments.next()) {
        (Some("subjects"), Some(subject)) => context_of(subject),
        _ => {
            let subject = query.split('&').find_map(|parameter| parameter.strip_prefix("subject="));
            context_of(subject.unwrap_or_default())
        }
    }
}

/// The id in `/schemas/ids/{id}…`.
pub fn id_in_target(target: &str) -> Option<i64> {
    target.strip_prefix("/schemas/ids/")?.split(['/', '?', ';']).next()?.parse().ok()
}

/// Puts the expected ids into a recorded body.
pub fn rewrite_answer(ids: &Ids, target: &str, body: &mut Value) {
    let context = context_of_target(target);
    if target.split('?').next().is_some_and(|path| path.trim_end_matches('/').ends_with("/referencedby")) {
        // Referrers in other contexts are in the same list, without a mark: what this context does not know is theirs.
        for id in body.as_array_mut().into_iter().flatten() {
            let recorded = id.as_i64().unwrap_or_default();
            let known = ids.contexts.get(&context).is_some_and(|c| c.map.contains_key(&recorded));
            *id = ids.actual(if known { &context } else { "." }, recorded).into();
        }
    }
    rewrite_members(ids, &context, body);
    if let (Some(id), Some(message)) = (id_in_target(target), body.get_mut("message")) {
        let named = |id: i64| format!("Schema {id} not found");
        if message.as_str() == Some(named(id).as_str()) {
            *message = named(ids.actual(&context, id)).into();
        }
    }
}

fn rewrite_members(ids: &Ids, outer: &str, value: &mut Value) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| rewrite_members(ids, outer, item)),
        Value::Object(members) => {
            let own = |name: &str| members.get(name).and_then(Value::as_str);
            let context = own("context").map(str::to_owned).or_else(|| own("subject").map(context_of));
            let context = context.unwrap_or_else(|| outer.to_owned());
            if let Some(id) = members.get("id").and_then(Value::as_i64) {
                members.insert("id".to_owned(), ids.actual(&context, id).into());
            }
            if let Some(max) = members.get("maxId").and_then(Value::as_i64) {
                members.insert("maxId".to_owned(), ids.actual_max(&context, max).into());
            }
        }
        _ => {}
    }
}

/// Puts the ids of the registry under test into a recorded target.
pub fn rewrite_target(ids: &Ids, target: &str) -> String {
    let Some(id) = id_in_target(target) else { return target.to_owned() };
    let actual = ids.actual(&context_of_target(target), id);
    if actual == id {
        return target.to_owned();
    }
    let rest = target.trim_start_matches("/schemas/ids/").trim_start_matches(|c: char| !matches!(c, '/' | '?' | ';'));
    format!("/schemas/ids/{actual}{rest}")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::traces::Coverage;
    use crate::traces::Trace;

    fn trace(pairs: &[(&str, i64)]) -> Trace {
        let mut text = json!({"trace": "t", "prefix": "q", "pairs": pairs.len()}).to_string();
        for (i, (subject, id)) in pairs.iter().enumerate() {
            let body = json!({"id": id, "version": i}).to_string();
            let request = json!({"method": "POST", "target": format!("/subjects/{subject}/versions"), "headers": {}});
            let answer = json!({"status": 200, "headers": {}, "body": body});
            text.push_str(&format!("\n{}", json!({"i": i, "request": request, "answer": answer})));
        }
        Trace::parse("t", &text).unwrap()
    }

    #[test]
    fn ids_move_up_when_registrations_are_left_out() {
        let check = |pairs: &[(&str, i64)], left_out: &str, context: &str, expected: &[(i64, i64)]| {
            let trace = trace(pairs);
            let coverage = format!("[t.left_out]\nwhy = \"{left_out}\"");
            let coverage = Coverage::read(if left_out.is_empty() { "" } else { &coverage }, &trace).unwrap();
            let mut ids = Ids::default();
            for (index, pair) in trace.pairs.iter().enumerate() {
                ids.note(pair, coverage.is_sent(index));
            }
            for (recorded, actual) in expected {
                assert_eq!(ids.actual(context, *recorded), *actual, "{pairs:?} without {left_out}");
            }
        };
        check(&[("a", 1), ("b", 2), ("c", 3)], "", ".", &[(1, 1), (2, 2), (3, 3), (9, 9)]);
        check(&[("a", 1), ("b", 2), ("c", 3)], "1", ".", &[(1, 1), (3, 2)]);
        // The same content again under another subject: allotted when first registered here.
        check(&[("a", 1), ("b", 2), ("c", 3), ("d", 2)], "1", ".", &[(1, 1), (3, 2), (2, 3)]);
        check(&[("a", 1), (":.c:a", 1), (":.c:b", 2), ("b", 2)], "1", ".c", &[(2, 1)]);
        check(&[("a", 1), ("%3A.c%3Aa", 1), (":.c:b", 2), ("b", 2)], "1", ".", &[(2, 2)]);
        // Ids that no answer shows were used up, by a registration that failed late.
        check(&[("a", 1), ("b", 4)], "", ".", &[(1, 1), (4, 4)]);
        check(&[("a", 1), ("b", 4), ("c", 5)], "1", ".", &[(5, 2)]);
    }

    #[test]
    fn targets_and_answers_get_the_ids_of_this_registry() {
        let trace = trace(&[("a", 1), ("b", 2), ("c", 3), (":.c:a", 1)]);
        let coverage = Coverage::read("[t.left_out]\nwhy = \"0\"", &trace).unwrap();
        let mut ids = Ids::default();
        trace.pairs.iter().enumerate().for_each(|(index, pair)| ids.note(pair, coverage.is_sent(index)));
        let target = |target: &str| rewrite_target(&ids, target);
        assert_eq!(target("/schemas/ids/2"), "/schemas/ids/1");
        assert_eq!(target("/schemas/ids/3/schema?subject=a"), "/schemas/ids/2/schema?subject=a");
        assert_eq!(target("/schemas/ids/1?subject=:.c:a"), "/schemas/ids/1?subject=:.c:a");
        assert_eq!(target("/schemas/ids/abc"), "/schemas/ids/abc");
        let answer = |target: &str, mut body: Value| {
            rewrite_answer(&ids, target, &mut body);
            body
        };
        assert_eq!(
            answer("/subjects/b/versions/1", json!({"subject": "b", "id": 2})),
            json!({"subject": "b", "id": 1})
        );
        assert_eq!(answer("/schemas/ids/2", json!({"maxId": 3})), json!({"maxId": 2}));
        assert_eq!(answer("/subjects/b/versions/1/referencedby", json!([3])), json!([2]));
        let listed =
            answer("/schemas?subjectPrefix=:*:", json!([{"subject": "b", "id": 2}, {"subject": ":.c:a", "id": 1}]));
        assert_eq!(listed, json!([{"subject": "b", "id": 1}, {"subject": ":.c:a", "id": 1}]));
        let missing = answer("/schemas/ids/3", json!({"message": "Schema 3 not found"}));
        assert_eq!(missing, json!({"message": "Schema 2 not found"}));
    }
}
