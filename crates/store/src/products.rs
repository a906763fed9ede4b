//! Products with their variants. A product is one JSON document beside the columns that are
//! searched and sorted by; stock is counted in `variants`, apart from it.

use std::collections::{HashMap, HashSet};

use domain::catalog::{Product, ProductStatus, RetailerId};
use domain::{ProductId, SellerId, Timestamp};
use uuid::Uuid;

use crate::column::{json_text, row};
use crate::db::{Dialect, Link, all, first, insert_rows, on, run, value};
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

const fn status_word(status: ProductStatus) -> &'static str {
    match status {
        ProductStatus::Active => "active",
        ProductStatus::Archived => "archived",
    }
}

fn search_text(product: &Product) -> String {
    let mut words = vec![product.title.as_str(), product.retailer_id.as_str()];
    words.extend(product.aliases.iter().map(String::as_str));
    words.extend(product.category.as_deref());
    words.extend(product.variants.iter().map(|v| v.retailer_id.as_str()));
    words.join("\n").to_lowercase()
}

/// The product as its document holds it, and its stock apart: `(retailer_id, stock)`.
fn take_apart(mut product: Product) -> (Product, Vec<(RetailerId, Option<i64>)>) {
    let counted = if product.variants.is_empty() {
        vec![(product.retailer_id.clone(), product.stock)]
    } else {
        let variants = product.variants.iter();
        variants.map(|v| (v.retailer_id.clone(), v.stock)).collect()
    };
    product.stock = None;
    for variant in &mut product.variants {
        variant.stock = None;
    }
    (product, counted)
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
    let mut stock: HashMap<ProductId, Vec<Counted>> = HashMap::new();
    for chunk in rows.chunks(crate::db::ROWS_MAX) {
        let ids: Vec<Uuid> = chunk.iter().map(|row| row.id.0).collect();
        let counted: Vec<Counted> = on!(link, |c, B| {
            let mut query = sqlx::QueryBuilder::<B>::new(
                "SELECT product_id, retailer_id, stock, stock_reserved FROM variants \
                 WHERE seller_id = ",
            );
            query.push_bind(seller.0).push(" AND product_id");
            Dialect::push_uuids(&mut query, &ids);
            query.build_query_as().fetch_all(c).await
        })?;
        for item in counted {
            stock.entry(item.product_id).or_default().push(item);
        }
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
    /// Adds or replaces products by `retailer_id`, all or none, in chunks of bounded memory. What is
    /// the same already is left alone and does not change the catalogue's version.
    /// [`StoreError::Taken`] when a variant's id is another product's.
    pub async fn put_products<I>(
        &self,
        products: I,
        now: Timestamp,
    ) -> Result<ImportedProducts, StoreError>
    where
        I: IntoIterator<Item = Product> + Send,
        I::IntoIter: Send,
    {
        let mut link = self.store.db.begin().await?;
        let before: i64 = value!(
            link,
            i64,
            "UPDATE sellers SET updated_at = $2 WHERE id = $1 RETURNING catalog_version",
            self.id.0,
            now.0
        )?;
        let revision = before + 1;
        let mut done = ImportedProducts::default();
        let mut products = products.into_iter();
        loop {
            let chunk: Vec<Product> = products.by_ref().take(crate::db::ROWS_MAX).collect();
            if chunk.is_empty() {
                break;
            }
            let counts = self.put_chunk(&mut link, chunk, revision, now).await?;
            done.created += counts.created;
            done.updated += counts.updated;
            done.unchanged += counts.unchanged;
        }
        if done.created + done.updated > 0 {
            next_revision(&mut link, self.id).await?;
        }
        link.commit().await?;
        Ok(done)
    }

    async fn put_chunk(
        &self,
        link: &mut Link,
        chunk: Vec<Product>,
        revision: i64,
        now: Timestamp,
    ) -> Result<ImportedProducts, StoreError> {
        // Of two products with one id the last counts, as if they had come one after the other.
        let mut by_id: HashMap<RetailerId, Product> = HashMap::new();
        for product in chunk {
            by_id.insert(product.retailer_id.clone(), product);
        }
        let ids: Vec<String> = by_id.keys().map(ToString::to_string).collect();
        let known: Vec<Stored> = on!(link, |c, B| {
            let mut query =
                sqlx::QueryBuilder::<B>::new("SELECT * FROM products WHERE seller_id = ");
            query.push_bind(self.id.0).push(" AND retailer_id");
            Dialect::push_texts(&mut query, &ids);
            query.build_query_as().fetch_all(c).await
        })?;
        let known = with_stock(link, self.id, known).await?;
        let known: HashMap<&RetailerId, &ProductRow> = known
            .iter()
            .map(|row| (&row.product.retailer_id, row))
            .collect();
        let mut done = ImportedProducts::default();
        let mut changed: Vec<(ProductId, Product)> = Vec::new();
        for (retailer_id, product) in by_id {
            match known.get(&retailer_id) {
                Some(row) if row.product == product => done.unchanged += 1,
                Some(row) => {
                    done.updated += 1;
                    changed.push((row.id, product));
                }
                None => {
                    done.created += 1;
                    changed.push((ProductId::fresh(), product));
                }
            }
        }
        self.write_products(link, changed, revision, now).await?;
        Ok(done)
    }

    async fn write_products(
        &self,
        link: &mut Link,
        products: Vec<(ProductId, Product)>,
        revision: i64,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let mut counted: Vec<(ProductId, i64, RetailerId, Option<i64>)> = Vec::new();
        let mut rows: Vec<(ProductId, Product)> = Vec::with_capacity(products.len());
        for (id, product) in products {
            let (body, items) = take_apart(product);
            let places = items.into_iter().zip(0_i64..);
            counted.extend(places.map(|((retailer_id, stock), at)| (id, at, retailer_id, stock)));
            rows.push((id, body));
        }
        insert_rows!(
            link,
            "INSERT INTO products (id, seller_id, retailer_id, title, category, status, \
             availability, price_minor, currency, search, body, revision, created_at, updated_at) ",
            rows,
            |b, r| {
                let (id, product) = r;
                b.push_bind(id.0)
                    .push_bind(self.id.0)
                    .push_bind(product.retailer_id.as_str().to_owned())
                    .push_bind(product.title.clone())
                    .push_bind(product.category.clone())
                    .push_bind(status_word(product.status))
                    .push_bind(product.availability.as_str())
                    .push_bind(product.price.minor)
                    .push_bind(product.price.currency.code())
                    .push_bind(search_text(product))
                    .push_bind(json_text(product))
                    .push_bind(revision)
                    .push_bind(now.0)
                    .push_bind(now.0);
            },
            " ON CONFLICT (id) DO UPDATE SET title = excluded.title, category = excluded.category, \
             status = excluded.status, availability = excluded.availability, \
             price_minor = excluded.price_minor, currency = excluded.currency, \
             search = excluded.search, body = excluded.body, revision = excluded.revision, \
             updated_at = excluded.updated_at"
        );
        drop_variants(link, self.id, &rows, &counted).await?;
        let written = insert_rows!(
            link,
            "INSERT INTO variants (id, seller_id, product_id, retailer_id, position, stock, \
             stock_reserved) ",
            counted,
            |b, r| {
                let (product, position, retailer_id, stock) = r;
                b.push_bind(Uuid::now_v7())
                    .push_bind(self.id.0)
                    .push_bind(product.0)
                    .push_bind(retailer_id.as_str().to_owned())
                    .push_bind(*position)
                    .push_bind(*stock)
                    .push_bind(0_i64);
            },
            " ON CONFLICT (seller_id, retailer_id) DO UPDATE SET position = excluded.position, \
             stock = excluded.stock WHERE variants.product_id = excluded.product_id"
        );
        if written == counted.len() as u64 {
            Ok(())
        } else {
            Err(StoreError::Taken {
                what: "the retailer_id of a variant (another product has it)".to_owned(),
            })
        }
    }

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

/// Removes the variants that the products do not have any more.
async fn drop_variants(
    link: &mut Link,
    seller: SellerId,
    rows: &[(ProductId, Product)],
    counted: &[(ProductId, i64, RetailerId, Option<i64>)],
) -> Result<(), StoreError> {
    let kept: HashSet<&str> = counted.iter().map(|(_, _, id, _)| id.as_str()).collect();
    let ids: Vec<Uuid> = rows.iter().map(|(id, _)| id.0).collect();
    if ids.is_empty() {
        return Ok(());
    }
    let stored: Vec<(Uuid, String)> = on!(link, |c, B| {
        let mut query =
            sqlx::QueryBuilder::<B>::new("SELECT id, retailer_id FROM variants WHERE seller_id = ");
        query.push_bind(seller.0).push(" AND product_id");
        Dialect::push_uuids(&mut query, &ids);
        query.build_query_as().fetch_all(c).await
    })?;
    for (id, retailer_id) in stored {
        if !kept.contains(retailer_id.as_str()) {
            run!(
                link,
                "DELETE FROM variants WHERE seller_id = $1 AND id = $2",
                seller.0,
                id
            )?;
        }
    }
    Ok(())
}
