//! What ownership costs a request: the same requests to a registry with owners and to one that is open, in turns, through
//! everything but the sockets.
//!
//! `make price` runs it and writes its table into docs/performance.md. It fails where anything that was seen before is hashed
//! or put to casbin again; a price above the goal is shown as missed.

#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the terminal")]

mod world;

use authz::Policy;
use axum::body::Body;
use http::Request;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};
use world::{Failure, Registry, Size, World};

/// The allocator of the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const SIZE: Size = Size { namespaces: 10_000, users: 1_000, subjects: 64 };
/// Turns of each registry, and requests in each.
const TURNS: usize = 201;
const REQUESTS: usize = 500;
/// What ownership may cost, in microseconds a request.
const GOAL: f64 = 10.0;
const BEGIN: &str = "<!-- written by make price: begin -->";
const END: &str = "<!-- written by make price: end -->";

type Make = fn(usize) -> Result<Request<Body>, http::Error>;
const CASES: [(&str, Make); 4] = [
    ("GET by id, anonymous", world::read),
    ("GET by id, Basic", world::read_named),
    ("look-up (POST), Basic", world::look_up),
    ("registration of what is registered (POST), Basic", world::register),
];

fn main() -> ExitCode {
    let report = std::env::args().nth(1).map(PathBuf::from);
    let measured = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(Failure::from)
        .and_then(|runtime| runtime.block_on(measure()))
        .and_then(|table| report.map_or(Ok(()), |report| write(&report, &table)));
    match measured {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("unit_price: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn measure() -> Result<String, Failure> {
    let load = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
    let load = load.split(' ').next().unwrap_or("unknown").to_owned();
    let World { owned, open, .. } = &World::new(&SIZE).await?;
    let mut table = "| µs per request | with owners | open | difference | goal |\n|---|--:|--:|--:|---|\n".to_owned();
    for (name, make) in CASES {
        for registry in [owned, open] {
            turn(registry, make).await?;
        }
        let before = (owned.metric("freehold_password_checks_total").await?, Policy::evaluations());
        let (mut with, mut without, mut differences) = (vec![], vec![], vec![]);
        for _ in 0..TURNS {
            let (one, other) = (turn(owned, make).await?, turn(open, make).await?);
            with.push(one);
            without.push(other);
            differences.push(one - other);
        }
        let after = (owned.metric("freehold_password_checks_total").await?, Policy::evaluations());
        if before != after {
            return Err(format!("{name}: passwords checked and casbin asked were {before:?} and are {after:?}").into());
        }
        let price = median(&mut differences);
        let met = if price < GOAL { "met" } else { "**missed**" };
        let (with, without) = (median(&mut with), median(&mut without));
        writeln!(table, "| {name} | {with:.2} | {without:.2} | {price:.2} | under {GOAL}: {met} |")?;
    }
    let Size { namespaces, users, subjects } = SIZE;
    writeln!(
        table,
        "\nMedians of {TURNS} turns of {REQUESTS} requests each, with {namespaces} namespaces, {users} users and {subjects} \
         subjects; the differences are those of neighbouring turns. Load average of the machine before: {load}."
    )?;
    print!("{table}");
    Ok(table)
}

/// Asks so many times; microseconds per request.
async fn turn(registry: &Registry, make: Make) -> Result<f64, Failure> {
    let requests = (0..REQUESTS).map(|number| make(number % SIZE.subjects)).collect::<Result<Vec<_>, _>>()?;
    let mut spent = Duration::ZERO;
    for request in requests {
        let start = Instant::now();
        registry.ask(request).await?;
        spent += start.elapsed();
    }
    Ok(spent.as_secs_f64() * 1e6 / REQUESTS as f64)
}

fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// Replaces the table in the report; what people wrote around it stays.
fn write(path: &Path, table: &str) -> Result<(), Failure> {
    let text = std::fs::read_to_string(path)?;
    let (Some((head, _)), Some((_, tail))) = (text.split_once(BEGIN), text.split_once(END)) else {
        return Err(format!("{} has no place between '{BEGIN}' and '{END}'", path.display()).into());
    };
    Ok(std::fs::write(path, format!("{head}{BEGIN}\n\n{table}\n{END}{tail}"))?)
}
