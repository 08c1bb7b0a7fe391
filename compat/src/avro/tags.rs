//! Inline tags of an Avro schema.

use super::model::{Model, Node, Props};
use crate::json::Json;
use crate::tags::{EntityKind, TaggedEntity};
use std::collections::HashSet;

const PROPERTY: &str = "confluent:tags";

/// Records and fields with tags, by path. Types that come from a referenced schema are left out:
/// their tags are shown there.
pub(crate) fn inline_tags(model: &Model) -> Vec<TaggedEntity> {
    let (mut found, referenced) = (Vec::new(), model.referenced.iter().collect::<HashSet<_>>());
    for node in &model.nodes {
        let Node::Record(record) = node else { continue };
        if referenced.contains(&record.named.name) {
            continue;
        }
        let name = record.named.name.full();
        let mut add = |path: String, kind: EntityKind, props: &Props| {
            let tags = tags(props);
            if !tags.is_empty() {
                found.push(TaggedEntity { path, kind, tags });
            }
        };
        add(name.to_string(), EntityKind::Record, &record.named.props);
        for field in &record.fields {
            add(format!("{name}.{}", field.name), EntityKind::Field, &field.props);
        }
    }
    found.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

fn tags(props: &Props) -> Vec<String> {
    let Some((_, Json::Array(items))) = props.iter().find(|(name, _)| &**name == PROPERTY) else { return Vec::new() };
    let texts = items.iter().filter_map(|item| match item {
        Json::String(text) => Some(text.to_string()),
        _ => None,
    });
    texts.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::{Strictness, Work, avro::Schema};

    #[test]
    fn records_and_fields_show_their_tags_by_full_name() {
        let text = r#"{"type":"record","name":"a.R","confluent:tags":["T"],"fields":[
            {"name":"f","type":{"type":"record","name":"S","fields":[{"name":"g","type":"int","confluent:tags":["A","B"]}]}},
            {"name":"h","type":"int","confluent:tags":"no list"}]}"#;
        let schema = Schema::parse(text, &[], Strictness::New, &Work::unlimited()).unwrap();
        let found: Vec<_> = inline_tags(&schema.model).into_iter().map(|e| (e.path, e.kind.as_str(), e.tags)).collect();
        assert_eq!(
            found,
            [
                ("a.R".to_owned(), "sr_record", vec!["T".to_owned()]),
                ("a.S.g".to_owned(), "sr_field", vec!["A".to_owned(), "B".to_owned()]),
            ]
        );
    }
}
