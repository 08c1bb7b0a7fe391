//! Values as JSON Schema compares them: members in any order, and numbers by what they are worth.

use crate::json::{Decimal, Node as Tree, Tree as Value, write_string};
use crate::{Spent, Work};

/// Bytes of values that are written out for a unit of work.
const WRITTEN: usize = 4;

/// A text that is the same for the same values.
///
/// # Errors
/// The work ended.
pub(super) fn worth(tree: &Tree<'_>, work: &Work) -> Result<String, Spent> {
    let mut out = String::new();
    write(tree, &mut out, work)?;
    work.spend(out.len() / WRITTEN)?;
    Ok(out)
}

fn write(tree: &Tree<'_>, out: &mut String, work: &Work) -> Result<(), Spent> {
    work.spend(1)?;
    match &tree.tree {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Int(text) | Value::Decimal(text) => number(text, out),
        Value::Double(value) => number(&value.to_string(), out),
        Value::String(text) => write_string(text, out),
        Value::Array(items) => {
            out.push('[');
            for item in items {
                write(item, out, work)?;
                out.push(',');
            }
            out.push(']');
        }
        Value::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            work.spend(members.len())?;
            members.sort_unstable_by(|a, b| a.key.cmp(&b.key));
            out.push('{');
            for member in members {
                write_string(&member.key, out);
                out.push(':');
                write(&member.value, out, work)?;
                out.push(',');
            }
            out.push('}');
        }
    }
    Ok(())
}

/// Digits without zeros at the end, and the power of ten.
fn number(text: &str, out: &mut String) {
    let Some(decimal) = Decimal::of(text) else { return out.push_str(text) };
    let digits = decimal.digits();
    let kept = digits.trim_end_matches('0');
    if kept.is_empty() {
        return out.push('0');
    }
    let power = (digits.len() - kept.len()) as i64 - i64::from(decimal.scale());
    out.push_str(if decimal.is_negative() { "-" } else { "" });
    out.push_str(kept);
    out.push_str(&format!("e{power}"));
}
