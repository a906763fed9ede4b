//! Why a use case did not do what was asked: one sentence each, with what to do about it.

use domain::catalog::RetailerId;
use domain::conversation::window::Refusal;
use store::StoreError;

/// A failure of the shell itself.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The store.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The server's own set-up.
    #[error("{0}")]
    Setup(String),
}

/// Why a person's request was not carried out.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// No such thing, or another seller's.
    #[error("there is no such {0}")]
    Missing(&'static str),
    /// Somebody (the customer, too) changed it since it was read.
    #[error(
        "this changed since you looked at it; look at it again and repeat if it is still right"
    )]
    Changed,
    /// The rules do not allow it.
    #[error("{0}")]
    Refused(String),
    /// Too little stock.
    #[error("there is too little stock for {}; lower the quantity, restock, or confirm with overselling allowed", list(.0))]
    OutOfStock(Vec<(RetailerId, i64)>),
    /// A value that cannot be.
    #[error("{field}: {problem}")]
    Invalid {
        /// Which.
        field: &'static str,
        /// What is wrong with it and what to do.
        problem: String,
    },
    /// Meta does not allow sending now.
    #[error("{0}")]
    Window(Refusal),
    /// The store.
    #[error(transparent)]
    Store(StoreError),
}

fn list(short: &[(RetailerId, i64)]) -> String {
    let items: Vec<_> = short
        .iter()
        .map(|(item, free)| format!("{item} ({free} left)"))
        .collect();
    items.join(", ")
}

impl From<StoreError> for ActionError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Missing(noun) => Self::Missing(noun),
            StoreError::Conflict => Self::Changed,
            other => Self::Store(other),
        }
    }
}
