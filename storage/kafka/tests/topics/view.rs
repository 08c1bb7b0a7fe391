//! Answers of the reference server, compared with what a state says. No HTTP: what only a handler decides (which settings are
//! inherited, faults, which holder of an id is shown, pages) is not compared.

use kafka::encode;
use model::{Context, Guid, RegistryRecord, SchemaRecord, Subject, SubjectPrefix};
use serde::Deserialize;
use serde_json::{Value, json};
use state::{Associations, Begin, MemoryState, Standing, State, StoredAssociation, StoredVersion};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A question and its answer.
#[derive(Deserialize)]
struct Asked {
    target: String,
    status: u16,
    body: String,
}

/// Fails with every answer that differs from the state's and is not among those known to, and with every known one that does
/// not differ.
#[track_caller]
pub fn check(state: &MemoryState, view: &str, known: &[(&str, &str)]) {
    let known: BTreeMap<&str, &str> = known.iter().copied().collect();
    let (mut compared, mut left, mut wrong) = (0, BTreeMap::<String, u32>::new(), Vec::new());
    for line in view.lines() {
        let asked: Asked = serde_json::from_str(line).unwrap();
        let path = percent_decoded(&asked.target);
        let Some(ours) = answer(state, &path, &asked) else {
            *left.entry(shape(&path)).or_default() += 1;
            continue;
        };
        compared += 1;
        let theirs = match asked.status {
            200 => sorted(serde_json::from_str(&asked.body).unwrap(), &path),
            _ => Value::Null,
        };
        if (ours == theirs) == known.contains_key(&*path) {
            wrong.push(format!("{path}\n  theirs {theirs}\n  ours   {ours}"));
        }
    }
    println!("{compared} answers compared, {} of them known to differ; not compared: {left:#?}", known.len());
    assert!(wrong.is_empty(), "{} of {compared} answers:\n{}", wrong.len(), wrong.join("\n"));
    assert!(compared > 400, "{compared}");
}

/// What the state says to a question; null where it has nothing. `None`: it is not the state's to answer.
fn answer(state: &MemoryState, path: &str, asked: &Asked) -> Option<Value> {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let everything = SubjectPrefix::EveryContext(String::new());
    Some(match (&*parts, query) {
        (["contexts"], "") => {
            let named = state.contexts().unwrap();
            json!([".".to_owned()].into_iter().chain(named.iter().map(ToString::to_string)).collect::<Vec<_>>())
        }
        (["subjects"], "") => subjects(state, &everything, Standing::Live),
        (["subjects"], "deleted=true") => subjects(state, &everything, Standing::Any),
        (["subjects"], "deletedOnly=true") => subjects(state, &everything, Standing::Deleted),
        (["subjects"], query) => {
            let prefix = query.strip_prefix("subjectPrefix=")?.strip_suffix("&deleted=true")?;
            subjects(state, &SubjectPrefix::parse(prefix), Standing::Any)
        }
        // The reference's router takes no empty segment.
        (["subjects", "", ..], _) => return None,
        (["subjects", subject, "versions"], "") => numbers(state, subject, Standing::Live),
        (["subjects", subject, "versions"], "deleted=true") => numbers(state, subject, Standing::Any),
        (["subjects", subject, "versions"], "deletedOnly=true") => numbers(state, subject, Standing::Deleted),
        (["subjects", subject, "versions", number], "deleted=true") => {
            let found = state.version(&Subject::parse(subject), number.parse().unwrap()).unwrap();
            found.map_or(Value::Null, |version| shown(state, version))
        }
        (["subjects", subject, "versions", number, "referencedby"], "deleted=true") => {
            let (subject, number) = (Subject::parse(subject), number.parse().unwrap());
            state.version(&subject, number).unwrap().map_or(Value::Null, |_| {
                let referrers = state.referrers(&subject, number).unwrap();
                json!(referrers.iter().map(|referrer| referrer.id).collect::<BTreeSet<_>>())
            })
        }
        (["config"], "") => config(state, &Subject::parse("")),
        // The last resort of all has a level even where none is stored; so below.
        (["config", scope], "") if !scope.is_empty() => match config(state, &Subject::parse(scope)) {
            Value::Null if asked.status == 200 => return None,
            config => config,
        },
        (["mode", scope], "") if !scope.is_empty() => {
            let mode = state.mode(&Subject::parse(scope)).unwrap();
            if mode.is_none() && asked.status == 200 {
                return None;
            }
            mode.map_or(Value::Null, |mode| json!({ "mode": mode.as_str() }))
        }
        (["schemas", "ids", id], query) => {
            let context = query.strip_prefix("subject=")?.strip_suffix("&fetchMaxId=true")?;
            let (context, id) = (Subject::parse(context).context().clone(), id.parse().unwrap());
            let holder = state.shown_holder(&context, id).unwrap();
            holder.map_or(Value::Null, |holder| {
                let version = state.version(&holder.subject, holder.version).unwrap().unwrap();
                let mut shown = shown(state, version);
                shown["maxId"] = json!(state.highest_id(&context).unwrap());
                of_any_holder(shown)
            })
        }
        (["schemas", "ids", id, "versions"], query) => {
            let context = query.strip_prefix("subject=")?.strip_suffix("&deleted=true")?;
            let context = Subject::parse(context).context().clone();
            let mut found = BTreeSet::new();
            let mut visit = |holder: state::Holder| {
                found.insert(json!({ "subject": holder.subject.as_str(), "version": holder.version }).to_string());
                ControlFlow::Continue(())
            };
            state.holders(&context, id.parse().unwrap(), &mut visit).unwrap();
            if found.is_empty() { Value::Null } else { json!(found) }
        }
        (["schemas", "guids", guid, "ids"], "") => {
            let ids = state.ids_of(Guid::parse(guid).unwrap(), 1_000).unwrap();
            let shown = |(context, id): (Context, i32)| json!({ "context": context.as_str(), "id": id }).to_string();
            json!(ids.into_iter().map(shown).collect::<BTreeSet<_>>())
        }
        (["associations", "subjects", subject], "") if !subject.is_empty() => {
            associations(state, Associations::OfSubject(&Subject::parse(subject)))
        }
        (["associations", "resources", "-", "-"], "") => associations(state, Associations::All),
        _ => return None,
    })
}

