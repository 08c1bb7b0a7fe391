//! Regular expressions of schemas. The reference's are Java's: they are found anywhere in a text unless anchored, and their
//! classes are ASCII. What Java writes otherwise than the `fancy-regex` crate does is rewritten first.
//!
//! Nothing here runs without a bound: a compiled expression has a size, a search a number of steps back.

use fancy_regex::{Error as Fancy, Regex, RegexBuilder};
use std::fmt::Write;

/// How long an expression may be, in bytes.
pub(crate) const LONGEST: usize = 4096;
/// How much memory a compiled expression may take, in bytes, in each of its parts.
const MOST_BYTES: usize = 256 << 10;
/// How many steps back a search may take.
const MOST_STEPS: usize = 10_000;

/// What it costs to compile an expression, a byte of it, and each time that something in it is repeated.
const COMPILED: usize = 2_000;
const BYTE: usize = 200;
const REPEATED: usize = 50;
/// How much more a repeated property of characters costs.
const PROPERTY: usize = 160;
/// What it costs to grow to `MOST_BYTES`.
const GROWN: usize = 300_000;
/// What a byte costs of a text that is searched.
const SEARCHED: usize = 20;

/// What it costs to compile an expression.
pub(super) fn price(java: &str) -> usize {
    if java.len() > LONGEST {
        return COMPILED;
    }
    let most = |braces: &str| {
        let (range, _) = braces.split_once('}')?;
        range.split(',').filter_map(|number| number.trim().parse::<usize>().ok()).max()
    };
    let times = java.split('{').skip(1).filter_map(most).fold(1, usize::saturating_mul);
    let one = if java.contains("\\p") || java.contains("\\P") { REPEATED * PROPERTY } else { REPEATED };
    COMPILED + BYTE * java.len() + times.saturating_mul(one).min(GROWN)
}

/// An expression that can be searched for.
#[derive(Debug)]
pub(super) struct Pattern {
    /// `None` if it takes too much memory, or looks back over a text of varying length, which Java can.
    regex: Option<Regex>,
    /// May a search go back?
    steps_back: bool,
}

/// Why a text is no expression that can be used.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Unusable {
    /// It is longer than `LONGEST`.
    TooLong,
    /// It breaks the rules of expressions.
    Invalid,
}

impl Pattern {
    /// Compiles an expression. One that is beyond what is done here is an expression nevertheless, which nothing is found by.
    pub(super) fn new(java: &str) -> Result<Self, Unusable> {
        if java.len() > LONGEST {
            return Err(Unusable::TooLong);
        }
        let rewritten = rewrite(java);
        let built = RegexBuilder::new(&rewritten)
            .delegate_size_limit(MOST_BYTES)
            .delegate_dfa_size_limit(MOST_BYTES)
            .backtrack_limit(MOST_STEPS)
            .build();
        let steps_back = steps_back(java);
        match built {
            Ok(regex) => Ok(Pattern { regex: Some(regex), steps_back }),
            Err(Fancy::CompileError(error)) if is_beyond(&error) => Ok(Pattern { regex: None, steps_back }),
            Err(_) => Err(Unusable::Invalid),
        }
    }

    /// What it costs to search a text.
    pub(super) fn cost(&self, text: &str) -> usize {
        SEARCHED * (text.len() + 1) + if self.steps_back { MOST_STEPS } else { 0 }
    }

    /// Is it found in the text? `None` if that takes more than it may.
    pub(super) fn is_found_in(&self, text: &str) -> Option<bool> {
        self.regex.as_ref()?.is_match(text).ok()
    }
}

fn is_beyond(error: &fancy_regex::CompileError) -> bool {
    use fancy_regex::CompileError::{InnerError, LookBehindNotConst, VariableLookBehindRequiresFeature};
    match error {
        InnerError(inner) => inner.size_limit().is_some(),
        LookBehindNotConst | VariableLookBehindRequiresFeature => true,
        _ => false,
    }
}

