//! The clockwork: conversations whose time has come, sends that a crash left half done, counters.

use domain::conversation::Incoming;
use store::{CommitError, DueWake};
use tracing::warn;

use crate::action::commit_failed;
use crate::engine::Engine;
use crate::error::{ActionError, EngineError};
use crate::intake::standby_counter;
use crate::tasks::Step;

const WAKES: u32 = 200;

impl Engine {
    /// Wakes the conversations whose time has come: questions, read-backs and draft orders that ran
    /// out, hand-overs that end.
    pub async fn timers_step(&self) -> Result<Step, EngineError> {
        let due = self.store().system().due_wakes(self.now(), WAKES).await?;
        let mut woken = 0;
        for wake in &due {
            match self.wake(wake).await {
                Ok(()) => woken += 1,
                // Somebody wrote just now, or it is gone: next time will tell.
                Err(ActionError::Changed | ActionError::Missing(_)) => {}
                Err(ActionError::Store(e)) if e.is_transient() => return Err(e.into()),
                Err(e) => warn!(
                    conversation.id = %wake.conversation_id,
                    "a conversation's timer failed: {e}"
                ),
            }
        }
        Ok(Step::of(woken))
    }

    async fn wake(&self, wake: &DueWake) -> Result<(), ActionError> {
        let now = self.now();
        let snapshot = self.snapshot(wake.seller_id).await?;
        let stage = self
            .conversation_stage(wake.seller_id, wake.conversation_id, &snapshot)
            .await?;
        let still_due = stage
            .conversation
            .as_ref()
            .and_then(|c| c.wake_at)
            .is_some_and(|at| at <= now);
        if !still_due {
            return Ok(());
        }
        let mut decision = self
            .decided(&stage, &snapshot, &Incoming::Timer, now)
            .await?;
        // A time that is not in the future would wake it for ever.
        decision.wake_at = decision.wake_at.filter(|at| *at > now);
        let effects = self.effects_of(&stage, &decision);
        match self
            .store()
            .seller(wake.seller_id)
            .apply(&effects, now)
            .await
        {
            Ok(_) => {
                self.tell_applied(wake.seller_id, &effects);
                Ok(())
            }
            Err(CommitError::Conflict) => Err(ActionError::Changed),
            Err(e) => Err(commit_failed(e)),
        }
    }

    /// Writes what was counted and heard on this node, and measures what waits.
    pub async fn health_step(&self) -> Result<Step, EngineError> {
        let counts = self.0.health.take();
        for count in &counts {
            let by = u32::try_from(count.count).unwrap_or(u32::MAX);
            let detail = Some(count.detail.as_str()).filter(|d| !d.is_empty());
            self.store()
                .system()
                .count(count.name, by, detail, count.last_at)
                .await?;
        }
        let heard = self.0.heard.take();
        for (id, of) in heard.iter().filter(|(_, of)| of.standby > 0) {
            let name = standby_counter(id);
            let system = self.store().system();
            system.count(&name, of.standby, None, of.at).await?;
        }
        let heard: Vec<_> = heard.into_iter().map(|(id, of)| (id, of.at)).collect();
        self.store().system().accounts_heard(&heard).await?;
        let backlog = self.store().system().backlog().await?;
        metrics::gauge!("eziseller_events_pending").set(backlog.events as f64);
        metrics::gauge!("eziseller_outbox_pending").set(backlog.outbox as f64);
        let oldest = backlog
            .oldest_event
            .map_or(0, |at| self.now().since(at).max(0));
        metrics::gauge!("eziseller_oldest_event_seconds").set(oldest as f64 / 1_000.0);
        Ok(Step::Nothing)
    }
}
