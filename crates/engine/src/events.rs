//! Kept events: why they are kept, and running them again.

use domain::{EventId, SellerId};
use store::{EventState, KeptEvent, Requeue};

use crate::engine::Engine;
use crate::error::ActionError;

impl Engine {
    /// Events in a state, the newest first; `seller`: only those of one.
    pub async fn kept_events(
        &self,
        seller: Option<SellerId>,
        state: EventState,
        before: Option<EventId>,
        limit: u32,
    ) -> Result<Vec<KeptEvent>, ActionError> {
        let limit = limit.clamp(1, 1000);
        Ok(match seller {
            Some(seller) => {
                self.store()
                    .seller(seller)
                    .events(state, before, limit)
                    .await?
            }
            None => self.store().system().events(state, before, limit).await?,
        })
    }

    /// Runs kept, failed or unrouted events again; how many. What is done stays done.
    pub async fn replay_events(&self, which: &Requeue) -> Result<u64, ActionError> {
        let states = if which.states.is_empty() {
            vec![EventState::Unrouted, EventState::Failed]
        } else {
            which.states.clone()
        };
        let which = Requeue {
            states,
            ..which.clone()
        };
        let count = self.store().pipeline().requeue(&which, self.now()).await?;
        self.0.events_waiting.notify_one();
        Ok(count)
    }
}