/// Has the expression anything that is not searched for in one go: looking around, groups that are met again, possession?
fn steps_back(java: &str) -> bool {
    let two = |a: char, b: fn(char) -> bool| java.chars().zip(java.chars().skip(1)).any(|(x, y)| x == a && b(y));
    java.contains("(?=")
        || java.contains("(?!")
        || java.contains("(?<")
        || java.contains("(?>")
        || two('\\', |c| c.is_ascii_digit() || matches!(c, 'k' | 'Z' | 'G'))
        || ['*', '+', '?', '}'].into_iter().any(|quantifier| two(quantifier, |c| c == '+'))
}

/// The expression as the crate writes it.
fn rewrite(java: &str) -> String {
    let mut out = String::with_capacity(java.len());
    let mut chars = java.chars().peekable();
    let mut in_class = 0usize;
    while let Some(c) = chars.next() {
        match c {
            '[' => {
                in_class += 1;
                out.push('[');
                if chars.next_if_eq(&'^').is_some() {
                    out.push('^');
                }
                // A bracket at the beginning of a class is one of its characters.
                if chars.next_if_eq(&']').is_some() {
                    out.push_str("\\]");
                }
            }
            ']' => {
                in_class = in_class.saturating_sub(1);
                out.push(']');
            }
            '\\' => match chars.next() {
                None => out.push('\\'),
                Some(escaped) => escape(escaped, &mut chars, in_class > 0, &mut out),
            },
            _ => out.push(c),
        }
    }
    out
}

/// What stands after a backslash.
fn escape(escaped: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>, in_class: bool, out: &mut String) {
    let class = |inner: &str, out: &mut String| {
        if in_class {
            out.push_str(inner);
        } else {
            let _ = write!(out, "[{inner}]");
        }
    };
    match escaped {
        'd' => class("0-9", out),
        'w' => class("a-zA-Z0-9_", out),
        's' => class("\\t\\n\\x0B\\f\\r ", out),
        'h' => class("\\t \\u{A0}\\u{1680}\\u{180e}\\u{2000}-\\u{200a}\\u{202f}\\u{205f}\\u{3000}", out),
        'D' => out.push_str("[^0-9]"),
        'W' => out.push_str("[^a-zA-Z0-9_]"),
        'S' => out.push_str("[^\\t\\n\\x0B\\f\\r ]"),
        'Z' => out.push_str("(?=\\r?\\n?\\z)"),
        'e' => out.push_str("\\x1B"),
        'c' => match chars.next() {
            // As Java does, whatever the character.
            Some(letter) => {
                let _ = write!(out, "\\x{{{:x}}}", u32::from(letter) ^ 64);
            }
            None => out.push_str("\\c"),
        },
        'u' => {
            let digits: String = chars.clone().take(4).collect();
            if digits.len() == 4 && digits.bytes().all(|b| b.is_ascii_hexdigit()) {
                let _ = write!(out, "\\x{{{digits}}}");
                chars.nth(3);
            } else {
                out.push_str("\\u");
            }
        }
        'Q' => {
            // Everything up to `\E` is meant literally.
            let rest: String = chars.clone().collect();
            let literal = rest.split("\\E").next().unwrap_or_default();
            out.push_str(&fancy_regex::escape(literal));
            let taken = literal.chars().count() + if literal.len() < rest.len() { 2 } else { 0 };
            if taken > 0 {
                chars.nth(taken - 1);
            }
        }
        'p' | 'P' => property(escaped, chars, out),
        c if c.is_ascii_alphanumeric() => {
            out.push('\\');
            out.push(c);
        }
        // Java lets any other character be escaped.
        c if c.is_ascii_punctuation() && !matches!(c, '<' | '>') => {
            out.push('\\');
            out.push(c);
        }
        c => out.push(c),
    }
}

