//! Protobuf, as everybody sees it.

mod bounds;
mod descriptors;
pub mod exercise;
mod golden;
mod properties;
mod samples;
mod support;
