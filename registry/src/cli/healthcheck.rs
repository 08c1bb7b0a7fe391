//! `freehold healthcheck`: one request to `/health/ready`, for containers and service managers.

use super::client::Client;
use super::say;
use crate::node::HEALTHCHECK_TIMEOUT;
use crate::settings::Settings;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

/// Asks; an error says why the registry is not ready.
pub fn run(settings: &Settings) -> Result<(), String> {
    let address = reachable(settings.listen);
    let reply = Client::local(address, HEALTHCHECK_TIMEOUT)
        .ask("GET", "/health/ready", None, None)
        .map_err(|error| format!("no registry answers at {address}: {error}"))?;
    if reply.status != 200 {
        return Err(format!("the registry at {address} is not ready: {}", reply.body.trim()));
    }
    say("ready\n");
    Ok(())
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
