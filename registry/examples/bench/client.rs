//! The least HTTP client that loading needs: one kept connection, one request at a time, bodies with a length or in chunks.
//!
//! Not for measuring CPU time per request; `wrk` does that.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// A connection to a server.
pub struct Client {
    address: SocketAddr,
    stream: BufReader<TcpStream>,
}

/// An answer.
pub struct Answer {
    pub status: u16,
    pub body: Vec<u8>,
}

impl Answer {
    /// The body of a 200.
    pub fn ok(self) -> Result<Vec<u8>, String> {
        match self.status {
            200 => Ok(self.body),
            status => Err(format!("status {status}: {}", String::from_utf8_lossy(&self.body))),
        }
    }
}

impl Client {
    pub fn connect(address: SocketAddr) -> Result<Self, String> {
        let failed = |error: std::io::Error| format!("cannot connect to {address}: {error}");
        let stream = TcpStream::connect_timeout(&address, Duration::from_secs(5)).map_err(failed)?;
        stream.set_nodelay(true).map_err(failed)?;
        stream.set_read_timeout(Some(Duration::from_secs(60))).map_err(failed)?;
        Ok(Client { address, stream: BufReader::with_capacity(64 * 1024, stream) })
    }

    pub fn get(&mut self, path: &str, headers: &str) -> Result<Answer, String> {
        self.exchange("GET", path, headers, b"")
    }

    pub fn post(&mut self, path: &str, body: &str) -> Result<Answer, String> {
        let headers = "Content-Type: application/vnd.schemaregistry.v1+json\r\n";
        self.exchange("POST", path, headers, body.as_bytes())
    }

    fn exchange(&mut self, method: &str, path: &str, headers: &str, body: &[u8]) -> Result<Answer, String> {
        let address = self.address;
        let mut message = format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}").into_bytes();
        if !body.is_empty() {
            message.extend(format!("Content-Length: {}\r\n", body.len()).bytes());
        }
        message.extend(b"\r\n");
        message.extend(body);
        self.stream.get_mut().write_all(&message).map_err(|error| format!("{method} {path}: {error}"))?;
        self.read().map_err(|error| format!("{method} {path}: {error}"))
    }

    fn read(&mut self) -> Result<Answer, String> {
        let mut line = String::new();
        let next = |stream: &mut BufReader<TcpStream>, line: &mut String| {
            line.clear();
            match stream.read_line(line) {
                Ok(0) => Err("the server closed the connection".to_owned()),
                Ok(_) => Ok(()),
                Err(error) => Err(error.to_string()),
            }
        };
        next(&mut self.stream, &mut line)?;
        let status =
            line.split(' ').nth(1).and_then(|code| code.parse().ok()).ok_or_else(|| format!("not HTTP: {line}"))?;
        let (mut length, mut chunked) = (None, false);
        loop {
            next(&mut self.stream, &mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
            chunked |= name.eq_ignore_ascii_case("transfer-encoding") && value.trim().eq_ignore_ascii_case("chunked");
        }
        let mut body = Vec::new();
        let more = |stream: &mut BufReader<TcpStream>, body: &mut Vec<u8>, length: usize| {
            let from = body.len();
            body.resize(from + length, 0);
            stream.read_exact(&mut body[from..]).map_err(|error| error.to_string())
        };
        if !chunked {
            more(&mut self.stream, &mut body, length.ok_or("an answer without Content-Length")?)?;
            return Ok(Answer { status, body });
        }
        loop {
            next(&mut self.stream, &mut line)?;
            let length = usize::from_str_radix(line.trim(), 16).map_err(|_| format!("no length of a chunk: {line}"))?;
            more(&mut self.stream, &mut body, length)?;
            next(&mut self.stream, &mut line)?;
            if length == 0 {
                return Ok(Answer { status, body });
            }
        }
    }
}
