//! The write-ahead log of a store that was killed, cut and flipped at every kind of place, and as power failures leave it. The
//! store opens with all that was durable, or is refused as damaged; nothing in between, and never without an end.

use crate::support::{self, Random};
use std::fs;
use std::path::{Path, PathBuf};
use storage::contract::records::schema;
use storage::rocks::{Location, Options, Rocks};
use storage::{Error, State, Store};
use tempfile::TempDir;

/// Bytes before those of a part of a record; fewer fill a block of 32 KiB.
const HEADER: u64 = 7;
const BLOCK: u64 = 32 << 10;
const PAGE: u64 = 4 << 10;

/// A store that was killed, and how it came about.
struct Killed {
    dir: TempDir,
    log: PathBuf,
    /// The length of the log after so many commits.
    ends: Vec<u64>,
    /// The watermark after so many commits.
    marks: Vec<Vec<u8>>,
}

/// What a text is made of; some go over several blocks of the log.
fn text(number: usize) -> String {
    let long = number % 9 == 5;
    crate::child::text(0, number as i32).repeat(if long { 60 } else { 1 })
}

/// With memtables that one log is enough for.
fn open(dir: &Path) -> Result<Rocks, Error> {
    Rocks::open(Options::new(Location::Directory(dir.to_owned())))
}

impl Killed {
    fn after(commits: usize) -> Self {
        let (serving, dir) = (TempDir::new().unwrap(), TempDir::new().unwrap());
        let store = open(serving.path()).unwrap();
        let log = support::files(serving.path(), "log").pop().unwrap();
        let (mut ends, mut marks) = (vec![0], vec![fs::read(serving.path().join("WATERMARK")).unwrap()]);
        for number in 1..=commits {
            let decide = move |_: &dyn State| Ok(vec![schema("s", number as i32, number as i32, &text(number))]);
            store.submit(Box::new(decide)).blocking_recv().unwrap().unwrap();
            ends.push(fs::metadata(&log).unwrap().len());
            marks.push(fs::read(serving.path().join("WATERMARK")).unwrap());
        }
        support::copy(serving.path(), dir.path());
        let log = log.file_name().unwrap().into();
        Killed { dir, log, ends, marks }
    }

    fn commits(&self) -> usize {
        self.ends.len() - 1
    }

    /// Commits that are whole in so many bytes.
    fn whole(&self, bytes: u64) -> usize {
        self.ends.iter().rposition(|end| *end <= bytes).unwrap()
    }

    fn bytes(&self) -> Vec<u8> {
        fs::read(self.dir.path().join(&self.log)).unwrap()
    }

    /// Where each part of each record begins.
    fn parts(&self) -> Vec<u64> {
        let bytes = self.bytes();
        let (mut at, mut parts) = (0, Vec::new());
        while (at as usize) < bytes.len() {
            let room = BLOCK - at % BLOCK;
            if room < HEADER {
                at += room;
                continue;
            }
            parts.push(at);
            let length = u16::from_le_bytes([bytes[at as usize + 4], bytes[at as usize + 5]]);
            at += HEADER + u64::from(length);
        }
        parts
    }

    /// Opens a copy with this log and the watermark of so many commits. Returns how many are there, all whole, or what it was
    /// refused for.
    #[track_caller]
    fn open(&self, log: &[u8], marked: Option<usize>) -> Result<usize, String> {
        let image = TempDir::new().unwrap();
        support::copy(self.dir.path(), image.path());
        fs::write(image.path().join(&self.log), log).unwrap();
        match marked {
            Some(commits) => fs::write(image.path().join("WATERMARK"), &self.marks[commits]).unwrap(),
            None => fs::remove_file(image.path().join("WATERMARK")).unwrap(),
        }
        let first = self.count(image.path());
        let second = self.count(image.path());
        match (&first, &second) {
            (Ok(first), Ok(second)) => assert_eq!(first, second, "it is another one when opened again"),
            // What is refused stays refused, and as it was.
            (Err(first), Err(second)) if first.contains(".log: ") => {
                assert_eq!(first, second);
                assert!(fs::read(image.path().join(&self.log)).unwrap() == log, "the log was touched");
            }
            (Err(_), Err(_)) => {}
            _ => panic!("first {first:?}, then {second:?}"),
        }
        first
    }

    fn count(&self, dir: &Path) -> Result<usize, String> {
        let store = match open(dir) {
            Ok(store) => store,
            Err(Error::Corrupt(why)) => return Err(why),
            Err(other) => panic!("{other:?}"),
        };
        let view = store.view().unwrap();
        let versions = view.versions(&model::Subject::parse("s")).unwrap();
        for (index, version) in versions.iter().enumerate() {
            assert_eq!(version.version as usize, index + 1);
            assert_eq!(view.text(&version.text).unwrap().as_deref(), Some(&*text(index + 1)));
        }
        assert_eq!(view.position().registry as usize, versions.len());
        Ok(versions.len())
    }
}

