//! The contract of the API, as the crate `conformance` has it, against our own server: every case, and every covered pair of the
//! recordings.

use crate::harness::Node;
use conformance::traces::{self, Coverage};
use conformance::{Options, Profile, Report};
use std::io::Write;

#[test]
fn every_case_of_the_contract_passes() {
    let node = Node::start();
    let report = conformance::run(&node.url(), &Options { profile: Profile::Freehold, ..Options::default() }).unwrap();
    assert!(report.passed > 400, "{report}");
    assert!(report.ok(), "{report}");
}

/// Ids are compared, and they start at 1 once in the life of a registry: a new node for each recording.
#[test]
fn every_covered_pair_of_the_recordings_is_answered_as_recorded() {
    let mut all = Report::default();
    for trace in traces::all().unwrap() {
        if Coverage::of(&trace).unwrap().covered(&trace) > 0 {
            all.merge(conformance::replay(&trace, &Node::start().url()));
        }
    }
    assert!(all.passed > 4000, "{all}");
    assert!(all.ok(), "{all}");
    // The figures of docs/compatibility.md, to be seen where the tests run.
    let figures = all.of_pairs();
    let _ = writeln!(std::io::stderr().lock(), "{figures}");
    assert!(
        include_str!("../../docs/compatibility.md").contains(&figures),
        "docs/compatibility.md is to say: {figures}"
    );
}
