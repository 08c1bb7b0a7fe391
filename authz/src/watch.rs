//! A file that is read again when it changes: the users file, the policy.
//!
//! It is read whole at every poll. That is cheap for files of this size, sees every kind of replacement (renames, links
//! that move, clocks that do not), and needs nothing of the file system. A change counts when two polls in a row
//! see it, so that a file caught half-written is not taken for a shorter one.

use crate::guard;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

/// A file that is polled.
#[derive(Debug)]
pub struct WatchedFile {
    path: PathBuf,
    max: usize,
    taken: [u8; 32],
    pending: Option<[u8; 32]>,
    failing: Option<io::ErrorKind>,
}

/// What a poll found.
#[derive(Debug)]
pub enum Polled {
    /// Nothing new.
    Same,
    /// The file's new text. It is not reported again, also when it cannot be used.
    Changed(String),
    /// It can no longer be read; reported once per kind of error.
    Failed(io::Error),
}

impl WatchedFile {
    /// Reads the file for the first time, up to `max` bytes. One that everybody may write is not read (see [`Exposed`](crate::Exposed)).
    pub fn open(path: &Path, max: usize) -> io::Result<(Self, String)> {
        let text = read(path, max)?;
        let watched = WatchedFile { path: path.to_owned(), max, taken: digest(&text), pending: None, failing: None };
        Ok((watched, text))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Reads it now, for somebody who says that it has changed: what is there is its text, and is reported in any case.
    pub fn again(&mut self) -> Polled {
        self.pending = None;
        match read(&self.path, self.max) {
            Ok(text) => {
                self.failing = None;
                self.taken = digest(&text);
                Polled::Changed(text)
            }
            Err(error) => {
                self.failing = Some(error.kind());
                Polled::Failed(error)
            }
        }
    }

    /// Looks again. Call it about once a second, where blocking is allowed.
    pub fn poll(&mut self) -> Polled {
        let text = match read(&self.path, self.max) {
            Ok(text) => text,
            Err(error) => {
                self.pending = None;
                let known = self.failing.replace(error.kind()) == Some(error.kind());
                return if known { Polled::Same } else { Polled::Failed(error) };
            }
        };
        self.failing = None;
        let seen = digest(&text);
        if seen == self.taken {
            self.pending = None;
            return Polled::Same;
        }
        if self.pending.replace(seen) != Some(seen) {
            return Polled::Same;
        }
        self.pending = None;
        self.taken = seen;
        Polled::Changed(text)
    }
}

fn read(path: &Path, max: usize) -> io::Result<String> {
    let mut text = String::new();
    let file = guard::open(path)?;
    guard::check(path, &file.metadata()?)
        .map_err(|exposed| io::Error::new(io::ErrorKind::PermissionDenied, exposed))?;
    let read = file.take(max as u64 + 1).read_to_string(&mut text)?;
    if read > max {
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, format!("{} has over {max} bytes", path.display())));
    }
    Ok(text)
}

fn digest(text: &str) -> [u8; 32] {
    Sha256::digest(text).into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;
    use std::os::unix::fs::PermissionsExt;

    fn shown(polled: Polled) -> String {
        match polled {
            Polled::Same => "same".to_owned(),
            Polled::Changed(text) => format!("changed: {text}"),
            Polled::Failed(error) => format!("failed: {:?}", error.kind()),
        }
    }

    #[test]
    fn a_change_counts_when_two_polls_agree_and_a_failure_is_told_once() {
        let path = std::env::temp_dir().join(format!("freehold-watch-{}", std::process::id()));
        fs::write(&path, "one").unwrap();
        let (mut file, text) = WatchedFile::open(&path, 10).unwrap();
        assert_eq!(text, "one");
        let mut polls = |change: &str| {
            match change {
                "" => {}
                "(gone)" => fs::remove_file(&path).unwrap(),
                text => fs::write(&path, text).unwrap(),
            }
            shown(file.poll())
        };
        assert_eq!(polls(""), "same");
        assert_eq!(polls("tw"), "same");
        assert_eq!(polls("two"), "same");
        assert_eq!(polls(""), "changed: two");
        assert_eq!(polls(""), "same");
        assert_eq!(polls("six"), "same");
        assert_eq!(polls("two"), "same");
        assert_eq!(polls(""), "same");
        assert_eq!(polls("far too long a text"), "failed: FileTooLarge");
        assert_eq!(polls(""), "same");
        assert_eq!(polls("(gone)"), "failed: NotFound");
        assert_eq!(polls(""), "same");
        assert_eq!(polls("two"), "same");
        assert_eq!(polls("(gone)"), "failed: NotFound");
        assert!(WatchedFile::open(&path, 10).is_err());
    }

    #[test]
    fn somebody_who_says_so_has_it_read_at_once() {
        let path = std::env::temp_dir().join(format!("freehold-watch-again-{}", std::process::id()));
        fs::write(&path, "one").unwrap();
        let (mut file, _) = WatchedFile::open(&path, 10).unwrap();
        assert_eq!(shown(file.again()), "changed: one");
        fs::write(&path, "two").unwrap();
        assert_eq!(shown(file.again()), "changed: two");
        assert_eq!(shown(file.poll()), "same");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o666)).unwrap();
        assert_eq!(shown(file.again()), "failed: PermissionDenied");
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        assert_eq!(shown(file.again()), "changed: two");
        fs::remove_file(&path).unwrap();
    }
}
