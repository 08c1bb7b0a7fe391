//! A small HTTP server whose answers a test decides: a registry that lacks things, or one that stands in front of another.

use crate::harness::Caller;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::thread;

/// A request, as far as these tests look at it.
pub struct Request {
    pub method: String,
    pub target: String,
    pub body: Vec<u8>,
}

/// An answer: status, further lines of the head, body.
pub type Answer = (u16, &'static str, String);

/// Serves on loopback, each connection in a thread; the URL. It ends with the test.
pub fn serve(answer: impl Fn(&Request) -> Answer + Send + Sync + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let answer = Arc::new(answer);
    thread::spawn(move || {
        for stream in listener.incoming().flatten() {
            let answer = Arc::clone(&answer);
            thread::spawn(move || {
                // A client that breaks off is its own matter.
                let _ = exchange(&stream, &*answer);
            });
        }
    });
    url
}

fn exchange(mut stream: &TcpStream, answer: &impl Fn(&Request) -> Answer) -> io::Result<()> {
    let mut client = BufReader::new(stream);
    let (mut head, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        client.read_line(&mut line)?;
        if line.trim().is_empty() {
            break;
        }
        if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().map_err(io::Error::other)?;
        }
        head.push(line);
    }
    let mut first = head.first().ok_or(io::ErrorKind::UnexpectedEof)?.split(' ').map(str::to_owned);
    let mut body = vec![0; length];
    client.read_exact(&mut body)?;
    let request = Request { method: first.next().unwrap_or_default(), target: first.next().unwrap_or_default(), body };
    let (status, lines, text) = answer(&request);
    write!(stream, "HTTP/1.1 {status} -\r\nConnection: close\r\nContent-Length: {}\r\n{lines}\r\n{text}", text.len())
}

/// What the registry at this URL answers to the request.
pub fn forwarded(url: &str, request: &Request) -> Answer {
    let headers: &[(&str, &str)] = if request.body.is_empty() { &[] } else { &[("Content-Type", conformance::JSON)] };
    let body = (!request.body.is_empty()).then_some(request.body.as_slice());
    let answer = Caller::new(url).send(&request.method, &request.target, headers, body);
    (answer.status, "", answer.text)
}
