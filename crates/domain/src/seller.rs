//! What a conversation needs to know of the seller it speaks for.

use serde::{Deserialize, Serialize};

use crate::Currency;

/// The seller's name and conventions, as the customer meets them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SellerProfile {
    /// The shop's name.
    pub name: String,
    /// The currency of every price.
    pub currency: Currency,
    /// ISO 3166-1 alpha-2.
    pub country: String,
    /// The language to speak while the customer's is unknown: a code of [`crate::words::LANGUAGES`].
    pub language: String,
}
