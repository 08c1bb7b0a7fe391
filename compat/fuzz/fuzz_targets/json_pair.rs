//! Two JSON schemas, on a line each, compared.

#![no_main]

#[allow(dead_code, reason = "each target runs one of the exercises")]
#[path = "../../tests/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| {
    let (a, b) = text.split_once('\n').unwrap_or((text, ""));
    exercise::json_pair(a, b);
});
