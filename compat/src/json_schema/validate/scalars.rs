//! Keywords that look at a value without going into it.

use super::values::worth;
use super::{Outcome, Stop, Validator};
use crate::json::{Decimal, Node as Tree, Tree as Value};
use crate::json_schema::dialect::{Dialect, Keyword};
use crate::json_schema::divisible::is_multiple;
use crate::json_schema::documents::Cursor;
use crate::json_schema::pattern::{self, Pattern};
use std::cmp::Ordering;

impl<'d, 't: 'd> Validator<'d, 't> {
    pub(super) fn scalars(&mut self, cursor: Cursor<'t>, dialect: Dialect, value: &Tree<'_>) -> Outcome<'t> {
        self.types(cursor, dialect, value)?;
        self.values(cursor, dialect, value)?;
        match &value.tree {
            Value::String(text) => self.text(cursor, text),
            Value::Int(text) | Value::Decimal(text) => self.number(cursor, dialect, text),
            _ => Ok(()),
        }
    }

    fn types(&mut self, cursor: Cursor<'t>, dialect: Dialect, value: &Tree<'_>) -> Outcome<'t> {
        let Some(types) = self.get(cursor, Keyword::Type) else { return Ok(()) };
        let words: Vec<&str> = match &types.tree {
            Value::Array(words) => words.iter().filter_map(Tree::as_str).collect(),
            _ => types.as_str().into_iter().collect(),
        };
        self.work.spend(words.len())?;
        if words.iter().any(|word| is_of(value, word, dialect)) {
            return Ok(());
        }
        let message = format!("expected {}, found {}", words.join(" or "), type_of(value));
        self.misfit(cursor, Some(Keyword::Type), message)
    }

    fn values(&mut self, cursor: Cursor<'t>, dialect: Dialect, value: &Tree<'_>) -> Outcome<'t> {
        if let Some(Value::Array(values)) = self.get(cursor, Keyword::Enum).map(|tree| &tree.tree) {
            let found = worth(value, self.work)?;
            let mut fits = false;
            for one in values {
                fits = fits || worth(one, self.work)? == found;
            }
            if !fits {
                return self.misfit(cursor, Some(Keyword::Enum), "is none of the values that are permitted");
            }
        }
        if let Some(one) = self.get(cursor, Keyword::Const).filter(|_| Keyword::Const.is_known(dialect))
            && worth(one, self.work)? != worth(value, self.work)?
        {
            return self.misfit(cursor, Some(Keyword::Const), "is not the one value that is permitted");
        }
        Ok(())
    }

    fn text(&mut self, cursor: Cursor<'t>, text: &str) -> Outcome<'t> {
        self.work.spend(text.len() / 8)?;
        self.limits(cursor, text.chars().count(), "characters", Keyword::MinLength, Keyword::MaxLength)?;
        let Some(expression) = self.get(cursor, Keyword::Pattern).and_then(Tree::as_str) else { return Ok(()) };
        match self.is_found(expression, text)? {
            Some(true) => Ok(()),
            Some(false) => self.misfit(cursor, Some(Keyword::Pattern), "does not match the pattern"),
            None => self.misfit(cursor, Some(Keyword::Pattern), "the pattern takes more to search than is allowed"),
        }
    }

    /// Is a number of things within its limits?
    pub(super) fn limits(
        &mut self,
        cursor: Cursor<'t>,
        count: usize,
        things: &str,
        least: Keyword,
        most: Keyword,
    ) -> Outcome<'t> {
        let text = count.to_string();
        let count = Decimal::of(&text);
        for (keyword, wrong, word) in [(least, Ordering::Less, "fewer"), (most, Ordering::Greater, "more")] {
            let Some(limit) = self.literal(cursor, keyword) else { continue };
            if let (Some(count), Some(bound)) = (&count, Decimal::of(limit))
                && count.compare(&bound) == wrong
            {
                return self.misfit(cursor, Some(keyword), format!("has {word} than {limit} {things}: {text}"));
            }
        }
        Ok(())
    }

    fn number(&mut self, cursor: Cursor<'t>, dialect: Dialect, text: &str) -> Outcome<'t> {
        let Some(number) = Decimal::of(text) else { return Ok(()) };
        let compare = |limit: &str| Decimal::of(limit).map(|limit| number.compare(&limit));
        let flag = |keyword| matches!(self.get(cursor, keyword).map(|flag| &flag.tree), Some(Value::Bool(true)));
        for (keyword, exclusive, wrong, word) in [
            (Keyword::Minimum, Keyword::ExclusiveMinimum, Ordering::Less, "less"),
            (Keyword::Maximum, Keyword::ExclusiveMaximum, Ordering::Greater, "more"),
        ] {
            if let Some(limit) = self.literal(cursor, keyword) {
                let order = compare(limit);
                if order == Some(wrong) {
                    return self.misfit(cursor, Some(keyword), format!("is {word} than {limit}"));
                }
                if dialect == Dialect::Draft4 && flag(exclusive) && order == Some(Ordering::Equal) {
                    return self.misfit(cursor, Some(exclusive), format!("is not beyond {limit}"));
                }
            }
            if let Some(limit) = self.literal(cursor, exclusive)
                && dialect != Dialect::Draft4
                && compare(limit).is_some_and(|order| order == wrong || order == Ordering::Equal)
            {
                return self.misfit(cursor, Some(exclusive), format!("is not beyond {limit}"));
            }
        }
        if let Some(of) = self.literal(cursor, Keyword::MultipleOf) {
            self.work.spend(4 * (of.len() + text.len()))?;
            if !is_multiple(text, of) {
                return self.misfit(cursor, Some(Keyword::MultipleOf), format!("is no multiple of {of}"));
            }
        }
        Ok(())
    }

    /// Is an expression found in a text? `None` if that takes too much.
    pub(super) fn is_found(&mut self, expression: &'t str, text: &str) -> Result<Option<bool>, Stop<'t>> {
        if !self.patterns.contains_key(expression) {
            self.work.spend(pattern::price(expression))?;
            self.patterns.insert(expression, Pattern::new(expression).ok());
        }
        let Some(pattern) = self.patterns.get(expression).and_then(Option::as_ref) else { return Ok(None) };
        self.work.spend(pattern.cost(text))?;
        Ok(pattern.is_found_in(text))
    }

    /// The number of a keyword, as written.
    fn literal(&self, cursor: Cursor<'t>, keyword: Keyword) -> Option<&'t str> {
        match self.get(cursor, keyword)?.tree {
            Value::Int(text) | Value::Decimal(text) => Some(text),
            _ => None,
        }
    }
}

fn is_of(value: &Tree<'_>, word: &str, dialect: Dialect) -> bool {
    match (&value.tree, word) {
        (Value::Null, "null")
        | (Value::Bool(_), "boolean")
        | (Value::Int(_), "integer" | "number")
        | (Value::Decimal(_), "number")
        | (Value::String(_), "string")
        | (Value::Array(_), "array")
        | (Value::Object(_), "object") => true,
        // From the sixth draft on a number without a fraction is an integer, however it is written.
        (Value::Decimal(text), "integer") => dialect != Dialect::Draft4 && is_multiple(text, "1"),
        _ => false,
    }
}

fn type_of(value: &Tree<'_>) -> &'static str {
    match value.tree {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Int(_) => "integer",
        Value::Double(_) | Value::Decimal(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
