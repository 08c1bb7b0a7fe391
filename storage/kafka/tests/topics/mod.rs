//! Topics that the reference server wrote, or was started on: every record is read, what was read is written byte for byte, and
//! what the records fold to is what that server answered.

mod view;

use kafka::{Decoded, Foreign, decode, encode};
use model::Record;
use serde::Deserialize;
use state::MemoryState;
use std::collections::BTreeMap;

/// A line of a recorded topic.
#[derive(Deserialize)]
struct Line {
    offset: u64,
    timestamp: i64,
    key: String,
    value: Option<String>,
}

impl Line {
    fn decoded(&self) -> Decoded {
        decode(self.key.as_bytes(), self.value.as_deref().map(str::as_bytes))
    }

    /// Is what was read of it written as these very bytes?
    fn is_written_again(&self) -> bool {
        let again = match self.decoded() {
            Decoded::Record(record) => encode(&record),
            Decoded::Noop => kafka::noop(),
            Decoded::Foreign(_) | Decoded::Refused(_) => return false,
        };
        again.key == self.key.as_bytes() && again.value.as_deref() == self.value.as_deref().map(str::as_bytes)
    }
}

fn lines(text: &str) -> Vec<Line> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn folded(lines: &[Line]) -> MemoryState {
    let mut state = MemoryState::default();
    for line in lines {
        if let Decoded::Record(record) = line.decoded() {
            state.fold([Record::Registry(record)], line.timestamp).unwrap();
        }
    }
    state
}

const OWN: &str = include_str!("../golden/schemas-topic.jsonl");
const FOREIGN: &str = include_str!("../golden/schemas-topic-foreign.jsonl");

#[test]
fn every_record_of_the_reference_is_read_and_written_again_byte_for_byte() {
    let lines = lines(OWN);
    let other: Vec<&str> = lines.iter().filter(|line| !line.is_written_again()).map(|line| &*line.key).collect();
    println!("{} of {} records are written again byte for byte", lines.len() - other.len(), lines.len());
    assert_eq!((lines.len(), other), (248, vec![]));
}

#[test]
fn what_the_records_of_the_reference_fold_to_is_what_it_answers() {
    // The reference goes on finding ids under hashes of contents whose versions are all deleted for good.
    let forgotten = [
        "/schemas/guids/14902b7a-48a8-9efc-6452-c97a8710350b/ids",
        "/schemas/guids/9486d8be-d929-9a9f-a925-38dece2b2544/ids",
        "/schemas/guids/095d71cf-1255-6b9d-5e33-0ad575b3df5d/ids",
        "/schemas/guids/89f3e30d-0bca-8983-1e28-c469783c7eac/ids",
        "/schemas/guids/1752b25b-505d-bded-128f-d09563714faf/ids",
    ];
    let known = forgotten.map(|target| (target, "ids without a holder are not found"));
    view::check(&folded(&lines(OWN)), include_str!("../golden/schemas-topic-view.jsonl"), &known);
}

/// Records of other writers that change nothing here, as they change nothing there, or nothing that can be seen.
const PASSED_OVER: &[(u64, Foreign)] = &[
    (5, Foreign::Magic(2)),
    (17, Foreign::ValueMember("id")),
    (26, Foreign::Value),
    (28, Foreign::Value),
    (29, Foreign::Value),
    (30, Foreign::ValueMember("id")),
    (31, Foreign::Key),
    (32, Foreign::Key),
    (54, Foreign::KeyMember("subject")),
    (57, Foreign::ValueMember("compatibilityLevel")),
    (58, Foreign::ValueMember("compatibilityLevel")),
    (67, Foreign::Unreachable),
    (69, Foreign::ValueMember("mode")),
    (70, Foreign::ValueMember("mode")),
    (71, Foreign::ValueMember("mode")),
    (78, Foreign::ValueMember("version")),
    (80, Foreign::ValueMember("subject")),
    (87, Foreign::Tenant),
    (88, Foreign::Tenant),
];

#[test]
fn records_of_other_writers_are_read_as_the_reference_reads_them() {
    let passed_over: Vec<(u64, Foreign)> = lines(FOREIGN)
        .iter()
        .filter_map(|line| match line.decoded() {
            Decoded::Foreign(why) => Some((line.offset, why)),
            Decoded::Refused(why) => panic!("{}: {why}", line.offset),
            Decoded::Record(_) | Decoded::Noop => None,
        })
        .collect();
    assert_eq!(passed_over, PASSED_OVER);
}

