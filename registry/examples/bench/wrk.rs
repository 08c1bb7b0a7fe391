//! One measurement: `wrk` against a server for some seconds, and the CPU time the server took for it.

use super::process::{Server, cpu_of_ended_children, machine_cpu};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Connections, kept open.
pub const CONNECTIONS: usize = 64;

/// What is asked, again and again.
pub struct Load {
    /// One request per line; see replay.lua.
    pub requests: PathBuf,
    /// `Name: value`, the same for each request.
    pub headers: Vec<String>,
}

impl Load {
    pub fn of(requests: &Path, headers: &[&str]) -> Self {
        Load { requests: requests.to_owned(), headers: headers.iter().map(|&header| header.to_owned()).collect() }
    }
}

/// What one run gave.
pub struct Run {
    pub requests: f64,
    pub seconds: f64,
    /// CPU-seconds of the server.
    pub cpu: f64,
    /// Milliseconds.
    pub median: f64,
    /// Milliseconds.
    pub p99: f64,
    /// Part of the machine's time that neither the server nor wrk used, and that was not idle.
    pub others: f64,
}

impl Run {
    pub fn cpu_per_thousand(&self) -> f64 {
        self.cpu / self.requests * 1000.0
    }

    pub fn rate(&self) -> f64 {
        self.requests / self.seconds
    }
}

/// Runs wrk. `first` numbers the requests that carry a mark. Answers other than 2xx and 3xx, and lost connections, are errors:
/// a fast refusal must not pass for a fast answer.
pub fn run(
    server: &Server,
    address: SocketAddr,
    script: &Path,
    load: &Load,
    seconds: u64,
    first: u64,
) -> Result<Run, String> {
    let (cpu, wrk, (busy, all)) = (server.cpu(), cpu_of_ended_children(), machine_cpu());
    let output = Command::new("wrk")
        .args(["-t1", &format!("-c{CONNECTIONS}"), &format!("-d{seconds}s"), "--timeout", "10s", "-s"])
        .arg(script)
        .arg(format!("http://{address}"))
        .arg("--")
        .arg(&load.requests)
        .arg(first.to_string())
        .args(&load.headers)
        .output()
        .map_err(|error| format!("wrk: {error}"))?;
    let (cpu, wrk, (busy_after, all_after)) = (server.cpu() - cpu, cpu_of_ended_children() - wrk, machine_cpu());
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = || format!("wrk gave no result: {text}{}", String::from_utf8_lossy(&output.stderr));
    let line = text.lines().find_map(|line| line.strip_prefix("RESULT ")).ok_or_else(failed)?;
    let numbers: Vec<f64> = line.split(' ').filter_map(|number| number.parse().ok()).collect();
    let [requests, micros, median, p99, errors] = numbers[..] else { return Err(failed()) };
    if errors > 0.0 || requests == 0.0 {
        return Err(format!("{errors} of {requests} requests to {address} failed ({})", load.requests.display()));
    }
    let others = ((busy_after - busy) - cpu - wrk).max(0.0) / (all_after - all).max(0.01);
    Ok(Run { requests, seconds: micros / 1e6, cpu, median: median / 1e3, p99: p99 / 1e3, others })
}

/// The middle of some numbers.
pub fn median(numbers: impl Iterator<Item = f64>) -> f64 {
    let mut numbers: Vec<f64> = numbers.collect();
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => 0.0,
        odd if odd % 2 == 1 => numbers[odd / 2],
        even => f64::midpoint(numbers[even / 2 - 1], numbers[even / 2]),
    }
}
