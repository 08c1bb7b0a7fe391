//! The description of the API, served at `/openapi.json` and checked against the route table.

/// The document.
pub const DOCUMENT: &str = include_str!("openapi.json");

#[cfg(test)]
mod tests {
    use crate::http::routes::ROUTES;
    use std::collections::BTreeSet;

    #[test]
    fn the_description_and_the_route_table_name_the_same_operations() {
        let document: serde_json::Value = serde_json::from_str(super::DOCUMENT).unwrap();
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
}
