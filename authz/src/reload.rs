//! Files that are taken again when they change: a file that is broken changes nothing and is reported once.

use crate::basic::{Basic, InvalidUsers, MAX_FILE, Users};
use crate::policy::MAX_POLICY_FILE;
use crate::{Authorizer, Exposed, InvalidPolicy, Policy, Polled, WatchedFile};
use std::io;
use std::path::Path;

/// Why a file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Unusable<E> {
    /// It cannot be read.
    #[error("cannot be read: {0}")]
    Unreadable(io::Error),
    /// Everybody may write it.
    #[error("cannot be trusted: {0}")]
    Exposed(Exposed),
    /// It is wrong.
    #[error("{0}")]
    Invalid(E),
}

impl<E> From<io::Error> for Unusable<E> {
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Exposed>()) {
            Some(exposed) => Unusable::Exposed(exposed.clone()),
            None => Unusable::Unreadable(error),
        }
    }
}

/// When a file is looked at again.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Look {
    /// About once a second: a change counts when two looks agree.
    Poll,
    /// Somebody says that it has changed: what is there is taken at once, also where it is the same.
    Now,
}

/// What a look at a file led to.
#[derive(Debug)]
pub enum Reload<E> {
    /// It has not changed.
    Same,
    /// It has been taken and is in force.
    Taken,
    /// It has changed and is not in force; what was in force before still is.
    Kept(Unusable<E>),
}

impl Look {
    /// What has become of a file that was looked at, for a sentence.
    pub fn said(self) -> &'static str {
        match self {
            Look::Poll => "changed",
            Look::Now => "been read again",
        }
    }

    fn at(self, file: &mut WatchedFile) -> Polled {
        match self {
            Look::Poll => file.poll(),
            Look::Now => file.again(),
        }
    }
}

/// The users file.
#[derive(Debug)]
pub struct UsersFile {
    file: WatchedFile,
}

impl UsersFile {
    /// Reads the users for the first time.
    pub fn open(path: &Path) -> Result<(Self, Users), Unusable<InvalidUsers>> {
        let (file, text) = WatchedFile::open(path, MAX_FILE)?;
        Ok((UsersFile { file }, text.parse().map_err(Unusable::Invalid)?))
    }

    /// The file.
    pub fn path(&self) -> &Path {
        self.file.path()
    }

    /// Looks again, where blocking is allowed.
    pub fn look(&mut self, basic: &Basic, look: Look) -> Reload<InvalidUsers> {
        match look.at(&mut self.file) {
            Polled::Same => Reload::Same,
            Polled::Failed(error) => Reload::Kept(error.into()),
            Polled::Changed(text) => match text.parse() {
                Ok(users) => {
                    basic.set_users(users);
                    Reload::Taken
                }
                Err(error) => Reload::Kept(Unusable::Invalid(error)),
            },
        }
    }
}

/// The policy files that replace the embedded ones: either, or both.
#[derive(Debug)]
pub struct PolicyFiles {
    model: Option<(WatchedFile, String)>,
    policy: Option<(WatchedFile, String)>,
    /// A file has changed since the policy was last loaded.
    stale: bool,
}

impl PolicyFiles {
    /// Reads the policy for the first time.
    pub fn open(model: Option<&Path>, policy: Option<&Path>) -> Result<(Self, Policy), Unusable<InvalidPolicy>> {
        let open = |path: Option<&Path>| path.map(|path| WatchedFile::open(path, MAX_POLICY_FILE)).transpose();
        let files = PolicyFiles { model: open(model)?, policy: open(policy)?, stale: false };
        let loaded = files.load().map_err(Unusable::Invalid)?;
        Ok((files, loaded))
    }

