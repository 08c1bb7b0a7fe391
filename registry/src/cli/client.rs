//! A small HTTP client for the commands that talk to a registry: one request a connection, plain HTTP/1.1.

use base64::Engine;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use std::io::{self, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

const PATIENCE: Duration = Duration::from_secs(30);
/// No answer that these commands ask for is longer.
const LONGEST: u64 = 256 << 20;
const UNRESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// Encodes a path segment.
pub fn segment(text: &str) -> String {
    utf8_percent_encode(text, UNRESERVED).to_string()
}

/// A registry, and who asks.
pub struct Client {
    authority: String,
    base: String,
    authorization: Option<String>,
}

/// An answer.
pub struct Reply {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

impl Client {
    /// A client for `http://host[:port][/path]`.
    ///
    /// # Errors
    /// Another scheme, or no host.
    pub fn new(url: &str, user: Option<(&str, &str)>) -> Result<Self, String> {
        let rest = url.strip_prefix("http://").ok_or_else(|| format!("{url}: only http:// URLs are supported"))?;
        let (authority, base) = rest.split_at(rest.find('/').unwrap_or(rest.len()));
        let odd = |text: &str| text.contains(|c: char| c.is_control() || c.is_whitespace() || c == '@');
        if authority.is_empty() || odd(authority) || odd(base) {
            return Err(format!("{url} names no host"));
        }
        let basic = |(name, password): (&str, &str)| {
            let pair = format!("{name}:{password}");
            format!("Basic {}", base64::engine::general_purpose::STANDARD.encode(pair))
        };
        let base = base.trim_end_matches('/').to_owned();
        Ok(Client { authority: authority.to_owned(), base, authorization: user.map(basic) })
    }

    /// Asks; `condition` is a header and its value.
    ///
    /// # Errors
    /// Nobody answers, or not in HTTP.
    pub fn ask(
        &self,
        method: &str,
        path: &str,
        condition: Option<(&str, &str)>,
        body: Option<&str>,
    ) -> Result<Reply, String> {
        self.exchange(method, path, condition, body)
            .map_err(|error| format!("http://{}{}{path}: {error}", self.authority, self.base))
    }

    fn exchange(
        &self,
        method: &str,
        path: &str,
        condition: Option<(&str, &str)>,
        body: Option<&str>,
    ) -> io::Result<Reply> {
        let with_port = match self.authority.rsplit_once(':') {
            Some((_, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => self.authority.clone(),
            _ => format!("{}:80", self.authority),
        };
        let mut last = io::Error::new(io::ErrorKind::NotFound, "no such host");
        let mut found = None;
        for address in with_port.to_socket_addrs()? {
            match TcpStream::connect_timeout(&address, PATIENCE) {
                Ok(stream) => {
                    found = Some(stream);
                    break;
                }
                Err(error) => last = error,
            }
        }
        let mut stream = found.ok_or(last)?;
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut head = format!(
            "{method} {}{path} HTTP/1.1\r\nHost: {}\r\nAccept: application/json\r\nConnection: close\r\n",
            self.base, self.authority
        );
        if let Some(authorization) = &self.authorization {
            head += &format!("Authorization: {authorization}\r\n");
        }
        if let Some((name, value)) = condition {
            head += &format!("{name}: {value}\r\n");
        }
        if let Some(body) = body {
            head += &format!("Content-Type: application/json\r\nContent-Length: {}\r\n", body.len());
        }
        head += "\r\n";
        stream.write_all((head + body.unwrap_or_default()).as_bytes())?;
        let mut answer = Vec::new();
        stream.take(LONGEST).read_to_end(&mut answer)?;
        read(&answer).ok_or_else(|| io::Error::new(io::ErrorKind::InvalidData, "the answer is not HTTP/1.1"))
    }
}

fn read(answer: &[u8]) -> Option<Reply> {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n")?;
    let head = std::str::from_utf8(&answer[..end]).ok()?;
    let mut lines = head.split("\r\n");
    let status = lines.next()?.strip_prefix("HTTP/1.")?.get(2..5)?.parse().ok()?;
    let headers: Vec<(&str, &str)> = lines.filter_map(|line| line.split_once(':')).collect();
    let header =
        |name: &str| headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim());
    let body = &answer[end + 4..];
    let chunked = header("transfer-encoding").is_some_and(|coding| coding.eq_ignore_ascii_case("chunked"));
    let body = match header("content-length") {
        _ if chunked => unchunked(body)?,
        Some(length) => body.get(..length.parse().ok()?)?.to_vec(),
        None => body.to_vec(),
    };
    Some(Reply { status, body: String::from_utf8(body).ok()? })
}

fn unchunked(mut rest: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = rest.windows(2).position(|window| window == b"\r\n")?;
        let size = std::str::from_utf8(&rest[..end]).ok()?.split(';').next()?.trim();
        let size = usize::from_str_radix(size, 16).ok()?;
        rest = &rest[end + 2..];
        if size == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..size)?);
        rest = rest.get(size..)?.strip_prefix(b"\r\n")?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_read_whole_however_they_are_sent() {
        #[track_caller]
        fn check(answer: &str, expected: Option<(u16, &str)>) {
            let reply = read(answer.as_bytes());
            assert_eq!(reply.as_ref().map(|reply| (reply.status, reply.body.as_str())), expected, "{answer:?}");
        }
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nabc", Some((200, "ab")));
        check("HTTP/1.1 404 Not Found\r\n\r\nabc", Some((404, "abc")));
        check(
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1;x\r\nc\r\n0\r\n\r\n",
            Some((200, "abc")),
        );
        check("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab", None);
        check("SSH-2.0", None);
    }
}
