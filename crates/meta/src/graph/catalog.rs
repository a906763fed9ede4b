//! Catalogues and their items: the batch route, the per-item route, review and diagnostics.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::answer::{Paged, Result};
use super::batch::{Batch, BatchAnswer, BatchRequest, BatchStatus};
use super::client::{Call, Graph, segment};
use super::config::Access;
use crate::webhook::wire::{loose, loose_list, loose_number};

/// A catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Catalog {
    /// Its id.
    #[serde(default, alias = "catalog_id")]
    pub id: String,
    /// Its name.
    #[serde(default, alias = "catalog_name", deserialize_with = "loose")]
    pub name: Option<String>,
    /// How many products are in it.
    #[serde(default, deserialize_with = "loose_number")]
    pub product_count: Option<i64>,
    /// The shop that shows it (`available_catalogs`).
    #[serde(default, deserialize_with = "loose")]
    pub shop_name: Option<String>,
    /// `commerce`, for what can be sold.
    #[serde(default, deserialize_with = "loose")]
    pub vertical: Option<String>,
}

/// A product as Meta lists it.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct CatalogProduct {
    /// Meta's product id.
    #[serde(default)]
    pub id: String,
    /// The seller's own id.
    #[serde(default, deserialize_with = "loose")]
    pub retailer_id: Option<String>,
    /// Its name.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
    /// Its price as Meta shows it.
    #[serde(default, deserialize_with = "loose")]
    pub price: Option<String>,
    /// Its sale price as Meta shows it.
    #[serde(default, deserialize_with = "loose")]
    pub sale_price: Option<String>,
    /// Its availability.
    #[serde(default, deserialize_with = "loose")]
    pub availability: Option<String>,
    /// `published`, `staging`, `hidden`.
    #[serde(default, deserialize_with = "loose")]
    pub visibility: Option<String>,
    /// ``, `pending`, `approved`, `rejected`, `outdated`.
    #[serde(default, deserialize_with = "loose")]
    pub review_status: Option<String>,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "loose_list")]
    pub review_rejection_reasons: Vec<String>,
    /// Review per capability, e.g. `ig_product_tagging`.
    #[serde(default, deserialize_with = "loose_list")]
    pub capability_to_review_status: Vec<CapabilityReview>,
    /// `FETCHED`, `FETCH_FAILED`, ...
    #[serde(default, deserialize_with = "loose")]
    pub image_fetch_status: Option<String>,
    /// What is wrong with it.
    #[serde(default, deserialize_with = "loose_list")]
    pub errors: Vec<ProductError>,
    /// The seller's own number, as it was written.
    #[serde(default, deserialize_with = "loose_number")]
    pub custom_number_4: Option<i64>,
}

/// Review of one capability.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct CapabilityReview {
    /// The capability.
    #[serde(default, alias = "key", deserialize_with = "loose")]
    pub capability: Option<String>,
    /// `NO_REVIEW`, `PENDING`, `APPROVED`, `REJECTED`, `OUTDATED`.
    #[serde(default, alias = "value", deserialize_with = "loose")]
    pub review_status: Option<String>,
}

/// Something wrong with a product.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct ProductError {
    /// Meta's type, e.g. `IMAGE_FETCH_FAILED_FORBIDDEN`.
    #[serde(default, deserialize_with = "loose")]
    pub error_type: Option<String>,
    /// `HIGH`, `MEDIUM`, `LOW`.
    #[serde(default, deserialize_with = "loose")]
    pub error_priority: Option<String>,
    /// Its title.
    #[serde(default, deserialize_with = "loose")]
    pub title: Option<String>,
    /// Its description.
    #[serde(default, deserialize_with = "loose")]
    pub description: Option<String>,
}

/// A product on the per-item route. The price is in minor units there, unlike in a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[expect(missing_docs, reason = "Meta's own names")]
pub struct SingleProduct {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retailer_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_url: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_image_urls: Vec<String>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<u64>,
    /// Minor units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_start_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_end_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub currency: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retailer_product_group_id: Option<String>,
    /// `color`, `size`, `material`, `pattern`, `gender`, `age_group`.
    #[serde(flatten)]
    pub attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub additional_variant_attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity_to_sell_on_facebook: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_number_4: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub visibility: Option<String>,
}

