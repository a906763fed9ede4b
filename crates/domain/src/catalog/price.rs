//! What one of a product costs with the choices made, and which variant those choices are.

use super::{Product, RetailerId, Variant};
use crate::reading::OptionChoice;
use crate::{Money, Timestamp};

/// The variant that the choices settle: the first whose every value was chosen.
#[must_use]
pub fn variant_for<'p>(product: &'p Product, options: &[OptionChoice]) -> Option<&'p Variant> {
    product.variants.iter().find(|variant| {
        !variant.values.is_empty()
            && variant.values.iter().all(|(name, value)| {
                options
                    .iter()
                    .any(|o| !o.negated && o.name == *name && o.value == *value)
            })
    })
}

/// The id that stock is counted under: the variant's, where the choices settle one.
#[must_use]
pub fn stock_id<'p>(product: &'p Product, options: &[OptionChoice]) -> &'p RetailerId {
    variant_for(product, options).map_or(&product.retailer_id, |variant| &variant.retailer_id)
}

/// The price of one: the variant's or the product's (on sale, while it runs), plus the surcharge of
/// every chosen value as often as it is counted. `None` when it does not fit an integer.
#[must_use]
pub fn unit_price(product: &Product, options: &[OptionChoice], now: Timestamp) -> Option<Money> {
    let base = variant_for(product, options)
        .and_then(|variant| variant.price)
        .unwrap_or_else(|| product.price_at(now));
    options
        .iter()
        .filter(|choice| !choice.negated)
        .try_fold(base, |price, choice| {
            let surcharge = product
                .option(&choice.name)
                .and_then(|option| option.values.iter().find(|v| v.value == choice.value))
                .map_or(0, |value| value.surcharge_minor);
            Money::new(surcharge, price.currency)
                .times(choice.count)
                .and_then(|extra| price.plus(extra))
        })
}

/// Names of the required options that `options` leaves open.
#[must_use]
pub fn missing_options(product: &Product, options: &[OptionChoice]) -> Vec<String> {
    product
        .options
        .iter()
        .filter(|option| option.required && !options.iter().any(|o| o.name == option.name))
        .map(|option| option.name.clone())
        .collect()
}
