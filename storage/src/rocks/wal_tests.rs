//! Logs as byte arrays: whole, cut everywhere, flipped in every field, and as power failures leave them.

use super::*;

/// A record: a batch of one change with this number, of so many bytes.
pub(crate) fn batch(number: u64, bytes: usize) -> Vec<u8> {
    let mut state = number.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state as u8
    };
    let mut batch = number.to_le_bytes().to_vec();
    batch.extend(1_u32.to_le_bytes());
    batch.extend((BATCH_HEADER..bytes).map(|_| random()));
    batch
}

fn put_part(out: &mut Vec<u8>, kind: u8, bytes: &[u8]) {
    let typed = [&[kind], bytes].concat();
    out.extend(masked(crc32c::crc32c(&typed)).to_le_bytes());
    out.extend((bytes.len() as u16).to_le_bytes());
    out.extend(typed);
}

/// A log as RocksDB writes it, and where each of its parts begins.
fn written(records: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
    let (mut out, mut parts) = (Vec::new(), Vec::new());
    for record in records {
        let mut rest = record.as_slice();
        let mut first = true;
        while first || !rest.is_empty() {
            let room = BLOCK - out.len() % BLOCK;
            if room < HEADER {
                out.resize(out.len() + room, 0);
                continue;
            }
            let (bytes, left) = rest.split_at(rest.len().min(room - HEADER));
            let kind = match (first, left.is_empty()) {
                (true, true) => FULL,
                (true, false) => FIRST,
                (false, false) => MIDDLE,
                (false, true) => LAST,
            };
            parts.push(out.len());
            put_part(&mut out, kind, bytes);
            (rest, first) = (left, false);
        }
    }
    (out, parts)
}

pub(crate) fn log(records: &[Vec<u8>]) -> Vec<u8> {
    written(records).0
}

/// Records whose parts meet the ends of blocks in every way: many to a block, over two and three blocks, and such that a block
/// has room for a header alone, for less than one, or for nothing.
fn sample() -> Vec<Vec<u8>> {
    let mut records: Vec<Vec<u8>> = Vec::new();
    let add = |records: &mut Vec<Vec<u8>>, bytes| records.push(batch(10 + records.len() as u64, bytes));
    [100, 40_000, 13, 70_000, 50].into_iter().for_each(|bytes| add(&mut records, bytes));
    for room in [HEADER, 3, 0, HEADER + 5] {
        let left = BLOCK - log(&records).len() % BLOCK;
        add(&mut records, left - HEADER - room);
        add(&mut records, 200);
    }
    add(&mut records, 5000);
    records
}

/// The end of each record.
fn ends(records: &[Vec<u8>]) -> Vec<u64> {
    (0..=records.len()).map(|count| log(&records[..count]).len() as u64).collect()
}

fn read(bytes: &[u8]) -> Reading {
    super::read(&mut &*bytes, Kind::Log).unwrap()
}

#[test]
fn a_whole_log_has_no_flaw() {
    let records = sample();
    for count in 0..=records.len() {
        let bytes = log(&records[..count]);
        let found = read(&bytes);
        assert_eq!((found.end, found.records, found.flaw), (bytes.len() as u64, count as u64, None));
    }
}

#[test]
fn wherever_a_log_is_cut_it_is_whole_up_to_the_last_record_before() {
    let records = sample();
    let (bytes, ends) = (log(&records), ends(&records));
    let near = ends.iter().flat_map(|end| (0..20).map(move |by| (end + by).saturating_sub(9)));
    for cut in near.chain((0..bytes.len() as u64).step_by(4999)) {
        let cut = cut.min(bytes.len() as u64);
        let found = read(&bytes[..cut as usize]);
        let last = ends.iter().rposition(|end| *end <= cut).unwrap();
        assert_eq!((found.end, found.records), (ends[last], last as u64), "cut at {cut}");
        let filling = bytes[ends[last] as usize..cut as usize].iter().all(|byte| *byte == 0) && cut % BLOCK as u64 == 0;
        match found.flaw {
            None => assert!(cut == ends[last] || filling, "cut at {cut}"),
            Some(flaw) => assert_eq!(flaw.later, None, "cut at {cut}: {flaw:?}"),
        }
    }
}

