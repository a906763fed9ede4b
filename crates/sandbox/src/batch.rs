//! Several calls in one: `POST /` with `batch`, `GET /?ids=`.

use crate::call::Call;
use crate::error::{GraphError, GraphResult};
use crate::graph::{Answer, Around};
use crate::world::World;
use serde_json::{Value, json};

/// Calls in one batch request.
const MOST_IN_BATCH: usize = 50;

impl World {
    /// `POST /` with `batch`, or `GET /?ids=`.
    pub(crate) fn batch(&mut self, call: &Call) -> GraphResult<Answer> {
        if let Some(ids) = call.list("ids").filter(|_| call.is_get()) {
            let mut out = serde_json::Map::new();
            for id in ids {
                let mut one = call.clone();
                one.path = vec![id.clone()];
                one.params.remove("ids");
                out.insert(id.clone(), self.node(&one, &id)?);
            }
            return Ok(Answer::Json(Value::Object(out)));
        }
        let Some(Value::Array(items)) = call.json("batch") else {
            return Err(GraphError::new(2500, "An unknown path was requested: /").status(400));
        };
        if items.len() > MOST_IN_BATCH {
            return Err(GraphError::param(
                "Too many requests in batch message. Maximum batch size is 50",
            ));
        }
        let answers: Vec<Value> = items.iter().map(|i| self.batched(call, i)).collect();
        Ok(Answer::Json(Value::Array(answers)))
    }

    /// One call of a batch: its answer as `{code, headers, body}`.
    fn batched(&mut self, outer: &Call, item: &Value) -> Value {
        let relative = item["relative_url"].as_str().unwrap_or_default();
        let (path, query) = relative.split_once('?').unwrap_or((relative, ""));
        let method = item["method"].as_str().unwrap_or("GET");
        let body = item["body"].as_str().unwrap_or_default();
        let parsed = Call::parse(method, path, query, "", None, body.as_bytes());
        let outcome = parsed.and_then(|mut call| {
            call.base.clone_from(&outer.base);
            call.version = call.version.or_else(|| outer.version.clone());
            if call.token.is_none() {
                call.token.clone_from(&outer.token);
                if let Some(proof) = outer.params.get("appsecret_proof") {
                    call.params
                        .entry("appsecret_proof")
                        .or_insert(proof.clone());
                }
            }
            let endpoint = self.endpoint(&call);
            self.charge(&call, &endpoint)?;
            self.answer(&call, Around::default())
        });
        let (code, body) = match outcome {
            Ok(Answer::Json(value)) => (200, value),
            Ok(Answer::Status(code, value)) => (code, value),
            Ok(_) => (200, Value::Null),
            Err(error) => {
                let trace = self.trace();
                (error.status, error.body(&trace))
            }
        };
        json!({
            "code": code,
            "headers": [{"name": "Content-Type", "value": "text/javascript; charset=UTF-8"}],
            "body": body.to_string(),
        })
    }
}
