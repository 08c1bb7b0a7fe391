//! The prefix `/contexts/{context}/…`: how a client whose base URL names a context asks. It is the same request with the
//! context written into the subjects it names, so that everything after this knows one spelling of a subject.
//!
//! As the reference: subjects in the path and the parameters `subject` and `subjectPrefix` are qualified unless they are
//! already; a path that ends in `config` or `mode` is that of the context; everything else only loses the prefix. Decided on
//! the segments as they were sent, which is how they are routed. The prefix is taken off once.

use super::target::decode;
use form_urlencoded::Serializer;
use model::Context;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What a path segment need not escape.
const SEGMENT: &AsciiSet =
    &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~').remove(b':').remove(b'*');

/// The context of a name as paths and parameters give it: `ctx`, `.ctx` and `:.ctx:` are one.
///
/// # Errors
/// A sentence, when there is a colon inside the name.
pub fn context(text: &str) -> Result<Context, String> {
    let name = text.strip_prefix(':').unwrap_or(text);
    let name = name.strip_suffix(':').unwrap_or(name);
    let dotted = if name.starts_with('.') { name.to_owned() } else { format!(".{name}") };
    Context::new(&dotted).ok_or_else(|| format!("Context name '{name}' cannot contain a colon"))
}

/// The target without the prefix; `None` where there is none.
///
/// # Errors
/// A sentence, when the prefix names no context.
pub fn strip(method: &http::Method, path: &str, query: Option<&str>) -> Result<Option<String>, String> {
    let Some(rest) = path.strip_prefix("/contexts/") else { return Ok(None) };
    let (named, rest) = rest.split_once('/').map_or((rest, None), |(named, rest)| (named, Some(rest)));
    let named = decode(named);
    let context = context(&named)?;
    let qualified = context.qualified();
    let segments: Vec<&str> = rest.map(|rest| rest.split('/').collect()).unwrap_or_default();
    let path = match segments.as_slice() {
        // Nothing is left of `/contexts/.`, while the longer spellings of the default context ask for the list.
        [] if named == "." => "/".to_owned(),
        [] if context.is_default() => "/contexts".to_owned(),
        [] => format!("/contexts/{}", escaped(&qualified)),
        segments => qualified_path(segments, &qualified),
    };
    let query = qualified_query(method, &segments, query, &qualified);
    Ok(Some(match query {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path,
    }))
}

fn qualified_path(segments: &[&str], qualified: &str) -> String {
    let mut path = String::new();
    let mut subject_follows = false;
    for (at, segment) in segments.iter().enumerate() {
        path.push('/');
        if subject_follows {
            path.push_str(&escaped(&within(qualified, &decode(segment))));
            // A subject may be called `subjects`; what follows it is no subject.
            subject_follows = false;
        } else {
            path.push_str(segment);
            subject_follows =
                matches!(*segment, "subjects" | "deks") || (at == 0 && matches!(*segment, "config" | "mode"));
        }
    }
    if matches!(segments, ["config" | "mode"]) && !qualified.is_empty() {
        path.push('/');
        path.push_str(&escaped(qualified));
    }
    path
}

fn qualified_query(method: &http::Method, segments: &[&str], query: Option<&str>, qualified: &str) -> Option<String> {
    let writes = matches!(*method, http::Method::POST | http::Method::PUT);
    let (name, qualify): (&str, fn(&str, &str) -> String) = match segments {
        ["schemas", "ids", ..] => ("subject", within),
        ["schemas" | "subjects"] => ("subjectPrefix", |qualified, given| format!("{qualified}{given}")),
        [first, ..] if writes && first.starts_with("associations") => ("context", |qualified, _| qualified.to_owned()),
        _ => return query.map(str::to_owned),
    };
    let mut found = false;
    let mut out = Serializer::new(String::new());
    for (key, value) in form_urlencoded::parse(query.unwrap_or_default().as_bytes()) {
        if key == name {
            found = true;
            out.append_pair(&key, &qualify(qualified, &value));
        } else {
            out.append_pair(&key, &value);
        }
    }
    if !found {
        out.append_pair(name, &qualify(qualified, ""));
    }
    Some(out.finish())
}

/// A subject in a context, unless it names one itself.
fn within(qualified: &str, subject: &str) -> String {
    if subject.starts_with(":.") || subject.starts_with(":*:") {
        subject.to_owned()
    } else {
        format!("{qualified}{subject}")
    }
}

