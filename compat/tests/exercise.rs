//! What must hold for any input at all. The property tests, the corpus test and the fuzz targets all run this.

use compat::{Direction, Finding, Fit, Parsed, Rule, Sample, Strictness, TagEdits, Work};
use model::{CompatibilityPolicy, SchemaType};

fn parse(text: &str, strictness: Strictness) -> Result<Parsed, compat::Error> {
    compat::parse(&SchemaType::Avro, text, &[], strictness, &Work::unlimited())
}

fn parse_json(text: &str, strictness: Strictness) -> Result<Parsed, compat::Error> {
    compat::parse(&SchemaType::Json, text, &[], strictness, &Work::unlimited())
}

fn findings(direction: Direction, candidate: &Parsed, existing: &Parsed) -> Vec<Finding> {
    let work = Work::unlimited();
    compat::compare(direction, CompatibilityPolicy::Strict, candidate, existing, &work).unwrap().findings().to_vec()
}

fn same(a: &Parsed, b: &Parsed) -> bool {
    a.equivalent(b, &Work::unlimited()).unwrap()
}

fn fits(parsed: &Parsed, sample: Sample<'_>) -> Result<Fit, compat::Mismatch> {
    parsed.validate(sample, &Work::unlimited()).unwrap()
}

/// Parses a text both ways and holds every schema that comes of it to the promises.
pub fn schema(text: &str) {
    for strictness in [Strictness::New, Strictness::Stored] {
        if let Ok(parsed) = parse(text, strictness) {
            promises(&parsed, text);
        }
    }
}

/// Finds the inline tags of a schema and takes them away: nothing else changes, and none is left.
pub fn tags(parsed: &Parsed) {
    let (work, kind) = (Work::unlimited(), parsed.schema_type());
    assert_eq!(parsed.retagged(&TagEdits::default(), &work).as_deref(), Ok(&**parsed.canonical()));
    let remove: Vec<_> = parsed.inline_tags(&work).unwrap().into_iter().map(Into::into).collect();
    let bare = parsed.retagged(&TagEdits { remove: remove.clone(), ..TagEdits::default() }, &work).unwrap();
    assert_eq!(bare == **parsed.canonical(), remove.is_empty(), "{bare}");
    let Ok(bare) = compat::parse(&kind, &bare, &[], Strictness::Stored, &work) else { panic!("{bare}") };
    assert_eq!(bare.inline_tags(&work).unwrap(), []);
}

/// Compares two schemas in both directions and as equals.
pub fn pair(a: &str, b: &str) {
    if let (Ok(a), Ok(b)) = (parse(a, Strictness::Stored), parse(b, Strictness::Stored)) {
        for direction in [Direction::Backward, Direction::Forward] {
            for finding in findings(direction, &a, &b) {
                assert!(!finding.message().is_empty());
                located(&finding, direction, a.canonical(), b.canonical());
            }
        }
        assert_eq!(same(&a, &b), same(&b, &a));
        if same(&a, &b) {
            assert_eq!(a.fingerprint(), b.fingerprint());
        }
    }
}

/// Parses a JSON schema both ways and holds it to the promises.
pub fn json_schema(text: &str) {
    let Ok(stored) = parse_json(text, Strictness::Stored) else {
        assert!(parse_json(text, Strictness::New).is_err(), "{text} is a schema that cannot be stored");
        return;
    };
    let again = parse_json(stored.canonical(), Strictness::Stored).expect("a canonical text is a text");
    assert_eq!(again.canonical(), stored.canonical());
    assert_eq!(again.fingerprint(), stored.fingerprint());
    assert!(stored.size_hint() >= stored.canonical().len());
    tags(&stored);
    if let Ok(parsed) = parse_json(text, Strictness::New) {
        assert_eq!(parsed.canonical(), stored.canonical());
        let normalized = stored.normalized(&Work::unlimited()).expect("what loads can be sorted");
        let twice = normalized.normalized(&Work::unlimited()).expect("what was sorted can be sorted again");
        assert_eq!(twice.canonical(), normalized.canonical());
        let found = findings(Direction::Backward, &parsed, &stored);
        assert!(found.iter().all(|finding| finding.rule == Rule::Abandoned), "{text}: {found:?}");
    }
}

