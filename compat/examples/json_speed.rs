#![allow(clippy::print_stdout, reason = "it is what the example is for")]
//! How long one budget of work takes: `cargo run --release -p compat --example json_speed`.

use compat::{Direction, Halt, Strictness, Work};
use model::{CompatibilityPolicy, SchemaType};
use std::time::Instant;

fn main() {
    let wide = |kind: &str| {
        let members: Vec<String> = (0..2_000).map(|n| format!(r#"{{"type":"{kind}","maxLength":{n}}}"#)).collect();
        format!(r#"{{"oneOf":[{}]}}"#, members.join(","))
    };
    let object = |count: usize, last: &str| {
        let all: Vec<String> =
            (0..count).map(|n| format!(r#""field{n}":{{"type":"string","maxLength":{n}}}"#)).collect();
        format!(r#"{{"type":"object","properties":{{{}{last}}},"additionalProperties":false}}"#, all.join(","))
    };
    let patterns = |pattern: &str| {
        let all: Vec<String> = (0..300).map(|n| format!(r#""{pattern}{n}":{{"type":"string"}}"#)).collect();
        format!(r#"{{"type":"object","patternProperties":{{{}}}}}"#, all.join(","))
    };
    let letters: Vec<String> = (0..100_000).map(|n| format!("\"{n:x}\":{{}}")).collect();
    let cases = [
        ("2 000 members, 2 000 members", wide("string"), wide("integer")),
        ("100 properties", object(100, ""), object(100, r#","new":{"type":"string"}"#)),
        ("10 000 properties", object(10_000, ""), object(10_000, r#","new":{"type":"string"}"#)),
        ("300 easy expressions", patterns("^[a-z]{2}[0-9]+x"), object(300, "")),
        ("300 hard expressions", patterns(r"^(a+)+\\p{L}{1,50}x"), object(300, "")),
        ("300 expressions that step back", patterns(r"^(f|f)*(?=b)\\1x"), object(300, "")),
        ("100 000 names", format!(r#"{{"properties":{{{}}}}}"#, letters.join(",")), "{}".to_owned()),
    ];
    for (name, old, new) in cases {
        const BUDGET: u64 = 64 << 20;
        let work = Work::new(BUDGET, &Halt::default());
        let start = Instant::now();
        let parse = |text: &str| compat::parse(&SchemaType::Json, text, &[], Strictness::New, &work);
        let (old, new) = (parse(&old), parse(&new));
        let parsed = start.elapsed();
        let verdict = match (&old, &new) {
            (Ok(old), Ok(new)) => compat::compare(Direction::Backward, CompatibilityPolicy::Strict, new, old, &work)
                .map(|v| v.findings().len()),
            (old, new) => panic!("{name}: {:?} {:?}", old.as_ref().err(), new.as_ref().err()),
        };
        println!("{name}: read in {parsed:?}, all in {:?}, {verdict:?}", start.elapsed());
    }
}
