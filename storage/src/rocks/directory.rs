//! The data directory around RocksDB: its format, and signs that it is not what it was.
//!
//! The format is a file of its own, since a release that cannot read a later RocksDB must still be able to say why. It is
//! durable before RocksDB makes its first file. So is the mark of a restore, which must be there before anything else that could
//! be taken for a registry.

use crate::Error;
use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt};
use std::path::{Path, PathBuf};

/// The format this release writes. A change of it comes with a step in `former` that brings the one before to it.
const FORMAT: u32 = 5;
/// The first format. All since then are read.
const FIRST_FORMAT: u32 = 1;
const FORMAT_FILE: &str = "FORMAT";
/// There while a restore runs, and after one that did not end.
const RESTORING_FILE: &str = "RESTORING";
/// Locked for as long as the store is open. RocksDB's own lock comes too late: the logs are read, and cut, before.
const LOCK_FILE: &str = "freehold.lock";

/// Is a directory as this release writes it?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Yes.
    Present,
    /// It is of this format, is to be brought to the one of today, and then to be marked by `mark`.
    Former(u32),
}

/// What a directory is opened for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Purpose {
    Serve,
    /// The directory has been marked.
    Restore,
}

/// Makes the directory, or checks that this release may open it. It is this process's own until the lock is dropped.
pub(super) fn prepare(dir: &Path, purpose: Purpose) -> Result<(Lock, Format), Error> {
    make(dir)?;
    let lock = lock(dir)?;
    let failed = |error: io::Error| unusable(dir, error);
    let names = names(dir).map_err(failed)?;
    let has = |ends: fn(&str) -> bool| names.iter().any(|name| ends(name));
    if purpose == Purpose::Serve && has(is_mark) {
        return Err(Error::HalfRestored { dir: dir.to_owned() });
    }
    let has_data = has(is_data);
    let mut format = Format::Present;
    match fs::read_to_string(dir.join(FORMAT_FILE)) {
        Ok(text) => {
            let found = text.trim().parse().map_err(|_| damaged(dir, "the file FORMAT holds no number"))?;
            if found > FORMAT {
                return Err(Error::NewerFormat { dir: dir.to_owned(), found, known: FORMAT });
            }
            if found < FIRST_FORMAT {
                return Err(damaged(dir, "the file FORMAT holds a number that was never used"));
            }
            if found < FORMAT {
                format = Format::Former(found);
            }
        }
        Err(error) if error.kind() == ErrorKind::NotFound && has_data => {
            return Err(damaged(dir, "it holds data, but the file FORMAT is missing"));
        }
        Err(error) if error.kind() == ErrorKind::NotFound => write_format(dir).map_err(failed)?,
        Err(error) => return Err(failed(error)),
    }
    // RocksDB would take this for a new directory and start with nothing.
    if has_data && !has(|name| name == "CURRENT") {
        return Err(damaged(dir, "it holds data, but the file CURRENT is missing"));
    }
    Ok((lock, format))
}

/// Notes that a directory has the format of this release now.
pub(super) fn mark(dir: &Path) -> Result<(), Error> {
    write_format(dir).map_err(|error| unusable(dir, error))
}

/// Does the directory hold a store, sound, damaged or half restored? Opening one that does not makes a new store there.
pub fn is_store(dir: &Path) -> bool {
    names(dir).is_ok_and(|names| names.iter().any(|name| name == "CURRENT" || is_mark(name) || is_data(name)))
}

/// Is it the mark of a restore, or on its way to be one?
fn is_mark(name: &str) -> bool {
    name.strip_suffix(".new").unwrap_or(name) == RESTORING_FILE
}

/// Is it the name of a table or of a write-ahead log of RocksDB's? Others may have logs in the directory too.
fn is_data(name: &str) -> bool {
    let number = name.strip_suffix(".sst").or(name.strip_suffix(".log"));
    number.is_some_and(|number| !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit()))
}

fn damaged(dir: &Path, why: &str) -> Error {
    Error::Corrupt(format!("{}: {why}", dir.display()))
}

fn unusable(dir: &Path, why: impl ToString) -> Error {
    Error::Directory { dir: dir.to_owned(), why: why.to_string() }
}

/// A lock on a directory.
#[derive(Debug)]
pub(super) struct Lock {
    file: File,
    path: PathBuf,
}

impl Lock {
    /// Is the directory still where it was? RocksDB goes on writing into files that have no name any more, and would not notice.
    ///
    /// # Errors
    /// `Directory`: it was removed, or another one is in its place.
    pub fn check(&self) -> Result<(), Error> {
        let place = |found: fs::Metadata| (found.dev(), found.ino());
        let dir = self.path.parent().unwrap_or(&self.path);
        let (named, held) = (fs::metadata(&self.path), self.file.metadata());
        match held.and_then(|held| Ok(place(held) == place(named?))) {
            Ok(true) => Ok(()),
            Err(error) if error.kind() != ErrorKind::NotFound => Err(unusable(dir, error)),
            _ => {
                Err(unusable(dir, "it was removed or replaced while it was in use; what is written now would be lost"))
            }
        }
    }
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing the file is not enough: a process that is being started has it as well, for a moment.
        let _ = self.file.unlock();
    }
}

fn lock(dir: &Path) -> Result<Lock, Error> {
    let path = dir.join(LOCK_FILE);
    let file = OpenOptions::new().write(true).create(true).truncate(false).open(&path);
    let file = file.map_err(|error| unusable(dir, format!("cannot write {}: {error}", path.display())))?;
    match file.try_lock() {
        Ok(()) => Ok(Lock { file, path }),
        Err(TryLockError::WouldBlock) => {
            Err(Error::InUse { dir: dir.to_owned(), detail: format!("{} is locked", path.display()) })
        }
        Err(TryLockError::Error(error)) => Err(unusable(dir, format!("cannot lock {}: {error}", path.display()))),
    }
}

