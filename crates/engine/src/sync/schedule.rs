//! Syncs that begin by themselves: when products changed, and when their time has come.

use domain::Timestamp;

use super::run::SyncStep;
use super::{SyncCause, SyncKind};
use crate::error::ActionError;
use crate::tasks::Step;
use crate::{Engine, EngineError};

/// Changes are gathered for this long, so that an afternoon of editing is not a hundred syncs and
/// still reaches Meta within a minute.
const GATHER_MS: i64 = 20 * Timestamp::SECOND;
const DUE_MAX: u32 = 50;

impl Engine {
    /// Begins the syncs that are due and drives those under way by one step each. `holder` is this
    /// process's own name.
    pub async fn sync_loop_step(&self, holder: &str) -> Result<Step, EngineError> {
        let now = self.now();
        self.store()
            .system()
            .schedule_changed_catalogs(now.plus(GATHER_MS))
            .await?;
        let mut begun = 0;
        for catalog in self.store().system().due_catalogs(now, DUE_MAX).await? {
            let cause = match self
                .store()
                .seller(catalog.seller_id)
                .catalog_version()
                .await?
            {
                version if version > catalog.synced_version => SyncCause::Change,
                _ => SyncCause::Schedule,
            };
            let start = self
                .sync_start(catalog.seller_id, catalog.id, SyncKind::Incremental, cause)
                .await;
            match start {
                Ok(_) => begun += 1,
                // Under way already, on this node or another: it will look again when it ends.
                Err(ActionError::Store(error)) => return Err(error.into()),
                Err(_) => {}
            }
        }
        let mut soonest: Option<Timestamp> = None;
        for run in self.store().system().running_sync_runs().await? {
            match self
                .sync_step(run.seller_id, run.catalog_id, holder)
                .await?
            {
                SyncStep::Did | SyncStep::Ended(_) => begun += 1,
                SyncStep::WaitUntil(then) => {
                    soonest = Some(soonest.map_or(then, |soonest| soonest.min(then)));
                }
            }
        }
        Ok(match (begun, soonest) {
            (0, Some(then)) => Step::WaitUntil(then),
            (begun, _) => Step::of(begun),
        })
    }
}
