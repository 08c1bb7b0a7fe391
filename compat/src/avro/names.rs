//! Names of named types: full name, namespace, short name, and which characters they may have.

use crate::Strictness;
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How long a namespace may be, in bytes. One namespace may be that of many names, of which each is compared with it.
pub(crate) const MOST_NAMESPACE: usize = 1024;

/// A full name. Names of one namespace share its text.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) struct Name {
    namespace: Option<Arc<str>>,
    short: Box<str>,
}

impl Name {
    /// A name as written in a namespace. A dot in it overrides that namespace; a leading dot means the null namespace.
    pub(crate) fn new(written: &str, namespace: Option<&Arc<str>>) -> Self {
        let (namespace, short) = match written.rsplit_once('.') {
            Some((own, short)) => {
                (namespace.filter(|space| ***space == *own).cloned().or_else(|| Some(own.into())), short)
            }
            None => (namespace.cloned(), written),
        };
        Name { namespace: namespace.filter(|space| !space.is_empty()), short: short.into() }
    }

    /// `namespace.short`.
    pub(crate) fn full(&self) -> Cow<'_, str> {
        match &self.namespace {
            Some(namespace) => Cow::Owned([namespace, ".", &self.short].concat()),
            None => Cow::Borrowed(&self.short),
        }
    }

    /// The name without its namespace.
    pub(crate) fn short(&self) -> &str {
        &self.short
    }

    /// The namespace; `None` is the null namespace.
    pub(crate) fn namespace(&self) -> Option<&Arc<str>> {
        self.namespace.as_ref()
    }

    /// How a use of this name is written inside a namespace: short if that is unambiguous.
    pub(crate) fn relative_to(&self, namespace: Option<&str>) -> Cow<'_, str> {
        let same = self.namespace.is_some() && self.namespace.as_deref() == namespace;
        if same && !is_type_word(&self.short) { Cow::Borrowed(&self.short) } else { self.full() }
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.full())
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
        Strictness::New | Strictness::NewFields => c.is_ascii_alphabetic(),
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

/// Checks a namespace: of a new schema every part, of a stored one only the length.
pub(crate) fn check_namespace(namespace: &str, strictness: Strictness) -> Result<(), String> {
    if namespace.len() > MOST_NAMESPACE {
        return Err(format!("The namespace is longer than the {MOST_NAMESPACE} bytes allowed"));
    }
    if strictness == Strictness::Stored {
        return Ok(());
    }
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
            let name = Name::new(written, namespace.map(Arc::from).as_ref());
            assert_eq!((&*name.full(), name.namespace().map(|s| &**s)), (full, space), "{written:?} in {namespace:?}");
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
        #[track_caller]
        fn check_space(namespace: &str, error: &str) {
            assert_eq!(check_namespace(namespace, Strictness::New), Err(error.to_owned()));
            assert_eq!(check_namespace(namespace, Strictness::Stored), Ok(()));
        }
        check_space("a..b", "Namespace part \"\" is invalid: Empty name");
        check_space("a-b", "Namespace part \"a-b\" is invalid: Illegal character in: a-b");
        assert!(check_namespace(&"x".repeat(MOST_NAMESPACE + 1), Strictness::Stored).is_err());
    }
}
