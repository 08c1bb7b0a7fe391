//! What becomes of a request that is not done: the envelope, the headers beside it, and what the audit is told.

use super::Exchange;
use crate::http::alias::Name;
use crate::http::catalogue::{self, ErrorResponse};
use crate::http::reply::refused_on;
use authz::{Caller, RefusedRequest, Resource};
use axum::body::Body;
use http::header::{RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, Response};
use model::Subject;
use rules::fault::Fault;

/// Why a request is not done.
pub(super) enum Failure {
    /// What the catalogue has a code for.
    Fault(Fault),
    /// What went wrong before anything was asked of the registry.
    Plain(ErrorResponse),
    /// By the gate, which knows who asked.
    Refused(RefusedRequest),
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure::Fault(fault)
    }
}

impl From<ErrorResponse> for Failure {
    fn from(refusal: ErrorResponse) -> Self {
        Failure::Plain(refusal)
    }
}

impl From<RefusedRequest> for Failure {
    fn from(refused: RefusedRequest) -> Self {
        Failure::Refused(refused)
    }
}

impl Exchange {
    /// The answer to a failure, which the audit is told of where it is a refusal.
    pub(super) fn failed(&self, failure: Failure) -> Response<Body> {
        let (fault, who, attempted) = match failure {
            Failure::Plain(refusal) => return self.refused(refusal, self.who.get(), None),
            Failure::Fault(fault) => (fault, self.who.get(), None),
            Failure::Refused(RefusedRequest { refusal, ref caller, attempted }) => {
                (Fault::Denied(refusal), Some(caller), attempted)
            }
        };
        let mut refusal = catalogue::error_response(&fault);
        let Fault::Denied(denied) = fault else {
            let cause = match fault {
                Fault::Store(error) => Some(error.to_string()),
                Fault::Internal(text) | Fault::KmsFailed(text) => Some(text),
                _ => None,
            };
            return self.refused(refusal, who, cause);
        };
        if let Ok(Some(Name { named, alias_of: Some(_), .. })) = &self.meant().name {
            refusal.message += &format!("; '{named}' is an alias of it");
        }
        let mut response = self.refused(refusal, who, None);
        self.say_denied(who.map(|caller| (caller, attempted.as_deref())), &denied, &mut response);
        response
    }

    /// A refusal in the form of the operation's face.
    fn refused(&self, refusal: ErrorResponse, who: Option<&Caller>, cause: Option<String>) -> Response<Body> {
        let mut response = refused_on(self.operation.route().face, &refusal, &self.accepted, self.form.gzip);
        if refusal.status == 503 {
            response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
        }
        let access_log = self.access_log(who, false, Some((refusal.code, refusal.message)), cause);
        response.extensions_mut().insert(access_log);
        response
    }

    /// A refusal goes into the audit, with the user of a wrong credential, and tells the client how to authenticate or when to
    /// come again.
    fn say_denied(&self, who: Option<(&Caller, Option<&str>)>, denied: &authz::Refusal, response: &mut Response<Body>) {
        let Exchange { app, operation, .. } = self;
        if let Some(who) = who {
            let subject = self.subject().as_deref().map(Subject::parse);
            let scope = subject.as_ref().map(Resource::scope);
            app.access.audit.refused(operation.audited(), scope, &app.service.ownership(), who, denied);
        }
        match denied {
            authz::Refusal::Unauthenticated(_) => {
                for challenge in app.access.gate.authentication.challenges() {
                    response.headers_mut().append(WWW_AUTHENTICATE, HeaderValue::from_static(challenge));
                }
            }
            authz::Refusal::Throttled { retry_after } => {
                response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(retry_after.as_secs().max(1)));
            }
            _ => {}
        }
    }
}
