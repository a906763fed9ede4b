//! Reading products, and writing them one by one.

use super::{Item, Review, fields};
use crate::call::{Call, project_inner};
use crate::error::{GraphError, GraphResult};
use crate::page::paged;
use crate::world::World;
use serde_json::{Map, Value, json};

/// Graph field of a single product -> `items_batch` field.
const NAMES: &[(&str, &str)] = &[
    ("name", "title"),
    ("url", "link"),
    ("image_url", "image_link"),
    ("additional_image_urls", "additional_image_link"),
    ("retailer_product_group_id", "item_group_id"),
    ("category", "google_product_category"),
    ("manufacturer_part_number", "mpn"),
];

/// Fields that are read under the name they were written with.
const SAME: &[&str] = &[
    "description",
    "rich_text_description",
    "short_description",
    "availability",
    "condition",
    "brand",
    "gtin",
    "color",
    "size",
    "material",
    "pattern",
    "gender",
    "age_group",
    "fb_product_category",
    "product_type",
    "custom_label_0",
    "custom_label_1",
    "custom_label_2",
    "custom_label_3",
    "custom_label_4",
    "custom_number_0",
    "custom_number_1",
    "custom_number_2",
    "custom_number_3",
    "custom_number_4",
    "expiration_date",
    "mobile_link",
    "origin_country",
];

impl World {
    /// `GET /{catalog}/products` with `filter`, `fields`, paging.
    pub(crate) fn list_products(&mut self, call: &Call, catalog: &str) -> GraphResult<Value> {
        self.settle(catalog, false);
        let now = self.now();
        let filter = call.json("filter").unwrap_or(Value::Null);
        let approved = call.flag("return_only_approved_products", false);
        let error_type = call.text("error_type");
        let priority = call.text("error_priority");
        let Some(found) = self.catalogs.get(catalog) else {
            return Err(call.unsupported());
        };
        let chosen: Vec<&Item> = found
            .items
            .values()
            .filter(|i| matches(i, &filter, now))
            .filter(|i| !approved || i.review_status(now) == "approved")
            .filter(|i| {
                if error_type.is_none() && priority.is_none() {
                    return true;
                }
                Self::item_errors(i, now).iter().any(|e| {
                    error_type
                        .as_ref()
                        .is_none_or(|t| e["error_type"] == t.as_str())
                        && priority
                            .as_ref()
                            .is_none_or(|p| e["error_priority"] == p.as_str())
                })
            })
            .collect();
        let total = chosen.len();
        let (page, paging) = paged(call, &chosen, |i| i.id.as_str());
        let wanted = or_default(call.fields());
        let rows: Vec<(String, Item)> = page
            .into_iter()
            .map(|i| (i.id.clone(), i.clone()))
            .collect();
        let data: Vec<Value> = rows
            .iter()
            .map(|(_, i)| self.product(catalog, i, &wanted))
            .collect();
        let mut out = json!({"data": data, "paging": paging});
        if call.flag("summary", false) || call.text("summary").is_some_and(|s| s.contains("total"))
        {
            out["summary"] = json!({"total_count": total});
        }
        Ok(out)
    }

    /// `GET /{product}`.
    pub(crate) fn get_product(&mut self, call: &Call, address: &str) -> GraphResult<Value> {
        if let Some(catalog) = self.catalog_of_product(address) {
            self.settle(&catalog, false);
        }
        let (catalog, sku) = self
            .find_product(address)
            .ok_or_else(|| call.unsupported())?;
        let item = self
            .catalogs
            .get(&catalog)
            .and_then(|c| c.items.get(&sku))
            .cloned();
        let item = item.ok_or_else(|| call.unsupported())?;
        Ok(self.product(&catalog, &item, &or_default(call.fields())))
    }

