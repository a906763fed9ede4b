//! Products with their variants. A product is one JSON document beside the columns that are
//! searched and sorted by; stock is counted in `variants`, apart from it.

mod put;

use std::collections::HashMap;

use domain::catalog::{Product, ProductStatus, RetailerId};
use domain::{ProductId, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::row;
use crate::db::{Dialect, Link, all, first, on, run, value};
use crate::{Page, SellerStore, StoreError};

row! {
    pub(crate) struct Stored {
        id: ProductId,
        body: Product,
        revision: i64,
        created_at: Timestamp,
        updated_at: Timestamp,
    }
}

row! {
    struct Counted {
        product_id: ProductId,
        retailer_id: RetailerId,
        stock: Option<i64>,
        stock_reserved: i64,
    }
}

/// A product with its stock.
#[derive(Debug, Clone)]
pub struct ProductRow {
    /// Its id.
    pub id: ProductId,
    /// It; `stock` is what is on hand.
    pub product: Product,
    /// What confirmed orders hold, by the id that stock is counted under; those above zero.
    pub reserved: Vec<(RetailerId, i64)>,
    /// The catalogue version of its last change.
    pub revision: i64,
    /// When it was added.
    pub created_at: Timestamp,
    /// When it was changed.
    pub updated_at: Timestamp,
}

impl ProductRow {
    /// The product with `stock` as what may still be sold: for the parser, the shop and Meta.
    #[must_use]
    pub fn for_sale(&self) -> Product {
        let mut product = self.product.clone();
        let held = |id: &RetailerId| {
            let own = self.reserved.iter().find(|(held, _)| held == id);
            own.map_or(0, |(_, quantity)| *quantity)
        };
        product.stock = product
            .stock
            .map(|s| (s - held(&product.retailer_id)).max(0));
        for variant in &mut product.variants {
            variant.stock = variant
                .stock
                .map(|s| (s - held(&variant.retailer_id)).max(0));
        }
        product
    }
}

/// What an import did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ImportedProducts {
    /// New ones.
    pub created: u64,
    /// Changed ones.
    pub updated: u64,
    /// Those that were the same already.
    pub unchanged: u64,
}

/// Which products.
#[derive(Debug, Clone, Default)]
pub struct ProductFilter {
    /// Words of the title, an alias, the category or an id.
    pub search: Option<String>,
    /// Only these.
    pub status: Option<ProductStatus>,
    /// After this one (`Page::next`).
    pub after: Option<String>,
    /// At most so many (1 to 1,000).
    pub limit: u32,
}

/// `%text%` in lower case, with the wildcards in it escaped by `!`.
pub(crate) fn like(text: &str) -> String {
    let text = text.trim().to_lowercase();
    let text = text
        .replace('!', "!!")
        .replace('%', "!%")
        .replace('_', "!_");
    format!("%{text}%")
}

pub(crate) const fn status_word(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Active => "active",
        ProductStatus::Archived => "archived",
    }
}

/// The next catalogue version; the seller's row stays locked until the transaction ends.
pub(crate) async fn next_revision(link: &mut Link, seller: SellerId) -> Result<i64, StoreError> {
    value!(
        link,
        i64,
        "UPDATE sellers SET catalog_version = catalog_version + 1 WHERE id = $1 \
         RETURNING catalog_version",
        seller.0
    )
}

