//! What an answer is expected to hold, and how an answer differs from that.
//!
//! Cases and recordings both become an [`Expect`], so there is one comparison. It always says all differences, with the
//! JSON pointer of each. Objects are compared without regard to member order (no client depends on it), arrays with it.
//! Numbers are compared as written: `1` and `1.0` differ on the wire.

use std::collections::BTreeMap;
use std::fmt;

use serde_json::Value;

/// An expectation about one JSON value.
#[derive(Debug, Clone, PartialEq)]
pub enum Expect {
    /// Exactly this scalar.
    Literal(Value),
    /// Any value, null included.
    Any,
    /// An integer.
    Int,
    /// `true` or `false`.
    Bool,
    /// A string that is not empty.
    Text,
    /// A UUID: 32 hex digits in the usual five groups, lower case.
    Uuid,
    /// A string that has this in it.
    Contains(String),
    /// A string that starts so.
    Starts(String),
    /// As inside, and the value is remembered under the name.
    Capture(String, Box<Expect>),
    /// These members; others as `Extra` says. A member expected [`Expect::Absent`] must be missing.
    Object(Vec<(String, Expect)>, Extra),
    /// Only as a member of an object: the member is missing.
    Absent,
    /// These elements in this order.
    Array(Vec<Expect>),
    /// These elements in any order.
    Unordered(Vec<Expect>),
    /// These elements and perhaps others: listings of a registry that others use too.
    Includes(Vec<Expect>),
    /// None of these elements.
    Excludes(Vec<Expect>),
    /// Same kind of value all through, with other contents: what every server says of itself.
    Shape(Value),
}

/// Members of an object that nobody mentioned.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Extra {
    /// Are differences.
    Refused,
    /// Do not matter.
    Allowed,
}

/// One thing that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// `status`, `header vary`, or the JSON pointer into the body (`body` for the whole).
    pub at: String,
    /// What should be there.
    pub expected: String,
    /// What is there.
    pub got: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (expected, got) = shorten(&self.expected, &self.got);
        write!(f, "{}: expected {expected}, got {got}", self.at)
    }
}

/// Values captured from answers, as texts to put into later requests.
pub type Captures = BTreeMap<String, String>;

impl Expect {
    /// Expects exactly this value.
    pub fn exactly(value: &Value) -> Self {
        match value {
            Value::Object(members) => Self::Object(
                members.iter().map(|(name, value)| (name.clone(), Self::exactly(value))).collect(),
                Extra::Refused,
            ),
            Value::Array(items) => Self::Array(items.iter().map(Self::exactly).collect()),
            scalar => Self::Literal(scalar.clone()),
        }
    }

    /// All differences of the value, with the captures it yields.
    pub fn differences(&self, value: &Value, captures: &mut Captures) -> Vec<Difference> {
        let mut differences = Vec::new();
        self.walk(value, "", &mut differences, captures);
        differences
    }

    fn matches(&self, value: &Value) -> bool {
        self.differences(value, &mut Captures::new()).is_empty()
    }

    fn walk(&self, value: &Value, at: &str, out: &mut Vec<Difference>, captures: &mut Captures) {
        let fits = match self {
            Self::Any => true,
            Self::Literal(literal) => literal == value,
            Self::Int => value.as_i64().is_some(),
            Self::Bool => value.is_boolean(),
            Self::Text => value.as_str().is_some_and(|text| !text.is_empty()),
            Self::Uuid => value.as_str().is_some_and(is_uuid),
            Self::Contains(part) => value.as_str().is_some_and(|text| text.contains(part)),
            Self::Starts(start) => value.as_str().is_some_and(|text| text.starts_with(start)),
            Self::Shape(shape) => same_shape(shape, value),
            Self::Absent => false,
            Self::Capture(name, inner) => {
                captures.insert(name.clone(), plain(value));
                return inner.walk(value, at, out, captures);
            }
            Self::Object(members, extra) => match value {
                Value::Object(found) => return walk_object(members, *extra, found, at, out, captures),
                _ => false,
            },
            Self::Array(items) => match value {
                Value::Array(found) => return walk_array(items, found, at, out, captures),
                _ => false,
            },
            Self::Unordered(items) => match value {
                Value::Array(found) => return walk_set(items, found, Extra::Refused, at, out),
                _ => false,
            },
            Self::Includes(items) => match value {
                Value::Array(found) => return walk_set(items, found, Extra::Allowed, at, out),
                _ => false,
            },
            Self::Excludes(items) => match value {
                Value::Array(found) => return walk_excluded(items, found, at, out),
                _ => false,
            },
        };
        if !fits {
            out.push(difference(at, self.to_string(), value.to_string()));
        }
    }
}

fn difference(at: &str, expected: impl Into<String>, got: impl Into<String>) -> Difference {
    let at = if at.is_empty() { "body" } else { at };
    Difference { at: at.to_owned(), expected: expected.into(), got: got.into() }
}

