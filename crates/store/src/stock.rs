//! Stock: what is on hand, and what confirmed orders hold of it. For every counted item
//! `holds + free = stock`, and `stock_reserved` is the sum of the holds; drafts hold nothing.

use std::collections::BTreeMap;

use domain::catalog::RetailerId;
use domain::order::{NewOrder, OrderStatus};
use domain::{OrderId, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::row;
use crate::db::{Link, all, first, run};
use crate::{SellerStore, StoreError};

row! {
    /// The stock of a product or variant.
    pub struct StockItem {
        /// The id it is counted under.
        pub retailer_id: RetailerId,
        /// On hand; `None`: not counted.
        pub stock: Option<i64>,
        /// Held by confirmed orders.
        pub stock_reserved: i64,
    }
}

impl StockItem {
    /// What may still be sold; `None`: not counted. Below zero where the seller oversold.
    pub fn free(&self) -> Option<i64> {
        self.stock.map(|stock| stock - self.stock_reserved)
    }
}

/// Reserves `quantity` in one conditional statement. `Some(free)`: there is not so much, nothing
/// was reserved. An item that is not (or no longer) in the catalogue is not counted.
pub(crate) async fn reserve(
    link: &mut Link,
    seller: SellerId,
    retailer_id: &str,
    quantity: i64,
    oversell: bool,
) -> Result<Option<i64>, StoreError> {
    let reserved = run!(
        link,
        "UPDATE variants SET stock_reserved = stock_reserved + $3 \
         WHERE seller_id = $1 AND retailer_id = $2 \
         AND (stock IS NULL OR $4 OR stock_reserved + $3 <= stock)",
        seller.0,
        retailer_id,
        quantity,
        oversell
    )?;
    if reserved > 0 {
        touch(link, seller, retailer_id).await?;
        return Ok(None);
    }
    let item = stock_item(link, seller, retailer_id).await?;
    Ok(item.map(|item| item.free().unwrap_or(0).max(0)))
}

/// What may still be sold of an item, as it is committed now; `None`: not counted.
pub(crate) async fn free_of(
    link: &mut Link,
    seller: SellerId,
    retailer_id: &str,
) -> Result<Option<i64>, StoreError> {
    let item = stock_item(link, seller, retailer_id).await?;
    Ok(item.and_then(|item| item.free()))
}

async fn stock_item(
    link: &mut Link,
    seller: SellerId,
    retailer_id: &str,
) -> Result<Option<StockItem>, StoreError> {
    first!(
        link,
        StockItem,
        "SELECT retailer_id, stock, stock_reserved FROM variants \
         WHERE seller_id = $1 AND retailer_id = $2",
        seller.0,
        retailer_id
    )
}

/// What may still be sold of a counted item changed: its product gets a new revision, so that the
/// catalogue at Meta follows.
async fn touch(link: &mut Link, seller: SellerId, retailer_id: &str) -> Result<(), StoreError> {
    let counted = first!(
        link,
        (Uuid,),
        "SELECT product_id FROM variants \
         WHERE seller_id = $1 AND retailer_id = $2 AND stock IS NOT NULL",
        seller.0,
        retailer_id
    )?;
    if let Some((product,)) = counted {
        let revision = crate::products::next_revision(link, seller).await?;
        run!(
            link,
            "UPDATE products SET revision = $3 WHERE seller_id = $1 AND id = $2",
            seller.0,
            product,
            revision
        )?;
    }
    Ok(())
}

fn quantities(order: &NewOrder) -> BTreeMap<&str, i64> {
    let mut sums = BTreeMap::new();
    for line in &order.lines {
        *sums.entry(line.stock_id().as_str()).or_insert(0) += i64::from(line.quantity);
    }
    sums
}

/// Whether the order, its stock reserved, takes more of anything than there is.
pub(crate) async fn oversells(
    link: &mut Link,
    seller: SellerId,
    order: &NewOrder,
) -> Result<bool, StoreError> {
    if !order.oversell {
        return Ok(false);
    }
    for retailer_id in quantities(order).keys() {
        let over = first!(
            link,
            (i64,),
            "SELECT stock_reserved - stock FROM variants \
             WHERE seller_id = $1 AND retailer_id = $2 AND stock_reserved > stock",
            seller.0,
            *retailer_id
        )?;
        if over.is_some() {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Records what the order holds.
pub(crate) async fn insert_holds(
    link: &mut Link,
    seller: SellerId,
    order: &NewOrder,
    now: Timestamp,
) -> Result<(), StoreError> {
    for (retailer_id, quantity) in quantities(order) {
        // Only what was reserved: an item outside of the catalogue has no row to hold of.
        run!(
            link,
            "INSERT INTO stock_holds (order_id, retailer_id, seller_id, quantity, oversold, \
             created_at) SELECT $1, retailer_id, seller_id, $4, \
             COALESCE(stock_reserved > stock, FALSE), $5 \
             FROM variants WHERE seller_id = $2 AND retailer_id = $3",
            order.id.0,
            seller.0,
            retailer_id,
            quantity,
            now.0
        )?;
    }
    Ok(())
}

/// What an order's move does to the stock it holds: a cancelled one gives it back, one that leaves
/// the shop takes it along.
pub(crate) async fn settle(
    link: &mut Link,
    seller: SellerId,
    order: OrderId,
    to: OrderStatus,
) -> Result<(), StoreError> {
    let leaves = matches!(to, OrderStatus::Shipped | OrderStatus::Delivered);
    if !leaves && !to.releases_stock() {
        return Ok(());
    }
    let holds = all!(
        link,
        (String, i64),
        "SELECT retailer_id, quantity FROM stock_holds WHERE seller_id = $1 AND order_id = $2 \
         ORDER BY retailer_id",
        seller.0,
        order.0
    )?;
    for (retailer_id, quantity) in holds {
        run!(
            link,
            "UPDATE variants SET stock_reserved = stock_reserved - $3, stock = stock - $4 \
             WHERE seller_id = $1 AND retailer_id = $2",
            seller.0,
            retailer_id.as_str(),
            quantity,
            if leaves { quantity } else { 0 }
        )?;
        touch(link, seller, &retailer_id).await?;
    }
    run!(
        link,
        "DELETE FROM stock_holds WHERE seller_id = $1 AND order_id = $2",
        seller.0,
        order.0
    )?;
    Ok(())
}

impl SellerStore<'_> {
    /// What confirmed orders hold, by the id that stock is counted under; those above zero.
    pub async fn held(&self) -> Result<Vec<(RetailerId, i64)>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            StockItem,
            "SELECT retailer_id, stock, stock_reserved FROM variants \
             WHERE seller_id = $1 AND stock_reserved > 0",
            self.id.0
        )?;
        Ok(rows
            .into_iter()
            .map(|item| (item.retailer_id, item.stock_reserved))
            .collect())
    }

    /// The stock of every product and variant.
    pub async fn stock(&self) -> Result<Vec<StockItem>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            StockItem,
            "SELECT retailer_id, stock, stock_reserved FROM variants WHERE seller_id = $1 \
             ORDER BY retailer_id",
            self.id.0
        )
    }

    /// The stock of one.
    pub async fn stock_of(
        &self,
        retailer_id: &RetailerId,
    ) -> Result<Option<StockItem>, StoreError> {
        let mut link = self.store.db.read().await?;
        stock_item(&mut link, self.id, retailer_id.as_str()).await
    }

    /// Sets what is on hand (`None`: not counted any more). The catalogue's version grows: shop,
    /// sync and parser see it.
    pub async fn set_stock(
        &self,
        retailer_id: &RetailerId,
        stock: Option<i64>,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        let revision = crate::products::next_revision(&mut link, self.id).await?;
        let product = first!(
            link,
            (Uuid,),
            "UPDATE variants SET stock = $3 WHERE seller_id = $1 AND retailer_id = $2 \
             RETURNING product_id",
            self.id.0,
            retailer_id.as_str(),
            stock
        )?
        .ok_or(StoreError::Missing("product or variant"))?;
        run!(
            link,
            "UPDATE products SET revision = $3, updated_at = $4 WHERE seller_id = $1 AND id = $2",
            self.id.0,
            product.0,
            revision,
            now.0
        )?;
        link.commit().await
    }
}
