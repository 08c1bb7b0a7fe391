//! What Kafka clients write in front of a serialised value, or alone into a header of its record: which schema it is of.

use crate::{Guid, SchemaId};

/// What names the schema of a value.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Written {
    /// Its id: a zero byte and four bytes, the highest first.
    Id(SchemaId),
    /// Its GUID: a byte 1 and sixteen bytes. Newer clients write it into a header.
    Guid(Guid),
}

/// What a value begins with, and what comes after it; `None` where it begins with neither. Any bytes may begin so by chance.
pub fn read(bytes: &[u8]) -> Option<(Written, &[u8])> {
    let (magic, rest) = bytes.split_first()?;
    match magic {
        0 => rest.split_first_chunk().map(|(id, rest)| (Written::Id(SchemaId::from_be_bytes(*id)), rest)),
        1 => rest.split_first_chunk().map(|(guid, rest)| (Written::Guid(Guid(*guid)), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_says_of_which_schema_it_is() {
        assert_eq!(read(&[0, 0, 0, 1, 2, 7, 8]), Some((Written::Id(258), &[7, 8][..])));
        assert_eq!(read(&[0, 0, 0, 0, 1]), Some((Written::Id(1), &[][..])));
        let guid = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16];
        assert_eq!(read(&[&[1], &guid[..], &[9]].concat()), Some((Written::Guid(Guid(guid)), &[9][..])));
        for neither in [&[][..], &[0, 0, 0, 1], &[1, 2, 3], &[2, 0, 0, 0, 1]] {
            assert_eq!(read(neither), None, "{neither:?}");
        }
    }
}
