//! Which logical types are valid where. Only the order of properties depends on it; data and compatibility ignore them.

use super::model::*;
use crate::json::Json;

/// A valid logical type, as the normalised text writes it in front of the other properties.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Logical<'m> {
    pub(super) name: &'m str,
    pub(super) decimal: Option<Decimal>,
}

/// Precision and scale of a decimal.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Decimal {
    pub(super) precision: i32,
    pub(super) scale: i32,
}

/// The logical type of a primitive or fixed, if it has one that is valid for it.
pub(super) fn of(node: &Node) -> Option<Logical<'_>> {
    let props = node.props();
    let name = logical_type(props)?;
    let on = |primitive: Primitive| node.kind() == Kind::Primitive(primitive);
    let fixed_of = |wanted: u32| matches!(node, Node::Fixed(fixed) if fixed.size == wanted);
    let plain = Logical { name, decimal: None };
    match name {
        "decimal" => decimal(node, props).map(|decimal| Logical { name, decimal: Some(decimal) }),
        "big-decimal" => on(Primitive::Bytes).then_some(plain),
        "uuid" => (on(Primitive::String) || fixed_of(16)).then_some(plain),
        "duration" => fixed_of(12).then_some(plain),
        "date" | "time-millis" => on(Primitive::Int).then_some(plain),
        "time-micros"
        | "timestamp-millis"
        | "timestamp-micros"
        | "timestamp-nanos"
        | "local-timestamp-millis"
        | "local-timestamp-micros"
        | "local-timestamp-nanos" => on(Primitive::Long).then_some(plain),
        _ => None,
    }
}

/// Is an array of these items, with these properties, a valid logical `map`?
pub(super) fn is_map(items: &Node, props: &[(Box<str>, Json)]) -> bool {
    let Node::Record(record) = items else { return false };
    let names: Vec<&str> = record.fields.iter().map(|field| &*field.name).collect();
    logical_type(props) == Some("map") && names == ["key", "value"]
}

/// Is a record of these fields, in either order, with these properties, a valid logical `variant`?
pub(super) fn is_variant(nodes: &[Node], fields: &[Field], props: &[(Box<str>, Json)]) -> bool {
    let is_bytes =
        |field: &Field| matches!(nodes[field.schema as usize], Node::Primitive { primitive: Primitive::Bytes, .. });
    let names: Vec<&str> = fields.iter().map(|field| &*field.name).collect();
    let both = names == ["metadata", "value"] || names == ["value", "metadata"];
    logical_type(props) == Some("variant") && both && fields.iter().all(is_bytes)
}

/// Moves `logicalType` before the other properties.
pub(super) fn put_first(props: &mut Props) {
    if let Some(at) = props.iter().position(|(key, _)| &**key == "logicalType") {
        props[..=at].rotate_right(1);
    }
}

/// The name of the logical type, unless properties that bind the type to a Java class rule it out.
fn logical_type(props: &[(Box<str>, Json)]) -> Option<&str> {
    let text = |wanted: &str| props.iter().find(|(key, _)| &**key == wanted).and_then(|(_, value)| value.as_str());
    let bound = ["avro.java.string", "java-class", "java-key-class", "java-element-class"];
    if bound.iter().any(|key| text(key).is_some()) { None } else { text("logicalType") }
}

fn decimal(node: &Node, props: &[(Box<str>, Json)]) -> Option<Decimal> {
    let number = |wanted: &str| props.iter().find(|(key, _)| &**key == wanted).map(|(_, value)| value);
    let int = |value: &Json| i32::try_from(value.as_i64()?).ok();
    let precision = int(number("precision")?)?;
    let scale = number("scale").map_or(Some(0), int)?;
    let most = match node {
        Node::Primitive { primitive: Primitive::Bytes, .. } => i64::from(i32::MAX),
        Node::Fixed(fixed) => (2f64.log10() * (8.0 * f64::from(fixed.size) - 1.0)).floor() as i64,
        _ => return None,
    };
    (precision > 0 && i64::from(precision) <= most && scale >= 0 && scale <= precision)
        .then_some(Decimal { precision, scale })
}
