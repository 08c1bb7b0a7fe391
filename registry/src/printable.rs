//! Texts of strangers among texts of ours: on a terminal and in a log they must not start lines, move the cursor, change
//! colours or turn the order of what stands beside them.

use std::borrow::Cow;
use std::fmt::Write;

/// The text with everything escaped that does not print as itself: control characters (with the escape that terminals obey),
/// separators of lines, characters without width and those that turn the direction of writing. A `\u202e` in place of such a
/// character means that character to JSON, YAML and TOML as well.
pub fn printable(text: &str) -> Cow<'_, str> {
    escaped(text, does_something)
}

/// The same for a text of several lines.
pub fn printable_lines(text: &str) -> Cow<'_, str> {
    escaped(text, |c| c != '\n' && does_something(c))
}

fn escaped(text: &str, is_escaped: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&is_escaped) {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        match c {
            c if !is_escaped(c) => out.push(c),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c => {
                // All of them have four digits.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
        }
    }
    Cow::Owned(out)
}

/// Does a terminal or a viewer do something with it besides showing it?
fn does_something(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{feff}')
        || matches!(c, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{fff9}'..='\u{fffb}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_prints_stays_and_what_acts_is_escaped() {
        #[track_caller]
        fn check(text: &str, shown: &str) {
            assert_eq!(printable(text), shown);
        }
        check("Subject 'größe 東京 🎏' \"x\" \\ y", "Subject 'größe 東京 🎏' \"x\" \\ y");
        check("a\nINFO b\r\t", "a\\nINFO b\\r\\t");
        check("\u{1b}[31m\u{85}\u{9b}\u{7f}\0", "\\u001b[31m\\u0085\\u009b\\u007f\\u0000");
        check("a\u{202e}b\u{2066}c\u{200f}d\u{2028}e\u{feff}f", "a\\u202eb\\u2066c\\u200fd\\u2028e\\ufefff");
        assert_eq!(printable_lines("a\nb\u{1b}"), "a\nb\\u001b");
    }

    #[test]
    fn json_reads_the_escapes_as_what_they_stand_for() {
        let odd = "\u{202e}\u{9b}\u{feff}";
        let json = serde_json::to_string(odd).unwrap();
        assert_eq!(serde_json::from_str::<String>(&printable(&json)).unwrap(), odd);
    }
}
