//! The real schemas of SchemaStore: each is read, its text is kept, it is compatible with itself, and it can be compared with
//! a copy that lacks a property, all that for a sixteenth of what one request may cost. `make test` fetches them
//! (scripts/corpora.sh).
//!
//! What one of them refers to in the store is given to it as references, since nothing is ever fetched.

use crate::support::{fetched, say};
use compat::{Comparison, Dependency, Error, Halt, Parsed, Spent, Strictness, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType, Subject};
use serde_json::Value;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::fs;
use std::path::Path;
use std::time::Instant;

/// A sixteenth of the work of one request to a registry, so that this test ends soon.
fn budget() -> Work {
    Work::new(4 << 20, &Halt::default())
}

/// Longer texts, of which there are three, are left out.
const LONGEST: usize = 1_500_000;

struct Store {
    /// The texts by URI.
    texts: BTreeMap<String, String>,
}

impl Store {
    fn open(folder: &Path) -> Self {
        let index: Value = serde_json::from_str(&fs::read_to_string(folder.join("index.json")).unwrap()).unwrap();
        let text =
            |name: &Value| fs::read_to_string(folder.join(format!("schemas/{}.json", name.as_str().unwrap()))).unwrap();
        let by_uri = index["by_url"].as_object().unwrap().iter();
        Store { texts: by_uri.map(|(uri, name)| (uri.clone(), text(name))).collect() }
    }

    /// What a text refers to, those first that others need. Some name a schema without the end of its file's name.
    fn needed(&self, text: &str, open: &mut HashSet<String>, found: &mut Vec<Dependency>) {
        for names in compat::names(&SchemaType::Json, text, &budget()).unwrap().needs {
            let known = names.iter().find_map(|name| {
                let uri = if self.texts.contains_key(name) { name.clone() } else { format!("{name}.json") };
                Some((name.clone(), self.texts.get(&uri)?))
            });
            let Some((name, text)) = known else { continue };
            if open.insert(name.clone()) {
                self.needed(text, open, found);
                let subject = Subject::parse("store");
                found.push(Dependency { name, subject, version: 1, text: text.as_str().into(), direct: true });
            }
        }
    }
}

fn parse(text: &str, needed: &[Dependency], strictness: Strictness) -> Result<Parsed, Error> {
    compat::parse(&SchemaType::Json, text, needed, strictness, &budget())
}

fn compare(candidate: &Parsed, existing: &Parsed) -> Result<Comparison, Spent> {
    let (level, policy) = (CompatibilityLevel::Full, CompatibilityPolicy::Strict);
    Comparison::of(level, policy, candidate, existing, Some(1), &budget())
}

/// The same text without its last property; `None` where it has none.
fn without_a_property(schema: &Value) -> Option<Value> {
    fn remove(value: &mut Value) -> bool {
        let Some(members) = value.as_object_mut() else { return false };
        if let Some(Value::Object(properties)) = members.get_mut("properties")
            && let Some(last) = properties.keys().next_back().cloned()
        {
            return properties.shift_remove(&last).is_some();
        }
        members.values_mut().any(remove)
    }
    let mut copy = schema.clone();
    remove(&mut copy).then_some(copy)
}

/// The same values, numbers by what they are worth.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Array(a), Value::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b)),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|((k, a), (l, b))| k == l && same(a, b))
        }
        _ => a == b,
    }
}

/// Why a text of the store is refused, as far as it is right to; everything else fails the test.
const REFUSALS: &[(&str, &str)] = &[
    ("is not among the references", "refers to what is not in the store, and nothing is fetched"),
    ("Invalid JSON schema: Unexpected character", "is no JSON: a page of HTML, or a mark before the text"),
    ("at the root, found NUMBER", "is no schema: `404: Not Found`"),
    ("minItems: expected type: Integer, found: Boolean", "breaks the rules of its dialect"),
    ("a schema: expected type: Boolean or JsonObject, found: JsonArray", "breaks the rules of its dialect"),
    ("unknown type: [#/$defs/JSONBump]", "breaks the rules of its dialect"),
    ("is no regular expression", "has an expression that Java does not take either: recursion, an open class"),
];

/// Schemas whose alternatives are so many and lead into each other so often that comparing takes more work.
const COSTLY: &[&str] =
    &["/cityjson.min.schema.json", "/azure-pipelines-vscode/", "/calqulus-pipeline.schema.json", "/web-types.json"];

#[test]
fn the_schemas_of_schema_store_are_read_kept_and_compared() {
    let Some(folder) = fetched("schemastore") else { return };
    let store = Store::open(&folder);
    let mut refused: HashMap<&str, usize> = HashMap::new();
    let (mut read, mut alike, mut compared, mut costly, mut wrong) = (0, 0, 0, 0, Vec::new());
    let all = || store.texts.iter().filter(|(_, text)| text.len() <= LONGEST);
    let mut slowest = (0, String::new());
    for (uri, text) in all() {
        let begin = Instant::now();
        let mut needed = Vec::new();
        store.needed(text, &mut HashSet::from([uri.clone()]), &mut needed);
        let schema = match parse(text, &needed, Strictness::New) {
            Ok(schema) => schema,
            Err(error) => {
                let message = error.to_string();
                match REFUSALS.iter().find(|(part, _)| message.contains(part)) {
                    Some((_, reason)) => *refused.entry(reason).or_default() += 1,
                    None => wrong.push(format!("{uri}: {message}")),
                }
                continue;
            }
        };
        read += 1;
        let value: Value = serde_json::from_str(text).unwrap();
        let kept: Value = serde_json::from_str(schema.canonical()).unwrap();
        let again = parse(schema.canonical(), &needed, Strictness::Stored).unwrap();
        if !same(&value, &kept) || again.canonical() != schema.canonical() {
            wrong.push(format!("{uri}: the text is not kept"));
        }
        match compare(&schema, &again).map(|comparison| comparison.messages()) {
            Ok(findings) if findings.is_empty() => alike += 1,
            Ok(findings) => wrong.push(format!("{uri}: not compatible with itself: {}", findings[0])),
            Err(_) if COSTLY.iter().any(|part| uri.contains(part)) => {
                costly += 1;
                continue;
            }
            Err(spent) => wrong.push(format!("{uri}: compared with itself: {spent}")),
        }
        if let Some(copy) = without_a_property(&value) {
            let copy = parse(&copy.to_string(), &needed, Strictness::New);
            match copy {
                Ok(copy) => match compare(&copy, &schema) {
                    Ok(_) => compared += 1,
                    Err(spent) => wrong.push(format!("{uri}: compared with a copy: {spent}")),
                },
                // What was taken out is referred to.
                Err(error) if error.to_string().contains("leads to no place") => {}
                Err(error) => wrong.push(format!("{uri}: a copy that lacks a property: {error}")),
            }
        }
        slowest = slowest.max((begin.elapsed().as_millis(), uri.clone()));
    }
    let total = all().count();
    say(&format!(
        "SchemaStore: {read} of {total} schemas read and kept, {alike} compatible with themselves, {compared} compared \
         with a copy, {costly} too costly to compare; the slowest took {} ms: {}",
        slowest.0, slowest.1
    ));
    let mut refused: Vec<_> = refused.into_iter().collect();
    refused.sort_unstable();
    for (reason, count) in refused {
        say(&format!("SchemaStore: {count} refused: {reason}"));
    }
    assert_eq!(costly, COSTLY.len(), "each that is listed as costly is so");
    assert!(total > 500 && wrong.is_empty(), "of {total} schemas {}: {wrong:#?}", wrong.len());
}
