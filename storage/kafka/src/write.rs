//! Writing JSON as Jackson writes bytes: no white space, members in the order of the calls, texts as they are but for what must
//! be escaped. What is outside the basic plane is escaped as two surrogates, in upper-case digits; everything else that is not
//! ASCII is not. (Seen with Jackson 2.21; its option to do otherwise is off by default.)

use std::collections::{BTreeMap, BTreeSet};

/// An object with these members.
pub(crate) fn object(members: impl FnOnce(&mut Members<'_>)) -> Vec<u8> {
    let mut out = Vec::with_capacity(128);
    put_object(members, &mut out);
    out
}

fn put_object(members: impl FnOnce(&mut Members<'_>), out: &mut Vec<u8>) {
    out.push(b'{');
    members(&mut Members { out, some: false });
    out.push(b'}');
}

/// Members of an object that is being written.
pub(crate) struct Members<'a> {
    out: &'a mut Vec<u8>,
    some: bool,
}

impl Members<'_> {
    fn name(&mut self, name: &str) {
        if self.some {
            self.out.push(b',');
        }
        self.some = true;
        put_text(name, self.out);
        self.out.push(b':');
    }

    pub(crate) fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        put_text(text, self.out);
    }

    /// Nothing when it is absent or empty.
    pub(crate) fn optional(&mut self, name: &str, text: Option<&str>) {
        if let Some(text) = text.filter(|text| !text.is_empty()) {
            self.text(name, text);
        }
    }

    pub(crate) fn integer(&mut self, name: &str, number: i32) {
        self.name(name);
        self.out.extend(number.to_string().bytes());
    }

    pub(crate) fn boolean(&mut self, name: &str, is: bool) {
        self.name(name);
        self.out.extend(if is { &b"true"[..] } else { b"false" });
    }

    pub(crate) fn object(&mut self, name: &str, members: impl FnOnce(&mut Members<'_>)) {
        self.name(name);
        put_object(members, self.out);
    }

    /// A list of objects; nothing when there are none.
    pub(crate) fn objects<T>(&mut self, name: &str, items: &[T], put: impl Fn(&T, &mut Members<'_>)) {
        if items.is_empty() {
            return;
        }
        self.name(name);
        self.array(items, |item, out| put_object(|members| put(item, members), out));
    }

    /// A list of texts, also an empty one.
    pub(crate) fn list(&mut self, name: &str, texts: &BTreeSet<String>) {
        self.name(name);
        self.array(texts, |text, out| put_text(text, out));
    }

    /// Texts by name; nothing when there are none.
    pub(crate) fn map(&mut self, name: &str, texts: &BTreeMap<String, String>) {
        if !texts.is_empty() {
            self.object(name, |members| texts.iter().for_each(|(name, text)| members.text(name, text)));
        }
    }

    fn array<T>(&mut self, items: impl IntoIterator<Item = T>, put: impl Fn(T, &mut Vec<u8>)) {
        self.out.push(b'[');
        for (at, item) in items.into_iter().enumerate() {
            if at > 0 {
                self.out.push(b',');
            }
            put(item, self.out);
        }
        self.out.push(b']');
    }
}

fn put_text(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    for character in text.chars() {
        match character {
            '"' | '\\' => out.extend([b'\\', character as u8]),
            '\u{8}' => out.extend(b"\\b"),
            '\t' => out.extend(b"\\t"),
            '\n' => out.extend(b"\\n"),
            '\u{c}' => out.extend(b"\\f"),
            '\r' => out.extend(b"\\r"),
            '\0'..' ' | '\u{10000}'.. => {
                for unit in character.encode_utf16(&mut [0; 2]) {
                    out.extend(format!("\\u{unit:04X}").bytes());
                }
            }
            _ => out.extend(character.encode_utf8(&mut [0; 4]).bytes()),
        }
    }
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_escaped_as_jackson_does() {
        let all: String = ('\0'..=' ').chain("\"\\/\u{7f}\u{85}\u{2028}é✓😀\u{e000}<>&'".chars()).collect();
        let mut out = Vec::new();
        put_text(&all, &mut out);
        let expected = concat!(
            r#""\u0000\u0001\u0002\u0003\u0004\u0005\u0006\u0007\b\t\n\u000B\f\r\u000E\u000F"#,
            r#"\u0010\u0011\u0012\u0013\u0014\u0015\u0016\u0017\u0018\u0019\u001A\u001B\u001C\u001D\u001E\u001F"#,
            r#" \"\\/"#,
            "\u{7f}\u{85}\u{2028}é✓",
            r#"\uD83D\uDE00"#,
            "\u{e000}<>&'\"",
        );
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
