//! Which part of a registry is moved.

use authz::Ownership;
use clap::{Arg, ArgAction, ArgMatches};
use model::{Context, NamespaceName, Subject, SubjectPrefix};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// A part of a registry, or all of it.
#[derive(Default)]
pub struct Selection {
    prefixes: BTreeSet<String>,
    namespaces: BTreeSet<String>,
    ownership: Ownership,
}

/// The arguments that name a part.
pub fn arguments() -> [Arg; 2] {
    let prefix = Arg::new("prefix").long("prefix").value_name("PREFIX").action(ArgAction::Append);
    let prefix = prefix.help(
        "Only subjects that begin so: 'orders-' in the default context, ':.eu:' a whole context, ':.eu:orders-' in it, \
         ':*:orders-' in all; may be repeated",
    );
    let namespace = Arg::new("namespace").long("namespace").value_name("NAME").action(ArgAction::Append);
    let namespace =
        namespace.help("Only subjects that this namespace of the registry at --url owns, or will; may be repeated");
    [prefix, namespace]
}

/// The values of an argument.
fn values(matches: &ArgMatches, name: &str) -> BTreeSet<String> {
    matches.get_many::<String>(name).into_iter().flatten().cloned().collect()
}

impl Selection {
    /// What the arguments say. `ownership` is asked for where they name namespaces.
    ///
    /// # Errors
    /// A namespace that is not there; those of `ownership`.
    pub fn of(matches: &ArgMatches, ownership: impl FnOnce() -> Result<Ownership, String>) -> Result<Self, String> {
        let (prefixes, namespaces) = (values(matches, "prefix"), values(matches, "namespace"));
        let ownership = if namespaces.is_empty() { Ownership::default() } else { ownership()? };
        match namespaces.iter().find(|name| ownership.namespace(name).is_none()) {
            Some(name) => Err(format!("--namespace {name}: the registry has no namespace of that name")),
            None => Ok(Selection { prefixes, namespaces, ownership }),
        }
    }

    /// Whole contexts.
    pub fn of_contexts(contexts: &BTreeSet<Context>) -> Self {
        // `:.:` is the default context.
        let prefixes = contexts.iter().map(|context| format!(":{context}:")).collect();
        // Without any, nothing is read: no subject begins so.
        let nothing = || BTreeSet::from([format!(":{}:", Context::GLOBAL)]);
        let prefixes = if contexts.is_empty() { nothing() } else { prefixes };
        Selection { prefixes, ..Selection::default() }
    }

    /// Is nothing left out?
    pub fn is_everything(&self) -> bool {
        self.prefixes.is_empty() && self.namespaces.is_empty()
    }

    /// Is this subject in the part?
    pub fn includes(&self, subject: &Subject) -> bool {
        self.is_everything()
            || self.prefixes.iter().any(|prefix| SubjectPrefix::parse(prefix).matches(subject))
            || self.ownership.owner(subject).is_some_and(|owner| self.is_named(&owner.name))
    }

    /// Are the config and the mode of this context in the part? They are where the whole context is.
    pub fn includes_context(&self, context: &Context) -> bool {
        let whole = |prefix: &String| match SubjectPrefix::parse(prefix) {
            SubjectPrefix::EveryContext(name) => name.is_empty(),
            other => !context.is_default() && other == SubjectPrefix::of_context(context),
        };
        self.is_everything()
            || (!context.is_default() && self.prefixes.iter().any(whole))
            || self.ownership.context_owner(context).is_some_and(|owner| self.is_named(&owner.name))
    }

    fn is_named(&self, name: &NamespaceName) -> bool {
        self.namespaces.contains(name.as_str())
    }

    /// Values of `subjectPrefix` that together list all of the part, and perhaps more.
    pub fn listings(&self) -> BTreeSet<String> {
        if self.is_everything() {
            return [":*:".to_owned()].into();
        }
        let claims =
            self.namespaces.iter().filter_map(|name| self.ownership.namespace(name)).flat_map(|one| &one.claims);
        let claims = claims.map(|claim| {
            // A name in the default context that looks like a prefix of something else says where it is.
            let default = if claim.context().is_default() { ":.:" } else { "" };
            format!("{default}{}{}", claim.context().qualified(), claim.name())
        });
        self.prefixes.iter().cloned().chain(claims).collect()
    }

    /// The part by its arguments, as an export notes it; nothing where it is all.
    pub fn noted(&self) -> Option<Value> {
        (!self.is_everything()).then(|| json!({ "prefixes": self.prefixes, "namespaces": self.namespaces }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Namespace;

    fn selection(prefixes: &[&str], namespaces: &[(&str, &[&str])]) -> Selection {
        let made = namespaces.iter().map(|(name, claims)| {
            let mut namespace = Namespace::new(name.parse().unwrap());
            namespace.claims = claims.iter().map(|claim| claim.parse().unwrap()).collect();
            namespace
        });
        Selection {
            prefixes: prefixes.iter().map(|text| (*text).to_owned()).collect(),
            namespaces: namespaces.iter().take(1).map(|(name, _)| (*name).to_owned()).collect(),
            ownership: Ownership::new(made).unwrap(),
        }
    }

    #[test]
    fn a_part_is_what_a_prefix_or_a_namespace_covers() {
        #[track_caller]
        fn check(selection: &Selection, inside: &[&str]) {
            let all = ["orders", "orders-value", "pay", "pay-x", "pay-x-y", ":.eu:orders", ":.eu:pay", ":.us:orders"];
            let found: Vec<&str> =
                all.iter().filter(|text| selection.includes(&Subject::parse(text))).copied().collect();
            assert_eq!(found, inside);
        }
        check(&selection(&["orders-"], &[]), &["orders-value"]);
        check(&selection(&[":.eu:"], &[]), &[":.eu:orders", ":.eu:pay"]);
        check(
            &selection(&[":*:orders", "pay"], &[]),
            &["orders", "orders-value", "pay", "pay-x", "pay-x-y", ":.eu:orders", ":.us:orders"],
        );
        // A closer claim of another namespace takes its subjects out.
        check(&selection(&[], &[("a", &["pay", ":.eu:"]), ("b", &["pay-x", ":.eu:pay"])]), &["pay", ":.eu:orders"]);
        assert!(selection(&[], &[]).is_everything());
    }

    #[test]
    fn settings_of_a_context_are_moved_with_the_whole_of_it() {
        let context = |text: &str| Context::new(text).unwrap();
        let whole = selection(&[":.eu:"], &[]);
        assert!(whole.includes_context(&context(".eu")) && !whole.includes_context(&context(".")));
        assert!(!selection(&[":.eu:o"], &[]).includes_context(&context(".eu")));
        assert!(selection(&[], &[("a", &[":.eu:"])]).includes_context(&context(".eu")));
        assert!(!selection(&[], &[("a", &[":.eu:x"])]).includes_context(&context(".eu")));
        assert!(selection(&[], &[]).includes_context(&context(".")));
        // The settings of the default context are those of the whole registry.
        assert!(!selection(&["", ":*:"], &[]).includes_context(&context(".")));
        assert!(selection(&[":*:"], &[]).includes_context(&context(".eu")));
    }

    #[test]
    fn listings_cover_the_part() {
        let list = |selection: Selection| selection.listings().into_iter().collect::<Vec<_>>();
        assert_eq!(list(selection(&[], &[])), [":*:"]);
        assert_eq!(
            list(selection(&["o"], &[("a", &["pay", "=x", ":.eu:", "=:.us:o"])])),
            [":.:pay", ":.:x", ":.eu:", ":.us:o", "o"]
        );
    }
}
