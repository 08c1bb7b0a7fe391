//! Secrets, which stand in no setting: a setting names the place where one is, a file of one directory or a variable of the
//! environment. Nothing else can be named, so that no setting reads any other file.

use std::fmt;
use std::path::{Path, PathBuf};
use zeroize::Zeroizing;

/// What the variables that hold secrets begin with. They are no settings.
pub const VARIABLE: &str = "FREEHOLD_SECRET_";
/// The longest secret, in bytes.
const LONGEST: u64 = 64 << 10;

/// Where a secret is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Place {
    /// In this file of `secrets.dir`.
    File(String),
    /// In this variable.
    Variable(String),
}

/// A secret of something with a name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Named {
    /// Whose it is.
    pub name: String,
    /// Where it is.
    pub place: Place,
}

/// Why there is no secret at its place.
#[derive(Debug, thiserror::Error)]
#[error("the secret {place} {reason}")]
pub struct Error {
    place: Place,
    reason: String,
}

impl Place {
    /// Reads `${file:NAME}` or `${env:FREEHOLD_SECRET_…}`.
    fn parse(text: &str) -> Option<Self> {
        let inside = text.strip_prefix("${")?.strip_suffix('}')?;
        match inside.split_once(':')? {
            ("file", name) if is_file_name(name) => Some(Place::File(name.to_owned())),
            ("env", name) if name.len() > VARIABLE.len() && name.starts_with(VARIABLE) => {
                Some(Place::Variable(name.to_owned()))
            }
            _ => None,
        }
    }

    /// Reads the secret, without the line's end that a file may have; `dir` is `secrets.dir`.
    ///
    /// # Errors
    /// It is not there, empty, too long or no text.
    pub fn read(&self, dir: Option<&Path>) -> Result<Zeroizing<String>, Error> {
        let failed = |reason: String| Error { place: self.clone(), reason };
        let text = match self {
            Place::Variable(name) => std::env::var(name).map_err(|error| failed(format!("cannot be read: {error}")))?,
            Place::File(name) => {
                let dir = dir.ok_or_else(|| failed("is a file, and secrets.dir names no directory".to_owned()))?;
                read_file(&dir.join(name)).map_err(failed)?
            }
        };
        let text = Zeroizing::new(text);
        match text.trim_end_matches(['\r', '\n']) {
            "" => Err(failed("is empty".to_owned())),
            secret => Ok(Zeroizing::new(secret.to_owned())),
        }
    }
}

fn read_file(path: &PathBuf) -> Result<String, String> {
    let cannot = |error: std::io::Error| format!("cannot be read: {error}");
    let about = std::fs::metadata(path).map_err(cannot)?;
    if !about.is_file() || about.len() > LONGEST {
        return Err(format!("is no file of at most {LONGEST} bytes"));
    }
    std::fs::read_to_string(path).map_err(cannot)
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(['/', '\\', '\0']) && !matches!(name, "." | "..")
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Place::File(name) => write!(f, "${{file:{name}}}"),
            Place::Variable(name) => write!(f, "${{env:{name}}}"),
        }
    }
}

/// Reads a list of `NAME=PLACE`, each name once.
pub fn listed(text: &str) -> Option<Vec<Named>> {
    let items = text.split(',').map(str::trim).filter(|item| !item.is_empty());
    let mut all: Vec<Named> = Vec::new();
    for item in items {
        let (name, _) = item.split_once("=${")?;
        let place = Place::parse(&item[name.len() + 1..])?;
        if name.is_empty() || all.iter().any(|other| other.name == name) {
            return None;
        }
        all.push(Named { name: name.to_owned(), place });
    }
    Some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_setting_names_a_place_and_no_other_file() {
        let named = |name: &str, place| Named { name: name.into(), place };
        let two = listed("a=b=${file:one}, *=${env:FREEHOLD_SECRET_X}");
        let expected =
            [named("a=b", Place::File("one".into())), named("*", Place::Variable("FREEHOLD_SECRET_X".into()))];
        assert_eq!(two, Some(expected.into()));
        assert_eq!(listed(""), Some(vec![]));
        for wrong in [
            "mysecret",
            "*=mysecret",
            "${file:one}",
            "=${file:one}",
            "*=${file:../one}",
            "*=${file:..}",
            "*=${file:}",
            "*=${file:one",
            "*=${env:HOME}",
            "*=${env:FREEHOLD_SECRET_}",
            "*=${http:one}",
            "*=${file:one},*=${file:two}",
        ] {
            assert_eq!(listed(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_secret_is_what_its_file_holds_but_for_the_end_of_its_line() {
        let dir = tempfile::tempdir().unwrap();
        let write = |name: &str, bytes: &[u8]| std::fs::write(dir.path().join(name), bytes).unwrap();
        write("one", b"my secret\n");
        write("empty", b"\n");
        write("long", &[b'x'; LONGEST as usize + 1]);
        write("binary", b"\xff");
        let read = |name: &str| Place::File(name.into()).read(Some(dir.path()));
        assert_eq!(read("one").unwrap().as_str(), "my secret");
        for (name, told) in [
            ("empty", "the secret ${file:empty} is empty"),
            ("long", "is no file of at most 65536 bytes"),
            ("binary", "cannot be read"),
            ("none", "cannot be read"),
        ] {
            let error = read(name).unwrap_err().to_string();
            assert!(error.contains(told), "{error}");
        }
        let error = Place::File("one".into()).read(None).unwrap_err().to_string();
        assert_eq!(error, "the secret ${file:one} is a file, and secrets.dir names no directory");
        assert!(Place::Variable("FREEHOLD_SECRET_THAT_NOBODY_SETS".into()).read(None).is_err());
    }
}
