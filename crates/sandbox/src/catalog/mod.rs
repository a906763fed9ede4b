//! Catalogs, their items and batch handles: state and what follows from it.

mod batch;
mod fields;
mod manage;
mod products;
mod shop;

use crate::config::BatchReady;
use crate::world::{MINUTE, World};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};

/// A product catalog.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) vertical: String,
    pub(crate) business: String,
    /// By retailer id.
    pub(crate) items: BTreeMap<String, Item>,
    /// Meta's product id -> retailer id.
    by_id: HashMap<String, String>,
    pub(crate) handles: Vec<Handle>,
    /// Review rejects items whose retailer id or title contains the first, with the second as
    /// the reason.
    pub(crate) reject: Vec<(String, String)>,
    /// Images whose URL contains the first cannot be fetched, with that `error_type`.
    pub(crate) broken_images: Vec<(String, String)>,
    /// Product-group ids by `item_group_id`.
    groups: BTreeMap<String, String>,
    /// How often each request for an item came in, by retailer id and a digest of its content.
    received: BTreeMap<(String, u64), u32>,
}

/// One item. Fields are kept under their `items_batch` names.
#[derive(Clone, Debug)]
pub(crate) struct Item {
    pub(crate) id: String,
    pub(crate) retailer_id: String,
    fields: Vec<(&'static str, Value)>,
    pub(crate) review: Review,
    /// `error_type` of the failed fetch; fetched when absent.
    pub(crate) image_error: Option<String>,
    pub(crate) appeal: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Review {
    /// Until `due`; for ever when there is none.
    Pending {
        due: Option<i64>,
    },
    Approved,
    Rejected(Vec<String>),
    Outdated,
}

/// An accepted batch.
#[derive(Clone, Debug)]
pub(crate) struct Handle {
    pub(crate) handle: String,
    requests: Vec<batch::Request>,
    allow_upsert: bool,
    created_at: i64,
    polls: u32,
    pub(crate) finished: bool,
    pub(crate) lost: bool,
    vanish: usize,
    images_fail: bool,
    rejected: bool,
    errors: Vec<Value>,
    warnings: Vec<Value>,
    /// Missing required fields count as errors although they are listed as warnings.
    counted: usize,
    invalid: Vec<String>,
}

/// How often one content of an item came in, whatever became of it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct ReceivedItem {
    /// The seller's id.
    pub retailer_id: String,
    /// Digest of the method and the fields.
    pub content: u64,
    /// How often.
    pub times: u32,
}

/// An item as a test sees it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CatalogItem {
    /// Meta's product id.
    pub id: String,
    /// The seller's id.
    pub retailer_id: String,
    /// Fields under their `items_batch` names.
    pub fields: Map<String, Value>,
    /// `pending`, `approved`, `rejected` or `outdated`.
    pub review_status: &'static str,
    /// `FETCHED` or `FETCH_FAILED`.
    pub image_fetch_status: &'static str,
    /// Whether a shop visitor would see it.
    pub visible: bool,
}

impl Item {
    pub(crate) fn get(&self, name: &str) -> Option<&Value> {
        self.fields.iter().find(|(n, _)| *n == name).map(|(_, v)| v)
    }

    pub(crate) fn text(&self, name: &str) -> &str {
        self.get(name).and_then(Value::as_str).unwrap_or_default()
    }

    fn set(&mut self, name: &'static str, value: Value) {
        match self.fields.iter_mut().find(|(n, _)| *n == name) {
            Some((_, old)) => *old = value,
            None => self.fields.push((name, value)),
        }
    }

    pub(crate) fn review_status(&self, now: i64) -> &'static str {
        match &self.review {
            Review::Pending { due: Some(due) } if *due <= now => "approved",
            Review::Pending { .. } => "pending",
            Review::Approved => "approved",
            Review::Rejected(_) => "rejected",
            Review::Outdated => "outdated",
        }
    }

    pub(crate) fn image_status(&self) -> &'static str {
        if self.image_error.is_some() {
            "FETCH_FAILED"
        } else {
            "FETCHED"
        }
    }

    pub(crate) fn is_published(&self) -> bool {
        !matches!(self.text("status"), "archived")
            && !matches!(self.text("visibility"), "staging" | "hidden")
    }

    fn view(&self, now: i64) -> CatalogItem {
        let review_status = self.review_status(now);
        CatalogItem {
            id: self.id.clone(),
            retailer_id: self.retailer_id.clone(),
            fields: self
                .fields
                .iter()
                .map(|(n, v)| ((*n).to_owned(), v.clone()))
                .collect(),
            review_status,
            image_fetch_status: self.image_status(),
            visible: review_status == "approved"
                && self.image_error.is_none()
                && self.is_published(),
        }
    }
}

