//! Followers over a store in memory: when they are handed what, and what is noted.

use super::*;
use crate::MemoryStore;
use crate::contract::decorators::{Call, Faulty, Slow};
use crate::contract::records::*;
use model::Record;
use state::{Progress, Schemes};
use std::sync::mpsc::{Sender, channel};

/// Tells what it is asked, and derives nothing.
struct Telling {
    said: Sender<String>,
    /// Steps that deriving everything takes.
    steps: usize,
    /// Steps still to be taken.
    left: usize,
}

impl Telling {
    fn new(said: Sender<String>, steps: usize) -> Self {
        Telling { said, steps, left: steps }
    }
}

impl Follower for Telling {
    fn name(&self) -> &'static str {
        "telling"
    }

    fn through(&self, view: &dyn State) -> Result<Option<u64>, Error> {
        Ok(view.fingerprints()?.and_then(|progress| progress.through))
    }

    fn apply(&mut self, _: &dyn State, touched: &[Touched<'_>]) -> Result<Vec<Derived>, Error> {
        let subjects: Vec<_> = touched.iter().filter_map(|touched| Some(touched.subject?.as_str())).collect();
        self.said.send(format!("apply {}", subjects.join(" "))).unwrap();
        Ok(vec![])
    }

    fn rebuild(&mut self, _: &dyn State) -> Result<Rebuilt, Error> {
        self.said.send("rebuild".to_owned()).unwrap();
        self.left -= 1;
        let is_done = self.left == 0;
        if is_done {
            self.left = self.steps;
        }
        Ok(Rebuilt { derived: vec![], is_done })
    }

    fn note(&self, through: u64) -> Derived {
        Derived::Fingerprints(Progress { schemes: Schemes::default(), through: Some(through) })
    }
}

fn store() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new(Arc::new(())).unwrap())
}

fn commit(store: &dyn Store, records: Vec<Record>) {
    store.submit(Box::new(move |_| Ok(records))).blocking_recv().unwrap().unwrap();
}

fn noted(store: &dyn Store) -> Option<u64> {
    let progress = store.view().unwrap().fingerprints().unwrap();
    progress.and_then(|progress| progress.through)
}

#[test]
fn a_follower_derives_everything_once_and_then_what_is_touched() {
    let store = store();
    commit(&*store, vec![schema("a", 1, 1, "a"), high_water(".", 1)]);
    let (said, heard) = channel();
    let turns = |followed: &mut Followed, count: usize| {
        let worked = (0..count).filter(|_| followed.turn(&*store, Instant::now())).count();
        (worked, heard.try_iter().collect::<Vec<_>>())
    };
    let mut followed = Followed::new(Box::new(Telling::new(said.clone(), 2)));
    assert_eq!(turns(&mut followed, 2), (2, vec!["rebuild".to_owned()]));
    assert_eq!(noted(&*store), None, "it is not done");
    // What comes meanwhile is taken up once more, whether the step has seen it or not.
    commit(&*store, vec![schema("b", 1, 2, "b")]);
    assert_eq!(turns(&mut followed, 1), (1, vec!["rebuild".to_owned()]));
    assert_eq!(noted(&*store), Some(2));
    assert_eq!(turns(&mut followed, 3), (0, vec!["apply b".to_owned()]));
    commit(&*store, (1..=AT_ONCE as i32 + 1).map(|n| schema("c", n, n + 2, &n.to_string())).collect());
    let (worked, told) = turns(&mut followed, 3);
    assert_eq!((worked, told.len(), told[1].as_str()), (1, 2, "apply c"));
    assert_eq!(noted(&*store), Some(2), "a note alone is not worth a sync");
    followed.leave(&*store);
    assert_eq!(noted(&*store), Some(3 + AT_ONCE as u64 + 1));

    commit(&*store, vec![tombstone("a", 1)]);
    let mut again = Followed::new(Box::new(Telling::new(said.clone(), 1)));
    assert_eq!(turns(&mut again, 3), (1, vec!["apply a".to_owned()]), "it goes on where it was");

    write(&*store, vec![Telling::new(said.clone(), 1).note(9_999)]).unwrap();
    let mut lost = Followed::new(Box::new(Telling::new(said, 1)));
    assert_eq!(turns(&mut lost, 2), (2, vec!["rebuild".to_owned()]), "it is beyond the history");
}

