//! Text to tree. Every node knows where it stands; strings borrow from the text unless an escape had to be undone.
//!
//! Accepts what the reference's readers accept (`Flavor`). Of duplicate members the last value counts, at the place of the
//! first. Recursion is bounded by `MAX_DEPTH`, what is built by a `Memory`, and everything
//! else is linear, but for the order in which the members of a large object are sorted.

use super::{Full, Json, MAX_DEPTH, Memory, SMALL, full};
use std::mem;
use std::ops::Deref;

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
    /// A number that is no integer, as written.
    Decimal(&'t str),
    String(Text<'t>),
    Array(Box<[Node<'t>]>),
    Object(Box<[Member<'t>]>),
}

/// A string: a part of the text, unless an escape had to be undone. A `Cow<str>` would make every value larger by eight bytes.
#[derive(Debug)]
pub(crate) enum Text<'t> {
    Borrowed(&'t str),
    Owned(Box<str>),
}

impl Deref for Text<'_> {
    type Target = str;

    fn deref(&self) -> &str {
        match self {
            Text::Borrowed(text) => text,
            Text::Owned(text) => text,
        }
    }
}

/// A member of an object.
#[derive(Debug)]
pub(crate) struct Member<'t> {
    pub(crate) key: Text<'t>,
    pub(crate) value: Node<'t>,
}

/// Why, and at which byte offset, the text is not JSON.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ReadError {
    pub(crate) message: String,
    pub(crate) at: usize,
}

/// Why a value cannot be cut loose from its text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Cut {
    TooDeep,
    Full,
}

impl From<Full> for Cut {
    fn from(Full: Full) -> Self {
        Cut::Full
    }
}

/// What is read beside RFC 8259, and how numbers are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Flavor {
    /// `/* */` and `//` comments; numbers that are no integers are doubles.
    Commented,
    /// The words `NaN`, `Infinity` and `INF`, which count as strings; numbers keep their text.
    Exact,
    /// Nothing; numbers keep their text.
    Plain,
}

/// Reads one value and demands that nothing but white space follows.
pub(crate) fn read(text: &str) -> Result<Node<'_>, ReadError> {
    whole(text, Flavor::Commented, &mut Memory::default())
}

/// The same in any flavor.
pub(crate) fn whole<'t>(text: &'t str, flavor: Flavor, memory: &mut Memory) -> Result<Node<'t>, ReadError> {
    let (node, end) =
        rest(text, flavor, memory)?.ok_or_else(|| ReadError { message: "No content".to_owned(), at: text.len() })?;
    let tail = text[end..].trim_matches(|c: char| c <= ' ');
    if !tail.is_empty() {
        let at = text.len() - text[end..].trim_start_matches(|c: char| c <= ' ').len();
        return Err(ReadError { message: "Content after the value".to_owned(), at });
    }
    Ok(node)
}

/// Reads the first value and returns it with the offset behind it; `None` if the text holds none.
pub(crate) fn rest<'t>(
    text: &'t str,
    flavor: Flavor,
    memory: &mut Memory,
) -> Result<Option<(Node<'t>, usize)>, ReadError> {
    let mut reader = Reader { text, bytes: text.as_bytes(), at: 0, flavor, memory };
    reader.skip_blanks()?;
    if reader.at == text.len() {
        return Ok(None);
    }
    let node = reader.value(0)?;
    Ok(Some((node, reader.at)))
}

impl<'t> Node<'t> {
    /// A string as a value that begins at this offset.
    pub(crate) fn of_text(at: usize, text: &'t str) -> Self {
        Node { at, tree: Tree::String(Text::Borrowed(text)) }
    }

