//! Webhooks out: updates wait in a queue, are put into signed bodies, posted, retried with
//! growing gaps, and after an hour of failures the app is unsubscribed, as Meta does.

use crate::config::DeliveryStyle;
use crate::record::DeliveryRecord;
use crate::token::hmac_hex;
use crate::world::{DAY, HOUR, MINUTE, World};
use serde_json::{Value, json};
use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;

/// Waits between attempts, milliseconds. Meta publishes no figures, only "at once, then a few
/// more times with growing gaps" for 36 hours.
const GAPS: &[i64] = &[
    0,
    1000,
    5000,
    30_000,
    2 * MINUTE,
    10 * MINUTE,
    30 * MINUTE,
    HOUR,
    2 * HOUR,
    6 * HOUR,
    12 * HOUR,
];
const GIVE_UP: i64 = 36 * HOUR;
const GIVE_UP_WHATSAPP: i64 = 7 * DAY;
const ALERT_AFTER: i64 = 15 * MINUTE;
const DISABLE_AFTER: i64 = HOUR;

/// One update for one asset, before it is put into a body.
#[derive(Clone, Debug)]
pub(crate) struct Update {
    pub(crate) app: String,
    pub(crate) object: &'static str,
    /// `entry.id`; updates that are told apart from the asset (the dashboard's test) have "0".
    pub(crate) entry_id: String,
    pub(crate) asset: String,
    pub(crate) part: Part,
    /// Signed with the Instagram app secret.
    pub(crate) instagram_secret: bool,
}

/// In which of the documented places of an entry the item stands.
#[derive(Clone, Debug)]
pub(crate) enum Part {
    Messaging(Value),
    Standby(Value),
    Changes {
        field: String,
        value: Value,
    },
    /// `field` and `value` on the entry itself.
    Flat {
        field: String,
        value: Value,
    },
    /// A whole body, sent as it is.
    Raw(String),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Pending,
    InFlight,
    Delivered,
    Dropped,
}

/// One POST, tried until it is answered 200 or given up.
#[derive(Clone, Debug)]
pub(crate) struct Delivery {
    pub(crate) id: u64,
    pub(crate) app: String,
    pub(crate) object: &'static str,
    pub(crate) asset: String,
    pub(crate) url: String,
    pub(crate) signature: String,
    pub(crate) body: String,
    pub(crate) attempts: u32,
    pub(crate) first_at: i64,
    pub(crate) due_at: i64,
    pub(crate) at: i64,
    pub(crate) status: u16,
    pub(crate) state: State,
}

/// The queue and what came of it.
#[derive(Debug)]
pub(crate) struct Outbound {
    pub(crate) style: DeliveryStyle,
    pub(crate) held: bool,
    pub(crate) updates: VecDeque<Update>,
    /// Pending and in flight.
    pub(crate) open: Vec<Delivery>,
    pub(crate) done: VecDeque<Delivery>,
    /// Developer alerts ("Webhooks Disabled").
    pub(crate) alerts: Vec<String>,
    /// Lose that many updates: Meta never delivers them.
    pub(crate) lose: u32,
    failing_since: BTreeMap<(String, String), i64>,
    next_id: u64,
}

impl Outbound {
    pub(crate) fn new(style: DeliveryStyle) -> Self {
        Self {
            style,
            held: false,
            updates: VecDeque::new(),
            open: Vec::new(),
            done: VecDeque::new(),
            alerts: Vec::new(),
            lose: 0,
            failing_since: BTreeMap::new(),
            next_id: 1,
        }
    }

    /// Nothing is waiting to be tried now (later retries do not count).
    pub(crate) fn is_idle(&self, now: i64) -> bool {
        (self.held || self.updates.is_empty())
            && self
                .open
                .iter()
                .all(|d| d.state == State::Pending && d.due_at > now)
    }

    /// When the next retry is due.
    pub(crate) fn next_due(&self) -> Option<i64> {
        self.open
            .iter()
            .filter(|d| d.state == State::Pending)
            .map(|d| d.due_at)
            .min()
    }

    /// Every delivery, oldest first.
    pub(crate) fn records(&self) -> Vec<DeliveryRecord> {
        let mut all: Vec<_> = self.done.iter().chain(&self.open).map(record).collect();
        all.sort_by_key(|d| d.id);
        all
    }
}

fn record(delivery: &Delivery) -> DeliveryRecord {
    DeliveryRecord {
        id: delivery.id,
        at: delivery.at,
        object: delivery.object.to_owned(),
        attempts: delivery.attempts,
        status: delivery.status,
        state: match delivery.state {
            State::Pending | State::InFlight => "pending",
            State::Delivered => "delivered",
            State::Dropped => "dropped",
        },
        body: delivery.body.clone(),
    }
}

