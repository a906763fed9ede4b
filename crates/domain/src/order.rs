//! An order: confirmed lines with frozen prices. Its life is in [`lifecycle`], its sums in [`totals`].

pub mod lifecycle;
pub mod totals;

use serde::{Deserialize, Serialize};

use crate::catalog::price::{unit_price, variant_for};
use crate::catalog::{CatalogView, RetailerId};
use crate::customer::Details;
use crate::draft::Actor;
use crate::reading::{OptionChoice, OrderLine};
use crate::{DraftOrderId, Money, OrderId, Timestamp};

pub use lifecycle::OrderStatus;
pub use totals::{Charges, Totals};

/// A line with its price, frozen at confirmation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PricedLine {
    /// The product.
    pub product: RetailerId,
    /// The variant that the choices settle, where variants are told apart.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub variant: Option<RetailerId>,
    /// What it was called.
    pub title: String,
    /// How many.
    pub quantity: u32,
    /// The choices.
    #[serde(default)]
    pub options: Vec<OptionChoice>,
    /// The price of one, surcharges included.
    pub unit_price: Money,
    /// The unit price times the quantity.
    pub total: Money,
}

impl PricedLine {
    /// The id that stock is counted under.
    #[must_use]
    pub fn stock_id(&self) -> &RetailerId {
        self.variant.as_ref().unwrap_or(&self.product)
    }
}

/// Why a line has no price.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unpriced {
    /// Not (or no longer) in the catalogue.
    #[error("`{0}` is not in the catalog; change or remove the line")]
    Unknown(RetailerId),
    /// The sum does not fit.
    #[error("the amount for `{0}` is too large; lower the quantity")]
    TooLarge(RetailerId),
}

/// Prices a line at `now`.
pub fn price_line(
    line: &OrderLine,
    catalog: &dyn CatalogView,
    now: Timestamp,
) -> Result<PricedLine, Unpriced> {
    let product = catalog
        .product(&line.product)
        .ok_or_else(|| Unpriced::Unknown(line.product.clone()))?;
    let too_large = || Unpriced::TooLarge(line.product.clone());
    let unit_price = unit_price(product, &line.options, now).ok_or_else(too_large)?;
    Ok(PricedLine {
        product: line.product.clone(),
        variant: variant_for(product, &line.options).map(|v| v.retailer_id.clone()),
        title: product.title.clone(),
        quantity: line.quantity,
        options: line.options.clone(),
        unit_price,
        total: unit_price.times(line.quantity).ok_or_else(too_large)?,
    })
}

/// An order to be created in the event's transaction: number it, reserve its stock, store it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NewOrder {
    /// Its id.
    pub id: OrderId,
    /// The draft order that it was.
    pub draft_order: DraftOrderId,
    /// The lines, prices frozen.
    pub lines: Vec<PricedLine>,
    /// The sums.
    pub totals: Totals,
    /// The customer's details as they were at confirmation.
    pub details: Details,
    /// Who confirmed.
    pub confirmed_by: Actor,
    /// When.
    pub confirmed_at: Timestamp,
    /// Whether stock may go below zero for it: the seller knows.
    pub oversell: bool,
    /// The seller's note.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
}
