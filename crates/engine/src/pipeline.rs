//! The pipeline: claims inbound events lane by lane, reads them, lets the core decide, and commits
//! many lanes in one transaction.

mod echo;
mod lane;
mod retry;
mod talk;

use std::collections::HashMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use domain::{ConversationId, DraftOrderId, Timestamp};
use store::{Batch, CommitError, LaneEffects, Shortage, StoreError};
use tracing::{error, warn};

use crate::engine::Engine;
use crate::error::EngineError;
use crate::profiles::Stranger;
use crate::tasks::Step;
use lane::{Prepared, Work};

/// Events of one claim: large enough that a commit's cost is shared, small enough that it is short.
const BATCH_EVENTS: usize = 512;

/// Under load, how long to let events gather before the next claim: a commit of many costs little
/// more than one of few.
const GATHER: Duration = Duration::from_millis(20);
/// So many events of a claim are load.
const BUSY_EVENTS: usize = 16;

/// While greater than zero, events are claimed one at a time: a commit failed, and whatever made it
/// fail must not hold up its neighbours.
#[derive(Debug, Default)]
pub(crate) struct Caution {
    alone: AtomicUsize,
    /// Conflicts since the last commit: one that never ends is a failure like any other.
    conflicts: AtomicUsize,
}

/// After a failed batch so many events are looked at one by one.
const ALONE_MAX: usize = 64;
const CONFLICTS_MAX: usize = 50;

impl Caution {
    fn batch(&self) -> usize {
        let alone = self
            .alone
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, |n| n.checked_sub(1))
            .is_ok();
        if alone { 1 } else { BATCH_EVENTS }
    }

    fn raise(&self, events: usize) {
        self.alone
            .fetch_max(events.min(ALONE_MAX), Ordering::SeqCst);
    }

    fn committed(&self) {
        self.conflicts.store(0, Ordering::SeqCst);
    }

    /// Whether it conflicted too often to be somebody else's doing.
    fn conflicted(&self) -> bool {
        self.conflicts.fetch_add(1, Ordering::SeqCst) >= CONFLICTS_MAX
    }
}

impl Engine {
    /// Works on one batch after the other, as a background loop does it.
    pub(crate) async fn pipeline_turn(&self) -> Result<Step, EngineError> {
        let step = self.pipeline_step().await?;
        if matches!(step, Step::Did(BUSY_EVENTS..BATCH_EVENTS)) {
            tokio::time::sleep(GATHER).await;
        }
        Ok(step)
    }

    /// Works on one batch of inbound events.
    pub async fn pipeline_step(&self) -> Result<Step, EngineError> {
        let now = self.now();
        let size = self.0.caution.batch();
        let Some(batch) = self.store().pipeline().claim(size, now).await? else {
            let next = self.store().pipeline().next_due().await?;
            return Ok(next.map_or(Step::Nothing, Step::WaitUntil));
        };
        let events = batch.events();
        match self.work(batch, now).await {
            Ok(()) => {
                self.0.caution.committed();
                metrics::counter!("eziseller_events_processed_total").increment(events as u64);
                Ok(Step::Did(events))
            }
            // Somebody else wrote one of the conversations: what was read is stale, claim again.
            Err(e @ CommitError::Conflict) => {
                let endless = self.0.caution.conflicted();
                self.0.caution.raise(events);
                if endless && events == 1 {
                    error!("an event conflicts with what is stored and is put off");
                    self.put_off(&e, now).await?;
                    self.0.caution.committed();
                }
                Ok(Step::Did(0))
            }
            Err(CommitError::Store(e)) if e.is_transient() => Err(e.into()),
            Err(e) if events == 1 => {
                error!("an event could not be committed and is put off: {e}");
                self.put_off(&e, now).await?;
                Ok(Step::Did(0))
            }
            Err(e) => {
                warn!(
                    pipeline.events = events,
                    "a batch could not be committed; its events go one by one: {e}"
                );
                self.0.caution.raise(events);
                Ok(Step::Did(0))
            }
        }
    }