/// JSON as Meta writes it: everything beyond ASCII as `\uXXXX` in lowercase hex.
pub(crate) fn escaped(value: &Value, slashes: bool) -> String {
    let plain = value.to_string();
    let mut out = String::with_capacity(plain.len() + 16);
    for c in plain.chars() {
        if c == '/' && slashes {
            out.push_str("\\/");
        } else if c.is_ascii() {
            out.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                let _ = write!(out, "\\u{unit:04x}");
            }
        }
    }
    out
}

impl World {
    /// Turns waiting updates into deliveries, unless they are held back.
    fn pack(&mut self) {
        if self.outbound.held || self.outbound.updates.is_empty() {
            return;
        }
        let mut updates: Vec<_> = self.outbound.updates.drain(..).collect();
        if self.outbound.style.shuffle {
            self.rng.shuffle(&mut updates);
        }
        let most = self.outbound.style.batch.clamp(1, 1000);
        let mut groups: Vec<Vec<Update>> = Vec::new();
        for update in updates {
            let fits = groups.last().is_some_and(|g| {
                let last = &g[g.len() - 1];
                g.len() < most
                    && last.app == update.app
                    && last.object == update.object
                    && last.instagram_secret == update.instagram_secret
                    && !matches!(last.part, Part::Raw(_))
                    && !matches!(update.part, Part::Raw(_))
            });
            match groups.last_mut() {
                Some(group) if fits => group.push(update),
                _ => groups.push(vec![update]),
            }
        }
        for group in groups {
            for _ in 0..=self.outbound.style.duplicates {
                self.enqueue(&group);
            }
        }
    }

    fn enqueue(&mut self, group: &[Update]) {
        let Some(first) = group.first() else { return };
        let Some(app) = self.apps.get(&first.app) else {
            return;
        };
        let secret = if first.instagram_secret {
            &app.instagram_secret
        } else {
            &app.secret
        };
        let over = self
            .wabas
            .get(&first.asset)
            .and_then(|w| w.subscribed.get(&first.app))
            .and_then(Option::as_ref)
            .map(|(url, _)| url.clone());
        let Some(url) = over.or_else(|| {
            app.subscriptions
                .get(first.object)
                .map(|s| s.callback_url.clone())
        }) else {
            return;
        };
        let now = self.clock.now();
        let body = match &first.part {
            Part::Raw(body) => body.clone(),
            _ => escaped(&envelope(group, now), self.outbound.style.escape_slashes),
        };
        let signature = format!("sha256={}", hmac_hex(secret, body.as_bytes()));
        let id = self.outbound.next_id;
        self.outbound.next_id += 1;
        self.outbound.open.push(Delivery {
            id,
            app: first.app.clone(),
            object: first.object,
            asset: first.asset.clone(),
            url,
            signature,
            body,
            attempts: 0,
            first_at: now,
            due_at: now,
            at: now,
            status: 0,
            state: State::Pending,
        });
    }

    /// Delivers an old body once more. False when there is no such delivery.
    pub(crate) fn redeliver(&mut self, id: u64) -> bool {
        let found = self
            .outbound
            .done
            .iter()
            .chain(&self.outbound.open)
            .find(|d| d.id == id);
        let Some(mut again) = found.cloned() else {
            return false;
        };
        let now = self.now();
        again.id = self.outbound.next_id;
        self.outbound.next_id += 1;
        again.attempts = 0;
        again.state = State::Pending;
        again.status = 0;
        (again.first_at, again.due_at, again.at) = (now, now, now);
        self.outbound.open.push(again);
        true
    }

    /// The next delivery that is due, marked as in flight.
    pub(crate) fn take_delivery(&mut self) -> Option<Delivery> {
        self.pack();
        let now = self.now();
        let delivery = self
            .outbound
            .open
            .iter_mut()
            .filter(|d| d.state == State::Pending && d.due_at <= now)
            .min_by_key(|d| (d.due_at, d.id))?;
        delivery.state = State::InFlight;
        delivery.attempts += 1;
        Some(delivery.clone())
    }

