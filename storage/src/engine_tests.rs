//! What happens when the disk fails under a group, on a back end whose disk fails on demand.

use super::*;
use crate::contract::records::schema;
use crate::kv::{Map, Table};
use std::sync::atomic::{AtomicBool, Ordering};

#[derive(Default)]
struct Failing {
    map: Mutex<Arc<Map>>,
    fails: Arc<AtomicBool>,
}

impl Backend for Failing {
    type Snapshot<'a> = Arc<Map>;

    fn snapshot(&self) -> Arc<Map> {
        self.map.lock().unwrap().clone()
    }

    fn write(&self, changes: Changes) -> Result<(), Error> {
        if self.fails.load(Ordering::Relaxed) {
            return Err(Error::Io("no space".into()));
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
    let (fails, told) = (Arc::new(AtomicBool::new(false)), Arc::new(Told(AtomicBool::new(false))));
    let store = start(Failing { fails: fails.clone(), ..Failing::default() }, told.clone());
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
    fails.store(true, Ordering::Relaxed);
    release.send(()).unwrap();
    for answer in [first, second, nothing] {
        assert_eq!(answer.blocking_recv().unwrap().unwrap_err(), Error::Io("no space".into()));
    }
    assert!(!told.0.load(Ordering::Relaxed) && !watch.has_changed().unwrap(), "nobody is told");
    assert_eq!(store.view().unwrap().position(), Position::default());

    // The disk is well again, but nobody knows what is on it.
    fails.store(false, Ordering::Relaxed);
    let why = "the disk failed: no space".to_owned();
    assert_eq!(store.health(), Health::ReadOnly(why.clone()));
    let refused = store.submit(Box::new(|_| Ok(vec![]))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::ReadOnly(why));
}

#[test]
fn a_decision_that_meets_damage_ends_writing() {
    let store = start(Failing::default(), Arc::new(()));
    let met = store.submit(Box::new(|_| Err(Error::Corrupt("x".into())))).blocking_recv().unwrap();
    assert_eq!(met.unwrap_err(), Error::Corrupt("x".into()));
    assert_eq!(store.health(), Health::Corrupt("x".into()));
    let refused = store.submit(Box::new(|_| Ok(vec![schema("s", 1, 1, "a")]))).blocking_recv().unwrap();
    assert_eq!(refused.unwrap_err(), Error::Corrupt("x".into()));
}

#[test]
fn data_that_nobody_has_counted_are_counted_when_they_are_opened() {
    let backend = Failing::default();
    let mut state = crate::MemoryState::default();
    state.fold((1..20).map(|n| schema(&format!("s{n}"), 1, n, &n.to_string())), 0).unwrap();
    let whole = state.kv.clone();
    for table in crate::codec::key::COUNTED {
        let mut stale = Vec::new();
        let blocks = crate::codec::key::tallies(&table());
        whole
            .scan(Table::State, &blocks, crate::kv::Direction::Up, &mut |key, _| {
                stale.push(key.to_vec());
                std::ops::ControlFlow::Continue(())
            })
            .unwrap();
        assert!(stale.len() > 2);
        stale.into_iter().for_each(|key| crate::kv::KvMut::delete(&mut state.kv, Table::State, key));
    }
    *backend.map.lock().unwrap() = Arc::new(state.kv);
    let store = start(backend, Arc::new(()));
    crate::contract::assert_begins_anywhere(&*store.view().unwrap(), 0..25);
    assert!(!tally::is_missing(&*store.backend().map.lock().unwrap()).unwrap());
}
