//! Keeping a seller's catalogue at Meta the mirror of her products, and saying of every item what
//! became of it.
//!
//! A run is a sequence of small steps, each of which ends in a stored state: a crash costs at most
//! the batch under way. Phases: *refresh* (products → items with a content hash), *send* (one batch
//! in flight), *settle* (its handle polled to the end), *read back* (Meta's own listing against
//! ours), *finish*. The decisions are in [`plan`].

mod catalogs;
pub mod item;
pub mod plan;
mod readback;
mod refresh;
mod repair;
mod run;
mod schedule;
mod send;
mod settle;
mod state;

pub use catalogs::CatalogSettings;
pub use item::ItemState;
pub use run::SyncStep;

/// What a run sends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncKind {
    /// Everything again; what Meta holds is compared with what is here.
    Full,
    /// What changed since Meta last took it.
    Incremental,
}

impl SyncKind {
    /// The word in tables and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::Incremental => "incremental",
        }
    }

    /// Reads the word.
    #[must_use]
    pub fn parse(word: &str) -> Option<Self> {
        match word {
            "full" => Some(Self::Full),
            "incremental" => Some(Self::Incremental),
            _ => None,
        }
    }
}

/// Why a run was begun.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SyncCause {
    /// A person asked.
    Hand,
    /// Its time had come.
    Schedule,
    /// Products changed.
    Change,
    /// The one before ended early.
    Resume,
}

impl SyncCause {
    /// The word in tables and the API.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Hand => "hand",
            Self::Schedule => "schedule",
            Self::Change => "change",
            Self::Resume => "resume",
        }
    }
}
