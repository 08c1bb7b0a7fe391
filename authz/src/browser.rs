//! Requests that somebody's browser makes without their knowing.
//!
//! A page of any site can make a browser POST to this server, with the credentials the browser remembers and from inside the
//! network that the browser is in; and a page whose host name is rebound to 127.0.0.1 can read the answers. Programs send
//! neither `Origin` nor `Sec-Fetch-Site`, and are not affected.

use crate::Refusal;
use http::{HeaderMap, Method, Uri, header, request::Parts};
use std::collections::HashSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// What browsers may do.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct BrowserPolicy {
    /// The hosts this server answers as.
    pub hosts: Hosts,
    /// Origins besides the server's own from which changes are taken, such as `https://console.example.org`.
    pub origins: HashSet<String>,
}

/// The hosts a server answers as. A page that has been rebound to this server names a host of its own site, so the server answers
/// as what no stranger can have for a name. Names are compared without regard to case; one that begins with a dot stands for
/// all names that end like it.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub enum Hosts {
    /// Any.
    #[default]
    Any,
    /// Loopback names and addresses, and these names: it listens on loopback only.
    Loopback(HashSet<String>),
    /// Any address, names that are private to a network ([`PRIVATE`], and those without a dot), and these names: it listens
    /// on the network.
    Network(HashSet<String>),
}

/// How names end that nobody can register. Sources: RFC 6761 and 6762 with its appendix G, RFC 8375, ICANN's reservation
/// of `.internal`, and the names of Services in Kubernetes (`.svc`; `cluster.local` is under `.local`).
pub const PRIVATE: [&str; 10] =
    [".localhost", ".local", ".internal", ".svc", ".home.arpa", ".lan", ".intranet", ".private", ".corp", ".home"];

impl BrowserPolicy {
    /// Refuses what only another site's page would send.
    pub fn check(&self, request: &Parts) -> Result<(), Refusal> {
        self.check_host(&request.headers, &request.uri)?;
        match request.method {
            Method::GET | Method::HEAD | Method::OPTIONS => Ok(()),
            _ => self.check_origin(&request.headers, host(&request.headers).or(authority(&request.uri))),
        }
    }

    /// Refuses a host that this server does not answer as. All that has to be checked of a request that changes nothing.
    pub fn check_host(&self, headers: &HeaderMap, uri: &Uri) -> Result<(), Refusal> {
        if self.hosts == Hosts::Any {
            return Ok(());
        }
        let several = headers.get_all(header::HOST).iter().count() > 1;
        let mut named = [host(headers), authority(uri)].into_iter().flatten();
        match named.find(|host| several || !self.hosts.include(host)) {
            // What stands before an @ is a name and a password.
            Some(host) => Err(Refusal::ForeignHost(host.rsplit('@').next().unwrap_or_default().to_owned())),
            None => Ok(()),
        }
    }

    fn check_origin(&self, headers: &HeaderMap, host: Option<&str>) -> Result<(), Refusal> {
        for origin in headers.get_all(header::ORIGIN) {
            let origin = origin.to_str().unwrap_or("?");
            if self.origins.contains(origin) {
                return Ok(());
            }
            if !host.is_some_and(|host| is_same_origin(origin, host)) {
                return Err(Refusal::ForeignOrigin(format!("Origin: {origin}")));
            }
        }
        for site in headers.get_all("sec-fetch-site") {
            let site = site.to_str().unwrap_or("?");
            if !matches!(site, "same-origin" | "same-site" | "none") {
                return Err(Refusal::ForeignOrigin(format!("Sec-Fetch-Site: {site}")));
            }
        }
        Ok(())
    }
}

fn host(headers: &HeaderMap) -> Option<&str> {
    headers.get(header::HOST).map(|host| host.to_str().unwrap_or("?"))
}

fn authority(uri: &Uri) -> Option<&str> {
    uri.authority().map(|authority| authority.as_str())
}

