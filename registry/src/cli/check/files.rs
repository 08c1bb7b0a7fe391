//! Schemas in files, and the directories in which is what they refer to.

use super::budget;
use compat::{Dependency, Names};
use model::{SchemaType, Subject};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes: the longest body that a registry takes by default.
const LONGEST: u64 = 10 << 20;
/// How many files of directories are read, and how deep in them.
const MOST_FILES: usize = 10_000;
const DEEPEST: usize = 16;
/// How many files may refer to one another in a row.
const MOST_IN_A_ROW: usize = 64;

/// The text of a file.
pub fn read(path: &Path) -> Result<String, String> {
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let length = fs::metadata(path).map_err(failed)?.len();
    if length > LONGEST {
        return Err(format!("{}: the file has more than the {LONGEST} bytes allowed", path.display()));
    }
    fs::read_to_string(path).map_err(failed)
}

/// The language of a file: the one that is named, or that of the extension.
pub fn schema_type(path: &Path, named: Option<&str>) -> Result<SchemaType, String> {
    match named.or(path.extension().and_then(|extension| extension.to_str())) {
        Some("avro" | "avsc") => Ok(SchemaType::Avro),
        Some("json") => Ok(SchemaType::Json),
        Some("protobuf" | "proto") => Ok(SchemaType::Protobuf),
        _ => Err(format!(
            "{}: say its language with --type, since its name does not end in .avsc, .json or .proto",
            path.display()
        )),
    }
}

/// Does a file in a directory of references have this extension?
fn is_of(path: &Path, schema_type: &SchemaType) -> bool {
    let extension = path.extension().and_then(|extension| extension.to_str());
    let expected = match schema_type {
        SchemaType::Avro => "avsc",
        SchemaType::Json => "json",
        SchemaType::Protobuf => "proto",
        SchemaType::Other(_) => return false,
    };
    extension == Some(expected)
}

/// The files that schemas may refer to.
#[derive(Default)]
pub struct Shelf {
    files: Vec<File>,
    /// Which file has a name: its own path in the directory, or something that it defines.
    by_name: HashMap<String, usize>,
}

struct File {
    /// Its path in the directory of references.
    path: String,
    text: String,
    names: Names,
}

impl Shelf {
    /// Everything of a language in these directories. Of two with one name the first counts.
    ///
    /// # Errors
    /// One of them cannot be read, or there are too many.
    pub fn of(directories: &[PathBuf], schema_type: &SchemaType) -> Result<Self, String> {
        let mut shelf = Shelf::default();
        for directory in directories {
            let mut found = Vec::new();
            list(directory, schema_type, 0, &mut found)?;
            for path in found {
                let text = read(&path)?;
                let names = compat::names(schema_type, &text, &budget())
                    .map_err(|error| format!("{}: {error}", path.display()))?;
                let inside = path.strip_prefix(directory).unwrap_or(&path);
                shelf.add(inside.display().to_string(), text, names);
            }
        }
        Ok(shelf)
    }

    fn add(&mut self, path: String, text: String, names: Names) {
        let at = self.files.len();
        for name in std::iter::once(&path).chain(&names.offers) {
            self.by_name.entry(name.clone()).or_insert(at);
        }
        self.files.push(File { path, text, names });
    }

    /// What a text refers to, directly or not: those first that others need. What is on no shelf is left out; the parser says
    /// what it misses.
    ///
    /// # Errors
    /// The files refer to one another too deep, or the text takes too much work.
    pub fn dependencies(&self, schema_type: &SchemaType, text: &str) -> Result<Vec<Dependency>, String> {
        let needs = compat::names(schema_type, text, &budget()).map_err(|error| error.to_string())?;
        let near = *schema_type == SchemaType::Json;
        let mut walk = Walk { shelf: self, near, seen: HashSet::new(), found: Vec::new() };
        walk.follow(&needs, "", 0)?;
        // The candidate itself may lie in the directory.
        Ok(walk.found.into_iter().filter(|dependency| *dependency.text != *text).collect())
    }
}

