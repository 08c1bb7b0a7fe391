//! Where in a sample the walk is: a JSON pointer into the sample's JSON encoding, which binary samples are given as well.

use super::{MOST_DEPTH, MOST_VALUES, VALUE};
use crate::json::push_token;
use crate::{Mismatch, Work};
use std::borrow::Cow;

/// The steps from the root, and what pays for the values on the way.
pub(super) struct Path<'s> {
    steps: Vec<Step<'s>>,
    work: &'s Work,
}

pub(super) enum Step<'s> {
    /// A field, a map key or the branch of a union.
    Member(Cow<'s, str>),
    /// An array element.
    Element(usize),
}

impl<'s> Path<'s> {
    pub(super) fn new(work: &'s Work) -> Self {
        Path { steps: Vec::new(), work }
    }

    pub(super) fn push(&mut self, step: Step<'s>) {
        self.steps.push(step);
    }

    pub(super) fn member(&mut self, name: &'s str) {
        self.push(Step::Member(Cow::Borrowed(name)));
    }

    pub(super) fn pop(&mut self) {
        self.steps.pop();
    }

    /// A mismatch here.
    pub(super) fn mismatch<T>(&self, message: impl Into<String>) -> Result<T, Mismatch> {
        let mut path = String::new();
        for step in &self.steps {
            match step {
                Step::Member(name) => push_token(&mut path, name),
                Step::Element(at) => push_token(&mut path, &at.to_string()),
            }
        }
        if path.is_empty() {
            path.push('/');
        }
        Err(Mismatch::new(path, message))
    }

    /// Refuses to go deeper, or on to more values, than the bounds and the work allow.
    pub(super) fn bounded(&self, values: usize) -> Result<(), Mismatch> {
        self.pay(VALUE)?;
        if self.steps.len() > MOST_DEPTH {
            return self.mismatch(format!("The sample nests deeper than the {MOST_DEPTH} levels allowed"));
        }
        if values > MOST_VALUES {
            return self.mismatch(format!("The sample has more than the {MOST_VALUES} values allowed"));
        }
        Ok(())
    }

    /// Pays for work, or ends the walk.
    pub(super) fn pay(&self, units: usize) -> Result<(), Mismatch> {
        self.work.spend(units).or_else(|spent| self.mismatch(spent.to_string()))
    }
}
