//! A registry that is asked very often: what passes by itself (it is restarted, it has too much to do) is waited for, and what it
//! refuses is an answer.

use super::stop::Stop;
use crate::cli::client::{Client, Reply, segment};
use crate::cli::namespace;
use authz::Ownership;
use model::{Context, Subject};
use serde_json::Value;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// The pauses before a request is tried again, in milliseconds.
const PAUSES: [u64; 7] = [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000];
/// The longest that a registry may ask to wait.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// How many requests are under way at once, where their order does not matter.
pub const AT_ONCE: usize = 8;

/// Why something ends before its end.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Halt {
    /// Somebody asked for it.
    Asked,
    /// It cannot go on, for this reason.
    Failed(String),
}

impl From<String> for Halt {
    fn from(reason: String) -> Self {
        Halt::Failed(reason)
    }
}

/// A registry, and who asks.
pub struct Registry {
    client: Client,
    /// Its URL, as it was named.
    pub url: String,
    stop: Stop,
    /// Has it answered before? One that does not answer at all is not waited for.
    met: AtomicBool,
}

impl Registry {
    /// A registry at this URL.
    pub fn new(client: Client, url: &str, stop: &Stop) -> Self {
        Registry { client, url: url.to_owned(), stop: stop.clone(), met: AtomicBool::new(false) }
    }

    /// Asks, patiently.
    ///
    /// # Errors
    /// `Failed` where nobody answers or whoever asks is not let in, `Asked` where it is time to stop.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, Halt> {
        self.asked(method, path, body, true)
    }

    /// The same where it is time to stop: what has to be done then.
    ///
    /// # Errors
    /// `Failed`.
    pub fn ask_anyway(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Reply, Halt> {
        self.asked(method, path, body, false)
    }

    fn asked(&self, method: &str, path: &str, body: Option<&Value>, stops: bool) -> Result<Reply, Halt> {
        let body = body.map(Value::to_string);
        let mut pauses = PAUSES.iter().copied().map(Duration::from_millis);
        loop {
            if stops && self.stop.is_asked() {
                return Err(Halt::Asked);
            }
            let (told, reason) = match self.client.ask(method, path, None, body.as_deref()) {
                Ok(reply) if matches!(reply.status, 429 | 502 | 503 | 504) => {
                    let reason = format!("{}{path}: {}: {}", self.url, reply.status, reply.message());
                    (reply.retry_after.unwrap_or_default(), reason)
                }
                Ok(reply) => {
                    self.met.store(true, Ordering::Relaxed);
                    return self.let_in(reply);
                }
                Err(reason) if !self.met.load(Ordering::Relaxed) => return Err(reason.into()),
                Err(reason) => (Duration::ZERO, reason),
            };
            let pause = pauses.next().ok_or(Halt::Failed(reason))?;
            if self.stop.is_asked() {
                // What is left to do after a stop is tried a few times more, and soon.
                std::thread::sleep(pause.min(Duration::from_secs(1)));
            } else {
                self.stop.pause(pause.max(told.min(LONGEST_PAUSE)));
            }
        }
    }

    fn let_in(&self, reply: Reply) -> Result<Reply, Halt> {
        if reply.status == 401 {
            return Err(format!("{}: {} (401)", self.url, reply.message()).into());
        }
        Ok(reply)
    }

    /// What a GET shows.
    ///
    /// # Errors
    /// As `ask`.
    pub fn get(&self, path: &str) -> Result<Shown, Halt> {
        let reply = self.ask("GET", path, None)?;
        if reply.status != 200 {
            return Ok(Shown::Refused(reply.status, reply.message()));
        }
        // Some answer what they do not know with a page for people.
        let refused = |error: serde_json::Error| Shown::Refused(200, format!("the answer is no JSON: {error}"));
        Ok(serde_json::from_str(&reply.body).map_or_else(refused, Shown::Value))
    }

    /// Who owns what in it.
    ///
    /// # Errors
    /// It has no namespaces, or cannot be asked.
    pub fn ownership(&self) -> Result<Ownership, String> {
        namespace::ownership(&self.client)
    }
}

/// What a GET shows.
pub enum Shown {
    /// This.
    Value(Value),
    /// Nothing: the status, and why.
    Refused(u16, String),
}

/// A subject as a segment of a path. One whose name means a folder to a server in between says its context.
pub fn path_of(subject: &Subject) -> String {
    match subject.as_str() {
        dots @ ("." | "..") => segment(&format!(":.:{dots}")),
        plain => segment(plain),
    }
}

/// The scope of what the registry as a whole has.
pub fn whole() -> Subject {
    Subject::of_context(Context::default_context())
}

/// The scope that is consulted last.
pub fn last_resort() -> Subject {
    Subject::of_context(Context::global())
}

/// Where the config or the mode of a scope is: `kind` is `config` or `mode`.
pub fn settings_path(kind: &str, scope: &Subject) -> String {
    if *scope == whole() { format!("/{kind}") } else { format!("/{kind}/{}", path_of(scope)) }
}

/// Asks about each of many things, some at once; the answers in their order.
///
/// # Errors
/// The first.
pub fn each<T: Sync, R: Send>(items: &[T], ask: impl Fn(&T) -> Result<R, Halt> + Sync) -> Result<Vec<R>, Halt> {
    let next = AtomicUsize::new(0);
    let answers: Mutex<Vec<(usize, Result<R, Halt>)>> = Mutex::new(Vec::with_capacity(items.len()));
    let work = || {
        loop {
            let at = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(at) else { return };
            let answer = ask(item);
            if answer.is_err() {
                // Nobody begins another.
                next.store(items.len(), Ordering::Relaxed);
            }
            answers.lock().unwrap_or_else(std::sync::PoisonError::into_inner).push((at, answer));
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE.min(items.len()) {
            scope.spawn(work);
        }
    });
    let mut answers = answers.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner);
    answers.sort_by_key(|(at, _)| *at);
    answers.into_iter().map(|(_, answer)| answer).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_in_the_order_of_the_questions_or_as_the_first_error() {
        let items: Vec<usize> = (0..100).collect();
        assert_eq!(each(&items, |n| Ok(n * 2)), Ok((0..100).map(|n| n * 2).collect()));
        let failing = |n: &usize| if *n == 50 { Err(Halt::Failed("no".into())) } else { Ok(*n) };
        assert_eq!(each(&items, failing), Err(Halt::Failed("no".into())));
        assert_eq!(each(&items[..0], failing), Ok(vec![]));
    }

    #[test]
    fn a_name_that_means_a_folder_is_not_one_in_a_path() {
        assert_eq!(path_of(&Subject::parse("..")), "%3A.%3A..");
        assert_eq!(path_of(&Subject::parse("a/..")), "a%2F..");
        assert_eq!(settings_path("mode", &whole()), "/mode");
        assert_eq!(settings_path("config", &Subject::parse(":.c:")), "/config/%3A.c%3A");
    }
}
