//! The waiting list: who wants to hear when something is back, in order of asking. Whom to tell is
//! decided in `domain::waiting`.

use std::collections::HashMap;

use domain::catalog::RetailerId;
use domain::order::NewOrder;
use domain::{ConversationId, CustomerId, ProductId, SellerId, Timestamp};
use uuid::Uuid;

use crate::apply::effects::{LaneEffects, NewWaiting};
use crate::apply::{CommitError, For, each};
use crate::column::row;
use crate::db::{Link, all, insert_rows, run};
use crate::{Page, SellerStore, StoreError, System};

/// Of one item's list so many are looked at in one go: the first in it are told first.
const LINE_MAX: i64 = 1_000;

row! {
    /// Somebody who waits for something to be back.
    pub struct WaitingEntry {
        /// Its id; who asked later has a greater one.
        pub id: Uuid,
        /// What.
        pub retailer_id: RetailerId,
        /// Who.
        pub customer_id: CustomerId,
        /// Where to tell.
        pub conversation_id: Option<ConversationId>,
        /// How many.
        pub quantity: i64,
        /// Since when.
        pub created_at: Timestamp,
        /// When they were told.
        pub notified_at: Option<Timestamp>,
        /// The end of the conversation's 24-hour window.
        pub window_until: Option<Timestamp>,
    }
}

row! {
    /// Something that is there again while somebody waits for it who can be written to.
    pub struct BackInStock {
        /// Whose.
        pub seller_id: SellerId,
        /// What.
        pub retailer_id: RetailerId,
    }
}

impl WaitingEntry {
    /// What the rule looks at.
    pub fn waiter(&self) -> domain::waiting::Waiter {
        domain::waiting::Waiter {
            quantity: u32::try_from(self.quantity).unwrap_or(u32::MAX),
            window_until: self.window_until,
            told_at: self.notified_at,
        }
    }
}

/// Puts customers on the list. Who is on it already keeps the place; who was told and asks again is
/// the last.
pub(crate) async fn insert(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    // One statement cannot write a row twice: of two wishes of a customer the last counts.
    let mut last: HashMap<_, For<'_, NewWaiting>> = HashMap::new();
    for row in each(lanes, |lane| &lane.waiting) {
        last.insert((row.seller, row.it.customer_id, &row.it.retailer_id), row);
    }
    let rows: Vec<_> = last.into_values().collect();
    insert_rows!(
        link,
        "INSERT INTO waiting_list (id, seller_id, retailer_id, customer_id, conversation_id, \
         quantity, created_at) ",
        rows,
        |b, r| {
            b.push_bind(Uuid::now_v7())
                .push_bind(r.seller.0)
                .push_bind(r.it.retailer_id.as_str().to_owned())
                .push_bind(r.it.customer_id.0)
                .push_bind(r.it.conversation_id.map(|c| c.0))
                .push_bind(i64::from(r.it.quantity))
                .push_bind(now.0);
        },
        " ON CONFLICT (retailer_id, customer_id, seller_id) DO UPDATE SET \
         id = CASE WHEN waiting_list.notified_at IS NULL THEN waiting_list.id \
         ELSE excluded.id END, \
         created_at = CASE WHEN waiting_list.notified_at IS NULL THEN waiting_list.created_at \
         ELSE excluded.created_at END, \
         conversation_id = COALESCE(excluded.conversation_id, waiting_list.conversation_id), \
         quantity = excluded.quantity, notified_at = NULL"
    );
    Ok(())
}

/// Marks who is told by this transaction. Somebody else has told them, or they wait no more: a
/// conflict.
pub(crate) async fn tell(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    for told in each(lanes, |lane| &lane.told) {
        let marked = run!(
            link,
            "UPDATE waiting_list SET notified_at = $3 \
             WHERE seller_id = $1 AND id = $2 AND notified_at IS NULL",
            told.seller.0,
            *told.it,
            now.0
        )?;
        if marked != 1 {
            return Err(CommitError::Conflict);
        }
    }
    Ok(())
}

