//! A sample in JSON, handed to the crate value by value: it reads numbers as they are written, and where it refuses one the
//! path to it is known.

use super::{MOST_DEPTH, mismatch};
use crate::json::{Flavor, Memory, Node, Tree, push_token, rest};
use crate::{Mismatch, Place, Spent, Work};
use prost_reflect::{DeserializeOptions, DynamicMessage, MessageDescriptor};
use serde::de::value::Error;
use serde::de::{DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde::forward_to_deserialize_any;
use std::cell::RefCell;

/// Is the text one of these messages? Inside is what is wrong with it as the first of them.
///
/// # Errors
/// The work ended.
pub(super) fn any(
    messages: impl Iterator<Item = MessageDescriptor>,
    text: &str,
    work: &Work,
) -> Result<Result<(), Mismatch>, Spent> {
    /// What it costs to read a byte once more.
    const BYTE: usize = 4;
    let (tree, end) = match rest(text, Flavor::Exact, &mut Memory::default()) {
        Ok(Some(read)) => read,
        Ok(None) => return Ok(mismatch("", "The sample is empty")),
        Err(error) => return Ok(mismatch("", format!("{} {}", error.message, Place::of(text, error.at)))),
    };
    if !text[end..].trim().is_empty() {
        return Ok(mismatch("", format!("There is something behind the sample {}", Place::of(text, end))));
    }
    let mut wrong = None;
    for message in messages {
        work.spend(BYTE * text.len())?;
        match one(message, &tree) {
            Ok(()) => return Ok(Ok(())),
            Err(why) => wrong = wrong.or(Some(why)),
        }
    }
    Ok(wrong.map_or_else(|| mismatch("", "The schema has no message"), Err))
}

fn one(message: MessageDescriptor, tree: &Node<'_>) -> Result<(), Mismatch> {
    let trail = RefCell::new(Trail::default());
    let options = DeserializeOptions::new().deny_unknown_fields(true);
    match DynamicMessage::deserialize_with_options(message, Walk { node: tree, trail: &trail }, &options) {
        Ok(_) => Ok(()),
        Err(error) => mismatch(&trail.into_inner().failed.unwrap_or_default(), error.to_string()),
    }
}

/// Where the walk is, and where it failed.
#[derive(Default)]
struct Trail {
    path: String,
    depth: usize,
    failed: Option<String>,
}

/// A value to be read.
#[derive(Clone, Copy)]
struct Walk<'a, 't> {
    node: &'a Node<'t>,
    trail: &'a RefCell<Trail>,
}

impl<'a, 't> Walk<'a, 't> {
    /// Reads what a step leads to.
    fn step<'de, T: DeserializeSeed<'de>>(self, step: &str, node: &'a Node<'t>, seed: T) -> Result<T::Value, Error>
    where
        'a: 'de,
    {
        let length = {
            let mut trail = self.trail.borrow_mut();
            let length = trail.path.len();
            push_token(&mut trail.path, step);
            trail.depth += 1;
            if trail.depth > MOST_DEPTH {
                trail.failed = Some(trail.path.clone());
                return Err(Error::custom(format!("The sample nests deeper than the {MOST_DEPTH} levels allowed")));
            }
            length
        };
        let read = seed.deserialize(Walk { node, trail: self.trail });
        let mut trail = self.trail.borrow_mut();
        if read.is_err() && trail.failed.is_none() {
            trail.failed = Some(trail.path.clone());
        }
        trail.path.truncate(length);
        trail.depth -= 1;
        read
    }
}

impl<'de, 'a: 'de, 't> Deserializer<'de> for Walk<'a, 't> {
    type Error = Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.tree {
            Tree::Null => visitor.visit_unit(),
            Tree::Bool(value) => visitor.visit_bool(*value),
            Tree::Int(digits) => match (digits.parse::<u64>(), digits.parse::<i64>()) {
                (Ok(number), _) => visitor.visit_u64(number),
                (_, Ok(number)) => visitor.visit_i64(number),
                _ => visitor.visit_f64(digits.parse().map_err(Error::custom)?),
            },
            Tree::Double(number) => visitor.visit_f64(*number),
            Tree::Decimal(digits) => visitor.visit_f64(digits.parse().map_err(Error::custom)?),
            Tree::String(text) => visitor.visit_str(text),
            Tree::Array(items) => visitor.visit_seq(Items { walk: self, items, next: 0 }),
            Tree::Object(members) => visitor.visit_map(Members { walk: self, members, next: 0 }),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Error> {
        match &self.node.tree {
            Tree::Null => visitor.visit_none(),
            _ => visitor.visit_some(self),
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct newtype_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

struct Items<'a, 't> {
    walk: Walk<'a, 't>,
    items: &'a [Node<'t>],
    next: usize,
}

impl<'de, 'a: 'de, 't> SeqAccess<'de> for Items<'a, 't> {
    type Error = Error;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Error> {
        let Some(item) = self.items.get(self.next) else { return Ok(None) };
        self.next += 1;
        self.walk.step(&(self.next - 1).to_string(), item, seed).map(Some)
    }
}

struct Members<'a, 't> {
    walk: Walk<'a, 't>,
    members: &'a [crate::json::Member<'t>],
    next: usize,
}

impl<'de, 'a: 'de, 't> MapAccess<'de> for Members<'a, 't> {
    type Error = Error;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Error> {
        let Some(member) = self.members.get(self.next) else { return Ok(None) };
        self.next += 1;
        let key = serde::de::value::StrDeserializer::new(&member.key);
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, Error> {
        match self.members.get(self.next.wrapping_sub(1)) {
            Some(member) => self.walk.step(&member.key, &member.value, seed),
            None => Err(Error::custom("a value without a key")),
        }
    }
}
