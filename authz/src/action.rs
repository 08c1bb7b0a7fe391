//! What can be done, in the words of the policy file.
//!
//! The list is closed: the policy is evaluated over all of it at load, a route names one of it, and an action that nobody
//! may take cannot be forgotten because every role is asked about every action.

use std::fmt;

macro_rules! actions {
    ($($(#[$meta:meta])* $variant:ident = $text:literal),+ $(,)?) => {
        /// Something that can be done to a resource.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
        pub enum Action { $($(#[$meta])* $variant),+ }

        impl Action {
            /// All actions, in the order of the policy's table.
            pub const ALL: &'static [Action] = &[$(Action::$variant),+];

            /// The word for it in policies, logs and answers.
            pub fn as_str(self) -> &'static str {
                match self { $(Action::$variant => $text),+ }
            }
        }
    };
}

actions! {
    /// See what is not secret. Open to everybody, always.
    Read = "read",
    /// Ask by a POST that can never change anything: look a schema up, test compatibility, validate.
    Lookup = "lookup",
    /// Register a version of a subject, also a new version that differs in tags or metadata only.
    Register = "register",
    /// Bind a subject to a topic, or end that.
    Associate = "associate",
    /// Let a context come into being by a first registration in it.
    CreateContext = "create-context",
    /// Delete versions or subjects, softly or for good, and bring them back.
    Delete = "delete",
    /// Set or remove the configuration of a subject or context.
    Config = "config",
    /// Set or remove the mode of a subject or context, except the modes that take explicit ids.
    Mode = "mode",
    /// Overrule a safeguard with `force`.
    Force = "force",
    /// Edit a namespace: members, contact, labels, offers of its claims, quotas up to its ceiling.
    Govern = "govern",
    /// Choose ids: IMPORT and FORWARD mode, registrations that carry an id.
    Import = "import",
    /// Delete a whole context.
    DeleteContext = "delete-context",
    /// See what is secret: raw keys, credentials, audit entries.
    Secret = "secret",
    /// What is of no namespace: making namespaces and claims, ceilings, exporters, far-away ids.
    Administer = "administer",
}

/// How an action stands to change.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Nature {
    /// Changes nothing, hides nothing.
    Reads,
    /// Changes nothing, but is sent as a POST; `authorization.post_reads` says how it counts.
    ReadsByPost,
    /// Changes something.
    Writes,
    /// Changes nothing, but is not for everybody.
    Reveals,
}

impl Action {
    /// The action of a word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|action| action.as_str() == word)
    }

    /// What somebody wants to do, in a sentence: `asked to …`.
    pub fn phrase(self) -> &'static str {
        match self {
            Self::Read => "read it",
            Self::Lookup => "look up a schema",
            Self::Register => "register a schema",
            Self::Associate => "associate it",
            Self::CreateContext => "create the context",
            Self::Delete => "delete",
            Self::Config => "change the config",
            Self::Mode => "change the mode",
            Self::Force => "overrule a safeguard",
            Self::Govern => "edit the namespace",
            Self::Import => "import with its own ids",
            Self::DeleteContext => "delete the context",
            Self::Secret => "see what is secret",
            Self::Administer => "administer",
        }
    }

    /// How the action stands to change.
    pub fn nature(self) -> Nature {
        match self {
            Self::Read => Nature::Reads,
            Self::Lookup => Nature::ReadsByPost,
            Self::Secret => Nature::Reveals,
            Self::Register
            | Self::Associate
            | Self::CreateContext
            | Self::Delete
            | Self::Config
            | Self::Mode
            | Self::Force
            | Self::Govern
            | Self::Import
            | Self::DeleteContext
            | Self::Administer => Nature::Writes,
        }
    }
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