    /// The value of a member, if this is an object that has it.
    pub(crate) fn get(&self, key: &str) -> Option<&Node<'t>> {
        if let Tree::Object(members) = &self.tree {
            members.iter().find(|m| *m.key == *key).map(|m| &m.value)
        } else {
            None
        }
    }

    /// The text, if this is a string.
    pub(crate) fn as_str(&self) -> Option<&str> {
        if let Tree::String(text) = &self.tree { Some(text) } else { None }
    }

    /// The value cut loose from its text.
    ///
    /// # Errors
    /// It nests deeper than `depth`, or takes more memory than is left.
    pub(crate) fn to_json(&self, depth: usize, memory: &mut Memory) -> Result<Json, Cut> {
        memory.take(size_of::<Json>())?;
        Ok(match &self.tree {
            Tree::Null => Json::Null,
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Int(digits) => Json::Int(copied(digits, memory)?),
            Tree::Double(value) => {
                // One that is infinite is printed as a string, and must not take more when it is read again.
                memory.take(SMALL)?;
                Json::Double(*value)
            }
            Tree::Decimal(literal) => Json::Double(double(literal)),
            Tree::String(text) => Json::String(copied(text, memory)?),
            Tree::Array(items) => {
                let depth = depth.checked_sub(1).ok_or(Cut::TooDeep)?;
                let mut values = Vec::with_capacity(items.len());
                for item in items {
                    values.push(item.to_json(depth, memory)?);
                }
                Json::Array(values.into())
            }
            Tree::Object(members) => {
                let depth = depth.checked_sub(1).ok_or(Cut::TooDeep)?;
                let mut values = Vec::with_capacity(members.len());
                for member in members {
                    values.push(member.to_json(depth, memory)?);
                }
                Json::Object(values.into())
            }
        })
    }

    /// The beginning of the value: what is beyond so many values is left out.
    pub(crate) fn excerpt(&self, values: &mut usize) -> Json {
        *values = values.saturating_sub(1);
        match &self.tree {
            Tree::Null => Json::Null,
            Tree::Bool(value) => Json::Bool(*value),
            Tree::Int(digits) => Json::Int((*digits).into()),
            Tree::Double(value) => Json::Double(*value),
            Tree::Decimal(literal) => Json::Double(double(literal)),
            Tree::String(text) => Json::String((&**text).into()),
            Tree::Array(items) => {
                Json::Array(items.iter().map_while(|item| (*values > 0).then(|| item.excerpt(values))).collect())
            }
            Tree::Object(members) => {
                let member = |m: &Member<'t>| (*values > 0).then(|| ((&*m.key).into(), m.value.excerpt(values)));
                Json::Object(members.iter().map_while(member).collect())
            }
        }
    }
}

impl Member<'_> {
    /// The member cut loose from its text; as `Node::to_json`.
    pub(crate) fn to_json(&self, depth: usize, memory: &mut Memory) -> Result<(Box<str>, Json), Cut> {
        memory.take(size_of::<Box<str>>())?;
        Ok((copied(&self.key, memory)?, self.value.to_json(depth, memory)?))
    }
}

/// The double next to a number.
pub(super) fn double(literal: &str) -> f64 {
    literal.parse().expect("the grammar of JSON numbers is part of Rust's")
}

fn copied(text: &str, memory: &mut Memory) -> Result<Box<str>, Full> {
    memory.take(SMALL)?;
    Ok(text.into())
}

pub(super) struct Reader<'t, 'm> {
    pub(super) text: &'t str,
    pub(super) bytes: &'t [u8],
    pub(super) at: usize,
    pub(super) flavor: Flavor,
    memory: &'m mut Memory,
}

impl<'t> Reader<'t, '_> {
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

    /// Counts what is built for what stands at `at`.
    pub(super) fn take(&mut self, bytes: usize, at: usize) -> Result<(), ReadError> {
        self.memory.take(bytes).or_else(|Full| self.fail(at, full()))
    }

    fn skip_blanks(&mut self) -> Result<(), ReadError> {
        loop {
            match self.peek() {
                Some(b' ' | b'\t' | b'\n' | b'\r') => self.at += 1,
                Some(b'/') if self.flavor == Flavor::Commented => self.skip_comment()?,
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
        self.take(size_of::<Node<'_>>(), at)?;
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
            return Ok(Tree::Array(Box::default()));
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
        Ok(Tree::Array(items.into()))
    }

    fn object(&mut self, depth: usize) -> Result<Tree<'t>, ReadError> {
        let depth = self.nested(depth)?;
        self.at += 1;
        let mut members = Vec::new();
        self.skip_blanks()?;
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Tree::Object(Box::default()));
        }
        loop {
            match self.peek() {
                Some(b'"') => {}
                None => return self.end("expected close marker for Object"),
                Some(_) => return self.unexpected("was expecting double-quote to start field name"),
            }
            self.take(size_of::<Member<'_>>() - size_of::<Node<'_>>(), self.at)?;
            let key = self.string()?;
            self.skip_blanks()?;
            if self.peek() != Some(b':') {
                return self.unexpected("was expecting a colon to separate field name and value");
            }
            self.at += 1;
            self.skip_blanks()?;
            let value = self.value(depth)?;
            members.push(Member { key, value });
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
        last_of_each_key(&mut members);
        Ok(Tree::Object(members.into()))
    }
}

