//! Content negotiation, as lenient and as odd as the reference: a bare `*` and other malformed ranges of old Java clients are
//! served, `q=0` excludes nothing, and the type that answers is the best by the client's q, then by the server's order.

/// The media types of answers, best first.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Media {
    /// `application/vnd.schemaregistry.v1+json`
    V1,
    /// `application/vnd.schemaregistry+json`
    Registry,
    /// `application/json`
    Json,
}

impl Media {
    const ALL: [Media; 3] = [Media::V1, Media::Registry, Media::Json];

    /// The name on the wire.
    pub fn as_str(self) -> &'static str {
        match self {
            Media::V1 => "application/vnd.schemaregistry.v1+json",
            Media::Registry => "application/vnd.schemaregistry+json",
            Media::Json => "application/json",
        }
    }
}

/// What the client gets.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Accepted {
    /// The media type.
    pub media: Media,
    /// Parameters of the range that asked for it, echoed: `;charset=utf-8`.
    pub parameters: Option<String>,
}

impl Accepted {
    /// What an absent header gets.
    pub const DEFAULT: Accepted = Accepted { media: Media::V1, parameters: None };

    /// The value of the answer's `Content-Type`.
    pub fn content_type(&self) -> String {
        format!("{}{}", self.media.as_str(), self.parameters.as_deref().unwrap_or_default())
    }

    /// Does the client want the body in UTF-16?
    pub fn wants_utf16(&self) -> bool {
        self.parameters.as_deref().is_some_and(|p| p.eq_ignore_ascii_case(";charset=utf-16"))
    }
}

/// Why a header is refused.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum NegotiationError {
    /// The header cannot be read (400).
    Malformed,
    /// Nothing that is offered is accepted (406).
    NotAcceptable,
    /// The body's type is not one that is read (415).
    Unsupported,
}

/// Chooses the type of the answer.
///
/// # Errors
/// `Malformed`, `NotAcceptable`.
pub fn accept(header: Option<&str>) -> Result<Accepted, NegotiationError> {
    let header = match header.map(str::trim) {
        None | Some("" | "*/*") => return Ok(Accepted::DEFAULT),
        Some(header) => header,
    };
    let mut best: Option<(u32, usize, Accepted)> = None;
    for range in header.split(',').map(str::trim).filter(|range| !range.is_empty()) {
        let mut parts = range.split(';').map(str::trim);
        let name = parts.next().unwrap_or_default().to_ascii_lowercase();
        let (kind, subtype) = name.split_once('/').unwrap_or((&name, "*"));
        if kind.is_empty() || subtype.is_empty() {
            return Err(NegotiationError::Malformed);
        }
        let (mut quality, mut parameters) = (1000, String::new());
        for parameter in parts.filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                Some((q, value)) if q.trim().eq_ignore_ascii_case("q") => quality = thousandths(value.trim())?,
                _ => {
                    parameters.push(';');
                    parameters.push_str(parameter);
                }
            }
        }
        for (rank, media) in Media::ALL.into_iter().enumerate() {
            let exact = name == media.as_str();
            let matches = exact || kind == "*" || (kind == "application" && subtype == "*");
            let better = best.as_ref().is_none_or(|(q, r, _)| quality > *q || (quality == *q && rank < *r));
            if matches && better {
                let parameters = (exact && !parameters.is_empty()).then(|| parameters.clone());
                best = Some((quality, rank, Accepted { media, parameters }));
            }
        }
    }
    best.map(|(.., accepted)| accepted).ok_or(NegotiationError::NotAcceptable)
}

/// What is answered where there is nothing to choose from: one type, such as `text/html`.
///
/// # Errors
/// `NotAcceptable`.
pub fn offer(header: Option<&str>, media: &str) -> Result<Accepted, NegotiationError> {
    let header = header.map(str::trim).filter(|header| !header.is_empty()).unwrap_or("*/*");
    let kind = media.split('/').next().unwrap_or_default();
    let takes = |range: &str| {
        let name = range.split(';').next().unwrap_or_default().trim();
        name.eq_ignore_ascii_case(media)
            || name == "*/*"
            || name.strip_suffix("/*").is_some_and(|all| all.eq_ignore_ascii_case(kind))
    };
    if header.split(',').any(takes) { Ok(Accepted::DEFAULT) } else { Err(NegotiationError::NotAcceptable) }
}

