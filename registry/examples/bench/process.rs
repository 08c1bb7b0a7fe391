//! The servers under test as child processes, and what /proc says of them. A server stops when its value is dropped.

use super::client::Client;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// A server: its process and where it listens.
pub struct Server {
    child: Child,
    pub address: SocketAddr,
    /// From the start of the process to the first cached answer.
    pub until_ready: Duration,
}

/// How a server is to end.
pub enum End {
    Orderly,
    Killed,
}

/// A port of the loopback interface that is free now.
pub fn free_port() -> Result<SocketAddr, String> {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map_err(|error| error.to_string())
}

impl Server {
    /// Starts a command and waits until a path is answered with 200.
    pub fn start(command: &mut Command, address: SocketAddr, ready: &str, log: &Path) -> Result<Self, String> {
        let log = fs::OpenOptions::new().create(true).append(true).open(log).map_err(|error| error.to_string())?;
        let errors = log.try_clone().map_err(|error| error.to_string())?;
        command.stdin(Stdio::null()).stdout(log).stderr(errors);
        let started = Instant::now();
        let child = command.spawn().map_err(|error| format!("cannot start {command:?}: {error}"))?;
        let mut server = Server { child, address, until_ready: Duration::ZERO };
        loop {
            if Client::connect(address).and_then(|mut client| client.get(ready, "")?.ok()).is_ok() {
                server.until_ready = started.elapsed();
                return Ok(server);
            }
            if let Ok(Some(status)) = server.child.try_wait() {
                return Err(format!("{command:?} ended with {status}"));
            }
            if started.elapsed() > Duration::from_secs(60) {
                return Err(format!("{command:?} is not ready after a minute"));
            }
            std::thread::sleep(Duration::from_millis(1));
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// CPU-seconds of the server so far: user and system, all its processes.
    pub fn cpu(&self) -> f64 {
        let own = cpu_of(self.pid()).unwrap_or(0.0);
        own + children(self.pid()).into_iter().filter_map(cpu_of).sum::<f64>()
    }

    /// Resident memory in MiB.
    pub fn resident(&self) -> f64 {
        self.memory("VmRSS:")
    }

    /// The most that was ever resident, in MiB.
    pub fn most_resident(&self) -> f64 {
        self.memory("VmHWM:")
    }

    fn memory(&self, name: &str) -> f64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.pid())).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<f64>().ok()).unwrap_or(0.0) / 1024.0
    }

    /// Stops it.
    pub fn stop(mut self, end: End) {
        self.end(end);
    }

    fn end(&mut self, end: End) {
        if !matches!(self.child.try_wait(), Ok(None)) {
            return;
        }
        if let End::Orderly = end {
            let _ = Command::new("kill").args(["-TERM", &self.pid().to_string()]).status();
            let asked = Instant::now();
            while asked.elapsed() < Duration::from_secs(15) {
                if !matches!(self.child.try_wait(), Ok(None)) {
                    return;
                }
                std::thread::sleep(Duration::from_millis(5));
            }
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end(End::Orderly);
    }
}

/// The fields of /proc/PID/stat after the name of the command, which may hold anything.
fn stat(pid: u32) -> Option<Vec<u64>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let fields = text.rsplit_once(')')?.1.split_whitespace().skip(1);
    Some(fields.map(|field| field.parse().unwrap_or(0)).collect())
}

/// Linux counts the time of processes in hundredths of a second on every machine it reports it for.
const TICKS: f64 = 100.0;

fn cpu_of(pid: u32) -> Option<f64> {
    let fields = stat(pid)?;
    Some((fields.get(10)? + fields.get(11)?) as f64 / TICKS)
}

/// CPU-seconds of the children of this process that have ended.
pub fn cpu_of_ended_children() -> f64 {
    let fields = stat(std::process::id()).unwrap_or_default();
    let at = |index: usize| fields.get(index).copied().unwrap_or(0) as f64;
    (at(12) + at(13)) / TICKS
}

fn children(pid: u32) -> Vec<u32> {
    let path = format!("/proc/{pid}/task/{pid}/children");
    let text = fs::read_to_string(path).unwrap_or_default();
    text.split_whitespace().filter_map(|child| child.parse().ok()).collect()
}

/// CPU-seconds of the whole machine so far: busy, and in all.
pub fn machine_cpu() -> (f64, f64) {
    let text = fs::read_to_string("/proc/stat").unwrap_or_default();
    let line = text.lines().next().unwrap_or_default();
    let fields: Vec<f64> = line.split_whitespace().skip(1).take(8).filter_map(|field| field.parse().ok()).collect();
    let all: f64 = fields.iter().sum();
    let idle: f64 = fields.iter().skip(3).take(2).sum();
    ((all - idle) / TICKS, all / TICKS)
}
