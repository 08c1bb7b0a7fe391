//! Claims: which subjects a namespace owns.
//!
//! A claim has exactly one text, and that text parses back to it. A claim that would not cover what people expect it to cover is
//! refused when it is read.

use crate::words;
use crate::{Context, Subject};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

words!(
    /// How much a claim covers.
    ClaimKind, "kind of claim" {
        /// The name and all names below it.
        Prefix = "prefix",
        /// That one name.
        Exact = "exact",
    }
);

/// A piece of the registry that a namespace can own: one name, a name and all below it, or a whole context.
///
/// Written as the subject it begins at, with `=` before it when only that one name is meant:
///
/// | text | covers |
/// | --- | --- |
/// | `payments` | `payments`, `payments-value`, `payments.orders-value`; not `paymentsx` |
/// | `=payments-value` | `payments-value` alone |
/// | `:.eu:payments` | the same as the first, inside the context `.eu` |
/// | `=:.eu:payments` | that one name inside `.eu` |
/// | `:.payments:` | every subject of the context `.payments`, and the context itself |
///
/// A prefix claim on a name that itself begins with `=` is written with its context: `:.:=x`.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub struct Claim {
    context: Context,
    name: Arc<str>,
    kind: ClaimKind,
}

/// A text that is no claim, or a claim that would not mean what it seems to.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[allow(missing_docs, reason = "the messages say it")]
pub enum InvalidClaim {
    #[error("a claim names a subject or a context other than the default one")]
    Empty,
    #[error("the exact claim on context {0} lacks a name; the whole context is claimed without '='")]
    ExactWithoutName(Context),
    #[error("nobody can own {}", Context::GLOBAL)]
    Global,
    #[error(
        "the claim on {text:?} ends in the separator {separator:?} and would miss what follows it; claim {instead:?}"
    )]
    EndsInSeparator { text: String, separator: char, instead: String },
    #[error("the claim's name or context has {0} bytes; at most {max} are possible", max = Claim::MAX_NAME)]
    TooLong(usize),
    #[error("the claim {0:?} holds a control character")]
    ControlCharacter(String),
}

impl Claim {
    /// The longest name, and the longest context, that can be claimed, in bytes. It bounds the look-ups for a name of any
    /// length.
    pub const MAX_NAME: usize = 255;

    /// Is this byte one that may follow a claimed prefix?
    pub fn is_separator(byte: u8) -> bool {
        matches!(byte, b'.' | b'-' | b'_' | b'/' | b':')
    }

    /// A claim on a name in a context; a prefix claim on the empty name is one on the whole context.
    pub fn new(context: Context, name: &str, kind: ClaimKind) -> Result<Self, InvalidClaim> {
        // A name that looks qualified is: a claim names what a subject of the same text would be.
        let subject = Subject::new(context, name);
        let (context, name) = (subject.context().clone(), subject.name());
        if context.is_global() {
            return Err(InvalidClaim::Global);
        }
        if name.is_empty() {
            if context.is_default() {
                return Err(InvalidClaim::Empty);
            }
            if kind == ClaimKind::Exact {
                return Err(InvalidClaim::ExactWithoutName(context));
            }
        }
        let longest = name.len().max(context.as_str().len());
        if longest > Self::MAX_NAME {
            return Err(InvalidClaim::TooLong(longest));
        }
        if name.contains(char::is_control) || context.as_str().contains(char::is_control) {
            return Err(InvalidClaim::ControlCharacter(name.to_owned()));
        }
        if let (ClaimKind::Prefix, Some(&last)) = (kind, name.as_bytes().last())
            && Self::is_separator(last)
        {
            let text = subject.to_string();
            let instead = text.trim_end_matches(|c: char| c.is_ascii() && Self::is_separator(c as u8)).to_owned();
            return Err(InvalidClaim::EndsInSeparator { text, separator: last as char, instead });
        }
        Ok(Claim { context, name: name.into(), kind })
    }

    /// A claim on a whole context.
    pub fn on_context(context: Context) -> Result<Self, InvalidClaim> {
        Self::new(context, "", ClaimKind::Prefix)
    }

    /// The context it lies in.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// The name it begins at; empty for a whole context.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// One name, or also all below it?
    pub fn kind(&self) -> ClaimKind {
        self.kind
    }

    /// Does it cover a whole context?
    pub fn is_whole_context(&self) -> bool {
        self.name.is_empty()
    }

    /// Does it cover this subject? (Another claim may cover it more closely.)
    pub fn covers(&self, subject: &Subject) -> bool {
        self.context == *subject.context() && self.covers_name(subject.name())
    }

    fn covers_name(&self, name: &str) -> bool {
        match self.kind {
            ClaimKind::Exact => *name == *self.name,
            ClaimKind::Prefix if self.name.is_empty() => true,
            ClaimKind::Prefix => {
                name.strip_prefix(&*self.name).is_some_and(|rest| rest.bytes().next().is_none_or(Self::is_separator))
            }
        }
    }

    /// Does it lie inside another claim, so that making it takes subjects from that one's holder?
    pub fn is_below(&self, outer: &Claim) -> bool {
        self != outer
            && self.context == outer.context
            && outer.kind == ClaimKind::Prefix
            && outer.covers_name(&self.name)
    }
}

