//! The map from paths to endpoints.

use crate::call::Call;
use crate::error::GraphResult;
use crate::world::World;
use serde_json::Value;

/// What a call answers.
#[derive(Debug)]
pub(crate) enum Answer {
    /// The usual JSON.
    Json(Value),
}

impl World {
    /// The name of the endpoint a call is for, as limits and fault rules know it.
    pub(crate) fn endpoint(&self, call: &Call) -> String {
        match call
            .path
            .iter()
            .map(String::as_str)
            .collect::<Vec<_>>()
            .as_slice()
        {
            [] => "batch".into(),
            [_, edge] => (*edge).to_owned(),
            [node] if self.customers.contains_key(*node) => "profile".into(),
            [node] if self.messages.contains_key(*node) => "message".into(),
            [node] => (*node).to_owned(),
            _ => "unknown".into(),
        }
    }

    /// Carries out one call.
    pub(crate) fn answer(&mut self, call: &Call) -> GraphResult<Answer> {
        let path: Vec<&str> = call.path.iter().map(String::as_str).collect();
        match path.as_slice() {
            [id, "messages"] if call.is_post() => self.send(call, id).map(Answer::Json),
            [_] => Err(call.unsupported()),
            _ => Err(call.unknown_path()),
        }
    }
}
