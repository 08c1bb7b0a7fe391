//! Aliases: a subject whose config names another one stands for that one, in the path and in the parameter `subject` of
//! `/schemas/ids/…`, for reads, writes and deletions alike. Permission is asked for what the alias points to.
//!
//! One step only. `/config/{subject}` and `/mode/{subject}` are about the subject itself, so that an alias can be changed
//! again.

use super::query::Query;
use super::routes::Operation;
use crate::fault::Fault;
use crate::service::Service;
use authz::Action;
use model::Subject;

/// Replaces a subject that has an alias by what it points to; the subject as it was named.
///
/// # Errors
/// Those of the store.
pub fn follow(
    service: &Service,
    operation: Operation,
    parameters: &mut [String],
    query: &mut Query,
) -> Result<Option<Subject>, Fault> {
    let path = operation.route().path;
    let mut in_path = parameters.first_mut().filter(|_| path.contains("/subjects/{subject}"));
    let in_query = || query.text("subject").filter(|_| path.starts_with("/schemas/ids/"));
    let Some(named) = in_path.as_deref().map(String::as_str).or_else(in_query).map(Subject::parse) else {
        return Ok(None);
    };
    let Some(subject) = service.alias(&named)?.filter(|subject| *subject != named) else { return Ok(None) };
    match &mut in_path {
        Some(parameter) => **parameter = subject.to_string(),
        None => query.replace("subject", subject.to_string()),
    }
    Ok(Some(named))
}

/// The subject that such an action would be about, for who only asks whether it may.
///
/// # Errors
/// Those of the store.
pub fn meant(service: &Service, action: Action, named: Subject) -> Result<Subject, Fault> {
    match action {
        Action::Config | Action::Mode | Action::Import => Ok(named),
        _ => Ok(service.alias(&named)?.unwrap_or(named)),
    }
}
