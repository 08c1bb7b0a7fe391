//! Which holder of an id is shown: the newest version of the first subject, soft-deleted or not. It is kept under the id, because
//! looking a key up takes a fraction of what it takes to begin a listing, and nothing is asked as often as an id. The fold keeps
//! it with the holders; where it is missing, in data of before it was kept, it is found among them.

use crate::Error;
use crate::codec::bytes::Malformed;
use crate::codec::key::{self, Range};
use crate::kv::{Direction, Kv, KvMut, Table, edge};
use model::{Context, SchemaId, Subject, Version};

/// The holder that is shown.
pub(crate) fn find(
    kv: &(impl Kv + ?Sized),
    context: &Context,
    id: SchemaId,
) -> Result<Option<(Subject, Version)>, Error> {
    let kept = kv.get(Table::State, &key::shown(context, id))?;
    let holder = kept.map_or_else(|| first(kv, &key::holders(context, id)), |kept| Ok(Some(kept)))?;
    Ok(holder.map(|holder| key::take_holder(&holder)).transpose()?)
}

/// A version now holds an id, and its entry says so. `is_new`: no other holds it.
pub(crate) fn add(
    kv: &mut impl KvMut,
    (context, id): (&Context, SchemaId),
    (subject, version): (&Subject, Version),
    is_new: bool,
) -> Result<(), Error> {
    let (place, holder) = (key::shown(context, id), key::holder(context, id, subject, version));
    let before = if is_new { None } else { kv.get(Table::State, &place)? };
    let now = match before {
        Some(before) if comes_first(&before, &holder)? => return Ok(()),
        Some(_) => holder,
        None if is_new => holder,
        None => first(kv, &key::holders(context, id))?.unwrap_or(holder),
    };
    kv.put(Table::State, place, now);
    Ok(())
}

/// A version holds an id no more, and its entry is gone. It looks at nothing that comes before, where deletions may be pending: that
/// all holders of an id are deleted in one commit, one after another, costs as much as they are.
pub(crate) fn remove(
    kv: &mut impl KvMut,
    (context, id): (&Context, SchemaId),
    (subject, version): (&Subject, Version),
) -> Result<(), Error> {
    let (place, holder) = (key::shown(context, id), key::holder(context, id, subject, version));
    if kv.get(Table::State, &place)?.is_none_or(|shown| shown != holder) {
        return Ok(());
    }
    let own = key::holders_in(subject, id);
    let older = edge(kv, &(own.0, holder), Direction::Down)?;
    let next = older.map_or_else(|| first(kv, &(own.1, key::holders(context, id).1)), |older| Ok(Some(older)))?;
    match next {
        Some(next) => kv.put(Table::State, place, next),
        None => kv.delete(Table::State, place),
    }
    Ok(())
}

/// Is one holder shown rather than another one of the same id?
fn comes_first(one: &[u8], other: &[u8]) -> Result<bool, Malformed> {
    let ((subject, version), (other, others)) = (key::take_holder(one)?, key::take_holder(other)?);
    Ok(subject.as_str() < other.as_str() || subject == other && version >= others)
}

/// The newest version of the first subject among holders of one id.
fn first(kv: &(impl Kv + ?Sized), holders: &Range) -> Result<Option<Vec<u8>>, Error> {
    let Some(any) = edge(kv, holders, Direction::Up)? else { return Ok(None) };
    edge(kv, &(any.clone(), key::behind_holders_beside(&any)), Direction::Down)
}
