//! Something is sold out: the customer is offered to be told when it is back, and told.

use super::ask::Ask;
use super::decision::{Notice, Purpose};
use super::turn::{Spoken, Turn};
use super::{speak, window};
use crate::catalog::price::stock_id;
use crate::catalog::{Availability, RetailerId};
use crate::policy::Confirmation;
use crate::reading::Mention;
use crate::words::Key;

impl Turn<'_> {
    /// Offers to tell when the only product asked about is back, where it is sold out. While an order
    /// is open its own questions come first.
    pub(super) fn offer_to_tell(&mut self, known: &[RetailerId]) -> Option<(Ask, u32)> {
        let [id] = known else { return None };
        if self.state.draft.is_some() || !self.is_free_to_offer() {
            return None;
        }
        let wanted = self.wanted(id);
        let product = self.world.catalog.product(id)?;
        let item = stock_id(product, &wanted.options);
        // Which of several variants is wanted must be known: each has its own stock.
        let definite = product.variants.is_empty() || *item != product.retailer_id;
        let sold_out = self.world.catalog.free(item).is_some_and(|free| free <= 0);
        if !definite || !sold_out || product.availability == Availability::Discontinued {
            return None;
        }
        let what = Ask::TellWhenBack {
            product: id.clone(),
            item: item.clone(),
            quantity: wanted.quantity,
        };
        let number = self.put(what.clone());
        Some((what, number))
    }

    /// A yes to the offer to be told.
    pub(super) fn wait_as_offered(&mut self) {
        let asked = self.state.asked.take().map(|asked| asked.what);
        if let Some(Ask::TellWhenBack {
            product,
            item,
            quantity,
        }) = asked
        {
            self.wait_for(&product, &item, quantity);
        }
    }

    /// Puts the customer on the waiting list.
    pub(super) fn wait_for(&mut self, product: &RetailerId, item: &RetailerId, quantity: u32) {
        self.notify(Notice::WaitingList {
            item: item.clone(),
            quantity,
        });
        let title = self.world.catalog.product(product).map(|p| p.title.clone());
        let title = title.unwrap_or_else(|| product.to_string());
        let text = self.voice().say(Key::Waiting, &[("product", &title)]);
        self.say(Purpose::Note, Spoken::text(text));
    }

    /// What the customer waits for is there again. Said also while a person speaks (the customer asked
    /// for it, and the seller restocked); offered only where nothing else is being talked about.
    pub(super) fn back_in_stock(&mut self, item: &RetailerId, quantity: u32) {
        let last = self.state.last_customer_at;
        let reachable = last.is_some_and(|at| self.now < at.plus(window::STANDARD_MS));
        let Some(resolved) = self.world.catalog.resolve(item.as_str()) else {
            return;
        };
        let Some(product) = self.world.catalog.product(&resolved.product) else {
            return;
        };
        if !reachable {
            return;
        }
        let values: Vec<_> = resolved.options.iter().map(|o| o.value.as_str()).collect();
        let title = if values.is_empty() {
            product.title.clone()
        } else {
            format!("{} ({})", product.title, values.join(", "))
        };
        let mut spoken = Spoken::text(self.voice().say(Key::Back, &[("product", &title)]));
        let quiet = self.state.is_quiet(self.now)
            || self.world.policy.confirmation == Confirmation::DraftOnly;
        let talked_about = self.state.focus.clone();
        self.state.focus = vec![Mention {
            products: vec![resolved.product.clone()],
            quantity: Some(quantity),
            options: resolved.options,
        }];
        let offered = (!quiet)
            .then(|| self.offer(std::slice::from_ref(&resolved.product)))
            .flatten();
        match offered {
            Some((what, number)) => {
                let offer = speak::question(self, &what, number);
                spoken.text.push('\n');
                spoken.text.push_str(&offer.text);
                spoken.buttons = offer.buttons;
            }
            None => self.state.focus = talked_about,
        }
        self.say_for_seller(Purpose::BackInStock, spoken);
    }
}
