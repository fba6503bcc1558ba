//! How much one address, session or site may call, in memory and without knowing any of them.
//!
//! Each limit is a token bucket in the form of GCRA (ITU-T I.371): all that is kept of a bucket is the
//! moment until which it is paid for. Buckets lie in a table of fixed size, each in four places that a
//! keyed hash names, and the least of the four counts (a count-min sketch). So nothing is stored of an
//! address but numbers that say nothing without the hash's key, which is drawn when the process starts;
//! the memory is the same however many call; and whoever floods one table from thousands of addresses
//! fills a few in a hundred thousand buckets of others.

use std::{
    hash::{BuildHasher as _, Hash, RandomState},
    net::{IpAddr, Ipv6Addr},
    sync::{Mutex, PoisonError},
    time::Duration,
};

use crate::store::SiteId;

/// For how many seconds the rate may be called at once, after a pause.
const BURST_SECONDS: u64 = 10;
/// In nanoseconds.
const SECOND: u64 = 1_000_000_000;
const ROWS: usize = 4;
const ROW_BITS: usize = 14;
const ROW: usize = 1 << ROW_BITS;

/// Why not now: how long to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wait(pub Duration);

/// Forms that have a mail sent: one address may send so many at once after a pause, and then one in so many seconds.
const ASKING: (u64, u64) = (5, 60);

/// Calls that one address, session or site may make, by who makes them.
struct Buckets {
    /// Nanoseconds that a call pays for.
    interval: u64,
    /// Nanoseconds that may be paid ahead.
    burst: u64,
    hash: RandomState,
    paid_until: Mutex<Box<[u64]>>,
}

impl Buckets {
    /// `per_second` calls in the long run; no limit for 0.
    fn new(per_second: u32) -> Option<Self> {
        let interval = SECOND.checked_div(u64::from(per_second))?;
        Some(Self::with(interval, BURST_SECONDS * SECOND))
    }

    /// A call pays for `interval`, and `burst` may be paid ahead, both in nanoseconds.
    fn with(interval: u64, burst: u64) -> Self {
        let paid_until = Mutex::new(vec![0; ROWS * ROW].into_boxed_slice());
        Self { interval, burst, hash: RandomState::new(), paid_until }
    }

    /// Takes a call at `now`, a time since some fixed moment.
    fn take(&self, who: impl Hash, now: Duration) -> Result<(), Wait> {
        let hash = self.hash.hash_one(who);
        let places: [usize; ROWS] = std::array::from_fn(|row| {
            let bits = usize::try_from(hash >> (row * ROW_BITS) & (ROW as u64 - 1));
            row * ROW + bits.unwrap_or(0)
        });
        let now = u64::try_from(now.as_nanos()).unwrap_or(u64::MAX);
        let mut paid_until = self.paid_until.lock().unwrap_or_else(PoisonError::into_inner);
        let least = places.iter().map(|place| paid_until[*place]).min().unwrap_or(0);
        let next = least.max(now).saturating_add(self.interval);
        let latest = now.saturating_add(self.burst);
        if next > latest {
            return Err(Wait(Duration::from_nanos(next - latest)));
        }
        for place in places {
            let paid = &mut paid_until[place];
            *paid = next.max(*paid);
        }
        Ok(())
    }
}

/// Every limit of a collector.
pub struct Limits {
    addresses: Option<Buckets>,
    sessions: Option<Buckets>,
    sites: Option<Buckets>,
    asking: Option<Buckets>,
}

impl std::fmt::Debug for Limits {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Limits(…)")
    }
}

impl Limits {
    /// Limits of so many calls a second, by address, session and site; 0 is none. Ten seconds' worth
    /// may come at once.
    #[must_use]
    pub fn new(address: u32, session: u32, site: u32) -> Self {
        Self {
            addresses: Buckets::new(address),
            sessions: Buckets::new(session),
            sites: Buckets::new(site),
            asking: (address > 0)
                .then(|| Buckets::with(ASKING.1 * SECOND, ASKING.0 * ASKING.1 * SECOND)),
        }
    }

    /// Takes a call from an address.
    ///
    /// # Errors
    /// Where it has called too much.
    pub fn address(&self, address: IpAddr, now: Duration) -> Result<(), Wait> {
        self.addresses.as_ref().map_or(Ok(()), |buckets| buckets.take(household(address), now))
    }

