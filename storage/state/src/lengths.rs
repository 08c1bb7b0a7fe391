//! How long texts are. Until format 4 neither versions nor the summaries of subjects said so; what was written before is brought
//! up to that here.

use crate::codec::bytes::encode;
use crate::codec::{key, value};
use crate::kv::{Direction, KvMut, Table};
use crate::{Error, SubjectSummary, fold, query};
use std::ops::ControlFlow;

/// Notes in versions, from the one with this key on, how long their texts are, and counts that in their subjects. It looks at `limit` versions
/// and returns where to go on, or none at the end. What has been counted is not counted twice.
///
/// # Errors
/// `Corrupt`: a text or a summary is missing, or cannot be read; those of the tables.
pub fn count_former(kv: &mut impl KvMut, from: Option<Vec<u8>>, limit: usize) -> Result<Option<Vec<u8>>, Error> {
    let (first, end) = key::versions_beginning("");
    let (mut looked_at, mut next, mut former) = (0, None, Vec::new());
    query::each_in(
        kv,
        Table::State,
        &(from.unwrap_or(first), end),
        Direction::Up,
        |key, bytes| Ok((key.to_vec(), (!value::has_length(bytes)?).then(|| bytes.to_vec()))),
        |(key, bytes)| {
            if looked_at == limit {
                next = Some(key);
                return ControlFlow::Break(());
            }
            looked_at += 1;
            former.extend(bytes.map(|bytes| (key, bytes)));
            ControlFlow::Continue(())
        },
    )?;
    for (key, bytes) in former {
        let (subject, number) = key::take_version(&key)?;
        let mut version = value::take_version(subject, number, &bytes)?;
        let missing =
            |what| Error::Corrupt(format!("{what} of version {number} of {} is missing", version.subject.as_str()));
        let text = kv.get(Table::Texts, &version.text.0)?.ok_or_else(|| missing("the text"))?;
        let place = key::subject(&version.subject);
        let summary: Option<SubjectSummary> = fold::read(kv, Table::State, &place)?;
        let mut summary = summary.ok_or_else(|| missing("the subject"))?;
        version.length = text.len() as u64;
        summary.bytes += version.length;
        kv.put(Table::State, place, encode(&summary));
        kv.put(Table::State, key, value::version(&version));
    }
    Ok(next)
}
