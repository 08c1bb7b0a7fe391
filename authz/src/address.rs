//! Where a request comes from.
//!
//! `X-Forwarded-For` is a list that every proxy appends to and that a client can begin as it likes. So it is read from its
//! end, and an entry is believed only while the one who wrote it is a configured proxy.

use http::HeaderMap;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;

/// The networks of the proxies that are believed.
#[derive(Clone, PartialEq, Eq, Debug, Default)]
pub struct Proxies(Vec<Network>);

/// An address or a network (`10.0.0.0/8`, `::1`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Network {
    address: IpAddr,
    prefix: u8,
}

/// A text that is no network.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
#[error("{0:?} is no address and no network; write 10.0.0.0/8 or ::1")]
pub struct InvalidNetwork(pub String);

impl FromStr for Network {
    type Err = InvalidNetwork;

    fn from_str(text: &str) -> Result<Self, InvalidNetwork> {
        let invalid = || InvalidNetwork(text.to_owned());
        let (address, prefix) = match text.split_once('/') {
            Some((address, prefix)) => (address, Some(prefix.parse::<u8>().map_err(|_| invalid())?)),
            None => (text, None),
        };
        let address: IpAddr = address.parse().map_err(|_| invalid())?;
        let most = if address.is_ipv4() { 32 } else { 128 };
        let prefix = prefix.unwrap_or(most);
        if prefix <= most { Ok(Network { address, prefix }) } else { Err(invalid()) }
    }
}

impl Network {
    /// Does the address lie in the network?
    pub fn contains(self, address: IpAddr) -> bool {
        let shares = |this: u128, that: u128, width: u32| {
            let low = width - u32::from(self.prefix);
            low == width || this >> low == that >> low
        };
        match (self.address, address) {
            (IpAddr::V4(this), IpAddr::V4(that)) => shares(u32::from(this).into(), u32::from(that).into(), 32),
            (IpAddr::V6(this), IpAddr::V6(that)) => {
                self.prefix == 0 || this.to_bits() >> (128 - self.prefix) == that.to_bits() >> (128 - self.prefix)
            }
            _ => false,
        }
    }
}

impl Proxies {
    /// These networks.
    pub fn new(networks: impl IntoIterator<Item = Network>) -> Self {
        Proxies(networks.into_iter().collect())
    }

    /// The source of a request from `peer`: the last address that was not written by a configured proxy. What a proxy wrote
    /// but cannot be read ends the search there.
    pub fn source(&self, peer: IpAddr, headers: &HeaderMap) -> IpAddr {
        let mut source = peer.to_canonical();
        if self.0.is_empty() {
            return source;
        }
        let values: Vec<&str> =
            headers.get_all("x-forwarded-for").iter().map(|value| value.to_str().unwrap_or("?")).collect();
        let mut hops = values.iter().rev().flat_map(|value| value.rsplit(','));
        while self.0.iter().any(|network| network.contains(source)) {
            match hops.next().and_then(|hop| parse_hop(hop.trim())) {
                Some(address) => source = address,
                None => break,
            }
        }
        source
    }
}

/// An address, with or without a port.
fn parse_hop(text: &str) -> Option<IpAddr> {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()));
    address.map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_forwarded_address_is_believed_only_from_a_configured_proxy() {
        #[track_caller]
        fn check(peer: &str, forwarded: &[&str], source: &str) {
            let proxies = Proxies::new(["10.0.0.0/8", "::1", "2001:db8::/32"].map(|one| one.parse().unwrap()));
            let mut headers = HeaderMap::new();
            for value in forwarded {
                headers.append("x-forwarded-for", value.parse().unwrap());
            }
            assert_eq!(proxies.source(peer.parse().unwrap(), &headers).to_string(), source, "{peer} {forwarded:?}");
        }
        check("192.0.2.1", &["198.51.100.7"], "192.0.2.1");
        check("10.1.2.3", &[], "10.1.2.3");
        check("10.1.2.3", &["198.51.100.7"], "198.51.100.7");
        check("10.1.2.3", &["1.1.1.1, 198.51.100.7"], "198.51.100.7");
        check("10.1.2.3", &["1.1.1.1, 198.51.100.7, 10.9.9.9"], "198.51.100.7");
        check("10.1.2.3", &["1.1.1.1", "198.51.100.7", "10.9.9.9"], "198.51.100.7");
        check("10.1.2.3", &["10.0.0.7"], "10.0.0.7");
        check("10.1.2.3", &["nonsense"], "10.1.2.3");
        check("10.1.2.3", &["1.1.1.1, nonsense, 10.9.9.9"], "10.9.9.9");
        check("10.1.2.3", &["198.51.100.7:4711"], "198.51.100.7");
        check("::1", &["[2001:db9::7]:80"], "2001:db9::7");
        check("2001:db8::5", &["[2001:db9::7]"], "2001:db9::7");
        check("::ffff:10.1.2.3", &["::ffff:198.51.100.7"], "198.51.100.7");
    }

    #[test]
    fn without_configured_proxies_the_peer_is_the_source() {
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-for", "1.1.1.1".parse().unwrap());
        assert_eq!(Proxies::default().source("10.1.2.3".parse().unwrap(), &headers).to_string(), "10.1.2.3");
    }

    #[test]
    fn networks_are_read_and_their_edges_are_right() {
        let contains = |network: &str, address: &str| {
            network.parse::<Network>().unwrap().contains(address.parse::<IpAddr>().unwrap())
        };
        assert!(contains("10.0.0.0/8", "10.255.255.255") && !contains("10.0.0.0/8", "11.0.0.0"));
        assert!(contains("0.0.0.0/0", "203.0.113.9") && contains("::/0", "::1") && !contains("::/0", "1.2.3.4"));
        assert!(contains("10.0.0.1", "10.0.0.1") && !contains("10.0.0.1/32", "10.0.0.2"));
        assert!(contains("2001:db8::/33", "2001:db8::1") && !contains("2001:db8::/33", "2001:db8:8000::1"));
        for wrong in ["", "10.0.0.0/33", "::/129", "10.0.0/8", "10.0.0.0/", "x", "10.0.0.0/-1"] {
            assert!(wrong.parse::<Network>().is_err(), "{wrong:?}");
        }
    }
}
