//! "Did you mean": the known word that is most like one that is not known.

/// How alike two words must be (Jaro-Winkler, letter case ignored) for one to be taken for a slip of the other.
const ALIKE: f64 = 0.85;

/// The known word that an unknown one was probably meant to be.
pub fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_ascii_lowercase();
    let likeness = |known: &str| strsim::jaro_winkler(&known.to_ascii_lowercase(), &word);
    let scored = known.into_iter().map(|known| (likeness(known), known));
    scored.filter(|(score, _)| *score > ALIKE).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

/// `; did you mean '…'?`, or nothing.
pub fn hint<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    nearest(word, known).map_or(String::new(), |known| format!("; did you mean '{known}'?"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slip_is_told_from_another_word() {
        let known = ["dryRun", "confirm", "payments", "orders"];
        assert_eq!(nearest("dryrun", known), Some("dryRun"));
        assert_eq!(nearest("DRYRUN", known), Some("dryRun"));
        assert_eq!(nearest("paymnets", known), Some("payments"));
        assert_eq!(nearest("order", known), Some("orders"));
        assert_eq!(nearest("force", known), None);
        assert_eq!(nearest("", known), None);
        assert_eq!(nearest("x", []), None);
        assert_eq!(hint("confirn", known), "; did you mean 'confirm'?");
    }
}
