//! The command line: cases and recordings against a URL, one line per failure, counts at the end.

use std::io::{self, Write as _};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::builder::PossibleValuesParser;
use clap::{Parser, ValueEnum};
use conformance::cases::{self, Case};
use conformance::traces::{self, Coverage};
use conformance::{Failure, Options, Profile, Report};

mod serve;

/// Check a schema registry against the Confluent REST API contract.
///
/// Without --trace or --traces, runs the cases: each keeps to subjects with a random prefix and deletes them afterwards, so a
/// registry that others use may be checked with --profile core. Prints one line per failure (the clause, the request,
/// what was expected and what came), a line per group of cases, and the counts. The exit status is 0 if all passed, 1 if something failed, 2 if
/// the command itself was wrong.
#[derive(Debug, Parser)]
#[command(name = "conformance", version, verbatim_doc_comment)]
struct Cli {
    /// The registry: http://[user:password@]host:port[/path], or the same with https://
    #[arg(required_unless_present_any = ["list", "traces"])]
    url: Option<String>,

    /// Which cases to run
    #[arg(long, value_enum, default_value_t = Cases::Core)]
    profile: Cases,

    /// Not the cases of this group, a part that the registry does not have (see --list); may be repeated
    #[arg(long, value_name = "GROUP", value_parser = PossibleValuesParser::new(cases::groups()))]
    without: Vec<String>,

    /// Only cases (with --list or --traces also recordings) with this in their name or clause
    #[arg(long, value_name = "SUBSTRING")]
    filter: Option<String>,

    /// Play one recording instead; the registry must be empty and must never have held a schema
    #[arg(long, value_name = "NAME", conflicts_with = "traces")]
    trace: Option<String>,

    /// Play all recordings instead, each against a registry of its own that --start starts
    #[arg(long, requires = "start", conflicts_with = "url")]
    traces: bool,

    /// Shell command that serves an empty registry in the foreground; {port} and {dir} (an empty directory) are filled in
    #[arg(long, value_name = "COMMAND")]
    start: Option<String>,

    /// Print the names and clauses of what would run, and stop
    #[arg(long)]
    list: bool,

    /// Print a line for each case or recording, also if it passed
    #[arg(long, short)]
    verbose: bool,

    /// Certificates of the authorities to trust with https://, instead of those that the system trusts
    #[arg(long, value_name = "PEM")]
    ca_file: Option<PathBuf>,

    /// Seconds to wait for a connection and for each read of an answer
    #[arg(long, value_name = "SECONDS", default_value_t = 30)]
    timeout: u64,
}

#[derive(Debug, Clone, Copy, ValueEnum)]
enum Cases {
    /// Keep to subjects of their own: any registry, any time
    Core,
    /// Also those that change the global config or mode for a moment and put it back
    All,
    /// Also those for parts that many registries do not have: other languages, rules, encryption keys, IMPORT mode
    Extended,
    /// Also those for what Freehold adds to the Confluent API
    Freehold,
}

fn main() -> ExitCode {
    let cli = Cli::parse();
    match execute(&cli, &mut io::stdout().lock()) {
        Ok(report) if report.ok() => ExitCode::SUCCESS,
        Ok(_) => ExitCode::FAILURE,
        Err(problem) => {
            // Nothing can be done if standard error is closed.
            let _ = writeln!(io::stderr(), "conformance: {problem}");
            ExitCode::from(2)
        }
    }
}

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn execute(cli: &Cli, out: &mut impl io::Write) -> Outcome<Report> {
    let options = Options {
        profile: match cli.profile {
            Cases::Core => Profile::Core,
            Cases::All => Profile::Global,
            Cases::Extended => Profile::Extended,
            Cases::Freehold => Profile::Freehold,
        },
        filter: cli.filter.clone(),
        without: cli.without.clone(),
        timeout: Duration::from_secs(cli.timeout),
        authorities: cli.ca_file.clone(),
    };
    if cli.list {
        return list(&options, out);
    }
    let report = if let Some(name) = &cli.trace {
        let trace = traces::named(name)?.ok_or_else(|| format!("no recording is called {name} (see --list)"))?;
        conformance::replay(&trace, url(cli))
    } else if let Some(command) = &cli.start
        && cli.traces
    {
        play_all(cli, command, out)?
    } else {
        let watch = |case: &Case, failure: Option<&Failure>| {
            let outcome = if failure.is_some() { "FAILED" } else { "ok" };
            if cli.verbose {
                // A closed pipe shows when the report is written.
                let _ = writeln!(out, "{outcome} {}: {}", case.id, case.clause);
            }
        };
        cases::run_each(url(cli), &options, watch)?
    };
    write!(out, "{}", report.of_groups())?;
    writeln!(out, "{report}")?;
    if cli.traces || cli.trace.is_some() {
        writeln!(out, "{}", report.of_pairs())?;
    }
    Ok(report)
}

fn url(cli: &Cli) -> &str {
    cli.url.as_deref().expect("clap requires the URL unless --list or --traces is there")
}

fn list(options: &Options, out: &mut impl io::Write) -> Outcome<Report> {
    let all = cases::all()?;
    let selected: Vec<&Case> = all.iter().filter(|case| options.selects(case)).collect();
    for case in &selected {
        writeln!(out, "{}: {}", case.id, case.clause)?;
    }
    let (mut covered, mut total) = (0, 0);
    for trace in traces::all()? {
        let (now, all) = (Coverage::of(&trace)?.covered(&trace), trace.pairs.len());
        writeln!(out, "recording {}: {now} of {all} pairs covered", trace.name)?;
        covered += now;
        total += all;
    }
    writeln!(out, "{} cases; {covered} of {total} recorded pairs", selected.len())?;
    Ok(Report::default())
}

/// Each recording against a server of its own: ids are compared, and they start at 1 once in the life of a registry.
fn play_all(cli: &Cli, command: &str, out: &mut impl io::Write) -> Outcome<Report> {
    let mut all = Report::default();
    for trace in traces::all()? {
        let wanted = cli.filter.as_ref().is_none_or(|part| trace.name.contains(part));
        if !wanted || Coverage::of(&trace)?.covered(&trace) == 0 {
            all.skipped += trace.pairs.len();
            continue;
        }
        let server = serve::start(command, Duration::from_secs(cli.timeout))?;
        let report = conformance::replay(&trace, &server.url);
        if cli.verbose {
            let Report { passed, failed, skipped, .. } = report;
            writeln!(out, "{}: {passed} passed, {failed} failed, {skipped} skipped", trace.name)?;
        }
        all.merge(report);
    }
    Ok(all)
}
