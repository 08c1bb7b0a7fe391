//! Configuration: one table of keys; each key can stand in a TOML file, in an environment variable and on the command line,
//! and the later of these wins. `freehold config` prints where each value came from.
//!
//! A key that is not in the table and a value that cannot be used are errors that name the key and the place. What concerns
//! authentication, authorization and audit is read in `access::settings`.

mod gather;
mod keys;

pub use gather::{Error, Gathered, Source, gather};
pub use keys::{KEYS, Key};

use model::CompatibilityLevel;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

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
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

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
