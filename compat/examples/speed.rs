//! How long the way of a registration takes: `cargo run --release -p compat --example speed`.
//!
//! Parses a schema of 1.2 kB as a candidate, which prints its canonical text and computes its fingerprint, and compares it
//! with its predecessor. Ends by itself after about a second per line.

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

use compat::{Comparison, Strictness, Work, parse};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType};
use std::hint::black_box;
use std::time::{Duration, Instant};

fn main() {
    let (old, new) = (order(8), order(9));
    let work = Work::unlimited();
    let parse = |text: &str, strictness| {
        parse(&SchemaType::Avro, text, &[], strictness, &work).expect("the example is a schema")
    };
    println!("schema of {} bytes", new.len());
    measure("parse, canonical text, fingerprint", || parse(&new, Strictness::New).fingerprint());
    let (existing, candidate) = (parse(&old, Strictness::Stored), parse(&new, Strictness::New));
    measure("compare (backward)", || {
        Comparison::of(CompatibilityLevel::Backward, CompatibilityPolicy::Strict, &candidate, &existing, Some(1), &work)
    });
    measure("compare (full)", || {
        Comparison::of(CompatibilityLevel::Full, CompatibilityPolicy::Strict, &candidate, &existing, Some(1), &work)
    });
    measure("equivalent", || candidate.equivalent(&candidate, &work));
    measure("normalize", || candidate.normalized(&work));
    println!("a parsed schema counts {} bytes", candidate.size_hint());
}

fn measure<T>(what: &str, mut work: impl FnMut() -> T) {
    let mut rounds = 0u32;
    let start = Instant::now();
    while start.elapsed() < Duration::from_secs(1) {
        for _ in 0..100 {
            black_box(work());
        }
        rounds += 100;
    }
    println!("{:>9.2} µs  {what}", start.elapsed().as_secs_f64() * 1e6 / f64::from(rounds));
}

/// An order with this many plain fields.
fn order(fields: usize) -> String {
    let plain: String = (0..fields)
        .map(|at| {
            format!(r#",{{"name":"field_{at}","type":["null","string"],"default":null,"doc":"What field {at} says"}}"#)
        })
        .collect();
    format!(
        r#"{{"type":"record","name":"Order","namespace":"com.example.shop","doc":"An order","fields":[{{"name":"id","type":"long"}},{{"name":"state","type":{{"type":"enum","name":"State","symbols":["OPEN","PAID","SENT"]}}}},{{"name":"at","type":{{"type":"long","logicalType":"timestamp-millis"}}}},{{"name":"lines","type":{{"type":"array","items":{{"type":"record","name":"Line","fields":[{{"name":"sku","type":"string"}},{{"name":"price","type":{{"type":"bytes","logicalType":"decimal","precision":9,"scale":2}}}}]}}}}}}{plain}]}}"#
    )
}