#[test]
fn a_flipped_bit_is_found_and_so_is_what_was_written_later() {
    let records = sample();
    let ((bytes, parts), ends) = (written(&records), ends(&records));
    for (index, part) in parts.iter().enumerate() {
        let length = parts.get(index + 1).copied().unwrap_or(bytes.len()) - part;
        // The checksum, the length, the type, the bytes; not the filling.
        let fields = [0, 3, 4, 5, 6, 7, 8, length / 2, length.saturating_sub(8)];
        for field in fields.into_iter().filter(|field| *field < HEADER || *field + HEADER < length) {
            for bit in [0x01, 0x04, 0x80] {
                let mut flipped = bytes.clone();
                flipped[part + field] ^= bit;
                let found = read(&flipped);
                let record = ends.iter().rposition(|end| *end <= *part as u64).unwrap();
                let flaw = found.flaw.unwrap();
                let what = format!("part {index} at {part}, byte {field}, bit {bit}: {flaw:?}");
                assert_eq!((found.end, found.records, flaw.at), (ends[record], record as u64, *part as u64), "{what}");
                assert_eq!(flaw.later.is_some(), record + 1 < records.len(), "{what}");
                assert!(flaw.later.is_none_or(|later| ends.contains(&later) || later % BLOCK as u64 == 0), "{what}");
            }
        }
    }
}

/// A part whose type is flipped to that of a recycled log, over which RocksDB loops for ever.
#[test]
fn every_other_type_is_a_flaw_even_with_its_checksum() {
    for kind in [0, 5, 6, 7, 8, 9, 10, 11, 12, 130, 131, 255] {
        let mut bytes = log(&[batch(1, 100)]);
        let at = bytes.len() as u64;
        put_part(&mut bytes, kind, &batch(2, 100));
        let found = read(&bytes);
        assert_eq!(found.flaw, Some(Flaw { at, fault: Fault::Type(kind), later: None }));
    }
}

#[test]
fn parts_in_the_wrong_order_are_a_flaw() {
    #[track_caller]
    fn check(kinds: &[u8], flaw: Option<(usize, Fault, Option<usize>)>) {
        let mut bytes = Vec::new();
        let mut starts = Vec::new();
        for (index, kind) in kinds.iter().enumerate() {
            starts.push(bytes.len() as u64);
            put_part(&mut bytes, *kind, &batch(index as u64 + 1, 20));
        }
        let expected = flaw.map(|(at, fault, later)| Flaw { at: starts[at], fault, later: later.map(|at| starts[at]) });
        assert_eq!(read(&bytes).flaw, expected);
    }
    check(&[FULL, FULL], None);
    check(&[FULL, FIRST, MIDDLE, LAST, FULL], None);
    check(&[FULL, MIDDLE], Some((1, Fault::Order, None)));
    check(&[FULL, LAST, FULL], Some((1, Fault::Order, Some(2))));
    check(&[FULL, FIRST, FULL], Some((2, Fault::Order, Some(2))));
    check(&[FULL, FIRST], Some((1, Fault::Short, None)));
}

/// The length has grown, some pages of the last record are there, and the others are zeros.
#[test]
fn nothing_is_later_than_a_torn_last_record() {
    let mut records = sample();
    records.push(batch(99, 100_000));
    let (bytes, ends) = (log(&records), ends(&records));
    let begins = ends[records.len() - 1] as usize;
    let pages: Vec<_> = (begins.div_ceil(4096)..bytes.len() / 4096).collect();
    let check = |torn: &[u8], what: &str| {
        let found = read(torn);
        assert_eq!((found.end, found.flaw.unwrap().later), (begins as u64, None), "{what}");
    };
    for page in &pages {
        let mut torn = bytes.clone();
        torn[page * 4096..].fill(0);
        check(&torn, &format!("kept up to page {page}"));
        let mut torn = bytes.clone();
        torn[begins..page * 4096].fill(0);
        check(&torn, &format!("kept from page {page}"));
        let mut torn = bytes.clone();
        torn[page * 4096..(page + 1) * 4096].fill(0);
        check(&torn, &format!("without page {page}"));
    }
    let grown = [&bytes[..begins], &[0; 40_000]].concat();
    assert_eq!(read(&grown).flaw, Some(Flaw { at: begins as u64, fault: Fault::Zeros, later: None }));
    assert!((40_000..40_000 + BLOCK as u64).contains(&read(&grown).zeros));
}

/// Whoever registers a text that looks like a record does not thereby make a torn log a damaged one.
#[test]
fn a_text_that_looks_like_an_earlier_record_is_no_later_one() {
    let mut text = batch(50, 100);
    put_part(&mut text, FULL, &batch(7, 100));
    let records = [batch(40, 100), text];
    let mut bytes = log(&records);
    let at = log(&records[..1]).len();
    bytes[at] ^= 1;
    assert_eq!(read(&bytes).flaw, Some(Flaw { at: at as u64, fault: Fault::Checksum, later: None }));
}
