//! The only crate with SQL: one body of queries for SQLite and PostgreSQL.
//!
//! A seller's data is reached only through [`Store::seller`], whose every query binds the seller.
//! What is not any seller's (taking events in, claiming work, signing in, operating the server)
//! has its own handles: [`Store::intake`], [`Store::pipeline`], [`Store::outbox`],
//! [`Store::system`].

mod accounts;
mod apply;
mod catalogs;
mod checkpoint;
mod column;
mod conversations;
mod customers;
mod db;
mod erase;
mod error;
mod images;
mod intake;
mod members;
mod orders;
mod outbox;
mod packed;
mod pipeline;
mod products;
mod sellers;
mod stock;
mod sync_items;
mod sync_runs;
mod system;
mod waiting;
mod wake;

use std::sync::Arc;

use domain::SellerId;

pub use accounts::{AccountState, ChannelAccount, NewAccount, Tokens};
pub use apply::effects::*;
pub use apply::{Applied, CommitError, Shortage};
pub use catalogs::{Catalog, CatalogItem, ItemWrite};
pub use conversations::{Conversation, Direction, Message, MessageState};
pub use customers::{Customer, CustomerFilter};
pub use erase::{Erased, Purged};
pub use error::StoreError;
pub use images::Image;
pub use intake::writer::IntakeWriter;
pub use intake::{Appended, EventState, Intake, NewEvent};
pub use members::{ApiKey, Member, Role, Session};
pub use orders::{
    Counts, DraftFilter, DraftRow, DraftTransition, OrderFilter, OrderRow, OrderTransition,
};
pub use outbox::{Outbox, OutboxClaim, OutboxMessage, OutboxState, SendResult};
pub use packed::Packed;
pub use pipeline::{Batch, Lane, PendingEvent, Pipeline, Requeue, RoutedAccount};
pub use products::{ImportedProducts, ProductFilter, ProductRow};
pub use sellers::{AuditEntry, NewSeller, Notification, Seller, SellerStore, SellerWrite};
pub use stock::StockItem;
pub use sync_runs::{SyncBatch, SyncLogEntry, SyncRun};
pub use system::{
    Backlog, DataDeletionRequest, DueWake, HealthCounter, KeptEvent, OauthState, System,
};
pub use waiting::{BackInStock, WaitingEntry};
pub use wake::Wakeups;

/// A page of rows, newest or first in order, and where the next one begins.
#[derive(Debug, Clone)]
pub struct Page<T> {
    /// The rows.
    pub rows: Vec<T>,
    /// Pass it as `after` to get the next page; `None`: this was the last.
    pub next: Option<String>,
}

/// The open store; clones share it.
#[derive(Clone)]
pub struct Store {
    pub(crate) db: Arc<db::Db>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(if self.is_postgres() {
            "Store(PostgreSQL)"
        } else {
            "Store(SQLite)"
        })
    }
}

impl Store {
    /// Opens `sqlite:PATH` (created when absent) or `postgres://...` and migrates it.
    pub async fn open(url: &str) -> Result<Self, StoreError> {
        Ok(Self {
            db: Arc::new(db::Db::open(url).await?),
        })
    }

    /// Whether this is PostgreSQL, which several nodes may share.
    pub fn is_postgres(&self) -> bool {
        matches!(*self.db, db::Db::Postgres { .. })
    }

    /// Closes every connection; whatever is asked afterwards is [`StoreError::Unavailable`].
    pub async fn close(&self) {
        match &*self.db {
            db::Db::Sqlite {
                write,
                read,
                checkpoints,
                ..
            } => {
                checkpoints.close().await;
                read.close().await;
                write.close().await;
            }
            db::Db::Postgres { pool } => pool.close().await,
        }
    }

    /// Everything of one seller, and nothing of another.
    pub const fn seller(&self, id: SellerId) -> SellerStore<'_> {
        SellerStore { store: self, id }
    }

    /// Taking inbound events in.
    pub const fn intake(&self) -> Intake<'_> {
        Intake { store: self }
    }

    /// Claiming inbound events and committing what came of them.
    pub const fn pipeline(&self) -> Pipeline<'_> {
        Pipeline { store: self }
    }

    /// Claiming outbox messages and recording what became of them.
    pub const fn outbox(&self) -> Outbox<'_> {
        Outbox { store: self }
    }

    /// What concerns the whole server: sign-in, operators' lists, limits, counters.
    pub const fn system(&self) -> System<'_> {
        System { store: self }
    }
}
