//! Configuration: one table of keys; each key can stand in a TOML file, in an environment variable and on the command line,
//! and the later of these wins. `freehold config` prints where each value came from.
//!
//! A key that is not in the table and a value that cannot be used are errors that name the key and the place.

use model::CompatibilityLevel;
use std::collections::BTreeMap;
use std::fmt::{self, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// One configuration key.
pub struct Key {
    /// Its name in the file (`a.b` is key `b` in table `a`). The flag is `--a-b`, the variable `FREEHOLD_A_B`.
    pub name: &'static str,
    /// The value where nothing else is said.
    pub default: &'static str,
    /// What it is, with its unit.
    pub help: &'static str,
    /// Is the value never to be printed?
    pub secret: bool,
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, help, secret: false }
}

/// All keys.
pub const KEYS: &[Key] = &[
    key("listen", "127.0.0.1:8081", "address and port to listen on"),
    key("data", "./data", "directory of the embedded store"),
    key("compatibility-level", "BACKWARD", "compatibility level where none is configured"),
    key("cluster.kafka-id", "freehold", "name of the Kafka cluster, shown by /v1/metadata/id"),
    key("cluster.registry-id", "schema-registry", "name of the registry cluster, shown by /v1/metadata/id"),
    key("http.body-limit", "10485760", "largest request body, in bytes"),
    key(
        "http.body-memory",
        "268435456",
        "memory for all request bodies over 64 KiB together, in bytes; further ones are refused with 503",
    ),
    key("http.request-timeout", "30", "longest time for one request, in seconds"),
    key("http.head-timeout", "30", "longest time for the head of a request and for an idle connection, in seconds"),
    key("http.connections", "4096", "open connections at most; further ones wait"),
    key("http.drain-timeout", "10", "longest time to finish requests after SIGTERM, in seconds"),
    key("http.hosts", "", "host names, separated by commas, that a registry on loopback answers as besides localhost"),
    key(
        "http.origins",
        "",
        "origins of web pages, separated by commas, from which changes are taken besides the registry's own",
    ),
    key(
        "http.proxies",
        "",
        "addresses and networks, separated by commas, of the proxies whose X-Forwarded-For is believed",
    ),
    key("cache.answers", "25165824", "memory for answers kept ready, in bytes"),
    key("cache.schemas", "8388608", "memory for parsed schemas, in bytes"),
    key("store.block-cache", "33554432", "memory for blocks read from the store, in bytes"),
    key("store.memtable", "8388608", "memory for the newest writes of one column family, in bytes"),
    key("work.threads", "0", "threads that parse and compare large schemas; 0 is one per core"),
    key("work.queue", "256", "such jobs waiting at most; further ones are refused with 503"),
    key(
        "insecure-open",
        "false",
        "let anyone write who reaches an address other than loopback; without it that needs authentication.users",
    ),
    key("authentication.users", "", "file of users and password hashes (freehold user add); empty is none"),
    key(
        "authorization.mode",
        "enforce",
        "what becomes of a refusal: off, observe (let through and count; namespaces and the audit stay guarded) or enforce",
    ),
    key(
        "authorization.post_reads",
        "method",
        "POSTs that change nothing count as writes (method), as reads (operation), or as reads also when a registration finds its schema (effect)",
    ),
    key("authorization.unclaimed", "admin", "who may write subjects that no namespace claims: admin or authenticated"),
    key(
        "authorization.admins",
        "",
        "administrators, separated by commas, such as user:basic/alice,group:basic/platform",
    ),
    key("authorization.policy", "", "policy file that replaces the embedded one"),
    key("authorization.model", "", "casbin model file that replaces the embedded one"),
    key(
        "authorization.fall_back",
        "owner",
        "contexts that may answer for a bare name the default context lacks: those of its owner (owner), or any (any)",
    ),
    key("audit.retention", "7776000", "how long entries of the audit are kept, in seconds"),
    key("audit.sink", "", "also write the audit as JSON lines: stdout, or the name of a file; empty is nowhere else"),
    key("audit.sink-size", "67108864", "size at which that file is rotated, in bytes"),
    key("audit.sink-files", "5", "rotated files that are kept"),
    key("audit.required", "false", "refuse changes while the audit cannot be written to its sink"),
    key("log.format", "text", "text or json"),
    key("log.level", "info", "error, warn, info, debug or trace"),
];

