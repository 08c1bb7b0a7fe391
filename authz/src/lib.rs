//! Permission: who is asking, who owns the subject, and whether they may.
//!
//! The rule in one line: anyone may read; register, delete and configure belong to the namespace that owns the subject.
//! Permission is a value: [`Permit`] contains the resource it was given for, only the [`Authorizer`] makes one, and what
//! changes something takes its target out of it. So a forgotten check does not compile.
//!
//! Deliberately not here: HTTP status numbers, routes and paths (the caller says which [`Action`] a request is), the store
//! (its namespaces arrive as a plain value), and blocking (costly password work is handed to the caller's pool).

mod action;
mod address;
pub mod audit;
mod authenticate;
mod authorizer;
pub mod basic;
mod browser;
mod caller;
pub mod claims;
mod guard;
mod layer;
mod limits;
mod ownership;
mod policy;
mod recent;
mod refusal;
mod reload;
mod resource;
mod rule;
mod settings;
mod watch;

pub use action::{Action, Nature};
pub use address::{InvalidNetwork, Network, Proxies};
pub use authenticate::{Answer, Authentication, Authenticator, Connection, Proof};
pub use authorizer::{Authorizer, Decision, Deferred, Grant, Judgement, Permit, RegisterPermit};
pub use browser::{BrowserPolicy, Hosts, PRIVATE};
pub use caller::{Caller, Identity, Method, Verified};
pub use guard::{Exposed, other_writers};
pub use layer::{Authorize, AuthorizeLayer, Gate, Peer, RefusedRequest, RequestId};
pub use limits::LIMITS;
pub use ownership::{InvalidOwnership, Ownership};
pub use policy::{Domain, InvalidLine, InvalidPolicy, Policy, Problem};
pub use refusal::{Credential, Forbidden, Hint, Refusal};
pub use reload::{Look, PolicyFiles, Reload, Unusable, UsersFile};
pub use resource::{Global, Resource, Scope, Topic};
pub use rule::{Role, Rule};
pub use settings::{AuthorizationSettings, Enforcement, PostReads, Unclaimed};
pub use watch::{Polled, WatchedFile};
