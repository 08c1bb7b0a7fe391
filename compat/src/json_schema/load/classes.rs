//! Types, and the keywords that belong to each.

use super::members::{Members, print_of, unexpected};
use super::{Failure, Loader, Part, problem};
use crate::json::{Node as Tree, Tree as Value};
use crate::json_schema::dialect::{Dialect, Keyword};
use crate::json_schema::documents::Cursor;
use crate::json_schema::model::*;
use crate::json_schema::shown;
use std::hash::Hash;

const ARRAY_OLD: &[Keyword] = &[
    Keyword::Items,
    Keyword::AdditionalItems,
    Keyword::MinItems,
    Keyword::MaxItems,
    Keyword::UniqueItems,
    Keyword::Contains,
];
const ARRAY_NEW: &[Keyword] = &[
    Keyword::Items,
    Keyword::PrefixItems,
    Keyword::MinItems,
    Keyword::MaxItems,
    Keyword::UniqueItems,
    Keyword::Contains,
    Keyword::UnevaluatedItems,
];
const OBJECT: &[Keyword] = &[
    Keyword::Properties,
    Keyword::Required,
    Keyword::MinProperties,
    Keyword::MaxProperties,
    Keyword::Dependencies,
    Keyword::DependentRequired,
    Keyword::DependentSchemas,
    Keyword::PatternProperties,
    Keyword::AdditionalProperties,
    Keyword::UnevaluatedProperties,
    Keyword::PropertyNames,
];
const NUMBER: &[Keyword] =
    &[Keyword::Minimum, Keyword::Maximum, Keyword::ExclusiveMinimum, Keyword::ExclusiveMaximum, Keyword::MultipleOf];
const STRING_OLD: &[Keyword] = &[Keyword::MinLength, Keyword::MaxLength, Keyword::Pattern, Keyword::Format];
const STRING_NEW: &[Keyword] = &[Keyword::MinLength, Keyword::MaxLength, Keyword::Pattern];

/// A kind of value that keywords belong to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Kind {
    Array,
    Object,
    Number,
    String,
}

impl Kind {
    const ALL: [Kind; 4] = [Kind::String, Kind::Number, Kind::Array, Kind::Object];

    fn keywords(self, dialect: Dialect) -> &'static [Keyword] {
        match (self, dialect.is_old()) {
            (Kind::Array, true) => ARRAY_OLD,
            (Kind::Array, false) => ARRAY_NEW,
            (Kind::Object, _) => OBJECT,
            (Kind::Number, _) => NUMBER,
            (Kind::String, true) => STRING_OLD,
            (Kind::String, false) => STRING_NEW,
        }
    }

    /// Says the schema something about values of this kind? The new dialects hear nothing in an empty object of properties.
    fn is_meant(self, members: &Members<'_>, dialect: Dialect) -> bool {
        let empty = |tree: &Tree<'_>| matches!(&tree.tree, Value::Object(members) if members.is_empty());
        self.keywords(dialect).iter().any(|&keyword| match keyword {
            Keyword::Properties | Keyword::PatternProperties if !dialect.is_old() => {
                members.get(keyword).is_some_and(|tree| !empty(tree))
            }
            keyword => members.get(keyword).is_some(),
        })
    }
}

/// What a word of `type` stands for.
enum Type {
    Of(Kind),
    Integer,
    Boolean,
    Null,
}

