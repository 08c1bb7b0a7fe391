//! Options in normalised form: names in full, paths written as literals, what is assigned in pieces put together, everything
//! sorted by name.

use super::model::*;
use super::names::{Extension, Found, Kind};
use super::options::nested;
use super::{Schema, Unfinished};
use crate::Work;
use std::collections::HashMap;

/// The normalised options of something in this scope.
///
/// # Errors
/// The work ended.
pub(super) fn normalize(schema: &Schema, scope: Found, options: &[Opt], work: &Work) -> Result<Vec<Opt>, Unfinished> {
    if options.is_empty() {
        return Ok(Vec::new());
    }
    let literals = Literals { schema, scope, work };
    let mut normal: Vec<Opt> = Vec::with_capacity(options.len());
    let mut known: HashMap<(Box<str>, bool), usize> = HashMap::new();
    for option in options {
        let (option, set) = literals.option(option)?;
        let key = (option.name.clone(), option.parenthesized);
        match known.get(&key) {
            // Pieces of one message; what is set again as a whole, or may be set several times, stays.
            Some(&at)
                if !set.repeated && matches!((&normal[at].value, &option.value), (Value::Map(_), Value::Map(_))) =>
            {
                let before = std::mem::replace(&mut normal[at].value, Value::Map(Vec::new()));
                normal[at].value = literals.merge(before, option.value, set)?;
            }
            _ => {
                known.insert(key, normal.len());
                normal.push(option);
            }
        }
    }
    for option in &mut normal {
        let value = std::mem::replace(&mut option.value, Value::Map(Vec::new()));
        option.value = literals.settled(value)?;
    }
    normal.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(normal)
}

/// What is known of a field that a literal sets.
#[derive(Clone, Copy, Default)]
struct Set {
    /// Its message.
    message: Option<Found>,
    repeated: bool,
}

struct Literals<'s> {
    schema: &'s Schema,
    scope: Found,
    work: &'s Work,
}