    /// The item as the Graph API shows it: `id` and the wanted fields that it has.
    fn product(&mut self, catalog: &str, item: &Item, wanted: &[(String, String)]) -> Value {
        let now = self.now();
        let mut out = Map::new();
        out.insert("id".into(), item.id.as_str().into());
        for (name, inner) in wanted {
            let value = match name.as_str() {
                "product_group" => {
                    let group = group_of(item).to_owned();
                    let id = self.group_id(catalog, &group);
                    Some(json!({"id": id, "retailer_id": group}))
                }
                "product_catalog" => Some(json!({"id": catalog})),
                "errors" => Some(Self::item_errors(item, now).into()),
                name => shown(item, name, now),
            };
            if let Some(value) = value {
                out.insert(name.clone(), project_inner(&value, inner));
            }
        }
        Value::Object(out)
    }

    /// `POST /{catalog}/products`: one item, price in minor units.
    pub(crate) fn create_product(&mut self, call: &Call, catalog: &str) -> GraphResult<Value> {
        let sku = call.require("retailer_id")?;
        let exists = self
            .catalogs
            .get(catalog)
            .is_some_and(|c| c.items.contains_key(&sku));
        if exists && !call.flag("allow_upsert", false) {
            return Err(GraphError::new(
                10_800,
                "(#10800) Duplicate retailer_id when attempting to create a store collection.",
            ));
        }
        let fields = single_fields(call, None)?;
        for (shown, kept) in [
            ("name", "title"),
            ("image_url", "image_link"),
            ("url", "link"),
        ] {
            if !exists && !fields.iter().any(|(n, _)| *n == kept) {
                return Err(GraphError::param(format!(
                    "The parameter {shown} is required"
                )));
            }
        }
        if !exists && !fields.iter().any(|(n, _)| *n == "price") {
            return Err(GraphError::param(
                "The parameters price and currency are required",
            ));
        }
        self.note_single(catalog, &sku, &fields);
        let id = self
            .write_item(catalog, &sku, fields, false, false)
            .unwrap_or_default();
        Ok(json!({"id": id}))
    }

    /// `POST /{product}`.
    pub(crate) fn update_product(&mut self, call: &Call, address: &str) -> GraphResult<Value> {
        let (catalog, sku) = self
            .find_product(address)
            .ok_or_else(|| call.unsupported())?;
        let currency = self
            .catalogs
            .get(&catalog)
            .and_then(|c| c.items.get(&sku))
            .and_then(|i| fields::parse_price(i.text("price")).map(|(_, c)| c.to_owned()));
        let fields = single_fields(call, currency)?;
        self.note_single(&catalog, &sku, &fields);
        self.write_item(&catalog, &sku, fields, false, false);
        Ok(json!({"success": true}))
    }

