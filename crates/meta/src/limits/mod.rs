//! When a call may be made: Meta's limits as data, with time as an argument.
//!
//! [`decide`] counts a call and says go, or says when to ask again; [`observe`] learns from the
//! answer. The state is a map of meters and one of sellers' shares, which somebody else stores;
//! [`LimitCall::keys`] and [`LimitCall::share_key`] name what a call changes, so that nodes have it in
//! common row by row. A throttled account waits: calls made while throttled lengthen the block.

mod budget;
mod share;
mod window;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use share::Class;

pub use share::{Share, Shares};
pub use window::{Rule, Window};

use crate::graph::{Advice, Channel, GraphError, Reason, Usage};

/// The server's own limits; the documented ones are in [`LimitCall::rules`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Calls an hour for an account whose seller has no other level: 200.
    pub account_calls_per_hour: u32,
    /// Calls an hour of all sellers together, when the app's limit is known (200 times its daily
    /// active users). Shared out fairly.
    pub app_calls_per_hour: Option<u32>,
    /// Percent of a budget that work other than messages leaves alone.
    pub message_reserve_percent: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            account_calls_per_hour: 200,
            app_calls_per_hour: None,
            message_reserve_percent: 20,
        }
    }
}

/// What a call is for; earlier ones come first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Priority {
    /// A customer waits for it.
    Message,
    /// A person at the dashboard waits for it, or a connection depends on it.
    Interactive,
    /// Syncs and sweeps.
    Bulk,
}

/// Which endpoint, as far as limits tell them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CallKind {
    /// Sends words, links, replies to tap, cards.
    Send(Channel),
    /// Sends a picture or the like.
    SendMedia(Channel),
    /// A private reply to a comment under a post or reel.
    PrivateReply,
    /// A private reply to a comment in a live broadcast.
    PrivateReplyLive,
    /// The Conversations API.
    Conversations,
    /// `items_batch`: a limit of its own, outside the account's budget.
    CatalogBatch,
    /// Status of batches, lists of products, diagnostics: the catalogue's own limit.
    CatalogRead,
    /// The per-item route: the catalogue's limit and the account's budget.
    CatalogItem,
    /// Profiles, media, subscriptions, tokens.
    Other,
}

/// A call about to be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LimitCall<'a> {
    /// Whose work it is; limits shared by all are shared out between these.
    pub seller: &'a str,
    /// The page, Instagram account or phone number whose token is used.
    pub account: &'a str,
    /// The catalogue, for calls about one.
    pub catalog: Option<&'a str>,
    /// Which endpoint.
    pub kind: CallKind,
    /// How urgent.
    pub priority: Priority,
    /// The account's calls an hour, when the seller's level is another than the default.
    pub account_calls_per_hour: Option<u32>,
}

const APP: &str = "app";

