use super::*;

#[test]
fn the_order_of_keys_is_the_order_of_subjects_then_versions() {
    let subjects = ["", "a", "a\0", "a\0\u{1}", "a\u{1}", "aa", "b", ":.c:a", ":.c:a\0"];
    let versions = [i32::MIN, -1, 0, 1, 255, 256, i32::MAX];
    let mut all: Vec<_> = subjects.iter().flat_map(|s| versions.map(|v| (Subject::parse(s), v))).collect();
    all.sort();
    let keys: Vec<_> = all.iter().map(|(s, v)| version(s, *v)).collect();
    assert!(keys.is_sorted());
    let read: Vec<_> = keys.iter().map(|key| take_version(key).unwrap()).collect();
    assert_eq!(read, all);
}

#[test]
fn a_range_holds_one_subject_and_no_neighbour() {
    let range = versions(&Subject::parse("a"));
    let inside = |subject: &str, v: i32| {
        let key = version(&Subject::parse(subject), v);
        range.0 <= key && key < range.1
    };
    assert!(inside("a", i32::MIN) && inside("a", i32::MAX));
    assert!(!inside("a\0", 1) && !inside("aa", 1) && !inside("A", 1));
}

#[test]
fn what_is_no_key_is_refused() {
    #[track_caller]
    fn check<T: std::fmt::Debug + PartialEq>(read: Result<T>) {
        assert!(read.is_err(), "{read:?}");
    }
    check(take_version(&[]));
    check(take_version(&[Tag::Subject as u8, 0, 1, 0, 0, 0, 1]));
    check(take_version(&[Tag::Version as u8, b'a', 0, 2, 0, 0, 0, 1]));
    check(take_version(&[Tag::Version as u8, b'a', 0, 1, 0, 0, 0]));
    check(take_version(&[Tag::Version as u8, 0xff, 0, 1, 0, 0, 0, 1]));
    check(take_context(&[Tag::Context as u8, b'a', 0, 1]));
    check(take_log(&[1]));
}
