//! The table of configuration keys: names, defaults and what each means.
//!
//! `--help`, `freehold config` and the documents say what stands here; what a value must be is said where it is read.

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
    /// How the value is written.
    pub kind: Kind,
}

/// How the value of a key is written, and so how `freehold config` prints it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Kind {
    /// As it is.
    Plain,
    /// A number of bytes, or one with a unit (`64MiB`).
    Size,
    /// A number of seconds, or one with a unit (`10s`, `90d`).
    Time,
    /// Items, separated by commas; in a file also a list.
    List,
}

const fn key(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { name, default, help, secret: false, kind: Kind::Plain }
}

const fn size(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { kind: Kind::Size, ..key(name, default, help) }
}

const fn time(name: &'static str, default: &'static str, help: &'static str) -> Key {
    Key { kind: Kind::Time, ..key(name, default, help) }
}

const fn list(name: &'static str, help: &'static str) -> Key {
    Key { kind: Kind::List, ..key(name, "", help) }
}

/// All keys.
pub const KEYS: &[Key] = &[
    key("listen", "127.0.0.1:8081", "address or name, and port, to listen on; :8081 is every address"),
    key("data", "./data", "directory of the embedded store"),
    key("must-exist", "false", "do not start where the data directory holds no store yet, instead of making a new one"),
    key("compatibility-level", "BACKWARD", "compatibility level where none is configured"),
    key("cluster.kafka-id", "freehold", "name of the Kafka cluster, shown by /v1/metadata/id"),
    key("cluster.registry-id", "schema-registry", "name of the registry cluster, shown by /v1/metadata/id"),
    size("http.body-limit", "10MiB", "largest request body"),
    size(
        "http.body-memory",
        "256MiB",
        "memory for all request bodies over 64 KiB together, as they came and as they are read; further ones are refused with 503",
    ),
    size(
        "http.answer-memory",
        "128MiB",
        "memory for all answers over 16 KiB together that clients have not taken yet; further ones are refused with 503",
    ),
    time("http.request-timeout", "30s", "longest time for one request"),
    time("http.head-timeout", "30s", "longest time for the head of a request and for an idle connection"),
    time(
        "http.write-timeout",
        "30s",
        "longest time in which a client takes nothing of its answer; one that takes less than 16 KiB a second is cut off as well",
    ),
    key(
        "http.connections",
        "4096",
        "most open connections, besides 16 reserved for health and metrics; a further client takes the place of the connection \
         that has been idle longest",
    ),
    time("http.drain-timeout", "10s", "longest time to finish requests after SIGTERM"),
    list(
        "http.hosts",
        "host names that the registry answers as besides its addresses, localhost and, off loopback, names that are \
         private to a network; .example.org is every name under it, * any name",
    ),
    list("http.origins", "origins of web pages from which changes are taken besides the registry's own"),
    list("http.proxies", "addresses and networks of the proxies whose X-Forwarded-For is believed"),
    size(
        "cache.answers",
        "24MiB",
        "memory for cached answers; an eighth as much again remembers where schemas were found",
    ),
    size("cache.schemas", "8MiB", "memory for parsed schemas and for verdicts about them"),
    size("store.block-cache", "32MiB", "memory for blocks read from the store"),
    size("store.memtable", "8MiB", "memory for the newest writes of one column family"),
    key(
        "work.threads",
        "0",
        "threads that parse and compare large schemas; half as many more make listings; 0 is one per core",
    ),
    key("work.queue", "256", "most jobs waiting or running, of either kind; further ones are refused with 503"),
    key(
        "insecure-open",
        "false",
        "start without authentication.users, so that anyone may write, also at an address other than loopback or where \
         namespaces have owners",
    ),
    key("authentication.users", "", "file of users and password hashes (freehold user add); empty is none"),
    key("authentication.password-length", "12", "fewest characters of a new password (freehold user add, passwd)"),
    key(
        "authorization.mode",
        "enforce",
        "enforce: refuse what the policy does not allow; observe: let requests about subjects, contexts, config and mode \
         through, audit and count what enforce would refuse, and still refuse changes of namespaces, reads of the audit and \
         wrong passwords; off: refuse nothing but reads of the audit",
    ),
    key(
        "authorization.post_reads",
        "method",
        "POSTs that change nothing count as writes (method), as reads (operation), or as reads also when a registration finds its schema (effect)",
    ),
    key("authorization.unclaimed", "admin", "who may write subjects that no namespace claims: admin or authenticated"),
    list("authorization.admins", "administrators, such as user:basic/alice or group:basic/platform"),
    key("authorization.policy", "", "policy file that replaces the embedded one"),
    key("authorization.model", "", "casbin model file that replaces the embedded one"),
    key(
        "authorization.fall_back",
        "owner",
        "contexts that may answer for a bare name the default context lacks: those of its owner (owner), or any (any)",
    ),
    list(
        "kms.local",
        "secrets of the key management system local-kms, as KEY=${file:NAME} or KEY=${env:FREEHOLD_SECRET_…}, where KEY is a \
         kmsKeyId or * for all others; without one the registry makes and unwraps no keys by it",
    ),
    key("secrets.dir", "", "directory of the files that ${file:NAME} stands for"),
    time("audit.retention", "90d", "how long entries of the audit are kept"),
    key("audit.sink", "", "also write the audit as JSON lines: stdout, or the name of a file; empty is nowhere else"),
    size("audit.sink-size", "64MiB", "size at which that file is rotated"),
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

    /// What stands for its value in a help text.
    pub fn value_name(&self) -> &'static str {
        match self.kind {
            Kind::Plain => "VALUE",
            Kind::Size => "SIZE",
            Kind::Time => "TIME",
            Kind::List => "A,B,…",
        }
    }

    /// The long flag, without its dashes.
    pub fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }
}
