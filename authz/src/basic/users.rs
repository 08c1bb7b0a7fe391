//! The users file: `name:hash` or `name:hash:group,group`, one user a line, `#` for comments.
//!
//! A hash is argon2id (`$argon2id$…`, as `freehold user add` writes it) or bcrypt (`$2a$`, `$2b$`, `$2y$`, as `htpasswd -B`
//! writes it). The whole file is taken or none of it, and an error names the line but never shows what stands where a hash
//! should: it may be a password. What a hash costs to check is bounded, since everybody may have it checked.

use crate::{Method, Verified};
use argon2::password_hash::PasswordVerifier;
use argon2::password_hash::phc::PasswordHash;
use argon2::{Argon2, Params};
use model::{Principal, PrincipalKind};
use std::collections::HashMap;
use std::str::FromStr;
use std::sync::Arc;

/// The most bytes a users file may have.
pub const MAX_FILE: usize = 16 * 1024 * 1024;

/// The users of a file.
#[derive(Clone, Debug, Default)]
pub struct Users {
    by_name: HashMap<String, Arc<User>>,
    /// One hash of each cost that there is in the file. See [`Users::verify`].
    costs: Vec<StoredHash>,
}

/// A user.
#[derive(Clone, Debug)]
pub struct User {
    pub(super) hash: StoredHash,
    /// The identity that the right password proves.
    pub(super) verified: Arc<Verified>,
}

/// A hash of a kind that can be checked.
#[derive(Clone, PartialEq, Eq)]
pub struct StoredHash {
    cost: Cost,
    text: Arc<str>,
}

/// The kind of a hash and what checking a password against it takes: equal ones take equally long.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Cost {
    Argon2id { memory: u32, passes: u32, lanes: u32 },
    Bcrypt { cost: u32 },
}

/// Why a users file is not taken.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("line {line}: {problem}")]
pub struct InvalidUsers {
    /// The line, from 1.
    pub line: usize,
    /// What is wrong with it.
    pub problem: UserProblem,
}

/// What is wrong with a line of a users file.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum UserProblem {
    #[error("expected name:hash or name:hash:group,group")]
    Shape,
    #[error("a user's name takes 1 to {MAX_NAME} bytes, no colon, no control character, and does not begin with '#'")]
    Name,
    #[error("user {name} stands in line {first} already")]
    Duplicate { name: String, first: usize },
    #[error(
        "the hash of user {0} is of a kind that is not supported; use argon2id ($argon2id$) or bcrypt ($2b$, $2y$)"
    )]
    Scheme(String),
    #[error("the hash of user {0} is damaged")]
    Damaged(String),
    #[error("the hash of user {0} costs too much to check: at most 256 MiB, 16 passes, 16 lanes, or bcrypt cost 15")]
    TooCostly(String),
    #[error("user {0} has a group without a name")]
    Group(String),
    #[error("the file has more than {MAX_FILE} bytes")]
    TooLong,
}

/// The longest name, in bytes.
pub(crate) const MAX_NAME: usize = 255;

impl FromStr for Users {
    type Err = InvalidUsers;

    fn from_str(text: &str) -> Result<Self, InvalidUsers> {
        if text.len() > MAX_FILE {
            return Err(InvalidUsers { line: 1, problem: UserProblem::TooLong });
        }
        let mut users = Users::default();
        let mut seen = HashMap::new();
        for (line, content) in user_lines(text) {
            let at = |problem| InvalidUsers { line, problem };
            let (name, user) = parse_user(content).map_err(at)?;
            if let Some(first) = seen.insert(name.to_owned(), line) {
                return Err(at(UserProblem::Duplicate { name: name.to_owned(), first }));
            }
            if !users.costs.iter().any(|hash| hash.cost == user.hash.cost) {
                users.costs.push(user.hash.clone());
            }
            users.by_name.insert(name.to_owned(), Arc::new(user));
        }
        Ok(users)
    }
}

impl Users {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.by_name.len()
    }

    /// Is there none?
    pub fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(super) fn get(&self, name: &str) -> Option<&Arc<User>> {
        self.by_name.get(name)
    }

    /// Is this the user's password? Of an unknown user none is.
    ///
    /// Each check takes one hash of each cost that there is in the file, so that the time tells neither unknown users from
    /// known ones nor one kind of hash from another.
    pub(super) fn verify(&self, user: Option<&User>, password: &[u8]) -> bool {
        let mut right = false;
        for decoy in &self.costs {
            match user.filter(|user| user.hash.cost == decoy.cost) {
                Some(user) => right = user.hash.verify(password),
                None => {
                    std::hint::black_box(decoy.verify(password));
                }
            }
        }
        right
    }
}

