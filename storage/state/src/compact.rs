//! The fewest records that fold to a state: what a backup holds, and what remains of a log once what it says is known.
//!
//! They come in an order in which each is folded to what is there: a version that was rewritten comes once, a subject that was
//! deleted as versions that are. Times are those that the state keeps; what has none gets the time of the newest record. Of an id
//! that no version holds any more the log of the registry says nothing; that it was handed out is then in the internal log
//! (`HighWater`), where it would have been noted anyway.

use crate::codec::bytes::{Malformed, decode};
use crate::codec::key::{self, Range};
use crate::codec::value;
use crate::kv::{Direction, Kv, Table, edge};
use crate::{Error, StoredVersion, TextKey, fold, query};
use model::{
    Config, Content, Context, Guid, Hashes, InternalRecord, Mode, Record, RegistryRecord, SchemaId, SchemaRecord,
};
use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::Arc;

/// Takes the records, each with its time in milliseconds since 1970.
pub type Sink<'a> = dyn FnMut(i64, Record) -> Result<(), Error> + 'a;

/// Hands over the records of the registry and the internal log that a state comes to. `text` fetches the text of a schema record,
/// whose `Hashes` name it in any case.
///
/// # Errors
/// `Corrupt`, those of reading, of `text` and of the sink.
pub fn compact(
    kv: &(impl Kv + ?Sized),
    text: &mut dyn FnMut(&TextKey) -> Result<Arc<str>, Error>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    let at = fold::head(kv)?.at;
    each(
        kv,
        &key::contexts(),
        |key, _| key::take_context(key),
        |context| sink(at, Record::Registry(RegistryRecord::Context { context, exists: true })),
    )?;
    each(
        kv,
        &key::configs_beginning(""),
        |key, bytes| Ok((key::take_config(key)?, decode::<Config>(bytes)?)),
        |(scope, config)| sink(at, Record::Registry(RegistryRecord::Config { scope, config: Some(Box::new(config)) })),
    )?;
    each(
        kv,
        &key::modes_beginning(""),
        |key, bytes| Ok((key::take_mode(key)?, decode::<Mode>(bytes)?)),
        |(scope, mode)| sink(at, Record::Registry(RegistryRecord::Mode { scope, mode: Some(mode) })),
    )?;
    versions(kv, text, sink)?;
    associations(kv, sink)?;
    internal(kv, at, sink)
}

fn versions(
    kv: &(impl Kv + ?Sized),
    text: &mut dyn FnMut(&TextKey) -> Result<Arc<str>, Error>,
    sink: &mut Sink<'_>,
) -> Result<(), Error> {
    each(kv, &key::versions_beginning(""), take_version, |version| {
        let text = text(&version.text)?;
        sink(version.at, record(version, text))
    })?;
    // Of ids that stand for one content the one that was written last comes last: from the first that does not, they come again.
    each(
        kv,
        &key::all_ids(),
        |key, bytes| Ok((key::take_ids(key)?, decode::<value::Ids>(bytes)?)),
        |((guid, context), ids)| {
            if ids.len() < 2 {
                return Ok(());
            }
            let mut newest: Option<StoredVersion> = None;
            let mut is_right = true;
            for (id, _) in ids {
                let holder = last_holder(kv, &context, id, guid)?.ok_or_else(|| {
                    Error::Corrupt(format!("no version holds id {id} of context {}, which is known", context.as_str()))
                })?;
                is_right &= newest.as_ref().is_none_or(|newest| comes_before(newest, &holder));
                if is_right {
                    newest = Some(holder);
                    continue;
                }
                let text = text(&holder.text)?;
                sink(holder.at, record(holder, text))?;
            }
            Ok(())
        },
    )
}

/// The order in which versions are handed over.
fn comes_before(one: &StoredVersion, other: &StoredVersion) -> bool {
    (one.subject.as_str(), one.version) < (other.subject.as_str(), other.version)
}

fn take_version(key: &[u8], bytes: &[u8]) -> Result<StoredVersion, Malformed> {
    let (subject, number) = key::take_version(key)?;
    value::take_version(subject, number, bytes)
}