#[test]
fn a_log_that_was_cut_is_a_smaller_history_only_where_nothing_says_otherwise() {
    let killed = Killed::after(30);
    let bytes = killed.bytes();
    let cut = |at: u64| &bytes[..at as usize];
    for commits in [0, 1, 5, 6, 17, 29] {
        let (begin, end) = (killed.ends[commits], killed.ends[commits + 1]);
        // Before, within and after a header, in the middle of the bytes, and one short.
        for at in [begin, begin + 3, begin + HEADER, begin + HEADER + 12, (begin + end) / 2, end - 1] {
            let refused = killed.open(cut(at), Some(killed.commits())).unwrap_err();
            let (whole, written) = (killed.ends[commits], killed.ends[killed.commits()]);
            let sentence = format!(
                "it is whole up to byte {whole}, while the watermark says that {written} bytes were written; restore a backup"
            );
            assert!(refused.contains(&sentence), "cut at {at}: {refused}");
        }
        let at = (begin + end) / 2;
        assert_eq!(killed.open(cut(at), Some(commits)), Ok(commits), "what the watermark says is there");
        assert_eq!(killed.open(cut(at), None), Ok(commits), "a directory of an earlier release");
        killed.open(cut(at), Some(commits + 1)).unwrap_err();
    }
    assert_eq!(killed.open(&bytes, Some(killed.commits())), Ok(killed.commits()));
    assert_eq!(killed.open(&bytes, Some(3)), Ok(killed.commits()), "a watermark that is behind");
}

#[test]
fn a_flipped_bit_anywhere_in_a_log_is_a_named_error() {
    let killed = Killed::after(30);
    let (bytes, parts) = (killed.bytes(), killed.parts());
    assert!(bytes.len() as u64 > 3 * BLOCK, "{}", bytes.len());
    // The first ones, some of a record over several blocks, and all of the last block.
    let last_block = (bytes.len() as u64 - 1) / BLOCK * BLOCK;
    let chosen = parts.iter().enumerate().filter(|(index, at)| *index < 2 || index % 7 == 0 || **at >= last_block);
    for (index, part) in chosen {
        let end = parts.get(index + 1).copied().unwrap_or(bytes.len() as u64);
        // The checksum, both bytes of the length, the type, the number of the first change, and the bytes.
        for (field, bit) in [(0, 1), (4, 1), (5, 0x40), (6, 4), (7, 1), ((end - part) / 2, 0x20)] {
            let mut flipped = bytes.clone();
            flipped[(part + field) as usize] ^= bit;
            let refused = killed.open(&flipped, Some(killed.commits())).unwrap_err();
            let at = format!("{}: the write-ahead log is damaged: ", killed.log.display());
            assert!(refused.contains(&at) && refused.contains(&format!("at byte {part}")), "{part}+{field}: {refused}");
            // Without the watermark, only what nothing follows can be taken for torn.
            let last = killed.whole(*part) + 1 == killed.commits();
            match killed.open(&flipped, None) {
                Ok(there) => assert!(last && there == killed.commits() - 1, "{part}+{field}: {there}"),
                Err(refused) => assert!(refused.contains(&at), "{part}+{field}: {refused}"),
            }
        }
    }
}

#[test]
fn a_torn_end_opens_with_all_that_was_durable() {
    let killed = Killed::after(24);
    let mut random = Random::new(5);
    let bytes = killed.bytes();
    // The commit 24 is long: of it nobody was told. Some of its pages are there, and zeros for the others.
    let durable = killed.commits() - 1;
    let begin = killed.ends[durable];
    assert!(bytes.len() as u64 - begin > 4 * PAGE || killed.commits() % 9 != 5);
    let check = |log: &[u8], what: &str| {
        for marked in [Some(durable), Some(durable - 3), None] {
            assert_eq!(killed.open(log, marked), Ok(durable), "{what}, marked {marked:?}");
        }
    };
    let zeroed = |from: u64, to: u64| {
        let mut torn = bytes.clone();
        torn[from as usize..to as usize].fill(0);
        torn
    };
    let length = bytes.len() as u64;
    let first_page = (begin / PAGE + 1) * PAGE;
    check(&zeroed(begin, length), "only the length has grown");
    check(&[&bytes[..begin as usize], &[0; 100_000]].concat(), "it has grown by more than was written");
    if first_page < length {
        check(&zeroed(first_page, length), "the first page was kept");
        check(&zeroed(begin, first_page), "the first page was lost");
    }
    for _ in 0..6 {
        let cut = begin + 1 + random.below(length - begin - 1);
        check(&bytes[..cut as usize], &format!("cut at {cut}"));
        check(&zeroed(cut, length), &format!("zeros from {cut}"));
    }
}

