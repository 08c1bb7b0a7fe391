//! The key management system that is none: a secret that the registry and the clients are told (`local-kms`).
//!
//! As clients of the Confluent API do it: the key is the first 16 bytes of HKDF-SHA256 of the secret, without salt or info;
//! wrapped by it is nonce (12 bytes), ciphertext, tag of AES-128-GCM, without associated data, which is Tink's raw form.

use super::{Error, Kms, RawKey};
use ring::aead::{AES_128_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hkdf::{HKDF_SHA256, KeyType, Salt};
use ring::rand::{SecureRandom, SystemRandom};
use std::collections::BTreeMap;
use zeroize::Zeroizing;

/// Stands for every key that no other secret is named for.
pub const ANY_KEY: &str = "*";

/// The driver.
#[derive(Default)]
pub struct LocalKms(BTreeMap<String, LessSafeKey>);

impl LocalKms {
    /// The kind of system, as KEKs name it.
    pub const TYPE: &'static str = "local-kms";

    /// With the secret of the key of this name, or of all others ([`ANY_KEY`]).
    pub fn with(mut self, key_id: &str, secret: &[u8]) -> Self {
        self.0.insert(key_id.to_owned(), derived(secret));
        self
    }

    fn key(&self, key_id: &str) -> Result<&LessSafeKey, Error> {
        let found = self.0.get(key_id).or_else(|| self.0.get(ANY_KEY));
        found.ok_or_else(|| Error::NoKey(Self::TYPE, key_id.to_owned()))
    }
}

/// The length of a derived key.
struct KeyLength;

impl KeyType for KeyLength {
    fn len(&self) -> usize {
        AES_128_GCM.key_len()
    }
}

fn derived(secret: &[u8]) -> LessSafeKey {
    let mut key = Zeroizing::new([0; 16]);
    let pseudorandom = Salt::new(HKDF_SHA256, &[]).extract(secret);
    let okm = pseudorandom.expand(&[], KeyLength).expect("sixteen bytes are less than HKDF can make");
    okm.fill(&mut *key).expect("it is as long as was asked for");
    LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &*key).expect("it is as long as the algorithm wants it"))
}

impl Kms for LocalKms {
    fn wrap(&self, key_id: &str, key: &RawKey) -> Result<Vec<u8>, Error> {
        let wrapping = self.key(key_id)?;
        let mut nonce = [0; NONCE_LEN];
        let no_randomness = |_| Error::Failed("the system has no randomness".to_owned());
        SystemRandom::new().fill(&mut nonce).map_err(no_randomness)?;
        let mut sealed = key.as_bytes().to_vec();
        let too_long = |_| Error::Failed("the key is too long to be wrapped".to_owned());
        wrapping
            .seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), Aad::empty(), &mut sealed)
            .map_err(too_long)?;
        Ok([&nonce[..], &sealed].concat())
    }

    fn unwrap(&self, key_id: &str, wrapped: &[u8]) -> Result<RawKey, Error> {
        let wrapping = self.key(key_id)?;
        let (nonce, sealed) = wrapped.split_first_chunk::<NONCE_LEN>().ok_or(Error::NotWrapped)?;
        let mut bytes = Zeroizing::new(sealed.to_vec());
        let opened = wrapping.open_in_place(Nonce::assume_unique_for_key(*nonce), Aad::empty(), &mut bytes);
        Ok(RawKey::new(opened.map_err(|_| Error::NotWrapped)?.to_vec()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Wrapped by Tink for Python, as the client of Confluent calls it, with the secret `mysecret`.
    const BY_TINK: &str = concat!(
        "83575d9b404cf1eed4a53ab1be756852bef4c64ab3a0a120e3d4b96de656de06b76a1172f05e8d76bee6f523a7d7",
        "7d523dfece9ff0a0312af4aec8b4f2ee"
    );

    fn bytes(hex: &str) -> Vec<u8> {
        (0..hex.len()).step_by(2).map(|at| u8::from_str_radix(&hex[at..at + 2], 16).unwrap()).collect()
    }

    #[test]
    fn what_a_client_has_wrapped_is_unwrapped() {
        let kms = LocalKms::default().with(ANY_KEY, b"mysecret");
        let key = kms.unwrap("key-1", &bytes(BY_TINK)).unwrap();
        assert_eq!(key.as_bytes(), [&[0x1a, 32], &[7; 32][..]].concat());
    }

    #[test]
    fn what_is_wrapped_comes_back_and_never_looks_the_same() {
        let kms = LocalKms::default().with("a", b"one").with(ANY_KEY, b"other");
        let key = RawKey::new(vec![9; 34]);
        let (first, second) = (kms.wrap("a", &key).unwrap(), kms.wrap("a", &key).unwrap());
        assert_ne!(first, second);
        assert_eq!(kms.unwrap("a", &first), Ok(key.clone()));
        // Of another key, whose secret is another.
        assert_eq!(kms.unwrap("b", &first), Err(Error::NotWrapped));
        assert_eq!(kms.unwrap("c", &kms.wrap("b", &key).unwrap()), Ok(key));
    }

    #[test]
    fn what_was_changed_or_cut_is_not_unwrapped() {
        let kms = LocalKms::default().with("a", b"secret");
        let wrapped = kms.wrap("a", &RawKey::new(vec![9; 34])).unwrap();
        for at in 0..wrapped.len() {
            let mut changed = wrapped.clone();
            changed[at] ^= 1;
            assert_eq!(kms.unwrap("a", &changed), Err(Error::NotWrapped), "byte {at}");
            assert_eq!(kms.unwrap("a", &wrapped[..at]), Err(Error::NotWrapped), "{at} bytes");
        }
    }

    #[test]
    fn a_key_without_a_secret_is_told() {
        let kms = LocalKms::default().with("a", b"secret");
        let refused = kms.wrap("b", &RawKey::new(vec![])).unwrap_err();
        assert_eq!(refused.to_string(), "this registry is told nothing of the key 'b' of KMS type 'local-kms'");
    }
}
