//! The verdict on a sample.

use super::schema::RuleFindingOut;
use compat::{Fit, Mismatch};
use rules::expression::RuleFinding;
use serde::Serialize;
use serde_json::value::RawValue;

/// What is answered about a sample.
#[derive(Default, Serialize)]
pub struct SampleVerdict<'a> {
    is_valid: bool,
    /// What a binary sample says.
    #[serde(skip_serializing_if = "Option::is_none")]
    document: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    path: Option<String>,
    /// What is wrong; or why there is no document.
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    keyword: Option<&'static str>,
    #[serde(rename = "schemaPath", skip_serializing_if = "Option::is_none")]
    schema_path: Option<String>,
    #[serde(rename = "ruleFindings", skip_serializing_if = "Vec::is_empty")]
    rule_findings: Vec<RuleFindingOut<'a>>,
}

impl<'a> SampleVerdict<'a> {
    /// The wire form of an outcome, and of what is to be said of the rules of the version.
    pub fn of(outcome: Result<Fit, Mismatch>, rule_findings: &'a [RuleFinding]) -> Self {
        let rule_findings = rule_findings.iter().map(RuleFindingOut::from).collect();
        SampleVerdict { rule_findings, ..Self::of_outcome(outcome) }
    }

    fn of_outcome(outcome: Result<Fit, Mismatch>) -> Self {
        let fits = SampleVerdict { is_valid: true, ..Default::default() };
        match outcome {
            Ok(Fit::Json) => fits,
            Ok(Fit::Decoded(document)) => match RawValue::from_string(document) {
                Ok(document) => SampleVerdict { document: Some(document), ..fits },
                // A JSON schema takes documents that are no JSON to the letter, as the reference does.
                Err(error) => SampleVerdict { message: Some(format!("The document is not shown: {error}")), ..fits },
            },
            Ok(Fit::Undecoded(why)) => SampleVerdict { message: Some(why), ..fits },
            Err(Mismatch { path, message, keyword, schema_path }) => {
                SampleVerdict { path: Some(path), message: Some(message), keyword, schema_path, ..Default::default() }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_outcome_has_only_the_members_that_say_something() {
        #[track_caller]
        fn check(outcome: Result<Fit, Mismatch>, expected: &str) {
            assert_eq!(serde_json::to_string(&SampleVerdict::of(outcome, &[])).unwrap(), expected);
        }
        check(Ok(Fit::Json), r#"{"is_valid":true}"#);
        check(Ok(Fit::Decoded(r#"{"b":1.0,"a":[]}"#.to_owned())), r#"{"is_valid":true,"document":{"b":1.0,"a":[]}}"#);
        check(Ok(Fit::Undecoded("why".to_owned())), r#"{"is_valid":true,"message":"why"}"#);
        let lenient = serde_json::to_value(SampleVerdict::of(Ok(Fit::Decoded("{'a':1}".to_owned())), &[])).unwrap();
        assert!(lenient["is_valid"] == true && lenient.get("document").is_none(), "{lenient}");
        let mismatch = Mismatch {
            path: "/a".to_owned(),
            message: "is less than 1".to_owned(),
            keyword: Some("minimum"),
            schema_path: Some("/properties/a/minimum".to_owned()),
        };
        let told = r#"{"is_valid":false,"path":"/a","message":"is less than 1","keyword":"minimum","schemaPath":"/properties/a/minimum"}"#;
        check(Err(mismatch), told);
        let finding =
            RuleFinding { rule: "checksum".to_owned(), message: "unexpected end".to_owned(), line: 1, column: 9 };
        let told =
            r#"{"is_valid":true,"ruleFindings":[{"rule":"checksum","message":"unexpected end","line":1,"column":9}]}"#;
        assert_eq!(serde_json::to_string(&SampleVerdict::of(Ok(Fit::Json), &[finding])).unwrap(), told);
    }
}
