//! How much of a client's text a log or the audit keeps.

use std::borrow::Cow;

/// The longest name that is kept, in bytes.
pub const LONGEST_KEPT: usize = 255;

/// A text of a client as a log or the audit keeps it: whole, or its beginning and a mark (`…`), at most [`LONGEST_KEPT`] bytes.
pub fn cut(text: &str) -> Cow<'_, str> {
    const MARK: &str = "…";
    if text.len() <= LONGEST_KEPT {
        return Cow::Borrowed(text);
    }
    let end = text.floor_char_boundary(LONGEST_KEPT - MARK.len());
    Cow::Owned(format!("{}{MARK}", &text[..end]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters_and_marked() {
        for (text, kept) in [
            (String::new(), String::new()),
            ("x".repeat(255), "x".repeat(255)),
            ("x".repeat(256), format!("{}…", "x".repeat(252))),
            ("ü".repeat(8_000), format!("{}…", "ü".repeat(126))),
            (format!("{}ü", "x".repeat(254)), format!("{}…", "x".repeat(252))),
        ] {
            assert_eq!(cut(&text), kept);
            assert!(cut(&text).len() <= LONGEST_KEPT);
        }
    }
}
