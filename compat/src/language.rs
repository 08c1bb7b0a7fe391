//! What a schema language offers, and `languages!`, which makes of one list of them the enum `Parsed` and all that leads from
//! it to each of them.
//!
//! A new language is a module with a type that is a `Language`, a line in `lib.rs`, and its rules in `finding.rs`.

use crate::{
    Dependency, Direction, Error, Finding, Fit, Mismatch, Place, Sample, Spent, Strictness, TagEdits, TaggedEntity,
    Work,
};
use model::CompatibilityPolicy;
use std::fmt::Debug;
use std::sync::Arc;

/// A parsed schema of one language.
pub(crate) trait Language: Debug {
    /// Parses a text; `dependencies` are the schemas it refers to, those first that others need. Of new schemas nothing is asked
    /// here that `check_fields` asks.
    ///
    /// # Errors
    /// The text is not a schema, or exceeds a bound; or the work ended.
    fn parse(text: &str, dependencies: &[Dependency], strictness: Strictness, work: &Work) -> Result<Self, Error>
    where
        Self: Sized;

    /// The canonical text.
    fn canonical(&self) -> &Arc<str>;

    /// The schema in normalised form, parsed with the same dependencies and strictness.
    ///
    /// # Errors
    /// Its text would exceed a bound; or the work ended.
    fn normalized(&self, work: &Work) -> Result<Self, Error>
    where
        Self: Sized;

    /// The text in a format of the API; `None` if the language has no such format.
    ///
    /// # Errors
    /// The text would exceed a bound; or the work ended.
    fn formatted(&self, format: &str, work: &Work) -> Result<Option<String>, Error>;

    /// Could a text be what `format=serialized` shows of a schema of the language?
    fn may_be_serialized(_text: &str) -> bool
    where
        Self: Sized,
    {
        false
    }

    /// Equal for schemas that are `equivalent`, hardly ever for others.
    fn fingerprint(&self) -> u64;

    /// Which way `fingerprint` is computed. It counts up with each change that gives any schema another one: what was stored
    /// before then says nothing any more.
    fn fingerprint_scheme() -> u8
    where
        Self: Sized,
    {
        1
    }

    /// Does a lookup take the two for the same schema?
    ///
    /// # Errors
    /// The work ended.
    fn equivalent(&self, other: &Self, work: &Work) -> Result<bool, Spent>
    where
        Self: Sized;

    /// What keeps this schema from reading what `writer` wrote. The direction only says which of the two is the new one.
    ///
    /// # Errors
    /// The work ended.
    fn read(
        &self,
        writer: &Self,
        direction: Direction,
        policy: CompatibilityPolicy,
        work: &Work,
    ) -> Result<Vec<Finding>, Spent>
    where
        Self: Sized;

    /// Records, messages and fields that carry inline tags in the text itself, by path.
    ///
    /// # Errors
    /// The work ended.
    fn inline_tags(&self, work: &Work) -> Result<Vec<TaggedEntity>, Spent>;

    /// The canonical text with its inline tags edited and nothing else.
    ///
    /// # Errors
    /// A path leads to no record or field of the text, or the text would exceed a bound; or the work ended.
    fn retagged(&self, edits: &TagEdits, work: &Work) -> Result<String, Error>;

    /// The fields that a reserved name can conflict with.
    fn top_level_fields(&self) -> Vec<String>;

    /// Does a sample fit, and what does a binary one say? Inside is the first place where it does not.
    ///
    /// # Errors
    /// The work ended.
    fn validate(&self, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent>;

    /// What `validateFields` asks of a schema beyond the fields that are reserved.
    ///
    /// # Errors
    /// What it breaks; or the work ended.
    fn check_fields(&self, _work: &Work) -> Result<(), Error> {
        Ok(())
    }

    /// Bytes held, roughly.
    fn size_hint(&self) -> usize;

    /// The places in a text to which the paths of findings lead, or as far on the way as the text goes. `None` where a path
    /// leads nowhere in it.
    ///
    /// # Errors
    /// The work ended.
    fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent>
    where
        Self: Sized;

    /// What a text needs of others and offers to them; of one that cannot be read, nothing.
    ///
    /// # Errors
    /// The work ended.
    fn names(_text: &str, _work: &Work) -> Result<Names, Spent>
    where
        Self: Sized,
    {
        Ok(Names::default())
    }
}

/// Bytes that the schemas are which another one refers to, roughly.
pub(crate) fn held(dependencies: &[Dependency]) -> usize {
    dependencies.iter().map(|dependency| dependency.name.len() + dependency.text.len() + 64).sum()
}

/// What a text has to do with others: for files, which come without a list of references.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Names {
    /// The names by which others may refer to what is defined in it.
    pub offers: Vec<String>,
    /// What it refers to and does not define, each by the names that it may have, the likeliest first.
    pub needs: Vec<Vec<String>>,
}

