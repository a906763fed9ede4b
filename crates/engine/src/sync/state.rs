//! What a catalogue's sync remembers between its steps: one JSON document with the catalogue.

use domain::{ProductId, Timestamp};
use serde::{Deserialize, Serialize};

/// Where a run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Phase {
    /// Products are compared with what is recorded of their items.
    #[default]
    Refresh,
    /// Items are sent.
    Send,
    /// Meta's listing is compared with what is recorded.
    ReadBack,
    /// Nothing is left to do.
    Finish,
}

/// The document. A field that an older one lacks gets its default.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct SyncState {
    pub(super) phase: Phase,
    /// Products up to this catalogue version are reflected in the items.
    pub(super) refreshed: i64,
    /// The version that the refresh under way will have reached.
    pub(super) refreshing: i64,
    /// The last product that it looked at.
    pub(super) refresh_after: Option<ProductId>,
    /// Digest of what of the shop goes into every item (name, addresses): a change refreshes all.
    pub(super) facts: String,
    /// When the batches of the last minute were sent.
    pub(super) batches: Vec<Timestamp>,
    /// Items of one batch at most, after Meta asked for less; 0: the usual.
    pub(super) batch_items: usize,
    /// Calls that failed in a row.
    pub(super) failures: u32,
    /// Items to be looked up one by one; a longer list becomes a listing of everything.
    pub(super) look_up: Vec<String>,
    /// Whether the read-back lists everything.
    pub(super) list_all: bool,
    /// When the listing under way began, and its cursor.
    pub(super) listing: Option<Listing>,
    /// When the last listing of everything began.
    pub(super) listed_at: Option<Timestamp>,
    /// How often this run went back to sending after a read-back.
    pub(super) rounds: u32,
}

/// A listing under way.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct Listing {
    pub(super) since: Timestamp,
    pub(super) after: Option<String>,
}

/// More items than this are not looked up one by one.
pub(super) const LOOK_UP_MAX: usize = 20;

impl SyncState {
    /// Reads the document; one that cannot be read starts afresh.
    pub(super) fn read(settings: &str) -> Self {
        serde_json::from_str(settings).unwrap_or_default()
    }

    pub(super) fn write(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Prepares for a new run.
    pub(super) fn begin(&mut self, full: bool) {
        self.phase = Phase::Refresh;
        self.refresh_after = None;
        self.failures = 0;
        self.rounds = 0;
        self.listing = None;
        self.list_all |= full;
        if full {
            self.refreshed = 0;
        }
    }

    /// Remembers that an item's fate at Meta is to be read back.
    pub(super) fn will_look_up(&mut self, ids: impl IntoIterator<Item = String>) {
        if self.list_all {
            return;
        }
        self.look_up.extend(ids);
        self.look_up.sort();
        self.look_up.dedup();
        if self.look_up.len() > LOOK_UP_MAX {
            self.look_up.clear();
            self.list_all = true;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{LOOK_UP_MAX, Phase, SyncState};

    #[test]
    fn an_unreadable_document_starts_afresh_and_an_old_one_gets_defaults() {
        assert_eq!(SyncState::read("not json"), SyncState::default());
        let old = SyncState::read(r#"{"phase":"send","refreshed":7}"#);
        assert_eq!((old.phase, old.refreshed, old.rounds), (Phase::Send, 7, 0));
    }

    #[test]
    fn many_look_ups_become_one_listing() {
        let mut state = SyncState::default();
        state.will_look_up(["a".to_owned(), "a".to_owned()]);
        assert_eq!(state.look_up, ["a"]);
        state.will_look_up((0..LOOK_UP_MAX).map(|i| i.to_string()));
        assert!(state.list_all && state.look_up.is_empty());
    }
}