    async fn work(&self, mut batch: Batch, now: Timestamp) -> Result<(), CommitError> {
        let works = self.prepare(&mut batch, now).await?;
        let mut short: HashMap<DraftOrderId, Vec<Shortage>> = HashMap::new();
        // Each round settles at least one more shortage; a lane decides at most one order.
        for _ in 0..=works.len() {
            let mut effects = Vec::with_capacity(works.len());
            let mut unsure = Vec::new();
            for work in &works {
                let (lane, doubts) = self.decide_lane(work, &short, now);
                effects.push(lane);
                unsure.extend(doubts);
            }
            match batch.commit(&effects, now).await {
                Ok(_) => {
                    for lane in &effects {
                        if let Some(seller) = lane.seller_id {
                            self.tell_applied(seller, lane);
                        }
                    }
                    for doubt in unsure {
                        self.0.unsure.push(doubt);
                    }
                    self.note_strangers(&works, &effects);
                    return Ok(());
                }
                Err(CommitError::StockShort(more)) => {
                    for shortage in more {
                        let list = short.entry(shortage.draft_order_id).or_default();
                        list.push(shortage);
                    }
                }
                Err(e) => return Err(e),
            }
        }
        Err(CommitError::Conflict)
    }

    /// Reads the events and whatever a decision about them needs.
    async fn prepare(&self, batch: &mut Batch, now: Timestamp) -> Result<Vec<Work>, StoreError> {
        let lanes = std::mem::take(&mut batch.lanes);
        let mut prepared: Vec<Prepared> = Vec::with_capacity(lanes.len());
        for lane in lanes {
            prepared.push(self.read_lane(lane, now));
        }
        let keys: Vec<(ConversationId, &str)> =
            prepared.iter().flat_map(Prepared::message_keys).collect();
        let stored = batch.messages(&keys).await?;
        let mut works = Vec::with_capacity(prepared.len());
        for lane in prepared {
            let unechoed = match lane.echo_conversation() {
                Some(conversation) => batch.unechoed(conversation).await?,
                None => Vec::new(),
            };
            let seller = match &lane.lane.seller {
                Some(seller) => {
                    let snapshot = self.snapshot_of(seller).await?;
                    let held = self.held(&snapshot).await?;
                    Some((snapshot, held))
                }
                None => None,
            };
            let known = lane.known_messages(&stored);
            works.push(Work {
                lane: lane.lane,
                events: lane.events,
                known,
                unechoed,
                seller,
            });
        }
        Ok(works)
    }

    /// The single event of a batch could not be committed: counts the attempt, gives up after the last.
    async fn put_off(&self, error: &CommitError, now: Timestamp) -> Result<(), EngineError> {
        let Some(mut batch) = self.store().pipeline().claim(1, now).await? else {
            return Ok(());
        };
        let effects: Vec<LaneEffects> = batch
            .lanes
            .iter()
            .map(|lane| LaneEffects {
                seller_id: lane.seller.as_ref().map(|seller| seller.id),
                outcomes: lane
                    .events
                    .iter()
                    .map(|event| {
                        (
                            event.id,
                            retry::after_failure(event, &error.to_string(), now),
                        )
                    })
                    .collect(),
                ..LaneEffects::default()
            })
            .collect();
        match batch.commit(&effects, now).await {
            Ok(_) | Err(CommitError::Conflict | CommitError::StockShort(_)) => Ok(()),
            Err(CommitError::Store(e)) => Err(e.into()),
        }
    }
}

impl Engine {
    /// Customers whose profile was never read are asked about later.
    fn note_strangers(&self, works: &[Work], effects: &[LaneEffects]) {
        for (work, effects) in works.iter().zip(effects) {
            let known = work.lane.customer.as_ref();
            let (Some(account), Some(talk)) = (&work.lane.account, &effects.conversation) else {
                continue;
            };
            if !account.has_access() {
                continue; // There is nobody to ask.
            }
            let external_id = work.events.iter().find_map(|e| e.event.party_id.clone());
            let (true, Some(external_id)) = (
                known.is_none_or(|customer| customer.profiled_at.is_none()),
                external_id,
            ) else {
                continue;
            };
            self.0.strangers.push(Stranger {
                seller: account.seller_id,
                account: account.id,
                customer: talk.customer_id,
                external_id,
            });
        }
    }
}
