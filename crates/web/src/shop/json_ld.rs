//! schema.org's Product and Offer as JSON-LD: a block of data, never a script that runs.

use domain::catalog::{Availability, Condition, Product, Variant};
use maud::{Markup, PreEscaped, html};
use serde_json::{Value, json};

use super::site::Site;

/// Variants told apart in one block.
const OFFERS_MAX: usize = 50;

/// The block of a product's page.
pub(super) fn product(site: &Site, product: &Product, variant: Option<&Variant>) -> Markup {
    let id = variant.map_or(&product.retailer_id, |v| &v.retailer_id);
    let images: Vec<&str> = variant
        .and_then(|v| v.image_url.as_deref())
        .into_iter()
        .chain(product.image_urls.iter().map(String::as_str))
        .take(10)
        .collect();
    let offers = match (variant, product.variants.as_slice()) {
        (Some(variant), _) => offer(site, product, Some(variant)),
        (None, []) => offer(site, product, None),
        (None, variants) => variants
            .iter()
            .take(OFFERS_MAX)
            .map(|v| offer(site, product, Some(v)))
            .collect(),
    };
    let mut data = json!({
        "@context": "https://schema.org",
        "@type": "Product",
        "name": product.title,
        "sku": id.as_str(),
        "brand": {"@type": "Brand", "name": product.brand.as_deref().unwrap_or(&site.seller.name)},
        "offers": offers,
    });
    if !product.description.trim().is_empty() {
        data["description"] = json!(product.description.trim());
    }
    if !images.is_empty() {
        data["image"] = json!(images);
    }
    if let Some(category) = &product.category {
        data["category"] = json!(category);
    }
    block(&data)
}

fn offer(site: &Site, product: &Product, variant: Option<&Variant>) -> Value {
    let price = super::product_page::price(product, variant, site.view.now());
    let mut offer = json!({
        "@type": "Offer",
        "price": price.now.decimal(),
        "priceCurrency": price.now.currency.code(),
        "availability": match super::product_page::standing(&site.view, product, variant) {
            Availability::InStock => "https://schema.org/InStock",
            Availability::OutOfStock => "https://schema.org/OutOfStock",
            Availability::AvailableForOrder => "https://schema.org/BackOrder",
            Availability::Discontinued => "https://schema.org/Discontinued",
        },
        "itemCondition": match product.condition {
            Condition::New => "https://schema.org/NewCondition",
            Condition::Refurbished => "https://schema.org/RefurbishedCondition",
            Condition::Used => "https://schema.org/UsedCondition",
        },
        "seller": {"@type": "Organization", "name": site.seller.name},
    });
    if let Some(variant) = variant {
        offer["sku"] = json!(variant.retailer_id.as_str());
    }
    if let Some(until) = price.until {
        offer["priceValidUntil"] = json!(until.to_string());
    }
    if let Some(url) = site.canonical(product, variant) {
        offer["url"] = json!(url);
    }
    offer
}

/// No `<` of a title may end the block.
fn block(data: &Value) -> Markup {
    let text = data
        .to_string()
        .replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026");
    html! { script type="application/ld+json" { (PreEscaped(text)) } }
}
