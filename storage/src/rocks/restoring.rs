//! A restore into a directory: marked before anything is in it, and unmarked after everything is, so that whatever a broken off
//! one leaves is never taken for a registry.

use super::directory::{self, Purpose};
use super::{Location, Options, Rocks};
use crate::{Error, Store};
use model::Position;
use std::fs;
use std::io::Read;
use std::path::PathBuf;

/// An empty directory that has been marked.
#[derive(Debug)]
pub struct Restoring {
    dir: PathBuf,
    made: bool,
}

impl Restoring {
    /// Marks an empty directory, which is made if it is missing. Until `run` has ended well, it cannot be opened as a store.
    ///
    /// # Errors
    /// `NotEmpty`, `Directory`.
    pub fn begin(dir: PathBuf) -> Result<Self, Error> {
        let made = directory::mark_restoring(&dir)?;
        Ok(Restoring { dir, made })
    }

    /// Takes the mark away again, and the directory if it was made for this. Only where `run` was not called.
    ///
    /// # Errors
    /// `Directory`.
    pub fn give_up(self) -> Result<(), Error> {
        directory::unmark_restoring(&self.dir)?;
        if self.made {
            // Whatever somebody has put there meanwhile stays.
            let _ = fs::remove_dir(&self.dir);
        }
        Ok(())
    }

    /// Reads a backup into the directory, and takes the mark away when all of it is durable. `options` are those of the
    /// store; its place is this directory.
    ///
    /// # Errors
    /// Those of `Rocks::open` and `Store::restore`; the directory stays marked.
    pub fn run(self, options: Options, backup: &mut dyn Read) -> Result<Position, Error> {
        let store =
            Rocks::open_for(Options { location: Location::Directory(self.dir.clone()), ..options }, Purpose::Restore)?;
        let position = store.restore(backup)?;
        store.close()?;
        drop(store);
        directory::unmark_restoring(&self.dir)?;
        Ok(position)
    }
}
