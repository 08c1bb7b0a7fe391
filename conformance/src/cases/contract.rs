//! `contract.toml`: the error codes and traps that the cases have to show, and what a case asks and shows, so that tests can find
//! what is missing.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde_json::Value;

use super::format::{Answer, BadCase, Case, Step};
use super::vars::{Vars, Within, substitute};

/// What there is to show besides requests.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contract {
    /// Error codes that cases show.
    pub codes: BTreeSet<u32>,
    /// How many traps there are, numbered from 1.
    pub traps: u32,
    /// What no case can show.
    pub unshown: Vec<Unshown>,
}

/// Codes and traps that no case can show.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Unshown {
    /// The codes.
    #[serde(default)]
    pub codes: BTreeSet<u32>,
    /// The traps.
    #[serde(default)]
    pub traps: BTreeSet<u32>,
    /// Why not.
    pub reason: String,
}

/// The contract.
///
/// # Errors
/// [`BadCase`] if the file is wrong.
pub fn contract() -> Result<Contract, BadCase> {
    let bad = |error: toml::de::Error| BadCase { place: "contract.toml".to_owned(), problem: error.to_string() };
    toml::from_str(include_str!("../../contract.toml")).map_err(bad)
}

/// Method and target of each request of the case. What is known beforehand is put in; what an answer brings is `1`.
///
/// # Errors
/// A sentence that names a variable without a value.
pub fn asked(case: &Case) -> Result<Vec<(&str, String)>, String> {
    let mut vars = Vars::from([("p".to_owned(), "p".to_owned())]);
    for (name, value) in &case.lets {
        vars.insert(name.clone(), substitute(value, &vars, Within::Plain)?);
    }
    let mut asked = Vec::new();
    for step in &case.steps {
        asked.push((step.method.as_str(), substitute(&step.target, &vars, Within::Plain)?));
        vars.extend(kept(step).map(|name| (name.to_owned(), "1".to_owned())));
    }
    Ok(asked)
}

/// The names under which an answer's values are kept: `"$int as id"`.
fn kept(step: &Step) -> impl Iterator<Item = &str> {
    let pattern = if let Answer::Json(pattern) = &step.answer { pattern } else { "" };
    pattern.split(" as ").skip(1).filter_map(|rest| rest.split('"').next())
}

/// The error codes that the case expects, also inside of answers.
pub fn shown(case: &Case) -> BTreeSet<u32> {
    let codes = |step: &Step| match &step.answer {
        Answer::Error(code, _) => code.parse().into_iter().collect(),
        // Patterns with variables in them are no JSON.
        Answer::Json(pattern) => serde_json::from_str(pattern).map_or_else(|_| Vec::new(), |value| inside(&value)),
        Answer::Whatever | Answer::Empty | Answer::Text(_) => Vec::new(),
    };
    case.steps.iter().flat_map(codes).collect()
}

fn inside(value: &Value) -> Vec<u32> {
    match value {
        Value::Object(members) => {
            let code = members.get("error_code").and_then(Value::as_u64).and_then(|code| u32::try_from(code).ok());
            members.values().flat_map(inside).chain(code).collect()
        }
        Value::Array(items) => items.iter().flat_map(inside).collect(),
        _ => Vec::new(),
    }
}

/// The traps that the clause names: `(T5, T41)`.
pub fn traps(case: &Case) -> BTreeSet<u32> {
    let words = case.clause.split(|c: char| !c.is_ascii_alphanumeric());
    words.filter_map(|word| word.strip_prefix('T')?.parse().ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::super::{all, parse};
    use super::*;

    #[test]
    fn every_error_code_and_every_trap_is_shown_by_a_case_or_has_a_reason() {
        let (contract, cases) = (contract().unwrap(), all().unwrap());
        let shown: BTreeSet<u32> = cases.iter().flat_map(shown).collect();
        let unshown: BTreeSet<u32> = contract.unshown.iter().flat_map(|some| some.codes.clone()).collect();
        assert_eq!(
            contract.codes.difference(&shown).collect::<Vec<_>>(),
            Vec::<&u32>::new(),
            "codes that no case shows"
        );
        assert_eq!(shown.difference(&contract.codes).collect::<Vec<_>>(), Vec::<&u32>::new(), "codes of no contract");
        assert_eq!(contract.codes.intersection(&unshown).count(), 0);

        let shown: BTreeSet<u32> = cases.iter().flat_map(traps).collect();
        let unshown: BTreeSet<u32> = contract.unshown.iter().flat_map(|some| some.traps.clone()).collect();
        assert_eq!(shown.intersection(&unshown).collect::<Vec<_>>(), Vec::<&u32>::new(), "traps with a stale reason");
        let all: BTreeSet<u32> = (1..=contract.traps).collect();
        assert_eq!(shown.union(&unshown).copied().collect::<BTreeSet<_>>(), all);
    }

    #[test]
    fn a_case_tells_what_it_asks_and_shows() {
        let text = "let K = /keys\n== a: b (T5, T41)\n> GET ${K}/${p}?x=1\n< 200\n{\"id\": \"$int as id\", \"...\": 0}\n\
                    > GET /ids/${id}\n< 404 40403 *\n> POST /b\n< 207\n[{\"error\": {\"error_code\": 42212}}]\n";
        let [case] = parse("f", text).unwrap().try_into().unwrap();
        assert_eq!(
            asked(&case).unwrap(),
            [("GET", "/keys/p?x=1".into()), ("GET", "/ids/1".into()), ("POST", "/b".into())]
        );
        assert_eq!(shown(&case), [40403, 42212].into());
        assert_eq!(traps(&case), [5, 41].into());
    }
}
