//! Writing a tree. One that is there already is brought up to date: files that are the same are not touched, and those of versions
//! that are gone are removed.

use super::{CONTEXTS, FORMAT, MARKER, SETTINGS, SUBJECT, SUBJECTS, files, layout, names};
use crate::cli::moving::inventory::{Entry, Inventory, Settings};
use crate::cli::moving::progress::{Progress, Stage};
use crate::cli::moving::registry::Halt;
use crate::cli::moving::selection::Selection;
use crate::cli::moving::stop::Stop;
use model::{Context, Subject, Version};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// A directory that may be written.
pub struct Writer {
    root: PathBuf,
    /// What was written, in lower case: where case does not count, `A` and `a` are one file.
    written: BTreeSet<String>,
}

type Versions<'a> = BTreeMap<&'a Subject, Vec<(Version, &'a Entry)>>;

impl Writer {
    /// Looks whether the directory is new, empty but for hidden files (`.git`), or an earlier export.
    ///
    /// # Errors
    /// It is none of that.
    pub fn begin(root: &Path) -> Result<Self, String> {
        let named = |error: std::io::Error| format!("{}: {error}", root.display());
        fs::create_dir_all(root).map_err(named)?;
        let mut names = Vec::new();
        for entry in fs::read_dir(root).map_err(named)? {
            names.push(entry.map_err(named)?.file_name());
        }
        let hidden = |name: &std::ffi::OsString| name.to_string_lossy().starts_with('.');
        if !names.iter().all(hidden) {
            super::read::marker(root).map_err(|_| {
                let root = root.display();
                format!("{root}: it is neither empty nor an earlier export; name another directory")
            })?;
        }
        Ok(Writer { root: root.to_owned(), written: BTreeSet::new() })
    }

    /// Writes all of it.
    ///
    /// # Errors
    /// `Asked` where it is time to stop; the system refuses something.
    pub fn write(
        mut self,
        inventory: &Inventory,
        selection: &Selection,
        progress: Progress,
        stop: &Stop,
    ) -> Result<(), Halt> {
        let mut by_context: BTreeMap<&Context, Versions<'_>> = BTreeMap::new();
        for ((subject, number), entry) in &inventory.versions {
            let of_context = by_context.entry(subject.context()).or_default();
            of_context.entry(subject).or_default().push((*number, entry));
        }
        for scope in inventory.settings.keys() {
            let of_context = by_context.entry(scope.context()).or_default();
            // An alias has no versions of its own.
            if !scope.is_context() {
                of_context.entry(scope).or_default();
            }
        }
        let all = by_context.values().map(BTreeMap::len).sum();
        let stage = progress.stage("writing subjects", Some(all));
        self.mark(selection, false)?;
        let attributes = self.root.join(".gitattributes");
        if fs::symlink_metadata(&attributes).is_err() {
            // Version control leaves the ends of lines as they are.
            files::write(&attributes, "* -text\n")?;
        }
        // A context without its dot.
        let undotted = |context: &&Context| context.as_str()[1..].to_owned();
        let named: Vec<String> = by_context.keys().map(undotted).collect();
        let components = names::components(named.iter().map(String::as_str));
        for (context, subjects) in &by_context {
            let mut at = PathBuf::new();
            if !context.is_default() {
                at = Path::new(CONTEXTS).join(&components[undotted(context).as_str()]);
            }
            self.context(&at, context, subjects, inventory, &stage, stop)?;
        }
        self.remove_others()?;
        Ok(self.mark(selection, true)?)
    }

    fn mark(&self, selection: &Selection, complete: bool) -> Result<(), String> {
        let mut marker = json!({ "format": FORMAT, "complete": complete });
        if let Some(part) = selection.noted() {
            marker["part"] = part;
        }
        files::write(&self.root.join(MARKER), &lines(&marker))
    }

    fn context(
        &mut self,
        at: &Path,
        context: &Context,
        subjects: &Versions<'_>,
        inventory: &Inventory,
        stage: &Stage,
        stop: &Stop,
    ) -> Result<(), Halt> {
        let own = inventory.own(&Subject::of_context(context.clone()));
        let settings = described("context", context.as_str(), &own);
        self.file(&at.join(SETTINGS), &lines(&Value::Object(settings)))?;
        let components = names::components(subjects.keys().map(|subject| subject.name()));
        for (subject, versions) in subjects {
            if stop.is_asked() {
                return Err(Halt::Asked);
            }
            let at = at.join(SUBJECTS).join(&components[subject.name()]);
            let mut whole = described("subject", subject.as_str(), &inventory.own(subject));
            let mut shown = Vec::new();
            for (number, entry) in versions {
                let (text, is_laid_out) = layout::written(&entry.schema_type, &entry.text);
                let name = format!("{number}.{}", layout::extension(&entry.schema_type));
                self.file(&at.join(name), &text)?;
                shown.push(version(*number, entry, is_laid_out));
            }
            whole.insert("versions".to_owned(), shown.into());
            self.file(&at.join(SUBJECT), &lines(&Value::Object(whole)))?;
            stage.add(1);
        }
        Ok(())
    }

    fn file(&mut self, relative: &Path, text: &str) -> Result<(), String> {
        let mut path = self.root.clone();
        for part in relative.parent().into_iter().flat_map(Path::components) {
            path.push(part);
            files::make_directory(&path)?;
        }
        self.written.insert(relative.to_string_lossy().to_lowercase());
        files::write(&self.root.join(relative), text)
    }

    /// Removes the files of an earlier export that are not of this one. What it cannot have written it leaves alone.
    fn remove_others(&self) -> Result<(), String> {
        let mut contexts = vec![self.root.clone()];
        contexts.extend(files::directories(&self.root.join(CONTEXTS))?.into_iter().map(|(_, path)| path));
        for context in contexts {
            for (_, subject) in files::directories(&context.join(SUBJECTS))? {
                self.tidy(&subject)?;
            }
            // Each goes where nothing is left in it.
            let _ = fs::remove_dir(context.join(SUBJECTS));
            self.tidy(&context)?;
        }
        let _ = fs::remove_dir(self.root.join(CONTEXTS));
        Ok(())
    }

    fn tidy(&self, directory: &Path) -> Result<(), String> {
        let named = |error: std::io::Error| format!("{}: {error}", directory.display());
        for entry in fs::read_dir(directory).map_err(named)? {
            let entry = entry.map_err(named)?;
            let path = entry.path();
            let relative = path.strip_prefix(&self.root).unwrap_or(&path).to_string_lossy().to_lowercase();
            let is_file = entry.file_type().map_err(named)?.is_file();
            if is_file && is_ours(&entry.file_name().to_string_lossy()) && !self.written.contains(&relative) {
                fs::remove_file(&path).map_err(named)?;
            }
        }
        let _ = fs::remove_dir(directory);
        Ok(())
    }
}

/// May an export have written a file of this name?
fn is_ours(name: &str) -> bool {
    let name = name.strip_suffix(".new").unwrap_or(name);
    let is_text = |(number, extension): (&str, &str)| {
        number.parse::<Version>().is_ok() && matches!(extension, "avsc" | "json" | "proto" | "schema")
    };
    name == SUBJECT || name == SETTINGS || name.split_once('.').is_some_and(is_text)
}

fn described(what: &str, name: &str, own: &Settings) -> Map<String, Value> {
    let config = own.config.clone().map(|config| ("config".to_owned(), Value::Object(config)));
    let mode = own.mode.clone().map(|mode| ("mode".to_owned(), mode.into()));
    [(what.to_owned(), name.into())].into_iter().chain(config).chain(mode).collect()
}

/// A version, but for its text.
fn version(number: Version, entry: &Entry, is_laid_out: bool) -> Value {
    let mut shown = json!({ "version": number, "id": entry.id, "schemaType": entry.schema_type.as_str() });
    if entry.deleted {
        shown["deleted"] = true.into();
    }
    if is_laid_out {
        shown["laidOut"] = true.into();
    }
    let references = entry.references.iter();
    let references: Vec<Value> =
        references.map(|one| json!({ "name": one.name, "subject": one.subject, "version": one.version })).collect();
    if !references.is_empty() {
        shown["references"] = references.into();
    }
    for (name, value) in [("metadata", &entry.metadata), ("ruleSet", &entry.rule_set)] {
        if let Some(value) = value {
            shown[name] = value.clone();
        }
    }
    shown
}

fn lines(value: &Value) -> String {
    format!("{value:#}\n")
}
