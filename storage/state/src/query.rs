//! The questions of `State`, answered once over anything ordered: a map, a RocksDB snapshot, the writer's overlay.

use crate::codec::bytes::decode;
use crate::codec::key::{self, Range};
use crate::codec::value::{self, Head, Ids};
use crate::codec::{Malformed, bytes::Codec};
use crate::kv::{Direction, Kv, Overlay, Table};
use crate::shown;
use crate::walk;
use crate::{
    Associations, AuditEntry, AuditLog, Begin, Deks, Derivation, Draft, Equivalents, Error, Feed, Holder, KeyCounts,
    Progress, Referrer, Schemes, Standing, State, StoredAssociation, StoredDek, StoredKek, StoredVersion,
    SubjectSummary, Subjects, TextKey, Totals,
};
use crate::{audit, encryption, fingerprints, fold};
use model::{
    AssociationKey, Config, Context, DekId, Fingerprint, Guid, Mode, Namespace, NamespaceId, NamespaceName, Position,
    SchemaId, SchemaType, Subject, SubjectPrefix, Version,
};
use std::ops::ControlFlow;
use std::sync::Arc;

/// A state: ordered tables and how far they are.
#[derive(Clone, Debug)]
pub struct Folded<K> {
    /// The tables.
    pub kv: K,
    head: Head,
}

impl<K: Kv> Folded<K> {
    /// The state that these tables hold.
    pub fn over(kv: K) -> Result<Self, Error> {
        let head = fold::head(&kv)?;
        Ok(Folded { kv, head })
    }

    /// How far it has been folded, and the totals.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Lets the tables change, and looks anew how far they are.
    pub fn change<T>(&mut self, change: impl FnOnce(&mut K) -> T) -> Result<T, Error> {
        let done = change(&mut self.kv);
        self.head = fold::head(&self.kv)?;
        Ok(done)
    }

    fn read<T: Codec>(&self, key: &[u8]) -> Result<Option<T>, Error> {
        Ok(self.kv.get(Table::State, key)?.map(|bytes| decode(&bytes)).transpose()?)
    }

    /// Reads each entry of a range of the state; a malformed one ends the scan.
    fn each<T>(
        &self,
        range: &Range,
        direction: Direction,
        take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
        visit: impl FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        each(&self.kv, range, direction, take, visit)
    }

    /// Visits what the entries of an index point to.
    fn each_indexed<P, T>(
        &self,
        range: &Range,
        direction: Direction,
        take: fn(&[u8]) -> Result<P, Malformed>,
        read: impl Fn(P) -> Result<T, Error>,
        visit: &mut dyn FnMut(T) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let mut outcome = Ok(());
        self.each(
            range,
            direction,
            |key, _| take(key),
            |place| match read(place) {
                Ok(found) => visit(found),
                Err(error) => {
                    outcome = Err(error);
                    ControlFlow::Break(())
                }
            },
        )?;
        outcome
    }

    /// The associations that the entries of an index are about.
    fn indexed(&self, range: &Range, visit: &mut dyn FnMut(StoredAssociation) -> ControlFlow<()>) -> Result<(), Error> {
        let read = |key: AssociationKey| {
            let bytes = self.kv.get(Table::State, &key::association(&key))?;
            let bytes = bytes.ok_or(Malformed("an association is listed but is not there"))?;
            Ok(value::take_association(key, &bytes)?)
        };
        self.each_indexed(range, Direction::Up, key::take_indexed_association, read, visit)
    }

    fn all<T>(
        &self,
        range: &Range,
        direction: Direction,
        take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
    ) -> Result<Vec<T>, Error> {
        all(&self.kv, range, direction, take)
    }
}

impl<K: Kv> State for Folded<K> {
    fn position(&self) -> Position {
        self.head.position
    }

    fn feed(&self) -> Feed {
        self.head.feed
    }

    fn totals(&self) -> Result<Totals, Error> {
        Ok(self.head.totals)
    }

    fn subject(&self, subject: &Subject) -> Result<Option<SubjectSummary>, Error> {
        self.read(&key::subject(subject))
    }

    fn subjects(
        &self,
        prefix: &SubjectPrefix,
        visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        subjects(&self.kv, prefix, visit)
    }

    fn subjects_from(
        &self,
        subjects: Subjects<'_>,
        standing: Standing,
        begin: Begin<&Subject>,
        visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        walk::subjects(&self.kv, subjects, standing, begin, visit)
    }

    fn versions_from(
        &self,
        subjects: Subjects<'_>,
        standing: Standing,
        begin: Begin<(&Subject, Version)>,
        visit: &mut dyn FnMut(StoredVersion) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        walk::versions(&self.kv, subjects, standing, begin, visit)
    }

