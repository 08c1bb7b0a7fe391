//! Associations as requests carry them and as answers show them. `frozen` is only shown where it is not what the lifecycle
//! implies, so normally never.

use super::request;
use super::schema::SchemaOut;
use crate::http::body::{self, Object};
use crate::http::catalogue;
use model::Lifecycle;
use rules::association::bind::Bound;
use rules::association::end::Cascade;
use rules::association::invalid;
use rules::association::request::{Asked, Resource, Sent};
use rules::fault::Fault;
use serde::Serialize;
use serde_json::Value;
use service::FoundAssociation;
use storage::StoredAssociation;

/// What an element of a batch asks for.
pub enum AskedOp {
    /// `CREATE`
    Create(Asked),
    /// `UPSERT`
    Upsert(Asked),
    /// `DELETE`
    Delete {
        /// `associationType`
        association_type: Option<String>,
        /// `cascadeLifecycle`
        cascade: Cascade,
    },
}

/// Reads which resource a request is about.
///
/// # Errors
/// `BadBody`.
pub fn resource(object: &Object) -> Result<Sent, Fault> {
    Ok(Sent {
        name: body::text(object, "resourceName")?,
        namespace: body::text(object, "resourceNamespace")?,
        id: body::text(object, "resourceId")?,
        resource_type: body::text(object, "resourceType")?,
    })
}

/// Reads the associations of a request.
///
/// # Errors
/// `BadBody`, those of reading a schema.
pub fn associations(object: &Object) -> Result<Vec<Asked>, Fault> {
    objects(object, "associations", "AssociationCreateOrUpdateInfo")?.into_iter().map(asked).collect()
}

/// Reads the operations of an element of a batch.
///
/// # Errors
/// `BadBody`, those of reading a schema.
pub fn operations(object: &Object) -> Result<Vec<AskedOp>, Fault> {
    let operation = |object: &Object| match body::text(object, "opType")?.as_deref() {
        Some("CREATE") => Ok(AskedOp::Create(asked(object)?)),
        Some("UPSERT") => Ok(AskedOp::Upsert(asked(object)?)),
        Some("DELETE") => Ok(AskedOp::Delete {
            association_type: body::text(object, "associationType")?,
            cascade: cascade(body::boolean(object, "cascadeLifecycle")?.unwrap_or(false)),
        }),
        other => Err(Fault::BadBody(format!(
            "Could not resolve type id '{}' as a subtype of `AssociationOp`: known type ids = [CREATE, DELETE, UPSERT]",
            other.unwrap_or_default()
        ))),
    };
    objects(object, "associations", "AssociationOp")?.into_iter().map(operation).collect()
}

/// `cascadeLifecycle`
pub fn cascade(flag: bool) -> Cascade {
    if flag { Cascade::Yes } else { Cascade::No }
}

/// The elements of a batch.
///
/// # Errors
/// `BadBody`, `InvalidAssociation` where there are none.
pub fn elements(object: &Object) -> Result<Vec<&Object>, Fault> {
    let elements = objects(object, "requests", "AssociationRequest")?;
    if elements.is_empty() {
        return Err(invalid("requests", "cannot be null or empty"));
    }
    Ok(elements)
}

/// Reads a lifecycle.
///
/// # Errors
/// `BadBody`.
pub fn lifecycle(object: &Object) -> Result<Option<Lifecycle>, Fault> {
    let Some(text) = body::text(object, "lifecycle")? else { return Ok(None) };
    text.parse().map(Some).map_err(|_| {
        Fault::BadBody(format!(
            "Cannot deserialize value of type `LifecyclePolicy` from String \"{text}\": not one of the values accepted for Enum class: [WEAK, STRONG]"
        ))
    })
}

/// Reads a list of texts; empty where it is absent.
///
/// # Errors
/// `BadBody`.
pub fn texts(object: &Object, name: &str) -> Result<Vec<String>, Fault> {
    let text = |value: &Value| body::text_value(value)?.ok_or_else(|| body::mismatch("String", value));
    body::list(object, name)?.iter().map(text).collect()
}

fn asked(object: &Object) -> Result<Asked, Fault> {
    let schema = match object.get("schema") {
        None | Some(Value::Null) => None,
        Some(Value::Object(schema)) => Some(request::schema(schema)?),
        Some(other) => return Err(body::mismatch("RegisterSchemaRequest", other)),
    };
    Ok(Asked {
        subject: body::text(object, "subject")?,
        association_type: body::text(object, "associationType")?,
        lifecycle: lifecycle(object)?,
        frozen: body::boolean(object, "frozen")?,
        schema,
        normalize: body::boolean(object, "normalize")?.unwrap_or(false),
    })
}

