//! A schema text with what names it, which is computed once: texts have megabytes, and rules ask again and again whether one
//! is another, in the writer too.

use sha2::{Digest, Sha256};
use state::TextKey;
use std::ops::Deref;
use std::sync::Arc;

/// A text. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Text {
    text: Arc<str>,
    key: TextKey,
}

impl Text {
    /// A text that has been named before.
    pub fn named(text: Arc<str>, key: TextKey) -> Self {
        Text { text, key }
    }

    /// What names it.
    pub fn key(&self) -> TextKey {
        self.key
    }

    /// The text, shared.
    pub fn shared(&self) -> &Arc<str> {
        &self.text
    }
}

impl<T: Into<Arc<str>>> From<T> for Text {
    fn from(text: T) -> Self {
        let text = text.into();
        Text { key: TextKey(Sha256::digest(text.as_bytes()).into()), text }
    }
}

impl Deref for Text {
    type Target = str;

    fn deref(&self) -> &str {
        &self.text
    }
}
