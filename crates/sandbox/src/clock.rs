//! The sandbox's clock: the machine's, shifted, or one that a test moves by hand.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// A source of "now" in milliseconds UTC. Clones share the same time.
#[derive(Clone, Debug)]
pub struct Clock {
    /// Shift for a running clock, absolute time for a manual one.
    millis: Arc<AtomicI64>,
    manual: bool,
}

impl Default for Clock {
    fn default() -> Self {
        Self::system()
    }
}

impl Clock {
    /// Follows the machine's clock; [`Clock::advance`] shifts it.
    pub fn system() -> Self {
        Self {
            millis: Arc::new(AtomicI64::new(0)),
            manual: false,
        }
    }

    /// Stands still at `millis` until it is moved.
    pub fn manual(millis: i64) -> Self {
        Self::shared(Arc::new(AtomicI64::new(millis)))
    }

    /// A manual clock whose time somebody else owns (milliseconds UTC), for instance the
    /// application's own test clock.
    pub fn shared(millis: Arc<AtomicI64>) -> Self {
        Self {
            millis,
            manual: true,
        }
    }

    /// Milliseconds since 1970, UTC.
    pub fn now(&self) -> i64 {
        let base = self.millis.load(Ordering::SeqCst);
        if self.manual {
            base
        } else {
            base + system_now()
        }
    }

    /// Moves time by `millis` (forwards, or back for a skewed clock).
    pub fn advance(&self, millis: i64) {
        self.millis.fetch_add(millis, Ordering::SeqCst);
    }

    /// Sets the time of day; a system clock keeps running from there.
    pub fn set(&self, millis: i64) {
        let value = if self.manual {
            millis
        } else {
            millis - system_now()
        };
        self.millis.store(value, Ordering::SeqCst);
    }

    /// Whether time stands still by itself.
    pub fn is_manual(&self) -> bool {
        self.manual
    }
}

fn system_now() -> i64 {
    SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .map_or(0, |d| d.as_millis() as i64)
}
