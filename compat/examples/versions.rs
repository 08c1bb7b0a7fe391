//! How long a check of a schema with 100 fields takes against 1, 10 and 100 versions, JSON Schema beside Avro:
//! `cargo run --release -p compat --example versions`. Its table is in docs/performance.md.
//!
//! Each version has a field more than the one before, and the candidate one more than the newest. Parsing is measured by itself,
//! since a registry keeps the versions parsed. The median of what about a second has room for.

#![allow(clippy::print_stdout, reason = "printing is what an example is for")]

use compat::{Comparison, Parsed, Strictness, Work};
use model::{CompatibilityLevel, CompatibilityPolicy, SchemaType};
use std::hint::black_box;
use std::time::{Duration, Instant};

const FIELDS: usize = 100;

fn avro(fields: usize) -> String {
    let field = |n| format!(r#"{{"name":"field_{n}","type":["null","string"],"default":null}}"#);
    let fields: Vec<String> = (0..fields).map(field).collect();
    format!(r#"{{"type":"record","name":"Order","fields":[{}]}}"#, fields.join(","))
}

fn json(fields: usize) -> String {
    let field = |n| format!(r#""field_{n}":{{"type":["null","string"],"maxLength":{}}}"#, 100 + n);
    let fields: Vec<String> = (0..fields).map(field).collect();
    let members = fields.join(",");
    format!(r#"{{"type":"object","title":"Order","properties":{{{members}}},"additionalProperties":false}}"#)
}

fn parse(schema_type: &SchemaType, text: &str, work: &Work) -> Parsed {
    compat::parse(schema_type, text, &[], Strictness::New, work).expect("it is a schema")
}

/// The median of runs, in microseconds.
fn median<T>(mut run: impl FnMut() -> T) -> f64 {
    let (begin, mut all) = (Instant::now(), Vec::new());
    while begin.elapsed() < Duration::from_secs(1) {
        let one = Instant::now();
        black_box(run());
        all.push(one.elapsed().as_secs_f64() * 1e6);
    }
    all.sort_by(f64::total_cmp);
    all[all.len() / 2]
}

fn main() {
    println!("| µs | parse | 1 version | 10 versions | 100 versions |\n|---|---|---|---|---|");
    let work = Work::unlimited();
    for (schema_type, text) in [(SchemaType::Avro, avro as fn(usize) -> String), (SchemaType::Json, json)] {
        let versions: Vec<Parsed> = (0..100).map(|n| parse(&schema_type, &text(FIELDS - 99 + n), &work)).collect();
        let new = text(FIELDS + 1);
        let mut row = format!("| {schema_type} | {:.0} |", median(|| parse(&schema_type, &new, &work)));
        let candidate = parse(&schema_type, &new, &work);
        for count in [1, 10, 100] {
            let check = || {
                for existing in versions.iter().rev().take(count) {
                    let (level, policy) = (CompatibilityLevel::Backward, CompatibilityPolicy::Strict);
                    let compared = Comparison::of(level, policy, &candidate, existing, Some(1), &work);
                    assert!(compared.is_ok_and(|compared| compared.is_compatible()), "each version is read");
                }
            };
            row.push_str(&format!(" {:.0} |", median(check)));
        }
        println!("{row}");
    }
}
