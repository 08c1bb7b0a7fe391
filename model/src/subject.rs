//! Subjects and the contexts they live in.
//!
//! The grammar is that of the Confluent API: `[":" context ":"] name`, a context starts with a dot, and no prefix means the
//! default context `.`. `:.:name` is `name`. A subject is normalised once, by `parse`; after that two spellings of one
//! subject cannot differ. Whether a *name* may be registered is a rule of the service, not of the grammar.

use std::fmt;
use std::sync::Arc;

/// A schema context: its own subjects and its own id space. Written with its leading dot; the default context is `.`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Context(Arc<str>);

impl Context {
    /// The name of the pseudo-context whose config and mode are the last resort of every context.
    pub const GLOBAL: &'static str = ".__GLOBAL";

    /// The default context, `.`.
    pub fn default_context() -> Self {
        Context(".".into())
    }

    /// The pseudo-context `.__GLOBAL`.
    pub fn global() -> Self {
        Context(Self::GLOBAL.into())
    }

    /// A context by its dotted name. Returns `None` when the name does not begin with a dot or holds a colon.
    pub fn new(dotted: &str) -> Option<Self> {
        (dotted.starts_with('.') && !dotted.contains(':')).then(|| Context(dotted.into()))
    }

    /// The dotted name: `.` or `.ctx`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this the default context?
    pub fn is_default(&self) -> bool {
        &*self.0 == "."
    }

    /// Is this the pseudo-context `.__GLOBAL`?
    pub fn is_global(&self) -> bool {
        &*self.0 == Self::GLOBAL
    }

    /// The form error messages use: empty for the default context, else `:.ctx:`.
    pub fn qualified(&self) -> String {
        if self.is_default() { String::new() } else { format!(":{}:", self.0) }
    }
}

impl fmt::Display for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A normalised subject: a name in a context. `Display` gives the qualified form that the API uses, `name` or `:.ctx:name`.
///
/// A subject with an empty name also names its context where the API asks for "a subject or a context" (config and mode):
/// `:.ctx:` is the context `.ctx`, and `:.:` (printed as the empty string) is the default context, that is, the global
/// config and mode.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Subject {
    context: Context,
    /// The qualified form; the name is its tail.
    qualified: Arc<str>,
    name_at: usize,
}

impl Subject {
    /// Parses the text of a path segment or JSON member (already percent-decoded). Never fails: what does not look like a
    /// context prefix is a plain name in the default context (`:foo`, `a:b`).
    pub fn parse(mut text: &str) -> Self {
        // `:.:` in front of a qualified subject adds nothing; without this, `:.::.c:x` and `:.c:x` would print alike and
        // be different subjects.
        while let Some(rest) = text.strip_prefix(":.:").filter(|rest| rest.starts_with(":.")) {
            text = rest;
        }
        let Some(rest) = text.strip_prefix(":.") else {
            return Subject { context: Context::default_context(), qualified: text.into(), name_at: 0 };
        };
        let (context, name) = match rest.find(':') {
            Some(end) => (&text[1..end + 2], &rest[end + 1..]),
            None => (&text[1..], ""),
        };
        Self::new(Context(context.into()), name)
    }

    /// A name in a context. In the default context a name that looks qualified is one.
    pub fn new(context: Context, name: &str) -> Self {
        if context.is_default() {
            if name.starts_with(":.") {
                return Self::parse(name);
            }
            return Subject { context, qualified: name.into(), name_at: 0 };
        }
        let prefix = context.qualified();
        let name_at = prefix.len();
        Subject { context, qualified: (prefix + name).into(), name_at }
    }

    /// The scope of a whole context (an empty name).
    pub fn of_context(context: Context) -> Self {
        Self::new(context, "")
    }

    /// The context.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The name inside the context; may be empty.
    pub fn name(&self) -> &str {
        &self.qualified[self.name_at..]
    }

    /// The qualified form: `name`, or `:.ctx:name`.
    pub fn as_str(&self) -> &str {
        &self.qualified
    }

    /// Does this stand for a whole context (an empty name)?
    pub fn is_context(&self) -> bool {
        self.name().is_empty()
    }

    /// Resolves a subject named inside this one's schema: an unqualified text belongs to this subject's context.
    pub fn sibling(&self, text: &str) -> Subject {
        if text.starts_with(":.") { Subject::parse(text) } else { Subject::new(self.context.clone(), text) }
    }
}

impl PartialOrd for Subject {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// The order of listings: by the qualified text.
impl Ord for Subject {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.qualified.cmp(&other.qualified)
    }
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.qualified)
    }
}

/// The `subjectPrefix` filter of listings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum SubjectPrefix {
    /// `""` or `fo`: names beginning so in the default context.
    DefaultContext(String),
    /// `:.ctx:`, `:.ctx:fo`, or an unfinished `:.ct`: a prefix of the qualified text.
    Qualified(String),
    /// `:*:` or `:*:fo`: names beginning so in every context.
    EveryContext(String),
}

