//! The description of the API, served at `/openapi.json` and checked against the route table.

/// The document.
pub const DOCUMENT: &str = include_str!("openapi.json");

#[cfg(test)]
mod tests {
    use crate::http::routes::{Face, ROUTES, Route};
    use model::{Guid, NamespaceName, Principal};
    use regex::Regex;
    use serde_json::Value;
    use std::collections::BTreeSet;

    #[test]
    fn the_description_and_the_route_table_name_the_same_operations() {
        let document: Value = serde_json::from_str(super::DOCUMENT).unwrap();
        let described: BTreeSet<(String, String, String)> = document["paths"]
            .as_object()
            .unwrap()
            .iter()
            .flat_map(|(path, methods)| {
                methods.as_object().unwrap().iter().map(move |(method, operation)| {
                    let id = operation["operationId"].as_str().unwrap_or_default().to_owned();
                    (method.to_uppercase(), path.clone(), id)
                })
            })
            .collect();
        let routed: BTreeSet<(String, String, String)> = ROUTES
            .iter()
            .map(|route| (route.method.as_str().to_owned(), route.path.to_owned(), format!("{:?}", route.operation)))
            .collect();
        assert_eq!(described, routed);
    }

    /// What a reference leads to, or the thing itself.
    fn target<'a>(document: &'a Value, thing: &'a Value) -> &'a Value {
        match thing["$ref"].as_str() {
            Some(place) => {
                document.pointer(place.trim_start_matches('#')).unwrap_or_else(|| panic!("{place} leads nowhere"))
            }
            None => thing,
        }
    }

    /// The statuses that a request of a row may be answered with before its handler is asked, or whatever comes of that.
    fn of_every_request(route: &Route, has_body: bool) -> BTreeSet<&'static str> {
        let always = ["400", "401", "403", "414", "415", "429", "431", "500", "503", "504"];
        let negotiates = (route.face == Face::Api).then_some("406");
        let reads = ["408", "413", "422"].into_iter().filter(|_| has_body);
        always.into_iter().chain(negotiates).chain(reads).collect()
    }

    #[test]
    fn every_operation_says_what_it_takes_and_what_it_gives() {
        let document: Value = serde_json::from_str(super::DOCUMENT).unwrap();
        for route in ROUTES {
            let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let parameters: Vec<&Value> = parameters.map(|parameter| target(&document, parameter)).collect();
            assert!(parameters.iter().all(|parameter| parameter["schema"].is_object()), "{}", route.name);
            let in_path = parameters.iter().filter(|parameter| parameter["in"] == "path");
            let named: BTreeSet<&str> = in_path.filter_map(|parameter| parameter["name"].as_str()).collect();
            let placed: BTreeSet<&str> = route.path.split(['{', '}']).skip(1).step_by(2).collect();
            assert_eq!(named, placed, "{}", route.name);
            let shapes = |part: &Value| -> Vec<Value> {
                let content = target(&document, part)["content"].as_object().cloned().unwrap_or_default();
                content.values().map(|shape| target(&document, &shape["schema"]).clone()).collect()
            };
            assert!(shapes(&operation["requestBody"]).iter().all(Value::is_object), "{}", route.name);
            let responses = operation["responses"].as_object().unwrap();
            assert!(responses.keys().any(|status| status.starts_with('2')), "{}", route.name);
            let described: BTreeSet<&str> = responses.keys().map(String::as_str).collect();
            let whatever_it_does = of_every_request(route, operation["requestBody"].is_object());
            assert!(described.is_superset(&whatever_it_does), "{}: {described:?}", route.name);
            // A client that is generated has no use for what may be anything.
            assert!(!described.contains("default"), "{}", route.name);
            for (status, response) in responses.iter().filter(|(status, _)| !matches!(status.as_str(), "204" | "304")) {
                let shapes = shapes(response);
                assert!(!shapes.is_empty() && shapes.iter().all(Value::is_object), "{} {status}", route.name);
            }
        }
    }

    #[test]
    fn what_a_pattern_lets_through_is_what_is_taken() {
        let document: Value = serde_json::from_str(super::DOCUMENT).unwrap();
        let check = |place: &str, taken: &dyn Fn(&str) -> bool, samples: &[&str]| {
            let pattern = document.pointer(&format!("/components/{place}/pattern")).and_then(Value::as_str).unwrap();
            let pattern = Regex::new(pattern).unwrap();
            for sample in samples {
                assert_eq!(pattern.is_match(sample), taken(sample), "{place}: {sample:?}");
            }
        };
        let (longest, longer) = ("a".repeat(100), "a".repeat(101));
        check(
            "schemas/NamespaceName",
            &|text| text.parse::<NamespaceName>().is_ok(),
            &["a", "0", "a.b-c_d", "", "-a", ".a", "A", "\u{e4}", "a b", "a\n", &longest, &longer],
        );
        check(
            "schemas/Principal",
            &|text| text.parse::<Principal>().is_ok(),
            &[
                "user:basic/a",
                "group:c-1/a/b",
                "client:x/\u{e4} \u{f6}",
                "cert:CN=a",
                "cert:",
                "user:basic/",
                "user:/a",
                "user:a",
                "a",
                "User:b/a",
                "",
            ],
        );
        let (short, hyphens) = ("8b8bd78e44564c998d7264cbe6177da", "8B8bd78e-4456-4c99-8d72-64cbe6177dae");
        check(
            "parameters/guid/schema",
            &|text| Guid::parse(text).is_some(),
            &[
                short,
                &format!("{short}e"),
                &format!("{short}ee"),
                hyphens,
                &hyphens.replace('-', ""),
                &hyphens.replace('8', "g"),
                "",
            ],
        );
    }
}
