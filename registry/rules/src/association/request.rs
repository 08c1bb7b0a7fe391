//! What a request for associations must be by itself, before any state is looked at, and what it means where it is silent.

use super::{TYPES, invalid};
use crate::candidate::Described;
use crate::fault::Fault;
use model::{Context, Guid, Lifecycle, Subject, TOPIC};

/// The longest name of a resource or of its namespace, in characters.
pub const LONGEST_NAME: usize = 256;

/// Is a new association asked for, or that there be one?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Verb {
    /// A new one; the same again is no mistake.
    Create,
    /// One that is there may be changed.
    Upsert,
}

/// Is it to be done, or only said whether it could be?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Run {
    /// Done.
    Real,
    /// Said.
    Dry,
}

/// A resource as a request names it.
#[derive(Clone, Debug, Default)]
pub struct Sent {
    /// `resourceName`
    pub name: Option<String>,
    /// `resourceNamespace`
    pub namespace: Option<String>,
    /// `resourceId`
    pub id: Option<String>,
    /// `resourceType`
    pub resource_type: Option<String>,
}

/// An association as a request describes it.
#[derive(Clone, Debug, Default)]
pub struct Asked {
    /// `subject`
    pub subject: Option<String>,
    /// `associationType`
    pub association_type: Option<String>,
    /// `lifecycle`
    pub lifecycle: Option<Lifecycle>,
    /// `frozen`
    pub frozen: Option<bool>,
    /// `schema`
    pub schema: Option<Described>,
    /// `normalize`
    pub normalize: bool,
}

/// A resource that can have associations.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Resource {
    /// Its name.
    pub name: String,
    /// Where the name is unique.
    pub namespace: String,
    /// Its id; absent only in a dry run.
    pub id: Option<String>,
    /// Its kind.
    pub resource_type: String,
}

impl Resource {
    /// The subject that a STRONG association of a type is with.
    pub fn owned_subject(&self, association_type: &str) -> Subject {
        Subject::parse(&format!(":.{}:{}-{association_type}", self.namespace, self.name))
    }
}

/// An association to be made or changed. What is `None` is decided by the one that is there.
#[derive(Clone, Debug)]
pub struct Binding {
    /// Key or value.
    pub association_type: String,
    /// The subject.
    pub subject: Option<Subject>,
    /// How far both belong together.
    pub lifecycle: Option<Lifecycle>,
    /// Frozen?
    pub frozen: Option<bool>,
    /// A schema to register in the subject.
    pub schema: Option<Described>,
    /// Normalise the schema?
    pub normalize: bool,
    /// The random name that a new association gets. Chosen here, because a decision is made more than once.
    pub guid: Guid,
}

/// Associations of one resource that are asked for together.
#[derive(Clone, Debug)]
pub struct Request {
    /// New ones, or changed ones?
    pub verb: Verb,
    /// The resource.
    pub resource: Resource,
    /// The associations, each type at most once.
    pub bindings: Vec<Binding>,
}

/// Checks a request for associations. Subjects without a context are of `context`; `guid` gives random names.
///
/// # Errors
/// `InvalidAssociation` for the first member that is wrong.
pub fn check(
    verb: Verb,
    run: Run,
    context: &Context,
    sent: Sent,
    asked: Vec<Asked>,
    guid: impl Fn() -> Guid,
) -> Result<Request, Fault> {
    let resource = resource(sent, run)?;
    if asked.is_empty() {
        return Err(invalid("associations", "cannot be null or empty"));
    }
    let context = Subject::of_context(context.clone());
    let mut bindings: Vec<Binding> = Vec::with_capacity(asked.len().min(TYPES.len()));
    for asked in asked {
        let association_type = association_type(asked.association_type.as_deref())?;
        if bindings.iter().any(|binding| binding.association_type == association_type) {
            let detail = format!("may only appear once per request, but '{association_type}' appears more than once");
            return Err(invalid("associationType", detail));
        }
        let subject = asked.subject.filter(|text| !text.is_empty()).map(|text| context.sibling(&text));
        let binding = Binding {
            association_type,
            subject,
            lifecycle: asked.lifecycle,
            frozen: asked.frozen,
            schema: asked.schema,
            normalize: asked.normalize,
            guid: guid(),
        };
        bindings.push(match verb {
            Verb::Create => complete(&resource, binding)?,
            Verb::Upsert => binding,
        });
    }
    Ok(Request { verb, resource, bindings })
}

