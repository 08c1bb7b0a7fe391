//! The files that every schema can import without a reference: those of `google/protobuf`, `google/type` and `confluent`.
//!
//! Written from the public lists of their fields; they hold what types are made of and neither comments nor options.

use super::model::File;
use super::names::Table;
use crate::Work;
use crate::json::Memory;
use std::sync::{Arc, LazyLock};

macro_rules! files {
    ($($path:literal),* $(,)?) => { &[$(($path, include_str!(concat!("bundled/", $path)))),*] };
}

/// Import paths and texts.
pub(super) const FILES: &[(&str, &str)] = files![
    "google/protobuf/any.proto",
    "google/protobuf/api.proto",
    "google/protobuf/descriptor.proto",
    "google/protobuf/duration.proto",
    "google/protobuf/empty.proto",
    "google/protobuf/field_mask.proto",
    "google/protobuf/source_context.proto",
    "google/protobuf/struct.proto",
    "google/protobuf/timestamp.proto",
    "google/protobuf/type.proto",
    "google/protobuf/wrappers.proto",
    "google/type/calendar_period.proto",
    "google/type/color.proto",
    "google/type/date.proto",
    "google/type/datetime.proto",
    "google/type/dayofweek.proto",
    "google/type/decimal.proto",
    "google/type/expr.proto",
    "google/type/fraction.proto",
    "google/type/interval.proto",
    "google/type/latlng.proto",
    "google/type/money.proto",
    "google/type/month.proto",
    "google/type/phone_number.proto",
    "google/type/postal_address.proto",
    "google/type/quaternion.proto",
    "google/type/timeofday.proto",
    "confluent/meta.proto",
    "confluent/type/decimal.proto",
    "confluent/type/variant.proto",
];

/// The bundled files, parsed.
#[derive(Debug)]
pub(super) struct Bundle {
    pub(super) files: Vec<Arc<File>>,
    pub(super) table: Table,
}

/// The place of a file by its import path.
pub(super) fn position(path: &str) -> Option<usize> {
    FILES.iter().position(|(known, _)| *known == path)
}

/// The bundled files. They are parsed once.
pub(super) fn bundle() -> &'static Bundle {
    static BUNDLE: LazyLock<Bundle> = LazyLock::new(|| {
        let file = |(path, text): &(&str, &str)| match super::parse::parse(text, &mut Memory::default()) {
            Ok(file) => Arc::new(file),
            Err(problem) => panic!("{path} is bundled and does not parse: {}", problem.message),
        };
        let files: Vec<Arc<File>> = FILES.iter().map(file).collect();
        let table =
            Table::of(files.iter().map(|file| &**file), None, &Work::unlimited()).expect("unlimited work does not end");
        Bundle { files, table }
    });
    &BUNDLE
}