struct Walk<'s> {
    shelf: &'s Shelf,
    /// Are names meant from where they are written?
    near: bool,
    seen: HashSet<usize>,
    found: Vec<Dependency>,
}

impl Walk<'_> {
    /// `folder` is where the names were written.
    fn follow(&mut self, names: &Names, folder: &str, depth: usize) -> Result<(), String> {
        if depth > MOST_IN_A_ROW {
            return Err(format!("The files refer to one another deeper than the {MOST_IN_A_ROW} levels allowed"));
        }
        let shelf = self.shelf;
        for needed in &names.needs {
            let near = needed.iter().filter(|_| self.near).map(|name| format!("{folder}{name}"));
            let found =
                near.chain(needed.iter().cloned()).find_map(|name| Some((shelf.by_name.get(&name).copied()?, name)));
            let Some((at, name)) = found else { continue };
            if self.seen.insert(at) {
                let file = &shelf.files[at];
                let folder = file.path.rfind('/').map_or("", |end| &file.path[..=end]);
                self.follow(&file.names, folder, depth + 1)?;
                let (subject, text) = (Subject::parse(&file.path), file.text.as_str().into());
                self.found.push(Dependency { name, subject, version: 1, text, direct: depth == 0 });
            }
        }
        Ok(())
    }
}

/// The files of a language in a directory, in the order of their names.
fn list(directory: &Path, schema_type: &SchemaType, depth: usize, found: &mut Vec<PathBuf>) -> Result<(), String> {
    let failed = |error: std::io::Error| format!("{}: {error}", directory.display());
    let mut entries = fs::read_dir(directory).map_err(failed)?.collect::<Result<Vec<_>, _>>().map_err(failed)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let (path, kind) = (entry.path(), entry.file_type().map_err(failed)?);
        if kind.is_dir() && depth < DEEPEST {
            list(&path, schema_type, depth + 1, found)?;
        } else if !kind.is_dir() && is_of(&path, schema_type) {
            if found.len() == MOST_FILES {
                return Err(format!("{}: there are more than the {MOST_FILES} files allowed", directory.display()));
            }
            found.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order in which files are parsed for a text, by their paths.
    fn order(files: &[(&str, &str)], text: &str) -> Vec<String> {
        let mut shelf = Shelf::default();
        for (path, text) in files {
            let names = compat::names(&SchemaType::Avro, text, &budget()).unwrap();
            shelf.add((*path).to_owned(), (*text).to_owned(), names);
        }
        let found = shelf.dependencies(&SchemaType::Avro, text).unwrap();
        found.iter().map(|dependency| dependency.subject.to_string()).collect()
    }

    fn record(name: &str, uses: &[&str]) -> String {
        let fields: Vec<String> =
            uses.iter().enumerate().map(|(n, used)| format!(r#"{{"name":"f{n}","type":"{used}"}}"#)).collect();
        format!(r#"{{"type":"record","name":"{name}","fields":[{}]}}"#, fields.join(","))
    }

    #[test]
    fn files_come_after_those_that_they_need() {
        let (a, b, c) = (record("x.A", &["B", "x.C"]), record("x.B", &["C"]), record("x.C", &[]));
        let files = [("a.avsc", a.as_str()), ("b.avsc", &b), ("c.avsc", &c), ("d.avsc", "{")];
        assert_eq!(order(&files, &record("R", &["x.A"])), ["c.avsc", "b.avsc", "a.avsc"]);
        assert_eq!(order(&files, &record("x.R", &["C", "B"])), ["c.avsc", "b.avsc"]);
        assert_eq!(order(&files, &record("R", &["C", "int"])), [""; 0], "x.C is not C");
        assert_eq!(order(&files, &a), ["c.avsc", "b.avsc"], "a file in the directory does not need itself");
    }

    #[test]
    fn files_that_need_each_other_end() {
        let (a, b) = (record("A", &["B"]), record("B", &["A"]));
        assert_eq!(order(&[("a.avsc", &a), ("b.avsc", &b)], &record("R", &["A"])), ["b.avsc", "a.avsc"]);
    }
}
