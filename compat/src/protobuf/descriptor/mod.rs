//! Serialised descriptors: a `FileDescriptorProto` in base64 as the text of a schema, and a schema as one.
//!
//! Options are decoded and encoded by the definitions of `descriptor.proto` and of the extensions that the file can see. Crates
//! with generated descriptors drop what they do not know, and with it the options that this is about.

mod read;
mod values;
mod wire;
mod write;

pub(super) use wire::varint;
pub(super) use write::write;

use super::Schema;
use super::model::File;
use crate::json::Memory;
use base64::Engine as _;
use base64::alphabet;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig};
use base64::engine::{DecodePaddingMode, general_purpose};

/// How many bytes of memory a byte of a descriptor may become, so that it is refused before it is built.
const BUILT: usize = 24;

/// The bytes of a text that is base64 and nothing else.
pub(super) fn decoded(text: &str) -> Option<Vec<u8>> {
    const ENGINE: GeneralPurpose = GeneralPurpose::new(
        &alphabet::STANDARD,
        GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    ENGINE.decode(text.trim()).ok().filter(|bytes| !bytes.is_empty())
}

/// Bytes as base64.
pub(super) fn encoded(bytes: &[u8]) -> String {
    general_purpose::STANDARD.encode(bytes)
}

/// Could a text be the base64 of what `write` makes? All of that begins alike, and what other programs make has names of files.
pub(super) fn may_be_written(text: &str) -> bool {
    text.starts_with(&encoded(write::BEGIN))
}

/// Why bytes are not taken as a file.
#[derive(Debug)]
pub(super) enum NoFile {
    /// They are no descriptor of a file, or one of a kind that is not supported.
    Other,
    /// In words.
    Refused(String),
}

impl From<wire::Malformed> for NoFile {
    fn from(_: wire::Malformed) -> Self {
        NoFile::Other
    }
}

/// The file that bytes describe, without its options: what they mean is known only once there is a schema.
///
/// # Errors
/// The bytes are no such descriptor, or exceed a bound.
pub(super) fn read(bytes: &[u8], memory: &mut Memory) -> Result<File, NoFile> {
    if memory.take(BUILT * bytes.len()).is_err() {
        return Err(NoFile::Refused(crate::json::full()));
    }
    read::file(bytes, None)
}

/// The file with its options, which are understood by the schema made without them.
///
/// # Errors
/// As `read`; or the work ended.
pub(super) fn read_options(
    bytes: &[u8],
    schema: &Schema,
    work: &crate::Work,
) -> Result<Result<File, NoFile>, crate::Spent> {
    let known = values::Known::of(schema, work)?;
    let file = read::file(bytes, Some(&known));
    work.check()?;
    Ok(file)
}