    fn numbers_from(
        &self,
        subject: &Subject,
        standing: Standing,
        begin: Begin<Version>,
        visit: &mut dyn FnMut(Version, bool) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        walk::numbers(&self.kv, subject, standing, begin, visit)
    }

    fn version(&self, subject: &Subject, version: Version) -> Result<Option<StoredVersion>, Error> {
        self::version(&self.kv, subject, version)
    }

    fn versions(&self, subject: &Subject) -> Result<Vec<StoredVersion>, Error> {
        versions(&self.kv, subject)
    }

    fn equivalents(
        &self,
        subject: &Subject,
        schema_type: &SchemaType,
        fingerprint: Fingerprint,
    ) -> Result<Equivalents, Error> {
        fingerprints::equivalents(&self.kv, subject, schema_type, fingerprint)
    }

    fn derivation(&self, subject: &Subject, version: Version) -> Result<Option<Derivation>, Error> {
        fingerprints::of(&self.kv, subject, version)
    }

    fn is_derived(&self, subject: &Subject, version: Version, schemes: &Schemes) -> Result<bool, Error> {
        fingerprints::is_derived(&self.kv, subject, version, schemes)
    }

    fn fingerprints(&self) -> Result<Option<Progress>, Error> {
        fingerprints::progress(&self.kv)
    }

    fn text(&self, key: &TextKey) -> Result<Option<Arc<str>>, Error> {
        text(&self.kv, key)
    }

    fn holders_from(
        &self,
        context: &Context,
        id: SchemaId,
        behind: Option<&Subject>,
        visit: &mut dyn FnMut(Holder) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let last = behind.map(|subject| key::holder(context, id, subject, Version::MAX));
        let take = |key: &[u8], _: &[u8]| key::take_holder(key).map(|(subject, version)| Holder { subject, version });
        self.each(&walk::behind(key::holders(context, id), last), Direction::Up, take, visit)
    }

    fn shown_holder(&self, context: &Context, id: SchemaId) -> Result<Option<Holder>, Error> {
        let found = shown::find(&self.kv, context, id)?;
        Ok(found.map(|(subject, version)| Holder { subject, version }))
    }

    fn holders_in(
        &self,
        subject: &Subject,
        id: SchemaId,
        visit: &mut dyn FnMut(Version) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let take = |key: &[u8], _: &[u8]| key::take_holder(key);
        self.each(&key::holders_in(subject, id), Direction::Down, take, &mut |(_, version)| visit(version))
    }

    fn ids_in(&self, context: &Context, guid: Guid) -> Result<Vec<SchemaId>, Error> {
        let ids: Ids = self.read(&key::ids(guid, context))?.unwrap_or_default();
        Ok(ids.iter().rev().map(|(id, _)| *id).collect())
    }

    fn ids_of(&self, guid: Guid, limit: usize) -> Result<Vec<(Context, SchemaId)>, Error> {
        let mut found = Vec::new();
        let take = |key: &[u8], value: &[u8]| Ok((key::take_ids(key)?.1, decode::<Ids>(value)?));
        self.each(&key::ids_everywhere(guid), Direction::Up, take, &mut |(context, mut ids): (Context, Ids)| {
            ids.sort_unstable();
            found.extend(ids.into_iter().map(|(id, _)| (context.clone(), id)));
            if found.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
        })?;
        found.truncate(limit);
        Ok(found)
    }

    fn highest_id(&self, context: &Context) -> Result<Option<SchemaId>, Error> {
        self.read(&key::highest_id(context))
    }

    fn high_water(&self, context: &Context) -> Result<Option<SchemaId>, Error> {
        self.read(&key::high_water(context))
    }

    fn referrers_from(
        &self,
        subject: &Subject,
        version: Version,
        behind: Option<&Referrer>,
        visit: &mut dyn FnMut(Referrer) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let last = behind.map(|last| key::referrer((subject, version), (&last.subject, last.version), last.id));
        let read = |(id, subject, version): (SchemaId, Subject, Version)| {
            let Some(bytes) = self.kv.get(Table::State, &key::version(&subject, version))? else {
                return Err(Error::Corrupt(format!("{subject} version {version} refers to others but is not there")));
            };
            let deleted = value::is_deleted(&bytes)?;
            Ok(Referrer { subject, version, id, deleted })
        };
        let range = walk::behind(key::referrers(subject, version), last);
        self.each_indexed(&range, Direction::Up, key::take_referrer, read, visit)
    }

    fn config(&self, scope: &Subject) -> Result<Option<Config>, Error> {
        self.read(&key::config(scope))
    }

    fn configs(
        &self,
        prefix: &SubjectPrefix,
        visit: &mut dyn FnMut(Subject, Config) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let take = |key: &[u8], value: &[u8]| Ok((key::take_config(key)?, decode(value)?));
        each_scope(&self.kv, prefix, walk::CONFIGS, take, visit)
    }

