//! Where in a sample the walk is: a JSON pointer into the sample's JSON encoding, which binary samples are given as well.

use super::{MOST_DEPTH, MOST_VALUES};
use crate::Mismatch;
use std::borrow::Cow;

/// The steps from the root.
#[derive(Default)]
pub(super) struct Path<'s>(Vec<Step<'s>>);

pub(super) enum Step<'s> {
    /// A field, a map key or the branch of a union.
    Member(Cow<'s, str>),
    /// An array element.
    Element(usize),
}

impl<'s> Path<'s> {
    pub(super) fn push(&mut self, step: Step<'s>) {
        self.0.push(step);
    }

    pub(super) fn member(&mut self, name: &'s str) {
        self.push(Step::Member(Cow::Borrowed(name)));
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// A mismatch here.
    pub(super) fn mismatch<T>(&self, message: impl Into<String>) -> Result<T, Mismatch> {
        let mut path = String::new();
        for step in &self.0 {
            path.push('/');
            match step {
                Step::Member(name) => path.push_str(&name.replace('~', "~0").replace('/', "~1")),
                Step::Element(at) => path.push_str(&at.to_string()),
            }
        }
        if path.is_empty() {
            path.push('/');
        }
        Err(Mismatch { path, message: message.into() })
    }

    /// Refuses to go deeper, or on to more values, than the bounds.
    pub(super) fn bounded(&self, values: usize) -> Result<(), Mismatch> {
        if self.0.len() > MOST_DEPTH {
            return self.mismatch(format!("The sample nests deeper than the {MOST_DEPTH} levels allowed"));
        }
        if values > MOST_VALUES {
            return self.mismatch(format!("The sample has more than the {MOST_VALUES} values allowed"));
        }
        Ok(())
    }
}
