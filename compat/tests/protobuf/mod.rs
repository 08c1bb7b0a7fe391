//! Protobuf, as everybody sees it.

mod bounds;
mod descriptors;
pub mod exercise;
mod findings;
mod golden;
mod properties;
mod samples;
mod strangers;
mod support;
