//! User and password (`Authorization: Basic`).
//!
//! Checking a password is made to be slow, so it is done once: a success is remembered under a keyed hash of user, password
//! and the stored hash it was checked against. So a changed or removed user is forgotten by itself when the file is
//! reloaded, and nobody else is. Wrong passwords are remembered in the same way. Two checks run at a time, on the caller's
//! pool; equal ones are made once; the queue is bounded, and failures earn pauses (`throttle`). An unknown user costs
//! what a known one does. Passwords are never kept.

mod edit;
mod file;
mod throttle;
mod users;

pub use edit::{Added, EditError, add_user, check_password, hash_password, list_users, remove_user, set_password};
pub use file::{FileError, edit_users, read_users};
pub(crate) use users::MAX_NAME;
pub use users::{InvalidUsers, MAX_FILE, StoredHash, User, UserProblem, Users};

use crate::recent::Recent;
use crate::{Answer, Authenticator, Connection, Credential, Proof, Refusal};
use arc_swap::ArcSwap;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::collections::HashMap;
use std::fmt;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};
use throttle::Throttle;
use tokio::sync::{OnceCell, Semaphore, oneshot};

/// Work that blocks.
pub type Job = Box<dyn FnOnce() + Send>;
/// Runs such work off the threads that serve requests, for instance by `tokio::task::spawn_blocking`.
pub type Pool = Arc<dyn Fn(Job) + Send + Sync>;
/// A steadily growing time.
pub type Clock = Arc<dyn Fn() -> Duration + Send + Sync>;

/// The longest password, in bytes.
pub const MAX_PASSWORD: usize = 1024;
/// Passwords that are checked at the same time.
const AT_A_TIME: usize = 2;
/// Checks that wait for their turn; more are refused.
const WAITING: usize = 256;
/// Successes and failures remembered, each; at most twice as many are kept.
const REMEMBERED: usize = 10_000;

/// Checks users and passwords against a users file.
#[derive(Clone)]
pub struct Basic {
    shared: Arc<Shared>,
}

struct Shared {
    users: ArcSwap<Users>,
    key: Hmac<Sha256>,
    right: Mutex<Recent<Digest, ()>>,
    wrong: Mutex<Recent<Digest, ()>>,
    throttle: Mutex<Throttle>,
    flights: Mutex<HashMap<Digest, Arc<OnceCell<bool>>>>,
    checking: Arc<Semaphore>,
    waiting: AtomicUsize,
    checked: AtomicU64,
    pool: Pool,
    clock: Clock,
}

/// The keyed hash of user, password and stored hash.
type Digest = [u8; 32];

impl Basic {
    /// Checks against these users; passwords are hashed on `pool`.
    pub fn new(users: Users, pool: Pool) -> Result<Self, getrandom::Error> {
        let start = Instant::now();
        Self::with_clock(users, pool, Arc::new(move || start.elapsed()))
    }

    /// The same, with pauses measured by this clock.
    pub fn with_clock(users: Users, pool: Pool, clock: Clock) -> Result<Self, getrandom::Error> {
        let mut key = [0; 32];
        getrandom::fill(&mut key)?;
        let shared = Shared {
            users: ArcSwap::from_pointee(users),
            key: Hmac::new_from_slice(&key).expect("HMAC takes keys of any length"),
            right: Mutex::new(Recent::new(REMEMBERED)),
            wrong: Mutex::new(Recent::new(REMEMBERED)),
            throttle: Mutex::new(Throttle::new()),
            flights: Mutex::default(),
            checking: Arc::new(Semaphore::new(AT_A_TIME)),
            waiting: AtomicUsize::new(0),
            checked: AtomicU64::new(0),
            pool,
            clock,
        };
        Ok(Basic { shared: Arc::new(shared) })
    }

    /// Replaces the users. Who has proved a password that did not change need not prove it again.
    pub fn set_users(&self, users: Users) {
        self.shared.users.store(Arc::new(users));
    }

    /// How many users there are.
    pub fn users(&self) -> usize {
        self.shared.users.load().len()
    }

    /// How many passwords have been hashed since the start.
    pub fn checked(&self) -> u64 {
        self.shared.checked.load(Ordering::Relaxed)
    }
}

impl Authenticator for Basic {
    fn scheme(&self) -> &'static str {
        "Basic"
    }

    fn challenge(&self) -> &'static str {
        "Basic realm=\"Freehold\", charset=\"UTF-8\""
    }

    fn authenticate(&self, credentials: &str, from: &Connection) -> Answer<Proof> {
        let shared = &self.shared;
        let Some((name, password)) = decode(credentials) else {
            return Answer::Now(Err(Refusal::Unauthenticated(Credential::Malformed)));
        };
        let wrong = Answer::Now(Err(Refusal::Unauthenticated(Credential::Wrong)));
        if name.len() > users::MAX_NAME || password.len() > MAX_PASSWORD {
            return wrong;
        }
        let users = shared.users.load();
        let user = users.get(&name);
        let digest = shared.digest(&name, &password, user.map(|user| user.hash.as_bytes()));
        if let Some(user) = user
            && lock(&shared.right).get(&digest).is_some()
        {
            return Answer::Now(Ok(user.verified.clone()));
        }
        if lock(&shared.wrong).get(&digest).is_some() {
            return wrong;
        }
        if users.is_empty() {
            return wrong;
        }
        if let Some(retry_after) = lock(&shared.throttle).pause(&name, from.address, (shared.clock)()) {
            return Answer::Now(Err(Refusal::Throttled { retry_after }));
        }
        let (shared, user) = (shared.clone(), user.cloned());
        let check = Check { shared, digest, name, password, from: from.address, user, users: Arc::clone(&users) };
        Answer::Later(Box::pin(check.run()))
    }

    fn attempted(&self, credentials: &str) -> Option<String> {
        decode(credentials).map(|(name, _)| name)
    }
}

