//! Configuration: one table of keys; each key can stand in a TOML file, in an environment variable and on the command line,
//! and the later of these wins. `freehold config` prints where each value came from.
//!
//! A key that is not in the table and a value that cannot be used are errors that name the key and the place; an unknown
//! variable of the environment is a warning. What concerns authentication, authorization and audit is read in
//! `access`.

mod access;
mod gather;
mod keys;
mod kubernetes;
pub mod secrets;
mod units;

pub use gather::{Error, Gathered, Source, gather};
pub use keys::{KEYS, Key, Kind};
pub use units::{shown_size, shown_time, time};

use model::CompatibilityLevel;
use std::net::{Ipv4Addr, SocketAddr, ToSocketAddrs};
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
    pub must_exist: bool,
    pub default_level: CompatibilityLevel,
    pub kafka_id: String,
    pub registry_id: String,
    pub body_limit: usize,
    pub body_memory: usize,
    pub answer_memory: usize,
    pub request_timeout: Duration,
    pub head_timeout: Duration,
    pub write_timeout: Duration,
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
    pub access: service::access::AccessSettings,
    pub local_kms: Vec<secrets::Named>,
    pub secrets_dir: Option<PathBuf>,
}

/// No cache takes a terabyte, and the bytes of a body are counted in 32 bits.
const CACHE_END: u64 = 1 << 40;
const BODY_END: u64 = 1 << 32;
const MILLISECOND: Duration = Duration::from_millis(1);

impl Gathered {
    /// Reads every value.
    ///
    /// # Errors
    /// `BadValue`, naming the key and the place.
    pub fn settings(&self) -> Result<Settings, Error> {
        let cores = std::thread::available_parallelism().map_or(2, std::num::NonZero::get);
        let address = "must be an address or a name that is known here, and a port, such as 127.0.0.1:8081, localhost:8081 or :8081";
        let mut access = access::read(self)?;
        access.hosts.extend(named_host(&self.text("listen")));
        Ok(Settings {
            listen: self.read("listen", address, listened)?,
            data: self.read("data", "must name a directory", |text| (!text.is_empty()).then(|| PathBuf::from(text)))?,
            must_exist: self.flag("must-exist")?,
            default_level: self.read(
                "compatibility-level",
                "must be NONE, BACKWARD, FORWARD, FULL or one of these with _TRANSITIVE",
                |text| text.parse().ok(),
            )?,
            kafka_id: self.text("cluster.kafka-id"),
            registry_id: self.text("cluster.registry-id"),
            body_limit: self.size("http.body-limit", 1..BODY_END)?,
            body_memory: self.size("http.body-memory", 1..BODY_END)?,
            answer_memory: self.size("http.answer-memory", 1..BODY_END)?,
            request_timeout: self.time("http.request-timeout", MILLISECOND)?,
            head_timeout: self.time("http.head-timeout", MILLISECOND)?,
            write_timeout: self.time("http.write-timeout", MILLISECOND)?,
            connections: self.number("http.connections", 1)?,
            drain_timeout: self.time("http.drain-timeout", Duration::ZERO)?,
            answer_cache: self.size("cache.answers", 0..CACHE_END)? as u64,
            schema_cache: self.size("cache.schemas", 0..CACHE_END)? as u64,
            block_cache: self.size("store.block-cache", 0..CACHE_END)?,
            memtable: self.size("store.memtable", 65_536..BODY_END)?,
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
            access,
            local_kms: self.read(
                "kms.local",
                "must be items such as *=${env:FREEHOLD_SECRET_LOCAL} or key-1=${file:NAME}, NAME without a slash",
                secrets::listed,
            )?,
            secrets_dir: Some(self.text("secrets.dir")).filter(|text| !text.is_empty()).map(PathBuf::from),
            log_level: self.read("log.level", "must be error, warn, info, debug or trace", |text| text.parse().ok())?,
        })
    }

    /// The fewest characters of a new password.
    ///
    /// # Errors
    /// `BadValue`.
    pub fn password_length(&self) -> Result<usize, Error> {
        self.number("authentication.password-length", 1)
    }

    pub(crate) fn flag(&self, key: &str) -> Result<bool, Error> {
        self.read(key, "must be true or false", |text| text.parse().ok())
    }
}

/// Where to listen. Without a host it is every IPv4 address; of a name's addresses an IPv4 one is taken before others, since
/// clients that are given the address of a name try that one in any case.
fn listened(text: &str) -> Option<SocketAddr> {
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    let (host, port) = text.rsplit_once(':')?;
    let port: u16 = port.parse().ok()?;
    match host {
        "" => Some((Ipv4Addr::UNSPECIFIED, port).into()),
        name if name.eq_ignore_ascii_case("localhost") => Some((Ipv4Addr::LOCALHOST, port).into()),
        name => (name, port).to_socket_addrs().ok()?.min_by_key(SocketAddr::is_ipv6),
    }
}

