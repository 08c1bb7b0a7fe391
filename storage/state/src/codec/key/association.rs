//! Keys of associations: one of its own, and one under each of what they are found by.
//!
//! The first parts of the key itself are those that listings are ordered by, so a listing of all is a walk through it.

use super::{Key, Malformed, Parts, Range, Result, Tag, beginning};
use model::{AssociationKey, Subject};

impl Key {
    fn association(self, key: &AssociationKey) -> Self {
        let AssociationKey { resource_name, resource_namespace, resource_type, association_type, subject } = key;
        let resource = self.text(resource_name).text(resource_namespace).text(resource_type);
        resource.text(association_type).text(subject.as_str())
    }
}

impl Parts<'_> {
    fn last_association(&mut self) -> Result<AssociationKey> {
        let key = AssociationKey {
            resource_name: self.text()?,
            resource_namespace: self.text()?,
            resource_type: self.text()?,
            association_type: self.text()?,
            subject: self.subject()?,
        };
        self.0.end()?;
        Ok(key)
    }
}

pub(crate) fn association(key: &AssociationKey) -> Vec<u8> {
    Key::new(Tag::Association).association(key).0
}

/// All associations, those of a name, or those of a name in a namespace.
pub(crate) fn associations(name: Option<(&str, Option<&str>)>) -> Range {
    let all = Key::new(Tag::Association);
    beginning(match name {
        None => all,
        Some((name, None)) => all.text(name),
        Some((name, Some(namespace))) => all.text(name).text(namespace),
    })
}

pub(crate) fn take_association(key: &[u8]) -> Result<AssociationKey> {
    Parts::new(key, Tag::Association)?.last_association()
}

pub(crate) fn association_of_subject(key: &AssociationKey) -> Vec<u8> {
    Key::new(Tag::AssociationOfSubject).text(key.subject.as_str()).association(key).0
}

pub(crate) fn associations_of_subject(subject: &Subject) -> Range {
    beginning(Key::new(Tag::AssociationOfSubject).text(subject.as_str()))
}

pub(crate) fn association_of_resource(id: &str, key: &AssociationKey) -> Vec<u8> {
    Key::new(Tag::AssociationOfResource).text(id).association(key).0
}

pub(crate) fn associations_of_resource(id: &str) -> Range {
    beginning(Key::new(Tag::AssociationOfResource).text(id))
}

pub(crate) fn association_in_namespace(key: &AssociationKey) -> Vec<u8> {
    Key::new(Tag::AssociationInNamespace).text(&key.resource_namespace).association(key).0
}

pub(crate) fn associations_in_namespace(namespace: &str) -> Range {
    beginning(Key::new(Tag::AssociationInNamespace).text(namespace))
}

/// The association that an entry of one of the three indexes is about.
pub(crate) fn take_indexed_association(key: &[u8]) -> Result<AssociationKey> {
    let tags = [Tag::AssociationOfSubject, Tag::AssociationOfResource, Tag::AssociationInNamespace];
    let tag = tags.into_iter().find(|tag| key.first() == Some(&(*tag as u8)));
    let mut parts = Parts::new(key, tag.ok_or(Malformed("a key with another tag"))?)?;
    parts.text()?;
    parts.last_association()
}
