//! Printing, compact, exactly as the reference prints: these bytes are hashed.

use super::{Json, java_double};
use std::fmt;

impl Json {
    /// Appends the text of this value.
    pub(crate) fn write(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Int(digits) => out.push_str(digits),
            Json::Double(value) if value.is_finite() => java_double(*value, out),
            Json::Double(value) => {
                // What JSON cannot say as a number, the reference writes as a string.
                out.push('"');
                java_double(*value, out);
                out.push('"');
            }
            Json::String(text) => write_string(text, out),
            Json::Array(items) => {
                out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    item.write(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (at, (key, value)) in members.iter().enumerate() {
                    if at > 0 {
                        out.push(',');
                    }
                    write_string(key, out);
                    out.push(':');
                    value.write(out);
                }
                out.push('}');
            }
        }
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = String::new();
        self.write(&mut text);
        f.write_str(&text)
    }
}

/// Appends a string literal: `"`, `\` and control characters are escaped, `/` and everything beyond ASCII is not.
pub(crate) fn write_string(text: &str, out: &mut String) {
    out.push('"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape = match byte {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            0x08 => "\\b",
            0x09 => "\\t",
            0x0a => "\\n",
            0x0c => "\\f",
            0x0d => "\\r",
            0..=0x1f => "",
            _ => continue,
        };
        out.push_str(&text[plain_from..at]);
        plain_from = at + 1;
        if escape.is_empty() {
            const HEX: &[u8; 16] = b"0123456789ABCDEF";
            out.push_str("\\u00");
            out.push(HEX[usize::from(byte >> 4)] as char);
            out.push(HEX[usize::from(byte & 15)] as char);
        } else {
            out.push_str(escape);
        }
    }
    out.push_str(&text[plain_from..]);
    out.push('"');
}

#[cfg(test)]
mod tests {
    use crate::json::{Memory, read};

    #[test]
    fn values_are_reprinted_compactly() {
        #[track_caller]
        fn check(input: &str, output: &str) {
            assert_eq!(read(input).unwrap().to_json(64, &mut Memory::default()).unwrap().to_string(), output);
        }
        check(" { \"b\" : [ 1 , true , null ] , \"a\" : { } } ", r#"{"b":[1,true,null],"a":{}}"#);
        check(r#"{"a":1,"b":2,"a":3}"#, r#"{"a":3,"b":2}"#);
        check("[1.50,1e3,1e10,0.00001,12345678.9]", "[1.5,1000.0,1.0E10,1.0E-5,1.23456789E7]");
        check("[12345678901234567890123,-0,-0.0]", "[12345678901234567890123,0,-0.0]");
        check("[1e400,-1e400]", r#"["Infinity","-Infinity"]"#);
        check(
            r#""caf\u00e9 \u0001\u001f \/ \" \\ \t\n\r\b\f \u007f""#,
            "\"café \\u0001\\u001F / \\\" \\\\ \\t\\n\\r\\b\\f \u{7f}\"",
        );
        check(r#""\ud83d\ude00""#, "\"😀\"");
    }
}
