//! Editing the users file: what `freehold user add|passwd|remove|list` does, as pure functions from text to text that keep
//! comments and order.

use super::users::{InvalidUsers, UserProblem, Users, check_name, user_lines};
use argon2::password_hash::PasswordHasher;
use argon2::{Algorithm, Argon2, Params, Version};

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
    /// A new password is too easy to guess.
    #[error(
        "a new password takes at least {least} characters, and this one has {has} (authentication.password-length)"
    )]
    Short {
        /// What it has.
        has: usize,
        /// What it takes.
        least: usize,
    },
    /// The system has no random numbers to give.
    #[error("no random salt could be had: {0}")]
    Salt(String),
}

/// Did the user exist?
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Added {
    /// It is new.
    New,
    /// It existed and its password is replaced. These groups it is in now.
    Replaced(Vec<String>),
}

/// Adds a user, or replaces its password, and its groups where some are given. The hash comes from [`hash_password`].
pub fn add_user(text: &str, name: &str, hash: &str, groups: Option<&[String]>) -> Result<(String, Added), EditError> {
    let before = list_users(text)?.into_iter().find(|(known, _)| known == name).map(|(_, groups)| groups);
    check_name(name)?;
    let groups = groups.map(<[String]>::to_vec).or_else(|| before.clone()).unwrap_or_default();
    if groups.iter().any(|group| group.contains([',', ':', '\n', '\r'])) {
        return Err(UserProblem::Group(name.to_owned()).into());
    }
    let mut line = format!("{name}:{hash}");
    if !groups.is_empty() {
        line = format!("{line}:{}", groups.join(","));
    }
    super::users::parse_user(&line)?;
    let mut lines: Vec<&str> = text.lines().collect();
    match position(text, name) {
        Some(at) => lines[at] = &line,
        None => lines.push(&line),
    }
    let added = if before.is_some() { Added::Replaced(groups) } else { Added::New };
    Ok((joined(&lines), added))
}

/// Replaces the password of a user that there is.
pub fn set_password(text: &str, name: &str, hash: &str) -> Result<String, EditError> {
    if !list_users(text)?.iter().any(|(known, _)| known == name) {
        return Err(EditError::Unknown(name.to_owned()));
    }
    Ok(add_user(text, name, hash, None)?.0)
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

/// May this be a new password? Characters are counted, as a person does.
pub fn check_password(password: &str, least: usize) -> Result<(), EditError> {
    if password.is_empty() || password.len() > super::MAX_PASSWORD {
        return Err(EditError::Password);
    }
    let has = password.chars().count();
    if has < least { Err(EditError::Short { has, least }) } else { Ok(()) }
}

/// Hashes a password with argon2id (19 MiB, two passes: OWASP's first recommendation) and a random salt.
pub fn hash_password(password: &str) -> Result<String, EditError> {
    check_password(password, 0)?;
    let params = Params::new(19 * 1024, 2, 1, None).expect("these are within argon2's bounds");
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let hash = argon2.hash_password(password.as_bytes()).map_err(|error| EditError::Salt(error.to_string()))?;
    Ok(hash.to_string())
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

    #[test]
    fn users_are_added_replaced_and_removed_and_comments_and_groups_stay() {
        let groups = ["payments".to_owned(), "risk".to_owned()];
        let (text, added) = add_user("# ours\n", "alice", ARGON2, Some(&groups)).unwrap();
        assert_eq!((text.as_str(), added), (format!("# ours\nalice:{ARGON2}:payments,risk\n").as_str(), Added::New));
        let (text, _) = add_user(&text, "bob", BCRYPT, None).unwrap();
        let (kept, added) = add_user(&text, "alice", BCRYPT, None).unwrap();
        assert_eq!(kept, format!("# ours\nalice:{BCRYPT}:payments,risk\nbob:{BCRYPT}\n"));
        assert_eq!(added, Added::Replaced(groups.to_vec()));
        assert_eq!(set_password(&text, "alice", BCRYPT).unwrap(), kept);
        assert_eq!(set_password(&text, "carol", BCRYPT), Err(EditError::Unknown("carol".into())));
        let (text, added) = add_user(&text, "alice", BCRYPT, Some(&[])).unwrap();
        assert_eq!(
            (text.as_str(), added),
            (format!("# ours\nalice:{BCRYPT}\nbob:{BCRYPT}\n").as_str(), Added::Replaced(vec![]))
        );
        assert_eq!(list_users(&text).unwrap(), [("alice".into(), vec![]), ("bob".into(), vec![])]);
        let text = remove_user(&text, "alice").unwrap();
        assert_eq!(text, format!("# ours\nbob:{BCRYPT}\n"));
        assert_eq!(remove_user(&text, "alice"), Err(EditError::Unknown("alice".into())));
    }

    #[test]
    fn an_edit_never_makes_or_hides_a_broken_file() {
        assert!(matches!(add_user("broken", "a", ARGON2, None), Err(EditError::File(_))));
        assert!(matches!(remove_user("broken", "a"), Err(EditError::File(_))));
        for name in ["", "a:b", "a\nb", "#a", " a"] {
            assert!(matches!(add_user("", name, ARGON2, None), Err(EditError::User(UserProblem::Name))), "{name:?}");
        }
        for group in ["", "a,b", "a:b", "a\nb:x"] {
            assert!(add_user("", "a", ARGON2, Some(&[group.to_owned(), "x".to_owned()])).is_err(), "{group:?}");
        }
        assert!(matches!(add_user("", "a", "hunter2", None), Err(EditError::User(UserProblem::Scheme(_)))));
    }

    #[test]
    fn a_password_is_hashed_with_a_salt_of_its_own() {
        let hash = hash_password("secret").unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_ne!(hash, hash_password("secret").unwrap());
        let users: Users = format!("alice:{hash}").parse().unwrap();
        assert!(users.verify(users.get("alice").map(|user| &**user), b"secret"));
        assert_eq!(hash_password(""), Err(EditError::Password));
        assert_eq!(check_password("größer", 7), Err(EditError::Short { has: 6, least: 7 }));
        assert_eq!(check_password("größer", 6), Ok(()));
        assert_eq!(check_password(&"x".repeat(1025), 6), Err(EditError::Password));
    }
}