/// Compares two JSON schemas in both directions.
pub fn json_pair(a: &str, b: &str) {
    if let (Ok(a), Ok(b)) = (parse_json(a, Strictness::Stored), parse_json(b, Strictness::Stored)) {
        for direction in [Direction::Backward, Direction::Forward] {
            for finding in findings(direction, &a, &b) {
                assert!(!finding.message().is_empty());
                for (spot, text) in [(&finding.new, a.canonical()), (&finding.old, b.canonical())] {
                    if let Some(path) = &spot.path {
                        let places = compat::locate(&SchemaType::Json, text, &[path], &Work::unlimited()).unwrap();
                        assert!(places[0].is_some(), "{finding:?} in {text}");
                    }
                }
            }
        }
        assert_eq!(same(&a, &b), a.canonical() == b.canonical());
    }
}

/// Whatever is told of a place is short, and the place is there.
fn located(finding: &Finding, direction: Direction, new: &str, old: &str) {
    assert_eq!(finding.direction, direction);
    for (spot, text) in [(&finding.new, new), (&finding.old, old)] {
        assert!(
            spot.fragment.as_ref().is_none_or(|fragment| fragment.len() <= compat::LONGEST_FRAGMENT),
            "{finding:?}"
        );
        if let Some(path) = &spot.path {
            let places = compat::locate(&SchemaType::Avro, text, &[path], &Work::unlimited()).unwrap();
            assert!(places[0].is_some(), "{finding:?} in {text}");
        }
    }
}

/// Validates a sample against a schema; whatever it says, it says it.
pub fn data(text: &str, sample: &[u8]) {
    if let Ok(parsed) = parse(text, Strictness::Stored) {
        for verdict in [
            fits(&parsed, Sample::Binary(sample)),
            std::str::from_utf8(sample).map_or(Ok(Fit::Json), |sample| fits(&parsed, Sample::Json(sample))),
        ] {
            if let Err(mismatch) = verdict {
                assert!(mismatch.path.starts_with('/'), "{mismatch:?}");
            }
        }
    }
    // What is stored may have two branches of one name.
    if let Ok(parsed) = parse(text, Strictness::New)
        && let Ok(Fit::Decoded(document)) = fits(&parsed, Sample::Binary(sample))
    {
        assert_eq!(fits(&parsed, Sample::Json(&document)), Ok(Fit::Json), "{document} of {text}");
    }
}

fn promises(parsed: &Parsed, text: &str) {
    let canonical = parsed.canonical();
    assert!(same(parsed, &parsed.clone()));
    assert!(parsed.size_hint() >= canonical.len());
    // A schema reads itself, unless a field has several fields to read from or there is too much to compare.
    let findings = findings(Direction::Backward, parsed, parsed);
    assert!(findings.iter().all(|finding| finding.rule == Rule::Abandoned), "{text}: {findings:?}");
    assert_eq!(
        parsed.formatted("resolved", &Work::unlimited()).as_ref().map(Option::as_deref),
        Ok(Some(&**canonical)),
        "nothing is referenced"
    );
    // With namespaces in play, the reference's text can mean something else than the schema (two types of one short name).
    let plain = !text.contains("namespace") && !text.contains(['.', '\\']);
    match parse(canonical, Strictness::Stored) {
        Ok(again) => assert!(!plain || again.canonical() == canonical, "{canonical} becomes {}", again.canonical()),
        Err(error) => assert!(!plain, "{canonical} does not parse again: {error}"),
    }
    if plain {
        tags(parsed);
    }
    if let Ok(normalized) = parsed.normalized(&Work::unlimited()) {
        let twice = normalized.normalized(&Work::unlimited());
        assert!(
            !plain || twice.as_ref().map(Parsed::canonical) == Ok(normalized.canonical()),
            "{normalized:?} {twice:?}"
        );
    }
}
