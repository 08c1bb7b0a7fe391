//! Making, changing and deleting KEKs.

use super::{LONGEST_PROPS, MOST_KEYS, MOST_READERS, check_length, check_name, invalid, invalid_because};
use crate::delete::Depth;
use crate::fault::Fault;
use crate::find::Deleted;
use model::{InternalRecord, Kek, KekReader, Record};
use state::{Deks, State, StoredKek};
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

/// A KEK as a request describes it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// `name`
    pub name: Option<String>,
    /// `kmsType`
    pub kms_type: Option<String>,
    /// `kmsKeyId`
    pub kms_key_id: Option<String>,
    /// `kmsProps`
    pub kms_props: BTreeMap<String, String>,
    /// `doc`
    pub doc: Option<String>,
    /// `shared`
    pub shared: bool,
    /// `deleted`
    pub deleted: bool,
}

/// A change of a KEK: the outer `None` keeps a member, the inner one clears it.
#[derive(Clone, Debug, Default)]
pub struct KekChange {
    /// `kmsProps`
    pub kms_props: Option<Option<BTreeMap<String, String>>>,
    /// `doc`
    pub doc: Option<Option<String>>,
    /// `shared`
    pub shared: Option<Option<bool>>,
}

/// What making a KEK comes to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Making {
    /// It is new.
    New,
    /// It is there, alike but for its being soft-deleted, and gets deleted or comes back.
    Toggled,
}

/// Reads what a request describes.
///
/// # Errors
/// `InvalidKey` for the first member that is wrong, in the reference's order.
pub fn check(sent: Sent) -> Result<Kek, Fault> {
    let Sent { name, kms_type, kms_key_id, kms_props, doc, shared, deleted } = sent;
    let name = name.unwrap_or_default();
    check_name(&name)?;
    let given = |text: Option<String>| text.filter(|text| !text.is_empty());
    let kms_key_id = given(kms_key_id).ok_or_else(|| invalid("kmsKeyId"))?;
    let kms_type = normal_type(given(kms_type).ok_or_else(|| invalid("kmsType"))?);
    check_length("kmsKeyId", &kms_key_id)?;
    check_length("kmsType", &kms_type)?;
    check_key_id(&kms_type, &kms_key_id)?;
    let kek = Kek { name, kms_type, kms_key_id, kms_props, doc, shared, deleted, readers: BTreeSet::new() };
    check_told(&kek)?;
    Ok(kek)
}

/// The systems of one cloud have one name, however it is spelt.
fn normal_type(kms_type: String) -> String {
    let lower = kms_type.to_lowercase();
    let known = [("aws", "aws-kms"), ("azure", "azure-kms"), ("gcp", "gcp-kms")];
    let found = known.into_iter().find(|(begin, _)| lower.starts_with(begin));
    found.map_or(kms_type, |(_, normal)| normal.to_owned())
}

/// Can a key of such a system be called so? As far as the reference looks.
fn check_key_id(kms_type: &str, key_id: &str) -> Result<(), Fault> {
    let can = match kms_type {
        "aws-kms" => key_id.strip_prefix("arn:aws").is_some_and(|rest| rest.contains(":kms:")),
        "azure-kms" => key_id.starts_with("https://"),
        "gcp-kms" => key_id.starts_with("projects/"),
        "hcvault" => key_id.starts_with("https://") || key_id.starts_with("http://"),
        _ => true,
    };
    if can { Ok(()) } else { Err(invalid("kmsKeyId")) }
}

/// Checks the members that everybody may read and that a change may change.
fn check_told(kek: &Kek) -> Result<(), Fault> {
    kek.doc.as_deref().map_or(Ok(()), |doc| check_length("doc", doc))?;
    let length: usize = kek.kms_props.iter().map(|(name, value)| name.len() + value.len()).sum();
    if length > LONGEST_PROPS {
        return Err(invalid_because("kmsProps", format!("they are longer than {LONGEST_PROPS} bytes")));
    }
    match kek.kms_props.keys().find(|name| is_credential(name)) {
        Some(name) => {
            let detail = format!("'{name}' is a credential, and everybody may read the properties of a KEK");
            Err(invalid_because("kmsProps", detail))
        }
        None => Ok(()),
    }
}

/// Does a property of this name hold a credential, by the names that clients of key management systems use?
fn is_credential(name: &str) -> bool {
    const TELLING: [&str; 7] = ["secret", "password", "passwd", "passphrase", "token", "credential", "credentials"];
    let lower = name.to_lowercase();
    let words: Vec<&str> = lower.split(|c: char| !c.is_alphanumeric()).filter(|word| !word.is_empty()).collect();
    words.iter().any(|word| TELLING.contains(word))
        || matches!(words.as_slice(), [.., "private", "key"] | [.., "access", "key"])
}

