//! Reading draft orders and orders, and moving orders on.

use domain::catalog::RetailerId;
use domain::draft::{Actor, DraftOrder, Stage};
use domain::order::{OrderStatus, PricedLine, Totals};
use domain::reading::OptionChoice;
use domain::{
    AccountId, ConversationId, Currency, CustomerId, DraftOrderId, Money, OrderId, Timestamp,
};
use uuid::Uuid;

use crate::column::row;
use crate::db::{Dialect, Link, all, first, on};
use crate::{CommitError, OrderChange, Page, SellerStore, StoreError};

/// The stages in which a draft order is in progress, in the words of the index `draft_orders_open`:
/// only with them is it used.
macro_rules! in_progress {
    () => {
        "('open', 'awaiting_customer', 'awaiting_confirmation', 'awaiting_seller')"
    };
}
pub(crate) use in_progress;

row! {
    /// A draft order as it is stored.
    pub struct DraftRow {
        /// Its id.
        pub id: DraftOrderId,
        /// The account it came from.
        pub account_id: Option<AccountId>,
        /// The conversation it came from.
        pub conversation_id: Option<ConversationId>,
        /// The customer.
        pub customer_id: Option<CustomerId>,
        /// Where it came from (`instagram`, ..., `shop`).
        pub message_source: String,
        /// Where it stands.
        pub stage: Stage,
        /// The least confidence of its lines.
        pub confidence: f64,
        /// The seller's currency.
        pub currency: Currency,
        /// The sum when last priced.
        pub total_minor: Option<i64>,
        /// All of it.
        pub body: DraftOrder,
        /// The order that came of it.
        pub order_id: Option<OrderId>,
        /// When it was opened.
        pub created_at: Timestamp,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

row! {
    /// What moved a draft order.
    pub struct DraftTransition {
        /// Which.
        pub draft_order_id: DraftOrderId,
        /// From where; `None`: just opened.
        pub from_stage: Option<Stage>,
        /// By what.
        pub event: String,
        /// To where; `None`: refused.
        pub to_stage: Option<Stage>,
        /// Who.
        pub actor: Actor,
        /// When.
        pub at: Timestamp,
        /// Why.
        pub why: String,
    }
}

row! {
    struct StoredOrder {
        id: OrderId,
        number: i64,
        draft_order_id: DraftOrderId,
        account_id: Option<AccountId>,
        conversation_id: Option<ConversationId>,
        customer_id: Option<CustomerId>,
        message_source: String,
        status: OrderStatus,
        currency: Currency,
        subtotal_minor: i64,
        discount_minor: i64,
        delivery_minor: i64,
        tax_minor: i64,
        tax_inclusive: bool,
        total_minor: i64,
        customer_name: Option<String>,
        phone: Option<String>,
        email: Option<String>,
        address: Option<String>,
        note: Option<String>,
        oversold: bool,
        confirmed_by: Actor,
        confirmed_at: Timestamp,
        updated_at: Timestamp,
    }
}

row! {
    struct StoredLine {
        order_id: OrderId,
        product: RetailerId,
        variant: Option<RetailerId>,
        title: String,
        options: Vec<OptionChoice>,
        quantity: u32,
        unit_minor: i64,
        total_minor: i64,
    }
}

/// An order with its lines.
#[derive(Debug, Clone)]
pub struct OrderRow {
    /// Its id.
    pub id: OrderId,
    /// The number people say.
    pub number: i64,
    /// The draft order that it was.
    pub draft_order_id: DraftOrderId,
    /// The account it came from.
    pub account_id: Option<AccountId>,
    /// The conversation it came from.
    pub conversation_id: Option<ConversationId>,
    /// The customer.
    pub customer_id: Option<CustomerId>,
    /// Where it came from.
    pub message_source: String,
    /// Where it stands.
    pub status: OrderStatus,
    /// The sums.
    pub totals: Totals,
    /// The lines, prices as they were at confirmation.
    pub lines: Vec<PricedLine>,
    /// The customer's name at confirmation.
    pub customer_name: Option<String>,
    /// The phone at confirmation, E.164.
    pub phone: Option<String>,
    /// The e-mail at confirmation.
    pub email: Option<String>,
    /// The address at confirmation.
    pub address: Option<String>,
    /// The seller's note.
    pub note: Option<String>,
    /// Whether it took more than there was.
    pub oversold: bool,
    /// Who confirmed.
    pub confirmed_by: Actor,
    /// When.
    pub confirmed_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

row! {
    /// A move of an order.
    pub struct OrderTransition {
        /// From where; `None`: just made.
        pub from_status: Option<OrderStatus>,
        /// To where it went or was to go.
        pub to_status: OrderStatus,
        /// Whether the table refused it.
        pub refused: bool,
        /// Who.
        pub actor: Actor,
        /// When.
        pub at: Timestamp,
        /// Why.
        pub why: String,
    }
}

row! {
    /// What waits for the seller, for every page's navigation.
    pub struct Counts {
        /// Draft orders that wait for the seller's tap.
        pub drafts_waiting: i64,
        /// Draft orders that are still talked about.
        pub drafts_in_progress: i64,
        /// Conversations with messages that nobody has looked at.
        pub unread: i64,
    }
}

/// Which draft orders.
#[derive(Debug, Clone, Default)]
pub struct DraftFilter {
    /// In one of these stages; empty: in any.
    pub stages: Vec<Stage>,
    /// Of this conversation.
    pub conversation_id: Option<ConversationId>,
    /// After this one (`Page::next`).
    pub after: Option<String>,
    /// At most so many (1 to 1,000).
    pub limit: u32,
}

/// Which orders.
#[derive(Debug, Clone, Default)]
pub struct OrderFilter {
    /// In one of these states; empty: in any.
    pub statuses: Vec<OrderStatus>,
    /// Of this customer.
    pub customer_id: Option<CustomerId>,
    /// After this one (`Page::next`).
    pub after: Option<String>,
    /// At most so many (1 to 1,000).
    pub limit: u32,
}

impl StoredOrder {
    fn with_lines(self, lines: Vec<PricedLine>) -> OrderRow {
        let money = |minor| Money::new(minor, self.currency);
        OrderRow {
            id: self.id,
            number: self.number,
            draft_order_id: self.draft_order_id,
            account_id: self.account_id,
            conversation_id: self.conversation_id,
            customer_id: self.customer_id,
            message_source: self.message_source,
            status: self.status,
            totals: Totals {
                subtotal: money(self.subtotal_minor),
                discount: money(self.discount_minor),
                delivery: money(self.delivery_minor),
                tax: money(self.tax_minor),
                tax_inclusive: self.tax_inclusive,
                total: money(self.total_minor),
            },
            lines,
            customer_name: self.customer_name,
            phone: self.phone,
            email: self.email,
            address: self.address,
            note: self.note,
            oversold: self.oversold,
            confirmed_by: self.confirmed_by,
            confirmed_at: self.confirmed_at,
            updated_at: self.updated_at,
        }
    }
}

async fn with_lines(
    link: &mut Link,
    seller: Uuid,
    orders: Vec<StoredOrder>,
) -> Result<Vec<OrderRow>, StoreError> {
    if orders.is_empty() {
        return Ok(Vec::new());
    }
    let ids: Vec<Uuid> = orders.iter().map(|o| o.id.0).collect();
    let lines: Vec<StoredLine> = on!(link, |c, B| {
        let mut query =
            sqlx::QueryBuilder::<B>::new("SELECT * FROM order_lines WHERE seller_id = ");
        query.push_bind(seller).push(" AND order_id");
        Dialect::push_uuids(&mut query, &ids);
        query.push(" ORDER BY order_id, position");
        query.build_query_as().fetch_all(c).await
    })?;
    let of = |order: &StoredOrder| {
        let money = |minor| Money::new(minor, order.currency);
        let own = lines.iter().filter(|line| line.order_id == order.id);
        own.map(|line| PricedLine {
            product: line.product.clone(),
            variant: line.variant.clone(),
            title: line.title.clone(),
            quantity: line.quantity,
            options: line.options.clone(),
            unit_price: money(line.unit_minor),
            total: money(line.total_minor),
        })
        .collect()
    };
    Ok(orders
        .into_iter()
        .map(|order| {
            let lines = of(&order);
            order.with_lines(lines)
        })
        .collect())
}

/// The next page begins after the last row of a full one.
fn next_page<T>(rows: &[T], limit: u32, id: impl Fn(&T) -> String) -> Option<String> {
    (rows.len() == limit as usize)
        .then(|| rows.last().map(id))
        .flatten()
}

fn after(cursor: Option<&str>) -> Uuid {
    cursor.and_then(|id| id.parse().ok()).unwrap_or(Uuid::max())
}

impl SellerStore<'_> {
    /// One draft order.
    pub async fn draft_order(&self, id: DraftOrderId) -> Result<Option<DraftRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            DraftRow,
            "SELECT * FROM draft_orders WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// Draft orders, the newest first.
    pub async fn draft_orders(&self, filter: &DraftFilter) -> Result<Page<DraftRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let limit = filter.limit.clamp(1, 1000);
        let rows: Vec<DraftRow> = on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("SELECT * FROM draft_orders WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND id < ");
            query.push_bind(after(filter.after.as_deref()));
            if let Some(conversation) = filter.conversation_id {
                query
                    .push(" AND conversation_id = ")
                    .push_bind(conversation.0);
            }
            if !filter.stages.is_empty() {
                let stages: Vec<String> = filter.stages.iter().map(ToString::to_string).collect();
                if filter.stages.iter().all(|stage| !stage.is_final()) {
                    query.push(concat!(" AND stage IN ", in_progress!()));
                }
                query.push(" AND stage");
                Dialect::push_texts(&mut query, &stages);
            }
            query
                .push(" ORDER BY id DESC LIMIT ")
                .push_bind(i64::from(limit));
            query.build_query_as().fetch_all(c).await
        })?;
        let next = next_page(&rows, limit, |row| row.id.to_string());
        Ok(Page { rows, next })
    }

    /// What waits for the seller.
    pub async fn counts(&self) -> Result<Counts, StoreError> {
        let mut link = self.store.db.read().await?;
        let counts = first!(
            link,
            Counts,
            concat!(
                "SELECT (SELECT COUNT(*) FROM draft_orders WHERE seller_id = $1 AND stage IN ",
                in_progress!(),
                " AND stage = 'awaiting_seller') AS drafts_waiting, \
                 (SELECT COUNT(*) FROM draft_orders WHERE seller_id = $1 AND stage IN ",
                in_progress!(),
                " AND stage <> 'awaiting_seller') AS drafts_in_progress, \
                 (SELECT COUNT(*) FROM conversations WHERE seller_id = $1 AND unread > 0) AS unread"
            ),
            self.id.0
        )?;
        counts.ok_or(StoreError::Missing("seller"))
    }

    /// What moved a draft order, oldest first.
    pub async fn draft_transitions(
        &self,
        id: DraftOrderId,
    ) -> Result<Vec<DraftTransition>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            DraftTransition,
            "SELECT * FROM draft_order_transitions WHERE seller_id = $1 AND draft_order_id = $2 \
             ORDER BY id",
            self.id.0,
            id.0
        )
    }

    /// One order.
    pub async fn order(&self, id: OrderId) -> Result<Option<OrderRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let row = first!(
            link,
            StoredOrder,
            "SELECT * FROM orders WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )?;
        Ok(with_lines(&mut link, self.id.0, row.into_iter().collect())
            .await?
            .pop())
    }

    /// The order with the number that people say.
    pub async fn order_by_number(&self, number: i64) -> Result<Option<OrderRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let row = first!(
            link,
            StoredOrder,
            "SELECT * FROM orders WHERE seller_id = $1 AND number = $2",
            self.id.0,
            number
        )?;
        Ok(with_lines(&mut link, self.id.0, row.into_iter().collect())
            .await?
            .pop())
    }

    /// Orders, the newest first.
    pub async fn orders(&self, filter: &OrderFilter) -> Result<Page<OrderRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let limit = filter.limit.clamp(1, 1000);
        let rows: Vec<StoredOrder> = on!(link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new("SELECT * FROM orders WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND id < ");
            query.push_bind(after(filter.after.as_deref()));
            if let Some(customer) = filter.customer_id {
                query.push(" AND customer_id = ").push_bind(customer.0);
            }
            if !filter.statuses.is_empty() {
                let statuses: Vec<String> =
                    filter.statuses.iter().map(ToString::to_string).collect();
                query.push(" AND status");
                Dialect::push_texts(&mut query, &statuses);
            }
            query
                .push(" ORDER BY id DESC LIMIT ")
                .push_bind(i64::from(limit));
            query.build_query_as().fetch_all(c).await
        })?;
        let next = next_page(&rows, limit, |row| row.id.to_string());
        let rows = with_lines(&mut link, self.id.0, rows).await?;
        Ok(Page { rows, next })
    }

    /// An order's moves, oldest first.
    pub async fn order_transitions(&self, id: OrderId) -> Result<Vec<OrderTransition>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            OrderTransition,
            "SELECT * FROM order_transitions WHERE seller_id = $1 AND order_id = $2 ORDER BY id",
            self.id.0,
            id.0
        )
    }

    /// Moves an order on. `Ok(false)`: the domain's table refuses it, which is recorded.
    pub async fn change_order(
        &self,
        change: &OrderChange,
        now: Timestamp,
    ) -> Result<bool, CommitError> {
        let mut link = self.store.db.begin().await?;
        let moved = crate::apply::change_order(&mut link, self.id, change, now).await?;
        link.commit().await?;
        Ok(moved)
    }
}
