//! Catalogs of a business: listing, creating, renaming, deleting; who may touch them.

use crate::call::{Call, project};
use crate::error::{GraphError, GraphResult};
use crate::page::paged;
use crate::world::{Token, World};
use serde_json::{Value, json};

impl World {
    /// The token's person owns the business of the catalog and granted `catalog_management`.
    pub(crate) fn may_manage(&self, call: &Call, catalog: &str) -> GraphResult<Token> {
        let token = self.holder(call)?;
        let found = self
            .catalogs
            .get(catalog)
            .ok_or_else(|| call.unsupported())?;
        self.require_scope(&token, "catalog_management")?;
        let member = self.users.get(&token.user).is_some_and(|u| {
            u.businesses.iter().any(|b| {
                *b == found.business
                    || self
                        .businesses
                        .get(b)
                        .is_some_and(|b| b.client.iter().any(|c| c == catalog))
            })
        });
        if !member || !token.may_touch(catalog) {
            return Err(call.unsupported());
        }
        Ok(token)
    }

    fn member_of(&self, call: &Call, business: &str) -> GraphResult<Token> {
        let token = self.holder(call)?;
        let mine = |u: &crate::world::User| u.businesses.iter().any(|b| b == business);
        if !self.users.get(&token.user).is_some_and(mine) {
            return Err(call.unsupported());
        }
        Ok(token)
    }

    /// `GET|POST /{business}/owned_product_catalogs`, `GET .../client_product_catalogs`.
    pub(crate) fn business_catalogs(
        &mut self,
        call: &Call,
        business: &str,
        owned: bool,
    ) -> GraphResult<Value> {
        let token = self.member_of(call, business)?;
        self.require_scope(&token, "catalog_management")?;
        if call.is_post() && owned {
            return self.create_catalog(call, &token, business);
        }
        if !call.is_get() {
            return Err(call.unsupported());
        }
        let found = self
            .businesses
            .get(business)
            .ok_or_else(|| call.unsupported())?;
        let ids = if owned { &found.owned } else { &found.client };
        Ok(self.catalog_page(call, ids))
    }

    /// `GET /{page}/product_catalogs`, `GET /{waba}/product_catalogs`.
    pub(crate) fn catalog_page(&self, call: &Call, ids: &[String]) -> Value {
        let rows: Vec<&super::Catalog> =
            ids.iter().filter_map(|id| self.catalogs.get(id)).collect();
        let (page, paging) = paged(call, &rows, |c| c.id.as_str());
        let mut fields = call.fields();
        if fields.is_empty() {
            fields = ["id", "name"]
                .map(|f| (f.to_owned(), String::new()))
                .to_vec();
        }
        let data: Vec<Value> = page
            .into_iter()
            .map(|c| project(&self.catalog_value(c), &fields))
            .collect();
        json!({"data": data, "paging": paging})
    }

    fn catalog_value(&self, catalog: &super::Catalog) -> Value {
        let business = self.businesses.get(&catalog.business);
        json!({
            "id": catalog.id,
            "name": catalog.name,
            "vertical": catalog.vertical,
            "product_count": catalog.items.len(),
            "business": business.map(|b| json!({"id": b.id, "name": b.name})),
        })
    }

    fn create_catalog(&mut self, call: &Call, token: &Token, business: &str) -> GraphResult<Value> {
        self.require_scope(token, "business_management")?;
        let name = call.require("name")?;
        let terms = self.businesses.get(business).is_some_and(|b| b.terms);
        if !terms {
            return Err(GraphError::new(
                100,
                "(#100) You must accept the catalog terms in Commerce Manager before you can \
                 create a catalog",
            ));
        }
        let id = self.add_catalog(business, &name);
        if let (Some(vertical), Some(catalog)) = (call.text("vertical"), self.catalogs.get_mut(&id))
        {
            catalog.vertical = vertical;
        }
        Ok(json!({"id": id}))
    }

    /// `GET|POST|DELETE /{catalog}`.
    pub(crate) fn catalog_node(&mut self, call: &Call, id: &str) -> GraphResult<Value> {
        self.may_manage(call, id)?;
        self.settle(id, false);
        if call.is_post() {
            if let (Some(name), Some(catalog)) = (call.text("name"), self.catalogs.get_mut(id)) {
                catalog.name = name;
            }
            return Ok(json!({"success": true}));
        }
        if call.is_delete() {
            self.catalogs.remove(id);
            for business in self.businesses.values_mut() {
                business.owned.retain(|c| c != id);
                business.client.retain(|c| c != id);
            }
            for account in self.instagram.values_mut() {
                account.catalog.take_if(|c| c == id);
            }
            return Ok(json!({"success": true}));
        }
        let catalog = self.catalogs.get(id).ok_or_else(|| call.unsupported())?;
        let mut fields = call.fields();
        if fields.is_empty() {
            fields = ["id", "name"]
                .map(|f| (f.to_owned(), String::new()))
                .to_vec();
        }
        Ok(project(&self.catalog_value(catalog), &fields))
    }
}
