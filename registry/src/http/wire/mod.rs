//! The shapes on the wire, converted by hand from and to the model: names and order of members are promises to clients.

pub mod association;
pub mod config;
pub mod finding;
pub mod namespace;
pub mod request;
pub mod schema;

use sha2::{Digest, Sha256};
use std::fmt::Write;

/// The entity tag of these bytes.
pub fn entity_tag(bytes: &[u8]) -> String {
    let hash = Sha256::digest(bytes);
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &hash[..16] {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}
