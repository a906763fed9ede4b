//! The shop side: catalogs of an Instagram account, product search, diagnostics, appeals.

use super::Review;
use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::page::paged;
use crate::world::World;
use serde_json::{Value, json};
use std::collections::BTreeMap;

impl World {
    /// `GET /{ig}/available_catalogs`: the catalog of the account's shop.
    pub(crate) fn available_catalogs(&mut self, call: &Call, account: &str) -> GraphResult<Value> {
        self.for_shopping(call, account)?;
        let id = self.instagram.get(account).and_then(|a| a.catalog.clone());
        if let Some(id) = &id {
            self.settle(id, false);
        }
        let data: Vec<Value> = id
            .and_then(|id| self.catalogs.get(&id))
            .map(|c| {
                json!({"catalog_id": c.id, "catalog_name": c.name, "shop_name": c.name,
                    "product_count": c.items.len()})
            })
            .into_iter()
            .collect();
        Ok(json!({"data": data}))
    }

    /// `GET /{ig}/catalog_product_search?catalog_id=&q=`.
    pub(crate) fn product_search(&mut self, call: &Call, account: &str) -> GraphResult<Value> {
        self.for_shopping(call, account)?;
        let catalog = call.require("catalog_id")?;
        self.settle(&catalog, false);
        let now = self.now();
        let wanted = call.text("q").unwrap_or_default().to_lowercase();
        let found = self
            .catalogs
            .get(&catalog)
            .ok_or_else(|| call.unsupported())?;
        let rows: Vec<&super::Item> = found
            .items
            .values()
            .filter(|i| {
                i.text("title").to_lowercase().contains(&wanted)
                    || i.retailer_id.to_lowercase().contains(&wanted)
            })
            .collect();
        let (page, paging) = paged(call, &rows, |i| i.id.as_str());
        let data: Vec<Value> = page
            .into_iter()
            .map(|i| {
                json!({
                    "product_id": i.id,
                    "retailer_id": i.retailer_id,
                    "product_name": i.text("title"),
                    "image_url": super::fields::main_image(i),
                    "review_status": i.review_status(now),
                    "is_checkout_flow": false,
                    "merchant_id": found.business,
                    "product_variants": [],
                })
            })
            .collect();
        Ok(json!({"data": data, "paging": paging}))
    }

    /// Checks the call for a shopping edge of an Instagram account.
    pub(crate) fn for_shopping(&self, call: &Call, account: &str) -> GraphResult<()> {
        let token = self.holder(call)?;
        if !self.owns_instagram(&token, account) {
            return Err(call.unsupported());
        }
        for scope in [
            "instagram_basic",
            "catalog_management",
            "instagram_shopping_tag_products",
        ] {
            self.require_scope(&token, scope)?;
        }
        let eligible = self.instagram.get(account).is_some_and(|a| a.tag_eligible);
        if !eligible {
            return Err(GraphError::new(
                10,
                "(#10) The account is not eligible for product tagging",
            ));
        }
        Ok(())
    }

    /// `GET|POST /{ig}/product_appeal`.
    pub(crate) fn product_appeal(&mut self, call: &Call, account: &str) -> GraphResult<Value> {
        self.for_shopping(call, account)?;
        let now = self.now();
        let product = call.require("product_id")?;
        let (catalog, sku) = self
            .find_product(&product)
            .ok_or_else(|| call.unsupported())?;
        let item = self
            .catalogs
            .get_mut(&catalog)
            .and_then(|c| c.items.get_mut(&sku));
        let item = item.ok_or_else(|| call.unsupported())?;
        if call.is_post() {
            let reason = call.require("appeal_reason")?;
            if item.review_status(now) != "rejected" || item.appeal.is_some() {
                return Err(GraphError::param(
                    "The product is not eligible for an appeal",
                ));
            }
            item.appeal = Some(reason);
            return Ok(json!({"success": true}));
        }
        let reasons = match &item.review {
            Review::Rejected(reasons) => reasons.clone(),
            _ => Vec::new(),
        };
        let rejected = !reasons.is_empty();
        Ok(json!({"data": [{
            "product_id": item.id,
            "eligible_for_appeal": rejected && item.appeal.is_none(),
            "product_appeal_status": match (&item.appeal, rejected) {
                (Some(_), true) => "under_review",
                (Some(_), false) => "approved",
                (None, _) => "not_appealed",
            },
            "review_status": item.review_status(now),
            "rejection_reasons": reasons,
        }]}))
    }

    /// `GET /{catalog}/diagnostics`: item errors, grouped.
    pub(crate) fn diagnostics(&mut self, call: &Call, catalog: &str) -> GraphResult<Value> {
        self.settle(catalog, false);
        let now = self.now();
        let found = self
            .catalogs
            .get(catalog)
            .ok_or_else(|| call.unsupported())?;
        let mut groups: BTreeMap<&'static str, (usize, Vec<Value>)> = BTreeMap::new();
        for item in found.items.values() {
            for error in Self::item_errors(item, now) {
                let kind = match error["error_type"].as_str().unwrap_or_default() {
                    e if e.starts_with("IMAGE") => "IMAGE_QUALITY",
                    "SHOPS_POLICY_VIOLATION" => "POLICY_VIOLATION",
                    "PRODUCT_NOT_APPROVED" => "SHOPS_VISIBILITY_ISSUES",
                    _ => "ATTRIBUTES_INVALID",
                };
                let group = groups.entry(kind).or_default();
                group.0 += 1;
                if group.1.len() < 10 {
                    group
                        .1
                        .push(json!({"retailer_id": item.retailer_id, "id": item.id,
                        "error_type": error["error_type"]}));
                }
            }
        }
        let kinds = call.list("types");
        let severities = call.list("severities");
        let data: Vec<Value> = groups
            .into_iter()
            .filter(|(kind, _)| kinds.as_ref().is_none_or(|k| k.iter().any(|k| k == kind)))
            .filter(|_| {
                severities
                    .as_ref()
                    .is_none_or(|s| s.iter().any(|s| s == "MUST_FIX"))
            })
            .map(|(kind, (count, samples))| {
                json!({
                    "type": kind,
                    "severity": "MUST_FIX",
                    "title": kind.replace('_', " ").to_lowercase(),
                    "subtitle": format!("{count} items are affected"),
                    "error_code": 0,
                    "affected_channels": ["shops", "ig_product_tagging"],
                    "number_of_affected_items": count,
                    "diagnostics": samples,
                })
            })
            .collect();
        Ok(json!({"data": data}))
    }
}
