//! `items_batch`: its requests, its answer, and where a batch stands.

use serde::{Deserialize, Serialize};

use crate::webhook::wire::{loose, loose_list, loose_number};

/// Requests that one `items_batch` call takes at most (Meta's page).
pub const BATCH_REQUESTS_MAX: usize = 5_000;
/// Requests that Meta recommends not to exceed.
pub const BATCH_REQUESTS_ADVISED: usize = 3_000;
/// The body of one `items_batch` call at most, in bytes.
pub const BATCH_BYTES_MAX: usize = 28_000_000;

/// What a request of a batch does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum BatchMethod {
    /// Needs every required field.
    Create,
    /// Any subset; creates what does not exist when upserting.
    Update,
    /// Needs the id only.
    Delete,
}

/// One request of a batch. The seller's own id goes into `data.id`; `retailer_id` there breaks it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BatchRequest {
    /// What to do.
    pub method: BatchMethod,
    /// With what.
    pub data: ItemData,
}

/// The fields of an item, in Meta's names. What is `None` is left as it is.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
#[serde(default)]
#[expect(
    missing_docs,
    reason = "Meta's own names; its catalogue-fields page says what they are"
)]
pub struct ItemData {
    /// The seller's own id, at most 100 characters.
    pub id: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub availability: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// `9.99 USD`: a number with a dot and an ISO 4217 code.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sale_price_effective_date: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub link: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub image_link: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub additional_image_link: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub brand: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item_group_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub color: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub material: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pattern: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gender: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub age_group: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub additional_variant_attribute: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub google_product_category: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub product_type: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub gtin: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantity_to_sell_on_facebook: Option<i64>,
    /// A number of the seller's own that buyers do not see; it comes back when the item is read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub custom_number_4: Option<u32>,
    /// `active` or `archived`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<String>,
}

#[derive(Serialize)]
pub(super) struct Batch<'a> {
    pub(super) item_type: &'static str,
    pub(super) allow_upsert: bool,
    pub(super) requests: &'a [BatchRequest],
}

/// What `items_batch` answers. HTTP 200 with item errors is normal.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchAnswer {
    /// The handle to ask about; empty means that nothing was taken in.
    #[serde(default, deserialize_with = "loose_list")]
    pub handles: Vec<String>,
    /// Items with errors or warnings.
    #[serde(default, deserialize_with = "loose_list")]
    pub validation_status: Vec<ItemValidation>,
}

/// What is wrong with one item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ItemValidation {
    /// The seller's own id.
    #[serde(default, deserialize_with = "loose")]
    pub retailer_id: Option<String>,
    /// Errors: the item is refused.
    #[serde(default, deserialize_with = "loose_list")]
    pub errors: Vec<ItemMessage>,
    /// Warnings: the item is taken.
    #[serde(default, deserialize_with = "loose_list")]
    pub warnings: Vec<ItemMessage>,
}

/// Meta's words about an item.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ItemMessage {
    /// The seller's own id, in a batch's status.
    #[serde(
        default,
        deserialize_with = "loose",
        skip_serializing_if = "Option::is_none"
    )]
    pub id: Option<String>,
    /// The request's position in the batch.
    #[serde(
        default,
        deserialize_with = "loose_number",
        skip_serializing_if = "Option::is_none"
    )]
    pub line: Option<i64>,
    /// What it says.
    #[serde(default)]
    pub message: String,
    /// `HIGH`, `MEDIUM` or `LOW`.
    #[serde(
        default,
        deserialize_with = "loose",
        skip_serializing_if = "Option::is_none"
    )]
    pub error_priority: Option<String>,
}

/// Where a batch stands.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct BatchStatus {
    /// The handle.
    #[serde(default, deserialize_with = "loose")]
    pub handle: Option<String>,
    /// `finished`; anything else means: not yet.
    #[serde(default)]
    pub status: String,
    /// Errors; the sample of Meta's page lists failures under warnings too.
    #[serde(default, deserialize_with = "loose_list")]
    pub errors: Vec<ItemMessage>,
    /// How many errors there are, also beyond those listed.
    #[serde(default, deserialize_with = "loose_number")]
    pub errors_total_count: Option<i64>,
    /// Warnings.
    #[serde(default, deserialize_with = "loose_list")]
    pub warnings: Vec<ItemMessage>,
    /// How many warnings there are.
    #[serde(default, deserialize_with = "loose_number")]
    pub warnings_total_count: Option<i64>,
    /// The seller's own ids of requests that were refused.
    #[serde(default, deserialize_with = "loose_list")]
    pub ids_of_invalid_requests: Vec<String>,
}

impl BatchStatus {
    /// Whether the fate of every item is known.
    pub fn is_finished(&self) -> bool {
        self.status == "finished"
    }
}
