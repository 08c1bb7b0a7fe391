//! Who may do what here: the gate that every request passes, the files it decides by, and the audit.
//!
//! The rules are in `authz`; this puts them together from settings, keeps the namespaces in memory in step with the store, and
//! reads files again when they change. Without any credentials configured everything is open, and the gate only keeps out
//! pages of other sites.

mod audit;
mod files;
mod line;
mod metrics;
mod ownership;
mod settings;
mod sink;

pub use audit::{Audit, AuditedOperation};
pub use files::{Files, OpenError, check_owners, open};
pub use line::{Line, hex, shown};
pub use metrics::Metrics;
pub use ownership::OwnershipCache;
pub use settings::{AccessSettings, Demand, Exposure, FallBack, Sink};
pub use sink::{AuditSink, SinkError};

use authz::{Enforcement, Gate};
use std::sync::Arc;

/// All that a request is judged by.
pub struct Access {
    /// Who asks, and the coarse rule.
    pub gate: Arc<Gate>,
    /// Refusals on their way to the audit.
    pub audit: Audit,
    /// Which contexts may answer for bare names.
    pub fall_back: FallBack,
}

impl Access {
    /// May whoever reaches the address change something, by what is configured?
    pub fn lets_anyone_write(&self) -> bool {
        self.is_open() || self.gate.authorizer.settings().mode != Enforcement::Enforce
    }

    /// Is there nobody one could say to be, so that everybody may do everything?
    pub fn is_open(&self) -> bool {
        self.gate.authentication.challenges().next().is_none()
    }
}
