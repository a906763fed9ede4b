//! Catalogues at Meta and the items in them.

use domain::catalog::RetailerId;
use domain::{AccountId, CatalogId, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::{json_text, row};
use crate::db::{Dialect, all, first, insert_rows, on, run};
use crate::{SellerStore, StoreError, System};

row! {
    /// A seller's catalogue at Meta.
    pub struct Catalog {
        /// Its id.
        pub id: CatalogId,
        /// Whose.
        pub seller_id: SellerId,
        /// The account whose token manages it.
        pub account_id: Option<AccountId>,
        /// Meta's id.
        pub external_id: String,
        /// As shown.
        pub name: String,
        /// `pending`, `syncing`, `active`, `partial`, `pending_approval`, `error`, `disabled`.
        pub status: String,
        /// Why.
        pub status_reason: Option<String>,
        /// Whether it syncs by itself.
        pub auto_sync: bool,
        /// How often, in milliseconds.
        pub sync_interval: i64,
        /// When it syncs next.
        pub next_sync_at: Option<Timestamp>,
        /// The catalogue version of the last run that succeeded.
        pub synced_version: i64,
        /// The engine's settings of it, JSON.
        pub settings: String,
        /// When it was connected.
        pub created_at: Timestamp,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

row! {
    /// A product or variant in a catalogue.
    #[derive(PartialEq)]
    pub struct CatalogItem {
        /// The seller's id of it.
        pub retailer_id: RetailerId,
        /// The product it is a variant of.
        pub group_id: Option<String>,
        /// What the product is now; `None`: it is to be deleted.
        pub content_hash: Option<Vec<u8>>,
        /// What is under way.
        pub sent_hash: Option<Vec<u8>>,
        /// What Meta took last; `None`: nothing, or forgotten by a full run.
        pub accepted_hash: Option<Vec<u8>>,
        /// The batch that carries it.
        pub sent_handle: Option<String>,
        /// Meta's id of it.
        pub external_id: Option<String>,
        /// The engine's word for where it stands (`pending`, `sent`, `accepted`, ...).
        pub state: String,
        /// Meta's review status.
        pub review: Option<String>,
        /// What Meta or our own check says of it, JSON.
        pub messages: String,
        /// How often it was sent without being taken.
        pub attempts: i64,
        /// When it was last looked up.
        pub checked_at: Option<Timestamp>,
        /// When it was changed.
        pub updated_at: Timestamp,
    }
}

/// An item to be stored, whole.
pub type ItemWrite = CatalogItem;

impl SellerStore<'_> {
    /// Meta's own ids of the seller's catalogue items: `(Meta's id, retailer_id)`.
    pub async fn meta_item_ids(&self) -> Result<Vec<(String, String)>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            (String, String),
            "SELECT external_id, retailer_id FROM catalog_items \
             WHERE seller_id = $1 AND external_id IS NOT NULL",
            self.id.0
        )
    }

    /// The seller's catalogues.
    pub async fn catalogs(&self) -> Result<Vec<Catalog>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Catalog,
            "SELECT * FROM catalogs WHERE seller_id = $1 ORDER BY id",
            self.id.0
        )
    }

    /// One catalogue.
    pub async fn catalog(&self, id: CatalogId) -> Result<Option<Catalog>, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            Catalog,
            "SELECT * FROM catalogs WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )
    }

    /// Stores a catalogue, whole. One with the same Meta id keeps its own id, items and runs.
    pub async fn put_catalog(&self, c: &Catalog, now: Timestamp) -> Result<Catalog, StoreError> {
        let mut link = self.store.db.write().await?;
        first!(
            link,
            Catalog,
            "INSERT INTO catalogs (id, seller_id, account_id, external_id, name, status, \
             status_reason, auto_sync, sync_interval, next_sync_at, synced_version, settings, \
             created_at, updated_at) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $13) \
             ON CONFLICT (seller_id, external_id) DO UPDATE SET account_id = excluded.account_id, \
             name = excluded.name, status = excluded.status, \
             status_reason = excluded.status_reason, auto_sync = excluded.auto_sync, \
             sync_interval = excluded.sync_interval, next_sync_at = excluded.next_sync_at, \
             synced_version = excluded.synced_version, settings = excluded.settings, \
             updated_at = excluded.updated_at RETURNING *",
            c.id.0,
            self.id.0,
            c.account_id.map(|a| a.0),
            &c.external_id,
            &c.name,
            &c.status,
            &c.status_reason,
            c.auto_sync,
            c.sync_interval,
            c.next_sync_at.map(|t| t.0),
            c.synced_version,
            &c.settings,
            now.0
        )?
        .ok_or(StoreError::Missing("catalog"))
    }

    /// Forgets a catalogue with its items and runs (at Meta it stays).
    pub async fn remove_catalog(&self, id: CatalogId) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "DELETE FROM catalogs WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )?;
        Ok(())
    }

    /// Takes the catalogue for one node until `until`; `false`: another holder has it.
    pub async fn lease_catalog(
        &self,
        id: CatalogId,
        holder: &str,
        until: Timestamp,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let mut link = self.store.db.write().await?;
        let taken = run!(
            link,
            "UPDATE catalogs SET lease = $3, lease_until = $4 WHERE seller_id = $1 AND id = $2 \
             AND (lease IS NULL OR lease = $3 OR lease_until <= $5)",
            self.id.0,
            id.0,
            holder,
            until.0,
            now.0
        )?;
        Ok(taken > 0)
    }

    /// Gives the catalogue back.
    pub async fn release_catalog(&self, id: CatalogId, holder: &str) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE catalogs SET lease = NULL, lease_until = NULL \
             WHERE seller_id = $1 AND id = $2 AND lease = $3",
            self.id.0,
            id.0,
            holder
        )?;
        Ok(())
    }

    /// Items in the order of their ids, after `after`; `states` empty: in any.
    pub async fn catalog_items(
        &self,
        catalog: CatalogId,
        states: &[&str],
        after: Option<&RetailerId>,
        limit: u32,
    ) -> Result<Vec<CatalogItem>, StoreError> {
        let mut link = self.store.db.read().await?;
        Ok(on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("SELECT * FROM catalog_items WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND catalog_id = ");
            query.push_bind(catalog.0).push(" AND retailer_id > ");
            query.push_bind(after.map_or(String::new(), ToString::to_string));
            if !states.is_empty() {
                let states: Vec<String> = states.iter().map(ToString::to_string).collect();
                query.push(" AND state");
                Dialect::push_texts(&mut query, &states);
            }
            query
                .push(" ORDER BY retailer_id LIMIT ")
                .push_bind(i64::from(limit));
            query.build_query_as().fetch_all(c).await
        })?)
    }

    /// How many items are in each state.
    pub async fn catalog_item_counts(
        &self,
        catalog: CatalogId,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            (String, i64),
            "SELECT state, COUNT(*) FROM catalog_items WHERE seller_id = $1 AND catalog_id = $2 \
             GROUP BY state ORDER BY state",
            self.id.0,
            catalog.0
        )
    }

    /// Stores items, whole, in one transaction.
    pub async fn put_catalog_items(
        &self,
        catalog: CatalogId,
        items: &[ItemWrite],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        let own = first!(
            link,
            (Uuid,),
            "SELECT id FROM catalogs WHERE seller_id = $1 AND id = $2",
            self.id.0,
            catalog.0
        )?;
        own.ok_or(StoreError::Missing("catalog"))?;
        insert_rows!(
            link,
            "INSERT INTO catalog_items (catalog_id, retailer_id, seller_id, group_id, \
             content_hash, sent_hash, accepted_hash, sent_handle, external_id, state, review, \
             messages, attempts, checked_at, updated_at) ",
            items,
            |b, i| {
                b.push_bind(catalog.0)
                    .push_bind(i.retailer_id.as_str().to_owned())
                    .push_bind(self.id.0)
                    .push_bind(i.group_id.clone())
                    .push_bind(i.content_hash.clone())
                    .push_bind(i.sent_hash.clone())
                    .push_bind(i.accepted_hash.clone())
                    .push_bind(i.sent_handle.clone())
                    .push_bind(i.external_id.clone())
                    .push_bind(i.state.clone())
                    .push_bind(i.review.clone())
                    .push_bind(i.messages.clone())
                    .push_bind(i.attempts)
                    .push_bind(i.checked_at.map(|t| t.0))
                    .push_bind(now.0);
            },
            " ON CONFLICT (catalog_id, retailer_id) DO UPDATE SET group_id = excluded.group_id, \
             content_hash = excluded.content_hash, sent_hash = excluded.sent_hash, \
             accepted_hash = excluded.accepted_hash, sent_handle = excluded.sent_handle, \
             external_id = excluded.external_id, state = excluded.state, \
             review = excluded.review, messages = excluded.messages, \
             attempts = excluded.attempts, checked_at = excluded.checked_at, \
             updated_at = excluded.updated_at"
        );
        link.commit().await
    }

    /// Forgets what Meta took and what it refused: a full run sends everything again.
    pub async fn forget_accepted(&self, catalog: CatalogId) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE catalog_items SET accepted_hash = NULL, \
             sent_hash = CASE WHEN state = 'rejected' AND content_hash IS NOT NULL \
             THEN $3 ELSE sent_hash END \
             WHERE seller_id = $1 AND catalog_id = $2",
            self.id.0,
            catalog.0,
            Vec::<u8>::new()
        )
    }

    /// Removes items that exist neither here nor at Meta any more.
    pub async fn remove_catalog_items(
        &self,
        catalog: CatalogId,
        ids: &[RetailerId],
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.write().await?;
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("DELETE FROM catalog_items WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND catalog_id = ");
            query.push_bind(catalog.0).push(" AND retailer_id");
            Dialect::push_texts(&mut query, &texts);
            query.build().execute(c).await.map(|_| ())
        })?;
        Ok(())
    }
}

impl System<'_> {
    /// Catalogues whose next sync is due, of all sellers.
    pub async fn due_catalogs(
        &self,
        now: Timestamp,
        limit: u32,
    ) -> Result<Vec<Catalog>, StoreError> {
        let mut link = self.store.db.read().await?;
        all!(
            link,
            Catalog,
            "SELECT * FROM catalogs WHERE next_sync_at IS NOT NULL AND next_sync_at <= $1 \
             AND auto_sync ORDER BY next_sync_at LIMIT $2",
            now.0,
            i64::from(limit)
        )
    }
}

impl CatalogItem {
    /// An item that was never sent.
    #[must_use]
    pub fn new(retailer_id: RetailerId, state: &str) -> Self {
        Self {
            retailer_id,
            group_id: None,
            content_hash: None,
            sent_hash: None,
            accepted_hash: None,
            sent_handle: None,
            external_id: None,
            state: state.to_owned(),
            review: None,
            messages: json_text::<[String]>(&[]),
            attempts: 0,
            checked_at: None,
            updated_at: Timestamp(0),
        }
    }
}
