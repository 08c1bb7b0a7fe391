//! The hand-written half of the contract: cases, each a few requests with what must come back.

mod clean;
mod contract;
mod format;
mod pattern;
mod run;
mod vars;

pub use contract::{Contract, Unshown, asked, contract, shown, traps};
pub use format::{Answer, BadCase, Case, Message, Profile, Step, parse};
pub use pattern::read as read_pattern;
pub use run::{Options, run, run_cases, run_each};

/// File name and text of every file in `cases/`.
const FILES: &[(&str, &str)] = &[
    ("register", include_str!("../../cases/register.cases")),
    ("lookup", include_str!("../../cases/lookup.cases")),
    ("versions", include_str!("../../cases/versions.cases")),
    ("delete", include_str!("../../cases/delete.cases")),
    ("ids", include_str!("../../cases/ids.cases")),
    ("listing", include_str!("../../cases/listing.cases")),
    ("compatibility", include_str!("../../cases/compatibility.cases")),
    ("config", include_str!("../../cases/config.cases")),
    ("mode", include_str!("../../cases/mode.cases")),
    ("references", include_str!("../../cases/references.cases")),
    ("metadata", include_str!("../../cases/metadata.cases")),
    ("contexts", include_str!("../../cases/contexts.cases")),
    ("associations", include_str!("../../cases/associations.cases")),
    ("avro", include_str!("../../cases/avro.cases")),
    ("contracts", include_str!("../../cases/contracts.cases")),
    ("http", include_str!("../../cases/http.cases")),
    ("clients", include_str!("../../cases/clients.cases")),
    ("global", include_str!("../../cases/global.cases")),
    ("keys", include_str!("../../cases/keys.cases")),
    ("extended", include_str!("../../cases/extended.cases")),
    ("freehold", include_str!("../../cases/freehold.cases")),
];

/// The names of the groups of cases: of the files.
pub fn groups() -> impl Iterator<Item = &'static str> {
    FILES.iter().map(|(name, _)| *name)
}

/// All cases, in the order of the files.
///
/// # Errors
/// [`BadCase`] names the file and line that do not parse.
pub fn all() -> Result<Vec<Case>, BadCase> {
    let mut cases = Vec::new();
    for (name, text) in FILES {
        cases.extend(parse(name, text)?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_case_parses_and_has_a_name_of_its_own() {
        let cases = all().unwrap();
        let ids: BTreeSet<&str> = cases.iter().map(|case| case.id.as_str()).collect();
        assert_eq!(ids.len(), cases.len());
        assert!(cases.len() > 150, "{}", cases.len());
    }

    #[test]
    fn cases_keep_to_subjects_of_their_own() {
        for case in all().unwrap() {
            for step in &case.steps {
                let reads = matches!(step.method.as_str(), "GET" | "HEAD" | "OPTIONS");
                // What is associated, and a KEK, is named in the body alone.
                let in_body = step.target.contains("/associations") || step.target.ends_with("/keks");
                let body = step.body.as_deref().filter(|_| in_body);
                let named = step.target.contains("${") || body.is_some_and(|body| body.contains("${"));
                let own = reads || named || case.profile == Profile::Global;
                assert!(own || step.status >= 400 || step.target == "/", "{}: {}", step.place, step.target);
            }
        }
    }
}
