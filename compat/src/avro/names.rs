//! Names of named types: full name, namespace, short name, and which characters they may have.

use crate::Strictness;

/// A full name. The namespace ends at a known place, because a lenient one may hold anything.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct Name {
    full: Box<str>,
    /// Where the short name begins; 0 means the null namespace.
    short_at: usize,
}

impl Name {
    /// A name as written in a namespace. A dot in it overrides that namespace; a leading dot means the null namespace.
    pub(crate) fn new(written: &str, namespace: Option<&str>) -> Self {
        let (namespace, short) = match written.rsplit_once('.') {
            Some((namespace, short)) => (Some(namespace), short),
            None => (namespace, written),
        };
        match namespace.filter(|space| !space.is_empty()) {
            Some(space) => Name { full: [space, ".", short].concat().into(), short_at: space.len() + 1 },
            None => Name { full: short.into(), short_at: 0 },
        }
    }

    /// `namespace.short`.
    pub(crate) fn full(&self) -> &str {
        &self.full
    }

    /// The name without its namespace.
    pub(crate) fn short(&self) -> &str {
        &self.full[self.short_at..]
    }

    /// The namespace; `None` is the null namespace.
    pub(crate) fn namespace(&self) -> Option<&str> {
        (self.short_at > 0).then(|| &self.full[..self.short_at - 1])
    }

    /// How a use of this name is written inside a namespace: short if that is unambiguous.
    pub(crate) fn relative_to(&self, namespace: Option<&str>) -> &str {
        let same = self.namespace().is_some() && self.namespace() == namespace;
        if same && !is_type_word(self.short()) { self.short() } else { &self.full }
    }
}

/// The words that mean a type wherever a type is expected.
fn is_type_word(word: &str) -> bool {
    is_primitive(word) || matches!(word, "record" | "enum" | "array" | "map" | "union" | "fixed")
}

/// The names of the primitive types.
pub(crate) fn is_primitive(word: &str) -> bool {
    matches!(word, "null" | "boolean" | "int" | "long" | "float" | "double" | "bytes" | "string")
}

/// Checks a short name, field name or enum symbol; the error is the reference's text.
pub(crate) fn check(name: &str, strictness: Strictness) -> Result<(), String> {
    // Stored schemas may have letters of any script. The reference asks Java for what a letter is; Rust's notion is a
    // little wider (combining marks, letter numbers), so nothing that the reference stored is refused.
    let letter = |c: char| match strictness {
        Strictness::New => c.is_ascii_alphabetic(),
        Strictness::Stored => c.is_alphabetic(),
    };
    let letter_or_digit =
        |c: char| letter(c) || if strictness == Strictness::New { c.is_ascii_digit() } else { c.is_numeric() };
    let mut characters = name.chars();
    match characters.next() {
        None => return Err("Empty name".to_owned()),
        Some(first) if !letter(first) && first != '_' => return Err(format!("Illegal initial character: {name}")),
        Some(_) => {}
    }
    if characters.all(|c| letter_or_digit(c) || c == '_') {
        Ok(())
    } else {
        Err(format!("Illegal character in: {name}"))
    }
}

/// Checks every part of a namespace of a new schema.
pub(crate) fn check_namespace(namespace: &str) -> Result<(), String> {
    for part in namespace.split('.') {
        check(part, Strictness::New).map_err(|why| format!("Namespace part \"{part}\" is invalid: {why}"))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dot_in_a_name_overrides_the_namespace() {
        #[track_caller]
        fn check(written: &str, namespace: Option<&str>, full: &str, space: Option<&str>) {
            let name = Name::new(written, namespace);
            assert_eq!((name.full(), name.namespace()), (full, space), "{written:?} in {namespace:?}");
        }
        check("A", None, "A", None);
        check("A", Some("x"), "x.A", Some("x"));
        check("A", Some(""), "A", None);
        check("y.A", Some("x"), "y.A", Some("y"));
        check(".A", Some("x"), "A", None);
        check("x.y.A", None, "x.y.A", Some("x.y"));
    }

    #[test]
    fn a_use_is_short_only_where_that_is_unambiguous() {
        #[track_caller]
        fn check(full: &str, namespace: Option<&str>, written: &str) {
            assert_eq!(Name::new(full, None).relative_to(namespace), written);
        }
        check("x.A", Some("x"), "A");
        check("x.A", Some("y"), "x.A");
        check("x.A", None, "x.A");
        check("A", Some("x"), "A");
        check("n.record", Some("n"), "n.record");
        check("n.int", Some("n"), "n.int");
    }

    #[test]
    fn new_names_are_ascii_and_stored_names_have_letters_of_any_script() {
        #[track_caller]
        fn check_both(name: &str, new: Result<(), &str>, stored: Result<(), &str>) {
            assert_eq!(check(name, Strictness::New), new.map_err(str::to_owned), "{name:?}");
            assert_eq!(check(name, Strictness::Stored), stored.map_err(str::to_owned), "{name:?}");
        }
        check_both("_a1", Ok(()), Ok(()));
        check_both("Ré", Err("Illegal character in: Ré"), Ok(()));
        check_both("é", Err("Illegal initial character: é"), Ok(()));
        check_both("R-x", Err("Illegal character in: R-x"), Err("Illegal character in: R-x"));
        check_both("1", Err("Illegal initial character: 1"), Err("Illegal initial character: 1"));
        check_both("", Err("Empty name"), Err("Empty name"));
        assert_eq!(check_namespace("a..b"), Err("Namespace part \"\" is invalid: Empty name".into()));
        assert_eq!(check_namespace("a-b"), Err("Namespace part \"a-b\" is invalid: Illegal character in: a-b".into()));
    }
}
