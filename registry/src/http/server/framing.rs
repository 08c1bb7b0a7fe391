//! Where messages begin and end in what a client sends, followed beside hyper, which tells its caller neither that a request
//! had both `Transfer-Encoding` and `Content-Length` (it drops the latter) nor whether a message is whole.
//!
//! It decides nothing about what is accepted: hyper reads the same bytes and refuses what is no HTTP. Where this reader cannot
//! follow, it gives up, and nothing is claimed any more.

/// The longest part of a line that is kept: names and lengths are shorter.
const LINE: usize = 64;

/// Follows the messages of one connection.
#[derive(Debug)]
pub(super) struct Framing {
    at: At,
    line: Vec<u8>,
    head: Head,
    heads: u64,
    ambiguous: Option<u64>,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum At {
    /// Between two messages: no byte of the next one has come, except line ends.
    Boundary,
    Head,
    /// This many bytes of a body are to come.
    Body(u64),
    ChunkSize,
    /// This many bytes of a chunk, with its line end, are to come.
    Chunk(u64),
    Trailers,
    Lost,
}

/// What the head so far says about the body.
#[derive(Default, Debug)]
struct Head {
    length: Option<u64>,
    transfer_encoding: bool,
}

impl Default for Framing {
    fn default() -> Self {
        Framing { at: At::Boundary, line: Vec::new(), head: Head::default(), heads: 0, ambiguous: None }
    }
}

impl Framing {
    /// Takes in the next bytes that came.
    pub(super) fn follow(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && self.at != At::Lost {
            bytes = match self.at {
                At::Body(left) => {
                    let (rest, left) = skip(bytes, left);
                    self.at = if left == 0 { At::Boundary } else { At::Body(left) };
                    rest
                }
                At::Chunk(left) => {
                    let (rest, left) = skip(bytes, left);
                    self.at = if left == 0 { At::ChunkSize } else { At::Chunk(left) };
                    rest
                }
                _ => self.text(bytes),
            };
        }
    }

    /// Has a message ended, and no byte of the next one come?
    pub(super) fn at_boundary(&self) -> bool {
        self.at == At::Boundary
    }

    /// Is there a body of which some is still to come?
    pub(super) fn in_body(&self) -> bool {
        matches!(self.at, At::Body(_) | At::ChunkSize | At::Chunk(_) | At::Trailers)
    }

    /// Which message, counted from 1, had both `Transfer-Encoding` and `Content-Length`. After it hyper closes the connection,
    /// so there is no second.
    pub(super) fn ambiguous(&self) -> Option<u64> {
        self.ambiguous
    }

    /// Takes in bytes up to the end of a line. A line that comes whole, as nearly all do, is read where it is.
    fn text<'a>(&mut self, bytes: &'a [u8]) -> &'a [u8] {
        let Some(end) = memchr::memchr(b'\n', bytes) else {
            self.keep(bytes);
            if self.at == At::Boundary && self.line != b"\r" {
                self.at = At::Head;
            }
            return &[];
        };
        let (part, rest) = (&bytes[..end], &bytes[end + 1..]);
        if self.line.is_empty() {
            self.at = self.line_ended(without_return(&part[..part.len().min(LINE)]));
        } else {
            self.keep(part);
            let mut line = std::mem::take(&mut self.line);
            self.at = self.line_ended(without_return(&line));
            line.clear();
            self.line = line;
        }
        rest
    }

    /// Keeps the beginning of a line until the rest has come.
    fn keep(&mut self, part: &[u8]) {
        let room = LINE.saturating_sub(self.line.len());
        self.line.extend_from_slice(&part[..part.len().min(room)]);
    }

    fn line_ended(&mut self, line: &[u8]) -> At {
        match self.at {
            At::Boundary if line.is_empty() => At::Boundary,
            At::Boundary => At::Head,
            At::Head if line.is_empty() => self.head_ended(),
            At::Head => self.header(line),
            At::ChunkSize => match chunk_size(line) {
                Some(0) => At::Trailers,
                Some(size) => size.checked_add(2).map_or(At::Lost, At::Chunk),
                None => At::Lost,
            },
            At::Trailers if line.is_empty() => At::Boundary,
            At::Trailers => At::Trailers,
            At::Body(_) | At::Chunk(_) | At::Lost => At::Lost,
        }
    }

    fn header(&mut self, line: &[u8]) -> At {
        if !matches!(line.first(), Some(b't' | b'T' | b'c' | b'C')) {
            return At::Head;
        }
        let Some(colon) = memchr::memchr(b':', line) else { return At::Head };
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"transfer-encoding") {
            self.head.transfer_encoding = true;
        } else if name.eq_ignore_ascii_case(b"content-length") {
            match std::str::from_utf8(value).ok().and_then(|text| text.parse().ok()) {
                Some(length) => self.head.length = Some(length),
                None => return At::Lost,
            }
        }
        At::Head
    }

    fn head_ended(&mut self) -> At {
        self.heads += 1;
        match std::mem::take(&mut self.head) {
            Head { transfer_encoding: true, length: Some(_) } => {
                self.ambiguous = Some(self.heads);
                At::Lost
            }
            Head { transfer_encoding: true, length: None } => At::ChunkSize,
            Head { length: Some(length @ 1..), .. } => At::Body(length),
            Head { .. } => At::Boundary,
        }
    }
}

