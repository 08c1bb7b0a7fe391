//! What the crate promises, tried from outside.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod bounds;
mod canonical;
mod comparison;
mod corpus;
mod data;
mod equality;
mod exercise;
mod golden;
mod json_schema;
mod normalization;
mod parsing;
mod properties;
mod protobuf;
mod references;
mod support;
