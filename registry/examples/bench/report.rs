//! What was measured, as tables with their goals, and as docs/performance.md.
//!
//! The file has a generated half, between two marks, that each run replaces, and a half that people write. The goals are
//! those of the project; one that is missed is shown as missed.

use super::wrk::{CONNECTIONS, Run, median};
use std::fmt::{self, Write as _};
use std::fs;
use std::path::Path;
use std::process::Command;

const BEGIN: &str = "<!-- written by make bench: begin -->";
const END: &str = "<!-- written by make bench: end -->";

/// One operation in all its rounds, beside nginx where files can answer it.
pub struct Compared {
    name: String,
    pub freehold: Vec<Run>,
    pub nginx: Vec<Run>,
    pub lean: Vec<Run>,
    /// Part of the requests that were answered with cached bytes.
    pub ready: f64,
    /// Syncs per commit, of operations that write.
    pub syncs: Option<f64>,
}

fn cpu(runs: &[Run]) -> f64 {
    median(runs.iter().map(Run::cpu_per_thousand))
}

fn rate(runs: &[Run]) -> f64 {
    median(runs.iter().map(Run::rate))
}

impl Compared {
    pub fn new(name: &str) -> Self {
        Compared { name: name.to_owned(), freehold: vec![], nginx: vec![], lean: vec![], ready: 0.0, syncs: None }
    }

    /// The last round in a line.
    pub fn last(&self) -> String {
        let mut text = String::new();
        for (who, runs) in [("freehold", &self.freehold), ("nginx", &self.nginx), ("lean nginx", &self.lean)] {
            if let Some(run) = runs.last() {
                let _ = write!(text, "{who} {:.4} CPU-s/1000, {:.0}/s; ", run.cpu_per_thousand(), run.rate());
            }
        }
        text.trim_end_matches("; ").to_owned()
    }

    fn ratio(&self) -> Option<f64> {
        (!self.nginx.is_empty()).then(|| cpu(&self.freehold) / cpu(&self.nginx))
    }
}

/// Time until ready and memory at one number of versions.
#[derive(Default)]
pub struct Size {
    pub versions: usize,
    /// Milliseconds of each start.
    pub starts: Vec<f64>,
    /// Resident MiB after loading.
    pub loaded: f64,
    /// Resident MiB after a start.
    pub started: f64,
    /// Resident MiB after the burst of reads that follows it.
    pub read: f64,
    /// The most that was resident from that start on.
    pub most: f64,
}

impl fmt::Display for Size {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let start = median(self.starts.iter().copied());
        write!(
            f,
            "{} versions: ready after {start:.0} ms; resident {:.0} MiB after loading, {:.0} after a start, {:.0} after reads (at most {:.0})",
            self.versions, self.loaded, self.started, self.read, self.most
        )
    }
}

/// All that was measured.
#[derive(Default)]
pub struct Report {
    pub synced_appends: f64,
    pub reads: Vec<Compared>,
    pub writes: Vec<Compared>,
    /// Milliseconds.
    pub list: Vec<f64>,
    /// Milliseconds.
    pub list_gzip: Vec<f64>,
    /// Versions, and CPU-milliseconds of a page of `GET /schemas` near the end of them.
    pub pages: Vec<(usize, f64)>,
    /// With a million versions: milliseconds of a start, and the most MiB resident under reads.
    pub million: Option<(f64, f64)>,
    pub sizes: Vec<Size>,
    /// The most MiB that were resident under long, mixed load.
    pub mixed: f64,
    /// Milliseconds.
    pub after_kill: f64,
    pub profiles: Vec<(String, Vec<String>)>,
}

fn met(met: bool) -> &'static str {
    if met { "met" } else { "**missed**" }
}

impl Report {
    /// The tables.
    pub fn tables(&self) -> String {
        let mut out = String::new();
        self.against_nginx(&mut out);
        self.goals(&mut out);
        for (name, lines) in &self.profiles {
            let _ =
                write!(out, "\nProfile of \"{name}\" (perf, self time, part of the server's CPU time):\n\n```text\n");
            for line in lines {
                let _ = writeln!(out, "{line}");
            }
            out.push_str("```\n");
        }
        out
    }

