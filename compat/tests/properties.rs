//! Promises that hold for generated schemas, and for schemas broken at random.

use crate::exercise;
use crate::support::*;
use compat::{Direction, Parsed};
use proptest::prelude::*;
use serde_json::Value;

/// The shape of a schema; names are given when it is written.
#[derive(Clone, Debug)]
enum Shape {
    Primitive(usize),
    /// A use of a type already defined, counted from the first.
    Use(usize),
    Array(Box<Shape>),
    Map(Box<Shape>),
    Union(Vec<Shape>),
    Fixed(u8),
    Enum(u8),
    Record(Vec<(Shape, Extras)>),
}

/// What a field has besides name and type.
#[derive(Clone, Debug)]
struct Extras {
    doc: bool,
    alias: bool,
    default: bool,
    prop: bool,
    order: usize,
}

const PRIMITIVES: [&str; 8] = ["null", "boolean", "int", "long", "float", "double", "bytes", "string"];

fn shape() -> impl Strategy<Value = Shape> {
    let leaf = prop_oneof![
        4 => (0..8usize).prop_map(Shape::Primitive),
        1 => (0..9usize).prop_map(Shape::Use),
        1 => (0..9u8).prop_map(Shape::Fixed),
        1 => (0..4u8).prop_map(Shape::Enum),
    ];
    let extras = (any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>(), 0..3usize)
        .prop_map(|(doc, alias, default, prop, order)| Extras { doc, alias, default, prop, order });
    leaf.prop_recursive(4, 40, 5, move |inner| {
        prop_oneof![
            1 => inner.clone().prop_map(|inner| Shape::Array(inner.into())),
            1 => inner.clone().prop_map(|inner| Shape::Map(inner.into())),
            2 => prop::collection::vec(inner.clone(), 0..4).prop_map(Shape::Union),
            4 => prop::collection::vec((inner, extras.clone()), 0..5).prop_map(Shape::Record),
        ]
    })
}

/// How a shape is written: all spellings of one shape are the same schema.
struct Writer {
    /// Drives the choice among spellings; 0 always chooses the first.
    spelling: u64,
    /// Changes the schema at this node, counted in the order of writing.
    twist: Option<usize>,
    nodes: usize,
    /// The full names defined so far.
    names: Vec<String>,
    defined: usize,
}

impl Writer {
    fn write(shape: &Shape, spelling: u64, twist: Option<usize>) -> String {
        Writer { spelling, twist, nodes: 0, names: Vec::new(), defined: 0 }.schema(shape)
    }

    fn choose(&mut self) -> bool {
        if self.spelling != 0 {
            self.spelling =
                self.spelling.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        }
        self.spelling >> 63 == 1
    }

    fn object(&mut self, mut members: Vec<String>) -> String {
        if self.choose() {
            members.reverse();
        }
        let (open, comma) = if self.choose() { ("{ ", " ,\n") } else { ("{", ",") };
        format!("{open}{}}}", members.join(comma))
    }

