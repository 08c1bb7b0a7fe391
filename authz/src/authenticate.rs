//! From an `Authorization` header to an identity.
//!
//! There is a list of authenticators, one per scheme; a header goes to the one of its scheme and to no other. No header means
//! anonymous. A header that cannot be read, is of a scheme nobody handles, or is wrong is a refusal and never anonymous. With
//! no authenticator at all there is nothing to check a header against, and everybody is anonymous.

use crate::{Credential, Identity, Refusal, Verified};
use http::request::Parts;
use http::{HeaderMap, header};
use std::fmt;
use std::net::IpAddr;
use std::pin::Pin;
use std::sync::Arc;

/// A proven identity, or why there is none.
pub type Proof = Result<Arc<Verified>, Refusal>;

/// The answer to a question that may take time.
pub enum Answer<T> {
    /// It is known.
    Now(T),
    /// It takes work, which is done elsewhere.
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

/// What is known of the connection that a request came over.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Connection {
    /// The client's address: that of the other end, or what a trusted proxy says.
    pub address: Option<IpAddr>,
}

/// Checks credentials of one scheme.
pub trait Authenticator: Send + Sync + fmt::Debug {
    /// The scheme as it stands in the header, such as `Basic`; compared in any letter case.
    fn scheme(&self) -> &'static str;

    /// What `WWW-Authenticate` says about it.
    fn challenge(&self) -> &'static str;

    /// Checks what follows the scheme. Returns at once: what takes time belongs into [`Answer::Later`], and what blocks into a
    /// pool made for that.
    fn authenticate(&self, credentials: &str, from: &Connection) -> Answer<Proof>;

    /// For whom what follows the scheme claims to be, where it says so. Nothing of that is proved.
    fn attempted(&self, credentials: &str) -> Option<String>;
}

/// All ways to say who one is.
#[derive(Clone, Debug, Default)]
pub struct Authentication {
    authenticators: Vec<Arc<dyn Authenticator>>,
}

impl Authentication {
    /// These ways, in the order in which they are offered.
    pub fn new(authenticators: Vec<Arc<dyn Authenticator>>) -> Self {
        Authentication { authenticators }
    }

    /// The values of `WWW-Authenticate` for a 401.
    pub fn challenges(&self) -> impl Iterator<Item = &'static str> {
        self.authenticators.iter().map(|authenticator| authenticator.challenge())
    }

    /// For whom these headers claim to be, where they can be read. Nothing of that is proved: it is for the audit alone.
    pub fn attempted(&self, headers: &HeaderMap) -> Option<String> {
        let (scheme, credentials) = headers.get(header::AUTHORIZATION)?.to_str().ok()?.trim().split_once(' ')?;
        let found = self.authenticators.iter().find(|one| one.scheme().eq_ignore_ascii_case(scheme));
        found?.attempted(credentials.trim())
    }

    /// Who sent this request over this connection?
    pub fn identify(&self, request: &Parts, from: &Connection) -> Answer<Result<Identity, Refusal>> {
        let mut values = request.headers.get_all(header::AUTHORIZATION).iter();
        let (Some(value), false) = (values.next(), self.authenticators.is_empty()) else {
            return Answer::Now(Ok(Identity::Anonymous));
        };
        let refuse = |problem| Answer::Now(Err(Refusal::Unauthenticated(problem)));
        let Ok(value) = value.to_str() else { return refuse(Credential::Malformed) };
        if values.next().is_some() {
            return refuse(Credential::Malformed);
        }
        let (scheme, credentials) = value.trim().split_once(' ').unwrap_or((value.trim(), ""));
        let found = self.authenticators.iter().find(|one| one.scheme().eq_ignore_ascii_case(scheme));
        let Some(authenticator) = found else { return refuse(Credential::UnknownScheme) };
        match authenticator.authenticate(credentials.trim(), from) {
            Answer::Now(proof) => Answer::Now(proof.map(Identity::Verified)),
            Answer::Later(proof) => Answer::Later(Box::pin(async { proof.await.map(Identity::Verified) })),
        }
    }
}
