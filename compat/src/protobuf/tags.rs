//! Inline tags of a file: what `(confluent.message_meta)` and `(confluent.field_meta)` say. A message has its name and those
//! around it for a path, without the package, a field that and its own name. Requests may begin a path with a dot.

use super::model::*;
use super::print::{self, Audience};
use super::{SOUGHT, Unfinished};
use crate::tags::{EntityKind, Pending, Tagged, TaggedEntity};
use crate::{Error, Spent, TagEdits, Work};

const MESSAGE: &str = "message_meta";
const FIELD: &str = "field_meta";

/// Messages and fields with tags, by path.
///
/// # Errors
/// The work ended.
pub(super) fn inline_tags(file: &File, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
    let mut tagged = Tagged::new();
    for &id in &file.top_messages {
        find(file, id, "", &mut tagged, work)?;
    }
    Ok(tagged.sorted())
}

/// Depth is that of messages, which parsing has bounded.
fn find(file: &File, id: Id, around: &str, tagged: &mut Tagged, work: &Work) -> Result<(), Spent> {
    let message = &file.messages[id as usize];
    let path = joined(around, &message.name);
    work.spend(1 + path.len() / SOUGHT + message.fields.len())?;
    // The dot that may come first is no part of a name that begins with one.
    let dot = if path.starts_with('.') { "." } else { "" };
    tagged.add(&[dot, &path], EntityKind::Record, tags(&message.options, MESSAGE));
    for (field, _) in message.all_fields() {
        tagged.add(&[dot, &path, ".", &field.name], EntityKind::Field, tags(&field.options, FIELD));
    }
    message.messages.iter().try_for_each(|&id| find(file, id, &path, tagged, work))
}

/// The text with tags edited.
///
/// # Errors
/// A path leads nowhere, or the text would exceed a bound; or the work ended.
pub(super) fn retagged(file: &File, edits: &TagEdits, work: &Work) -> Result<String, Error> {
    let mut pending = Pending::of(edits, |path| path.strip_prefix('.').unwrap_or(path));
    let mut edited = file.clone();
    for &id in &file.top_messages {
        edit(&mut edited, id, "", &mut pending, work)?;
    }
    if let Some((path, kind)) = pending.missed() {
        let what = if kind == EntityKind::Record { "Message with name" } else { "Field with name" };
        return Err(Error::no_such_entity(what, path));
    }
    print::print(&edited, Audience::Everybody, work).map_err(|why| Unfinished::from(why).error(""))
}

fn edit(file: &mut File, id: Id, around: &str, pending: &mut Pending<'_>, work: &Work) -> Result<(), Spent> {
    let message = &mut file.messages[id as usize];
    let path = joined(around, &message.name);
    work.spend(1 + path.len() / SOUGHT)?;
    if !pending.below(&path) {
        return Ok(());
    }
    let mut set = |path: &str, kind, options: &mut Vec<Opt>, name| {
        if let Some(tags) = pending.edited(path, kind, &tags(options, name)) {
            put(options, name, tags);
        }
    };
    set(&path, EntityKind::Record, &mut message.options, MESSAGE);
    let members = message.oneofs.iter_mut().flat_map(|oneof| &mut oneof.fields);
    for field in message.fields.iter_mut().chain(members) {
        work.spend(1 + (path.len() + field.name.len()) / SOUGHT)?;
        set(&joined(&path, &field.name), EntityKind::Field, &mut field.options, FIELD);
    }
    let inner = message.messages.clone();
    inner.into_iter().try_for_each(|id| edit(file, id, &path, pending, work))
}

fn joined(around: &str, name: &str) -> String {
    if around.is_empty() { name.to_owned() } else { format!("{around}.{name}") }
}

/// Is it the option of `confluent` with this name?
fn is(option: &Opt, name: &str) -> bool {
    option.parenthesized && option.name.trim_start_matches('.').strip_prefix("confluent.") == Some(name)
}