impl LimitCall<'_> {
    /// The meters that the call touches.
    pub fn keys(&self) -> Vec<String> {
        let mut keys = vec![APP.to_owned(), self.account_key()];
        keys.extend(self.catalog_key());
        keys
    }

    /// The seller's share of the app's limit that the call counts in; `None`: in none.
    pub fn share_key(&self, limits: &Limits) -> Option<String> {
        (self.in_budget() && limits.app_calls_per_hour.is_some())
            .then(|| self.class().key(self.seller))
    }

    fn account_key(&self) -> String {
        format!("account:{}", self.account)
    }

    fn catalog_key(&self) -> Option<String> {
        self.catalog.map(|id| format!("catalog:{id}"))
    }

    const fn class(&self) -> Class {
        match self.priority {
            Priority::Message | Priority::Interactive => Class::Message,
            Priority::Bulk => Class::Bulk,
        }
    }

    const fn in_budget(&self) -> bool {
        !matches!(self.kind, CallKind::CatalogBatch | CallKind::CatalogRead)
    }

    /// The documented limits of the endpoint (Meta's rate-limiting page), and whether they are the
    /// catalogue's rather than the account's. Where Meta gives two figures, the lower.
    const fn documented(&self) -> Option<(Rule, bool)> {
        let rule = match self.kind {
            CallKind::Send(Channel::Instagram) => Rule::per_second("send", 100),
            CallKind::Send(Channel::Messenger) => Rule::per_second("send", 300),
            CallKind::SendMedia(Channel::Instagram | Channel::Messenger) => {
                Rule::per_second("send_media", 10)
            }
            CallKind::Send(Channel::Whatsapp) | CallKind::SendMedia(Channel::Whatsapp) => {
                Rule::per_second("send_wa", 80)
            }
            CallKind::PrivateReply => Rule::per_hour("private_reply", 750),
            CallKind::PrivateReplyLive => Rule::per_second("private_reply_live", 100),
            CallKind::Conversations => Rule::per_second("conversations", 2),
            CallKind::CatalogBatch => return Some((Rule::per_minute("batch", 8), true)),
            CallKind::CatalogRead | CallKind::CatalogItem => {
                return Some((Rule::per_hour("manage", 20_000), true));
            }
            CallKind::Other => return None,
        };
        Some((rule, false))
    }

    /// Every rule that holds for the call, with the meter it counts on.
    pub fn rules(&self, limits: &Limits) -> Vec<(String, Rule)> {
        let mut rules = Vec::with_capacity(3);
        if let Some((rule, of_catalog)) = self.documented() {
            let key = self.catalog_key().filter(|_| of_catalog);
            rules.push((key.unwrap_or_else(|| self.account_key()), rule));
        }
        if self.in_budget() {
            let calls = self
                .account_calls_per_hour
                .unwrap_or(limits.account_calls_per_hour);
            rules.push((self.account_key(), Rule::per_hour(budget::NAME, calls)));
        }
        rules
    }
}

/// What is known of one account, one catalogue, or the app.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Meter {
    /// Calls counted, by rule.
    pub windows: BTreeMap<String, Window>,
    /// No calls before this time.
    pub paused_until_ms: i64,
    /// No calls but messages before this time.
    pub bulk_paused_until_ms: i64,
    /// Refusals in a row.
    pub strikes: u32,
}

/// All meters, or as many as somebody loaded; and every seller's share, by which the app's limit is
/// divided.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct LimitState {
    /// By key; see [`LimitCall::keys`].
    pub meters: BTreeMap<String, Meter>,
    /// By key; see [`LimitCall::share_key`].
    pub shares: Shares,
}

/// Whether a call may be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Now; it has been counted.
    Go,
    /// Not before this time (milliseconds since 1970); ask again then.
    WaitUntil(i64),
}

/// Percent of a limit from which only messages go on for a minute.
const BUSY_PERCENT: u32 = 75;
/// Percent of a limit from which nothing does.
const FULL_PERCENT: u32 = 95;
const MINUTE_MS: i64 = 60_000;

/// Decides about a call and counts it when it may go.
pub fn decide(
    state: &mut LimitState,
    limits: &Limits,
    call: &LimitCall<'_>,
    now_ms: i64,
) -> Decision {
    let mut wait = now_ms;
    for key in call.keys() {
        if let Some(meter) = state.meters.get(&key) {
            wait = wait.max(meter.paused_until_ms);
            if call.priority != Priority::Message {
                wait = wait.max(meter.bulk_paused_until_ms);
            }
        }
    }
    let rules = call.rules(limits);
    let class = call.class();
    for (key, rule) in &rules {
        let meter = state.meters.get(key);
        let free = match meter {
            Some(meter) if class == Class::Bulk && rule.name == budget::NAME => {
                budget::bulk_free_at(meter, *rule, limits, now_ms)
            }
            _ => {
                let calls = budget::allowance(rule.calls, call.priority, limits);
                match meter.and_then(|meter| meter.windows.get(rule.name)) {
                    Some(window) => window.below_at(*rule, calls, now_ms),
                    None => (calls > 0).then_some(now_ms),
                }
            }
        };
        // A budget of nothing never frees; asking again after a window costs nothing.
        wait = wait.max(free.unwrap_or(now_ms.saturating_add(rule.window_ms)));
    }
    let shared = limits
        .app_calls_per_hour
        .filter(|_| call.in_budget())
        .map(|calls| Rule::per_hour(budget::NAME, calls));
    if let Some(rule) = shared {
        let meter = state.meters.entry(APP.to_owned()).or_default();
        let room = budget::room(meter, rule, call.priority, limits, now_ms);
        let free = share::free_at(&mut state.shares, rule, room, class, call.seller, now_ms);
        wait = wait.max(free);
    }
    if wait > now_ms {
        return Decision::WaitUntil(wait);
    }
    for (key, rule) in rules {
        let meter = state.meters.entry(key).or_default();
        budget::take(meter, rule, class, now_ms);
    }
    if let Some(rule) = shared {
        let meter = state.meters.entry(APP.to_owned()).or_default();
        budget::take(meter, rule, class, now_ms);
        share::take(&mut state.shares, class, call.seller, now_ms);
    }
    Decision::Go
}

