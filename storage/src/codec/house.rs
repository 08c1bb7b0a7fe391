//! Forms of namespaces and of entries of the audit.
//!
//! Claims, principals and names are written as their texts, each of which parses back to the same value.

use super::bytes::{Form, Input, Malformed, put_text};
use model::{AuditOutcome, AuditRecord, Claim, MemberRole, Namespace, NamespaceName, Principal, Referrers, Visibility};
use std::net::IpAddr;

type Result<T> = std::result::Result<T, Malformed>;

/// A form that is the text of the value.
macro_rules! textual {
    ($($type:ident: $unknown:literal),+ $(,)?) => {$(
        impl Form for $type {
            fn put(&self, out: &mut Vec<u8>) {
                put_text(&self.to_string(), out);
            }

            fn take(input: &mut Input<'_>) -> Result<Self> {
                input.text()?.parse().map_err(|_| Malformed($unknown))
            }
        }
    )+};
}

textual!(
    NamespaceName: "not the name of a namespace",
    Claim: "not a claim",
    Principal: "not a principal",
    MemberRole: "an unknown role",
    Visibility: "an unknown visibility",
    Referrers: "an unknown kind of referrers",
    AuditOutcome: "an unknown outcome",
    IpAddr: "not an address",
);

impl Form for Namespace {
    fn put(&self, out: &mut Vec<u8>) {
        // A new member stops the build here: it takes a new kind of record beside this one.
        let Namespace { name, claims, members, offers, contact, labels, visibility, referrers } = self;
        name.put(out);
        claims.put(out);
        members.put(out);
        offers.put(out);
        contact.put(out);
        labels.put(out);
        visibility.put(out);
        referrers.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(Namespace {
            name: Form::take(input)?,
            claims: Form::take(input)?,
            members: Form::take(input)?,
            offers: Form::take(input)?,
            contact: Form::take(input)?,
            labels: Form::take(input)?,
            visibility: Form::take(input)?,
            referrers: Form::take(input)?,
        })
    }
}

impl Form for AuditRecord {
    fn put(&self, out: &mut Vec<u8>) {
        let AuditRecord {
            happened,
            principal,
            method,
            operation,
            action,
            kind,
            name,
            namespace,
            outcome,
            rule,
            request_id,
            address,
            count,
        } = self;
        happened.put(out);
        [principal, operation, action, kind, name, rule, request_id].iter().for_each(|text| put_text(text, out));
        method.put(out);
        namespace.put(out);
        outcome.put(out);
        address.put(out);
        count.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(AuditRecord {
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
        })
    }
}
