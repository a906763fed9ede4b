//! One item sent again by itself, on Meta's per-item route: for the one that a person looks at. It
//! is done at once, costs a call of the hour's few hundred, and changes nothing else; everything
//! that is many goes by batches.

use std::collections::BTreeMap;

use domain::catalog::RetailerId;
use domain::catalog::item::CatalogItemFields;
use domain::catalog::rules::check_item;
use domain::{CatalogId, Money, SellerId, Timestamp};
use meta::graph::{Access, Advice, GraphError, Reason, SingleProduct};
use store::{Catalog, CatalogItem, SellerStore};

use super::item::ItemState;
use super::plan;
use super::readback::listed_item;
use super::refresh::{content_hash, fields_of, sync_item};
use crate::Engine;
use crate::changes::Subject;
use crate::error::ActionError;

/// Three calls to Meta are over by then, or their process has crashed.
const LEASE_MS: i64 = 2 * Timestamp::MINUTE;
/// On this route prices are whole minor units; whether Meta reads those of currencies without or
/// with three decimals by a hundred too is not documented.
const DECIMALS: u32 = 2;

impl Engine {
    /// Sends one item again as the product is now, and records what Meta then shows of it.
    pub async fn send_item(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        id: &RetailerId,
    ) -> Result<CatalogItem, ActionError> {
        let store = self.store().seller(seller);
        let found = store.catalog(catalog).await?;
        let found = found.ok_or(ActionError::Missing("catalog"))?;
        if found.status == "disabled" {
            return Err(ActionError::Refused(
                "this catalog is disconnected; connect it again first".to_owned(),
            ));
        }
        let now = self.now();
        let holder = format!("item-{}", uuid::Uuid::now_v7());
        let free = store
            .lease_catalog(catalog, &holder, now.plus(LEASE_MS), now)
            .await?;
        let open = store.open_sync_batches(catalog).await?;
        if !free || !open.is_empty() {
            store.release_catalog(catalog, &holder).await?;
            return Err(ActionError::Refused(
                "a sync of this catalog is under way and may send it; try again when it has ended"
                    .to_owned(),
            ));
        }
        let sent = self.send_alone(&store, &found, id).await;
        store.release_catalog(catalog, &holder).await?;
        self.switchboard().tell(seller, Subject::Catalogs);
        sent
    }

    async fn send_alone(
        &self,
        store: &SellerStore<'_>,
        catalog: &Catalog,
        id: &RetailerId,
    ) -> Result<CatalogItem, ActionError> {
        let items = store
            .catalog_items_by_ids(catalog.id, std::slice::from_ref(id))
            .await?;
        let mut item = items
            .into_iter()
            .next()
            .ok_or(ActionError::Missing("catalog item"))?;
        let fields = self.item_now(store, &item).await?;
        let account = match catalog.account_id {
            Some(account) => store.account(account).await?,
            None => None,
        };
        let account = account.ok_or(ActionError::Missing("channel account"))?;
        let access = self.catalog_access(&account)?;
        let hash = content_hash(&fields);
        let data = single(&fields, plan::fingerprint(&hash)).ok_or_else(|| {
            ActionError::Refused(
                "prices of this currency go by a whole sync only; sync the catalog".to_owned(),
            )
        })?;
        item.content_hash = Some(hash.clone());
        let done = self.put_alone(&access, catalog, &item, &data).await;
        let sent = match &done {
            Ok(()) => {
                self.look_at_item(&access, catalog, &mut item, hash, &fields)
                    .await
            }
            Err(error) => failed(&mut item, hash, error),
        };
        store
            .put_catalog_items(catalog.id, std::slice::from_ref(&item), self.now())
            .await?;
        sent.map(|()| item)
    }

    /// The item as its product is now; refused where there is nothing to send.
    async fn item_now(
        &self,
        store: &SellerStore<'_>,
        item: &CatalogItem,
    ) -> Result<CatalogItemFields, ActionError> {
        let refused = |text: &str| ActionError::Refused(text.to_owned());
        if item.state == ItemState::Foreign.as_str() {
            return Err(refused(
                "the item is not yours to change here; it was put into the catalog elsewhere",
            ));
        }
        let product = item
            .group_id
            .clone()
            .unwrap_or_else(|| item.retailer_id.to_string());
        let rows = store.products_by_retailer_ids(&[product]).await?;
        let row = rows
            .first()
            .filter(|row| row.product.status == domain::catalog::ProductStatus::Active);
        let seller = store.get().await?;
        let fields = row
            .map(|row| fields_of(self, &seller, &row.for_sale(), self.now()))
            .unwrap_or_default()
            .into_iter()
            .find(|fields| fields.id == item.retailer_id.as_str())
            .ok_or_else(|| refused("the product is not offered any more; sync the catalog"))?;
        match check_item(&fields).first() {
            Some(problem) => Err(ActionError::Refused(format!(
                "Meta would refuse it: {}: {}. {}",
                problem.field, problem.what, problem.fix
            ))),
            None => Ok(fields),
        }
    }

    /// Updates the item where Meta has it, else creates it.
    async fn put_alone(
        &self,
        access: &Access,
        catalog: &Catalog,
        item: &CatalogItem,
        data: &SingleProduct,
    ) -> Result<(), GraphError> {
        let graph = self.graph();
        // The id that is recorded may be of an item that was deleted there since.
        let id = item.retailer_id.as_str();
        let there = graph
            .products(access, &catalog.external_id, Some(id), None)
            .await?;
        let there = there
            .value
            .data
            .into_iter()
            .find(|product| product.retailer_id.as_deref() == Some(id));
        match there {
            Some(product) => {
                // An update cannot move an item to another id.
                let data = SingleProduct {
                    retailer_id: None,
                    ..data.clone()
                };
                graph.update_product(access, &product.id, &data).await?;
            }
            None => {
                graph
                    .create_product(access, &catalog.external_id, data)
                    .await?;
            }
        }
        Ok(())
    }

