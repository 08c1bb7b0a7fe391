//! The write-ahead logs of a directory, judged before RocksDB opens it.
//!
//! Each commit is synced before the next one is written. So at most the last record of all logs can be torn, and a flaw with
//! anything whole after it, or before the watermark, is damage: it is named and nothing is touched. A torn end is set aside and
//! cut off, since RocksDB takes some such ends for damage. The manifest is read as well: RocksDB would loop over the same flipped
//! types in it.

use super::directory;
use super::wal::{self, Fault, Flaw, Kind, Reading};
use super::watermark::Mark;
use crate::Error;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufReader, ErrorKind, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

/// Torn ends that are kept for whoever wants to look at them.
const KEPT: usize = 4;
/// What their names end in.
const SET_ASIDE: &str = ".torn";
/// A manifest that ends in so many zeros has lost its last page; the record of a flipped bit does not look like that.
const LOST_PAGE: u64 = 8;

/// The name of a log.
pub(super) fn name(number: u64) -> String {
    format!("{number:06}.log")
}

/// The numbers of the logs of a directory, oldest first.
///
/// # Errors
/// Those of reading the directory.
pub(super) fn numbers(dir: &Path) -> io::Result<Vec<u64>> {
    let names = directory::names(dir)?;
    let number = |file: &String| file.strip_suffix(".log")?.parse().ok().filter(|number| name(*number) == *file);
    let mut numbers: Vec<u64> = names.iter().filter_map(number).collect();
    numbers.sort_unstable();
    Ok(numbers)
}

/// Makes the logs and the manifest such that RocksDB can read them, or says what is wrong.
///
/// # Errors
/// `Corrupt`, `Io`.
pub(super) fn prepare(dir: &Path, mark: Option<&Mark>) -> Result<(), Error> {
    manifest(dir)?;
    let failed = |path: &Path, error: io::Error| Error::io(format!("reading {}", path.display()), error);
    let mut logs = Vec::new();
    for number in numbers(dir).map_err(|error| failed(dir, error))? {
        let path = dir.join(name(number));
        logs.push((number, read(&path, Kind::Log).map_err(|error| failed(&path, error))?));
    }
    for (number, reading) in judge(&logs, mark).map_err(|damage| damage.into_error(dir))? {
        let path = dir.join(name(*number));
        cut(dir, &path, reading).map_err(|error| failed(&path, error))?;
    }
    Ok(())
}

fn read(path: &Path, kind: Kind) -> io::Result<Reading> {
    wal::read(&mut BufReader::with_capacity(1 << 20, File::open(path)?), kind)
}

/// A log that is not what was written.
#[derive(PartialEq, Eq, Debug)]
struct Damage {
    log: u64,
    why: String,
}

impl Damage {
    fn into_error(self, dir: &Path) -> Error {
        Error::Corrupt(format!(
            "{}: the write-ahead log is damaged: {}; restore a backup",
            dir.join(name(self.log)).display(),
            self.why
        ))
    }
}

/// Which of the logs end in a torn record.
fn judge<'a>(logs: &'a [(u64, Reading)], mark: Option<&Mark>) -> Result<Vec<&'a (u64, Reading)>, Damage> {
    let mut torn = Vec::new();
    for (index, entry) in logs.iter().enumerate() {
        let (log, reading) = entry;
        let flaw = reading.flaw.as_ref();
        let found = flaw.map_or(String::new(), |Flaw { at, fault, .. }| format!("{fault}, at byte {at}, and "));
        let damage = |why: String| Err(Damage { log: *log, why: found.clone() + &why });
        if let Some(later) = flaw.and_then(|flaw| flaw.later) {
            return damage(format!("a record that was written later begins at byte {later}"));
        }
        if let Some(mark) = mark.filter(|mark| mark.log == *log && mark.length > reading.end) {
            return damage(format!(
                "it is whole up to byte {}, while the watermark says that {} bytes were written",
                reading.end, mark.length
            ));
        }
        if flaw.is_none() {
            continue;
        }
        if mark.is_some_and(|mark| mark.log > *log) {
            return damage("the watermark says that a later log was written".to_owned());
        }
        let written = |(_, reading): &&(u64, Reading)| {
            reading.records > 0 || reading.flaw.as_ref().is_some_and(|flaw| flaw.later.is_some())
        };
        if let Some((later, _)) = logs[index + 1..].iter().find(written) {
            return damage(format!("{} was written later", name(*later)));
        }
        torn.push(entry);
    }
    Ok(torn)
}

/// Keeps what follows the last whole record in a file beside, durably, and then cuts it off.
fn cut(dir: &Path, path: &Path, reading: &Reading) -> io::Result<()> {
    let mut file = OpenOptions::new().read(true).write(true).open(path)?;
    let torn = file.metadata()?.len() - reading.end;
    file.seek(SeekFrom::Start(reading.end))?;
    let mut aside = path.as_os_str().to_owned();
    aside.push(SET_ASIDE);
    let mut kept = File::create(&aside)?;
    // Zeros at the end say nothing.
    io::copy(&mut (&mut file).take(torn.saturating_sub(reading.zeros)), &mut kept)?;
    kept.sync_all()?;
    directory::sync(dir)?;
    file.set_len(reading.end)?;
    file.sync_all()?;
    tracing::warn!(
        file = %path.display(), whole = reading.end, torn, aside = %aside.display(),
        "a write-ahead log ended in a torn record of a write that was never acknowledged: the record was set aside and cut off"
    );
    forget(dir)
}

