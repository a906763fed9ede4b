//! A second reader's answer on its way back: an internal event of the conversation it is about.

use domain::draft::book::SecondReading;
use domain::reading::{OrderLine, Reading};
use domain::{EventId, SellerId, Timestamp};
use serde::{Deserialize, Serialize};
use store::{EventState, NewEvent};

/// The `object` of internal events.
pub(crate) const OBJECT: &str = "internal";
const KIND: &str = "second_reading";

/// A message that the embedded parser was unsure of.
#[derive(Debug, Clone)]
pub(crate) struct Unsure {
    pub(crate) seller: SellerId,
    pub(crate) account_ids: Vec<String>,
    pub(crate) party_id: Option<String>,
    pub(crate) lane: String,
    pub(crate) mid: String,
    pub(crate) text: String,
    /// The order before the message.
    pub(crate) before: Vec<OrderLine>,
    /// What the embedded parser read.
    pub(crate) embedded: Reading,
}

/// A message with what the second reader made of it, checked already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Reread {
    pub(crate) mid: String,
    pub(crate) text: String,
    pub(crate) second: Box<SecondReading>,
}

impl Reread {
    pub(crate) fn parse(payload: &str) -> Result<Self, String> {
        serde_json::from_str(payload).map_err(|e| format!("a second reading cannot be read: {e}"))
    }

    /// The event that brings it back, in the lane of the message.
    pub(crate) fn event(&self, unsure: &Unsure, now: Timestamp) -> NewEvent {
        NewEvent {
            id: EventId::fresh(),
            received_at: now,
            occurred_at: None,
            dated: false,
            object: OBJECT.to_owned(),
            kind: KIND.to_owned(),
            account_ids: unsure.account_ids.clone(),
            party_id: unsure.party_id.clone(),
            lane: unsure.lane.clone(),
            dedup_key: format!("{KIND}:{}", self.mid),
            payload: serde_json::to_string(self).expect("a reading is plain data"),
            state: EventState::Pending,
            reason: None,
        }
    }
}