/// Makes `Parsed` and everything that has to know which languages there are.
macro_rules! languages {
    ($($(#[$doc:meta])* $language:ident: $schema:ty,)+) => {
        /// A parsed schema. Cheap to clone, and to share between threads.
        #[derive(Clone, Debug)]
        pub enum Parsed {
            $($(#[$doc])* $language(Arc<$schema>),)+
        }

        /// The languages.
        pub const SCHEMA_TYPES: &[SchemaType] = &[$(SchemaType::$language),+];

        /// Parses a schema text. `dependencies` are the schemas it refers to, in the order of `references::closure`.
        ///
        /// # Errors
        /// The language is unknown, the text is not a schema, or it exceeds a bound; or the work ended.
        pub fn parse(
            schema_type: &SchemaType,
            text: &str,
            dependencies: &[Dependency],
            strictness: Strictness,
            work: &Work,
        ) -> Result<Parsed, Error> {
            match schema_type {
                $(SchemaType::$language => {
                    let (strictness, fields) = match strictness {
                        Strictness::NewFields => (Strictness::New, true),
                        other => (other, false),
                    };
                    let schema = <$schema as Language>::parse(text, dependencies, strictness, work)?;
                    if fields {
                        schema.check_fields(work)?;
                    }
                    Ok(Parsed::$language(Arc::new(schema)))
                })+
                #[allow(unreachable_patterns, reason = "where there is a language for each name")]
                other => Err(Error::UnknownType(other.as_str().to_owned())),
            }
        }

        /// The places in a text to which the paths of findings lead, or as far on the way as the text goes; `None` where a path
        /// leads nowhere in it. A text that cannot be read has no places.
        ///
        /// # Errors
        /// The work ended.
        pub fn locate(
            schema_type: &SchemaType,
            text: &str,
            paths: &[&str],
            work: &Work,
        ) -> Result<Vec<Option<Place>>, Spent> {
            match schema_type {
                $(SchemaType::$language => <$schema as Language>::locate(text, paths, work),)+
                #[allow(unreachable_patterns, reason = "where there is a language for each name")]
                _ => Ok(vec![None; paths.len()]),
            }
        }

        /// What a text needs of others and offers to them, by name; of one that cannot be read, nothing.
        ///
        /// # Errors
        /// The work ended.
        pub fn names(schema_type: &SchemaType, text: &str, work: &Work) -> Result<Names, Spent> {
            match schema_type {
                $(SchemaType::$language => <$schema as Language>::names(text, work),)+
                #[allow(unreachable_patterns, reason = "where there is a language for each name")]
                _ => Ok(Names::default()),
            }
        }

        /// Could a text be what `Parsed::formatted` makes of a schema of this language for `serialized`? Tells in no time.
        pub fn may_be_serialized(schema_type: &SchemaType, text: &str) -> bool {
            match schema_type {
                $(SchemaType::$language => <$schema as Language>::may_be_serialized(text),)+
                #[allow(unreachable_patterns, reason = "where there is a language for each name")]
                _ => false,
            }
        }

        /// Which way fingerprints of a language are computed; 0 where the language is unknown.
        pub fn fingerprint_scheme(schema_type: &SchemaType) -> u8 {
            match schema_type {
                $(SchemaType::$language => <$schema as Language>::fingerprint_scheme(),)+
                #[allow(unreachable_patterns, reason = "where there is a language for each name")]
                _ => 0,
            }
        }

        impl Parsed {
            /// The language.
            pub fn schema_type(&self) -> SchemaType {
                match self {
                    $(Self::$language(_) => SchemaType::$language,)+
                }
            }

            /// The schema in normalised form, parsed with the same dependencies and strictness.
            ///
            /// # Errors
            /// Its text would exceed a bound; or the work ended.
            pub fn normalized(&self, work: &Work) -> Result<Parsed, Error> {
                match self {
                    $(Self::$language(schema) => Ok(Self::$language(Arc::new(schema.normalized(work)?))),)+
                }
            }

            /// Does a lookup take the two for the same schema? References, metadata and rules are the caller's to compare.
            ///
            /// # Errors
            /// The work ended.
            pub fn equivalent(&self, other: &Parsed, work: &Work) -> Result<bool, Spent> {
                match (self, other) {
                    $((Self::$language(a), Self::$language(b)) => a.equivalent(b, work),)+
                    #[allow(unreachable_patterns, reason = "where there is one language")]
                    _ => Ok(false),
                }
            }

            /// The schema as its language sees it.
            fn schema(&self) -> &dyn Language {
                match self {
                    $(Self::$language(schema) => &**schema,)+
                }
            }

            /// What keeps this schema from reading what `writer` wrote; `direction` says which of the two is the new one.
            fn read(
                &self,
                writer: &Parsed,
                direction: Direction,
                policy: CompatibilityPolicy,
                work: &Work,
            ) -> Result<Vec<Finding>, Spent> {
                match (self, writer) {
                    $((Self::$language(a), Self::$language(b)) => a.read(b, direction, policy, work),)+
                    #[allow(unreachable_patterns, reason = "where there is one language")]
                    (reader, writer) => {
                        let (old, new) = direction.old_and_new(reader.schema_type(), writer.schema_type());
                        Ok(vec![Finding::different_type(direction, old.as_str(), new.as_str())])
                    }
                }
            }
        }
    };
}

pub(crate) use languages;
