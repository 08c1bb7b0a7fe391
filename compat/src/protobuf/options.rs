//! Options and their values.

use super::lexer::{Problem, Reader, problem, quoted};
use super::model::{Opt, Value};
use crate::json::{Full, Memory, SMALL, full};

/// How deep the value of an option may nest.
pub(crate) const VALUE_DEPTH: usize = 64;

const OPTION: usize = size_of::<Opt>() + 2 * SMALL;
const SEGMENT: usize = size_of::<Box<str>>() + SMALL;
const MEMBER: usize = size_of::<(Box<str>, Value)>() + 2 * SMALL;

/// Counts what is built for what stands at this offset.
pub(super) fn take(bytes: usize, at: usize, memory: &mut Memory) -> Result<(), Problem> {
    memory.take(bytes).or_else(|Full| problem(at, full()))
}

/// The options of a field, in brackets, if there are any.
pub(super) fn list(reader: &mut Reader<'_>, memory: &mut Memory) -> Result<Vec<Opt>, Problem> {
    let mut options = Vec::new();
    if !reader.takes('[')? {
        return Ok(options);
    }
    loop {
        options.push(option(reader, '=', memory)?);
        if reader.takes(']')? {
            return Ok(options);
        }
        if !reader.takes(',')? {
            return problem(reader.at(), "Expected ',' or ']'");
        }
    }
}

/// One option, up to its value.
pub(super) fn option(reader: &mut Reader<'_>, separator: char, memory: &mut Memory) -> Result<Opt, Problem> {
    read(reader, separator, memory, 0)
}

fn read(reader: &mut Reader<'_>, separator: char, memory: &mut Memory, depth: usize) -> Result<Opt, Problem> {
    take(OPTION, reader.at(), memory)?;
    let first = reader.peek()?;
    let name = reader.name()?;
    let name: Box<str> = if first == '[' { format!("[{name}]").into() } else { name.into() };
    let path = if reader.takes('.')? { path(reader, memory)? } else { Vec::new() };
    // A path is as good as literals inside each other.
    let depth = depth + path.len();
    // In a literal, one inside another needs no colon.
    let bare = separator == ':' && reader.peek()? == '{';
    if !bare && reader.character()? != separator {
        return problem(reader.at(), format!("expected '{separator}' in option"));
    }
    let value = value(reader, memory, depth)?;
    Ok(Opt { name, parenthesized: first == '(', path, value })
}

/// The names after the first dot. Those of extensions stand in parentheses, which the reference does not read.
fn path(reader: &mut Reader<'_>, memory: &mut Memory) -> Result<Vec<Box<str>>, Problem> {
    let mut path = Vec::new();
    loop {
        if reader.peek()? == '(' {
            take(SEGMENT, reader.at(), memory)?;
            path.push(format!("({})", reader.name()?).into());
        } else {
            let word = reader.word()?;
            let extension_follows = word.ends_with('.');
            for name in word.strip_suffix('.').unwrap_or(word).split('.') {
                // A literal, which a path becomes when it is normalised, cannot have a member without a name.
                if name.is_empty() {
                    return problem(reader.at(), "expected a name in the path of an option");
                }
                take(SEGMENT, reader.at(), memory)?;
                path.push(name.into());
            }
            if extension_follows {
                continue;
            }
        }
        if !reader.takes('.')? {
            return Ok(path);
        }
    }
}

fn value(reader: &mut Reader<'_>, memory: &mut Memory, depth: usize) -> Result<Value, Problem> {
    if depth >= VALUE_DEPTH {
        return problem(
            reader.at(),
            format!("the value of an option nests deeper than the {VALUE_DEPTH} levels allowed"),
        );
    }
    match reader.peek()? {
        '{' => map(reader, memory, depth),
        '[' => {
            reader.require('[')?;
            let mut values = Vec::new();
            loop {
                if reader.takes(']')? {
                    return Ok(Value::List(values));
                }
                take(size_of::<Value>() + SMALL, reader.at(), memory)?;
                values.push(value(reader, memory, depth + 1)?);
                if !reader.takes(',')? && reader.peek()? != ']' {
                    return problem(reader.at(), "expected ',' or ']'");
                }
            }
        }
        '"' | '\'' => Ok(Value::Text(reader.text()?.into())),
        _ => Ok(Value::Word(reader.word()?.into())),
    }
}

fn map(reader: &mut Reader<'_>, memory: &mut Memory, depth: usize) -> Result<Value, Problem> {
    reader.require('{')?;
    let mut members = Members::default();
    loop {
        if reader.takes('}')? {
            return Ok(Value::Map(members.list));
        }
        take(MEMBER, reader.at(), memory)?;
        let Opt { name, path, value, .. } = read(reader, ':', memory, depth + 1)?;
        members.add(name, nested(path, value));
        if !reader.takes(',')? {
            reader.takes(';')?;
        }
    }
}

/// A value inside maps, one for each name.
pub(super) fn nested(path: Vec<Box<str>>, value: Value) -> Value {
    path.into_iter().rev().fold(value, |value, name| Value::Map(vec![(name, value)]))
}

/// The members of a literal. One that is written again makes a list.
#[derive(Default)]
struct Members {
    list: Vec<(Box<str>, Value)>,
    known: std::collections::HashMap<Box<str>, usize>,
}

impl Members {
    fn add(&mut self, name: Box<str>, value: Value) {
        let Some(&at) = self.known.get(&name) else {
            self.known.insert(name.clone(), self.list.len());
            self.list.push((name, value));
            return;
        };
        let known = &mut self.list[at].1;
        if !matches!(known, Value::List(_)) {
            let first = std::mem::replace(known, Value::List(Vec::new()));
            if let Value::List(list) = known {
                list.push(first);
            }
        }
        if let Value::List(list) = known {
            match value {
                Value::List(values) => list.extend(values),
                value => list.push(value),
            }
        }
    }
}

/// Takes the option of this name out of the list; of several the last counts.
pub(super) fn strip(options: &mut Vec<Opt>, name: &str, at: usize) -> Result<Option<Box<str>>, Problem> {
    let mut found = None;
    let mut other = None;
    options.retain(|option| {
        let is = &*option.name == name && option.path.is_empty();
        if is {
            match &option.value {
                Value::Text(text) | Value::Word(text) => found = Some(text.clone()),
                Value::Map(_) | Value::List(_) => other = Some(quoted(name)),
            }
        }
        !is
    });
    match other {
        Some(name) => problem(at, format!("{name} has to be one value")),
        None => Ok(found),
    }
}

#[cfg(test)]
mod tests {
    use crate::{Strictness, Work};
    use ::model::SchemaType;

    #[test]
    fn every_step_of_a_path_has_a_name() {
        let parse = |path: &str| {
            let text = format!("syntax = \"proto2\"; message M {{ optional int32 a = 1 [(x){path} = 1]; }}");
            compat_parse(&text).map(|parsed| parsed.normalized(&Work::unlimited()).map(|_| ()))
        };
        fn compat_parse(text: &str) -> Result<crate::Parsed, crate::Error> {
            crate::parse(&SchemaType::Protobuf, text, &[], Strictness::Stored, &Work::unlimited())
        }
        for good in ["", ".a", ".a.b", ".a.(b.c)", ".a.(b.c).d", ".(b).c"] {
            assert_eq!(parse(good), Ok(Ok(())), "{good}");
        }
        for bad in [".a..b", "..a", ".a.(b.c)..d", ".a...(b)"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }
}
