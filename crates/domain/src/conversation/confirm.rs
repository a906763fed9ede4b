//! From the customer's yes, or the seller's tap, to an order; or to the reason why not.

use super::ask::Ask;
use super::decision::{Notice, Purpose};
use super::speak;
use super::state::PastOrder;
use super::turn::{Spoken, Turn};
use crate::catalog::RetailerId;
use crate::catalog::price::stock_id;
use crate::draft::{Actor, DraftEvent};
use crate::order::totals::totals;
use crate::order::{NewOrder, PricedLine};
use crate::policy::Confirmation;
use crate::words::Key;

/// Orders remembered for edits and cancellations after confirmation.
const ORDERS_MAX: usize = 5;

impl Turn<'_> {
    /// The customer's yes to a read-back.
    pub(super) fn agreed(&mut self, revision: u32, confidence: f32) {
        let Some(draft) = &self.state.draft else {
            return;
        };
        if draft.revision != revision {
            self.proceed(true, "the order changed since it was read back");
            return;
        }
        if self.next_need().is_some() {
            self.proceed(true, "something is open again");
            return;
        }
        if let Some(draft) = &mut self.state.draft {
            draft.agreed = Some(revision);
        }
        self.state.asked = None;
        if self.may_confirm_itself(confidence) {
            self.confirm(
                Actor::Automation,
                false,
                None,
                "the customer's yes, sure and small enough",
            );
            return;
        }
        self.pass_to_seller(Actor::Customer, "the customer said yes");
        let text = self.voice().plain(Key::Thank);
        self.say(Purpose::Thank, Spoken::text(text));
    }

    fn may_confirm_itself(&self, yes: f32) -> bool {
        let Confirmation::AutoConfirm {
            min_confidence,
            max_total_minor,
        } = self.world.policy.confirmation
        else {
            return false;
        };
        let Some(draft) = &self.state.draft else {
            return false;
        };
        draft.is_complete()
            && !self.has_given_up()
            && !self.state.is_quiet(self.now)
            && self.next_need().is_none()
            && yes.min(draft.confidence) >= min_confidence
            && draft
                .totals
                .is_some_and(|t| t.total.minor <= max_total_minor)
    }

    /// Makes an order of the draft order; refuses, with the reason recorded, what cannot be one.
    pub(super) fn confirm(&mut self, by: Actor, oversell: bool, note: Option<String>, why: &str) {
        let Some(draft) = &self.state.draft else {
            self.refuse(DraftEvent::Confirm, by, "there is no open draft order");
            return;
        };
        if draft.lines.is_empty() {
            self.refuse(DraftEvent::Confirm, by, "the draft order has no lines");
            return;
        }
        let Some(lines) = self.priced() else {
            self.refuse(
                DraftEvent::Confirm,
                by,
                "a line is not in the catalog any more",
            );
            return;
        };
        let sums = match totals(&lines, &self.charges(), self.world.seller.currency) {
            Ok(sums) => sums,
            Err(reason) => {
                self.refuse(DraftEvent::Confirm, by, &reason.to_string());
                return;
            }
        };
        let oversell = oversell || self.world.policy.oversell;
        let short = if oversell {
            Vec::new()
        } else {
            self.shortages(&lines)
        };
        if !short.is_empty() {
            self.out_of_stock(&short, by);
            return;
        }
        let order = NewOrder {
            id: self.world.order_id,
            draft_order: draft.id,
            lines,
            totals: sums,
            details: self.state.details.clone(),
            confirmed_by: by,
            confirmed_at: self.now,
            oversell,
            note,
        };
        let past = PastOrder {
            order: order.id,
            draft_order: draft.id,
            at: self.now,
            mids: draft.mids.clone(),
        };
        let spoken = speak::confirmed(self, &order);
        let draft_order = draft.id;
        if !self.move_draft(DraftEvent::Confirm, by, why) {
            return;
        }
        self.order = Some(order);
        self.state.orders.push(past);
        if self.state.orders.len() > ORDERS_MAX {
            self.state.orders.remove(0);
        }
        if by == Actor::Automation {
            self.notify(Notice::AutoConfirmed { draft_order });
        }
        self.say_for_seller(Purpose::Confirmed, spoken);
    }

    fn shortages(&self, lines: &[PricedLine]) -> Vec<(RetailerId, i64)> {
        let mut wanted: Vec<(&RetailerId, i64)> = Vec::new();
        for line in lines {
            match wanted.iter_mut().find(|(id, _)| *id == line.stock_id()) {
                Some((_, units)) => *units += i64::from(line.quantity),
                None => wanted.push((line.stock_id(), i64::from(line.quantity))),
            }
        }
        wanted
            .into_iter()
            .filter_map(|(id, units)| {
                let free = self.world.catalog.free(id)?.max(0);
                (free < units).then(|| (id.clone(), free))
            })
            .collect()
    }

    /// The confirmation failed on stock: the customer is told and asked what to do.
    pub(super) fn out_of_stock(&mut self, short: &[(RetailerId, i64)], by: Actor) {
        self.refuse(DraftEvent::Confirm, by, "too little stock");
        let Some(draft) = &self.state.draft else {
            return;
        };
        let draft_order = draft.id;
        let ask = draft.lines.iter().find_map(|line| {
            let product = self.world.catalog.product(&line.line.product)?;
            let item = stock_id(product, &line.line.options);
            let (_, free) = short.iter().find(|(id, _)| id == item)?;
            Some(Ask::Stock {
                product: line.line.product.clone(),
                item: item.clone(),
                free: (*free).max(0),
                wanted: line.line.quantity,
            })
        });
        self.notify(Notice::OutOfStock { draft_order });
        let quiet = self.state.is_quiet(self.now)
            || self.world.policy.confirmation == Confirmation::DraftOnly;
        match ask {
            Some(ask) if !quiet => self.ask(ask),
            _ => self.pass_to_seller(Actor::Automation, "too little stock"),
        }
    }
}
