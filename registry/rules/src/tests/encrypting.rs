//! Keys: requests as tables. A row is what is asked, in a few words, and what it comes to.

use crate::config;
use crate::delete::{Depth, Selector};
use crate::encryption::dek::{self, Step, Target, Wanted};
use crate::encryption::kek::{self, KekChange, Making};
use crate::encryption::{
    LONGEST_NAME, LONGEST_PROPS, LONGEST_TEXT, MOST_KEYS, MOST_READERS, check_name, check_subject,
};
use crate::fault::Fault;
use crate::find::Deleted;
use model::{Dek, DekAlgorithm, Kek, Mode, Record, RegistryRecord, Subject};
use state::contract::records::{a_dek, a_kek, put_dek, put_kek};
use state::{MemoryState, State};

fn told<T>(outcome: Result<T, Fault>, word: impl FnOnce(T) -> String) -> String {
    match outcome {
        Ok(done) => word(done),
        Err(Fault::KeyNotFound(key)) => format!("no {key}"),
        Err(Fault::KeyNotSoftDeleted(key)) => format!("{key} not deleted"),
        Err(Fault::KeySoftDeleted(key)) => format!("{key} deleted"),
        Err(Fault::KeyExists(key)) => format!("{key} exists"),
        Err(Fault::KeyReferenced(key)) => format!("{key} has DEKs"),
        Err(Fault::TooManyKeys(most)) => format!("{most} exist"),
        Err(Fault::InvalidKey { field, detail }) => detail.map_or(field.to_owned(), |_| format!("{field}, ours")),
        Err(other) => panic!("{other:?}"),
    }
}

fn sent(name: &str, kms_type: &str, kms_key_id: &str) -> kek::Sent {
    let text = |text: &str| Some(text.to_owned());
    kek::Sent { name: text(name), kms_type: text(kms_type), kms_key_id: text(kms_key_id), ..kek::Sent::default() }
}

#[test]
fn a_kek_is_read_member_by_member() {
    let checked = |sent| told(kek::check(sent), |kek| format!("{} {}", kek.kms_type, kek.kms_key_id));
    let long = "x".repeat(LONGEST_TEXT + 1);
    let rows = [
        (kek::Sent::default(), "name"),
        (kek::Sent { name: Some("k".into()), ..kek::Sent::default() }, "kmsKeyId"),
        (sent("k", "", "id"), "kmsType"),
        (sent("1x", "aws-kms", "k"), "name"),
        (sent("k", "AWS", "arn:aws-cn:kms:eu:1:key/a"), "aws-kms arn:aws-cn:kms:eu:1:key/a"),
        (sent("k", "aws-kms", "bad"), "kmsKeyId"),
        (sent("k", "aws-kms", "arn:aws:s3:eu"), "kmsKeyId"),
        (sent("k", "Azure-x", "https://v/keys/k"), "azure-kms https://v/keys/k"),
        (sent("k", "azure-kms", "http://v"), "kmsKeyId"),
        (sent("k", "gcp-kms", "projects/p"), "gcp-kms projects/p"),
        (sent("k", "gcp", "/projects"), "kmsKeyId"),
        (sent("k", "hcvault", "http://v:1/transit/keys/k"), "hcvault http://v:1/transit/keys/k"),
        (sent("k", "hcvault", "v"), "kmsKeyId"),
        (sent("k", "local-kms", "anything"), "local-kms anything"),
        (sent("k", "local-kms", &long), "kmsKeyId, ours"),
        (kek::Sent { doc: Some(long.clone()), ..sent("k", "t", "i") }, "doc, ours"),
    ];
    for (sent, expected) in rows {
        assert_eq!(checked(sent.clone()), expected, "{sent:.200?}");
    }
    let with = |name: &str, value: &str| kek::Sent {
        kms_props: [(name.to_owned(), value.to_owned())].into(),
        ..sent("k", "t", "i")
    };
    for name in ["secret", "secret.access.key", "client.secret", "token.id", "access.key", "private.key", "PASSWORD"] {
        assert_eq!(checked(with(name, "x")), "kmsProps, ours", "{name}");
    }
    for name in ["access.key.id", "private.key.id", "tenant.id", "role.arn", "secretary", "region"] {
        assert_eq!(checked(with(name, "x")), "t i", "{name}");
    }
    assert_eq!(checked(with("p", &"x".repeat(LONGEST_PROPS))), "kmsProps, ours");
}

#[test]
fn names_and_subjects_are_what_the_reference_takes() {
    for (name, is) in [("a", true), ("_a-1", true), ("é1", true), ("", false), ("-a", false), ("a.b", false)] {
        assert_eq!(check_name(name).is_ok(), is, "{name}");
    }
    assert!(check_name(&"a".repeat(LONGEST_NAME)).is_ok() && check_name(&"a".repeat(LONGEST_NAME + 1)).is_err());
    for (subject, is) in [("s", true), (":.c:s", true), ("a/b c", true), ("", false), ("a\u{85}", false)] {
        assert_eq!(check_subject(subject).is_ok(), is, "{subject}");
    }
}

