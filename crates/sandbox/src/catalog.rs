//! Catalogs and their items.

use crate::world::World;

/// A product catalog.
#[derive(Clone, Debug)]
pub(crate) struct Catalog {
    pub(crate) id: String,
    pub(crate) name: String,
}

impl World {
    /// The catalog that holds the product with Meta's id `id`.
    pub(crate) fn catalog_of_product(&self, _id: &str) -> Option<String> {
        None
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
            },
        );
        if let Some(business) = self.businesses.get_mut(business) {
            business.owned.push(id.clone());
        }
        id
    }
}
