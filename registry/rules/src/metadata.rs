//! Metadata: inheritance from the previous version and from config, and the `confluent:version` property.

use model::{Metadata, Version};

/// The property that names a version inside its own metadata.
pub const VERSION_PROPERTY: &str = "confluent:version";

/// `left <+ right`: tags and properties per key, the right side winning; sensitive names are united.
pub fn merge(left: Option<&Metadata>, right: Option<&Metadata>) -> Option<Metadata> {
    let (Some(left), Some(right)) = (left, right) else {
        return left.or(right).cloned();
    };
    let mut merged = left.clone();
    merged.tags.extend(right.tags.clone());
    merged.properties.extend(right.properties.clone());
    merged.sensitive.extend(right.sensitive.iter().cloned());
    Some(merged)
}

/// The metadata of a new version: what the request says, or else what the previous version had, between the config's
/// defaults and overrides.
pub fn populate(
    requested: Option<&Metadata>,
    previous: Option<&Metadata>,
    default: Option<&Metadata>,
    overriding: Option<&Metadata>,
) -> Option<Metadata> {
    let specific = requested.or(previous);
    merge(merge(default, specific).as_ref(), overriding)
}

/// Writes the version into the metadata where the request named a version or the property is already there.
pub fn stamp_version(metadata: Option<Metadata>, version_requested: bool, version: Version) -> Option<Metadata> {
    let present = metadata.as_ref().is_some_and(|m| m.properties.contains_key(VERSION_PROPERTY));
    if !version_requested && !present {
        return metadata;
    }
    let mut metadata = metadata.unwrap_or_default();
    metadata.properties.insert(VERSION_PROPERTY.to_owned(), version.to_string());
    Some(metadata)
}

/// Is the metadata of a candidate equal to that of a stored version, where a one-sided `confluent:version` is ignored (the
/// candidate's must then name the stored version)?
pub fn same(candidate: Option<&Metadata>, stored: Option<&Metadata>, stored_version: Version) -> bool {
    let version_of = |metadata: Option<&Metadata>| metadata.and_then(|m| m.properties.get(VERSION_PROPERTY).cloned());
    let without = |metadata: Option<&Metadata>| {
        let mut metadata = metadata.cloned().unwrap_or_default();
        metadata.properties.remove(VERSION_PROPERTY);
        metadata
    };
    match (version_of(candidate), version_of(stored)) {
        (None, Some(_)) => candidate.cloned().unwrap_or_default() == without(stored),
        (Some(named), None) => {
            named == stored_version.to_string() && without(candidate) == stored.cloned().unwrap_or_default()
        }
        _ => candidate == stored,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(pairs: &[(&str, &str)]) -> Option<Metadata> {
        let properties = pairs.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect();
        Some(Metadata { properties, ..Metadata::default() })
    }

    #[test]
    fn the_right_side_of_a_merge_wins_per_key() {
        let merged = merge(properties(&[("a", "1"), ("b", "1")]).as_ref(), properties(&[("b", "2")]).as_ref());
        assert_eq!(merged, properties(&[("a", "1"), ("b", "2")]));
        assert_eq!(merge(None, properties(&[("b", "2")]).as_ref()), properties(&[("b", "2")]));
        assert_eq!(merge(None, None), None);
    }

    #[test]
    fn metadata_is_inherited_unless_the_request_says_otherwise() {
        let (old, new) = (properties(&[("o", "a")]), properties(&[("n", "b")]));
        assert_eq!(populate(None, old.as_ref(), None, None), old);
        assert_eq!(populate(new.as_ref(), old.as_ref(), None, None), new);
        assert_eq!(populate(properties(&[]).as_ref(), old.as_ref(), None, None), properties(&[]));
        let overriding = properties(&[("n", "c")]);
        assert_eq!(
            populate(new.as_ref(), None, old.as_ref(), overriding.as_ref()),
            properties(&[("o", "a"), ("n", "c")])
        );
    }

    #[test]
    fn the_version_property_is_ignored_where_one_side_has_it() {
        #[track_caller]
        fn check(candidate: &Option<Metadata>, stored: &Option<Metadata>, equal: bool) {
            assert_eq!(same(candidate.as_ref(), stored.as_ref(), 2), equal, "{candidate:?} {stored:?}");
        }
        check(&None, &properties(&[(VERSION_PROPERTY, "2")]), true);
        check(&properties(&[("a", "1")]), &properties(&[("a", "1"), (VERSION_PROPERTY, "1")]), true);
        check(&properties(&[(VERSION_PROPERTY, "2")]), &None, true);
        check(&properties(&[(VERSION_PROPERTY, "1")]), &None, false);
        check(&properties(&[(VERSION_PROPERTY, "1")]), &properties(&[(VERSION_PROPERTY, "2")]), false);
        check(&None, &properties(&[]), false);
        check(&None, &None, true);
    }
}
