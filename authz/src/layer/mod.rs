//! The Tower layer: before a handler runs it is known who asks, and nobody gets where only somebody may.
//!
//! It stands behind the router, because it decides by the route's [`Operation`] (found in the request's extensions) and never
//! by the path's text. In this order: a route without an operation → pages of other sites → who is it → the coarse rule.
//! The [`Caller`] goes into the extensions; permits for the resources come later, from the handler. Answers are made by the
//! caller of this crate, who knows about status numbers and envelopes.

use crate::{Action, Answer, Authentication, Authorizer, BrowserPolicy, Caller, Identity, Proxies, Refusal};
use http::{Request, Response};
use std::net::{IpAddr, SocketAddr};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tower::{Layer, Service};

/// A route, as far as permission goes. The route table puts it into the request's extensions.
pub trait Operation: Clone + Send + Sync + 'static {
    /// The kind of action that it is. Where that depends on parameters, the least of them; the handler asks for the rest.
    fn action(&self) -> Action;
}

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
pub struct RefusedRequest<O> {
    /// Why.
    pub refusal: Refusal,
    /// The route; `None` where it has no operation.
    pub operation: Option<O>,
    /// Who asked, as far as that was known.
    pub caller: Caller,
    /// What `WWW-Authenticate` should say.
    pub challenges: Vec<&'static str>,
}

impl Gate {
    /// Who asks, if they may ask for this kind of action at all; else the refusal and who asked as far as that was known.
    ///
    /// This is the layer's decision for a service that knows the route's operation by other means than the extensions.
    pub async fn caller(
        &self,
        parts: &http::request::Parts,
        peer: Option<IpAddr>,
        action: Action,
        request_id: Arc<str>,
    ) -> Result<Caller, (Refusal, Caller)> {
        let address = peer.map(|peer| self.proxies.source(peer, &parts.headers));
        let mut caller = Caller::anonymous(address, request_id);
        if let Err(refusal) = self.browsers.check(parts) {
            return Err((refusal, caller));
        }
        let identity = match self.authentication.identify(&parts.headers, address) {
            Answer::Now(identity) => identity,
            Answer::Later(identity) => identity.await,
        };
        let admitted = identity.and_then(|identity: Identity| {
            caller.identity = identity;
            self.authorizer.admit(&caller, action)
        });
        match admitted {
            Ok(()) => Ok(caller),
            Err(refusal) => Err((refusal, caller)),
        }
    }
}

/// Makes [`Authorize`] services.
#[derive(Clone, Debug)]
pub struct AuthorizeLayer<F> {
    gate: Arc<Gate>,
    refuse: F,
}

impl<F> AuthorizeLayer<F> {
    /// Decides by `gate`; `refuse` makes the answer to what is refused.
    pub fn new(gate: Arc<Gate>, refuse: F) -> Self {
        AuthorizeLayer { gate, refuse }
    }
}

impl<S, F: Clone> Layer<S> for AuthorizeLayer<F> {
    type Service = Authorize<S, F>;

    fn layer(&self, inner: S) -> Authorize<S, F> {
        Authorize { inner, gate: self.gate.clone(), refuse: self.refuse.clone() }
    }
}

/// Lets a request through to the inner service, or answers it.
#[derive(Clone, Debug)]
pub struct Authorize<S, F> {
    inner: S,
    gate: Arc<Gate>,
    refuse: F,
}

impl<S, F, B, R> Service<Request<B>> for Authorize<S, F>
where
    S: Service<Request<B>, Response = Response<R>> + Clone + Send + 'static,
    S::Future: Send + 'static,
    F: Refuse<R>,
    B: Send + 'static,
{
    type Response = Response<R>;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response<R>, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        let gate = self.gate.clone();
        let refuse = self.refuse.clone();
        // The one that is ready is used; a clone of it takes its place.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        Box::pin(async move {
            match gate.admit(request).await {
                Ok(request) => inner.call(request).await,
                Err(refused) => Ok(refuse.refuse(refused)),
            }
        })
    }
}

impl Gate {
    async fn admit<O: Operation, B>(&self, request: Request<B>) -> Result<Request<B>, RefusedRequest<O>> {
        let peer = request.extensions().get::<Peer>().map(|peer| peer.0.ip());
        let request_id = request.extensions().get::<RequestId>().map_or_else(|| "".into(), |id| id.0.clone());
        let (mut parts, body) = request.into_parts();
        let Some(operation) = parts.extensions.get::<O>().cloned() else {
            let address = peer.map(|peer| self.proxies.source(peer, &parts.headers));
            return Err(self.refused(Refusal::NoRule, None, Caller::anonymous(address, request_id)));
        };
        match self.caller(&parts, peer, operation.action(), request_id).await {
            Ok(caller) => {
                parts.extensions.insert(caller);
                Ok(Request::from_parts(parts, body))
            }
            Err((refusal, caller)) => Err(self.refused(refusal, Some(operation), caller)),
        }
    }

    fn refused<O>(&self, refusal: Refusal, operation: Option<O>, caller: Caller) -> RefusedRequest<O> {
        RefusedRequest { refusal, operation, caller, challenges: self.authentication.challenges().collect() }
    }
}

/// Makes the answer to a refused request.
pub trait Refuse<R>: Clone + Send + 'static {
    /// The extension that says which route it is.
    type Operation: Operation;

    /// The answer.
    fn refuse(&self, refused: RefusedRequest<Self::Operation>) -> Response<R>;
}

#[cfg(test)]
mod tests;
