//! Counting calls over a rolling time, in a few numbers that can be stored.
//!
//! The time is cut into slots. A slot counts until the whole of it is older than the window, so
//! that no rolling window, wherever it begins, ever holds more calls than the limit. The price is
//! that a call is forgotten up to one slot late.

use serde::{Deserialize, Serialize};

/// How many calls in how long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// What it is called in stored state.
    pub name: &'static str,
    /// Calls.
    pub calls: u32,
    /// In so many milliseconds.
    pub window_ms: i64,
    /// How finely time is cut.
    pub slots: i64,
}

impl Rule {
    /// So many calls in a rolling second.
    pub const fn per_second(name: &'static str, calls: u32) -> Self {
        Self {
            name,
            calls,
            window_ms: 1_000,
            slots: 20,
        }
    }

    /// So many calls in a rolling minute.
    pub const fn per_minute(name: &'static str, calls: u32) -> Self {
        Self {
            name,
            calls,
            window_ms: 60_000,
            slots: 60,
        }
    }

    /// So many calls in a rolling hour.
    pub const fn per_hour(name: &'static str, calls: u32) -> Self {
        Self {
            name,
            calls,
            window_ms: 3_600_000,
            slots: 60,
        }
    }

    /// The length of a slot.
    pub(super) const fn slot_ms(self) -> i64 {
        self.window_ms / self.slots
    }

    /// The oldest slot that still counts.
    const fn oldest(self, now_ms: i64) -> i64 {
        now_ms.div_euclid(self.slot_ms()) - self.slots
    }
}

/// The calls of a rolling window.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Window(Vec<(i64, u32)>);

impl Window {
    /// Calls that count at `now_ms`.
    pub fn used(&self, rule: Rule, now_ms: i64) -> u32 {
        let oldest = rule.oldest(now_ms);
        self.0
            .iter()
            .filter(|(slot, _)| *slot >= oldest)
            .map(|(_, calls)| calls)
            .sum()
    }

    /// Calls of the last `span_ms`, and of the slot that it cuts.
    pub fn used_within(&self, rule: Rule, span_ms: i64, now_ms: i64) -> u32 {
        let oldest = now_ms.saturating_sub(span_ms).div_euclid(rule.slot_ms());
        self.0
            .iter()
            .filter(|(slot, _)| *slot >= oldest)
            .map(|(_, calls)| calls)
            .sum()
    }

    /// Counts one call.
    pub fn take(&mut self, rule: Rule, now_ms: i64) {
        let oldest = rule.oldest(now_ms);
        self.0.retain(|(slot, _)| *slot >= oldest);
        let slot = now_ms.div_euclid(rule.slot_ms());
        match self.0.binary_search_by_key(&slot, |(slot, _)| *slot) {
            Ok(at) => self.0[at].1 = self.0[at].1.saturating_add(1),
            // Nodes' clocks differ a little: an older slot goes where it belongs.
            Err(at) => self.0.insert(at, (slot, 1)),
        }
    }

    /// When fewer than `calls` count; `now_ms` when that is so already, `None` when never.
    pub fn below_at(&self, rule: Rule, calls: u32, now_ms: i64) -> Option<i64> {
        if calls == 0 {
            return None;
        }
        let oldest = rule.oldest(now_ms);
        let mut left = self.used(rule, now_ms);
        if left < calls {
            return Some(now_ms);
        }
        for (slot, count) in self.0.iter().filter(|(slot, _)| *slot >= oldest) {
            left -= count;
            if left < calls {
                return Some((slot + rule.slots + 1) * rule.slot_ms());
            }
        }
        None
    }

    /// Whether nothing counts any more.
    pub fn is_idle(&self, rule: Rule, now_ms: i64) -> bool {
        self.used(rule, now_ms) == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_window_says_when_it_frees() {
        let rule = Rule::per_hour("x", 2);
        let mut window = Window::default();
        window.take(rule, 0);
        window.take(rule, 90_000);
        assert_eq!(window.used(rule, 90_000), 2);
        assert_eq!(window.below_at(rule, 3, 90_000), Some(90_000));
        let free = window.below_at(rule, 2, 90_000).unwrap();
        assert_eq!(free, 61 * 60_000, "the first slot is whole minutes old");
        assert_eq!(window.used(rule, free), 1);
        assert_eq!(window.used(rule, free - 1), 2);
        assert_eq!(window.below_at(rule, 0, 0), None);
    }

    #[test]
    fn an_older_clock_does_not_make_room() {
        let rule = Rule::per_minute("x", 2);
        let mut window = Window::default();
        window.take(rule, 10_000);
        window.take(rule, 8_000);
        assert_eq!(window.used(rule, 9_000), 2);
        assert_eq!(serde_json::to_string(&window).unwrap(), "[[8,1],[10,1]]");
    }
}
