//! That the cases of `conformance` leave nothing out: every operation of the Confluent API with every parameter of its query, and
//! every error code that this registry knows.

use crate::description;
use conformance::cases;
use registry::http::routes::{Face, ROUTES, Route};
use std::collections::{BTreeMap, BTreeSet};

const CATALOGUE: &str = include_str!("../../registry/src/http/catalogue.rs");

/// Error codes that the Confluent API does not have: of authentication, authorization, namespaces, and of a key management system
/// that is not set up.
const OURS: [u32; 9] = [40101, 40301, 40420, 40920, 40921, 40922, 42220, 42225, 42901];

/// The rows of the Confluent API. What is ours says which parameters it takes, or has one form for probes and scrapers.
fn confluent() -> impl Iterator<Item = &'static Route> {
    ROUTES.iter().filter(|route| route.takes.is_none() && route.face == Face::Api)
}

/// The row that a request goes to.
fn routed(method: &str, path: &str) -> Option<&'static Route> {
    let fits = |route: &&Route| {
        let (row, asked) = (route.path.split('/'), path.split('/'));
        row.clone().count() == asked.clone().count()
            && row.zip(asked).all(|(row, asked)| row == asked || row.starts_with('{') && !asked.is_empty())
    };
    let rows = ROUTES.iter().filter(|route| route.method.as_str() == method).filter(fits);
    rows.min_by_key(|route| route.path.matches('{').count())
}

#[test]
fn the_cases_ask_every_operation_of_the_confluent_api_with_every_parameter() {
    let document = description::document();
    let mut asked: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for case in cases::all().unwrap() {
        for (method, target) in cases::asked(&case).unwrap() {
            let (path, query) = target.split_once('?').unwrap_or((&target, ""));
            let path = match path.trim_end_matches('/') {
                "" => "/",
                path => path,
            };
            if let Some(route) = routed(method, path) {
                let names = query.split('&').filter_map(|pair| Some(pair.split_once('=')?.0.to_owned()));
                asked.entry(route.name).or_default().extend(names);
            }
        }
    }
    let missing: Vec<String> = confluent()
        .flat_map(|route| match asked.get(route.name) {
            None => vec![route.name.to_owned()],
            Some(names) => {
                let described = description::parameters(&document, route, "query").into_iter().map(|(name, _)| name);
                described.filter(|name| !names.contains(*name)).map(|name| format!("{}: {name}", route.name)).collect()
            }
        })
        .collect();
    assert!(confluent().count() > 60 && missing.is_empty(), "no case asks for {missing:#?}");
}

#[test]
fn the_contract_has_every_error_code_of_the_catalogue() {
    let contract = cases::contract().unwrap();
    let without: BTreeSet<u32> = contract.unshown.into_iter().flat_map(|some| some.codes).collect();
    let numbers = CATALOGUE.split(|c: char| !c.is_ascii_alphanumeric()).filter_map(|word| word.parse().ok());
    let raised: BTreeSet<u32> = numbers.filter(|number| (40_000..51_000).contains(number)).collect();
    let known: BTreeSet<u32> = contract.codes.into_iter().chain(without).chain(OURS).collect();
    assert!(raised.len() > 40, "{raised:?}");
    assert_eq!(
        raised.difference(&known).collect::<Vec<_>>(),
        Vec::<&u32>::new(),
        "conformance/contract.toml lacks them"
    );
    let gone: Vec<&u32> = OURS.iter().filter(|code| !raised.contains(code)).collect();
    assert!(gone.is_empty(), "nothing is answered with {gone:?} any more");
}
