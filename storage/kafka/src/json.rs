//! Reading JSON as Jackson with default settings binds it to a class: unknown members are passed over, the last of two members
//! of one name counts, `null` is as if absent, scalars are taken for each other where their text allows it, and what follows the
//! first value is not looked at.
//!
//! No tree is built and nothing recurses: a member that is wanted is kept as its raw text, so that memory is bounded by the
//! bytes, whatever their nesting. (Jackson stops at 1 000 levels; what is only passed over has no bound here.)

use crate::decode::Foreign;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;
use std::collections::BTreeMap;
use std::fmt;

/// The first value of a text; `None` when there is none, or it is not JSON.
pub(crate) fn first(bytes: &[u8]) -> Option<&RawValue> {
    serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>().next()?.ok()
}

/// Is it `null`?
pub(crate) fn is_null(raw: &RawValue) -> bool {
    raw.get() == "null"
}

/// Of which half of a record an object is: what is wrong with it is told so.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Half {
    Key,
    Value,
}

impl Half {
    fn itself(self) -> Foreign {
        match self {
            Self::Key => Foreign::Key,
            Self::Value => Foreign::Value,
        }
    }

    pub(crate) fn member(self, name: &'static str) -> Foreign {
        match self {
            Self::Key => Foreign::KeyMember(name),
            Self::Value => Foreign::ValueMember(name),
        }
    }
}

/// The members of an object that are wanted.
pub(crate) struct Object<'a> {
    half: Half,
    found: Vec<(&'static str, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads the members with these names.
    pub(crate) fn read(half: Half, raw: &'a RawValue, names: &[&'static str]) -> Result<Self, Foreign> {
        let mut members = serde_json::Deserializer::from_str(raw.get());
        let found = members.deserialize_map(Wanted { names }).map_err(|_| half.itself())?;
        Ok(Object { half, found })
    }

    /// The same of a member of this object.
    pub(crate) fn object(&self, name: &'static str, names: &[&'static str]) -> Result<Option<Object<'a>>, Foreign> {
        let read = |raw| Object::read(self.half, raw, names).map_err(|_| self.half.member(name));
        self.get(name).map(read).transpose()
    }

    /// The same of each item of a member that is a list. No list is an empty one.
    pub(crate) fn objects(&self, name: &'static str, names: &[&'static str]) -> Result<Vec<Object<'a>>, Foreign> {
        let read = |raw| Object::read(self.half, raw, names).map_err(|_| self.half.member(name));
        self.items(name)?.into_iter().map(read).collect()
    }

    /// A member that is a map, each value taken so. No map is an empty one.
    pub(crate) fn map<T>(
        &self,
        name: &'static str,
        take: impl Fn(&'a RawValue) -> Option<T>,
    ) -> Result<BTreeMap<String, T>, Foreign> {
        let Some(raw) = self.get(name) else { return Ok(BTreeMap::new()) };
        let wrong = || self.half.member(name);
        let entries: BTreeMap<String, &RawValue> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
        entries.into_iter().map(|(key, raw)| Ok((key, take(raw).ok_or_else(wrong)?))).collect()
    }

    /// A member that is a list of texts. No list is an empty one.
    pub(crate) fn texts<T: FromIterator<String>>(&self, name: &'static str) -> Result<T, Foreign> {
        let wrong = || self.half.member(name);
        self.items(name)?.into_iter().map(|raw| text(raw).ok_or_else(wrong)).collect()
    }

    pub(crate) fn text(&self, name: &'static str) -> Result<Option<String>, Foreign> {
        let wrong = || self.half.member(name);
        self.get(name).map(|raw| text(raw).ok_or_else(wrong)).transpose()
    }

    pub(crate) fn integer(&self, name: &'static str) -> Result<Option<i32>, Foreign> {
        self.get(name).map_or(Ok(None), integer).map_err(|NotOne| self.half.member(name))
    }

    pub(crate) fn boolean(&self, name: &'static str) -> Result<Option<bool>, Foreign> {
        self.get(name).map_or(Ok(None), boolean).map_err(|NotOne| self.half.member(name))
    }

    /// A member that names a value of a closed list.
    pub(crate) fn named<T>(&self, name: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Option<T>, Foreign> {
        let wrong = || self.half.member(name);
        self.text(name)?.map(|text| parse(&text).ok_or_else(wrong)).transpose()
    }

    fn items(&self, name: &'static str) -> Result<Vec<&'a RawValue>, Foreign> {
        let Some(raw) = self.get(name) else { return Ok(Vec::new()) };
        serde_json::from_str(raw.get()).map_err(|_| self.half.member(name))
    }

    fn get(&self, name: &'static str) -> Option<&'a RawValue> {
        self.found.iter().find(|(found, raw)| *found == name && !is_null(raw)).map(|(_, raw)| *raw)
    }
}

/// A list of texts; `None` when it is another thing.
pub(crate) fn texts<T: FromIterator<String>>(raw: &RawValue) -> Option<T> {
    if is_null(raw) {
        return Some(T::from_iter([]));
    }
    let items: Vec<&RawValue> = serde_json::from_str(raw.get()).ok()?;
    items.into_iter().map(text).collect()
}

/// A text, or the text of a number or of a truth value.
pub(crate) fn text(raw: &RawValue) -> Option<String> {
    match raw.get().as_bytes().first()? {
        b'"' => serde_json::from_str(raw.get()).ok(),
        b'{' | b'[' | b'n' => None,
        _ => Some(raw.get().to_owned()),
    }
}

/// The member has another type.
#[derive(Debug, PartialEq, Eq)]
struct NotOne;

/// A number, without its fraction, or the text of one. A blank text is none.
fn integer(raw: &RawValue) -> Result<Option<i32>, NotOne> {
    match raw.get().as_bytes().first() {
        Some(b'"') => {
            let text = text(raw).ok_or(NotOne)?;
            let text = text.trim();
            if text.is_empty() { Ok(None) } else { text.parse().map(Some).map_err(|_| NotOne) }
        }
        Some(b'-' | b'0'..=b'9') => number(raw.get()).map(Some).ok_or(NotOne),
        _ => Err(NotOne),
    }
}

fn number(text: &str) -> Option<i32> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let number = text.parse::<f64>().ok()?.trunc();
    // Each of these is exact as a float.
    (f64::from(i32::MIN)..=f64::from(i32::MAX)).contains(&number).then_some(number as i32)
}

/// A truth value, a whole number that is 0 or is not, or the text of one. A blank text is none.
fn boolean(raw: &RawValue) -> Result<Option<bool>, NotOne> {
    let text = match raw.get().as_bytes().first() {
        Some(b'"') => text(raw).ok_or(NotOne)?,
        Some(b'-' | b'0'..=b'9') => {
            return raw.get().parse::<i64>().map(|number| Some(number != 0)).map_err(|_| NotOne);
        }
        _ => raw.get().to_owned(),
    };
    match text.trim() {
        "true" | "TRUE" | "True" => Ok(Some(true)),
        "false" | "FALSE" | "False" => Ok(Some(false)),
        "" => Ok(None),
        _ => Err(NotOne),
    }
}

/// Keeps the last member of each of these names.
struct Wanted<'n> {
    names: &'n [&'static str],
}

