//! The error catalogue: one exhaustive match from faults to status, error code and message, and the one envelope.
//!
//! Two deliberate differences from the reference: permanent conditions that it answers with 5xx get a 4xx (clients retry a
//! 5xx), and every failure has the JSON envelope (it answers some with HTML or with nothing).

use super::wire::finding::FindingOut;
use compat::Spent;
use rules::fault::{Fault, Scope};
use storage::Error as StoreError;

/// A failure as the client sees it.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ErrorResponse {
    /// The HTTP status.
    pub status: u16,
    /// The error code.
    pub code: u32,
    /// The message.
    pub message: String,
    /// Of an incompatible schema: what was found, one by one.
    pub findings: Option<Vec<FindingOut>>,
}

impl ErrorResponse {
    /// A failure of the HTTP layer: the code is the status.
    pub fn plain(status: u16, message: impl Into<String>) -> Self {
        ErrorResponse { status, code: u32::from(status), message: message.into(), findings: None }
    }

    /// The envelope.
    pub fn body(&self) -> Vec<u8> {
        #[derive(serde::Serialize)]
        struct Envelope<'a> {
            error_code: u32,
            message: &'a str,
            #[serde(skip_serializing_if = "Option::is_none")]
            findings: Option<&'a [FindingOut]>,
        }
        let findings = self.findings.as_deref();
        serde_json::to_vec(&Envelope { error_code: self.code, message: &self.message, findings })
            .expect("numbers and strings always serialise")
    }
}

