//! Clauses on backup and restore.

use super::reading::everything;
use super::{Open, plain, versions, write};
use crate::{Error, Health, Store};
use model::{Position, Record};
use state::contract::records::*;

fn backup(store: &dyn Store) -> Vec<u8> {
    let mut file = Vec::new();
    store.backup(&mut file).unwrap();
    file
}

fn filled(open: Open<'_>) -> Box<dyn Store> {
    let store = plain(open);
    let all: Vec<Record> = (1..=300)
        .flat_map(|n| [schema(&format!("s{}", n % 7), n, n, &"x".repeat(n as usize % 50)), high_water(".", n)])
        .collect();
    for records in all.chunks(50) {
        write(&*store, records.to_vec()).unwrap();
    }
    write(&*store, vec![delete_subject("s1", 100), tombstone("s2", 2), mode("s3", Some(model::Mode::Import))]).unwrap();
    write(&*store, vec![put_namespace(namespace("payments", "s1")), audit("s1", Some("payments"))]).unwrap();
    write(&*store, vec![audit("s2", None), audit("s3", Some("payments"))]).unwrap();
    write(&*store, vec![forget(2)]).unwrap();
    write(&*store, vec![associate("n/orders", "1", "s1"), associate("n/orders", "2", "s1")]).unwrap();
    write(&*store, vec![put_kek(a_kek("orders")), put_dek(a_dek("orders", "s1", 1)), put_kek(a_kek("gone"))]).unwrap();
    write(&*store, vec![remove_kek("gone"), remove_dek(a_dek("orders", "none", 1).id)]).unwrap();
    store
}

pub(super) fn a_backup_is_restored_to_the_same_store(open: Open<'_>) {
    let forgetful = filled(open);
    write(&*forgetful, vec![forget(u64::MAX)]).unwrap();
    for store in [filled(open), plain(open), forgetful] {
        let file = backup(&*store);
        let copy = plain(open);
        let watch = copy.watch();
        let position = copy.restore(&mut file.as_slice()).unwrap();
        let original = store.view().unwrap().position();
        assert!(position.registry >= original.registry && position.internal >= original.internal, "{position:?}");
        assert_eq!((*watch.borrow(), copy.view().unwrap().position()), (position, position));
        assert_eq!(everything(&*copy), everything(&*store));
        assert_eq!(backup(&*copy), file, "the copy is backed up to the same bytes");
        write(&*copy, vec![schema("new", 1, 1000, "new"), audit("new", None)]).unwrap();
    }
}

/// Takes the backup in slow steps while commits go on.
pub(super) fn a_backup_of_a_moment_is_consistent(open: Open<'_>) {
    struct Writing<'a> {
        store: &'a dyn Store,
        bytes: Vec<u8>,
        n: i32,
    }
    impl std::io::Write for Writing<'_> {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            if self.n < 500 {
                self.n += 1;
                write(self.store, vec![schema("late", self.n, 1000 + self.n, &self.n.to_string())]).unwrap();
            }
            self.bytes.extend_from_slice(bytes);
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let store = filled(open);
    let mut out = Writing { store: &*store, bytes: Vec::new(), n: 0 };
    let taken = store.backup(&mut out).unwrap();
    let copy = plain(open);
    assert_eq!(copy.restore(&mut out.bytes.as_slice()).unwrap(), taken);
    assert_eq!(versions(&*copy.view().unwrap(), "late"), Vec::<i32>::new());
}

pub(super) fn a_damaged_backup_is_refused(open: Open<'_>) {
    let store = plain(open);
    write(&*store, vec![schema("s", 1, 1, "a"), high_water(".", 3), deleted("s", 2, 2, "b"), audit("s", None)])
        .unwrap();
    let file = backup(&*store);
    #[track_caller]
    fn check(open: Open<'_>, file: &[u8]) {
        let copy = plain(open);
        let refused = copy.restore(&mut &*file);
        assert!(matches!(refused, Err(Error::Backup(_))), "{refused:?}");
        assert!(matches!(copy.health(), Health::Corrupt(_)), "nothing usable is left");
        assert!(write(&*copy, vec![schema("s", 1, 1, "a")]).is_err());
    }
    // A step that meets every part of the file, and both ends.
    for at in (0..file.len()).step_by(17).chain([file.len() - 1]) {
        let mut flipped = file.clone();
        flipped[at] ^= 0x10;
        check(open, &flipped);
        check(open, &file[..at]);
    }
    check(open, &[&file[..], b"x"].concat());
}

pub(super) fn a_restore_needs_an_empty_store(open: Open<'_>) {
    let store = filled(open);
    let file = backup(&*store);
    assert_eq!(store.restore(&mut file.as_slice()), Err(Error::NotEmpty));
    assert_eq!(store.health(), Health::Ok, "what was there is still good");
    assert!(store.view().unwrap().position() != Position::default());
}
