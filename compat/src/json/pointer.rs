//! JSON pointers (RFC 6901) into a tree.

use super::{Node, Tree};
use std::borrow::Cow;

/// The tokens of a pointer; one that does not begin with a slash is the whole document.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(token)
}

/// A token as it is meant, from how a pointer spells it.
pub(crate) fn token(spelled: &str) -> Cow<'_, str> {
    match spelled.contains('~') {
        true => Cow::Owned(spelled.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(spelled),
    }
}

/// Appends a token to a pointer.
pub(crate) fn push_token(pointer: &mut String, token: &str) {
    pointer.push('/');
    for c in token.chars() {
        match c {
            '~' => pointer.push_str("~0"),
            '/' => pointer.push_str("~1"),
            other => pointer.push(other),
        }
    }
}

impl<'t> Node<'t> {
    /// The value one token on.
    pub(crate) fn child(&self, token: &str) -> Option<&Node<'t>> {
        match &self.tree {
            Tree::Object(_) => self.get(token),
            Tree::Array(items) => items.get(token.parse::<usize>().ok()?),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read;

    #[test]
    fn a_pointer_has_the_tokens_that_were_pushed() {
        let mut pointer = String::new();
        let pushed = ["a/b", "m~n", "", "~1", "é"];
        pushed.iter().for_each(|token| push_token(&mut pointer, token));
        assert_eq!(pointer, "/a~1b/m~0n//~01/é");
        assert_eq!(tokens(&pointer).collect::<Vec<_>>(), pushed);
    }

    #[test]
    fn a_pointer_leads_to_a_value() {
        let text = r#"{"a/b": [1, {"m~n": 2}], "": 3} "#;
        let tree = read(text).unwrap();
        let at = |pointer: &str| tokens(pointer).try_fold(&tree, |node, token| node.child(&token)).map(|node| node.at);
        assert_eq!(at(""), Some(0));
        assert_eq!(at("/a~1b/0"), text.find('1'));
        assert_eq!(at("/a~1b/1/m~0n"), text.find('2'));
        assert_eq!(at("/"), text.find('3'));
        assert_eq!(at("/a~1b/2"), None);
        assert_eq!(at("/a~1b/x"), None);
    }
}