    fn mode(&self, scope: &Subject) -> Result<Option<Mode>, Error> {
        self.read(&key::mode(scope))
    }

    fn scopes_with_mode(&self, context: &Context) -> Result<Vec<Subject>, Error> {
        let mut found = Vec::new();
        walk::ranges(&self.kv, Subjects::Matching(&SubjectPrefix::of_context(context)), walk::MODES, &mut |range| {
            found.extend(self.all(&range, Direction::Up, |key, _| key::take_mode(key))?);
            Ok(ControlFlow::Continue(()))
        })?;
        found.retain(|scope| !scope.is_context());
        Ok(found)
    }

    fn has_context(&self, context: &Context) -> Result<bool, Error> {
        self.kv.has(Table::State, &key::context(context))
    }

    fn contexts_from(
        &self,
        behind: Option<&Context>,
        visit: &mut dyn FnMut(Context) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let range = walk::behind(key::contexts(), behind.map(key::context));
        self.each(&range, Direction::Up, |key, _| key::take_context(key), visit)
    }

    fn associations_from(
        &self,
        which: Associations<'_>,
        behind: Option<&AssociationKey>,
        visit: &mut dyn FnMut(StoredAssociation) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let own = |range: Range, visit: &mut dyn FnMut(StoredAssociation) -> ControlFlow<()>| {
            let take = |key: &[u8], value: &[u8]| value::take_association(key::take_association(key)?, value);
            self.each(&walk::behind(range, behind.map(key::association)), Direction::Up, take, visit)
        };
        match which {
            Associations::All => own(key::associations(None), visit),
            Associations::Named(name) => own(key::associations(Some((name, None))), visit),
            Associations::NamedIn(namespace, name) => own(key::associations(Some((name, Some(namespace)))), visit),
            Associations::OfSubject(subject) => {
                let last = behind.map(key::association_of_subject);
                self.indexed(&walk::behind(key::associations_of_subject(subject), last), visit)
            }
            Associations::OfResource(id) => {
                let last = behind.map(|key| key::association_of_resource(id, key));
                self.indexed(&walk::behind(key::associations_of_resource(id), last), visit)
            }
            Associations::InNamespace(namespace) => {
                let last = behind.map(key::association_in_namespace);
                self.indexed(&walk::behind(key::associations_in_namespace(namespace), last), visit)
            }
        }
    }

    fn kek(&self, name: &str) -> Result<Option<StoredKek>, Error> {
        encryption::kek(&self.kv, name)
    }

    fn keks_from(
        &self,
        behind: Option<&str>,
        visit: &mut dyn FnMut(StoredKek) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let range = walk::behind(key::keks(), behind.map(key::kek));
        self.each(&range, Direction::Up, |_, value| value::take_kek(value), visit)
    }

    fn dek(&self, id: &DekId) -> Result<Option<StoredDek>, Error> {
        encryption::dek(&self.kv, id)
    }

    fn deks_from(
        &self,
        which: Deks<'_>,
        behind: Option<&DekId>,
        visit: &mut dyn FnMut(StoredDek) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        let range = match which {
            Deks::All => key::deks(),
            Deks::OfKek(kek) => key::deks_of_kek(kek),
            Deks::OfSubject(kek, subject, algorithm) => key::deks_of_subject(kek, subject, algorithm),
        };
        let range = walk::behind(range, behind.map(key::dek));
        self.each(&range, Direction::Up, |_, value| value::take_dek(value), visit)
    }

    fn key_counts(&self) -> Result<KeyCounts, Error> {
        encryption::counts(&self.kv)
    }

    fn namespaces(&self) -> Result<Vec<Namespace>, Error> {
        self.all(&key::namespaces(), Direction::Up, |_, value| value::take_namespace(value))
    }

    fn namespace_id(&self, name: &NamespaceName) -> Result<Option<NamespaceId>, Error> {
        let bytes = self.kv.get(Table::State, &key::namespace(name))?;
        Ok(bytes.map(|bytes| value::namespace_id(name, &bytes)).transpose()?)
    }

    fn namespaces_at(&self) -> Result<u64, Error> {
        let bytes = self.kv.get(Table::Meta, key::NAMESPACES_AT)?;
        Ok(bytes.map(|bytes| decode(&bytes)).transpose()?.unwrap_or(0))
    }

    fn namespace(&self, name: &NamespaceName) -> Result<Option<Namespace>, Error> {
        let bytes = self.kv.get(Table::State, &key::namespace(name))?;
        Ok(bytes.map(|bytes| value::take_namespace(&bytes)).transpose()?)
    }

