//! A write-ahead log, read by RocksDB's format (`log_format.h`), before RocksDB sees it: how far it is whole, and whether
//! anything whole comes after that.
//!
//! A file is blocks of 32 KiB, of which the last may be shorter. A block is parts: a masked CRC-32C, two bytes of length, a
//! type, and the bytes; fewer than seven bytes at its end are filling. A record is one part of type 1, or a first one (2), any
//! number of middle ones (3) and a last one (4). Other types are written only with settings that we do not use. The manifest has
//! the same format.
//!
//! RocksDB's own reader is not enough: it takes a flipped length near the end for the end, and never returns from a type that
//! was flipped to that of a recycled log.

use std::io::{self, Read};

/// Bytes of a block.
pub(super) const BLOCK: usize = 32 << 10;
/// Bytes before those of a part.
pub(super) const HEADER: usize = 7;
/// Bytes of a batch of changes before its changes: the number of the first one, and how many.
const BATCH_HEADER: usize = 12;
/// No change has a larger number.
const LARGEST_NUMBER: u64 = (1 << 56) - 1;

const FULL: u8 = 1;
const FIRST: u8 = 2;
const MIDDLE: u8 = 3;
const LAST: u8 = 4;

/// What the records of a file are.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Kind {
    /// Batches of changes, numbered upwards.
    Log,
    /// Changes of the set of files.
    Manifest,
}

/// What a file holds.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Reading {
    /// Bytes up to the end of the last record before which all are whole.
    pub end: u64,
    /// Records up to there.
    pub records: u64,
    /// What is wrong there, if the file goes on.
    pub flaw: Option<Flaw>,
    /// Bytes of zeros at the end of the file, up to a block.
    pub zeros: u64,
}

/// The first thing that is not as it was written.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Flaw {
    /// The byte of the file at which the part begins.
    pub at: u64,
    /// What is wrong with it.
    pub fault: Fault,
    /// The byte at which a record begins that is well and was written later.
    pub later: Option<u64>,
}

/// What is wrong with a part of a record.
#[derive(Clone, Copy, PartialEq, Eq, Debug, thiserror::Error)]
pub(super) enum Fault {
    #[error("the file ends within a record")]
    Short,
    #[error("there are zeros where a record should be")]
    Zeros,
    #[error("a record is longer than its block")]
    Long,
    #[error("the checksum of a record does not match")]
    Checksum,
    #[error("a record has the type {0}, which is never written")]
    Type(u8),
    #[error("a record lacks its beginning or its end")]
    Order,
}

/// Reads a file to its end, one block at a time.
///
/// # Errors
/// Those of reading.
pub(super) fn read(input: &mut impl Read, kind: Kind) -> io::Result<Reading> {
    let mut walk =
        Walk { kind, reading: Reading { end: 0, records: 0, flaw: None, zeros: 0 }, begun: None, number: None };
    let mut block = Vec::with_capacity(BLOCK);
    let mut base = 0;
    loop {
        block.clear();
        input.by_ref().take(BLOCK as u64).read_to_end(&mut block)?;
        walk.block(base, &block);
        base += block.len() as u64;
        if block.len() < BLOCK {
            return Ok(walk.finish(base));
        }
    }
}

struct Part<'a> {
    kind: u8,
    bytes: &'a [u8],
}

/// The part at the beginning of what is left of a block. `last`: the file ends with it.
fn part(rest: &[u8], last: bool) -> Result<Part<'_>, Fault> {
    let Some((header, bytes)) = rest.split_at_checked(HEADER) else { return Err(Fault::Short) };
    let crc = u32::from_le_bytes([header[0], header[1], header[2], header[3]]);
    let length = usize::from(u16::from_le_bytes([header[4], header[5]]));
    let kind = header[6];
    if kind == 0 && length == 0 {
        return Err(Fault::Zeros);
    }
    let Some(bytes) = bytes.get(..length) else { return Err(if last { Fault::Short } else { Fault::Long }) };
    if masked(crc32c::crc32c(&rest[HEADER - 1..HEADER + length])) != crc {
        return Err(Fault::Checksum);
    }
    match kind {
        FULL..=LAST => Ok(Part { kind, bytes }),
        other => Err(Fault::Type(other)),
    }
}

