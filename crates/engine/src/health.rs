//! Counters of what goes wrong outside any seller's data (signatures that do not hold, bodies that
//! cannot be stored), kept by the hour for the doctor, and for which accounts webhooks came. Counted
//! in memory, written by the clockwork: a stranger's bad requests must not cost a database write
//! each.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use domain::Timestamp;

/// At most one log line a minute for each counter, however often it is counted.
const LOG_EVERY: i64 = Timestamp::MINUTE;

/// What was counted and not written yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Count {
    /// The counter's name.
    pub name: &'static str,
    /// How often since the last writing.
    pub count: i64,
    /// When last.
    pub last_at: Timestamp,
    /// More about the last time; never a secret, never a customer's words.
    pub detail: String,
}

/// The counters of this node.
#[derive(Debug, Default)]
pub struct Health(Mutex<BTreeMap<&'static str, Counter>>);

#[derive(Debug, Default)]
struct Counter {
    unwritten: i64,
    unlogged: i64,
    last_at: Timestamp,
    logged_at: Option<Timestamp>,
    detail: String,
}

impl Health {
    /// Counts one. `Some(n)`: log it now, for n of them.
    pub fn count(&self, name: &'static str, detail: &str, now: Timestamp) -> Option<i64> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let counter = counters.entry(name).or_default();
        counter.unwritten += 1;
        counter.unlogged += 1;
        counter.last_at = now;
        detail.clone_into(&mut counter.detail);
        let due = counter
            .logged_at
            .is_none_or(|at| now.since(at) >= LOG_EVERY);
        due.then(|| {
            counter.logged_at = Some(now);
            std::mem::take(&mut counter.unlogged)
        })
    }

    /// Takes what was counted since the last time, to be written.
    pub fn take(&self) -> Vec<Count> {
        let mut counters = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        counters
            .iter_mut()
            .filter(|(_, counter)| counter.unwritten > 0)
            .map(|(name, counter)| Count {
                name,
                count: std::mem::take(&mut counter.unwritten),
                last_at: counter.last_at,
                detail: counter.detail.clone(),
            })
            .collect()
    }
}

/// Ids that are remembered between two writings; more than that were heard by the next one.
const HEARD_MAX: usize = 10_000;

/// What webhooks brought for one of Meta's ids since the last writing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct HeardOf {
    /// When last.
    pub at: Timestamp,
    /// Events in `standby`: another app owns the conversation.
    pub standby: u32,
}

/// Which accounts webhooks tell of. Only what Meta itself delivers counts, not what the sweep brings:
/// the doctor knows silence by it.
#[derive(Debug, Default)]
pub struct Heard(Mutex<BTreeMap<String, HeardOf>>);

impl Heard {
    /// A body came with something for the accounts that have these ids, in `standby` or not.
    pub fn note<'a>(&self, ids: impl Iterator<Item = (&'a str, bool)>, now: Timestamp) {
        let mut heard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (id, standby) in ids {
            if !heard.contains_key(id) {
                if heard.len() >= HEARD_MAX {
                    continue;
                }
                heard.insert(id.to_owned(), HeardOf::default());
            }
            if let Some(of) = heard.get_mut(id) {
                of.at = of.at.max(now);
                of.standby += u32::from(standby);
            }
        }
    }

    /// Takes what was heard since the last time, to be written.
    pub fn take(&self) -> BTreeMap<String, HeardOf> {
        std::mem::take(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

#[cfg(test)]
mod tests {
    use super::Health;
    use domain::Timestamp;

    #[test]
    fn everything_is_counted_and_little_is_logged() {
        let health = Health::default();
        let at = |ms| Timestamp(ms);
        assert_eq!(health.count("bad", "a", at(0)), Some(1));
        assert_eq!(health.count("bad", "b", at(1)), None);
        assert_eq!(health.count("bad", "c", at(59_999)), None);
        assert_eq!(health.count("bad", "d", at(60_000)), Some(3));
        let taken = health.take();
        assert_eq!((taken[0].count, taken[0].detail.as_str()), (4, "d"));
        assert_eq!(health.take(), []);
    }
}
