//! Sharing out a limit that all sellers have in common.
//!
//! Whoever has used less than an equal part of it may call as long as anything is left. Whoever has
//! used more may call only from what the others who are asking at present leave over. Nobody who asks little is held up by somebody who asks for much, and what nobody asks for
//! goes to whoever does.

use serde::{Deserialize, Serialize};

use super::Meter;
use super::window::{Rule, Window};

/// A seller counts as asking for this long after the last question.
const ASKING_MS: i64 = 2 * 60_000;

/// What one seller used of a limit shared by all.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Share {
    /// The seller's calls.
    pub window: Window,
    /// When the seller last asked.
    pub asked_at_ms: i64,
    /// When the seller was last refused: it would take more.
    pub refused_at_ms: i64,
}

impl Share {
    /// Whether nothing of it matters any more.
    pub fn is_idle(&self, now_ms: i64) -> bool {
        !self.is_asking(now_ms) && self.window.is_idle(Rule::per_hour("", 0), now_ms)
    }

    fn is_asking(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.asked_at_ms) < ASKING_MS
    }

    /// What must be left for it: all of its part when it was refused lately, else as much again as
    /// it has been using.
    fn owed(&self, rule: Rule, part: u32, now_ms: i64) -> u32 {
        let used = self.window.used(rule, now_ms);
        let left = part.saturating_sub(used);
        let wants_more = now_ms.saturating_sub(self.refused_at_ms) < ASKING_MS;
        if wants_more {
            left
        } else {
            left.min(used.max(1))
        }
    }
}

/// When a seller may call: `now_ms`, or when to ask again.
pub(super) fn free_at(
    meter: &mut Meter,
    rule: Rule,
    allowed: u32,
    seller: &str,
    now_ms: i64,
) -> i64 {
    meter.shares.retain(|_, share| !share.is_idle(now_ms));
    meter
        .shares
        .entry(seller.to_owned())
        .or_default()
        .asked_at_ms = now_ms;
    let window = meter.windows.entry(rule.name.to_owned()).or_default();
    let used = window.used(rule, now_ms);
    if used >= allowed {
        let free = window.below_at(rule, allowed, now_ms);
        note_refused(meter, seller, now_ms);
        return free
            .unwrap_or(now_ms.saturating_add(rule.window_ms))
            .max(now_ms + 1);
    }
    let asking = meter
        .shares
        .values()
        .filter(|share| share.is_asking(now_ms))
        .count();
    let part = allowed / u32::try_from(asking.max(1)).unwrap_or(u32::MAX);
    let own = meter
        .shares
        .get(seller)
        .map_or(0, |share| share.window.used(rule, now_ms));
    if own < part.max(1) {
        return now_ms;
    }
    let owed: u32 = meter
        .shares
        .iter()
        .filter(|(id, share)| *id != seller && share.is_asking(now_ms))
        .map(|(_, share)| share.owed(rule, part, now_ms))
        .sum();
    if used.saturating_add(owed) < allowed {
        return now_ms;
    }
    note_refused(meter, seller, now_ms);
    // The next slot frees something, or somebody stops asking.
    now_ms + rule.window_ms / rule.slots
}

fn note_refused(meter: &mut Meter, seller: &str, now_ms: i64) {
    if let Some(share) = meter.shares.get_mut(seller) {
        share.refused_at_ms = now_ms;
    }
}

/// Counts a call of a seller.
pub(super) fn take(meter: &mut Meter, rule: Rule, seller: &str, now_ms: i64) {
    meter
        .windows
        .entry(rule.name.to_owned())
        .or_default()
        .take(rule, now_ms);
    let share = meter.shares.entry(seller.to_owned()).or_default();
    share.window.take(rule, now_ms);
}