/// What is written otherwise than it was read, and what is lost or repaired by that.
const WRITTEN_OTHERWISE: &[(u64, &str)] = &[
    (1, "the key's members are in another order"),
    (2, "the key has white space"),
    (3, "the key's magic is 0"),
    (4, "the key has no magic"),
    (6, "the key has an unknown member"),
    (7, "the key's version is a text"),
    (8, "the key has no version; the value's is not kept"),
    (9, "schemaType is missing"),
    (10, "schemaType is null"),
    (13, "deleted is missing"),
    (14, "deleted is null"),
    (15, "deleted is a text"),
    (18, "the value's subject, another one, is not kept"),
    (19, "the value's version, another one, is not kept"),
    (20, "unknown members are not kept"),
    (21, "the value's members are in another order; schemaType is missing"),
    (24, "an empty text is left out"),
    (25, "schemaType is missing"),
    (27, "a value null is written as none"),
    (37, "the key's magic is 0"),
    (39, "the key's magic is 0"),
    (41, "the value's members, the tags and the rules' members are in another order; disabled is missing"),
    (42, "md5, the hash that another content had, is not kept"),
    (43, "references come after the text"),
    (44, "an empty list is left out"),
    (45, "null members are left out"),
    (52, "the subject is not in its normal form"),
    (56, "the value has no subject"),
    (59, "the value has no subject"),
    (60, "the value has no subject; a null member is left out"),
    (61, "unknown members are not kept"),
    (62, "the value has no subject; unknown members are not kept"),
    (63, "the value's subject, another one, is not kept"),
    (64, "disabled of a rule is missing"),
    (65, "the key's magic is 1; the value has no subject"),
    (66, "the key's subject is null"),
    (68, "the value has no subject"),
    (84, "the value of a NOOP is not kept"),
    (91, "metadata comes after the text"),
];

#[test]
fn what_is_not_kept_of_records_of_other_writers_is_known() {
    let known: BTreeMap<u64, &str> = WRITTEN_OTHERWISE.iter().copied().collect();
    let passed_over: Vec<u64> = PASSED_OVER.iter().map(|(offset, _)| *offset).collect();
    let otherwise: Vec<u64> = lines(FOREIGN)
        .iter()
        .filter(|line| !line.is_written_again() && !passed_over.contains(&line.offset))
        .map(|line| line.offset)
        .collect();
    assert_eq!(otherwise, known.into_keys().collect::<Vec<_>>());
}

/// Where the answers differ, and why.
const ANSWERED_OTHERWISE: &[(&str, &str)] = &[
    // A subject is what its key names, in its normal form.
    ("/subjects", "f-subjdiff and f-norm instead of f-otherthing and :.:f-norm"),
    ("/subjects?deleted=true", "the same"),
    ("/subjects/:.:f-norm/versions", "it is f-norm"),
    ("/subjects/:.:f-norm/versions?deleted=true", "it is f-norm"),
    ("/subjects/:.:f-norm/versions?deletedOnly=true", "it is f-norm"),
    ("/subjects/f-verdiff/versions", "the number is the key's"),
    ("/subjects/f-verdiff/versions?deleted=true", "the number is the key's"),
    // The hash of a content is computed, never read.
    ("/subjects/f-md5/versions/1?deleted=true", "the guid is that of the content"),
    ("/schemas/ids/148?subject=&fetchMaxId=true", "the guid is that of the content"),
    ("/schemas/ids/148/versions?subject=&deleted=true", "found; the reference looks by a hash that it computes"),
    ("/schemas/guids/00000000-0000-0000-0000-000000000000/ids", "no content has this guid"),
    // One content under two ids, which only another writer makes: the reference forgets the first.
    ("/schemas/ids/130/versions?subject=&deleted=true", "the holder of 130, not that of 131"),
    ("/schemas/guids/d41d8cd9-8f00-b204-e980-0998ecf8427e/ids", "both ids"),
    // The reference looks only into contexts that have a CONTEXT record.
    ("/schemas/guids/e81762e0-333b-3369-4041-a4f69f2e4b43/ids", "found also there"),
];

#[test]
fn what_records_of_other_writers_fold_to_is_what_the_reference_answers() {
    let state = folded(&lines(FOREIGN));
    view::check(&state, include_str!("../golden/schemas-topic-foreign-view.jsonl"), ANSWERED_OTHERWISE);
}
