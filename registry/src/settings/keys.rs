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
    key(
        "cache.answers",
        "25165824",
        "memory for answers kept ready, in bytes; an eighth as much again remembers where schemas were found",
    ),
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
