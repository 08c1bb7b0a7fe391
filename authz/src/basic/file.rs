//! The users file on disk: edited by one at a time, and replaced whole, so that a server that reads it meanwhile sees the old
//! one or the new one.

use super::MAX_FILE;
use super::edit::EditError;
use crate::guard::{self, Exposed};
use std::fs::{self, File, OpenOptions, Permissions, TryLockError};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, PermissionsExt, chown};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

/// How long an edit waits for another one to end; none takes longer than a moment.
const PATIENCE: Duration = Duration::from_secs(10);
const AGAIN: Duration = Duration::from_millis(10);

/// Why a users file is not edited.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum FileError {
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Exposed(#[from] Exposed),
    #[error(transparent)]
    Edit(#[from] EditError),
    #[error("another edit of it has not ended within {PATIENCE:?}; nothing was changed")]
    Locked,
}

/// The text of a users file; `None` where there is no such file.
///
/// # Errors
/// It cannot be read, is too long, or everybody may write it.
pub fn read_users(path: &Path) -> Result<Option<String>, FileError> {
    let file = match guard::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        opened => opened?,
    };
    guard::check(path, &file.metadata()?)?;
    let mut text = String::new();
    if file.take(MAX_FILE as u64 + 1).read_to_string(&mut text)? > MAX_FILE {
        return Err(io::Error::from(ErrorKind::FileTooLarge).into());
    }
    Ok(Some(text))
}

/// Edits a users file: `edit` makes the new text of the old one, and nobody else edits the file meanwhile. A new file is for
/// its owner's eyes only (mode 0600); owner, group and mode of one that is there stay, so that the server can still read what
/// root has edited.
///
/// # Errors
/// Nothing was changed.
pub fn edit_users<T>(
    path: &Path,
    edit: impl FnOnce(Option<&str>) -> Result<(String, T), EditError>,
) -> Result<T, FileError> {
    // A link stays a link: the file that it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    // Of the folder, since the file is another one after each edit. The lock ends with the handle.
    let folder = File::open(folder)?;
    lock(&folder)?;
    let before = read_users(&path)?;
    let (text, done) = edit(before.as_deref())?;
    replace(&path, &text)?;
    folder.sync_all()?;
    Ok(done)
}

fn lock(folder: &File) -> Result<(), FileError> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match folder.try_lock() {
            Ok(()) => return Ok(()),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => std::thread::sleep(AGAIN),
            Err(TryLockError::WouldBlock) => return Err(FileError::Locked),
            Err(TryLockError::Error(error)) => return Err(error.into()),
        }
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let beside = beside(path)?;
    let written = write(&beside, path, text).and_then(|()| fs::rename(&beside, path));
    if written.is_err() {
        // The rename did not happen; what was written so far is of no use to anybody.
        fs::remove_file(&beside).ok();
    }
    written
}

fn beside(path: &Path) -> io::Result<PathBuf> {
    let mut name = path.file_name().ok_or(ErrorKind::InvalidInput)?.to_owned();
    name.push(format!(".{}.new", std::process::id()));
    Ok(path.with_file_name(name))
}

fn write(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    if let Ok(existing) = fs::metadata(path) {
        let created = file.metadata()?;
        if (existing.uid(), existing.gid()) != (created.uid(), created.gid()) {
            chown(beside, Some(existing.uid()), Some(existing.gid()))?;
        }
        file.set_permissions(Permissions::from_mode(existing.mode() & 0o777))?;
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basic::edit::{add_user, list_users};
    use crate::basic::tests::ARGON2;

    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Self {
            let folder = std::env::temp_dir().join(format!("freehold-users-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }

        fn file(&self) -> PathBuf {
            self.0.join("users")
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).ok();
        }
    }

    fn write(path: &Path, text: &str) -> Result<(), FileError> {
        edit_users(path, |_| Ok((text.to_owned(), ())))
    }

    fn mode(path: &Path) -> u32 {
        fs::metadata(path).unwrap().permissions().mode() & 0o777
    }

    #[test]
    fn a_file_is_replaced_whole_and_a_link_and_its_mode_stay() {
        let folder = Folder::new("replaced");
        let (real, link) = (folder.file(), folder.0.join("link"));
        write(&real, "# one\n").unwrap();
        assert_eq!(mode(&real), 0o600, "a new one is for its owner's eyes only");
        fs::set_permissions(&real, Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write(&link, "# two\n").unwrap();
        assert_eq!((read_users(&link).unwrap().as_deref(), mode(&real)), (Some("# two\n"), 0o640));
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(&folder.0).unwrap().count(), 2);
        assert!(write(&folder.0.join("missing/users"), "").is_err());
        assert!(edit_users(&real, |_| Err::<(String, ()), _>(EditError::Password)).is_err());
        assert_eq!(read_users(&real).unwrap().as_deref(), Some("# two\n"));
    }

    #[test]
    fn a_file_that_everybody_may_write_is_not_touched() {
        let folder = Folder::new("exposed");
        let file = folder.file();
        write(&file, "# ours\n").unwrap();
        fs::set_permissions(&file, Permissions::from_mode(0o666)).unwrap();
        for refused in [write(&file, "# theirs\n"), read_users(&file).map(drop)] {
            let said = refused.unwrap_err().to_string();
            assert!(said.contains("mode 0666") && said.ends_with(&format!("chmod o-w {}", file.display())), "{said}");
        }
        assert_eq!(fs::read_to_string(&file).unwrap(), "# ours\n");
    }

    #[test]
    fn edits_that_are_made_at_once_are_all_made() {
        let folder = Folder::new("at-once");
        let file = folder.file();
        std::thread::scope(|scope| {
            for number in 0..10 {
                let file = &file;
                scope.spawn(move || {
                    let name = format!("user{number}");
                    edit_users(file, |text| add_user(text.unwrap_or_default(), &name, ARGON2, None)).unwrap();
                });
            }
        });
        assert_eq!(list_users(&read_users(&file).unwrap().unwrap()).unwrap().len(), 10);
    }
}
