//! URI references, as far as `$id` and `$ref` need them: resolving one against another (RFC 3986, section 5.2), also where
//! the base is no absolute URI, and taking fragments apart. Nothing here ever leads to a network or a file.

/// A reference without its fragment, and the fragment; `None` where there is no `#`.
pub(super) fn split(reference: &str) -> (&str, Option<&str>) {
    reference.split_once('#').map_or((reference, None), |(before, fragment)| (before, Some(fragment)))
}

/// The parts of a reference that has no fragment.
struct Parts<'u> {
    scheme: Option<&'u str>,
    authority: Option<&'u str>,
    path: &'u str,
    query: Option<&'u str>,
}

fn parts(uri: &str) -> Parts<'_> {
    let scheme_end = uri.find([':', '/', '?']).filter(|&at| uri[at..].starts_with(':') && is_scheme(&uri[..at]));
    let (scheme, rest) = scheme_end.map_or((None, uri), |at| (Some(&uri[..at]), &uri[at + 1..]));
    let (rest, query) = rest.split_once('?').map_or((rest, None), |(rest, query)| (rest, Some(query)));
    let (authority, path) = match rest.strip_prefix("//") {
        Some(rest) => {
            let end = rest.find('/').unwrap_or(rest.len());
            (Some(&rest[..end]), &rest[end..])
        }
        None => (None, rest),
    };
    Parts { scheme, authority, path, query }
}

fn is_scheme(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.'))
}

/// The reference as seen from the base; neither has a fragment.
pub(super) fn resolve(base: &str, reference: &str) -> String {
    if reference.is_empty() {
        return base.to_owned();
    }
    let (b, r) = (parts(base), parts(reference));
    if r.scheme.is_some() {
        return put(r.scheme, r.authority, &without_dots(r.path), r.query);
    }
    if r.authority.is_some() {
        return put(b.scheme, r.authority, &without_dots(r.path), r.query);
    }
    if r.path.is_empty() {
        return put(b.scheme, b.authority, b.path, r.query.or(b.query));
    }
    let path = if r.path.starts_with('/') {
        without_dots(r.path)
    } else if b.authority.is_some() && b.path.is_empty() {
        without_dots(&format!("/{}", r.path))
    } else {
        let folder = b.path.rfind('/').map_or("", |end| &b.path[..=end]);
        without_dots(&format!("{folder}{}", r.path))
    };
    put(b.scheme, b.authority, &path, r.query)
}

fn put(scheme: Option<&str>, authority: Option<&str>, path: &str, query: Option<&str>) -> String {
    let mut uri = String::new();
    if let Some(scheme) = scheme {
        uri.push_str(scheme);
        uri.push(':');
    }
    if let Some(authority) = authority {
        uri.push_str("//");
        uri.push_str(authority);
    }
    uri.push_str(path);
    if let Some(query) = query {
        uri.push('?');
        uri.push_str(query);
    }
    uri
}

/// The path without its `.` and `..` segments.
fn without_dots(path: &str) -> String {
    if !path.split('/').any(|segment| segment == "." || segment == "..") {
        return path.to_owned();
    }
    let absolute = path.starts_with('/');
    let mut kept: Vec<&str> = Vec::new();
    let mut segments = path.strip_prefix('/').unwrap_or(path).split('/').peekable();
    while let Some(segment) = segments.next() {
        let last = segments.peek().is_none();
        match segment {
            "." | ".." => {
                if segment == ".." {
                    kept.pop();
                }
                if last {
                    kept.push("");
                }
            }
            segment => kept.push(segment),
        }
    }
    format!("{}{}", if absolute { "/" } else { "" }, kept.join("/"))
}

/// The text behind `%XX` escapes; what is no escape, or no UTF-8, stays as it is.
pub(super) fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let (mut out, mut at) = (Vec::with_capacity(bytes.len()), 0);
    while at < bytes.len() {
        let hex = (bytes[at] == b'%').then(|| text.get(at + 1..at + 3)).flatten();
        let byte = hex.filter(|hex| hex.bytes().all(|b| b.is_ascii_hexdigit()));
        match byte.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            Some(byte) => {
                out.push(byte);
                at += 3;
            }
            None => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_are_resolved_as_rfc_3986_says() {
        #[track_caller]
        fn check(base: &str, reference: &str, target: &str) {
            assert_eq!(resolve(base, reference), target, "{reference} from {base}");
        }
        check("http://a/b/c/d;p?q", "g", "http://a/b/c/g");
        check("http://a/b/c/d;p?q", "./g", "http://a/b/c/g");
        check("http://a/b/c/d;p?q", "/g", "http://a/g");
        check("http://a/b/c/d;p?q", "//g", "http://g");
        check("http://a/b/c/d;p?q", "?y", "http://a/b/c/d;p?y");
        check("http://a/b/c/d;p?q", "", "http://a/b/c/d;p?q");
        check("http://a/b/c/d;p?q", "../../../g", "http://a/g");
        check("http://a/b/c/d;p?q", "..", "http://a/b/");
        check("http://a/b/c/d;p?q", "g:h", "g:h");
        check("http://a", "g", "http://a/g");
        check("urn:a:b", "g", "urn:g");
        check("", "ref.json", "ref.json");
        check("", "./ref.json", "ref.json");
        check("ref.json", "other.json", "other.json");
        check("folder/ref.json", "other.json", "folder/other.json");
        check("phone-feed", "caller.schema.json", "caller.schema.json");
    }

    #[test]
    fn fragments_are_taken_off_and_decoded() {
        assert_eq!(split("a#/b"), ("a", Some("/b")));
        assert_eq!(split("a"), ("a", None));
        assert_eq!(split("#"), ("", Some("")));
        assert_eq!(decoded("/a%20b%25%zz%"), "/a b%%zz%");
        assert_eq!(decoded("%ff"), "%ff");
    }
}
