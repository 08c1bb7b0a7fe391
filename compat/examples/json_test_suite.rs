//! The official JSON Schema Test Suite through `validate`: `cargo run -p compat --example json_test_suite -- FOLDER`, where the
//! folder has the suite's `tests` and `remotes`. Prints passed and total of each draft, and each miss; `optional` is left out.

#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "it is what the example is for")]

use compat::{Dependency, Halt, Sample, Strictness, Work};
use model::{SchemaType, Subject};
use serde_json::Value;
use std::fs;
use std::path::{Path, PathBuf};

const DRAFTS: [(&str, &str); 5] = [
    ("draft4", "http://json-schema.org/draft-04/schema#"),
    ("draft6", "http://json-schema.org/draft-06/schema#"),
    ("draft7", "http://json-schema.org/draft-07/schema#"),
    ("draft2019-09", "https://json-schema.org/draft/2019-09/schema"),
    ("draft2020-12", "https://json-schema.org/draft/2020-12/schema"),
];

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut all = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            all.extend(files(&path));
        } else if path.extension().is_some_and(|end| end == "json") {
            all.push(path);
        }
    }
    all.sort();
    all
}

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).expect("the folder of the suite"));
    let remotes: Vec<Dependency> = files(&folder.join("remotes"))
        .into_iter()
        .map(|path| {
            let name = path.strip_prefix(folder.join("remotes")).unwrap().to_str().unwrap().to_owned();
            let name = format!("http://localhost:1234/{name}");
            let text = fs::read_to_string(&path).unwrap();
            Dependency { subject: Subject::parse(&name), name, version: 1, text: text.into(), direct: true }
        })
        .collect();
    for (draft, uri) in DRAFTS {
        let (mut passed, mut total) = (0, 0);
        for path in files(&folder.join("tests").join(draft)) {
            if path.to_str().unwrap().contains("/optional/") {
                continue;
            }
            let groups: Value = serde_json::from_str(&fs::read_to_string(&path).unwrap()).unwrap();
            for group in groups.as_array().unwrap() {
                let mut schema = group["schema"].clone();
                if let Some(members) = schema.as_object_mut() {
                    members.entry("$schema").or_insert_with(|| uri.into());
                }
                let text = schema.to_string();
                let needed = if text.contains("localhost:1234") { remotes.as_slice() } else { &[] };
                let work = || Work::new(64 << 20, &Halt::default());
                let parsed = compat::parse(&SchemaType::Json, &text, needed, Strictness::Stored, &work());
                for test in group["tests"].as_array().unwrap() {
                    total += 1;
                    let document = test["data"].to_string();
                    let fits =
                        parsed.as_ref().ok().and_then(|parsed| parsed.validate(Sample::Json(&document), &work()).ok());
                    if fits.as_ref().map(Result::is_ok) == test["valid"].as_bool() {
                        passed += 1;
                    } else {
                        let file = path.file_stem().unwrap().to_str().unwrap();
                        println!("{draft} {file}: {} / {}: {fits:?}", group["description"], test["description"]);
                    }
                }
            }
        }
        println!("{draft}: {passed} of {total}");
    }
}
