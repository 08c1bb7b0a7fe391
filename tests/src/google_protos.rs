//! Real Protobuf files over the API: every `STEP`-th of google-proto-files registers, after what it imports, with its imports as
//! references; it reads back, is found by its text and by its descriptor, and is compatible with itself. `make test` fetches them
//! (scripts/corpora.sh). The tests of `compat` read all of them.

use crate::harness::{Caller, Node};
use serde_json::{Value, json};
use std::collections::HashMap;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// Of so many files one is chosen.
const STEP: usize = 40;

/// Says something that is to be read also where the test passes.
fn say(line: &str) {
    let _ = writeln!(io::stderr(), "{line}");
}

/// The folder, and the paths in it that others import files by; `None` where nobody has fetched it.
fn fetched() -> Option<(PathBuf, Vec<String>)> {
    fn list(folder: &Path, root: &Path, found: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                list(&path, root, found);
            } else if path.extension().is_some_and(|end| end == "proto") {
                found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
            }
        }
    }
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().join(".corpora/google-proto-files");
    if !folder.is_dir() {
        say("SKIPPED: google-proto-files is not in .corpora: `make test` fetches it, as does scripts/corpora.sh");
        return None;
    }
    let mut paths = Vec::new();
    list(&folder, &folder, &mut paths);
    paths.sort();
    Some((folder, paths))
}

/// What needs no reference. Of `google/type` only some do not, and a reference is none the worse for that.
fn is_bundled(path: &str) -> bool {
    path.starts_with("google/protobuf/")
}

struct Registry<'n> {
    caller: Caller,
    folder: &'n Path,
    /// The ids of those that are registered.
    ids: HashMap<String, Value>,
    /// And how long the slowest took.
    slowest: (Duration, String),
}

impl Registry<'_> {
    /// Registers a file after what it imports.
    fn register(&mut self, path: &str) {
        if self.ids.contains_key(path) {
            return;
        }
        let text = fs::read_to_string(self.folder.join(path)).unwrap();
        let imports: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("import ")?.trim_start_matches("public ").strip_prefix('"'))
            .filter_map(|line| line.split('"').next())
            .filter(|path| !is_bundled(path))
            .collect();
        imports.iter().for_each(|import| self.register(import));
        let references: Vec<Value> =
            imports.iter().map(|import| json!({ "name": import, "subject": import, "version": 1 })).collect();
        let id = self.check(path, &text, &json!(references));
        self.ids.insert(path.to_owned(), id);
    }

    fn check(&mut self, path: &str, text: &str, references: &Value) -> Value {
        let body = |text: &Value| json!({ "schemaType": "PROTOBUF", "schema": text, "references": references });
        let subject = path.replace('/', "%2F");
        let (subjects, versions) = (format!("/subjects/{subject}"), format!("/subjects/{subject}/versions"));
        let begin = Instant::now();
        let registered = self.caller.post(&versions, &body(&text.into()));
        self.slowest = self.slowest.clone().max((begin.elapsed(), path.to_owned()));
        assert_eq!(registered.status, 200, "{path}: {registered:?}");
        let id = registered.json()["id"].clone();
        let stored = self.caller.get(&format!("{versions}/1")).ok();
        let kept = if references == &json!([]) { &Value::Null } else { references };
        assert_eq!((&stored["id"], &stored["references"]), (&id, kept), "{path}");
        let shown = self.caller.get(&format!("{versions}/1?format=serialized")).ok();
        for text in [&text.into(), &stored["schema"], &shown["schema"]] {
            let found = self.caller.post(&subjects, &body(text)).ok();
            assert_eq!((&found["id"], &found["version"]), (&id, &json!(1)), "{path}: {text}");
        }
        let check = format!("/compatibility{versions}");
        assert_eq!(self.caller.post(&check, &body(&stored["schema"])).ok(), json!({ "is_compatible": true }), "{path}");
        id
    }
}

#[test]
fn files_of_google_register_with_their_imports_and_are_found_by_text_and_descriptor() {
    let Some((folder, paths)) = fetched() else { return };
    let node = Node::start();
    let (ids, slowest) = (HashMap::new(), (Duration::ZERO, String::new()));
    let mut registry = Registry { caller: node.caller(), folder: &folder, ids, slowest };
    let chosen: Vec<&String> = paths.iter().filter(|path| !is_bundled(path)).step_by(STEP).collect();
    chosen.iter().for_each(|path| registry.register(path));
    say(&format!(
        "google-proto-files over the API: {} of {} files and what they import, {} in all, registered and found; the slowest \
         registration took {} ms: {}",
        chosen.len(),
        paths.len(),
        registry.ids.len(),
        registry.slowest.0.as_millis(),
        registry.slowest.1
    ));
    assert!(registry.ids.len() > 200, "{}", registry.ids.len());
}
