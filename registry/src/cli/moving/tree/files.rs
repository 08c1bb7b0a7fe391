//! Files of a tree: written whole, and only where something differs; read only where they are plain files of a sensible size.
//! Neither follows a link that somebody put in place of a file or a directory.

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// The longest file that is read, in bytes. A schema comes in a request of 10 MiB.
const LONGEST: u64 = 64 << 20;

fn at(path: &Path, error: &io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// Makes a directory, if it is not there.
///
/// # Errors
/// Something else is in its place, or the system refuses it.
pub fn make_directory(path: &Path) -> Result<(), String> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_dir() => Ok(()),
        Ok(_) => {
            Err(format!("{}: it is not a directory, and something of another's is not overwritten", path.display()))
        }
        Err(error) if error.kind() == ErrorKind::NotFound => fs::create_dir(path).map_err(|error| at(path, &error)),
        Err(error) => Err(at(path, &error)),
    }
}

/// Writes a file, if it is not the same already.
///
/// # Errors
/// The system refuses it.
pub fn write(path: &Path, text: &str) -> Result<(), String> {
    let same = |found: fs::Metadata| found.is_file() && found.len() == text.len() as u64;
    if fs::symlink_metadata(path).is_ok_and(same) && fs::read(path).is_ok_and(|found| found == text.as_bytes()) {
        return Ok(());
    }
    let mut new = path.as_os_str().to_owned();
    new.push(".new");
    let new = PathBuf::from(new);
    let written = || {
        if let Err(error) = fs::remove_file(&new)
            && error.kind() != ErrorKind::NotFound
        {
            return Err(error);
        }
        // A link in its place is an error, and what is renamed takes the place of one.
        let mut file = OpenOptions::new().write(true).create_new(true).open(&new)?;
        file.write_all(text.as_bytes())?;
        fs::rename(&new, path)
    };
    written().map_err(|error| at(path, &error))
}

/// Reads a file.
///
/// # Errors
/// It is not there, no plain file, too long or no UTF-8.
pub fn read(path: &Path) -> Result<String, String> {
    let no_file = || format!("{}: it is no plain file, and links are not followed", path.display());
    // A pipe would be waited for.
    let flags = libc::O_NOFOLLOW | libc::O_NONBLOCK;
    let file =
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(|error| match error.raw_os_error() {
            Some(libc::ELOOP) => no_file(),
            _ => at(path, &error),
        })?;
    let found = file.metadata().map_err(|error| at(path, &error))?;
    if !found.is_file() {
        return Err(no_file());
    }
    let mut text = String::new();
    let length = File::take(file, LONGEST + 1).read_to_string(&mut text).map_err(|error| at(path, &error))?;
    if length as u64 > LONGEST {
        return Err(format!("{}: it has more than {} MiB", path.display(), LONGEST >> 20));
    }
    Ok(text)
}

/// The directories in a directory, by name; none where it is not there. Files in it are somebody's, and are left alone.
///
/// # Errors
/// It cannot be read; one is a link; one has a name that is no text.
pub fn directories(path: &Path) -> Result<Vec<(String, PathBuf)>, String> {
    let mut found = Vec::new();
    match fs::symlink_metadata(path) {
        Ok(directory) if directory.is_dir() => {}
        Ok(_) => return Err(format!("{}: it is no directory, and links are not followed", path.display())),
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(found),
        Err(error) => return Err(at(path, &error)),
    }
    for entry in fs::read_dir(path).map_err(|error| at(path, &error))? {
        let entry = entry.map_err(|error| at(path, &error))?;
        let (inside, kind) = (entry.path(), entry.file_type().map_err(|error| at(path, &error))?);
        if kind.is_symlink() {
            return Err(format!("{}: it is a link, and links are not followed", inside.display()));
        }
        if kind.is_dir() {
            let name = entry.file_name().into_string();
            found.push((name.map_err(|_| format!("{}: its name is no text", inside.display()))?, inside));
        }
    }
    found.sort();
    Ok(found)
}
