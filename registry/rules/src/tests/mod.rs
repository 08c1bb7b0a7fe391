//! The rules as tables: a history of requests, and what each of them comes to.
//!
//! A row is a request in a few words and its outcome: `("register s A", "version 1, id 1")`. The state is folded in memory, so
//! the records of one row are what the next row meets. Each row goes the way of a request: once with `Computing` on the state
//! as it is, and again with `Precomputed`, as the writer does; both must come to the same. What is deliberately not here: HTTP, the
//! writer's thread, a disk, and schema languages beyond the few texts below.

mod associating;
mod configs;
mod contracts;
mod deleting;
mod encrypting;
mod finding;
mod modes;
mod namespaces;
mod registering;
mod tagging;
mod verdicts;
mod writer;

use super::candidate::{Described, Wanted, source};
use super::delete::{self, Depth, Selector};
use super::find::{self, Deleted, Found};
use super::knowledge::{Computing, Knowledge, Normalize, Precomputed, Stop};
use super::register::{Force, Plan, Registered, Registration, plan};
use super::{config, equivalence::Candidate, mode};
use crate::fault::Fault;
use crate::schema_cache::SchemaCache;
use crate::tagging::Tagging;
use compat::{EntityKind, Strictness, TagEdit, TagEdits, Work};
use model::{
    CompatibilityLevel, Config, Context, Metadata, Record, Reference, RegistryRecord, Rule, RuleKind, RuleMode,
    RuleSet, SchemaType, Subject,
};
use state::{MemoryState, State};
use std::collections::{BTreeMap, BTreeSet};

/// Runs requests, one after the other, on a new registry.
#[track_caller]
fn check(rows: &[(&str, &str)]) {
    let mut world = World::default();
    for (request, outcome) in rows {
        assert_eq!(world.run(request), *outcome, "{request}");
    }
}