/// Lines that name a user, numbered from 1.
pub(super) fn user_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    (1..).zip(text.lines().map(str::trim)).filter(|(_, content)| !content.is_empty() && !content.starts_with('#'))
}

pub(super) fn parse_user(content: &str) -> Result<(&str, User), UserProblem> {
    let mut fields = content.split(':');
    let (name, hash) = fields.next().zip(fields.next()).ok_or(UserProblem::Shape)?;
    let groups = fields.next().unwrap_or_default();
    if fields.next().is_some() {
        return Err(UserProblem::Shape);
    }
    check_name(name)?;
    let user = |kind, of: &str| Principal::of_issuer(kind, Principal::BASIC, of);
    let groups: Result<Vec<_>, _> = groups
        .split(',')
        .map(str::trim)
        .filter(|_| !groups.is_empty())
        .map(|g| user(PrincipalKind::Group, g))
        .collect();
    let verified = Verified {
        principal: user(PrincipalKind::User, name).map_err(|_| UserProblem::Name)?,
        groups: groups.map_err(|_| UserProblem::Group(name.to_owned()))?,
        method: Method::Basic,
    };
    Ok((name, User { hash: StoredHash::parse(name, hash)?, verified: Arc::new(verified) }))
}

pub(super) fn check_name(name: &str) -> Result<(), UserProblem> {
    let valid = !name.is_empty()
        && name.len() <= MAX_NAME
        && name == name.trim()
        && !name.starts_with('#')
        && !name.contains(|c: char| c == ':' || c.is_control());
    if valid { Ok(()) } else { Err(UserProblem::Name) }
}

impl StoredHash {
    fn parse(name: &str, text: &str) -> Result<Self, UserProblem> {
        let damaged = || UserProblem::Damaged(name.to_owned());
        let too_costly = || UserProblem::TooCostly(name.to_owned());
        let cost = if text.starts_with("$argon2id$") {
            let hash = PasswordHash::new(text).map_err(|_| damaged())?;
            let params = Params::try_from(&hash).map_err(|_| damaged())?;
            if hash.hash.is_none() || hash.salt.is_none() {
                return Err(damaged());
            }
            if params.m_cost() > 256 * 1024 || params.t_cost() > 16 || params.p_cost() > 16 {
                return Err(too_costly());
            }
            Cost::Argon2id { memory: params.m_cost(), passes: params.t_cost(), lanes: params.p_cost() }
        } else if ["$2a$", "$2b$", "$2y$"].iter().any(|prefix| text.starts_with(prefix)) {
            let parts = bcrypt::HashParts::from_str(text).map_err(|_| damaged())?;
            match parts.get_cost() {
                cost @ 4..=15 => Cost::Bcrypt { cost },
                16..=31 => return Err(too_costly()),
                _ => return Err(damaged()),
            }
        } else {
            return Err(UserProblem::Scheme(name.to_owned()));
        };
        Ok(StoredHash { cost, text: text.into() })
    }

    /// Is this the password? Takes as long as the hash costs; bcrypt takes passwords of up to 71 bytes, and no longer one is
    /// right merely because it begins rightly.
    fn verify(&self, password: &[u8]) -> bool {
        #[cfg(test)]
        VERIFIED.with_borrow_mut(|verified| verified.push(self.cost));
        match self.cost {
            Cost::Argon2id { .. } => PasswordHash::new(&self.text)
                .is_ok_and(|hash| Argon2::default().verify_password(password, &hash).is_ok()),
            Cost::Bcrypt { .. } => bcrypt::non_truncating_verify(password, &self.text).unwrap_or(false),
        }
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.text.as_bytes()
    }
}

/// Shows no hash.
impl std::fmt::Debug for StoredHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self.cost {
            Cost::Argon2id { .. } => "StoredHash(argon2id)",
            Cost::Bcrypt { .. } => "StoredHash(bcrypt)",
        })
    }
}