/// Checks the type of a body (also where there is none: the reference checks it on a GET too).
///
/// # Errors
/// `Malformed`, `Unsupported`.
pub fn content_type(header: Option<&str>) -> Result<(), NegotiationError> {
    let Some(header) = header else { return Ok(()) };
    let name = header.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    match name.split_once('/') {
        None => Err(NegotiationError::Malformed),
        Some((kind, subtype)) if kind.is_empty() || subtype.is_empty() => Err(NegotiationError::Malformed),
        Some(_) if name == "application/octet-stream" || Media::ALL.iter().any(|media| media.as_str() == name) => {
            Ok(())
        }
        Some(_) => Err(NegotiationError::Unsupported),
    }
}

/// Does the client take gzip? Only where it names it, and not with `q=0`.
pub fn takes_gzip(accept_encoding: Option<&str>) -> bool {
    accept_encoding.is_some_and(|header| {
        header.split(',').any(|coding| {
            let mut parts = coding.split(';').map(str::trim);
            let named = parts.next().is_some_and(|name| name.eq_ignore_ascii_case("gzip"));
            named && !parts.any(|p| p.strip_prefix("q=").is_some_and(|q| thousandths(q) == Ok(0)))
        })
    })
}

fn thousandths(text: &str) -> Result<u32, NegotiationError> {
    match text.parse::<f64>() {
        Ok(q) if (0.0..=1.0).contains(&q) => Ok((q * 1000.0) as u32),
        _ => Err(NegotiationError::Malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_has_the_best_type_that_is_accepted() {
        #[track_caller]
        fn check(header: &str, outcome: Result<&str, NegotiationError>) {
            assert_eq!(accept(Some(header)).map(|a| a.content_type()), outcome.map(str::to_owned), "{header:?}");
        }
        let (v1, registry, json) = (Ok(Media::V1.as_str()), Ok(Media::Registry.as_str()), Ok(Media::Json.as_str()));
        check("*/*", v1);
        check("application/*", v1);
        check("application/json", json);
        check("APPLICATION/JSON", json);
        check("application/json,", json);
        check("application/vnd.schemaregistry+json", registry);
        check("application/json, text/plain, */*", v1);
        check("application/json;q=0.5, application/vnd.schemaregistry+json;q=0.9", registry);
        check("application/vnd.schemaregistry.v1+json;q=0.1, application/json;q=0.9", json);
        check("text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2", v1);
        check("application/xml, */*;q=0.1", v1);
        check("application/json; charset=utf-8", Ok("application/json;charset=utf-8"));
        check("*/*;q=0", v1);
        check("application/json;q=0", json);
        check("", v1);
        check("application", v1);
        for none in
            ["text/plain", "text/*", "garbage", "application/octet-stream", "application/vnd.schemaregistry.v2+json"]
        {
            check(none, Err(NegotiationError::NotAcceptable));
        }
        check("/", Err(NegotiationError::Malformed));
        check("application/json;q=2", Err(NegotiationError::Malformed));
        assert_eq!(accept(None), Ok(Accepted::DEFAULT));
    }

    #[test]
    fn one_type_is_offered_to_who_takes_it() {
        for (header, taken) in [
            (None, true),
            (Some(""), true),
            (Some("*/*;q=0.1"), true),
            (Some("text/*"), true),
            (Some("application/json, Text/HTML;q=0.9"), true),
            (Some("application/json"), false),
            (Some("text/plain"), false),
            (Some("application/*"), false),
        ] {
            assert_eq!(offer(header, "text/html").is_ok(), taken, "{header:?}");
        }
    }

    #[test]
    fn a_body_is_json_or_octets() {
        #[track_caller]
        fn check(header: &str, outcome: Result<(), NegotiationError>) {
            assert_eq!(content_type(Some(header)), outcome, "{header:?}");
        }
        for good in
            ["application/json", "APPLICATION/JSON", "application/json;charset=UTF-8", "application/octet-stream"]
        {
            check(good, Ok(()));
        }
        for other in ["text/plain", "application/*", "*/*", "application/x-www-form-urlencoded"] {
            check(other, Err(NegotiationError::Unsupported));
        }
        for malformed in ["", "garbage", "json"] {
            check(malformed, Err(NegotiationError::Malformed));
        }
        assert_eq!(content_type(None), Ok(()));
    }

    #[test]
    fn gzip_is_sent_only_to_who_names_it() {
        for (header, gzip) in [
            ("gzip", true),
            ("gzip, deflate", true),
            ("deflate", false),
            ("*", false),
            ("gzip;q=0", false),
            ("br, GZIP;q=0.5", true),
        ] {
            assert_eq!(takes_gzip(Some(header)), gzip, "{header:?}");
        }
        assert!(!takes_gzip(None));
    }
}
