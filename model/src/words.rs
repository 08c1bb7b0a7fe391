//! Closed lists of words: roles, kinds, settings. The word in a file, an answer, a log and a policy is one word.

/// A word outside a closed list.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("unknown {what} {text:?}; known: {}", known.join(", "))]
pub struct UnknownWord {
    /// What the word was to name.
    pub what: &'static str,
    /// The word.
    pub text: String,
    /// The words that exist.
    pub known: &'static [&'static str],
}

/// Makes an enum of a closed list of words, with `as_str`, `Display` and a `FromStr` whose error names the words that exist.
#[macro_export]
macro_rules! words {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The word for it, the same in files, answers and logs.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::UnknownWord;

            fn from_str(text: &str) -> Result<Self, $crate::UnknownWord> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err($crate::UnknownWord { what: $what, text: other.to_owned(), known: &[$($text),+] }),
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
