//! The next batch: which items are in it, and the call that sends it.

use std::collections::BTreeMap;

use domain::Timestamp;
use domain::catalog::RetailerId;
use domain::catalog::item::CatalogItemFields;
use meta::graph::{BatchAnswer, BatchMethod, BatchRequest, GraphError, ItemData, Reason};
use serde::{Deserialize, Serialize};
use store::{CatalogItem, SyncBatch};
use uuid::Uuid;

use super::item::ItemState;
use super::plan::{self, BATCH_ITEMS_MAX};
use super::refresh::content_hash;
use super::run::{Halt, Step};
use super::state::Phase;

/// Batch calls a minute of a catalogue that nobody looks at yet (Meta's rate-limiting page:
/// `8 + 8·log2(impressions)`).
const BATCHES_PER_MINUTE: usize = 8;

/// One item of a stored batch.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct BatchItem {
    pub(super) id: RetailerId,
    /// What was sent, in hex; `None`: it was deleted.
    pub(super) hash: Option<String>,
}

impl Step<'_> {
    pub(super) async fn send(&mut self) -> Result<(), Halt> {
        self.keep_pace()?;
        let limit = match self.state.batch_items {
            0 => BATCH_ITEMS_MAX,
            fewer => fewer,
        };
        let pending = self
            .store
            .catalog_items(
                self.catalog.id,
                &[ItemState::Pending.as_str()],
                None,
                limit as u32,
            )
            .await?;
        if pending.is_empty() {
            self.state.phase = if self.state.list_all || !self.state.look_up.is_empty() {
                Phase::ReadBack
            } else {
                Phase::Finish
            };
            return Ok(());
        }
        let (items, requests) = self.compose(pending).await?;
        if requests.is_empty() {
            // Every one of them changed back or disappeared meanwhile.
            return Ok(self
                .store
                .put_catalog_items(self.catalog.id, &items, self.now)
                .await?);
        }
        self.send_batch(items, &requests).await
    }

    /// At most eight batch calls a minute: the ninth waits.
    fn keep_pace(&mut self) -> Result<(), Halt> {
        let minute_ago = self.now.plus(-Timestamp::MINUTE);
        self.state.batches.retain(|at| *at > minute_ago);
        match self.state.batches.first() {
            Some(first) if self.state.batches.len() >= BATCHES_PER_MINUTE => {
                Err(Halt::Wait(first.plus(Timestamp::MINUTE + 1)))
            }
            _ => Ok(()),
        }
    }

    /// The items as they will be recorded, and the requests for as many of them as fit one call.
    async fn compose(
        &self,
        pending: Vec<CatalogItem>,
    ) -> Result<(Vec<CatalogItem>, Vec<BatchRequest>), Halt> {
        let mut products: Vec<String> = pending
            .iter()
            .map(|item| {
                item.group_id
                    .clone()
                    .unwrap_or_else(|| item.retailer_id.to_string())
            })
            .collect();
        products.sort();
        products.dedup();
        let rows = self.store.products_by_retailer_ids(&products).await?;
        let mut fields: BTreeMap<String, CatalogItemFields> = BTreeMap::new();
        for row in rows {
            fields.extend(
                self.fields(&row.for_sale())
                    .into_iter()
                    .map(|f| (f.id.clone(), f)),
            );
        }
        let mut items = Vec::with_capacity(pending.len());
        let mut requests = Vec::with_capacity(pending.len());
        for mut item in pending {
            let now = fields.remove(item.retailer_id.as_str());
            requests.push(request(&mut item, now));
            items.push(item);
        }
        let sizes = requests
            .iter()
            .map(|r| serde_json::to_vec(r).map_or(0, |bytes| bytes.len() + 1));
        let count = plan::fitting(sizes);
        items.truncate(count);
        requests.truncate(count);
        Ok((items, requests))
    }

    async fn send_batch(
        &mut self,
        mut items: Vec<CatalogItem>,
        requests: &[BatchRequest],
    ) -> Result<(), Halt> {
        let access = self.access().await?;
        let listed: Vec<BatchItem> = items
            .iter()
            .map(|item| BatchItem {
                id: item.retailer_id.clone(),
                hash: item.sent_hash.as_ref().map(hex::encode),
            })
            .collect();
        let mut batch = SyncBatch {
            id: Uuid::now_v7(),
            run_id: self.run.id,
            handle: None,
            state: "sending".to_owned(),
            items: serde_json::to_string(&listed).unwrap_or_default(),
            reason: None,
            sent_at: self.now,
            checked_at: None,
            ended_at: None,
        };
        // Written before the call: after a crash it is known what may be on its way.
        self.store.put_sync_batch(self.catalog.id, &batch).await?;
        for item in &mut items {
            let state = match item.sent_hash {
                Some(_) => ItemState::Sent,
                None => ItemState::Deleting,
            };
            state.as_str().clone_into(&mut item.state);
        }
        self.store
            .put_catalog_items(self.catalog.id, &items, self.now)
            .await?;
        self.state.batches.push(self.now);
        let graph = self.engine.graph();
        match graph
            .items_batch(&access, &self.catalog.external_id, requests, true)
            .await
        {
            Ok(answer) => {
                self.called();
                self.answered(&mut batch, &listed, &answer.value).await
            }
            Err(error) => {
                self.lost(&mut batch, &listed, &error.to_string()).await?;
                self.shrink_on(&error, listed.len());
                self.call_failed("the batch could not be sent", &error)
                    .await
            }
        }
    }

    /// Meta asks for less in one call: half as many from now on.
    fn shrink_on(&mut self, error: &GraphError, sent: usize) {
        if error.reason == Reason::TooMuchData {
            self.state.batch_items = (sent / 2).max(1);
        }
    }

    async fn answered(
        &mut self,
        batch: &mut SyncBatch,
        listed: &[BatchItem],
        answer: &BatchAnswer,
    ) -> Result<(), Halt> {
        let errors = answer
            .validation_status
            .iter()
            .filter(|status| !status.errors.is_empty())
            .filter_map(|status| {
                let texts = status
                    .errors
                    .iter()
                    .map(|error| error.message.clone())
                    .collect();
                Some((status.retailer_id.clone()?, texts))
            })
            .collect();
        let taken = match answer.handles.first() {
            Some(handle) => plan::BatchAnswer::Handle(handle.clone()),
            None => plan::BatchAnswer::Nothing,
        };
        let ids: Vec<String> = listed.iter().map(|item| item.id.to_string()).collect();
        let fates = plan::fates_on_answer(&ids, &taken, &errors);
        batch.handle = answer.handles.first().cloned();
        "sent".clone_into(&mut batch.state);
        if batch.handle.is_none() {
            "finished".clone_into(&mut batch.state);
            batch.ended_at = Some(self.now);
        }
        // Those whose fate is known already leave the batch.
        let open: Vec<&BatchItem> = listed
            .iter()
            .filter(|item| !fates.contains_key(item.id.as_str()))
            .collect();
        batch.items = serde_json::to_string(&open).unwrap_or_default();
        self.record(listed, &fates).await?;
        self.store.put_sync_batch(self.catalog.id, batch).await?;
        let sent = listed.iter().filter(|item| item.hash.is_some()).count();
        self.run.sent += i64::try_from(sent).unwrap_or(0);
        let text = format!(
            "sent {sent} items and {} deletions in one batch; {} refused at once",
            listed.len() - sent,
            fates.len()
        );
        Ok(self.log("info", None, &text).await?)
    }
}

/// The request for an item, whose record takes on what is sent. A product that is gone is deleted.
fn request(item: &mut CatalogItem, fields: Option<CatalogItemFields>) -> BatchRequest {
    let data = fields
        .filter(|_| item.content_hash.is_some())
        .and_then(|fields| {
            let hash = content_hash(&fields);
            let mut data = serde_json::from_value::<ItemData>(fields.data()).ok()?;
            data.custom_number_4 = Some(plan::fingerprint(&hash));
            item.content_hash = Some(hash);
            Some(data)
        });
    item.sent_hash = if data.is_some() {
        item.content_hash.clone()
    } else {
        None
    };
    match data {
        Some(data) => BatchRequest {
            method: BatchMethod::Update,
            data,
        },
        None => {
            item.content_hash = None;
            let data = ItemData {
                id: item.retailer_id.to_string(),
                ..ItemData::default()
            };
            BatchRequest {
                method: BatchMethod::Delete,
                data,
            }
        }
    }
}
