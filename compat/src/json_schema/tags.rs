//! Inline tags of a JSON schema. The path of an object or a property goes from the root by the kinds of the schemas on the way:
//! `object` and the name of a property, `array` for the items (and a number, where they are a list), `allof`, `anyof` or
//! `oneof` and a number, `not`, `conditional` and `if`, `then` or `else`, and in an object `definitions` or `$defs` and a
//! name: `object.orders.array.object.price`. A path goes through the text and never follows a `$ref`.

use super::{PRINTED, READ, Schema, print, too_long, tree};
use crate::json::{Member, Memory, Node as Tree, Text, Tree as Value};
use crate::tags::{EntityKind, PROPERTY, Pending, Tagged, TaggedEntity};
use crate::{Error, Spent, TagEdits, Work};

/// Objects and properties with tags, by path.
///
/// # Errors
/// The work ended.
pub(super) fn inline_tags(schema: &Schema, work: &Work) -> Result<Vec<TaggedEntity>, Spent> {
    work.spend(schema.canonical.len() / READ)?;
    let mut found = Tagged::new();
    if let Ok(Some(mut root)) = tree(&schema.canonical, &mut Memory::default()) {
        Walk { path: String::new(), visitor: &mut found, work }.schema(&mut root)?;
    }
    Ok(found.sorted())
}

/// The text with tags edited, its members in their order.
///
/// # Errors
/// A path leads nowhere, or the text would exceed a bound; or the work ended.
pub(super) fn retagged(schema: &Schema, edits: &TagEdits, work: &Work) -> Result<String, Error> {
    work.spend(schema.canonical.len() / READ)?;
    let mut pending = Pending::of(edits, |path| path);
    let mut root = tree(&schema.canonical, &mut Memory::default())?.unwrap_or(Tree { at: 0, tree: Value::Null });
    Walk { path: String::new(), visitor: &mut pending, work }.schema(&mut root)?;
    if let Some((path, _)) = pending.missed() {
        return Err(Error::no_such_entity("path", path));
    }
    let (text, _) = print::print(&root, false).map_err(|print::TooLong| Error::TooComplex(too_long()))?;
    work.spend(text.len() / PRINTED)?;
    Ok(text)
}

/// Bytes of a path that are compared for a unit of work.
const COMPARED: usize = 64;

/// What is done with each object and property that could have tags.
trait Visitor {
    /// Is there anything to do at a path that begins so?
    fn wants(&self, path: &str) -> bool;