fn subjects(state: &MemoryState, prefix: &SubjectPrefix, standing: Standing) -> Value {
    let mut found = Vec::new();
    let mut visit = |subject: Subject, summary: state::SubjectSummary| {
        if standing.admits(summary.live > 0) {
            found.push(subject.to_string());
        }
        ControlFlow::Continue(())
    };
    state.subjects(prefix, &mut visit).unwrap();
    found.sort();
    json!(found)
}

fn numbers(state: &MemoryState, subject: &str, standing: Standing) -> Value {
    let (subject, mut found) = (Subject::parse(subject), Vec::new());
    let mut visit = |number, _| {
        found.push(number);
        ControlFlow::Continue(())
    };
    state.numbers_from(&subject, standing, Begin::Skipping(0), &mut visit).unwrap();
    let Some(summary) = state.subject(&subject).unwrap() else { return Value::Null };
    if standing == Standing::Live && summary.live == 0 { Value::Null } else { json!(found) }
}

/// A version with the members of the value that is written of it, and those that are derived.
fn shown(state: &MemoryState, version: StoredVersion) -> Value {
    let (guid, at) = (version.guid, version.at);
    let content = model::Content {
        schema_type: version.schema_type,
        text: state.text(&version.text).unwrap().unwrap(),
        references: version.references,
        metadata: version.metadata,
        rule_set: version.rule_set,
    };
    let record = SchemaRecord {
        subject: version.subject,
        version: version.version,
        id: version.id,
        content: Arc::new(content),
        deleted: version.deleted,
        hashes: None,
    };
    let mut shown: Value = serde_json::from_slice(&encode(&RegistryRecord::Schema(record)).value.unwrap()).unwrap();
    shown["guid"] = json!(guid.to_string());
    shown["ts"] = json!(at);
    shown
}

fn config(state: &MemoryState, scope: &Subject) -> Value {
    let Some(config) = state.config(scope).unwrap() else { return Value::Null };
    let record = RegistryRecord::Config { scope: scope.clone(), config: Some(Box::new(config)) };
    without(serde_json::from_slice(&encode(&record).value.unwrap()).unwrap(), &["subject"])
}

fn associations(state: &MemoryState, which: Associations<'_>) -> Value {
    let mut found = BTreeSet::new();
    let mut visit = |StoredAssociation { key, association, created, updated }: StoredAssociation| {
        let record = RegistryRecord::Association { key: Box::new(key), association: Some(association) };
        let mut shown: Value = serde_json::from_slice(&encode(&record).value.unwrap()).unwrap();
        shown["createTs"] = json!(created);
        shown["updateTs"] = json!(updated);
        // In answers `false` is left out.
        let silent: &[&str] = if shown["frozen"] == false { &["tenant", "frozen"] } else { &["tenant"] };
        found.insert(ordered(&without(shown, silent)));
        ControlFlow::Continue(())
    };
    state.associations(which, &mut visit).unwrap();
    json!(found)
}

/// Which of the holders of an id is shown is arbitrary.
fn of_any_holder(shown: Value) -> Value {
    without(shown, &["id", "subject", "version", "ts", "deleted"])
}

fn without(mut object: Value, names: &[&str]) -> Value {
    let members = object.as_object_mut().unwrap();
    names.iter().for_each(|name| drop(members.remove(*name)));
    object
}

/// The text of an object with its members sorted.
fn ordered(object: &Value) -> String {
    json!(object.as_object().unwrap().iter().collect::<BTreeMap<_, _>>()).to_string()
}

/// Their answer in the form of ours: lists whose order is not told are sorted.
fn sorted(answer: Value, path: &str) -> Value {
    let is_set = path.contains("/referencedby") || path.contains("/schemas/guids/");
    let texts = |items: &[Value], show: fn(&Value) -> String| json!(items.iter().map(show).collect::<BTreeSet<_>>());
    match &answer {
        Value::Array(items) if path.starts_with("/associations/") => texts(items, ordered),
        Value::Array(items) if path.starts_with("/schemas/") => texts(items, Value::to_string),
        Value::Array(items) if is_set => {
            json!(items.iter().map(|id| id.as_i64().unwrap()).collect::<BTreeSet<_>>())
        }
        Value::Object(_) if path.starts_with("/schemas/ids/") => of_any_holder(answer),
        _ => answer,
    }
}

/// The question without what it is about.
fn shape(path: &str) -> String {
    let (path, query) = path.split_once('?').unwrap_or((path, ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    let named: Vec<&str> =
        ["ids", "guids", "versions", "referencedby"].into_iter().filter(|n| parts.contains(n)).collect();
    format!("{} {}?{}", parts[0], named.join(" "), query.split('=').next().unwrap_or_default())
}

fn percent_decoded(text: &str) -> String {
    let (mut bytes, mut out) = (text.bytes(), Vec::new());
    while let Some(byte) = bytes.next() {
        let digit = |bytes: &mut std::str::Bytes<'_>| (bytes.next().unwrap() as char).to_digit(16).unwrap() as u8;
        out.push(if byte == b'%' { digit(&mut bytes) << 4 | digit(&mut bytes) } else { byte });
    }
    String::from_utf8(out).unwrap()
}
