//! What became of a batch: its handle is asked until every item's fate is known.

use std::collections::{BTreeMap, BTreeSet};

use domain::Timestamp;
use domain::catalog::RetailerId;
use meta::graph::{BatchStatus, ItemMessage};
use store::{CatalogItem, SyncBatch};

use super::item::ItemState;
use super::plan::{self, Fate};
use super::run::{Halt, Step};
use super::send::BatchItem;

/// The first pause before a handle is asked, and the longest (Meta takes about two minutes).
const POLL_MS: i64 = 2 * Timestamp::SECOND;
const POLL_MAX_MS: i64 = 30 * Timestamp::SECOND;
/// A handle that has not ended by then is given up and its items are sent again.
pub(super) const HANDLE_MS: i64 = 30 * Timestamp::MINUTE;
/// An item whose fate stays unknown is not sent for ever.
const ATTEMPTS_MAX: i64 = 6;

impl Step<'_> {
    pub(super) async fn settle(&mut self, open: Vec<SyncBatch>) -> Result<(), Halt> {
        let Some(mut batch) = open.into_iter().next() else {
            return Ok(());
        };
        let listed: Vec<BatchItem> = serde_json::from_str(&batch.items).unwrap_or_default();
        let Some(handle) = batch.handle.clone() else {
            let reason = "the server stopped while it was sent";
            return self.lost(&mut batch, &listed, reason).await;
        };
        let age = self.now.since(batch.sent_at);
        if age > HANDLE_MS {
            return self
                .lost(&mut batch, &listed, "Meta did not end it in time")
                .await;
        }
        if let Some(checked) = batch.checked_at {
            let pause = (age / 4).clamp(POLL_MS, POLL_MAX_MS);
            if self.now.since(checked) < pause {
                return Err(Halt::Wait(checked.plus(pause)));
            }
        }
        let access = self.access().await?;
        let graph = self.engine.graph();
        let status = graph
            .batch_status(&access, &self.catalog.external_id, &handle)
            .await;
        batch.checked_at = Some(self.now);
        match status {
            Ok(answer) => {
                self.called();
                match answer.value {
                    None => {
                        self.lost(&mut batch, &listed, "Meta does not know it any more")
                            .await
                    }
                    Some(status) if status.is_finished() => {
                        self.finished(&mut batch, &listed, &status).await
                    }
                    Some(_) => {
                        self.store.put_sync_batch(self.catalog.id, &batch).await?;
                        Err(Halt::Wait(self.now.plus(POLL_MS)))
                    }
                }
            }
            Err(error) => {
                self.store.put_sync_batch(self.catalog.id, &batch).await?;
                self.call_failed("the batch's state could not be read", &error)
                    .await
            }
        }
    }

    async fn finished(
        &mut self,
        batch: &mut SyncBatch,
        listed: &[BatchItem],
        status: &BatchStatus,
    ) -> Result<(), Halt> {
        let invalid: BTreeSet<String> = status.ids_of_invalid_requests.iter().cloned().collect();
        let mut errors = by_item(&status.errors);
        // Meta's own sample lists what makes an item invalid under warnings.
        for (id, texts) in by_item(&status.warnings) {
            if invalid.contains(&id) {
                errors.entry(id).or_default().extend(texts);
            }
        }
        let total = status.errors_total_count.unwrap_or(0);
        let total = usize::try_from(total).unwrap_or(0).max(status.errors.len());
        let ids: Vec<String> = listed.iter().map(|item| item.id.to_string()).collect();
        let fates = plan::fates_on_finish(&ids, &invalid, &errors, total);
        self.record(listed, &fates).await?;
        "finished".clone_into(&mut batch.state);
        batch.ended_at = Some(self.now);
        self.store.put_sync_batch(self.catalog.id, batch).await?;
        Ok(())
    }

    /// A batch that nothing more will be heard of: its items are sent again.
    pub(super) async fn lost(
        &mut self,
        batch: &mut SyncBatch,
        listed: &[BatchItem],
        reason: &str,
    ) -> Result<(), Halt> {
        let fates = listed
            .iter()
            .map(|item| (item.id.to_string(), Fate::Unknown))
            .collect();
        self.record(listed, &fates).await?;
        "lost".clone_into(&mut batch.state);
        batch.reason = Some(reason.to_owned());
        batch.ended_at = Some(self.now);
        self.store.put_sync_batch(self.catalog.id, batch).await?;
        let text = format!("a batch of {} is sent again: {reason}", listed.len());
        Ok(self.log("warning", None, &text).await?)
    }

    /// Records what became of items.
    pub(super) async fn record(
        &mut self,
        listed: &[BatchItem],
        fates: &BTreeMap<String, Fate>,
    ) -> Result<(), Halt> {
        let ids: Vec<RetailerId> = listed
            .iter()
            .filter(|item| fates.contains_key(item.id.as_str()))
            .map(|item| item.id.clone())
            .collect();
        let sent: BTreeMap<&RetailerId, &BatchItem> =
            listed.iter().map(|item| (&item.id, item)).collect();
        let mut items = self
            .store
            .catalog_items_by_ids(self.catalog.id, &ids)
            .await?;
        for item in &mut items {
            let (Some(fate), Some(sent)) = (
                fates.get(item.retailer_id.as_str()),
                sent.get(&item.retailer_id),
            ) else {
                continue;
            };
            let hash = sent.hash.as_ref().and_then(|hash| hex::decode(hash).ok());
            self.settle_item(item, hash, fate);
            if let Fate::Rejected(texts) = fate {
                let text = texts.join("; ");
                self.log("error", Some(item.retailer_id.as_str()), &text)
                    .await?;
            }
        }
        self.state
            .will_look_up(items.iter().map(|item| item.retailer_id.to_string()));
        Ok(self
            .store
            .put_catalog_items(self.catalog.id, &items, self.now)
            .await?)
    }

    fn settle_item(&mut self, item: &mut CatalogItem, sent: Option<Vec<u8>>, fate: &Fate) {
        let deletion = sent.is_none();
        let state = match fate {
            Fate::Accepted if deletion => {
                self.run.deleted += 1;
                item.accepted_hash = None;
                item.sent_hash = None;
                item.attempts = 0;
                // The product may have come back meanwhile.
                if item.content_hash.is_some() {
                    ItemState::Pending
                } else {
                    ItemState::Deleted
                }
            }
            Fate::Accepted => {
                self.run.accepted += 1;
                item.attempts = 0;
                item.accepted_hash = sent;
                item.messages = "[]".to_owned();
                if item.content_hash == item.accepted_hash {
                    ItemState::Accepted
                } else {
                    ItemState::Pending
                }
            }
            Fate::Rejected(texts) if deletion => {
                // What never was there cannot be deleted; a read-back finds it if it still is.
                item.accepted_hash = None;
                item.sent_hash = None;
                item.messages = serde_json::to_string(texts).unwrap_or_default();
                ItemState::Deleted
            }
            Fate::Rejected(texts) => {
                self.run.rejected += 1;
                item.sent_hash = sent;
                item.messages = serde_json::to_string(texts).unwrap_or_default();
                ItemState::Rejected
            }
            Fate::Unknown => {
                item.attempts += 1;
                if item.attempts >= ATTEMPTS_MAX && !deletion {
                    let text =
                        ["Meta does not say what became of this item; change it to try again"];
                    item.messages = serde_json::to_string(&text).unwrap_or_default();
                    item.sent_hash = sent;
                    ItemState::Rejected
                } else {
                    // A mark that something may be there: what is given up now must be deleted.
                    item.sent_hash = Some(Vec::new());
                    ItemState::Pending
                }
            }
        };
        state.as_str().clone_into(&mut item.state);
    }
}

fn by_item(messages: &[ItemMessage]) -> BTreeMap<String, Vec<String>> {
    let mut by_item: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for message in messages {
        if let Some(id) = &message.id {
            by_item
                .entry(id.clone())
                .or_default()
                .push(message.message.clone());
        }
    }
    by_item
}