/// A KEK that is there.
///
/// # Errors
/// `InvalidKey`, `KeyNotFound`, those of the store.
pub fn find(state: &dyn State, name: &str, deleted: Deleted) -> Result<StoredKek, Fault> {
    check_name(name)?;
    let found = state.kek(name)?.filter(|stored| deleted == Deleted::Include || !stored.kek.deleted);
    found.ok_or_else(|| Fault::KeyNotFound(name.to_owned()))
}

/// Decides whether a KEK may be made, and what is written.
///
/// # Errors
/// `KeyExists`, `TooManyKeys`, those of the store.
pub fn create(state: &dyn State, kek: &Kek) -> Result<(Kek, Making), Fault> {
    let Some(StoredKek { kek: before, .. }) = state.kek(&kek.name)? else {
        return match state.key_counts()?.keks {
            MOST_KEYS.. => Err(Fault::TooManyKeys(MOST_KEYS)),
            _ => Ok((kek.clone(), Making::New)),
        };
    };
    let now = Kek { readers: before.readers.clone(), ..kek.clone() };
    let toggled = Kek { deleted: !before.deleted, ..before };
    if now == toggled { Ok((now, Making::Toggled)) } else { Err(Fault::KeyExists(kek.name.clone())) }
}

/// A KEK as a change leaves it, soft-deleted or not.
///
/// # Errors
/// `KeyNotFound`, `InvalidKey`, those of the store.
pub fn changed(state: &dyn State, name: &str, change: &KekChange) -> Result<(StoredKek, Kek), Fault> {
    let before = find(state, name, Deleted::Include)?;
    let mut now = before.kek.clone();
    if let Some(props) = &change.kms_props {
        now.kms_props = props.clone().unwrap_or_default();
    }
    if let Some(doc) = &change.doc {
        now.doc.clone_from(doc);
    }
    if let Some(shared) = change.shared {
        now.shared = shared.unwrap_or(false);
    }
    check_told(&now)?;
    Ok((before, now))
}

/// A KEK with other readers.
///
/// # Errors
/// `KeyNotFound`, `InvalidKey`, those of the store.
pub fn with_readers(state: &dyn State, name: &str, readers: BTreeSet<KekReader>) -> Result<(StoredKek, Kek), Fault> {
    let before = find(state, name, Deleted::Ignore)?;
    if readers.len() > MOST_READERS {
        return Err(invalid_because("readers", format!("there are more than {MOST_READERS}")));
    }
    let now = Kek { readers, ..before.kek.clone() };
    Ok((before, now))
}

/// Deletes a KEK that wraps nothing: softly while it has no DEK that is not soft-deleted, for good while it has none.
///
/// # Errors
/// `KeyNotFound`, `KeyReferenced`, `KeyNotSoftDeleted`, those of the store.
pub fn delete(state: &dyn State, name: &str, depth: Depth) -> Result<Vec<Record>, Fault> {
    let deleted = if depth == Depth::Permanent { Deleted::Include } else { Deleted::Ignore };
    let StoredKek { kek, .. } = find(state, name, deleted)?;
    let mut referenced = false;
    state.deks_from(Deks::OfKek(name), None, &mut |stored| {
        referenced = depth == Depth::Permanent || !stored.dek.deleted;
        if referenced { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    match depth {
        _ if referenced => Err(Fault::KeyReferenced(name.to_owned())),
        Depth::Soft => Ok(vec![record(Kek { deleted: true, ..kek })]),
        Depth::Permanent if !kek.deleted => Err(Fault::KeyNotSoftDeleted(name.to_owned())),
        Depth::Permanent => Ok(vec![Record::Internal(InternalRecord::KekRemoved { name: name.to_owned() })]),
    }
}

/// Brings a KEK back; nothing, where it is not soft-deleted.
///
/// # Errors
/// `KeyNotFound`, those of the store.
pub fn undelete(state: &dyn State, name: &str) -> Result<Vec<Record>, Fault> {
    let StoredKek { kek, .. } = find(state, name, Deleted::Include)?;
    Ok(if kek.deleted { vec![record(Kek { deleted: false, ..kek })] } else { vec![] })
}

/// The record that writes a KEK.
pub fn record(kek: Kek) -> Record {
    Record::Internal(InternalRecord::Kek(Box::new(kek)))
}
