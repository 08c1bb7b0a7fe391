//! All bounds that a request can meet and no setting moves: the table in `docs/api.md`.

use crate::http::wire::finding;
use crate::http::{LARGEST_BATCH, MOST_ROWS, cost, pieces, target};
use model::{Claim, Limit};
use rules::association::request::LONGEST_NAME;
use rules::{encryption, names, namespace, schema_cache, told};

const LIMITS: &[Limit] = &[
    Limit::new("the target of a request", target::LONGEST, "bytes"),
    Limit::new("JSON inside JSON in a body", cost::DEEPEST, "levels"),
    Limit::new(
        "the texts of all schemas that one schema refers to, each counted once",
        schema_cache::MOST_BYTES,
        "bytes",
    ),
    Limit::new("findings of an incompatible schema that are told one by one", told::MOST_TOLD, "findings"),
    Limit::new("their texts together", finding::MOST_BYTES, "bytes"),
    Limit::new("versions that a matrix shows; it counts all", MOST_ROWS, "versions"),
    Limit::new("work of one request: resolving, parsing, comparing, validating", service::BUDGET as usize, "units"),
    Limit::new("long listings being sent at once", pieces::AT_ONCE, "listings"),
    Limit::new("an alias", names::LONGEST_ALIAS, "bytes"),
    Limit::new("the name of a resource of an association", LONGEST_NAME, "characters"),
    Limit::new("a batch of associations", LARGEST_BATCH, "requests"),
    Limit::new("associations that a batch shows", service::MOST_ASSOCIATIONS, "associations"),
    Limit::new("the same with schemas", service::MOST_WITH_SCHEMAS, "associations"),
    Limit::new("claims of a namespace", namespace::MOST_CLAIMS, "claims"),
    Limit::new("the name in a claim", Claim::MAX_NAME, "bytes"),
    Limit::new("members of a namespace", namespace::MOST_MEMBERS, "members"),
    Limit::new("labels of a namespace", namespace::MOST_LABELS, "labels"),
    Limit::new("contact, label of a namespace", namespace::LONGEST_TEXT, "bytes"),
    Limit::new("all texts of a namespace together", namespace::MOST_TEXT, "bytes"),
    Limit::new("subjects that change hands, in a dry run", service::MOST_HANDOVERS, "subjects"),
];

/// The bounds of all crates, those of schemas first.
pub fn all() -> impl Iterator<Item = &'static Limit> {
    compat::LIMITS.iter().chain(LIMITS).chain(encryption::LIMITS).chain(authz::LIMITS)
}