/// A group of diagnostics of a catalogue.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Diagnostic {
    /// `IMAGE_QUALITY`, `POLICY_VIOLATION`, ...
    #[serde(default, rename = "type", deserialize_with = "loose")]
    pub kind: Option<String>,
    /// `MUST_FIX`, `OPPORTUNITY`, `WARNING`.
    #[serde(default, deserialize_with = "loose")]
    pub severity: Option<String>,
    /// In a few words.
    #[serde(default, deserialize_with = "loose")]
    pub title: Option<String>,
    /// In more words.
    #[serde(default, deserialize_with = "loose")]
    pub subtitle: Option<String>,
    /// Meta's code.
    #[serde(default, deserialize_with = "loose")]
    pub error_code: Option<String>,
    /// How many items it is about.
    #[serde(default, deserialize_with = "loose_number")]
    pub number_of_affected_items: Option<i64>,
    /// Where it shows: `ig_product_tagging`, `mini_shops`, ...
    #[serde(default, deserialize_with = "loose_list")]
    pub affected_channels: Vec<String>,
}

/// Where an appeal stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Appeal {
    /// The product.
    #[serde(default, deserialize_with = "loose")]
    pub product_id: Option<String>,
    /// Whether one can be made.
    #[serde(default)]
    pub eligible_for_appeal: bool,
    /// Where it stands.
    #[serde(default, deserialize_with = "loose")]
    pub product_appeal_status: Option<String>,
    /// Where the review stands.
    #[serde(default, deserialize_with = "loose")]
    pub review_status: Option<String>,
    /// Why it was rejected.
    #[serde(default, deserialize_with = "loose_list")]
    pub rejection_reasons: Vec<String>,
}

/// A thing that was made.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Created {
    /// Its id.
    #[serde(default)]
    pub id: String,
}

/// A business that the person manages.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
pub struct Business {
    /// Its id.
    #[serde(default)]
    pub id: String,
    /// Its name.
    #[serde(default, deserialize_with = "loose")]
    pub name: Option<String>,
}

const CATALOG_FIELDS: &str = "id,name,product_count,vertical";
const PRODUCT_FIELDS: &str = "id,retailer_id,name,price,sale_price,availability,visibility,review_status,\
    review_rejection_reasons,capability_to_review_status,image_fetch_status,errors,custom_number_4";
const STATUS_FIELDS: &str =
    "handle,status,errors,errors_total_count,warnings,warnings_total_count,ids_of_invalid_requests";

impl Graph {
    /// The businesses of the person whose user token this is.
    pub async fn businesses(
        &self,
        access: &Access,
        after: Option<&str>,
    ) -> Result<Paged<Business>> {
        self.page(
            Call::get(access, "me/businesses")
                .query("fields", "id,name")
                .maybe("after", after),
        )
        .await
    }

    /// The catalogues that a business owns.
    pub async fn owned_catalogs(
        &self,
        access: &Access,
        business_id: &str,
        after: Option<&str>,
    ) -> Result<Paged<Catalog>> {
        let path = format!("{}/owned_product_catalogs", segment(business_id));
        self.page(
            Call::get(access, &path)
                .query("fields", CATALOG_FIELDS)
                .maybe("after", after),
        )
        .await
    }

    /// The catalogues that an Instagram account may tag from.
    pub async fn available_catalogs(
        &self,
        access: &Access,
        ig_user_id: &str,
    ) -> Result<Paged<Catalog>> {
        let path = format!("{}/available_catalogs", segment(ig_user_id));
        self.page(
            Call::get(access, &path)
                .query("fields", "catalog_id,catalog_name,product_count,shop_name"),
        )
        .await
    }

    /// Makes a catalogue. Meta lets a business do so only after it made its first by hand, and a
    /// repeat makes a second one: a lost answer is an unknown outcome.
    pub async fn create_catalog(
        &self,
        access: &Access,
        business_id: &str,
        name: &str,
    ) -> Result<Created> {
        let path = format!("{}/owned_product_catalogs", segment(business_id));
        let body = serde_json::json!({ "name": name, "vertical": "commerce" });
        self.call(Call::post(access, &path, &body).once()).await
    }

