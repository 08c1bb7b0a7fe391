//! What schemas and samples may take, as one list for the documentation.

use crate::{avro, json, json_schema, protobuf, references, sample};
use model::Limit;

/// The bounds of this crate.
pub const LIMITS: &[Limit] = &[
    Limit::new("JSON inside JSON in the text of a schema", json::MAX_DEPTH, "levels"),
    Limit::new("a schema and all that it refers to, in memory while it is parsed", json::MOST_BYTES, "bytes"),
    Limit::new("a number in the text of a schema", json::LONGEST_NUMBER, "characters"),
    Limit::new("Avro: types inside types, in brackets of the text", avro::STRUCTURE_DEPTH, "levels"),
    Limit::new("Avro: a property or default, in itself", avro::VALUE_DEPTH, "levels"),
    Limit::new("Avro: a namespace", avro::MOST_NAMESPACE, "bytes"),
    Limit::new("Avro: the canonical text", avro::MOST_TEXT, "bytes"),
    Limit::new("Avro: the text with `format=resolved`", avro::MOST_RESOLVED, "bytes"),
    Limit::new("JSON Schema: schemas inside schemas in a text", json_schema::SCHEMA_DEPTH, "levels"),
    Limit::new("JSON Schema: the canonical text", json_schema::MOST_TEXT, "bytes"),
    Limit::new("JSON Schema: a regular expression", json_schema::LONGEST_PATTERN, "bytes"),
    Limit::new("JSON Schema: pairs of schemas in one comparison", json_schema::MOST_PAIRS, "pairs"),
    Limit::new("JSON Schema: incompatibilities that one comparison tells", json_schema::MOST_FINDINGS, "messages"),
    Limit::new("Protobuf: messages inside messages", protobuf::NESTING, "levels"),
    Limit::new("Protobuf: the value of an option", protobuf::VALUE_DEPTH, "levels"),
    Limit::new("Protobuf: a name", protobuf::MOST_NAME, "bytes"),
    Limit::new("Protobuf: a text, canonical or normalised", protobuf::MOST_TEXT, "bytes"),
    Limit::new("Protobuf: messages that lead into each other in one comparison", protobuf::MOST_DEPTH, "levels"),
    Limit::new("Protobuf: incompatibilities that one comparison tells", protobuf::MOST_FINDINGS, "messages"),
    Limit::new("Protobuf: a sample to validate", protobuf::SAMPLE_BYTES, "bytes"),
    Limit::new("Protobuf: a sample to validate, in itself", protobuf::SAMPLE_DEPTH, "levels"),
    Limit::new("references in a row", references::MOST_DEPTH, "levels"),
    Limit::new("schemas that one schema refers to, directly or not", references::MOST_SCHEMAS, "names"),
    Limit::new("references between them", references::MOST_REFERENCES, "references"),
    Limit::new("pairs of types in one comparison", avro::MOST_PAIRS, "pairs"),
    Limit::new("incompatibilities that one comparison tells", avro::MOST_FINDINGS, "messages"),
    Limit::new("an old schema in a message", crate::compare::LONGEST_OLD_SCHEMA, "characters"),
    Limit::new("a sample to validate", avro::SAMPLE_DEPTH, "levels"),
    Limit::new("values in a sample", avro::SAMPLE_VALUES, "values"),
    Limit::new("the JSON of a binary sample", sample::MOST_DOCUMENT, "bytes"),
];