/// Is the origin that of a page which this host served? The scheme is not compared: a proxy may have taken TLS off.
fn is_same_origin(origin: &str, host: &str) -> bool {
    let (port, authority) = match origin.split_once("://") {
        Some(("http", authority)) => (":80", authority),
        Some(("https", authority)) => (":443", authority),
        _ => return false,
    };
    let plain = |authority: &str| authority.strip_suffix(port).unwrap_or(authority).to_ascii_lowercase();
    !authority.is_empty() && plain(authority) == plain(host)
}

impl Hosts {
    /// Is this `Host`, with a port or without, one of them?
    fn include(&self, host: &str) -> bool {
        let (name, port) = match host.strip_prefix('[') {
            Some(rest) => rest.split_once(']').unwrap_or(("", "?")),
            None => host.split_at(host.find(':').unwrap_or(host.len())),
        };
        let address: Option<IpAddr> = match host.starts_with('[') {
            true => name.parse::<Ipv6Addr>().ok().map(IpAddr::V6),
            false => name.parse::<Ipv4Addr>().ok().map(IpAddr::V4),
        };
        is_port(port)
            && match (self, address) {
                (Hosts::Any, _) => true,
                (Hosts::Loopback(_), Some(address)) => address.is_loopback(),
                (Hosts::Network(_), Some(_)) => true,
                (Hosts::Loopback(known), None) => name.eq_ignore_ascii_case("localhost") || is_one_of(name, known),
                (Hosts::Network(known), None) => is_private(name) || is_one_of(name, known),
            }
    }
}

/// The end of the name of a host, which may have a dot to say that it is complete.
fn ends_with(name: &str, ending: &str) -> bool {
    let at = name.len().checked_sub(ending.len()).filter(|at| *at > 0);
    at.and_then(|at| name.get(at..)).is_some_and(|end| end.eq_ignore_ascii_case(ending))
}

fn is_private(name: &str) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    !name.is_empty() && (!name.contains('.') || PRIVATE.iter().any(|ending| ends_with(name, ending)))
}

fn is_one_of(name: &str, known: &HashSet<String>) -> bool {
    let name = name.strip_suffix('.').unwrap_or(name);
    known.iter().any(|known| match known.starts_with('.') {
        true => ends_with(name, known),
        false => name.eq_ignore_ascii_case(known),
    })
}

