//! The meta-schemas of the dialects and of their vocabularies, to validate documents against: a schema may refer to them
//! without anybody having registered them. Comparing never looks into one.
//!
//! The texts are written from what the drafts ask of each keyword; they hold what can refuse something and the names that a
//! reference can lead to, and neither titles nor defaults. They are read once, when something first refers to one.

use super::dialect::Dialect;
use super::documents::{BUILT_IN, Cursor, Documents};
use super::tree;
use super::uri::split;
use crate::Work;
use crate::json::{Memory, Node as Tree};
use std::collections::HashMap;
use std::sync::LazyLock;

macro_rules! texts {
    ($($path:literal),* $(,)?) => { &[$(include_str!(concat!("meta_schemas/", $path))),*] };
}

const TEXTS: &[&str] = texts![
    "draft-04.json",
    "draft-06.json",
    "draft-07.json",
    "2019-09/schema.json",
    "2019-09/applicator.json",
    "2019-09/content.json",
    "2019-09/core.json",
    "2019-09/format.json",
    "2019-09/meta-data.json",
    "2019-09/validation.json",
    "2020-12/schema.json",
    "2020-12/applicator.json",
    "2020-12/content.json",
    "2020-12/core.json",
    "2020-12/format-annotation.json",
    "2020-12/format-assertion.json",
    "2020-12/meta-data.json",
    "2020-12/unevaluated.json",
    "2020-12/validation.json",
];

static TREES: LazyLock<Vec<Tree<'static>>> = LazyLock::new(|| {
    let read = |text: &&'static str| tree(text, &mut Memory::default()).ok().flatten();
    TEXTS.iter().map(|text| read(text).expect("a meta-schema is JSON")).collect()
});

static META_SCHEMAS: LazyLock<MetaSchemas> = LazyLock::new(MetaSchemas::new);

struct MetaSchemas {
    documents: Documents<'static>,
    /// Their numbers, by the URI without its scheme.
    by_path: HashMap<&'static str, u32>,
}

impl MetaSchemas {
    fn new() -> Self {
        let mut documents = Documents::numbered_from(BUILT_IN);
        let mut by_path = HashMap::new();
        for (number, root) in (BUILT_IN..).zip(TREES.iter()) {
            let dialect = Dialect::of(root);
            let id = root.get(dialect.id_keyword()).and_then(Tree::as_str).expect("a meta-schema has a URI");
            let uri = split(id).0;
            let added = documents.add(root, dialect, uri.to_owned(), &Work::unlimited());
            added.expect("the work of a few small texts does not end");
            by_path.insert(path(uri).expect("the URI is one of HTTP"), number);
        }
        MetaSchemas { documents, by_path }
    }
}

/// What comes after the scheme, which may be either.
fn path(uri: &str) -> Option<&str> {
    uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"))
}

/// The texts of all of them.
pub(super) fn documents() -> &'static Documents<'static> {
    &META_SCHEMAS.documents
}

/// The meta-schema of this URI, which has no fragment.
pub(super) fn schema(uri: &str) -> Option<Cursor<'static>> {
    let path = match path(uri)? {
        // As for `$schema`.
        "json-schema.org/schema" => "json-schema.org/draft-04/schema",
        path if path.starts_with("json-schema.org/") => path,
        _ => return None,
    };
    META_SCHEMAS.by_path.get(path).map(|&number| META_SCHEMAS.documents.root(number))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json_schema::Schema;
    use crate::language::Language;
    use crate::{Fit, Sample, Strictness};

    #[test]
    fn each_dialect_has_its_meta_schema_and_those_of_its_vocabularies() {
        #[track_caller]
        fn check(uri: &str, id: Option<&str>) {
            let found = schema(uri).and_then(|found| found.tree.get("$id").or_else(|| found.tree.get("id")));
            assert_eq!(found.and_then(Tree::as_str), id, "{uri}");
        }
        check("http://json-schema.org/draft-04/schema", Some("http://json-schema.org/draft-04/schema#"));
        check("https://json-schema.org/schema", Some("http://json-schema.org/draft-04/schema#"));
        check("http://json-schema.org/draft-06/schema", Some("http://json-schema.org/draft-06/schema#"));
        check("https://json-schema.org/draft-07/schema", Some("http://json-schema.org/draft-07/schema#"));
        for (draft, vocabularies) in [
            ("2019-09", "applicator content core format meta-data validation"),
            ("2020-12", "applicator content core format-annotation format-assertion meta-data unevaluated validation"),
        ] {
            let root = format!("https://json-schema.org/draft/{draft}/schema");
            check(&root, Some(&root));
            for vocabulary in vocabularies.split(' ') {
                let uri = format!("https://json-schema.org/draft/{draft}/meta/{vocabulary}");
                check(&uri, Some(&uri));
            }
        }
        check("https://json-schema.org/draft-03/schema", None);
        check("https://json-schema.org/draft/2020-12/meta/nothing", None);
        check("json-schema.org/draft-07/schema", None);
    }

    #[test]
    fn each_meta_schema_fits_itself_and_the_one_of_its_dialect() {
        let work = Work::unlimited();
        for (text, root) in TEXTS.iter().zip(TREES.iter()) {
            for keyword in ["$schema", Dialect::of(root).id_keyword()] {
                let reference = root.get(keyword).and_then(Tree::as_str).unwrap();
                let asking = format!(r#"{{"$ref":"{reference}"}}"#);
                let schema = Schema::parse(&asking, &[], Strictness::New, &work).unwrap();
                assert_eq!(schema.validate(Sample::Json(text), &work), Ok(Ok(Fit::Json)), "{reference}");
            }
        }
    }
}
