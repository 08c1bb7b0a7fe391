//! Who besides its owner may write a file by which it is decided who may do what.

use std::fs::{self, File, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// A file that every user of the machine may write: whoever gets on the machine as anybody would be whom they like.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("every user of this machine may write it (mode {mode:04o}); take that away: chmod o-w {path}", path = .path.display())]
pub struct Exposed {
    /// The file.
    pub path: PathBuf,
    /// Its mode.
    pub mode: u32,
}

/// Opens such a file. It is one that can be read again: a pipe would be waited for, and gives its text only once.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    if !fs::metadata(path)?.is_file() {
        return Err(io::Error::new(ErrorKind::InvalidInput, "it is not a regular file"));
    }
    File::open(path)
}

/// Refuses a file that everybody may write.
pub(crate) fn check(path: &Path, metadata: &Metadata) -> Result<(), Exposed> {
    let mode = metadata.mode() & 0o7777;
    if mode & 0o002 == 0 { Ok(()) } else { Err(Exposed { path: path.to_owned(), mode }) }
}

/// Who may change the file besides the user of this process and root, as a sentence; `None` where nobody may, or where that
/// cannot be found out.
pub fn other_writers(path: &Path) -> Option<String> {
    let file = fs::metadata(path).ok()?;
    // A new file belongs to whoever makes it, and so does `/proc/self`: to the user of this process.
    let me = fs::metadata("/proc/self").ok()?.uid();
    let shown = path.display();
    if ![me, 0].contains(&file.uid()) {
        return Some(format!("{shown} belongs to another user (uid {}), who may change it", file.uid()));
    }
    if file.mode() & 0o020 != 0 {
        return Some(format!("the group {} may write {shown}; if it should not: chmod g-w {shown}", file.gid()));
    }
    let folder = fs::canonicalize(path).ok()?.parent()?.to_owned();
    let mode = fs::metadata(&folder).ok()?.mode();
    let replaceable = mode & 0o002 != 0 && mode & 0o1000 == 0;
    let folder = folder.display();
    replaceable
        .then(|| format!("every user of this machine may replace {shown}; if they should not: chmod o-w {folder}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn only_regular_files_are_opened() {
        for path in [&*std::env::temp_dir(), Path::new("/dev/zero")] {
            assert!(open(path).is_err(), "{}", path.display());
        }
        assert!(open(Path::new("/proc/self/status")).is_ok());
    }

    #[test]
    fn others_who_may_write_are_named() {
        let folder = std::env::temp_dir().join(format!("freehold-guard-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let file = folder.join("users");
        fs::write(&file, "").unwrap();
        let check = |of_file: u32, of_folder: u32, warning: Option<&str>, refused: bool| {
            fs::set_permissions(&file, fs::Permissions::from_mode(of_file)).unwrap();
            fs::set_permissions(&folder, fs::Permissions::from_mode(of_folder)).unwrap();
            let said = other_writers(&file);
            match warning {
                None => assert_eq!(said, None),
                Some(part) => assert!(said.as_ref().is_some_and(|said| said.contains(part)), "{part:?}: {said:?}"),
            }
            assert_eq!(super::check(&file, &fs::metadata(&file).unwrap()).is_err(), refused, "{of_file:o}");
        };
        check(0o600, 0o755, None, false);
        check(0o644, 0o1777, None, false);
        check(0o664, 0o755, Some("chmod g-w"), false);
        check(0o600, 0o777, Some("chmod o-w"), false);
        check(0o602, 0o755, None, true);
        fs::remove_dir_all(&folder).unwrap();
    }
}
