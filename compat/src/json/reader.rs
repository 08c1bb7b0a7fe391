//! Text to tree. Every node knows where it stands; strings borrow from the text unless an escape had to be undone.
//!
//! Accepts what the reference's reader accepts: RFC 8259 plus `/* */` and `//` comments. Of duplicate members the last
//! value counts, at the place of the first. Recursion is bounded by `MAX_DEPTH`, everything else is linear.

use super::{Json, MAX_DEPTH};
use std::borrow::Cow;
use std::collections::HashMap;

/// A value and the byte offset at which it begins.
#[derive(Debug)]
pub(crate) struct Node<'t> {
    pub(crate) at: usize,
    pub(crate) tree: Tree<'t>,
}

/// The value of a node.
#[derive(Debug)]
pub(crate) enum Tree<'t> {
    Null,
    Bool(bool),
    Int(&'t str),
    Double(f64),
    String(Cow<'t, str>),
    Array(Vec<Node<'t>>),
    Object(Vec<Member<'t>>),
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'t> {
    pub(crate) key: Cow<'t, str>,
    pub(crate) value: Node<'t>,
}

/// Why, and at which byte offset, the text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReadError {
    pub(crate) message: String,
    pub(crate) at: usize,
}

/// Reads one value and demands that nothing but white space follows.
pub(crate) fn read(text: &str) -> Result<Node<'_>, ReadError> {
    let (node, end) = rest(text)?.ok_or_else(|| ReadError { message: "No content".to_owned(), at: text.len() })?;
    let tail = text[end..].trim_matches(|c: char| c <= ' ');
    if !tail.is_empty() {
        let at = text.len() - text[end..].trim_start_matches(|c: char| c <= ' ').len();
        return Err(ReadError { message: "Content after the value".to_owned(), at });
    }
    Ok(node)
}

/// Reads the first value and returns it with the offset behind it; `None` if the text holds none.
pub(crate) fn rest(text: &str) -> Result<Option<(Node<'_>, usize)>, ReadError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0 };
    reader.skip_blanks()?;
    if reader.at == text.len() {
        return Ok(None);
    }
    let node = reader.value(0)?;
    Ok(Some((node, reader.at)))
}

impl<'t> Node<'t> {
    /// The value of a member, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'t>> {
        if let Tree::Object(members) = &self.tree {
            members.iter().find(|m| m.key == key).map(|m| &m.value)
        } else {
            None
        }
    }

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Tree::String(text) = &self.tree { Some(text) } else { None }
    }

    /// The value cut loose from its text; `None` if it nests deeper than `depth`.
    pub(crate) fn to_json(&self, depth: usize) -> Option<Json> {
        Some(match &self.tree {
            Tree::Null => Json::Null,
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Int(digits) => Json::Int((*digits).into()),
            Tree::Double(value) => Json::Double(*value),
            Tree::String(text) => Json::String((&**text).into()),
            Tree::Array(items) => {
                let depth = depth.checked_sub(1)?;
                Json::Array(items.iter().map(|item| item.to_json(depth)).collect::<Option<_>>()?)
            }
            Tree::Object(members) => {
                let depth = depth.checked_sub(1)?;
                let member = |m: &Member<'t>| Some(((&*m.key).into(), m.value.to_json(depth)?));
                Json::Object(members.iter().map(member).collect::<Option<_>>()?)
            }
        })
    }
}

struct Reader<'t> {
    text: &'t str,
    bytes: &'t [u8],
    at: usize,
}

impl<'t> Reader<'t> {
    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn fail<T>(&self, at: usize, message: impl Into<String>) -> Result<T, ReadError> {
        Err(ReadError { message: message.into(), at })
    }

    fn end<T>(&self, what: &str) -> Result<T, ReadError> {
        self.fail(self.text.len(), format!("Unexpected end-of-input: {what}"))
    }

