//! Reading the versions of a registry, or of a part of it, in as few requests as it allows.
//!
//! `GET /schemas` shows many versions at once, and newer registries say in it which are soft-deleted. Where it is not served, or
//! leaves something out, subjects are asked for one by one; a note says so.

use super::inventory::{self, Entry, Key, Texts};
use super::progress::Progress;
use super::registry::{Halt, Registry, Shown, each, path_of};
use super::selection::Selection;
use crate::cli::client::segment;
use model::{Subject, Version};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};

/// How many versions are asked for at once. An answer has at most 256 MiB.
const PAGE: usize = 500;
/// How many versions that are asked for singly are in memory before each text is kept once.
const AT_ONCE: usize = 256;

/// What was read.
#[derive(Default)]
pub struct Versions {
    /// The versions.
    pub versions: BTreeMap<Key, Entry>,
    /// Subjects that stand for others, as far as the registry tells. Few of them have versions of their own.
    pub aliases: BTreeSet<Subject>,
    /// Those that the registry has and does not show, as sentences.
    pub unreadable: Vec<String>,
    /// What the registry does not serve, as sentences.
    pub notes: Vec<String>,
}

/// Reads the versions of a part.
///
/// # Errors
/// The registry cannot be asked, or does not answer as one does; its texts are too long together.
pub fn read(
    registry: &Registry,
    selection: &Selection,
    texts: &mut Texts,
    progress: Progress,
) -> Result<Versions, Halt> {
    let mut reading =
        Reading { registry, selection, texts, progress, read: Versions::default(), unsaid: BTreeSet::new() };
    let subjects = reading.subjects()?;
    let refused = reading.listing()?;
    let url = &registry.url;
    let seen: BTreeSet<&Subject> = reading.read.versions.keys().map(|(subject, _)| subject).collect();
    let left_out = subjects.iter().filter(|subject| !seen.contains(subject)).count();
    let unsure: Vec<Subject> = subjects
        .iter()
        .filter(|subject| !seen.contains(subject) || reading.unsaid.contains(subject))
        .cloned()
        .collect();
    let why = match refused {
        Some(why) => Some(format!("GET /schemas is not served ({why})")),
        None if !reading.unsaid.is_empty() => Some("GET /schemas does not say what is soft-deleted".to_owned()),
        None if left_out > 0 => Some("GET /schemas leaves out some subjects".to_owned()),
        None => None,
    };
    if let Some(why) = why {
        reading.read.notes.push(format!("{url}: {why}; its {} subjects were read one by one", unsure.len()));
    }
    reading.one_by_one(&unsure)?;
    let deleted = |entry: &Entry| entry.deleted;
    if !unsure.is_empty() && !reading.read.versions.values().any(deleted) {
        let silent = "shows no soft-deleted versions: it has none, or does not serve deleted=true";
        reading.read.notes.push(format!("{url}: {silent}"));
    }
    Ok(reading.read)
}

struct Reading<'a> {
    registry: &'a Registry,
    selection: &'a Selection,
    texts: &'a mut Texts,
    progress: Progress,
    read: Versions,
    /// Subjects with versions of which it was not said whether they are soft-deleted.
    unsaid: BTreeSet<Subject>,
}

