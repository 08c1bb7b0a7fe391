//! Words, texts and signs of a `.proto` file, read where the parser asks for them.
//!
//! There are no tokens: what a character means depends on what the grammar expects, as in the reference's parser, whose
//! errors and their places this one reproduces. Comments are passed over wherever white space is.

use crate::Place;

/// What is wrong, and at which byte offset.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) message: String,
    pub(super) at: usize,
    /// Is it told as a syntax error?
    pub(super) syntax: bool,
}

/// How long a name may be, in bytes; that of a package with all its parts.
pub(crate) const MOST_NAME: usize = 1024;

/// How much of the text a message quotes, in characters.
const QUOTED: usize = 200;

/// A part of the text for a message.
pub(super) fn quoted(text: &str) -> String {
    match text.char_indices().nth(QUOTED) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text.to_owned(),
    }
}

pub(super) fn problem<T>(at: usize, message: impl Into<String>) -> Result<T, Problem> {
    Err(Problem { message: message.into(), at, syntax: true })
}

/// Reads a text from its beginning to its end.
pub(super) struct Reader<'t> {
    text: &'t str,
    /// The next byte.
    at: usize,
}

impl<'t> Reader<'t> {
    pub(super) fn new(text: &'t str) -> Self {
        Reader { text, at: 0 }
    }

    /// The offset of what is read next, before any white space.
    pub(super) fn at(&self) -> usize {
        self.at
    }

    /// Line and column of an offset.
    pub(super) fn place(&self, at: usize) -> Place {
        Place::of(self.text, at)
    }

    fn byte(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    /// Passes over white space and comments.
    pub(super) fn skip(&mut self) -> Result<(), Problem> {
        loop {
            match self.byte() {
                Some(b' ' | b'\t' | b'\r' | b'\n') => self.at += 1,
                Some(b'/') => self.comment()?,
                _ => return Ok(()),
            }
        }
    }

    fn comment(&mut self) -> Result<(), Problem> {
        let rest = &self.text[self.at + 1..];
        if rest.starts_with('/') {
            self.at += 1 + rest.find('\n').map_or(rest.len(), |end| end + 1);
        } else if let Some(comment) = rest.strip_prefix('*') {
            match comment.find("*/") {
                Some(end) => self.at += "/*".len() + end + "*/".len(),
                None => return problem(self.text.len(), "unterminated comment"),
            }
        } else {
            return problem(self.at + 1, "unexpected '/'");
        }
        Ok(())
    }

    /// Has the text ended?
    pub(super) fn ended(&mut self) -> Result<bool, Problem> {
        self.skip()?;
        Ok(self.at == self.text.len())
    }

    /// The next character, which stays there.
    pub(super) fn peek(&mut self) -> Result<char, Problem> {
        self.skip()?;
        match self.text[self.at..].chars().next() {
            Some(next) => Ok(next),
            None => problem(self.at, "unexpected end of file"),
        }
    }

    /// The next character.
    pub(super) fn character(&mut self) -> Result<char, Problem> {
        let next = self.peek()?;
        self.at += next.len_utf8();
        Ok(next)
    }

    /// Is this the next character? If so it is taken.
    pub(super) fn takes(&mut self, expected: char) -> Result<bool, Problem> {
        let next = self.peek()? == expected;
        if next {
            self.at += expected.len_utf8();
        }
        Ok(next)
    }

    /// Takes this character.
    pub(super) fn require(&mut self, expected: char) -> Result<(), Problem> {
        match self.character()? {
            next if next == expected => Ok(()),
            next => problem(self.at, format!("expected '{expected}' but was '{next}'")),
        }
    }

    /// A word: letters, digits, `_`, `-` and `.`.
    pub(super) fn word(&mut self) -> Result<&'t str, Problem> {
        self.skip()?;
        let bytes = &self.text.as_bytes()[self.at..];
        let length = bytes.iter().position(|&byte| !is_word(byte)).unwrap_or(bytes.len());
        if length == 0 {
            return problem(self.at, "expected a word");
        }
        let word = &self.text[self.at..self.at + length];
        self.at += length;
        Ok(word)
    }

    /// A name, which may stand in parentheses or brackets.
    pub(super) fn name(&mut self) -> Result<&'t str, Problem> {
        let closing = match self.peek()? {
            '(' => ')',
            '[' => ']',
            _ => return self.short_word(),
        };
        self.at += 1;
        let name = self.short_word()?;
        match self.character()? {
            next if next == closing => Ok(name),
            _ => problem(self.at, format!("expected '{closing}'")),
        }
    }

    /// A word that is no longer than a name may be.
    fn short_word(&mut self) -> Result<&'t str, Problem> {
        let word = self.word()?;
        if word.len() > MOST_NAME {
            return problem(self.at, format!("a name is longer than the {MOST_NAME} bytes allowed"));
        }
        Ok(word)
    }

    /// A number as tags are: decimal, or hexadecimal after `0x`.
    pub(super) fn integer(&mut self) -> Result<i32, Problem> {
        let word = self.word()?;
        let parsed = match word.strip_prefix("0x").or_else(|| word.strip_prefix("0X")) {
            Some(digits) => i32::from_str_radix(digits, 16),
            None => word.parse(),
        };
        parsed.or_else(|_| problem(self.at, format!("expected an integer but was {}", quoted(word))))
    }

    /// A text in quotes, with those that follow it.
    pub(super) fn text(&mut self) -> Result<String, Problem> {
        let mut quote = self.character()?;
        if quote != '"' && quote != '\'' {
            return problem(self.at, "quoted string expected");
        }
        let mut out = String::new();
        while let Some(next) = self.text[self.at..].chars().next() {
            self.at += next.len_utf8();
            match next {
                _ if next == quote => match self.peek()? {
                    '"' | '\'' => quote = self.character()?,
                    _ => return Ok(out),
                },
                '\\' => out.push(self.escaped()?),
                _ => out.push(next),
            }
        }
        problem(self.at, "unterminated string")
    }

    fn escaped(&mut self) -> Result<char, Problem> {
        let Some(next) = self.text[self.at..].chars().next() else {
            return problem(self.at, "unexpected end of file");
        };
        self.at += next.len_utf8();
        Ok(match next {
            'a' => '\u{7}',
            'b' => '\u{8}',
            'f' => '\u{c}',
            'n' => '\n',
            'r' => '\r',
            't' => '\t',
            'v' => '\u{b}',
            'x' | 'X' => self.digits(16, 2)?,
            '0'..='7' => {
                self.at -= 1;
                self.digits(8, 3)?
            }
            other => other,
        })
    }

    fn digits(&mut self, radix: u32, most: usize) -> Result<char, Problem> {
        let mut value = None;
        for _ in 0..most {
            let Some(digit) = self.byte().and_then(|byte| char::from(byte).to_digit(radix)) else { break };
            value = Some(value.unwrap_or(0) * radix + digit);
            self.at += 1;
        }
        match value.and_then(char::from_u32) {
            Some(character) => Ok(character),
            None => problem(self.at, "expected a digit after \\x or \\X"),
        }
    }
}

/// May the byte stand in a word?
pub(super) fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b'.')
}