    /// Takes a form from an address that has a mail sent.
    ///
    /// # Errors
    /// Where it has sent too many.
    pub fn asking(&self, address: IpAddr, now: Duration) -> Result<(), Wait> {
        self.asking.as_ref().map_or(Ok(()), |buckets| buckets.take(household(address), now))
    }

    /// Takes a call under a session, by its string.
    ///
    /// # Errors
    /// Where it has called too much.
    pub fn session(&self, session: &str, now: Duration) -> Result<(), Wait> {
        self.sessions.as_ref().map_or(Ok(()), |buckets| buckets.take(session, now))
    }

    /// Takes a call for a site.
    ///
    /// # Errors
    /// Where its pages have called too much.
    pub fn site(&self, site: SiteId, now: Duration) -> Result<(), Wait> {
        self.sites.as_ref().map_or(Ok(()), |buckets| buckets.take(site, now))
    }
}

/// What one customer of a network is given: an IPv4 address, or the /64 of an IPv6 address.
fn household(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(six) => {
            let [a, b, c, d, ..] = six.segments();
            Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0).into()
        }
        four => four,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn ten_seconds_worth_may_come_at_once_and_then_as_many_as_the_rate_says() {
        let limits = Limits::new(5, 0, 0);
        let from = |now| limits.address(address("192.0.2.1"), Duration::from_millis(now));
        let taken = (0..100).filter(|_| from(1_000).is_ok()).count();
        assert_eq!(taken, 50);
        assert_eq!(from(1_000), Err(Wait(Duration::from_millis(200))));
        assert_eq!(from(1_150), Err(Wait(Duration::from_millis(50))));
        assert_eq!(from(1_200), Ok(()));
        assert!(from(1_200).is_err());
        let taken = (0..100).filter(|_| from(60_000).is_ok()).count();
        assert_eq!(taken, 50, "who was quiet for long has saved up no more than that");
    }

    #[test]
    fn a_form_that_has_a_mail_sent_comes_five_times_at_once_and_then_once_a_minute() {
        let limits = Limits::new(5, 0, 0);
        let from = |seconds| limits.asking(address("192.0.2.1"), Duration::from_secs(seconds));
        assert_eq!((0..20).filter(|_| from(100).is_ok()).count(), 5);
        assert_eq!(from(100), Err(Wait(Duration::from_secs(60))));
        assert_eq!((from(160), from(160).is_err()), (Ok(()), true));
        assert!(limits.asking(address("192.0.2.2"), Duration::from_secs(100)).is_ok());
        let none = Limits::new(0, 0, 0);
        assert!((0..100).all(|_| none.asking(address("192.0.2.1"), Duration::ZERO).is_ok()));
    }

    #[test]
    fn each_address_session_and_site_has_its_own() {
        let limits = Limits::new(1, 1, 1);
        let now = Duration::from_secs(1);
        for _ in 0..20 {
            let _ = limits.address(address("192.0.2.1"), now);
            let _ = limits.session("a", now);
            let _ = limits.site(SiteId(1), now);
        }
        assert!(limits.address(address("192.0.2.1"), now).is_err());
        assert!(limits.address(address("192.0.2.2"), now).is_ok());
        assert!(limits.session("a", now).is_err() && limits.session("b", now).is_ok());
        assert!(limits.site(SiteId(1), now).is_err() && limits.site(SiteId(2), now).is_ok());
    }

    #[test]
    fn an_ipv6_network_counts_as_one_and_a_mapped_address_as_what_it_is() {
        let one = household(address("2001:db8:1:2::1"));
        assert_eq!(one, household(address("2001:db8:1:2:ffff:ffff:ffff:ffff")));
        assert_ne!(one, household(address("2001:db8:1:3::1")));
        assert_eq!(household(address("::ffff:192.0.2.1")), address("192.0.2.1"));
    }

    #[test]
    fn no_limit_is_none() {
        let limits = Limits::new(0, 0, 0);
        assert!((0..10_000).all(|_| limits.address(address("192.0.2.1"), Duration::ZERO).is_ok()));
    }

    #[test]
    fn a_flood_from_a_thousand_addresses_hardly_touches_others() {
        let limits = Limits::new(1, 0, 0);
        let now = Duration::from_secs(1);
        let of = |net: u32, at: u32| IpAddr::from((net << 24 | at).to_be_bytes());
        for at in 0..1_000 {
            while limits.address(of(10, at), now).is_ok() {}
        }
        let refused = (0..10_000).filter(|at| limits.address(of(11, *at), now).is_err()).count();
        assert!(refused < 10, "{refused} of 10,000");
    }
}
