//! `openapi.json` as tests read it: what it says of a row of the route table.

use registry::http::openapi::DOCUMENT;
use registry::http::routes::Route;
use serde_json::Value;

/// The document.
pub fn document() -> Value {
    serde_json::from_str(DOCUMENT).unwrap()
}

/// What a reference leads to, or the thing itself.
pub fn resolved<'a>(document: &'a Value, thing: &'a Value) -> &'a Value {
    thing["$ref"].as_str().map_or(thing, |place| document.pointer(place.trim_start_matches('#')).unwrap())
}

/// The description of an operation.
#[track_caller]
pub fn operation<'a>(document: &'a Value, route: &Route) -> &'a Value {
    let operation = &document["paths"][route.path][route.method.as_str().to_lowercase()];
    assert!(operation["responses"].is_object(), "{} is not described", route.name);
    operation
}

/// The names and descriptions of an operation's parameters that are in this place: `path`, `query` or `header`.
pub fn parameters<'a>(document: &'a Value, route: &Route, place: &str) -> Vec<(&'a str, &'a Value)> {
    let parameters = operation(document, route)["parameters"].as_array().into_iter().flatten();
    let parameters = parameters.map(|parameter| resolved(document, parameter));
    let here = parameters.filter(|parameter| parameter["in"] == place);
    here.map(|parameter| (parameter["name"].as_str().unwrap(), parameter)).collect()
}
