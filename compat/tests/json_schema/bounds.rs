//! Input made to hurt: it is read, compared or refused within a budget of work, in little memory and stack.

use super::{DRAFT_2020, json, try_json};
use crate::support::{findings, timed};
use compat::{Direction, Error, Halt, Parsed, Spent, Strictness, Verdict, Work};
use model::{CompatibilityPolicy, SchemaType};

/// A part of what a registry spends on a request, so that unoptimised builds get through it.
const BUDGET: u64 = 4 << 20;

fn parsed(text: &str) -> Result<Parsed, Error> {
    compat::parse(&SchemaType::Json, text, &[], Strictness::New, &Work::new(BUDGET, &Halt::default()))
}

fn compared(new: &Parsed, old: &Parsed) -> Result<Verdict, Spent> {
    let work = Work::new(BUDGET, &Halt::default());
    compat::compare(Direction::Backward, CompatibilityPolicy::Strict, new, old, &work)
}

/// Reads a schema and compares it with itself and with another, within the budget or not, but in time.
#[track_caller]
fn endures(what: &str, text: &str, other: &str) {
    timed(what, || {
        if let (Ok(a), Ok(b)) = (parsed(text), parsed(other)) {
            for (new, old) in [(&a, &a), (&a, &b), (&b, &a)] {
                let _ = compared(new, old);
            }
        }
    });
}

fn nested(levels: usize, open: &str, inner: &str, close: &str) -> String {
    format!("{}{inner}{}", open.repeat(levels), close.repeat(levels))
}

