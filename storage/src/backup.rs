//! A backup: one file with everything, taken from a snapshot while serving, verified when it is read.
//!
//! ```text
//! "FREEHOLD BACKUP\n"  format (4 bytes, little-endian)
//! T length text        each text once, ordered by key
//! R length record      the fewest records of the registry and the internal log that fold to the state (`state::compact`)
//! A length entry       the audit, as far as it is kept: number (8 bytes, big-endian), and the entry as the store holds it
//! E length trailer     numbers of texts and records, both positions, how far the audit is, time of the newest record
//! SHA-256 of all bytes before it
//! ```
//!
//! Lengths are 4 bytes, little-endian. Neither side holds more than one frame and one batch in memory. A restore folds the
//! records as the writer does; a mark that goes last makes a half restore unusable.

use crate::engine::Backend;
use crate::{AuditLog, Error, TextKey};
use model::{InternalRecord, Position, Record, RegistryRecord, Stamped};
use sha2::{Digest, Sha256};
use state::codec::bytes::{Codec, Input, Malformed, encode};
use state::codec::{key, record, text_key};
use state::compact::compact;
use state::kv::{self, Direction, Kv, KvMut, Overlay, Table};
use state::{audit, fold, query};
use std::io::{Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;

const MAGIC: &[u8; 16] = b"FREEHOLD BACKUP\n";
const FORMAT: u32 = 3;
/// The records were all that there ever were, as the log held them.
const WHOLE_LOGS: u32 = 2;
/// The same, and the audit was part of the internal log; the trailer says nothing of it.
const FORMER_FORMAT: u32 = 1;

const TEXT: u8 = b'T';
const RECORD: u8 = b'R';
const AUDIT: u8 = b'A';
const END: u8 = b'E';

/// No text or record is longer: a damaged length must not cost memory.
const LONGEST_FRAME: u32 = 256 << 20;
/// Bytes of changes after which a restore writes.
const BATCH: usize = 4 << 20;

#[derive(PartialEq, Eq, Debug, Default)]
struct Trailer {
    texts: u64,
    records: u64,
    position: Position,
    audit: AuditLog,
    /// When the newest record was written.
    at: i64,
}

impl Codec for Trailer {
    fn put(&self, out: &mut Vec<u8>) {
        [self.texts, self.records, self.position.registry, self.position.internal]
            .iter()
            .for_each(|number| number.put(out));
        self.audit.put(out);
        self.at.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self, Malformed> {
        Trailer::take(input, FORMAT)
    }
}

impl Trailer {
    fn take(input: &mut Input<'_>, format: u32) -> Result<Self, Malformed> {
        Ok(Trailer {
            texts: Codec::take(input)?,
            records: Codec::take(input)?,
            position: Position { registry: Codec::take(input)?, internal: Codec::take(input)? },
            audit: if format > FORMER_FORMAT { Codec::take(input)? } else { AuditLog::default() },
            at: if format > WHOLE_LOGS { Codec::take(input)? } else { 0 },
        })
    }

    fn read(format: u32, bytes: &[u8]) -> Result<Self, Error> {
        let mut input = Input(bytes);
        let trailer = Trailer::take(&mut input, format).and_then(|trailer| input.end().map(|()| trailer));
        trailer.map_err(|error| bad(error.0))
    }
}

/// Writes what a snapshot holds.
pub(crate) fn write(kv: &impl Kv, out: &mut dyn Write) -> Result<Position, Error> {
    let head = fold::head(kv)?;
    let mut out = Hashing { inner: out, hash: Sha256::new() };
    out.all(MAGIC)?;
    out.all(&FORMAT.to_le_bytes())?;
    let mut trailer = Trailer { position: head.position, audit: head.audit, at: head.at, ..Trailer::default() };

    let mut outcome = Ok(());
    kv.scan(Table::Texts, &kv::everything(), Direction::Up, &mut |_, text| {
        trailer.texts += 1;
        outcome = out.frame(TEXT, text);
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome?;

    let position;
    (trailer.records, position) = write_records(kv, &mut out)?;
    trailer.position.registry = trailer.position.registry.max(position.registry);
    trailer.position.internal = trailer.position.internal.max(position.internal);

    let mut outcome = Ok(());
    audit::each(kv, head.audit.first..head.audit.next, Direction::Up, &mut |entry| {
        outcome = out.frame(AUDIT, &audit::copied(&entry));
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome?;

    out.frame(END, &encode(&trailer))?;
    let hash = out.hash.finalize();
    out.inner.write_all(&hash).and_then(|()| out.inner.flush()).map_err(io)?;
    Ok(trailer.position)
}

/// Writes the records that the state comes to, and returns how many they are, in all and in each log. That may be more than were
/// folded: the order in which ids were given to one content takes records of its own.
fn write_records(kv: &impl Kv, out: &mut Hashing<&mut dyn Write>) -> Result<(u64, Position), Error> {
    let (mut next, mut count) = (Position::default(), 0);
    let empty: Arc<str> = "".into();
    let text = &mut |key: &TextKey| match kv.has(Table::Texts, &key.0)? {
        true => Ok(Arc::clone(&empty)),
        false => Err(Error::Corrupt("the text of a version is missing".to_owned())),
    };
    compact(kv, text, &mut |at, record| {
        let (log, text) = match &record {
            Record::Registry(RegistryRecord::Schema(schema)) => {
                (&mut next.registry, schema.hashes.map(|hashes| TextKey(hashes.text)))
            }
            Record::Registry(_) => (&mut next.registry, None),
            Record::Internal(_) | Record::Audit(_) => (&mut next.internal, None),
        };
        let stamped = Stamped { position: *log, at, record };
        *log += 1;
        out.frame(RECORD, &record::encode(count, &stamped, text))?;
        count += 1;
        Ok(())
    })?;
    Ok((count, next))
}

/// Reads a backup into an empty back end.
pub(crate) fn read<B: Backend>(backend: &B, input: &mut dyn Read) -> Result<Position, Error> {
    if fold::head(&backend.snapshot())?.feed.next != 0 {
        return Err(Error::NotEmpty);
    }
    let mut input = Hashing { inner: input, hash: Sha256::new() };
    let format = input.opening()?;
    mark(backend, true)?;

    let mut seen = Trailer::default();
    let (trailer, position) = 'batches: loop {
        let snapshot = backend.snapshot();
        let mut batch = Overlay::new(&snapshot);
        while batch.changes().bytes() < BATCH {
            let (kind, bytes) = input.frame()?;
            match kind {
                TEXT => {
                    let text = str::from_utf8(&bytes).map_err(|_| bad("a text is not UTF-8"))?;
                    batch.put(Table::Texts, text_key(text).0.to_vec(), bytes);
                    seen.texts += 1;
                }
                RECORD => {
                    restore_record(format, seen.records, &bytes, &mut batch)
                        .map_err(|error| bad(&error.to_string()))?;
                    seen.records += 1;
                }
                AUDIT => audit::take_copied(&bytes, &mut batch).map_err(|error| bad(&error.to_string()))?,
                END => {
                    let trailer = Trailer::read(format, &bytes)?;
                    let mut head = fold::head(&batch)?;
                    if format > FORMER_FORMAT && trailer.audit.first == trailer.audit.next {
                        // Everything is forgotten: only the end tells how far the audit is.
                        check(head.audit == AuditLog::default(), "it does not hold what its end says")?;
                        head.audit = trailer.audit;
                    }
                    (seen.position, seen.audit) = (head.position, head.audit);
                    if format > WHOLE_LOGS {
                        // Only the end tells of records of which nothing is left.
                        let Position { registry, internal } = trailer.position;
                        let is_behind = head.position.registry <= registry && head.position.internal <= internal;
                        check(is_behind && head.at <= trailer.at, "it does not hold what its end says")?;
                        (head.position, head.at) = (trailer.position, trailer.at);
                        (seen.position, seen.at) = (trailer.position, trailer.at);
                    }
                    fold::set_head(&head, &mut batch);
                    let changes = batch.into_changes();
                    drop(snapshot);
                    backend.write(changes)?;
                    break 'batches (trailer, head.position);
                }
                _ => return Err(bad("a part of unknown kind")),
            }
        }
        let changes = batch.into_changes();
        drop(snapshot);
        backend.write(changes)?;
    };
    if format == FORMER_FORMAT {
        seen.audit = trailer.audit;
    }
    check(trailer == seen, "it does not hold what its end says")?;
    input.closing()?;
    mark(backend, false)?;
    Ok(position)
}

/// Folds a record as the writer does.
fn restore_record(format: u32, sequence: u64, bytes: &[u8], batch: &mut Overlay<impl Kv>) -> Result<(), Error> {
    if format == FORMER_FORMAT
        && let Some((position, at, change)) = record::former_audit(sequence, bytes)?
    {
        let vacant = Record::Internal(InternalRecord::Vacant);
        fold::append(&Stamped { position, at, record: vacant }, batch)?;
        return audit::take_former(at, &change, batch);
    }
    let stamped = record::decode(sequence, bytes, |key| query::text(batch, key))?;
    fold::append(&stamped, batch)
}

/// What a backup holds.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Contents {
    /// Different schema texts.
    pub texts: u64,
    /// Records of the registry and the internal log.
    pub records: u64,
    /// Entries of the audit.
    pub audit: u64,
    /// The position after the last of them.
    pub position: Position,
}

/// Reads a backup to its end and checks that it is whole, without restoring it.
///
/// # Errors
/// `Backup`, saying what is wrong.
pub fn verify(input: &mut dyn Read) -> Result<Contents, Error> {
    let mut input = Hashing { inner: input, hash: Sha256::new() };
    let format = input.opening()?;
    let mut seen = Trailer::default();
    let mut entries = 0;
    let trailer: Trailer = loop {
        let (kind, bytes) = input.frame()?;
        match kind {
            TEXT => seen.texts += 1,
            RECORD => seen.records += 1,
            AUDIT => entries += 1,
            END => break Trailer::read(format, &bytes)?,
            _ => return Err(bad("a part of unknown kind")),
        }
    };
    let kept = trailer.audit.next - trailer.audit.first;
    let whole = (trailer.texts, trailer.records, kept) == (seen.texts, seen.records, entries);
    check(whole, "it does not hold what its end says")?;
    input.closing()?;
    Ok(Contents { texts: trailer.texts, records: trailer.records, audit: entries, position: trailer.position })
}

/// Sets or removes the mark of a restore that is not finished.
fn mark<B: Backend>(backend: &B, restoring: bool) -> Result<(), Error> {
    let snapshot = backend.snapshot();
    let mut overlay = Overlay::new(&snapshot);
    match restoring {
        true => overlay.put(Table::Meta, key::RESTORING.to_vec(), Vec::new()),
        false => overlay.delete(Table::Meta, key::RESTORING.to_vec()),
    }
    backend.write(overlay.into_changes())
}

fn bad(why: &str) -> Error {
    Error::Backup(why.to_owned())
}

fn check(holds: bool, why: &str) -> Result<(), Error> {
    if holds { Ok(()) } else { Err(bad(why)) }
}

fn io(error: std::io::Error) -> Error {
    Error::Backup(error.to_string())
}

/// Bytes that are hashed on their way.
struct Hashing<S> {
    inner: S,
    hash: Sha256,
}

impl Hashing<&mut dyn Write> {
    fn all(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.hash.update(bytes);
        self.inner.write_all(bytes).map_err(io)
    }

    fn frame(&mut self, kind: u8, bytes: &[u8]) -> Result<(), Error> {
        let length = u32::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST_FRAME);
        let length = length.ok_or_else(|| bad("a text or record is too long for a backup"))?;
        self.all(&[kind])?;
        self.all(&length.to_le_bytes())?;
        self.all(bytes)
    }
}

impl Hashing<&mut dyn Read> {
    /// The format of what follows.
    fn opening(&mut self) -> Result<u32, Error> {
        check(&self.array::<16>()? == MAGIC, "it is not a backup of this registry")?;
        let format = u32::from_le_bytes(self.array()?);
        let known = (FORMER_FORMAT..=FORMAT).contains(&format);
        check(known, &format!("it has format {format}, and this release reads formats {FORMER_FORMAT} to {FORMAT}"))?;
        Ok(format)
    }

    fn closing(&mut self) -> Result<(), Error> {
        let hash: [u8; 32] = self.hash.clone().finalize().into();
        check(self.array::<32>()? == hash, "its checksum does not match")?;
        check(self.at_end()?, "there are bytes after its end")
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Error> {
        let mut bytes = [0; N];
        self.inner.read_exact(&mut bytes).map_err(broken_off)?;
        self.hash.update(bytes);
        Ok(bytes)
    }

    fn frame(&mut self) -> Result<(u8, Vec<u8>), Error> {
        let [kind] = self.array()?;
        let length = u32::from_le_bytes(self.array()?);
        check(length <= LONGEST_FRAME, "a part is longer than any that is written")?;
        // Grows with what is really there, not with what the length claims.
        let mut bytes = Vec::new();
        (&mut self.inner).take(u64::from(length)).read_to_end(&mut bytes).map_err(io)?;
        check(bytes.len() == length as usize, "it is broken off")?;
        self.hash.update(&bytes);
        Ok((kind, bytes))
    }

    fn at_end(&mut self) -> Result<bool, Error> {
        Ok(self.inner.read(&mut [0]).map_err(io)? == 0)
    }
}

fn broken_off(error: std::io::Error) -> Error {
    match error.kind() {
        std::io::ErrorKind::UnexpectedEof => bad("it is broken off"),
        _ => io(error),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::MemoryState;
    use crate::memory::Memory;
    use state::contract::records::schema;
    use state::log;

    /// A back end that is empty, and a backup that holds one version, of which only the end is changed.
    #[track_caller]
    fn check(end: Trailer, expected: Result<Position, &str>) {
        let mut state = MemoryState::default();
        state.fold([schema("s", 1, 1, "a")], 0).unwrap();
        let mut file = Vec::new();
        write(&state.kv, &mut file).unwrap();
        let hashed = file.len() - 32 - encode(&Trailer { texts: 1, records: 1, ..end }).len() - 5;
        file.truncate(hashed);
        let mut out = Hashing { inner: &mut Vec::new() as &mut dyn Write, hash: Sha256::new() };
        out.all(&file).unwrap();
        let mut rest: Vec<u8> = Vec::new();
        let mut tail = Hashing { inner: &mut rest as &mut dyn Write, hash: out.hash };
        tail.frame(END, &encode(&end)).unwrap();
        let hash = tail.hash.finalize();
        file.extend(rest);
        file.extend(hash);
        assert_eq!(read(&Memory::default(), &mut file.as_slice()), expected.map_err(bad));
    }

    #[test]
    fn the_end_of_a_backup_says_what_is_in_it() {
        let position = Position { registry: 1, internal: 0 };
        let end = |texts, records| Trailer { texts, records, position, ..Trailer::default() };
        check(end(1, 1), Ok(position));
        check(end(1, 2), Err("it does not hold what its end says"));
        check(end(0, 1), Err("it does not hold what its end says"));
        // Of five records in the log the state came to one.
        let further = Position { registry: 5, internal: 3 };
        check(Trailer { position: further, ..end(1, 1) }, Ok(further));
        check(Trailer { position: Position::default(), ..end(1, 1) }, Err("it does not hold what its end says"));
    }

    /// A backup of a former format: all records of the log, as it holds them.
    fn of_format(format: u32, kv: &impl Kv) -> Vec<u8> {
        let head = fold::head(kv).unwrap();
        let mut file = Vec::new();
        let mut out = Hashing { inner: &mut file as &mut dyn Write, hash: Sha256::new() };
        out.all(MAGIC).unwrap();
        out.all(&format.to_le_bytes()).unwrap();
        let mut texts = 0;
        kv.scan(Table::Texts, &kv::everything(), Direction::Up, &mut |_, text| {
            texts += 1;
            out.frame(TEXT, text).unwrap();
            ControlFlow::Continue(())
        })
        .unwrap();
        for (_, bytes) in log::raw(kv, 0, head.feed.next).unwrap() {
            out.frame(RECORD, &bytes).unwrap();
        }
        let numbers = [texts, head.feed.next, head.position.registry, head.position.internal];
        let mut end: Vec<u8> = numbers.iter().flat_map(encode).collect();
        if format == WHOLE_LOGS {
            head.audit.put(&mut end);
        }
        out.frame(END, &end).unwrap();
        let hash = out.hash.finalize();
        file.extend(hash);
        file
    }

    #[test]
    fn a_backup_of_format_2_is_restored_with_its_whole_log() {
        let kv = crate::former::tests::without_audit();
        let file = of_format(WHOLE_LOGS, &kv);
        let head = fold::head(&kv).unwrap();
        assert_eq!(verify(&mut file.as_slice()).unwrap().records, head.feed.next);
        let backend = Memory::default();
        assert_eq!(read(&backend, &mut file.as_slice()), Ok(head.position));
        let restored = fold::head(&backend.snapshot()).unwrap();
        assert_eq!((restored.position, restored.feed, restored.totals), (head.position, head.feed, head.totals));
    }

    #[test]
    fn a_backup_of_format_1_is_restored_with_its_audit() {
        let kv = crate::former::tests::former();
        let file = of_format(FORMER_FORMAT, &kv);
        let head = fold::head(&kv).unwrap();

        assert_eq!(verify(&mut file.as_slice()).unwrap().records, head.feed.next);
        let backend = Memory::default();
        assert_eq!(read(&backend, &mut file.as_slice()), Ok(head.position));
        let restored = fold::head(&backend.snapshot()).unwrap();
        assert_eq!((restored.position, restored.totals), (head.position, head.totals));
        // A backup has no other note of what was forgotten than the times in it.
        let mut names = Vec::new();
        audit::each(&backend.snapshot(), 0..u64::MAX, Direction::Up, &mut |entry| {
            names.push(entry.record.name);
            ControlFlow::Continue(())
        })
        .unwrap();
        assert_eq!(names, ["payments-value", ""]);
    }
}
