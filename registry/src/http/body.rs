//! Request bodies: JSON in UTF-8 or UTF-16, read with the coercions of the reference (`"version":"1"` is 1, `"schema":5` is
//! the text `5`). serde_json stops at nesting 128, where the reference stops at 1000.

use rules::fault::Fault;
use serde_json::{Map, Value};

/// A JSON object of a request.
pub type Object = Map<String, Value>;

/// Reads a body that must be a JSON object.
///
/// # Errors
/// `MissingBody` (with the reference's name for it) for an empty body or `null`, `BadBody` for anything that is not an object.
pub fn object(bytes: &[u8], missing: &'static str, what: &str) -> Result<Object, Fault> {
    match value(bytes)? {
        None | Some(Value::Null) => Err(Fault::MissingBody(missing)),
        Some(Value::Object(object)) => Ok(object),
        Some(other) => Err(mismatch(what, &other)),
    }
}

/// Reads a body that may be any JSON; `None` when it is empty.
///
/// # Errors
/// `BadBody`.
pub fn value(bytes: &[u8]) -> Result<Option<Value>, Fault> {
    let text = text_of(bytes)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    serde_json::from_str(&text).map(Some).map_err(|error| Fault::BadBody(error.to_string()))
}

fn text_of(bytes: &[u8]) -> Result<std::borrow::Cow<'_, str>, Fault> {
    let utf16 = |big: bool, bytes: &[u8]| {
        let units = bytes.chunks_exact(2).map(|pair| {
            let pair = [pair[0], pair[1]];
            if big { u16::from_be_bytes(pair) } else { u16::from_le_bytes(pair) }
        });
        char::decode_utf16(units).collect::<Result<String, _>>().map_err(|_| Fault::BadBody("Invalid UTF-16".into()))
    };
    Ok(match bytes {
        [0xfe, 0xff, rest @ ..] => utf16(true, rest)?.into(),
        [0xff, 0xfe, rest @ ..] => utf16(false, rest)?.into(),
        [0, second, ..] if *second != 0 => utf16(true, bytes)?.into(),
        [first, 0, ..] if *first != 0 => utf16(false, bytes)?.into(),
        _ => {
            let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
            std::str::from_utf8(bytes).map_err(|error| Fault::BadBody(format!("Invalid UTF-8: {error}")))?.into()
        }
    })
}

/// A member as text; numbers and booleans are taken by their text.
///
/// # Errors
/// `BadBody` for arrays and objects.
pub fn text(object: &Object, name: &str) -> Result<Option<String>, Fault> {
    object.get(name).map_or(Ok(None), text_value)
}

/// A value as text.
///
/// # Errors
/// `BadBody` for arrays and objects.
pub fn text_value(value: &Value) -> Result<Option<String>, Fault> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text.clone())),
        Value::Number(number) => Ok(Some(number.to_string())),
        Value::Bool(flag) => Ok(Some(flag.to_string())),
        other => Err(mismatch("String", other)),
    }
}

/// A member as a 32-bit integer; fractions are cut off, blank texts are absent.
///
/// # Errors
/// `BadBody`.
pub fn integer(object: &Object, name: &str) -> Result<Option<i32>, Fault> {
    let value = match object.get(name) {
        None | Some(Value::Null) => return Ok(None),
        Some(value) => value,
    };
    let outside = || Fault::BadBody(format!("Cannot deserialize value of type `Integer` from {value}"));
    match value {
        Value::Number(number) => match number.to_string().parse::<i32>() {
            Ok(number) => Ok(Some(number)),
            Err(_) => {
                let number = number.as_f64().ok_or_else(outside)?.trunc();
                let range = f64::from(i32::MIN)..=f64::from(i32::MAX);
                if range.contains(&number) { Ok(Some(number as i32)) } else { Err(outside()) }
            }
        },
        Value::String(text) if text.trim().is_empty() => Ok(None),
        Value::String(text) => text.trim().parse().map(Some).map_err(|_| outside()),
        other => Err(mismatch("Integer", other)),
    }
}