impl SubjectPrefix {
    /// Parses a `subjectPrefix` parameter. `:.:fo` is the default context's `fo`.
    pub fn parse(text: &str) -> Self {
        if let Some(name) = text.strip_prefix(":*:") {
            SubjectPrefix::EveryContext(name.to_owned())
        } else if let Some(name) = text.strip_prefix(":.:") {
            SubjectPrefix::DefaultContext(name.to_owned())
        } else if text == ":." {
            // An unfinished context that begins like every context, the default one included.
            SubjectPrefix::EveryContext(String::new())
        } else if text.starts_with(":.") {
            SubjectPrefix::Qualified(text.to_owned())
        } else {
            SubjectPrefix::DefaultContext(text.to_owned())
        }
    }

    /// Everything in a context.
    pub fn of_context(context: &Context) -> Self {
        if context.is_default() {
            SubjectPrefix::DefaultContext(String::new())
        } else {
            SubjectPrefix::Qualified(context.qualified())
        }
    }

    /// Does the filter let this subject through?
    pub fn matches(&self, subject: &Subject) -> bool {
        match self {
            SubjectPrefix::DefaultContext(prefix) => {
                subject.context().is_default() && subject.name().starts_with(prefix.as_str())
            }
            SubjectPrefix::Qualified(prefix) => subject.as_str().starts_with(prefix.as_str()),
            SubjectPrefix::EveryContext(prefix) => subject.name().starts_with(prefix.as_str()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_of_a_subject_has_one_normal_form() {
        #[track_caller]
        fn check(text: &str, context: &str, name: &str, qualified: &str) {
            let subject = Subject::parse(text);
            assert_eq!(
                (subject.context().as_str(), subject.name(), subject.as_str()),
                (context, name, qualified),
                "{text:?}"
            );
        }
        check("orders-value", ".", "orders-value", "orders-value");
        check("", ".", "", "");
        check(":.ctx:orders", ".ctx", "orders", ":.ctx:orders");
        check(":.ctx:", ".ctx", "", ":.ctx:");
        check(":.ctx", ".ctx", "", ":.ctx:");
        check(":.:orders", ".", "orders", "orders");
        check(":.:", ".", "", "");
        check(":.", ".", "", "");
        check(":.c:a:b", ".c", "a:b", ":.c:a:b");
        check(":.c::.d:b", ".c", ":.d:b", ":.c::.d:b");
        check(":.::.c:x", ".c", "x", ":.c:x");
        check(":.::.::.c:x", ".c", "x", ":.c:x");
        check(":.::.", ".", "", "");
        check(":.::foo", ".", ":foo", ":foo");
        check(":foo", ".", ":foo", ":foo");
        check(":*:foo", ".", ":*:foo", ":*:foo");
        check("a:b", ".", "a:b", "a:b");
        check("é/ü", ".", "é/ü", "é/ü");
    }

    /// Two subjects that print alike but are different would share a key in the store and have different owners.
    #[test]
    fn what_a_subject_prints_is_that_subject() {
        let mut texts = vec![String::new()];
        for from in 0..10_000 {
            texts.extend([":", ".", "a", "__GLOBAL"].map(|next| format!("{}{next}", texts[from])));
        }
        let (default, named) = (Context::default_context(), Context::new(".a").unwrap());
        for text in texts {
            let referrer = Subject::new(named.clone(), "r");
            let made =
                [Subject::new(default.clone(), &text), Subject::new(named.clone(), &text), referrer.sibling(&text)];
            for subject in made.into_iter().chain([Subject::parse(&text)]) {
                let again = Subject::parse(subject.as_str());
                assert_eq!((again.context(), again.name()), (subject.context(), subject.name()), "{text:?}");
                assert_eq!(again, subject, "{text:?}");
            }
        }
    }

    #[test]
    fn a_reference_without_context_stays_in_the_referrers_context() {
        let referrer = Subject::parse(":.c:a");
        assert_eq!(referrer.sibling("b").as_str(), ":.c:b");
        assert_eq!(referrer.sibling(":.d:b").as_str(), ":.d:b");
        assert_eq!(referrer.sibling(":.:b").as_str(), "b");
        assert_eq!(Subject::parse("a").sibling("b").as_str(), "b");
    }

    #[test]
    fn a_prefix_filter_knows_contexts() {
        #[track_caller]
        fn check(prefix: &str, matching: &[&str]) {
            let all = ["b", "foo", ":.c:b", ":.c:foo", ":.ct:foo"];
            let filter = SubjectPrefix::parse(prefix);
            let hit: Vec<_> = all.iter().filter(|s| filter.matches(&Subject::parse(s))).copied().collect();
            assert_eq!(hit, matching, "{prefix:?}");
        }
        check("", &["b", "foo"]);
        check(":.:", &["b", "foo"]);
        check("fo", &["foo"]);
        check(":*:", &["b", "foo", ":.c:b", ":.c:foo", ":.ct:foo"]);
        check(":*:fo", &["foo", ":.c:foo", ":.ct:foo"]);
        check(":.c:", &[":.c:b", ":.c:foo"]);
        check(":.c:f", &[":.c:foo"]);
        check(":.c", &[":.c:b", ":.c:foo", ":.ct:foo"]);
        check(":.", &["b", "foo", ":.c:b", ":.c:foo", ":.ct:foo"]);
        check("nope", &[]);
    }
}