impl FromStr for Claim {
    type Err = InvalidClaim;

    fn from_str(text: &str) -> Result<Self, InvalidClaim> {
        let (kind, text) = match text.strip_prefix('=') {
            Some(rest) => (ClaimKind::Exact, rest),
            None => (ClaimKind::Prefix, text),
        };
        let subject = Subject::parse(text);
        Self::new(subject.context().clone(), subject.name(), kind)
    }
}

impl fmt::Display for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            ClaimKind::Exact => f.write_str("=")?,
            ClaimKind::Prefix if self.context.is_default() && self.name.starts_with('=') => f.write_str(":.:")?,
            ClaimKind::Prefix => {}
        }
        write!(f, "{}{}", self.context.qualified(), self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_claim_has_one_text_and_the_text_is_that_claim() {
        #[track_caller]
        fn check(text: &str, context: &str, name: &str, kind: ClaimKind, shown: &str) {
            let claim: Claim = text.parse().unwrap();
            assert_eq!((claim.context().as_str(), claim.name(), claim.kind()), (context, name, kind), "{text}");
            assert_eq!(claim.to_string(), shown);
            assert_eq!(shown.parse::<Claim>().unwrap(), claim);
        }
        use ClaimKind::{Exact, Prefix};
        check("payments", ".", "payments", Prefix, "payments");
        check(":.:payments", ".", "payments", Prefix, "payments");
        check("=payments-value", ".", "payments-value", Exact, "=payments-value");
        check("=:.eu:payments", ".eu", "payments", Exact, "=:.eu:payments");
        check(":.eu:payments", ".eu", "payments", Prefix, ":.eu:payments");
        check(":.payments:", ".payments", "", Prefix, ":.payments:");
        check(":.payments", ".payments", "", Prefix, ":.payments:");
        check("==x", ".", "=x", Exact, "==x");
        check(":.:=x", ".", "=x", Prefix, ":.:=x");
        check(":.::.c:x", ".c", "x", Prefix, ":.c:x");
        check(":.c:=x", ".c", "=x", Prefix, ":.c:=x");
        check("a:b", ".", "a:b", Prefix, "a:b");
        check(":foo", ".", ":foo", Prefix, ":foo");
        check("=payments.", ".", "payments.", Exact, "=payments.");
    }

    #[test]
    fn a_claim_that_would_not_mean_what_it_seems_to_is_refused() {
        #[track_caller]
        fn check(text: &str, message: &str) {
            assert_eq!(text.parse::<Claim>().unwrap_err().to_string(), message);
        }
        let empty = "a claim names a subject or a context other than the default one";
        check("", empty);
        check("=", empty);
        check(":.:", empty);
        check("=:.c:", "the exact claim on context .c lacks a name; the whole context is claimed without '='");
        check(":.__GLOBAL:", "nobody can own .__GLOBAL");
        check(":.__GLOBAL:x", "nobody can own .__GLOBAL");
        let dotted =
            "the claim on \"payments.\" ends in the separator '.' and would miss what follows it; claim \"payments\"";
        check("payments.", dotted);
        check(&"x".repeat(256), "the claim's name or context has 256 bytes; at most 255 are possible");
        check(
            &format!(":.{}:", "x".repeat(255)),
            "the claim's name or context has 256 bytes; at most 255 are possible",
        );
        check("a\nb", "the claim \"a\\nb\" holds a control character");
    }

    #[test]
    fn a_prefix_claim_covers_the_name_and_what_follows_a_separator() {
        #[track_caller]
        fn check(claim: &str, covered: &[&str], not: &[&str]) {
            let claim: Claim = claim.parse().unwrap();
            covered.iter().for_each(|name| assert!(claim.covers(&Subject::parse(name)), "{claim} covers {name:?}"));
            not.iter()
                .for_each(|name| assert!(!claim.covers(&Subject::parse(name)), "{claim} does not cover {name:?}"));
        }
        check(
            "payments",
            &[
                "payments",
                "payments-value",
                "payments.x",
                "payments_x",
                "payments/x",
                "payments:x",
                "payments-",
                "payments--x",
            ],
            &["paymentsx", "payment", "Payments", "x.payments", ":.c:payments", "", ":.payments:", "paymentsé"],
        );
        check("=payments", &["payments", ":.:payments"], &["payments-value", "Payments"]);
        check(":.c:", &[":.c:", ":.c:x", ":.c", ":.c::"], &["x", ":.cc:x", ":.C:x", ""]);
        check(":.c:p", &[":.c:p", ":.c:p-x"], &[":.c:", "p", ":.c:px"]);
        check(":foo", &[":foo", ":foo:bar"], &["foo", ":foobar"]);
    }

    #[test]
    fn a_claim_is_below_the_prefix_that_covers_it() {
        #[track_caller]
        fn check(inner: &str, outer: &str, below: bool) {
            let (inner, outer): (Claim, Claim) = (inner.parse().unwrap(), outer.parse().unwrap());
            assert_eq!(inner.is_below(&outer), below, "{inner} below {outer}");
        }
        check("payments.orders", "payments", true);
        check("=payments", "payments", true);
        check("payments", "=payments", false);
        check("payments", "payments", false);
        check("paymentsx", "payments", false);
        check(":.c:x", ":.c:", true);
        check(":.c:x", "x", false);
    }
}