fn escaped(text: &str) -> String {
    utf8_percent_encode(text, SEGMENT).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_context_goes_into_the_subjects() {
        #[track_caller]
        fn check(target: &str, stripped: &str) {
            let (path, query) = target.split_once('?').map_or((target, None), |(path, query)| (path, Some(query)));
            let target = strip(&http::Method::GET, path, query).unwrap();
            // Readers of a query see it decoded.
            let decoded =
                percent_encoding::percent_decode_str(target.as_deref().unwrap_or(path)).decode_utf8().unwrap();
            assert_eq!(decoded, stripped, "{path}");
        }
        check("/subjects/contexts", "/subjects/contexts");
        check("/contexts", "/contexts");
        check("/contexts/.c/subjects", "/subjects?subjectPrefix=:.c:");
        check("/contexts/.c/subjects?subjectPrefix=f&deleted=true", "/subjects?subjectPrefix=:.c:f&deleted=true");
        check("/contexts/c/subjects/s/versions", "/subjects/:.c:s/versions");
        check("/contexts/:.c:/subjects/s", "/subjects/:.c:s");
        check("/contexts/:.c/subjects/s", "/subjects/:.c:s");
        check("/contexts/%3A.c%3A/subjects/s", "/subjects/:.c:s");
        check("/contexts/.c/subjects/:.d:s", "/subjects/:.d:s");
        check("/contexts/.c/subjects/%3A.d:s", "/subjects/:.d:s");
        check("/contexts/.c/subjects/:.:s", "/subjects/:.:s");
        check("/contexts/.c/subjects/:s", "/subjects/:.c::s");
        check("/contexts/.c/subjects/subjects/versions", "/subjects/:.c:subjects/versions");
        check("/contexts/.c/subjects/contexts/versions/1", "/subjects/:.c:contexts/versions/1");
        check("/contexts/.c/schemas/ids/1", "/schemas/ids/1?subject=:.c:");
        check("/contexts/.c/schemas/ids/1/schema?subject=s", "/schemas/ids/1/schema?subject=:.c:s");
        check("/contexts/.c/schemas/ids/1?subject=:.d:s", "/schemas/ids/1?subject=:.d:s");
        check("/contexts/.c/schemas?subjectPrefix=f", "/schemas?subjectPrefix=:.c:f");
        check("/contexts/.c/schemas/types", "/schemas/types");
        check("/contexts/.c/config", "/config/:.c:");
        check("/contexts/.c/config/s", "/config/:.c:s");
        check("/contexts/.c/config/config", "/config/:.c:config");
        check("/contexts/.c/mode", "/mode/:.c:");
        check("/contexts/.c/compatibility/subjects/s/versions/latest", "/compatibility/subjects/:.c:s/versions/latest");
        check("/contexts/.c/dek-registry/v1/keks/k/deks/s", "/dek-registry/v1/keks/k/deks/:.c:s");
        check("/contexts/.c/contexts", "/contexts");
        check("/contexts/.c/v1/metadata/id?a=b", "/v1/metadata/id?a=b");
        check("/contexts/.c", "/contexts/:.c:");
        check("/contexts/.", "/");
        check("/contexts/:.:", "/contexts");
        check("/contexts/:", "/contexts");
        check("/contexts/:.:/mode", "/mode");
        check("/contexts/./config/s", "/config/s");
        check("/contexts/./subjects", "/subjects?subjectPrefix=");
        check("/contexts/.c/contexts/.d/subjects/s", "/contexts/.d/subjects/:.c:s");
    }

    #[test]
    fn a_subject_stays_one_segment() {
        let stripped = strip(&http::Method::GET, "/contexts/.c/subjects/a%2Fversions%3Fb%25/versions", None);
        assert_eq!(stripped, Ok(Some("/subjects/:.c:a%2Fversions%3Fb%25/versions".into())));
        let stripped = strip(&http::Method::GET, "/contexts/.c%2Fd/config", None);
        assert_eq!(stripped, Ok(Some("/config/:.c%2Fd:".into())));
    }

    #[test]
    fn a_context_has_no_colon_inside() {
        let refused = |path| strip(&http::Method::GET, path, None).unwrap_err();
        assert_eq!(refused("/contexts/a:b/subjects"), "Context name 'a:b' cannot contain a colon");
        assert_eq!(refused("/contexts/:.a%3Ab/config"), "Context name '.a:b' cannot contain a colon");
        assert_eq!(refused("/contexts/:::"), "Context name ':' cannot contain a colon");
    }

    #[test]
    fn writes_of_associations_are_told_the_context() {
        let post = |path: &str, query| strip(&http::Method::POST, path, query).unwrap().unwrap();
        assert_eq!(post("/contexts/.c/associations", None), "/associations?context=%3A.c%3A");
        assert_eq!(post("/contexts/.c/associations", Some("context=.d")), "/associations?context=%3A.c%3A");
        let get = strip(&http::Method::GET, "/contexts/.c/associations/subjects/s", None).unwrap().unwrap();
        assert_eq!(get, "/associations/subjects/:.c:s");
    }
}
