//! The users file and the policy files: read at start, and again when they change.

use super::Access;
use super::audit::Audit;
use super::metrics::Metrics;
use super::settings::{AccessSettings, Exposure, Sink};
use authz::basic::{Basic, InvalidUsers};
use authz::{
    Authentication, Authorizer, BrowserPolicy, Enforcement, Gate, Hosts, InvalidPolicy, Look, PRIVATE, PolicyFiles,
    Reload, Unusable, UsersFile, other_writers,
};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why the registry does not start with these settings.
#[derive(Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the texts say it")]
pub enum OpenError {
    #[error(
        "{0} can be reached from other machines and nobody is configured to authenticate, so anyone could write. Name a users \
         file (--authentication-users FILE; freehold user add FILE NAME makes one), listen on 127.0.0.1, or accept it with \
         --insecure-open"
    )]
    Unguarded(SocketAddr),
    #[error(
        "the data in {data} have {namespaces}, whose owners alone may write there, and authentication.users names nobody who could \
         be one, so anyone could write. Name the users file (--authentication-users FILE), or accept it with --insecure-open",
        data = .data.display(),
        namespaces = if *.namespaces == 1 { "a namespace".to_owned() } else { format!("{} namespaces", .namespaces) }
    )]
    Ownerless { data: PathBuf, namespaces: usize },
    #[error("authentication.users: {path}: {problem}", path = .0.display(), problem = .1)]
    Users(PathBuf, Unusable<InvalidUsers>),
    #[error("authorization.policy: {0}")]
    Policy(Unusable<InvalidPolicy>),
    #[error("no random numbers can be had: {0}")]
    Random(String),
}

/// The files that are watched.
pub struct Files {
    users: Option<(UsersFile, Basic)>,
    policy: PolicyFiles,
    authorizer: Authorizer,
    metrics: Arc<Metrics>,
}

/// Puts together what these settings say for a registry that listens there.
///
/// # Errors
/// See `OpenError`.
pub fn open(
    settings: &AccessSettings,
    address: SocketAddr,
    metrics: &Arc<Metrics>,
) -> Result<(Access, Files), OpenError> {
    if settings.users.is_none() && settings.exposure == Exposure::Guarded && !address.ip().is_loopback() {
        return Err(OpenError::Unguarded(address));
    }
    let (policy, loaded) =
        PolicyFiles::open(settings.model.as_deref(), settings.policy.as_deref()).map_err(OpenError::Policy)?;
    let mut users = None;
    let authorizer = match &settings.users {
        None => {
            let open = authz::AuthorizationSettings { mode: Enforcement::Off, ..settings.authorization.clone() };
            Authorizer::new(open, loaded)
        }
        Some(path) => {
            let (file, known) = UsersFile::open(path).map_err(|problem| OpenError::Users(path.clone(), problem))?;
            let counted = Arc::clone(metrics);
            let pool: authz::basic::Pool = Arc::new(move |job| {
                counted.password_checked();
                drop(tokio::task::spawn_blocking(job));
            });
            let basic = Basic::new(known, pool).map_err(|error| OpenError::Random(error.to_string()))?;
            users = Some((file, basic));
            Authorizer::new(settings.authorization.clone(), loaded)
        }
    };
    let authenticators = users.iter().map(|(_, basic)| Arc::new(basic.clone()) as Arc<dyn authz::Authenticator>);
    let hosts = match settings.hosts.clone() {
        names if names.contains("*") => Hosts::Any,
        names if address.ip().is_loopback() => Hosts::Loopback(names),
        names => Hosts::Network(names),
    };
    let gate = Gate {
        authorizer: authorizer.clone(),
        authentication: Authentication::new(authenticators.collect()),
        proxies: settings.proxies.clone(),
        browsers: BrowserPolicy { hosts, origins: settings.origins.clone() },
    };
    say(&gate, settings);
    users.iter().map(|(file, _)| file.path()).chain(policy.paths()).for_each(warn_of_writers);
    let access = Access { gate: Arc::new(gate), audit: Audit::new(Arc::clone(metrics)), fall_back: settings.fall_back };
    Ok((access, Files { users, policy, authorizer, metrics: Arc::clone(metrics) }))
}