fn tags(options: &[Opt], name: &str) -> Vec<String> {
    let mut tags = Vec::new();
    for option in options.iter().filter(|option| is(option, name)) {
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

/// Sets the tags: where the first ones stood, else at the end of the first literal of the option, else in an option of their
/// own. What is left of the option without its tags stays, and an option of nothing goes.
fn put(options: &mut Vec<Opt>, name: &str, tags: Vec<String>) {
    let mut tags = Some(tags).filter(|tags| !tags.is_empty());
    let mut list = move || {
        let texts = tags.take()?.into_iter().map(|tag| Value::Text(tag.into()));
        Some(Value::List(texts.collect()))
    };
    options.retain_mut(|option| {
        if !is(option, name) {
            return true;
        }
        match (&option.path[..], &mut option.value) {
            ([], Value::Map(members)) => {
                let had = members.iter().any(|(member, _)| &**member == "tags");
                members.retain_mut(|(member, value)| &**member != "tags" || list().map(|list| *value = list).is_some());
                !had || !members.is_empty()
            }
            ([member], value) if &**member == "tags" => list().map(|list| *value = list).is_some(),
            _ => true,
        }
    });
    let Some(list) = list() else { return };
    let literal = options.iter_mut().filter(|option| is(option, name) && option.path.is_empty());
    for option in literal {
        if let Value::Map(members) = &mut option.value {
            members.push(("tags".into(), list));
            return;
        }
    }
    let value = Value::Map(vec![("tags".into(), list)]);
    options.push(Opt { name: format!("confluent.{name}").into(), parenthesized: true, path: Vec::new(), value });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::protobuf::Schema;
    use crate::{Strictness, TagEdit};

    fn edit(
        body: &str,
        add: &[(&str, EntityKind, &str)],
        remove: &[(&str, EntityKind, &str)],
    ) -> Result<String, String> {
        let text = format!("syntax = \"proto3\";\npackage p;\n\n{body}");
        let schema = Schema::parse(&text, &[], Strictness::New, &Work::unlimited()).unwrap();
        let list = |list: &[(&str, EntityKind, &str)]| {
            let edit = |&(path, kind, tags): &(&str, _, &str)| TagEdit {
                path: path.to_owned(),
                kind,
                tags: tags.split(' ').map(str::to_owned).collect(),
            };
            list.iter().map(edit).collect()
        };
        let edits = TagEdits { add: list(add), remove: list(remove), lenient: false };
        let edited = retagged(&schema.files[0], &edits, &Work::unlimited()).map_err(|error| error.details())?;
        // What comes out says the same again when it is read, and every type in it is known.
        let again = Schema::parse(&edited, &[], Strictness::New, &Work::unlimited()).unwrap();
        assert_eq!(**again.canonical(), *edited);
        again.check_fields(&Work::unlimited()).unwrap();
        Ok(edited.strip_prefix("syntax = \"proto3\";\npackage p;\n\n").unwrap().to_owned())
    }

    use EntityKind::{Field, Record};

    #[test]
    fn tags_are_added_as_options() {
        let body = "message M {\n  string a = 1;\n\n  oneof o {\n    int32 b = 2 [deprecated = true];\n  }\n\n  message N {\n    int32 c = 1;\n  }\n}\n";
        let edited = edit(
            body,
            &[(".M", Record, "A B"), ("M.b", Field, "C"), (".M.N.c", Field, "D"), ("M.N", Record, "E")],
            &[],
        );
        let expected = "message M {\n  option (confluent.message_meta) = {\n    tags: [\n      \"A\",\n      \"B\"\n    ]\n  };\n\n  string a = 1;\n\n  oneof o {\n    int32 b = 2 [\n      deprecated = true,\n      (confluent.field_meta) = {\n        tags: [\n          \"C\"\n        ]\n      }\n    ];\n  }\n\n  message N {\n    option (confluent.message_meta) = {\n      tags: [\n        \"E\"\n      ]\n    };\n  \n    int32 c = 1 [(confluent.field_meta) = {\n      tags: [\n        \"D\"\n      ]\n    }];\n  }\n}\n";
        assert_eq!(edited.as_deref(), Ok(expected));
    }

    #[test]
    fn what_else_an_option_says_stays() {
        let meta = |meta: &str| format!("message M {{\n  string a = 1 [{meta}];\n}}\n");
        #[track_caller]
        fn check(before: String, add: &str, remove: &str, after: String) {
            assert_eq!(edit(&before, &[("M.a", Field, add)], &[("M.a", Field, remove)]), Ok(after));
        }
        let literal = |inner: &str| meta(&format!("(confluent.field_meta) = {{\n    {inner}\n  }}"));
        check(
            literal("doc: \"d\",\n    tags: [\n      \"A\"\n    ]"),
            "B",
            "A",
            literal("doc: \"d\",\n    tags: [\n      \"B\"\n    ]"),
        );
        check(literal("doc: \"d\",\n    tags: \"A\""), "B", "A B", literal("doc: \"d\""));
        check(literal("doc: \"d\""), "B", "C", literal("doc: \"d\",\n    tags: [\n      \"B\"\n    ]"));
        let bare = "message M {\n  string a = 1;\n}\n".to_owned();
        check(literal("tags: \"A\""), "B", "A B", bare.clone());
        check(meta("(confluent.field_meta).tags = \"A\""), "A", "A", bare);
        let list = "(confluent.field_meta).tags = [\n    \"A\",\n    \"B\"\n  ]";
        check(meta("(confluent.field_meta).tags = \"A\""), "B", "C", meta(list));
    }

    #[test]
    fn a_path_that_leads_nowhere_is_named() {
        let body = "message M {\n  string a = 1;\n}\n";
        for (path, kind, named) in [
            (".Nope", Record, "Message with name 'Nope'"),
            (".M.Nope", Field, "Field with name 'M.Nope'"),
            ("M.a", Record, "Message with name 'M.a'"),
            ("p.M", Record, "Message with name 'p.M'"),
        ] {
            assert_eq!(edit(body, &[(path, kind, "T")], &[]), Err(format!("No matching {named} found in the schema")));
        }
    }
}
