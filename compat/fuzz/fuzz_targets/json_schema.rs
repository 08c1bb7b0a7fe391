//! A JSON schema.

#![no_main]

#[allow(dead_code, reason = "each target runs one of the exercises")]
#[path = "../../tests/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| {
    exercise::json_schema(text);
});
