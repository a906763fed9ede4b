//! The states of an order and the one table of its transitions.
//!
//! A seller may skip forward (cash on delivery skips `paid`, a pick-up skips `shipped`), never back.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Where an order stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrderStatus {
    /// Agreed; stock is reserved.
    Confirmed,
    /// The money is there.
    Paid,
    /// Ready to leave.
    Packed,
    /// On its way.
    Shipped,
    /// With the customer.
    Delivered,
    /// Called off before it left.
    Cancelled,
    /// Came back.
    Returned,
}

use OrderStatus::{Cancelled, Confirmed, Delivered, Packed, Paid, Returned, Shipped};

/// Every transition there is.
pub const TRANSITIONS: &[(OrderStatus, OrderStatus)] = &[
    (Confirmed, Paid),
    (Confirmed, Packed),
    (Confirmed, Shipped),
    (Confirmed, Delivered),
    (Confirmed, Cancelled),
    (Paid, Packed),
    (Paid, Shipped),
    (Paid, Delivered),
    (Paid, Cancelled),
    (Packed, Shipped),
    (Packed, Delivered),
    (Packed, Cancelled),
    (Shipped, Delivered),
    (Shipped, Returned),
    (Delivered, Returned),
];

/// A transition that the table does not have.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an order that is {from} cannot become {to}; from here it can become {}", list(*.from))]
pub struct RefusedTransition {
    /// Where the order stands.
    pub from: OrderStatus,
    /// Where it was to go.
    pub to: OrderStatus,
}

fn list(from: OrderStatus) -> String {
    let next: Vec<_> = from.next().map(OrderStatus::as_str).collect();
    if next.is_empty() {
        "nothing else".to_owned()
    } else {
        next.join(", ")
    }
}

impl OrderStatus {
    /// All of them, in the order of an order's life.
    pub const ALL: [Self; 7] = [
        Confirmed, Paid, Packed, Shipped, Delivered, Cancelled, Returned,
    ];

    /// The word used in tables, the API and screens.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Confirmed => "confirmed",
            Paid => "paid",
            Packed => "packed",
            Shipped => "shipped",
            Delivered => "delivered",
            Cancelled => "cancelled",
            Returned => "returned",
        }
    }

    /// The states that may follow.
    pub fn next(self) -> impl Iterator<Item = Self> {
        TRANSITIONS
            .iter()
            .filter(move |(from, _)| *from == self)
            .map(|(_, to)| *to)
    }

    /// Checks a transition against the table.
    pub fn go(self, to: Self) -> Result<Self, RefusedTransition> {
        if TRANSITIONS.contains(&(self, to)) {
            Ok(to)
        } else {
            Err(RefusedTransition { from: self, to })
        }
    }

    /// Whether entering this state gives the reserved stock back.
    #[must_use]
    pub const fn releases_stock(self) -> bool {
        matches!(self, Cancelled)
    }
}

impl fmt::Display for OrderStatus {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for OrderStatus {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Self::ALL
            .into_iter()
            .find(|status| status.as_str() == text)
            .ok_or_else(|| {
                format!(
                    "`{text}` is no order status; use one of {}",
                    Self::ALL.map(Self::as_str).join(", ")
                )
            })
    }
}
