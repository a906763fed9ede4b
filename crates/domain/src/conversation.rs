//! A conversation: what happens, and what is to be done about it.
//!
//! [`advance`] is the whole of it: pure, total, and the same on every machine.

mod amend;
mod answer;
pub mod ask;
mod clock;
mod confirm;
pub mod decision;
mod flow;
mod hear;
pub mod incoming;
mod learn;
pub mod payload;
mod seller;
mod speak;
pub mod state;
mod tap;
mod turn;
mod wait;
pub mod window;

use crate::catalog::{CatalogView, RetailerId};
use crate::policy::Policy;
use crate::reading::{Reading, Standing};
use crate::seller::SellerProfile;
use crate::words::Words;
use crate::{DraftOrderId, OrderId, Timestamp};

use turn::Turn;

pub use ask::{Ask, Asked};
pub use decision::{
    Annotation, Button, Card, Decision, DetailChange, Notice, ORDER_NUMBER, Purpose, Reply,
    Withheld,
};
pub use incoming::{Context, Incoming, Item, SellerAction, UnreadableKind};
pub use payload::PayloadKey;
pub use state::{ConversationState, PastOrder, ReadBack, Speaker};

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
    let mut turn = Turn::new(state, world, now);
    if !matches!(incoming, Incoming::OwnEcho { .. }) {
        turn.let_run_out();
    }
    match incoming {
        Incoming::Text {
            mid,
            at,
            text,
            context,
        } => {
            turn.heard(*at);
            turn.text(mid, text, context, *at);
        }
        Incoming::Choice {
            mid,
            at,
            payload,
            title,
        } => {
            turn.heard(*at);
            turn.tapped(mid, payload, title, *at);
        }
        Incoming::Products { mid, at, items } => {
            turn.heard(*at);
            turn.products(mid, items);
        }
        Incoming::Unreadable {
            mid,
            at,
            what,
            context,
        } => {
            turn.heard(*at);
            turn.unreadable(mid, *what, context);
        }
        // Editing and deleting do not open Meta's window.
        Incoming::Edited { mid, at, text } => turn.edited(mid, text, *at),
        Incoming::Reread { mid, text, second } => turn.reread(mid, text, second),
        Incoming::Deleted { mid, .. } => turn.deleted(mid),
        Incoming::PersonReplied { .. } => turn.person_replied(),
        Incoming::Seller { action, member } => turn.seller(action, *member),
        Incoming::OutOfStock { short, by } => turn.out_of_stock(short, *by),
        Incoming::BackInStock { item, quantity } => turn.back_in_stock(item, *quantity),
        Incoming::Timer => turn.settle(),
        Incoming::OwnEcho { .. } => {}
    }
    turn.finish()
}
