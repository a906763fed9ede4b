//! Adding and replacing products: all or none, and what is the same is left alone.

use std::collections::{HashMap, HashSet};

use domain::catalog::{Product, RetailerId};
use domain::{ProductId, SellerId, Timestamp};
use uuid::Uuid;

use super::{ImportedProducts, ProductRow, Stored, next_revision, status_word, with_stock};
use crate::column::json_text;
use crate::db::{Dialect, Link, insert_rows, on, run, value};
use crate::{SellerStore, StoreError};

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
