//! Where in a document the walk is.

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
        pointer.push('/');
        match place {
            Place::Member(name) => pointer.push_str(&name.replace('~', "~0").replace('/', "~1")),
            Place::Item(at) => pointer.push_str(&at.to_string()),
        }
    }
    if pointer.is_empty() { "/".to_owned() } else { pointer }
}
