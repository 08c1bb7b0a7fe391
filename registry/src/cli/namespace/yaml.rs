//! A namespace as YAML, as `plan` and `apply` read it. Texts that YAML could take for something else are quoted.

use model::Namespace;

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
            text += &pair(&key, &value);
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

/// The longest key, in bytes, that YAML takes before a colon alone (it allows 1 024 characters).
const LONGEST_KEY: usize = 1_000;

/// A key with its value.
fn pair(key: &str, value: &str) -> String {
    let (key, value) = (quoted(key), quoted(value));
    if key.len() > LONGEST_KEY { format!("  ? {key}\n  : {value}\n") } else { format!("  {key}: {value}\n") }
}

/// A text as YAML: plain where every reader takes it for that text, else in quotes.
pub fn quoted(text: &str) -> String {
    /// What readers of some version of YAML take for truth values, nothing, or numbers.
    const SPECIAL: [&str; 12] = ["true", "false", "yes", "no", "on", "off", "null", "y", "n", "inf", "infinity", "nan"];
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '/' | '-' | ':');
    let word = text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(plain)
        && !text.ends_with(':')
        && !SPECIAL.contains(&text.to_ascii_lowercase().as_str());
    if word { text.to_owned() } else { in_quotes(text) }
}

/// A text in double quotes, by the rules of YAML. What cannot be seen, turns the direction of writing or breaks a line is
/// written as its number.
pub fn in_quotes(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            '\n' => quoted += "\\n",
            '\t' => quoted += "\\t",
            // Everything else that Rust would escape: control and format characters, unusual spaces, unassigned ones.
            _ if c != '\'' && c.escape_debug().len() > 1 => {
                let number = u32::from(c);
                quoted += &if number <= 0xffff { format!("\\u{number:04X}") } else { format!("\\U{number:08X}") };
            }
            _ => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use crate::cli::namespace::{files, plan, suggest};
    use model::{Claim, Namespace, Principal, Subject};
    use proptest::prelude::*;

    /// Is what is written planned as no change?
    #[track_caller]
    fn comes_back(namespace: &Namespace) {
        let text = super::namespace(namespace);
        let wanted = files::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
        let steps = plan::steps(wanted.clone(), std::slice::from_ref(namespace));
        assert!(wanted.len() == 1 && steps.is_empty(), "{steps:?}\n{text}");
    }

    #[test]
    fn what_is_exported_is_read_as_the_same() {
        let text = "name: payments\ncontact: \"#payments\"\nclaims:\n  - payments\n  - \"=payments-value\"\n  - \":.eu:payments\"\nmembers:\n  user:basic/alice: owner\noffers:\n  payments.cards: cards\nlabels:\n  note: \"no\"\n  tier: \"1\"\nreferrers: members\n";
        let parsed = files::parse(text).unwrap().remove(0).namespace;
        assert_eq!(super::namespace(&parsed), text);
        comes_back(&parsed);
    }

    /// What readers of YAML take for something else.
    const TRAPS: [&str; 44] = [
        "",
        " ",
        "no",
        "NO",
        "y",
        "on",
        "null",
        "Null",
        "~",
        "1",
        "1e3",
        "0x1f",
        "0o17",
        "1_000",
        ".inf",
        "-.inf",
        "inf",
        "nan",
        "NaN",
        "Infinity",
        "2001-01-01",
        "12:30:45",
        " leading",
        "trailing ",
        "a: b",
        "a #b",
        "#a",
        "- a",
        "? a",
        "'",
        "\"",
        "\\",
        "\\n",
        "{a",
        "[a",
        "&a",
        "*a",
        "!a",
        "%a",
        "@a",
        "<<",
        "---",
        "a\nb",
        "\u{85}\u{2028}\u{feff}\u{202e}",
    ];

    fn text() -> impl Strategy<Value = String> {
        let special = prop::sample::select(TRAPS.as_slice()).prop_map(str::to_owned);
        let any = prop::collection::vec(any::<char>(), 0..12).prop_map(|chars| chars.into_iter().collect());
        let odd = "[-a1 :#'\"\\\\{}\\[\\],&*!|>%@`?\n\t\r~.]{0,8}";
        prop_oneof![special, any, odd, "[a-z:.]{1,8}"]
    }

    fn namespaces() -> impl Strategy<Value = Namespace> {
        let labels = prop::collection::btree_map(text(), text(), 0..6);
        let claims = prop::collection::vec(text(), 0..6);
        let members = prop::collection::vec(text(), 0..4);
        (prop::sample::select(vec!["a", "1", "no", "null", "1e3", "0x1"]), labels, claims, members, text()).prop_map(
            |(name, labels, claims, members, contact)| {
                let mut namespace = Namespace::new(name.parse().unwrap());
                namespace.labels = labels;
                // An empty contact is none.
                namespace.contact = Some(contact).filter(|contact| !contact.is_empty());
                namespace.claims = claims.iter().filter_map(|text| text.parse::<Claim>().ok()).collect();
                namespace.offers =
                    namespace.claims.iter().map(|claim| (claim.clone(), "to".parse().unwrap())).collect();
                let principals = members.iter().filter_map(|text| format!("user:x/{text}").parse::<Principal>().ok());
                namespace.members = principals.map(|who| (who, model::MemberRole::Owner)).collect();
                namespace
            },
        )
    }

    #[test]
    fn every_trap_of_yaml_comes_back_as_key_and_as_value() {
        let mut namespace = Namespace::new("a".parse().unwrap());
        for trap in TRAPS {
            namespace.labels.insert(trap.to_owned(), trap.to_owned());
        }
        namespace.labels.insert("k".repeat(5_000), "long key".to_owned());
        namespace.labels.insert("'".repeat(1_100), "\"".repeat(70_000));
        comes_back(&namespace);
    }

    proptest! {
        #[test]
        fn what_is_exported_and_planned_again_has_no_difference(namespace in namespaces()) {
            comes_back(&namespace);
        }

        #[test]
        fn what_is_suggested_is_read_and_claims_every_subject_that_can_be(subjects in prop::collection::vec(text(), 0..20)) {
            let text = suggest::suggest(&subjects);
            let all = files::parse(&text).unwrap_or_else(|error| panic!("{error}\n{text}"));
            let names: std::collections::BTreeSet<_> = all.iter().map(|wanted| &wanted.namespace.name).collect();
            prop_assert_eq!(names.len(), all.len(), "{}", text);
            let claims: Vec<&Claim> = all.iter().flat_map(|wanted| &wanted.namespace.claims).collect();
            let left = subjects.iter().filter(|text| {
                let subject = Subject::parse(text);
                !claims.iter().any(|claim| claim.covers(&subject))
            });
            let said = text.lines().last().filter(|line| line.starts_with("# Nothing is proposed for "));
            let said = said.map_or(0, |line| line.split(' ').nth(5).unwrap().parse::<usize>().unwrap());
            prop_assert!(left.count() <= said, "{}", text);
        }
    }
}
