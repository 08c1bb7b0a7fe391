//! Does a sample document fit a schema, and where does it not?
//!
//! The walks in `json` and `binary` follow the schema and the sample together: they know the path of a mismatch and bound
//! depth, lengths and numbers of values before anything is built. What they let pass goes through the `apache-avro` crate,
//! which encodes or decodes it, so that "fits" means that a real implementation can. That crate does not take every schema
//! (see the parent module), so it is handed a skeleton: same structure, every name replaced, nothing but what data depends
//! on. Logical types are not looked at: the reference's readers ignore them unless told otherwise.

mod binary;
mod json;
mod path;

use super::Schema;
use super::model::{Model, Node, NodeId};
use crate::{Fit, Mismatch, Sample, Spent, Work};
use apache_avro::reader::datum::GenericDatumReader;
use apache_avro::writer::datum::GenericDatumWriter;
use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt::Write;

/// How deep values may nest. Both walks and the crate recurse.
pub(crate) const MOST_DEPTH: usize = 128;
/// How many values a sample may have. Built, a value takes some hundred bytes, and in binary a null takes none.
pub(crate) const MOST_VALUES: usize = 1_000_000;

/// What a value costs: to be looked at, built, and encoded or decoded.
const VALUE: usize = 8;
/// What a byte of the skeleton costs.
const BYTE: usize = 1;

/// Does the sample fit?
///
/// # Errors
/// The work ended.
pub(crate) fn validate(schema: &Schema, sample: Sample<'_>, work: &Work) -> Result<Result<Fit, Mismatch>, Spent> {
    let outcome = judge(&schema.model, sample, work);
    // A walk that cannot pay for a value ends as if that did not fit.
    work.check()?;
    Ok(outcome)
}

fn judge(model: &Model, sample: Sample<'_>, work: &Work) -> Result<Fit, Mismatch> {
    let refused = |error: apache_avro::Error| Mismatch::new("/", error.to_string());
    match sample {
        Sample::Json(text) => {
            let value = json::value(model, text, work)?;
            let Some(skeleton) = skeleton(model, work) else { return Ok(Fit::Json) };
            let encoded =
                GenericDatumWriter::builder(&skeleton).build().and_then(|writer| writer.write_value_to_vec(value));
            encoded.map(|_| Fit::Json).map_err(refused)
        }
        Sample::Binary(mut bytes) | Sample::Framed(mut bytes) => {
            let says = binary::read(model, bytes, work)?;
            let Some(skeleton) = skeleton(model, work) else { return Ok(says) };
            let decoded =
                GenericDatumReader::builder(&skeleton).build().and_then(|reader| reader.read_value(&mut bytes));
            decoded.map(|_| says).map_err(refused)
        }
    }
}

/// The schema for the crate; `None` if even the skeleton is beyond it (an empty union, say): the walk's word counts then.
fn skeleton(model: &Model, work: &Work) -> Option<apache_avro::Schema> {
    let mut out = String::new();
    write_skeleton(model, model.root, &mut HashSet::new(), &mut out);
    work.spend(BYTE * out.len()).ok()?;
    apache_avro::Schema::parse_str(&out).ok()
}

/// Depth is that of the canonical text, which parsing has bounded.
fn write_skeleton(model: &Model, id: NodeId, known: &mut HashSet<NodeId>, out: &mut String) {
    const TAKES_ALL: &str = "a String takes everything";
    let node = model.node(id);
    if node.named().is_some() && !known.insert(id) {
        write!(out, "\"t{id}\"").expect(TAKES_ALL);
        return;
    }
    match node {
        Node::Primitive { primitive, .. } => write!(out, "\"{}\"", primitive.word()).expect(TAKES_ALL),
        Node::Array { items, .. } => {
            out.push_str("{\"type\":\"array\",\"items\":");
            write_skeleton(model, *items, known, out);
            out.push('}');
        }
        Node::Map { values, .. } => {
            out.push_str("{\"type\":\"map\",\"values\":");
            write_skeleton(model, *values, known, out);
            out.push('}');
        }
        Node::Union(branches) => {
            for (at, &branch) in branches.iter().enumerate() {
                out.push(if at == 0 { '[' } else { ',' });
                write_skeleton(model, branch, known, out);
            }
            out.push_str(if branches.is_empty() { "[]" } else { "]" });
        }
        Node::Fixed(fixed) => {
            write!(out, "{{\"type\":\"fixed\",\"name\":\"t{id}\",\"size\":{}}}", fixed.size).expect(TAKES_ALL);
        }
        Node::Enum(symbols) => {
            write!(out, "{{\"type\":\"enum\",\"name\":\"t{id}\",\"symbols\":[").expect(TAKES_ALL);
            for at in 0..symbols.symbols.len() {
                write!(out, "{}\"{}\"", if at > 0 { "," } else { "" }, symbol(at)).expect(TAKES_ALL);
            }
            out.push_str("]}");
        }
        Node::Record(record) => {
            write!(out, "{{\"type\":\"record\",\"name\":\"t{id}\",\"fields\":[").expect(TAKES_ALL);
            for (at, field) in record.fields.iter().enumerate() {
                write!(out, "{}{{\"name\":\"{}\",\"type\":", if at > 0 { "," } else { "" }, field_name(at))
                    .expect(TAKES_ALL);
                write_skeleton(model, field.schema, known, out);
                out.push('}');
            }
            out.push_str("]}");
        }
        Node::Unresolved => unreachable!("resolution replaces every unresolved name"),
    }
}

/// The name of a field in the skeleton.
fn field_name(at: usize) -> String {
    format!("f{at}")
}

/// The name of a symbol in the skeleton.
fn symbol(at: usize) -> String {
    format!("s{at}")
}

/// The name of a branch in the JSON encoding of a union.
fn branch_name(node: &Node) -> Cow<'_, str> {
    node.named().map_or_else(|| Cow::Borrowed(node.kind().word()), |named| named.name.full())
}