#[test]
fn a_torn_end_is_kept_beside() {
    let killed = Killed::after(3);
    let bytes = killed.bytes();
    let at = killed.dir.path().join(&killed.log);
    let cut = killed.ends[3] - 5;
    fs::write(&at, &bytes[..cut as usize]).unwrap();
    fs::write(killed.dir.path().join("WATERMARK"), &killed.marks[2]).unwrap();
    assert_eq!(killed.count(killed.dir.path()), Ok(2));
    let aside = fs::read(at.with_extension("log.torn")).unwrap();
    assert!(aside == bytes[killed.ends[2] as usize..cut as usize]);
}

/// RocksDB reads it in the same way, and loops over the same types.
#[test]
fn a_damaged_manifest_is_a_named_error_and_a_torn_one_opens() {
    let killed = Killed::after(5);
    let path = support::starting_with(killed.dir.path(), "MANIFEST-").pop().unwrap();
    let bytes = fs::read(&path).unwrap();
    let mut at = 0;
    let mut records = 0;
    while at + (HEADER as usize) < bytes.len() {
        let length = usize::from(u16::from_le_bytes([bytes[at + 4], bytes[at + 5]]));
        // Some are empty.
        for (field, bit) in [(0, 1), (6, 4), (HEADER as usize + length - 1, 1)] {
            let mut flipped = bytes.clone();
            flipped[at + field] ^= bit;
            fs::write(&path, flipped).unwrap();
            let refused = killed.count(killed.dir.path()).unwrap_err();
            let named = refused.contains("the manifest is damaged") && refused.contains(&format!("at byte {at}"));
            assert!(named, "byte {at}+{field}: {refused}");
        }
        at += HEADER as usize + length;
        records += 1;
    }
    assert!(records > 3, "{records}");
    // An edit that was being written: its page was not, and reads as zeros.
    let torn = [&bytes[..], &bytes[..12], &[0; 400]].concat();
    fs::write(&path, torn).unwrap();
    assert_eq!(killed.count(killed.dir.path()), Ok(5));
}

#[test]
fn a_history_that_ends_before_its_watermark_is_refused_and_stays_refused() {
    let (long, short) = (Killed::after(7), Killed::after(4));
    // As if somebody had put the files of another day back.
    fs::copy(long.dir.path().join("WATERMARK"), short.dir.path().join("WATERMARK")).unwrap();
    fs::rename(short.dir.path().join(&short.log), short.dir.path().join("000099.log")).unwrap();
    for _ in 0..2 {
        let refused = short.count(short.dir.path()).unwrap_err();
        let sentence = "the store ends at position 4 of the registry log, 0 of the internal log and 1 of the audit, and its watermark says that 7, 0 and 1 were written";
        assert!(refused.contains(sentence) && refused.contains("WATERMARK"), "{refused}");
    }
    fs::remove_file(short.dir.path().join("WATERMARK")).unwrap();
    assert_eq!(short.count(short.dir.path()), Ok(4), "who accepts the loss, can");
    assert_eq!(short.count(short.dir.path()), Ok(4));
    fs::write(short.dir.path().join("WATERMARK"), "nonsense").unwrap();
    let refused = short.count(short.dir.path()).unwrap_err();
    assert!(refused.contains("WATERMARK: neither of its lines can be read"), "{refused}");
}

/// After a kill the watermark is exact, whatever logs there are; and an orderly end leaves it whole.
#[test]
fn the_watermark_is_never_ahead_and_after_a_kill_not_behind() {
    let dir = TempDir::new().unwrap();
    let line = || {
        let bytes = fs::read(dir.path().join("WATERMARK")).unwrap();
        let numbers = bytes.chunks(512).map(|line| {
            let line = String::from_utf8_lossy(line);
            let number = |name: &str| -> u64 {
                let from = line.find(name).unwrap() + name.len();
                line[from..].split(' ').next().unwrap().parse().unwrap()
            };
            (number("registry="), number("log="), number("length="))
        });
        numbers.max().unwrap()
    };
    for _ in 0..3 {
        let store = support::open(dir.path()).unwrap();
        for _ in 0..40 {
            let next = store.view().unwrap().position().registry as i32 + 1;
            let text = crate::child::text(1, next).repeat(20);
            let decide = move |_: &dyn State| Ok(vec![schema("s", next, next, &text)]);
            store.submit(Box::new(decide)).blocking_recv().unwrap().unwrap();
            let (registry, log, length) = line();
            assert_eq!(registry, next as u64);
            let path = dir.path().join(format!("{log:06}.log"));
            assert_eq!(fs::metadata(path).unwrap().len(), length);
        }
        store.close().unwrap();
    }
    assert_eq!(line().0, 120);
}
