//! The settings of authorization (`authorization.*`), as an operator writes them.

use model::{Principal, UnknownWord};
use std::collections::HashSet;
use std::fmt;
use std::str::FromStr;

macro_rules! setting {
    ($(#[$meta:meta])* $name:ident, $what:literal { $($(#[$variant_meta:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        pub enum $name { $($(#[$variant_meta])* $variant),+ }

        impl $name {
            /// The word for it.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = UnknownWord;

            fn from_str(text: &str) -> Result<Self, UnknownWord> {
                match text {
                    $($text => Ok(Self::$variant),)+
                    other => Err(UnknownWord { what: $what, text: other.to_owned(), known: &[$($text),+] }),
                }
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

setting!(
    /// `authorization.mode`: what becomes of a refusal.
    Enforcement, "authorization.mode" {
        /// There are no refusals: everything is permitted.
        Off = "off",
        /// What would be refused is permitted, and the permit says so, for the audit.
        Observe = "observe",
        /// A refusal is a refusal.
        Enforce = "enforce",
    }
);
setting!(
    /// `authorization.post_reads`: how a POST that changes nothing counts.
    PostReads, "authorization.post_reads" {
        /// As a write, like every POST.
        Method = "method",
        /// As a read, where the route can never change anything.
        Operation = "operation",
        /// As a read, also where a registration turns out to write nothing.
        Effect = "effect",
    }
);
setting!(
    /// `authorization.unclaimed`: who may write subjects that no namespace claims.
    Unclaimed, "authorization.unclaimed" {
        /// Administrators.
        Admin = "admin",
        /// Whoever has proved an identity, as a writer would.
        Authenticated = "authenticated",
    }
);

/// All settings of authorization.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Settings {
    /// `authorization.mode`.
    pub mode: Enforcement,
    /// `authorization.post_reads`.
    pub post_reads: PostReads,
    /// `authorization.unclaimed`.
    pub unclaimed: Unclaimed,
    /// `authorization.admins`: the administrators, persons or groups.
    pub admins: HashSet<Principal>,
}

impl Default for Settings {
    /// The rule by its letter, with no administrator.
    fn default() -> Self {
        Settings {
            mode: Enforcement::Enforce,
            post_reads: PostReads::Method,
            unclaimed: Unclaimed::Admin,
            admins: HashSet::new(),
        }
    }
}
