//! A conversation: what happens, and what is to be done about it.
//!
//! [`advance`] is the whole of it: pure, total, and the same on every machine.

pub mod ask;
pub mod decision;
pub mod incoming;
pub mod payload;
pub mod state;
pub mod window;

use crate::catalog::{CatalogView, RetailerId};
use crate::policy::Policy;
use crate::reading::{Reading, Standing};
use crate::seller::SellerProfile;
use crate::words::Words;
use crate::{DraftOrderId, OrderId, Timestamp};

pub use ask::{Ask, Asked};
pub use decision::{
    Annotation, Button, Card, Decision, DetailChange, Notice, ORDER_NUMBER, Purpose, Reply,
    Withheld,
};
pub use incoming::{Context, Incoming, Item, SellerAction, UnreadableKind};
pub use payload::PayloadKey;
pub use state::{ConversationState, PastOrder, Speaker};

/// Everything that a decision may look at besides the state and what happened.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The parser, with the seller's catalogue index in it.
    pub read: &'a dyn Fn(&str, &Standing) -> Reading,
    /// The catalogue.
    pub catalog: &'a dyn CatalogView,
    /// The products that a story, post or reel shows, by its media id.
    pub media_products: &'a dyn Fn(&str) -> Vec<RetailerId>,
    /// The seller's rules.
    pub policy: &'a Policy,
    /// The seller.
    pub seller: &'a SellerProfile,
    /// The sentences, with the seller's own ones.
    pub words: &'a Words,
    /// Signs the buttons of this conversation.
    pub key: &'a PayloadKey,
    /// The id for a draft order, should one be opened (chance is an argument).
    pub draft_id: DraftOrderId,
    /// The id for an order, should one be made.
    pub order_id: OrderId,
}

/// Decides what one thing that happened leads to.
#[must_use]
pub fn advance(
    state: &ConversationState,
    incoming: &Incoming,
    world: &World<'_>,
    now: Timestamp,
) -> Decision {
    let _ = (incoming, world, now);
    Decision {
        state: state.clone(),
        drafts: Vec::new(),
        transitions: Vec::new(),
        replies: Vec::new(),
        withheld: Vec::new(),
        details: Vec::new(),
        order: None,
        notices: Vec::new(),
        message: Annotation::default(),
        wake_at: None,
    }
}