fn objects<'a>(object: &'a Object, name: &str, what: &str) -> Result<Vec<&'a Object>, Fault> {
    body::list(object, name)?.iter().map(|item| item.as_object().ok_or_else(|| body::mismatch(what, item))).collect()
}

/// `frozen`, where it says something.
fn unusual(lifecycle: Lifecycle, frozen: bool) -> Option<bool> {
    (frozen != (lifecycle == Lifecycle::Strong)).then_some(frozen)
}

/// An association in a listing.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AssociationOut<'a> {
    subject: &'a str,
    guid: String,
    resource_name: &'a str,
    resource_namespace: &'a str,
    resource_id: &'a str,
    resource_type: &'a str,
    association_type: &'a str,
    lifecycle: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<bool>,
    create_ts: i64,
    update_ts: i64,
}

impl<'a> From<&'a StoredAssociation> for AssociationOut<'a> {
    fn from(stored: &'a StoredAssociation) -> Self {
        let StoredAssociation { key, association, created, updated } = stored;
        AssociationOut {
            subject: key.subject.as_str(),
            guid: association.guid.to_string(),
            resource_name: &key.resource_name,
            resource_namespace: &key.resource_namespace,
            resource_id: &association.resource_id,
            resource_type: &key.resource_type,
            association_type: &key.association_type,
            lifecycle: association.lifecycle.as_str(),
            frozen: unusual(association.lifecycle, association.frozen),
            create_ts: *created,
            update_ts: *updated,
        }
    }
}

/// An association of a resource that is named beside it.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BoundOut<'a> {
    subject: &'a str,
    association_type: &'a str,
    lifecycle: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    frozen: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    schema: Option<SchemaOut<'a>>,
}

impl<'a> From<&'a Bound> for BoundOut<'a> {
    fn from(bound: &'a Bound) -> Self {
        let subject = bound.subject.as_str();
        BoundOut {
            subject,
            association_type: &bound.association_type,
            lifecycle: bound.lifecycle.as_str(),
            frozen: unusual(bound.lifecycle, bound.frozen),
            schema: bound.schema.as_ref().map(|schema| SchemaOut::registered(schema).with_subject(subject)),
        }
    }
}

impl<'a> From<&'a FoundAssociation> for BoundOut<'a> {
    fn from(found: &'a FoundAssociation) -> Self {
        let StoredAssociation { key, association, .. } = &found.stored;
        BoundOut {
            subject: key.subject.as_str(),
            association_type: &key.association_type,
            lifecycle: association.lifecycle.as_str(),
            frozen: unusual(association.lifecycle, association.frozen),
            schema: found.schema.as_ref().map(SchemaOut::of_subject),
        }
    }
}

/// A resource with its associations.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceOut<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_id: Option<&'a str>,
    resource_type: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    associations: Vec<BoundOut<'a>>,
}

impl<'a> ResourceOut<'a> {
    /// A resource, and those of its associations that were made or changed.
    pub fn bound(resource: &'a Resource, bound: &'a [Bound]) -> Self {
        ResourceOut {
            resource_name: Some(&resource.name),
            resource_namespace: Some(&resource.namespace),
            resource_id: resource.id.as_deref(),
            resource_type: &resource.resource_type,
            associations: bound.iter().map(BoundOut::from).collect(),
        }
    }

    /// A resource as it was asked for, completed from its associations that were found.
    pub fn found(sent: &'a Sent, resource_type: &'a str, found: &'a [FoundAssociation]) -> Self {
        let first = found.first().map(|found| &found.stored);
        ResourceOut {
            resource_name: first.map(|stored| stored.key.resource_name.as_str()).or(sent.name.as_deref()),
            resource_namespace: first
                .map(|stored| stored.key.resource_namespace.as_str())
                .or(sent.namespace.as_deref()),
            resource_id: first.map(|stored| stored.association.resource_id.as_str()).or(sent.id.as_deref()),
            resource_type,
            associations: found.iter().map(BoundOut::from).collect(),
        }
    }
}

/// What became of one element of a batch.
#[derive(Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultOut<'a> {
    /// It was done.
    Result(ResourceOut<'a>),
    /// It was not.
    Error(ErrorOut),
}

/// The failure of an element, with the members of the envelope.
#[derive(Serialize)]
pub struct ErrorOut {
    error_code: u32,
    message: String,
}

impl From<&Fault> for ErrorOut {
    fn from(fault: &Fault) -> Self {
        let refusal = catalogue::error_response(fault);
        // The reference has one code for all that is wrong with an element, its schema included.
        let error_code = if refusal.code == 42201 { 42212 } else { refusal.code };
        ErrorOut { error_code, message: refusal.message }
    }
}
