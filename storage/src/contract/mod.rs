//! What every store must do, as clauses over a store that nobody has written to. Each back end runs all of them.
//!
//! For tests: a clause that does not hold panics. What needs a disk (power loss, damage, a full disk) is not here.

#![allow(clippy::unwrap_used, reason = "a clause that does not hold panics")]

mod copying;
pub mod decorators;
mod paging;
mod reading;
mod writing;

use crate::{Committed, Error, Group, Limits, Observer, State, Store};
use model::{Record, Subject, Version};
pub use state::contract::records;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;
use tokio::sync::oneshot;

/// Opens a fresh store with an observer and bounds of its writer.
pub type Open<'a> = &'a dyn Fn(Arc<dyn Observer>, Limits) -> Box<dyn Store>;

/// A clause and its name, which is the sentence that holds.
pub type Clause = (&'static str, fn(Open<'_>));

/// All clauses.
pub const CLAUSES: &[Clause] = &[
    ("what is committed is seen, numbered and timed", writing::what_is_committed_is_seen_numbered_and_timed),
    ("a refused commit writes nothing", writing::a_refused_commit_writes_nothing),
    ("a commit of nothing costs nothing", writing::a_commit_of_nothing_costs_nothing),
    ("writers on distinct subjects share syncs", writing::writers_on_distinct_subjects_share_syncs),
    ("writers on one subject get versions without gap", writing::writers_on_one_subject_get_versions_without_gap),
    ("a decision that panics fails alone", writing::a_decision_that_panics_fails_alone),
    ("a full queue refuses at once", writing::a_full_queue_refuses_at_once),
    ("a group ends at its bounds", writing::a_group_ends_at_its_bounds),
    ("the observer is told before the answer", writing::the_observer_is_told_before_the_answer),
    ("an observer that panics stops writing", writing::an_observer_that_panics_stops_writing),
    ("closing finishes what waits", writing::closing_finishes_what_waits),
    ("a typed commit brings its value", writing::a_typed_commit_brings_its_value),
    ("a view does not change under its reader", reading::a_view_does_not_change_under_its_reader),
    ("no reader sees half a commit", reading::no_reader_sees_half_a_commit),
    ("changes come in the order of commits", reading::changes_come_in_the_order_of_commits),
    ("old records are let go, and what they said stays", reading::old_records_are_let_go_and_what_they_said_stays),
    ("the position is watched", reading::the_position_is_watched),
    ("what is derived is filled in beside the records", reading::what_is_derived_is_filled_in_beside_the_records),
    ("all questions are answered from what is stored", reading::all_questions_are_answered_from_what_is_stored),
    ("namespaces and the audit are kept and forgotten", reading::namespaces_and_the_audit_are_kept_and_forgotten),
    ("a listing begun anywhere is the rest of the whole", paging::a_listing_begun_anywhere_is_the_rest_of_the_whole),
    ("a listing of several shows each subject once", paging::a_listing_of_several_shows_each_subject_once),
    ("a listing goes on behind what is gone", paging::a_listing_goes_on_behind_what_is_gone),
    ("a backup is restored to the same store", copying::a_backup_is_restored_to_the_same_store),
    ("a backup of a moment is consistent", copying::a_backup_of_a_moment_is_consistent),
    ("a damaged backup is refused", copying::a_damaged_backup_is_refused),
    ("a restore needs an empty store", copying::a_restore_needs_an_empty_store),
];

/// Runs all clauses.
///
/// # Panics
/// When one does not hold; the panic names it.
pub fn hold(open: Open<'_>) {
    for (name, clause) in CLAUSES {
        let outcome = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| clause(open)));
        assert!(outcome.is_ok(), "this does not hold: {name}");
    }
}

/// Long enough for anything that does happen.
const DEADLINE: Duration = Duration::from_secs(30);

/// An observer that keeps the number of records and commits of each group.
#[derive(Default)]
struct Groups(Mutex<Vec<(usize, usize)>>);

impl Observer for Groups {
    fn committed(&self, group: &Group<'_>) {
        self.0.lock().unwrap().push((group.records.len(), group.commits));
    }
}

impl Groups {
    fn seen(&self) -> Vec<(usize, usize)> {
        self.0.lock().unwrap().clone()
    }
}

fn plain(open: Open<'_>) -> Box<dyn Store> {
    open(Arc::new(()), Limits::default())
}

/// Commits these records and waits.
fn write(store: &dyn Store, records: Vec<Record>) -> Result<Committed, Error> {
    store.submit(Box::new(move |_| Ok(records))).blocking_recv().unwrap()
}

/// The versions of a subject, and that nothing else is stored of it.
fn versions(state: &dyn State, subject: &str) -> Vec<Version> {
    state.versions(&Subject::parse(subject)).unwrap().iter().map(|version| version.version).collect()
}

/// A commit inside which the writer waits, so that others queue up behind it.
struct Held {
    release: Sender<()>,
    answer: oneshot::Receiver<Result<Committed, Error>>,
}

impl Held {
    fn new(store: &dyn Store) -> Self {
        let (release, released): (_, Receiver<()>) = channel();
        let (entered, inside) = channel();
        let answer = store.submit(Box::new(move |_| {
            entered.send(()).unwrap();
            released.recv_timeout(DEADLINE).unwrap();
            Ok(vec![])
        }));
        inside.recv_timeout(DEADLINE).unwrap();
        Held { release, answer }
    }

    fn release(self) {
        self.release.send(()).unwrap();
        self.answer.blocking_recv().unwrap().unwrap();
    }
}
