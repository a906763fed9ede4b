//! One item of a catalogue at Meta, as it is recorded here, and the states it can be in.

use std::fmt;
use std::str::FromStr;

/// Where an item stands. "Accepted", "under review", "visible" and "rejected" are different things.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum ItemState {
    /// To be sent.
    Pending,
    /// Breaks one of Meta's rules; not sent until it is mended.
    HeldBack,
    /// In a batch whose end is not known yet.
    Sent,
    /// Taken by the API; nothing is known of its review.
    Accepted,
    /// Taken, and being reviewed.
    UnderReview,
    /// Taken, reviewed and approved.
    Visible,
    /// Refused by the API.
    Rejected,
    /// Taken by the API and refused by the review.
    ReviewRejected,
    /// Its deletion is in a batch whose end is not known yet.
    Deleting,
    /// Deleted there.
    Deleted,
    /// In the catalogue there and never ours: left alone.
    Foreign,
}

impl ItemState {
    /// All of them.
    pub const ALL: [Self; 11] = [
        Self::Pending,
        Self::HeldBack,
        Self::Sent,
        Self::Accepted,
        Self::UnderReview,
        Self::Visible,
        Self::Rejected,
        Self::ReviewRejected,
        Self::Deleting,
        Self::Deleted,
        Self::Foreign,
    ];

    /// The word in tables and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::HeldBack => "held_back",
            Self::Sent => "sent",
            Self::Accepted => "accepted",
            Self::UnderReview => "under_review",
            Self::Visible => "visible",
            Self::Rejected => "rejected",
            Self::ReviewRejected => "review_rejected",
            Self::Deleting => "deleting",
            Self::Deleted => "deleted",
            Self::Foreign => "foreign",
        }
    }
}

impl fmt::Display for ItemState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ItemState {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == text)
            .ok_or_else(|| format!("`{text}` is no state of a catalog item"))
    }
}

/// What an item needs next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// Nothing.
    Nothing,
    /// To be sent, as it is now.
    Upsert,
    /// To be deleted there.
    Delete,
    /// To be forgotten here: it never was there.
    Forget,
}

/// An item as recorded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncItem {
    /// The seller's id of it.
    pub retailer_id: String,
    /// The product it is a variant of.
    pub group_id: Option<String>,
    /// Hash of what it is now; `None`: it is gone here.
    pub content: Option<Vec<u8>>,
    /// Hash of what was sent last.
    pub sent: Option<Vec<u8>>,
    /// Hash of what Meta took last.
    pub accepted: Option<Vec<u8>>,
    /// Meta's id of it.
    pub external_id: Option<String>,
    /// Where it stands.
    pub state: ItemState,
    /// What is wrong with it, for the seller.
    pub messages: Vec<String>,
}
