//! Forms of the values that records and the state have in common: references, metadata, rules, configuration, modes,
//! associations.
//!
//! Numbers of enums are assigned here once and never change; they are not the order of the enum in `model`. Configuration
//! names its members by bits, so that a later member is a new bit and an older release refuses it rather than losing it.

use super::bytes::{Codec, Input, Malformed};
use crate::TextKey;
use model::{
    Association, AssociationKey, CompatibilityLevel, CompatibilityPolicy, Config, Guid, Lifecycle, Metadata, Mode,
    Reference, Rule, RuleKind, RuleMode, RuleSet, SchemaType,
};

type Result<T> = std::result::Result<T, Malformed>;

/// A form from numbers that were assigned by hand.
macro_rules! numbered {
    ($type:ident, $unknown:literal, $($variant:ident = $number:literal),+ $(,)?) => {
        impl Codec for $type {
            fn put(&self, out: &mut Vec<u8>) {
                out.push(match self { $(Self::$variant => $number),+ });
            }

            fn take(input: &mut Input<'_>) -> Result<Self> {
                match input.byte()? { $($number => Ok(Self::$variant),)+ _ => Err(Malformed($unknown)) }
            }
        }
    };
}

/// A form that is the forms of the members, one after the other.
macro_rules! members {
    ($type:ident, $($member:ident),+ $(,)?) => {
        impl Codec for $type {
            fn put(&self, out: &mut Vec<u8>) {
                $(self.$member.put(out);)+
            }

            fn take(input: &mut Input<'_>) -> Result<Self> {
                $(let $member = Codec::take(input)?;)+
                Ok($type { $($member),+ })
            }
        }
    };
}

numbered!(Mode, "an unknown mode", ReadWrite = 0, ReadOnly = 1, ReadOnlyOverride = 2, Import = 3, Forward = 4);
numbered!(Lifecycle, "an unknown lifecycle", Strong = 0, Weak = 1);
numbered!(RuleKind, "an unknown kind of rule", Transform = 0, Condition = 1);
numbered!(
    RuleMode,
    "an unknown mode of a rule",
    Upgrade = 0,
    Downgrade = 1,
    UpDown = 2,
    Write = 3,
    Read = 4,
    WriteRead = 5
);
numbered!(
    CompatibilityLevel,
    "an unknown compatibility level",
    None = 0,
    Backward = 1,
    BackwardTransitive = 2,
    Forward = 3,
    ForwardTransitive = 4,
    Full = 5,
    FullTransitive = 6
);
numbered!(CompatibilityPolicy, "an unknown compatibility policy", Strict = 0, Lenient = 1, Logical = 2);

members!(Reference, name, subject, version);
members!(Metadata, tags, properties, sensitive);
members!(RuleSet, migration_rules, domain_rules, encoding_rules, enable_at);
members!(Rule, name, doc, kind, mode, rule_type, tags, params, expr, on_success, on_failure, disabled);

members!(AssociationKey, resource_name, resource_namespace, resource_type, association_type, subject);
members!(Association, guid, resource_id, lifecycle, frozen);

impl Codec for Guid {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(Guid(input.array()?))
    }
}

impl Codec for TextKey {
    fn put(&self, out: &mut Vec<u8>) {
        self.0.put(out);
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        Ok(TextKey(input.array()?))
    }
}

impl Codec for SchemaType {
    fn put(&self, out: &mut Vec<u8>) {
        match self {
            Self::Avro => out.push(0),
            Self::Json => out.push(1),
            Self::Protobuf => out.push(2),
            Self::Other(name) => {
                out.push(3);
                name.put(out);
            }
        }
    }

    fn take(input: &mut Input<'_>) -> Result<Self> {
        match input.byte()? {
            0 => Ok(Self::Avro),
            1 => Ok(Self::Json),
            2 => Ok(Self::Protobuf),
            3 => Ok(Self::Other(String::take(input)?)),
            _ => Err(Malformed("an unknown schema type")),
        }
    }
}

macro_rules! config {
    ($($bit:literal = $member:ident),+ $(,)?) => {
        impl Codec for Config {
            fn put(&self, out: &mut Vec<u8>) {
                // A new member of `Config` must get a bit here: this pattern stops the build otherwise.
                let Config { $($member),+ } = self;
                let set = 0u64 $(| u64::from($member.is_some()) << $bit)+;
                set.put(out);
                $(if let Some(value) = $member { value.put(out); })+
            }

            fn take(input: &mut Input<'_>) -> Result<Self> {
                let set = u64::take(input)?;
                if set & !(0u64 $(| 1 << $bit)+) != 0 {
                    return Err(Malformed("an unknown member of a configuration"));
                }
                $(let $member = (set >> $bit & 1 == 1).then(|| Codec::take(input)).transpose()?;)+
                Ok(Config { $($member),+ })
            }
        }
    };
}

config! {
    0 = alias,
    1 = alias_for_deks,
    2 = normalize,
    3 = validate_fields,
    4 = validate_new_schemas,
    5 = validate_rules,
    6 = compatibility_level,
    7 = compatibility_policy,
    8 = compatibility_group,
    9 = default_metadata,
    10 = override_metadata,
    11 = default_rule_set,
    12 = override_rule_set,
}