/// Who has ordered it waits no more.
pub(crate) async fn served(
    link: &mut Link,
    seller: SellerId,
    customer: Option<CustomerId>,
    order: &NewOrder,
) -> Result<(), StoreError> {
    let Some(customer) = customer else {
        return Ok(());
    };
    for line in &order.lines {
        run!(
            link,
            "DELETE FROM waiting_list \
             WHERE retailer_id = $3 AND customer_id = $2 AND seller_id = $1",
            seller.0,
            customer.0,
            line.stock_id().as_str()
        )?;
    }
    Ok(())
}

impl SellerStore<'_> {
    /// Who waits for an item and can be written to, and who was told after `told_since`, in order of
    /// asking.
    pub async fn waiting_line(
        &self,
        retailer_id: &RetailerId,
        told_since: Timestamp,
        now: Timestamp,
    ) -> Result<Vec<WaitingEntry>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            WaitingEntry,
            "SELECT w.id, w.retailer_id, w.customer_id, w.conversation_id, w.quantity, \
             w.created_at, w.notified_at, c.window_until FROM waiting_list w \
             JOIN conversations c ON c.id = w.conversation_id \
             WHERE w.seller_id = $1 AND w.retailer_id = $2 AND (w.notified_at > $3 \
             OR (w.notified_at IS NULL AND c.window_until > $4)) ORDER BY w.id LIMIT $5",
            self.id.0,
            retailer_id.as_str(),
            told_since.0,
            now.0,
            LINE_MAX
        )
    }

    /// Everybody on the list of a product or any of its variants, told or not, in order of asking.
    pub async fn waiting_for(
        &self,
        product: ProductId,
        after: Option<&str>,
        limit: u32,
    ) -> Result<Page<WaitingEntry>, StoreError> {
        let after = after.and_then(|id| id.parse().ok()).unwrap_or(Uuid::nil());
        let limit = i64::from(limit.clamp(1, 1000));
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            WaitingEntry,
            "SELECT w.id, w.retailer_id, w.customer_id, w.conversation_id, w.quantity, \
             w.created_at, w.notified_at, c.window_until FROM variants v \
             JOIN waiting_list w ON w.seller_id = v.seller_id AND w.retailer_id = v.retailer_id \
             LEFT JOIN conversations c ON c.id = w.conversation_id \
             WHERE v.seller_id = $1 AND v.product_id = $2 AND w.id > $3 ORDER BY w.id LIMIT $4",
            self.id.0,
            product.0,
            after,
            limit
        )?;
        let next = (rows.len() as i64 == limit).then(|| rows.last().map(|row| row.id.to_string()));
        Ok(Page {
            next: next.flatten(),
            rows,
        })
    }
}

impl System<'_> {
    /// What is there again while somebody waits for it who can be written to, after `after`, in one
    /// order for all. Only a look: the catalogue may still not offer it, the units may be promised.
    pub async fn back_in_stock(
        &self,
        after: Option<&BackInStock>,
        limit: u32,
        now: Timestamp,
    ) -> Result<Vec<BackInStock>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            BackInStock,
            "SELECT DISTINCT w.seller_id, w.retailer_id FROM waiting_list w \
             JOIN variants v ON v.seller_id = w.seller_id AND v.retailer_id = w.retailer_id \
             JOIN conversations c ON c.id = w.conversation_id \
             WHERE w.notified_at IS NULL AND c.window_until > $1 \
             AND (v.stock IS NULL OR v.stock > v.stock_reserved) \
             AND (w.seller_id > $2 OR (w.seller_id = $2 AND w.retailer_id > $3)) \
             ORDER BY w.seller_id, w.retailer_id LIMIT $4",
            now.0,
            after.map_or(Uuid::nil(), |last| last.seller_id.0),
            after.map_or("", |last| last.retailer_id.as_str()),
            i64::from(limit)
        )
    }
}