pub(crate) async fn with_stock(
    link: &mut Link,
    seller: SellerId,
    rows: Vec<Stored>,
) -> Result<Vec<ProductRow>, StoreError> {
    let ids: Vec<Uuid> = rows.iter().map(|row| row.id.0).collect();
    let counted: Vec<Counted> = on!(link, |c, B| {
        let mut query = sqlx::QueryBuilder::<B>::new(
            "SELECT product_id, retailer_id, stock, stock_reserved FROM variants \
             WHERE seller_id = ",
        );
        query.push_bind(seller.0).push(" AND product_id");
        Dialect::push_uuids(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?;
    let mut stock: HashMap<ProductId, Vec<Counted>> = HashMap::new();
    for item in counted {
        stock.entry(item.product_id).or_default().push(item);
    }
    let own = |row: Stored| {
        let counted = stock.remove(&row.id).unwrap_or_default();
        put_together(row, counted)
    };
    Ok(rows.into_iter().map(own).collect())
}

fn put_together(row: Stored, counted: Vec<Counted>) -> ProductRow {
    let mut product = row.body;
    for item in &counted {
        if item.retailer_id == product.retailer_id && product.variants.is_empty() {
            product.stock = item.stock;
        }
        let variants = product.variants.iter_mut();
        for variant in variants.filter(|v| v.retailer_id == item.retailer_id) {
            variant.stock = item.stock;
        }
    }
    ProductRow {
        id: row.id,
        product,
        reserved: counted
            .into_iter()
            .filter(|item| item.stock_reserved > 0)
            .map(|item| (item.retailer_id, item.stock_reserved))
            .collect(),
        revision: row.revision,
        created_at: row.created_at,
        updated_at: row.updated_at,
    }
}

impl SellerStore<'_> {
    /// Products in the order they were added.
    pub async fn products(&self, filter: &ProductFilter) -> Result<Page<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let after = filter.after.as_deref().and_then(|id| id.parse().ok());
        let limit = i64::from(filter.limit.clamp(1, 1000));
        let rows = all!(
            link,
            Stored,
            "SELECT id, body, revision, created_at, updated_at FROM products \
             WHERE seller_id = $1 AND id > $2 AND ($3 IS NULL OR status = $3) \
             AND ($4 IS NULL OR search LIKE $4 ESCAPE '!') ORDER BY id LIMIT $5",
            self.id.0,
            after.unwrap_or(Uuid::nil()),
            filter.status.map(status_word),
            filter.search.as_deref().map(like),
            limit
        )?;
        let next = (rows.len() as i64 == limit)
            .then(|| rows.last().map(|row| row.id.to_string()))
            .flatten();
        let rows = with_stock(&mut link, self.id, rows).await?;
        Ok(Page { rows, next })
    }

    /// One product.
    pub async fn product(&self, id: ProductId) -> Result<Option<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let row = first!(
            link,
            Stored,
            "SELECT id, body, revision, created_at, updated_at FROM products \
             WHERE seller_id = $1 AND id = $2",
            self.id.0,
            id.0
        )?;
        Ok(with_stock(&mut link, self.id, row.into_iter().collect())
            .await?
            .pop())
    }

    /// The product that has this id, or whose variant has it.
    pub async fn product_by_retailer_id(
        &self,
        retailer_id: &RetailerId,
    ) -> Result<Option<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let row = first!(
            link,
            Stored,
            "SELECT id, body, revision, created_at, updated_at FROM products p \
             WHERE seller_id = $1 AND (retailer_id = $2 OR id = (SELECT product_id FROM variants v \
             WHERE v.seller_id = $1 AND v.retailer_id = $2)) \
             ORDER BY CASE WHEN retailer_id = $2 THEN 0 ELSE 1 END LIMIT 1",
            self.id.0,
            retailer_id.as_str()
        )?;
        Ok(with_stock(&mut link, self.id, row.into_iter().collect())
            .await?
            .pop())
    }

    /// What changed after a catalogue version (0: everything), archived products too; for caches.
    pub async fn products_since(&self, revision: i64) -> Result<Vec<ProductRow>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            Stored,
            "SELECT id, body, revision, created_at, updated_at FROM products \
             WHERE seller_id = $1 AND revision > $2 ORDER BY id",
            self.id.0,
            revision
        )?;
        with_stock(&mut link, self.id, rows).await
    }

    /// The catalogue's version now.
    pub async fn catalog_version(&self) -> Result<i64, StoreError> {
        let mut link = self.store.db.read().await?;
        first!(
            link,
            (i64,),
            "SELECT catalog_version FROM sellers WHERE id = $1",
            self.id.0
        )?
        .map(|(version,)| version)
        .ok_or(StoreError::Missing("seller"))
    }

    /// Offers a product no more. It stays for orders that name it; put it again to offer it again.
    pub async fn archive_product(&self, id: ProductId, now: Timestamp) -> Result<(), StoreError> {
        let mut row = self
            .product(id)
            .await?
            .ok_or(StoreError::Missing("product"))?;
        row.product.status = ProductStatus::Archived;
        self.put_products([row.product], now).await?;
        Ok(())
    }

    /// Maps a post, reel or story to products: those of this `source` are replaced.
    pub async fn set_media_products(
        &self,
        media_id: &str,
        source: &str,
        products: &[RetailerId],
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut link = self.store.db.begin().await?;
        run!(
            link,
            "DELETE FROM media_products WHERE seller_id = $1 AND media_id = $2 AND source = $3",
            self.id.0,
            media_id,
            source
        )?;
        for product in products {
            run!(
                link,
                "INSERT INTO media_products (seller_id, media_id, retailer_id, source, created_at) \
                 VALUES ($1, $2, $3, $4, $5) ON CONFLICT (seller_id, media_id, retailer_id) \
                 DO NOTHING",
                self.id.0,
                media_id,
                product.as_str(),
                source,
                now.0
            )?;
        }
        link.commit().await
    }

    /// Every mapping from media to products: `(media id, retailer_id)`.
    pub async fn media_products(&self) -> Result<Vec<(String, RetailerId)>, StoreError> {
        let mut link = self.store.db.read().await?;
        let rows = all!(
            link,
            (String, String),
            "SELECT media_id, retailer_id FROM media_products WHERE seller_id = $1 \
             ORDER BY media_id, retailer_id",
            self.id.0
        )?;
        rows.into_iter()
            .map(|(media, id)| {
                let id = RetailerId::parse(&id).map_err(|e| StoreError::Corrupt(e.to_string()))?;
                Ok((media, id))
            })
            .collect()
    }
}
