//! Writing what was decided for one or many conversations: one transaction, one statement a table
//! wherever that can be.
//!
//! Locks are taken in one order everywhere (the seller's row, which numbers orders; stock; the rest),
//! so that transactions wait for each other and never in a circle.

pub(crate) mod effects;
mod events;
mod outbox;
mod people;
mod sales;

pub(crate) use sales::change_order;

use domain::catalog::RetailerId;
use domain::{DraftOrderId, OrderId, SellerId, Timestamp};

use crate::column::json_text;
use crate::db::{Link, run};
use crate::packed::pack;
use crate::{SellerStore, StoreError};
use effects::LaneEffects;

/// What a confirmation lacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shortage {
    /// The draft order that was to become an order.
    pub draft_order_id: DraftOrderId,
    /// The id that stock is counted under.
    pub retailer_id: RetailerId,
    /// How many were wanted.
    pub wanted: i64,
    /// How many are free.
    pub free: i64,
}

/// Why nothing was written.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// Orders whose stock cannot be reserved. Decide their conversations again.
    #[error("there is not enough stock")]
    StockShort(Vec<Shortage>),
    /// A conversation, draft order or event was changed by somebody else meanwhile. Read again.
    #[error("somebody else changed this conversation at the same time; read it again and retry")]
    Conflict,
    /// Anything else.
    #[error(transparent)]
    Store(StoreError),
}

impl<E: Into<StoreError>> From<E> for CommitError {
    fn from(error: E) -> Self {
        match error.into() {
            // A unique key of what was thought new: somebody else made it.
            StoreError::Conflict | StoreError::Taken { .. } => Self::Conflict,
            other => Self::Store(other),
        }
    }
}

/// What was written.
#[derive(Debug, Clone, Default)]
pub struct Applied {
    /// The orders that were made and their numbers.
    pub orders: Vec<(OrderId, u64)>,
    /// Messages that were new.
    pub messages: u64,
}

/// Effects with the seller they are for.
pub(crate) struct For<'a, T> {
    pub(crate) seller: SellerId,
    pub(crate) it: &'a T,
}

/// Everything of one kind in all lanes, with its seller.
pub(crate) fn each<'a, T: 'a, I>(
    lanes: &'a [LaneEffects],
    pick: impl Fn(&'a LaneEffects) -> I,
) -> Vec<For<'a, T>>
where
    I: IntoIterator<Item = &'a T>,
{
    lanes
        .iter()
        .filter_map(|lane| lane.seller_id.map(|seller| (seller, lane)))
        .flat_map(|(seller, lane)| pick(lane).into_iter().map(move |it| For { seller, it }))
        .collect()
}

/// Effects to be written, with what of it takes time done before anybody waits for the database.
pub(crate) struct Ready<'a> {
    lanes: &'a [LaneEffects],
    /// The conversations' states, packed, in the order of [`each`].
    states: Vec<Vec<u8>>,
    /// The draft orders, packed, in the order of [`each`].
    drafts: Vec<Vec<u8>>,
}

impl<'a> Ready<'a> {
    pub(crate) fn of(lanes: &'a [LaneEffects]) -> Self {
        let states = each(lanes, |lane| &lane.conversation);
        let drafts = each(lanes, |lane| &lane.drafts);
        Self {
            lanes,
            states: states.iter().map(|row| pack(&row.it.state)).collect(),
            drafts: drafts
                .iter()
                .map(|row| pack(&json_text(&row.it.draft)))
                .collect(),
        }
    }
}

/// Writes everything into the open transaction. On an error the caller rolls back.
pub(crate) async fn write(
    link: &mut Link,
    ready: &Ready<'_>,
    now: Timestamp,
) -> Result<Applied, CommitError> {
    let lanes = ready.lanes;
    let mut applied = Applied::default();
    sales::look(link, lanes).await?;
    let numbers = sales::number(link, lanes).await?;
    sales::reserve(link, lanes).await?;
    people::customers(link, lanes, now).await?;
    people::conversations(link, ready, now).await?;
    people::details(link, lanes).await?;
    applied.messages = people::messages(link, lanes, now).await?;
    people::message_changes(link, lanes, now).await?;
    sales::drafts(link, ready, now).await?;
    sales::orders(link, lanes, &numbers, now).await?;
    sales::order_changes(link, lanes, now).await?;
    outbox::insert(link, lanes, &numbers, now).await?;
    outbox::changes(link, lanes, now).await?;
    crate::waiting::insert(link, lanes, now).await?;
    crate::waiting::tell(link, lanes, now).await?;
    people::notifications(link, lanes, now).await?;
    events::outcomes(link, lanes).await?;
    applied.orders = numbers;
    Ok(applied)
}

impl SellerStore<'_> {
    /// Writes what was decided outside of the pipeline (a tap on the dashboard, an API call, a
    /// cart), in one transaction.
    pub async fn apply(
        &self,
        effects: &LaneEffects,
        now: Timestamp,
    ) -> Result<Applied, CommitError> {
        if effects.seller_id != Some(self.id) {
            return Err(CommitError::Store(StoreError::Missing("seller")));
        }
        let ready = Ready::of(std::slice::from_ref(effects));
        let mut link = self.store.db.begin().await?;
        match write(&mut link, &ready, now).await {
            Ok(applied) => {
                link.commit().await?;
                Ok(applied)
            }
            Err(error) => {
                // At once, not when the pool gets to it: others wait for the same rows.
                link.roll_back().await;
                Err(error)
            }
        }
    }

    /// As [`Self::apply`], but only when the customer of `effects` is not there yet. `false`: it is,
    /// and nothing was written. What is sent twice under one customer id is written once.
    pub async fn apply_for_new_customer(
        &self,
        effects: &LaneEffects,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let Some(customer) = &effects.customer else {
            return Err(CommitError::Store(StoreError::Missing("customer")));
        };
        if effects.seller_id != Some(self.id) {
            return Err(CommitError::Store(StoreError::Missing("seller")));
        }
        let ready = Ready::of(std::slice::from_ref(effects));
        let mut link = self.store.db.begin().await?;
        // The second of two at once waits here for the first.
        let new = run!(
            link,
            "INSERT INTO customers (id, seller_id, channel, created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $4) ON CONFLICT (id) DO NOTHING",
            customer.id.0,
            self.id.0,
            customer.channel.as_str(),
            now.0
        )?;
        if new == 0 {
            return Ok(false);
        }
        write(&mut link, &ready, now).await?;
        link.commit().await?;
        Ok(true)
    }
}