impl Reading<'_> {
    /// The names of the part's subjects, those without undeleted versions included.
    fn subjects(&self) -> Result<BTreeSet<Subject>, Halt> {
        let url = &self.registry.url;
        let listed = match self.registry.get("/subjects?deleted=true")? {
            Shown::Value(listed) => listed,
            // One that minds the parameter.
            Shown::Refused(..) => match self.registry.get("/subjects")? {
                Shown::Value(listed) => listed,
                Shown::Refused(status, why) => return Err(format!("{url}/subjects: {status}: {why}").into()),
            },
        };
        let no_list = || format!("{url}/subjects: the answer is no list of names; is it a registry?");
        let listed = listed.as_array().ok_or_else(no_list)?;
        let names = listed.iter().map(|name| name.as_str().map(Subject::parse).ok_or_else(no_list));
        let mut subjects: BTreeSet<Subject> = names.collect::<Result<_, _>>()?;
        subjects.retain(|subject| self.selection.includes(subject));
        Ok(subjects)
    }

    /// Reads what `GET /schemas` shows; why it is not served, where it is not.
    fn listing(&mut self) -> Result<Option<String>, Halt> {
        let stage = self.progress.stage(&format!("reading {}", self.registry.url), None);
        for prefix in self.selection.listings() {
            let (mut offset, mut before) = (0, Value::Null);
            loop {
                let prefix = segment(&prefix);
                let path =
                    format!("/schemas?subjectPrefix={prefix}&deleted=true&aliases=true&offset={offset}&limit={PAGE}");
                let page = match self.registry.get(&path)? {
                    Shown::Value(Value::Array(page)) => page,
                    Shown::Value(_) => return Ok(Some("its answer is no list".to_owned())),
                    Shown::Refused(status, why) => return Ok(Some(format!("{status}: {why}"))),
                };
                // One that knows no pages shows the first again.
                let first = page.first().map_or(Value::Null, |first| first.clone());
                if first.is_null() || first == before {
                    break;
                }
                (offset, before) = (offset + page.len(), first);
                for item in page {
                    let aliases = item["aliases"].as_array().into_iter().flatten();
                    let aliases = aliases.filter_map(|alias| alias.as_str().map(Subject::parse));
                    self.read.aliases.extend(aliases.filter(|alias| self.selection.includes(alias)));
                    let subject = Subject::parse(item["subject"].as_str().unwrap_or_default());
                    if self.selection.includes(&subject) {
                        stage.add(1);
                        self.take(&item)?;
                    }
                }
            }
        }
        Ok(None)
    }

    fn take(&mut self, answer: &Value) -> Result<(), Halt> {
        match inventory::version(answer) {
            Ok((key, entry, deleted)) => {
                if deleted.is_none() {
                    self.unsaid.insert(key.0.clone());
                }
                self.keep(key, entry)?;
            }
            Err(sentence) => self.read.unreadable.push(sentence),
        }
        Ok(())
    }

    fn keep(&mut self, key: Key, mut entry: Entry) -> Result<(), Halt> {
        entry.text = self.texts.kept(entry.text)?;
        self.read.versions.insert(key, entry);
        Ok(())
    }

    /// Reads what these subjects have and was not read yet, and which of it is soft-deleted.
    fn one_by_one(&mut self, subjects: &[Subject]) -> Result<(), Halt> {
        if subjects.is_empty() {
            return Ok(());
        }
        let (registry, url) = (self.registry, &self.registry.url);
        let stage = self.progress.stage(&format!("listing versions of {url}"), Some(subjects.len()));
        let numbers = each(subjects, |subject| {
            stage.add(1);
            let path = format!("/subjects/{}/versions", path_of(subject));
            let live = match registry.get(&path)? {
                Shown::Value(list) => inventory::numbers(&list),
                Shown::Refused(404, _) => BTreeSet::new(),
                Shown::Refused(status, why) => return Err(format!("{url}{path}: {status}: {why}").into()),
            };
            let all = match registry.get(&format!("{path}?deleted=true"))? {
                Shown::Value(list) => &inventory::numbers(&list) | &live,
                Shown::Refused(..) => live.clone(),
            };
            Ok((all, live))
        })?;
        drop(stage);
        let listed = subjects.iter().zip(&numbers);
        let all = listed.flat_map(|(subject, (all, _))| all.iter().map(|number| (subject.clone(), *number)));
        let missing: Vec<Key> = all.filter(|key| !self.read.versions.contains_key(key)).collect();
        let stage = self.progress.stage(&format!("reading versions of {url}"), Some(missing.len()));
        for some in missing.chunks(AT_ONCE) {
            for found in each(some, |key| {
                stage.add(1);
                single(registry, key)
            })? {
                match found {
                    Ok((key, entry)) => self.keep(key, entry)?,
                    Err(sentence) => self.read.unreadable.push(sentence),
                }
            }
        }
        for (subject, (_, live)) in subjects.iter().zip(&numbers) {
            let of_subject = (subject.clone(), Version::MIN)..=(subject.clone(), Version::MAX);
            let of_subject = self.read.versions.range_mut(of_subject);
            of_subject.for_each(|((_, number), entry)| entry.deleted = !live.contains(number));
        }
        Ok(())
    }
}

/// One version; inside, why the registry does not show it.
fn single(registry: &Registry, key: &Key) -> Result<Result<(Key, Entry), String>, Halt> {
    let (subject, number) = key;
    let at = |what: String| Err(format!("{subject} version {number}: {what}"));
    let path = format!("/subjects/{}/versions/{number}?deleted=true", path_of(subject));
    Ok(match registry.get(&path)? {
        Shown::Value(answer) => match inventory::version(&answer) {
            Ok((found, entry, _)) if found == *key => Ok((found, entry)),
            Ok(((other, _), ..)) => at(format!("the registry answers with {other}, for which it is an alias")),
            Err(sentence) => Err(sentence),
        },
        Shown::Refused(status, why) => at(format!("{status}: {why}")),
    })
}
