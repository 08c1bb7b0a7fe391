//! How a schema's text lies in a file: on lines of its own where that can be undone to the letter, so that version control shows
//! what has changed; else as it is.

use model::SchemaType;
use serde_json::Value;

/// The extension of a language's files.
pub fn extension(schema_type: &SchemaType) -> &'static str {
    match schema_type {
        SchemaType::Avro => "avsc",
        SchemaType::Json => "json",
        SchemaType::Protobuf => "proto",
        SchemaType::Other(_) => "schema",
    }
}

/// The text as it is written, and whether it is laid out.
pub fn written(schema_type: &SchemaType, text: &str) -> (String, bool) {
    match laid_out(schema_type, text) {
        Some(lines) => (lines, true),
        None => (text.to_owned(), false),
    }
}

/// The text of a file that was laid out.
///
/// # Errors
/// It is no JSON.
pub fn read(file: &str) -> Result<String, String> {
    serde_json::from_str::<Value>(file).map(|value| value.to_string()).map_err(|error| error.to_string())
}

/// Avro and JSON Schemas with a member a line, if this can be read back into the same text.
fn laid_out(schema_type: &SchemaType, text: &str) -> Option<String> {
    if !matches!(schema_type, SchemaType::Avro | SchemaType::Json) {
        return None;
    }
    let value: Value = serde_json::from_str(text).ok()?;
    let lines = format!("{value:#}\n");
    (read(&lines).ok()? == text).then_some(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_back_to_the_letter() {
        #[track_caller]
        fn check(schema_type: SchemaType, text: &str, laid: bool) {
            let (file, is_laid) = written(&schema_type, text);
            assert_eq!(is_laid, laid, "{file}");
            assert_eq!(if is_laid { read(&file).unwrap() } else { file }, text);
        }
        check(
            SchemaType::Avro,
            r#"{"type":"record","name":"R","fields":[{"name":"a","type":"int","default":1.50}]}"#,
            true,
        );
        check(SchemaType::Avro, r#""string""#, true);
        check(SchemaType::Json, r#"{"b":1,"a":100000000000000000000000.10,"c":"é\n\u0001"}"#, true);
        // Blanks, members twice, other escapes, and what is no JSON stay as they are.
        check(SchemaType::Json, r#"{"b": 1}"#, false);
        check(SchemaType::Json, r#"{"a":1,"a":2}"#, false);
        check(SchemaType::Json, r#"{"a":"\/"}"#, false);
        check(SchemaType::Avro, "{", false);
        check(SchemaType::Json, &format!("{}{}", "[".repeat(500), "]".repeat(500)), false);
        check(SchemaType::Protobuf, "syntax = \"proto3\";\n", false);
        check(SchemaType::Other("X".into()), "{}", false);
    }
}
