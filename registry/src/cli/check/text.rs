//! The report for people: the line of the file with a caret below, what stands in both schemas, and what to do.

use super::report::{Compared, Found, Report};
use crate::printable::printable;
use compat::Place;

/// How many characters of a line are shown, and how many of them before the one that is meant.
const WIDTH: usize = 100;
const BEFORE: usize = 60;

/// How things look.
#[derive(Clone, Copy)]
enum Look {
    Bold,
    Bad,
    Good,
    Faint,
}

struct Page {
    out: String,
    colour: bool,
}

/// The report, printable as it is.
pub fn report(report: &Report, colour: bool) -> String {
    let mut page = Page { out: String::new(), colour };
    for message in &report.reserved {
        page.painted(Look::Bold, &report.candidate);
        page.plain(": ");
        page.painted(Look::Bad, message);
        page.end();
    }
    if report.compared.is_empty() {
        page.plain(&format!("{} has nothing to be compatible with", report.candidate));
        page.end();
    }
    for compared in &report.compared {
        page.comparison(report, compared);
    }
    page.out
}

impl Page {
    fn comparison(&mut self, report: &Report, compared: &Compared) {
        let look = if compared.is_compatible() { Look::Good } else { Look::Bad };
        self.painted(look, &report.verdict(compared));
        self.end();
        for found in &compared.findings {
            self.end();
            self.finding(report, found);
        }
        if compared.all > compared.findings.len() {
            self.plain(&format!("and {} more", compared.all - compared.findings.len()));
            self.end();
        }
    }

    fn finding(&mut self, report: &Report, found: &Found) {
        let place = found.place.map_or(String::new(), |Place { line, column }| format!(":{line}:{column}"));
        self.painted(Look::Bold, &format!("{}{place}", report.candidate));
        self.plain(": ");
        self.painted(Look::Bad, found.finding.rule.as_str());
        self.end();
        if let Some(place) = found.place {
            self.source(&report.text, place);
        }
        self.plain(&format!("  {}", found.consequence()));
        self.end();
        for side in found.sides() {
            self.plain(&format!("  {side}"));
            self.end();
        }
        if let Some(advice) = found.finding.advice() {
            self.painted(Look::Good, &format!("  {advice}"));
            self.end();
        }
    }

    /// The line, as much of it as is worth showing, and a caret below the character.
    fn source(&mut self, text: &str, place: Place) {
        let line: Vec<char> = text.split('\n').nth(place.line - 1).unwrap_or_default().trim_end().chars().collect();
        let at = (place.column - 1).min(line.len());
        let from = if line.len() <= WIDTH { 0 } else { at.saturating_sub(BEFORE) };
        let to = line.len().min(from + WIDTH);
        let part = |from: usize, to: usize| printable(&line[from..to].iter().collect::<String>()).into_owned();
        let (cut, more) = (if from > 0 { "…" } else { "" }, if to < line.len() { "…" } else { "" });
        let (before, after) = (part(from, at), part(at, to.max(at)));
        let number = place.line.to_string();
        self.painted(Look::Faint, &format!("  {number} | "));
        self.plain(&format!("{cut}{before}{after}{more}"));
        self.end();
        self.painted(Look::Faint, &format!("  {} | ", " ".repeat(number.len())));
        self.plain(&" ".repeat(cut.chars().count() + before.chars().count()));
        self.painted(Look::Bad, "^");
        self.end();
    }

    fn plain(&mut self, text: &str) {
        self.out.push_str(&printable(text));
    }

    fn painted(&mut self, look: Look, text: &str) {
        if !self.colour {
            return self.plain(text);
        }
        let code = match look {
            Look::Bold => "1",
            Look::Bad => "1;31",
            Look::Good => "32",
            Look::Faint => "2",
        };
        self.out.push_str(&format!("\u{1b}[{code}m"));
        self.plain(text);
        self.out.push_str("\u{1b}[0m");
    }

    fn end(&mut self) {
        self.out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn source(text: &str, line: usize, column: usize) -> String {
        let mut page = Page { out: String::new(), colour: false };
        page.source(text, Place { line, column });
        page.out
    }

    #[test]
    fn the_caret_is_below_what_is_meant() {
        assert_eq!(source("a\n  bé x\r\n", 2, 6), "  2 |   bé x\n    |      ^\n");
        // What a terminal would obey is shown as text, which moves what comes after it.
        assert_eq!(source("\tx", 1, 2), "  1 | \\tx\n    |   ^\n");
        assert_eq!(source("a", 1, 9), "  1 | a\n    |  ^\n");
        let long = format!("{}x{}", "a".repeat(300), "b".repeat(300));
        let shown = source(&long, 1, 301);
        let lines: Vec<&str> = shown.lines().collect();
        assert_eq!(lines[0].chars().count(), "  1 | ".len() + WIDTH + 2);
        assert_eq!(lines[0].chars().position(|c| c == 'x'), lines[1].chars().position(|c| c == '^'));
        assert!(lines[0].contains("| …a") && lines[0].ends_with("b…"), "{shown}");
    }

    #[test]
    fn colours_are_around_what_others_wrote_and_never_in_it() {
        let mut page = Page { out: String::new(), colour: true };
        page.painted(Look::Bad, "a\u{1b}[0mb");
        assert_eq!(page.out, "\u{1b}[1;31ma\\u001b[0mb\u{1b}[0m");
    }
}