/// Marks an empty directory, which is made if it is missing, durably as one that is being restored into. Tells whether it was
/// made. One that holds nothing but such a mark may be used again.
pub(super) fn mark_restoring(dir: &Path) -> Result<bool, Error> {
    let made = make(dir)?;
    let failed = |error: io::Error| unusable(dir, error);
    if !names(dir).map_err(failed)?.iter().all(|name| is_mark(name) || name == LOCK_FILE) {
        return Err(Error::NotEmpty);
    }
    write_durably(dir, RESTORING_FILE, b"A restore into this directory was not finished.\n").map_err(failed)?;
    Ok(made)
}

/// Takes the mark away.
pub(super) fn unmark_restoring(dir: &Path) -> Result<(), Error> {
    fs::remove_file(dir.join(RESTORING_FILE)).and_then(|()| sync(dir)).map_err(|error| unusable(dir, error))
}

/// Makes a directory and those above it, each durably, and tells whether it was missing. Others on the machine may not look in:
/// the audit is not for everybody.
fn make(dir: &Path) -> Result<bool, Error> {
    let mut missing = Vec::new();
    let mut above = dir;
    loop {
        match fs::metadata(above) {
            Ok(found) if found.is_dir() => break,
            Ok(_) => return Err(unusable(dir, format!("{} is a file, not a directory", above.display()))),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(unusable(dir, format!("{}: {error}", above.display()))),
        }
        if let Ok(target) = fs::read_link(above) {
            let why = format!("{} is a link to {}, which does not exist", above.display(), target.display());
            return Err(unusable(dir, why));
        }
        missing.push(above);
        above = parent(above);
        if missing.last() == Some(&above) {
            return Err(unusable(dir, "the current directory does not exist"));
        }
    }
    for dir_to_make in missing.iter().rev() {
        match DirBuilder::new().mode(0o750).create(dir_to_make) {
            Ok(()) => {}
            // Somebody else was quicker, or it is a name like `a/..`.
            Err(error) if error.kind() == ErrorKind::AlreadyExists && dir_to_make.is_dir() => {}
            Err(error) => {
                return Err(unusable(dir, format!("{} cannot be made: {error}", dir_to_make.display())));
            }
        }
        sync(parent(dir_to_make)).map_err(|error| unusable(dir, error))?;
    }
    Ok(!missing.is_empty())
}

/// The directory above; of a bare name, the current one.
fn parent(dir: &Path) -> &Path {
    dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

pub(super) fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

pub(super) fn names(dir: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn write_format(dir: &Path) -> io::Result<()> {
    write_durably(dir, FORMAT_FILE, format!("{FORMAT}\n").as_bytes())
}

/// Writes a small file such that it is there whole or not at all, and durable when this returns.
pub(super) fn write_durably(dir: &Path, name: &str, bytes: &[u8]) -> io::Result<()> {
    let new = dir.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&new, dir.join(name))?;
    sync(dir)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::{PermissionsExt, symlink};

    #[test]
    fn a_directory_is_made_or_the_sentence_says_what_is_in_the_way() {
        #[track_caller]
        fn check(dir: &Path, said: Option<&str>) {
            match (make(dir), said) {
                (Ok(made), None) => assert!(made && dir.is_dir() && !make(dir).unwrap()),
                (Err(error), Some(said)) => {
                    let sentence = error.to_string();
                    let whole = format!("the data directory {} cannot be used: ", dir.display());
                    assert!(sentence.starts_with(&whole) && sentence.contains(said), "{sentence}");
                }
                (found, _) => panic!("{}: {found:?}", dir.display()),
            }
        }
        let temporary = tempfile::tempdir().unwrap();
        let at = |name: &str| temporary.path().join(name);
        check(&at("a/b/c"), None);
        check(&at("d/../e"), None);
        assert_eq!(fs::metadata(at("a/b")).unwrap().permissions().mode() & 0o007, 0);
        fs::write(at("file"), "").unwrap();
        check(&at("file"), Some("file is a file, not a directory"));
        check(&at("file/a/b"), Some("Not a directory"));
        symlink("/nowhere", at("link")).unwrap();
        check(&at("link"), Some("link is a link to /nowhere, which does not exist"));
        check(&at("link/a"), Some("link is a link to /nowhere, which does not exist"));
        symlink(at("ring"), at("ring")).unwrap();
        check(&at("ring"), Some("symbolic link"));
        check(&at(&"x".repeat(300)), Some("too long"));
        check(Path::new("/proc/x"), Some("/proc/x cannot be made: No such file or directory"));
        check(Path::new("/proc/x/y/z"), Some("/proc/x cannot be made"));
    }

    #[test]
    fn a_mark_of_a_restore_needs_an_empty_directory() {
        let temporary = tempfile::tempdir().unwrap();
        let dir = temporary.path().join("data");
        assert_eq!(mark_restoring(&dir), Ok(true));
        let refused = prepare(&dir, Purpose::Serve);
        assert!(matches!(refused, Err(Error::HalfRestored { .. })), "{refused:?}");
        assert_eq!(mark_restoring(&dir), Ok(false), "nothing but a mark, and the lock of the one that was refused");
        prepare(&dir, Purpose::Restore).unwrap();
        assert_eq!(mark_restoring(&dir), Err(Error::NotEmpty));
        unmark_restoring(&dir).unwrap();
        prepare(&dir, Purpose::Serve).unwrap();
    }
}