/// A checksum as it is stored: the checksum of bytes that hold checksums is no good one.
pub(super) fn masked(crc: u32) -> u32 {
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

struct Walk {
    kind: Kind,
    reading: Reading,
    /// Where a record began whose last part is yet to come, and its first bytes.
    begun: Option<(u64, Vec<u8>)>,
    /// The number of the last whole batch.
    number: Option<u64>,
}

impl Walk {
    fn block(&mut self, base: u64, block: &[u8]) {
        let zeros = block.iter().rev().take_while(|byte| **byte == 0).count() as u64;
        self.reading.zeros = if zeros == block.len() as u64 { self.reading.zeros.saturating_add(zeros) } else { zeros };
        match &mut self.reading.flaw {
            None => self.follow(base, block),
            Some(flaw) if flaw.later.is_none() => self.search(base, block, 0),
            Some(_) => {}
        }
    }

    /// Reads the parts of a block up to the first flaw.
    fn follow(&mut self, base: u64, block: &[u8]) {
        let last = block.len() < BLOCK;
        let mut at = 0;
        while block.len() - at >= HEADER || last && at < block.len() {
            let begins = base + at as u64;
            let fault = match part(&block[at..], last) {
                Ok(part) => match self.take(begins, &part) {
                    Ok(()) => {
                        at += HEADER + part.bytes.len();
                        continue;
                    }
                    Err(fault) => fault,
                },
                Err(fault) => fault,
            };
            self.reading.flaw = Some(Flaw { at: begins, fault, later: None });
            self.search(base, block, at);
            return;
        }
    }

    fn take(&mut self, at: u64, part: &Part<'_>) -> Result<(), Fault> {
        let end = at + (HEADER + part.bytes.len()) as u64;
        match (part.kind, &mut self.begun) {
            (FULL, None) => self.whole(end, part.bytes),
            (FIRST, None) => self.begun = Some((at, part.bytes[..part.bytes.len().min(BATCH_HEADER)].to_vec())),
            (MIDDLE | LAST, Some((_, beginning))) => {
                let missing = BATCH_HEADER - beginning.len();
                beginning.extend(part.bytes.iter().take(missing));
                if part.kind == LAST {
                    let beginning = std::mem::take(beginning);
                    self.begun = None;
                    self.whole(end, &beginning);
                }
            }
            _ => return Err(Fault::Order),
        }
        Ok(())
    }

    fn whole(&mut self, end: u64, bytes: &[u8]) {
        self.reading.end = end;
        self.reading.records += 1;
        self.number = number(bytes).or(self.number);
    }

    /// Looks for a record that begins in the rest of a block behind a flaw, at any byte: where the length is wrong, nothing
    /// says where the next one begins.
    fn search(&mut self, base: u64, block: &[u8], from: usize) {
        let found = (from..block.len()).find(|&at| self.begins(block, at));
        if let (Some(flaw), Some(at)) = (&mut self.reading.flaw, found) {
            flaw.later = Some(base + at as u64);
        }
    }

    /// Does a later record begin at this byte of a block? The checksum comes last: it is the costly one.
    fn begins(&self, block: &[u8], at: usize) -> bool {
        let rest = &block[at..];
        let Some(&kind) = rest.get(HEADER - 1) else { return false };
        (kind == FULL || kind == FIRST)
            && self.follows(&rest[HEADER..])
            && part(rest, false).is_ok_and(|part| {
                // More of a first part is in the next block, so it fills this one.
                kind == FULL || at + HEADER + part.bytes.len() == BLOCK
            })
    }

    /// Can these be the first bytes of a later record? A text that somebody stored is none, whatever it looks like.
    fn follows(&self, bytes: &[u8]) -> bool {
        let later = |number| self.number.is_none_or(|last| number > last) && number <= LARGEST_NUMBER;
        self.kind == Kind::Manifest || number(bytes).is_none_or(later)
    }

    fn finish(mut self, length: u64) -> Reading {
        if let (None, Some((at, _))) = (&self.reading.flaw, &self.begun) {
            self.reading.flaw = Some(Flaw { at: *at, fault: Fault::Short, later: None });
        }
        self.reading.zeros = self.reading.zeros.min(length);
        self.reading
    }
}

/// The number of the first change of a batch, if so many bytes are there.
fn number(bytes: &[u8]) -> Option<u64> {
    bytes.first_chunk().map(|bytes| u64::from_le_bytes(*bytes))
}

#[cfg(test)]
#[path = "wal_tests.rs"]
pub(super) mod tests;