/// The texts of the tables. A, B, C are compatible with each other in both directions, X with none of them; Q is P spelled
/// differently.
fn text(name: &str) -> String {
    let record = |name: &str, fields: &str| format!(r#"{{"type":"record","name":"{name}","fields":[{fields}]}}"#);
    match name {
        "A" => record("R", r#"{"name":"a","type":"string"}"#),
        "B" => record("R", r#"{"name":"a","type":"string"},{"name":"b","type":"int","default":0}"#),
        "C" => record("R", r#"{"name":"a","type":"string"},{"name":"c","type":"int","default":0}"#),
        "X" => record("R", r#"{"name":"x","type":"string"}"#),
        "P" => r#"{"type":"string","p":1,"q":2}"#.to_owned(),
        "Q" => r#"{"type":"string","q":2,"p":1}"#.to_owned(),
        // Refers to R.
        "Uses" => record("U", r#"{"name":"r","type":"R"}"#),
        "UsesMore" => record("U", r#"{"name":"r","type":"R"},{"name":"n","type":"int","default":0}"#),
        "Inlined" => record("U", &format!(r#"{{"name":"r","type":{}}}"#, text("A"))),
        "BadDefault" => record("R", r#"{"name":"a","type":"int","default":"x"}"#),
        "Broken" => "{".to_owned(),
        "Blank" => " ".to_owned(),
        other => panic!("no text is called {other}"),
    }
}

struct World {
    state: MemoryState,
    schema_cache: SchemaCache,
    work: Work,
}

impl Default for World {
    fn default() -> Self {
        World { state: MemoryState::default(), schema_cache: SchemaCache::new(1 << 20), work: Work::unlimited() }
    }
}

impl World {
    /// `VERB TARGET [WORD | NAME=VALUE]…`; the outcome in words.
    fn run(&mut self, request: &str) -> String {
        let words: Vec<&str> = request.split_whitespace().collect();
        let (verb, target, options) = (words[0], Subject::parse(words[1]), Options(&words[2..]));
        let outcome = match verb {
            "register" => self.register(&registration(words[1], options)),
            "find" => self.find(&registration(words[1], options), options),
            "delete" => self.delete(words[1], options),
            "drop" => self.drop(words[1]),
            "config" => Ok(self.config(target, options)),
            "mode" => self.mode(target, options),
            "list" => Ok(self.list(&target)),
            "scope" => Ok(self.scope(&target)),
            other => panic!("no request is called {other}"),
        };
        outcome.unwrap_or_else(|fault| name_of(&fault))
    }

    fn computing(&self) -> Computing<'_> {
        Computing::new(&self.schema_cache, &self.work)
    }

    fn fold(&mut self, records: Vec<Record>) {
        self.state.fold(records, 0).unwrap();
    }

    fn register(&mut self, request: &Registration) -> Result<String, Fault> {
        let computing = self.computing();
        let computed = plan(&self.state, &computing, request);
        let written = plan(&self.state, &computing.precomputed(), request);
        let (plan, again) = match (computed, written) {
            (Ok(plan), Ok(again)) => (plan, again),
            (Err(Stop::Fault(fault)), Err(Stop::Fault(again))) => {
                assert_eq!(name_of(&fault), name_of(&again));
                return Err(fault);
            }
            _ => panic!("the writer came to another kind of answer"),
        };
        assert_eq!(plan.records, again.records);
        let outcome = answer(&plan);
        self.fold(plan.records);
        Ok(outcome)
    }

    fn find(&self, request: &Registration, options: Options<'_>) -> Result<String, Fault> {
        let (subject, described) = (&request.subject, &request.schema);
        let computing = self.computing();
        let (source, references) =
            source(&self.state, &computing, subject, described, Normalize::No, Deleted::Include).unwrap()?;
        let schema = computing.parse(&self.state, &source, Strictness::Stored, Normalize::No).unwrap().unwrap();
        let candidate = Candidate::new(schema, references, described.metadata.clone(), described.rule_set.clone());
        let deleted = if options.has("deleted") { Deleted::Include } else { Deleted::Ignore };
        Ok(match find::find(&self.state, &computing, subject, &candidate, None, deleted).unwrap() {
            None => "nowhere".to_owned(),
            Some(Found::Exact(stored)) => format!("exactly version {}", stored.version),
            Some(Found::Equivalent(stored)) => format!("equivalent to version {}", stored.version),
        })
    }

    /// `delete s` and `delete s/1` or `delete s/latest`, also `permanent`.
    fn delete(&mut self, target: &str, options: Options<'_>) -> Result<String, Fault> {
        let depth = if options.has("permanent") { Depth::Permanent } else { Depth::Soft };
        let (records, deleted) = match target.split_once('/') {
            None => delete::subject(&self.state, &Subject::parse(target), depth)?,
            Some((subject, version)) => {
                let selector = version.parse().map_or(Selector::Latest, Selector::Number);
                let (records, number) = delete::version(&self.state, &Subject::parse(subject), selector, depth)?;
                (records, vec![number])
            }
        };
        self.fold(records);
        Ok(deleted.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "))
    }

    /// `drop .c`: deletes a context.
    fn drop(&mut self, context: &str) -> Result<String, Fault> {
        let records = delete::context(&self.state, &Context::new(context).unwrap())?;
        let outcome = if records.is_empty() { "was not there" } else { "done" };
        self.fold(records);
        Ok(outcome.to_owned())
    }

    /// Replaces the config of a scope.
    fn config(&mut self, scope: Subject, options: Options<'_>) -> String {
        let config = Config {
            compatibility_level: options.value("level").map(|level| level.parse().unwrap()),
            normalize: options.value("normalize").map(|flag| flag == "true"),
            validate_new_schemas: options.value("validateNew").map(|flag| flag == "true"),
            validate_fields: options.value("validateFields").map(|flag| flag == "true"),
            compatibility_group: options.value("group").map(str::to_owned),
            default_metadata: options.value("default").map(properties),
            override_metadata: options.value("override").map(properties),
            default_rule_set: options.value("defaultRules").map(rule_set),
            override_rule_set: options.value("overrideRules").map(rule_set),
            ..Config::default()
        };
        self.fold(vec![Record::Registry(RegistryRecord::Config { scope, config: Some(Box::new(config)) })]);
        "done".to_owned()
    }

    /// `mode s READONLY`, also `force`.
    fn mode(&mut self, scope: Subject, options: Options<'_>) -> Result<String, Fault> {
        let force = if options.has("force") { mode::Force::Yes } else { mode::Force::No };
        let records = mode::plan(&self.state, &scope, Some(options.0[0].parse().unwrap()), force)?;
        self.fold(records);
        Ok("done".to_owned())
    }

    /// Version numbers, soft-deleted ones in parentheses.
    fn list(&self, subject: &Subject) -> String {
        let shown = |version: &state::StoredVersion| match version.deleted {
            true => format!("({})", version.version),
            false => version.version.to_string(),
        };
        self.state.versions(subject).unwrap().iter().map(shown).collect::<Vec<_>>().join(" ")
    }

    /// The mode, the level and whether to normalise, as they hold for a subject.
    fn scope(&self, subject: &Subject) -> String {
        let scope = config::in_scope(&self.state, subject, CompatibilityLevel::Backward).unwrap();
        let mode = config::mode_in_scope(&self.state, subject).unwrap();
        let normalize = if scope.config.normalize == Some(true) { ", normalized" } else { "" };
        format!("{mode}, {}{normalize}", scope.level)
    }
}

#[derive(Clone, Copy)]
struct Options<'a>(&'a [&'a str]);

impl<'a> Options<'a> {
    fn has(self, word: &str) -> bool {
        self.0.contains(&word)
    }

    fn value(self, name: &str) -> Option<&'a str> {
        self.0.iter().find_map(|word| word.strip_prefix(name)?.strip_prefix('='))
    }
}

/// `tag=PATH:TAG` and `untag=PATH:TAG`, of a field if the path has a dot, and `propagate`.
fn tagging(options: Options<'_>) -> Tagging {
    let edits = |name: &str| {
        let edit = |edit: &str| {
            let (path, tag) = edit.split_once(':').unwrap();
            let kind = if path.contains('.') { EntityKind::Field } else { EntityKind::Record };
            TagEdit { path: path.to_owned(), kind, tags: vec![tag.to_owned()] }
        };
        options.value(name).into_iter().map(edit).collect()
    };
    let edits = TagEdits { add: edits("tag"), remove: edits("untag"), lenient: false };
    Tagging { edits: edits.into(), propagate: options.has("propagate") }
}

/// Domain rules `NAME:EXPR,NAME:EXPR`; nothing is the empty set.
fn rule_set(text: &str) -> RuleSet {
    let rule = |(name, expr): (&str, &str)| Rule {
        name: Some(name.to_owned()),
        doc: None,
        kind: RuleKind::Condition,
        mode: RuleMode::Write,
        rule_type: Some("CEL".to_owned()),
        tags: BTreeSet::new(),
        params: BTreeMap::new(),
        expr: Some(expr.to_owned()),
        on_success: None,
        on_failure: None,
        disabled: false,
    };
    let rules = text.split(',').filter_map(|rule| rule.split_once(':')).map(rule);
    RuleSet { domain_rules: rules.collect(), ..RuleSet::default() }
}

/// `SUBJECT TEXT [version=N] [id=N] [meta=k:v,k:v] [ref=SUBJECT/VERSION] [normalize] [force]`.
fn registration(subject: &str, options: Options<'_>) -> Registration {
    let number = |name: &str| options.value(name).map(|number| number.parse().unwrap());
    let references = options.value("ref").map(|target| {
        let (subject, version) = target.rsplit_once('/').unwrap();
        Reference { name: "R".to_owned(), subject: subject.to_owned(), version: version.parse().unwrap() }
    });
    Registration {
        subject: Subject::parse(subject),
        schema: Described {
            text: text(options.0[0]).into(),
            schema_type: SchemaType::Avro,
            references: references.into_iter().collect(),
            metadata: options.value("meta").map(properties),
            rule_set: options.value("rules").map(rule_set),
            version: Wanted::of(number("version").unwrap_or(0)),
            id: number("id"),
            tagging: tagging(options),
        },
        normalize: options.has("normalize"),
        force: if options.has("force") { Force::Yes } else { Force::No },
        default_level: CompatibilityLevel::Backward,
    }
}

fn properties(text: &str) -> Metadata {
    let pairs = text.split(',').filter_map(|pair| pair.rsplit_once(':'));
    Metadata { properties: pairs.map(|(k, v)| (k.to_owned(), v.to_owned())).collect(), ..Metadata::default() }
}

fn answer(plan: &Plan) -> String {
    let Registered { id, version, content, .. } = &plan.answer;
    let metadata = content.metadata.as_ref().map_or(String::new(), |metadata| {
        let pairs: Vec<String> = metadata.properties.iter().map(|(k, v)| format!("{k}:{v}")).collect();
        format!(", {{{}}}", pairs.join(","))
    });
    let rules = content.rule_set.as_ref().map_or(String::new(), |rules| {
        let text =
            |rule: &Rule| format!("{}:{}", rule.name.as_deref().unwrap_or(""), rule.expr.as_deref().unwrap_or(""));
        format!(", [{}]", rules.domain_rules.iter().map(text).collect::<Vec<_>>().join(","))
    });
    let there = if plan.records.is_empty() { ", already there" } else { "" };
    format!("version {version}, id {id}{metadata}{rules}{there}")
}

/// `SubjectNotFound` of `SubjectNotFound(…)`.
fn name_of(fault: &Fault) -> String {
    format!("{fault:?}").split('(').next().unwrap_or_default().to_owned()
}
