//! Meta's own listing against what is recorded here: what is missing is sent again, what was
//! deleted here and still shows is deleted again, what was never ours is left alone and shown, and
//! every review is brought up to date.

use std::collections::BTreeMap;

use domain::catalog::RetailerId;
use meta::graph::CatalogProduct;
use store::CatalogItem;

use super::item::ItemState;
use super::plan::{self, Drift, Listed};
use super::refresh::sync_item;
use super::run::{Halt, ROUNDS_MAX, Step};
use super::state::{Listing, Phase};

impl Step<'_> {
    pub(super) async fn read_back(&mut self) -> Result<(), Halt> {
        if self.state.list_all {
            self.list_page().await
        } else {
            self.look_up_next().await
        }
    }

    /// One item looked up by its id.
    async fn look_up_next(&mut self) -> Result<(), Halt> {
        let Some(id) = self.state.look_up.last().cloned() else {
            return self.after_read_back().await;
        };
        let access = self.access().await?;
        let graph = self.engine.graph();
        match graph
            .products(&access, &self.catalog.external_id, Some(&id), None)
            .await
        {
            Ok(answer) => {
                self.called();
                self.state.look_up.pop();
                let ids: Vec<RetailerId> = RetailerId::parse(&id).into_iter().collect();
                let of_id = answer
                    .value
                    .data
                    .into_iter()
                    .filter(|p| p.retailer_id.as_ref() == Some(&id));
                self.compare(&ids, of_id.collect()).await
            }
            Err(error) => {
                self.call_failed("an item could not be read back", &error)
                    .await
            }
        }
    }

    /// One page of the whole listing.
    async fn list_page(&mut self) -> Result<(), Halt> {
        let listing = self
            .state
            .listing
            .get_or_insert(Listing {
                since: self.now,
                after: None,
            })
            .clone();
        let access = self.access().await?;
        let graph = self.engine.graph();
        let after = listing.after.as_deref();
        let page = match graph
            .products(&access, &self.catalog.external_id, None, after)
            .await
        {
            Ok(answer) => answer.value,
            Err(error) => {
                return self
                    .call_failed("the catalog could not be listed", &error)
                    .await;
            }
        };
        self.called();
        let ids: Vec<RetailerId> = page
            .data
            .iter()
            .filter_map(|product| RetailerId::parse(product.retailer_id.as_deref()?).ok())
            .collect();
        let next = page.after.clone();
        self.compare(&ids, page.data).await?;
        if next.is_some() {
            self.state.listing = Some(Listing {
                since: listing.since,
                after: next,
            });
            return Ok(());
        }
        let missing = self
            .store
            .settle_unlisted(self.catalog.id, listing.since, self.now)
            .await?;
        if missing > 0 {
            let text = format!("{missing} items that Meta had taken are gone there; sent again");
            self.log("warning", None, &text).await?;
        }
        self.state.listing = None;
        self.state.list_all = false;
        self.state.look_up.clear();
        self.state.listed_at = Some(listing.since);
        self.after_read_back().await
    }

    /// Compares `asked` with what was listed of them, and records the difference.
    async fn compare(
        &mut self,
        asked: &[RetailerId],
        listed: Vec<CatalogProduct>,
    ) -> Result<(), Halt> {
        let recorded = self
            .store
            .catalog_items_by_ids(self.catalog.id, asked)
            .await?;
        let mut recorded: BTreeMap<RetailerId, CatalogItem> = recorded
            .into_iter()
            .map(|item| (item.retailer_id.clone(), item))
            .collect();
        let mut listed: BTreeMap<RetailerId, CatalogProduct> = listed
            .into_iter()
            .filter_map(|p| Some((RetailerId::parse(p.retailer_id.as_deref()?).ok()?, p)))
            .collect();
        let mut changed = Vec::new();
        for id in asked {
            let product = listed.remove(id);
            let record = recorded.remove(id);
            let seen = product.as_ref().map(listed_item);
            let drift = plan::drift(record.as_ref().map(sync_item).as_ref(), seen.as_ref());
            let mut item = match (record, drift) {
                (_, Drift::Gone) => continue,
                (Some(item), _) => item,
                (None, _) => CatalogItem::new(id.clone(), ItemState::Foreign.as_str()),
            };
            self.apply(&mut item, drift, seen, product.as_ref()).await?;
            changed.push(item);
        }
        Ok(self
            .store
            .put_catalog_items(self.catalog.id, &changed, self.now)
            .await?)
    }

    async fn apply(
        &mut self,
        item: &mut CatalogItem,
        drift: Drift,
        seen: Option<Listed>,
        product: Option<&CatalogProduct>,
    ) -> Result<(), Halt> {
        let state = match drift {
            Drift::Same(state) => state,
            Drift::Missing => {
                item.accepted_hash = None;
                item.sent_hash = None;
                let id = item.retailer_id.to_string();
                let text = "Meta had taken it and does not hold it; sent again";
                self.log("warning", Some(&id), text).await?;
                ItemState::Pending
            }
            Drift::Outdated => {
                item.accepted_hash = None;
                item.sent_hash = None;
                let id = item.retailer_id.to_string();
                let text = "Meta said it had taken the change and holds an older one; sent again";
                self.log("warning", Some(&id), text).await?;
                ItemState::Pending
            }
            Drift::Ghost => {
                item.sent_hash = Some(Vec::new());
                let id = item.retailer_id.to_string();
                let text = "deleted here and still in the catalog; deleted again";
                self.log("warning", Some(&id), text).await?;
                ItemState::Pending
            }
            Drift::Foreign | Drift::Gone => ItemState::Foreign,
        };
        state.as_str().clone_into(&mut item.state);
        if let Some(seen) = seen {
            item.checked_at = Some(self.now);
            item.external_id = Some(seen.external_id);
            item.review = (!seen.review.is_empty()).then_some(seen.review);
            if drift == Drift::Foreign {
                let name = product.and_then(|p| p.name.clone()).unwrap_or_default();
                item.messages = serde_json::to_string(&[name]).unwrap_or_default();
            } else if matches!(drift, Drift::Same(_)) && item.accepted_hash == item.content_hash {
                item.messages = serde_json::to_string(&seen.messages).unwrap_or_default();
            }
        }
        Ok(())
    }

    /// Back to sending when the read-back found something to send, else done.
    async fn after_read_back(&mut self) -> Result<(), Halt> {
        let pending = self
            .store
            .catalog_items(self.catalog.id, &[ItemState::Pending.as_str()], None, 1)
            .await?;
        self.state.phase = if pending.is_empty() || self.state.rounds >= ROUNDS_MAX {
            Phase::Finish
        } else {
            self.state.rounds += 1;
            Phase::Send
        };
        Ok(())
    }
}

/// What a listing says of a product, in plain words for the seller.
pub(super) fn listed_item(product: &CatalogProduct) -> Listed {
    let mut messages: Vec<String> = product.review_rejection_reasons.clone();
    messages.extend(product.errors.iter().filter_map(|error| {
        let parts = [
            error.title.clone(),
            error.description.clone(),
            error.error_type.clone(),
        ];
        let words: Vec<String> = parts.into_iter().flatten().take(2).collect();
        (!words.is_empty()).then(|| words.join(": "))
    }));
    let fetch = product.image_fetch_status.as_deref().unwrap_or_default();
    let image_failed = fetch == "FETCH_FAILED";
    if image_failed {
        messages.push("Meta could not fetch the picture; give the product another one".to_owned());
    }
    Listed {
        external_id: product.id.clone(),
        review: product
            .review_status
            .clone()
            .unwrap_or_default()
            .to_lowercase(),
        messages,
        image_failed,
        fingerprint: product.custom_number_4.and_then(|n| u32::try_from(n).ok()),
    }
}
