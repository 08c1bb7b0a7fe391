//! Associations: which subject describes the keys or the values of a topic.
//!
//! Clients in their default configuration ask for the associations of a topic before anything else, so an association decides
//! under which subject a topic's producers register. Kinds of resources and of associations are texts here, because a foreign
//! log may hold ones that the API does not accept.

use crate::{Guid, Subject};

/// The only kind of resource that the API accepts.
pub const TOPIC: &str = "topic";

crate::words!(
    /// How far a subject and a resource belong together.
    Lifecycle, "lifecycle" {
        /// The resource owns the subject, which ends with it.
        Strong = "STRONG",
        /// The subject is shared and stays.
        Weak = "WEAK",
    }
);

/// What tells an association from all others, and their order in listings. The id of the resource is not part of it: who
/// writes the same key for another id takes the association over.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct AssociationKey {
    /// The name of the resource; of a topic, its name in Kafka.
    pub resource_name: String,
    /// Where the name is unique, such as the id of a Kafka cluster.
    pub resource_namespace: String,
    /// The kind of resource.
    pub resource_type: String,
    /// What of the resource the subject describes: `key` or `value`.
    pub association_type: String,
    /// The subject.
    pub subject: Subject,
}

/// The rest of an association.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Association {
    /// A random name.
    pub guid: Guid,
    /// The id of the resource, unique among all resources.
    pub resource_id: String,
    /// How far both belong together.
    pub lifecycle: Lifecycle,
    /// May it no longer be changed, and only be deleted together with the subject?
    pub frozen: bool,
}
