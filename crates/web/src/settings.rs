//! A seller's policy: read from the seller's row.

use domain::policy::Policy;
use store::Seller;

/// The policy of a stored seller; what cannot be read is the default, so that a page still opens.
pub(crate) fn policy_of(seller: &Seller) -> Policy {
    serde_json::from_str(&seller.policy).unwrap_or_else(|error| {
        tracing::warn!(seller.id = %seller.id, "The policy of seller {} cannot be read: {error}", seller.id);
        Policy::default()
    })
}