impl Catalog {
    pub(crate) fn remove(&mut self, retailer_id: &str) -> bool {
        match self.items.remove(retailer_id) {
            Some(item) => self.by_id.remove(&item.id).is_some(),
            None => false,
        }
    }

    /// Counts a request for an item.
    pub(crate) fn receive(&mut self, retailer_id: &str, content: &impl Hash) {
        let mut digest = DefaultHasher::new();
        content.hash(&mut digest);
        let key = (retailer_id.to_owned(), digest.finish());
        *self.received.entry(key).or_default() += 1;
    }

    /// What was counted.
    pub(crate) fn received(&self) -> Vec<ReceivedItem> {
        let count = |((retailer_id, content), times): (&(String, u64), &u32)| ReceivedItem {
            retailer_id: retailer_id.clone(),
            content: *content,
            times: *times,
        };
        self.received.iter().map(count).collect()
    }

    pub(crate) fn views(&self, now: i64) -> Vec<CatalogItem> {
        self.items.values().map(|i| i.view(now)).collect()
    }
}

impl World {
    /// Makes an empty catalog owned by a business.
    pub(crate) fn add_catalog(&mut self, business: &str, name: &str) -> String {
        let id = self.id("7700000");
        self.catalogs.insert(
            id.clone(),
            Catalog {
                id: id.clone(),
                name: name.into(),
                vertical: "commerce".into(),
                business: business.into(),
                items: BTreeMap::new(),
                by_id: HashMap::new(),
                handles: Vec::new(),
                reject: Vec::new(),
                broken_images: Vec::new(),
                groups: BTreeMap::new(),
                received: BTreeMap::new(),
            },
        );
        if let Some(business) = self.businesses.get_mut(business) {
            business.owned.push(id.clone());
        }
        id
    }

    /// Resolves a product address: Meta's id, or `catalog:{id}:{base64url(retailer id)}`.
    pub(crate) fn find_product(&self, address: &str) -> Option<(String, String)> {
        if let Some((catalog, sku)) = address
            .strip_prefix("catalog:")
            .and_then(|a| a.split_once(':'))
        {
            use base64::Engine as _;
            let sku = sku.trim_end_matches('=');
            let raw = base64::engine::general_purpose::URL_SAFE_NO_PAD
                .decode(sku)
                .ok()?;
            let sku = String::from_utf8(raw).ok()?;
            let known = self.catalogs.get(catalog)?.items.contains_key(&sku);
            return known.then(|| (catalog.to_owned(), sku));
        }
        self.catalogs
            .values()
            .find_map(|c| c.by_id.get(address).map(|sku| (c.id.clone(), sku.clone())))
    }

    /// The catalog that holds a product.
    pub(crate) fn catalog_of_product(&self, address: &str) -> Option<String> {
        self.find_product(address).map(|(catalog, _)| catalog)
    }

    /// Processes every batch of the catalog that is ready by now.
    pub(crate) fn settle(&mut self, catalog: &str, force: bool) {
        let now = self.now();
        let rule = self.config.batch_ready;
        let Some(found) = self.catalogs.get_mut(catalog) else {
            return;
        };
        let mut due = Vec::new();
        for (at, handle) in found
            .handles
            .iter()
            .enumerate()
            .filter(|(_, h)| !h.finished)
        {
            let age = now - handle.created_at;
            let ready = match rule {
                BatchReady::AfterPolls(polls) => handle.polls > polls,
                BatchReady::AfterMs(ms) => age >= ms,
            };
            if ready || force || age >= 2 * MINUTE {
                due.push(at);
            }
        }
        for at in due {
            self.process(catalog, at);
        }
    }

    /// The id of the product group (the common parent) of `item_group_id`.
    pub(crate) fn group_id(&mut self, catalog: &str, group: &str) -> String {
        if let Some(id) = self.catalogs.get(catalog).and_then(|c| c.groups.get(group)) {
            return id.clone();
        }
        let id = self.id("7400000");
        if let Some(catalog) = self.catalogs.get_mut(catalog) {
            catalog.groups.insert(group.to_owned(), id.clone());
        }
        id
    }

