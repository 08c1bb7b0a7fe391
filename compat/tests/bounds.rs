//! Input made to hurt: it is read or refused in little time, memory and stack.

use crate::support::*;
use compat::{Direction, Error, Halt, Sample, Spent, Strictness, Work};
use model::CompatibilityPolicy::Strict;
use model::SchemaType;

/// A schema in which each of `levels` records uses the next one twice; the last one has a field of this type.
fn doubling(levels: usize, last: &str) -> String {
    let mut types: Vec<String> =
        vec![format!(r#"{{"type":"record","name":"T{levels}","fields":[{{"name":"v","type":"{last}"}}]}}"#)];
    for level in (0..levels).rev() {
        let next = level + 1;
        types.push(format!(
            r#"{{"type":"record","name":"T{level}","fields":[{{"name":"a","type":"T{next}"}},{{"name":"b","type":"T{next}"}}]}}"#
        ));
    }
    let fields: Vec<String> =
        types.iter().rev().enumerate().map(|(at, t)| format!(r#"{{"name":"f{at}","type":{t}}}"#)).collect();
    record(&fields.join(","))
}

#[test]
fn a_type_used_twice_on_each_of_forty_levels_is_seen_once() {
    timed("doubling", || {
        let (int, text) = (new(&doubling(40, "int")), new(&doubling(40, "string")));
        assert!(int.canonical().len() < 10_000);
        assert!(int.format("resolved").unwrap().unwrap().len() < 10_000);
        assert!(int.same(&new(&doubling(40, "int"))));
        assert!(!int.same(&text));
        assert!(findings(Direction::Backward, &int, &int).is_empty());
        // 2^41 - 1 findings, of which some megabytes are told.
        let told = findings(Direction::Backward, &int, &text).len();
        assert!((1_000..=10_000).contains(&told), "{told}");
        assert_eq!(int.normal().unwrap().canonical(), int.canonical());
    });
}

#[test]
fn defaults_do_not_multiply_either() {
    let level = |n: usize, rest: &str| format!(r#"{{"type":"record","name":"T{n}","fields":[{rest}]}}"#);
    let mut fields = vec![format!(r#"{{"name":"z","type":{}}}"#, level(0, r#"{"name":"v","type":"int"}"#))];
    for n in 1..=40 {
        let uses = format!(
            r#"{{"name":"a","type":"T{0}","default":{{}}}},{{"name":"b","type":"T{0}","default":{{}}}}"#,
            n - 1
        );
        fields.push(format!(r#"{{"name":"f{n}","type":{}}}"#, level(n, &uses)));
    }
    timed("doubling defaults", || assert!(try_new(&record(&fields.join(",")), &[]).is_err()));

    // Two branches that each look at the whole value, forty deep.
    let union = r#"["null","A","B"]"#;
    let branch =
        |name: &str| format!(r#"{{"type":"record","name":"{name}","fields":[{{"name":"x","type":{union}}}]}}"#);
    let value = r#"{"x":"#.repeat(40) + "1" + &"}".repeat(40);
    let text = record(&format!(
        r#"{{"name":"a","type":{}}},{{"name":"b","type":{}}},{{"name":"c","type":{union},"default":{value}}}"#,
        branch("A"),
        branch("B")
    ));
    timed("branching defaults", || assert!(try_new(&text, &[]).is_err()));
}

#[test]
fn nesting_is_refused_beyond_a_depth() {
    let arrays = |depth: usize| r#"{"type":"array","items":"#.repeat(depth) + "\"int\"" + &"}".repeat(depth);
    new(&arrays(250));
    assert!(matches!(try_new(&arrays(300), &[]), Err(Error::Invalid { .. })));
    assert!(matches!(try_new(&arrays(100_000), &[]), Err(Error::Syntax { .. })));
    let unions = "[".repeat(100_000);
    assert!(matches!(try_new(&unions, &[]), Err(Error::Syntax { .. })));
    let prop = |depth: usize| format!(r#"{{"type":"int","p":{}{}}}"#, "[".repeat(depth), "]".repeat(depth));
    new(&prop(250));
    assert!(try_new(&prop(260), &[]).is_err());
    let records = |depth: usize| {
        let open: String =
            (0..depth).map(|n| format!(r#"{{"type":"record","name":"R{n}","fields":[{{"name":"a","type":"#)).collect();
        open + "\"int\"" + &"}]}".repeat(depth)
    };
    let deep = new(&records(85));
    assert_eq!(&**new(deep.canonical()).canonical(), &**deep.canonical());
    deep.normal().unwrap();
    assert!(try_new(&records(90), &[]).is_err());
}

/// A chain of records, each using the next, that nests as deep as it is long once written out.
fn chain(length: usize, backwards: bool) -> String {
    let mut types: Vec<String> = (0..length)
        .map(|n| {
            let next = if n + 1 < length { format!("\"R{}\"", n + 1) } else { "\"int\"".to_owned() };
            format!(r#"{{"type":"record","name":"R{n}","fields":[{{"name":"a","type":{next}}}]}}"#)
        })
        .collect();
    if backwards {
        types.reverse();
    }
    format!("[{}]", types.join(","))
}

#[test]
fn nesting_through_names_is_bounded_too() {
    timed("chains", || {
        assert!(matches!(try_new(&chain(20_000, false), &[]), Err(Error::TooComplex(_))));
        // In this order nothing nests, however long the chain is.
        let flat = new(&chain(20_000, true));
        assert!(flat.same(&new(&chain(20_000, true))));
        let flat = new(&chain(1_000, true));
        assert!(findings(Direction::Backward, &flat, &flat).is_empty());
    });
}

#[test]
fn nesting_through_references_is_bounded_too() {
    let dependencies: Vec<_> = (0..200)
        .map(|n| {
            let previous = if n == 0 { "\"int\"".to_owned() } else { format!("\"D{}\"", n - 1) };
            dependency(
                &format!("D{n}"),
                &format!(r#"{{"type":"record","name":"D{n}","fields":[{{"name":"a","type":{previous}}}]}}"#),
            )
        })
        .collect();
    let parsed = try_new(&field("\"D60\""), &dependencies[..=60]).unwrap();
    parsed.format("resolved").unwrap();
    match try_new(&field("\"D199\""), &dependencies) {
        Ok(parsed) => assert!(matches!(parsed.format("resolved"), Err(Error::TooComplex(_)))),
        Err(error) => assert!(matches!(error, Error::TooComplex(_)), "{error}"),
    }
}

#[test]
fn cycles_of_coprime_lengths_do_not_overflow_the_stack() {
    let cycle = |length: usize| {
        let types: Vec<String> = (0..length)
            .rev()
            .map(|n| {
                let next = (n + 1) % length;
                format!(r#"{{"name":"f{n}","type":{{"type":"record","name":"C{n}","fields":[{{"name":"n","type":"C{next}"}}]}}}}"#)
            })
            .collect();
        format!(r#"{{"type":"record","name":"R","fields":[{{"name":"start","type":"C0"}},{}]}}"#, types.join(","))
    };
    // As deep as types may nest: the pairs of two such cycles make a path of 79 · 83 steps.
    let (p, q) = (new(&cycle(79)), new(&cycle(83)));
    timed("cycles", || assert!(!findings(Direction::Backward, &p, &q).is_empty()));
}

#[test]
fn a_million_symbols_are_read_and_compared_in_linear_time() {
    let symbols = |from: usize| {
        let list: Vec<String> = (from..from + 1_000_000).map(|n| format!("\"S{n}\"")).collect();
        format!(r#"{{"type":"enum","name":"E","symbols":[{}],"default":"S{from}"}}"#, list.join(","))
    };
    timed("symbols", || {
        let (a, b) = (new(&symbols(0)), new(&symbols(1)));
        assert!(!a.same(&b));
        assert!(findings(Direction::Backward, &a, &b).is_empty());
    });
}

#[test]
fn wide_records_and_unions_take_linear_time() {
    let fields: Vec<String> = (0..50_000).map(|n| format!(r#"{{"name":"f{n}","type":"int"}}"#)).collect();
    let branches: Vec<String> = (0..50_000).map(|n| format!(r#"{{"type":"fixed","name":"F{n}","size":1}}"#)).collect();
    timed("wide record", || {
        let wide = new(&record(&fields.join(",")));
        assert!(findings(Direction::Backward, &wide, &wide).is_empty());
        assert!(wide.same(&wide.clone()));
    });
    timed("wide union", || {
        let wide = new(&format!("[{}]", branches.join(",")));
        // Half a million million pairs: given up, with a sentence.
        let told = findings(Direction::Backward, &wide, &wide);
        assert_eq!(told.len(), 1);
        assert!(told[0].message().contains("too many types"), "{told:?}");
    });
    let members: Vec<String> = (0..50_000).map(|n| format!(r#""p{}":{n}"#, n % 40_000)).collect();
    timed("many properties", || new(&format!(r#"{{"type":"int",{}}}"#, members.join(","))));
    let again = r#"{"type":"enum","name":"E","symbols":["A"]}"#;
    let again: Vec<String> = (0..20_000).map(|n| format!(r#"{{"name":"f{n}","type":{again}}}"#)).collect();
    timed("many definitions of one name", || new(&record(&again.join(","))));
    let doc =
        |n: usize| format!(r#"{{"name":"f{n}","type":{{"type":"enum","name":"E","doc":"{n}","symbols":["A"]}}}}"#);
    let docs: Vec<String> = (0..20_000).map(doc).collect();
    timed("many documentations of one name", || new(&record(&docs.join(","))));
}

#[test]
fn messages_do_not_grow_with_the_schema() {
    let long = "x".repeat(1_000_000);
    for text in [
        format!(r#"{{"type":"record","doc":"{long}"}}"#),
        format!(r#"{{"type":"record","name":"R-{long}","fields":[]}}"#),
        format!("\"int\" {long}"),
        long.clone(),
        record(&format!(r#"{{"name":"a","type":"int","default":"{long}"}}"#)),
        format!(r#"{{"type":"enum","name":"E","symbols":["{long}"],"default":"{long}x"}}"#),
    ] {
        let error = parse(&SchemaType::Avro, &text, &[], Strictness::New).unwrap_err();
        assert!(error.details().len() < 11_000, "{} bytes", error.details().len());
    }
}

#[test]
fn long_names_do_not_multiply() {
    let space = "n".repeat(1_000);
    let uses: Vec<String> = (0..100_000).map(|n| format!(r#"{{"name":"f{n}","type":"U{n}"}}"#)).collect();
    let text = format!(r#"{{"type":"record","name":"R","namespace":"{space}","fields":[{}]}}"#, uses.join(","));
    timed("unknown uses in a long namespace", || assert!(try_new(&text, &[]).is_err()));
    let types: Vec<String> =
        (0..50_000).map(|n| format!(r#"{{"name":"f{n}","type":{{"type":"fixed","name":"F{n}","size":1}}}}"#)).collect();
    let text = format!(r#"{{"type":"record","name":"R","namespace":"{space}","fields":[{}]}}"#, types.join(","));
    timed("definitions in a long namespace", || assert!(new(&text).size_hint() < 50_000_000));
    let error =
        try_new(&format!(r#"{{"type":"fixed","name":"F","namespace":"{space}.{space}","size":1}}"#), &[]).unwrap_err();
    assert!(error.details().starts_with("The namespace is longer than the 1024 bytes allowed"), "{error}");
    // A thousand branches that do not match a thousand others, each with a long name.
    let branches = |letter: &str| {
        let types: Vec<String> =
            (0..500).map(|n| format!(r#"{{"type":"fixed","name":"{}{n}","size":1}}"#, letter.repeat(10_000))).collect();
        new(&format!("[{}]", types.join(",")))
    };
    timed("branches with long names", || {
        assert_eq!(findings(Direction::Backward, &branches("a"), &branches("b")).len(), 500);
    });
    // One finding with a long name, told for each of many uses.
    let uses: Vec<String> = (0..5_000).map(|n| format!(r#",{{"name":"f{n}","type":"E"}}"#)).collect();
    let symbols = |symbols: &str| {
        new(&record(&format!(
            r#"{{"name":"e","type":{{"type":"enum","name":"E","symbols":[{symbols}]}}}}{}"#,
            uses.concat()
        )))
    };
    timed("a long symbol missing often", || {
        let told = findings(Direction::Backward, &symbols("\"A\""), &symbols(&format!("\"{}\"", "B".repeat(90_000))));
        assert!(told.len() < 100, "{}", told.len());
    });
}

#[test]
fn what_is_built_from_a_text_is_bounded() {
    let refused = |text: &str| {
        let error = try_new(text, &[]).unwrap_err();
        assert!(
            error.details().starts_with("The values of the text take more than the 64 MiB of memory allowed"),
            "{error}"
        );
    };
    let list = |values: usize| format!(r#"{{"type":"int","p":[{}]}}"#, vec!["1"; values].join(","));
    new(&list(900_000));
    refused(&list(1_000_000));
    // Read, but not copied; and not even read.
    refused(&list(2_000_000));
    refused(&list(2_200_000));
    let props = |count: usize| {
        let members: Vec<String> = (0..count).map(|n| format!(r#""{n:x}":0"#)).collect();
        format!(r#"{{"type":"int",{}}}"#, members.join(","))
    };
    timed("dense properties", || {
        let dense = new(&props(400_000));
        assert!(dense.size_hint() < 64 << 20, "{}", dense.size_hint());
        dense.normal().unwrap();
        refused(&props(600_000));
    });
    // What a message quotes is not copied whole.
    timed("a message about a large value", || {
        let error =
            try_new(&format!(r#"{{"type":"array","p":[{}]}}"#, vec!["[]"; 500_000].join(",")), &[]).unwrap_err();
        assert!(error.details().starts_with(r#"Array has no items type: {"type":"array","p":[[],[],"#), "{error}");
    });
    // Aliases would repeat a long namespace.
    let aliases: Vec<String> = (0..100_000).map(|n| format!("\"A{n}\"")).collect();
    refused(&format!(
        r#"{{"type":"fixed","name":"F","namespace":"{}","size":1,"aliases":[{}]}}"#,
        "n".repeat(1_000),
        aliases.join(",")
    ));
}

#[test]
fn a_large_schema_of_the_usual_kind_is_read() {
    let field = |n: usize| {
        let doc = "What the field means, for whoever reads the schema in a few years. ".repeat(2);
        format!(
            r#"{{"name":"field_{n}","type":["null",{{"type":"string","avro.java.string":"String"}}],"default":null,"doc":"{doc}","confluent:tags":["PII"],"owner":"team"}}"#
        )
    };
    let fields: Vec<String> = (0..10_000).map(field).collect();
    let text = record(&fields.join(","));
    assert!(text.len() > 2 << 20);
    let large = new(&text);
    assert!(large.same(&large.normal().unwrap()));
}

#[test]
fn samples_of_wide_types_take_linear_time() {
    let count = 3_000;
    let branches: Vec<String> = (0..count)
        .map(|n| format!(r#"{{"type":"record","name":"B{n}","fields":[{{"name":"v","type":"int"}}]}}"#))
        .collect();
    let union = new(&format!(r#"{{"type":"array","items":[{}]}}"#, branches.join(",")));
    let last = format!(r#"{{"B{}":{{"v":1}}}}"#, count - 1);
    timed("a wide union", || union.fits(Sample::Json(&format!("[{}]", vec![last; count].join(",")))).unwrap());
    let symbols: Vec<String> = (0..count).map(|n| format!("\"S{n}\"")).collect();
    let symbols =
        new(&format!(r#"{{"type":"array","items":{{"type":"enum","name":"E","symbols":[{}]}}}}"#, symbols.join(",")));
    let last = format!("\"S{}\"", count - 1);
    timed("many symbols", || symbols.fits(Sample::Json(&format!("[{}]", vec![last; count].join(",")))).unwrap());
}

#[test]
fn what_costs_much_is_paid_for_and_stops() {
    let union = |letter: &str| {
        let branches: Vec<String> =
            (0..3_000).map(|n| format!(r#"{{"type":"fixed","name":"{letter}{n}","size":1}}"#)).collect();
        new(&format!("[{}]", branches.join(",")))
    };
    let (a, b) = (union("A"), union("B"));
    let little = || Work::new(100_000, &Halt::default());
    assert_eq!(compat::compare(Direction::Backward, Strict, &a, &b, &little()), Err(Spent::TooMuch));
    assert_eq!(a.equivalent(&a.normal().unwrap(), &Work::new(100, &Halt::default())), Err(Spent::TooMuch));
    let long = format!(r#"{{"type":"fixed","name":"F","doc":"{}","size":1}}"#, "x".repeat(1_000_000));
    let parsed = compat::parse(&SchemaType::Avro, &long, &[], Strictness::New, &little());
    assert!(matches!(parsed, Err(Error::Spent(Spent::TooMuch))), "{parsed:?}");
    let nulls = new(r#"{"type":"array","items":"null"}"#);
    let sample = Sample::Binary(&[0x80, 0x89, 0x7a, 0]);
    assert_eq!(nulls.validate(sample, &little()).unwrap_err(), Spent::TooMuch);
    let work = Work::unlimited();
    drop(work.stop_on_drop());
    assert_eq!(compat::compare(Direction::Backward, Strict, &a, &b, &work), Err(Spent::Stopped));
}

#[test]
fn a_cache_can_count_the_bytes_of_a_schema() {
    let doc = |length: usize| new(&format!(r#"{{"type":"fixed","name":"F","doc":"{}","size":1}}"#, "x".repeat(length)));
    assert!(doc(100_000).size_hint() > doc(10).size_hint() + 150_000);
}
