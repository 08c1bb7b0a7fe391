//! Protobuf's own encoding, as far as descriptors need it: fields one after the other, in and out.

/// The bytes are no message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

/// A value as it stands on the wire.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Raw<'b> {
    Varint(u64),
    Fixed64(u64),
    Bytes(&'b [u8]),
    Fixed32(u32),
}

impl<'b> Raw<'b> {
    pub(super) fn bytes(self) -> Result<&'b [u8], Malformed> {
        if let Raw::Bytes(bytes) = self { Ok(bytes) } else { Err(Malformed) }
    }

    pub(super) fn text(self) -> Result<&'b str, Malformed> {
        std::str::from_utf8(self.bytes()?).map_err(|_| Malformed)
    }

    pub(super) fn varint(self) -> Result<u64, Malformed> {
        if let Raw::Varint(number) = self { Ok(number) } else { Err(Malformed) }
    }

    /// An `int32` or an enum: what does not fit is cut, as every reader does.
    pub(super) fn int32(self) -> Result<i32, Malformed> {
        self.varint().map(|number| number as u32 as i32)
    }
}

/// The fields of a message: tags and values.
pub(super) struct Fields<'b> {
    rest: &'b [u8],
}

impl<'b> Fields<'b> {
    pub(super) fn of(bytes: &'b [u8]) -> Self {
        Fields { rest: bytes }
    }

    fn varint(&mut self) -> Result<u64, Malformed> {
        let (number, length) = varint(self.rest).ok_or(Malformed)?;
        self.rest = &self.rest[length..];
        Ok(number)
    }

    fn take(&mut self, length: usize) -> Result<&'b [u8], Malformed> {
        let (taken, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(taken)
    }

    fn field(&mut self) -> Result<(i32, Raw<'b>), Malformed> {
        let key = self.varint()?;
        let tag = i32::try_from(key >> 3).ok().filter(|tag| *tag > 0).ok_or(Malformed)?;
        let value = match key & 7 {
            0 => Raw::Varint(self.varint()?),
            1 => Raw::Fixed64(u64::from_le_bytes(self.take(8)?.try_into().map_err(|_| Malformed)?)),
            2 => {
                let length = usize::try_from(self.varint()?).map_err(|_| Malformed)?;
                Raw::Bytes(self.take(length)?)
            }
            5 => Raw::Fixed32(u32::from_le_bytes(self.take(4)?.try_into().map_err(|_| Malformed)?)),
            _ => return Err(Malformed),
        };
        Ok((tag, value))
    }
}

impl<'b> Iterator for Fields<'b> {
    type Item = Result<(i32, Raw<'b>), Malformed>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.field();
        if field.is_err() {
            self.rest = &[];
        }
        Some(field)
    }
}

/// A number at the beginning, and how many bytes it takes.
pub(in crate::protobuf) fn varint(bytes: &[u8]) -> Option<(u64, usize)> {
    let mut number = 0u64;
    for (at, &byte) in bytes.iter().enumerate().take(10) {
        number |= u64::from(byte & 0x7f) << (7 * at);
        if byte < 0x80 {
            return Some((number, at + 1));
        }
    }
    None
}

/// A message being written.
#[derive(Default)]
pub(super) struct Out(pub(super) Vec<u8>);

impl Out {
    fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.0.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.0.push(number as u8);
    }

    fn key(&mut self, tag: i32, kind: u64) {
        self.number(u64::from(tag.unsigned_abs()) << 3 | kind);
    }

    pub(super) fn varint(&mut self, tag: i32, number: u64) {
        self.key(tag, 0);
        self.number(number);
    }

    /// A signed number, as `int32` is written.
    pub(super) fn int32(&mut self, tag: i32, number: i32) {
        self.varint(tag, i64::from(number) as u64);
    }

    pub(super) fn bytes(&mut self, tag: i32, bytes: &[u8]) {
        self.key(tag, 2);
        self.number(bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }

    pub(super) fn text(&mut self, tag: i32, text: &str) {
        self.bytes(tag, text.as_bytes());
    }

    pub(super) fn message(&mut self, tag: i32, message: &Out) {
        self.bytes(tag, &message.0);
    }

    pub(super) fn fixed64(&mut self, tag: i32, bits: u64) {
        self.key(tag, 1);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }

    pub(super) fn fixed32(&mut self, tag: i32, bits: u32) {
        self.key(tag, 5);
        self.0.extend_from_slice(&bits.to_le_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_read() {
        let mut out = Out::default();
        out.int32(1, -1);
        out.text(2, "é");
        out.fixed64(3, 7);
        out.fixed32(536_870_911, 9);
        let fields: Vec<_> = Fields::of(&out.0).collect();
        assert_eq!(
            fields,
            [
                Ok((1, Raw::Varint(u64::MAX))),
                Ok((2, Raw::Bytes("é".as_bytes()))),
                Ok((3, Raw::Fixed64(7))),
                Ok((536_870_911, Raw::Fixed32(9))),
            ]
        );
    }

    #[test]
    fn what_is_cut_or_no_message_is_malformed() {
        for bytes in [&[0x0a, 2, 0][..], &[0x08], &[0x0b], &[0x00, 1], &[0x08, 0xff], &[0x09, 1, 2]] {
            assert!(Fields::of(bytes).any(|field| field == Err(Malformed)), "{bytes:?}");
        }
    }
}