#[test]
fn a_follower_that_was_left_behind_derives_everything_anew() {
    let limits = crate::Limits { kept_records: 2, ..crate::Limits::default() };
    let store: Arc<dyn Store> = Arc::new(MemoryStore::with(Arc::new(()), limits).unwrap());
    let (said, heard) = channel();
    let mut followed = Followed::new(Box::new(Telling::new(said, 1)));
    let mut turn = || {
        followed.turn(&*store, Instant::now());
        heard.try_iter().collect::<Vec<_>>()
    };
    assert_eq!((turn(), turn()), (vec![], vec!["rebuild".to_owned()]));
    for n in 1..=3 {
        commit(&*store, vec![schema("a", n, n, &n.to_string())]);
    }
    assert_eq!(turn(), ["apply a a a"]);
    for n in 4..=9 {
        commit(&*store, vec![schema("a", n, n, &n.to_string())]);
    }
    assert_eq!(
        (turn(), turn()),
        (vec![], vec!["rebuild".to_owned()]),
        "some of what it has not seen is no longer there"
    );
    assert_eq!(noted(&*store), Some(9));
}

#[test]
fn what_fails_is_tried_again_later_each_time() {
    let store = Faulty::new(store());
    let (said, heard) = channel();
    let mut followed = Followed::new(Box::new(Telling::new(said, 1)));
    let began = Instant::now();
    let mut turn = |after: u64| followed.turn(&store, began + Duration::from_millis(after));
    assert!(turn(0) && turn(0) && !turn(0));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["rebuild"]);
    commit(&store, vec![schema("a", 1, 1, "a")]);
    store.fail(Call::Changes, Error::Overloaded);
    store.fail(Call::View, Error::Overloaded);
    for (after, left) in [(0, 1), (900, 1), (1_000, 0), (2_900, 0)] {
        turn(after);
        assert_eq!((store.left(), heard.try_iter().count()), (left, 0), "after {after} ms");
    }
    turn(3_000);
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["apply a"]);
}

#[test]
fn what_was_derived_and_not_written_is_derived_again() {
    let store = Faulty::new(store());
    let (said, heard) = channel();
    let mut followed = Followed::new(Box::new(Telling::new(said, 1)));
    let began = Instant::now();
    store.fail(Call::Derive, Error::Overloaded);
    followed.turn(&store, began);
    assert!(!followed.turn(&store, began));
    assert_eq!(noted(&store), None);
    assert!(followed.turn(&store, began + FIRST_RETRY));
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["rebuild", "rebuild"]);
    assert_eq!(noted(&store), Some(0));
}

#[test]
fn a_stop_waits_for_the_step_that_is_under_way_and_for_no_other() {
    let slow = Arc::new(Slow::new(store(), Call::Derive));
    let (said, heard) = channel();
    let store: Arc<dyn Store> = Arc::<Slow>::clone(&slow);
    let followers = Followers::start(&store, vec![Box::new(Telling::new(said, 1))]).unwrap();
    slow.until_waiting(1);
    std::thread::scope(|scope| {
        let stop = scope.spawn(|| followers.stop());
        assert!(!stop.is_finished(), "it is in the middle of a step");
        slow.open();
    });
    assert_eq!(heard.try_iter().collect::<Vec<_>>(), ["rebuild"]);
    assert_eq!(noted(&*store), Some(0));
}

#[test]
fn a_thread_follows_the_store_and_ends_when_told() {
    let store = store();
    let (said, heard) = channel();
    let followers = Followers::start(&store, vec![Box::new(Telling::new(said, 1))]).unwrap();
    let hear = || heard.recv_timeout(Duration::from_secs(30)).unwrap();
    assert_eq!(hear(), "rebuild");
    commit(&*store, vec![schema("a", 1, 1, "a")]);
    assert_eq!(hear(), "apply a");
    followers.stop();
    assert_eq!(noted(&*store), Some(1));
    store.close().unwrap();
}
