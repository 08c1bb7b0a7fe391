//! Any text as one or two Protobuf files.

#![no_main]

#[path = "../../tests/protobuf/exercise.rs"]
mod exercise;

libfuzzer_sys::fuzz_target!(|text: &str| exercise::texts(text));
