//! What a permission is about.
//!
//! A resource tells its scope; the scope decides whose it is. Handlers may define resources of their own (a key that belongs
//! to a subject, say) by naming the scope that owns them.

use model::{Context, NamespaceName, Subject};
use std::fmt;

/// Something that a permission can be about.
pub trait Resource {
    /// Where it belongs.
    fn scope(&self) -> Scope<'_>;
}

/// A place in the registry, as far as ownership goes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Scope<'a> {
    /// A named subject.
    Subject(&'a Subject),
    /// A topic, by the subject of the default context that has its name: it belongs to whoever owns that.
    Topic(&'a Subject),
    /// A context as a whole, other than the default one.
    Context(&'a Context),
    /// The registry as a whole: global config and mode, the list of namespaces.
    Global,
    /// A namespace itself: its members, its audit trail.
    Namespace(&'a NamespaceName),
}

impl<'a> Scope<'a> {
    /// The scope of a context: the default context and `.__GLOBAL` are the registry as a whole.
    pub fn of_context(context: &'a Context) -> Self {
        if context.is_default() || context.is_global() { Scope::Global } else { Scope::Context(context) }
    }

    /// What kind of thing it is, as refusals and audit entries name it.
    pub fn kind(self) -> &'static str {
        match self {
            Scope::Subject(_) => "Subject",
            Scope::Topic(_) => "Topic",
            Scope::Context(_) => "Context",
            Scope::Global => "Global",
            Scope::Namespace(_) => "Namespace",
        }
    }
}

/// The name alone; empty for the registry as a whole.
impl fmt::Display for Scope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Scope::Subject(subject) | Scope::Topic(subject) => fmt::Display::fmt(subject, f),
            Scope::Context(context) => fmt::Display::fmt(context, f),
            Scope::Global => Ok(()),
            Scope::Namespace(name) => fmt::Display::fmt(name, f),
        }
    }
}

/// A subject whose name is empty stands for its context, also where it arrives as a subject: `:.c:` is the context `.c`, and
/// the empty text is the registry as a whole.
impl Resource for Subject {
    fn scope(&self) -> Scope<'_> {
        if self.is_context() || self.context().is_global() {
            Scope::of_context(self.context())
        } else {
            Scope::Subject(self)
        }
    }
}

impl Resource for Context {
    fn scope(&self) -> Scope<'_> {
        Scope::of_context(self)
    }
}

impl Resource for NamespaceName {
    fn scope(&self) -> Scope<'_> {
        Scope::Namespace(self)
    }
}

/// The registry as a whole.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Global;

impl Resource for Global {
    fn scope(&self) -> Scope<'_> {
        Scope::Global
    }
}

/// A Kafka topic that subjects are associated with. It belongs to whom a subject of that name would belong to: topics know
/// no contexts, so it is the default context's. A permit for a topic is not one for the subject of the same name.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Topic(Subject);

impl Topic {
    /// The topic of a name. The name is not parsed: a colon in it means nothing.
    pub fn new(name: &str) -> Self {
        Topic(Subject::new(Context::default_context(), name))
    }

    /// Its name.
    pub fn name(&self) -> &str {
        self.0.name()
    }
}

impl Resource for Topic {
    fn scope(&self) -> Scope<'_> {
        if self.name().is_empty() { Scope::Global } else { Scope::Topic(&self.0) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_subject_without_a_name_is_its_context() {
        #[track_caller]
        fn check(text: &str, kind: &str, name: &str) {
            let subject = Subject::parse(text);
            let scope = subject.scope();
            assert_eq!((scope.kind(), scope.to_string().as_str()), (kind, name), "{text:?}");
        }
        check("orders", "Subject", "orders");
        check(":.c:orders", "Subject", ":.c:orders");
        check(":.c:", "Context", ".c");
        check(":.c", "Context", ".c");
        check("", "Global", "");
        check(":.:", "Global", "");
        check(":.__GLOBAL:", "Global", "");
        check(":.__GLOBAL:orders", "Global", "");
        check(":foo", "Subject", ":foo");
    }
}
