//! The shapes on the wire, converted by hand from and to the model: names and order of members are promises to clients.

pub mod association;
pub mod config;
pub mod namespace;
pub mod request;
pub mod schema;
