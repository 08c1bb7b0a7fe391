//! Thousands of files that others have written, those of google-proto-files, most with imports several levels deep: each is read
//! with what it imports, is the same when its text is read again, is compatible with itself, and its descriptor reads as well.
//! What protox makes of the printed texts is what it makes of the originals. `make test` fetches them (scripts/corpora.sh).

use crate::support::{fetched, say};
use compat::{Dependency, Direction, Error, Halt, Parsed, Strictness, Work};
use model::{CompatibilityPolicy, SchemaType, Subject};
use protox::Compiler;
use protox::file::{File, FileResolver, GoogleFileResolver};
use protox::prost_reflect::prost_types::{DescriptorProto, FileDescriptorProto};
use std::collections::{BTreeMap, HashSet};
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// A sixteenth of the work of one request to a registry.
fn budget() -> Work {
    Work::new(4 << 20, &Halt::default())
}

/// How many files protox has in memory at once, without those that they import.
const TOGETHER: usize = 250;

/// Texts by the paths that others import them by.
type Texts = BTreeMap<String, String>;

fn list(folder: &Path, root: &Path, found: &mut Texts) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            list(&path, root, found);
        } else if path.extension().is_some_and(|end| end == "proto") {
            let name = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
            found.insert(name, fs::read_to_string(&path).unwrap());
        }
    }
}

/// The files, and what each imports of them.
struct Files {
    texts: Arc<Texts>,
    imports: BTreeMap<String, Vec<String>>,
}

impl Files {
    fn of(folder: &Path) -> Self {
        let mut texts = Texts::new();
        list(folder, folder, &mut texts);
        let of = |text| compat::names(&SchemaType::Protobuf, text, &budget()).unwrap().needs.concat();
        let imports = texts.iter().map(|(name, text)| (name.clone(), of(text))).collect();
        Files { texts: Arc::new(texts), imports }
    }

    /// Why a file may be refused; everything else fails the test.
    fn may_be_refused(&self, name: &str) -> Option<&'static str> {
        if self.texts[name].lines().any(|line| line.starts_with("edition = ")) {
            return Some("is of an edition, which the reference does not take either");
        }
        let lacks = self.imports[name].iter().any(|import| !self.texts.contains_key(import));
        lacks.then_some("imports what is not in the package")
    }

    /// What a file imports, directly or not, those first that others need.
    fn needed(&self, name: &str) -> Vec<Dependency> {
        let mut found = Vec::new();
        self.follow(name, true, &mut HashSet::from([name.to_owned()]), &mut found);
        found
    }

    fn follow(&self, name: &str, direct: bool, seen: &mut HashSet<String>, found: &mut Vec<Dependency>) {
        for import in &self.imports[name] {
            let Some(text) = self.texts.get(import) else { continue };
            if seen.insert(import.clone()) {
                self.follow(import, false, seen, found);
                let (subject, text) = (Subject::parse(import), text.as_str().into());
                found.push(Dependency { name: import.clone(), subject, version: 1, text, direct });
            }
        }
    }
}

fn parse(text: &str, needed: &[Dependency], strictness: Strictness) -> Result<Parsed, Error> {
    compat::parse(&SchemaType::Protobuf, text, needed, strictness, &budget())
}

/// The text that a file is stored as, if it keeps what is promised; else the first promise that is broken.
fn kept(text: &str, needed: &[Dependency]) -> Result<String, String> {
    let in_words = |error: Error| error.details();
    let schema = parse(text, needed, Strictness::New).map_err(in_words)?;
    let again = parse(schema.canonical(), needed, Strictness::Stored).map_err(in_words)?;
    if again.canonical() != schema.canonical() {
        return Err("is printed otherwise when it is read again".to_owned());
    }
    let compared =
        compat::compare(Direction::Backward, CompatibilityPolicy::Strict, &again, &schema, &budget()).unwrap();
    if !compared.is_compatible() {
        return Err(format!("is not compatible with itself: {}", compared.findings()[0].message()));
    }
    let normal = schema.normalized(&budget()).map_err(in_words)?;
    if normal.normalized(&budget()).map_err(in_words)?.canonical() != normal.canonical() {
        return Err("is normalised otherwise the second time".to_owned());
    }
    let serialized = schema.formatted("serialized", &budget()).map_err(in_words)?.unwrap();
    parse(&serialized, needed, Strictness::New).map_err(|error| format!("its descriptor: {}", in_words(error)))?;
    Ok(schema.canonical().to_string())
}

/// Texts, behind the files that protox brings: it does not read today's `descriptor.proto`.
struct Resolver(Arc<Texts>);

impl FileResolver for Resolver {
    fn open_file(&self, name: &str) -> Result<File, protox::Error> {
        match (GoogleFileResolver::new().open_file(name), self.0.get(name)) {
            (Err(_), Some(text)) => File::from_source(name, text),
            (brought, _) => brought,
        }
    }
}

