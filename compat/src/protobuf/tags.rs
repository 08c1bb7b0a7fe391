//! Inline tags of a file: what `(confluent.message_meta)` and `(confluent.field_meta)` say.

use super::model::*;
use crate::tags::{EntityKind, TaggedEntity};

/// How many bytes the paths may take together. What comes after that many is not told.
const MOST_BYTES: usize = 16 << 20;

/// Messages and fields with tags, by their paths without the package.
pub(super) fn inline_tags(file: &File) -> Vec<TaggedEntity> {
    let mut tagged = Tagged { found: Vec::new(), left: MOST_BYTES };
    for &id in &file.top_messages {
        walk(file, &file.messages[id as usize], "", &mut tagged);
    }
    tagged.found.sort_by(|a, b| a.path.cmp(&b.path));
    tagged.found
}

struct Tagged {
    found: Vec<TaggedEntity>,
    left: usize,
}

impl Tagged {
    fn add(&mut self, around: &str, name: &str, kind: EntityKind, tags: Vec<String>) {
        let length = around.len() + 1 + name.len();
        if tags.is_empty() || length > self.left {
            return;
        }
        self.left -= length;
        self.found.push(TaggedEntity { path: format!("{around}.{name}"), kind, tags });
    }
}

/// Depth is that of messages, which parsing has bounded.
fn walk(file: &File, message: &Message, around: &str, tagged: &mut Tagged) {
    tagged.add(around, &message.name, EntityKind::Record, tags(&message.options, "message_meta"));
    let path = format!("{around}.{}", message.name);
    for (field, _) in message.all_fields() {
        tagged.add(&path, &field.name, EntityKind::Field, tags(&field.options, "field_meta"));
    }
    for &id in &message.messages {
        walk(file, &file.messages[id as usize], &path, tagged);
    }
}

fn tags(options: &[Opt], name: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for option in options.iter().filter(|option| option.parenthesized) {
        if option.name.trim_start_matches('.').strip_prefix("confluent.") != Some(name) {
            continue;
        }
        match (&option.path[..], &option.value) {
            ([], Value::Map(members)) => {
                members.iter().filter(|(member, _)| &**member == "tags").for_each(|(_, value)| add(value, &mut tags));
            }
            ([member], value) if &**member == "tags" => add(value, &mut tags),
            _ => {}
        }
    }
    tags
}

fn add(value: &Value, tags: &mut Vec<String>) {
    match value {
        Value::Text(text) => tags.push(text.to_string()),
        Value::List(values) => values.iter().for_each(|value| {
            if let Value::Text(text) = value {
                tags.push(text.to_string());
            }
        }),
        _ => {}
    }
}
