//! The registry under test: host, port, an optional path before every request target, optional Basic credentials.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// A parsed `http://[user:password@]host[:port][/path]`, or the same with `https://`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    /// Whether it is `https://`.
    pub tls: bool,
    /// `host:port`, as `TcpStream::connect` takes it and as the `Host` header names it.
    pub authority: String,
    /// Put before every target; empty or `/…` without a trailing slash.
    pub path: String,
    /// Value of the `Authorization` header.
    pub authorization: Option<String>,
}

/// Why a text is not a URL this runner can talk to.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BadUrl {
    /// Anything but `http://` and `https://`.
    #[error("the URL must start with http:// or https://")]
    Scheme,
    /// No host between `http://` and the path.
    #[error("the URL names no host")]
    Host,
    /// A port that is not a number up to 65535.
    #[error("the port {0:?} is not a number from 1 to 65535")]
    Port(String),
    /// Credentials without a colon, or with a broken percent escape.
    #[error("credentials in the URL must read user:password, percent-encoded")]
    Credentials,
    /// A query or a fragment, which no base URL has.
    #[error("the URL must not have a query or a fragment")]
    Query,
    /// `https://`, and there is nobody to trust.
    #[error("no certificates of authorities to trust: {0}")]
    Authorities(String),
}

impl BaseUrl {
    /// Parses the URL. The port defaults to 80 or 443, as everywhere; registries usually listen on 8081, so write it.
    ///
    /// # Errors
    /// [`BadUrl`] says which part is wrong.
    pub fn parse(text: &str) -> Result<Self, BadUrl> {
        let plain = text.strip_prefix("http://").map(|rest| (false, rest));
        let (tls, rest) =
            plain.or_else(|| text.strip_prefix("https://").map(|rest| (true, rest))).ok_or(BadUrl::Scheme)?;
        if rest.contains(['?', '#']) {
            return Err(BadUrl::Query);
        }
        let (authority, path) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let (credentials, host_port) = match authority.rsplit_once('@') {
            Some((credentials, host_port)) => (Some(credentials), host_port),
            None => (None, authority),
        };
        // An IPv6 address has colons of its own, inside brackets.
        let (host, port) = match host_port.rsplit_once(':') {
            Some((host, port)) if !port.contains(']') => (host, port),
            _ => (host_port, if tls { "443" } else { "80" }),
        };
        if host.is_empty() {
            return Err(BadUrl::Host);
        }
        if port.parse::<u16>().is_ok_and(|n| n != 0) {
            let authorization = credentials.map(basic).transpose()?;
            let path = path.trim_end_matches('/').to_owned();
            Ok(Self { tls, authority: format!("{host}:{port}"), path, authorization })
        } else {
            Err(BadUrl::Port(port.to_owned()))
        }
    }

    /// The name or address of the host, which its certificate must be for.
    pub fn host(&self) -> &str {
        let host = self.authority.rsplit_once(':').map_or(self.authority.as_str(), |(host, _)| host);
        host.trim_start_matches('[').trim_end_matches(']')
    }
}

fn basic(credentials: &str) -> Result<String, BadUrl> {
    let (user, password) = credentials.split_once(':').ok_or(BadUrl::Credentials)?;
    let mut plain = percent_decode(user).ok_or(BadUrl::Credentials)?;
    plain.push(b':');
    plain.extend(percent_decode(password).ok_or(BadUrl::Credentials)?);
    Ok(format!("Basic {}", STANDARD.encode(plain)))
}

fn percent_decode(text: &str) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte == b'%' {
            let digit = |b: u8| char::from(b).to_digit(16).and_then(|d| u8::try_from(d).ok());
            out.push(digit(bytes.next()?)? * 16 + digit(bytes.next()?)?);
        } else {
            out.push(byte);
        }
    }
    Some(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_url_yields_authority_path_and_credentials() {
        let check = |text: &str, authority: &str, path: &str, authorization: Option<&str>| {
            let url = BaseUrl::parse(text).unwrap();
            assert_eq!(
                (url.authority.as_str(), url.path.as_str(), url.authorization.as_deref()),
                (authority, path, authorization),
                "{text}"
            );
        };
        check("http://localhost:8081", "localhost:8081", "", None);
        check("http://localhost:8081/", "localhost:8081", "", None);
        check("http://[::1]:8081/contexts/.c/", "[::1]:8081", "/contexts/.c", None);
        check("http://[::1]", "[::1]:80", "", None);
        check("http://al:p%40ss@h:1", "h:1", "", Some("Basic YWw6cEBzcw=="));
        check("https://h/r", "h:443", "/r", None);
        let hosts = ["http://h:1", "https://[::1]:2"].map(|url| BaseUrl::parse(url).unwrap());
        assert_eq!(hosts.each_ref().map(|url| (url.tls, url.host())), [(false, "h"), (true, "::1")]);
    }

    #[test]
    fn what_is_not_a_base_url_is_refused_by_name() {
        let check = |text: &str, why: BadUrl| assert_eq!(BaseUrl::parse(text), Err(why), "{text}");
        check("ftp://localhost", BadUrl::Scheme);
        check("localhost:8081", BadUrl::Scheme);
        check("http://", BadUrl::Host);
        check("http://:8081", BadUrl::Host);
        check("http://h:port", BadUrl::Port("port".into()));
        check("http://h:0", BadUrl::Port("0".into()));
        check("http://alice@h:1", BadUrl::Credentials);
        check("http://a:%zz@h:1", BadUrl::Credentials);
        check("http://h:1/?x=1", BadUrl::Query);
    }
}