/// A property of characters: Java's names for what Unicode or POSIX call otherwise.
fn property(letter: char, chars: &mut std::iter::Peekable<std::str::Chars<'_>>, out: &mut String) {
    let rest: String = chars.clone().collect();
    let name = rest.strip_prefix('{').and_then(|rest| rest.split_once('}')).map(|(name, _)| name);
    let Some(name) = name else {
        out.push('\\');
        out.push(letter);
        return;
    };
    chars.nth(name.chars().count() + 1);
    let posix = match name {
        "Lower" => "lower",
        "Upper" => "upper",
        "ASCII" => "ascii",
        "Alpha" => "alpha",
        "Digit" => "digit",
        "Alnum" => "alnum",
        "Punct" => "punct",
        "Graph" => "graph",
        "Print" => "print",
        "Blank" => "blank",
        "Cntrl" => "cntrl",
        "XDigit" => "xdigit",
        "Space" => "space",
        _ => "",
    };
    if !posix.is_empty() {
        let _ = write!(out, "[[:{}{posix}:]]", if letter == 'P' { "^" } else { "" });
        return;
    }
    let name = match name {
        "javaLowerCase" => "Lowercase",
        "javaUpperCase" => "Uppercase",
        "javaWhitespace" => "White_Space",
        "javaAlphabetic" => "Alphabetic",
        "L1" => "Latin",
        other => other.strip_prefix("Is").or_else(|| other.strip_prefix("In")).unwrap_or(other),
    };
    let _ = write!(out, "\\{letter}{{{name}}}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_found_as_java_finds_them() {
        #[track_caller]
        fn check(java: &str, text: &str, found: bool) {
            assert_eq!(Pattern::new(java).unwrap().is_found_in(text), Some(found), "{java} in {text:?}");
        }
        check("b", "abc", true);
        check("^b", "abc", false);
        check(r"^\d+$", "12", true);
        check(r"^\d$", "\u{0663}", false);
        check(r"^[\w-]+$", "a_b-c", true);
        check(r"^\w$", "é", false);
        check(r"^a\/b\-c\@d\ e$", "a/b-c@d e", true);
        check("^\\u0041$", "A", true);
        check(r"^(?!x-)", "x-a", false);
        check(r"^(?!x-)", "a", true);
        check(r"^(a)\1$", "aa", true);
        check(r"^\p{IsAlphabetic}+$", "aé", true);
        check(r"^\p{Alpha}+$", "é", false);
        check(r"^a++b$", "aab", true);
        check(r"^\Qa.b\E$", "a.b", true);
        check(r"^\Qa.b\E$", "axb", false);
        check(r"^a\Z", "a\n", true);
        check(r"^[^]x]$", "]", false);
        check(r"^[a-z&&[^b]]$", "b", false);
        check("^\\<é\\é$", "<éé", true);
        check(r"^\cC$", "\u{3}", true);
        check(r"^\cj$", "*", true);
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for bad in ["[", "(", "*", r"\p{Nonsense}", "[z-a]"] {
            assert_eq!(Pattern::new(bad).err(), Some(Unusable::Invalid), "{bad}");
        }
        assert_eq!(Pattern::new(&"a".repeat(LONGEST + 1)).err(), Some(Unusable::TooLong));
    }

    #[test]
    fn no_search_goes_on_for_ever_and_no_expression_grows_without_end() {
        let catastrophe = Pattern::new(r"^(a|a)*(?=b)\1$").unwrap();
        assert_eq!(catastrophe.is_found_in(&"a".repeat(40)), None);
        assert_eq!(Pattern::new("^(a+)+$").unwrap().is_found_in(&format!("{}b", "a".repeat(10_000))), Some(false));
        assert_eq!(Pattern::new("((a{1000}){1000}){1000}").unwrap().is_found_in("a"), None);
        assert_eq!(Pattern::new(r"(?<=^v?|\sv?)[0-9]").unwrap().is_found_in("v1"), None);
    }
}
