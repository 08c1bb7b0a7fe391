//! The alphabet of everything on disk: varints, length-prefixed texts, options, lists.
//!
//! Reading never trusts a length: nothing is reserved by a claimed count, and every element costs at least one byte of input,
//! so the work is bounded by the input's length. Anything that the writer would not have written is `Malformed`.

use std::collections::{BTreeMap, BTreeSet};

/// Why bytes could not be read.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0}")]
pub struct Malformed(pub &'static str);

impl From<Malformed> for crate::Error {
    fn from(malformed: Malformed) -> Self {
        crate::Error::Corrupt(malformed.0.to_owned())
    }
}

type Result<T> = std::result::Result<T, Malformed>;

/// A value with one form in bytes.
pub trait Codec: Sized {
    /// Appends its bytes.
    fn put(&self, out: &mut Vec<u8>);
    /// Takes one from the front.
    ///
    /// # Errors
    /// `Malformed` where the bytes are not what `put` writes.
    fn take(input: &mut Input<'_>) -> Result<Self>;
}

/// Bytes that remain to be read.
pub struct Input<'a>(pub &'a [u8]);

impl<'a> Input<'a> {
    /// So many bytes.
    ///
    /// # Errors
    /// `Malformed` when there are fewer.
    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8]> {
        let (head, rest) = self.0.split_at_checked(count).ok_or(Malformed("bytes are missing at the end"))?;
        self.0 = rest;
        Ok(head)
    }

    /// The same, when their number is known.
    ///
    /// # Errors
    /// As `bytes`.
    pub fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (head, rest) = self.0.split_first_chunk().ok_or(Malformed("bytes are missing at the end"))?;
        self.0 = rest;
        Ok(*head)
    }

    /// One byte.
    ///
    /// # Errors
    /// As `bytes`.
    pub fn byte(&mut self) -> Result<u8> {
        Ok(self.array::<1>()?[0])
    }

    /// A text behind its length in bytes.
    ///
    /// # Errors
    /// As `bytes`, and for what is no UTF-8.
    pub fn text(&mut self) -> Result<&'a str> {
        let length = usize::try_from(u64::take(self)?).map_err(|_| Malformed("a length is out of range"))?;
        std::str::from_utf8(self.bytes(length)?).map_err(|_| Malformed("a text is not UTF-8"))
    }

    /// Checks that nothing remains.
    ///
    /// # Errors
    /// `Malformed` when something does.
    pub fn end(&self) -> Result<()> {
        if self.0.is_empty() { Ok(()) } else { Err(Malformed("there are bytes after the end")) }
    }
}

/// Reads one value that fills the bytes.
///
/// # Errors
/// `Malformed` when it does not, or is not what `encode` writes.
pub fn decode<T: Codec>(bytes: &[u8]) -> Result<T> {
    let mut input = Input(bytes);
    let value = T::take(&mut input)?;
    input.end()?;
    Ok(value)
}

/// The bytes of a value.
pub fn encode<T: Codec>(value: &T) -> Vec<u8> {
    let mut out = Vec::new();
    value.put(&mut out);
    out
}

/// Appends a text and before it its length in bytes.
pub fn put_text(text: &str, out: &mut Vec<u8>) {
    (text.len() as u64).put(out);
    out.extend_from_slice(text.as_bytes());
}

