//! A run from its beginning to its end, step by step.

use domain::{CatalogId, SellerId, SyncRunId, Timestamp};
use meta::graph::{Access, Advice, GraphError};
use store::{Catalog, Seller, SellerStore, StoreError, SyncRun};

use super::settle::HANDLE_MS;
use super::state::{Phase, SyncState};
use super::{SyncCause, SyncKind};
use crate::changes::Subject;
use crate::error::ActionError;
use crate::{Engine, EngineError};

/// A holder that does not come back within this time has crashed.
const LEASE_MS: i64 = 2 * Timestamp::MINUTE;
/// A wait longer than this ends the run as `partial`; the next one goes on.
const WAIT_MAX_MS: i64 = 3 * Timestamp::MINUTE;
/// How often a run goes back to sending what a read-back found missing.
pub(super) const ROUNDS_MAX: u32 = 3;

/// Batches that were lost longer ago have had their listing.
const RECHECK_MS_MAX: i64 = 2 * Timestamp::DAY;

/// What a step came to.
#[derive(Debug, Clone)]
pub enum SyncStep {
    /// Something was done; there is more.
    Did,
    /// Nothing can be done before then.
    WaitUntil(Timestamp),
    /// The run is over.
    Ended(Box<SyncRun>),
}

/// Why a run does not go on now.
#[derive(Debug)]
pub(super) enum Halt {
    /// Go on then.
    Wait(Timestamp),
    /// Over for now; may go on then.
    Partial(String, Option<Timestamp>),
    /// Over; somebody has to do something first.
    Failed(String),
    /// The store.
    Store(StoreError),
}

impl From<StoreError> for Halt {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

/// One step's surroundings.
pub(super) struct Step<'a> {
    pub(super) engine: &'a Engine,
    pub(super) store: SellerStore<'a>,
    pub(super) seller: Seller,
    pub(super) catalog: Catalog,
    pub(super) run: SyncRun,
    pub(super) state: SyncState,
    pub(super) now: Timestamp,
}

/// When everything has to be listed once more. A batch that was given up may have reached Meta all
/// the same, and be carried out after what was sent since: its old content then stands over the new
/// one. Once Meta must be done with it, a listing shows that.
async fn recheck_at(
    store: &SellerStore<'_>,
    catalog: CatalogId,
    state: &SyncState,
    now: Timestamp,
) -> Result<Option<Timestamp>, StoreError> {
    let lost = store
        .last_lost_batch(catalog, now.plus(-RECHECK_MS_MAX))
        .await?;
    let over = lost.map(|lost| lost.plus(HANDLE_MS));
    Ok(over.filter(|over| state.listed_at.is_none_or(|listed| listed < *over)))
}

impl Engine {
    /// Begins a run. Refused while another one of the catalogue is under way; one whose holder has
    /// crashed is ended as `partial` first.
    pub async fn sync_start(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        kind: SyncKind,
        cause: SyncCause,
    ) -> Result<SyncRun, ActionError> {
        let now = self.now();
        let store = self.store().seller(seller);
        let mut found = store
            .catalog(catalog)
            .await?
            .ok_or(ActionError::Missing("catalog"))?;
        if found.status == "disabled" {
            return Err(ActionError::Refused(
                "this catalog is disconnected; connect it again to sync it".to_owned(),
            ));
        }
        self.end_abandoned(&store, &found, now).await?;
        let id = SyncRunId::fresh();
        let run = match store
            .begin_sync_run(id, catalog, kind.as_str(), cause.as_str(), now)
            .await
        {
            Err(StoreError::Taken { .. }) => {
                return Err(ActionError::Refused(
                    "a sync of this catalog is under way; wait until it has ended".to_owned(),
                ));
            }
            other => other?,
        };
        let mut state = SyncState::read(&found.settings);
        state.begin(kind == SyncKind::Full);
        let recheck = recheck_at(&store, catalog, &state, now).await?;
        state.list_all |= recheck.is_some_and(|at| at <= now);
        if kind == SyncKind::Full {
            store.forget_accepted(catalog).await?;
        }
        found.settings = state.write();
        "syncing".clone_into(&mut found.status);
        found.status_reason = None;
        store.put_catalog(&found, now).await?;
        let text = format!("{} sync began ({})", kind.as_str(), cause.as_str());
        store.log_sync(id, "info", None, &text, now).await?;
        self.switchboard().tell(seller, Subject::Catalogs);
        Ok(run)
    }