/// Leaves one member of each key: the last value, at the place of the first.
fn last_of_each_key(members: &mut Vec<Member<'_>>) {
    /// So many are compared with each other, more are sorted.
    const FEW: usize = 16;
    if members.len() <= FEW && (1..members.len()).all(|at| members[..at].iter().all(|m| *m.key != *members[at].key)) {
        return;
    }
    // Indices, since an index of the keys themselves would take as much as the members do.
    let mut order: Vec<u32> = (0..).take(members.len()).collect();
    let key = |at: u32| &*members[at as usize].key;
    order.sort_unstable_by(|&a, &b| key(a).cmp(key(b)).then(a.cmp(&b)));
    let repeated = |same: &&[u32]| same.len() > 1;
    let groups: Vec<&[u32]> = order.chunk_by(|&a, &b| key(a) == key(b)).filter(repeated).collect();
    if groups.is_empty() {
        return;
    }
    let mut goes = vec![false; members.len()];
    for same in groups {
        let [first, .., last] = same else { continue };
        let (before, after) = members.split_at_mut(*last as usize);
        mem::swap(&mut before[*first as usize].value, &mut after[0].value);
        same[1..].iter().for_each(|&at| goes[at as usize] = true);
    }
    let mut goes = goes.into_iter();
    members.retain(|_| !goes.next().unwrap_or(false));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn comments_are_white_space() {
        assert!(read("/* a */ [ // b\n 1 /**/ , /***/ 2 ] ").is_ok());
        assert!(rest(" // nothing\n", Flavor::Commented, &mut Memory::default()).unwrap().is_none());
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

    #[test]
    fn of_members_with_one_key_the_last_counts_at_the_place_of_the_first() {
        for count in [3, 40] {
            let pairs = |n: usize| format!("\"k{}\":{n}", n % count);
            let text: Vec<String> = (0..2 * count).map(pairs).collect();
            let text = format!("{{{}}}", text.join(","));
            let Tree::Object(members) = read(&text).unwrap().tree else { panic!() };
            let found: Vec<String> = members.iter().map(|m| format!("{} {:?}", &*m.key, m.value.tree)).collect();
            let wanted: Vec<String> = (0..count).map(|n| format!("k{n} Int({:?})", (count + n).to_string())).collect();
            assert_eq!(found, wanted);
        }
    }

    #[test]
    fn exact_texts_keep_their_numbers_and_have_no_comments() {
        let read = |text| rest(text, Flavor::Exact, &mut Memory::default());
        #[track_caller]
        fn check(node: &Node<'_>, shown: &str) {
            assert_eq!(format!("{:?}", node.tree), shown);
        }
        check(&read("1.50").unwrap().unwrap().0, "Decimal(\"1.50\")");
        check(&read("1e3 x").unwrap().unwrap().0, "Decimal(\"1e3\")");
        check(&read("-0").unwrap().unwrap().0, "Int(\"0\")");
        check(&read("NaN").unwrap().unwrap().0, "String(Borrowed(\"NaN\"))");
        check(&read("-INF").unwrap().unwrap().0, "String(Borrowed(\"-Infinity\"))");
        assert!(read("[1, // one\n2]").is_err());
        assert!(read("[NaNo]").is_err());
        assert_eq!(read("[1e99999999999]").unwrap_err().at, 1);
    }

    #[test]
    fn what_is_built_is_counted_and_bounded() {
        #[track_caller]
        fn check(text: &str, tree: usize, copy: usize) {
            let mut memory = Memory::default();
            let all = memory.left();
            let (node, _) = rest(text, Flavor::Commented, &mut memory).unwrap().unwrap();
            let after = memory.left();
            node.to_json(64, &mut memory).unwrap();
            assert_eq!((all - after, after - memory.left()), (tree, copy), "{text}");
            memory.take(memory.left() - copy + 1).unwrap();
            assert_eq!(node.to_json(64, &mut memory).err(), Some(Cut::Full));
        }
        check("null", 32, 24);
        check("[1,2]", 3 * 32, 24 + 2 * 40);
        check(r#"{"a":0}"#, 32 + 56, 24 + 32 + 40);
        check(r#"{"\u0061":"\n"}"#, 32 + 56 + 2 * SMALL, 24 + 32 + 40);
        check("1e999", 32, 40);
        let error = read(&format!("[{}]", vec!["1"; 3_000_000].join(","))).unwrap_err();
        assert_eq!(error.message, "The values of the text take more than the 64 MiB of memory allowed");
    }
}
