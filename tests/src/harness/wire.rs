//! A bare connection: what no client would send, and what then comes back.

use super::wait::DEADLINE;
use std::io::{Read, Write};
use std::net::{Shutdown, TcpStream};

/// A connection.
pub struct Wire {
    stream: TcpStream,
}

/// Everything that came back until the server closed the connection.
#[derive(Debug, PartialEq, Eq)]
pub enum Reply {
    /// Nothing: the connection was closed.
    Closed,
    /// One or more answers, whole.
    Text(String),
}

impl Wire {
    pub fn to(address: &str) -> Self {
        let stream = TcpStream::connect(address).unwrap();
        stream.set_read_timeout(Some(DEADLINE)).unwrap();
        stream.set_write_timeout(Some(DEADLINE)).unwrap();
        Wire { stream }
    }

    /// Sends bytes. A server that has refused already may have closed its end; what it said is still to be read.
    pub fn send(&mut self, bytes: &[u8]) -> &mut Self {
        let _ = self.stream.write_all(bytes);
        self
    }

    /// Reads until this text has come.
    #[track_caller]
    pub fn read_until(&mut self, text: &str) -> &mut Self {
        let (mut read, mut byte) = (Vec::new(), [0]);
        while !read.ends_with(text.as_bytes()) {
            let got = self.stream.read(&mut byte).unwrap_or_else(|error| panic!("{text:?} does not come: {error}"));
            assert!(got == 1, "{text:?} does not come, only {:?}", String::from_utf8_lossy(&read));
            read.push(byte[0]);
        }
        self
    }

    /// Whether the server has not yet closed its end; looks without waiting.
    pub fn is_open(&self) -> bool {
        self.stream.set_nonblocking(true).unwrap();
        let seen = self.stream.peek(&mut [0]);
        self.stream.set_nonblocking(false).unwrap();
        match seen {
            Ok(got) => got > 0,
            Err(error) => error.kind() == std::io::ErrorKind::WouldBlock,
        }
    }

    /// Says that nothing more will come.
    pub fn half_close(&mut self) -> &mut Self {
        let _ = self.stream.shutdown(Shutdown::Write);
        self
    }

    /// Reads to the end of the connection, which must come within the deadline.
    #[track_caller]
    pub fn reply(mut self) -> Reply {
        let mut bytes = Vec::new();
        let ended = self.stream.read_to_end(&mut bytes);
        if let Err(error) = ended {
            let reset = error.kind() == std::io::ErrorKind::ConnectionReset;
            let begin = String::from_utf8_lossy(&bytes[..bytes.len().min(1000)]);
            assert!(reset, "the server does not close the connection: {error}; so far {} bytes: {begin}", bytes.len());
        }
        if bytes.is_empty() { Reply::Closed } else { Reply::Text(String::from_utf8_lossy(&bytes).into_owned()) }
    }
}

impl Reply {
    /// The statuses of the answers, in order.
    pub fn statuses(&self) -> Vec<u16> {
        let Reply::Text(text) = self else { return Vec::new() };
        text.match_indices("HTTP/1.1 ")
            .filter_map(|(at, found)| text[at + found.len()..].get(..3)?.parse().ok())
            .collect()
    }
}
