//! Sending.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::tasks::Step;

impl Engine {
    /// Sends what is due.
    pub async fn outbox_step(&self) -> Result<Step, EngineError> {
        Ok(Step::Nothing)
    }

    /// Finds out what became of messages whose fate is unknown.
    pub async fn reconcile_step(&self) -> Result<Step, EngineError> {
        Ok(Step::Nothing)
    }
}
