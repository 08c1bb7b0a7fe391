//! `freehold serve`: start, say what a newcomer needs to know, wait for a signal, stop in order.

use super::client::reachable;
use super::say;
use crate::node::Node;
use crate::settings::{LogFormat, Settings};
use crate::{control, log, threads};
use authz::Enforcement;
use service::access::Sink;
use std::fs::File;
use std::time::Duration;
use tokio::signal::unix::{SignalKind, signal};

/// Serves until SIGTERM or SIGINT; reads users and policy again at SIGHUP. `warnings` are those of the configuration.
pub fn run(settings: &Settings, warnings: &[String]) -> Result<(), String> {
    let threads = threads::check();
    let terminal = Terminal::of_this_process();
    let log = log::start(settings);
    threads.map_err(|error| error.to_string())?;
    log.map_err(|error| error.to_string())?;
    warnings.iter().for_each(|warning| tracing::warn!("{warning}"));
    let runtime =
        tokio::runtime::Builder::new_multi_thread().enable_all().build().map_err(|error| error.to_string())?;
    let outcome = runtime.block_on(async {
        let started = std::time::Instant::now();
        let listen = |kind| signal(kind).map_err(|error| error.to_string());
        let mut terminate = listen(SignalKind::terminate())?;
        let mut interrupt = listen(SignalKind::interrupt())?;
        let mut hangup = listen(SignalKind::hangup())?;
        let node = tokio::select! {
            node = Node::start(settings) => node.map_err(|error| error.to_string())?,
            // The thread that opens the store ends with the process.
            _ = terminate.recv() => return stopped_early("SIGTERM"),
            _ = interrupt.recv() => return stopped_early("SIGINT"),
        };
        let control = control::listen(&settings.data, node.store());
        let millis = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        tracing::info!(
            address = %node.address, data = %settings.data.display(), version = crate::VERSION, millis,
            connections = node.descriptors.connections, open_files = node.descriptors.limit, "serving"
        );
        if takes_a_greeting(settings) {
            let greeting = greeting(settings, &node);
            // Of its own, since whatever reads standard output may not.
            std::thread::spawn(move || say(&greeting));
        }
        let signal = loop {
            tokio::select! {
                _ = terminate.recv() => break "SIGTERM",
                _ = interrupt.recv() => break "SIGINT",
                _ = hangup.recv() => {
                    if terminal.is_gone() {
                        break "SIGHUP";
                    }
                    tracing::info!(signal = "SIGHUP", "reading the users file and the policy again");
                    node.reload();
                }
            }
        };
        tracing::info!(signal, "stopping: finishing what is in flight");
        drop(control);
        node.stop().await.map_err(|error| error.to_string())?;
        tracing::info!("stopped");
        Ok(())
    });
    // What requests left running has been told to stop. It holds nothing that is still needed.
    runtime.shutdown_timeout(MARGIN);
    outcome
}

/// What SIGHUP means besides: the terminal is gone that the process was started from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Terminal {
    /// There is one, and its end ends the process, as it ends any program there.
    Ends,
    /// There is none, or the process is to outlive it (`nohup`).
    Ignored,
}

impl Terminal {
    /// To be asked before signals are listened to.
    fn of_this_process() -> Self {
        let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
        let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
        let ignored = mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or(0);
        // SIGHUP is signal 1.
        if ignored & 1 == 0 && has_terminal() { Terminal::Ends } else { Terminal::Ignored }
    }

    fn is_gone(self) -> bool {
        self == Terminal::Ends && !has_terminal()
    }
}

fn has_terminal() -> bool {
    File::open("/dev/tty").is_ok()
}

/// How long the end waits for work that has been told to stop.
const MARGIN: Duration = Duration::from_secs(1);

/// Nothing has been served, and nothing is lost.
fn stopped_early(signal: &str) -> Result<(), String> {
    tracing::info!(signal, "stopped before the store was open");
    Ok(())
}

/// Programs that read JSON lines are not greeted.
fn takes_a_greeting(settings: &Settings) -> bool {
    settings.log_format == LogFormat::Text && settings.access.sink != Sink::Stdout
}

fn greeting(settings: &Settings, node: &Node) -> String {
    let url = format!("http://{}", reachable(node.address));
    let as_user = match writer(settings) {
        Writer::Anyone => Some(String::new()),
        Writer::User(name) => Some(format!("-u {} ", quoted(name))),
        Writer::Unknown => None,
    };
    let register = as_user.map_or_else(String::new, |user| {
        format!(
            "  curl {user}-X POST {url}/subjects/orders-value/versions -H 'Content-Type: application/json' -d '{{\"schema\": \"{{\\\"type\\\":\\\"string\\\"}}\"}}'\n"
        )
    });
    format!(
        "Freehold {version}\n  listening  http://{address}\n  data       {data}\n  writing    {writing}\n\nTry it:\n{register}  curl {url}/subjects\n",
        version = crate::VERSION,
        address = node.address,
        writing = writing(settings),
        data = std::path::absolute(&settings.data).unwrap_or_else(|_| settings.data.clone()).display(),
    )
}

/// Who may write a subject that nobody owns yet.
enum Writer<'a> {
    Anyone,
    User(&'a str),
    /// Nobody whose name is known here.
    Unknown,
}

fn writer(settings: &Settings) -> Writer<'_> {
    let authorization = &settings.access.authorization;
    if settings.access.users.is_none() || authorization.mode != Enforcement::Enforce {
        return Writer::Anyone;
    }
    let users = authorization.admins.iter().filter_map(|admin| admin.as_str().strip_prefix("user:basic/"));
    users.min().map_or(Writer::Unknown, Writer::User)
}

/// A word as a shell takes it.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '@');
    if word.chars().all(plain) { word.to_owned() } else { format!("'{}'", word.replace('\'', "'\\''")) }
}

fn writing(settings: &Settings) -> String {
    match &settings.access.users {
        None => "anyone who can reach this address (name a users file with --authentication-users)".to_owned(),
        Some(users) => {
            let mode = settings.access.authorization.mode;
            let who = match mode {
                Enforcement::Enforce => "the owners of namespaces",
                Enforcement::Observe | Enforcement::Off => "anyone who can reach this address",
            };
            format!("{who}; users in {} (authorization.mode={mode})", users.display())
        }
    }
}