#[test]
fn schemas_nest_up_to_a_bound() {
    for (open, close) in [
        (r#"{"not":"#, "}"),
        (r#"{"items":"#, "}"),
        (r#"{"additionalProperties":"#, "}"),
        (r#"{"type":["object","array"],"minLength":1,"items":"#, "}"),
    ] {
        let deep = json(&nested(127, open, r#"{"type":"string"}"#, close));
        assert!(findings(Direction::Backward, &deep, &deep).is_empty());
        let error = try_json(&nested(128, open, r#"{"type":"string"}"#, close), &[]).unwrap_err();
        assert!(error.details().contains("nest deeper than the 128 levels allowed"), "{error}");
    }
    let deep = json(&nested(127, r#"{"properties":{"a":"#, "{}", "}}"));
    assert!(findings(Direction::Backward, &deep, &deep).is_empty());
}

#[test]
fn nested_combinations_end() {
    for keyword in ["oneOf", "anyOf", "allOf"] {
        let tree = |leaf: &str| {
            let mut text = format!(r#"{{"type":"{leaf}"}}"#);
            for level in 0..12 {
                text = format!(r#"{{"{keyword}":[{text},{{"title":"{level}","not":{{}}}},{text}]}}"#);
            }
            text
        };
        endures(keyword, &tree("string"), &tree("integer"));
        let mixed = |leaf: &str| {
            let mut text = format!(r#"{{"type":"{leaf}"}}"#);
            for level in 0..60 {
                let keyword = ["oneOf", "anyOf", "allOf"][level % 3];
                text = format!(r#"{{"{keyword}":[{text},{{"type":"null","title":"{level}"}}]}}"#);
            }
            text
        };
        endures("mixed combinations", &mixed("string"), &mixed("integer"));
    }
    let wide = |kind: &str| {
        let members: Vec<String> = (0..2_000).map(|n| format!(r#"{{"type":"{kind}","maxLength":{n}}}"#)).collect();
        format!(r#"{{"oneOf":[{}]}}"#, members.join(","))
    };
    endures("wide combinations", &wide("string"), &wide("integer"));
}

#[test]
fn differences_do_not_multiply() {
    let doubling = |leaf: &str| {
        let mut defined = vec![format!(r#""d40":{{"type":"{leaf}"}}"#)];
        for level in 0..40 {
            let next = level + 1;
            let twice = format!(
                r##""d{level}":{{"properties":{{"a":{{"$ref":"#/definitions/d{next}"}},"b":{{"$ref":"#/definitions/d{next}"}}}}}}"##
            );
            defined.push(twice);
        }
        format!(r##"{{"definitions":{{{}}},"$ref":"#/definitions/d0"}}"##, defined.join(","))
    };
    let (string, integer) = (json(&doubling("string")), json(&doubling("integer")));
    let found = findings(Direction::Backward, &integer, &string).len();
    assert!((1_000..=10_000).contains(&found), "{found}");
    assert!(findings(Direction::Backward, &string, &string).is_empty());
}

#[test]
fn references_that_go_round_end() {
    let ring = |length: usize, leaf: &str| {
        let defined: Vec<String> = (0..length)
            .map(|at| {
                let next = (at + 1) % length;
                format!(
                    r##""d{at}":{{"properties":{{"n":{{"$ref":"#/definitions/d{next}"}},"v":{{"type":"{leaf}"}}}}}}"##
                )
            })
            .collect();
        format!(r##"{{"definitions":{{{}}},"properties":{{"n":{{"$ref":"#/definitions/d0"}}}}}}"##, defined.join(","))
    };
    let (a, b) = (json(&ring(31, "string")), json(&ring(37, "string")));
    assert!(findings(Direction::Backward, &a, &b).is_empty());
    endures("rings of coprime lengths", &ring(199, "string"), &ring(211, "integer"));
    let mutual = |leaf: &str| {
        format!(
            r##"{{"definitions":{{"a":{{"anyOf":[{{"$ref":"#/definitions/b"}},{{"not":{{"$ref":"#/definitions/a"}}}},{{"type":"{leaf}"}}]}},"b":{{"oneOf":[{{"$ref":"#/definitions/a"}},{{"not":{{"$ref":"#/definitions/b"}}}},{{"type":"null"}}]}}}},"$ref":"#/definitions/a"}}"##
        )
    };
    endures("mutual recursion", &mutual("string"), &mutual("integer"));
    for text in [
        r##"{"$ref":"#"}"##,
        r##"{"allOf":[{"$ref":"#"}]}"##,
        r##"{"not":{"$ref":"#"}}"##,
        r##"{"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"$ref":"#/definitions/a"}"##,
    ] {
        endures(text, text, r#"{"type":"string"}"#);
        json(text);
    }
    let dynamic = format!(
        r##"{{{DRAFT_2020},"$dynamicAnchor":"n","properties":{{"a":{{"$dynamicRef":"#n"}}}},"anyOf":[{{"$dynamicRef":"#n"}},{{"$ref":"#n"}}]}}"##
    );
    endures("$dynamicRef", &dynamic, "{}");
    json(&dynamic);
}

#[test]
fn chains_and_fans_of_references_end() {
    let chain = |length: usize, head: &str, leaf: &str| {
        let mut defined: Vec<String> =
            (0..length).map(|at| format!(r##""d{at}":{{"items":{{"$ref":"#/definitions/d{}"}}}}"##, at + 1)).collect();
        defined.push(format!(r#""d{length}":{{"type":"{leaf}"}}"#));
        format!(r##"{{{head}"definitions":{{{}}},"$ref":"#/definitions/d0"}}"##, defined.join(","))
    };
    let new_dialect = format!("{DRAFT_2020},");
    for head in ["", &new_dialect] {
        endures("a chain", &chain(5_000, head, "string"), &chain(5_000, head, "integer"));
        let fan = |leaf: &str| {
            let properties: Vec<String> =
                (0..2_000).map(|at| format!(r##""p{at}":{{"$ref":"#/definitions/d"}}"##)).collect();
            let inner: Vec<String> = (0..500).map(|at| format!(r#""q{at}":{{"type":"{leaf}"}}"#)).collect();
            format!(
                r#"{{{head}"definitions":{{"d":{{"properties":{{{}}}}}}},"properties":{{{}}}}}"#,
                inner.join(","),
                properties.join(",")
            )
        };
        endures("a fan", &fan("string"), &fan("integer"));
    }
}

#[test]
fn much_of_anything_ends() {
    let values = |from: usize| {
        format!(r#"{{"enum":[{}]}}"#, (from..from + 300_000).map(|n| n.to_string()).collect::<Vec<_>>().join(","))
    };
    endures("a huge enum", &values(0), &values(1));
    let letters = (0..400_000).map(|n| format!("\"{n:x}\":{{}}")).collect::<Vec<_>>().join(",");
    endures("many properties", &format!(r#"{{"properties":{{{letters}}}}}"#), r#"{"properties":{}}"#);
    endures("many unknown keywords", &format!("{{{letters}}}"), "{}");
    let one = format!("{{{}}}", vec!["\"a\":1"; 1_500_000].join(","));
    endures("ten MiB of one letter", &one, "{}");
    let required = (0..200_000).map(|n| format!("\"{n}\"")).collect::<Vec<_>>().join(",");
    endures("many required", &format!(r#"{{"required":[{required}]}}"#), "{}");
    let ids = (0..3_000).fold("{}".to_owned(), |_, n| format!(r#"{{"properties":{{"a{n}":{{"$id":"{n}/"}}}}}}"#));
    endures("many ids", &ids, "{}");
    let deep_ids = nested(200, &format!(r#"{{"$id":"{}/","not":"#, "i".repeat(1_000)), "{}", "}");
    endures("ids inside ids", &deep_ids, "{}");
}

#[test]
fn expressions_do_not_run_away() {
    let patterns = |count: usize, pattern: &str| {
        let all: Vec<String> = (0..count).map(|n| format!(r#""{pattern}{n}":{{"type":"string"}}"#)).collect();
        format!(r#"{{"type":"object","patternProperties":{{{}}}}}"#, all.join(","))
    };
    let names = |count: usize| {
        let all: Vec<String> = (0..count).map(|n| format!(r#""{}{n}":{{"type":"string"}}"#, "a".repeat(40))).collect();
        format!(r#"{{"type":"object","properties":{{{}}}}}"#, all.join(","))
    };
    endures("a catastrophic expression", &patterns(3, r"^(a|a)*(?=b)\\1x"), &names(200));
    endures("many expressions", &patterns(3_000, r"^(a+)+\\p{L}{1,50}x"), &names(3_000));
    endures("a large expression", &patterns(20, "((a{1000}){1000}){1000}"), &names(10));
}

#[test]
fn numbers_are_compared_whatever_their_size() {
    let multiple = |text: &str| json(&format!(r#"{{"multipleOf":{text}}}"#));
    let long = "9".repeat(999);
    for (old, new) in [("1e1000000000", "3"), ("1e-1000000000", "7"), (long.as_str(), "3"), ("3", long.as_str())] {
        timed("a comparison of numbers", || findings(Direction::Backward, &multiple(new), &multiple(old)));
    }
    assert!(try_json(r#"{"maximum":1e99999999999}"#, &[]).is_err());
}