/// Checks which resource is named.
///
/// # Errors
/// `InvalidAssociation`.
pub fn resource(sent: Sent, run: Run) -> Result<Resource, Fault> {
    let name = name("resourceName", sent.name)?;
    let namespace = self::name("resourceNamespace", sent.namespace)?;
    let id = sent.id.filter(|id| !id.is_empty());
    if id.is_none() && run == Run::Real {
        return Err(invalid("resourceId", "cannot be null or empty"));
    }
    let resource_type = sent.resource_type.filter(|text| !text.is_empty()).unwrap_or_else(|| TOPIC.to_owned());
    if resource_type != TOPIC {
        return Err(invalid("resourceType", "must be 'topic'"));
    }
    Ok(Resource { name, namespace, id, resource_type })
}

fn name(property: &'static str, sent: Option<String>) -> Result<String, Fault> {
    let name = sent.filter(|name| !name.is_empty()).ok_or_else(|| invalid(property, "cannot be null or empty"))?;
    if name.chars().count() > LONGEST_NAME {
        return Err(invalid(property, format!("cannot be longer than {LONGEST_NAME} characters")));
    }
    let legal = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    match name.chars().find(|c| !legal(*c)) {
        Some(illegal) => Err(invalid(property, format!("illegal character '{illegal}'"))),
        None => Ok(name),
    }
}

/// Reads an association type; `value` where there is none.
///
/// # Errors
/// `InvalidAssociation`.
pub fn association_type(sent: Option<&str>) -> Result<String, Fault> {
    match sent.filter(|text| !text.is_empty()) {
        None => Ok("value".to_owned()),
        Some(text) if TYPES.contains(&text) => Ok(text.to_owned()),
        Some(_) => Err(invalid("associationType", "must be either 'key' or 'value'")),
    }
}

/// Fills in what a new association has where the request is silent, and refuses what cannot be.
///
/// # Errors
/// `InvalidAssociation`.
pub fn complete(resource: &Resource, binding: Binding) -> Result<Binding, Fault> {
    if binding.schema.is_some() {
        if binding.lifecycle == Some(Lifecycle::Weak) {
            return Err(invalid("lifecycle", "cannot be WEAK when a schema is given"));
        }
        if binding.frozen == Some(false) {
            return Err(invalid("frozen", "cannot be false when a schema is given"));
        }
    }
    let silent = if binding.schema.is_some() { Lifecycle::Strong } else { Lifecycle::Weak };
    let lifecycle = binding.lifecycle.unwrap_or(silent);
    let frozen = binding.frozen.unwrap_or(lifecycle == Lifecycle::Strong);
    check_frozen(lifecycle, frozen)?;
    let owned = resource.owned_subject(&binding.association_type);
    let subject = match (binding.subject, lifecycle) {
        (Some(subject), _) => subject,
        (None, Lifecycle::Strong) => owned.clone(),
        (None, Lifecycle::Weak) => return Err(invalid("subject", "must be provided for WEAK associations")),
    };
    match (lifecycle, subject == owned) {
        (Lifecycle::Weak, true) => {
            Err(invalid("subject", format!("WEAK associations cannot use subject '{owned}', which the resource owns")))
        }
        (Lifecycle::Strong, false) => {
            Err(invalid("subject", format!("frozen associations must use subject '{owned}'")))
        }
        _ => Ok(Binding { subject: Some(subject), lifecycle: Some(lifecycle), frozen: Some(frozen), ..binding }),
    }
}

/// STRONG associations are frozen, and only they.
pub(super) fn check_frozen(lifecycle: Lifecycle, frozen: bool) -> Result<(), Fault> {
    if frozen == (lifecycle == Lifecycle::Strong) {
        return Ok(());
    }
    Err(invalid("frozen", format!("association with lifecycle of {lifecycle} cannot be frozen={frozen}")))
}
