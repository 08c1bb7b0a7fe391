//! The schemas that are measured with: Avro records as teams write them (identifiers, timestamps, money, enums, nested
//! records, documentation), each version of a subject a compatible evolution of the one before it.
//!
//! The same seed gives the same corpus on every machine. Sizes follow the goals of the project: the median text of
//! twenty versions per subject is about 1.2 KB (a test holds it there).

/// A small deterministic generator (SplitMix64); quality does not matter here, sameness does.
pub struct Random(u64);

impl Random {
    pub fn new(seed: u64) -> Self {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }

    pub fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    fn of<'a>(&mut self, words: &[&'a str]) -> &'a str {
        words[self.below(words.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.below(last + 1));
        }
    }
}

const DOMAINS: [&str; 8] = ["orders", "payments", "inventory", "shipping", "customers", "catalog", "billing", "fraud"];
const EVENTS: [&str; 8] =
    ["Created", "Updated", "Cancelled", "Approved", "Rejected", "Shipped", "Returned", "Archived"];
const NAMES: [&str; 16] = [
    "customerId",
    "orderId",
    "amount",
    "currency",
    "createdAt",
    "updatedAt",
    "status",
    "channel",
    "reference",
    "quantity",
    "warehouse",
    "carrier",
    "country",
    "taxRate",
    "discount",
    "operator",
];
const DOCS: [&str; 6] = [
    "Set once, when the event is first seen.",
    "In the smallest unit of the currency.",
    "As the upstream system sent it.",
    "Empty for events before the migration.",
    "Milliseconds since the epoch, UTC.",
    "ISO 3166-1 alpha-2.",
];
const TYPES: [&str; 9] = [
    r#""string""#,
    r#""long""#,
    r#""double""#,
    r#""boolean""#,
    r#"{"type":"long","logicalType":"timestamp-millis"}"#,
    r#"{"type":"string","logicalType":"uuid"}"#,
    r#"{"type":"bytes","logicalType":"decimal","precision":18,"scale":4}"#,
    r#"{"type":"array","items":"string"}"#,
    r#"{"type":"map","values":"string"}"#,
];

/// The subject of a number.
pub fn subject(number: usize) -> String {
    format!("{}.event-{number:05}-value", DOMAINS[number % DOMAINS.len()])
}

/// The text of a version (from 1) of a subject. Version n + 1 is version n with one more field that has a default.
pub fn text(subject: usize, version: usize) -> String {
    let additions = (1..version).map(|number| addition(subject, &format!("{number:02}")));
    record(subject, additions)
}

/// A version of a subject that no other has: the first version and one more field, named after a mark. It is a compatible
/// evolution of every version of its subject, in any order.
pub fn marked(subject: usize, mark: &str) -> String {
    let additions = (1..10).map(|number| addition(subject, &format!("{number:02}")));
    record(subject, additions.chain([addition(subject, mark)]))
}