/// Namespaces without anybody who could own them: whoever has forgotten to name the users file would open everything.
///
/// # Errors
/// `Ownerless`.
pub fn check_owners(settings: &AccessSettings, data: &Path, namespaces: usize) -> Result<(), OpenError> {
    if settings.users.is_none() && settings.exposure == Exposure::Guarded && namespaces > 0 {
        return Err(OpenError::Ownerless { data: data.to_owned(), namespaces });
    }
    Ok(())
}

fn warn_of_writers(file: &Path) {
    if let Some(sentence) = other_writers(file) {
        tracing::warn!("{sentence}");
    }
}

fn say(gate: &Gate, settings: &AccessSettings) {
    match &gate.browsers.hosts {
        Hosts::Any => {
            tracing::warn!(
                "http.hosts is *: the registry also answers pages of other sites whose names have been rebound to this address"
            )
        }
        Hosts::Loopback(_) => {}
        Hosts::Network(names) => {
            let mut names: Vec<&str> = names.iter().map(String::as_str).collect();
            names.sort_unstable();
            let (hosts, private) = (names.join(","), PRIVATE.join(" "));
            tracing::info!(
                hosts,
                private,
                "the registry answers requests to addresses, to names without a dot or with a private ending, and to http.hosts"
            );
        }
    }
    let policy = gate.authorizer.policy();
    let (model, rules) = (policy.model_hash(), policy.policy_hash());
    match &settings.users {
        None => {
            tracing::warn!("no users are configured: anyone who reaches this address may write");
            if settings.sink != Sink::None {
                tracing::warn!("audit.sink stays empty: without users there is no audit");
            }
        }
        Some(users) => {
            let now = gate.authorizer.settings();
            if now.admins.is_empty() {
                tracing::warn!("authorization.admins is empty: nobody can make namespaces or write what nobody owns");
            }
            if now.mode != Enforcement::Enforce {
                let mode = now.mode;
                tracing::warn!(%mode, "authorization is not enforced: anyone who reaches this address may write");
            }
            let (mode, post_reads, unclaimed) = (now.mode, now.post_reads, now.unclaimed);
            let users = users.display();
            tracing::info!(%users, %mode, %post_reads, %unclaimed, model, policy = rules, "authorization");
        }
    }
}

impl Files {
    /// Looks again at all files, where blocking is allowed: about once a second, and when somebody says that they have changed.
    pub fn look(&mut self, look: Look) {
        if let Some((file, basic)) = &mut self.users {
            let looked = file.look(basic, look);
            let (users, path) = (basic.users(), file.path().display());
            match looked {
                Reload::Same => {}
                Reload::Taken => {
                    tracing::info!(users, file = %path, "the users file has {} and is in force", look.said());
                    self.metrics.reloaded("users", "taken");
                    warn_of_writers(file.path());
                }
                Reload::Kept(problem) => {
                    tracing::error!(%problem, file = %path, "the users file has {} and cannot be used; the users before stay", look.said());
                    self.metrics.reloaded("users", "kept-old");
                }
            }
        }
        match self.policy.look(&self.authorizer, look) {
            Reload::Same => {}
            Reload::Taken => {
                let policy = self.authorizer.policy();
                tracing::info!(
                    model = policy.model_hash(),
                    policy = policy.policy_hash(),
                    "the policy has {} and is in force",
                    look.said()
                );
                self.metrics.reloaded("policy", "taken");
                self.policy.paths().for_each(warn_of_writers);
            }
            Reload::Kept(problem) => {
                tracing::error!(%problem, "the policy has {} and cannot be used; the policy before stays", look.said());
                self.metrics.reloaded("policy", "kept-old");
            }
        }
    }
}
