//! What was written differently before, and is still read: namespaces and entries of the audit of format 1, member by member.

use super::bytes::{Form, Input, Malformed};
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
        claims: Form::take(input)?,
        members: Form::take(input)?,
        offers: Form::take(input)?,
        contact: Form::take(input)?,
        labels: Form::take(input)?,
        visibility: Form::take(input)?,
        referrers: Form::take(input)?,
    })
}

/// An entry of the audit. Namespaces had the ids of their names then.
pub fn take_audit(input: &mut Input<'_>) -> Result<AuditRecord> {
    let mut record = AuditRecord {
        happened: Form::take(input)?,
        principal: Form::take(input)?,
        operation: Form::take(input)?,
        action: Form::take(input)?,
        kind: Form::take(input)?,
        name: Form::take(input)?,
        rule: Form::take(input)?,
        request_id: Form::take(input)?,
        method: Form::take(input)?,
        namespace: Form::take(input)?,
        outcome: Form::take(input)?,
        address: Form::take(input)?,
        count: Form::take(input)?,
        attempted: String::new(),
        namespace_id: None,
    };
    record.namespace_id = record.namespace.as_ref().map(NamespaceId::of_name);
    Ok(record)
}
