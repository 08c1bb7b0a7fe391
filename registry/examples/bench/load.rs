//! Fills a registry through its API, and writes down what was filled for `wrk` and for nginx.

use super::client::Client;
use super::corpus::{self, Random};
use std::fs;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// What was loaded.
pub struct Loaded {
    pub subjects: usize,
    pub versions: usize,
    /// The ids, in no order.
    pub ids: Vec<u64>,
    pub took: Duration,
}

/// Does jobs 0..count on some connections; the results in no order. The first failure ends all.
fn on_connections<T: Send>(
    address: SocketAddr,
    connections: usize,
    count: usize,
    job: impl Fn(&mut Client, usize) -> Result<T, String> + Sync,
) -> Result<Vec<T>, String> {
    let next = AtomicUsize::new(0);
    let work = || -> Result<Vec<T>, String> {
        let mut client = Client::connect(address)?;
        let mut done = vec![];
        loop {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                return Ok(done);
            }
            done.push(job(&mut client, number).inspect_err(|_| next.store(count, Ordering::Relaxed))?);
        }
    };
    thread::scope(|scope| {
        let threads: Vec<_> = (0..connections).map(|_| scope.spawn(work)).collect();
        let ended =
            threads.into_iter().map(|thread| thread.join().map_err(|_| "a loading thread panicked".to_owned())?);
        Ok(ended.collect::<Result<Vec<_>, String>>()?.into_iter().flatten().collect())
    })
}

fn id_of(body: &[u8]) -> Result<u64, String> {
    let text = String::from_utf8_lossy(body);
    let after = text.split_once("\"id\":").map(|(_, after)| after.trim_start());
    let digits = after.map(|after| after.split(|c: char| !c.is_ascii_digit()).next().unwrap_or_default());
    digits.and_then(|digits| digits.parse().ok()).ok_or_else(|| format!("no id in {text}"))
}

/// Registers subjects with some versions each, from 64 connections; the versions of a subject one after the other.
pub fn subjects(address: SocketAddr, subjects: usize, versions: usize) -> Result<Loaded, String> {
    let started = Instant::now();
    let ids = on_connections(address, super::wrk::CONNECTIONS, subjects, |client, subject| {
        let path = format!("/subjects/{}/versions", corpus::subject(subject));
        let register = |version| id_of(&client.post(&path, &corpus::body(&corpus::text(subject, version)))?.ok()?);
        (1..=versions).map(register).collect::<Result<Vec<u64>, String>>()
    })?;
    let mut ids: Vec<u64> = ids.into_iter().flatten().collect();
    ids.sort_unstable();
    ids.dedup();
    if ids.len() != subjects * versions {
        return Err(format!("{} ids for {} versions", ids.len(), subjects * versions));
    }
    Ok(Loaded { subjects, versions, ids, took: started.elapsed() })
}