/// A line without the carriage return at its end.
fn without_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// Leaves out up to `left` bytes; what is left of both.
fn skip(bytes: &[u8], left: u64) -> (&[u8], u64) {
    let skipped = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
    (&bytes[skipped..], left - skipped as u64)
}

/// The size of a chunk, from the line before it.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line.split(|byte| *byte == b';').next()?.trim_ascii();
    u64::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The same however the bytes are cut.
    #[track_caller]
    fn check(sent: &str, at: At, ambiguous: Option<u64>) {
        for piece in [1, 2, 3, 7, sent.len()] {
            let mut framing = Framing::default();
            sent.as_bytes().chunks(piece).for_each(|bytes| framing.follow(bytes));
            assert_eq!((framing.at, framing.ambiguous()), (at, ambiguous), "{sent:?} in pieces of {piece}");
        }
    }

    #[test]
    fn messages_end_where_their_heads_say() {
        let get = "GET / HTTP/1.1\r\nHost: x\r\n\r\n";
        check("\r\n", At::Boundary, None);
        check("G", At::Head, None);
        check(get, At::Boundary, None);
        check(&format!("{get}\n\n{get}"), At::Boundary, None);
        check(&format!("{get}GET"), At::Head, None);
        check("POST / HTTP/1.1\ncontent-LENGTH:3\n\nab", At::Body(1), None);
        check("POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", At::Boundary, None);
        check("POST / HTTP/1.1\r\nContent-Length: x\r\n\r\nabc", At::Lost, None);
        check("POST / HTTP/1.1\r\nX-Content-Length: 3\r\n\r\n", At::Boundary, None);
        let long = "x".repeat(500);
        check(&format!("POST /{long} HTTP/1.1\r\nX: {long}\r\nContent-Length: 1\r\n\r\n\n"), At::Boundary, None);
        let chunked = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n";
        check(chunked, At::ChunkSize, None);
        check(&format!("{chunked}3;x=y\r\na\n\n\r\n"), At::ChunkSize, None);
        check(&format!("{chunked}A\r\n\r\nContent-\r\n0\r\nX: y\r\n\r\n{get}"), At::Boundary, None);
        check(&format!("{chunked}zz\r\n"), At::Lost, None);
        check(&format!("{chunked}ffffffffffffffff\r\n"), At::Lost, None);
    }

    #[test]
    fn the_message_with_both_lengths_is_named() {
        let get = "GET / HTTP/1.1\r\n\r\n";
        check(
            &format!("{get}POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\nContent-Length: 0\r\n\r\n"),
            At::Lost,
            Some(2),
        );
        check("POST / HTTP/1.1\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", At::Lost, Some(1));
    }
}
