//! Namespaces from YAML files: a document for each, in as many files as one likes.

use crate::http::{catalogue, wire};
use model::{Claim, Namespace, NamespaceName};
use rules::fault::Fault;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What a file says of a namespace.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Wanted {
    /// The namespace.
    pub namespace: Namespace,
    /// Does it say anything about offers?
    pub offers: Offers,
}

/// Are the offers of a namespace those of its file?
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Offers {
    /// Yes.
    AsWritten,
    /// The file names none: they stay as they are.
    Unsaid,
}

/// Reads files, and the `.yaml` and `.yml` files of directories; by name of the namespace.
///
/// # Errors
/// A sentence that names the file.
pub fn read(paths: &[PathBuf]) -> Result<Vec<Wanted>, String> {
    let mut files = Vec::new();
    for path in paths {
        if path.is_dir() {
            files.extend(inside(path).map_err(|error| format!("{}: {error}", path.display()))?);
        } else {
            files.push(path.clone());
        }
    }
    let mut documents = Vec::new();
    for file in &files {
        let at = |error: String| format!("{}: {error}", file.display());
        let text = std::fs::read_to_string(file).map_err(|error| at(error.to_string()))?;
        documents.extend(parse(&text).map_err(at)?.into_iter().map(|wanted| (file.as_path(), wanted)));
    }
    together(documents)
}

/// What the documents say together, by name of the namespace. Each is named once, and a claim has one holder: what applying
/// documents that contradict each other comes to would depend on their order.
fn together(documents: Vec<(&Path, Wanted)>) -> Result<Vec<Wanted>, String> {
    let mut all: BTreeMap<NamespaceName, (&Path, Wanted)> = BTreeMap::new();
    let mut holders: BTreeMap<Claim, (&Path, NamespaceName)> = BTreeMap::new();
    for (file, wanted) in documents {
        let at = |error: String| Err(format!("{}: {error}", file.display()));
        let name = wanted.namespace.name.clone();
        for claim in &wanted.namespace.claims {
            if let Some((first, holder)) = holders.insert(claim.clone(), (file, name.clone()))
                && holder != name
            {
                return at(format!("namespace {name} claims {claim}, as {holder} does in {}", first.display()));
            }
        }
        if let Some((first, _)) = all.insert(name.clone(), (file, wanted)) {
            return at(format!("namespace {name} stands in {} already", first.display()));
        }
    }
    Ok(all.into_values().map(|(_, wanted)| wanted).collect())
}

/// The files of a directory, ordered by name.
fn inside(path: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path)? {
        let file = entry?.path();
        if file.extension().is_some_and(|kind| kind == "yaml" || kind == "yml") {
            files.push(file);
        }
    }
    files.sort();
    Ok(files)
}

/// Reads the documents of a text.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn parse(text: &str) -> Result<Vec<Wanted>, String> {
    // `y` and `no` are words like any other: a label must not turn into a truth value.
    let options = serde_saphyr::options! { strict_booleans: true };
    let documents: Vec<Value> =
        serde_saphyr::from_multiple_with_options(text, options).map_err(|error| error.to_string())?;
    documents
        .iter()
        .filter(|document| !document.is_null())
        .map(|document| {
            let offers = if document.get("offers").is_some() { Offers::AsWritten } else { Offers::Unsaid };
            Ok(Wanted { namespace: namespace(document)?, offers })
        })
        .collect()
}

/// Reads a namespace as the API shows it.
///
/// # Errors
/// A sentence that says what is wrong.
pub fn namespace(value: &Value) -> Result<Namespace, String> {
    let words = |fault: Fault| catalogue::error_response(&fault).message;
    let object = value.as_object().ok_or("a namespace is a mapping with name, claims and members")?;
    let name = object.get("name").and_then(Value::as_str).ok_or("a namespace has a name")?;
    let name = wire::namespace::parsed(name).map_err(words)?;
    wire::namespace::read(object, name).map_err(words)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_holds_a_document_for_each_namespace() {
        let text = "# teams\nname: payments\nclaims: [payments, '=x-value']\nmembers:\n  user:basic/alice: owner\ncontact: '#payments'\n---\nname: risk\noffers: {}\n";
        let all = parse(text).unwrap();
        assert_eq!(all.len(), 2);
        assert_eq!(all[0].namespace.claims.len(), 2);
        assert_eq!(all[0].namespace.contact.as_deref(), Some("#payments"));
        assert_eq!((all[0].offers, all[1].offers), (Offers::Unsaid, Offers::AsWritten));
    }

    #[test]
    fn documents_that_contradict_each_other_are_refused() {
        let read = |one: &str, other: &str| {
            let texts = [("one.yaml", one), ("other.yaml", other)];
            let documents =
                texts.map(|(file, text)| parse(text).unwrap().into_iter().map(move |one| (file.as_ref(), one)));
            together(documents.into_iter().flatten().collect()).map(|all| all.len())
        };
        let risk = "name: risk\nclaims: [payments.risk]";
        assert_eq!(read("name: payments\nclaims: [payments]", risk), Ok(2));
        assert_eq!(
            read("name: payments\nclaims: [x, payments.risk]", risk),
            Err("other.yaml: namespace risk claims payments.risk, as payments does in one.yaml".to_owned())
        );
        assert_eq!(read("name: risk", risk), Err("other.yaml: namespace risk stands in one.yaml already".to_owned()));
        assert_eq!(read(risk, risk), Err("other.yaml: namespace risk stands in one.yaml already".to_owned()));
    }

    #[test]
    fn a_mistake_is_named() {
        #[track_caller]
        fn check(text: &str, part: &str) {
            let error = parse(text).unwrap_err();
            assert!(error.contains(part), "{error}");
        }
        check("claims: [payments]", "has a name");
        check("name: payments\nmember: {}", "no 'member'");
        check("name: Payments", "lower-case");
        check("- name: payments", "is a mapping");
        check("name: [", "");
        check("name: payments\nname: risk", "duplicate");
    }
}
