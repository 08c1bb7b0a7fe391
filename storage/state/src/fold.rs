//! The fold: the only function that changes state. Serving and restore run it alike.
//!
//! Rules are those of a reader of Confluent's `_schemas` topic, so that a log means the same here and there; where that
//! reader forgets something that others still need (a referrer's entry, the hash of content that is still held), this one
//! counts. A record that the rules ignore still takes its position. What a record may say is decided before it is written.
//!
//! An index entry is written from a version and removed from the same version, so no index needs rebuilding. What nothing in a
//! record says, and may be lost, stands in a table of its own (`fingerprints`).

use crate::codec::bytes::{Codec, decode, encode};
use crate::codec::value::{self, Head, Ids};
use crate::codec::{key, record, text_key};
use crate::kv::{self, Direction, Kv, KvMut, Table};
use crate::shown;
use crate::tally;
use crate::{Error, StoredAssociation, StoredVersion, SubjectSummary, TextKey};
use crate::{audit, encryption, fingerprints};
use model::{
    Association, AssociationKey, Context, Guid, InternalRecord, Mode, Record, RegistryRecord, SchemaId, SchemaRecord,
    Stamped, Subject, SubjectPrefix, Version,
};
use std::ops::ControlFlow;

/// Takes a record up: gives it the next number of the feed and folds it. It must stand behind all of its log so far; positions
/// between may be empty, as they are in a log that was compacted or has marks of its own.
///
/// # Errors
/// `Corrupt` when it stands before what was folded; those of reading. The changes made so far must be dropped then.
pub fn append(stamped: &Stamped, kv: &mut impl KvMut) -> Result<(), Error> {
    if let Record::Audit(change) = &stamped.record {
        return audit::append(stamped, change, kv);
    }
    let text = text_of(&stamped.record);
    let number = head(kv)?.feed.next;
    kv.put(Table::Log, key::log(number), record::encode(number, stamped, text));
    fold(stamped, text, kv)
}

/// How far a state is.
pub fn head(kv: &(impl Kv + ?Sized)) -> Result<Head, Error> {
    read(kv, Table::Meta, key::HEAD).map(Option::unwrap_or_default)
}

/// Notes how far a state is.
pub fn set_head(head: &Head, kv: &mut impl KvMut) {
    kv.put(Table::Meta, key::HEAD.to_vec(), encode(head));
}

/// A record in the place that comes next in its log.
pub fn stamp(head: &Head, at: i64, record: Record) -> Stamped {
    let position = match &record {
        Record::Registry(_) => head.position.registry,
        Record::Internal(_) => head.position.internal,
        Record::Audit(change) => audit::number(&head.audit, change),
    };
    Stamped { position, at, record }
}

pub(crate) fn read<T: Codec>(kv: &(impl Kv + ?Sized), table: Table, key: &[u8]) -> Result<Option<T>, Error> {
    Ok(kv.get(table, key)?.map(|bytes| decode(&bytes)).transpose()?)
}

fn text_of(record: &Record) -> Option<TextKey> {
    match record {
        Record::Registry(RegistryRecord::Schema(schema)) => Some(text_of_schema(schema)),
        _ => None,
    }
}

fn text_of_schema(schema: &SchemaRecord) -> TextKey {
    let Some(hashes) = schema.hashes else { return text_key(&schema.content.text) };
    debug_assert_eq!((hashes.text, hashes.guid), (text_key(&schema.content.text).0, schema.content.guid()));
    TextKey(hashes.text)
}

fn fold(stamped: &Stamped, text: Option<TextKey>, kv: &mut impl KvMut) -> Result<(), Error> {
    let mut head = head(kv)?;
    let position = match stamped.record {
        Record::Registry(_) => &mut head.position.registry,
        Record::Internal(_) => &mut head.position.internal,
        Record::Audit(_) => return Ok(()),
    };
    if stamped.position < *position {
        let (at, next) = (stamped.position, *position);
        return Err(Error::Corrupt(format!("record {at} of a log comes when record {next} or a later one was due")));
    }
    *position = stamped.position.checked_add(1).ok_or_else(|| Error::Corrupt("a log of 2^64 records".to_owned()))?;
    head.feed.next += 1;
    if head.feed.next == 1 {
        fingerprints::begin(kv)?;
    }
    head.at = head.at.max(stamped.at);
    let mut fold = Fold { kv, head };
    match &stamped.record {
        Record::Registry(record) => fold.registry(record, text, stamped.at)?,
        Record::Internal(record) => fold.internal(record, stamped.at)?,
        Record::Audit(_) => {}
    }
    let head = fold.head;
    set_head(&head, kv);
    Ok(())
}

