#![allow(clippy::print_stdout, reason = "it is what the example is for")]
//! Reads every `.proto` file below a directory with what it imports, and says how many kept the promises, which took longest,
//! and which were refused and why: `cargo run --release -p compat --example proto_files -- DIRECTORY [STEP]`, of which every
//! STEP-th is read.

use compat::{Dependency, Direction, Strictness, Work};
use model::{CompatibilityPolicy, SchemaType, Subject};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::time::{Duration, Instant};
use std::{env, fs, io};

fn list(directory: &Path, root: &Path, found: &mut BTreeMap<String, String>) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let path = entry?.path();
        if path.is_dir() {
            list(&path, root, found)?;
        } else if path.extension().is_some_and(|extension| extension == "proto") {
            let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
            found.insert(name, fs::read_to_string(&path)?);
        }
    }
    Ok(())
}

/// What a file imports, directly or not, those first that others need.
fn needed(files: &BTreeMap<String, String>, text: &str, seen: &mut HashSet<String>, found: &mut Vec<Dependency>) {
    let names = compat::names(&SchemaType::Protobuf, text, &Work::unlimited()).unwrap_or_default();
    for name in names.needs.into_iter().flatten() {
        let Some(text) = files.get(&name) else { continue };
        if seen.insert(name.clone()) {
            needed(files, text, seen, found);
            let (subject, text) = (Subject::parse(&name), text.as_str().into());
            found.push(Dependency { name, subject, version: 1, text, direct: false });
        }
    }
}

/// The first promise that is broken.
fn broken(text: &str, dependencies: &[Dependency]) -> Result<(), String> {
    let work = Work::unlimited();
    let parse = |text: &str, strictness| {
        compat::parse(&SchemaType::Protobuf, text, dependencies, strictness, &work).map_err(|error| error.details())
    };
    let schema = parse(text, Strictness::New)?;
    let again = parse(schema.canonical(), Strictness::Stored)?;
    if again.canonical() != schema.canonical() {
        return Err("prints otherwise when it is read again".to_owned());
    }
    let compared = compat::compare(Direction::Backward, CompatibilityPolicy::Strict, &again, &schema, &work)
        .map_err(|e| e.to_string())?;
    if !compared.is_compatible() {
        return Err(format!("is not compatible with itself: {}", compared.findings()[0].message()));
    }
    let normal = schema.normalized(&work).map_err(|error| error.details())?;
    let twice = normal.normalized(&work).map_err(|error| error.details())?;
    if twice.canonical() != normal.canonical() {
        return Err("is normalised otherwise the second time".to_owned());
    }
    let serialized = schema.formatted("serialized", &work).map_err(|error| error.details())?.unwrap_or_default();
    parse(&serialized, Strictness::New).map_err(|why| format!("its descriptor: {why}"))?;
    parse(schema.canonical(), Strictness::NewFields).map(drop).map_err(|why| format!("protoc's rules: {why}"))
}

fn main() -> io::Result<()> {
    let directory = env::args().nth(1).unwrap_or_else(|| ".".to_owned());
    let step = env::args().nth(2).and_then(|step| step.parse().ok()).unwrap_or(1);
    let mut files = BTreeMap::new();
    list(Path::new(&directory), Path::new(&directory), &mut files)?;
    let (mut kept, mut slowest) = (0, (Duration::ZERO, String::new()));
    let chosen: Vec<_> = files.iter().step_by(step).collect();
    for &(name, text) in &chosen {
        let mut dependencies = Vec::new();
        needed(&files, text, &mut HashSet::from([name.clone()]), &mut dependencies);
        let begin = Instant::now();
        match broken(text, &dependencies) {
            Ok(()) => kept += 1,
            Err(why) => println!("{name}: {why}"),
        }
        slowest = slowest.max((begin.elapsed(), format!("{name}, which needs {} files", dependencies.len())));
    }
    println!("{kept} of {} files; the slowest took {:?}: {}", chosen.len(), slowest.0, slowest.1);
    Ok(())
}
