//! What the tests share: starting the server ([`Node`]) or a Kafka broker ([`Broker`]), talking to it ([`Caller`], [`Wire`]), running it as a command
//! ([`command`]), and waiting ([`wait`]).

mod broker;
pub mod command;
mod http;
mod node;
pub mod transcript;
pub mod wait;
mod wire;

pub use broker::Broker;
pub use http::{Answer, Caller};
pub use node::{Node, Settings};
pub use transcript::Transcript;
pub use wire::{Reply, Wire};

use serde_json::{Value, json};

/// The body that registers this Avro schema.
pub fn schema(avro: &Value) -> Value {
    json!({ "schema": avro.to_string() })
}

/// The body that registers a record without fields; its content is as unique as its name.
pub fn named(name: &str) -> Value {
    schema(&json!({ "type": "record", "name": name, "fields": [] }))
}