    /// What stands here, for a message.
    fn unexpected<T>(&self, expected: &str) -> Result<T, ReadError> {
        match self.text[self.at..].chars().next() {
            None => self.end(expected),
            Some(c) => self.fail(self.at, format!("Unexpected character ({c:?} (code {})): {expected}", u32::from(c))),
        }
    }

    fn skip_blanks(&mut self) -> Result<(), ReadError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') => self.skip_comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn skip_comment(&mut self) -> Result<(), ReadError> {
        let body = &self.bytes[self.at + 1..];
        match body.first() {
            Some(b'/') => {
                let line = body.iter().position(|&b| b == b'\n' || b == b'\r').unwrap_or(body.len());
                self.at += 1 + line;
                Ok(())
            }
            Some(b'*') => match body[1..].windows(2).position(|pair| pair == b"*/") {
                Some(length) => {
                    self.at += length + 4;
                    Ok(())
                }
                None => self.end("in a comment"),
            },
            _ => self.unexpected("maybe a comment was meant"),
        }
    }

    fn value(&mut self, depth: usize) -> Result<Node<'t>, ReadError> {
        let at = self.at;
        let tree = match self.peek() {
            Some(b'{') => self.object(depth)?,
            Some(b'[') => self.array(depth)?,
            Some(b'"') => Tree::String(self.string()?),
            Some(b'-' | b'0'..=b'9') => self.number()?,
            Some(byte) if byte.is_ascii_alphabetic() || byte == b'_' || byte >= 0x80 => self.word()?,
            _ => self.unexpected(
                "expected a valid value (JSON String, Number, Array, Object or token 'null', 'true' or 'false')",
            )?,
        };
        Ok(Node { at, tree })
    }

    fn word(&mut self) -> Result<Tree<'t>, ReadError> {
        let from = self.at;
        let tail = &self.text[from..];
        let end = tail.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(tail.len());
        let tree = match &tail[..end] {
            "null" => Tree::Null,
            "true" => Tree::Bool(true),
            "false" => Tree::Bool(false),
            // An empty word: a character that begins no token.
            "" => return self.unexpected("expected a valid value"),
            word => {
                let shown: String = word.chars().take(60).collect();
                return self.fail(
                    from,
                    format!(
                        "Unrecognized token '{shown}': was expecting (JSON String, Number, Array, Object or token 'null', \
                         'true' or 'false')"
                    ),
                );
            }
        };
        self.at += end;
        Ok(tree)
    }

    fn number(&mut self) -> Result<Tree<'t>, ReadError> {
        /// Jackson's bound; also keeps the quadratic conversions of big numbers harmless.
        const MAX_LENGTH: usize = 1000;
        let from = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        match self.peek() {
            Some(b'0') => {
                self.at += 1;
                if let Some(b'0'..=b'9') = self.peek() {
                    return self.fail(from, "Invalid numeric value: leading zeroes are not allowed");
                }
            }
            Some(b'1'..=b'9') => self.digits(),
            _ => return self.unexpected("expected a digit in a numeric value"),
        }
        let mut integer = true;
        if self.peek() == Some(b'.') {
            integer = false;
            self.at += 1;
            self.some_digits("expected a digit after the decimal point")?;
        }
        if let Some(b'e' | b'E') = self.peek() {
            integer = false;
            self.at += 1;
            if let Some(b'+' | b'-') = self.peek() {
                self.at += 1;
            }
            self.some_digits("expected a digit in the exponent")?;
        }
        if self.peek().is_some_and(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'.') {
            return self.unexpected("expected white space or a separator after a numeric value");
        }
        let literal = &self.text[from..self.at];
        if literal.len() > MAX_LENGTH {
            return self.fail(
                from,
                format!("Number value length ({}) exceeds the maximum allowed ({MAX_LENGTH})", literal.len()),
            );
        }
        Ok(match integer {
            true if literal == "-0" => Tree::Int("0"),
            true => Tree::Int(literal),
            false => Tree::Double(literal.parse().expect("the grammar of JSON numbers is part of Rust's")),
        })
    }

    fn digits(&mut self) {
        while let Some(b'0'..=b'9') = self.peek() {
            self.at += 1;
        }
    }

    fn some_digits(&mut self, expected: &str) -> Result<(), ReadError> {
        let from = self.at;
        self.digits();
        if from == self.at { self.unexpected(expected) } else { Ok(()) }
    }

    /// Reads a string; the reader stands on the opening quote.
    fn string(&mut self) -> Result<Cow<'t, str>, ReadError> {
        self.at += 1;
        let from = self.at;
        let mut undone = String::new();
        let mut plain_from = from;
        loop {
            match self.peek() {
                None => return self.end("was expecting closing quote for a string value"),
                Some(b'"') => {
                    let plain = &self.text[plain_from..self.at];
                    self.at += 1;
                    if plain_from == from {
                        return Ok(Cow::Borrowed(plain));
                    }
                    undone.push_str(plain);
                    return Ok(Cow::Owned(undone));
                }
                Some(b'\\') => {
                    undone.push_str(&self.text[plain_from..self.at]);
                    let c = self.escape()?;
                    undone.push(c);
                    plain_from = self.at;
                }
                Some(0..=0x1f) => {
                    let code = self.bytes[self.at];
                    return self.fail(self.at, format!("Illegal unquoted character (code {code}): has to be escaped"));
                }
                Some(_) => self.at += 1,
            }
        }
    }

    /// Reads an escape; the reader stands on the backslash.
    fn escape(&mut self) -> Result<char, ReadError> {
        let from = self.at;
        self.at += 2;
        Ok(match self.bytes.get(from + 1) {
            None => return self.end("in a character escape sequence"),
            Some(b'"') => '"',
            Some(b'\\') => '\\',
            Some(b'/') => '/',
            Some(b'b') => '\u{8}',
            Some(b'f') => '\u{c}',
            Some(b'n') => '\n',
            Some(b'r') => '\r',
            Some(b't') => '\t',
            Some(b'u') => {
                let high = self.hex(from)?;
                let mut units = [high, 0];
                let mut count = 1;
                if (0xd800..0xdc00).contains(&high) && self.bytes[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    units[1] = self.hex(from)?;
                    count = 2;
                }
                match char::decode_utf16(units[..count].iter().copied()).next() {
                    Some(Ok(c)) => c,
                    _ => return self.fail(from, "Unpaired surrogate in a character escape sequence"),
                }
            }
            Some(_) => return self.fail(from, "Unrecognized character escape"),
        })
    }

    fn hex(&mut self, from: usize) -> Result<u16, ReadError> {
        let digits = self.bytes.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let unit =
            digits.filter(|d| d.bytes().all(|b| b.is_ascii_hexdigit())).and_then(|d| u16::from_str_radix(d, 16).ok());
        self.at += 4;
        match unit {
            Some(unit) => Ok(unit),
            None => self.fail(from, "Expected four hexadecimal digits in a character escape sequence"),
        }
    }

    fn nested(&self, depth: usize) -> Result<usize, ReadError> {
        if depth == MAX_DEPTH {
            return self.fail(self.at, format!("Nested deeper than the {MAX_DEPTH} levels allowed"));
        }
        Ok(depth + 1)
    }

    fn array(&mut self, depth: usize) -> Result<Tree<'t>, ReadError> {
        let depth = self.nested(depth)?;
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks()?;
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Tree::Array(items));
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_blanks()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => break,
                None => return self.end("expected close marker for Array"),
                Some(_) => return self.unexpected("was expecting comma to separate Array entries"),
            }
            self.skip_blanks()?;
        }
        self.at += 1;
        Ok(Tree::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Tree<'t>, ReadError> {
        let depth = self.nested(depth)?;
        self.at += 1;
        let mut members = Members::default();
        self.skip_blanks()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Object(members.list));
        }
        loop {
            match self.peek() {
                Some(b'"') => {}
                None => return self.end("expected close marker for Object"),
                Some(_) => return self.unexpected("was expecting double-quote to start field name"),
            }
            let key = self.string()?;
            self.skip_blanks()?;
            if self.peek() != Some(b':') {
                return self.unexpected("was expecting a colon to separate field name and value");
            }
            self.at += 1;
            self.skip_blanks()?;
            let value = self.value(depth)?;
            members.put(key, value);
            self.skip_blanks()?;
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => break,
                None => return self.end("expected close marker for Object"),
                Some(_) => return self.unexpected("was expecting comma to separate Object entries"),
            }
            self.skip_blanks()?;
        }
        self.at += 1;
        Ok(Tree::Object(members.list))
    }
}

