//! What decisions need of a seller, kept in memory: rules, sentences, catalogue and the parser's
//! index of it. Read anew when the seller or the catalogue changed.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use domain::catalog::{CatalogSnapshot, CatalogView, Product, ProductStatus, RetailerId};
use domain::policy::Policy;
use domain::seller::SellerProfile;
use domain::words::Words;
use domain::{SellerId, Timestamp};
use parser::{Index, Locale};
use store::{ProductRow, Seller, SellerStore, StoreError};
use tracing::warn;

use crate::decide::Held;
use crate::engine::Engine;

/// Sellers kept at once; the one that was not asked for longest makes room.
const SELLERS_MAX: usize = 2_000;
/// Sentences, media and Meta's ids have no version of their own: they are read again after this.
const ASIDE_MS: i64 = 10 * Timestamp::SECOND;

/// A seller as decisions see it.
#[derive(Debug)]
pub(crate) struct SellerSnapshot {
    pub(crate) id: SellerId,
    pub(crate) profile: SellerProfile,
    pub(crate) policy: Policy,
    pub(crate) words: Words,
    pub(crate) media: HashMap<String, Vec<RetailerId>>,
    pub(crate) index: Arc<Index>,
    pub(crate) catalog: Arc<CatalogSnapshot>,
    /// Units on hand of what was restocked or sold since `catalog` was read, by the id that stock is
    /// counted under.
    pub(crate) restocked: HashMap<RetailerId, Option<i64>>,
    /// Whether any stock is counted.
    counts_stock: bool,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Version {
    catalog: i64,
    seller: Timestamp,
    aside: Timestamp,
}

/// The snapshots of this node.
#[derive(Debug, Default)]
pub(crate) struct Snapshots {
    slots: Mutex<HashMap<SellerId, Slot>>,
    turn: AtomicU64,
}

/// One at a time reads a seller; the others wait for it instead of reading the same.
#[derive(Debug, Default)]
struct Slot {
    current: Arc<tokio::sync::Mutex<Option<Arc<SellerSnapshot>>>>,
    used: u64,
}

impl Snapshots {
    fn slot(&self, seller: SellerId) -> Arc<tokio::sync::Mutex<Option<Arc<SellerSnapshot>>>> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        if slots.len() >= SELLERS_MAX && !slots.contains_key(&seller) {
            let oldest = slots.iter().min_by_key(|(_, slot)| slot.used);
            let oldest = oldest.map(|(id, _)| *id);
            oldest.map(|id| slots.remove(&id));
        }
        let slot = slots.entry(seller).or_default();
        slot.used = turn;
        slot.current.clone()
    }

    /// Reads the seller anew next time, whatever its version.
    pub(crate) fn forget(&self, seller: SellerId) {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        slots.remove(&seller);
    }
}

impl Engine {
    /// The seller as it is now.
    pub(crate) async fn snapshot(&self, id: SellerId) -> Result<Arc<SellerSnapshot>, StoreError> {
        let seller = self.store().seller(id).get().await?;
        self.snapshot_of(&seller).await
    }

    /// The seller whose row was just read.
    pub(crate) async fn snapshot_of(
        &self,
        seller: &Seller,
    ) -> Result<Arc<SellerSnapshot>, StoreError> {
        let slot = self.0.snapshots.slot(seller.id);
        let mut current = slot.lock().await;
        let now = self.now();
        if let Some(known) = &*current
            && known.version.catalog == seller.catalog_version
            && known.version.seller == seller.updated_at
            && now.since(known.version.aside).abs() < ASIDE_MS
        {
            return Ok(known.clone());
        }
        let version = Version {
            catalog: seller.catalog_version,
            seller: seller.updated_at,
            aside: now,
        };
        let fresh = self
            .read_snapshot(seller, version, current.as_deref())
            .await?;
        let fresh = Arc::new(fresh);
        *current = Some(fresh.clone());
        Ok(fresh)
    }

    async fn read_snapshot(
        &self,
        seller: &Seller,
        version: Version,
        old: Option<&SellerSnapshot>,
    ) -> Result<SellerSnapshot, StoreError> {
        let store = self.store().seller(seller.id);
        let policy = serde_json::from_str(&seller.policy).unwrap_or_else(|e| {
            warn!(seller.id = %seller.id, "the seller's policy cannot be read, defaults hold: {e}");
            Policy::default()
        });
        let mut media: HashMap<String, Vec<RetailerId>> = HashMap::new();
        for (id, product) in store.media_products().await? {
            media.entry(id).or_default().push(product);
        }
        let goods = match old.filter(|old| old.profile.country == seller.country) {
            Some(old) => later_goods(&store, seller, old).await?,
            None => read_goods(&store, seller).await?,
        };
        Ok(SellerSnapshot {
            id: seller.id,
            profile: SellerProfile {
                name: seller.name.clone(),
                currency: seller.currency,
                country: seller.country.clone(),
                language: seller.language.clone(),
            },
            policy,
            words: read_words(&store).await?,
            media,
            index: goods.index,
            catalog: goods.catalog,
            restocked: goods.restocked,
            counts_stock: goods.counts_stock,
            version,
        })
    }

