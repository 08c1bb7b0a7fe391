//! `${name}` in targets, headers and bodies.
//!
//! Inside a JSON string the value is escaped, so that a schema is written once, as it is, and then put into a body as
//! `"schema": "${A}"`. `$${` stands for a literal `${`.

use std::collections::BTreeMap;

/// Names and values of one case.
pub type Vars = BTreeMap<String, String>;

/// Where the text goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// Values go in as they are.
    Plain,
    /// Values inside `"…"` are escaped for JSON.
    Json,
}

/// Replaces every `${name}`.
///
/// # Errors
/// A sentence that names the variable without a value.
pub fn substitute(text: &str, vars: &Vars, within: Within) -> Result<String, String> {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut quoted = false;
    while let Some(c) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("$${") {
            out.push_str("${");
            rest = after;
        } else if let Some((name, after)) = rest.strip_prefix("${").and_then(|after| after.split_once('}')) {
            let value = vars.get(name).ok_or_else(|| format!("nothing is called ${{{name}}}"))?;
            if quoted { push_escaped(&mut out, value) } else { out.push_str(value) }
            rest = after;
        } else {
            // A backslash takes its next character along, so that `\"` does not end the string.
            let taken = if quoted && c == '\\' { rest.chars().take(2).map(char::len_utf8).sum() } else { c.len_utf8() };
            if c == '"' && within == Within::Json {
                quoted = !quoted;
            }
            out.push_str(&rest[..taken]);
            rest = &rest[taken..];
        }
    }
    Ok(out)
}

fn push_escaped(out: &mut String, value: &str) {
    let quoted = serde_json::Value::from(value).to_string();
    out.push_str(&quoted[1..quoted.len() - 1]);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_escaped_inside_json_strings_only() {
        let vars = Vars::from([("A".into(), r#"{"a":"\n"}"#.into()), ("n".into(), "7".into())]);
        let check = |text: &str, within, expected: &str| {
            assert_eq!(substitute(text, &vars, within).as_deref(), Ok(expected), "{text}");
        };
        check(r#"{"schema": "${A}", "id": ${n}}"#, Within::Json, r#"{"schema": "{\"a\":\"\\n\"}", "id": 7}"#);
        check(r#"{"a": "\"${n}", "b": ${A}}"#, Within::Json, r#"{"a": "\"7", "b": {"a":"\n"}}"#);
        check(r#"/x"${A}?$${n}$"#, Within::Plain, r#"/x"{"a":"\n"}?${n}$"#);
        assert_eq!(substitute("${nope}", &vars, Within::Plain), Err("nothing is called ${nope}".into()));
    }
}
