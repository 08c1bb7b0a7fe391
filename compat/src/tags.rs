//! Inline tags: labels on records and fields that stand in the text of a schema, as `findTags` shows them and as requests
//! edit them. Where they stand, and what the path of a record or field is, each language says.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

/// The property that holds them in Avro and JSON Schema: a list of texts.
pub(crate) const PROPERTY: &str = "confluent:tags";

/// How many bytes the paths of what carries tags may take together. What comes after that many is not told.
pub(crate) const MOST_PATHS: usize = 16 << 20;

/// What carries tags.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub enum EntityKind {
    /// A record, an object or a message.
    Record,
    /// A field or a property of one.
    Field,
}

impl EntityKind {
    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Record => "sr_record",
            Self::Field => "sr_field",
        }
    }

    /// The kind of a name, which is case-sensitive.
    pub fn parse(name: &str) -> Option<Self> {
        [Self::Record, Self::Field].into_iter().find(|kind| kind.as_str() == name)
    }
}

/// A record or field with its tags.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct TaggedEntity {
    /// Its path, spelled as its language does.
    pub path: String,
    /// What it is.
    pub kind: EntityKind,
    /// All its tags, in source order.
    pub tags: Vec<String>,
}

/// Tags to be added to one record or field, or to be taken from it.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TagEdit {
    /// Its path.
    pub path: String,
    /// What it is.
    pub kind: EntityKind,
    /// The tags.
    pub tags: Vec<String>,
}

impl From<TaggedEntity> for TagEdit {
    fn from(TaggedEntity { path, kind, tags }: TaggedEntity) -> Self {
        TagEdit { path, kind, tags }
    }
}

/// What is edited in a schema: first everything is added, then everything removed.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Default)]
pub struct TagEdits {
    /// What is added.
    pub add: Vec<TagEdit>,
    /// What is taken away.
    pub remove: Vec<TagEdit>,
    /// Are paths passed over that the schema does not have? Else one of them refuses the whole.
    pub lenient: bool,
}

impl TagEdits {
    /// Is nothing edited?
    pub fn is_empty(&self) -> bool {
        self.add.is_empty() && self.remove.is_empty()
    }

    /// What it costs to sort them.
    pub(crate) fn cost(&self) -> usize {
        let edits = self.add.iter().chain(&self.remove);
        edits.map(|edit| 4 + edit.path.len() / 4 + edit.tags.iter().map(|tag| 2 + tag.len() / 4).sum::<usize>()).sum()
    }
}

/// The edits of each record and field, and which of them have been met in the schema.
pub(crate) struct Pending<'e> {
    entities: BTreeMap<&'e str, BTreeMap<EntityKind, Entity<'e>>>,
    lenient: bool,
}

#[derive(Default)]
struct Entity<'e> {
    add: Vec<&'e str>,
    remove: BTreeSet<&'e str>,
    met: bool,
}

impl<'e> Pending<'e> {
    /// All of them; `path` gives a path the spelling under which it is looked for.
    pub(crate) fn of(edits: &'e TagEdits, path: impl Fn(&'e str) -> &'e str) -> Self {
        let mut pending = Pending { entities: BTreeMap::new(), lenient: edits.lenient };
        for edit in &edits.add {
            let entity = pending.entity(path(&edit.path), edit.kind);
            entity.add.extend(edit.tags.iter().map(String::as_str));
        }
        for edit in &edits.remove {
            let entity = pending.entity(path(&edit.path), edit.kind);
            entity.remove.extend(edit.tags.iter().map(String::as_str));
        }
        pending
    }

    fn entity(&mut self, path: &'e str, kind: EntityKind) -> &mut Entity<'e> {
        self.entities.entry(path).or_default().entry(kind).or_default()
    }

    /// Is anything edited at a path that begins so?
    pub(crate) fn below(&self, path: &str) -> bool {
        let from = (Bound::Included(path), Bound::Unbounded);
        self.entities.range::<str, _>(from).next().is_some_and(|(next, _)| next.starts_with(path))
    }

    /// The tags of a record or field as they are to be, or `None` where they stay. Of equal tags the first stays.
    pub(crate) fn edited(&mut self, path: &str, kind: EntityKind, tags: &[String]) -> Option<Vec<String>> {
        let entity = self.entities.get_mut(path)?.get_mut(&kind)?;
        entity.met = true;
        let mut seen = BTreeSet::new();
        let all = tags.iter().map(String::as_str).chain(entity.add.iter().copied());
        let kept = all.filter(|tag| seen.insert(*tag) && !entity.remove.contains(tag));
        Some(kept.map(str::to_owned).collect())
    }

    /// The first path that no record or field has, if that refuses the edits.
    pub(crate) fn missed(&self) -> Option<(&'e str, EntityKind)> {
        let all =
            self.entities.iter().flat_map(|(path, kinds)| kinds.iter().map(|(kind, entity)| (*path, *kind, entity)));
        let missed = all.filter(|_| !self.lenient).find(|(_, _, entity)| !entity.met);
        missed.map(|(path, kind, _)| (path, kind))
    }
}

/// Collects what carries tags, as far as the paths have room.
pub(crate) struct Tagged {
    found: Vec<TaggedEntity>,
    left: usize,
}

impl Tagged {
    pub(crate) fn new() -> Self {
        Tagged { found: Vec::new(), left: MOST_PATHS }
    }

    /// Adds a record or field whose path is these texts together, if it has tags.
    pub(crate) fn add(&mut self, path: &[&str], kind: EntityKind, tags: Vec<String>) {
        let length: usize = path.iter().map(|part| part.len()).sum();
        if tags.is_empty() || length > self.left {
            return;
        }
        self.left -= length;
        self.found.push(TaggedEntity { path: path.concat(), kind, tags });
    }

    /// All of them, ordered by path.
    pub(crate) fn sorted(mut self) -> Vec<TaggedEntity> {
        self.found.sort_by(|a, b| (&a.path, a.kind).cmp(&(&b.path, b.kind)));
        self.found
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn edit(path: &str, kind: EntityKind, tags: &[&str]) -> TagEdit {
        TagEdit { path: path.to_owned(), kind, tags: tags.iter().map(|tag| (*tag).to_owned()).collect() }
    }

    #[test]
    fn adding_comes_before_removing_and_each_tag_is_there_once() {
        use EntityKind::{Field, Record};
        let edits = TagEdits {
            add: vec![edit("R", Record, &["B", "A"]), edit("R", Record, &["C"])],
            remove: vec![edit("R", Record, &["C", "Z"]), edit("R.f", Field, &["Y"])],
            lenient: false,
        };
        let mut pending = Pending::of(&edits, |path| path);
        let old = ["A".to_owned(), "Z".to_owned()];
        assert_eq!(pending.edited("R", Record, &old), Some(vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(pending.edited("R", Field, &old), None);
        assert_eq!(pending.edited("Q", Record, &old), None);
        assert!(pending.below("R") && pending.below("R.f") && !pending.below("R.g") && !pending.below("S"));
        assert_eq!(pending.missed(), Some(("R.f", Field)));
        assert_eq!(pending.edited("R.f", Field, &["Y".to_owned()]), Some(vec![]));
        assert_eq!(pending.missed(), None);
        let lenient = TagEdits { lenient: true, ..edits };
        assert_eq!(Pending::of(&lenient, |path| path).missed(), None);
    }
}
