//! The members of a schema object: which keywords it has, and their values in the types that they have to be of.

use super::{Problem, problem};
use crate::json::{Node as Tree, Tree as Value};
use crate::json_schema::dialect::{Dialect, Keyword};
use crate::json_schema::print::normal;
use crate::json_schema::too_long;
use std::hash::{DefaultHasher, Hash, Hasher};

/// A schema object by keywords.
pub(super) struct Members<'t> {
    pub(super) tree: &'t Tree<'t>,
    slots: Box<[Option<&'t Tree<'t>>; Keyword::COUNT]>,
    /// Has it members that the dialect does not know?
    pub(super) unknown: bool,
    /// A hash of those.
    pub(super) unknown_print: u64,
}

impl<'t> Members<'t> {
    /// The members of an object; keywords of other dialects count as unknown.
    pub(super) fn of(tree: &'t Tree<'t>, dialect: Dialect) -> Result<Self, Problem> {
        let mut members = Members { tree, slots: Box::new([None; Keyword::COUNT]), unknown: false, unknown_print: 0 };
        let Value::Object(all) = &tree.tree else { return Ok(members) };
        for member in all {
            match Keyword::of(&member.key).filter(|keyword| keyword.is_known(dialect)) {
                Some(keyword) => members.slots[keyword as usize] = Some(&member.value),
                None => {
                    members.unknown = true;
                    // What only defines is printed too, but would be hashed once for each schema that it stands in.
                    if !matches!(&*member.key, "definitions" | "$defs") {
                        let text = normal(&member.value).or_else(|_| problem(tree.at, too_long()))?;
                        let print = print_of(|hash| (&*member.key, text).hash(hash));
                        members.unknown_print = members.unknown_print.wrapping_add(print);
                    }
                }
            }
        }
        if let Some(Value::Object(defined)) = members.get(Keyword::Defs).map(|tree| &tree.tree) {
            members.unknown |= !defined.is_empty();
        }
        Ok(members)
    }

    /// The value of a keyword.
    pub(super) fn get(&self, keyword: Keyword) -> Option<&'t Tree<'t>> {
        self.slots[keyword as usize]
    }

    /// Is any of them there?
    pub(super) fn any(&self, keywords: &[Keyword]) -> bool {
        keywords.iter().any(|&keyword| self.get(keyword).is_some())
    }

    /// A text.
    pub(super) fn text(&self, keyword: Keyword) -> Result<Option<&'t str>, Problem> {
        self.typed(keyword, "String", Tree::as_str)
    }

    /// A flag.
    pub(super) fn flag(&self, keyword: Keyword) -> Result<Option<bool>, Problem> {
        self.typed(keyword, "Boolean", |tree| if let Value::Bool(flag) = tree.tree { Some(flag) } else { None })
    }

    /// A number.
    pub(super) fn number(&self, keyword: Keyword) -> Result<Option<f64>, Problem> {
        self.typed(keyword, "Number", number)
    }

    /// A number, as written.
    pub(super) fn number_text(&self, keyword: Keyword) -> Result<Option<&'t str>, Problem> {
        self.typed(keyword, "Number", |tree| match tree.tree {
            Value::Int(text) | Value::Decimal(text) => Some(text),
            _ => None,
        })
    }

    /// A number of things: an integer in the old dialects, any number in the new ones.
    pub(super) fn count(&self, keyword: Keyword, dialect: Dialect) -> Result<Option<f64>, Problem> {
        if !dialect.is_old() {
            return self.number(keyword);
        }
        self.typed(keyword, "Integer", |tree| if let Value::Int(_) = tree.tree { number(tree) } else { None })
    }

    /// A list.
    pub(super) fn list(&self, keyword: Keyword) -> Result<Option<&'t [Tree<'t>]>, Problem> {
        self.typed(
            keyword,
            "JsonArray",
            |tree| if let Value::Array(items) = &tree.tree { Some(&**items) } else { None },
        )
    }

    /// The members of an object.
    pub(super) fn map(&self, keyword: Keyword) -> Result<Option<&'t [crate::json::Member<'t>]>, Problem> {
        self.typed(keyword, "JsonObject", |tree| match &tree.tree {
            Value::Object(members) => Some(&**members),
            _ => None,
        })
    }

    fn typed<T>(
        &self,
        keyword: Keyword,
        expected: &str,
        read: impl FnOnce(&'t Tree<'t>) -> Option<T>,
    ) -> Result<Option<T>, Problem> {
        let Some(tree) = self.get(keyword) else { return Ok(None) };
        match read(tree) {
            Some(value) => Ok(Some(value)),
            None => unexpected(keyword.as_str(), expected, tree),
        }
    }
}

/// The double next to a number.
pub(super) fn number(tree: &Tree<'_>) -> Option<f64> {
    match tree.tree {
        Value::Int(text) | Value::Decimal(text) => text.parse().ok(),
        _ => None,
    }
}

/// A value of the wrong type.
pub(super) fn unexpected<T>(what: &str, expected: &str, tree: &Tree<'_>) -> Result<T, Problem> {
    problem(tree.at, format!("{what}: expected type: {expected}, found: {}", type_name(tree)))
}

fn type_name(tree: &Tree<'_>) -> &'static str {
    match tree.tree {
        Value::Null => "Null",
        Value::Bool(_) => "Boolean",
        Value::Int(_) => "Integer",
        Value::Double(_) | Value::Decimal(_) => "BigDecimal",
        Value::String(_) => "String",
        Value::Array(_) => "JsonArray",
        Value::Object(_) => "JsonObject",
    }
}

/// A hash, always the same for the same.
pub(super) fn print_of(feed: impl FnOnce(&mut DefaultHasher)) -> u64 {
    let mut hash = DefaultHasher::new();
    feed(&mut hash);
    hash.finish()
}
