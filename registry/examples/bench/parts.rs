//! The parts of the benchmark and their order.

use super::Options;
use super::client::Client;
use super::load::{self, Loaded, Requests};
use super::process::{End, Server};
use super::report::{Compared, Report};
use super::servers::{self, Nginx, counter};
use super::wrk::{self, Load, Run, median};
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What Python's client sends with each request; the same goes to nginx.
const ACCEPT: &str =
    "Accept: application/vnd.schemaregistry.v1+json, application/vnd.schemaregistry+json, application/json";
const GZIP: &str = "Accept-Encoding: gzip";
const CONTENT_TYPE: &str = "Content-Type: application/vnd.schemaregistry.v1+json";

/// Versions of each subject.
const VERSIONS: usize = 20;

struct Bench<'a> {
    options: &'a Options,
    log: PathBuf,
    script: PathBuf,
    report: Report,
}

/// Does what was asked for.
pub fn all(options: &Options) -> Result<(), String> {
    fs::create_dir_all(&options.work).map_err(|error| format!("{}: {error}", options.work.display()))?;
    let work = options.work.canonicalize().map_err(|error| error.to_string())?;
    let mut bench = Bench {
        options,
        log: work.join("freehold.log"),
        script: options.scripts.join("replay.lua"),
        report: Report::default(),
    };
    bench.report.synced_appends = synced_appends(&work)?;
    say(&format!("the disk makes {:.0} appends per second durable", bench.report.synced_appends));
    let needs_small = ["reads", "writes", "size", "profile"].iter().any(|part| options.wants(part));
    if needs_small {
        bench.small(&work)?;
    }
    if options.wants("list") {
        bench.list(&work)?;
    }
    if options.wants("size") {
        bench.large(&work)?;
    }
    if options.wants("million") {
        bench.million(&work)?;
    }
    println!("{}", bench.report.tables());
    match &options.report {
        Some(path) if options.parts.is_empty() => bench.report.write(path),
        _ => Ok(()),
    }
}

/// Progress, with the seconds since the first line.
fn say(text: &str) {
    static STARTED: OnceLock<Instant> = OnceLock::new();
    let seconds = STARTED.get_or_init(Instant::now).elapsed().as_secs();
    eprintln!("bench: {seconds:4} s  {text}");
}