fn record(version: StoredVersion, text: Arc<str>) -> Record {
    let hashes = Some(Hashes { text: version.text.0, guid: version.guid, fingerprint: None });
    let StoredVersion { subject, version, id, schema_type, references, metadata, rule_set, deleted, .. } = version;
    let content = Arc::new(Content { schema_type, text, references, metadata, rule_set });
    Record::Registry(RegistryRecord::Schema(SchemaRecord { subject, version, id, content, deleted, hashes }))
}

/// The version that holds an id with this content and is handed over last.
fn last_holder(
    kv: &(impl Kv + ?Sized),
    context: &Context,
    id: SchemaId,
    guid: Guid,
) -> Result<Option<StoredVersion>, Error> {
    let (mut found, mut outcome) = (None, Ok(()));
    kv.scan(Table::State, &key::holders(context, id), Direction::Down, &mut |key, _| {
        let version = key::take_holder(key)
            .map_err(Error::from)
            .and_then(|(subject, number)| query::version(kv, &subject, number));
        match version {
            Ok(version) => found = version.filter(|version| version.guid == guid),
            Err(error) => outcome = Err(error),
        }
        if found.is_some() || outcome.is_err() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    outcome.map(|()| found)
}

/// An association that was changed is written twice, because the first record tells when it was made.
fn associations(kv: &(impl Kv + ?Sized), sink: &mut Sink<'_>) -> Result<(), Error> {
    let take = |key: &[u8], bytes: &[u8]| value::take_association(key::take_association(key)?, bytes);
    each(kv, &key::associations(None), take, |stored| {
        let record = Record::Registry(RegistryRecord::Association {
            key: Box::new(stored.key),
            association: Some(stored.association),
        });
        if stored.created != stored.updated {
            sink(stored.created, record.clone())?;
        }
        sink(stored.updated, record)
    })
}

fn internal(kv: &(impl Kv + ?Sized), at: i64, sink: &mut Sink<'_>) -> Result<(), Error> {
    let mut internal = |at, record| sink(at, Record::Internal(record));
    let mut handed_out = BTreeMap::<Context, SchemaId>::new();
    each(
        kv,
        &key::high_waters(),
        |key, bytes| Ok((key::take_high_water(key)?, decode(bytes)?)),
        |(context, id)| {
            handed_out.insert(context, id);
            Ok(())
        },
    )?;
    each(
        kv,
        &key::highest_ids(),
        |key, bytes| Ok((key::take_highest_id(key)?, decode(bytes)?)),
        |(context, id)| {
            let is_known = handed_out.get(&context).is_some_and(|known| *known >= id);
            if !is_known && highest_held(kv, &context)?.is_none_or(|held| held < id) {
                handed_out.insert(context, id);
            }
            Ok(())
        },
    )?;
    for (context, id) in handed_out {
        internal(at, InternalRecord::HighWater { context, id })?;
    }
    each(
        kv,
        &key::namespaces(),
        |_, bytes| value::take_namespace(bytes),
        |namespace| internal(at, InternalRecord::Namespace(Box::new(namespace))),
    )?;
    each(
        kv,
        &key::keks(),
        |_, bytes| value::take_kek(bytes),
        |stored| internal(stored.at, InternalRecord::Kek(Box::new(stored.kek))),
    )?;
    each(
        kv,
        &key::deks(),
        |_, bytes| value::take_dek(bytes),
        |stored| internal(stored.at, InternalRecord::Dek(Box::new(stored.dek))),
    )
}

/// The highest id that a version of a context holds.
fn highest_held(kv: &(impl Kv + ?Sized), context: &Context) -> Result<Option<SchemaId>, Error> {
    let last = edge(kv, &key::all_holders(context), Direction::Down)?;
    Ok(last.map(|key| key::take_held_id(&key)).transpose()?)
}

/// Hands over each entry of a range of the state, until one fails.
fn each<T>(
    kv: &(impl Kv + ?Sized),
    range: &Range,
    take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
    mut hand: impl FnMut(T) -> Result<(), Error>,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    query::each_in(kv, Table::State, range, Direction::Up, take, |item| {
        outcome = hand(item);
        if outcome.is_ok() { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })?;
    outcome
}

#[cfg(test)]
#[path = "compact_tests.rs"]
mod tests;
