//! Sharing out a limit that all sellers have in common.
//!
//! Whoever has used less than an equal part of it may call as long as anything is left. Whoever has
//! used more may call only from what the others who are asking at present leave over. Nobody who
//! asks little is held up by somebody who asks for much, and what nobody asks for goes to whoever
//! does.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::window::{Rule, Window};

/// A seller counts as asking for this long after the last question.
const ASKING_MS: i64 = 2 * 60_000;

/// A seller's own count is coarser than the limit's: it decides who comes first, not how much goes,
/// and there may be thousands of them.
const HOUR: Rule = Rule {
    name: "share",
    calls: 0,
    window_ms: 3_600_000,
    slots: 12,
};

/// What each seller used of a limit shared by all.
pub type Shares = BTreeMap<String, Share>;

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
        !self.is_asking(now_ms) && self.used(now_ms) == 0
    }

    fn used(&self, now_ms: i64) -> u32 {
        self.window.used(HOUR, now_ms)
    }

    fn is_asking(&self, now_ms: i64) -> bool {
        now_ms.saturating_sub(self.asked_at_ms) < ASKING_MS
    }

    /// What must be left for it: all of its part when it was refused lately, else as much again as
    /// it has been using.
    fn owed(&self, part: u32, now_ms: i64) -> u32 {
        let used = self.used(now_ms);
        let left = part.saturating_sub(used);
        let wants_more = now_ms.saturating_sub(self.refused_at_ms) < ASKING_MS;
        if wants_more {
            left
        } else {
            left.min(used.max(1))
        }
    }
}

/// What is asked for: messages, or work that can wait. Each is shared out among those who ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Class {
    Message,
    Bulk,
}

impl Class {
    pub(super) fn key(self, seller: &str) -> String {
        match self {
            Self::Message => format!("m:{seller}"),
            Self::Bulk => format!("b:{seller}"),
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Self::Message => "m:",
            Self::Bulk => "b:",
        }
    }
}

/// When a seller may take one of the `left` calls out of `allowed` that the class may still make:
/// `now_ms`, or when to ask again.
pub(super) fn free_at(
    shares: &mut Shares,
    rule: Rule,
    (allowed, left): (u32, u32),
    class: Class,
    seller: &str,
    now_ms: i64,
) -> i64 {
    let key = class.key(seller);
    if !shares.contains_key(&key) {
        // Whoever comes in sweeps up behind those who left: there are never more than were here
        // within the hour.
        shares.retain(|_, share| !share.is_idle(now_ms));
    }
    shares.entry(key.clone()).or_default().asked_at_ms = now_ms;
    let peers = || {
        shares
            .iter()
            .filter(|(id, share)| id.starts_with(class.prefix()) && share.is_asking(now_ms))
    };
    let part = allowed / u32::try_from(peers().count().max(1)).unwrap_or(u32::MAX);
    let own = shares.get(&key).map_or(0, |share| share.used(now_ms));
    if left > 0 {
        if own < part.max(1) {
            return now_ms;
        }
        let owed: u32 = peers()
            .filter(|(id, _)| **id != key)
            .map(|(_, share)| share.owed(part, now_ms))
            .sum();
        if owed < left {
            return now_ms;
        }
    }
    if let Some(share) = shares.get_mut(&key) {
        share.refused_at_ms = now_ms;
    }
    // The next slot frees something, or somebody stops asking.
    now_ms + rule.slot_ms()
}

/// Counts a call of a seller.
pub(super) fn take(shares: &mut Shares, class: Class, seller: &str, now_ms: i64) {
    let share = shares.entry(class.key(seller)).or_default();
    share.window.take(HOUR, now_ms);
}