    /// Reads the item back: only what Meta shows counts as taken.
    async fn look_at_item(
        &self,
        access: &Access,
        catalog: &Catalog,
        item: &mut CatalogItem,
        hash: Vec<u8>,
        fields: &CatalogItemFields,
    ) -> Result<(), ActionError> {
        let id = item.retailer_id.to_string();
        let listing = self
            .graph()
            .products(access, &catalog.external_id, Some(&id), None)
            .await;
        let shown = match listing {
            Ok(listing) => listing.value.data,
            Err(error) => return failed(item, hash, &error),
        };
        let shown = shown
            .into_iter()
            .find(|product| product.retailer_id.as_deref() == Some(id.as_str()));
        let on_sale = shown
            .as_ref()
            .is_some_and(|product| product.sale_price.is_some());
        let seen = shown.as_ref().map(listed_item);
        item.sent_hash = Some(hash.clone());
        item.accepted_hash = Some(hash);
        item.attempts = 0;
        let drift = plan::drift(Some(&accepted(item)), seen.as_ref());
        match (drift, seen) {
            // A sale that is over is not taken back on this route.
            (plan::Drift::Same(state), Some(seen)) if on_sale == fields.sale_price.is_some() => {
                state.as_str().clone_into(&mut item.state);
                item.external_id = Some(seen.external_id);
                item.review = (!seen.review.is_empty()).then_some(seen.review);
                item.messages = serde_json::to_string(&seen.messages).unwrap_or_default();
                item.checked_at = Some(self.now());
                Ok(())
            }
            _ => {
                waits_for_a_batch(item);
                Err(ActionError::Refused(
                    "Meta took it and still shows the old one; the next sync sends it again"
                        .to_owned(),
                ))
            }
        }
    }
}

/// As the decisions see an item that was just taken.
fn accepted(item: &CatalogItem) -> super::item::SyncItem {
    super::item::SyncItem {
        state: ItemState::Accepted,
        ..sync_item(item)
    }
}

fn waits_for_a_batch(item: &mut CatalogItem) {
    item.accepted_hash = None;
    // A mark that something may be there.
    item.sent_hash = Some(Vec::new());
    ItemState::Pending.as_str().clone_into(&mut item.state);
}

/// What a failed call means for the item, and what the seller is told.
fn failed(item: &mut CatalogItem, hash: Vec<u8>, error: &GraphError) -> Result<(), ActionError> {
    match (error.reason, error.advice) {
        (Reason::InvalidRequest, _) => {
            item.sent_hash = Some(hash);
            ItemState::Rejected.as_str().clone_into(&mut item.state);
            item.messages = serde_json::to_string(&[error.to_string()]).unwrap_or_default();
        }
        (_, Advice::OutcomeUnknown) => waits_for_a_batch(item),
        // Nothing happened there.
        _ => {}
    }
    Err(ActionError::Refused(error.to_string()))
}

/// The item in the words of the per-item route; `None`: it cannot say its price.
fn single(fields: &CatalogItemFields, fingerprint: u32) -> Option<SingleProduct> {
    let minor = |text: &str| {
        let (number, code) = text.split_once(' ')?;
        let currency: domain::Currency = code.parse().ok()?;
        let money = Money::parse(number, currency).ok()?;
        let minor = u64::try_from(money.minor).ok()?;
        (currency.decimals() == DECIMALS).then_some(minor)
    };
    let sale_price = fields.sale_price.as_deref();
    let period = fields
        .sale_price_effective_date
        .as_deref()
        .filter(|_| sale_price.is_some())
        .and_then(|dates| dates.split_once('/'));
    let more = fields.additional_variant_attribute.as_deref().unwrap_or("");
    Some(SingleProduct {
        retailer_id: Some(fields.id.clone()),
        name: Some(fields.title.clone()),
        description: Some(fields.description.clone()),
        url: Some(fields.link.clone()),
        image_url: Some(fields.image_link.clone()),
        additional_image_urls: fields.additional_image_link.clone(),
        price: Some(minor(&fields.price)?),
        sale_price: match sale_price {
            Some(text) => Some(minor(text)?),
            None => None,
        },
        sale_price_start_date: period.map(|(from, _)| from.to_owned()),
        sale_price_end_date: period.map(|(_, until)| until.to_owned()),
        currency: fields
            .price
            .split_once(' ')
            .map(|(_, code)| code.to_owned()),
        availability: Some(fields.availability.clone()),
        condition: Some(fields.condition.clone()),
        brand: Some(fields.brand.clone()),
        retailer_product_group_id: fields.item_group_id.clone(),
        attributes: fields
            .attributes
            .iter()
            .map(|(name, value)| ((*name).to_owned(), value.clone()))
            .collect(),
        additional_variant_attributes: more
            .split(',')
            .filter_map(|pair| pair.split_once(':'))
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .collect::<BTreeMap<_, _>>(),
        quantity_to_sell_on_facebook: fields.quantity_to_sell_on_facebook,
        product_type: fields.product_type.clone(),
        custom_number_4: Some(fingerprint),
        visibility: Some("published".to_owned()),
    })
}
