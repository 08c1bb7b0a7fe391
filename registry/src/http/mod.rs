//! The HTTP face: targets, negotiation, bodies, the route table, handlers, cached answers, and the one error envelope.
//!
//! Nothing here decides anything about the registry. What is deliberately not here: TLS, and authentication (a layer of
//! `authz` between the router's match and the handlers).

mod access_log;
mod alias;
pub mod answer;
pub mod body;
pub mod catalogue;
pub mod cost;
mod date;
pub mod dispatcher;
mod exchange;
pub mod generations;
mod handlers;
pub mod lookup_cache;
pub mod negotiate;
pub mod openapi;
mod path;
pub mod pieces;
mod prefix;
pub mod query;
mod reply;
pub mod response_cache;
pub mod routes;
pub mod server;
pub mod takes;
pub mod target;
pub mod wire;

pub use handlers::{LARGEST_BATCH, MOST_ROWS};

/// A random (version 4) UUID. It names things; nothing is kept secret by it.
fn random_uuid() -> uuid::Uuid {
    uuid::Builder::from_random_bytes(fastrand::u128(..).to_be_bytes()).into_uuid()
}
