//! Calling the core: everything that a decision may look at, put together.

use std::cell::RefCell;
use std::collections::HashMap;

use domain::catalog::{Availability, CatalogView, Product, Resolved, RetailerId};
use domain::conversation::{ConversationState, Decision, Incoming, PayloadKey, World, advance};
use domain::reading::{Reading, Standing};
use domain::{DraftOrderId, OrderId, Timestamp};

use crate::snapshot::SellerSnapshot;

/// Units that confirmed orders hold, by the id that stock is counted under.
pub(crate) type Held = HashMap<RetailerId, i64>;

/// The catalogue of a snapshot with the stock that is held now.
pub(crate) struct LiveCatalog<'a> {
    pub(crate) snapshot: &'a SellerSnapshot,
    pub(crate) held: &'a Held,
}

impl CatalogView for LiveCatalog<'_> {
    fn product(&self, id: &RetailerId) -> Option<&Product> {
        self.snapshot.catalog.product(id)
    }

    fn resolve(&self, id: &str) -> Option<Resolved> {
        self.snapshot.catalog.resolve(id)
    }

    fn free(&self, id: &RetailerId) -> Option<i64> {
        let held = self.held.get(id).copied().unwrap_or(0);
        let catalog = &self.snapshot.catalog;
        let on_hand = match self.snapshot.restocked.get(id) {
            Some(stock) if self.is_in_stock(id) => *stock,
            _ => catalog.free(id),
        };
        on_hand.map(|on_hand| on_hand - held)
    }
}

impl LiveCatalog<'_> {
    /// Whether the seller declares the product or variant as in stock: then its count decides.
    fn is_in_stock(&self, id: &RetailerId) -> bool {
        let catalog = &self.snapshot.catalog;
        let product = catalog
            .resolve(id.as_str())
            .and_then(|resolved| catalog.product(&resolved.product));
        product.is_some_and(|product| product.availability == Availability::InStock)
    }
}

/// The ids that a decision may give away. Made once for each event, so that deciding it again gives
/// the same ids.
#[derive(Debug, Clone, Copy)]
pub(crate) struct FreshIds {
    pub(crate) draft: DraftOrderId,
    pub(crate) order: OrderId,
}

impl FreshIds {
    pub(crate) fn make() -> Self {
        Self {
            draft: DraftOrderId::fresh(),
            order: OrderId::fresh(),
        }
    }
}

/// Whose rules and goods a decision is made by, and where.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'a> {
    pub(crate) snapshot: &'a SellerSnapshot,
    pub(crate) held: &'a Held,
    pub(crate) key: &'a PayloadKey,
    pub(crate) now: Timestamp,
}

impl Judge<'_> {
    /// One decision of the core.
    pub(crate) fn decide(
        self,
        state: &ConversationState,
        incoming: &Incoming,
        ids: FreshIds,
    ) -> Decision {
        self.decide_reading(state, incoming, ids).0
    }

    /// One decision, and what the parser read from the message's own words.
    pub(crate) fn decide_reading(
        self,
        state: &ConversationState,
        incoming: &Incoming,
        ids: FreshIds,
    ) -> (Decision, Option<Reading>) {
        let words = match incoming {
            Incoming::Text { text, .. } | Incoming::Edited { text, .. } => Some(text.as_str()),
            _ => None,
        };
        let seen: RefCell<Option<Reading>> = RefCell::new(None);
        let read = |text: &str, standing: &Standing| {
            let own = words == Some(text);
            let reading = parser::read(&self.snapshot.index, text, standing);
            if own {
                *seen.borrow_mut() = Some(reading.clone());
            }
            reading
        };
        let media = |id: &str| self.snapshot.media.get(id).cloned().unwrap_or_default();
        let world = World {
            read: &read,
            catalog: &LiveCatalog {
                snapshot: self.snapshot,
                held: self.held,
            },
            media_products: &media,
            policy: &self.snapshot.policy,
            seller: &self.snapshot.profile,
            words: &self.snapshot.words,
            key: self.key,
            draft_id: ids.draft,
            order_id: ids.order,
        };
        let decision = advance(state, incoming, &world, self.now);
        (decision, seen.into_inner())
    }
}