    /// Creates or changes an item from checked fields. Visible changes go through review again.
    pub(crate) fn write_item(
        &mut self,
        catalog: &str,
        retailer_id: &str,
        fields: Vec<(&'static str, Value)>,
        images_fail: bool,
        rejected: bool,
    ) -> Option<String> {
        let now = self.now();
        let policy = self.config.review;
        let fresh = !self.catalogs.get(catalog)?.items.contains_key(retailer_id);
        let id = if fresh {
            self.id("7300000")
        } else {
            String::new()
        };
        let catalog = self.catalogs.get_mut(catalog)?;
        if fresh {
            catalog.by_id.insert(id.clone(), retailer_id.to_owned());
            catalog.items.insert(
                retailer_id.to_owned(),
                Item {
                    id,
                    retailer_id: retailer_id.to_owned(),
                    fields: Vec::new(),
                    review: Review::Pending { due: None },
                    image_error: None,
                    appeal: None,
                },
            );
        }
        let item = catalog.items.get_mut(retailer_id)?;
        let mut reviewed = fresh;
        for (name, value) in fields {
            let changed = item.get(name) != Some(&value);
            reviewed |= changed && fields::is_reviewed(name);
            if value.is_null() || value == "" {
                item.fields.retain(|(n, _)| *n != name);
            } else {
                item.set(name, value);
            }
        }
        if reviewed {
            let due = policy.auto_approve.then_some(now + policy.after_ms);
            let title = item.text("title").to_owned();
            let rule = catalog
                .reject
                .iter()
                .find(|(part, _)| {
                    retailer_id.contains(part.as_str()) || title.contains(part.as_str())
                })
                .map(|(_, reason)| reason.clone());
            item.review = match rule.or_else(|| rejected.then(|| "SHOPS_POLICY_VIOLATION".into())) {
                Some(reason) => Review::Rejected(vec![reason]),
                None => Review::Pending { due },
            };
        }
        let image = fields::main_image(item);
        item.image_error = catalog
            .broken_images
            .iter()
            .find(|(part, _)| image.contains(part.as_str()))
            .map(|(_, error)| error.clone())
            .or_else(|| images_fail.then(|| "IMAGE_FETCH_FAILED_TIMED_OUT".into()));
        Some(item.id.clone())
    }

    /// An item that somebody else put into the catalog.
    pub(crate) fn foreign_item(
        &mut self,
        catalog: &str,
        retailer_id: &str,
        data: &Value,
    ) -> Result<(), String> {
        let data = data.as_object().ok_or("fields must be an object")?;
        let checked = fields::check(data);
        if let Some(error) = checked.errors.first() {
            return Err(error.clone());
        }
        self.write_item(catalog, retailer_id, checked.fields, false, false);
        Ok(())
    }

    /// What a shop front would complain about, as `errors` of the item.
    pub(crate) fn item_errors(item: &Item, now: i64) -> Vec<Value> {
        let mut errors = Vec::new();
        let mut add = |kind: &str, title: &str, text: &str| {
            errors.push(json!({
                "error_type": kind, "error_priority": "HIGH", "title": title, "description": text,
            }));
        };
        if let Some(kind) = &item.image_error {
            add(
                kind,
                "Image could not be downloaded",
                "The image link is broken or blocked.",
            );
        }
        if item.review_status(now) == "rejected" {
            add(
                "SHOPS_POLICY_VIOLATION",
                "Item rejected",
                "The item goes against our policies.",
            );
            add(
                "PRODUCT_NOT_APPROVED",
                "Product not approved",
                "The item is not visible in shops.",
            );
        }
        if fields::is_bare_domain(item.text("link")) {
            add(
                "PRODUCT_URL_EQUALS_DOMAIN",
                "Link is a home page",
                "Link to the product itself.",
            );
        }
        let quantity = item
            .get("quantity_to_sell_on_facebook")
            .and_then(fields::whole);
        if quantity == Some(0) && item.text("availability") == "in stock" {
            add(
                "INVENTORY_ZERO_AVAILABILITY_IN_STOCK",
                "Inventory is zero but the item is in stock",
                "Set the availability to out of stock.",
            );
        }
        errors
    }
}
