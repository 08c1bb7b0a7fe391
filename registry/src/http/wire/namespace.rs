//! Namespaces as they are sent and shown.
//!
//! A namespace has one text, whose hash is its entity tag: whoever has seen it can say so when changing it. A member that is not
//! known is refused: a misspelt `members` must not make everybody a stranger.

use crate::http::body::{self, Object};
use model::{Claim, MemberRole, Namespace, NamespaceName, Principal};
use rules::fault::Fault;
use rules::near;
use serde_json::{Map, Value, json};
use service::Summary;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Display;
use std::str::FromStr;

/// A namespace as shown.
pub fn shown(namespace: &Namespace) -> Value {
    let texts = |pairs: &mut dyn Iterator<Item = (String, String)>| {
        Value::Object(pairs.map(|(key, value)| (key, Value::from(value))).collect())
    };
    let mut shown = json!({
        "name": namespace.name.as_str(),
        "claims": namespace.claims.iter().map(Claim::to_string).collect::<Vec<_>>(),
        "members": texts(&mut namespace.members.iter().map(|(who, role)| (who.to_string(), role.to_string()))),
    });
    if !namespace.offers.is_empty() {
        shown["offers"] = texts(&mut namespace.offers.iter().map(|(claim, to)| (claim.to_string(), to.to_string())));
    }
    if let Some(contact) = &namespace.contact {
        shown["contact"] = contact.as_str().into();
    }
    if !namespace.labels.is_empty() {
        shown["labels"] = texts(&mut namespace.labels.iter().map(|(key, value)| (key.clone(), value.clone())));
    }
    shown["visibility"] = namespace.visibility.as_str().into();
    shown["referrers"] = namespace.referrers.as_str().into();
    shown
}

/// A namespace in a listing: what is short about it.
pub fn summarised(summary: &Summary) -> Value {
    let mut shown = json!({
        "name": summary.name.as_str(),
        "claimCount": summary.claims,
        "memberCount": summary.members,
        "offerCount": summary.offers,
    });
    if let Some(contact) = &summary.contact {
        shown["contact"] = contact.as_str().into();
    }
    shown["visibility"] = summary.visibility.as_str().into();
    shown["referrers"] = summary.referrers.as_str().into();
    shown
}

/// The entity tag of a namespace.
pub fn tag(namespace: &Namespace) -> String {
    super::entity_tag(shown(namespace).to_string().as_bytes())
}

/// A namespace as sent: the whole of it; what is left out is empty or the default.
///
/// # Errors
/// `InvalidNamespace`, `BadBody`.
pub fn read(object: &Object, name: NamespaceName) -> Result<Namespace, Fault> {
    const MEMBERS: [&str; 8] = ["name", "claims", "members", "offers", "contact", "labels", "visibility", "referrers"];
    check_members(object, "A namespace", &MEMBERS)?;
    if let Some(other) = body::text(object, "name")?.filter(|other| other != name.as_str()) {
        return Err(Fault::InvalidNamespace(format!("The body names namespace '{other}', the path names '{name}'")));
    }
    let mut namespace = Namespace::new(name);
    namespace.claims = claims(body::list(object, "claims")?)?;
    namespace.members = members(object.get("members"))?;
    for (claim, to) in pairs(object.get("offers"), "offers")? {
        namespace.offers.insert(parsed(&claim)?, parsed(&to)?);
    }
    namespace.contact = body::text(object, "contact")?.filter(|contact| !contact.is_empty());
    namespace.labels = pairs(object.get("labels"), "labels")?;
    if let Some(word) = body::text(object, "visibility")? {
        namespace.visibility = parsed(&word)?;
    }
    if let Some(word) = body::text(object, "referrers")? {
        namespace.referrers = parsed(&word)?;
    }
    Ok(namespace)
}

/// An object that has no other members than these.
///
/// # Errors
/// `InvalidNamespace`.
pub fn only(object: Object, what: &str, members: &[&str]) -> Result<Object, Fault> {
    check_members(&object, what, members)?;
    Ok(object)
}

fn check_members(object: &Object, what: &str, members: &[&str]) -> Result<(), Fault> {
    match object.keys().find(|key| !members.contains(&key.as_str())) {
        None => Ok(()),
        Some(unknown) => {
            let (hint, known) = (near::hint(unknown, members.iter().copied()), members.join(", "));
            Err(Fault::InvalidNamespace(format!("{what} has no '{unknown}'{hint} (it has {known})")))
        }
    }
}

fn claims(items: &[Value]) -> Result<BTreeSet<Claim>, Fault> {
    let claim = |item: &Value| parsed(&body::text_value(item)?.ok_or_else(|| body::mismatch("String", item))?);
    items.iter().map(claim).collect()
}

fn members(value: Option<&Value>) -> Result<BTreeMap<Principal, MemberRole>, Fault> {
    pairs(value, "members")?.into_iter().map(|(who, role)| Ok((parsed(&who)?, parsed(&role)?))).collect()
}

/// Labels.
///
/// # Errors
/// `BadBody`.
pub fn labels(object: &Map<String, Value>) -> Result<BTreeMap<String, String>, Fault> {
    pairs(Some(&Value::Object(object.clone())), "labels")
}

fn pairs(value: Option<&Value>, what: &str) -> Result<BTreeMap<String, String>, Fault> {
    let object = match value {
        None | Some(Value::Null) => return Ok(BTreeMap::new()),
        Some(Value::Object(object)) => object,
        Some(other) => return Err(body::mismatch(what, other)),
    };
    let text = |item: &Value| body::text_value(item)?.ok_or_else(|| body::mismatch("String", item));
    object.iter().map(|(key, item)| Ok((key.clone(), text(item)?))).collect()
}

/// A text that must be a claim, a principal, a role or a name.
///
/// # Errors
/// `InvalidNamespace` with the reason.
pub fn parsed<T: FromStr>(text: &str) -> Result<T, Fault>
where
    T::Err: Display,
{
    text.parse().map_err(|error: T::Err| Fault::InvalidNamespace(error.to_string()))
}