/// The host of an address to listen on, where it is a name: then the registry answers as that.
fn named_host(listen: &str) -> Option<String> {
    let (host, _) = listen.rsplit_once(':').filter(|_| listen.parse::<SocketAddr>().is_err())?;
    (!host.is_empty()).then(|| host.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsString;
    use std::os::unix::ffi::OsStringExt;
    use std::path::Path;

    fn gathered(file: &str, variables: &[(&str, &str)], flags: &[(&str, &str)]) -> Result<Gathered, Error> {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("freehold.toml");
        std::fs::write(&path, file).unwrap();
        let variables: Vec<(OsString, OsString)> = variables.iter().map(|(k, v)| (k.into(), v.into())).collect();
        let flags: Vec<_> = flags.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        gather(Some(&path), variables.into_iter(), &flags)
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
        check(gathered("", &[("FREEHOLD_LISTEN", "x")], &[]), &["FREEHOLD_LISTEN", "'x'", "and a port"]);
        check(
            gathered("", &[], &[("http-body-limit", "-1")]),
            &["--http-body-limit", "must be a size from 1 and below 4GiB"],
        );
        check(
            gathered("", &[], &[("http-body-limit", "5GiB")]),
            &["--http-body-limit", "must be a size from 1 and below 4GiB"],
        );
        check(gathered("", &[], &[("http-connections", "4KiB")]), &["--http-connections", "whole number"]);
        check(gathered("", &[], &[("http-request-timeout", "0")]), &["at least 1ms", "5m"]);
        check(gathered("", &[], &[("listen", "8081")]), &["localhost:8081"]);
        check(gathered("", &[], &[("listen", "localhost:x")]), &["localhost:8081"]);
        check(gathered("[http]\nhosts = [1]", &[], &[]), &["'http.hosts'", "list of texts"]);
        check(gathered("[http]\nhosts = [\"a,b\"]", &[], &[]), &["'http.hosts'", "without commas"]);
        check(gathered("[http]\nhosts = 1.5", &[], &[]), &["'http.hosts'", "a list of texts"]);
        check(gathered("= broken", &[], &[]), &["cannot read", "freehold.toml"]);
    }

    /// Others put variables into the environment too; flags and files are ours alone.
    #[test]
    fn an_unknown_variable_is_a_warning() {
        #[track_caller]
        fn check(name: &str, value: &str, warning: Option<&str>) {
            let all = gathered("", &[(name, value)], &[]).unwrap();
            assert!(all.settings().is_ok());
            assert_eq!(all.warnings().first().map(String::as_str), warning);
        }
        let of =
            |name: &str, hint: &str| format!("the environment variable {name} is no setting and changes nothing{hint}");
        check("FREEHOLD_LISTN", "x", Some(&of("FREEHOLD_LISTN", "; did you mean 'FREEHOLD_LISTEN'?")));
        check("FREEHOLD_XYZ", "x", Some(&of("FREEHOLD_XYZ", "")));
        check("FREEHOLD_PORT", "tcp://10.0.0.1:8081", None);
        check("FREEHOLD_SERVICE_HOST", "10.0.0.1", None);
        check("FREEHOLD_PASSWORD", "x", None);
        check("FREEHOLDER", "x", None);
    }

    #[test]
    fn a_known_variable_that_is_no_text_is_an_error() {
        let variable = [("FREEHOLD_DATA".into(), OsString::from_vec(vec![b'/', 0xff]))];
        let error = gather(None, variable.into_iter(), &[]).unwrap_err().to_string();
        assert!(error.contains("FREEHOLD_DATA") && error.contains("is not UTF-8"), "{error}");
    }

    #[test]
    fn sizes_times_lists_and_addresses_are_taken_as_people_write_them() {
        let file = "listen = \"LocalHost:0\"\n[http]\nbody-limit = \"64MiB\"\nhosts = [\"a.example\", \"b.example\"]\n";
        let all = gathered(file, &[], &[("audit-retention", "90d"), ("http-head-timeout", "250ms")]).unwrap();
        let settings = all.settings().unwrap();
        assert_eq!((settings.listen, settings.body_limit), ("127.0.0.1:0".parse().unwrap(), 64 << 20));
        assert_eq!(settings.access.retention, Duration::from_secs(7_776_000));
        assert_eq!(settings.head_timeout, Duration::from_millis(250));
        let hosts = ["a.example", "b.example", "LocalHost"].map(str::to_owned);
        assert_eq!(settings.access.hosts, hosts.into());
        let printed = all.printed();
        for line in ["body-limit = \"64MiB\"", "hosts = [\"a.example\", \"b.example\"]", "head-timeout = \"250ms\""] {
            assert!(printed.contains(line), "{line} is not in:\n{printed}");
        }
        let again = gathered(&printed, &[], &[]).unwrap().settings().unwrap();
        assert_eq!((again.listen, again.body_limit), (settings.listen, settings.body_limit));
        assert_eq!((again.access.hosts, again.head_timeout), (settings.access.hosts, settings.head_timeout));
        assert_eq!(again.access.retention, settings.access.retention);

        let listen = |text: &str| gathered("", &[], &[("listen", text)]).unwrap().settings().unwrap().listen;
        assert_eq!(listen(":8081"), "0.0.0.0:8081".parse().unwrap());
        assert_eq!(listen("[::1]:8081"), "[::1]:8081".parse().unwrap());
        assert!(gathered("", &[], &[("listen", "10.0.0.1:1")]).unwrap().settings().unwrap().access.hosts.is_empty());
    }

    #[test]
    fn the_printed_configuration_reads_back_and_names_sources() {
        let odd = "/a \\ \" \u{1b}\u{202e}\n b";
        let all = gathered("", &[("FREEHOLD_DATA", odd)], &[("listen", "127.0.0.1:1")]).unwrap();
        let printed = all.printed();
        assert!(printed.contains("\\u001b\\u202e\\n b\"") && printed.contains("# flag --listen"), "{printed}");
        assert_eq!(gathered(&printed, &[], &[]).unwrap().settings().unwrap().data, Path::new(odd));
    }
}
