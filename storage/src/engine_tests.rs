//! What happens when the disk fails under a group, on a back end whose disk fails on demand.

use super::*;
use state::codec::key;
use state::contract::records::schema;
use state::kv::{Direction, Map, Table, Visit};
use std::sync::atomic::{AtomicBool, Ordering};

/// What happens to the next use of the disk, and to all after it.
#[derive(Clone, Copy, PartialEq, Debug)]
enum Trouble {
    None,
    Reading,
    PanicReading,
    Writing,
    PanicWriting,
}

struct Failing {
    map: Mutex<Arc<Map>>,
    trouble: Arc<Mutex<Trouble>>,
}

impl Failing {
    fn new() -> (Self, Arc<Mutex<Trouble>>) {
        let trouble = Arc::new(Mutex::new(Trouble::None));
        (Failing { map: Mutex::default(), trouble: trouble.clone() }, trouble)
    }

    fn trouble(&self) -> Trouble {
        *self.trouble.lock().unwrap()
    }
}

struct Look {
    map: Arc<Map>,
    trouble: Trouble,
}

impl Kv for Look {
    fn get(&self, table: Table, key: &[u8]) -> Result<Option<Vec<u8>>, Error> {
        match self.trouble {
            Trouble::Reading => Err(Error::io("reading", "cannot read")),
            Trouble::PanicReading => panic!("out of bounds"),
            _ => self.map.get(table, key),
        }
    }

    fn scan(&self, table: Table, range: &key::Range, direction: Direction, visit: &mut Visit<'_>) -> Result<(), Error> {
        self.map.scan(table, range, direction, visit)
    }
}

impl Backend for Failing {
    type Snapshot<'a> = Look;

    fn snapshot(&self) -> Look {
        Look { map: self.map.lock().unwrap().clone(), trouble: self.trouble() }
    }

    fn write(&self, changes: Changes) -> Result<(), Error> {
        match self.trouble() {
            Trouble::Writing => return Err(Error::io("writing", "no space")),
            Trouble::PanicWriting => panic!("out of bounds"),
            _ => {}
        }
        Arc::make_mut(&mut self.map.lock().unwrap()).apply(changes);
        Ok(())
    }

    fn close(&self) -> Result<(), Error> {
        Ok(())
    }
}

struct Told(AtomicBool);

impl Observer for Told {
    fn committed(&self, _: &Group<'_>) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn start(backend: Failing, observer: Arc<dyn Observer>) -> Engine<Failing> {
    Engine::start(backend, observer, Arc::new(Condition::default()), Limits::default()).unwrap()
}

#[test]
fn a_failed_write_fails_its_whole_group_and_ends_writing() {
    let told = Arc::new(Told(AtomicBool::new(false)));
    let (backend, trouble) = Failing::new();
    let store = start(backend, told.clone());
    let watch = store.watch();
    let (entered, inside) = std::sync::mpsc::channel::<()>();
    let (release, released) = std::sync::mpsc::channel::<()>();
    let first = store.submit(Box::new(move |_| {
        entered.send(()).unwrap();
        released.recv().unwrap();
        Ok(vec![schema("s", 1, 1, "a")])
    }));
    inside.recv().unwrap();
    let second = store.submit(Box::new(|_| Ok(vec![schema("s", 2, 2, "b")])));
    // What it saw is not there after all, so it cannot be told that all is well either.
    let nothing = store.submit(Box::new(|state| {
        assert_eq!(state.position().registry, 2);
        Ok(vec![])
    }));
    *trouble.lock().unwrap() = Trouble::Writing;
    release.send(()).unwrap();
    for answer in [first, second, nothing] {
        assert_eq!(answer.blocking_recv().unwrap().unwrap_err(), Error::io("writing", "no space"));
    }
    assert!(!told.0.load(Ordering::Relaxed) && !watch.has_changed().unwrap(), "nobody is told");
    assert_eq!(store.view().unwrap().position(), Position::default());

    // The disk is well again, but nobody knows what is on it.
    *trouble.lock().unwrap() = Trouble::None;
    let why = "writing failed: no space".to_owned();
    assert_eq!(store.health(), Health::ReadOnly(why.clone()));
    let refused = store.submit(Box::new(|_| Ok(vec![]))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::ReadOnly(why));
}

#[test]
fn a_decision_that_meets_damage_ends_writing() {
    let store = start(Failing::new().0, Arc::new(()));
    let met = store.submit(Box::new(|_| Err(Error::Corrupt("x".into())))).blocking_recv().unwrap();
    assert_eq!(met.unwrap_err(), Error::Corrupt("x".into()));
    assert_eq!(store.health(), Health::Corrupt("x".into()));
    let refused = store.submit(Box::new(|_| Ok(vec![schema("s", 1, 1, "a")]))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::Corrupt("x".into()));
}

#[test]
fn data_that_nobody_has_counted_are_counted_when_they_are_opened() {
    let (backend, _) = Failing::new();
    let mut state = crate::MemoryState::default();
    state.fold((1..1_000).map(|n| schema(&format!("s{n}"), 1, n, &n.to_string())), 0).unwrap();
    let whole = state.kv.clone();
    for table in state::codec::key::COUNTED {
        let mut stale = Vec::new();
        let blocks = state::codec::key::tallies(&table());
        whole
            .scan(Table::State, &blocks, Direction::Up, &mut |key, _| {
                stale.push(key.to_vec());
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert!(stale.len() > 2);
        stale.into_iter().for_each(|key| state::kv::KvMut::delete(&mut state.kv, Table::State, key));
    }
    *backend.map.lock().unwrap() = Arc::new(state.kv);
    let store = start(backend, Arc::new(()));
    state::contract::assert_begins_anywhere(&*store.view().unwrap(), [0, 1, 255, 256, 257, 700, 999]);
    assert!(!tally::is_missing(&*store.backend().map.lock().unwrap()).unwrap());
}

fn write_one(store: &Engine<Failing>) -> Result<Committed, Error> {
    store.submit(Box::new(|_| Ok(vec![schema("s", 1, 1, "a")]))).blocking_recv().expect("whoever waits is answered")
}

#[test]
fn a_writer_that_panics_answers_all_who_wait_and_health_says_so() {
    for during in [Trouble::PanicWriting, Trouble::PanicReading] {
        let (backend, trouble) = Failing::new();
        let store = start(backend, Arc::new(()));
        *trouble.lock().unwrap() = during;
        let why = "the writer panicked: out of bounds".to_owned();
        for _ in 0..2 {
            assert_eq!(write_one(&store).unwrap_err(), Error::ReadOnly(why.clone()), "{during:?}");
            assert_eq!(store.health(), Health::ReadOnly(why.clone()), "{during:?}");
        }
        *trouble.lock().unwrap() = Trouble::None;
        assert_eq!(store.view().unwrap().position(), Position::default(), "reads go on");
        assert_eq!(store.close(), Ok(()));
    }
}

#[test]
fn a_read_that_fails_once_in_the_writer_fails_a_group_and_no_more() {
    let (backend, trouble) = Failing::new();
    let store = start(backend, Arc::new(()));
    *trouble.lock().unwrap() = Trouble::Reading;
    assert_eq!(write_one(&store).unwrap_err(), Error::io("reading", "cannot read"));
    *trouble.lock().unwrap() = Trouble::None;
    assert_eq!(store.health(), Health::Ok);
    write_one(&store).unwrap();
}