#[test]
fn a_kek_that_is_there_is_made_again_only_to_be_deleted_or_to_come_back() {
    let mut state = MemoryState::default();
    let reader = "user:basic/a".parse().unwrap();
    state.fold([put_kek(Kek { readers: [reader].into(), ..a_kek("k") })], 0).unwrap();
    let made = |state: &dyn State, kek: Kek| {
        told(kek::create(state, &kek), |(kek, making)| {
            let word = if making == Making::New { "new" } else { "toggled" };
            format!("{word}, {} readers", kek.readers.len())
        })
    };
    assert_eq!(made(&state, a_kek("l")), "new, 0 readers");
    assert_eq!(made(&state, a_kek("k")), "k exists");
    assert_eq!(made(&state, Kek { deleted: true, ..a_kek("k") }), "toggled, 1 readers");
    assert_eq!(made(&state, Kek { deleted: true, doc: Some("d".into()), ..a_kek("k") }), "k exists");
    state.fold([put_kek(Kek { deleted: true, ..a_kek("k") })], 0).unwrap();
    assert_eq!(made(&state, a_kek("k")), "toggled, 0 readers");
    assert_eq!(made(&state, Kek { shared: true, ..a_kek("k") }), "k exists");
}

#[test]
fn a_change_keeps_what_it_does_not_name_and_clears_what_is_null() {
    let mut state = MemoryState::default();
    let before =
        Kek { doc: Some("d".into()), kms_props: [("a".into(), "b".into())].into(), shared: true, ..a_kek("k") };
    state.fold([put_kek(before.clone())], 0).unwrap();
    let changed = |change| kek::changed(&state, "k", &change).unwrap().1;
    assert_eq!(changed(KekChange::default()), before);
    let cleared = KekChange { kms_props: Some(None), doc: Some(None), shared: Some(None) };
    assert_eq!(changed(cleared), a_kek("k"));
    let doc = KekChange { doc: Some(Some("new".into())), ..KekChange::default() };
    assert_eq!(changed(doc), Kek { doc: Some("new".into()), ..before });
    let secret = KekChange { kms_props: Some(Some([("secret".into(), "x".into())].into())), ..KekChange::default() };
    assert_eq!(told(kek::changed(&state, "k", &secret), |_| "changed".into()), "kmsProps, ours");
    let many = (0..=MOST_READERS).map(|n| format!("user:basic/{n}").parse().unwrap()).collect();
    assert_eq!(told(kek::with_readers(&state, "k", many), |_| "changed".into()), "readers, ours");
}

fn wanted(kek: &str, subject: &str, encrypted: Option<&str>) -> Wanted {
    let sent = dek::Sent { encrypted: encrypted.map(str::to_owned), ..dek::Sent::default() };
    dek::check(kek, subject, sent, false).unwrap()
}

fn step(step: &Step) -> String {
    match step {
        Step::Store(text) => format!("store {text}"),
        Step::Verify(text) => format!("verify {text}"),
        Step::Generate => "generate".to_owned(),
        Step::Replace(text) => format!("replace {text}"),
        Step::Rewrap(text) => format!("rewrap {text}"),
        Step::Toggle(text) => format!("toggle {text}"),
    }
}

#[test]
fn what_making_a_dek_comes_to_depends_on_its_kek_and_on_what_is_there() {
    let mut state = MemoryState::default();
    let imported = RegistryRecord::Mode { scope: Subject::parse("imported"), mode: Some(Mode::Import) };
    state
        .fold(
            [
                put_kek(a_kek("own")),
                put_kek(Kek { shared: true, ..a_kek("shared") }),
                put_kek(Kek { deleted: true, ..a_kek("gone") }),
                put_dek(a_dek("own", "s", 1)),
                put_dek(a_dek("shared", "s", 1)),
                Record::Registry(imported),
            ],
            0,
        )
        .unwrap();
    let again = |wanted: Wanted| Wanted { rewrap: true, ..wanted };
    let deleted = |wanted: Wanted| Wanted { deleted: true, ..wanted };
    let rows = [
        (wanted("none", "s", Some("B")), "no none"),
        (wanted("gone", "s", Some("B")), "no gone"),
        (deleted(wanted("gone", "s", Some("B"))), "store B"),
        (wanted("own", "t", None), "encryptedKeyMaterial"),
        (wanted("own", "t", Some("B")), "store B"),
        (wanted("own", "s", Some("AAAA")), "s exists"),
        (wanted("own", "s", Some("B")), "s exists"),
        (deleted(wanted("own", "s", Some("AAAA"))), "toggle AAAA"),
        (deleted(wanted("own", "s", Some("B"))), "s exists"),
        (again(wanted("own", "s", Some("B"))), "replace B"),
        (again(wanted("own", "t", Some("B"))), "store B"),
        (wanted("shared", "t", None), "generate"),
        (wanted("shared", "t", Some("B")), "verify B"),
        (wanted("shared", "imported", Some("B")), "store B"),
        (wanted("shared", "s", None), "s exists"),
        (deleted(wanted("shared", "s", None)), "toggle AAAA"),
        (again(wanted("shared", "s", None)), "rewrap AAAA"),
        (again(wanted("shared", "s", Some("B"))), "s exists"),
    ];
    for (wanted, expected) in rows {
        assert_eq!(told(dek::plan(&state, &wanted), |plan| step(&plan.step)), expected, "{wanted:?}");
    }
    let misshapen = |sent| told(dek::check("own", "s", sent, false), |_| "taken".to_owned());
    assert_eq!(misshapen(dek::Sent { version: Some(0), ..dek::Sent::default() }), "version");
    let long = Some("x".repeat(LONGEST_TEXT + 1));
    assert_eq!(misshapen(dek::Sent { encrypted: long, ..dek::Sent::default() }), "encryptedKeyMaterial, ours");
    assert_eq!(config::alias_for_deks_of(&state, &Subject::parse("s")).unwrap(), None);
}