impl Bench<'_> {
    fn freehold(&self, data: &Path) -> Result<Server, String> {
        servers::freehold(&self.options.freehold, data, &self.log)
    }

    fn load(&self, data: &Path, subjects: usize) -> Result<(Server, Loaded), String> {
        let server = self.freehold(data)?;
        let loaded = load::subjects(server.address, subjects, VERSIONS)?;
        let (count, seconds) = (loaded.ids.len(), loaded.took.as_secs_f64());
        say(&format!(
            "loaded {count} versions of {subjects} subjects in {seconds:.1} s, {:.0}/s",
            count as f64 / seconds
        ));
        Ok((server, loaded))
    }

    /// 10 000 versions of 500 subjects: reads, writes, and the first half of the size.
    fn small(&mut self, work: &Path) -> Result<(), String> {
        let data = work.join("data-10000");
        let (server, loaded) = self.load(&data, 500)?;
        let requests = load::write_requests(&work.join("requests-10000"), &loaded, 1)?;
        let server = match self.options.wants("size") {
            true => self.size(server, &data, &loaded, &requests)?,
            false => server,
        };
        if self.options.wants("reads") {
            let root = work.join("answers");
            load::save(server.address, &loaded, &root, ACCEPT)?;
            say("saved the answers for nginx");
            let probe = format!("/schemas/ids/{}", loaded.ids[0]);
            let nginx = servers::nginx(&work.join("nginx"), &root, &probe)?;
            self.reads(&server, &nginx, &requests)?;
        }
        let languages = match self.options.wants("reads") || self.options.wants("writes") {
            true => load::languages(server.address, &work.join("requests-10000"), 500)?,
            false => vec![],
        };
        if self.options.wants("reads") {
            for load::Language { name, by_id, .. } in &languages {
                self.compare(&server, None, &format!("by id, {name}"), &Load::of(by_id, &[ACCEPT]))?;
            }
        }
        if self.options.wants("profile") {
            self.profile(work, &server, &requests)?;
        }
        if self.options.wants("writes") {
            self.writes(&server, &requests, &languages)?;
        }
        server.stop(End::Orderly);
        Ok(())
    }

    fn run(&self, server: &Server, address: std::net::SocketAddr, load: &Load, first: u64) -> Result<Run, String> {
        wrk::run(server, address, &self.script, load, self.options.seconds, first)
    }

    fn reads(&mut self, server: &Server, nginx: &Nginx, requests: &Requests) -> Result<(), String> {
        let post = [ACCEPT, CONTENT_TYPE];
        let cases = [
            ("by id", Load::of(&requests.by_id, &[ACCEPT]), true),
            ("`latest`", Load::of(&requests.latest, &[ACCEPT]), true),
            ("by id, gzip", Load::of(&requests.by_id, &[ACCEPT, GZIP]), true),
            ("`latest`, gzip", Load::of(&requests.latest, &[ACCEPT, GZIP]), true),
            ("look-up", Load::of(&requests.lookup, &post), false),
            ("registration of what is registered", Load::of(&requests.again, &post), false),
        ];
        for (name, load, beside_nginx) in cases {
            self.compare(server, beside_nginx.then_some(nginx), name, &load)?;
        }
        Ok(())
    }

    fn writes(&mut self, server: &Server, requests: &Requests, languages: &[load::Language]) -> Result<(), String> {
        let cases = [
            ("new versions".to_owned(), &requests.new_version),
            ("new subjects".to_owned(), &requests.new_subject),
            ("one schema in new subjects".to_owned(), &requests.shared),
        ];
        let others =
            languages.iter().map(|language| (format!("new versions, {}", language.name), &language.new_version));
        for (kind, (name, file)) in cases.into_iter().chain(others).enumerate() {
            let load = Load::of(file, &[ACCEPT, CONTENT_TYPE]);
            let mut compared = Compared::new(&name);
            let count = |name: &str| counter(server.address, name);
            let (syncs, commits) = (count("freehold_syncs_total")?, count("freehold_commits_total")?);
            for round in 0..self.options.rounds {
                let first = (kind * self.options.rounds + round) as u64 * 2_000_000;
                compared.freehold.push(self.run(server, server.address, &load, first)?);
                say(&format!("{name}, round {}: {}", round + 1, compared.last()));
            }
            let (syncs, commits) = (count("freehold_syncs_total")? - syncs, count("freehold_commits_total")? - commits);
            let sent: f64 = compared.freehold.iter().map(|run| run.requests).sum();
            // wrk leaves at most one request per connection and run unanswered, which may be committed; those of the run
            // before may be committed after the counting has begun.
            let unanswered = ((self.options.rounds + 1) * wrk::CONNECTIONS) as f64;
            if commits < sent || commits > sent + unanswered {
                return Err(format!("{name}: {sent} answers, but {commits} commits: not each was new"));
            }
            compared.syncs = Some(syncs / commits);
            self.report.writes.push(compared);
        }
        Ok(())
    }

    /// `GET /subjects` of 20 000 subjects.
    fn list(&mut self, work: &Path) -> Result<(), String> {
        let server = self.freehold(&work.join("data-subjects"))?;
        load::small_subjects(server.address, 20_000)?;
        let mut client = Client::connect(server.address)?;
        for (headers, times) in [("", &mut self.report.list), ("Accept-Encoding: gzip\r\n", &mut self.report.list_gzip)]
        {
            for _ in 0..31 {
                let started = Instant::now();
                let body = client.get("/subjects", headers)?.ok()?;
                times.push(started.elapsed().as_secs_f64() * 1e3);
                if headers.is_empty() && body.iter().filter(|byte| **byte == b',').count() != 19_999 {
                    return Err("GET /subjects does not list 20 000 subjects".into());
                }
            }
        }
        say(&format!("GET /subjects of 20 000: {:.1} ms", median(self.report.list.iter().copied())));
        server.stop(End::Orderly);
        Ok(())
    }

    fn large(&mut self, work: &Path) -> Result<(), String> {
        let data = work.join("data-100000");
        let (server, loaded) = self.load(&data, 5_000)?;
        self.page(&server, &loaded)?;
        let requests = load::write_requests(&work.join("requests-100000"), &loaded, 10)?;
        let server = self.size(server, &data, &loaded, &requests)?;
        self.distinct(&server, &loaded, &requests)?;
        // Everything at once, for longer: until all that is kept in memory has reached its bounds.
        let post = [ACCEPT, CONTENT_TYPE];
        for round in 0..4 {
            let encoding = if round % 2 == 0 { "Accept-Encoding: identity" } else { GZIP };
            for file in [&requests.by_id, &requests.lookup, &requests.again, &requests.new_version] {
                let load = Load::of(file, &[post[0], post[1], encoding]);
                wrk::run(&server, server.address, &self.script, &load, 3, 80_000_000 + round * 1_000_000)?;
            }
        }
        self.report.mixed = server.most_resident();
        say(&format!("{:.0} MiB at most under reads and writes", self.report.mixed));
        // Killed with the newest writes only in the write-ahead log, which is read when it opens again.
        server.stop(End::Killed);
        let server = self.freehold(&data)?;
        self.report.after_kill = server.until_ready.as_secs_f64() * 1e3;
        server.stop(End::Orderly);
        Ok(())
    }

    /// A million versions: a start, a page at their end, and reads of all.
    fn million(&mut self, work: &Path) -> Result<(), String> {
        let data = work.join("data-1000000");
        let (server, loaded) = self.load(&data, 50_000)?;
        server.stop(End::Orderly);
        let server = self.freehold(&data)?;
        let started = server.until_ready.as_secs_f64() * 1e3;
        self.page(&server, &loaded)?;
        let requests = load::write_requests(&work.join("requests-1000000"), &loaded, 1_000)?;
        self.distinct(&server, &loaded, &requests)?;
        let resident = server.most_resident();
        say(&format!("{} versions: ready after {started:.0} ms, at most {resident:.0} MiB resident", loaded.ids.len()));
        self.report.million = Some((started, resident));
        server.stop(End::Orderly);
        Ok(())
    }

    fn page(&mut self, server: &Server, loaded: &Loaded) -> Result<(), String> {
        let milliseconds = page(server, loaded)?;
        say(&format!("{milliseconds:.1} CPU-ms for a page at the end of {} versions", loaded.ids.len()));
        self.report.pages.push((loaded.ids.len(), milliseconds));
        Ok(())
    }

    /// Reads by id of more ids than answers are cached for, each as often as any other.
    fn distinct(&mut self, server: &Server, loaded: &Loaded, requests: &Requests) -> Result<(), String> {
        self.compare(server, None, &format!("by id, {} ids", loaded.ids.len()), &Load::of(&requests.by_id, &[ACCEPT]))
    }

    /// One load of reads, on the registry and, where it is to be compared with it, on nginx in turns.
    fn compare(&mut self, server: &Server, nginx: Option<&Nginx>, name: &str, load: &Load) -> Result<(), String> {
        let mut compared = Compared::new(name);
        // Once without counting: what is cached is there, on both sides.
        wrk::run(server, server.address, &self.script, load, 2, 0)?;
        let hits = hits_of(server)?;
        for round in 1..=self.options.rounds {
            compared.freehold.push(self.run(server, server.address, load, 0)?);
            if let Some(nginx) = nginx {
                compared.nginx.push(self.run(&nginx.server, nginx.server.address, load, 0)?);
                compared.lean.push(self.run(&nginx.server, nginx.lean, load, 0)?);
            }
            say(&format!("{name}, round {round}: {}", compared.last()));
        }
        let hits = hits_of(server)? - hits;
        compared.ready = hits / compared.freehold.iter().map(|run| run.requests).sum::<f64>();
        self.report.reads.push(compared);
        Ok(())
    }

    /// Time until ready and memory, of a registry that was just loaded. Gives back a running one.
    fn size(&mut self, server: Server, data: &Path, loaded: &Loaded, requests: &Requests) -> Result<Server, String> {
        let mut size =
            super::report::Size { versions: loaded.ids.len(), loaded: server.resident(), ..Default::default() };
        server.stop(End::Orderly);
        for _ in 0..5 {
            let server = self.freehold(data)?;
            size.starts.push(server.until_ready.as_secs_f64() * 1e3);
            server.stop(End::Orderly);
        }
        let server = self.freehold(data)?;
        std::thread::sleep(Duration::from_millis(500));
        size.started = server.resident();
        let burst = [
            Load::of(&requests.by_id, &[ACCEPT]),
            Load::of(&requests.by_id, &[ACCEPT, GZIP]),
            Load::of(&requests.latest, &[ACCEPT]),
            Load::of(&requests.lookup, &[ACCEPT, CONTENT_TYPE]),
            Load::of(&requests.by_id, &[ACCEPT]),
        ];
        for load in &burst {
            wrk::run(&server, server.address, &self.script, load, 3, 0)?;
        }
        (size.read, size.most) = (server.resident(), server.most_resident());
        say(&format!("{size}"));
        self.report.sizes.push(size);
        Ok(server)
    }

    /// Where the time of reads by id goes, if perf is there.
    fn profile(&mut self, work: &Path, server: &Server, requests: &Requests) -> Result<(), String> {
        let cases = [
            ("By id", Load::of(&requests.by_id, &[ACCEPT])),
            ("New versions", Load::of(&requests.new_version, &[ACCEPT, CONTENT_TYPE])),
        ];
        // So that all answers are ready.
        wrk::run(server, server.address, &self.script, &cases[0].1, 2, 0)?;
        for (number, (name, load)) in cases.into_iter().enumerate() {
            let data = work.join(format!("perf-{number}.data"));
            let recording = Command::new("perf")
                .args(["record", "-q", "-F", "999", "-p", &server.pid().to_string(), "-o"])
                .arg(&data)
                .args(["--", "sleep", "5"])
                .stderr(std::process::Stdio::null())
                .spawn();
            let Ok(mut recording) = recording else {
                say("perf is not installed: no profile");
                return Ok(());
            };
            let ran = wrk::run(server, server.address, &self.script, &load, 5, 50_000_000);
            let _ = recording.wait();
            ran?;
            let mut shown = perf_report(&data, "overhead,dso", 5)?;
            shown.push(String::new());
            shown.extend(perf_report(&data, "overhead,dso,sym", 20)?);
            self.report.profiles.push((name.to_owned(), shown));
            say(&format!("profile: {name}"));
        }
        Ok(())
    }
}

