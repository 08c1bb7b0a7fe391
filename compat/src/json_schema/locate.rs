//! From the pointers of findings to lines and columns of a text.

use super::{READ, tree};
use crate::json::{Memory, tokens};
use crate::{Place, Spent, Work};

/// The places to which pointers lead, or as far on the way as the text goes; `None` for those into other texts.
///
/// # Errors
/// The work ended.
pub(super) fn locate(text: &str, paths: &[&str], work: &Work) -> Result<Vec<Option<Place>>, Spent> {
    work.spend(text.len() / READ)?;
    let mut memory = Memory::default();
    let Ok(Some(root)) = tree(text, &mut memory) else { return Ok(vec![None; paths.len()]) };
    let place = |path: &&str| {
        if !path.is_empty() && !path.starts_with('/') {
            return Ok(None);
        }
        let mut there = &root;
        for token in tokens(path) {
            let Some(next) = there.child(&token) else { break };
            there = next;
        }
        Place::sought(text, path, there.at, work).map(Some)
    };
    paths.iter().map(place).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pointers_lead_to_places() {
        let text = "{\n  \"properties\": {\n    \"a/b\": {\"type\": \"string\"}}}";
        #[track_caller]
        fn check(text: &str, path: &str, line: usize, column: usize) {
            let found = locate(text, &[path], &Work::unlimited()).unwrap();
            assert_eq!(found, [Some(Place { line, column })], "{path}");
        }
        check(text, "", 1, 1);
        check(text, "/properties/a~1b/type", 3, 21);
        check(text, "/properties/c", 2, 17);
        assert_eq!(locate(text, &["ref.json#/a"], &Work::unlimited()), Ok(vec![None]));
        assert_eq!(locate("{", &[""], &Work::unlimited()), Ok(vec![None]));
    }
}
