//! One request, one answer, over a connection that is kept and, once it turns out to be closed, opened again.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;

use super::wire::{Wire, trust};
use super::{BadUrl, BaseUrl};

/// Larger answers are a defect of the server, not something to hold in memory.
const MAX_BODY: u64 = 256 << 20;
/// Of the status line and all headers together.
const MAX_HEAD: u64 = 256 << 10;

/// What goes out. `Host`, `Connection` and `Content-Length` are added; everything else is as written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Request {
    /// The method, any token.
    pub method: String,
    /// The request target, byte for byte; it may be empty or hold what no URL may.
    pub target: String,
    /// Headers in order; names may repeat.
    pub headers: Vec<(String, String)>,
    /// `None`: no `Content-Length` for methods without a body, `0` for POST, PUT and PATCH.
    pub body: Option<Vec<u8>>,
}

/// What came back; a gzip body is already unpacked, with `content-encoding` still in the headers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Response {
    /// The status code.
    pub status: u16,
    /// Header names in lower case, in order.
    pub headers: Vec<(String, String)>,
    /// The body after transfer and content decoding.
    pub body: Vec<u8>,
}

impl Response {
    /// First header of that (lower case) name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// The body as text; what is not UTF-8 shows as replacement characters.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.body).into_owned()
    }
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// Nobody listens, the name does not resolve, or the certificate is none that is trusted.
    #[error("cannot connect to {authority}: {source}")]
    Connect {
        /// `host:port` of the registry.
        authority: String,
        /// What the system said.
        source: io::Error,
    },
    /// The connection broke or the answer did not come in time.
    #[error("{0}")]
    Io(#[from] io::Error),
    /// The connection ended before the answer was whole.
    #[error("the connection was closed {0}")]
    Closed(&'static str),
    /// What came back is not HTTP/1.1.
    #[error("the answer is not HTTP: {0}")]
    NotHttp(String),
}

/// Speaks to one registry.
#[derive(Debug)]
pub struct Client {
    url: BaseUrl,
    timeout: Duration,
    /// Whom an `https://` registry may be certified by.
    trust: Option<Arc<ClientConfig>>,
    connection: Option<BufReader<Wire>>,
}

impl Client {
    /// No connection is made before the first request. Over `https://` the authorities in this PEM file are trusted, without
    /// one those that the system trusts.
    ///
    /// # Errors
    /// [`BadUrl::Authorities`]: there is nobody to trust.
    pub fn new(url: BaseUrl, timeout: Duration, authorities: Option<&Path>) -> Result<Self, BadUrl> {
        let trust = url.tls.then(|| trust(authorities)).transpose().map_err(BadUrl::Authorities)?;
        Ok(Self { url, timeout, trust, connection: None })
    }

    /// Sends the request and reads the whole answer.
    ///
    /// A kept connection that the server has meanwhile closed is opened anew, once, and only if not a byte of an answer had
    /// come: the server cannot have read a request on a connection that it had closed before.
    ///
    /// # Errors
    /// [`Error`]: no connection, a time-out, a broken or unintelligible answer.
    pub fn send(&mut self, request: &Request) -> Result<Response, Error> {
        if let Some(mut kept) = self.connection.take() {
            match self.exchange(&mut kept, request) {
                Ok(done) => return Ok(self.keep(kept, done)),
                Err(Error::Closed(BEFORE)) => {}
                Err(Error::Io(e)) if is_reset(&e) => {}
                Err(e) => return Err(e),
            }
        }
        let mut fresh = self.connect()?;
        let done = self.exchange(&mut fresh, request)?;
        Ok(self.keep(fresh, done))
    }

    fn keep(&mut self, connection: BufReader<Wire>, (response, reuse): (Response, Reuse)) -> Response {
        if matches!(reuse, Reuse::Yes) {
            self.connection = Some(connection);
        }
        response
    }

    fn connect(&self) -> Result<BufReader<Wire>, Error> {
        let failed = |source| Error::Connect { authority: self.url.authority.clone(), source };
        Wire::open(&self.url, self.trust.as_ref(), self.timeout).map(BufReader::new).map_err(failed)
    }

    fn exchange(&self, connection: &mut BufReader<Wire>, request: &Request) -> Result<(Response, Reuse), Error> {
        let wire = connection.get_mut();
        let wrote = wire.write_all(&self.encode(request)).and_then(|()| wire.flush());
        // A server may refuse a large body before it has read it all; its answer counts more than our broken pipe.
        match (wrote, read_response(connection, &request.method)) {
            (_, Ok(done)) => Ok(done),
            (Err(e), Err(_)) => Err(e.into()),
            (Ok(()), Err(e)) => Err(e),
        }
    }

    fn encode(&self, request: &Request) -> Vec<u8> {
        let mut head = format!("{} {}{} HTTP/1.1\r\n", request.method, self.url.path, request.target);
        let mut line = |name: &str, value: &str| head.push_str(&format!("{name}: {value}\r\n"));
        let given = |name: &str| request.headers.iter().any(|(n, _)| n.eq_ignore_ascii_case(name));
        if !given("host") {
            line("Host", &self.url.authority);
        }
        if let (Some(value), false) = (&self.url.authorization, given("authorization")) {
            line("Authorization", value);
        }
        for (name, value) in &request.headers {
            line(name, value);
        }
        let sized = matches!(request.method.as_str(), "POST" | "PUT" | "PATCH");
        if (sized || request.body.is_some()) && !given("content-length") && !given("transfer-encoding") {
            line("Content-Length", &request.body.as_ref().map_or(0, Vec::len).to_string());
        }
        head.push_str("\r\n");
        let mut bytes = head.into_bytes();
        bytes.extend(request.body.iter().flatten());
        bytes
    }
}

const BEFORE: &str = "before an answer came";
const WITHIN: &str = "in the middle of the answer";

#[derive(Debug, Clone, Copy)]
enum Reuse {
    Yes,
    No,
}

fn is_reset(e: &io::Error) -> bool {
    use io::ErrorKind::{BrokenPipe, ConnectionAborted, ConnectionReset};
    matches!(e.kind(), ConnectionReset | BrokenPipe | ConnectionAborted)
}

fn read_response(connection: &mut BufReader<Wire>, method: &str) -> Result<(Response, Reuse), Error> {
    let mut response = loop {
        let response = read_head(connection)?;
        // 1xx answers announce the real one.
        if response.status >= 200 {
            break response;
        }
    };
    let has = |name: &str, token: &str| {
        response.headers.iter().any(|(n, v)| n == name && v.to_ascii_lowercase().contains(token))
    };
    let chunked = has("transfer-encoding", "chunked");
    let mut reuse = if has("connection", "close") { Reuse::No } else { Reuse::Yes };
    if method == "HEAD" || response.status == 204 || response.status == 304 {
        return Ok((response, reuse));
    }
    let body = if chunked {
        read_chunks(connection)?
    } else if let Some(length) = response.header("content-length") {
        let length = length.parse().map_err(|_| Error::NotHttp(format!("content-length: {length}")))?;
        read_exactly(connection, length)?
    } else {
        reuse = Reuse::No;
        let mut body = Vec::new();
        connection.take(MAX_BODY).read_to_end(&mut body)?;
        body
    };
    response.body = if has_gzip(&response) { gunzip(&body)? } else { body };
    Ok((response, reuse))
}

fn has_gzip(response: &Response) -> bool {
    response.header("content-encoding").is_some_and(|v| v.eq_ignore_ascii_case("gzip"))
}

fn gunzip(body: &[u8]) -> Result<Vec<u8>, Error> {
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(body).take(MAX_BODY);
    reader.read_to_end(&mut plain).map_err(|e| Error::NotHttp(format!("gzip body: {e}")))?;
    Ok(plain)
}

fn read_head(connection: &mut BufReader<Wire>) -> Result<Response, Error> {
    let mut left = MAX_HEAD;
    let status_line = read_line(connection, &mut left, BEFORE)?;
    let not_http = || Error::NotHttp(status_line.clone());
    let (version, rest) = status_line.split_once(' ').ok_or_else(not_http)?;
    if !version.starts_with("HTTP/1.") {
        return Err(not_http());
    }
    let status = rest.get(..3).and_then(|code| code.parse().ok()).ok_or_else(not_http)?;
    let mut headers = Vec::new();
    loop {
        let line = read_line(connection, &mut left, WITHIN)?;
        if line.is_empty() {
            return Ok(Response { status, headers, body: Vec::new() });
        }
        let (name, value) = line.split_once(':').ok_or_else(|| Error::NotHttp(line.clone()))?;
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

fn read_line(connection: &mut BufReader<Wire>, left: &mut u64, closed: &'static str) -> Result<String, Error> {
    let mut line = Vec::new();
    connection.take(*left).read_until(b'\n', &mut line)?;
    *left -= line.len() as u64;
    if line.pop() != Some(b'\n') {
        return Err(if *left == 0 { Error::NotHttp("the head is too long".into()) } else { Error::Closed(closed) });
    }
    if line.last() == Some(&b'\r') {
        line.pop();
    }
    Ok(String::from_utf8_lossy(&line).into_owned())
}

fn read_exactly(connection: &mut BufReader<Wire>, length: u64) -> Result<Vec<u8>, Error> {
    if length > MAX_BODY {
        return Err(Error::NotHttp(format!("a body of {length} bytes")));
    }
    let mut body = Vec::new();
    connection.take(length).read_to_end(&mut body)?;
    if (body.len() as u64) < length { Err(Error::Closed(WITHIN)) } else { Ok(body) }
}

fn read_chunks(connection: &mut BufReader<Wire>) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    loop {
        let mut left = MAX_HEAD;
        let line = read_line(connection, &mut left, WITHIN)?;
        let size = line.split(';').next().unwrap_or_default().trim();
        let size = u64::from_str_radix(size, 16).map_err(|_| Error::NotHttp(format!("chunk size {size:?}")))?;
        if size == 0 {
            while !read_line(connection, &mut left, WITHIN)?.is_empty() {}
            return Ok(body);
        }
        if body.len() as u64 + size > MAX_BODY {
            return Err(Error::NotHttp("the chunked body is too long".into()));
        }
        body.extend(read_exactly(connection, size)?);
        read_line(connection, &mut left, WITHIN)?;
    }
}
