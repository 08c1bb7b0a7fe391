//! The parts of the reader that read what holds no other values.

use super::Decimal;
use super::reader::{Flavor, ReadError, Reader, Text, Tree, double};
use super::{LONGEST_NUMBER, SMALL};

impl<'t> Reader<'t, '_> {
    pub(super) fn word(&mut self) -> Result<Tree<'t>, ReadError> {
        let from = self.at;
        let tail = &self.text[from..];
        let end = tail.find(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$')).unwrap_or(tail.len());
        let tree = match &tail[..end] {
            "null" => Tree::Null,
            "true" => Tree::Bool(true),
            "false" => Tree::Bool(false),
            "NaN" if self.flavor == Flavor::Exact => Tree::String(Text::Borrowed("NaN")),
            "Infinity" | "INF" if self.flavor == Flavor::Exact => Tree::String(Text::Borrowed("Infinity")),
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

    pub(super) fn number(&mut self) -> Result<Tree<'t>, ReadError> {
        let from = self.at;
        let negative = self.peek() == Some(b'-');
        if negative {
            self.at += 1;
        }
        if negative && self.flavor == Flavor::Exact && self.peek() == Some(b'I') {
            let word = ["Infinity", "INF"].into_iter().find(|word| self.text[self.at..].starts_with(word));
            self.at += word.map_or(0, str::len);
            if word.is_some() {
                return Ok(Tree::String(Text::Borrowed("-Infinity")));
            }
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
        if literal.len() > LONGEST_NUMBER {
            return self.fail(
                from,
                format!("Number value length ({}) exceeds the maximum allowed ({LONGEST_NUMBER})", literal.len()),
            );
        }
        Ok(match (integer, self.flavor) {
            (true, _) if literal == "-0" => Tree::Int("0"),
            (true, _) => Tree::Int(literal),
            (false, Flavor::Commented) => Tree::Double(double(literal)),
            (false, _) if Decimal::of(literal).is_none() => {
                return self.fail(from, "The exponent of a number is out of range");
            }
            (false, _) => Tree::Decimal(literal),
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
    pub(super) fn string(&mut self) -> Result<Text<'t>, ReadError> {
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
                        return Ok(Text::Borrowed(plain));
                    }
                    undone.push_str(plain);
                    self.take(SMALL, from)?;
                    return Ok(Text::Owned(undone.into()));
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
}
