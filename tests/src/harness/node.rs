//! One server in a process of its own.

use super::command::{self, ADDRESS_LINE};
use super::http::{Answer, Caller};
use super::transcript::Transcript;
use super::wait;
use super::wire::Wire;
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use tempfile::TempDir;

/// How to start a node: flags of `freehold serve`.
#[derive(Default)]
pub struct Settings {
    /// Where the data lie; a new directory, removed with the node, where none is given.
    pub data: Option<PathBuf>,
    /// Flags after those that name data and address; a `--listen` among them takes the place of the usual one.
    pub flags: Vec<String>,
    /// Variables of its environment.
    pub variables: Vec<(&'static str, String)>,
    /// The limit on open files, where not that of the tests.
    pub open_files: Option<u32>,
}

impl Settings {
    pub fn flags(flags: &[&str]) -> Self {
        Settings { flags: flags.iter().map(|flag| (*flag).to_owned()).collect(), ..Settings::default() }
    }

    pub fn data(data: &Path) -> Self {
        Settings { data: Some(data.to_owned()), ..Settings::default() }
    }
}

/// A serving node. Dropping it kills it, and fails the test if it had panicked.
pub struct Node {
    child: Child,
    data: PathBuf,
    /// `host:port`.
    pub address: String,
    said: Transcript,
    log: Transcript,
    _directory: Option<TempDir>,
}

impl Node {
    /// A node with nothing in it and everything as by default.
    pub fn start() -> Self {
        Self::with(Settings::default())
    }

    /// A node on this directory.
    pub fn at(data: &Path) -> Self {
        Self::with(Settings::data(data))
    }

    /// Starts a node; it serves when this returns.
    pub fn with(settings: Settings) -> Self {
        let (data, directory) = match settings.data {
            Some(data) => (data, None),
            None => {
                let directory = tempfile::tempdir().unwrap();
                (directory.path().join("data"), Some(directory))
            }
        };
        let mut command = match settings.open_files {
            None => command::freehold(),
            Some(limit) => command::limited(limit),
        };
        command.args(["serve", "--data"]).arg(&data).args(&settings.flags).envs(settings.variables);
        if !settings.flags.iter().any(|flag| flag == "--listen") {
            command.args(["--listen", "127.0.0.1:0"]);
        }
        Self::started(command, data, directory)
    }

    /// What this command starts, on this data; it serves when this returns.
    pub fn of(command: Command, data: PathBuf) -> Self {
        Self::started(command, data, None)
    }

    fn started(mut command: Command, data: PathBuf, directory: Option<TempDir>) -> Self {
        let mut child = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let said = Transcript::of(child.stdout.take().unwrap());
        let log = Transcript::of(child.stderr.take().unwrap());
        // Programs that read lines of JSON are not greeted.
        let greets = !command.get_args().any(|flag| flag == "json" || flag == "stdout");
        let line = match greets {
            true => said.wait_for(|line| line.contains(ADDRESS_LINE)),
            false => log.wait_for(|line| line.contains("serving") && line.contains("address")),
        };
        let Some(line) = line else {
            let _ = child.kill();
            panic!("the server does not start: {} {}", said.whole(), log.whole());
        };
        let address = match greets {
            true => line.rsplit("http://").next().unwrap().trim(),
            false => line.split_once("127.0.0.1:").unwrap().1.split(['"', ' ']).next().unwrap(),
        };
        let address = if greets { address.to_owned() } else { format!("127.0.0.1:{address}") };
        Node { child, data, address, said, log, _directory: directory }
    }

    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub fn data(&self) -> &Path {
        &self.data
    }

    /// What it printed besides the log.
    pub fn said(&self) -> String {
        self.said.to_string()
    }

    /// Sends a signal by its name.
    pub fn signal(&self, name: &str) {
        command::signal(self.child.id(), name);
    }

    /// What it printed for people.
    pub fn greeting(&self) -> String {
        // The lines of a greeting come at once; the last one is the second curl.
        self.said.wait_for(|line| line.trim_start().starts_with("curl http://")).unwrap();
        self.said.to_string()
    }

    /// The log so far.
    pub fn log(&self) -> String {
        self.log.to_string()
    }

    /// Waits for a line of the log.
    #[track_caller]
    pub fn logged(&self, wanted: impl Fn(&str) -> bool) -> String {
        match self.log.wait_for(wanted) {
            Some(line) => line,
            None => panic!("the line does not come; the log has:\n{}", self.log()),
        }
    }

    /// A client with a connection of its own.
    pub fn caller(&self) -> Caller {
        Caller::new(&self.url())
    }

    /// A connection that sends what it is told, byte for byte.
    pub fn wire(&self) -> Wire {
        Wire::to(&self.address)
    }

    pub fn get(&self, target: &str) -> Answer {
        self.caller().get(target)
    }

    pub fn post(&self, target: &str, body: &Value) -> Answer {
        self.caller().post(target, body)
    }

    pub fn put(&self, target: &str, body: &Value) -> Answer {
        self.caller().put(target, body)
    }

    pub fn delete(&self, target: &str) -> Answer {
        self.caller().delete(target)
    }

    /// Registers a schema that must be accepted; the id.
    #[track_caller]
    pub fn register(&self, subject: &str, body: &Value) -> u64 {
        let answer = self.post(&format!("/subjects/{subject}/versions"), body);
        assert_eq!(answer.status, 200, "{answer:?}");
        answer.json()["id"].as_u64().unwrap()
    }

    /// Sends SIGTERM and does not wait.
    pub fn terminate(&self) {
        command::signal(self.child.id(), "TERM");
    }

    /// Stops it where it is; the kernel goes on taking connections for it.
    pub fn freeze(&self) {
        command::signal(self.child.id(), "STOP");
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        command::signal(self.child.id(), "CONT");
    }

    /// Waits for its end; the exit status and the whole log.
    pub fn ended(&mut self) -> (ExitStatus, String) {
        let status = wait::until("the server ends", || self.child.try_wait().unwrap());
        (status, self.log.whole())
    }

    /// Stops it in order.
    #[track_caller]
    pub fn stop(mut self) {
        self.terminate();
        let (status, log) = self.ended();
        assert!(status.success(), "{status}\n{log}");
    }

    /// Kills it as `kill -9` does.
    pub fn kill(self) {
        self.kill_running();
    }

    /// Sends the same while others still use it; dropping the node waits for its end.
    pub fn kill_running(&self) {
        command::signal(self.child.id(), "KILL");
    }

    /// CPU time that it has used so far, in clock ticks (hundredths of a second).
    pub fn ticks(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/stat", self.child.id())).unwrap();
        // The name, in parentheses, may have blanks.
        let fields: Vec<&str> = status.rsplit(')').next().unwrap().split_whitespace().collect();
        fields[11].parse::<u64>().unwrap() + fields[12].parse::<u64>().unwrap()
    }

    /// Resident memory, in bytes.
    pub fn resident(&self) -> u64 {
        self.status("VmRSS:")
    }

    /// The most that it ever was.
    pub fn peak(&self) -> u64 {
        self.status("VmHWM:")
    }

    fn status(&self, name: &str) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
        line.split_whitespace().next().unwrap().parse::<u64>().unwrap() * 1024
    }
}

impl Drop for Node {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if std::thread::panicking() {
            eprintln!("log of the server at {}:\n{}", self.address, self.log);
        } else {
            assert!(!self.log().contains("panicked"), "the server panicked:\n{}", self.log);
        }
    }
}
