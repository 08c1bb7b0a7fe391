//! End to end: the built server in a process of its own, on real sockets, with real clients and real faults.
//!
//! Every test starts the nodes it needs, each on a port that the system chooses and in a directory of its own, so tests run
//! side by side and in any order. Nothing sleeps for a guessed time: [`harness`] waits for a condition with a deadline. A
//! node that panicked fails its test even if every answer was right.

#[cfg(test)]
mod aliases;
#[cfg(test)]
mod arrows;
#[cfg(test)]
mod authz_associations;
#[cfg(test)]
mod authz_audit;
#[cfg(test)]
mod authz_group;
#[cfg(test)]
mod authz_load;
#[cfg(test)]
mod authz_matrix;
#[cfg(test)]
mod authz_reach;
#[cfg(test)]
mod authz_reload;
#[cfg(test)]
mod authz_support;
#[cfg(test)]
mod authz_tour;
#[cfg(test)]
mod authz_traps;
#[cfg(test)]
mod bad_input;
#[cfg(test)]
mod cli;
#[cfg(test)]
mod clients_node;
#[cfg(test)]
mod clients_ownership;
#[cfg(test)]
mod clients_python;
#[cfg(test)]
mod clients_rust;
#[cfg(test)]
mod clients_rust_json;
#[cfg(test)]
mod clients_rust_protobuf;
#[cfg(test)]
mod conformance_coverage;
#[cfg(test)]
mod conformance_suite;
#[cfg(test)]
mod description;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod documents;
#[cfg(test)]
mod durability;
#[cfg(test)]
mod encryption;
#[cfg(test)]
mod findings;
#[cfg(test)]
mod full_disk;
#[cfg(test)]
mod google_protos;
#[cfg(test)]
mod harness;
#[cfg(test)]
mod import;
#[cfg(test)]
mod kafka;
#[cfg(test)]
mod licences;
#[cfg(test)]
mod listings;
#[cfg(test)]
mod log;
#[cfg(test)]
mod lookup_cache;
#[cfg(test)]
mod metrics;
#[cfg(test)]
mod moving;
#[cfg(test)]
mod openapi;
#[cfg(test)]
mod parameters;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod samples;
#[cfg(test)]
mod schema_store;
#[cfg(test)]
mod scripts;
