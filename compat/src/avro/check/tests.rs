//! What is not kept makes no difference: the walk that keeps findings only where they are told comes to the same as the one
//! that keeps everything, or knows that it does not.

use super::{Abandoned, End, Keep, check, walk};
use crate::avro::Schema;
use crate::language::Language;
use crate::{Direction, Finding, Strictness, Work};

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }

    fn chance(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }
}

/// Few names for many types, so that most are met again, in unions and elsewhere, and in each other.
const NAMES: [&str; 6] = ["A", "B", "C", "D", "E", "F"];

/// A schema in which each name is defined once and used in many places, also before and inside its definition.
fn schema(dice: &mut Dice) -> String {
    let mut fields: Vec<String> = Vec::new();
    for (at, name) in NAMES.iter().enumerate() {
        fields.push(format!(r#"{{"name":"d{at}","type":{}}}"#, definition(dice, name)));
    }
    for at in 0..3 {
        fields.push(format!(r#"{{"name":"u{at}","type":{},"default":null}}"#, usage(dice, 2)));
    }
    format!(r#"{{"type":"record","name":"Root","fields":[{}]}}"#, fields.join(","))
}

fn definition(dice: &mut Dice, name: &str) -> String {
    let alias =
        if dice.chance(4) { format!(r#","aliases":["{}"]"#, NAMES[dice.below(6) as usize]) } else { String::new() };
    match dice.below(5) {
        0 => format!(r#"{{"type":"enum","name":"{name}","symbols":["x","s{}"]{alias}}}"#, dice.below(3)),
        1 => format!(r#"{{"type":"fixed","name":"{name}","size":{}{alias}}}"#, dice.below(3)),
        _ => {
            let count = dice.below(4);
            let fields: Vec<String> = (0..count).map(|at| field(dice, at)).collect();
            format!(r#"{{"type":"record","name":"{name}","fields":[{}]{alias}}}"#, fields.join(","))
        }
    }
}

fn field(dice: &mut Dice, at: u64) -> String {
    let default = if dice.chance(2) { r#","default":null"# } else { "" };
    let alias = if dice.chance(8) { format!(r#","aliases":["f{}"]"#, dice.below(4)) } else { String::new() };
    format!(r#"{{"name":"f{at}","type":{}{default}{alias}}}"#, usage(dice, 2))
}

fn usage(dice: &mut Dice, depth: u64) -> String {
    match dice.below(if depth == 0 { 4 } else { 8 }) {
        0 => "\"int\"".to_owned(),
        1 => "\"string\"".to_owned(),
        2 | 3 => format!("\"{}\"", NAMES[dice.below(6) as usize]),
        4 => format!(r#"{{"type":"array","items":{}}}"#, usage(dice, depth - 1)),
        5 => format!(r#"{{"type":"map","values":{}}}"#, usage(dice, depth - 1)),
        _ => {
            let mut branches: Vec<String> =
                NAMES.iter().filter(|_| dice.chance(2)).map(|n| format!("\"{n}\"")).collect();
            if dice.chance(2) {
                branches.insert(0, ["\"null\"", "\"int\"", "\"long\""][dice.below(3) as usize].to_owned());
            }
            if dice.chance(3) {
                branches.push(r#"{"type":"array","items":"A"}"#.to_owned());
            }
            format!("[{}]", branches.join(","))
        }
    }
}

#[test]
fn keeping_less_tells_the_same() {
    let (mut dice, work) = (Dice(1), Work::unlimited());
    let (mut same, mut again, mut told) = (0, 0, 0);
    for round in 0..4_000 {
        let [reader, writer] = [(); 2].map(|()| schema(&mut dice));
        // Mostly a schema and a slightly other one, as they are compared in life.
        let writer = if round % 4 == 0 { writer } else { reader.replacen("\"int\"", "\"string\"", 1 + round % 3) };
        let parse = |text: &str| Schema::parse(text, &[], Strictness::Stored, &work).expect(text);
        let (r, w) = (parse(&reader), parse(&writer));
        let (models, direction) = ((&r.model, &w.model), Direction::Backward);
        let of = |outcome: Result<Vec<Finding>, End>| match outcome {
            Ok(findings) => Ok(findings),
            Err(End::Abandoned(abandoned)) => Err(abandoned),
            Err(End::Untold) => panic!("everything was kept"),
        };
        let all: Result<Vec<Finding>, Abandoned> = of(walk(models, direction, Keep::All, &work));
        assert_eq!(check(&r, &w, direction, &work), all, "{reader}\n{writer}");
        match walk(models, direction, Keep::Told, &work) {
            Err(End::Untold) => again += 1,
            _ => same += 1,
        }
        told += usize::from(all.is_ok_and(|findings| !findings.is_empty()));
    }
    assert!(same > 1_000 && again > 100 && told > 1_000, "{same} at once, {again} again, {told} with findings");
}