    /// Does it, to the members of a schema.
    fn visit(&mut self, path: &str, kind: EntityKind, members: &mut Box<[Member<'_>]>);
}

impl Visitor for Tagged {
    fn wants(&self, _path: &str) -> bool {
        true
    }

    fn visit(&mut self, path: &str, kind: EntityKind, members: &mut Box<[Member<'_>]>) {
        self.add(&[path], kind, tags(members));
    }
}

impl Visitor for Pending<'_> {
    fn wants(&self, path: &str) -> bool {
        self.below(path)
    }

    fn visit(&mut self, path: &str, kind: EntityKind, members: &mut Box<[Member<'_>]>) {
        if let Some(tags) = self.edited(path, kind, &tags(members)) {
            put(members, tags);
        }
    }
}

struct Walk<'w, V> {
    /// Where it stands.
    path: String,
    visitor: &'w mut V,
    work: &'w Work,
}

impl<V: Visitor> Walk<'_, V> {
    /// Depth is that of the text, which reading has bounded.
    fn schema(&mut self, node: &mut Tree<'_>) -> Result<(), Spent> {
        let is_object = is_object(node);
        let Value::Object(members) = &mut node.tree else { return Ok(()) };
        self.work.spend(1 + members.len())?;
        for member in members.iter_mut() {
            let Member { key, value } = member;
            match &**key {
                "properties" => self.at("object", |walk| walk.named(value, Self::property))?,
                "definitions" | "$defs" => {
                    let kind: &str = if is_object { "object" } else { "" };
                    self.at(kind, |walk| walk.at(key, |walk| walk.named(value, Self::schema)))?;
                }
                "items" | "prefixItems" => self.at("array", |walk| walk.items(value))?,
                "allOf" | "anyOf" | "oneOf" => {
                    let kind = key.to_ascii_lowercase();
                    self.at(&kind, |walk| walk.items(value))?;
                }
                "not" => self.at("not", |walk| walk.schema(value))?,
                "if" | "then" | "else" => {
                    self.at("conditional", |walk| walk.at(key, |walk| walk.schema(value)))?;
                }
                _ => {}
            }
        }
        if is_object {
            self.at("object", |walk| {
                walk.visitor.visit(&walk.path, EntityKind::Record, members);
                Ok(())
            })?;
        }
        Ok(())
    }

    /// A property, and what is in it.
    fn property(&mut self, node: &mut Tree<'_>) -> Result<(), Spent> {
        self.schema(node)?;
        if let Value::Object(members) = &mut node.tree {
            self.visitor.visit(&self.path, EntityKind::Field, members);
        }
        Ok(())
    }

    /// The schemas of an object that names them.
    fn named(
        &mut self,
        node: &mut Tree<'_>,
        each: impl Fn(&mut Self, &mut Tree<'_>) -> Result<(), Spent>,
    ) -> Result<(), Spent> {
        let Value::Object(members) = &mut node.tree else { return Ok(()) };
        self.work.spend(members.len())?;
        for Member { key, value } in members {
            self.at(key, |walk| each(walk, value))?;
        }
        Ok(())
    }

    /// A schema, or the numbered schemas of a list.
    fn items(&mut self, node: &mut Tree<'_>) -> Result<(), Spent> {
        let Value::Array(items) = &mut node.tree else { return self.schema(node) };
        self.work.spend(items.len())?;
        for (at, item) in items.iter_mut().enumerate() {
            self.at(&at.to_string(), |walk| walk.schema(item))?;
        }
        Ok(())
    }

    /// Does something one step on, if there is anything to do; the empty step stays where it is.
    fn at(&mut self, step: &str, then: impl FnOnce(&mut Self) -> Result<(), Spent>) -> Result<(), Spent> {
        let before = self.path.len();
        if !(self.path.is_empty() || step.is_empty()) {
            self.path.push('.');
        }
        self.path.push_str(step);
        // Whoever looks for the path compares all of it.
        self.work.spend(1 + step.len() / PRINTED + self.path.len() / COMPARED)?;
        let outcome = if self.visitor.wants(&self.path) { then(self) } else { Ok(()) };
        self.path.truncate(before);
        outcome
    }
}

/// Is it the schema of objects?
fn is_object(node: &Tree<'_>) -> bool {
    let says = |value: &Tree<'_>| value.as_str() == Some("object");
    let typed = node.get("type").is_some_and(|value| match &value.tree {
        Value::Array(types) => types.iter().any(says),
        _ => says(value),
    });
    typed || node.get("properties").is_some()
}

fn tags(members: &[Member<'_>]) -> Vec<String> {
    match members.iter().find(|member| &*member.key == PROPERTY).map(|member| &member.value.tree) {
        Some(Value::Array(items)) => items.iter().filter_map(Tree::as_str).map(str::to_owned).collect(),
        _ => Vec::new(),
    }
}

/// Sets the tags, in their place if there are any.
fn put(members: &mut Box<[Member<'_>]>, tags: Vec<String>) {
    let mut list = std::mem::take(members).into_vec();
    let at = list.iter().position(|member| &*member.key == PROPERTY);
    if tags.is_empty() {
        at.map(|at| list.remove(at));
    } else {
        let text = |tag: String| Tree { at: 0, tree: Value::String(Text::Owned(tag.into())) };
        let value = Tree { at: 0, tree: Value::Array(tags.into_iter().map(text).collect()) };
        match at {
            Some(at) => list[at].value = value,
            None => list.push(Member { key: Text::Borrowed(PROPERTY), value }),
        }
    }
    *members = list.into();
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::language::Language;
    use crate::{Strictness, TagEdit};

    fn schema(text: &str) -> Schema {
        Schema::parse(text, &[], Strictness::New, &Work::unlimited()).unwrap()
    }

    fn edited(text: &str, add: &[(&str, EntityKind)]) -> Result<String, String> {
        let edit = |&(path, kind): &(&str, _)| TagEdit { path: path.to_owned(), kind, tags: vec!["T".to_owned()] };
        let edits = TagEdits { add: add.iter().map(edit).collect(), ..TagEdits::default() };
        retagged(&schema(text), &edits, &Work::unlimited()).map_err(|error| error.details())
    }

    /// A schema with a place for a tag, `@`, and the path of that place.
    #[track_caller]
    fn check(text: &str, path: &str, kind: EntityKind) {
        let (bare, tagged) = (text.replace("@", ""), text.replace("@", r#","confluent:tags":["T"]"#));
        assert_eq!(edited(&bare, &[(path, kind)]), Ok(tagged.clone()), "{path}");
        let found = inline_tags(&schema(&tagged), &Work::unlimited()).unwrap();
        assert_eq!(found, [TaggedEntity { path: path.to_owned(), kind, tags: vec!["T".to_owned()] }]);
        let other = if kind == EntityKind::Field { EntityKind::Record } else { EntityKind::Field };
        assert_eq!(edited(&bare, &[(path, other)]), Err(format!("No matching path '{path}' found in the schema")));
    }

    #[test]
    fn a_path_goes_by_the_kinds_of_schemas() {
        use EntityKind::{Field, Record};
        check(r#"{"type":"object","properties":{"f":{"type":"string"}}@}"#, "object", Record);
        check(r#"{"title":"R","properties":{"f":{"type":"string"@}}}"#, "object.f", Field);
        let nested = r#"{"type":"array","items":{"type":"object","properties":{"g":{"type":"integer"@}}}}"#;
        check(&format!(r#"{{"properties":{{"arr":{nested}}}}}"#), "object.arr.array.object.g", Field);
        check(r#"{"type":"array","items":[{"type":"string"},{"type":"object"@}]}"#, "array.1.object", Record);
        check(
            r#"{"properties":{"f":{"allOf":[{"properties":{"g":{"type":"null"@}}}]}}}"#,
            "object.f.allof.0.object.g",
            Field,
        );
        check(r#"{"oneOf":[true,{"type":["null","object"]@}]}"#, "oneof.1.object", Record);
        check(
            r#"{"type":"object","definitions":{"D":{"properties":{"name":{"type":"string"@}}}}}"#,
            "object.definitions.D.object.name",
            Field,
        );
        check(r##"{"$ref":"#/$defs/D","$defs":{"D":{"properties":{"n":{"minimum":1@}}}}}"##, "$defs.D.object.n", Field);
        check(r#"{"not":{"type":"object"@}}"#, "not.object", Record);
        check(
            r#"{"if":{"type":"object"},"then":{"properties":{"t":{"type":"string"@}}}}"#,
            "conditional.then.object.t",
            Field,
        );
    }

    #[test]
    fn many_properties_under_a_long_name_are_paid_for() {
        let name = "n".repeat(1 << 20);
        let properties: Vec<String> = (0..20_000).map(|n| format!(r#""p{n}":{{}}"#)).collect();
        let text = format!(r#"{{"properties":{{"{name}":{{"properties":{{{}}}}}}}}}"#, properties.join(","));
        let edit = TagEdit { path: format!("object.{name}.object.p"), kind: EntityKind::Field, tags: vec![] };
        let edits = TagEdits { add: vec![edit], ..TagEdits::default() };
        let work = Work::new(10_000_000, &crate::Halt::default());
        assert_eq!(retagged(&schema(&text), &edits, &work), Err(Error::Spent(Spent::TooMuch)));
    }

    #[test]
    fn edits_keep_the_order_of_members_and_the_spelling_of_numbers() {
        let text = r#"{"z":1.50,"type":"object","a":[1e3],"confluent:tags":["A","T"],"properties":{"f":true}}"#;
        let expected = text.replace("1e3", "1E+3");
        assert_eq!(edited(text, &[("object", EntityKind::Record)]), Ok(expected));
        // What is no object has no place for a tag.
        assert!(edited(text, &[("object.f", EntityKind::Field)]).is_err());
        assert!(edited(r#"{"type":"string"}"#, &[("", EntityKind::Record)]).is_err());
        assert!(edited("true", &[("object", EntityKind::Record)]).is_err());
    }
}
