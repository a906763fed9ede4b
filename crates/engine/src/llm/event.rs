//! A second reader's answer on its way back: an internal event of the conversation it is about.

use domain::reading::Reading;
use serde::{Deserialize, Serialize};

/// The `object` of internal events.
pub(crate) const OBJECT: &str = "internal";
/// The kind of a second reading.
pub(crate) const KIND: &str = "second_reading";

/// A message with a second reader's reading, checked already.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct SecondReading {
    /// The message.
    pub(crate) mid: String,
    /// Its words when it was asked.
    pub(crate) text: String,
    /// The reading.
    pub(crate) reading: Reading,
}

impl SecondReading {
    pub(crate) fn parse(payload: &str) -> Result<Self, String> {
        serde_json::from_str(payload).map_err(|e| format!("a second reading cannot be read: {e}"))
    }
}