    fn against_nginx(&self, out: &mut String) {
        let all = self.reads.iter().chain(&self.writes);
        if self.reads.is_empty() && self.writes.is_empty() {
            return;
        }
        out.push_str(
            "| CPU-seconds per 1 000 requests | Freehold | nginx | ratio | lean nginx | cached | requests/s | nginx | median ms | p99 ms |\n\
             |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n",
        );
        let or_dash = |shown: bool, text: String| if shown { text } else { "–".to_owned() };
        for row in all {
            let beside = !row.nginx.is_empty();
            let spread = |runs: &[Run]| {
                let all: Vec<f64> = runs.iter().map(Run::cpu_per_thousand).collect();
                let low = all.iter().copied().fold(f64::INFINITY, f64::min);
                let high = all.iter().copied().fold(0.0, f64::max);
                format!("{:.4} ({low:.4}–{high:.4})", cpu(runs))
            };
            let _ = writeln!(
                out,
                "| {} | {} | {} | {} | {} | {} | {:.0} | {} | {:.2} | {:.2} |",
                row.name,
                spread(&row.freehold),
                or_dash(beside, spread(&row.nginx)),
                or_dash(beside, format!("{:.2}", row.ratio().unwrap_or(0.0))),
                or_dash(beside, format!("{:.4}", cpu(&row.lean))),
                or_dash(row.syncs.is_none(), format!("{:.0} %", row.ready * 100.0)),
                rate(&row.freehold),
                or_dash(beside, format!("{:.0}", rate(&row.nginx))),
                median(row.freehold.iter().map(|run| run.median)),
                median(row.freehold.iter().map(|run| run.p99)),
            );
        }
        let others = self.reads.iter().chain(&self.writes).flat_map(|row| row.freehold.iter().chain(&row.nginx));
        let others: Vec<f64> = others.map(|run| run.others * 100.0).collect();
        let most = others.iter().copied().fold(0.0, f64::max);
        let _ = writeln!(
            out,
            "\nOther processes used {:.0} % of the machine's processors in the median run, {most:.0} % in the worst.\n",
            median(others.into_iter())
        );
    }

    fn goals(&self, out: &mut String) {
        let mut rows: Vec<(String, String, String, bool)> = vec![];
        for row in &self.reads {
            let name = format!("CPU of {}", row.name);
            match row.ratio() {
                Some(ratio) => {
                    rows.push((name, "at most 1.25 × nginx".into(), format!("{ratio:.2} × nginx"), ratio <= 1.25))
                }
                None => {
                    let (cpu, goal) = (cpu(&row.freehold), if row.name.starts_with("by id") { 0.02 } else { 0.05 });
                    rows.push((name, format!("at most {goal} CPU-s per 1 000"), format!("{cpu:.4}"), cpu <= goal));
                }
            }
        }
        for row in &self.writes {
            let (rate, syncs) = (rate(&row.freehold), row.syncs.unwrap_or(0.0));
            let least = if row.name.contains(", ") { 2500.0 } else { 5000.0 };
            rows.push((
                format!("{}, durable", row.name),
                format!("at least {least}/s"),
                format!("{rate:.0}/s"),
                rate >= least,
            ));
            rows.push((
                format!("syncs of {}", row.name),
                "at most 0.1 each".into(),
                format!("{syncs:.3}"),
                syncs <= 0.1,
            ));
        }
        if !self.list.is_empty() {
            let (plain, gzip) = (median(self.list.iter().copied()), median(self.list_gzip.iter().copied()));
            let shown = format!("{plain:.1} ms (gzip {gzip:.1} ms)");
            rows.push(("`GET /subjects` of 20 000".into(), "under 50 ms".into(), shown, plain < 50.0));
        }
        if let [small, large] = &self.sizes[..] {
            let start = |size: &Size| median(size.starts.iter().copied());
            let count = |size: &Size| size.versions;
            let shown = format!("{:.0} ms ({:.0} ms with {})", start(large), start(small), count(small));
            rows.push((
                format!("start to ready, {} versions", count(large)),
                "under 300 ms".into(),
                shown,
                start(large) < 300.0,
            ));
            let shown = format!("{:.0} ms", self.after_kill);
            rows.push((
                "the same after `kill -9` under writes".into(),
                "under 300 ms".into(),
                shown,
                self.after_kill < 300.0,
            ));
            let shown = format!(
                "{:.0} MiB after the start, {:.0} after loading, {:.0} after reads, {:.0} at most under reads and writes",
                large.started, large.loaded, large.read, self.mixed
            );
            let most = large.most.max(large.loaded).max(self.mixed);
            rows.push((format!("resident, {} versions", count(large)), "under 150 MiB".into(), shown, most < 150.0));
            let moments = [("the start", small.started, large.started), ("reads", small.read, large.read)];
            for (moment, few, many) in moments {
                let what = format!("growth from {} to {}, after {moment}", count(small), count(large));
                // One start differs from the next by less than a tenth.
                rows.push((what, "none".into(), format!("{few:.0} → {many:.0} MiB"), many <= few * 1.1));
            }
        }
        for (versions, milliseconds) in &self.pages {
            let what = format!("CPU of a page of `GET /schemas` at the end of {versions} versions");
            rows.push((what, "at most 20 ms".into(), format!("{milliseconds:.1} ms"), *milliseconds <= 20.0));
        }
        if let Some((started, resident)) = self.million {
            let shown = format!("{started:.0} ms, {resident:.0} MiB");
            let goal = "under 300 ms, under 150 MiB".into();
            let what = "start to ready, and resident under reads, 1000000 versions".into();
            rows.push((what, goal, shown, started < 300.0 && resident < 150.0));
        }
        if rows.is_empty() {
            return;
        }
        out.push_str("| | goal | measured | |\n|---|---|---|---|\n");
        for (what, goal, measured, reached) in rows {
            let _ = writeln!(out, "| {what} | {goal} | {measured} | {} |", met(reached));
        }
    }

