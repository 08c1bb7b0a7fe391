//! Editing the users file: what `freehold user add|remove|list` does.
//!
//! The edits are pure functions from text to text that keep comments and order; writing is one atomic replacement, so that a
//! server that reads the file meanwhile sees the old one or the new one.

use super::users::{InvalidUsers, UserProblem, Users, check_name, user_lines};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt, chown};
use std::path::Path;

/// Why an edit is not made.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum EditError {
    /// The file is not right as it is.
    #[error(transparent)]
    File(#[from] InvalidUsers),
    /// The name or a group cannot be used.
    #[error(transparent)]
    User(#[from] UserProblem),
    /// There is no such user.
    #[error("there is no user {0}")]
    Unknown(String),
    /// A password has no bytes, or more than are ever checked.
    #[error("a password takes 1 to {max} bytes", max = super::MAX_PASSWORD)]
    Password,
    /// The system has no random numbers to give.
    #[error("no random salt could be had: {0}")]
    Salt(String),
}

/// Did the user exist?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Added {
    /// It is new.
    New,
    /// It existed and its password (and groups) are replaced.
    Replaced,
}

/// Adds a user, or replaces its password and groups. The hash comes from [`hash_password`].
pub fn add_user(text: &str, name: &str, hash: &str, groups: &[String]) -> Result<(String, Added), EditError> {
    text.parse::<Users>()?;
    check_name(name)?;
    if groups.iter().any(|group| group.contains([',', ':', '\n', '\r'])) {
        return Err(UserProblem::Group(name.to_owned()).into());
    }
    let mut line = format!("{name}:{hash}");
    if !groups.is_empty() {
        line = format!("{line}:{}", groups.join(","));
    }
    super::users::parse_user(&line)?;
    let mut lines: Vec<&str> = text.lines().collect();
    let added = match position(text, name) {
        Some(at) => {
            lines[at] = &line;
            Added::Replaced
        }
        None => {
            lines.push(&line);
            Added::New
        }
    };
    Ok((joined(&lines), added))
}

/// Removes a user.
pub fn remove_user(text: &str, name: &str) -> Result<String, EditError> {
    text.parse::<Users>()?;
    let at = position(text, name).ok_or_else(|| EditError::Unknown(name.to_owned()))?;
    let mut lines: Vec<&str> = text.lines().collect();
    lines.remove(at);
    Ok(joined(&lines))
}

/// The users in the order of the file, each with its groups as they are written.
pub fn list_users(text: &str) -> Result<Vec<(String, Vec<String>)>, EditError> {
    text.parse::<Users>()?;
    let split = |line: &str| {
        let mut fields = line.split(':');
        let name = fields.next().unwrap_or_default().to_owned();
        let groups = fields.nth(1).unwrap_or_default();
        let groups = groups.split(',').map(str::trim).filter(|group| !group.is_empty());
        (name, groups.map(str::to_owned).collect())
    };
    Ok(user_lines(text).map(|(_, line)| split(line)).collect())
}

/// Hashes a password with argon2id (19 MiB, two passes: OWASP's first recommendation) and a random salt.
pub fn hash_password(password: &[u8]) -> Result<String, EditError> {
    if password.is_empty() || password.len() > super::MAX_PASSWORD {
        return Err(EditError::Password);
    }
    let params = Params::new(19 * 1024, 2, 1, None).expect("these are within argon2's bounds");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password).map_err(|error| EditError::Salt(error.to_string()))?;
    Ok(hash.to_string())
}

/// Replaces a file by this text, for its owner's eyes only (mode 0600). It is written beside the file, made durable and
/// renamed over it; an existing file's owner stays, so that the server can still read what root has edited.
pub fn write_users(path: &Path, text: &str) -> io::Result<()> {
    // A link stays a link: the file that it points to is replaced.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let mut beside = name.to_owned();
    beside.push(format!(".{}.new", std::process::id()));
    let beside = path.with_file_name(beside);
    let written = write_beside(&beside, &path, text).and_then(|()| fs::rename(&beside, &path));
    if written.is_err() {
        // The rename did not happen; what was written so far is of no use to anybody.
        fs::remove_file(&beside).ok();
    }
    written?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    File::open(folder)?.sync_all()
}

