//! KEKs and DEKs as requests carry them and as answers show them, member by member as the reference.

use crate::http::body::{self, Object};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kms::RawKey;
use model::{DekAlgorithm, Kek, KekReader};
use rules::encryption::{dek, invalid_because, kek};
use rules::fault::Fault;
use serde::Serialize;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use storage::{StoredDek, StoredKek};

/// Reads what is to be a KEK.
///
/// # Errors
/// `BadBody`.
pub fn kek(object: &Object) -> Result<kek::Sent, Fault> {
    Ok(kek::Sent {
        name: body::text(object, "name")?,
        kms_type: body::text(object, "kmsType")?,
        kms_key_id: body::text(object, "kmsKeyId")?,
        kms_props: props(object)?.unwrap_or_default(),
        doc: body::text(object, "doc")?,
        shared: body::boolean(object, "shared")?.unwrap_or(false),
        deleted: body::boolean(object, "deleted")?.unwrap_or(false),
    })
}

/// Reads a change of a KEK: an absent member is kept, `null` clears it.
///
/// # Errors
/// `BadBody`.
pub fn kek_change(object: &Object) -> Result<kek::KekChange, Fault> {
    fn if_there<T>(object: &Object, name: &str, value: T) -> Option<T> {
        object.contains_key(name).then_some(value)
    }
    Ok(kek::KekChange {
        kms_props: if_there(object, "kmsProps", props(object)?),
        doc: if_there(object, "doc", body::text(object, "doc")?),
        shared: if_there(object, "shared", body::boolean(object, "shared")?),
    })
}

/// Properties; one that is `null` is none.
fn props(object: &Object) -> Result<Option<BTreeMap<String, String>>, Fault> {
    let props = match object.get("kmsProps") {
        None | Some(Value::Null) => return Ok(None),
        Some(Value::Object(props)) => props,
        Some(other) => return Err(body::mismatch("SortedMap", other)),
    };
    let mut read = BTreeMap::new();
    for (name, value) in props {
        if let Some(text) = body::text_value(value)? {
            read.insert(name.clone(), text);
        }
    }
    Ok(Some(read))
}

/// Reads what is to be a DEK, besides the subject.
///
/// # Errors
/// `BadBody`.
pub fn dek(object: &Object) -> Result<dek::Sent, Fault> {
    let algorithm = match body::text(object, "algorithm")? {
        None => None,
        Some(text) => Some(text.parse::<DekAlgorithm>().map_err(|_| {
            Fault::BadBody(format!(
                "Cannot deserialize value of type `DekFormat` from String \"{text}\": not one of the values accepted for Enum class: [AES128_GCM, AES256_SIV, AES256_GCM]"
            ))
        })?),
    };
    Ok(dek::Sent {
        version: body::integer(object, "version")?,
        algorithm,
        encrypted: body::text(object, "encryptedKeyMaterial")?,
        deleted: body::boolean(object, "deleted")?.unwrap_or(false),
    })
}

/// Reads the readers of a KEK, of whom nothing else can be said.
///
/// # Errors
/// `BadBody`, `InvalidKey`.
pub fn readers(object: &Object) -> Result<BTreeSet<KekReader>, Fault> {
    if let Some(unknown) = object.keys().find(|name| *name != "readers") {
        return Err(Fault::BadBody(format!("There is no member '{unknown}' here; this takes 'readers'")));
    }
    if !object.contains_key("readers") {
        return Err(invalid_because("readers", "it is missing; [] is nobody"));
    }
    let reader = |value: &Value| {
        let text = value.as_str().ok_or_else(|| body::mismatch("String", value))?;
        text.parse::<KekReader>().map_err(|error| invalid_because("readers", error.to_string()))
    };
    body::list(object, "readers")?.iter().map(reader).collect()
}

/// A KEK as shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct KekOut<'a> {
    name: &'a str,
    kms_type: &'a str,
    kms_key_id: &'a str,
    kms_props: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    doc: Option<&'a str>,
    shared: bool,
    ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    keytype: Option<&'static str>,
}

impl<'a> From<&'a StoredKek> for KekOut<'a> {
    fn from(stored: &'a StoredKek) -> Self {
        let Kek { name, kms_type, kms_key_id, kms_props, doc, shared, deleted, readers: _ } = &stored.kek;
        KekOut {
            name,
            kms_type,
            kms_key_id,
            kms_props,
            doc: doc.as_deref(),
            shared: *shared,
            ts: stored.at,
            deleted: deleted.then_some(true),
            keytype: None,
        }
    }
}

impl KekOut<'_> {
    /// As the reference shows one that it has tried: in the form of its records.
    pub fn tried(self) -> Self {
        KekOut { deleted: Some(self.deleted.unwrap_or(false)), keytype: Some("KEK"), ..self }
    }
}

/// A DEK as shown.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct DekOut<'a> {
    kek_name: &'a str,
    subject: &'a str,
    version: i32,
    algorithm: &'static str,
    encrypted_key_material: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    key_material: Option<String>,
    ts: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    deleted: Option<bool>,
}

impl<'a> DekOut<'a> {
    /// A DEK, with the key itself for whoever may see it.
    pub fn new(stored: &'a StoredDek, key: Option<&RawKey>) -> Self {
        let StoredDek { dek, at } = stored;
        DekOut {
            kek_name: &dek.id.kek,
            subject: &dek.id.subject,
            version: dek.id.version,
            algorithm: dek.id.algorithm.as_str(),
            encrypted_key_material: &dek.encrypted,
            key_material: key.map(|key| STANDARD.encode(key.as_bytes())),
            ts: *at,
            deleted: dek.deleted.then_some(true),
        }
    }
}

/// The readers of a KEK.
#[derive(Serialize)]
pub struct ReadersOut {
    readers: Vec<String>,
}

impl From<&Kek> for ReadersOut {
    fn from(kek: &Kek) -> Self {
        ReadersOut { readers: kek.readers.iter().map(ToString::to_string).collect() }
    }
}