#[test]
fn keys_are_deleted_softly_first_and_a_kek_after_its_deks() {
    let mut state = MemoryState::default();
    let siv =
        Dek { id: model::DekId { algorithm: DekAlgorithm::Aes256Siv, ..a_dek("k", "s", 1).id }, ..a_dek("k", "s", 1) };
    state
        .fold([put_kek(a_kek("k")), put_dek(a_dek("k", "s", 1)), put_dek(a_dek("k", "s", 2)), put_dek(siv)], 0)
        .unwrap();
    let target = |algorithm, version| Target { kek: "k".into(), subject: "s".into(), algorithm, version };
    let gcm = |version| target(DekAlgorithm::Aes256Gcm, version);
    let rows: [(&str, Target, &str); 15] = [
        ("delete kek", gcm(None), "k has DEKs"),
        ("shred", gcm(Some(Selector::Number(2))), "s not deleted"),
        ("delete", gcm(Some(Selector::Latest)), "1 records"),
        ("delete", gcm(Some(Selector::Number(2))), "no s"),
        ("find", gcm(Some(Selector::Latest)), "1"),
        ("undelete", gcm(Some(Selector::Number(2))), "1 records"),
        ("undelete", gcm(None), "0 records"),
        ("delete", gcm(None), "2 records"),
        ("undelete", target(DekAlgorithm::Aes128Gcm, None), "no s"),
        ("shred", gcm(None), "2 records"),
        ("delete kek", gcm(None), "k has DEKs"),
        ("delete", target(DekAlgorithm::Aes256Siv, None), "1 records"),
        ("delete kek", gcm(None), "1 records"),
        ("undelete", target(DekAlgorithm::Aes256Siv, None), "k deleted"),
        ("shred kek", gcm(None), "k has DEKs"),
    ];
    for (at, (verb, target, expected)) in rows.into_iter().enumerate() {
        let records = match verb {
            "find" => {
                let found = dek::find(&state, &target, Deleted::Ignore);
                assert_eq!(told(found, |(_, dek)| dek.dek.id.version.to_string()), expected, "row {at}");
                continue;
            }
            "delete" => dek::delete(&state, &target, Depth::Soft),
            "shred" => dek::delete(&state, &target, Depth::Permanent),
            "undelete" => dek::undelete(&state, &target),
            "delete kek" => kek::delete(&state, "k", Depth::Soft),
            _ => kek::delete(&state, "k", Depth::Permanent),
        };
        assert_eq!(told(records.clone(), |records| format!("{} records", records.len())), expected, "row {at}");
        state.fold(records.unwrap_or_default(), 0).unwrap();
    }
    let siv = target(DekAlgorithm::Aes256Siv, None);
    state.fold(dek::delete(&state, &siv, Depth::Permanent).unwrap_or_else(|fault| panic!("{fault:?}")), 0).unwrap();
    state.fold(kek::undelete(&state, "k").unwrap(), 0).unwrap();
    assert_eq!(told(kek::delete(&state, "k", Depth::Permanent), |_| "gone".into()), "k not deleted");
    state.fold(kek::delete(&state, "k", Depth::Soft).unwrap(), 0).unwrap();
    state.fold(kek::delete(&state, "k", Depth::Permanent).unwrap(), 0).unwrap();
    assert_eq!(told(kek::undelete(&state, "k"), |_| "back".into()), "no k");
}

#[test]
fn there_are_only_so_many_keys() {
    let mut state = MemoryState::default();
    let keks = (0..MOST_KEYS).map(|n| put_kek(a_kek(&format!("k{n}"))));
    let deks = (1..=MOST_KEYS as i32).map(|n| put_dek(a_dek("k0", "s", n)));
    state.fold(keks.chain(deks), 0).unwrap();
    assert_eq!(told(kek::create(&state, &a_kek("more")), |_| "made".into()), "20000 exist");
    assert_eq!(told(dek::plan(&state, &wanted("k0", "t", Some("A"))), |_| "made".into()), "20000 exist");
}