/// Little groups of seven bits, the lowest first.
impl Codec for u64 {
    fn put(&self, out: &mut Vec<u8>) {
        let mut rest = *self;
        while rest >= 0x80 {
            out.push(rest as u8 | 0x80);
            rest >>= 7;
        }
        out.push(rest as u8);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        let mut value = 0u64;
        for shift in (0..64).step_by(7) {
            let byte = input.byte()?;
            if shift == 63 && byte > 1 {
                break;
            }
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(Malformed("a number is too long"))
    }
}

/// Zigzag, so that small negative numbers are short.
impl Codec for i64 {
    fn put(&self, out: &mut Vec<u8>) {
        ((*self << 1 ^ *self >> 63) as u64).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        let raw = u64::take(input)?;
        Ok((raw >> 1) as i64 ^ -((raw & 1) as i64))
    }
}

impl Codec for i32 {
    fn put(&self, out: &mut Vec<u8>) {
        i64::from(*self).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        i64::take(input)?.try_into().map_err(|_| Malformed("a number is out of range"))
    }
}

impl Codec for u32 {
    fn put(&self, out: &mut Vec<u8>) {
        u64::from(*self).put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        u64::take(input)?.try_into().map_err(|_| Malformed("a number is out of range"))
    }
}

impl Codec for bool {
    fn put(&self, out: &mut Vec<u8>) {
        out.push(u8::from(*self));
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        match input.byte()? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed("a flag is neither 0 nor 1")),
        }
    }
}

impl Codec for String {
    fn put(&self, out: &mut Vec<u8>) {
        put_text(self, out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(input.text()?.to_owned())
    }
}

impl<const N: usize> Codec for [u8; N] {
    fn put(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        input.array()
    }
}

impl<T: Codec> Codec for Option<T> {
    fn put(&self, out: &mut Vec<u8>) {
        self.is_some().put(out);
        if let Some(value) = self {
            value.put(out);
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        bool::take(input)?.then(|| T::take(input)).transpose()
    }
}

impl<A: Codec, B: Codec> Codec for (A, B) {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
        self.1.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok((A::take(input)?, B::take(input)?))
    }
}

impl<T: Codec> Codec for Vec<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        list(input)
    }
}

impl<T: Codec + Ord> Codec for BTreeSet<T> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        self.iter().for_each(|item| item.put(out));
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        list(input)
    }
}

impl<K: Codec + Ord, V: Codec> Codec for BTreeMap<K, V> {
    fn put(&self, out: &mut Vec<u8>) {
        (self.len() as u64).put(out);
        for (key, value) in self {
            key.put(out);
            value.put(out);
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        list(input)
    }
}

fn list<T: Codec, C: FromIterator<T>>(input: &mut Input<'_>) -> Result<C> {
    let count = u64::take(input)?;
    (0..count).map(|_| T::take(input)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_one_form_at_every_length() {
        #[track_caller]
        fn check<T: Codec + PartialEq + std::fmt::Debug>(value: T, bytes: &[u8]) {
            assert_eq!(encode(&value), bytes);
            assert_eq!(decode::<T>(bytes), Ok(value));
        }
        check(0u64, &[0]);
        check(127u64, &[0x7f]);
        check(128u64, &[0x80, 1]);
        check(u64::MAX, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        check(-1i32, &[1]);
        check(1i32, &[2]);
        check(i32::MIN, &[255, 255, 255, 255, 15]);
        check(i64::MIN, &[255, 255, 255, 255, 255, 255, 255, 255, 255, 1]);
        check("é".to_owned(), &[2, 0xc3, 0xa9]);
        check(Some(true), &[1, 1]);
        check(vec![1u32, 2], &[2, 1, 2]);
    }

    #[test]
    fn what_nobody_wrote_is_refused() {
        #[track_caller]
        fn check<T: Codec + PartialEq + std::fmt::Debug>(bytes: &[u8], why: &'static str) {
            assert_eq!(decode::<T>(bytes), Err(Malformed(why)));
        }
        check::<u64>(&[0x80], "bytes are missing at the end");
        check::<u64>(&[255; 11], "a number is too long");
        check::<u64>(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 2], "a number is too long");
        check::<u64>(&[1, 1], "there are bytes after the end");
        check::<u32>(&[255, 255, 255, 255, 255, 1], "a number is out of range");
        check::<String>(&[200, 1, b'x'], "bytes are missing at the end");
        check::<String>(&[1, 0xff], "a text is not UTF-8");
        check::<bool>(&[2], "a flag is neither 0 nor 1");
        check::<Vec<bool>>(&[255, 255, 255, 255, 255, 255, 255, 255, 255, 1, 1], "bytes are missing at the end");
    }
}