fn walk_object(
    members: &[(String, Expect)],
    extra: Extra,
    found: &serde_json::Map<String, Value>,
    at: &str,
    out: &mut Vec<Difference>,
    captures: &mut Captures,
) {
    for (name, expect) in members {
        let at = format!("{at}/{name}");
        match (found.get(name), expect) {
            (None, Expect::Absent) => {}
            (None, expect) => out.push(difference(&at, expect.to_string(), "no such member")),
            (Some(value), Expect::Absent) => out.push(difference(&at, "no such member", value.to_string())),
            (Some(value), expect) => expect.walk(value, &at, out, captures),
        }
    }
    if extra == Extra::Refused {
        let unexpected = |name: &str| !members.iter().any(|(n, _)| n == name) && !may_be_added(name, found);
        for (name, value) in found.iter().filter(|(name, _)| unexpected(name)) {
            out.push(difference(&format!("{at}/{name}"), "no such member", value.to_string()));
        }
    }
}

/// The one member that a registry may add to an answer of the API, where clients ignore it: the findings of a verdict one by
/// one, beside the messages that tell them.
fn may_be_added(name: &str, found: &serde_json::Map<String, Value>) -> bool {
    let has = |name: &str, value: Value| found.get(name) == Some(&value);
    name == "findings" && (has("error_code", 40901.into()) || has("is_compatible", false.into()))
}

fn walk_array(items: &[Expect], found: &[Value], at: &str, out: &mut Vec<Difference>, captures: &mut Captures) {
    // One line for a list that differs in length: element by element it would be noise.
    if items.len() != found.len() {
        let expected = Expect::Array(items.to_vec()).to_string();
        return out.push(difference(at, expected, Value::Array(found.to_vec()).to_string()));
    }
    for (index, (expect, value)) in items.iter().zip(found).enumerate() {
        expect.walk(value, &format!("{at}/{index}"), out, captures);
    }
}

/// Pairs greedily; enough here, where elements are literals or differ in a literal member.
fn walk_set(items: &[Expect], found: &[Value], extra: Extra, at: &str, out: &mut Vec<Difference>) {
    let mut left: Vec<&Value> = found.iter().collect();
    for expect in items {
        match left.iter().position(|value| expect.matches(value)) {
            Some(index) => drop(left.swap_remove(index)),
            None => out.push(difference(at, format!("an element {expect}"), Value::Array(found.to_vec()).to_string())),
        }
    }
    if extra == Extra::Refused {
        out.extend(left.iter().map(|value| difference(at, "no such element", value.to_string())));
    }
}

fn walk_excluded(items: &[Expect], found: &[Value], at: &str, out: &mut Vec<Difference>) {
    for value in found {
        if items.iter().any(|expect| expect.matches(value)) {
            out.push(difference(at, "no such element", value.to_string()));
        }
    }
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.bytes().enumerate().all(|(i, b)| match i {
            8 | 13 | 18 | 23 => b == b'-',
            _ => b.is_ascii_digit() || (b'a'..=b'f').contains(&b),
        })
}

/// Objects have the same members of the same kinds; arrays may be of any length, with elements like the first.
fn same_shape(shape: &Value, value: &Value) -> bool {
    match (shape, value) {
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len() && a.iter().all(|(name, a)| b.get(name).is_some_and(|b| same_shape(a, b)))
        }
        (Value::Array(a), Value::Array(b)) => a.first().is_none_or(|a| b.iter().all(|b| same_shape(a, b))),
        (a, b) => std::mem::discriminant(a) == std::mem::discriminant(b),
    }
}

/// A captured string goes into requests without its quotes, everything else as its JSON text.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let list = |f: &mut fmt::Formatter<'_>, items: &[Expect]| {
            f.write_str("[")?;
            for (i, item) in items.iter().enumerate() {
                write!(f, "{}{item}", if i == 0 { "" } else { "," })?;
            }
            f.write_str("]")
        };
        match self {
            Self::Literal(value) | Self::Shape(value) => write!(f, "{value}"),
            Self::Any => f.write_str("any value"),
            Self::Int => f.write_str("an integer"),
            Self::Bool => f.write_str("true or false"),
            Self::Text => f.write_str("some text"),
            Self::Uuid => f.write_str("a UUID"),
            Self::Contains(part) => write!(f, "a text with {part:?}"),
            Self::Starts(start) => write!(f, "a text that starts with {start:?}"),
            Self::Capture(_, inner) => inner.fmt(f),
            Self::Absent => f.write_str("no such member"),
            Self::Object(members, _) => {
                f.write_str("{")?;
                for (i, (name, expect)) in members.iter().enumerate() {
                    write!(f, "{}{name:?}:{expect}", if i == 0 { "" } else { "," })?;
                }
                f.write_str("}")
            }
            Self::Array(items) => list(f, items),
            Self::Unordered(items) => list(f, items).and_then(|()| f.write_str(" in any order")),
            Self::Includes(items) => f.write_str("at least ").and_then(|()| list(f, items)),
            Self::Excludes(items) => f.write_str("none of ").and_then(|()| list(f, items)),
        }
    }
}

/// Characters of a value shown in a failure line.
const SHOWN: usize = 200;
/// Characters of common text kept before the first difference.
const LEAD: usize = 30;

