//! The stores against their contract, and against what happens to disks.

mod contract;
