//! Samples: documents of which it is asked whether they fit a schema, and what is answered.

use crate::json::{java_double, java_float, write_string};

/// How long the JSON of a binary sample may be, in bytes.
pub(crate) const MOST_DOCUMENT: usize = 8 << 20;

/// A sample document.
#[derive(Clone, Copy, Debug)]
pub enum Sample<'s> {
    /// In the language's JSON encoding.
    Json(&'s str),
    /// In the language's binary encoding, without any wire prefix.
    Binary(&'s [u8]),
    /// What follows the id of the schema in the wire format of Kafka clients: in Protobuf the indexes of the message come first.
    Framed(&'s [u8]),
}

/// What a sample that fits says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fit {
    /// A JSON sample says it itself.
    Json,
    /// A binary sample in the language's JSON encoding.
    Decoded(String),
    /// A binary sample that has no JSON, or more than is shown: why.
    Undecoded(String),
}

/// Where and why a sample does not fit a schema.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{message} (at {path})")]
pub struct Mismatch {
    /// A JSON pointer into the JSON encoding of the sample, also for a binary one; `/` is the root.
    pub path: String,
    /// What is wrong there.
    pub message: String,
    /// The keyword of the schema that it does not fit; JSON Schema only.
    pub keyword: Option<&'static str>,
    /// Where that keyword is: a JSON pointer into the schema, after `name#` in one that it refers to; JSON Schema only.
    pub schema_path: Option<String>,
}

impl Mismatch {
    /// A mismatch that no keyword is to blame for.
    pub(crate) fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Mismatch { path: path.into(), message: message.into(), keyword: None, schema_path: None }
    }
}

/// The JSON of a binary sample while it is written. What follows after it was given up is not kept.
#[derive(Debug, Default)]
pub(crate) struct Document {
    text: String,
    given_up: Option<String>,
}

impl Document {
    /// What a sample says that is JSON.
    pub(crate) fn whole(json: &str) -> Fit {
        let mut document = Document::default();
        document.put(json.trim());
        document.fit()
    }

    /// Appends JSON as it is.
    pub(crate) fn put(&mut self, json: &str) {
        if self.given_up.is_none() {
            self.text.push_str(json);
            self.bound();
        }
    }

    /// Appends a string literal.
    pub(crate) fn string(&mut self, text: &str) {
        if self.given_up.is_none() {
            write_string(text, &mut self.text);
            self.bound();
        }
    }

    /// Appends a number, or what stands for one that JSON cannot say.
    pub(crate) fn double(&mut self, number: f64) {
        self.number(number.is_finite(), |out| java_double(number, out));
    }

    /// The same with the digits that a number of half the length needs.
    pub(crate) fn float(&mut self, number: f32) {
        self.number(number.is_finite(), |out| java_float(number, out));
    }

    fn number(&mut self, finite: bool, digits: impl Fn(&mut String)) {
        let mut text = String::new();
        digits(&mut text);
        if finite { self.put(&text) } else { self.string(&text) }
    }

    /// Appends what is between two items of an array or members of an object; before the first, nothing.
    pub(crate) fn next(&mut self) {
        // A string ends with its quotation mark.
        if !self.text.ends_with(['[', '{']) {
            self.put(",");
        }
    }

    /// Appends the name of a member, and what is in front of it.
    pub(crate) fn member(&mut self, name: &str) {
        self.next();
        self.string(name);
        self.put(":");
    }

    /// The sample has no JSON.
    pub(crate) fn give_up(&mut self, why: impl Into<String>) {
        if self.given_up.is_none() {
            self.given_up = Some(why.into());
            self.text = String::new();
        }
    }

    fn bound(&mut self) {
        if self.text.len() > MOST_DOCUMENT {
            self.give_up(format!("As JSON the document is longer than the {MOST_DOCUMENT} bytes that are shown"));
        }
    }

    /// What the sample says.
    pub(crate) fn fit(self) -> Fit {
        match self.given_up {
            None => Fit::Decoded(self.text),
            Some(why) => Fit::Undecoded(why),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_that_grows_too_long_is_given_up() {
        let mut document = Document::default();
        document.put("{");
        document.member("a\"b");
        document.put("[");
        for _ in 0..2 {
            document.next();
            document.put("{}");
        }
        document.put("]");
        document.member("c");
        document.put("1");
        document.put("}");
        assert_eq!(document.fit(), Fit::Decoded(r#"{"a\"b":[{},{}],"c":1}"#.to_owned()));
        let mut document = Document::default();
        document.string(&"x".repeat(MOST_DOCUMENT));
        document.give_up("later");
        assert!(matches!(document.fit(), Fit::Undecoded(why) if why.contains("longer than")));
    }
}
