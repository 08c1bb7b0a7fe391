//! `freehold healthcheck`: one request to `/health/ready`, for containers and service managers.

use super::say;
use crate::node::HEALTHCHECK_TIMEOUT;
use crate::settings::Settings;
use std::io::{Read, Write};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};

/// Asks; an error says why the registry is not ready.
pub fn run(settings: &Settings) -> Result<(), String> {
    let address = reachable(settings.listen);
    let asked = || -> std::io::Result<String> {
        let mut stream = TcpStream::connect_timeout(&address, HEALTHCHECK_TIMEOUT)?;
        stream.set_read_timeout(Some(HEALTHCHECK_TIMEOUT))?;
        stream.set_write_timeout(Some(HEALTHCHECK_TIMEOUT))?;
        stream.write_all(
            format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n").as_bytes(),
        )?;
        let mut answer = String::new();
        stream.take(64 * 1024).read_to_string(&mut answer)?;
        Ok(answer)
    };
    let answer = asked().map_err(|error| format!("no registry answers at {address}: {error}"))?;
    let body = answer.split_once("\r\n\r\n").map_or("", |(_, body)| body.trim());
    if answer.starts_with("HTTP/1.1 200") {
        say("ready\n");
        return Ok(());
    }
    Err(format!("the registry at {address} is not ready: {body}"))
}

/// A registry that listens on every address is asked on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => IpAddr::V4(Ipv4Addr::LOCALHOST),
        IpAddr::V6(ip) if ip.is_unspecified() => IpAddr::V6(Ipv6Addr::LOCALHOST),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}
