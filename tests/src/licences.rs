//! Every crate that is built comes under a licence that deny.toml allows. `cargo deny` in `make lint` checks more; this needs
//! nothing that a build does not need.

use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;
use std::process::Command;

/// Is an SPDX expression satisfied by these licences? `/` is an old way to write OR.
fn satisfied(expression: &str, allowed: &BTreeSet<&str>) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let mut words: Vec<&str> = spaced.split_whitespace().rev().collect();
    any(&mut words, allowed) && words.is_empty()
}

fn any(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    let mut holds = all(words, allowed);
    while words.last() == Some(&"OR") {
        words.pop();
        holds |= all(words, allowed);
    }
    holds
}

fn all(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    let mut holds = one(words, allowed);
    while words.last() == Some(&"AND") {
        words.pop();
        holds &= one(words, allowed);
    }
    holds
}

fn one(words: &mut Vec<&str>, allowed: &BTreeSet<&str>) -> bool {
    match words.pop() {
        Some("(") => any(words, allowed) & (words.pop() == Some(")")),
        // An exception is a licence of its own, and none is in the list.
        Some(_) if words.last() == Some(&"WITH") => {
            words.truncate(words.len().saturating_sub(2));
            false
        }
        // A `+` says: or a later version of it.
        licence => licence.is_some_and(|licence| allowed.contains(licence.trim_end_matches('+'))),
    }
}

#[test]
fn an_expression_is_read_as_its_authors_mean_it() {
    let allowed = BTreeSet::from(["MIT", "ISC"]);
    for yes in
        ["MIT", "MIT OR GPL-3.0", "GPL-3.0/MIT", "MIT AND ISC", "(GPL-3.0 OR MIT) AND ISC", "X WITH Y OR MIT", "MIT+"]
    {
        assert!(satisfied(yes, &allowed), "{yes}");
    }
    for no in
        ["", "GPL-3.0", "MIT AND GPL-3.0", "MIT WITH Y", "(MIT", "MIT ISC", "GPL-3.0+", "GPL-3.0 AND MIT OR GPL-3.0"]
    {
        assert!(!satisfied(no, &allowed), "{no}");
    }
}

#[test]
fn every_licence_is_one_that_the_policy_allows() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let policy: toml::Table = std::fs::read_to_string(root.join("deny.toml")).unwrap().parse().unwrap();
    let licences = policy["licenses"].as_table().unwrap();
    let list = |value: &'static str, table: &toml::Table| -> BTreeSet<String> {
        table[value].as_array().unwrap().iter().map(|item| item.as_str().unwrap().to_owned()).collect()
    };
    let general = list("allow", licences);
    let exceptions = licences["exceptions"].as_array().unwrap();
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let platform = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let asked = Command::new(cargo)
        .args(["metadata", "--format-version", "1", "--offline", "--all-features", "--filter-platform", &platform])
        .current_dir(root)
        .output()
        .unwrap();
    assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
    let asked: Value = serde_json::from_slice(&asked.stdout).unwrap();
    let mut used = 0;
    // Ours have no source.
    for package in asked["packages"].as_array().unwrap().iter().filter(|package| !package["source"].is_null()) {
        let name = package["name"].as_str().unwrap();
        let own = exceptions.iter().filter_map(toml::Value::as_table).find(|own| own["crate"].as_str() == Some(name));
        let own = own.map(|own| list("allow", own)).unwrap_or_default();
        let allowed = general.iter().chain(&own).map(String::as_str).collect();
        let licence = package["license"].as_str().unwrap_or_default();
        assert!(satisfied(licence, &allowed), "{name} is under {licence:?}");
        used += usize::from(!own.is_empty());
    }
    assert_eq!(used, exceptions.len(), "an exception that no crate needs any more");
}
