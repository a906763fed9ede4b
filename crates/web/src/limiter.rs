//! Sign-in attempts: a few a minute for one address and name, some more for one address.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use governor::clock::{Clock, DefaultClock};
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use sha2::{Digest, Sha256};

use crate::limits;

type Key = [u8; 16];

/// Counts sign-in attempts. Keys are digests: a table of who tried to sign in is nobody's business.
#[derive(Debug)]
pub struct SignInLimiter {
    by_name: DefaultKeyedRateLimiter<Key>,
    by_address: DefaultKeyedRateLimiter<Key>,
    attempts: AtomicU32,
}

/// Stale keys are dropped once in so many attempts, so that memory stays bounded.
const SWEEP_EVERY: u32 = 256;

fn per_minute(times: u32) -> Quota {
    Quota::per_minute(NonZeroU32::new(times).unwrap_or(NonZeroU32::MIN))
}

impl Default for SignInLimiter {
    fn default() -> Self {
        Self {
            by_name: RateLimiter::keyed(per_minute(limits::SIGN_INS_PER_MINUTE_MAX)),
            by_address: RateLimiter::keyed(per_minute(limits::SIGN_INS_PER_ADDRESS_MINUTE_MAX)),
            attempts: AtomicU32::new(0),
        }
    }
}

impl SignInLimiter {
    /// Counts an attempt; `Err` says how long to wait.
    pub fn attempt(&self, address: Option<IpAddr>, name: &str) -> Result<(), Duration> {
        if self.attempts.fetch_add(1, Ordering::Relaxed) % SWEEP_EVERY == SWEEP_EVERY - 1 {
            self.by_name.retain_recent();
            self.by_address.retain_recent();
        }
        let address = address.map_or_else(|| "unknown".to_owned(), network);
        let now = DefaultClock::default().now();
        let check = |limiter: &DefaultKeyedRateLimiter<Key>, key: &Key| {
            limiter.check_key(key).map_err(|no| no.wait_time_from(now))
        };
        check(&self.by_address, &digest(&address, ""))?;
        check(&self.by_name, &digest(&address, &name.to_lowercase()))
    }
}

/// One person may use every address of an IPv6 /64.
fn network(address: IpAddr) -> String {
    match address {
        IpAddr::V4(v4) => v4.to_string(),
        IpAddr::V6(v6) => format!("{:x?}", &v6.segments()[..4]),
    }
}

fn digest(address: &str, name: &str) -> Key {
    let hash = Sha256::digest(format!("{address}\0{name}"));
    let mut key = [0; 16];
    key.copy_from_slice(&hash[..16]);
    key
}

#[cfg(test)]
mod tests {
    use super::SignInLimiter;
    use crate::limits;

    #[test]
    fn a_name_is_limited_alone_and_an_address_as_a_whole() {
        let limiter = SignInLimiter::default();
        let address = Some("192.0.2.1".parse().unwrap());
        for _ in 0..limits::SIGN_INS_PER_MINUTE_MAX {
            assert!(limiter.attempt(address, "amaya").is_ok());
        }
        assert!(limiter.attempt(address, "Amaya").is_err());
        assert!(limiter.attempt(address, "nadee").is_ok());
        assert!(
            limiter
                .attempt(Some("192.0.2.2".parse().unwrap()), "amaya")
                .is_ok()
        );
        let refused = (0..limits::SIGN_INS_PER_ADDRESS_MINUTE_MAX)
            .filter(|i| limiter.attempt(address, &format!("name {i}")).is_err())
            .count();
        assert!(refused >= 8, "{refused}");
    }
}
