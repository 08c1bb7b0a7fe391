//! Which subjects may be written. Reads do not ask: they just do not find such subjects.

use crate::fault::Fault;
use model::Subject;

/// What a name is about to be used for: config and mode may address `:.__GLOBAL:`, registration may not.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// Registering a version.
    Register,
    /// Setting a config or a mode.
    Settings,
}

/// Refuses control characters and the reserved names.
///
/// # Errors
/// `InvalidSubject`, naming the subject as it was sent.
pub fn check(sent: &str, subject: &Subject, purpose: Use) -> Result<(), Fault> {
    let reserved =
        matches!(subject.name(), "__GLOBAL" | "__EMPTY") || (subject.context().is_global() && purpose == Use::Register);
    if reserved || sent.chars().any(char::is_control) {
        return Err(Fault::InvalidSubject(sent.to_owned()));
    }
    // The reference takes such a registration, cannot read it back, and lets the caller time out.
    if purpose == Use::Register && subject.is_context() && subject.context().is_default() {
        return Err(Fault::InvalidSubject(sent.to_owned()));
    }
    Ok(())
}

/// The longest alias, in bytes: a path gives no longer name either. Every request for the alias shows it in its answer, in
/// the log and in the audit.
pub const LONGEST_ALIAS: usize = 8 * 1024;

/// Refuses an alias that no subject could be registered or asked for under.
///
/// # Errors
/// `InvalidSubject`, with the beginning of the alias.
pub fn check_alias(alias: &str) -> Result<(), Fault> {
    if alias.len() > LONGEST_ALIAS || alias.chars().any(char::is_control) {
        return Err(Fault::InvalidSubject(alias.chars().take(100).collect()));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_alias_is_one_that_a_path_could_give() {
        for good in ["", "orders", ":.c:orders", "größe", &"x".repeat(LONGEST_ALIAS)] {
            assert!(check_alias(good).is_ok(), "{good:.20}");
        }
        for bad in ["a\nb", "\0", &"x".repeat(LONGEST_ALIAS + 1)] {
            let Err(Fault::InvalidSubject(told)) = check_alias(bad) else { panic!("{bad:.20} is taken") };
            assert!(bad.starts_with(&told) && told.len() <= 100, "{told}");
        }
    }

    #[test]
    fn reserved_names_and_control_characters_are_refused() {
        #[track_caller]
        fn check_both(text: &str, register: bool, settings: bool) {
            let subject = Subject::parse(text);
            assert_eq!(check(text, &subject, Use::Register).is_ok(), register, "register {text:?}");
            assert_eq!(check(text, &subject, Use::Settings).is_ok(), settings, "settings {text:?}");
        }
        check_both("orders-value", true, true);
        check_both(":.c:", true, true);
        check_both("", false, true);
        check_both(" ", true, true);
        check_both("__GLOBAL", false, false);
        check_both(":.c:__EMPTY", false, false);
        check_both(":.__GLOBAL:x", false, true);
        check_both("a\u{85}b", false, false);
    }
}