    /// Ends runs that nobody holds any more, so that the next one can go on where they stopped.
    async fn end_abandoned(
        &self,
        store: &SellerStore<'_>,
        catalog: &Catalog,
        now: Timestamp,
    ) -> Result<(), StoreError> {
        let running = store.sync_runs(Some(catalog.id), 1).await?;
        let Some(mut run) = running.into_iter().find(|run| run.status == "running") else {
            return Ok(());
        };
        if now.since(run.started_at) < LEASE_MS {
            // Just begun: its holder may not have taken it up yet.
            return Ok(());
        }
        let probe = "abandoned?";
        if store.lease_catalog(catalog.id, probe, now, now).await? {
            store.release_catalog(catalog.id, probe).await?;
            "partial".clone_into(&mut run.status);
            run.reason =
                Some("the server stopped during the sync; the next one goes on".to_owned());
            run.ended_at = Some(now);
            store.put_sync_run(&run).await?;
        }
        Ok(())
    }

    /// Does the next step of the catalogue's run, as `holder` (any name that is this process's own).
    pub async fn sync_step(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        holder: &str,
    ) -> Result<SyncStep, EngineError> {
        let now = self.now();
        let store = self.store().seller(seller);
        if !store
            .lease_catalog(catalog, holder, now.plus(LEASE_MS), now)
            .await?
        {
            return Ok(SyncStep::WaitUntil(now.plus(Timestamp::SECOND)));
        }
        let runs = store.sync_runs(Some(catalog), 1).await?;
        let (Some(catalog), Some(run)) = (store.catalog(catalog).await?, runs.into_iter().next())
        else {
            return Err(StoreError::Missing("sync run").into());
        };
        if run.status != "running" {
            store.release_catalog(catalog.id, holder).await?;
            return Ok(SyncStep::Ended(Box::new(run)));
        }
        let seller = store.get().await?;
        let state = SyncState::read(&catalog.settings);
        let mut step = Step {
            engine: self,
            store,
            seller,
            catalog,
            run,
            state,
            now,
        };
        let halt = match step.next().await {
            Ok(()) => None,
            Err(Halt::Store(error)) => return Err(error.into()),
            Err(halt) => Some(halt),
        };
        step.end(halt, holder).await
    }

    /// Runs the catalogue's run to its end, sleeping where it has to wait.
    pub async fn sync_to_end(
        &self,
        seller: SellerId,
        catalog: CatalogId,
        holder: &str,
        mut progress: impl FnMut(&SyncRun),
    ) -> Result<SyncRun, EngineError> {
        loop {
            match self.sync_step(seller, catalog, holder).await? {
                SyncStep::Ended(run) => return Ok(*run),
                SyncStep::Did => {}
                SyncStep::WaitUntil(then) => {
                    let millis = u64::try_from(then.since(self.now()))
                        .unwrap_or(0)
                        .clamp(10, 1_000);
                    tokio::time::sleep(std::time::Duration::from_millis(millis)).await;
                }
            }
            let runs = self
                .store()
                .seller(seller)
                .sync_runs(Some(catalog), 1)
                .await?;
            if let Some(run) = runs.first() {
                progress(run);
            }
        }
    }
}

