//! The inputs of the fuzz targets, run as plain tests.

use crate::exercise;
use std::fs;
use std::path::Path;

fn corpus(target: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus").join(target);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let files = entries.map(|entry| entry.unwrap().path());
    let read: Vec<_> = files.map(|path| (path.display().to_string(), fs::read(&path).unwrap())).collect();
    assert!(!read.is_empty(), "{} is empty", folder.display());
    read
}

#[test]
fn schemas() {
    for (_, input) in corpus("schema") {
        exercise::schema(&String::from_utf8_lossy(&input));
    }
}

#[test]
fn pairs() {
    for (_, input) in corpus("pair") {
        let text = String::from_utf8_lossy(&input);
        let (a, b) = text.split_once('\n').unwrap_or((&text, ""));
        exercise::pair(a, b);
    }
}

#[test]
fn json_schemas() {
    for (_, input) in corpus("json-schema") {
        exercise::json_schema(&String::from_utf8_lossy(&input));
    }
}

#[test]
fn json_pairs() {
    for (_, input) in corpus("json-pair") {
        let text = String::from_utf8_lossy(&input);
        let (a, b) = text.split_once('\n').unwrap_or((&text, ""));
        exercise::json_pair(a, b);
    }
}

#[test]
fn samples() {
    for (_, input) in corpus("data") {
        let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
        exercise::data(&String::from_utf8_lossy(&input[..end]), input.get(end + 1..).unwrap_or_default());
    }
}

#[test]
fn protobuf_files() {
    for (_, input) in corpus("protobuf") {
        crate::protobuf::exercise::texts(&String::from_utf8_lossy(&input));
    }
}
