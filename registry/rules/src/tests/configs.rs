//! Which config holds for a subject.

use super::{check, config};
use model::{Config, Subject};

#[test]
fn a_config_counts_as_a_whole_and_the_closest_one_holds() {
    check(&[
        ("scope s", "READWRITE, BACKWARD"),
        ("config :.__GLOBAL: level=FORWARD", "done"),
        ("scope s", "READWRITE, FORWARD"),
        ("scope :.c:s", "READWRITE, FORWARD"),
        ("config :.: level=NONE normalize=true", "done"),
        ("scope s", "READWRITE, NONE, normalized"),
        // The global config is that of the default context: a named one does not inherit it.
        ("scope :.c:s", "READWRITE, FORWARD"),
        ("config :.c: level=FULL", "done"),
        ("scope :.c:s", "READWRITE, FULL"),
        ("scope :.d:s", "READWRITE, FORWARD"),
    ]);
}

#[test]
fn a_subjects_own_config_takes_the_level_from_the_server_and_some_members_from_the_global_one() {
    check(&[
        ("config :.: level=NONE normalize=true", "done"),
        ("config s group=major", "done"),
        // Not NONE: an unset level is the server's default.
        ("scope s", "READWRITE, BACKWARD, normalized"),
        ("config :.c: level=FULL", "done"),
        ("config :.c:s group=major", "done"),
        // Even in a named context it is the global config that lends them.
        ("scope :.c:s", "READWRITE, BACKWARD, normalized"),
        ("config s normalize=false", "done"),
        ("scope s", "READWRITE, BACKWARD"),
    ]);
}

#[test]
fn a_named_context_does_not_take_the_global_level_at_registration() {
    check(&[
        ("config :.: level=NONE", "done"),
        ("register s A", "version 1, id 1"),
        ("register s X", "version 2, id 2"),
        ("register :.c:s A", "version 1, id 1"),
        ("register :.c:s X", "Incompatible"),
        ("config :.__GLOBAL: level=NONE", "done"),
        ("register :.c:s X", "version 2, id 2"),
    ]);
}

#[test]
fn an_alias_is_in_the_context_of_its_subject_unless_it_names_another() {
    #[track_caller]
    fn check(subject: &str, alias: Option<&str>, stands_for: Option<&str>) {
        let own = Config { alias: alias.map(str::to_owned), ..Config::default() };
        let found = config::alias(&Subject::parse(subject), &own);
        assert_eq!(found.as_ref().map(Subject::as_str), stands_for, "{subject} {alias:?}");
    }
    check("old", Some("new"), Some("new"));
    check("old", Some(":.c:new"), Some(":.c:new"));
    check(":.c:old", Some("new"), Some(":.c:new"));
    check(":.c:old", Some(":.:new"), Some("new"));
    check("old", Some(""), None);
    check("old", None, None);
    check(":.c:", Some("new"), None);
    check("", Some("new"), None);
}