#[cfg(test)]
thread_local! {
    /// What this thread has spent on checking.
    static VERIFIED: std::cell::RefCell<Vec<Cost>> = const { std::cell::RefCell::new(Vec::new()) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basic::tests::{ARGON2, BCRYPT};

    #[test]
    fn a_users_file_holds_names_hashes_and_groups() {
        let text = format!("# people\n\nalice:{ARGON2}\n  bob:{BCRYPT}:payments, risk\r\nzoë b:{BCRYPT}:\n");
        let users: Users = text.parse().unwrap();
        assert_eq!(users.len(), 3);
        let bob = users.get("bob").unwrap();
        assert_eq!(bob.verified.principal.as_str(), "user:basic/bob");
        let groups: Vec<_> = bob.verified.groups.iter().map(Principal::as_str).collect();
        assert_eq!(groups, ["group:basic/payments", "group:basic/risk"]);
        assert!(users.get("alice").unwrap().hash.verify(b"secret"));
        assert!(!users.get("alice").unwrap().hash.verify(b"Secret"));
        assert!(bob.hash.verify(b"secret") && !bob.hash.verify(b"secret\0") && !bob.hash.verify(b""));
        assert!(users.get("zoë b").unwrap().verified.groups.is_empty());
        assert!(!format!("{users:?}").contains("$argon2id$v"));
    }

    /// Counted rather than timed: the same hashes are computed, whoever it is and whatever is right.
    #[test]
    fn a_check_costs_the_same_whoever_the_user_is() {
        let dearer = bcrypt::hash("secret", 5).unwrap();
        let text = format!("alice:{ARGON2}\nbob:{BCRYPT}\ncarol:{dearer}\ndave:{ARGON2}\nerin:{BCRYPT}\n");
        let users: Users = text.parse().unwrap();
        for name in ["alice", "bob", "carol", "dave", "erin", "nobody"] {
            for (password, right) in [("secret", name != "nobody"), ("wrong", false), (&*"x".repeat(100), false)] {
                VERIFIED.take();
                let user = users.get(name).map(|user| &**user);
                assert_eq!(users.verify(user, password.as_bytes()), right, "{name} {password}");
                let spent = VERIFIED.take();
                let all: Vec<Cost> = users.costs.iter().map(|hash| hash.cost).collect();
                assert!(spent == all && spent.len() == 3, "{name} {password}");
            }
        }
    }

    #[test]
    fn a_password_too_long_for_bcrypt_is_not_right_for_beginning_rightly() {
        let users: Users = format!("a:{}", bcrypt::hash("x".repeat(72), 4).unwrap()).parse().unwrap();
        assert!(!users.get("a").unwrap().hash.verify("x".repeat(80).as_bytes()));
        let users: Users = format!("a:{}", bcrypt::hash("x".repeat(71), 4).unwrap()).parse().unwrap();
        assert!(users.get("a").unwrap().hash.verify("x".repeat(71).as_bytes()));
    }

    #[test]
    fn a_file_with_one_bad_line_is_not_taken_and_the_error_shows_no_secret() {
        #[track_caller]
        fn check(text: &str, message: &str) {
            assert_eq!(text.parse::<Users>().unwrap_err().to_string(), message);
        }
        let kinds = "use argon2id ($argon2id$) or bcrypt ($2b$, $2y$)";
        let unsupported =
            |line, name| format!("line {line}: the hash of user {name} is of a kind that is not supported; {kinds}");
        check("alice:hunter2", &unsupported(1, "alice"));
        check("# x\nalice:$1$abc$def", &unsupported(2, "alice"));
        check("alice:{SHA}abc", &unsupported(1, "alice"));
        check("alice:$argon2i$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ$aGFzaGhhc2g", &unsupported(1, "alice"));
        check("alice:$2x$10$abc", &unsupported(1, "alice"));
        check("alice", "line 1: expected name:hash or name:hash:group,group");
        check(&format!("a:{ARGON2}:g:h"), "line 1: expected name:hash or name:hash:group,group");
        check(&format!("a:{ARGON2}\nb:{ARGON2}\na:{BCRYPT}"), "line 3: user a stands in line 1 already");
        check(&format!("a:{ARGON2}:g,,h"), "line 1: user a has a group without a name");
        check("a:$argon2id$v=19$m=1", "line 1: the hash of user a is damaged");
        check("a:$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHQ", "line 1: the hash of user a is damaged");
        check(&format!("a:{}", &BCRYPT[..59]), "line 1: the hash of user a is damaged");
        let costly = "line 1: the hash of user a costs too much to check: at most 256 MiB, 16 passes, 16 lanes, or bcrypt cost 15";
        check(&format!("a:{}", ARGON2.replace("m=64", "m=4194304")), costly);
        check(&format!("a:{}", ARGON2.replace("t=1", "t=100000")), costly);
        check(&format!("a:{}", BCRYPT.replace("$04$", "$31$")), costly);
        let name =
            "line 1: a user's name takes 1 to 255 bytes, no colon, no control character, and does not begin with '#'";
        check(&format!(":{ARGON2}"), name);
        check(&format!("a\tb:{ARGON2}"), name);
        check(&format!("{}:{ARGON2}", "x".repeat(256)), name);
    }
}