/// User and password of a Basic credential.
fn decode(credentials: &str) -> Option<(String, Vec<u8>)> {
    /// Room for the longest name and password, in base64.
    const MAX: usize = 4 * (users::MAX_NAME + 1 + MAX_PASSWORD) / 3 + 512;
    if credentials.len() > MAX {
        return None;
    }
    let mut bytes = BASE64_STANDARD.decode(credentials).ok()?;
    let colon = bytes.iter().position(|&byte| byte == b':')?;
    let password = bytes.split_off(colon + 1);
    bytes.pop();
    let name = String::from_utf8(bytes).ok()?;
    (!name.is_empty()).then_some((name, password))
}

/// A password that has to be hashed.
struct Check {
    shared: Arc<Shared>,
    digest: Digest,
    name: String,
    password: Vec<u8>,
    from: Option<IpAddr>,
    user: Option<Arc<User>>,
    /// The file as it was when the request came.
    users: Arc<Users>,
}

impl Check {
    async fn run(self) -> Proof {
        let flight = Flight::join(&self.shared, self.digest);
        let verified = self.user.as_ref().map(|user| user.verified.clone());
        let right = *flight.cell.get_or_try_init(|| self.hash_it()).await?;
        verified.filter(|_| right).ok_or(Refusal::Unauthenticated(Credential::Wrong))
    }

    /// Waits for its turn and has the password hashed. What comes out is recorded by the job itself, so that a client that
    /// hangs up meanwhile has its failure counted all the same.
    async fn hash_it(&self) -> Result<bool, Refusal> {
        let shared = &self.shared;
        let turn = Turn::wait(&shared.waiting)?;
        let slot = shared.checking.clone().acquire_owned().await.expect("the semaphore is never closed");
        drop(turn);
        // Others may have failed for this user while this one waited.
        if let Some(retry_after) = lock(&shared.throttle).pause(&self.name, self.from, (shared.clock)()) {
            return Err(Refusal::Throttled { retry_after });
        }
        let (answer, answered) = oneshot::channel();
        let (job_shared, digest, name, from) = (shared.clone(), self.digest, self.name.clone(), self.from);
        let (users, user, password) = (self.users.clone(), self.user.clone(), self.password.clone());
        (shared.pool)(Box::new(move || {
            let right = users.verify(user.as_deref(), &password);
            job_shared.record(digest, &name, from, right);
            drop(slot);
            // Nobody may be waiting any more.
            answer.send(right).ok();
        }));
        // The pool dropped the job, or it panicked: nothing is known, and the client may try again.
        answered.await.map_err(|_| Refusal::Throttled { retry_after: Duration::from_secs(1) })
    }
}

impl Shared {
    fn digest(&self, name: &str, password: &[u8], stored: Option<&[u8]>) -> Digest {
        let mut mac = self.key.clone();
        for part in [name.as_bytes(), password, stored.unwrap_or_default()] {
            mac.update(&(part.len() as u64).to_le_bytes());
            mac.update(part);
        }
        mac.finalize().into_bytes().into()
    }

    fn record(&self, digest: Digest, name: &str, from: Option<IpAddr>, right: bool) {
        self.checked.fetch_add(1, Ordering::Relaxed);
        if right {
            lock(&self.right).insert(digest, ());
            lock(&self.throttle).succeeded(name, from);
        } else {
            lock(&self.wrong).insert(digest, ());
            lock(&self.throttle).failed(name, from, (self.clock)());
        }
    }
}

/// Somebody's share in a check that several may wait for. The last one to leave clears it away.
struct Flight<'a> {
    shared: &'a Shared,
    digest: Digest,
    cell: Arc<OnceCell<bool>>,
}

impl<'a> Flight<'a> {
    fn join(shared: &'a Shared, digest: Digest) -> Self {
        let cell = lock(&shared.flights).entry(digest).or_default().clone();
        Flight { shared, digest, cell }
    }
}

impl Drop for Flight<'_> {
    fn drop(&mut self) {
        let mut flights = lock(&self.shared.flights);
        // One is the map's and one is this one's; nobody can join while the map is locked.
        if Arc::strong_count(&self.cell) <= 2 {
            flights.remove(&self.digest);
        }
    }
}

/// A place in the queue.
struct Turn<'a>(&'a AtomicUsize);

impl<'a> Turn<'a> {
    fn wait(waiting: &'a AtomicUsize) -> Result<Self, Refusal> {
        if waiting.fetch_add(1, Ordering::Relaxed) >= WAITING {
            waiting.fetch_sub(1, Ordering::Relaxed);
            return Err(Refusal::Throttled { retry_after: Duration::from_secs(1) });
        }
        Ok(Turn(waiting))
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::Relaxed);
    }
}

/// Nothing that is locked here can be left half-changed by a panic.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Shows no user and no hash.
impl fmt::Debug for Basic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Basic").field("users", &self.users()).field("checked", &self.checked()).finish_non_exhaustive()
    }
}

#[cfg(test)]
pub(crate) mod tests;
