//! JSON pointers (RFC 6901) into a tree.

use super::{Node, Tree};
use std::borrow::Cow;

/// The tokens of a pointer; one that does not begin with a slash is the whole document.
pub(crate) fn tokens(pointer: &str) -> impl Iterator<Item = Cow<'_, str>> {
    pointer.split('/').skip(1).map(|token| match token.contains('~') {
        true => Cow::Owned(token.replace("~1", "/").replace("~0", "~")),
        false => Cow::Borrowed(token),
    })
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
