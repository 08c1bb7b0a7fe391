//! The stores against their contract, and RocksDB's against what happens to processes, power and disks.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "tests")]

mod child;
mod contract;
mod damage;
mod full;
mod kill;
mod logs;
mod power;
mod soak;
mod support;