/// What protox makes of files, by their names; of those that it does not take, why.
fn compiled(texts: &Arc<Texts>, names: &[&String]) -> BTreeMap<String, Result<FileDescriptorProto, String>> {
    let mut compiler = Compiler::with_file_resolver(Resolver(Arc::clone(texts)));
    let mut refused = BTreeMap::new();
    for name in names {
        if let Err(why) = compiler.open_file(name) {
            refused.insert((*name).clone(), Err(why.to_string()));
        }
    }
    let descriptors = compiler.include_imports(true).file_descriptor_set().file;
    let asked = descriptors.into_iter().filter(|file| names.iter().any(|name| **name == file.name()));
    asked.map(|file| (file.name().to_owned(), Ok(in_order(file)))).chain(refused).collect()
}

/// The descriptor without what printing changes on purpose: fields of oneofs come after others, public imports as well, and those
/// types that a map is made of stand elsewhere among those of the message.
fn in_order(mut file: FileDescriptorProto) -> FileDescriptorProto {
    fn sort(message: &mut DescriptorProto) {
        message.field.sort_by_key(|field| field.number);
        message.nested_type.sort_by(|a, b| a.name.cmp(&b.name));
        message.nested_type.iter_mut().for_each(sort);
    }
    file.message_type.iter_mut().for_each(sort);
    let public: Vec<String> = file.public_dependency.iter().map(|&at| file.dependency[at as usize].clone()).collect();
    file.dependency.sort();
    file.public_dependency =
        (0..).zip(&file.dependency).filter(|(_, path)| public.contains(path)).map(|(at, _)| at).collect();
    file
}

/// What became of a file.
struct Outcome {
    name: String,
    kept: Result<String, String>,
    took: Duration,
    needs: usize,
}

fn outcomes(files: &Files) -> Vec<Outcome> {
    let names: Vec<&String> = files.texts.keys().collect();
    let (next, outcomes) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some(&name) = names.get(next.fetch_add(1, Ordering::Relaxed)) {
            let begin = Instant::now();
            let needed = files.needed(name);
            let kept = kept(&files.texts[name], &needed);
            let outcome = Outcome { name: name.clone(), kept, took: begin.elapsed(), needs: needed.len() };
            outcomes.lock().unwrap().push(outcome);
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    outcomes.into_inner().unwrap()
}

#[test]
fn the_files_of_google_are_read_kept_and_compile_to_what_they_did_before() {
    let Some(folder) = fetched("google-proto-files") else { return };
    let files = Files::of(&folder);
    let (mut printed, mut wrong, mut refused) = (Texts::new(), Vec::new(), BTreeMap::<_, usize>::new());
    let mut slowest = (Duration::ZERO, String::new());
    for Outcome { name, kept, took, needs } in outcomes(&files) {
        slowest = slowest.max((took, format!("{name}, which needs {needs} files")));
        match kept {
            Ok(text) => drop(printed.insert(name, text)),
            Err(why) => match files.may_be_refused(&name) {
                Some(reason) => *refused.entry(reason).or_default() += 1,
                None => wrong.push(format!("{name}: {why}")),
            },
        }
    }
    let total = files.texts.len();
    say(&format!(
        "google-proto-files: {} of {total} files read and kept; the slowest took {} ms: {}",
        printed.len(),
        slowest.0.as_millis(),
        slowest.1
    ));
    for (reason, count) in refused {
        say(&format!("google-proto-files: {count} refused: {reason}"));
    }
    let printed = Arc::new(printed);
    let names: Vec<&String> = printed.keys().collect();
    let (mut same, mut refused) = (0, BTreeMap::<_, usize>::new());
    for names in names.chunks(TOGETHER) {
        let (mut before, after) = (compiled(&files.texts, names), compiled(&printed, names));
        for (name, after) in after {
            match (before.remove(&name), after) {
                (Some(Ok(before)), Ok(after)) if before == after => same += 1,
                (Some(Ok(_)), Ok(_)) => wrong.push(format!("{name}: compiles to something else after printing")),
                (Some(Err(why)), _) => *refused.entry(why).or_default() += 1,
                (_, Err(why)) => wrong.push(format!("{name}: protox does not take it after printing: {why}")),
                (None, Ok(_)) => unreachable!("both were asked of the same"),
            }
        }
    }
    say(&format!("google-proto-files: protox makes the same of {same} of {} after printing", printed.len()));
    for (why, count) in refused {
        say(&format!("google-proto-files: protox takes {count} neither before nor after: {why}"));
    }
    assert!(total > 7_000 && same > 7_000 && wrong.is_empty(), "of {total} files {}: {wrong:#?}", wrong.len());
}