impl Step<'_> {
    async fn next(&mut self) -> Result<(), Halt> {
        let open = self.store.open_sync_batches(self.catalog.id).await?;
        if !open.is_empty() {
            return self.settle(open).await;
        }
        match self.state.phase {
            Phase::Refresh => self.refresh().await,
            Phase::Send => self.send().await,
            Phase::ReadBack => self.read_back().await,
            Phase::Finish => Ok(()),
        }
    }

    /// Stores where the run stands, and ends it when it is over.
    async fn end(mut self, halt: Option<Halt>, holder: &str) -> Result<SyncStep, EngineError> {
        let over = match &halt {
            None => self.state.phase == Phase::Finish,
            Some(Halt::Wait(_)) => false,
            Some(_) => true,
        };
        if over {
            self.finish(halt.as_ref()).await?;
        }
        self.catalog.settings = self.state.write();
        self.store.put_sync_run(&self.run).await?;
        let catalog = self.store.put_catalog(&self.catalog, self.now).await?;
        self.engine
            .switchboard()
            .tell(self.seller.id, Subject::Catalogs);
        Ok(match halt {
            _ if over => {
                self.store.release_catalog(catalog.id, holder).await?;
                SyncStep::Ended(Box::new(self.run))
            }
            Some(Halt::Wait(then)) => SyncStep::WaitUntil(then),
            _ => SyncStep::Did,
        })
    }

    async fn finish(&mut self, halt: Option<&Halt>) -> Result<(), StoreError> {
        let counts = self.store.catalog_item_counts(self.catalog.id).await?;
        let count = |states: &[&str]| -> i64 {
            let of = counts
                .iter()
                .filter(|(state, _)| states.contains(&state.as_str()));
            of.map(|(_, count)| count).sum()
        };
        let bad = count(&["rejected", "review_rejected", "held_back"]);
        let unsent = count(&["pending", "sent", "deleting"]);
        let reviewing = count(&["under_review"]);
        let shown = count(&["accepted", "visible"]);
        self.run.ended_at = Some(self.now);
        let (status, reason, catalog_status) = match halt {
            Some(Halt::Failed(reason)) => ("failed", Some(reason.clone()), "error"),
            Some(Halt::Partial(reason, resume_at)) => {
                self.run.resume_at = *resume_at;
                ("partial", Some(reason.clone()), "partial")
            }
            _ if unsent > 0 => {
                let reason = format!("{unsent} items could not be brought to an end; sync again");
                ("partial", Some(reason), "partial")
            }
            _ if bad > 0 => {
                let reason = format!("{bad} items are not in the shop; each says why");
                ("partial", Some(reason), "partial")
            }
            _ if reviewing > 0 && shown == 0 => ("success", None, "pending_approval"),
            _ => ("success", None, "active"),
        };
        status.clone_into(&mut self.run.status);
        self.run.reason.clone_from(&reason);
        catalog_status.clone_into(&mut self.catalog.status);
        self.catalog.status_reason = reason;
        self.catalog.synced_version = self.state.refreshed;
        let recheck = recheck_at(&self.store, self.catalog.id, &self.state, self.now).await?;
        self.catalog.next_sync_at = self.next_sync_at(reviewing > 0, recheck);
        self.state.phase = Phase::Finish;
        let text = match &self.run.reason {
            Some(reason) => format!("ended: {status}: {reason}"),
            None => format!("ended: {status}"),
        };
        let level = if status == "success" {
            "info"
        } else {
            "warning"
        };
        self.log(level, None, &text).await
    }

    /// When the catalogue syncs next by itself: where the run was stopped, then; while a review is
    /// under way, soon; when a lost batch must be over; else after the seller's interval.
    fn next_sync_at(&self, reviewing: bool, recheck: Option<Timestamp>) -> Option<Timestamp> {
        if !self.catalog.auto_sync || self.run.status == "failed" {
            return None;
        }
        let usual = self
            .now
            .plus(self.catalog.sync_interval.max(Timestamp::MINUTE));
        let soon = self.now.plus(15 * Timestamp::MINUTE);
        let usual = recheck.map_or(usual, |at| usual.min(at));
        Some(match self.run.resume_at {
            Some(then) => then,
            None if reviewing => usual.min(soon),
            None => usual,
        })
    }

    pub(super) async fn log(
        &self,
        level: &str,
        item: Option<&str>,
        text: &str,
    ) -> Result<(), StoreError> {
        self.store
            .log_sync(self.run.id, level, item, text, self.now)
            .await
    }

    /// The token that manages the catalogue.
    pub(super) async fn access(&self) -> Result<Access, Halt> {
        let account = match self.catalog.account_id {
            Some(id) => self.store.account(id).await?,
            None => None,
        };
        let account = account.ok_or_else(|| {
            Halt::Failed("the account of this catalog is gone; connect it again".to_owned())
        })?;
        self.engine
            .catalog_access(&account)
            .map_err(|reason| Halt::Failed(reason.to_string()))
    }

    /// Counts a call that went well.
    pub(super) fn called(&mut self) {
        self.run.calls += 1;
        self.state.failures = 0;
    }

    /// What a failed call means for the run.
    pub(super) async fn call_failed(&mut self, what: &str, error: &GraphError) -> Result<(), Halt> {
        self.run.calls += 1;
        self.state.failures += 1;
        let text = format!("{what}: {error}");
        self.log("warning", None, &text).await?;
        let delay = match error.advice {
            // Sending an item again is harmless: what may have happened is simply done again.
            Advice::OutcomeUnknown | Advice::Drop | Advice::AlreadyDone => {
                Advice::Retry { times: 4 }.delay_seconds(self.state.failures)
            }
            Advice::Retry { times } => Advice::Retry {
                times: times.min(5),
            }
            .delay_seconds(self.state.failures),
            Advice::Wait { .. } => error.advice.delay_seconds(self.state.failures),
            Advice::Reconnect | Advice::Fix => return Err(Halt::Failed(text)),
        };
        let Some(seconds) = delay else {
            let resume_at = self.now.plus(15 * Timestamp::MINUTE);
            return Err(Halt::Partial(text, Some(resume_at)));
        };
        let then = self.now.plus(i64::from(seconds) * Timestamp::SECOND);
        if then.since(self.now) > WAIT_MAX_MS {
            return Err(Halt::Partial(text, Some(then)));
        }
        Err(Halt::Wait(then))
    }
}
