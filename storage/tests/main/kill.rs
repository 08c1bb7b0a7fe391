//! `kill -9` under load, again and again in one directory.

use crate::support::{Acknowledged, Moment, Random, committing_child, examine, run_and_kill};
use tempfile::TempDir;

#[test]
fn what_was_acknowledged_survives_ten_kills() {
    let dir = TempDir::new().unwrap();
    let mut acknowledged = Acknowledged::default();
    let mut random = Random::new(1);
    for round in 1..=10 {
        run_and_kill(committing_child(dir.path()), &Moment::any(&mut random), &mut acknowledged);
        assert_eq!(examine(dir.path(), &acknowledged), Ok(()), "after kill {round}");
    }
    // The examination is no formality: one acknowledgement too many is noticed.
    acknowledged[3] = i32::MAX;
    examine(dir.path(), &acknowledged).unwrap_err();
}