    /// What confirmed orders hold now. Only a look: a confirmation checks again when it reserves.
    pub(crate) async fn held(&self, snapshot: &SellerSnapshot) -> Result<Held, StoreError> {
        if !snapshot.counts_stock {
            return Ok(Held::new());
        }
        let held = self.store().seller(snapshot.id).held().await?;
        Ok(held.into_iter().collect())
    }
}

async fn read_words(store: &SellerStore<'_>) -> Result<Words, StoreError> {
    let own = store.words().await?;
    let own = own
        .iter()
        .map(|(l, k, t)| (l.as_str(), k.as_str(), t.as_str()));
    Ok(Words::with_own(own).unwrap_or_else(|e| {
        warn!(seller.id = %store.id(), "the seller's own sentences cannot be read, defaults hold: {e}");
        Words::default()
    }))
}

/// What a seller sells, made ready.
struct Goods {
    index: Arc<Index>,
    catalog: Arc<CatalogSnapshot>,
    restocked: HashMap<RetailerId, Option<i64>>,
    counts_stock: bool,
}

/// The goods after `old`. Every order changes stock: that alone is no reason to read a large
/// catalogue and index it again.
async fn later_goods(
    store: &SellerStore<'_>,
    seller: &Seller,
    old: &SellerSnapshot,
) -> Result<Goods, StoreError> {
    let mut goods = Goods {
        index: old.index.clone(),
        catalog: old.catalog.clone(),
        restocked: old.restocked.clone(),
        counts_stock: old.counts_stock,
    };
    if old.version.catalog == seller.catalog_version {
        return Ok(goods);
    }
    let changed = store.products_since(old.version.catalog).await?;
    let only_stock = changed.iter().all(|row| {
        let known = old.catalog.product(&row.product.retailer_id);
        known.is_some_and(|known| without_stock(known) == without_stock(&row.product))
    });
    if !only_stock {
        return read_goods(store, seller).await;
    }
    for row in changed {
        let product = row.product;
        if product.variants.is_empty() {
            goods.counts_stock |= product.stock.is_some();
            goods.restocked.insert(product.retailer_id, product.stock);
        }
        for variant in product.variants {
            goods.counts_stock |= variant.stock.is_some();
            goods.restocked.insert(variant.retailer_id, variant.stock);
        }
    }
    Ok(goods)
}

fn without_stock(product: &Product) -> Product {
    let mut product = product.clone();
    product.stock = None;
    for variant in &mut product.variants {
        variant.stock = None;
    }
    product
}

async fn read_goods(store: &SellerStore<'_>, seller: &Seller) -> Result<Goods, StoreError> {
    let rows = store.products_since(0).await?;
    let meta_ids = store.meta_item_ids().await?;
    let locale = Locale {
        country: Some(seller.country.clone()),
        currency: Some(seller.currency),
    };
    // A large catalogue takes a while: not on a thread that answers webhooks.
    let built = tokio::task::spawn_blocking(move || build_goods(rows, meta_ids, locale)).await;
    built.map_err(|_| StoreError::Corrupt("the catalog could not be indexed".to_owned()))
}

fn build_goods(rows: Vec<ProductRow>, meta_ids: Vec<(String, String)>, locale: Locale) -> Goods {
    let products: Vec<_> = rows
        .into_iter()
        .map(|row| row.product)
        .filter(|product| product.status == ProductStatus::Active)
        .collect();
    let counts_stock = products
        .iter()
        .any(|p| p.stock.is_some() || p.variants.iter().any(|v| v.stock.is_some()));
    let index = Index::build(&products, locale);
    let mut catalog = CatalogSnapshot::new(products);
    for (meta_id, item) in meta_ids {
        if let Ok(item) = RetailerId::parse(&item) {
            catalog.know_meta_id(meta_id, item);
        }
    }
    Goods {
        index: Arc::new(index),
        catalog: Arc::new(catalog),
        restocked: HashMap::new(),
        counts_stock,
    }
}
