//! A Kafka broker of a test's own: Apache Kafka itself, one node that is broker and controller, in a directory of its own.
//!
//! A shell stands between the tests and the broker. It kills the broker and removes its directory as soon as the pipe to it is
//! closed, which also happens when the tests are killed. (`PR_SET_PDEATHSIG` would end a broker with the thread that started it.)

use super::command;
use super::transcript::Transcript;
use std::fs;
use std::io::Write;
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Starts what follows the directory, says its process, and waits. A line means: kill it; the end of lines: and clear up.
const WATCH: &str = r#"directory=$1
shift
"$@" </dev/null 2>&1 &
java=$!
echo "process $java"
exec >/dev/null 2>&1
read -r line
kill -9 "$java"
wait
[ -n "$line" ] || rm -rf "$directory""#;

/// Little memory, and the compiler that is ready first.
const FLAGS: [&str; 4] = ["-Xms64m", "-Xmx128m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"];

/// How often other ports are chosen, where somebody took those that were free a moment ago.
const ATTEMPTS: u32 = 5;

/// A broker that serves. Dropping it kills it and removes what it wrote.
pub struct Broker {
    directory: PathBuf,
    ports: [u16; 2],
    process: Process,
}

/// A running broker and its shell.
struct Process {
    watcher: Child,
    java: u32,
    log: Transcript,
}

impl Broker {
    /// Starts a broker without topics; it serves when this returns.
    #[track_caller]
    pub fn start() -> Self {
        let installed = root().join(".kafka/installed");
        assert!(installed.exists(), "Apache Kafka is not in .kafka: `make test` fetches it, as does scripts/kafka.sh");
        let found = Command::new("sh").args(["-c", "command -v java"]).stdout(Stdio::null()).status().unwrap();
        assert!(found.success(), "Java is not installed, and the broker needs it: `make test` installs it");
        for _ in 0..ATTEMPTS {
            let directory = formatted();
            let ports = free_ports();
            match Process::start(&directory, ports) {
                Ok(process) => return Broker { directory, ports, process },
                Err(log) => assert!(log.contains("Address already in use"), "the broker does not start:\n{log}"),
            }
        }
        panic!("no port stays free for long enough");
    }

    /// `host:port`, for clients.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.ports[0])
    }

    /// The broker's own process.
    pub fn id(&self) -> u32 {
        self.process.java
    }

    /// Where its data lie.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Kills it as `kill -9` does, and starts it again on what it wrote, at the same address.
    #[track_caller]
    pub fn restart_killed(&mut self) {
        self.process.kill();
        self.process = Process::start(&self.directory, self.ports)
            .unwrap_or_else(|log| panic!("the broker does not start again:\n{log}"));
    }
}

impl Drop for Broker {
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("log of the broker at {}:\n{}", self.address(), self.process.log);
        }
        self.process.clear_up();
    }
}

impl Process {
    /// Starts a broker; its log, when it ends before it serves.
    fn start(directory: &Path, [clients, controllers]: [u16; 2]) -> Result<Process, String> {
        let properties = format!(
            "{}listeners=PLAINTEXT://127.0.0.1:{clients},CONTROLLER://127.0.0.1:{controllers}\n\
             advertised.listeners=PLAINTEXT://127.0.0.1:{clients}\n\
             controller.quorum.voters=1@127.0.0.1:{controllers}\n\
             log.dirs={}\n",
            include_str!("server.properties"),
            directory.join("data").display()
        );
        fs::write(directory.join("server.properties"), properties).unwrap();
        fs::write(directory.join("log4j2.properties"), include_str!("log4j2.properties")).unwrap();
        let logging = format!("-Dlog4j2.configurationFile={}", directory.join("log4j2.properties").display());
        let jars = root().join(".kafka/libs/*");
        let mut command = command::isolated("sh");
        command.args(["-c", WATCH, "watch"]).arg(directory).arg("java").args(FLAGS).arg(logging);
        command.arg("-cp").arg(jars).arg("kafka.Kafka").arg(directory.join("server.properties"));
        // What a terminal tells the tests is not for the shell: it would end without clearing up.
        command.process_group(0);
        let mut watcher = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        let log = Transcript::of(watcher.stdout.take().unwrap());
        let java = log.wait_for(|line| line.starts_with("process ")).unwrap();
        let java = java["process ".len()..].parse().unwrap();
        let mut process = Process { watcher, java, log };
        if process.log.wait_for(|line| line.contains("Kafka Server started")).is_some() {
            return Ok(process);
        }
        process.clear_up();
        Err(process.log.whole())
    }

    /// Ends the broker and leaves its directory.
    fn kill(&mut self) {
        let mut shell = self.watcher.stdin.take().unwrap();
        shell.write_all(b"kill\n").unwrap();
        self.watcher.wait().unwrap();
    }

    /// Ends the broker, if it still runs, and removes its directory.
    fn clear_up(&mut self) {
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap()
}

/// A new directory with the data of an empty broker. The shell removes it.
fn formatted() -> PathBuf {
    let directory = tempfile::Builder::new().prefix("freehold-broker").tempdir().unwrap().keep();
    let status = Command::new("cp").arg("-R").arg(root().join(".kafka/formatted")).arg(directory.join("data")).status();
    assert!(status.unwrap().success());
    directory
}

/// Two ports that nobody has at the moment. A broker cannot choose its own: it must know them before it starts.
fn free_ports() -> [u16; 2] {
    let held = [0; 2].map(|port| TcpListener::bind(("127.0.0.1", port)).unwrap());
    held.map(|listener| listener.local_addr().unwrap().port())
}