/// What a fault looks like. Nothing of a 5xx's cause is shown; the log has it.
pub fn error_response(fault: &Fault) -> ErrorResponse {
    let (code, message) = match fault {
        Fault::SubjectNotFound(subject) => (40401, format!("Subject '{subject}' not found.")),
        Fault::VersionNotFound(version) => (40402, format!("Version {version} not found.")),
        Fault::SchemaNotFound => (40403, "Schema not found".into()),
        Fault::SchemaNotFoundAs(asked) => (40403, format!("Schema {asked} not found")),
        Fault::SubjectSoftDeleted(subject) => {
            (40404, format!("Subject '{subject}' was soft deleted.Set permanent=true to delete permanently"))
        }
        Fault::SubjectNotSoftDeleted(subject) => {
            (40405, format!("Subject '{subject}' was not deleted first before being permanently deleted"))
        }
        Fault::VersionSoftDeleted(subject, version) => (
            40406,
            format!("Subject '{subject}' Version {version} was soft deleted.Set permanent=true to delete permanently"),
        ),
        Fault::VersionNotSoftDeleted(subject, version) => (
            40407,
            format!("Subject '{subject}' Version {version} was not deleted first before being permanently deleted"),
        ),
        Fault::NoSubjectConfig(subject) => {
            (40408, format!("Subject '{subject}' does not have subject-level compatibility configured"))
        }
        Fault::NoSubjectMode(subject) => {
            (40409, format!("Subject '{subject}' does not have subject-level mode configured"))
        }
        Fault::Incompatible(subject, outcome) => (
            40901,
            format!(
                "Schema being registered is incompatible with an earlier schema for subject \"{subject}\", details: [{}]",
                outcome.messages().join(", ")
            ),
        ),
        Fault::InvalidSchema(message) | Fault::NotSupported(message) | Fault::InvalidSample(message) => {
            (42201, message.clone())
        }
        Fault::InvalidVersion(text) => (
            42202,
            format!(
                "The specified version '{text}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string \"latest\""
            ),
        ),
        Fault::InvalidLevel => (
            42203,
            "Invalid compatibility level. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive".into(),
        ),
        Fault::InvalidMode => (42204, "Invalid mode. Valid values are READWRITE, READONLY, IMPORT and FORWARD.".into()),
        Fault::ForwardModeNotGlobal => (42204, "Forward mode only supported on global level".into()),
        Fault::ReadOnly(scope) => (42205, format!("{} is in read-only mode", named(scope))),
        Fault::NotInImportMode(scope) => (42205, format!("{} is not in import mode", named(scope))),
        Fault::NotInReadWriteMode(scope) => (42205, format!("{} is not in read-write mode", named(scope))),
        Fault::ModeNotMutable => (42205, "Mode changes are not allowed".into()),
        Fault::CannotImport => (42205, "Cannot import since found existing subjects".into()),
        Fault::OverwriteId(id, context) => {
            (42205, format!("Overwrite new schema with id {id} in context {} is not permitted.", context.qualified()))
        }
        Fault::IdsExhausted(context) => {
            (42205, format!("Every schema id up to 2147483647 has been handed out in context {}", context.qualified()))
        }
        Fault::Referenced(subject, version) => (
            42206,
            format!(
                "One or more references exist to the schema {{magic=1,keytype=SCHEMA,subject={subject},version={version}}}."
            ),
        ),
        Fault::AssociationNotFound(resource) => (40410, format!("Association for '{resource}' not found.")),
        Fault::InvalidAssociation { property, detail } => (
            42212,
            format!("The association specified an invalid value for property: '{property}', detail: {detail}"),
        ),
        Fault::AssociationExists { association_type, resource } => (
            40903,
            format!("An association of type '{association_type}' already exists for resource '{resource}'"),
        ),
        Fault::SubjectAssociated(subject) => {
            (40904, format!("An association already exists for subject '{subject}'"))
        }
        Fault::StronglyAssociated(subject) => {
            (40905, format!("A strong association already exists for subject '{subject}'"))
        }
        Fault::NoActiveVersion(subject) => {
            (40907, format!("No active (non-deleted) version exists for subject '{subject}'"))
        }
        // The reference has both spaces.
        Fault::AssociationFrozen(association_type, subject) => {
            (40908, format!("The association of type  '{association_type}' is frozen for subject '{subject}'"))
        }
        Fault::SubjectReferenced(subject) => (42206, format!("One or more references exist to the schema {subject}.")),
        Fault::NotReferable(subject) => {
            (42205, format!("Subject '{subject}' has a strong association and cannot be referenced"))
        }
        Fault::AssociationIncompatible(outcome, _) => (40901, format!("[{}]", outcome.messages().join(", "))),
        Fault::InvalidSubject(text) => (42208, format!("The specified subject '{text}' is not a valid.")),
        Fault::InvalidRuleSet(message) => (42210, message.clone()),
        Fault::ContextNotEmpty(context) => {
            (42211, format!("The specified context '{}' is not empty.", context.qualified()))
        }
        Fault::KeyNotFound(key) => (40470, format!("Key '{key}' not found")),
        Fault::KeyNotSoftDeleted(key) => {
            (40471, format!("Key '{key}' was not deleted first before being permanently deleted"))
        }
        Fault::KeySoftDeleted(key) => (40472, format!("Key '{key}' must be undeleted first")),
        Fault::KeyExists(key) => (40971, format!("Key '{key}' already exists; use a different value")),
        Fault::TooManyKeys(most) => (40972, format!("A maximum of {most} keys already exist")),
        Fault::InvalidKey { field, detail } => {
            let detail = detail.as_ref().map_or(String::new(), |detail| format!(": {detail}"));
            (42271, format!("Invalid or missing value for field '{field}' of key{detail}"))
        }
        Fault::KeyReferenced(key) => (42272, format!("One or more references exist to the key '{key}'")),
        Fault::KmsDenied(message) => (40370, message.clone()),
        Fault::KmsFailed(_) => (50070, "The key management system could not be used; try again later".into()),
        Fault::KmsUnavailable(message) => (42225, message.clone()),
        Fault::BadParameter(message) => (400, message.clone()),
        Fault::NegativeOffset => (400, "The parameter 'offset' must not be negative".into()),
        Fault::NoSuchResource => (404, "HTTP 404 Not Found".into()),
        Fault::MissingBody(argument) => (422, format!("{argument} must not be null (was null)")),
        Fault::BadBody(message) => (400, message.clone()),
        Fault::Denied(refusal) => (denied(refusal), refusal.to_string()),
        Fault::FarId(id, highest) => (
            42205,
            format!(
                "The id {id} lies far beyond the highest id {highest} of its context and would use up the ids between; an admin can take it with force=true"
            ),
        ),
        Fault::Unaudited => (503, "The audit cannot be written, and nothing may be changed without it; try again later".into()),
        Fault::NamespaceNotFound(name) => (40420, format!("Namespace '{name}' not found.")),
        Fault::NoSuchNamespace(name, near) => {
            let hint = near.as_ref().map_or(String::new(), |near| format!(" Did you mean '{near}'?"));
            (40420, format!("Namespace '{name}' not found; only PUT /namespaces/{{name}} makes one.{hint}"))
        }
        Fault::InvalidNamespace(message) => (42220, message.clone()),
        Fault::ClaimRefused(message) => (40920, message.clone()),
        Fault::NamespaceHasClaims(name) => (
            40921,
            format!("Namespace '{name}' still has claims; remove them or offer them to another namespace first"),
        ),
        Fault::Handovers(some, all) => (
            40922,
            format!("{all} subjects would change hands; repeat the request with confirm=true if they should: {}", some.join(", ")),
        ),
        Fault::PreconditionFailed => (412, "The namespace has changed since it was read; read it again".into()),
        Fault::Busy => (503, "The registry has too much work waiting; try again in a moment".into()),
        Fault::Spent(Spent::TooMuch) => (
            42209,
            "This takes more work than one request may cost: the schemas are too large, too deep or too many to be resolved and compared".into(),
        ),
        Fault::Spent(Spent::Stopped) => (503, "The registry is shutting down".into()),
        Fault::Contended => (503, "What the request is about is changing too fast; try again in a moment".into()),
        Fault::AliasMoved(named) => {
            (503, format!("What '{named}' stands for keeps changing; try again in a moment"))
        }
        Fault::Store(error) => return store(error),
        Fault::Internal(_) => (500, "Internal Server Error".into()),
    };
    let status = if code >= 10_000 { code / 100 } else { code };
    let findings = match fault {
        Fault::Incompatible(_, outcome) | Fault::AssociationIncompatible(outcome, _) => FindingOut::all(&outcome.told),
        _ => None,
    };
    ErrorResponse { status: status as u16, code, message, findings }
}