    /// Writes the generated half of the file; what people wrote around it stays.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let before = fs::read_to_string(path).unwrap_or_default();
        let (head, tail) = match (before.split_once(BEGIN), before.split_once(END)) {
            (Some((head, _)), Some((_, tail))) => (head.to_owned(), tail.to_owned()),
            _ => return Err(format!("{} has no place between '{BEGIN}' and '{END}'", path.display())),
        };
        let text = format!("{head}{BEGIN}\n\n{}\n{}\n{END}{tail}", self.circumstances(), self.tables());
        fs::write(path, text).map_err(|error| format!("{}: {error}", path.display()))
    }

    fn circumstances(&self) -> String {
        let of = |program: &str, arguments: &[&str]| {
            let output = Command::new(program).args(arguments).output().ok();
            let output = output.map(|output| [output.stdout, output.stderr].concat()).unwrap_or_default();
            String::from_utf8_lossy(&output).lines().next().unwrap_or_default().trim().to_owned()
        };
        let cpus = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let models: Vec<&str> = cpus
            .lines()
            .filter_map(|line| line.strip_prefix("model name")?.split_once(": "))
            .map(|(_, name)| name)
            .collect();
        let memory = fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let memory =
            memory.lines().next().and_then(|line| line.split_whitespace().nth(1)?.parse::<f64>().ok()).unwrap_or(0.0);
        let changed = if of("git", &["status", "--porcelain", "--untracked-files=no"]).is_empty() {
            ""
        } else {
            ", with changes"
        };
        let nginx = of("/usr/sbin/nginx", &["-v"]);
        format!(
            "Command: `make bench`, {date}, commit `{commit}`{changed}.\n\n\
             Machine: {count} × {model}, {memory:.0} GiB, Linux {kernel}; the disk makes {appends:.0} appends of 4 KiB per second durable, \
             one after the other. {nginx}, wrk {wrk}, {CONNECTIONS} connections, one wrk thread on the same machine.\n",
            date = of("date", &["-u", "+%Y-%m-%d"]),
            commit = of("git", &["rev-parse", "--short=10", "HEAD"]),
            count = models.len(),
            model = models.first().unwrap_or(&"unknown processor"),
            memory = memory / 1024.0 / 1024.0,
            kernel = of("uname", &["-r"]),
            appends = self.synced_appends,
            nginx = nginx.trim_start_matches("nginx version: "),
            wrk = of("wrk", &["-v"]).split_whitespace().nth(1).unwrap_or_default(),
        )
    }
}