    /// Records the answer to a delivery: 0 when there was none.
    pub(crate) fn finish_delivery(&mut self, id: u64, status: u16) {
        let now = self.now();
        let Some(at) = self.outbound.open.iter().position(|d| d.id == id) else {
            return;
        };
        let delivery = &mut self.outbound.open[at];
        delivery.at = now;
        delivery.status = status;
        let key = (delivery.app.clone(), delivery.asset.clone());
        if status == 200 || (delivery.object != "whatsapp_business_account" && status / 100 == 2) {
            self.outbound.failing_since.remove(&key);
            self.close(at, State::Delivered);
            return;
        }
        let limit = match delivery.object {
            "whatsapp_business_account" => GIVE_UP_WHATSAPP,
            _ => GIVE_UP,
        };
        let gap = GAPS[(delivery.attempts as usize - 1).min(GAPS.len() - 1)];
        delivery.state = State::Pending;
        delivery.due_at = now + gap;
        if delivery.due_at - delivery.first_at > limit {
            self.close(at, State::Dropped);
        }
        self.note_failure(key, now);
    }

    fn close(&mut self, at: usize, state: State) {
        let mut delivery = self.outbound.open.remove(at);
        delivery.state = state;
        self.outbound.done.push_back(delivery);
        while self.outbound.done.len() > self.config.history {
            self.outbound.done.pop_front();
        }
    }

    /// Alerts after 15 minutes of failures, unsubscribes the asset after an hour.
    fn note_failure(&mut self, key: (String, String), now: i64) {
        let since = *self
            .outbound
            .failing_since
            .entry(key.clone())
            .or_insert(now);
        let (app, asset) = &key;
        if now - since >= ALERT_AFTER {
            let text = format!("Webhooks Failing: {asset}");
            if !self.outbound.alerts.contains(&text) {
                self.outbound.alerts.push(text);
            }
        }
        if now - since < DISABLE_AFTER || self.wabas.contains_key(asset) {
            return;
        }
        self.outbound
            .alerts
            .push(format!("Webhooks Disabled: {asset}"));
        self.unsubscribe(app, asset);
        self.outbound.failing_since.remove(&key);
        let gone: Vec<_> = self
            .outbound
            .open
            .iter()
            .filter(|d| d.app == *app && d.asset == *asset && d.state == State::Pending)
            .map(|d| d.id)
            .collect();
        for id in gone {
            if let Some(at) = self.outbound.open.iter().position(|d| d.id == id) {
                self.close(at, State::Dropped);
            }
        }
    }
}

/// The body for updates of one object; neighbours of one asset share an entry.
fn envelope(group: &[Update], now: i64) -> Value {
    let mut entries: Vec<Value> = Vec::new();
    for update in group {
        let (list, item) = match &update.part {
            Part::Messaging(item) => ("messaging", item.clone()),
            Part::Standby(item) => ("standby", item.clone()),
            Part::Changes { field, value } => ("changes", json!({"field": field, "value": value})),
            Part::Flat { field, value } => {
                let time = now / 1000;
                entries.push(
                    json!({"id": update.entry_id, "time": time, "field": field, "value": value}),
                );
                continue;
            }
            Part::Raw(_) => continue,
        };
        if let Some(last) = entries.last_mut()
            && last["id"] == update.entry_id.as_str()
            && let Some(items) = last.get_mut(list).and_then(Value::as_array_mut)
        {
            items.push(item);
            continue;
        }
        let seconds = list == "changes";
        let mut entry = json!({
            "id": update.entry_id,
            "time": if seconds { now / 1000 } else { now },
        });
        if update.object == "whatsapp_business_account"
            && let Some(map) = entry.as_object_mut()
        {
            map.remove("time");
        }
        entry[list] = json!([item]);
        entries.push(entry);
    }
    json!({"object": group[0].object, "entry": entries})
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bodies_are_ascii_with_lowercase_escapes() {
        let body = escaped(&json!({"text": "café 😀"}), false);
        assert_eq!(body, r#"{"text":"caf\u00e9 \ud83d\ude00"}"#);
        assert_eq!(escaped(&json!("a/b"), true), r#""a\/b""#);
    }

    #[test]
    fn the_signature_matches_the_published_vector() {
        let body = concat!(
            r#"{"object":"instagram","entry":[{"id":"17840000000000001","time":1760000000123,"#,
            r#""messaging":[{"sender":{"id":"900100200300400"},"recipient":{"id":"17840000000000001"},"#,
            r#""timestamp":1760000000000,"message":{"mid":"m_test_1","text":"caf\u00e9 x2 \ud83d\ude00"}}]}]}"#
        );
        assert_eq!(
            hmac_hex("0f1e2d3c4b5a69788796a5b4c3d2e1f0", body.as_bytes()),
            "8db4ece6f30a25d383503c8041e25ff632264393815474e07ca24ff718a8e851"
        );
    }
}
