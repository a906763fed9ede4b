//! The catalogue as a decision sees it: products by id, the ids that Meta's events carry, free stock.

use std::collections::HashMap;

use super::{Availability, Product, ProductStatus, RetailerId};
use crate::reading::OptionChoice;

/// A product that an id of an event stands for, with the choices that the id settles.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resolved {
    /// The product.
    pub product: RetailerId,
    /// The variant's values, where the id was a variant's.
    pub options: Vec<OptionChoice>,
}

/// What a decision may ask of the catalogue.
pub trait CatalogView {
    /// An offered product.
    fn product(&self, id: &RetailerId) -> Option<&Product>;
    /// What an id that came with an event stands for: a product's or variant's `retailer_id`, or
    /// Meta's own id of the item.
    fn resolve(&self, id: &str) -> Option<Resolved>;
    /// Units of a product or variant that nobody holds; `None`: not counted.
    fn free(&self, id: &RetailerId) -> Option<i64>;
}

/// A catalogue in memory.
#[derive(Debug, Clone, Default)]
pub struct CatalogSnapshot {
    products: HashMap<RetailerId, Product>,
    variants: HashMap<RetailerId, (RetailerId, usize)>,
    meta_ids: HashMap<String, RetailerId>,
    held: HashMap<RetailerId, i64>,
}

impl CatalogSnapshot {
    /// The offered ones of `products`.
    #[must_use]
    pub fn new(products: impl IntoIterator<Item = Product>) -> Self {
        let mut snapshot = Self::default();
        for product in products {
            if product.status == ProductStatus::Archived {
                continue;
            }
            for (i, variant) in product.variants.iter().enumerate() {
                snapshot.variants.insert(
                    variant.retailer_id.clone(),
                    (product.retailer_id.clone(), i),
                );
            }
            snapshot
                .products
                .insert(product.retailer_id.clone(), product);
        }
        snapshot
    }

    /// Also knows an item by Meta's id.
    pub fn know_meta_id(&mut self, meta_id: impl Into<String>, item: RetailerId) {
        self.meta_ids.insert(meta_id.into(), item);
    }

    /// Counts `units` of a product or variant as held by orders.
    pub fn hold(&mut self, item: RetailerId, units: i64) {
        *self.held.entry(item).or_default() += units;
    }

    /// Every offered product, in no particular order.
    pub fn products(&self) -> impl Iterator<Item = &Product> {
        self.products.values()
    }
}

impl CatalogView for CatalogSnapshot {
    fn product(&self, id: &RetailerId) -> Option<&Product> {
        self.products.get(id)
    }

    fn resolve(&self, id: &str) -> Option<Resolved> {
        let item = match RetailerId::parse(id) {
            Ok(item) if self.products.contains_key(&item) || self.variants.contains_key(&item) => {
                item
            }
            _ => self.meta_ids.get(id)?.clone(),
        };
        if self.products.contains_key(&item) {
            return Some(Resolved {
                product: item,
                options: Vec::new(),
            });
        }
        let (product, i) = self.variants.get(&item)?;
        let variant = self.products.get(product)?.variants.get(*i)?;
        let mut options: Vec<_> = variant
            .values
            .iter()
            .map(|(name, value)| OptionChoice {
                name: name.clone(),
                value: value.clone(),
                negated: false,
                amount: None,
                count: 1,
            })
            .collect();
        options.sort();
        Some(Resolved {
            product: product.clone(),
            options,
        })
    }

    fn free(&self, id: &RetailerId) -> Option<i64> {
        let (declared, availability) = if let Some(product) = self.products.get(id) {
            (product.stock, product.availability)
        } else {
            let (product, i) = self.variants.get(id)?;
            let product = self.products.get(product)?;
            (product.variants.get(*i)?.stock, product.availability)
        };
        match availability {
            Availability::OutOfStock | Availability::Discontinued => Some(0),
            Availability::AvailableForOrder => None,
            Availability::InStock => {
                declared.map(|stock| stock - self.held.get(id).copied().unwrap_or(0))
            }
        }
    }
}
