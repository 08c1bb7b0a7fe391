//! `GET /openapi.json`: the description of the API that tools read.

use crate::harness::Node;
use registry::http::routes::ROUTES;

#[test]
fn the_description_is_valid_json_and_has_every_route() {
    let answer = Node::start().get("/openapi.json");
    assert!(answer.header("content-type").is_some_and(|kind| kind.contains("json")), "{:?}", answer.headers);
    let document = answer.ok();
    assert!(document["openapi"].as_str().is_some_and(|version| version.starts_with("3.")), "{}", document["openapi"]);
    for route in ROUTES {
        let method = route.method.as_str().to_lowercase();
        let described = &document["paths"][route.path][&method];
        assert!(described["responses"].is_object(), "{method} {} is not described", route.path);
    }
}
