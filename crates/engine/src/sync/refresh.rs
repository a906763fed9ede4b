//! Products become items: what each is now, whether Meta would take it, and whether it has to be
//! sent.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use domain::catalog::item::{CatalogItemFields, ShopFacts, items};
use domain::catalog::rules::check_item;
use domain::catalog::{Product, ProductStatus, RetailerId};
use sha2::{Digest, Sha256};
use store::{CatalogItem, ProductRow, Seller};

use super::item::{ItemState, Need, SyncItem};
use super::plan;
use super::run::{Halt, Step};
use super::state::Phase;
use crate::Engine;

/// Products looked at in one step.
const PAGE: u32 = 500;

impl Step<'_> {
    pub(super) async fn refresh(&mut self) -> Result<(), Halt> {
        let facts = self.facts();
        if self.state.facts != facts {
            self.state.facts = facts;
            self.state.refreshed = 0;
            self.state.refresh_after = None;
        }
        if self.state.refresh_after.is_none() {
            self.state.refreshing = self.seller.catalog_version;
        }
        let page = self
            .store
            .changed_products(self.state.refreshed, self.state.refresh_after, PAGE)
            .await?;
        let Some(last) = page.last() else {
            self.state.refreshed = self.state.refreshed.max(self.state.refreshing);
            self.state.refresh_after = None;
            self.state.phase = Phase::Send;
            return Ok(());
        };
        self.state.refresh_after = Some(last.id);
        self.refresh_page(&page).await
    }

    async fn refresh_page(&mut self, page: &[ProductRow]) -> Result<(), Halt> {
        let ids: Vec<String> = page
            .iter()
            .map(|row| row.product.retailer_id.to_string())
            .collect();
        let recorded = self.store.catalog_items_of(self.catalog.id, &ids).await?;
        let mut recorded: BTreeMap<RetailerId, CatalogItem> = recorded
            .into_iter()
            .map(|item| (item.retailer_id.clone(), item))
            .collect();
        let mut changed = Vec::new();
        let mut forgotten = Vec::new();
        let mut wanted = BTreeSet::new();
        for row in page
            .iter()
            .filter(|row| row.product.status == ProductStatus::Active)
        {
            let product = row.for_sale();
            for fields in self.fields(&product) {
                let Ok(id) = RetailerId::parse(&fields.id) else {
                    continue;
                };
                wanted.insert(id.clone());
                let before = recorded.remove(&id);
                let item = wanted_item(before.clone(), id, &fields);
                if before.as_ref() != Some(&item) {
                    changed.push(item);
                }
            }
        }
        // What is left of these products' items exists here no more.
        for mut item in recorded
            .into_values()
            .filter(|item| !wanted.contains(&item.retailer_id))
        {
            item.content_hash = None;
            match plan::need(&sync_item(&item)) {
                Need::Forget => forgotten.push(item.retailer_id),
                Need::Delete => {
                    ItemState::Pending.as_str().clone_into(&mut item.state);
                    changed.push(item);
                }
                Need::Nothing | Need::Upsert => {}
            }
        }
        let to_send = changed
            .iter()
            .filter(|item| item.state == ItemState::Pending.as_str());
        self.run.total += i64::try_from(to_send.count()).unwrap_or(0);
        let held = changed
            .iter()
            .filter(|item| item.state == ItemState::HeldBack.as_str());
        self.run.held_back += i64::try_from(held.count()).unwrap_or(0);
        self.store
            .put_catalog_items(self.catalog.id, &changed, self.now)
            .await?;
        self.store
            .remove_catalog_items(self.catalog.id, &forgotten)
            .await?;
        Ok(())
    }

    /// A product's items as Meta should hold them.
    pub(super) fn fields(&self, product: &Product) -> Vec<CatalogItemFields> {
        fields_of(self.engine, &self.seller, product, self.now)
    }

    fn facts(&self) -> String {
        let base_url = self.engine.shop_url(&self.seller).unwrap_or_default();
        hex::encode(Sha256::digest(format!("{}\n{base_url}", self.seller.name)))
    }
}

/// A product's items as Meta should hold them at `now`.
pub(super) fn fields_of(
    engine: &Engine,
    seller: &Seller,
    product: &Product,
    now: Timestamp,
) -> Vec<CatalogItemFields> {
    let base_url = engine.shop_url(seller);
    let facts = ShopFacts {
        name: &seller.name,
        base_url: base_url.as_deref(),
        free: &|_| None,
        now,
    };
    items(product, &facts)
}

/// The digest by which a change of an item is known.
pub(super) fn content_hash(fields: &CatalogItemFields) -> Vec<u8> {
    Sha256::digest(fields.hash_input()).to_vec()
}

/// The item as the decisions see it.
pub(super) fn sync_item(item: &CatalogItem) -> SyncItem {
    SyncItem {
        retailer_id: item.retailer_id.to_string(),
        group_id: item.group_id.clone(),
        content: item.content_hash.clone(),
        sent: item.sent_hash.clone(),
        accepted: item.accepted_hash.clone(),
        external_id: item.external_id.clone(),
        state: item.state.parse().unwrap_or(ItemState::Pending),
        messages: serde_json::from_str(&item.messages).unwrap_or_default(),
    }
}

/// The item as it should be recorded now.
fn wanted_item(
    before: Option<CatalogItem>,
    id: RetailerId,
    fields: &CatalogItemFields,
) -> CatalogItem {
    let mut item = before.unwrap_or_else(|| CatalogItem::new(id, ItemState::Pending.as_str()));
    item.group_id.clone_from(&fields.item_group_id);
    item.content_hash = Some(content_hash(fields));
    let problems = check_item(fields);
    if problems.is_empty() {
        if item.state == ItemState::HeldBack.as_str()
            || item.state == ItemState::Foreign.as_str()
            || item.state == ItemState::Deleted.as_str()
        {
            ItemState::Pending.as_str().clone_into(&mut item.state);
            item.messages = "[]".to_owned();
        }
        if plan::need(&sync_item(&item)) == Need::Upsert {
            ItemState::Pending.as_str().clone_into(&mut item.state);
        } else if item.state == ItemState::Pending.as_str()
            && item.accepted_hash == item.content_hash
        {
            // Changed back to what Meta holds before it was sent.
            ItemState::Accepted.as_str().clone_into(&mut item.state);
        }
    } else {
        ItemState::HeldBack.as_str().clone_into(&mut item.state);
        let texts: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {}. {}", problem.field, problem.what, problem.fix))
            .collect();
        item.messages = serde_json::to_string(&texts).unwrap_or_default();
    }
    item
}
