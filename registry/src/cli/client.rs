//! The HTTP client of the commands that talk to a registry, over http and https.
//!
//! A password is for the registry that was named: a redirect is reported and not followed, and whoever cannot show a
//! certificate that is trusted is sent nothing.

use super::trust::{self, Trust};
use base64::Engine;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, LOCATION, RETRY_AFTER};
use http::{Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use ureq::Agent;
use ureq::config::ConfigBuilder;
use ureq::typestate::AgentScope;

/// How long a registry may take to be reached, and for each piece of an answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// No answer that these commands ask for is longer, in bytes.
const LONGEST: u64 = 256 << 20;
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a path segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// Where a registry that listens there is reached from its own machine: one that listens on every address, on loopback.
pub fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// A registry, and who asks.
pub struct Client {
    agent: Agent,
    base: String,
    authorization: Option<String>,
}

/// An answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
    /// How long to wait before the same is asked again, where the registry says so in seconds.
    pub retry_after: Option<Duration>,
}

impl Reply {
    /// The message of a refusal.
    pub fn message(&self) -> String {
        let parsed: Option<Value> = serde_json::from_str(&self.body).ok();
        parsed.and_then(|value| Some(value.get("message")?.as_str()?.to_owned())).unwrap_or_else(|| self.body.clone())
    }
}

impl Client {
    /// A client for `http[s]://host[:port][/path]`. Proxies that the environment names (`HTTPS_PROXY`, `NO_PROXY`) are used.
    ///
    /// # Errors
    /// Another scheme, no host, or authorities that cannot be read.
    pub fn new(url: &str, trust: &Trust, user: Option<(&str, &str)>) -> Result<Self, String> {
        let patient = careful()
            .timeout_connect(Some(PATIENCE))
            .timeout_per_read(Some(PATIENCE))
            .timeout_per_write(Some(PATIENCE));
        Self::configured(patient, url, trust, user)
    }

    /// The same for one that has to answer as a whole within `patience`, whoever asks.
    ///
    /// # Errors
    /// As above.
    pub fn hurried(url: &str, trust: &Trust, patience: Duration) -> Result<Self, String> {
        Self::configured(careful().timeout_global(Some(patience)), url, trust, None)
    }

    fn configured(
        mut config: ConfigBuilder<AgentScope>,
        url: &str,
        trust: &Trust,
        user: Option<(&str, &str)>,
    ) -> Result<Self, String> {
        if is_secure(url)? {
            config = config.tls_config(trust.config()?);
        } else if matches!(trust, Trust::File(_)) {
            return Err(format!("{url}: --ca-file is of use with https:// alone"));
        }
        let basic = |(name, password): (&str, &str)| {
            let pair = format!("{name}:{password}");
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        };
        let base = url.trim_end_matches('/').to_owned();
        Ok(Client { agent: config.build().into(), base, authorization: user.map(basic) })
    }

    /// A client for a registry on this machine, which is asked straight and has to answer within `patience`.
    pub fn local(address: SocketAddr, patience: Duration) -> Self {
        let agent = careful().proxy(None).timeout_global(Some(patience)).build().into();
        Client { agent, base: format!("http://{address}"), authorization: None }
    }

    /// Asks; `condition` is a header and its value.
    ///
    /// # Errors
    /// Nobody answers, or somebody who cannot be trusted, not in HTTP, or by sending elsewhere.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        condition: Option<(&str, &str)>,
        body: Option<&str>,
    ) -> Result<Reply, String> {
        let url = format!("{}{path}", self.base);
        let failed = |error: ureq::Error| format!("{url}: {}", self.explained(&error));
        let mut request = Request::builder().method(method).uri(&url).header(ACCEPT, "application/json");
        let credential = self.authorization.as_deref().map(|value| (AUTHORIZATION.as_str(), value));
        let content = body.map(|_| (CONTENT_TYPE.as_str(), "application/json"));
        for (name, value) in [credential, condition, content].into_iter().flatten() {
            request = request.header(name, value);
        }
        let answer = match body {
            Some(body) => request.body(body).map_err(ureq::Error::Http).and_then(|request| self.agent.run(request)),
            None => request.body(()).map_err(ureq::Error::Http).and_then(|request| self.agent.run(request)),
        };
        let mut answer = answer.map_err(failed)?;
        if answer.status().is_redirection() {
            let place = answer.headers().get(LOCATION).and_then(|place| place.to_str().ok()).unwrap_or("nowhere");
            return Err(format!("{url}: it redirects to {place}; if that is the registry, name its URL"));
        }
        let retry_after = answer.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok()?.parse().ok());
        let body = answer.body_mut().with_config().limit(LONGEST).read_to_string().map_err(failed)?;
        Ok(Reply { status: answer.status().as_u16(), body, retry_after: retry_after.map(Duration::from_secs) })
    }

    /// What a GET answers; `None` is 404.
    ///
    /// # Errors
    /// As `ask`; the message of a refusal; what is no JSON.
    pub fn get(&self, path: &str) -> Result<Option<Value>, String> {
        let reply = self.ask("GET", path, None, None)?;
        match reply.status {
            200 => serde_json::from_str(&reply.body).map(Some).map_err(|error| format!("{path}: {error}")),
            404 => Ok(None),
            _ => Err(reply.message()),
        }
    }

    fn explained(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::Io(error) if error.get_ref().is_none() => error.to_string(),
            ureq::Error::Protocol(error) if self.base.starts_with("http:") => {
                format!("the answer is not HTTP/1.1 ({error}); is it an https:// URL?")
            }
            error => trust::explained(error).unwrap_or_else(|| error.to_string()),
        }
    }
}

/// What holds for every exchange: statuses are answers, and nothing is followed elsewhere.
fn careful() -> ConfigBuilder<AgentScope> {
    Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false)
}

/// Is it https? Anything but the plain URL of a registry is refused.
fn is_secure(url: &str) -> Result<bool, String> {
    let parsed: Uri = url.parse().map_err(|_| format!("{url} is not a URL"))?;
    let secure = match parsed.scheme_str() {
        Some("http") => false,
        Some("https") => true,
        _ => return Err(format!("{url}: the URL of a registry begins with http:// or https://")),
    };
    match parsed.authority().map(|authority| authority.as_str()) {
        Some(authority) if authority.contains('@') => Err("say who you are with --user, not in the URL".to_owned()),
        Some(authority) if !authority.is_empty() && parsed.query().is_none() => Ok(secure),
        _ => Err(format!("{url} is not the URL of a registry")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_plain_url_of_a_registry_is_taken() {
        #[track_caller]
        fn check(url: &str, refusal: Option<&str>) {
            match (Client::new(url, &Trust::System, None).err(), refusal) {
                (None, None) => {}
                (Some(error), Some(part)) => assert!(error.contains(part) && !error.contains("secret"), "{error}"),
                (error, _) => panic!("{url}: {error:?}"),
            }
        }
        check("http://registry", None);
        check("http://[::1]:8081/schemas/", None);
        check("registry:8081", Some("begins with http:// or https://"));
        check("ftp://registry", Some("begins with http:// or https://"));
        check("http://ada:secret@registry", Some("--user"));
        check("http://registry?x=1", Some("is not the URL of a registry"));
        check("http://", Some("is not a URL"));
        check("http://a b", Some("is not a URL"));
        let file = Trust::File("authority.pem".into());
        assert!(Client::new("http://registry", &file, None).is_err_and(|error| error.contains("--ca-file")));
        let missing = Client::new("https://registry", &file, None);
        assert!(missing.is_err_and(|error| error.starts_with("--ca-file authority.pem: ")));
    }
}
