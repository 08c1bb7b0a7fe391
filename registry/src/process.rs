//! What the system says of this process: the metrics that every exporter calls `process_…`.
//!
//! Read from `/proc` when they are asked for: four small files and one directory. Where there is none, there are no such metrics.

use std::fs;
use std::path::Path;

/// What `/proc` counts processor time and times since the start of the system in: the kernel's `USER_HZ`, which is 100 on every
/// architecture that we build for.
const TICKS: f64 = 100.0;

/// This process.
#[derive(Clone, Copy, PartialEq, Debug)]
pub struct Process {
    /// Processor time used, in seconds.
    pub cpu_seconds: f64,
    /// Memory that is resident, in bytes.
    pub resident: u64,
    /// Memory that is addressed, in bytes.
    pub addressed: u64,
    /// Threads.
    pub threads: u64,
    /// Descriptors that are open.
    pub open_fds: u64,
    /// Descriptors that may be open; `None` where there is no limit.
    pub max_fds: Option<u64>,
    /// When it was started, in seconds since 1970.
    pub started: f64,
}

impl Process {
    /// Reads it; `None` where the system does not say.
    pub fn read() -> Option<Self> {
        let text = |name: &str| fs::read_to_string(Path::new("/proc").join(name)).ok();
        let open_fds = fs::read_dir("/proc/self/fd").ok()?.count() as u64;
        Self::parse(&text("self/stat")?, &text("self/status")?, &text("self/limits")?, &text("stat")?, open_fds)
    }

    /// As a page of metrics.
    pub fn page(&self) -> String {
        let mut page = String::new();
        let mut sample = |name: &str, kind: &str, help: &str, value: f64| {
            page += &format!("# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}\n");
        };
        sample("cpu_seconds_total", "counter", "Processor time used, in seconds", self.cpu_seconds);
        sample("resident_memory_bytes", "gauge", "Resident memory", self.resident as f64);
        sample("virtual_memory_bytes", "gauge", "Addressed memory", self.addressed as f64);
        sample("threads", "gauge", "Threads", self.threads as f64);
        sample("open_fds", "gauge", "Open file descriptors", self.open_fds as f64);
        if let Some(most) = self.max_fds {
            sample("max_fds", "gauge", "File descriptors that may be open", most as f64);
        }
        sample("start_time_seconds", "gauge", "When the process was started, in seconds since 1970", self.started);
        page
    }

    /// From the texts of `/proc/self/stat`, `/proc/self/status`, `/proc/self/limits` and `/proc/stat`; see proc(5).
    fn parse(stat: &str, status: &str, limits: &str, system: &str, open_fds: u64) -> Option<Self> {
        // The second field is the name in parentheses, which may hold anything. After it comes the third.
        let fields: Vec<&str> = stat.rsplit_once(')')?.1.split_whitespace().collect();
        let ticks = |nth: usize| Some(fields.get(nth - 3)?.parse::<u64>().ok()? as f64 / TICKS);
        let of =
            |text: &str, name: &str| text.lines().find_map(|line| Some(line.strip_prefix(name)?.trim().to_owned()));
        let kilobytes = |name: &str| of(status, name)?.strip_suffix(" kB")?.parse::<u64>().ok();
        let boot: f64 = of(system, "btime ")?.parse().ok()?;
        Some(Process {
            cpu_seconds: ticks(14)? + ticks(15)?,
            resident: kilobytes("VmRSS:")? * 1024,
            addressed: kilobytes("VmSize:")? * 1024,
            threads: of(status, "Threads:")?.parse().ok()?,
            open_fds,
            max_fds: of(limits, "Max open files")?.split_whitespace().next()?.parse().ok(),
            started: boot + ticks(22)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_texts_of_proc_are_read() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 1 2 3 4 150 50 0 0 20 0 9 0 1234 99 5 18446744073709551615 1 1";
        let status = "Name:\ta) b (c\nVmSize:\t    2048 kB\nVmRSS:\t     512 kB\nThreads:\t9\n";
        let limits =
            |most: &str| format!("Limit  Soft Limit  Hard Limit  Units\nMax open files   {most}   4096   files\n");
        let system = "cpu  1 2 3\nbtime 1700000000\n";
        let read = Process::parse(stat, status, &limits("1024"), system, 5);
        let expected = Process {
            cpu_seconds: 2.0,
            resident: 512 * 1024,
            addressed: 2048 * 1024,
            threads: 9,
            open_fds: 5,
            max_fds: Some(1024),
            started: 1_700_000_012.34,
        };
        assert_eq!(read, Some(expected));
        let unlimited = Process::parse(stat, status, &limits("unlimited"), system, 5);
        assert_eq!(unlimited, Some(Process { max_fds: None, ..expected }));
        assert_eq!(Process::parse("7 (a) S 1", status, &limits("1"), system, 5), None);
    }
}
