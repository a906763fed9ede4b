//! What must be zero, counted from the product's own exports.

use std::collections::{HashMap, HashSet};

use anyhow::Result;
use serde_json::Value;

use crate::customers::{Acknowledged, Crowd};
use crate::fleet::Fleet;

/// Counts of faults, and of what was there to be faulty.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) acknowledged: usize,
    pub(crate) orders: usize,
    pub(crate) replies: usize,
    pub(crate) lost: usize,
    pub(crate) doubled_messages: usize,
    pub(crate) doubled_orders: usize,
    pub(crate) missing_orders: usize,
    pub(crate) wrong_orders: usize,
    pub(crate) out_of_order: usize,
    pub(crate) wrong_seller: usize,
    pub(crate) failed_events: u64,
    pub(crate) doubled_replies: usize,
}

impl Outcome {
    /// Whether everything that must be zero is.
    pub(crate) fn is_clean(&self) -> bool {
        self.lost == 0
            && self.doubled_messages == 0
            && self.doubled_orders == 0
            && self.missing_orders == 0
            && self.wrong_orders == 0
            && self.out_of_order == 0
            && self.wrong_seller == 0
            && self.failed_events == 0
            && self.doubled_replies == 0
    }
}

pub(crate) async fn check(crowd: &Crowd, fleet: &Fleet, stats: &Value) -> Result<Outcome> {
    let acknowledged = crowd.acknowledged();
    let customers = crowd.customers();
    let mut outcome = Outcome {
        acknowledged: acknowledged.len(),
        ..Outcome::default()
    };
    outcome.failed_events = stats["inbound_events"]["failed"].as_u64().unwrap_or(0)
        + stats["inbound_events"]["unrouted"].as_u64().unwrap_or(0);

    // mid -> (seller, place in the order of processing)
    let mut found: HashMap<String, (usize, usize)> = HashMap::new();
    for (i, seller) in fleet.sellers().iter().enumerate() {
        for row in export(fleet, "messages", &seller.id)? {
            if row["direction"] != "in" {
                continue;
            }
            let mid = row["mid"].as_str().unwrap_or_default().to_owned();
            let place = found.len();
            if found.insert(mid, (i, place)).is_some() {
                outcome.doubled_messages += 1;
            }
        }
        orders(fleet, i, &seller.id, &customers, &mut outcome)?;
    }
    for message in &acknowledged {
        match found.get(&message.mid) {
            None => outcome.lost += 1,
            Some((seller, _)) if *seller != customers[message.customer].0 => {
                outcome.wrong_seller += 1;
            }
            Some(_) => {}
        }
    }
    outcome.out_of_order = out_of_order(&acknowledged, &found);
    replies(fleet, &mut outcome)?;
    Ok(outcome)
}

/// Pairs of one conversation where the later one was first sent after the earlier one had been
/// acknowledged, and was processed before it.
fn out_of_order(acknowledged: &[Acknowledged], found: &HashMap<String, (usize, usize)>) -> usize {
    let mut conversations: HashMap<usize, Vec<&Acknowledged>> = HashMap::new();
    for message in acknowledged {
        conversations
            .entry(message.customer)
            .or_default()
            .push(message);
    }
    let place = |message: &Acknowledged| found.get(&message.mid).map(|(_, place)| *place);
    conversations
        .values_mut()
        .map(|messages| {
            messages.sort_by_key(|message| message.first_sent);
            messages
                .windows(2)
                .filter(|pair| {
                    pair[0].acknowledged < pair[1].first_sent && place(pair[0]) > place(pair[1])
                })
                .count()
        })
        .sum()
}

/// Every customer said the same three things and so has exactly one order of two tote bags.
fn orders(
    fleet: &Fleet,
    seller: usize,
    seller_id: &str,
    customers: &[(usize, String)],
    outcome: &mut Outcome,
) -> Result<()> {
    let mut drafts = HashSet::new();
    let mut of_customer: HashMap<String, usize> = HashMap::new();
    let mut numbers = Vec::new();
    for order in export(fleet, "orders", seller_id)? {
        outcome.orders += 1;
        if !drafts.insert(order["draft_order_id"].to_string()) {
            outcome.doubled_orders += 1;
        }
        *of_customer
            .entry(order["customer_id"].to_string())
            .or_default() += 1;
        numbers.extend(order["number"].as_i64());
        let lines = order["lines"].as_array().cloned().unwrap_or_default();
        if lines.len() != 1 || lines[0]["product"] != "TOT-CAN" || lines[0]["quantity"] != 2 {
            outcome.wrong_orders += 1;
        }
    }
    outcome.doubled_orders += of_customer.values().map(|n| n - 1).sum::<usize>();
    let expected = customers.iter().filter(|(of, _)| *of == seller).count();
    outcome.missing_orders += expected.saturating_sub(of_customer.len());
    numbers.sort_unstable();
    let gapless = numbers.windows(2).all(|pair| pair[1] == pair[0] + 1);
    outcome.wrong_orders += usize::from(!gapless);
    Ok(())
}

/// The stand-in must have got each outbox message at most once: as many messages as rows that
/// are known to be sent.
fn replies(fleet: &Fleet, outcome: &mut Outcome) -> Result<()> {
    let stats = fleet.stats()?;
    let sent = stats["outbox"]["sent"].as_u64().unwrap_or(0);
    outcome.replies = fleet.sandbox.sent().len();
    outcome.doubled_replies = outcome.replies.saturating_sub(usize::try_from(sent)?);
    Ok(())
}

fn export(fleet: &Fleet, what: &str, seller: &str) -> Result<Vec<Value>> {
    let text = fleet.output(&["export", what, "--seller", seller], None)?;
    text.lines()
        .map(|line| Ok(serde_json::from_str(line)?))
        .collect()
}
