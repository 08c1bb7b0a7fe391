//! A JSON value cut loose from its text: what properties and defaults are kept as.

use std::cmp::Ordering;
use std::collections::HashMap;

/// A value. Equality is the reference's: members in any order, `1` is not `1.0`, `0.0` is not `-0.0`, `NaN` is `NaN`.
#[derive(Clone, Debug)]
pub(crate) enum Json {
    Null,
    Bool(bool),
    /// An integer of any size, as written (`-0` is read as `0`).
    Int(Box<str>),
    /// Everything else that is a number. Infinite when the literal is beyond the range of a double.
    Double(f64),
    String(Box<str>),
    Array(Box<[Json]>),
    Object(Box<[(Box<str>, Json)]>),
}

impl Json {
    /// The integer, if it is one that fits.
    pub(crate) fn as_i64(&self) -> Option<i64> {
        if let Json::Int(digits) = self { digits.parse().ok() } else { None }
    }

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Json::String(text) = self { Some(text) } else { None }
    }

    /// Bytes held, roughly; for cache accounting.
    pub(crate) fn size(&self) -> usize {
        size_of::<Json>()
            + match self {
                Json::Int(text) | Json::String(text) => text.len(),
                Json::Array(items) => items.iter().map(Json::size).sum(),
                Json::Object(members) => members.iter().map(|(key, value)| key.len() + 16 + value.size()).sum(),
                _ => 0,
            }
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Json::Null, Json::Null) => true,
            (Json::Bool(a), Json::Bool(b)) => a == b,
            (Json::Int(a), Json::Int(b)) | (Json::String(a), Json::String(b)) => a == b,
            (Json::Double(a), Json::Double(b)) => a.to_bits() == b.to_bits() || a.is_nan() && b.is_nan(),
            (Json::Array(a), Json::Array(b)) => a == b,
            (Json::Object(a), Json::Object(b)) => same_members(a, b),
            _ => false,
        }
    }
}

/// Are these the same members, whatever their order? Keys are unique on each side.
pub(crate) fn same_members(a: &[(Box<str>, Json)], b: &[(Box<str>, Json)]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    if a.len() <= 8 {
        return a.iter().all(|(key, value)| b.iter().any(|(other, theirs)| key == other && value == theirs));
    }
    let b: HashMap<&str, &Json> = b.iter().map(|(key, value)| (&**key, value)).collect();
    a.iter().all(|(key, value)| b.get(&**key).is_some_and(|theirs| *theirs == value))
}

/// The order of Java strings: by UTF-16 units. Differs from Rust's above U+FFFF.
pub(crate) fn utf16_order(a: &str, b: &str) -> Ordering {
    if a.is_ascii() || b.is_ascii() { a.cmp(b) } else { a.encode_utf16().cmp(b.encode_utf16()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Memory, read};

    #[track_caller]
    fn check(a: &str, b: &str, same: bool) {
        let value = |text| read(text).unwrap().to_json(64, &mut Memory::default()).unwrap();
        assert_eq!(value(a) == value(b), same, "{a} and {b}");
    }

    #[test]
    fn values_are_equal_as_the_reference_sees_it() {
        check(r#"{"a":1,"b":[1,2]}"#, r#"{"b":[1,2],"a":1}"#, true);
        check("[1,2]", "[2,1]", false);
        check("1", "1.0", false);
        check("1e3", "1000.0", true);
        check("0.0", "-0.0", false);
        check("-0", "0", true);
        check("null", "false", false);
        let many = |order: &dyn Fn(usize) -> usize| {
            let members: Vec<String> = (0..20).map(|n| format!("\"k{0}\":{0}", order(n))).collect();
            format!("{{{}}}", members.join(","))
        };
        check(&many(&|n| n), &many(&|n| 19 - n), true);
        check(&many(&|n| n), &many(&|n| n + 1), false);
    }

    #[test]
    fn strings_sort_by_utf16_units() {
        assert_eq!(utf16_order("\u{ff5e}", "\u{1f600}"), Ordering::Greater);
        assert_eq!(utf16_order("a", "B"), Ordering::Greater);
    }
}