impl Literals<'_> {
    /// The option with its full name and without a path, and what it sets.
    fn option(&self, option: &Opt) -> Result<(Opt, Set), Unfinished> {
        let mut name = option.name.clone();
        let mut set = Set::default();
        if option.parenthesized
            && let Some(extension) = self.schema.names.extension(self.scope, &option.name, self.work)?
        {
            name = self.full(extension)?.into();
            set = self.set_by(extension)?;
        } else if option.parenthesized {
            // What is not known does not become known by what is left out.
            let bare = name.trim_start_matches('.');
            if bare.len() < name.len() && self.schema.names.extension(self.scope, bare, self.work)?.is_none() {
                name = bare.into();
            }
        }
        let path =
            option.path.iter().map(|name| match name.strip_prefix('(').and_then(|name| name.strip_suffix(')')) {
                Some(extension) => format!("[{extension}]").into(),
                None => name.clone(),
            });
        let value = nested(path.collect(), option.value.clone());
        Ok((Opt { name, parenthesized: option.parenthesized, path: Vec::new(), value }, set))
    }

    fn set_by(&self, extension: Extension) -> Result<Set, Unfinished> {
        let (scope, field) = self.schema.extension_field(extension);
        self.set_of(scope, field)
    }

    fn set_of(&self, scope: Found, field: &Field) -> Result<Set, Unfinished> {
        let message = match &field.kind {
            Type::Plain(name) if scalar(name).is_none() => self.schema.names.resolve(scope, name, self.work)?,
            _ => None,
        };
        let repeated = field.label == Some(Label::Repeated) || matches!(field.kind, Type::Map(..));
        Ok(Set { message, repeated })
    }

    /// What a member of a literal sets.
    fn member(&self, of: Set, name: &str) -> Result<Set, Unfinished> {
        if let Some(extension) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) {
            return match self.schema.names.extension(self.scope, extension, self.work)? {
                Some(extension) => self.set_by(extension),
                None => Ok(Set::default()),
            };
        }
        let Some(found) = of.message else { return Ok(Set::default()) };
        let Kind::Message(_) = self.schema.names.kind(found) else { return Ok(Set::default()) };
        let message = self.schema.message(found);
        self.work.spend(1 + message.fields.len() / super::SOUGHT)?;
        match message.all_fields().find(|(field, _)| &*field.name == name) {
            Some((field, _)) => self.set_of(found, field),
            None => Ok(Set::default()),
        }
    }

    /// Two literals as one.
    fn merge(&self, one: Value, other: Value, set: Set) -> Result<Value, Unfinished> {
        let (Value::Map(mut members), Value::Map(more)) = (one, other) else {
            unreachable!("only literals are merged")
        };
        let mut known: HashMap<Box<str>, usize> =
            members.iter().enumerate().map(|(at, (name, _))| (name.clone(), at)).collect();
        self.work.spend(1 + members.len() + more.len())?;
        for (name, value) in more {
            let Some(&at) = known.get(&name) else {
                known.insert(name.clone(), members.len());
                members.push((name, value));
                continue;
            };
            let before = std::mem::replace(&mut members[at].1, Value::List(Vec::new()));
            let inner = self.member(set, &name)?;
            members[at].1 = match (before, value) {
                (one @ Value::Map(_), other @ Value::Map(_)) if !inner.repeated => self.merge(one, other, inner)?,
                (Value::List(mut values), Value::List(more)) => {
                    values.extend(more);
                    Value::List(values)
                }
                (Value::List(mut values), one) => {
                    values.push(one);
                    Value::List(values)
                }
                (one, Value::List(more)) => Value::List(std::iter::once(one).chain(more).collect()),
                (one, other) => Value::List(vec![one, other]),
            };
        }
        Ok(Value::Map(members))
    }

    /// A value with its members sorted, lists of one as that one, and numbers without zeros that mean nothing.
    fn settled(&self, value: Value) -> Result<Value, Unfinished> {
        self.work.spend(1)?;
        Ok(match value {
            Value::Word(word) => Value::Word(number(&word).unwrap_or(word)),
            Value::Text(text) => Value::Text(text),
            Value::List(values) => {
                let mut values = values.into_iter().map(|value| self.settled(value)).collect::<Result<Vec<_>, _>>()?;
                match values.len() {
                    1 => values.remove(0),
                    _ => Value::List(values),
                }
            }
            Value::Map(members) => {
                let settled =
                    |(name, value): (Box<str>, Value)| Ok::<_, Unfinished>((self.name(name)?, self.settled(value)?));
                let mut members = members.into_iter().map(settled).collect::<Result<Vec<_>, _>>()?;
                members.sort_by(|(a, _), (b, _)| a.cmp(b));
                Value::Map(members)
            }
        })
    }

    /// The full name of an extension, with a dot before it only where it would mean another one without.
    fn full(&self, extension: Extension) -> Result<String, Unfinished> {
        let full = self.schema.names.full_extension(extension);
        let found = self.schema.names.extension(self.scope, &full, self.work)?;
        Ok(if found == Some(extension) { full } else { format!(".{full}") })
    }

    /// The name of a member; that of an extension in full.
    fn name(&self, name: Box<str>) -> Result<Box<str>, Unfinished> {
        let Some(extension) = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')) else { return Ok(name) };
        Ok(match self.schema.names.extension(self.scope, extension, self.work)? {
            Some(extension) => format!("[{}]", self.full(extension)?).into(),
            None => name,
        })
    }
}

/// Bytes that a value is written in, roughly.
pub(super) fn weight(value: &Value) -> usize {
    match value {
        Value::Text(text) | Value::Word(text) => 2 + text.len(),
        Value::Map(members) => 2 + members.iter().map(|(name, value)| 2 + name.len() + weight(value)).sum::<usize>(),
        Value::List(values) => 2 + values.iter().map(|value| 2 + weight(value)).sum::<usize>(),
    }
}

/// A decimal number without zeros at the end of its fraction, if it has a fraction.
fn number(word: &str) -> Option<Box<str>> {
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let (sign, rest) = word.strip_prefix('-').map_or(("", word), |rest| ("-", rest));
    let (whole, fraction) = rest.split_once('.')?;
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let point = if fraction.is_empty() { "" } else { "." };
    Some(format!("{sign}{whole}{point}{fraction}").into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_lose_zeros_that_mean_nothing() {
        for (word, short) in [("1.50", "1.5"), ("-0.250", "-0.25"), ("2.0", "2"), ("7.", "7"), ("0.0", "0")] {
            assert_eq!(number(word).as_deref(), Some(short), "{word}");
        }
        for word in ["100", "0x10", "1.5e3", "1.2.3", "-", "true", ".50"] {
            assert_eq!(number(word), None, "{word}");
        }
    }
}
