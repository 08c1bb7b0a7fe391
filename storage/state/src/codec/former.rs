//! What was written differently before, and is still read: namespaces and entries of the audit of format 1, member by member.

use super::bytes::{Codec, Input, Malformed};
use model::{AuditRecord, Namespace, NamespaceId, NamespaceName};

type Result<T> = std::result::Result<T, Malformed>;

/// What a record of the internal log said about the audit.
#[derive(Clone, PartialEq, Debug)]
pub enum Former {
    /// Something was changed, or refused.
    Entry(Box<AuditRecord>),
    /// Entries that were written before this time are forgotten.
    Forgotten {
        /// In milliseconds since 1970.
        before: i64,
    },
}

/// A namespace without an id.
pub fn take_namespace(input: &mut Input<'_>) -> Result<Namespace> {
    let name = NamespaceName::take(input)?;
    Ok(Namespace {
        id: NamespaceId::of_name(&name),
        name,
        claims: Codec::take(input)?,
        members: Codec::take(input)?,
        offers: Codec::take(input)?,
        contact: Codec::take(input)?,
        labels: Codec::take(input)?,
        visibility: Codec::take(input)?,
        referrers: Codec::take(input)?,
    })
}

/// An entry of the audit. Namespaces had the ids of their names then.
pub fn take_audit(input: &mut Input<'_>) -> Result<AuditRecord> {
    let mut record = AuditRecord {
        happened: Codec::take(input)?,
        principal: Codec::take(input)?,
        operation: Codec::take(input)?,
        action: Codec::take(input)?,
        kind: Codec::take(input)?,
        name: Codec::take(input)?,
        rule: Codec::take(input)?,
        request_id: Codec::take(input)?,
        method: Codec::take(input)?,
        namespace: Codec::take(input)?,
        outcome: Codec::take(input)?,
        address: Codec::take(input)?,
        count: Codec::take(input)?,
        attempted: String::new(),
        namespace_id: None,
    };
    record.namespace_id = record.namespace.as_ref().map(NamespaceId::of_name);
    Ok(record)
}