    /// The members of a named type.
    fn name(&mut self) -> (String, Vec<String>) {
        let (space, short) = (["n", "", "m"][self.defined % 3], format!("T{}", self.defined));
        self.defined += 1;
        let full = if space.is_empty() { short.clone() } else { format!("{space}.{short}") };
        let members = if !space.is_empty() && self.choose() {
            vec![format!(r#""name":"{full}""#)]
        } else {
            vec![format!(r#""name":"{short}""#), format!(r#""namespace":"{space}""#)]
        };
        (full, members)
    }

    fn schema(&mut self, shape: &Shape) -> String {
        let twisted = self.twist == Some(self.nodes);
        self.nodes += 1;
        let prop = |members: &mut Vec<String>| {
            if twisted {
                members.push(r#""twist":1"#.to_owned());
            }
        };
        match shape {
            Shape::Primitive(at) => {
                let word = PRIMITIVES[*at];
                let mut members = vec![format!(r#""type":"{word}""#)];
                prop(&mut members);
                if twisted || self.choose() { self.object(members) } else { format!("\"{word}\"") }
            }
            Shape::Use(at) => match self.names.get(*at) {
                Some(name) => format!("\"{name}\""),
                None => self.schema(&Shape::Primitive(2)),
            },
            Shape::Array(inner) => {
                let mut members = vec![r#""type":"array""#.to_owned(), format!(r#""items":{}"#, self.schema(inner))];
                prop(&mut members);
                self.object(members)
            }
            Shape::Map(inner) => {
                let mut members = vec![r#""type":"map""#.to_owned(), format!(r#""values":{}"#, self.schema(inner))];
                prop(&mut members);
                self.object(members)
            }
            Shape::Union(branches) => {
                let mut kinds = Vec::new();
                let mut texts = Vec::new();
                for branch in branches {
                    // Named types and primitives alone: these are distinct by what they are called.
                    let kind = match branch {
                        Shape::Primitive(at) => PRIMITIVES[*at].to_owned(),
                        Shape::Fixed(_) | Shape::Enum(_) | Shape::Record(_) => format!("T{}", self.nodes),
                        _ => continue,
                    };
                    if !kinds.contains(&kind) {
                        kinds.push(kind);
                        texts.push(self.schema(branch));
                    }
                }
                format!("[{}]", texts.join(","))
            }
            Shape::Fixed(size) => {
                let (full, mut members) = self.name();
                members.extend([r#""type":"fixed""#.to_owned(), format!(r#""size":{size}"#)]);
                prop(&mut members);
                self.names.push(full);
                self.object(members)
            }
            Shape::Enum(symbols) => {
                let (full, mut members) = self.name();
                let symbols: Vec<String> = (0..*symbols).map(|at| format!("\"S{at}\"")).collect();
                members.extend([r#""type":"enum""#.to_owned(), format!(r#""symbols":[{}]"#, symbols.join(","))]);
                if let Some(first) = symbols.first() {
                    members.push(format!(r#""default":{first}"#));
                }
                prop(&mut members);
                self.names.push(full);
                self.object(members)
            }
            Shape::Record(fields) => {
                let (full, mut members) = self.name();
                let texts: Vec<String> =
                    fields.iter().enumerate().map(|(at, (shape, extras))| self.field(at, shape, extras)).collect();
                members.extend([r#""type":"record""#.to_owned(), format!(r#""fields":[{}]"#, texts.join(","))]);
                if twisted {
                    members.push(r#""doc":"twist""#.to_owned());
                }
                self.names.push(full);
                self.object(members)
            }
        }
    }

    fn field(&mut self, at: usize, shape: &Shape, extras: &Extras) -> String {
        let mut members = vec![format!(r#""name":"f{at}""#), format!(r#""type":{}"#, self.schema(shape))];
        if extras.order > 0 || self.spelling >> 62 == 1 {
            members.push(format!(r#""order":"{}""#, ["ascending", "descending", "ignore"][extras.order]));
        }
        if extras.doc {
            members.push(r#""doc":"d\u00e9""#.to_owned());
        }
        if extras.alias {
            let (a, b) = (format!("\"a{at}\""), format!("\"b{at}\""));
            members.push(if self.choose() {
                format!(r#""aliases":[{b},{a}]"#)
            } else {
                format!(r#""aliases":[{a},{b}]"#)
            });
        }
        if extras.prop {
            let inner = if self.choose() { r#"{"y":[1,2.50],"x":null}"# } else { r#"{"x":null,"y":[1,2.5]}"# };
            members.push(format!(r#""p":{inner}"#));
        }
        if extras.default
            && let Some(value) = default(shape)
        {
            members.push(format!(r#""default":{value}"#));
        }
        self.object(members)
    }
}

/// A default of a shape: of the last branch of a union, which an earlier one may take as well.
fn default(shape: &Shape) -> Option<String> {
    match shape {
        Shape::Primitive(at) => {
            Some(["null", "true", "1", "12345678901", "1.5", "3", r#""\u0001\u0100""#, "\"x\""][*at].to_owned())
        }
        Shape::Array(inner) => Some(format!("[{}]", default(inner)?)),
        Shape::Map(inner) => Some(format!(r#"{{"k2":{0},"k1":{0}}}"#, default(inner)?)),
        Shape::Union(branches) => match branches.last() {
            Some(last @ Shape::Primitive(_)) => default(last),
            _ => None,
        },
        Shape::Record(fields) => {
            let mut members = vec![r#""unused":[{"b":1,"a":2}]"#.to_owned()];
            for (at, (shape, _)) in fields.iter().enumerate() {
                members.push(format!(r#""f{at}":{}"#, default(shape)?));
            }
            Some(format!("{{{}}}", members.join(",")))
        }
        Shape::Use(_) | Shape::Fixed(_) | Shape::Enum(_) => None,
    }
}

/// Full names in the order of their definition, and defaults as a reader sees them.
fn meaning(parsed: &Parsed) -> Vec<String> {
    fn visit(schema: &Value, space: &str, out: &mut Vec<String>) {
        if let Some(branches) = schema.as_array() {
            branches.iter().for_each(|branch| visit(branch, space, out));
        }
        let Some(members) = schema.as_object() else { return };
        let space = members.get("namespace").and_then(Value::as_str).unwrap_or(space);
        if let Some(name) = members.get("name") {
            out.push(format!("{} {name} in {space:?}", members["type"]));
        }
        for field in members.get("fields").and_then(Value::as_array).into_iter().flatten() {
            out.push(
                field.get("default").map_or_else(|| "no default".to_owned(), |value| as_read(&field["type"], value)),
            );
            visit(&field["type"], space, out);
        }
        ["items", "values"].iter().filter_map(|key| members.get(*key)).for_each(|inner| visit(inner, space, out));
    }
    let mut out = Vec::new();
    visit(&serde_json::from_str(parsed.canonical()).unwrap(), "", &mut out);
    out
}

/// A value as a reader of the type sees it: without the spelling of its numbers and the order of its members.
fn as_read(schema: &Value, value: &Value) -> String {
    let schema = match schema {
        // A default is one of the first branch that takes it.
        Value::Array(branches) => branches.iter().find(|branch| takes(branch, value)).unwrap_or(&Value::Null),
        schema => schema,
    };
    match value {
        Value::Number(number) if word(schema) == Some("float") => (number.as_f64().unwrap() as f32).to_string(),
        Value::Number(number) => number.as_f64().unwrap().to_string(),
        Value::Array(elements) => {
            elements.iter().map(|element| as_read(&schema["items"], element)).collect::<Vec<_>>().join(",")
        }
        Value::Object(members) => {
            let of_field =
                |key: &str| schema["fields"].as_array()?.iter().find(|field| field["name"] == key)?.get("type");
            let member = |(key, member): (&String, &Value)| {
                let schema = schema.get("values").or_else(|| of_field(key)).unwrap_or(&Value::Null);
                format!("{key}:{}", as_read(schema, member))
            };
            let mut members: Vec<String> = members.iter().map(member).collect();
            members.sort();
            members.join(";")
        }
        other => other.to_string(),
    }
}

/// The word for a type, which may stand in an object.
fn word(schema: &Value) -> Option<&str> {
    schema.as_str().or_else(|| schema.get("type")?.as_str())
}

/// May the number be one of this branch?
fn takes(branch: &Value, value: &Value) -> bool {
    match word(branch) {
        Some("int") => value.as_i64().is_some_and(|number| i32::try_from(number).is_ok()),
        Some("long") => value.as_i64().is_some(),
        Some("float" | "double") => value.is_number(),
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_spelling_of_a_schema_is_the_same_schema(shape in shape(), spelling in any::<u64>()) {
        let (plain, other) = (new(&Writer::write(&shape, 0, None)), new(&Writer::write(&shape, spelling, None)));
        prop_assert!(plain.same(&other), "{} and {}", plain.canonical(), other.canonical());
        prop_assert_eq!(plain.fingerprint(), other.fingerprint());
        let normalized = |parsed: &Parsed| parsed.normal().unwrap().canonical().clone();
        prop_assert_eq!(normalized(&plain), normalized(&other));
        prop_assert!(findings(Direction::Backward, &plain, &other).is_empty());
    }

    #[test]
    fn a_difference_anywhere_makes_another_schema(shape in shape(), at in 0..40usize) {
        let writer = |twist| new(&Writer::write(&shape, 0, twist));
        let (plain, twisted) = (writer(None), writer(Some(at)));
        let same = plain.canonical() == twisted.canonical();
        prop_assert_eq!(plain.same(&twisted), same);
        prop_assert_eq!(plain.fingerprint() == twisted.fingerprint(), same);
        // The twists are of the kind that data does not depend on.
        prop_assert!(findings(Direction::Forward, &plain, &twisted).is_empty());
    }

    #[test]
    fn fingerprints_are_equal_where_schemas_are(a in shape(), b in shape()) {
        let (a, b) = (new(&Writer::write(&a, 0, None)), new(&Writer::write(&b, 0, None)));
        prop_assert_eq!(a.same(&b), a.fingerprint() == b.fingerprint());
        prop_assert_eq!(a.same(&b), b.same(&a));
    }

    #[test]
    fn canonical_texts_are_their_own_canonical_texts(shape in shape(), spelling in any::<u64>()) {
        let parsed = new(&Writer::write(&shape, spelling, None));
        let again = new(parsed.canonical());
        prop_assert_eq!(again.canonical(), parsed.canonical());
        prop_assert_eq!(again.fingerprint(), parsed.fingerprint());
        let normalized = parsed.normal().unwrap();
        let twice = normalized.normal().unwrap();
        prop_assert_eq!(twice.canonical(), normalized.canonical());
        prop_assert_eq!(new(normalized.canonical()).fingerprint(), normalized.fingerprint());
    }

    #[test]
    fn normalising_changes_nothing_that_data_or_readers_depend_on(shape in shape(), spelling in any::<u64>()) {
        let parsed = new(&Writer::write(&shape, spelling, None));
        let normalized = new(parsed.normal().unwrap().canonical());
        prop_assert_eq!(meaning(&parsed), meaning(&normalized));
        for direction in [Direction::Backward, Direction::Forward] {
            prop_assert!(findings(direction, &parsed, &normalized).is_empty());
        }
    }

    #[test]
    fn nothing_panics_whatever_the_text(text in "\\PC*", bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        exercise::schema(&text);
        exercise::data(&text, &bytes);
    }

    #[test]
    fn nothing_panics_on_a_schema_that_was_damaged(
        a in shape(),
        b in shape(),
        damage in prop::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<u8>()), 1..5),
        sample in prop::collection::vec(any::<u8>(), 0..40),
    ) {
        let (whole, mut bytes) = (Writer::write(&a, 0, None), Writer::write(&b, 0, None).into_bytes());
        for (at, kind, byte) in damage {
            if bytes.is_empty() {
                break;
            }
            let at = at.index(bytes.len());
            match kind {
                0 => bytes[at] = byte,
                1 => drop(bytes.remove(at)),
                2 => bytes.insert(at, b"{}[]\",:0.x"[usize::from(byte) % 10]),
                _ => bytes.truncate(at),
            }
        }
        let damaged = String::from_utf8_lossy(&bytes);
        exercise::schema(&damaged);
        exercise::pair(&whole, &damaged);
        exercise::data(&whole, &sample);
        exercise::data(&damaged, &sample);
    }
}
