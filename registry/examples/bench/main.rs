//! `make bench`: Freehold beside nginx, from an empty directory to docs/performance.md, without a hand in between.
//!
//! The figure that counts is CPU-seconds of the server per 1 000 requests: it is what a machine has to have, and it holds
//! still when the machine is shared, which requests per second do not. Servers are measured in turns, so that what
//! disturbs one disturbs the other. Only the standard library is used, so that the program costs nothing to build, and it
//! talks to the registry over its API alone.
//!
//!   bench --freehold BINARY --work DIR --scripts DIR [--report FILE] [PART ...]
//!
//! PARTs are reads, writes, list, size, million and profile; without any, all are done, and only then the report is written.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod client;
mod corpus;
mod load;
mod parts;
mod process;
mod report;
mod servers;
mod wrk;

use std::path::PathBuf;
use std::process::ExitCode;

fn main() -> ExitCode {
    match parse(std::env::args().skip(1)).and_then(|options| parts::all(&options)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(message) => {
            eprintln!("bench: {message}");
            ExitCode::FAILURE
        }
    }
}

/// What to do, and where.
pub struct Options {
    freehold: PathBuf,
    work: PathBuf,
    scripts: PathBuf,
    report: Option<PathBuf>,
    parts: Vec<String>,
    rounds: usize,
    seconds: u64,
}

impl Options {
    fn wants(&self, part: &str) -> bool {
        self.parts.is_empty() || self.parts.iter().any(|wanted| wanted == part)
    }
}

fn parse(mut arguments: impl Iterator<Item = String>) -> Result<Options, String> {
    let (mut freehold, mut work, mut scripts, mut report, mut parts) = (None, None, None, None, vec![]);
    let (mut rounds, mut seconds) = (3, 4);
    while let Some(argument) = arguments.next() {
        let number =
            |value: &str| value.parse::<usize>().ok().filter(|n| *n > 0).ok_or(format!("{argument} takes a number"));
        let mut value = || arguments.next().ok_or(format!("{argument} lacks its value"));
        match argument.as_str() {
            "--freehold" => freehold = Some(PathBuf::from(value()?)),
            "--work" => work = Some(PathBuf::from(value()?)),
            "--scripts" => scripts = Some(PathBuf::from(value()?)),
            "--report" => report = Some(PathBuf::from(value()?)),
            "--rounds" => rounds = number(&value()?)?,
            "--seconds" => seconds = number(&value()?)? as u64,
            "reads" | "writes" | "list" | "size" | "million" | "profile" => parts.push(argument),
            _ => {
                return Err(format!(
                    "'{argument}' is neither an option nor one of reads, writes, list, size, million, profile"
                ));
            }
        }
    }
    let (Some(freehold), Some(work), Some(scripts)) = (freehold, work, scripts) else {
        return Err("--freehold, --work and --scripts are needed; scripts/bench.sh gives them".into());
    };
    Ok(Options { freehold, work, scripts, report, parts, rounds, seconds })
}
