//! The waiting list at work: when something is there again, those who asked to hear are told. Looks at
//! what is there, not at what happened: it makes no difference by which way the units came back.

use domain::Timestamp;
use domain::catalog::CatalogView;
use domain::conversation::Incoming;
use domain::waiting::{Waiter, to_tell};
use store::{BackInStock, CommitError, WaitingEntry};
use tracing::warn;

use crate::action::commit_failed;
use crate::decide::LiveCatalog;
use crate::engine::Engine;
use crate::error::{ActionError, EngineError};
use crate::snapshot::SellerSnapshot;
use crate::tasks::Step;

/// Items looked at in one go.
const ITEMS: u32 = 200;

impl Engine {
    /// Tells those who wait for what is there again, in order of asking.
    pub async fn waiting_step(&self) -> Result<Step, EngineError> {
        let mut told = 0;
        let mut last: Option<BackInStock> = None;
        loop {
            let system = self.store().system();
            let page = system
                .back_in_stock(last.as_ref(), ITEMS, self.now())
                .await?;
            for back in &page {
                told += self.tell_all(back).await?;
            }
            if page.len() < ITEMS as usize {
                return Ok(Step::of(told));
            }
            last = page.into_iter().last();
        }
    }

    async fn tell_all(&self, back: &BackInStock) -> Result<usize, EngineError> {
        let now = self.now();
        let item = &back.retailer_id;
        let snapshot = self.snapshot(back.seller_id).await?;
        if snapshot.catalog.resolve(item.as_str()).is_none() {
            return Ok(0);
        }
        let held = self.held(&snapshot).await?;
        let goods = LiveCatalog {
            snapshot: &snapshot,
            held: &held,
        };
        // An offer is good for as long as any other question.
        let claim_ms = snapshot.policy.question_ms;
        let line = self
            .store()
            .seller(back.seller_id)
            .waiting_line(item, now.plus(-claim_ms), now)
            .await?;
        let waiters: Vec<Waiter> = line.iter().map(WaitingEntry::waiter).collect();
        let mut told = 0;
        for place in to_tell(&waiters, goods.free(item), claim_ms, now) {
            match self.tell_one(back, &line[place], &snapshot, now).await {
                Ok(true) => told += 1,
                // Somebody wrote just now, or it is gone: next time will tell.
                Ok(false) | Err(ActionError::Changed | ActionError::Missing(_)) => {}
                Err(ActionError::Store(e)) if e.is_transient() => return Err(e.into()),
                Err(e) => warn!(
                    seller.id = %back.seller_id,
                    "a customer who waits could not be told: {e}"
                ),
            }
        }
        Ok(told)
    }

    /// `true`: the message is in the outbox and the customer marked as told, in one transaction.
    async fn tell_one(
        &self,
        back: &BackInStock,
        entry: &WaitingEntry,
        snapshot: &SellerSnapshot,
        now: Timestamp,
    ) -> Result<bool, ActionError> {
        let Some(conversation) = entry.conversation_id else {
            return Ok(false);
        };
        let stage = self
            .conversation_stage(back.seller_id, conversation, snapshot)
            .await?;
        let incoming = Incoming::BackInStock {
            item: entry.retailer_id.clone(),
            quantity: entry.waiter().quantity,
        };
        let decision = self.decided(&stage, snapshot, &incoming, now).await?;
        if decision.replies.is_empty() {
            return Ok(false);
        }
        let mut effects = self.effects_of(&stage, &decision);
        effects.told.push(entry.id);
        match self
            .store()
            .seller(back.seller_id)
            .apply(&effects, now)
            .await
        {
            Ok(_) => {
                self.tell_applied(back.seller_id, &effects);
                Ok(true)
            }
            Err(CommitError::Conflict) => Err(ActionError::Changed),
            Err(e) => Err(commit_failed(e)),
        }
    }
}
