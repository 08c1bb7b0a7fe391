//! What is written is read back; what somebody else has put there is refused or left alone.

use super::{Writer, read};
use crate::cli::moving::inventory::{Inventory, Settings, Texts, version};
use crate::cli::moving::progress::Progress;
use crate::cli::moving::selection::Selection;
use crate::cli::moving::stop::Stop;
use model::Subject;
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

const HOSTILE: [&str; 10] =
    ["../../etc/passwd", "..", ".", "/", "a\0b", "Orders", "orders", "con", ":.eu:x/../y", "\u{202e}gpj"];

fn inventory(subjects: &[&str]) -> Inventory {
    let mut inventory = Inventory::default();
    for (at, subject) in subjects.iter().enumerate() {
        for number in [1, 4] {
            let answer = json!({
                "subject": subject, "version": number, "id": 10 * at + number, "deleted": number == 1,
                "schema": if number == 1 { r#"{"type":"int"}"# } else { "{\"type\": \"int\"}\r\n" },
                "metadata": { "properties": { "owner": "a" } },
                "references": [{ "name": "n", "subject": "t", "version": 2 }],
            });
            let (key, entry, _) = version(&answer).unwrap();
            inventory.versions.insert(key, entry);
        }
    }
    let config = json!({ "compatibilityLevel": "FULL" }).as_object().cloned();
    for scope in ["", ":.eu:", ":.empty:", "orders", ":.eu:no/versions"] {
        inventory
            .settings
            .insert(Subject::parse(scope), Settings { config: config.clone(), mode: Some("READONLY".into()) });
    }
    inventory
}

fn write(root: &Path, inventory: &Inventory) {
    let writer = Writer::begin(root).unwrap();
    writer.write(inventory, &Selection::default(), Progress::silent(), &Stop::default()).unwrap();
}

fn back(root: &Path) -> Result<Inventory, String> {
    read(root, &mut Texts::default())
}

fn written(subjects: &[&str]) -> TempDir {
    let directory = tempfile::tempdir().unwrap();
    write(directory.path(), &inventory(subjects));
    directory
}

/// All files, relative to the directory.
fn listed(root: &Path) -> Vec<String> {
    let (mut open, mut files) = (vec![root.to_owned()], Vec::new());
    while let Some(directory) = open.pop() {
        for entry in fs::read_dir(directory).unwrap() {
            let path: PathBuf = entry.unwrap().path();
            if path.is_dir() {
                open.push(path)
            } else {
                files.push(path.strip_prefix(root).unwrap().display().to_string())
            }
        }
    }
    files.sort();
    files
}

#[test]
fn what_is_written_is_read_back_whatever_its_name() {
    let outer = tempfile::tempdir().unwrap();
    let root = outer.path().join("new/tree");
    let inventory = inventory(&HOSTILE);
    write(&root, &inventory);
    assert_eq!(back(&root), Ok(inventory));
    // All of it lies inside, and no two names are one where case does not count.
    assert!(listed(outer.path()).iter().all(|file| file.starts_with("new/tree/")));
    let mut lower: Vec<String> = listed(&root).iter().map(|file| file.to_lowercase()).collect();
    lower.dedup();
    assert_eq!(lower.len(), listed(&root).len());
    assert!(root.join("subjects/orders/1.avsc").exists() && root.join("contexts/eu/settings.json").exists());
}

#[test]
fn an_earlier_export_is_brought_up_to_date_and_what_is_not_of_it_stays() {
    let directory = written(&["a", "b", ":.gone:c"]);
    let root = directory.path();
    fs::write(root.join("README.md"), "mine").unwrap();
    fs::write(root.join("subjects/b/notes.txt"), "mine").unwrap();
    let before = fs::metadata(root.join("subjects/a/4.avsc")).unwrap().modified().unwrap();
    let mut less = inventory(&["a"]);
    less.versions.remove(&(Subject::parse("a"), 1));
    write(root, &less);
    assert_eq!(
        listed(root),
        [
            ".gitattributes",
            "README.md",
            "contexts/empty/settings.json",
            "contexts/eu/settings.json",
            "contexts/eu/subjects/no%2Fversions/subject.json",
            "freehold.json",
            "settings.json",
            "subjects/a/4.avsc",
            "subjects/a/subject.json",
            "subjects/b/notes.txt",
            "subjects/orders/subject.json",
        ]
    );
    assert_eq!(fs::metadata(root.join("subjects/a/4.avsc")).unwrap().modified().unwrap(), before);
}

#[test]
fn a_directory_of_somebody_else_is_not_written() {
    let directory = tempfile::tempdir().unwrap();
    fs::create_dir(directory.path().join(".git")).unwrap();
    assert!(Writer::begin(directory.path()).is_ok());
    fs::write(directory.path().join("thesis.tex"), "").unwrap();
    let refused = Writer::begin(directory.path()).err().unwrap();
    assert!(refused.contains("neither empty nor an earlier export"), "{refused}");
    let elsewhere = tempfile::tempdir().unwrap();
    let linked = written(&["a"]);
    fs::remove_dir_all(linked.path().join("subjects")).unwrap();
    symlink(elsewhere.path(), linked.path().join("subjects")).unwrap();
    let writer = Writer::begin(linked.path()).unwrap();
    let outcome = writer.write(&inventory(&["a"]), &Selection::default(), Progress::silent(), &Stop::default());
    assert!(outcome.is_err() && listed(elsewhere.path()).is_empty(), "{outcome:?}");
}

#[test]
fn a_stop_leaves_a_tree_that_is_not_read() {
    let directory = written(&["a"]);
    let writer = Writer::begin(directory.path()).unwrap();
    let outcome = writer.write(&inventory(&["a"]), &Selection::default(), Progress::silent(), &Stop::asked());
    assert!(outcome.is_err());
    let refused = back(directory.path()).unwrap_err();
    assert!(refused.contains("did not come to its end"), "{refused}");
}

#[test]
fn what_does_not_fit_together_is_refused_with_the_file() {
    #[track_caller]
    fn check(change: impl FnOnce(&Path), file: &str, part: &str) {
        let directory = written(&["a", ":.eu:b"]);
        change(directory.path());
        let refused = back(directory.path()).unwrap_err();
        assert!(refused.contains(file) && refused.contains(part), "{refused}");
    }
    let edited = |file: &'static str, change: fn(&mut Value)| {
        move |root: &Path| {
            let mut value: Value = serde_json::from_str(&fs::read_to_string(root.join(file)).unwrap()).unwrap();
            change(&mut value);
            fs::write(root.join(file), value.to_string()).unwrap();
        }
    };
    let (text, subject) = ("subjects/a/4.avsc", "subjects/a/subject.json");
    let linked = |root: &Path| {
        fs::remove_file(root.join(text)).unwrap();
        symlink("/etc/passwd", root.join(text)).unwrap();
    };
    check(linked, text, "links are not followed");
    check(|root| symlink("/etc", root.join("subjects/x")).unwrap(), "subjects/x", "links are not followed");
    check(|root| fs::File::create(root.join(text)).unwrap().set_len(1 << 32).unwrap(), text, "more than 64 MiB");
    check(|root| fs::write(root.join(text), [255]).unwrap(), text, "UTF-8");
    check(|root| fs::remove_file(root.join(text)).unwrap(), text, "No such file");
    check(
        |root| fs::rename(root.join("subjects/a"), root.join("subjects/z")).unwrap(),
        "subjects/z",
        "does not belong",
    );
    check(
        |root| fs::rename(root.join("contexts/eu"), root.join("contexts/us")).unwrap(),
        "contexts/us",
        "does not belong",
    );
    check(|root| fs::write(root.join(subject), "[").unwrap(), subject, "EOF");
    check(|root| fs::write(root.join(subject), "[".repeat(100_000)).unwrap(), subject, "recursion limit");
    check(edited(subject, |value| value["subject"] = ":.eu:a".into()), subject, "is not of the context");
    check(edited(subject, |value| value["versions"] = 1.into()), subject, "no list");
    check(edited(subject, |value| value["versions"][0] = 1.into()), subject, "no object");
    check(edited(subject, |value| value["versions"][0]["version"] = "../1".into()), subject, "has no number");
    check(edited(subject, |value| value["versions"][0]["version"] = 4.into()), subject, "twice");
    check(edited(subject, |value| value["versions"][0]["id"] = Value::Null), subject, "no id");
    check(edited(subject, |value| value["mode"] = 1.into()), subject, "no text");
    check(edited("freehold.json", |value| value["format"] = 2.into()), "freehold.json", "is not 1");
    check(|root| fs::remove_file(root.join("freehold.json")).unwrap(), "freehold.json", "is it an export?");
}
