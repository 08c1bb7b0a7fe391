//! Text to tree. Every node knows where it stands; strings borrow from the text unless an escape had to be undone.
//!
//! Accepts what the reference's reader accepts: RFC 8259 plus `/* */` and `//` comments. Of duplicate members the last
//! value counts, at the place of the first. Recursion is bounded by `MAX_DEPTH`, everything else is linear.

use super::{Json, MAX_DEPTH, MOST_VALUES};
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
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, values: 0 };
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

pub(super) struct Reader<'t> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    values: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    pub(super) fn fail<T>(&self, at: usize, message: impl Into<String>) -> Result<T, ReadError> {
        Err(ReadError { message: message.into(), at })
    }

    pub(super) fn end<T>(&self, what: &str) -> Result<T, ReadError> {
        self.fail(self.text.len(), format!("Unexpected end-of-input: {what}"))
    }

    /// What stands here, for a message.
    pub(super) fn unexpected<T>(&self, expected: &str) -> Result<T, ReadError> {
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
        self.values += 1;
        if self.values > MOST_VALUES {
            return self.fail(at, format!("More than the {MOST_VALUES} values allowed"));
        }
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
