//! Namespaces proposed from the names of existing subjects: something to edit, not to apply as it is.
//!
//! Names that begin alike up to a separator belong together: `payments.orders-value` and `payments-refunds-value` are both
//! `payments`'. Reversed domains are told apart by their third part (`com.acme.payments.Order`). A named context is proposed as
//! a whole.

use super::yaml;
use model::{Claim, ClaimKind, NamespaceName, Subject};
use std::collections::{BTreeMap, BTreeSet};

/// First parts of names that are reversed domains.
const DOMAINS: [&str; 12] = ["com", "org", "net", "io", "dev", "eu", "de", "fr", "uk", "us", "ch", "at"];
/// Subjects that a comment shows.
const SHOWN: usize = 3;

/// The proposal, as a file.
pub fn suggest(subjects: &[String]) -> String {
    let mut groups: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    let mut left = Vec::new();
    for text in subjects {
        match claim(&Subject::parse(text)) {
            Some(claim) => groups.entry(claim.to_string()).or_default().push(text),
            None => left.push(text.as_str()),
        }
    }
    let mut used = BTreeSet::new();
    let documents: Vec<String> = groups
        .iter()
        .map(|(claim, subjects)| {
            let shown: Vec<&str> = subjects.iter().copied().take(SHOWN).collect();
            let more = if subjects.len() > SHOWN { ", …" } else { "" };
            let name = name(claim, &mut used);
            format!(
                "# {}: {}{more}\nname: {}\ncontact: \"\"\nclaims:\n  - {}\nmembers: {{}} # user:basic/somebody: owner\n",
                counted(subjects.len()),
                // What could end the comment, or mislead whoever reads it, is shown as its number.
                shown.join(", ").escape_debug(),
                yaml::quoted(&name),
                yaml::quoted(claim),
            )
        })
        .collect();
    let mut text = documents.join("---\n");
    if !left.is_empty() {
        text += &format!("# Nothing is proposed for {} with names that begin with no word.\n", counted(left.len()));
    }
    text
}

fn counted(subjects: usize) -> String {
    format!("{subjects} subject{}", if subjects == 1 { "" } else { "s" })
}

/// The claim that a subject's name suggests.
fn claim(subject: &Subject) -> Option<Claim> {
    if !subject.context().is_default() {
        return Claim::on_context(subject.context().clone()).ok();
    }
    let name = subject.name();
    let separators: Vec<usize> =
        name.bytes().enumerate().filter(|(_, byte)| Claim::is_separator(*byte)).map(|(at, _)| at).collect();
    let part = |nth: usize| separators.get(nth).map_or(name, |end| &name[..*end]);
    let first = part(0);
    let reversed = DOMAINS.contains(&first) && separators.len() > 2;
    // Not parsed: a name that begins with `=` is a name, and no exact claim.
    Claim::new(subject.context().clone(), if reversed { part(2) } else { first }, ClaimKind::Prefix).ok()
}

/// A name for the namespace of a claim, which no other has: its last word, made to fit.
fn name(claim: &str, used: &mut BTreeSet<String>) -> String {
    let word = claim.trim_matches(':').rsplit(['.', ':']).find(|part| !part.is_empty()).unwrap_or_default();
    let fit = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_') { c.to_ascii_lowercase() } else { '-' };
    let word: String = word.chars().map(fit).take(80).collect();
    let word = word.trim_start_matches(['-', '_']);
    let word = if word.parse::<NamespaceName>().is_ok() { word } else { "namespace" };
    let mut name = word.to_owned();
    let mut times = 1;
    while used.contains(&name) {
        times += 1;
        name = format!("{word}-{times}");
    }
    used.insert(name.clone());
    name
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::namespace::files;

    #[test]
    fn names_that_begin_alike_are_proposed_together() {
        let subjects = [
            "payments.orders-value",
            "payments-refunds-value",
            "Risk_limits",
            "com.acme.pay.Order",
            "com.acme.pay.Refund",
            "com.acme.hr.Person",
            ":.eu:a",
            ":.eu:b",
            "orders",
            "-x",
            "",
            "true-value",
        ];
        let text = suggest(&subjects.map(str::to_owned));
        let all = files::parse(&text).unwrap();
        let shown: Vec<String> = all
            .iter()
            .map(|wanted| {
                let claims: Vec<String> = wanted.namespace.claims.iter().map(Claim::to_string).collect();
                format!("{} {}", wanted.namespace.name, claims.join(" "))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "eu :.eu:",
                "risk Risk",
                "hr com.acme.hr",
                "pay com.acme.pay",
                "orders orders",
                "payments payments",
                "true true"
            ],
            "{text}"
        );
        assert!(text.contains("# 2 subjects: payments.orders-value, payments-refunds-value"), "{text}");
        assert!(text.ends_with("# Nothing is proposed for 2 subjects with names that begin with no word.\n"), "{text}");
    }
}