/// CPU-milliseconds of a page of 100 versions that begins a thousand before the end.
fn page(server: &Server, loaded: &Loaded) -> Result<f64, String> {
    const PAGES: u32 = 200;
    let path = format!("/schemas?subjectPrefix=:*:&offset={}&limit=100", loaded.ids.len().saturating_sub(1_000));
    let mut client = Client::connect(server.address)?;
    let before = server.cpu();
    for _ in 0..PAGES {
        client.get(&path, "")?.ok()?;
    }
    Ok((server.cpu() - before) * 1e3 / f64::from(PAGES))
}

/// Requests for which the work of an earlier one was used.
fn hits_of(server: &Server) -> Result<f64, String> {
    let ready = counter(server.address, "freehold_response_cache_hits_total")?;
    Ok(ready + counter(server.address, "freehold_lookup_cache_hits_total")?)
}

/// The first lines of a profile, by some columns.
fn perf_report(data: &Path, columns: &str, most: usize) -> Result<Vec<String>, String> {
    let output = Command::new("perf")
        .args(["report", "--stdio", "--no-children", "-g", "none", "-F", columns, "-i"])
        .arg(data)
        .stderr(std::process::Stdio::null())
        .output()
        .map_err(|error| format!("perf report: {error}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    let lines = text.lines().filter(|line| !line.starts_with('#') && !line.trim().is_empty());
    Ok(lines.take(most).map(|line| line.trim().to_owned()).collect())
}

/// How many appends of 4 KiB per second the disk makes durable, one after the other. It bounds what a writer can do.
fn synced_appends(work: &Path) -> Result<f64, String> {
    let path = work.join("sync");
    let failed = |error: std::io::Error| format!("{}: {error}", path.display());
    let mut file = fs::File::create(&path).map_err(failed)?;
    let (started, mut count) = (Instant::now(), 0.0);
    while started.elapsed() < Duration::from_secs(1) {
        file.write_all(&[7; 4096]).map_err(failed)?;
        file.sync_data().map_err(failed)?;
        count += 1.0;
    }
    let rate = count / started.elapsed().as_secs_f64();
    fs::remove_file(&path).map_err(failed)?;
    Ok(rate)
}