    fn note_single(&mut self, catalog: &str, sku: &str, fields: &[(&'static str, Value)]) {
        if let Some(catalog) = self.catalogs.get_mut(catalog) {
            catalog.receive(sku, &format!("{fields:?}"));
        }
    }

    /// `DELETE /{product}`.
    pub(crate) fn delete_product(&mut self, call: &Call, address: &str) -> GraphResult<Value> {
        let (catalog, sku) = self
            .find_product(address)
            .ok_or_else(|| call.unsupported())?;
        self.catalogs.get_mut(&catalog).map(|c| c.remove(&sku));
        Ok(json!({"success": true}))
    }
}

/// The variant group of an item; one without a group is its own.
fn group_of(item: &Item) -> &str {
    match item.text("item_group_id") {
        "" => &item.retailer_id,
        group => group,
    }
}

/// One field of an item under its Graph name.
fn shown(item: &Item, name: &str, now: i64) -> Option<Value> {
    let period = || item.text("sale_price_effective_date").split_once('/');
    let images = || item.get("image").and_then(Value::as_array);
    let published = item.is_published();
    let value = match name {
        "retailer_id" => item.retailer_id.as_str().into(),
        "retailer_product_group_id" => group_of(item).into(),
        "image_url" => fields::main_image(item).into(),
        "additional_image_urls" => match (images(), item.get("additional_image_link")) {
            (Some(images), _) => images.iter().skip(1).map(|i| i["url"].clone()).collect(),
            (None, Some(Value::String(list))) => list.split(',').map(str::trim).collect(),
            (None, list) => list?.clone(),
        },
        "images" => images()?
            .iter()
            .map(|i| json!({"url": i["url"]}).to_string())
            .collect(),
        "price" | "sale_price" => {
            let (number, currency) = fields::parse_price(item.text(name))?;
            shown_price(number, currency).into()
        }
        "currency" => fields::parse_price(item.text("price"))?.1.into(),
        "sale_price_start_date" => period()?.0.into(),
        "sale_price_end_date" => period()?.1.into(),
        "inventory" | "quantity_to_sell_on_facebook" => item
            .get("quantity_to_sell_on_facebook")
            .or_else(|| item.get("inventory"))
            .and_then(fields::whole)?
            .into(),
        "additional_variant_attributes" => item
            .get("additional_variant_attribute")?
            .as_str()?
            .split(',')
            .filter_map(|pair| pair.split_once(':'))
            .map(|(key, value)| json!({"key": key.trim(), "value": value.trim()}))
            .collect(),
        "review_status" => item.review_status(now).into(),
        "capability_to_review_status" => {
            let status = item.review_status(now).to_uppercase();
            let line = |channel: &str| json!({"key": channel, "value": status});
            json!([line("mini_shops"), line("ig_product_tagging")])
        }
        "review_rejection_reasons" => match &item.review {
            Review::Rejected(reasons) => reasons.clone().into(),
            _ => return None,
        },
        "image_fetch_status" => item.image_status().into(),
        "visibility" => if published { "published" } else { "staging" }.into(),
        "status" => if published { "active" } else { "archived" }.into(),
        "capabilities_disabled_by_user" => item.get("disabled_capabilities")?.clone(),
        name if SAME.contains(&name) => item.get(name)?.clone(),
        name => item
            .get(NAMES.iter().find(|(shown, _)| *shown == name)?.1)?
            .clone(),
    };
    Some(value)
}

fn or_default(fields: Vec<(String, String)>) -> Vec<(String, String)> {
    if fields.is_empty() {
        ["id", "name", "retailer_id"]
            .map(|f| (f.to_owned(), String::new()))
            .to_vec()
    } else {
        fields
    }
}

/// Fields of a single-product call under their batch names; prices become `"9.99 USD"`.
fn single_fields(call: &Call, currency: Option<String>) -> GraphResult<Vec<(&'static str, Value)>> {
    let currency = call.text("currency").or(currency);
    let mut data = Map::new();
    for (name, value) in &call.params {
        let kept = NAMES
            .iter()
            .find(|(shown, _)| shown == name)
            .map_or(name.as_str(), |(_, k)| k);
        match name.as_str() {
            "retailer_id" | "currency" | "fields" | "allow_upsert" | "appsecret_proof" => {}
            "price" | "sale_price" => {
                let minor: u64 = call
                    .text(name)
                    .and_then(|t| t.parse().ok())
                    .ok_or_else(|| {
                        GraphError::param(format!("Param {name} must be an unsigned integer"))
                    })?;
                let currency = currency.clone().ok_or_else(|| {
                    GraphError::param("The parameter currency is required with a price")
                })?;
                data.insert(kept.into(), major(minor, &currency).into());
            }
            "additional_image_urls" | "disabled_capabilities" => {
                data.insert(kept.into(), call.json(name).unwrap_or_default());
            }
            "sale_price_start_date" | "sale_price_end_date" => {
                if let (Some(from), Some(until)) = (
                    call.text("sale_price_start_date"),
                    call.text("sale_price_end_date"),
                ) {
                    let period = format!("{from}/{until}");
                    data.insert("sale_price_effective_date".into(), period.into());
                }
            }
            "additional_variant_attributes" => {
                let pairs = call.json(name).unwrap_or_default();
                let pairs = pairs.as_object().into_iter().flatten();
                let pairs: Vec<String> = pairs
                    .filter_map(|(key, value)| Some(format!("{key}:{}", value.as_str()?)))
                    .collect();
                data.insert(
                    "additional_variant_attribute".into(),
                    pairs.join(",").into(),
                );
            }
            _ => {
                data.insert(kept.into(), value.clone());
            }
        }
    }
    let checked = fields::check(&data);
    match checked.errors.first() {
        Some(error) => Err(GraphError::param(error)),
        None => Ok(checked.fields),
    }
}

/// Digits after the dot (ISO 4217). Whether Meta multiplies zero-decimal currencies by 100 on
/// this edge is not documented; here the ISO minor unit is meant.
fn exponent(currency: &str) -> u32 {
    match currency {
        "JPY" | "KRW" | "VND" | "CLP" | "ISK" | "PYG" | "UGX" | "XAF" | "XOF" => 0,
        "BHD" | "JOD" | "KWD" | "OMR" | "TND" => 3,
        _ => 2,
    }
}

fn major(minor: u64, currency: &str) -> String {
    let digits = exponent(currency);
    let unit = 10u64.pow(digits);
    match digits {
        0 => format!("{minor} {currency}"),
        _ => format!(
            "{}.{:0width$} {currency}",
            minor / unit,
            minor % unit,
            width = digits as usize
        ),
    }
}

/// A price as the Graph API shows it to a reader: symbol or code before, commas, two digits.
fn shown_price(number: &str, currency: &str) -> String {
    let symbol = match currency {
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "INR" => "₹",
        "JPY" => "¥",
        other => other,
    };
    let digits = exponent(currency) as usize;
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let mut grouped = String::new();
    for (at, c) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(c);
    }
    if digits == 0 {
        return format!("{symbol}{grouped}");
    }
    let mut fraction = fraction.to_owned();
    fraction.truncate(digits);
    format!("{symbol}{grouped}.{fraction:0<digits$}")
}

/// The filter language of `GET /{catalog}/products`, as far as it is used.
fn matches(item: &Item, filter: &Value, now: i64) -> bool {
    let Some(map) = filter.as_object() else {
        return true;
    };
    map.iter().all(|(key, rule)| match key.as_str() {
        "and" => rule
            .as_array()
            .into_iter()
            .flatten()
            .all(|f| matches(item, f, now)),
        "or" => rule
            .as_array()
            .into_iter()
            .flatten()
            .any(|f| matches(item, f, now)),
        "not" => !matches(item, rule, now),
        _ => {
            let kept = NAMES
                .iter()
                .find(|(shown, _)| shown == key)
                .map_or(key.as_str(), |(_, k)| k);
            let value = match kept {
                "retailer_id" => item.retailer_id.clone(),
                "product_item_id" | "id" => item.id.clone(),
                "review_status" => item.review_status(now).to_owned(),
                other => item
                    .get(other)
                    .cloned()
                    .and_then(crate::call::into_text)
                    .unwrap_or_default(),
            };
            rule.as_object()
                .into_iter()
                .flatten()
                .all(|(op, wanted)| compare(op, &value, wanted))
        }
    })
}

fn compare(op: &str, value: &str, wanted: &Value) -> bool {
    let text = crate::call::into_text(wanted.clone()).unwrap_or_default();
    let any = || wanted.as_array().into_iter().flatten().any(|w| *w == value);
    match op {
        "eq" => value == text,
        "neq" => value != text,
        "contains" => value.contains(&text),
        "not_contains" => !value.contains(&text),
        "i_contains" => value.to_lowercase().contains(&text.to_lowercase()),
        "starts_with" => value.starts_with(&text),
        "is_any" => any(),
        "is_not_any" => !any(),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prices_are_minor_units_in_and_readable_out() {
        assert_eq!(major(999, "USD"), "9.99 USD");
        assert_eq!(major(1200, "JPY"), "1200 JPY");
        assert_eq!(shown_price("1234.5", "USD"), "$1,234.50");
        assert_eq!(shown_price("1200.00", "BDT"), "BDT1,200.00");
        assert_eq!(shown_price("1200", "JPY"), "¥1,200");
    }
}
