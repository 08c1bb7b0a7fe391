//! Keys as clients of the Confluent API take them: Tink's messages `AesGcmKey` and `AesSivKey`, whose version is 0 and therefore
//! not written. So a key is a tag, a length and its bytes.

use super::{Error, RawKey};
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

/// Which key.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Form {
    /// AES-GCM with 128 bits.
    Aes128Gcm,
    /// AES-GCM with 256 bits.
    Aes256Gcm,
    /// AES-SIV with two keys of 256 bits.
    Aes256Siv,
}

impl Form {
    /// The tag of the member that holds the key, of wire type 2, and how many bytes that has.
    fn member(self) -> (u8, u8) {
        match self {
            Form::Aes128Gcm => (3 << 3 | 2, 16),
            Form::Aes256Gcm => (3 << 3 | 2, 32),
            Form::Aes256Siv => (2 << 3 | 2, 64),
        }
    }

    /// A new random key.
    ///
    /// # Errors
    /// `Failed`, where the system has no randomness.
    pub fn generate(self) -> Result<RawKey, Error> {
        let (tag, length) = self.member();
        let mut key = Zeroizing::new(vec![0; usize::from(length)]);
        let no_randomness = |_| Error::Failed("the system has no randomness".to_owned());
        SystemRandom::new().fill(&mut key).map_err(no_randomness)?;
        Ok(RawKey::new([&[tag, length], &key[..]].concat()))
    }

    /// Is it a key of this form?
    pub fn is_form_of(self, key: &RawKey) -> bool {
        let (tag, length) = self.member();
        matches!(key.as_bytes(), [first, second, rest @ ..]
            if (*first, *second) == (tag, length) && rest.len() == usize::from(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_key_is_a_tag_a_length_and_random_bytes() {
        for (form, begin, length) in
            [(Form::Aes128Gcm, [0x1a, 16], 18), (Form::Aes256Gcm, [0x1a, 32], 34), (Form::Aes256Siv, [0x12, 64], 66)]
        {
            let (key, other) = (form.generate().unwrap(), form.generate().unwrap());
            assert_eq!((&key.as_bytes()[..2], key.as_bytes().len()), (&begin[..], length));
            assert_ne!(key, other);
            assert!(form.is_form_of(&key));
            assert!(!form.is_form_of(&RawKey::new(key.as_bytes()[1..].to_vec())));
        }
        assert!(!Form::Aes128Gcm.is_form_of(&Form::Aes256Gcm.generate().unwrap()));
    }
}