fn record(subject: usize, additions: impl Iterator<Item = String>) -> String {
    let mut random = Random::new(subject as u64);
    let (domain, event) = (DOMAINS[subject % DOMAINS.len()], random.of(&EVENTS));
    let mut fields = vec![r#"{"name":"eventId","type":"string","doc":"Unique per event."}"#.to_owned()];
    // Most records are small and a few are large, as in real registries.
    let count = 2 + random.below(4) + if random.below(6) == 0 { 4 + random.below(24) } else { 0 };
    for number in 0..count {
        fields.push(field(&mut random, number));
    }
    fields.extend(additions);
    format!(
        r#"{{"type":"record","name":"Event{subject:05}{event}","namespace":"com.example.{domain}","doc":"{}","fields":[{}]}}"#,
        random.of(&DOCS),
        fields.join(",")
    )
}

fn field(random: &mut Random, number: usize) -> String {
    let name = format!("{}{number}", random.of(&NAMES));
    match random.below(8) {
        0 => format!(
            r#"{{"name":"{name}","type":{{"type":"enum","name":"{name}Kind","symbols":["UNKNOWN","OPEN","CLOSED","FAILED"]}},"doc":"{}"}}"#,
            random.of(&DOCS)
        ),
        1 => format!(
            r#"{{"name":"{name}","type":["null",{{"type":"record","name":"{name}Part","fields":[{{"name":"line","type":"string"}},{{"name":"code","type":"int"}}]}}],"default":null}}"#
        ),
        2 | 3 => format!(r#"{{"name":"{name}","type":["null",{}],"default":null}}"#, random.of(&TYPES)),
        4 | 5 => format!(r#"{{"name":"{name}","type":{},"doc":"{}"}}"#, random.of(&TYPES), random.of(&DOCS)),
        _ => format!(r#"{{"name":"{name}","type":{}}}"#, random.of(&TYPES)),
    }
}

fn addition(subject: usize, mark: &str) -> String {
    let kind = TYPES[(subject + mark.len()) % 4];
    format!(r#"{{"name":"added{mark}","type":["null",{kind}],"default":null}}"#)
}

/// A JSON Schema of a subject that no other has: a closed object of nine properties, its description ending in a mark. It is
/// compatible with every other of its subject, as is a Protobuf schema below.
pub fn marked_json(subject: usize, mark: &str) -> String {
    let mut random = Random::new(subject as u64);
    let property = |number: usize, random: &mut Random| {
        let kind = ["string", "integer", "number", "boolean"][random.below(4)];
        let (name, doc) = (random.of(&NAMES), random.of(&DOCS));
        format!(r#""{name}{number}":{{"type":"{kind}","description":"{doc}"}}"#)
    };
    let properties: Vec<String> = (0..9).map(|number| property(number, &mut random)).collect();
    format!(
        r#"{{"$schema":"http://json-schema.org/draft-07/schema#","title":"Event{subject:05}","description":"{} Revision {mark}.","type":"object","properties":{{"eventId":{{"type":"string"}},{}}},"required":["eventId"],"additionalProperties":false}}"#,
        random.of(&DOCS),
        properties.join(",")
    )
}

/// A Protobuf schema of a subject that no other has: a message of thirty fields, the name of the last ending in a mark.
pub fn marked_protobuf(subject: usize, mark: &str) -> String {
    let mut random = Random::new(subject as u64);
    let mut text = format!("syntax = \"proto3\";\npackage com.example.{};\n\n", DOMAINS[subject % DOMAINS.len()]);
    text += &format!("message Event{subject:05} {{\n  string event_id = 1;\n");
    for number in 2..28 {
        let kind = ["string", "int64", "double", "bool", "bytes"][random.below(5)];
        text += &format!("  {kind} {}_{number} = {number};\n", random.of(&NAMES).to_ascii_lowercase());
    }
    text += "  Kind kind = 28;\n  repeated Line lines = 29;\n  map<string, string> labels = 30;\n";
    text += &format!("  string added_{mark} = 31;\n\n");
    text += "  enum Kind {\n    KIND_UNSPECIFIED = 0;\n    KIND_OPEN = 1;\n    KIND_CLOSED = 2;\n  }\n";
    text += "  message Line {\n    string article = 1;\n    int32 quantity = 2;\n    double price = 3;\n  }\n}\n";
    text
}

/// The body that registers or looks up an Avro text.
pub fn body(text: &str) -> String {
    format!(r#"{{"schema":{}}}"#, quoted(text))
}

/// The same for a text of another language.
pub fn typed_body(schema_type: &str, text: &str) -> String {
    format!(r#"{{"schemaType":"{schema_type}","schema":{}}}"#, quoted(text))
}

fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len() * 5 / 4);
    quoted.push('"');
    for character in text.chars() {
        // The texts above hold no other control characters.
        match character {
            '"' | '\\' => quoted.extend(['\\', character]),
            '\n' => quoted.push_str("\\n"),
            _ => quoted.push(character),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    fn median_length(texts: impl Iterator<Item = String>) -> usize {
        let mut sizes: Vec<usize> = texts.map(|text| text.len()).collect();
        sizes.sort_unstable();
        sizes[sizes.len() / 2]
    }

    #[test]
    fn median_of_the_corpus() {
        let median = median_length((0..500).flat_map(|subject| (1..=20).map(move |version| text(subject, version))));
        assert!((1150..1250).contains(&median), "{median}");
        for marked in [marked, marked_json, marked_protobuf] {
            let median = median_length((0..500).map(|subject| marked(subject, "00000001")));
            assert!((900..1300).contains(&median), "{median}");
        }
    }

    #[test]
    fn texts_are_the_same_each_time_and_differ_between_versions_and_subjects() {
        assert_eq!(text(7, 3), text(7, 3));
        assert!(text(7, 3) != text(7, 4) && text(7, 3) != text(8, 3));
        assert_eq!(body(r#"{"a":"\\"}"#), r#"{"schema":"{\"a\":\"\\\\\"}"}"#);
    }
}
