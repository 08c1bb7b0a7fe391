//! What users and policies may take, as one list for the documentation.

use crate::basic::{MAX_FILE, MAX_NAME, MAX_PASSWORD};
use crate::policy::MAX_POLICY_FILE;
use model::Limit;

/// The bounds of this crate.
pub const LIMITS: &[Limit] = &[
    Limit::new("the name of a user", MAX_NAME, "bytes"),
    Limit::new("a password", MAX_PASSWORD, "bytes"),
    Limit::new("the users file", MAX_FILE, "bytes"),
    Limit::new("the policy file, the model file", MAX_POLICY_FILE, "bytes"),
];
