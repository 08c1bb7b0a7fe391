//! What no client should send. The answer is a refusal of the catalogue or a closed connection, within bounded time and
//! memory, and the server lives on: every test ends with [`lives`].

mod associations;
mod bodies;
mod crowds;
mod everywhere;
mod heavy;
mod keys;
mod mutations;
mod references;
mod samples;
mod sockets;

use crate::harness::Node;

/// The server still answers, without having grown beyond this.
#[track_caller]
fn lives(node: &Node) {
    assert_eq!(node.get("/subjects?subjectPrefix=nothing").ok(), serde_json::json!([]));
    let resident = node.resident();
    assert!(resident < 1 << 30, "{} MiB resident", resident >> 20);
}