/// Registers one small schema under many subjects.
pub fn small_subjects(address: SocketAddr, subjects: usize) -> Result<(), String> {
    on_connections(address, super::wrk::CONNECTIONS, subjects, |client, subject| {
        let path = format!("/subjects/{}/versions", corpus::subject(subject));
        client.post(&path, &corpus::body(r#"{"type":"string"}"#))?.ok().map(|_| ())
    })?;
    Ok(())
}

/// The requests of another language than Avro, whose subjects have been registered.
pub struct Language {
    pub name: &'static str,
    pub by_id: PathBuf,
    pub new_version: PathBuf,
}

/// Registers one version of some subjects in each of the other languages, and writes their request files.
pub fn languages(address: SocketAddr, dir: &Path, subjects: usize) -> Result<Vec<Language>, String> {
    type Marked = fn(usize, &str) -> String;
    let all: [(&str, &str, Marked); 2] =
        [("JSON Schema", "JSON", corpus::marked_json), ("Protobuf", "PROTOBUF", corpus::marked_protobuf)];
    let written = all.into_iter().map(|(name, schema_type, marked)| {
        let path = |subject| format!("/subjects/{schema_type}-{}/versions", corpus::subject(subject));
        let body = |subject, mark| corpus::typed_body(schema_type, &marked(subject, mark));
        let ids = on_connections(address, super::wrk::CONNECTIONS, subjects, |client, subject| {
            id_of(&client.post(&path(subject), &body(subject, "first"))?.ok()?)
        })?;
        let new_version = |subject| format!("POST {}\t{}", path(subject), body(subject, MARK));
        Ok(Language {
            name,
            by_id: shuffled(
                dir.join(format!("by-id-{schema_type}")),
                ids.iter().map(|id| format!("GET {}", by_id(id))).collect(),
            )?,
            new_version: shuffled(
                dir.join(format!("new-version-{schema_type}")),
                (0..subjects).map(new_version).collect(),
            )?,
        })
    });
    written.collect()
}

/// What `replay.lua` replaces by a number.
const MARK: &str = "@@@@@@@@";

fn by_id(id: &u64) -> String {
    format!("/schemas/ids/{id}")
}

fn latest(subject: usize) -> String {
    format!("/subjects/{}/versions/latest", corpus::subject(subject))
}

/// Saves what the registry answers as files that nginx can answer with: plain, and compressed beside it as `.gz`.
pub fn save(address: SocketAddr, loaded: &Loaded, root: &Path, accept: &str) -> Result<(), String> {
    let paths: Vec<String> = loaded.ids.iter().map(by_id).chain((0..loaded.subjects).map(latest)).collect();
    on_connections(address, 4, paths.len(), |client, number| {
        let path = &paths[number];
        let file = root.join(path.trim_start_matches('/'));
        fs::create_dir_all(file.parent().unwrap_or(root)).map_err(|error| error.to_string())?;
        let mut write = |file: PathBuf, headers: &str| {
            let body = client.get(path, headers)?.ok()?;
            fs::write(&file, body).map_err(|error| format!("{}: {error}", file.display()))
        };
        write(file.clone(), &format!("{accept}\r\n"))?;
        write(file.with_added_extension("gz"), &format!("{accept}\r\nAccept-Encoding: gzip\r\n"))
    })?;
    Ok(())
}

/// The files with the requests that wrk sends.
pub struct Requests {
    pub by_id: PathBuf,
    pub latest: PathBuf,
    pub lookup: PathBuf,
    pub again: PathBuf,
    pub new_version: PathBuf,
    pub new_subject: PathBuf,
    pub shared: PathBuf,
}

/// Writes a request file, in a random order that is the same each time.
fn shuffled(path: PathBuf, mut lines: Vec<String>) -> Result<PathBuf, String> {
    Random::new(lines.len() as u64).shuffle(&mut lines);
    let text: String = lines.iter().flat_map(|line| [line, "\n"]).collect();
    fs::write(&path, text).map_err(|error| error.to_string())?;
    Ok(path)
}

/// Writes the request files, each in a random order that is the same each time. `every`: one in so many versions is looked up.
pub fn write_requests(dir: &Path, loaded: &Loaded, every: usize) -> Result<Requests, String> {
    fs::create_dir_all(dir).map_err(|error| error.to_string())?;
    let write = |name: &str, lines| shuffled(dir.join(name), lines);
    let posts = |path: &dyn Fn(&str) -> String| {
        let versions = (0..loaded.subjects * loaded.versions).step_by(every.max(1));
        let line = |number: usize| {
            let (subject, version) = (number / loaded.versions, number % loaded.versions + 1);
            format!("POST {}\t{}", path(&corpus::subject(subject)), corpus::body(&corpus::text(subject, version)))
        };
        versions.map(line).collect::<Vec<_>>()
    };
    let new = |path: &dyn Fn(&str) -> String| {
        let line = |subject| {
            let body = corpus::body(&corpus::marked(subject, MARK));
            format!("POST {}\t{body}", path(&corpus::subject(subject)))
        };
        (0..loaded.subjects).map(line).collect::<Vec<_>>()
    };
    Ok(Requests {
        by_id: write("by-id", loaded.ids.iter().map(|id| format!("GET {}", by_id(id))).collect())?,
        latest: write("latest", (0..loaded.subjects).map(|subject| format!("GET {}", latest(subject))).collect())?,
        lookup: write("lookup", posts(&|subject| format!("/subjects/{subject}")))?,
        again: write("again", posts(&|subject| format!("/subjects/{subject}/versions")))?,
        new_version: write("new-version", new(&|subject| format!("/subjects/{subject}/versions")))?,
        shared: write(
            "shared",
            vec![format!("POST /subjects/key-@@@@@@@@-key/versions\t{}", corpus::body(r#"{"type":"string"}"#))],
        )?,
        new_subject: write("new-subject", new(&|_| "/subjects/new-@@@@@@@@-value/versions".to_owned()))?,
    })
}
