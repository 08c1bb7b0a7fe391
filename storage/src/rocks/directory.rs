//! The data directory around RocksDB: its format, and signs that it is not what it was.
//!
//! The format is a file of its own, since a release that cannot read a later RocksDB must still be able to say why. It is
//! durable before RocksDB makes its first file.

use crate::Error;
use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The format this release writes. A change of it comes with a step that brings the one before to it.
const FORMAT: u32 = 2;
/// The audit was part of the house log; see `audit::move_former`.
const FORMER_FORMAT: u32 = 1;
const FORMAT_FILE: &str = "FORMAT";

/// Is a directory as this release writes it?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Format {
    /// Yes.
    Present,
    /// It is to be brought to it, and then to be marked by `mark`.
    Former,
}

/// Makes the directory, or checks that this release may open it.
pub(super) fn prepare(dir: &Path) -> Result<Format, Error> {
    let failed = |error: io::Error| Error::Io(format!("{}: {error}", dir.display()));
    make(dir).map_err(failed)?;
    let names = names(dir).map_err(failed)?;
    let has = |ends: fn(&str) -> bool| names.iter().any(|name| ends(name));
    let has_data = has(|name| name.ends_with(".sst") || name.ends_with(".log"));
    let mut format = Format::Present;
    match fs::read_to_string(dir.join(FORMAT_FILE)) {
        Ok(text) => {
            let found = text.trim().parse().map_err(|_| damaged(dir, "the file FORMAT holds no number"))?;
            if found > FORMAT {
                return Err(Error::NewerFormat { dir: dir.to_owned(), found, known: FORMAT });
            }
            if found == FORMER_FORMAT {
                format = Format::Former;
            } else if found != FORMAT {
                return Err(damaged(dir, "the file FORMAT holds a number that was never used"));
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
    Ok(format)
}

/// Notes that a directory has the format of this release now.
pub(super) fn mark(dir: &Path) -> Result<(), Error> {
    write_format(dir).map_err(|error| Error::Io(format!("{}: {error}", dir.display())))
}

fn damaged(dir: &Path, why: &str) -> Error {
    Error::Corrupt(format!("{}: {why}", dir.display()))
}

/// Makes a directory and those above it, each durably. Others on the machine may not look in: the audit is not for
/// everybody.
fn make(dir: &Path) -> io::Result<()> {
    match DirBuilder::new().mode(0o750).create(dir) {
        Ok(()) => sync(parent(dir)),
        Err(error) if error.kind() == ErrorKind::NotFound => {
            make(parent(dir))?;
            make(dir)
        }
        Err(_) if dir.is_dir() => Ok(()),
        Err(error) => Err(error),
    }
}

/// The directory above; of a bare name, the current one.
fn parent(dir: &Path) -> &Path {
    dir.parent().filter(|above| !above.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync(dir: &Path) -> io::Result<()> {
    File::open(dir)?.sync_all()
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    fs::read_dir(dir)?.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

fn write_format(dir: &Path) -> io::Result<()> {
    let new = dir.join("FORMAT.new");
    let mut file = File::create(&new)?;
    file.write_all(format!("{FORMAT}\n").as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, dir.join(FORMAT_FILE))?;
    sync(dir)
}
