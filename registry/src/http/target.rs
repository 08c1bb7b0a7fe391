//! Request targets. What cannot be normalised is refused here, before anything looks at it; after this, two spellings of one
//! path cannot be told apart.
//!
//! As the reference: path parameters (`;x=1`) are dropped from every segment, `%3B` is a semicolon; one trailing slash is
//! ignored; empty segments, raw characters that a URI may not hold, control characters, broken escapes and invalid UTF-8 are
//! refused; dot segments are names like any other, encoded ones are refused. Segments stay encoded: `%2F` is decoded after
//! routing.

use std::borrow::Cow;

/// The longest target, in bytes.
pub const LONGEST: usize = 8 * 1024;

/// Why a target is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum TargetError {
    /// It is longer than `LONGEST`.
    TooLong,
    /// It cannot be normalised; the text says why.
    Bad(&'static str),
}

/// Normalises a path.
///
/// # Errors
/// The refusal.
pub fn normalise(path: &str) -> Result<Cow<'_, str>, TargetError> {
    if path.len() > LONGEST {
        return Err(TargetError::TooLong);
    }
    let Some(rest) = path.strip_prefix('/') else {
        return Err(TargetError::Bad("the request target is not a path"));
    };
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'/' | b'-' | b'.' | b'_' | b'~');
    if rest.bytes().all(plain) && !rest.contains("//") && !rest.starts_with('/') && !rest.ends_with('/') {
        return Ok(Cow::Borrowed(path));
    }
    let mut normal = String::with_capacity(path.len());
    let segments: Vec<&str> = rest.split('/').collect();
    let last = segments.len() - 1;
    for (at, segment) in segments.iter().enumerate() {
        let name = segment.split(';').next().unwrap_or_default();
        if name.is_empty() {
            if at == last && segment.is_empty() {
                break;
            }
            return Err(TargetError::Bad("the path has an empty segment"));
        }
        check(name)?;
        normal.push('/');
        normal.push_str(name);
    }
    if normal.is_empty() {
        normal.push('/');
    }
    Ok(Cow::Owned(normal))
}

fn check(segment: &str) -> Result<(), TargetError> {
    let mut decoded = Vec::with_capacity(segment.len());
    let mut bytes = segment.bytes();
    let mut escaped = false;
    while let Some(byte) = bytes.next() {
        match byte {
            b'%' => {
                let digit = |byte: Option<u8>| byte.and_then(|b| (b as char).to_digit(16));
                let (Some(high), Some(low)) = (digit(bytes.next()), digit(bytes.next())) else {
                    return Err(TargetError::Bad("the path has a broken percent-escape"));
                };
                let byte = (high * 16 + low) as u8;
                if byte < 0x20 || byte == 0x7f || byte == b'\\' {
                    return Err(TargetError::Bad("the path has an escaped control character or backslash"));
                }
                escaped = true;
                decoded.push(byte);
            }
            b'|' | b'\\' | b'^' | b'`' | b'[' | b']' | b'{' | b'}' | b'"' | b'<' | b'>' | 0..=0x20 | 0x7f => {
                return Err(TargetError::Bad("the path has a character that must be percent-encoded"));
            }
            byte => decoded.push(byte),
        }
    }
    if escaped && matches!(decoded.as_slice(), b"." | b"..") {
        return Err(TargetError::Bad("the path has an encoded dot segment"));
    }
    match std::str::from_utf8(&decoded) {
        Ok(_) => Ok(()),
        Err(_) => Err(TargetError::Bad("the path is not UTF-8")),
    }
}

/// Decodes a segment that `normalise` let through.
pub fn decode(segment: &str) -> String {
    percent_encoding::percent_decode_str(segment).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_path_has_one_form() {
        #[track_caller]
        fn check(path: &str, normal: Result<&str, ()>) {
            assert_eq!(normalise(path).as_deref().map_err(|_| ()), normal, "{path:?}");
        }
        check("/", Ok("/"));
        check("/subjects", Ok("/subjects"));
        check("/subjects/", Ok("/subjects"));
        check("/subjects;a=b", Ok("/subjects"));
        check("/subjects/a;b=1/versions", Ok("/subjects/a/versions"));
        check("/subjects/a%3Bb/versions", Ok("/subjects/a%3Bb/versions"));
        check("/subjects/a%2Fb", Ok("/subjects/a%2Fb"));
        check("/subjects/:.c:x/versions", Ok("/subjects/:.c:x/versions"));
        check("/subjects/../config", Ok("/subjects/../config"));
        check("/subjects/./versions", Ok("/subjects/./versions"));
        check("/subjects/%C3%A9", Ok("/subjects/%C3%A9"));
        check("/subjects/a'(b)*!&=,@~+$", Ok("/subjects/a'(b)*!&=,@~+$"));
        for bad in [
            "",
            "*",
            "//",
            "//subjects",
            "/subjects//",
            "/subjects//versions",
            "/subjects/;a/versions",
            "/subjects/%",
            "/subjects/%1",
            "/subjects/%zz",
            "/subjects/%u0041",
            "/subjects/%00",
            "/subjects/a%0Ab",
            "/subjects/a%7Fb",
            "/subjects/%FF",
            "/subjects/%C3",
            "/subjects/%2e%2e/x",
            "/subjects/%2e",
            "/subjects/.%2e",
            "/a b",
            "/a|b",
            "/a\\b",
            "/a%5Cb",
            "/a^b",
            "/a`b",
            "/[a]",
            "/{a}",
        ] {
            check(bad, Err(()));
        }
        assert_eq!(normalise(&format!("/{}", "n".repeat(LONGEST))), Err(TargetError::TooLong));
    }
}
