//! What a sync run asks of products and items beyond one at a time: pages of what changed, the
//! items of some products, and what a listing of Meta's catalogue did not show.

use domain::catalog::RetailerId;
use domain::{CatalogId, ProductId, Timestamp};
use uuid::Uuid;

use crate::catalogs::CatalogItem;
use crate::db::{Dialect, all, on, run};
use crate::products::{ProductRow, Stored, with_stock};
use crate::{SellerStore, StoreError, System};

impl SellerStore<'_> {
    /// Products that changed after a catalogue version (0: every one), archived ones too, in the
    /// order of their ids, at most `limit` after `after`.
    pub async fn changed_products(
        &self,
        revision: i64,
        after: Option<ProductId>,
        limit: u32,
    ) -> Result<Vec<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            Stored,
            "SELECT id, body, revision, created_at, updated_at FROM products \
             WHERE seller_id = $1 AND revision > $2 AND id > $3 ORDER BY id LIMIT $4",
            self.id.0,
            revision,
            after.map_or(Uuid::nil(), |id| id.0),
            i64::from(limit)
        )?;
        with_stock(&mut link, self.id, rows).await
    }

    /// The products with these ids.
    pub async fn products_by_retailer_ids(
        &self,
        ids: &[String],
    ) -> Result<Vec<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows: Vec<Stored> = on!(link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new(
                "SELECT id, body, revision, created_at, updated_at FROM products \
                 WHERE seller_id = ",
            );
            query.push_bind(self.id.0).push(" AND retailer_id");
            Dialect::push_texts(&mut query, ids);
            query.build_query_as().fetch_all(c).await
        })?;
        with_stock(&mut link, self.id, rows).await
    }

    /// The items of these products: of the same id, and variants.
    pub async fn catalog_items_of(
        &self,
        catalog: CatalogId,
        products: &[String],
    ) -> Result<Vec<CatalogItem>, StoreError> {
        let mut link = self.store.db.read().await?;
        Ok(on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("SELECT * FROM catalog_items WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND catalog_id = ");
            query.push_bind(catalog.0).push(" AND (retailer_id");
            Dialect::push_texts(&mut query, products);
            query.push(" OR group_id");
            Dialect::push_texts(&mut query, products);
            query.push(")").build_query_as().fetch_all(c).await
        })?)
    }

    /// The items with these ids.
    pub async fn catalog_items_by_ids(
        &self,
        catalog: CatalogId,
        ids: &[RetailerId],
    ) -> Result<Vec<CatalogItem>, StoreError> {
        let mut link = self.store.db.read().await?;
        let texts: Vec<String> = ids.iter().map(ToString::to_string).collect();
        Ok(on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("SELECT * FROM catalog_items WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND catalog_id = ");
            query.push_bind(catalog.0).push(" AND retailer_id");
            Dialect::push_texts(&mut query, &texts);
            query.build_query_as().fetch_all(c).await
        })?)
    }

    /// After a whole listing that began at `since`: what Meta holds no more although it took it is
    /// to be sent again (`pending`), what was never ours and is gone is forgotten. How many are
    /// missing.
    pub async fn settle_unlisted(
        &self,
        catalog: CatalogId,
        since: Timestamp,
        now: Timestamp,
    ) -> Result<u64, StoreError> {
        let mut link = self.store.db.begin().await?;
        let missing = run!(
            link,
            "UPDATE catalog_items SET state = 'pending', accepted_hash = NULL, sent_hash = NULL, \
             external_id = NULL, review = NULL, updated_at = $4 \
             WHERE seller_id = $1 AND catalog_id = $2 AND content_hash IS NOT NULL \
             AND state IN ('accepted', 'under_review', 'visible', 'review_rejected') \
             AND (checked_at IS NULL OR checked_at < $3)",
            self.id.0,
            catalog.0,
            since.0,
            now.0
        )?;
        run!(
            link,
            "DELETE FROM catalog_items WHERE seller_id = $1 AND catalog_id = $2 \
             AND state IN ('foreign', 'deleted') AND (checked_at IS NULL OR checked_at < $3)",
            self.id.0,
            catalog.0,
            since.0
        )?;
        link.commit().await?;
        Ok(missing)
    }
}

impl System<'_> {
    /// Catalogues that sync by themselves and whose products changed since they last did are due
    /// at `due` at the latest.
    pub async fn schedule_changed_catalogs(&self, due: Timestamp) -> Result<u64, StoreError> {
        let mut link = self.store.db.write().await?;
        run!(
            link,
            "UPDATE catalogs SET next_sync_at = $1 WHERE auto_sync \
             AND status IN ('active', 'partial', 'pending_approval') \
             AND (next_sync_at IS NULL OR next_sync_at > $1) \
             AND synced_version < (SELECT catalog_version FROM sellers WHERE sellers.id = catalogs.seller_id)",
            due.0
        )
    }
}
