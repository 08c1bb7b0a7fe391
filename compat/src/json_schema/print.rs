//! The canonical text (what is stored, hashed and returned: without white space, in source order) and the normalised one
//! (members sorted), both with the reference's spelling of numbers.

use super::MOST_TEXT;
use crate::json::{Decimal, Member, Node as Tree, Tree as Value, utf16_order, write_string};

/// The text would exceed `MOST_TEXT`.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// Where values of the source stand in what was printed from it.
#[derive(Debug, Default)]
pub(super) struct Offsets(Vec<(u32, u32)>);

impl Offsets {
    /// The offset in the printed text of an object or a boolean of the source.
    pub(super) fn printed(&self, at: u32) -> u32 {
        let found = self.0.binary_search_by_key(&at, |(source, _)| *source);
        found.map_or(at, |found| self.0[found].1)
    }
}

/// The canonical text, or the normalised one, and where things stand in it.
pub(super) fn print(tree: &Tree<'_>, sorted: bool) -> Result<(String, Offsets), TooLong> {
    let mut printer = Printer { sorted, out: String::new(), offsets: Some(Vec::new()) };
    printer.value(tree)?;
    let mut offsets = printer.offsets.unwrap_or_default();
    offsets.sort_unstable();
    Ok((printer.out, Offsets(offsets)))
}

/// The normalised text of a value: equal for values that are equal.
pub(super) fn normal(tree: &Tree<'_>) -> Result<String, TooLong> {
    let mut printer = Printer { sorted: true, out: String::new(), offsets: None };
    printer.value(tree)?;
    Ok(printer.out)
}

struct Printer {
    sorted: bool,
    out: String,
    offsets: Option<Vec<(u32, u32)>>,
}

impl Printer {
    /// Depth is that of the text, which reading has bounded.
    fn value(&mut self, tree: &Tree<'_>) -> Result<(), TooLong> {
        if self.out.len() > MOST_TEXT {
            return Err(TooLong);
        }
        match &tree.tree {
            Value::Null => self.out.push_str("null"),
            Value::Bool(value) => {
                self.note(tree);
                self.out.push_str(if *value { "true" } else { "false" });
            }
            Value::Int(digits) => self.out.push_str(digits),
            Value::Double(value) => crate::json::java_double(*value, &mut self.out),
            Value::Decimal(literal) => match Decimal::of(literal) {
                Some(decimal) => decimal.write(&mut self.out),
                None => self.out.push_str(literal),
            },
            Value::String(text) => write_string(text, &mut self.out),
            Value::Array(items) => {
                self.out.push('[');
                for (at, item) in items.iter().enumerate() {
                    if at > 0 {
                        self.out.push(',');
                    }
                    self.value(item)?;
                }
                self.out.push(']');
            }
            Value::Object(members) => {
                self.note(tree);
                self.out.push('{');
                if self.sorted {
                    let mut members: Vec<&Member<'_>> = members.iter().collect();
                    members.sort_unstable_by(|a, b| utf16_order(&a.key, &b.key));
                    self.members(members.into_iter())?;
                } else {
                    self.members(members.iter())?;
                }
                self.out.push('}');
            }
        }
        Ok(())
    }

    fn members<'a, 't: 'a>(&mut self, members: impl Iterator<Item = &'a Member<'t>>) -> Result<(), TooLong> {
        for (at, member) in members.enumerate() {
            if at > 0 {
                self.out.push(',');
            }
            write_string(&member.key, &mut self.out);
            self.out.push(':');
            self.value(&member.value)?;
        }
        Ok(())
    }

    fn note(&mut self, tree: &Tree<'_>) {
        let out = self.out.len();
        if let Some(offsets) = &mut self.offsets {
            offsets.push((small(tree.at), small(out)));
        }
    }
}

/// An offset of a text, which is shorter than `MOST_TEXT` or came in a body of a request.
pub(super) fn small(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::{Flavor, Memory, rest};

    #[test]
    fn texts_are_printed_compactly_and_places_are_kept() {
        let source = r#" { "b" : { "x" : 1.50 } , "a" : [ true , "é/\u0001" ] } "#;
        let (tree, _) = rest(source, Flavor::Exact, &mut Memory::default()).unwrap().unwrap();
        let (plain, offsets) = print(&tree, false).unwrap();
        assert_eq!(plain, "{\"b\":{\"x\":1.50},\"a\":[true,\"é/\\u0001\"]}");
        let (sorted, moved) = print(&tree, true).unwrap();
        assert_eq!(sorted, "{\"a\":[true,\"é/\\u0001\"],\"b\":{\"x\":1.50}}");
        let inner = small(source.find("{ \"x").unwrap());
        assert!(plain[offsets.printed(inner) as usize..].starts_with("{\"x"));
        assert!(sorted[moved.printed(inner) as usize..].starts_with("{\"x"));
        assert_eq!(normal(&tree), Ok(sorted));
    }
}