fn write_beside(beside: &Path, path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(beside)?;
    if let Ok(existing) = fs::metadata(path) {
        let created = file.metadata()?;
        if (existing.uid(), existing.gid()) != (created.uid(), created.gid()) {
            chown(beside, Some(existing.uid()), Some(existing.gid()))?;
        }
    }
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// The index of a user's line.
fn position(text: &str, name: &str) -> Option<usize> {
    let named = |line: &str| line.split(':').next() == Some(name);
    user_lines(text).find(|(_, line)| named(line)).map(|(line, _)| line - 1)
}

fn joined(lines: &[&str]) -> String {
    lines.iter().flat_map(|line| [*line, "\n"]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basic::tests::{ARGON2, BCRYPT};
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn users_are_added_replaced_and_removed_and_comments_stay() {
        let (text, added) = add_user("# ours\n", "alice", ARGON2, &["payments".into(), "risk".into()]).unwrap();
        assert_eq!((text.as_str(), added), (format!("# ours\nalice:{ARGON2}:payments,risk\n").as_str(), Added::New));
        let (text, _) = add_user(&text, "bob", BCRYPT, &[]).unwrap();
        let (text, added) = add_user(&text, "alice", BCRYPT, &[]).unwrap();
        assert_eq!(
            (text.as_str(), added),
            (format!("# ours\nalice:{BCRYPT}\nbob:{BCRYPT}\n").as_str(), Added::Replaced)
        );
        assert_eq!(list_users(&text).unwrap(), [("alice".into(), vec![]), ("bob".into(), vec![])]);
        let text = remove_user(&text, "alice").unwrap();
        assert_eq!(text, format!("# ours\nbob:{BCRYPT}\n"));
        assert_eq!(remove_user(&text, "alice"), Err(EditError::Unknown("alice".into())));
    }

    #[test]
    fn an_edit_never_makes_or_hides_a_broken_file() {
        assert!(matches!(add_user("broken", "a", ARGON2, &[]), Err(EditError::File(_))));
        assert!(matches!(remove_user("broken", "a"), Err(EditError::File(_))));
        for name in ["", "a:b", "a\nb", "#a", " a"] {
            assert!(matches!(add_user("", name, ARGON2, &[]), Err(EditError::User(UserProblem::Name))), "{name:?}");
        }
        for group in ["", "a,b", "a:b", "a\nb:x"] {
            assert!(add_user("", "a", ARGON2, &[group.to_owned(), "x".to_owned()]).is_err(), "{group:?}");
        }
        assert!(matches!(add_user("", "a", "hunter2", &[]), Err(EditError::User(UserProblem::Scheme(_)))));
    }

    #[test]
    fn a_password_is_hashed_with_a_salt_of_its_own() {
        let hash = hash_password(b"secret").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(hash, hash_password(b"secret").unwrap());
        let users: Users = format!("alice:{hash}").parse().unwrap();
        assert!(users.get("alice").unwrap().hash.verify(b"secret"));
        assert_eq!(hash_password(b""), Err(EditError::Password));
    }

    #[test]
    fn a_file_is_replaced_whole_for_its_owner_only_and_a_link_stays_a_link() {
        let folder = std::env::temp_dir().join(format!("freehold-users-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let (real, link) = (folder.join("users"), folder.join("link"));
        write_users(&real, "# one\n").unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        write_users(&link, "# two\n").unwrap();
        assert_eq!(fs::read_to_string(&real).unwrap(), "# two\n");
        assert_eq!(fs::metadata(&real).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        assert!(write_users(&folder.join("missing/users"), "").is_err());
        fs::remove_dir_all(&folder).unwrap();
    }
}
