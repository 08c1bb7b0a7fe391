//! What the documents promise, held against the program: keys, metrics and routes.

use crate::authz_support::{USERS, add_user, send};
use crate::harness::{Node, Settings, named, wait};
use registry::http::routes::ROUTES;
use registry::settings::KEYS;
use serde_json::json;
use std::collections::BTreeSet;
use std::path::Path;

const OPERATIONS: &str = include_str!("../../docs/operations.md");
const API: &str = include_str!("../../docs/api.md");

/// The rows of the tables whose first cell is a text in backquotes: that text, and the other cells.
fn rows(document: &str) -> Vec<(&str, Vec<&str>)> {
    let cells = document.lines().filter_map(|line| line.strip_prefix("| `")?.strip_suffix(" |"));
    cells
        .filter_map(|row| row.split_once("` |"))
        .map(|(first, rest)| (first, rest.split('|').map(str::trim).collect()))
        .collect()
}

#[test]
fn the_table_of_keys_is_that_of_the_program() {
    let documented: Vec<(&str, &str)> = rows(OPERATIONS)
        .into_iter()
        .filter(|(name, _)| KEYS.iter().any(|key| key.name == *name))
        .map(|(name, cells)| (name, cells[0].trim_matches('`')))
        .collect();
    for key in KEYS {
        let found: Vec<&str> =
            documented.iter().filter(|(name, _)| *name == key.name).map(|(_, default)| *default).collect();
        assert_eq!(found, [key.default], "{}", key.name);
    }
}

#[test]
fn the_table_of_metrics_is_what_a_registry_shows() {
    let directory = tempfile::tempdir().unwrap();
    let (data, users) = (directory.path().join("data"), directory.path().join("users"));
    USERS.iter().for_each(|name| add_user(&users, name));
    // What is there at the start is counted by owner at once.
    let open = Node::at(&data);
    open.register("s", &named("S"));
    open.stop();
    let flags = [
        "--authentication-users",
        users.to_str().unwrap(),
        "--authorization-admins",
        "user:basic/ada",
        "--kms-local",
        "*=${env:FREEHOLD_SECRET_LOCAL}",
    ];
    let variables = vec![("FREEHOLD_SECRET_LOCAL", "secret".to_owned())];
    let node = Node::with(Settings { data: Some(data), variables, ..Settings::flags(&flags) });
    let mut caller = node.caller();
    let kek = json!({ "name": "k", "kmsType": "local-kms", "kmsKeyId": "i", "shared": true });
    send(&mut caller, "ada", "POST", "/dek-registry/v1/keks?testSharing=true", Some(&kek)).ok();
    assert_eq!(send(&mut caller, "ada", "PUT", "/namespaces/new", Some(&json!({}))).status, 201);
    assert_eq!(send(&mut caller, "stranger", "DELETE", "/subjects/s", None).status, 403);
    add_user(&users, "another");
    let page = wait::until("subjects are counted and the users are taken again", || {
        let page = node.get("/metrics").text;
        (page.contains("freehold_namespace_subjects{") && page.contains("freehold_reloads_total{")).then_some(page)
    });
    assert!(page.contains(r#"freehold_http_requests_total{operation="namespaces.put",status="201"} 1"#), "{page}");

    let kinds = page.lines().filter_map(|line| line.strip_prefix("# TYPE ")?.split_once(' '));
    let shown: BTreeSet<(&str, &str, BTreeSet<&str>)> =
        kinds.map(|(name, kind)| (name, kind, labels(&page, name))).collect();
    let documented = rows(OPERATIONS);
    let documented =
        documented.iter().filter(|(name, _)| name.starts_with("freehold_") || name.starts_with("process_"));
    let documented: BTreeSet<(&str, &str, BTreeSet<&str>)> =
        documented.map(|(name, cells)| (*name, cells[0], cells[1].split('`').skip(1).step_by(2).collect())).collect();
    assert_eq!(shown, documented);
}

/// The labels that samples of a metric have, without the bounds of a histogram.
fn labels<'a>(page: &'a str, name: &str) -> BTreeSet<&'a str> {
    let samples = page.lines().filter_map(|line| line.strip_prefix(name)?.split_once('{'));
    let labels =
        samples.filter(|(rest, _)| ["", "_bucket", "_sum", "_count"].contains(rest)).flat_map(|(_, labels)| {
            labels.split_once('}').unwrap().0.split(',').filter_map(|label| Some(label.split_once('=')?.0))
        });
    labels.filter(|label| *label != "le").collect()
}

#[test]
fn every_route_of_ours_is_in_the_document_of_the_api() {
    let ours = |path: &str| path.starts_with("/namespaces") || path.ends_with("/readers");
    for route in ROUTES.iter().filter(|route| ours(route.path)) {
        let tail = route.path.strip_prefix("/namespaces/{namespace}").map(|tail| format!("…{tail}`"));
        let described = API.lines().filter(|line| line.starts_with("| `")).any(|line| {
            line.contains(route.method.as_str())
                && (line.contains(&format!("{}`", route.path)) || tail.as_ref().is_some_and(|tail| line.contains(tail)))
        });
        assert!(described, "{} {}", route.method.as_str(), route.path);
    }
}

/// What a link in a document leads to: another file, a heading in it, or both.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let targets = text.split("](").skip(1).filter_map(|rest| rest.split_once(')')).map(|(link, _)| link);
    targets.filter(|link| !link.contains("://") && !link.contains(['`', '<', ' ']))
}

/// The anchors of a document's headings.
fn anchors(text: &str) -> BTreeSet<String> {
    let headings = text.lines().filter_map(|line| line.strip_prefix('#'));
    let anchor = |heading: &str| {
        let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
        words.replace(|c: char| !(c.is_alphanumeric() || c == '-' || c == '_'), "")
    };
    headings.map(anchor).collect()
}

#[test]
fn documents_refer_to_files_and_headings_that_are_there() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let pages = ["", "docs", "docs/dev"].into_iter().flat_map(|folder| {
        let files = std::fs::read_dir(root.join(folder)).unwrap().map(|file| file.unwrap().path());
        files.filter(|file| file.extension().is_some_and(|extension| extension == "md"))
    });
    let mut seen = 0;
    for page in pages {
        let text = std::fs::read_to_string(&page).unwrap();
        for link in links(&text) {
            let (file, place) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { page.clone() } else { page.parent().unwrap().join(file) };
            assert!(target.exists(), "{}: {link}", page.display());
            let place_is_there = || anchors(&std::fs::read_to_string(&target).unwrap()).contains(place);
            assert!(place.is_empty() || place_is_there(), "{}: {link}", page.display());
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen} links");
}

#[test]
fn the_table_of_bounds_is_that_of_the_program() {
    let bounds: Vec<String> = registry::limits::all().map(|limit| format!("| {} | {limit} |", limit.what)).collect();
    let (_, section) = API.split_once("\n## Bounds\n").expect("docs/api.md has a section of bounds");
    let section = section.split("\n## ").next().unwrap_or_default();
    let documented: Vec<&str> =
        section.lines().filter(|line| line.starts_with("| ")).filter(|line| *line != "| what | at most |").collect();
    assert_eq!(documented, bounds);
}