impl<'de> Visitor<'de> for Wanted<'_> {
    type Value = Vec<(&'static str, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut found: Self::Value = Vec::new();
        while let Some(name) = map.next_key::<String>()? {
            let Some(name) = self.names.iter().find(|wanted| **wanted == name) else {
                map.next_value::<IgnoredAny>()?;
                continue;
            };
            let raw = map.next_value()?;
            match found.iter_mut().find(|(found, _)| found == name) {
                Some(before) => before.1 = raw,
                None => found.push((name, raw)),
            }
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        first(text.as_bytes()).unwrap()
    }

    /// As Jackson 2.21 was seen to do it.
    #[test]
    fn scalars_are_taken_for_each_other_where_their_text_allows_it() {
        for (text, expected) in [
            ("1", Ok(Some(1))),
            ("1.0", Ok(Some(1))),
            ("1.9", Ok(Some(1))),
            ("-1.9", Ok(Some(-1))),
            ("1e0", Ok(Some(1))),
            ("2147483647", Ok(Some(i32::MAX))),
            ("\"1\"", Ok(Some(1))),
            ("\" 1 \"", Ok(Some(1))),
            ("\"\"", Ok(None)),
            ("\"1.0\"", Err(NotOne)),
            ("\"x\"", Err(NotOne)),
            ("true", Err(NotOne)),
            ("3000000000", Err(NotOne)),
            ("1e999", Err(NotOne)),
            ("[]", Err(NotOne)),
        ] {
            assert_eq!(integer(raw(text)), expected, "{text}");
        }
        for (text, expected) in [
            ("true", Ok(Some(true))),
            ("false", Ok(Some(false))),
            ("1", Ok(Some(true))),
            ("0", Ok(Some(false))),
            ("\"True\"", Ok(Some(true))),
            ("\"FALSE\"", Ok(Some(false))),
            ("\"\"", Ok(None)),
            ("\"x\"", Err(NotOne)),
            ("1.0", Err(NotOne)),
            ("{}", Err(NotOne)),
        ] {
            assert_eq!(boolean(raw(text)), expected, "{text}");
        }
        for (json, expected) in
            [("\"é\\u0041\"", Some("éA")), ("1.50", Some("1.50")), ("true", Some("true")), ("{}", None), ("[]", None)]
        {
            assert_eq!(text(raw(json)).as_deref(), expected, "{json}");
        }
    }

    #[test]
    fn the_last_member_of_a_name_counts_and_others_are_passed_over() {
        let read = |text| Object::read(Half::Value, raw(text), &["a", "b"]);
        let object = read(" {\"x\":{\"a\":9},\"a\":1,\"b\":null,\"a\":2} and more").unwrap();
        assert_eq!((object.integer("a"), object.integer("b")), (Ok(Some(2)), Ok(None)));
        let deep = format!("{{\"x\":{}{},\"a\":3}}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(read(&deep).unwrap().integer("a"), Ok(Some(3)));
        for bad in ["[]", "1", "\"a\"", "null"] {
            assert_eq!(read(bad).err(), Some(Foreign::Value), "{bad}");
        }
        for bad in ["", "junk", "{", "{\"a\":1", "{\"a\":01}", "{\"a\":1,}", "{'a':1}"] {
            assert!(first(bad.as_bytes()).is_none(), "{bad}");
        }
        assert!(first(b"{\"a\":\"\xff\"}").is_none());
    }
}
