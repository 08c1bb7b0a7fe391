//! Wrapping and unwrapping by key management systems, counted, in the words of the registry.
//!
//! Its calls may wait for a network: they are made in the pools.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use kms::tink::Form;
use kms::{Drivers, Error, Kms, RawKey};
use model::{DekAlgorithm, Kek};
use prometheus::{HistogramOpts, HistogramVec, IntCounterVec, Opts, Registry};
use rules::encryption::invalid_because;
use rules::fault::Fault;
use std::sync::Arc;
use std::time::Instant;

/// What is counted of key management systems.
pub struct KmsMetrics {
    requests: IntCounterVec,
    seconds: HistogramVec,
}

impl KmsMetrics {
    /// Registers all of them.
    ///
    /// # Errors
    /// When two have the same name.
    pub fn new(registry: &Registry) -> Result<Self, prometheus::Error> {
        let requests = IntCounterVec::new(
            Opts::new(
                "freehold_kms_requests_total",
                "Keys wrapped and unwrapped by a key management system, by driver, operation and outcome",
            ),
            &["driver", "operation", "outcome"],
        )?;
        let seconds = HistogramVec::new(
            HistogramOpts::new("freehold_kms_seconds", "Time that a key management system took for a key")
                .buckets(vec![0.0001, 0.001, 0.01, 0.05, 0.1, 0.5, 1.0, 5.0]),
            &["driver"],
        )?;
        registry.register(Box::new(requests.clone()))?;
        registry.register(Box::new(seconds.clone()))?;
        Ok(KmsMetrics { requests, seconds })
    }
}

/// The drivers, and what is counted of them.
pub struct KeyManagement {
    drivers: Drivers,
    metrics: Arc<KmsMetrics>,
}

impl KeyManagement {
    /// With these drivers.
    pub fn new(drivers: Drivers, metrics: Arc<KmsMetrics>) -> Self {
        KeyManagement { drivers, metrics }
    }

    /// Makes a key, and wraps it by a KEK.
    pub(super) fn make(&self, kek: &Kek, algorithm: DekAlgorithm) -> Result<(RawKey, String), Fault> {
        let key = form(algorithm).generate().map_err(fault)?;
        let wrapped = self.wrap(kek, &key)?;
        Ok((key, wrapped))
    }

    /// Wraps a key by a KEK, into base64.
    pub(super) fn wrap(&self, kek: &Kek, key: &RawKey) -> Result<String, Fault> {
        let wrapped = self.timed(kek, "wrap", |driver| driver.wrap(&kek.kms_key_id, key)).map_err(fault)?;
        Ok(STANDARD.encode(wrapped))
    }

    /// Unwraps what a KEK has wrapped, from base64.
    pub(super) fn unwrap(&self, kek: &Kek, wrapped: &str) -> Result<RawKey, Fault> {
        self.opened(kek, wrapped).map_err(fault)
    }

    /// The same; `None`, where this registry is not set up to use that key.
    pub(super) fn unwrap_if_can(&self, kek: &Kek, wrapped: &str) -> Result<Option<RawKey>, Fault> {
        match self.opened(kek, wrapped) {
            Ok(key) => Ok(Some(key)),
            Err(Error::NoDriver(_) | Error::NoKey(..)) => Ok(None),
            Err(error) => Err(fault(error)),
        }
    }

    /// Unwraps what was sent as wrapped by a KEK, to see whether it was; and is it a key of this algorithm?
    pub(super) fn verify(&self, kek: &Kek, algorithm: DekAlgorithm, wrapped: &str) -> Result<RawKey, Fault> {
        let because = |detail| invalid_because("encryptedKeyMaterial", detail);
        let key = self.opened(kek, wrapped).map_err(|error| match error {
            Error::NotWrapped => because("the KEK has not wrapped it"),
            error => fault(error),
        })?;
        let right = form(algorithm).is_form_of(&key);
        if right { Ok(key) } else { Err(because("what the KEK has wrapped is no key of the algorithm")) }
    }

    fn opened(&self, kek: &Kek, wrapped: &str) -> Result<RawKey, Error> {
        let bytes = STANDARD.decode(wrapped).map_err(|_| Error::NotWrapped)?;
        self.timed(kek, "unwrap", |driver| driver.unwrap(&kek.kms_key_id, &bytes))
    }

    fn timed<T>(&self, kek: &Kek, operation: &str, ask: impl FnOnce(&dyn Kms) -> Result<T, Error>) -> Result<T, Error> {
        let (name, driver) = self.drivers.of(&kek.kms_type)?;
        let begun = Instant::now();
        let outcome = ask(driver);
        self.metrics.seconds.with_label_values(&[name]).observe(begun.elapsed().as_secs_f64());
        let word = match &outcome {
            Ok(_) => "ok",
            Err(Error::NoDriver(_) | Error::NoKey(..)) => "no-key",
            Err(Error::Denied(_)) => "denied",
            Err(Error::NotWrapped) => "not-wrapped",
            Err(Error::Failed(_)) => "failed",
        };
        self.metrics.requests.with_label_values(&[name, operation, word]).inc();
        outcome
    }
}

fn form(algorithm: DekAlgorithm) -> Form {
    match algorithm {
        DekAlgorithm::Aes128Gcm => Form::Aes128Gcm,
        DekAlgorithm::Aes256Gcm => Form::Aes256Gcm,
        DekAlgorithm::Aes256Siv => Form::Aes256Siv,
    }
}

fn fault(error: Error) -> Fault {
    match error {
        Error::NoDriver(_) | Error::NoKey(..) => Fault::KmsUnavailable(format!("The key cannot be used: {error}")),
        Error::Denied(why) => Fault::KmsDenied(why),
        Error::NotWrapped | Error::Failed(_) => Fault::KmsFailed(error.to_string()),
    }
}