/// Learns from an answer: the usage headers of any, and the error if it was one.
pub fn observe(
    state: &mut LimitState,
    call: &LimitCall<'_>,
    usage: &Usage,
    error: Option<&GraphError>,
    now_ms: i64,
) {
    if let Some(app) = usage.app {
        let meter = state.meters.entry(APP.to_owned()).or_default();
        meter.note_percent(app.highest(), now_ms);
    }
    for line in &usage.business {
        // The header names catalogues, accounts and businesses; what is not the catalogue in hand
        // is taken to be about the account that called.
        let key = match call.catalog_key() {
            Some(key) if call.catalog == Some(line.object_id.as_str()) => key,
            _ => call.account_key(),
        };
        let meter = state.meters.entry(key).or_default();
        meter.note_percent(line.percent.highest(), now_ms);
        if line.regain_minutes > 0 {
            meter.pause_until(now_ms + i64::from(line.regain_minutes) * MINUTE_MS);
        }
    }
    let keys = call.keys();
    let Some(error) = error else {
        for key in &keys {
            if let Some(meter) = state.meters.get_mut(key) {
                meter.strikes = 0;
            }
        }
        return;
    };
    if !matches!(error.advice, Advice::Wait { .. }) || error.reason == Reason::RecipientThrottled {
        return;
    }
    let key = match (error.code(), keys.last()) {
        (Some((4, _)), _) => APP.to_owned(),
        (Some((80_009 | 80_014, _)), Some(last)) => last.clone(),
        _ => call.account_key(),
    };
    let meter = state.meters.entry(key).or_default();
    meter.strikes = meter.strikes.saturating_add(1);
    if let Some(seconds) = error.advice.delay_seconds(meter.strikes) {
        meter.pause_until(now_ms + i64::from(seconds) * 1_000);
    }
}

impl Meter {
    fn pause_until(&mut self, until_ms: i64) {
        self.paused_until_ms = self.paused_until_ms.max(until_ms);
    }

    fn note_percent(&mut self, percent: u32, now_ms: i64) {
        if percent >= FULL_PERCENT {
            self.pause_until(now_ms + MINUTE_MS);
        } else if percent >= BUSY_PERCENT {
            self.bulk_paused_until_ms = self.bulk_paused_until_ms.max(now_ms + MINUTE_MS);
        }
    }

    /// Whether nothing of it matters any more.
    fn is_idle(&self, now_ms: i64) -> bool {
        const LONGEST: Rule = Rule::per_hour("", 0);
        // Slots of shorter rules have larger numbers: under the longest rule they would count for
        // ever, so what they count is looked at through the pauses and the hourly rules only.
        self.paused_until_ms <= now_ms
            && self.bulk_paused_until_ms <= now_ms
            && self.strikes == 0
            && ["budget", "private_reply", "manage"]
                .iter()
                .filter_map(|name| self.windows.get(*name))
                .all(|window| window.is_idle(LONGEST, now_ms))
    }
}

impl LimitState {
    /// Forgets meters and shares of which nothing matters any more.
    pub fn prune(&mut self, now_ms: i64) {
        self.meters.retain(|_, meter| !meter.is_idle(now_ms));
        self.shares.retain(|_, share| !share.is_idle(now_ms));
    }
}

#[cfg(test)]
mod tests;