/// Removes all but the newest ends that were set aside.
fn forget(dir: &Path) -> io::Result<()> {
    let mut aside = directory::names(dir)?;
    aside.retain(|name| name.ends_with(SET_ASIDE));
    aside.sort_unstable();
    let surplus = aside.len().saturating_sub(KEPT);
    aside[..surplus].iter().try_for_each(|name| fs::remove_file(dir.join(name)))
}

/// Reads the manifest. Its records are not each synced before the next, and an edit that is lost takes tables with it: so a
/// flaw is damage, unless it can only come from a torn end. RocksDB copes with one that is just short.
fn manifest(dir: &Path) -> Result<(), Error> {
    let Some(path) = current(dir) else { return Ok(()) };
    let failed = |error: io::Error| Error::io(format!("reading {}", path.display()), error);
    let reading = match read(&path, Kind::Manifest) {
        Ok(reading) => reading,
        // RocksDB says so.
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed(error)),
    };
    match &reading.flaw {
        None => Ok(()),
        Some(Flaw { later: None, fault: Fault::Short, .. }) => Ok(()),
        Some(Flaw { later: None, .. }) if reading.records > 0 && reading.zeros >= LOST_PAGE => {
            cut(dir, &path, &reading).map_err(failed)
        }
        Some(Flaw { at, fault, .. }) => Err(Error::Corrupt(format!(
            "{}: the manifest is damaged: {fault} at byte {at}; restore a backup",
            path.display()
        ))),
    }
}

/// The manifest that `CURRENT` names.
fn current(dir: &Path) -> Option<PathBuf> {
    let named = fs::read_to_string(dir.join("CURRENT")).ok()?;
    Some(dir.join(named.trim_end()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole(end: u64) -> Reading {
        Reading { end, records: u64::from(end > 0), flaw: None, zeros: 0 }
    }

    fn torn(end: u64) -> Reading {
        Reading { flaw: Some(Flaw { at: end, fault: Fault::Checksum, later: None }), ..whole(end) }
    }

    fn damaged(end: u64) -> Reading {
        Reading { flaw: Some(Flaw { at: end, fault: Fault::Long, later: Some(end + 9) }), ..whole(end) }
    }

    /// Numbers of the logs that are to be cut, or the one that is damaged and why.
    #[track_caller]
    fn check(logs: &[(u64, Reading)], mark: Option<(u64, u64)>, expected: Result<&[u64], (u64, &str)>) {
        let mark = mark.map(|(log, length)| Mark { log, length, ..Mark::default() });
        let found = judge(logs, mark.as_ref());
        let found = found.map(|torn| torn.iter().map(|(log, _)| *log).collect::<Vec<_>>());
        let expected = expected.map(<[u64]>::to_vec);
        assert_eq!(found, expected.map_err(|(log, why)| Damage { log, why: why.to_owned() }));
    }

    #[test]
    fn only_what_nothing_follows_is_torn() {
        check(&[], None, Ok(&[]));
        check(&[(4, whole(9)), (5, whole(0))], None, Ok(&[]));
        check(&[(4, torn(9))], None, Ok(&[4]));
        check(&[(4, whole(9)), (5, torn(0))], None, Ok(&[5]));
        check(&[(4, torn(9)), (5, whole(0))], None, Ok(&[4]));
        check(&[(4, torn(9)), (5, torn(0))], None, Ok(&[4, 5]));
        let later = "the checksum of a record does not match, at byte 9, and 000005.log was written later";
        check(&[(4, torn(9)), (5, whole(9))], None, Err((4, later)));
        check(&[(4, torn(9)), (5, torn(9))], None, Err((4, later)));
        check(&[(4, torn(9)), (5, damaged(0))], None, Err((4, later)));
        let within =
            "a record is longer than its block, at byte 9, and a record that was written later begins at byte 18";
        check(&[(4, damaged(9))], None, Err((4, within)));
        check(&[(4, whole(9)), (5, damaged(9))], None, Err((5, within)));
    }

    #[test]
    fn what_the_watermark_covers_is_never_torn() {
        check(&[(4, torn(9))], Some((4, 9)), Ok(&[4]));
        check(&[(4, torn(9))], Some((3, 50)), Ok(&[4]));
        check(&[(4, whole(9))], Some((4, 5)), Ok(&[]));
        let flawed = "the checksum of a record does not match, at byte 9, and it is whole up to byte 9, while the watermark says that 10 bytes were written";
        check(&[(4, torn(9))], Some((4, 10)), Err((4, flawed)));
        let short = "it is whole up to byte 9, while the watermark says that 10 bytes were written";
        check(&[(4, whole(9)), (5, whole(0))], Some((4, 10)), Err((4, short)));
        check(
            &[(4, whole(0))],
            Some((4, 10)),
            Err((4, "it is whole up to byte 0, while the watermark says that 10 bytes were written")),
        );
        let later =
            "the checksum of a record does not match, at byte 9, and the watermark says that a later log was written";
        check(&[(4, torn(9)), (5, whole(0))], Some((6, 1)), Err((4, later)));
    }

    #[test]
    fn a_torn_end_is_set_aside_and_cut_and_few_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let whole = wal::tests::log(&[wal::tests::batch(1, 100), wal::tests::batch(2, 40_000)]);
        for number in 1..=KEPT as u64 + 2 {
            let path = dir.path().join(name(number));
            fs::write(&path, [&whole[..], b"torn", &[0; 100]].concat()).unwrap();
            prepare(dir.path(), None).unwrap();
            assert!(fs::read(&path).unwrap() == whole);
            assert_eq!(fs::read(dir.path().join(format!("{}.torn", name(number)))).unwrap(), b"torn");
            prepare(dir.path(), None).unwrap();
            fs::remove_file(path).unwrap();
        }
        assert_eq!(directory::names(dir.path()).unwrap().len(), KEPT);
    }
}
