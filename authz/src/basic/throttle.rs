//! How often a password may be wrong.
//!
//! Failures are counted per user and address, and per address over all users. After a few free ones each further failure
//! doubles a pause, up to a minute, in which passwords are not even checked. A user is never locked out by failures from
//! elsewhere, and whoever has proved their password before is not asked here at all. Bounded; no clock: time is given.

use crate::recent::Recent;
use std::net::IpAddr;
use std::time::Duration;

/// Wrong passwords of one user from one address that cost nothing.
const FREE_PER_USER: u32 = 5;
/// Wrong passwords from one address, whoever they are for, that cost nothing.
const FREE_PER_ADDRESS: u32 = 50;
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// After this long without a failure everything is forgotten.
const MEMORY: Duration = Duration::from_secs(600);
/// Users and addresses remembered, each.
const REMEMBERED: usize = 10_000;

#[derive(Debug)]
pub(super) struct Throttle {
    users: Recent<(Box<str>, Option<IpAddr>), Failures>,
    addresses: Recent<Option<IpAddr>, Failures>,
}

#[derive(Clone, Copy, Debug)]
struct Failures {
    count: u32,
    last: Duration,
}

impl Throttle {
    pub(super) fn new() -> Self {
        Throttle { users: Recent::new(REMEMBERED), addresses: Recent::new(REMEMBERED) }
    }

    /// How long `user` has to wait at `address`, if at all. `now` is any steadily growing time.
    pub(super) fn pause(&mut self, user: &str, address: Option<IpAddr>, now: Duration) -> Option<Duration> {
        let address = address.map(site);
        let by_user = self.users.get(&(user.into(), address)).and_then(|failures| failures.pause(FREE_PER_USER, now));
        let by_address = self.addresses.get(&address).and_then(|failures| failures.pause(FREE_PER_ADDRESS, now));
        by_user.max(by_address)
    }

    /// Counts a wrong password.
    pub(super) fn failed(&mut self, user: &str, address: Option<IpAddr>, now: Duration) {
        let address = address.map(site);
        count(&mut self.users, (user.into(), address), now);
        count(&mut self.addresses, address, now);
    }

    /// The password was right: the user's failures at that address are forgotten, the address's are not.
    pub(super) fn succeeded(&mut self, user: &str, address: Option<IpAddr>) {
        self.users.remove(&(user.into(), address.map(site)));
    }
}

fn count<K: Eq + std::hash::Hash>(map: &mut Recent<K, Failures>, key: K, now: Duration) {
    match map.get(&key) {
        Some(failures) if now.saturating_sub(failures.last) <= MEMORY => {
            *failures = Failures { count: failures.count.saturating_add(1), last: now };
        }
        _ => map.insert(key, Failures { count: 1, last: now }),
    }
}

impl Failures {
    fn pause(&self, free: u32, now: Duration) -> Option<Duration> {
        let beyond = self.count.checked_sub(free)?;
        let pause = Duration::from_secs(1 << beyond.min(6)).min(LONGEST_PAUSE);
        (self.last + pause).checked_sub(now).filter(|left| !left.is_zero())
    }
}

/// The place that an address stands for: one holder of IPv6 commands a whole /64.
fn site(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => IpAddr::V6((v6.to_bits() & !u128::from(u64::MAX)).into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 1)));
    const THERE: Option<IpAddr> = Some(IpAddr::V4(std::net::Ipv4Addr::new(192, 0, 2, 2)));

    fn seconds(n: u64) -> Duration {
        Duration::from_secs(n)
    }

    #[test]
    fn pauses_begin_after_a_few_failures_and_double_up_to_a_minute() {
        let mut throttle = Throttle::new();
        let mut now = seconds(1000);
        let mut pauses = Vec::new();
        for _ in 0..14 {
            throttle.failed("alice", HERE, now);
            let pause = throttle.pause("alice", HERE, now).unwrap_or_default();
            pauses.push(pause.as_secs());
            now += pause;
            assert_eq!(throttle.pause("alice", HERE, now), None);
        }
        assert_eq!(pauses, [0, 0, 0, 0, 1, 2, 4, 8, 16, 32, 60, 60, 60, 60]);
    }

    #[test]
    fn failures_elsewhere_and_of_others_do_not_count() {
        let mut throttle = Throttle::new();
        (0..20).for_each(|_| throttle.failed("alice", HERE, seconds(0)));
        assert!(throttle.pause("alice", HERE, seconds(0)).is_some());
        assert_eq!(throttle.pause("alice", THERE, seconds(0)), None);
        assert_eq!(throttle.pause("bob", HERE, seconds(0)), None);
        throttle.succeeded("alice", HERE);
        assert_eq!(throttle.pause("alice", HERE, seconds(0)), None);
    }

    #[test]
    fn an_address_that_tries_many_users_has_to_wait_too() {
        let mut throttle = Throttle::new();
        (0..60).for_each(|n| throttle.failed(&format!("user{n}"), HERE, seconds(0)));
        assert!(throttle.pause("another", HERE, seconds(0)).is_some());
        assert_eq!(throttle.pause("another", THERE, seconds(0)), None);
    }

    #[test]
    fn failures_are_forgotten_after_a_while() {
        let mut throttle = Throttle::new();
        (0..9).for_each(|_| throttle.failed("alice", HERE, seconds(0)));
        throttle.failed("alice", HERE, seconds(1000));
        assert_eq!(throttle.pause("alice", HERE, seconds(1000)), None);
    }

    #[test]
    fn addresses_of_one_ipv6_network_are_one_place() {
        let mut throttle = Throttle::new();
        let address = |n: u16| format!("2001:db8::{n:x}").parse().ok();
        (0..20).for_each(|n| throttle.failed("alice", address(n), seconds(0)));
        assert!(throttle.pause("alice", address(99), seconds(0)).is_some());
        assert_eq!(throttle.pause("alice", "2001:db8:0:1::1".parse().ok(), seconds(0)), None);
    }
}