impl<'t> Loader<'_, 't> {
    /// The parts of the types that are named or meant.
    pub(super) fn typed(
        &mut self,
        parts: &mut Vec<Part>,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
    ) -> Result<(), Failure> {
        let mut taken = Vec::new();
        match members.get(Keyword::Type) {
            None => {}
            Some(Tree { tree: Value::Array(words), .. }) => {
                let mut union = Vec::with_capacity(words.len());
                for word in words {
                    let part = self.of_type(word, &mut taken, cursor, members, dialect, depth)?;
                    union.push(self.add(part.class, part.print, None, cursor)?);
                }
                let prints: Vec<u64> = union.iter().map(|&id| self.print(id)).collect();
                let print = print_of(|hash| (Criterion::Any.as_str(), prints).hash(hash));
                let class = Class::Combined { criterion: Criterion::Any, members: union.into(), synthetic: false };
                parts.push(Part { class, print });
            }
            Some(word) => parts.push(self.of_type(word, &mut taken, cursor, members, dialect, depth)?),
        }
        for kind in Kind::ALL {
            if !taken.contains(&kind) && kind.is_meant(members, dialect) {
                parts.push(self.of_kind(kind, false, false, cursor, members, dialect, depth)?);
            }
        }
        Ok(())
    }

    fn of_type(
        &mut self,
        word: &'t Tree<'t>,
        taken: &mut Vec<Kind>,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
    ) -> Result<Part, Failure> {
        let Some(text) = word.as_str() else { return Ok(unexpected("type", "String", word)?) };
        let plain = |class, print: &str| Ok(Part { class, print: print_of(|hash| print.hash(hash)) });
        let (kind, integer) = match type_of(text) {
            Some(Type::Boolean) => return plain(Class::Boolean, "boolean"),
            Some(Type::Null) => return plain(Class::Null, "null"),
            Some(Type::Integer) => (Kind::Number, true),
            Some(Type::Of(kind)) => (kind, false),
            None => return Ok(problem(word.at, format!("unknown type: [{}]", shown(text)))?),
        };
        // Of several types of a kind in the new dialects the first gets the keywords.
        if !dialect.is_old() && taken.contains(&kind) {
            return Ok(self.bare(kind, integer));
        }
        taken.push(kind);
        self.of_kind(kind, true, integer, cursor, members, dialect, depth)
    }

    fn bare(&self, kind: Kind, integer: bool) -> Part {
        let class = match kind {
            Kind::Array => Class::Array(Box::default()),
            Kind::Object => Class::Object(Box::default()),
            Kind::Number => Class::Number(Box::new(NumberRules { integer, ..NumberRules::default() })),
            Kind::String => Class::String(Box::default()),
        };
        Part { class, print: print_of(|hash| ("bare", kind as u8, integer).hash(hash)) }
    }

    #[allow(clippy::too_many_arguments, reason = "one place where all that a part depends on comes together")]
    fn of_kind(
        &mut self,
        kind: Kind,
        explicit: bool,
        integer: bool,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
    ) -> Result<Part, Failure> {
        let mut print = Print::default();
        if explicit {
            print.say("type", (kind as u8, integer));
        }
        let class = match kind {
            Kind::String => self.string(members, dialect, &mut print)?,
            Kind::Number => self.number(integer, members, dialect, &mut print)?,
            Kind::Array => self.array(cursor, members, dialect, depth, &mut print)?,
            Kind::Object => self.object(cursor, members, dialect, depth, &mut print)?,
        };
        Ok(Part { class, print: print.0 })
    }

    fn string(&mut self, members: &Members<'t>, dialect: Dialect, print: &mut Print) -> Result<Class, Failure> {
        /// Formats that the old dialects know, by the first that does.
        const FORMATS: [(Dialect, &[&str]); 3] = [
            (Dialect::Draft4, &["date-time", "email", "hostname", "ipv4", "ipv6", "uri"]),
            (Dialect::Draft6, &["json-pointer", "uri-reference", "uri-template"]),
            (Dialect::Draft7, &["date", "regex", "relative-json-pointer", "time"]),
        ];
        let pattern = members.text(Keyword::Pattern)?;
        if let (Some(text), Some(tree)) = (pattern, members.get(Keyword::Pattern)) {
            self.pattern(text, tree.at)?;
        }
        self.take(size_of::<StringRules>(), members.tree)?;
        let rules = StringRules {
            min_length: members.count(Keyword::MinLength, dialect)?,
            max_length: members.count(Keyword::MaxLength, dialect)?,
            pattern: pattern.map(|text| self.kept(text, members.tree)).transpose()?,
        };
        print.number("minLength", rules.min_length);
        print.number("maxLength", rules.max_length);
        if let Some(text) = &rules.pattern {
            print.say("pattern", text);
        }
        if dialect.is_old()
            && let Some(format) = members.text(Keyword::Format)?
            && FORMATS.iter().any(|(first, formats)| *first <= dialect && formats.contains(&format))
        {
            print.say("format", format);
        }
        Ok(Class::String(Box::new(rules)))
    }

    fn number(
        &mut self,
        integer: bool,
        members: &Members<'t>,
        dialect: Dialect,
        print: &mut Print,
    ) -> Result<Class, Failure> {
        let exclusive = |keyword| if dialect == Dialect::Draft4 { Ok(None) } else { members.number(keyword) };
        let multiple = members.number_text(Keyword::MultipleOf)?;
        if let (Some(text), Some(tree)) = (multiple, members.get(Keyword::MultipleOf))
            && text.parse::<f64>().is_ok_and(|number| number == 0.0)
            && !text.split(['e', 'E']).next().unwrap_or_default().contains(|c| ('1'..='9').contains(&c))
        {
            return Ok(problem(tree.at, "multipleOf should not be 0")?);
        }
        self.take(size_of::<NumberRules>(), members.tree)?;
        let rules = NumberRules {
            integer,
            minimum: members.number(Keyword::Minimum)?,
            maximum: members.number(Keyword::Maximum)?,
            exclusive_minimum: exclusive(Keyword::ExclusiveMinimum)?,
            exclusive_maximum: exclusive(Keyword::ExclusiveMaximum)?,
            multiple_of: multiple.map(|text| self.kept(text, members.tree)).transpose()?,
        };
        for keyword in NUMBER {
            if let Some(tree) = members.get(*keyword) {
                print.say(keyword.as_str(), self.value(tree)?);
            }
        }
        Ok(Class::Number(Box::new(rules)))
    }

    fn array(
        &mut self,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
        print: &mut Print,
    ) -> Result<Class, Failure> {
        self.take(size_of::<ArrayRules>(), members.tree)?;
        let mut rules = ArrayRules {
            min_items: members.count(Keyword::MinItems, dialect)?,
            max_items: members.count(Keyword::MaxItems, dialect)?,
            unique: members.flag(Keyword::UniqueItems)?.unwrap_or_default(),
            ..ArrayRules::default()
        };
        if dialect.is_old() {
            self.old_items(&mut rules, cursor, members, dialect, depth, print)?;
        } else {
            self.new_items(&mut rules, cursor, members, depth, print)?;
        }
        print.number("minItems", rules.min_items);
        print.number("maxItems", rules.max_items);
        if rules.unique {
            print.say("uniqueItems", true);
        }
        if let Some(tree) = members.get(Keyword::Contains) {
            let inner = self.inner(cursor, tree, depth)?;
            print.say("contains", self.print(inner));
            if !dialect.is_old() {
                rules.min_contains = Some(members.number(Keyword::MinContains)?.unwrap_or(1.0));
                rules.max_contains = members.number(Keyword::MaxContains)?;
                print.number("minContains", rules.min_contains);
                print.number("maxContains", rules.max_contains);
            }
        }
        self.print_rest("additionalItems", rules.additional, print);
        Ok(Class::Array(Box::new(rules)))
    }

    fn old_items(
        &mut self,
        rules: &mut ArrayRules,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
        print: &mut Print,
    ) -> Result<(), Failure> {
        match members.get(Keyword::Items) {
            None => {}
            Some(Tree { tree: Value::Array(items), .. }) => {
                rules.tuple = self.tuple(items, cursor, depth, print)?;
            }
            Some(tree @ Tree { tree: Value::Bool(_), .. }) if dialect == Dialect::Draft4 => {
                unexpected("items", "JsonArray or JsonObject", tree)?;
            }
            Some(tree) => self.all_items(rules, tree, cursor, depth, print)?,
        }
        rules.additional = match self.rest(Keyword::AdditionalItems, cursor, members, depth)? {
            Rest::Closed if rules.items.is_some() => Rest::Open,
            rest => rest,
        };
        Ok(())
    }

    fn new_items(
        &mut self,
        rules: &mut ArrayRules,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<(), Failure> {
        let prefix = members.list(Keyword::PrefixItems)?;
        if let Some(items) = prefix {
            rules.tuple = self.tuple(items, cursor, depth, print)?;
        }
        match members.get(Keyword::Items) {
            None | Some(Tree { tree: Value::Bool(true), .. }) => {}
            Some(Tree { tree: Value::Bool(false), .. }) => rules.additional = Rest::Closed,
            Some(tree) if prefix.is_some() => rules.additional = Rest::Of(self.inner(cursor, tree, depth)?),
            Some(tree) => self.all_items(rules, tree, cursor, depth, print)?,
        }
        if let Some(tree) = members.get(Keyword::UnevaluatedItems) {
            rules.unevaluated = Some(self.inner(cursor, tree, depth)?);
        }
        Ok(())
    }

    fn all_items(
        &mut self,
        rules: &mut ArrayRules,
        tree: &'t Tree<'t>,
        cursor: Cursor<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<(), Failure> {
        let inner = self.inner(cursor, tree, depth)?;
        rules.items = Some(inner);
        print.say("items", self.print(inner));
        Ok(())
    }

    fn tuple(
        &mut self,
        items: &'t [Tree<'t>],
        cursor: Cursor<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<Box<[NodeId]>, Failure> {
        self.take(items.len() * size_of::<NodeId>(), cursor.tree)?;
        let mut tuple = Vec::with_capacity(items.len());
        for tree in items {
            tuple.push(self.inner(cursor, tree, depth)?);
        }
        print.say("tuple", tuple.iter().map(|&id| self.print(id)).collect::<Vec<_>>());
        Ok(tuple.into())
    }

    /// What a keyword says of what is not named.
    fn rest(
        &mut self,
        keyword: Keyword,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        depth: usize,
    ) -> Result<Rest, Failure> {
        Ok(match members.get(keyword) {
            None | Some(Tree { tree: Value::Bool(true), .. }) => Rest::Open,
            Some(Tree { tree: Value::Bool(false), .. }) => Rest::Closed,
            Some(tree) => Rest::Of(self.inner(cursor, tree, depth)?),
        })
    }

    fn print_rest(&self, keyword: &str, rest: Rest, print: &mut Print) {
        match rest {
            Rest::Open => {}
            Rest::Closed => print.say(keyword, false),
            Rest::Of(inner) => print.say(keyword, self.print(inner)),
        }
    }

    fn object(
        &mut self,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        dialect: Dialect,
        depth: usize,
        print: &mut Print,
    ) -> Result<Class, Failure> {
        self.take(size_of::<ObjectRules>(), members.tree)?;
        let mut rules = ObjectRules {
            min_properties: members.count(Keyword::MinProperties, dialect)?,
            max_properties: members.count(Keyword::MaxProperties, dialect)?,
            required: self.names(members.list(Keyword::Required)?.unwrap_or_default(), "required", members, print)?,
            properties: self.properties(Keyword::Properties, cursor, members, depth, print)?,
            additional: self.rest(Keyword::AdditionalProperties, cursor, members, depth)?,
            ..ObjectRules::default()
        };
        let mut by_name: Vec<u32> = (0..).take(rules.properties.len()).collect();
        by_name.sort_unstable_by_key(|&at| &*rules.properties[at as usize].name);
        rules.by_name = by_name.into();
        rules.patterns = self.patterns(cursor, members, depth, print)?;
        if let Some(tree) = members.get(Keyword::PropertyNames) {
            let inner = self.inner(cursor, tree, depth)?;
            print.say("propertyNames", self.print(inner));
        }
        if let Some(tree) = members.get(Keyword::UnevaluatedProperties) {
            rules.unevaluated = Some(self.inner(cursor, tree, depth)?);
        }
        if dialect.is_old() {
            self.dependencies(&mut rules, cursor, members, depth, print)?;
        } else {
            let needs = members.map(Keyword::DependentRequired)?.unwrap_or_default();
            let mut lists = Vec::new();
            for member in needs {
                let Value::Array(names) = &member.value.tree else {
                    return Ok(unexpected("dependentRequired", "JsonArray", &member.value)?);
                };
                if !names.is_empty() {
                    let names = self.names(names, &member.key, members, print)?;
                    lists.push((self.kept(&member.key, members.tree)?, names));
                }
            }
            rules.dependencies = lists.into();
            rules.dependent_schemas = self.properties(Keyword::DependentSchemas, cursor, members, depth, print)?;
        }
        print.number("minProperties", rules.min_properties);
        print.number("maxProperties", rules.max_properties);
        self.print_rest("additionalProperties", rules.additional, print);
        Ok(Class::Object(Box::new(rules)))
    }

    fn dependencies(
        &mut self,
        rules: &mut ObjectRules,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<(), Failure> {
        let (mut lists, mut schemas) = (Vec::new(), Vec::new());
        for member in members.map(Keyword::Dependencies)?.unwrap_or_default() {
            let name = self.kept(&member.key, members.tree)?;
            match &member.value.tree {
                Value::Array(names) if names.is_empty() => {}
                Value::Array(names) => lists.push((name, self.names(names, &member.key, members, print)?)),
                _ => {
                    let schema = self.inner(cursor, &member.value, depth)?;
                    print.say(&member.key, ("dependency", self.print(schema)));
                    schemas.push(Property { name, schema });
                }
            }
        }
        (rules.dependencies, rules.dependent_schemas) = (lists.into(), schemas.into());
        Ok(())
    }

    /// A list of names, sorted and each once.
    fn names(
        &mut self,
        trees: &'t [Tree<'t>],
        keyword: &str,
        members: &Members<'t>,
        print: &mut Print,
    ) -> Result<Box<[Box<str>]>, Failure> {
        let mut names = Vec::with_capacity(trees.len());
        for tree in trees {
            match tree.as_str() {
                Some(name) => names.push(self.kept(name, members.tree)?),
                None => return Ok(unexpected(keyword, "String", tree)?),
            }
        }
        self.work.spend(names.len())?;
        if !names.is_empty() {
            print.say(keyword, ("names", &names));
        }
        names.sort_unstable();
        names.dedup();
        Ok(names.into())
    }

    fn properties(
        &mut self,
        keyword: Keyword,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<Box<[Property]>, Failure> {
        let named = members.map(keyword)?.unwrap_or_default();
        let mut properties = Vec::with_capacity(named.len());
        for member in named {
            let schema = self.inner(cursor, &member.value, depth)?;
            print.say(keyword.as_str(), (&*member.key, self.print(schema)));
            self.take(size_of::<Property>() + size_of::<u32>(), members.tree)?;
            properties.push(Property { name: self.kept(&member.key, members.tree)?, schema });
        }
        Ok(properties.into())
    }

    fn patterns(
        &mut self,
        cursor: Cursor<'t>,
        members: &Members<'t>,
        depth: usize,
        print: &mut Print,
    ) -> Result<Patterns, Failure> {
        let mut patterns = Vec::new();
        for member in members.map(Keyword::PatternProperties)?.unwrap_or_default() {
            self.pattern(&member.key, member.value.at)?;
            let schema = self.inner(cursor, &member.value, depth)?;
            print.say("patternProperties", (&*member.key, self.print(schema)));
            patterns.push((self.kept(&member.key, members.tree)?, schema));
        }
        Ok(patterns.into())
    }
}

fn type_of(word: &str) -> Option<Type> {
    Some(match word {
        "string" => Type::Of(Kind::String),
        "number" => Type::Of(Kind::Number),
        "integer" => Type::Integer,
        "array" => Type::Of(Kind::Array),
        "object" => Type::Of(Kind::Object),
        "boolean" => Type::Boolean,
        "null" => Type::Null,
        _ => return None,
    })
}

/// What is printed of a part, whose order does not matter.
#[derive(Default)]
struct Print(u64);

impl Print {
    fn say(&mut self, keyword: &str, value: impl Hash) {
        self.0 = self.0.wrapping_add(print_of(|hash| (keyword, value).hash(hash)));
    }

    fn number(&mut self, keyword: &str, value: Option<f64>) {
        if let Some(value) = value {
            self.say(keyword, value.to_bits());
        }
    }
}
