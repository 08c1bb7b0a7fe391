//! Expected JSON as cases write it: JSON in which some strings are patterns.

use serde_json::Value;

use crate::expect::{Expect, Extra};

/// Reads a pattern: `"$int"`, `"$bool"`, `"$text"`, `"$uuid"`, `"$any"`, `"$absent"`, `"$contains …"`, `"$starts …"`, each
/// but the last three also `"$int as name"`; a list that starts with `"$unordered"`, `"$includes"` or `"$excludes"`; an
/// object with a member `"..."`, which allows others. A string that starts with `$$` is literal, with one `$` less.
///
/// # Errors
/// A sentence about the pattern that is none.
pub fn read(value: &Value) -> Result<Expect, String> {
    match value {
        Value::String(text) => read_text(text),
        Value::Array(items) => {
            let marked = |items: &[Value]| items.iter().map(read).collect::<Result<Vec<_>, _>>();
            match items.first().and_then(Value::as_str) {
                Some("$unordered") => marked(&items[1..]).map(Expect::Unordered),
                Some("$includes") => marked(&items[1..]).map(Expect::Includes),
                Some("$excludes") => marked(&items[1..]).map(Expect::Excludes),
                _ => marked(items).map(Expect::Array),
            }
        }
        Value::Object(members) => {
            let extra = if members.contains_key("...") { Extra::Allowed } else { Extra::Refused };
            let named = members.iter().filter(|(name, _)| *name != "...");
            let members = named.map(|(name, value)| Ok((name.clone(), read(value)?))).collect::<Result<_, String>>()?;
            Ok(Expect::Object(members, extra))
        }
        scalar => Ok(Expect::Literal(scalar.clone())),
    }
}

fn read_text(text: &str) -> Result<Expect, String> {
    if let Some(literal) = text.strip_prefix("$$") {
        return Ok(Expect::Literal(Value::from(format!("${literal}"))));
    }
    let Some(pattern) = text.strip_prefix('$') else {
        return Ok(Expect::Literal(Value::from(text)));
    };
    if let Some(part) = pattern.strip_prefix("contains ") {
        return Ok(Expect::Contains(part.to_owned()));
    }
    if let Some(start) = pattern.strip_prefix("starts ") {
        return Ok(Expect::Starts(start.to_owned()));
    }
    let (kind, name) = pattern.split_once(" as ").map_or((pattern, None), |(kind, name)| (kind, Some(name)));
    let expect = match kind {
        "int" => Expect::Int,
        "bool" => Expect::Bool,
        "text" => Expect::Text,
        "uuid" => Expect::Uuid,
        "any" => Expect::Any,
        "absent" => Expect::Absent,
        _ => return Err(format!("no such pattern: {text:?} (write $$ for a literal $)")),
    };
    Ok(match name {
        Some(name) => Expect::Capture(name.to_owned(), Box::new(expect)),
        None => expect,
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn strings_with_a_dollar_are_patterns() {
        let check = |value: Value, expect: Expect| assert_eq!(read(&value), Ok(expect), "{value}");
        let one = || vec![Expect::Literal(json!(1))];
        check(json!("$int"), Expect::Int);
        check(json!("$int as id"), Expect::Capture("id".into(), Box::new(Expect::Int)));
        check(json!("$contains a b"), Expect::Contains("a b".into()));
        check(json!("$$int"), Expect::Literal(json!("$int")));
        check(json!("int"), Expect::Literal(json!("int")));
        check(json!(["$unordered", 1]), Expect::Unordered(one()));
        check(json!(["$includes", 1]), Expect::Includes(one()));
        check(json!(["$excludes", 1]), Expect::Excludes(one()));
        check(json!([1]), Expect::Array(one()));
        check(json!({"a": "$absent", "...": 0}), Expect::Object(vec![("a".into(), Expect::Absent)], Extra::Allowed));
        assert!(read(&json!("$integer")).is_err());
    }
}