/// Nothing, or a colon and digits.
fn is_port(text: &str) -> bool {
    text.is_empty() || text.strip_prefix(':').is_some_and(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::Request;

    fn request(method: &str, uri: &str, headers: &[(&str, &str)]) -> Parts {
        let mut request = Request::builder().method(method).uri(uri);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(()).unwrap().into_parts().0
    }

    #[test]
    fn a_change_is_not_taken_from_a_page_of_another_site() {
        let policy = BrowserPolicy { origins: ["https://console.bank".to_owned()].into(), ..BrowserPolicy::default() };
        let check = |method: &str, headers: &[(&str, &str)], allowed: bool| {
            let headers: Vec<_> = [("host", "sr.bank:8081")].iter().chain(headers).copied().collect();
            assert_eq!(policy.check(&request(method, "/", &headers)).is_ok(), allowed, "{method} {headers:?}");
        };
        check("POST", &[], true);
        check("POST", &[("origin", "http://sr.bank:8081")], true);
        check("POST", &[("origin", "https://sr.bank:8081")], true);
        check("POST", &[("origin", "http://SR.bank:8081")], true);
        check("POST", &[("origin", "http://sr.bank")], false);
        check("POST", &[("origin", "http://evil.example")], false);
        check("POST", &[("origin", "http://sr.bank:8081.evil.example")], false);
        check("POST", &[("origin", "null")], false);
        check("POST", &[("origin", "")], false);
        check("POST", &[("origin", "file://")], false);
        check("POST", &[("origin", "http://sr.bank:8081"), ("origin", "http://evil.example")], false);
        check("POST", &[("origin", "https://console.bank"), ("sec-fetch-site", "cross-site")], true);
        check("POST", &[("sec-fetch-site", "cross-site")], false);
        check("POST", &[("sec-fetch-site", "same-origin"), ("origin", "http://sr.bank:8081")], true);
        check("POST", &[("sec-fetch-site", "none")], true);
        check("POST", &[("sec-fetch-site", "something-new")], false);
        check("DELETE", &[("sec-fetch-site", "cross-site")], false);
        check("PUT", &[("origin", "http://evil.example")], false);
        check("PATCH", &[("origin", "http://evil.example")], false);
        check("GET", &[("origin", "http://evil.example"), ("sec-fetch-site", "cross-site")], true);
    }

    #[test]
    fn a_default_port_may_be_left_out() {
        let allowed = |host: &str, origin: &str| {
            BrowserPolicy::default().check(&request("POST", "/", &[("host", host), ("origin", origin)])).is_ok()
        };
        assert!(allowed("sr.bank", "http://sr.bank") && allowed("sr.bank:80", "http://sr.bank"));
        assert!(allowed("sr.bank", "https://sr.bank:443") && allowed("sr.bank:443", "https://sr.bank"));
        assert!(!allowed("sr.bank:8080", "http://sr.bank") && !allowed("sr.bank:443", "http://sr.bank"));
        assert!(allowed("[::1]:8081", "http://[::1]:8081"));
    }

    #[test]
    fn on_loopback_only_loopback_hosts_are_answered_also_for_reading() {
        let policy = BrowserPolicy { hosts: Hosts::Loopback(["sr.test".to_owned()].into()), origins: HashSet::new() };
        let check = |host: &str, allowed: bool| {
            assert_eq!(policy.check(&request("GET", "/", &[("host", host)])).is_ok(), allowed, "{host:?}");
        };
        for good in [
            "localhost",
            "LOCALHOST:8081",
            "127.0.0.1",
            "127.0.0.1:8081",
            "127.9.9.9",
            "[::1]",
            "[::1]:8081",
            "SR.test:1",
        ] {
            check(good, true);
        }
        for bad in [
            "evil.example",
            "evil.example:8081",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "[::2]",
            "[::1",
            "[::1]x",
            "",
            "localhost:x",
            "localhost:1:2",
            "0.0.0.0",
        ] {
            check(bad, false);
        }
        assert!(policy.check(&request("GET", "/", &[("host", "localhost"), ("host", "localhost")])).is_err());
        assert!(policy.check(&request("GET", "http://evil.example/", &[("host", "localhost")])).is_err());
        assert!(policy.check(&request("GET", "http://localhost:8081/", &[])).is_ok());
        let named = policy.check(&request("GET", "http://alice:secret@localhost/", &[])).unwrap_err();
        assert!(
            named.to_string().starts_with("The registry does not answer requests for host \"localhost\";"),
            "{named}"
        );
    }

    #[test]
    fn on_the_network_a_host_is_answered_that_no_stranger_can_be_called() {
        let known = [".bank.example", "sr.example.org"].map(str::to_owned);
        let policy = BrowserPolicy { hosts: Hosts::Network(known.into()), origins: HashSet::new() };
        let check = |host: &str, allowed: bool| {
            assert_eq!(policy.check(&request("GET", "/", &[("host", host)])).is_ok(), allowed, "{host:?}");
        };
        for good in [
            "10.0.0.1:8081",
            "[2001:db8::1]:8081",
            "localhost",
            "schema-registry:8081",
            "freehold.kafka.svc",
            "freehold.kafka.svc.cluster.local:8081",
            "freehold.kafka.svc.cluster.local.",
            "sr.corp.INTERNAL",
            "sr.bank.example",
            "SR.eu.Bank.example:1",
            "sr.example.org",
        ] {
            check(good, true);
        }
        for bad in [
            "evil.example",
            "evil.example:8081",
            "svc.evil.example",
            "bank.example",
            "evilbank.example",
            "x.sr.example.org",
            "sr.example.org.evil.example",
            "freehold.kafka",
            "10.0.0.1.evil.example",
            "[::1",
            "[10.0.0.1]",
            "::1",
            "",
            ".",
            ".svc",
            "localhost:x",
        ] {
            check(bad, false);
        }
        let any = BrowserPolicy::default();
        assert!(any.check(&request("GET", "/", &[("host", "evil.example")])).is_ok());
    }
}