/// The members read so far; an index joins in when there are many, so that duplicates never cost quadratic time.
#[derive(Default)]
struct Members<'t> {
    list: Vec<Member<'t>>,
    index: HashMap<Cow<'t, str>, usize>,
}

impl<'t> Members<'t> {
    const INDEXED_FROM: usize = 32;

    fn put(&mut self, key: Cow<'t, str>, value: Node<'t>) {
        let known = if self.list.len() < Self::INDEXED_FROM {
            self.list.iter().position(|m| m.key == key)
        } else {
            if self.index.is_empty() {
                self.index = self.list.iter().enumerate().map(|(at, m)| (m.key.clone(), at)).collect();
            }
            self.index.get(&key).copied()
        };
        match known {
            Some(at) => self.list[at].value = value,
            None => {
                if !self.index.is_empty() {
                    self.index.insert(key.clone(), self.list.len());
                }
                self.list.push(Member { key, value });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_white_space() {
        assert!(read("/* a */ [ // b\n 1 /**/ , /***/ 2 ] ").is_ok());
        assert!(rest(" // nothing\n").unwrap().is_none());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        #[track_caller]
        fn check(text: &str, at: usize, message: &str) {
            let error = read(text).unwrap_err();
            assert!(error.message.contains(message), "{text:?}: {}", error.message);
            assert_eq!(error.at, at, "{text:?}: {}", error.message);
        }
        check("string", 0, "Unrecognized token 'string'");
        check("[tru]", 1, "Unrecognized token 'tru'");
        check("{", 1, "Unexpected end-of-input");
        check("[1", 2, "Unexpected end-of-input");
        check("\"a", 2, "closing quote");
        check("[1,]", 3, "Unexpected character");
        check("{\"a\" 1}", 5, "colon");
        check("{a:1}", 1, "double-quote");
        check("{\"a\":1,}", 7, "double-quote");
        check("[1 2]", 3, "comma");
        check("01", 0, "leading zeroes");
        check("[1.]", 3, "digit");
        check("[+1]", 1, "Unexpected character");
        check("[.5]", 1, "Unexpected character");
        check("[1e]", 3, "digit");
        check("[NaN]", 1, "Unrecognized token 'NaN'");
        check("\"\n\"", 1, "unquoted");
        check("\"\\x\"", 1, "escape");
        check("\"\\ud800\"", 1, "surrogate");
        check("\"\\ud800\\u0041\"", 1, "surrogate");
        check("\"\\u12", 1, "hexadecimal");
        check("[1] /* c */", 4, "after");
        check("/* open", 7, "comment");
        check("\u{feff}1", 0, "Unexpected character");
        check(&"[".repeat(MAX_DEPTH + 1), MAX_DEPTH, "Nested deeper");
        check(&"9".repeat(1001), 0, "Number value length");
    }

    #[test]
    fn nesting_up_to_the_bound_is_read() {
        let text = "[".repeat(MAX_DEPTH) + &"]".repeat(MAX_DEPTH);
        assert!(read(&text).is_ok());
    }
}
