//! Which dialect a text is in, and the words that it knows.

use crate::json::Node as Tree;

/// A dialect of JSON Schema, as far as schemas are built differently.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub(super) enum Dialect {
    Draft4,
    Draft6,
    Draft7,
    /// 2019-09, which is built as 2020-12 is.
    Draft2019,
    Draft2020,
}

impl Dialect {
    /// The dialect of a `$schema`; `None` for an unknown one.
    pub(super) fn of_uri(uri: &str) -> Option<Self> {
        let uri = uri.strip_suffix('#').unwrap_or(uri);
        let path = uri.strip_prefix("http://").or_else(|| uri.strip_prefix("https://"))?;
        Some(match path.strip_prefix("json-schema.org/")? {
            "draft-04/schema" | "schema" => Self::Draft4,
            "draft-06/schema" => Self::Draft6,
            "draft-07/schema" => Self::Draft7,
            "draft/2019-09/schema" => Self::Draft2019,
            "draft/2020-12/schema" => Self::Draft2020,
            _ => return None,
        })
    }

    /// The dialect of a whole text.
    pub(super) fn of(root: &Tree<'_>) -> Self {
        root.get("$schema").and_then(Tree::as_str).and_then(Self::of_uri).unwrap_or(Self::Draft7)
    }

    /// The dialect of a text that is referred to from one in this dialect.
    pub(super) fn of_dependency(self, root: &Tree<'_>) -> Self {
        let own = root.get("$schema").and_then(Tree::as_str).and_then(Self::of_uri);
        own.filter(|own| own.is_old() && self.is_old()).unwrap_or(self)
    }

    /// Is it 4, 6 or 7?
    pub(super) fn is_old(self) -> bool {
        self <= Self::Draft7
    }

    /// The keyword that gives a schema its URI.
    pub(super) fn id_keyword(self) -> &'static str {
        if self == Self::Draft4 { "id" } else { "$id" }
    }
}

macro_rules! keywords {
    ($($name:ident $text:literal $from:ident $to:ident,)*) => {
        /// A keyword that some dialect knows.
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub(super) enum Keyword {
            $($name,)*
        }

        impl Keyword {
            /// How many there are.
            pub(super) const COUNT: usize = [$(Keyword::$name,)*].len();

            /// The keyword of a member.
            pub(super) fn of(key: &str) -> Option<Self> {
                Some(match key {
                    $($text => Keyword::$name,)*
                    _ => return None,
                })
            }

            /// The member's name.
            pub(super) fn as_str(self) -> &'static str {
                match self {
                    $(Keyword::$name => $text,)*
                }
            }

            /// The first and the last dialect that know it.
            fn dialects(self) -> (Dialect, Dialect) {
                match self {
                    $(Keyword::$name => (Dialect::$from, Dialect::$to),)*
                }
            }
        }
    };
}

keywords! {
    Schema "$schema" Draft2019 Draft2020,
    OldId "id" Draft4 Draft4,
    Id "$id" Draft6 Draft2020,
    Ref "$ref" Draft4 Draft2020,
    DynamicRef "$dynamicRef" Draft2019 Draft2020,
    Anchor "$anchor" Draft2019 Draft2020,
    DynamicAnchor "$dynamicAnchor" Draft2019 Draft2020,
    Vocabulary "$vocabulary" Draft2019 Draft2020,
    Defs "$defs" Draft2019 Draft2020,
    Title "title" Draft4 Draft2020,
    Description "description" Draft4 Draft2020,
    Default "default" Draft4 Draft2020,
    ReadOnly "readOnly" Draft7 Draft2020,
    WriteOnly "writeOnly" Draft7 Draft2020,
    Deprecated "deprecated" Draft2019 Draft2020,
    Type "type" Draft4 Draft2020,
    Enum "enum" Draft4 Draft2020,
    Const "const" Draft6 Draft2020,
    AllOf "allOf" Draft4 Draft2020,
    AnyOf "anyOf" Draft4 Draft2020,
    OneOf "oneOf" Draft4 Draft2020,
    Not "not" Draft4 Draft2020,
    If "if" Draft7 Draft2020,
    Then "then" Draft7 Draft2020,
    Else "else" Draft7 Draft2020,
    Items "items" Draft4 Draft2020,
    AdditionalItems "additionalItems" Draft4 Draft7,
    PrefixItems "prefixItems" Draft2019 Draft2020,
    UnevaluatedItems "unevaluatedItems" Draft2019 Draft2020,
    MinItems "minItems" Draft4 Draft2020,
    MaxItems "maxItems" Draft4 Draft2020,
    UniqueItems "uniqueItems" Draft4 Draft2020,
    Contains "contains" Draft6 Draft2020,
    MinContains "minContains" Draft2019 Draft2020,
    MaxContains "maxContains" Draft2019 Draft2020,
    Properties "properties" Draft4 Draft2020,
    PatternProperties "patternProperties" Draft4 Draft2020,
    AdditionalProperties "additionalProperties" Draft4 Draft2020,
    UnevaluatedProperties "unevaluatedProperties" Draft2019 Draft2020,
    PropertyNames "propertyNames" Draft6 Draft2020,
    Required "required" Draft4 Draft2020,
    MinProperties "minProperties" Draft4 Draft2020,
    MaxProperties "maxProperties" Draft4 Draft2020,
    Dependencies "dependencies" Draft4 Draft7,
    DependentRequired "dependentRequired" Draft2019 Draft2020,
    DependentSchemas "dependentSchemas" Draft2019 Draft2020,
    Minimum "minimum" Draft4 Draft2020,
    Maximum "maximum" Draft4 Draft2020,
    ExclusiveMinimum "exclusiveMinimum" Draft4 Draft2020,
    ExclusiveMaximum "exclusiveMaximum" Draft4 Draft2020,
    MultipleOf "multipleOf" Draft4 Draft2020,
    MinLength "minLength" Draft4 Draft2020,
    MaxLength "maxLength" Draft4 Draft2020,
    Pattern "pattern" Draft4 Draft2020,
    Format "format" Draft4 Draft2020,
}

impl Keyword {
    /// Does the dialect know it?
    pub(super) fn is_known(self, dialect: Dialect) -> bool {
        let (first, last) = self.dialects();
        (first..=last).contains(&dialect)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_root_says_its_dialect() {
        #[track_caller]
        fn check(uri: &str, dialect: Option<Dialect>) {
            assert_eq!(Dialect::of_uri(uri), dialect, "{uri}");
        }
        check("http://json-schema.org/draft-04/schema#", Some(Dialect::Draft4));
        check("https://json-schema.org/schema", Some(Dialect::Draft4));
        check("http://json-schema.org/draft-06/schema", Some(Dialect::Draft6));
        check("https://json-schema.org/draft-07/schema#", Some(Dialect::Draft7));
        check("http://json-schema.org/draft/2019-09/schema#", Some(Dialect::Draft2019));
        check("https://json-schema.org/draft/2020-12/schema", Some(Dialect::Draft2020));
        check("https://json-schema.org/draft/2020-12/schema##", None);
        check("json-schema.org/draft-07/schema", None);
        check("http://json-schema.org/draft-03/schema#", None);
    }

    #[test]
    fn dialects_know_their_keywords() {
        assert!(Keyword::Const.is_known(Dialect::Draft6) && !Keyword::Const.is_known(Dialect::Draft4));
        assert!(!Keyword::Dependencies.is_known(Dialect::Draft2020));
        assert_eq!(Keyword::of("prefixItems").map(Keyword::as_str), Some("prefixItems"));
        assert_eq!(Keyword::of("examples"), None);
    }
}