    fn audit(
        &self,
        namespace: Option<NamespaceId>,
        numbers: std::ops::Range<u64>,
        visit: &mut dyn FnMut(AuditEntry) -> ControlFlow<()>,
    ) -> Result<(), Error> {
        // Past what is forgotten, which may still be in the way of a scan.
        let numbers = numbers.start.max(self.head.audit.first)..numbers.end.min(self.head.audit.next);
        let Some(namespace) = namespace else { return audit::each(&self.kv, numbers, Direction::Down, visit) };
        let (range, read) = (key::audits_of(namespace, &numbers), |number| audit::entry(&self.kv, number));
        self.each_indexed(&range, Direction::Down, key::take_audit_of, read, visit)
    }

    fn audit_log(&self) -> AuditLog {
        self.head.audit
    }

    fn audit_since(&self, at: i64) -> Result<u64, Error> {
        audit::since(&self.kv, &self.head.audit, at)
    }

    fn draft(&self) -> Result<Box<dyn Draft + '_>, Error> {
        // Over `dyn`, or a draft of a draft of a draft would be a type of its own without end.
        Ok(Box::new(Folded::over(Overlay::new(&self.kv as &dyn Kv))?))
    }
}

/// A stored text, in any tables.
///
/// # Errors
/// Those of reading; `Corrupt` when it is not UTF-8.
pub fn text(kv: &(impl Kv + ?Sized), key: &TextKey) -> Result<Option<Arc<str>>, Error> {
    let Some(bytes) = kv.get(Table::Texts, &key.0)? else { return Ok(None) };
    let text = String::from_utf8(bytes).map_err(|_| Malformed("a stored text is not UTF-8"))?;
    Ok(Some(text.into()))
}

pub(crate) fn version(
    kv: &(impl Kv + ?Sized),
    subject: &Subject,
    version: Version,
) -> Result<Option<StoredVersion>, Error> {
    let bytes = kv.get(Table::State, &key::version(subject, version))?;
    Ok(bytes.map(|bytes| value::take_version(subject.clone(), version, &bytes)).transpose()?)
}

/// The numbers of all versions of a subject, ascending.
pub(crate) fn numbers(kv: &(impl Kv + ?Sized), subject: &Subject) -> Result<Vec<Version>, Error> {
    all(kv, &key::versions(subject), Direction::Up, |key, _| key::take_version(key).map(|(_, version)| version))
}

pub(crate) fn versions(kv: &(impl Kv + ?Sized), subject: &Subject) -> Result<Vec<StoredVersion>, Error> {
    all(kv, &key::versions(subject), Direction::Up, |key, bytes| {
        let (_, version) = key::take_version(key)?;
        value::take_version(subject.clone(), version, bytes)
    })
}

pub(crate) fn subjects(
    kv: &(impl Kv + ?Sized),
    prefix: &SubjectPrefix,
    visit: &mut dyn FnMut(Subject, SubjectSummary) -> ControlFlow<()>,
) -> Result<(), Error> {
    walk::subjects(kv, Subjects::Matching(prefix), Standing::Any, Begin::Skipping(0), visit)
}

/// Visits what is kept under subjects that match, ascending.
fn each_scope<T>(
    kv: &(impl Kv + ?Sized),
    prefix: &SubjectPrefix,
    keys: walk::Keys,
    take: impl Fn(&[u8], &[u8]) -> Result<(Subject, T), Malformed>,
    visit: &mut dyn FnMut(Subject, T) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut flow = ControlFlow::Continue(());
    walk::ranges(kv, Subjects::Matching(prefix), keys, &mut |range| {
        each(kv, &range, Direction::Up, &take, |(subject, item)| {
            flow = visit(subject, item);
            flow
        })?;
        Ok(flow)
    })
}

fn each<T>(
    kv: &(impl Kv + ?Sized),
    range: &Range,
    direction: Direction,
    take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
    visit: impl FnMut(T) -> ControlFlow<()>,
) -> Result<(), Error> {
    each_in(kv, Table::State, range, direction, take, visit)
}

/// Reads each entry of a range of a table; a malformed one ends the scan.
pub(crate) fn each_in<T>(
    kv: &(impl Kv + ?Sized),
    table: Table,
    range: &Range,
    direction: Direction,
    mut take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
    mut visit: impl FnMut(T) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut outcome = Ok(());
    kv.scan(table, range, direction, &mut |key, value| match take(key, value) {
        Ok(item) => visit(item),
        Err(error) => {
            outcome = Err(error);
            ControlFlow::Break(())
        }
    })?;
    Ok(outcome?)
}

fn all<T>(
    kv: &(impl Kv + ?Sized),
    range: &Range,
    direction: Direction,
    take: impl FnMut(&[u8], &[u8]) -> Result<T, Malformed>,
) -> Result<Vec<T>, Error> {
    let mut found = Vec::new();
    each(kv, range, direction, take, |item| {
        found.push(item);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}
