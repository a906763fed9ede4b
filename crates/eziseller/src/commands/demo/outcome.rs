//! What came of the script, read from the store, beside what should have come of it.

use std::fmt;

use ::sandbox::CustomerHandle;
use anyhow::Result;
use domain::SellerId;
use domain::draft::Stage;
use domain::reading::{OptionChoice, OrderLine};
use engine::Engine;
use store::{CustomerFilter, DraftFilter, OrderFilter};

use super::script::{Expected, Part, shown};

/// One customer's outcome.
pub(super) struct Outcome {
    part: Part,
    /// What was made of each message.
    readings: Vec<String>,
    found: Found,
    told: Option<String>,
}

#[derive(Debug, PartialEq)]
enum Found {
    Order {
        number: i64,
        total: String,
        lines: Vec<OrderLine>,
    },
    Draft {
        stage: Stage,
        lines: Vec<OrderLine>,
    },
    Nothing,
}

pub(super) async fn outcomes(
    engine: &Engine,
    seller: SellerId,
    script: &[Part],
    customers: &[CustomerHandle],
) -> Result<Vec<Outcome>> {
    let store = engine.store().seller(seller);
    let known = store
        .customers(&CustomerFilter {
            limit: 1_000,
            ..CustomerFilter::default()
        })
        .await?;
    let orders = store
        .orders(&OrderFilter {
            limit: 1_000,
            ..OrderFilter::default()
        })
        .await?;
    let drafts = store
        .draft_orders(&DraftFilter {
            limit: 1_000,
            ..DraftFilter::default()
        })
        .await?;
    let messages = store.all_messages(None, 1_000).await?;
    let mut outcomes = Vec::new();
    for (part, handle) in script.iter().zip(customers) {
        let id = known
            .rows
            .iter()
            .find(|customer| customer.external_id.as_deref() == Some(handle.id()))
            .map(|customer| customer.id);
        let order = orders
            .rows
            .iter()
            .rfind(|order| order.customer_id == id && id.is_some());
        let draft = drafts
            .rows
            .iter()
            .find(|draft| draft.customer_id == id && id.is_some() && !draft.stage.is_final());
        let found = match (order, draft) {
            (Some(order), _) => Found::Order {
                number: order.number,
                total: order.totals.total.to_string(),
                lines: order
                    .lines
                    .iter()
                    .map(|line| OrderLine {
                        product: line.product.clone(),
                        quantity: line.quantity,
                        options: line.options.clone(),
                    })
                    .collect(),
            },
            (None, Some(draft)) => Found::Draft {
                stage: draft.stage,
                lines: draft
                    .body
                    .lines
                    .iter()
                    .map(|line| line.line.clone())
                    .collect(),
            },
            (None, None) => Found::Nothing,
        };
        let mut readings = Vec::new();
        let mut conversation = None;
        for n in 0..part.says.len() {
            let message = messages.iter().find(|message| message.mid == part.mid(n));
            conversation = conversation.or(message.map(|message| message.conversation_id));
            readings.push(match message {
                None => "not stored".to_owned(),
                Some(message) => message.reason.clone().unwrap_or_else(|| {
                    let reading: serde_json::Value = message
                        .reading
                        .as_deref()
                        .and_then(|reading| serde_json::from_str(reading).ok())
                        .unwrap_or_default();
                    reading["intent"].as_str().unwrap_or("kept").to_owned()
                }),
            });
        }
        let told = messages
            .iter()
            .rfind(|message| {
                Some(message.conversation_id) == conversation && message.sender != "customer"
            })
            .and_then(|message| message.text.clone());
        outcomes.push(Outcome {
            part: part.clone(),
            readings,
            found,
            told,
        });
    }
    Ok(outcomes)
}

impl Outcome {
    /// Whether what came of it is what should have.
    pub(super) fn is_as_expected(&self) -> bool {
        let same = |mut a: Vec<OrderLine>, mut b: Vec<OrderLine>| {
            a.sort();
            b.sort();
            a == b
        };
        match (&self.part.expect, &self.found) {
            (Expected::Order(expected), Found::Order { lines, .. })
            | (Expected::Draft(expected), Found::Draft { lines, .. }) => {
                same(expected.clone(), lines.clone())
            }
            (Expected::Asked, Found::Draft { stage, lines }) => {
                *stage == Stage::AwaitingCustomer && lines.is_empty()
            }
            (Expected::Nothing, Found::Nothing) => true,
            _ => false,
        }
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mark = if self.is_as_expected() { "ok" } else { "WRONG" };
        writeln!(f, "{} ({}): {mark}", self.part.who, self.part.about)?;
        for (said, reading) in self.part.says.iter().zip(&self.readings) {
            writeln!(f, "    {}  -> {reading}", shown(said))?;
        }
        match &self.found {
            Found::Nothing => writeln!(f, "    nothing noted")?,
            Found::Draft { stage, lines } => {
                writeln!(f, "    draft order, {}: {}", stage.as_str(), list(lines))?;
            }
            Found::Order {
                number,
                total,
                lines,
            } => {
                writeln!(f, "    order #{number}, {total}: {}", list(lines))?;
            }
        }
        match &self.told {
            Some(told) => writeln!(f, "    told: {}", told.replace('\n', " / ")),
            None => Ok(()),
        }
    }
}

fn list(lines: &[OrderLine]) -> String {
    if lines.is_empty() {
        return "no lines yet".to_owned();
    }
    let choice = |choice: &OptionChoice| choice.value.clone();
    let lines: Vec<String> = lines
        .iter()
        .map(|line| {
            let options: Vec<String> = line.options.iter().map(choice).collect();
            let options = if options.is_empty() {
                String::new()
            } else {
                format!(" ({})", options.join(", "))
            };
            format!("{} × {}{options}", line.quantity, line.product)
        })
        .collect();
    lines.join(", ")
}
