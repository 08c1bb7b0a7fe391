//! The official JSON Schema Test Suite, of which `validate` has to judge every document as the suite does.
//!
//! It is fetched by `make test` (scripts/corpora.sh). What is optional in it counts too, but for `optional/format`: a format
//! is a note here and refuses nothing.

use crate::support::{fetched, files, say};
use compat::{Dependency, Halt, Parsed, Sample, Strictness, Work};
use model::{SchemaType, Subject};
use serde_json::Value;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
];

/// What is judged otherwise than the suite does: a part of `draft/file: group / test`, and why.
const MISSES: &[(&str, &str)] = &[
    ("optional/content.json", "contentEncoding and contentMediaType are notes, as a format is"),
    (
        "optional/cross-draft.json",
        "what a schema refers to is read in its own dialect, unless both are older than 2019-09",
    ),
    ("optional/dependencies-compatibility.json", "from 2019-09 on there is no keyword `dependencies`"),
    ("ECMA 262 regex escapes control codes with \\c and lower letter", "expressions are Java's"),
    ("ECMA 262 \\s matches whitespace", "expressions are Java's, where \\s is ASCII"),
    ("ECMA 262 \\S matches everything but whitespace", "expressions are Java's, where \\S is all but ASCII"),
    ("optional/unknownKeyword.json", "an `$id` counts wherever it stands, since a reference may lead there"),
];

/// Where the suite says that its `remotes` are.
const REMOTES: &str = "http://localhost:1234/";

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

fn remotes(suite: &Path) -> Vec<Dependency> {
    let folder = suite.join("remotes");
    let remote = |path: &Path| {
        let name = format!("{REMOTES}{}", path.strip_prefix(&folder).unwrap().display());
        let text = fs::read_to_string(path).unwrap().into();
        Dependency { subject: Subject::parse(&name), name, version: 1, text, direct: true }
    };
    files(&folder).iter().map(|path| remote(path)).collect()
}

fn work() -> Work {
    Work::new(64 << 20, &Halt::default())
}

fn schema(schema: &Value, draft: &str, remotes: &[Dependency]) -> Option<Parsed> {
    let mut schema = schema.clone();
    if let Some(members) = schema.as_object_mut() {
        members.entry("$schema").or_insert_with(|| draft.into());
    }
    let text = schema.to_string();
    let needed = if text.contains(REMOTES) { remotes } else { &[] };
    compat::parse(&SchemaType::Json, &text, needed, Strictness::Stored, &work()).ok()
}

#[test]
fn documents_are_judged_as_the_official_suite_judges_them() {
    let Some(suite) = fetched("json-schema-test-suite") else { return };
    let remotes = remotes(&suite);
    let mut misses = Vec::new();
    for (draft, uri) in DRAFTS {
        // What has to be, and what is optional.
        let (mut passed, mut total) = ([0, 0], [0, 0]);
        let folder = suite.join("tests").join(draft);
        for path in files(&folder) {
            let file = path.strip_prefix(&folder).unwrap().display().to_string();
            if file.starts_with("optional/format") {
                continue;
            }
            let kind = usize::from(file.starts_with("optional"));
            for group in json(&path).as_array().unwrap() {
                let schema = schema(&group["schema"], uri, &remotes);
                for test in group["tests"].as_array().unwrap() {
                    total[kind] += 1;
                    let document = test["data"].to_string();
                    let judged = schema.as_ref().map(|schema| schema.validate(Sample::Json(&document), &work()));
                    let fits = judged.as_ref().and_then(|judged| judged.as_ref().ok()).map(Result::is_ok);
                    if fits == test["valid"].as_bool() {
                        passed[kind] += 1;
                    } else {
                        let name = |named: &Value| named["description"].as_str().unwrap().to_owned();
                        misses.push(format!("{draft}/{file}: {} / {}", name(group), name(test)));
                    }
                }
            }
        }
        say(&format!(
            "JSON Schema Test Suite, {draft}: {} of {} documents judged alike, of the optional ones {} of {}",
            passed[0], total[0], passed[1], total[1]
        ));
        assert!(total[0] > 500, "{draft} has only {} documents", total[0]);
    }
    let reason = |miss: &str| MISSES.iter().position(|(listed, _)| miss.contains(listed));
    let unlisted: Vec<_> = misses.iter().filter(|miss| reason(miss).is_none()).collect();
    assert!(unlisted.is_empty(), "{} are judged otherwise: {unlisted:#?}", unlisted.len());
    let met: BTreeSet<_> = misses.iter().filter_map(|miss| reason(miss)).collect();
    for (at, (listed, reason)) in MISSES.iter().enumerate() {
        assert!(met.contains(&at), "{listed} is listed as a miss ({reason}) and is none");
    }
}
