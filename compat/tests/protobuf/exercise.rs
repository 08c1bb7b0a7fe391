//! What must hold for any input at all. The property tests, the corpus test and the fuzz target all run this.

use compat::{Direction, Finding, Fit, Parsed, Sample, Strictness, TagEdits, Work};
use model::{CompatibilityPolicy, SchemaType};

fn parse(text: &str, strictness: Strictness) -> Result<Parsed, compat::Error> {
    compat::parse(&SchemaType::Protobuf, text, &[], strictness, &Work::unlimited())
}

fn findings(direction: Direction, candidate: &Parsed, existing: &Parsed) -> Vec<Finding> {
    let work = Work::unlimited();
    compat::compare(direction, CompatibilityPolicy::Strict, candidate, existing, &work).unwrap().findings().to_vec()
}

/// Two texts with a line of `===` between them, or one: each is held to the promises, and both are compared.
pub fn texts(input: &str) {
    let (a, b) = input.split_once("\n===\n").unwrap_or((input, ""));
    schema(a);
    schema(b);
    pair(a, b);
}

fn schema(text: &str) {
    for strictness in [Strictness::New, Strictness::Stored] {
        if let Ok(parsed) = parse(text, strictness) {
            promises(&parsed, text, strictness);
        }
    }
}

fn pair(a: &str, b: &str) {
    let (Ok(a), Ok(b)) = (parse(a, Strictness::Stored), parse(b, Strictness::Stored)) else { return };
    for direction in [Direction::Backward, Direction::Forward] {
        for finding in findings(direction, &a, &b) {
            assert!(finding.message().starts_with("{errorType:\""), "{finding:?}");
            assert!(finding.advice().is_some(), "{finding:?}");
            for (spot, text) in [(&finding.new, a.canonical()), (&finding.old, b.canonical())] {
                let long = spot.fragment.as_ref().is_some_and(|fragment| fragment.len() > compat::LONGEST_FRAGMENT);
                assert!(!long, "{finding:?}");
                if let Some(path) = &spot.path {
                    let places = compat::locate(&SchemaType::Protobuf, text, &[path], &Work::unlimited()).unwrap();
                    assert!(places[0].is_some(), "{finding:?} in {text}");
                }
            }
        }
    }
    let same = a.equivalent(&b, &Work::unlimited()).unwrap();
    assert_eq!(same, a.canonical() == b.canonical());
    assert_eq!(same, a.fingerprint() == b.fingerprint());
}

fn promises(parsed: &Parsed, text: &str, strictness: Strictness) {
    let work = Work::unlimited();
    assert_eq!(findings(Direction::Backward, parsed, parsed), [], "{text}");
    let canonical = parsed.canonical();
    assert!(parsed.size_hint() >= canonical.len());
    let again = parse(canonical, strictness).unwrap_or_else(|error| panic!("{canonical}: {error}"));
    assert_eq!(again.canonical(), canonical, "printing is stable");
    for format in ["serialized", "ignore_extensions"] {
        assert!(parsed.formatted(format, &work).unwrap().is_some(), "{format} of {text}");
    }
    let remove: Vec<_> = parsed.inline_tags(&work).unwrap().into_iter().map(Into::into).collect();
    let bare = parsed.retagged(&TagEdits { remove: remove.clone(), ..TagEdits::default() }, &work).unwrap();
    assert_eq!(bare == **canonical, remove.is_empty(), "{bare}");
    assert_eq!(parse(&bare, Strictness::Stored).unwrap().inline_tags(&work).unwrap(), []);
    for sample in [Sample::Json("{}"), Sample::Binary(&[8, 1]), Sample::Framed(&[0])] {
        match parsed.validate(sample, &work).unwrap() {
            Err(mismatch) => assert!(mismatch.path.starts_with('/'), "{mismatch:?}"),
            Ok(Fit::Decoded(document)) => {
                let again = parsed.validate(Sample::Json(&document), &work).unwrap();
                assert_eq!(again, Ok(Fit::Json), "{document} of {text}");
            }
            Ok(Fit::Json | Fit::Undecoded(_)) => {}
        }
    }
    let normal = match (parsed.normalized(&work), strictness) {
        (Ok(normal), _) => normal,
        (Err(error), Strictness::Stored) => return assert!(error.details().contains("resolve"), "{error}: {text}"),
        (Err(error), _) => panic!("{error}: {text}"),
    };
    assert_eq!(normal.normalized(&work).unwrap().fingerprint(), normal.fingerprint(), "{text}");
    let stored = parse(normal.canonical(), Strictness::Stored).unwrap();
    assert!(stored.equivalent(&normal, &work).unwrap(), "what is read back is what was normalised: {text}");
    // A type that is written in full is the same type, and what is sorted is still there.
    let told: Vec<_> = findings(Direction::Backward, &normal, parsed);
    assert_eq!(told, [], "{text} and {}", normal.canonical());
}
