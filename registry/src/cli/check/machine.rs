//! The report for other programs: annotations of GitHub actions, JUnit, SARIF 2.1.0.

use super::report::{Compared, Found, Report};
use crate::printable::printable;
use compat::Place;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What findings about reserved fields are called.
const RESERVED: &str = "RESERVED_FIELDS";

/// An annotation for each finding, and a line for each comparison.
pub fn github(report: &Report) -> String {
    let mut out = String::new();
    for message in &report.reserved {
        out.push_str(&format!("::error file={},title={RESERVED}::{}\n", property(&report.candidate), data(message)));
    }
    for compared in &report.compared {
        for found in &compared.findings {
            let place =
                found.place.map_or(String::new(), |Place { line, column }| format!(",line={line},col={column}"));
            let (file, title) = (property(&report.candidate), property(found.finding.rule.as_str()));
            let text = data(&format!("{}: {}", compared.against, found.sentence()));
            out.push_str(&format!("::error file={file}{place},title={title}::{text}\n"));
        }
        // A line that begins with colons would be a command.
        out.push_str(&format!("{}\n", data(report.verdict(compared).trim_start_matches(':'))));
    }
    out
}

/// A value in an annotation.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

/// A test case for each comparison, and one that fails where something is wrong with reserved fields.
pub fn junit(report: &Report) -> String {
    let fields = usize::from(!report.reserved.is_empty());
    let failures = fields + report.compared.iter().filter(|compared| !compared.is_compatible()).count();
    let mut out = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites>\n  <testsuite name=\"freehold check\" tests=\"{}\" \
         failures=\"{failures}\" errors=\"0\">\n",
        fields + report.compared.len()
    );
    if let Some(first) = report.reserved.first() {
        out.push_str(&format!(
            "    <testcase classname=\"{}\" name=\"reserved fields\">\n      <failure type=\"{RESERVED}\" \
             message=\"{}\">{}</failure>\n    </testcase>\n",
            xml(&report.candidate),
            xml(first),
            xml(&report.reserved.join("\n"))
        ));
    }
    for compared in &report.compared {
        let case = format!(
            "    <testcase classname=\"{}\" name=\"{}\"",
            xml(&report.candidate),
            xml(&format!("{} with {}", report.level, compared.against))
        );
        match compared.findings.first() {
            None => out.push_str(&format!("{case}/>\n")),
            Some(first) => {
                let lines: Vec<String> = compared.findings.iter().map(|found| line(report, found)).collect();
                out.push_str(&format!(
                    "{case}>\n      <failure type=\"{}\" message=\"{}\">{}</failure>\n    </testcase>\n",
                    xml(first.finding.rule.as_str()),
                    xml(&report.verdict(compared)),
                    xml(&lines.join("\n"))
                ));
            }
        }
    }
    out.push_str("  </testsuite>\n</testsuites>\n");
    out
}

fn line(report: &Report, found: &Found) -> String {
    let place = found.place.map_or(String::new(), |Place { line, column }| format!(":{line}:{column}"));
    let text = format!("{}{place}: {}: {}", report.candidate, found.finding.rule.as_str(), found.sentence());
    printable(&text).into_owned()
}

/// A text in XML, between tags or in quotes. Control characters, which XML does not have, are escaped as everywhere.
fn xml(text: &str) -> String {
    crate::printable::printable_lines(text)
        .replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

/// A run with a result for each finding.
pub fn sarif(report: &Report) -> Value {
    /// What a path has that a URI may have too.
    const PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'/').remove(b'-').remove(b'.').remove(b'_').remove(b'~');
    let location = |file: &str, place: Option<Place>| {
        let mut location = json!({ "artifactLocation": { "uri": utf8_percent_encode(file, PATH).to_string() } });
        if let Some(Place { line, column }) = place {
            location["region"] = json!({ "startLine": line, "startColumn": column });
        }
        json!({ "physicalLocation": location })
    };
    let result = |compared: &Compared, found: &Found| {
        let mut result = json!({
            "ruleId": found.finding.rule.as_str(),
            "level": "error",
            "message": { "text": format!("{}. {}", report.verdict(compared), found.sentence()) },
            "locations": [location(&report.candidate, found.place)],
        });
        if compared.version.is_none() {
            result["relatedLocations"] = json!([location(&compared.against, found.was)]);
        }
        result
    };
    let reserved = |message: &String| {
        json!({
            "ruleId": RESERVED,
            "level": "error",
            "message": { "text": message },
            "locations": [location(&report.candidate, None)],
        })
    };
    let found =
        report.compared.iter().flat_map(|compared| compared.findings.iter().map(move |found| (compared, found)));
    let results: Vec<Value> = (report.reserved.iter().map(reserved))
        .chain(found.clone().map(|(compared, found)| result(compared, found)))
        .collect();
    let rules: BTreeSet<&str> =
        (report.reserved.iter().map(|_| RESERVED)).chain(found.map(|(_, found)| found.finding.rule.as_str())).collect();
    json!({
        "$schema": "https://json.schemastore.org/sarif-2.1.0.json",
        "version": "2.1.0",
        "runs": [{
            "tool": { "driver": {
                "name": "freehold check",
                "version": crate::VERSION.split_whitespace().next(),
                "rules": rules.iter().map(|rule| json!({ "id": rule })).collect::<Vec<_>>(),
            } },
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_a_meaning_is_escaped() {
        assert_eq!(data("50%\n::x"), "50%25%0A::x");
        assert_eq!(property("a:b,c"), "a%3Ab%2Cc");
        assert_eq!(xml("<a b=\"&\">\u{1b}\n"), "&lt;a b=&quot;&amp;&quot;&gt;\\u001b\n");
    }
}