    /// The files, where there are any.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        [&self.model, &self.policy].into_iter().flatten().map(|(file, _)| file.path())
    }

    /// Looks again, where blocking is allowed.
    pub fn look(&mut self, authorizer: &Authorizer, look: Look) -> Reload<InvalidPolicy> {
        for (file, text) in [&mut self.model, &mut self.policy].into_iter().flatten() {
            match look.at(file) {
                Polled::Same => {}
                Polled::Failed(error) => return Reload::Kept(error.into()),
                Polled::Changed(new) => {
                    *text = new;
                    self.stale = true;
                }
            }
        }
        if !std::mem::take(&mut self.stale) {
            return Reload::Same;
        }
        match self.load() {
            Ok(policy) => {
                authorizer.set_policy(policy);
                Reload::Taken
            }
            Err(error) => Reload::Kept(Unusable::Invalid(error)),
        }
    }

    fn load(&self) -> Result<Policy, InvalidPolicy> {
        let text = |file: &Option<(WatchedFile, String)>| file.as_ref().map(|(_, text)| text.clone());
        Policy::load(
            text(&self.model).as_deref().unwrap_or(Policy::MODEL),
            text(&self.policy).as_deref().unwrap_or(Policy::POLICY),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::basic::tests::ARGON2;
    use crate::{Action, Domain, Role};
    use std::fs;
    use std::path::PathBuf;
    use std::sync::Arc;

    fn file(name: &str, text: &str) -> PathBuf {
        let path = std::env::temp_dir().join(format!("freehold-reload-{name}-{}", std::process::id()));
        fs::write(&path, text).unwrap();
        path
    }

    fn shown<E: std::fmt::Display>(reload: Reload<E>) -> String {
        match reload {
            Reload::Same => "same".into(),
            Reload::Taken => "taken".into(),
            Reload::Kept(Unusable::Unreadable(_) | Unusable::Exposed(_)) => "unreadable".into(),
            Reload::Kept(Unusable::Invalid(error)) => error.to_string(),
        }
    }

    #[test]
    fn a_broken_users_file_leaves_the_old_users_in_force() {
        let path = file("users", &format!("alice:{ARGON2}\n"));
        let (mut file, users) = UsersFile::open(&path).unwrap();
        let basic = Basic::new(users, Arc::new(|job| job())).unwrap();
        let mut polls = |text: &str| {
            fs::write(&path, text).unwrap();
            let polls = [
                shown(file.look(&basic, Look::Poll)),
                shown(file.look(&basic, Look::Poll)),
                shown(file.look(&basic, Look::Poll)),
            ];
            (polls[1].clone(), polls[2].clone(), basic.users())
        };
        let two = format!("alice:{ARGON2}\nbob:{ARGON2}\n");
        assert_eq!(polls(&two), ("taken".into(), "same".into(), 2));
        let broken = "line 1: expected name:hash or name:hash:group,group";
        assert_eq!(polls("broken"), (broken.into(), "same".into(), 2));
        assert_eq!(polls(&two), ("taken".into(), "same".into(), 2));
        fs::write(&path, format!("carol:{ARGON2}\n")).unwrap();
        assert_eq!((shown(file.look(&basic, Look::Now)), basic.users()), ("taken".into(), 1));
        fs::write(&path, &two).unwrap();
        assert_eq!((shown(file.look(&basic, Look::Now)), basic.users()), ("taken".into(), 2));
        fs::remove_file(&path).unwrap();
        assert_eq!(shown(file.look(&basic, Look::Poll)), "unreadable");
        assert_eq!(basic.users(), 2);
        assert!(matches!(UsersFile::open(&path), Err(Unusable::Unreadable(_))));
    }

    #[test]
    fn a_broken_policy_leaves_the_old_one_in_force() {
        let path = file("policy", Policy::POLICY);
        let (mut files, policy) = PolicyFiles::open(None, Some(&path)).unwrap();
        let authorizer = Authorizer::open();
        authorizer.set_policy(policy);
        let mut polls = |text: &str| {
            fs::write(&path, text).unwrap();
            let polls = [shown(files.look(&authorizer, Look::Poll)), shown(files.look(&authorizer, Look::Poll))];
            (polls[1].clone(), authorizer.policy().allows(Role::Writer, Domain::Namespace, Action::Delete))
        };
        assert_eq!(polls(&format!("{}p, writer, delete\n", Policy::POLICY)), ("taken".into(), true));
        assert_eq!(polls("p, writer, fly"), ("policy file: line 1: unknown action \"fly\"".into(), true));
        assert_eq!(polls(Policy::POLICY), ("taken".into(), false));
        fs::remove_file(&path).unwrap();
        assert!(PolicyFiles::open(Some(&path), None).is_err());
    }
}
