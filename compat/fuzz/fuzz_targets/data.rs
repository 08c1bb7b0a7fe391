//! A schema on the first line and a sample, JSON and binary, in the rest.

#![no_main]

#[allow(dead_code, reason = "each target runs one of the exercises")]
#[path = "../../tests/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|input: &[u8]| {
    let end = input.iter().position(|&byte| byte == b'\n').unwrap_or(input.len());
    exercise::data(&String::from_utf8_lossy(&input[..end]), input.get(end + 1..).unwrap_or_default());
});