/// Cuts two texts to the part where they differ.
fn shorten(expected: &str, got: &str) -> (String, String) {
    if expected.len() <= SHOWN && got.len() <= SHOWN {
        return (expected.to_owned(), got.to_owned());
    }
    let common = expected.chars().zip(got.chars()).take_while(|(a, b)| a == b).count();
    let from = common.saturating_sub(LEAD);
    let cut = |text: &str| {
        let part: String = text.chars().skip(from).take(SHOWN).collect();
        let rest = text.chars().count() > from + SHOWN;
        format!("{}{part}{}", if from > 0 { "…" } else { "" }, if rest { "…" } else { "" })
    };
    (cut(expected), cut(got))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn differences(expect: &Expect, value: &Value) -> Vec<String> {
        expect.differences(value, &mut Captures::new()).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn the_comparison_names_every_difference_by_its_pointer() {
        let check = |expected: Value, got: Value, differ: &[&str]| {
            assert_eq!(differences(&Expect::exactly(&expected), &got), differ, "{expected} against {got}");
        };
        check(json!({"a": 1, "b": [true, null]}), json!({"b": [true, null], "a": 1}), &[]);
        check(json!({"a": 1}), json!({"a": "1"}), &["/a: expected 1, got \"1\""]);
        check(json!({"a": 1}), json!({}), &["/a: expected 1, got no such member"]);
        check(json!({}), json!({"a": 1}), &["/a: expected no such member, got 1"]);
        check(json!([1, 2]), json!([2, 1]), &["/0: expected 1, got 2", "/1: expected 2, got 1"]);
        check(json!([1, 2]), json!([1]), &["body: expected [1,2], got [1]"]);
        check(json!({"a": {"b": [{}]}}), json!({"a": {"b": [[]]}}), &["/a/b/0: expected {}, got []"]);
        check(json!(1), json!(1.0), &["body: expected 1, got 1.0"]);
        check(json!({}), json!(null), &["body: expected {}, got null"]);
    }

    #[test]
    fn each_pattern_fits_what_it_says_and_nothing_else() {
        use Expect::*;
        let check = |expect: Expect, fits: &[Value], not: &[Value]| {
            fits.iter().for_each(|value| assert!(expect.matches(value), "{expect} should fit {value}"));
            not.iter().for_each(|value| assert!(!expect.matches(value), "{expect} should not fit {value}"));
        };
        let one_two = || vec![Literal(json!(1)), Literal(json!(2))];
        check(Any, &[json!(null), json!([])], &[]);
        check(Int, &[json!(0), json!(-1)], &[json!(1.5), json!("1"), json!(null)]);
        check(Bool, &[json!(false)], &[json!(0), json!("false")]);
        check(Text, &[json!("x")], &[json!(""), json!(1)]);
        check(
            Uuid,
            &[json!("095d71cf-1255-6b9d-5e33-0ad575b3df5d")],
            &[json!("095D71CF-1255-6b9d-5e33-0ad575b3df5d"), json!("095d71cf12556b9d5e330ad575b3df5d"), json!("")],
        );
        check(Contains("b".into()), &[json!("abc")], &[json!("ac"), json!(["b"])]);
        check(Starts("a".into()), &[json!("abc")], &[json!("bac")]);
        check(Object(vec![("a".into(), Absent)], Extra::Allowed), &[json!({"b": 1})], &[json!({"a": null})]);
        check(Object(vec![("a".into(), Int)], Extra::Allowed), &[json!({"a": 1, "b": 2})], &[json!({"b": 2})]);
        check(Unordered(one_two()), &[json!([2, 1])], &[json!([1]), json!([1, 2, 2]), json!({})]);
        check(Includes(one_two()), &[json!([3, 2, 1])], &[json!([3, 1])]);
        check(Excludes(one_two()), &[json!([3]), json!([])], &[json!([3, 1])]);
        check(
            Shape(json!({"version": "8", "attributes": ["a"]})),
            &[json!({"version": "0.1", "attributes": []})],
            &[
                json!({"version": 8, "attributes": []}),
                json!({"version": "8"}),
                json!({"version": "8", "attributes": [1]}),
            ],
        );
    }

    #[test]
    fn captured_values_are_plain_texts() {
        let mut captures = Captures::new();
        let int = Expect::Capture("id".into(), Box::new(Expect::Int));
        let text = Expect::Capture("guid".into(), Box::new(Expect::Text));
        let both = Expect::Object(vec![("id".into(), int), ("guid".into(), text)], Extra::Refused);
        assert!(both.differences(&json!({"id": 7, "guid": "g"}), &mut captures).is_empty());
        assert_eq!(captures, Captures::from([("id".into(), "7".into()), ("guid".into(), "g".into())]));
    }

    #[test]
    fn long_texts_are_cut_to_where_they_differ() {
        let (a, b) = shorten(&format!("{}1{}", "x".repeat(500), "y".repeat(500)), &format!("{}2", "x".repeat(500)));
        assert!(a.starts_with("…xxx") && a.contains("x1y") && a.ends_with('…') && a.chars().count() == SHOWN + 2);
        assert!(b.starts_with("…xxx") && b.ends_with("x2"));
    }
}