fn denied(refusal: &authz::Refusal) -> u32 {
    match refusal {
        authz::Refusal::Unauthenticated(_) => 40101,
        authz::Refusal::Throttled { .. } => 42901,
        authz::Refusal::Forbidden(_)
        | authz::Refusal::ForeignOrigin(_)
        | authz::Refusal::ForeignHost(_)
        | authz::Refusal::NoRule => 40301,
    }
}

fn store(error: &StoreError) -> ErrorResponse {
    let message = match error {
        StoreError::Overloaded => {
            return ErrorResponse::plain(503, "Too many writes are waiting; try again in a moment");
        }
        StoreError::Panicked(_) => return ErrorResponse::plain(500, "Internal Server Error"),
        StoreError::Closed => return ErrorResponse::plain(503, "The registry is shutting down"),
        StoreError::ReadOnly(_) | StoreError::Io { .. } => {
            "The registry cannot write to its disk; reads still work and an operator has to act"
        }
        _ => "The registry cannot read its stored data; an operator has to act",
    };
    ErrorResponse { status: 500, code: 50001, message: message.into(), findings: None }
}

fn named(scope: &Scope) -> String {
    match scope {
        Scope::Global => "The registry".to_owned(),
        Scope::Subject(subject) => format!("Subject {subject} in context {}", subject.context().qualified()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Subject;

    #[test]
    fn the_catalogue_is_word_for_word() {
        #[track_caller]
        fn check(fault: Fault, status: u16, code: u32, message: &str) {
            assert_eq!(error_response(&fault), ErrorResponse { status, code, message: message.into(), findings: None });
        }
        let (plain, qualified) = (Subject::parse("s"), Subject::parse(":.c:s"));
        check(Fault::SubjectNotFound(qualified.clone()), 404, 40401, "Subject ':.c:s' not found.");
        check(Fault::VersionNotFound(-1), 404, 40402, "Version -1 not found.");
        check(
            Fault::SubjectSoftDeleted(plain.clone()),
            404,
            40404,
            "Subject 's' was soft deleted.Set permanent=true to delete permanently",
        );
        check(Fault::ReadOnly(Scope::Subject(plain.clone())), 422, 42205, "Subject s in context  is in read-only mode");
        check(Fault::ReadOnly(Scope::Global), 422, 42205, "The registry is in read-only mode");
        check(
            Fault::NotInImportMode(Scope::Subject(qualified)),
            422,
            42205,
            "Subject :.c:s in context :.c: is not in import mode",
        );
        check(
            Fault::Referenced(plain, 1),
            422,
            42206,
            "One or more references exist to the schema {magic=1,keytype=SCHEMA,subject=s,version=1}.",
        );
        check(
            Fault::AssociationFrozen("key".into(), Subject::parse(":.c:s")),
            409,
            40908,
            "The association of type  'key' is frozen for subject ':.c:s'",
        );
        check(
            Fault::InvalidAssociation { property: "frozen", detail: "no".into() },
            422,
            42212,
            "The association specified an invalid value for property: 'frozen', detail: no",
        );
        check(
            Fault::AssociationExists { association_type: "key".into(), resource: "orders".into() },
            409,
            40903,
            "An association of type 'key' already exists for resource 'orders'",
        );
        check(Fault::NoSuchResource, 404, 404, "HTTP 404 Not Found");
        check(
            Fault::Store(StoreError::io("writing secrets", "secret path")),
            500,
            50001,
            "The registry cannot write to its disk; reads still work and an operator has to act",
        );
    }
}
