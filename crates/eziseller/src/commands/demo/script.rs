//! Who writes to the demo shop, what they say, and what should come of it.

use ::sandbox::{CustomerHandle, Sandbox};
use anyhow::{Context, Result};
use domain::reading::OrderLine;
use serde::Deserialize;
use serde_json::{Value, json};

/// What should come of a customer's messages.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Expected {
    /// An order with these lines.
    Order(Vec<OrderLine>),
    /// An open draft order with these lines.
    Draft(Vec<OrderLine>),
    /// A question to the customer, nothing noted.
    Asked,
    /// Neither an order nor an open draft order.
    Nothing,
}

/// One customer's part.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Part {
    pub(super) who: String,
    pub(super) about: String,
    pub(super) says: Vec<Value>,
    pub(super) expect: Expected,
}

/// The whole script.
pub(super) fn load() -> Result<Vec<Part>> {
    serde_json::from_str(include_str!("script.json")).context("the demo's script is damaged")
}

/// Those who write, made in the order of the script, so that their ids are the same every time.
pub(super) fn customers(sandbox: &Sandbox, script: &[Part]) -> Vec<CustomerHandle> {
    script
        .iter()
        .map(|part| sandbox.customer(&part.who))
        .collect()
}

impl Part {
    /// Says the `n`th thing. Its id follows from who and when, so that the script played again is
    /// a redelivery and changes nothing.
    pub(super) fn say(&self, customer: &CustomerHandle, n: usize) {
        let mut content = match &self.says[n] {
            Value::String(text) => json!({ "text": text }),
            other => other.clone(),
        };
        content["mid"] = json!(self.mid(n));
        customer.message(content);
    }

    pub(super) fn mid(&self, n: usize) -> String {
        format!("m_demo_{}_{n}", self.who)
    }
}

/// A message as a person would print it.
pub(super) fn shown(said: &Value) -> String {
    match said {
        Value::String(text) => format!("“{text}”"),
        other => {
            let kind = other["attachments"][0]["type"]
                .as_str()
                .unwrap_or("something");
            format!("[{kind}]")
        }
    }
}
