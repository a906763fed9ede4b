//! How often one address may send orders: a household orders a few times, a script all the time.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};

/// Orders (and tries) a minute from one address; a carrier's customers may share one.
const ORDERS_PER_MINUTE_MAX: u32 = 20;
/// Stale addresses are dropped once in so many attempts, so that memory stays bounded.
const SWEEP_EVERY: u32 = 256;

/// Counts orders by address.
#[derive(Debug)]
pub(super) struct OrderLimiter {
    by_address: DefaultKeyedRateLimiter<Option<IpAddr>>,
    attempts: AtomicU32,
}

impl Default for OrderLimiter {
    fn default() -> Self {
        let times = NonZeroU32::new(ORDERS_PER_MINUTE_MAX).unwrap_or(NonZeroU32::MIN);
        Self {
            by_address: RateLimiter::keyed(Quota::per_minute(times)),
            attempts: AtomicU32::new(0),
        }
    }
}

impl OrderLimiter {
    /// Counts an attempt; `Err` says how long to wait.
    pub(super) fn attempt(&self, address: Option<IpAddr>) -> Result<(), Duration> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.by_address.retain_recent();
        }
        self.by_address
            .check_key(&address.map(network))
            .map_err(|no| no.wait_time_from(DefaultClock::default().now()))
    }
}

/// One person may use every address of an IPv6 /64.
fn network(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V4(_) => address,
        IpAddr::V6(v6) => {
            let bits = u128::from(v6) >> 64 << 64;
            IpAddr::V6(bits.into())
        }
    }
}