    /// Creates, updates and deletes items; the fate of each is asked for with
    /// [`Self::batch_status`]. Repeating it is harmless. Set `allow_upsert` to false for patches,
    /// so that a wrong id makes no ghost.
    pub async fn items_batch(
        &self,
        access: &Access,
        catalog_id: &str,
        requests: &[BatchRequest],
        allow_upsert: bool,
    ) -> Result<BatchAnswer> {
        let path = format!("{}/items_batch", segment(catalog_id));
        let batch = Batch {
            item_type: "PRODUCT_ITEM",
            allow_upsert,
            requests,
        };
        self.call(Call::post(access, &path, &batch)).await
    }

    /// Where a batch stands; `None` when Meta does not know the handle (any more).
    pub async fn batch_status(
        &self,
        access: &Access,
        catalog_id: &str,
        handle: &str,
    ) -> Result<Option<BatchStatus>> {
        let path = format!("{}/check_batch_request_status", segment(catalog_id));
        let call = Call::get(access, &path)
            .query("handle", handle)
            .query("load_ids_of_invalid_requests", "true")
            .query("fields", STATUS_FIELDS);
        let answer = self.page::<BatchStatus>(call).await?;
        Ok(answer.map(|page| page.data.into_iter().next()))
    }

    /// The products of a catalogue with where their review stands.
    pub async fn products(
        &self,
        access: &Access,
        catalog_id: &str,
        retailer_id: Option<&str>,
        after: Option<&str>,
    ) -> Result<Paged<CatalogProduct>> {
        let path = format!("{}/products", segment(catalog_id));
        let filter =
            retailer_id.map(|id| serde_json::json!({ "retailer_id": { "eq": id } }).to_string());
        let call = Call::get(access, &path)
            .query("fields", PRODUCT_FIELDS)
            .query("limit", "200")
            .maybe("filter", filter.as_deref())
            .maybe("after", after);
        self.page(call).await
    }

    /// One product of a catalogue by Meta's id: tells whether a referral's id is Meta's.
    pub async fn product(&self, access: &Access, product_id: &str) -> Result<CatalogProduct> {
        self.call(Call::get(access, &segment(product_id)).query("fields", PRODUCT_FIELDS))
            .await
    }

    /// Creates one product (the per-item route).
    pub async fn create_product(
        &self,
        access: &Access,
        catalog_id: &str,
        product: &SingleProduct,
    ) -> Result<Created> {
        let path = format!("{}/products", segment(catalog_id));
        self.call(Call::post(access, &path, product)).await
    }

    /// Updates one product by Meta's id.
    pub async fn update_product(
        &self,
        access: &Access,
        product_id: &str,
        product: &SingleProduct,
    ) -> Result<()> {
        self.done(Call::post(access, &segment(product_id), product))
            .await
    }

    /// Deletes one product by Meta's id.
    pub async fn delete_product(&self, access: &Access, product_id: &str) -> Result<()> {
        self.done(Call::delete(access, &segment(product_id))).await
    }

    /// What Meta finds wrong with a catalogue as a whole.
    pub async fn diagnostics(
        &self,
        access: &Access,
        catalog_id: &str,
    ) -> Result<Paged<Diagnostic>> {
        let path = format!("{}/diagnostics", segment(catalog_id));
        let call = Call::get(access, &path).query(
            "fields",
            "type,severity,title,subtitle,error_code,number_of_affected_items,affected_channels",
        );
        self.page(call).await
    }

    /// Whether an appeal against a rejection can be made, and where it stands.
    pub async fn appeal_status(
        &self,
        access: &Access,
        ig_user_id: &str,
        product_id: &str,
    ) -> Result<Option<Appeal>> {
        let path = format!("{}/product_appeal", segment(ig_user_id));
        let call = Call::get(access, &path).query("product_id", product_id);
        let answer = self.page::<Appeal>(call).await?;
        Ok(answer.map(|page| page.data.into_iter().next()))
    }

    /// Appeals against the rejection of a product.
    pub async fn appeal(
        &self,
        access: &Access,
        ig_user_id: &str,
        product_id: &str,
        why: &str,
    ) -> Result<()> {
        let path = format!("{}/product_appeal", segment(ig_user_id));
        let body = serde_json::json!({ "product_id": product_id, "appeal_reason": why });
        self.done(Call::post(access, &path, &body)).await
    }
}
