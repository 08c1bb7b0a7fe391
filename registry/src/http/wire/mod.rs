//! The shapes on the wire, converted by hand from and to the model: names and order of members are promises to clients.

pub mod association;
pub mod config;
pub mod encryption;
pub mod finding;
pub mod namespace;
pub mod request;
pub mod sample;
pub mod schema;

use sha2::{Digest, Sha256};

/// The entity tag of these bytes.
pub fn entity_tag(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut tag = String::with_capacity(34);
    tag.push('"');
    for byte in &Sha256::digest(bytes)[..16] {
        tag.extend([byte >> 4, byte & 15].map(|digit| char::from(DIGITS[usize::from(digit)])));
    }
    tag.push('"');
    tag
}