impl Key {
    /// The environment variable.
    pub fn variable(&self) -> String {
        format!("FREEHOLD_{}", self.name.to_uppercase().replace(['.', '-'], "_"))
    }

    /// Is it one that is said without a value (`--insecure-open`)?
    pub fn is_switch(&self) -> bool {
        matches!(self.default, "true" | "false")
    }

    /// The long flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }
}

/// Where a value came from.
#[derive(Clone, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "plain")]
pub enum Source {
    Default,
    File(PathBuf),
    Variable(String),
    Flag(String),
}

impl fmt::Display for Source {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Source::Default => f.write_str("default"),
            Source::File(path) => write!(f, "file {}", path.display()),
            Source::Variable(name) => write!(f, "environment variable {name}"),
            Source::Flag(name) => write!(f, "flag --{name}"),
        }
    }
}

/// An unusable configuration.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum Error {
    #[error("cannot read the configuration file {path}: {reason}")]
    Unreadable { path: PathBuf, reason: String },
    #[error("{source}: unknown key '{key}'{hint}", source = .place)]
    UnknownKey { place: Source, key: String, hint: String },
    #[error("{source}: the value '{value}' of '{key}' {reason}", source = .place)]
    BadValue { place: Source, key: String, value: String, reason: String },
}

/// The raw values with their sources.
#[derive(Clone, Debug)]
pub struct Gathered(BTreeMap<&'static str, (String, Source)>);

/// Gathers values: defaults, then the file, then the environment, then the flags.
///
/// # Errors
/// `Unreadable`, `UnknownKey`, and `BadValue` for a value in the file that is no text, number or boolean.
pub fn gather(
    file: Option<&Path>,
    variables: impl Iterator<Item = (String, String)>,
    flags: &[(String, String)],
) -> Result<Gathered, Error> {
    let mut values: BTreeMap<&'static str, (String, Source)> =
        KEYS.iter().map(|key| (key.name, (key.default.to_owned(), Source::Default))).collect();
    if let Some(path) = file {
        let unreadable = |reason: String| Error::Unreadable { path: path.to_owned(), reason };
        let text = std::fs::read_to_string(path).map_err(|error| unreadable(error.to_string()))?;
        let table: toml::Table = text.parse().map_err(|error: toml::de::Error| unreadable(error.to_string()))?;
        flatten(&table, "", &Source::File(path.to_owned()), &mut values)?;
    }
    for (name, value) in variables {
        // These three are not of the table: the file itself, the build, and the password of `freehold user` and `namespace`.
        let other = ["FREEHOLD_CONFIG", "FREEHOLD_COMMIT", "FREEHOLD_PASSWORD"].contains(&name.as_str());
        if !name.starts_with("FREEHOLD_") || other {
            continue;
        }
        let place = Source::Variable(name.clone());
        let key = KEYS.iter().find(|key| key.variable() == name);
        let key =
            key.ok_or_else(|| unknown(place.clone(), &name, &KEYS.iter().map(Key::variable).collect::<Vec<_>>()))?;
        values.insert(key.name, (value, place));
    }
    for (flag, value) in flags {
        let place = Source::Flag(flag.clone());
        let key = KEYS.iter().find(|key| key.flag() == *flag);
        let key = key.ok_or_else(|| unknown(place.clone(), flag, &KEYS.iter().map(Key::flag).collect::<Vec<_>>()))?;
        values.insert(key.name, (value.clone(), place));
    }
    Ok(Gathered(values))
}

fn flatten(
    table: &toml::Table,
    prefix: &str,
    place: &Source,
    values: &mut BTreeMap<&'static str, (String, Source)>,
) -> Result<(), Error> {
    for (name, value) in table {
        let name = format!("{prefix}{name}");
        if let toml::Value::Table(inner) = value
            && KEYS.iter().any(|key| key.name.starts_with(&format!("{name}.")))
        {
            flatten(inner, &format!("{name}."), place, values)?;
            continue;
        }
        let Some(key) = KEYS.iter().find(|key| key.name == name) else {
            return Err(unknown(place.clone(), &name, &KEYS.iter().map(|key| key.name.to_owned()).collect::<Vec<_>>()));
        };
        let text = match value {
            toml::Value::String(text) => text.clone(),
            toml::Value::Integer(number) => number.to_string(),
            toml::Value::Boolean(flag) => flag.to_string(),
            other => {
                return Err(Error::BadValue {
                    place: place.clone(),
                    key: name,
                    value: other.type_str().to_owned(),
                    reason: "must be a text, a whole number or a boolean".into(),
                });
            }
        };
        values.insert(key.name, (text, place.clone()));
    }
    Ok(())
}

fn unknown(place: Source, key: &str, known: &[String]) -> Error {
    let near = known.iter().map(|name| (strsim::jaro_winkler(name, key), name)).max_by(|a, b| a.0.total_cmp(&b.0));
    let hint =
        near.filter(|(score, _)| *score > 0.85).map_or(String::new(), |(_, name)| format!("; did you mean '{name}'?"));
    Error::UnknownKey { place, key: key.to_owned(), hint }
}

/// The form of log lines.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[allow(missing_docs, reason = "plain")]
pub enum LogFormat {
    Text,
    Json,
}

/// The configuration, every value usable.
#[derive(Clone, Debug)]
#[allow(missing_docs, reason = "the members are the keys of the table, which explains them")]
pub struct Settings {
    pub listen: SocketAddr,
    pub data: PathBuf,
    pub default_level: CompatibilityLevel,
    pub kafka_id: String,
    pub registry_id: String,
    pub body_limit: usize,
    pub body_memory: usize,
    pub request_timeout: Duration,
    pub head_timeout: Duration,
    pub connections: usize,
    pub drain_timeout: Duration,
    pub answer_cache: u64,
    pub schema_cache: u64,
    pub block_cache: usize,
    pub memtable: usize,
    pub threads: usize,
    pub queue: usize,
    pub log_format: LogFormat,
    pub log_level: tracing::Level,
    pub access: crate::access::Settings,
}

impl Gathered {
    /// Reads every value.
    ///
    /// # Errors
    /// `BadValue`, naming the key and the place.
    pub fn settings(&self) -> Result<Settings, Error> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        Ok(Settings {
            listen: self
                .read("listen", "must be an address and a port, such as 127.0.0.1:8081", |text| text.parse().ok())?,
            data: self.read("data", "must name a directory", |text| (!text.is_empty()).then(|| PathBuf::from(text)))?,
            default_level: self.read(
                "compatibility-level",
                "must be NONE, BACKWARD, FORWARD, FULL or one of these with _TRANSITIVE",
                |text| text.parse().ok(),
            )?,
            kafka_id: self.text("cluster.kafka-id"),
            registry_id: self.text("cluster.registry-id"),
            body_limit: self.number("http.body-limit", 1)?,
            body_memory: self.number("http.body-memory", 1)?,
            request_timeout: Duration::from_secs(self.number("http.request-timeout", 1)? as u64),
            head_timeout: Duration::from_secs(self.number("http.head-timeout", 1)? as u64),
            connections: self.number("http.connections", 1)?,
            drain_timeout: Duration::from_secs(self.number("http.drain-timeout", 0)? as u64),
            answer_cache: self.number("cache.answers", 0)? as u64,
            schema_cache: self.number("cache.schemas", 0)? as u64,
            block_cache: self.number("store.block-cache", 0)?,
            memtable: self.number("store.memtable", 65_536)?,
            threads: match self.number("work.threads", 0)? {
                0 => cores,
                threads => threads,
            },
            queue: self.number("work.queue", 1)?,
            log_format: self.read("log.format", "must be text or json", |text| match text {
                "text" => Some(LogFormat::Text),
                "json" => Some(LogFormat::Json),
                _ => None,
            })?,
            access: crate::access::Settings::read(self)?,
            log_level: self.read("log.level", "must be error, warn, info, debug or trace", |text| text.parse().ok())?,
        })
    }

    pub(crate) fn read<T>(&self, key: &str, reason: &str, read: impl Fn(&str) -> Option<T>) -> Result<T, Error> {
        let (value, place) = &self.0[key];
        read(value).ok_or_else(|| Error::BadValue {
            place: place.clone(),
            key: key.to_owned(),
            value: value.clone(),
            reason: reason.to_owned(),
        })
    }

    pub(crate) fn text(&self, key: &str) -> String {
        self.0[key].0.clone()
    }

    pub(crate) fn number(&self, key: &str, least: usize) -> Result<usize, Error> {
        let reason = format!("must be a whole number from {least} up to {}", u32::MAX);
        let in_range = |number: &usize| *number >= least && *number <= u32::MAX as usize;
        self.read(key, &reason, |text| text.parse().ok().filter(in_range))
    }

    /// The effective configuration as TOML, each line with its source, secrets hidden.
    pub fn printed(&self) -> String {
        let mut out = String::new();
        let (top, tables): (Vec<&Key>, Vec<&Key>) = KEYS.iter().partition(|key| !key.name.contains('.'));
        let mut table = "";
        for key in top.into_iter().chain(tables) {
            let (value, place) = &self.0[key.name];
            let (inside, name) = key.name.split_once('.').unwrap_or(("", key.name));
            if inside != table {
                let _ = writeln!(out, "\n[{inside}]");
                table = inside;
            }
            let value = if key.secret { "(hidden)" } else { value };
            let shown = if value.parse::<u64>().is_ok() { value.to_owned() } else { format!("{value:?}") };
            let _ = writeln!(out, "{:<48} # {place}", format!("{name} = {shown}"));
        }
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gathered(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Gathered, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("freehold.toml");
        std::fs::write(&path, file).unwrap();
        let own = |pairs: &[(&str, &str)]| -> Vec<(String, String)> {
            pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect()
        };
        gather(Some(&path), own(variables).into_iter(), &own(flags))
    }

    #[test]
    fn flags_win_over_variables_over_the_file_over_defaults() {
        let all = gathered(
            "data = \"/file\"\n[http]\nbody-limit = 5\nconnections = 7\n",
            &[("FREEHOLD_HTTP_BODY_LIMIT", "6"), ("FREEHOLD_LOG_FORMAT", "json"), ("OTHER", "x")],
            &[("log-format", "text")],
        );
        let settings = all.unwrap().settings().unwrap();
        assert_eq!(settings.data, PathBuf::from("/file"));
        assert_eq!((settings.body_limit, settings.connections), (6, 7));
        assert_eq!(settings.log_format, LogFormat::Text);
        assert_eq!(settings.listen.port(), 8081);
    }

    #[test]
    fn errors_name_the_key_and_the_place() {
        #[track_caller]
        fn check(outcome: Result<Gathered, Error>, parts: &[&str]) {
            let error = outcome.and_then(|all| all.settings()).unwrap_err().to_string();
            for part in parts {
                assert!(error.contains(part), "{error:?} lacks {part:?}");
            }
        }
        check(gathered("lisen = \"x\"\n", &[], &[]), &["freehold.toml", "'lisen'", "did you mean 'listen'"]);
        check(gathered("[http]\nbody-limt = 1\n", &[], &[]), &["'http.body-limt'", "did you mean 'http.body-limit'"]);
        check(gathered("[nope]\nx = 1\n", &[], &[]), &["'nope'"]);
        check(gathered("listen = [1]\n", &[], &[]), &["'listen'", "must be a text"]);
        check(gathered("", &[("FREEHOLD_LISTEN", "x")], &[]), &["FREEHOLD_LISTEN", "'x'", "address and a port"]);
        check(gathered("", &[("FREEHOLD_LISTN", "x")], &[]), &["FREEHOLD_LISTN", "did you mean 'FREEHOLD_LISTEN'"]);
        check(gathered("", &[], &[("http-body-limit", "-1")]), &["--http-body-limit", "whole number"]);
        check(gathered("= broken", &[], &[]), &["cannot read", "freehold.toml"]);
    }

    #[test]
    fn the_printed_configuration_reads_back_and_names_sources() {
        let all = gathered("data = \"/a b\"\n", &[], &[("listen", "127.0.0.1:1")]).unwrap();
        let printed = all.printed();
        assert!(printed.contains("data = \"/a b\"") && printed.contains("# flag --listen"), "{printed}");
        assert!(gathered(&printed, &[], &[]).unwrap().settings().unwrap().data == Path::new("/a b"));
    }
}
