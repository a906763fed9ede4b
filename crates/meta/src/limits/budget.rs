//! Messages before everything else: what a priority may use of an hourly budget.
//!
//! Messages may use all of it. Other work leaves a reserve, and besides what messages have lately
//! been using and a quarter more; and it does not take all it may have at once, so that there is
//! time to see how many messages come.

use super::share::Class;
use super::window::{Rule, Window};
use super::{Limits, Meter, Priority};

/// What the hourly budget is called among a meter's windows.
pub(super) const NAME: &str = "budget";
/// The part of it that was not messages.
const BULK: &str = "bulk";
/// How far back messages are counted to tell how many will come.
const LATELY_MS: i64 = 5 * 60_000;
/// The part of an hour's work that may be done in that time.
const AT_ONCE: u32 = 4;

/// What a priority may use of a limit: messages all of it, other work all but a reserve.
pub(super) fn allowance(calls: u32, priority: Priority, limits: &Limits) -> u32 {
    let reserve = |percent: u32| (u64::from(calls) * u64::from(percent.min(100)) / 100) as u32;
    match priority {
        Priority::Message => calls,
        Priority::Interactive => calls - reserve(limits.message_reserve_percent / 2),
        Priority::Bulk => calls - reserve(limits.message_reserve_percent),
    }
}

/// What the class may have in an hour, and what is left of it.
pub(super) fn room(
    meter: &Meter,
    rule: Rule,
    priority: Priority,
    limits: &Limits,
    now_ms: i64,
) -> (u32, u32) {
    let used = |name: &str| window(meter, name).map_or(0, |w| w.used(rule, now_ms));
    let allowed = allowance(rule.calls, priority, limits);
    let (total, bulk) = (used(NAME), used(BULK));
    if priority != Priority::Bulk {
        return (allowed.saturating_sub(bulk), allowed.saturating_sub(total));
    }
    let lately = |name| window(meter, name).map_or(0, |w| w.used_within(rule, LATELY_MS, now_ms));
    let (total_lately, bulk_lately) = (lately(NAME), lately(BULK));
    let messages = total.saturating_sub(bulk);
    // The slot that the span cuts counts too.
    let per_hour = (rule.window_ms / (LATELY_MS + rule.slot_ms())) as u32;
    let expected = messages.max(
        total_lately
            .saturating_sub(bulk_lately)
            .saturating_mul(per_hour),
    );
    let class = allowed.saturating_sub(messages).min(
        rule.calls
            .saturating_sub(expected.saturating_add(expected / 4)),
    );
    let at_once = (allowed / AT_ONCE).max(1).saturating_sub(bulk_lately);
    (class, class.saturating_sub(bulk).min(at_once))
}

/// When other work may take a call of an account's own budget.
pub(super) fn bulk_free_at(meter: &Meter, rule: Rule, limits: &Limits, now_ms: i64) -> Option<i64> {
    let (_, left) = room(meter, rule, Priority::Bulk, limits, now_ms);
    if left > 0 {
        return Some(now_ms);
    }
    (rule.calls > 0).then(|| now_ms + rule.slot_ms())
}

/// Counts a call.
pub(super) fn take(meter: &mut Meter, rule: Rule, class: Class, now_ms: i64) {
    let mut count = |name: &str| {
        meter
            .windows
            .entry(name.to_owned())
            .or_default()
            .take(rule, now_ms);
    };
    count(rule.name);
    if rule.name == NAME && class == Class::Bulk {
        count(BULK);
    }
}

fn window<'m>(meter: &'m Meter, name: &str) -> Option<&'m Window> {
    meter.windows.get(name)
}
