//! Where in a document the walk is.

use crate::json::push_token;

/// A step into a document.
#[derive(Clone, Copy, Debug)]
pub(super) enum Place<'s> {
    Member(&'s str),
    Item(usize),
}

/// The JSON pointer of a way; `/` is the root.
pub(super) fn pointer(way: &[Place<'_>]) -> String {
    let mut pointer = String::new();
    for place in way {
        match place {
            Place::Member(name) => push_token(&mut pointer, name),
            Place::Item(at) => push_token(&mut pointer, &at.to_string()),
        }
    }
    if pointer.is_empty() { "/".to_owned() } else { pointer }
}
