//! Key management systems: who wraps and unwraps the keys that clients encrypt fields with.
//!
//! A driver speaks for one kind of system. What is deliberately not here: which keys there are and who may have them (rules and
//! service), where secrets come from (settings), and HTTP. It imports nothing of ours.

mod local;
pub mod tink;

pub use local::{ANY_KEY, LocalKms};

use std::collections::BTreeMap;
use std::fmt;
use zeroize::Zeroizing;

/// A key in the clear. Its memory is overwritten when it goes, and nothing prints it.
#[derive(Clone, PartialEq, Eq)]
pub struct RawKey(Zeroizing<Vec<u8>>);

impl RawKey {
    /// A key of these bytes.
    pub fn new(bytes: Vec<u8>) -> Self {
        RawKey(Zeroizing::new(bytes))
    }

    /// Its bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for RawKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RawKey([hidden])")
    }
}

/// Why a key was not wrapped or unwrapped.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum Error {
    /// There is no driver for such systems here.
    #[error("this registry has no driver for KMS type '{0}'")]
    NoDriver(String),
    /// The driver is not told of that key: its kind of system, and the name of the key.
    #[error("this registry is told nothing of the key '{1}' of KMS type '{0}'")]
    NoKey(&'static str, String),
    /// The system does not let the registry use the key.
    #[error("{0}")]
    Denied(String),
    /// What is to be unwrapped was not wrapped by this key, or has been changed since.
    #[error("it was not wrapped by this key")]
    NotWrapped,
    /// The system does not answer, or not as it should.
    #[error("{0}")]
    Failed(String),
}

/// A driver: one kind of key management system.
///
/// Both calls may wait for a network, so they are made where that keeps nobody else waiting. A driver sets its own time-outs.
pub trait Kms: Send + Sync {
    /// Wraps a key by the key of this name.
    ///
    /// # Errors
    /// `NoKey`, `Denied`, `Failed`.
    fn wrap(&self, key_id: &str, key: &RawKey) -> Result<Vec<u8>, Error>;

    /// Unwraps what the key of this name has wrapped.
    ///
    /// # Errors
    /// `NoKey`, `Denied`, `NotWrapped`, `Failed`.
    fn unwrap(&self, key_id: &str, wrapped: &[u8]) -> Result<RawKey, Error>;
}

/// The drivers that there are, by the kind of system.
#[derive(Default)]
pub struct Drivers(BTreeMap<&'static str, Box<dyn Kms>>);

impl Drivers {
    /// With a driver for this kind of system.
    pub fn with(mut self, kms_type: &'static str, driver: impl Kms + 'static) -> Self {
        self.0.insert(kms_type, Box::new(driver));
        self
    }

    /// The driver for a kind of system, with the name of that.
    ///
    /// # Errors
    /// `NoDriver`.
    pub fn of(&self, kms_type: &str) -> Result<(&'static str, &dyn Kms), Error> {
        let found = self.0.get_key_value(kms_type);
        found.map(|(name, driver)| (*name, &**driver)).ok_or_else(|| Error::NoDriver(kms_type.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_in_the_clear_prints_nothing_of_itself() {
        assert_eq!(format!("{:?}", RawKey::new(b"secret".to_vec())), "RawKey([hidden])");
    }

    #[test]
    fn each_kind_of_system_has_its_driver() {
        let drivers = Drivers::default().with(LocalKms::TYPE, LocalKms::default());
        assert_eq!(drivers.of("local-kms").map(|(name, _)| name), Ok("local-kms"));
        let refused = drivers.of("aws-kms").err().unwrap();
        assert_eq!(refused.to_string(), "this registry has no driver for KMS type 'aws-kms'");
    }
}
