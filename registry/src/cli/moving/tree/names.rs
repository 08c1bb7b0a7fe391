//! Names of files for names of subjects and contexts: any text becomes one harmless component of a path, the same on every system.
//!
//! A name of plain letters, digits, `.`, `_` and `-` stays as it is. Every other byte is `%XX`; so are a dot at either end (`..`,
//! hidden files, what Windows drops) and the first letter of a device's name (`con`). What is too long, or differs from another
//! name by the case of letters alone, ends in `~` and a hash of the name. A file beside it has the name itself.

use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

/// The longest component without a hash, in bytes. File systems allow 255.
const LONGEST: usize = 180;
/// How much of a name that is too long is kept, in bytes.
const KEPT: usize = 120;

/// Names of Windows' devices, with whatever extension.
const DEVICES: [&str; 6] = ["con", "prn", "aux", "nul", "com", "lpt"];

/// For each name, in order, the component that stands for it among these names.
pub fn components<'a>(names: impl IntoIterator<Item = &'a str>) -> BTreeMap<&'a str, String> {
    let plain: BTreeMap<&str, String> = names.into_iter().map(|name| (name, component(name))).collect();
    let mut alike: BTreeMap<String, usize> = BTreeMap::new();
    plain.values().for_each(|component| *alike.entry(component.to_lowercase()).or_default() += 1);
    let apart = |(name, component): (&'a str, String)| {
        let lower = component.to_lowercase();
        // One that is all lower case keeps its name whatever comes beside it.
        let hashed = alike[&lower] > 1 && lower != component;
        let component = if hashed { with_hash(&component, name) } else { component };
        (name, component)
    };
    plain.into_iter().map(apart).collect()
}

/// May this component stand for that name, whichever others there are?
pub fn stands_for(found: &str, name: &str) -> bool {
    let plain = component(name);
    found == plain || found == with_hash(&plain, name)
}

fn component(name: &str) -> String {
    let escaped = escaped(name);
    if escaped.is_empty() || escaped.len() > LONGEST { with_hash(&escaped, name) } else { escaped }
}

fn escaped(name: &str) -> String {
    let stem = name.split('.').next().unwrap_or_default().to_ascii_lowercase();
    let numbered = stem.strip_suffix(|c: char| c.is_ascii_digit()).filter(|stem| stem.starts_with(['c', 'l']));
    let device = DEVICES[..4].contains(&&*stem) || numbered.is_some_and(|stem| DEVICES[4..].contains(&stem));
    let last = name.len().saturating_sub(1);
    let mut out = String::with_capacity(name.len());
    for (at, byte) in name.bytes().enumerate() {
        let plain = match byte {
            b'.' => at != 0 && at != last,
            b'-' | b'_' => true,
            letter => letter.is_ascii_alphanumeric() && !(device && at == 0),
        };
        if plain { out.push(char::from(byte)) } else { out.push_str(&format!("%{byte:02X}")) }
    }
    out
}

/// A cut at `KEPT` may split an escape, which nobody reads back.
fn with_hash(escaped: &str, name: &str) -> String {
    let hash: String = Sha256::digest(name)[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    format!("{}~{hash}", &escaped[..escaped.len().min(KEPT)])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_names_stay_and_hostile_ones_do_nothing() {
        #[track_caller]
        fn check(name: &str, expected: &str) {
            assert_eq!(component(name), expected);
            assert!(stands_for(expected, name));
        }
        check("orders-value", "orders-value");
        check("com.acme.Order_v2", "com.acme.Order_v2");
        check("a/b\\c", "a%2Fb%5Cc");
        check(".", "%2E");
        check("..", "%2E%2E");
        check("../../etc/passwd", "%2E.%2F..%2Fetc%2Fpasswd");
        check(".git", "%2Egit");
        check("a.", "a%2E");
        check("a\0b\n\u{1b}", "a%00b%0A%1B");
        check("a b:*?\"<>|~%", "a%20b%3A%2A%3F%22%3C%3E%7C%7E%25");
        check("é", "%C3%A9");
        check("con", "%63on");
        check("NUL.avsc", "%4EUL.avsc");
        check("lpt1", "%6Cpt1");
        check("com10", "com10");
        check("console", "console");
        check("con-value", "con-value");
        check("-rf", "-rf");
    }

    #[test]
    fn the_empty_name_and_long_ones_have_a_hash() {
        assert_eq!(component(""), "~e3b0c44298fc1c14");
        let (one, other) = ("é".repeat(1000), "é".repeat(1001));
        assert!(component(&one).len() < 200 && component(&one).is_ascii());
        assert_ne!(component(&one), component(&other));
        assert!(stands_for(&component(&one), &one) && !stands_for(&component(&one), &other));
    }

    #[test]
    fn names_that_differ_in_case_alone_are_kept_apart() {
        let all = components(["Orders", "orders", "ORDERS", "Payments"]);
        assert_eq!((&*all["orders"], &*all["Payments"]), ("orders", "Payments"));
        assert!(all["Orders"].starts_with("Orders~") && all["ORDERS"].starts_with("ORDERS~"));
        let mut lower: Vec<String> = all.values().map(|component| component.to_lowercase()).collect();
        lower.sort();
        lower.dedup();
        assert_eq!(lower.len(), 4);
        assert!(all.iter().all(|(name, component)| stands_for(component, name)));
        assert_eq!(components(["Orders"])["Orders"], "Orders");
        assert!(!stands_for("orders", "Orders"));
    }
}
