//! Which keywords count in a text. All that the dialect has, unless `$schema` names a meta-schema of one's own among the
//! references: that one says by `$vocabulary` which sets of keywords count.

use crate::json::{Node as Tree, Tree as Value};
use crate::json_schema::dialect::{Dialect, Keyword};
use crate::json_schema::shown;
use crate::json_schema::uri::split;

/// The sets of keywords that can refuse a value and can be left out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Vocabularies {
    applicator: bool,
    unevaluated: bool,
    validation: bool,
}

impl Vocabularies {
    /// All that a dialect has.
    pub(super) const ALL: Self = Vocabularies { applicator: true, unevaluated: true, validation: true };
    const NONE: Self = Vocabularies { applicator: false, unevaluated: false, validation: false };

    /// Does the keyword count? Those that identify and refer always do, those that only say something never refuse a value.
    pub(super) fn have(self, keyword: Keyword) -> bool {
        use Keyword::*;
        match keyword {
            AllOf | AnyOf | OneOf | Not | If | Then | Else | Items | AdditionalItems | PrefixItems | Contains
            | Properties | PatternProperties | AdditionalProperties | PropertyNames | Dependencies
            | DependentSchemas => self.applicator,
            UnevaluatedItems | UnevaluatedProperties => self.unevaluated,
            Type | Enum | Const | MinItems | MaxItems | UniqueItems | MinContains | MaxContains | Required
            | MinProperties | MaxProperties | DependentRequired | Minimum | Maximum | ExclusiveMinimum
            | ExclusiveMaximum | MultipleOf | MinLength | MaxLength | Pattern => self.validation,
            Schema | OldId | Id | Ref | DynamicRef | Anchor | DynamicAnchor | Vocabulary | Defs | Title
            | Description | Default | ReadOnly | WriteOnly | Deprecated | Format => true,
        }
    }
}

/// The dialect that a text is in, and which of its keywords count.
///
/// # Errors
/// Its meta-schema needs a vocabulary that is not known; inside is its URI.
pub(super) fn of<'t>(root: &Tree<'_>, named: &'t [(&str, Tree<'t>)]) -> Result<(Dialect, Vocabularies), &'t str> {
    let Some(own) = meta_schema(root, named) else { return Ok((Dialect::of(root), Vocabularies::ALL)) };
    let vocabularies = match own.get("$vocabulary").map(|listed| &listed.tree) {
        Some(Value::Object(listed)) => {
            let mut found = Vocabularies::NONE;
            for member in listed {
                let needed = !matches!(member.value.tree, Value::Bool(false));
                if !found.add(&member.key, needed) && needed {
                    return Err(shown(&member.key));
                }
            }
            found
        }
        _ => Vocabularies::ALL,
    };
    // A meta-schema may have one of its own in turn; one that leads back to itself is in the dialect of none.
    let mut above = own;
    for _ in named {
        let Some(next) = meta_schema(above, named) else { break };
        above = next;
    }
    Ok((Dialect::of(above), vocabularies))
}

impl Vocabularies {
    /// Adds one by its URI. Is it known? A `format` that has to be asserted is not.
    fn add(&mut self, uri: &str, needed: bool) -> bool {
        let known = uri.strip_prefix("https://json-schema.org/draft/");
        match known.and_then(|path| path.split_once("/vocab/")) {
            Some(("2019-09", "applicator")) => (self.applicator, self.unevaluated) = (true, true),
            Some(("2020-12", "applicator")) => self.applicator = true,
            Some(("2020-12", "unevaluated")) => self.unevaluated = true,
            Some(("2019-09" | "2020-12", "validation")) => self.validation = true,
            Some(("2019-09" | "2020-12", "core" | "meta-data" | "content"))
            | Some(("2020-12", "format-annotation")) => {}
            Some(("2019-09", "format")) => return !needed,
            _ => return false,
        }
        true
    }
}

/// The meta-schema that a text names among the references.
fn meta_schema<'t>(root: &Tree<'_>, named: &'t [(&str, Tree<'t>)]) -> Option<&'t Tree<'t>> {
    let uri = split(root.get("$schema").and_then(Tree::as_str)?).0;
    named.iter().find(|(name, _)| split(name).0 == uri).map(|(_, tree)| tree)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Memory;
    use crate::json_schema::tree;

    fn read(text: &str) -> Tree<'_> {
        tree(text, &mut Memory::default()).unwrap().unwrap()
    }

    #[test]
    fn the_meta_schema_of_a_text_says_what_counts() {
        #[track_caller]
        fn check(meta: &str, found: Result<(Dialect, Vocabularies), &str>) {
            let text = read(r#"{"$schema":"http://example.com/meta#"}"#);
            assert_eq!(of(&text, &[("http://example.com/meta", read(meta))]), found, "{meta}");
        }
        let in_2020 = |listed: &str| {
            let vocabularies = listed.replace('~', "https://json-schema.org/draft/2020-12/vocab/");
            format!(r#"{{"$schema":"https://json-schema.org/draft/2020-12/schema","$vocabulary":{{{vocabularies}}}}}"#)
        };
        let all = Vocabularies::ALL;
        check("{}", Ok((Dialect::Draft7, all)));
        check(r#"{"$schema":"https://json-schema.org/draft/2019-09/schema"}"#, Ok((Dialect::Draft2019, all)));
        let applicator = Vocabularies { applicator: true, ..Vocabularies::NONE };
        check(&in_2020(r#""~core":true,"~applicator":true"#), Ok((Dialect::Draft2020, applicator)));
        let validation = Vocabularies { validation: true, ..Vocabularies::NONE };
        check(&in_2020(r#""~validation":true,"http://other":false"#), Ok((Dialect::Draft2020, validation)));
        check(&in_2020(r#""~validation":true,"http://other":true"#), Err("http://other"));
        check(
            &in_2020(r#""~format-assertion":true"#),
            Err("https://json-schema.org/draft/2020-12/vocab/format-assertion"),
        );
        check(r#"{"$schema":"http://example.com/meta"}"#, Ok((Dialect::Draft7, all)));
        let without = read(r#"{"$schema":"http://example.com/another"}"#);
        assert_eq!(of(&without, &[]), Ok((Dialect::Draft7, all)));
    }

    #[test]
    fn keywords_belong_to_vocabularies() {
        let only = Vocabularies { applicator: true, ..Vocabularies::NONE };
        assert!(only.have(Keyword::Properties) && only.have(Keyword::Ref) && only.have(Keyword::Title));
        assert!(!only.have(Keyword::Minimum) && !only.have(Keyword::UnevaluatedItems));
    }
}
