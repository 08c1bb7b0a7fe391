//! What must hold for any input at all. The property tests, the corpus test and the fuzz targets all run this.

use compat::{Direction, Finding, Parsed, Sample, Strictness, findings, parse};
use model::SchemaType;

/// Parses a text both ways and holds every schema that comes of it to the promises.
pub fn schema(text: &str) {
    for strictness in [Strictness::New, Strictness::Stored] {
        if let Ok(parsed) = parse(&SchemaType::Avro, text, &[], strictness) {
            promises(&parsed, text);
        }
    }
}

/// Compares two schemas in both directions and as equals.
pub fn pair(a: &str, b: &str) {
    let parse = |text| parse(&SchemaType::Avro, text, &[], Strictness::Stored);
    if let (Ok(a), Ok(b)) = (parse(a), parse(b)) {
        for direction in [Direction::Backward, Direction::Forward] {
            for finding in findings(direction, &a, &b) {
                assert!(!finding.message(direction).is_empty());
            }
        }
        assert_eq!(a.equivalent(&b), b.equivalent(&a));
        if a.equivalent(&b) {
            assert_eq!(a.fingerprint(), b.fingerprint());
        }
    }
}

/// Validates a sample against a schema; whatever it says, it says it.
pub fn data(text: &str, sample: &[u8]) {
    if let Ok(parsed) = parse(&SchemaType::Avro, text, &[], Strictness::Stored) {
        for verdict in [
            parsed.validate(Sample::Binary(sample)),
            std::str::from_utf8(sample).map_or(Ok(()), |sample| parsed.validate(Sample::Json(sample))),
        ] {
            if let Err(mismatch) = verdict {
                assert!(mismatch.path.starts_with('/'), "{mismatch:?}");
            }
        }
    }
}

fn promises(parsed: &Parsed, text: &str) {
    let canonical = parsed.canonical();
    assert!(parsed.equivalent(&parsed.clone()));
    assert!(parsed.size_hint() >= canonical.len());
    // A schema reads itself, unless a field has several fields to read from or there is too much to compare.
    let findings = findings(Direction::Backward, parsed, parsed);
    assert!(findings.iter().all(|finding| matches!(finding, Finding::Abandoned { .. })), "{text}: {findings:?}");
    assert_eq!(
        parsed.formatted("resolved").as_ref().map(Option::as_deref),
        Ok(Some(&**canonical)),
        "nothing is referenced"
    );
    // With namespaces in play, the reference's text can mean something else than the schema (two types of one short name).
    let plain = !text.contains("namespace") && !text.contains(['.', '\\']);
    match parse(&SchemaType::Avro, canonical, &[], Strictness::Stored) {
        Ok(again) => assert!(!plain || again.canonical() == canonical, "{canonical} becomes {}", again.canonical()),
        Err(error) => assert!(!plain, "{canonical} does not parse again: {error}"),
    }
    if let Ok(normalized) = parsed.normalized() {
        let twice = normalized.normalized();
        assert!(
            !plain || twice.as_ref().map(Parsed::canonical) == Ok(normalized.canonical()),
            "{normalized:?} {twice:?}"
        );
    }
}
