//! Forms of namespaces, of entries of the audit, and of encryption keys.
//!
//! Claims, principals, names and algorithms are written as their texts, each of which parses back to the same value. Members are named by
//! bits, as in a configuration: a later member is a new bit, and an older release refuses it rather than losing it.

use super::bytes::{Codec, Input, Malformed, put_text};
use model::{
    AuditOutcome, AuditRecord, Claim, Dek, DekAlgorithm, DekId, Kek, KekReader, MemberRole, Namespace, NamespaceId,
    NamespaceName, Principal, Referrers, Visibility,
};
use std::net::IpAddr;

type Result<T> = std::result::Result<T, Malformed>;

/// A form that is the text of the value.
macro_rules! textual {
    ($($type:ident: $unknown:literal),+ $(,)?) => {$(
        impl Codec for $type {
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
    DekAlgorithm: "an unknown algorithm",
    KekReader: "not a reader of a key",
    NamespaceName: "not the name of a namespace",
    Claim: "not a claim",
    Principal: "not a principal",
    MemberRole: "an unknown role",
    Visibility: "an unknown visibility",
    Referrers: "an unknown kind of referrers",
    AuditOutcome: "an unknown outcome",
    IpAddr: "not an address",
);

impl Codec for NamespaceId {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(NamespaceId(input.array()?))
    }
}

/// The form of a value whose members are named by bits. A member that is what it is by default is left out.
macro_rules! by_bits {
    ($type:ident, $unknown:literal, always $($always:ident),+; $($bit:literal = $member:ident: $default:expr),+ $(,)?) => {
        impl Codec for $type {
            fn put(&self, out: &mut Vec<u8>) {
                // A new member must get a bit: this pattern stops the build otherwise.
                let $type { $($always,)+ $($member),+ } = self;
                let set = 0u64 $(| u64::from(*$member != $default) << $bit)+;
                set.put(out);
                $($always.put(out);)+
                $(if set >> $bit & 1 == 1 { $member.put(out); })+
            }

            fn take(input: &mut Input<'_>) -> Result<Self> {
                let set = u64::take(input)?;
                if set & !(0u64 $(| 1 << $bit)+) != 0 {
                    return Err(Malformed($unknown));
                }
                $(let $always = Codec::take(input)?;)+
                $(let $member = if set >> $bit & 1 == 1 { Codec::take(input)? } else { $default };)+
                Ok($type { $($always,)+ $($member),+ })
            }
        }
    };
}

by_bits!(Namespace, "an unknown member of a namespace", always id, name;
    0 = claims: Default::default(),
    1 = members: Default::default(),
    2 = offers: Default::default(),
    3 = contact: None,
    4 = labels: Default::default(),
    5 = visibility: Visibility::Open,
    6 = referrers: Referrers::Anyone,
);

by_bits!(AuditRecord, "an unknown member of an entry of the audit", always principal, outcome, rule;
    0 = happened: None,
    1 = attempted: String::new(),
    2 = method: None,
    3 = operation: String::new(),
    4 = action: String::new(),
    5 = kind: String::new(),
    6 = name: String::new(),
    7 = namespace: None,
    8 = namespace_id: None,
    9 = request_id: String::new(),
    10 = address: None,
    11 = count: 1,
);

by_bits!(Kek, "an unknown member of a KEK", always name, kms_type, kms_key_id;
    0 = kms_props: Default::default(),
    1 = doc: None,
    2 = shared: false,
    3 = deleted: false,
    4 = readers: Default::default(),
);

by_bits!(DekId, "an unknown member of the id of a DEK", always kek, subject, version;
    0 = algorithm: DekAlgorithm::Aes256Gcm,
);

by_bits!(Dek, "an unknown member of a DEK", always id, encrypted;
    0 = deleted: false,
);