/// A member as a boolean.
///
/// # Errors
/// `BadBody`.
pub fn boolean(object: &Object, name: &str) -> Result<Option<bool>, Fault> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Bool(flag)) => Ok(Some(*flag)),
        Some(Value::Number(number)) => match number.as_i64() {
            Some(number) => Ok(Some(number != 0)),
            None => Err(Fault::BadBody(format!("Cannot deserialize value of type `Boolean` from {number}"))),
        },
        Some(Value::String(text)) => match text.trim() {
            "" => Ok(None),
            "true" | "True" | "TRUE" => Ok(Some(true)),
            "false" | "False" | "FALSE" => Ok(Some(false)),
            other => Err(Fault::BadBody(format!(
                "Cannot deserialize value of type `Boolean` from String \"{other}\": only \"true\" or \"false\" recognized"
            ))),
        },
        Some(other) => Err(mismatch("Boolean", other)),
    }
}

/// Reads a list; empty where it is null or absent.
///
/// # Errors
/// `BadBody` for what is no list.
pub fn list<'a>(object: &'a Object, name: &str) -> Result<&'a [Value], Fault> {
    match object.get(name) {
        None | Some(Value::Null) => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        Some(other) => Err(mismatch("List", other)),
    }
}

/// The refusal of a value of the wrong kind.
pub fn mismatch(expected: &str, found: &Value) -> Fault {
    let (kind, token) = match found {
        Value::Null => ("Null", "VALUE_NULL"),
        Value::Bool(true) => ("Boolean", "VALUE_TRUE"),
        Value::Bool(false) => ("Boolean", "VALUE_FALSE"),
        Value::Number(_) => ("Number", "VALUE_NUMBER"),
        Value::String(_) => ("String", "VALUE_STRING"),
        Value::Array(_) => ("Array", "START_ARRAY"),
        Value::Object(_) => ("Object", "START_OBJECT"),
    };
    Fault::BadBody(format!(
        "Cannot deserialize value of type `{expected}` from {kind} value (token `JsonToken.{token}`)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_read_in_every_unicode_form_json_knows() {
        let text = r#"{"schema":"é"}"#;
        let utf16 =
            |big: bool| text.encode_utf16().flat_map(move |u| if big { u.to_be_bytes() } else { u.to_le_bytes() });
        let forms: [Vec<u8>; 5] = [
            text.into(),
            [b"\xef\xbb\xbf", text.as_bytes()].concat(),
            [0xff, 0xfe].into_iter().chain(utf16(false)).collect(),
            [0xfe, 0xff].into_iter().chain(utf16(true)).collect(),
            utf16(true).collect(),
        ];
        for form in forms {
            let object = object(&form, "x", "X").unwrap();
            assert_eq!(super::text(&object, "schema").unwrap().as_deref(), Some("é"));
        }
        assert!(matches!(value(b"{\"schema\":\"\xff\"}"), Err(Fault::BadBody(_))));
    }

    #[test]
    fn missing_and_malformed_bodies_differ() {
        for missing in ["", " ", "\t\r\n", "null"] {
            assert!(matches!(object(missing.as_bytes(), "x", "X"), Err(Fault::MissingBody("x"))), "{missing:?}");
        }
        let deep = "[".repeat(100_000);
        for bad in [
            "{",
            "}",
            "[]",
            "1",
            "\"x\"",
            "{\"a\"}",
            "{\"a\":1,}",
            "{} x",
            "{}{}",
            "// c\n{}",
            "{'a':1}",
            deep.as_str(),
        ] {
            assert!(matches!(object(bad.as_bytes(), "x", "X"), Err(Fault::BadBody(_))), "{bad:.20}");
        }
    }

    #[test]
    fn scalars_are_coerced() {
        let object =
            object(br#"{"a":"1","b":1.7,"c":true,"d":" ","e":2147483648,"f":1e2,"g":[1],"h":-1}"#, "x", "X").unwrap();
        let integer = |name| integer(&object, name).ok();
        assert_eq!(
            [integer("a"), integer("b"), integer("d"), integer("f"), integer("h"), integer("z")],
            [Some(Some(1)), Some(Some(1)), Some(None), Some(Some(100)), Some(Some(-1)), Some(None)]
        );
        assert_eq!([integer("c"), integer("e"), integer("g")], [None, None, None]);
        assert_eq!(text(&object, "b").ok().flatten().as_deref(), Some("1.7"));
        assert_eq!(boolean(&object, "c").ok(), Some(Some(true)));
        assert_eq!(boolean(&object, "h").ok(), Some(Some(true)));
        assert_eq!(boolean(&object, "a").ok(), None);
    }
}