struct Fold<'a, K> {
    kv: &'a mut K,
    head: Head,
}

impl<K: KvMut> Fold<'_, K> {
    fn internal(&mut self, record: &InternalRecord, at: i64) -> Result<(), Error> {
        match record {
            InternalRecord::HighWater { context, id } => return self.raise(key::high_water(context), *id),
            InternalRecord::Namespace(namespace) => {
                self.set(key::namespace(&namespace.name), Some(value::namespace(namespace)));
                self.namespaces_changed();
            }
            InternalRecord::NamespaceRemoved { name } => {
                self.set(key::namespace(name), None);
                self.namespaces_changed();
            }
            InternalRecord::Kek(kek) => encryption::put_kek(self.kv, kek, at)?,
            InternalRecord::KekRemoved { name } => encryption::remove_kek(self.kv, name)?,
            InternalRecord::Dek(dek) => encryption::put_dek(self.kv, dek, at)?,
            InternalRecord::DekRemoved { id } => encryption::remove_dek(self.kv, id)?,
            InternalRecord::Vacant => {}
        }
        Ok(())
    }

    /// The head has been moved behind this record already.
    fn namespaces_changed(&mut self) {
        self.kv.put(Table::Meta, key::NAMESPACES_AT.to_vec(), encode(&self.head.position.internal));
    }

    fn registry(&mut self, record: &RegistryRecord, text: Option<TextKey>, at: i64) -> Result<(), Error> {
        match record {
            RegistryRecord::Schema(schema) => {
                let text = text.unwrap_or_else(|| text_of_schema(schema));
                self.schema(schema, text, at)
            }
            RegistryRecord::SchemaTombstone { subject, version } => {
                let before = self.version(subject, *version)?;
                before.map_or(Ok(()), |before| self.remove(&before))
            }
            RegistryRecord::DeleteSubject { subject, through } => self.delete_subject(subject, *through),
            RegistryRecord::ClearSubject { scope } => self.clear(scope),
            RegistryRecord::Config { scope, config } => {
                self.set(key::config(scope), config.as_ref().map(|config| encode(&**config)));
                Ok(())
            }
            RegistryRecord::Mode { scope, mode } => {
                self.set(key::mode(scope), mode.as_ref().map(encode::<Mode>));
                Ok(())
            }
            RegistryRecord::Context { context, exists } => {
                self.set(key::context(context), exists.then(Vec::new));
                Ok(())
            }
            RegistryRecord::Association { key, association } => self.associate(key, association.as_ref(), at),
        }
    }

    /// The first record gives the time of creation, which later ones keep, until the association ends.
    fn associate(&mut self, key: &AssociationKey, now: Option<&Association>, at: i64) -> Result<(), Error> {
        let own = key::association(key);
        let before = self.kv.get(Table::State, &own)?;
        let before = before.map(|bytes| value::take_association(key.clone(), &bytes)).transpose()?;
        if let Some(before) = &before {
            self.set(key::association_of_resource(&before.association.resource_id, key), None);
        }
        let created = before.map_or(at, |before| before.created);
        let stored = now.map(|association| StoredAssociation {
            key: key.clone(),
            association: association.clone(),
            created,
            updated: at,
        });
        let entry = || stored.as_ref().map(|_| Vec::new());
        self.set(key::association_of_subject(key), entry());
        self.set(key::association_in_namespace(key), entry());
        if let Some(stored) = &stored {
            self.set(key::association_of_resource(&stored.association.resource_id, key), entry());
        }
        self.set(own, stored.as_ref().map(value::association));
        Ok(())
    }

    fn schema(&mut self, record: &SchemaRecord, text: TextKey, at: i64) -> Result<(), Error> {
        // The log names the text even when the record is ignored below, so it is stored in any case.
        if !self.kv.has(Table::Texts, &text.0)? {
            self.kv.put(Table::Texts, text.0.to_vec(), record.content.text.as_bytes().to_vec());
        }
        let highest: Option<SchemaId> = read(self.kv, Table::State, &key::highest_id(record.subject.context()))?;
        let is_new = highest.is_none_or(|highest| record.id > highest);
        if !is_new && self.held_with_other_text(record, text)? {
            return Ok(());
        }
        let before = self.version(&record.subject, record.version)?;
        let after = StoredVersion {
            subject: record.subject.clone(),
            version: record.version,
            id: record.id,
            guid: record.hashes.map_or_else(|| record.content.guid(), |hashes| hashes.guid),
            schema_type: record.content.schema_type.clone(),
            text,
            length: record.content.text.len() as u64,
            references: record.content.references.clone(),
            metadata: record.content.metadata.clone(),
            rule_set: record.content.rule_set.clone(),
            deleted: record.deleted,
            at,
        };
        if let Some(before) = &before {
            self.drop_entries(before)?;
        }
        self.add_entries(&after, is_new)?;
        let hint = record.hashes.and_then(|hashes| hashes.fingerprint);
        fingerprints::follow(self.kv, before.as_ref(), &after, hint)?;
        self.kv.put(Table::State, key::version(&after.subject, after.version), value::version(&after));
        self.count(&after.subject, before.as_ref(), Some(&after))?;
        if is_new {
            self.kv.put(Table::State, key::highest_id(record.subject.context()), encode(&record.id));
        }
        Ok(())
    }

    /// A record whose id another version holds with a different text is not a fact but a writer's mistake.
    fn held_with_other_text(&self, record: &SchemaRecord, text: TextKey) -> Result<bool, Error> {
        let context = record.subject.context();
        let is_this =
            |(subject, version): &(Subject, Version)| *subject == record.subject && *version == record.version;
        // All holders have one text, so any that is not this very version tells it: the one that is shown, mostly.
        let other = match shown::find(self.kv, context, record.id)? {
            Some(shown) if is_this(&shown) => self.holder_but(context, record.id, &is_this)?,
            shown => shown,
        };
        let Some((subject, version)) = other else { return Ok(false) };
        Ok(self.version(&subject, version)?.is_some_and(|holder| holder.text != text))
    }

    /// The first holder of an id that is not left out.
    fn holder_but(
        &self,
        context: &Context,
        id: SchemaId,
        is_left_out: &dyn Fn(&(Subject, Version)) -> bool,
    ) -> Result<Option<(Subject, Version)>, Error> {
        let (mut found, mut outcome) = (None, Ok(()));
        self.kv.scan(Table::State, &key::holders(context, id), Direction::Up, &mut |key, _| {
            match key::take_holder(key) {
                Ok(holder) if is_left_out(&holder) => return ControlFlow::Continue(()),
                Ok(holder) => found = Some(holder),
                Err(error) => outcome = Err(error),
            }
            ControlFlow::Break(())
        })?;
        outcome?;
        Ok(found)
    }

    /// Versions 1 to `through` become soft-deleted; their times stay.
    fn delete_subject(&mut self, subject: &Subject, through: Version) -> Result<(), Error> {
        let mut live = Vec::new();
        self.kv.scan(Table::State, &key::versions_through(subject, through), Direction::Up, &mut |key, bytes| {
            live.push((key.to_vec(), bytes.to_vec()));
            ControlFlow::Continue(())
        })?;
        for (key, mut bytes) in live {
            if value::is_deleted(&bytes)? {
                continue;
            }
            let (_, version) = key::take_version(&key)?;
            let before = value::take_version(subject.clone(), version, &bytes)?;
            value::mark_deleted(&mut bytes)?;
            self.kv.put(Table::State, key, bytes);
            let after = StoredVersion { deleted: true, ..before.clone() };
            self.count(subject, Some(&before), Some(&after))?;
        }
        Ok(())
    }

    /// The soft-deleted versions of the matching subjects are gone.
    fn clear(&mut self, scope: &Subject) -> Result<(), Error> {
        let mut subjects = Vec::new();
        if !scope.is_context() {
            subjects.push(scope.clone());
        } else {
            // The global pseudo-context stands for all; the default one has the key "" here and there.
            let prefix = if scope.context().is_global() {
                SubjectPrefix::EveryContext(String::new())
            } else if scope.context().is_default() {
                SubjectPrefix::DefaultContext(String::new())
            } else {
                SubjectPrefix::Qualified(scope.as_str().to_owned())
            };
            crate::query::subjects(self.kv, &prefix, &mut |subject, _| {
                subjects.push(subject);
                ControlFlow::Continue(())
            })?;
        }
        for subject in subjects {
            for version in crate::query::versions(self.kv, &subject)? {
                if version.deleted {
                    self.remove(&version)?;
                }
            }
        }
        Ok(())
    }

    fn remove(&mut self, version: &StoredVersion) -> Result<(), Error> {
        self.kv.delete(Table::State, key::version(&version.subject, version.version));
        self.drop_entries(version)?;
        fingerprints::gone(self.kv, &version.subject, version.version)?;
        self.count(&version.subject, Some(version), None)
    }

    fn version(&self, subject: &Subject, version: Version) -> Result<Option<StoredVersion>, Error> {
        crate::query::version(self.kv, subject, version)
    }

    /// `is_new`: no other version has ever held its id.
    fn add_entries(&mut self, version: &StoredVersion, is_new: bool) -> Result<(), Error> {
        for key in entries(version) {
            self.kv.put(Table::State, key, Vec::new());
        }
        let (subject, id) = (&version.subject, version.id);
        shown::add(self.kv, (subject.context(), id), (subject, version.version), is_new)?;
        self.hold(version.guid, version.subject.context(), |ids| {
            let held = ids.iter().position(|(id, _)| *id == version.id).map_or(0, |at| ids.remove(at).1);
            ids.push((version.id, held.saturating_add(1)));
        })
    }

    fn drop_entries(&mut self, version: &StoredVersion) -> Result<(), Error> {
        for key in entries(version) {
            self.kv.delete(Table::State, key);
        }
        let (subject, id) = (&version.subject, version.id);
        shown::remove(self.kv, (subject.context(), id), (subject, version.version))?;
        self.hold(version.guid, version.subject.context(), |ids| {
            ids.iter_mut().filter(|(id, _)| *id == version.id).for_each(|(_, held)| *held = held.saturating_sub(1));
            ids.retain(|(_, held)| *held > 0);
        })
    }

    fn hold(&mut self, guid: Guid, context: &Context, change: impl FnOnce(&mut Ids)) -> Result<(), Error> {
        let key = key::ids(guid, context);
        let mut ids: Ids = read(self.kv, Table::State, &key)?.unwrap_or_default();
        change(&mut ids);
        self.set(key, (!ids.is_empty()).then(|| encode(&ids)));
        Ok(())
    }

    /// Keeps the summary of a subject, the totals and the counts of blocks, once the version itself is written.
    fn count(
        &mut self,
        subject: &Subject,
        before: Option<&StoredVersion>,
        after: Option<&StoredVersion>,
    ) -> Result<(), Error> {
        let Some(number) = before.or(after).map(|version| version.version) else { return Ok(()) };
        let live = |version: Option<&StoredVersion>| version.map(|version| !version.deleted);
        tally::change(self.kv, &key::version(subject, number), live(before), live(after))?;
        let (known, now) = self.summarise(subject, before, after)?;
        let live = |summary: Option<SubjectSummary>| summary.map(|summary| summary.live > 0);
        tally::change(self.kv, &key::subject(subject), live(known), live(now))
    }

    /// Keeps the summary of a subject and the totals. Returns the summary before and after.
    fn summarise(
        &mut self,
        subject: &Subject,
        before: Option<&StoredVersion>,
        after: Option<&StoredVersion>,
    ) -> Result<(Option<SubjectSummary>, Option<SubjectSummary>), Error> {
        let Some(number) = before.or(after).map(|version| version.version) else { return Ok((None, None)) };
        let key = key::subject(subject);
        let known: Option<SubjectSummary> = read(self.kv, Table::State, &key)?;
        let mut summary = known.unwrap_or(SubjectSummary { highest: number, ..SubjectSummary::default() });
        let live = |version: Option<&StoredVersion>| u32::from(version.is_some_and(|version| !version.deleted));
        let stored = |version: Option<&StoredVersion>| u32::from(version.is_some());
        let length = |version: Option<&StoredVersion>| version.map_or(0, |version| version.length);

        summary.versions = summary.versions.saturating_sub(stored(before)) + stored(after);
        summary.live = summary.live.saturating_sub(live(before)) + live(after);
        summary.bytes = summary.bytes.saturating_sub(length(before)) + length(after);
        let totals = &mut self.head.totals;
        totals.versions = totals.versions.saturating_sub(stored(before).into()) + u64::from(stored(after));
        totals.live_versions = totals.live_versions.saturating_sub(live(before).into()) + u64::from(live(after));
        totals.subjects += u64::from(known.is_none());
        if let Some(count) = before.and_then(|version| totals.of(&version.schema_type)) {
            *count = count.saturating_sub(1);
        }
        if let Some(count) = after.and_then(|version| totals.of(&version.schema_type)) {
            *count += 1;
        }

        if summary.versions == 0 {
            totals.subjects = totals.subjects.saturating_sub(1);
            self.kv.delete(Table::State, key);
            return Ok((known, None));
        }
        if after.is_some() {
            summary.highest = summary.highest.max(number);
        } else if summary.highest == number {
            summary.highest = self.last_below(subject, number)?.unwrap_or(number);
        }
        if live(after) == 1 {
            summary.latest = summary.latest.max(Some(number));
        } else if summary.latest == Some(number) {
            summary.latest = match summary.live {
                0 => None,
                _ => self.last_live_below(subject, number)?,
            };
        }
        self.kv.put(Table::State, key, encode(&summary));
        Ok((known, Some(summary)))
    }

    /// The highest version below another one that was the highest. It looks at nothing above, where deletions may be pending: a
    /// subject that is deleted from the top costs as much as it has versions.
    fn last_below(&self, subject: &Subject, version: Version) -> Result<Option<Version>, Error> {
        let found = kv::edge(self.kv, &key::versions_below(subject, version), Direction::Down)?;
        Ok(found.map(|key| key::take_version(&key)).transpose()?.map(|(_, version)| version))
    }

    /// The highest of those that are not soft-deleted. Whoever deletes and registers the newest version again and again does not
    /// have all that are deleted below it read each time.
    fn last_live_below(&self, subject: &Subject, version: Version) -> Result<Option<Version>, Error> {
        let found = tally::last_live(self.kv, &key::versions_below(subject, version))?;
        Ok(found.map(|key| key::take_version(&key)).transpose()?.map(|(_, version)| version))
    }

    fn raise(&mut self, key: Vec<u8>, id: SchemaId) -> Result<(), Error> {
        if read::<SchemaId>(self.kv, Table::State, &key)?.is_none_or(|highest| highest < id) {
            self.kv.put(Table::State, key, encode(&id));
        }
        Ok(())
    }

    fn set(&mut self, key: Vec<u8>, value: Option<Vec<u8>>) {
        match value {
            Some(value) => self.kv.put(Table::State, key, value),
            None => self.kv.delete(Table::State, key),
        }
    }
}

/// The entries that exist because of this version alone.
fn entries(version: &StoredVersion) -> Vec<Vec<u8>> {
    let StoredVersion { subject, version: number, id, .. } = version;
    let mut keys = vec![key::holder(subject.context(), *id, subject, *number)];
    for reference in &version.references {
        let target = subject.sibling(&reference.subject);
        keys.push(key::referrer((&target, reference.version), (subject, *number), *id));
    }
    keys
}

#[cfg(test)]
#[path = "fold_tests.rs"]
pub(crate) mod tests;
