//! The Tower layer: before a handler runs it is known who asks, and nobody gets where only somebody may.
//!
//! It stands behind the router, because it decides by the [`Action`] that the route table puts into the request's extensions
//! and never by the path's text. In this order: a route without an action → pages of other sites → who is it → the coarse
//! rule. The [`Caller`] goes into the extensions; permits for the resources come later, from the handler. A refusal is an
//! error of the service, of which the caller of this crate makes an answer: it knows about status numbers and envelopes.

use crate::{
    Action, Answer, Authentication, Authorizer, BrowserPolicy, Caller, Connection, Credential, Proxies, Refusal,
};
use http::Request;
use http::request::Parts;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// The address at the other end of the connection, in the request's extensions.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Peer(pub SocketAddr);

/// The id of the request, in the request's extensions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct RequestId(pub Arc<str>);

/// What the layer decides by.
#[derive(Clone, Debug)]
pub struct Gate {
    /// The rules.
    pub authorizer: Authorizer,
    /// Who one can be.
    pub authentication: Authentication,
    /// Whose word on addresses is believed.
    pub proxies: Proxies,
    /// What browsers may do.
    pub browsers: BrowserPolicy,
}

/// A request that was refused, for whoever makes the answer and the audit entry.
#[derive(Clone, Debug)]
pub struct RefusedRequest {
    /// Why.
    pub refusal: Refusal,
    /// Who asked, as far as that was known.
    pub caller: Caller,
    /// For whom a credential was that is not right, or was not checked any more.
    pub attempted: Option<String>,
}

impl Gate {
    /// Who asks, if they may ask for this kind of thing at all. It is found in the request's extensions, as are the
    /// [`Peer`] and the [`RequestId`].
    ///
    /// # Errors
    /// The refusal, and who asked as far as that was known.
    pub async fn admit(&self, parts: &Parts) -> Result<Caller, RefusedRequest> {
        let address = parts.extensions.get::<Peer>().map(|peer| self.proxies.source(peer.0.ip(), &parts.headers));
        let request_id = parts.extensions.get::<RequestId>().map_or_else(|| "".into(), |id| Arc::clone(&id.0));
        let mut caller = Caller::anonymous(address, request_id);
        match self.identified(parts, &mut caller).await {
            Ok(()) => Ok(caller),
            Err(refusal) => {
                let unproved =
                    matches!(refusal, Refusal::Unauthenticated(Credential::Wrong) | Refusal::Throttled { .. });
                let attempted = unproved.then(|| self.authentication.attempted(&parts.headers)).flatten();
                Err(RefusedRequest { refusal, caller, attempted })
            }
        }
    }

    async fn identified(&self, parts: &Parts, caller: &mut Caller) -> Result<(), Refusal> {
        let action = *parts.extensions.get::<Action>().ok_or(Refusal::NoRule)?;
        self.browsers.check(parts)?;
        let connection = Connection { address: caller.address };
        caller.identity = match self.authentication.identify(parts, &connection) {
            Answer::Now(identity) => identity?,
            Answer::Later(identity) => identity.await?,
        };
        self.authorizer.admit(caller, action)
    }
}

/// Makes [`Authorize`] services.
#[derive(Clone, Debug)]
pub struct AuthorizeLayer {
    gate: Arc<Gate>,
}

impl AuthorizeLayer {
    /// Decides by `gate`.
    pub fn new(gate: Arc<Gate>) -> Self {
        AuthorizeLayer { gate }
    }
}

impl<S> Layer<S> for AuthorizeLayer {
    type Service = Authorize<S>;

    fn layer(&self, inner: S) -> Authorize<S> {
        Authorize { inner, gate: Arc::clone(&self.gate) }
    }
}

/// Lets a request through to the inner service, or refuses it.
#[derive(Clone, Debug)]
pub struct Authorize<S> {
    inner: S,
    gate: Arc<Gate>,
}

impl<S, B> Service<Request<B>> for Authorize<S>
where
    S: Service<Request<B>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    S::Error: From<RefusedRequest>,
    B: Send + 'static,
{
    type Response = S::Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<S::Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let gate = Arc::clone(&self.gate);
        // The one that is ready is used; a clone of it takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            let caller = gate.admit(&parts).await?;
            parts.extensions.insert(caller);
            inner.call(Request::from_parts(parts, body)).await
        })
    }
}

#[cfg(test)]
mod tests;
