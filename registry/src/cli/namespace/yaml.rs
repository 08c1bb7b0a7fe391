//! A namespace as YAML, as `plan` and `apply` read it. Texts that YAML could take for something else are quoted.

use model::Namespace;
use serde_json::Value;

/// The document of a namespace.
pub fn namespace(namespace: &Namespace) -> String {
    let mut text = format!("name: {}\n", quoted(namespace.name.as_str()));
    if let Some(contact) = &namespace.contact {
        text += &format!("contact: {}\n", quoted(contact));
    }
    text += "claims:";
    text += if namespace.claims.is_empty() { " []\n" } else { "\n" };
    for claim in &namespace.claims {
        text += &format!("  - {}\n", quoted(&claim.to_string()));
    }
    let mut pairs = |name: &str, pairs: Vec<(String, String)>| {
        if !pairs.is_empty() {
            text += &format!("{name}:\n");
        }
        for (key, value) in pairs {
            text += &format!("  {}: {}\n", quoted(&key), quoted(&value));
        }
    };
    pairs("members", namespace.members.iter().map(|(who, role)| (who.to_string(), role.to_string())).collect());
    pairs("offers", namespace.offers.iter().map(|(claim, to)| (claim.to_string(), to.to_string())).collect());
    pairs("labels", namespace.labels.clone().into_iter().collect());
    if namespace.referrers != model::Referrers::Anyone {
        text += &format!("referrers: {}\n", namespace.referrers);
    }
    text
}

/// A text as YAML: plain where it is plainly a text, else as JSON writes it, which YAML reads alike.
pub fn quoted(text: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-' | ':');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(':')
        && !["true", "false", "yes", "no", "on", "off", "null", "y", "n"].contains(&text.to_ascii_lowercase().as_str());
    if word { text.to_owned() } else { Value::from(text).to_string() }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::namespace::files;

    #[test]
    fn what_is_exported_is_read_as_the_same() {
        let text = "name: payments\ncontact: \"#payments\"\nclaims:\n  - \":.eu:payments\"\n  - \"=payments-value\"\n  - payments\nmembers:\n  user:basic/alice: owner\noffers:\n  payments.cards: cards\nlabels:\n  tier: \"1\"\n  note: \"no\"\nreferrers: members\n";
        let parsed = files::parse(text).unwrap().remove(0).namespace;
        let again = namespace(&parsed);
        assert_eq!(files::parse(&again).unwrap().remove(0).namespace, parsed, "{again}");
        let odd = files::parse("name: \"1\"\nlabels: {\"a: b\": \"- x\\n\"}\n").unwrap().remove(0).namespace;
        assert_eq!(files::parse(&namespace(&odd)).unwrap().remove(0).namespace, odd);
    }
}
