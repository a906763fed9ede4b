//! Questions and read-backs as words, buttons and cards.

use std::fmt::Write as _;

use super::ask::Ask;
use super::decision::{Button, Card, ORDER_NUMBER};
use super::payload::{Tap, Tapped};
use super::turn::{Spoken, Turn};
use crate::catalog::{Product, RetailerId};
use crate::customer::{DetailKind, Details};
use crate::order::totals::Totals;
use crate::order::{NewOrder, PricedLine};
use crate::reading::{Amount, Doubt, OptionChoice};
use crate::words::amount::amount;
use crate::words::{Key, Voice};
use crate::{Money, Timestamp};

/// Meta's limit of a quick reply's title, in characters.
const BUTTON_CHARS: usize = 20;
/// Meta's limit of a card's title and subtitle, in characters.
const CARD_CHARS: usize = 80;

/// Cuts a text to `chars_max` characters, with an ellipsis where something is lost.
pub(super) fn short(text: &str, chars_max: usize) -> String {
    if text.chars().count() <= chars_max {
        return text.to_owned();
    }
    let mut cut: String = text.chars().take(chars_max.saturating_sub(1)).collect();
    cut.truncate(cut.trim_end().len());
    cut.push('…');
    cut
}

/// Makes the buttons of one question.
struct Buttons<'t, 'w> {
    turn: &'t Turn<'w>,
    question: u32,
    until: Timestamp,
}

impl Buttons<'_, '_> {
    fn make(&self, tap: Tap, index: usize, title: &str) -> Button {
        let tapped = Tapped {
            tap,
            question: self.question,
            index: index as u32,
        };
        Button {
            title: short(title, BUTTON_CHARS),
            payload: self.turn.world.key.seal(tapped, self.until),
        }
    }
}

/// A question in the customer's language.
pub(super) fn question(turn: &Turn<'_>, what: &Ask, number: u32) -> Spoken {
    let voice = turn.voice();
    let policy = turn.world.policy;
    let lifetime = match what {
        Ask::Confirm { .. } => policy.confirmation_ms,
        _ => policy.question_ms,
    };
    let buttons = Buttons {
        turn,
        question: number,
        until: turn.now.plus(lifetime),
    };
    match what {
        Ask::Doubt { doubt } => doubt_question(turn, voice, doubt, &buttons),
        Ask::MissingOption {
            product,
            option,
            values,
        } => option_question(turn, voice, product, option, values, &buttons),
        Ask::Stock { product, free, .. } => stock_question(turn, voice, product, *free, &buttons),
        Ask::Details { kinds } => Spoken::text(details_question(voice, kinds)),
        Ask::Confirm { .. } => Spoken {
            text: if repeated(turn) {
                reminder(turn, voice)
            } else {
                read_back(turn, voice)
            },
            buttons: vec![
                buttons.make(Tap::Confirm, 0, &voice.plain(Key::Confirm)),
                buttons.make(Tap::Change, 0, &voice.plain(Key::Change)),
                buttons.make(Tap::Cancel, 0, &voice.plain(Key::Cancel)),
            ],
            cards: Vec::new(),
        },
        Ask::WhatToChange => Spoken::text(voice.plain(Key::AskChange)),
        Ask::Offer { .. } => Spoken {
            text: voice.plain(Key::Offer),
            buttons: vec![buttons.make(Tap::Pick, 0, &voice.plain(Key::OrderIt))],
            cards: Vec::new(),
        },
        Ask::TellWhenBack { .. } => Spoken {
            text: voice.plain(Key::OfferWait),
            buttons: vec![buttons.make(Tap::Wait, 0, &voice.plain(Key::Wait))],
            cards: Vec::new(),
        },
    }
}

fn doubt_question(
    turn: &Turn<'_>,
    voice: Voice<'_>,
    doubt: &Doubt,
    buttons: &Buttons<'_, '_>,
) -> Spoken {
    match doubt {
        Doubt::AmbiguousProduct {
            words, candidates, ..
        } => product_question(turn, voice, Key::AskWhich, words, candidates, buttons),
        Doubt::UnknownProduct { words, nearest, .. } => {
            product_question(turn, voice, Key::AskNearest, words, nearest, buttons)
        }
        Doubt::UnclearOption {
            product,
            option,
            values,
            ..
        } => option_question(turn, voice, product, option, values, buttons),
    }
}

fn product_question(
    turn: &Turn<'_>,
    voice: Voice<'_>,
    key: Key,
    words: &str,
    candidates: &[RetailerId],
    buttons: &Buttons<'_, '_>,
) -> Spoken {
    let mut spoken = Spoken::text(voice.say(key, &[("words", &short(words, 60))]));
    let mut cards = Vec::new();
    for (i, id) in candidates.iter().take(10).enumerate() {
        let Some(product) = turn.world.catalog.product(id) else {
            continue;
        };
        let price = price_of(turn, voice, product);
        let title = format!("{}. {}", i + 1, product.title);
        let _ = write!(spoken.text, "\n{} – {price}", short(&title, CARD_CHARS));
        let button = buttons.make(Tap::Pick, i, &title);
        cards.extend(product.image_urls.first().map(|image| Card {
            title: short(&product.title, CARD_CHARS),
            subtitle: short(&price, CARD_CHARS),
            image_url: Some(image.clone()),
            button: button.clone(),
        }));
        spoken.buttons.push(button);
    }
    if cards.len() == spoken.buttons.len() {
        spoken.cards = cards;
    }
    spoken
        .buttons
        .push(buttons.make(Tap::None, 0, &voice.plain(Key::NoneOfThese)));
    spoken
}

fn option_question(
    turn: &Turn<'_>,
    voice: Voice<'_>,
    product: &RetailerId,
    option: &str,
    values: &[String],
    buttons: &Buttons<'_, '_>,
) -> Spoken {
    let title = title_of(turn, product);
    let mut text = voice.say(Key::AskOption, &[("product", &title), ("option", option)]);
    text.push('\n');
    text.push_str(&values.join(" / "));
    Spoken {
        text,
        buttons: values
            .iter()
            .take(10)
            .enumerate()
            .map(|(i, value)| buttons.make(Tap::Pick, i, value))
            .collect(),
        cards: Vec::new(),
    }
}

fn stock_question(
    turn: &Turn<'_>,
    voice: Voice<'_>,
    product: &RetailerId,
    free: i64,
    buttons: &Buttons<'_, '_>,
) -> Spoken {
    let title = title_of(turn, product);
    let count = free.to_string();
    let mut spoken = if free > 0 {
        let text = voice.say(Key::AskStock, &[("product", &title), ("free", &count)]);
        let take = voice.say(Key::TakeFree, &[("free", &count)]);
        Spoken {
            text,
            buttons: vec![buttons.make(Tap::Pick, 0, &take)],
            cards: Vec::new(),
        }
    } else {
        Spoken::text(voice.say(Key::SoldOut, &[("product", &title)]))
    };
    spoken
        .buttons
        .push(buttons.make(Tap::None, 0, &voice.plain(Key::LeaveOut)));
    spoken
        .buttons
        .push(buttons.make(Tap::Wait, 0, &voice.plain(Key::Wait)));
    spoken
}

fn details_question(voice: Voice<'_>, kinds: &[DetailKind]) -> String {
    let names: Vec<_> = kinds
        .iter()
        .map(|kind| {
            voice.plain(match kind {
                DetailKind::Name => Key::DetailName,
                DetailKind::Phone => Key::DetailPhone,
                DetailKind::Email => Key::DetailEmail,
                DetailKind::Address => Key::DetailAddress,
            })
        })
        .collect();
    voice.say(Key::AskDetails, &[("details", &names.join(" + "))])
}

/// Whether the question that is out was put before.
fn repeated(turn: &Turn<'_>) -> bool {
    turn.state.asked.as_ref().is_some_and(|a| a.repetitions > 0)
}

/// The read-back once more, in short: it stands right above.
fn reminder(turn: &Turn<'_>, voice: Voice<'_>) -> String {
    let question = voice.plain(Key::ReadBackQuestion);
    match turn.state.draft.as_ref().and_then(|d| d.totals) {
        Some(totals) => {
            let total = amount(totals.total);
            format!("{}: {total}\n{question}", voice.plain(Key::Total))
        }
        None => question,
    }
}

/// The draft order read back: lines, sums, where it goes.
fn read_back(turn: &Turn<'_>, voice: Voice<'_>) -> String {
    let mut text = voice.plain(Key::ReadBack);
    let lines = turn.priced().unwrap_or_default();
    push_lines(&mut text, voice, &lines);
    if let Some(totals) = turn.state.draft.as_ref().and_then(|d| d.totals) {
        push_sums(&mut text, voice, &totals);
    }
    push_details(&mut text, voice, &turn.state.details);
    text.push('\n');
    text.push_str(&voice.plain(Key::ReadBackQuestion));
    text
}

/// The order as it was confirmed; its number is put in once it is stored.
pub(super) fn confirmed(turn: &Turn<'_>, order: &NewOrder) -> Spoken {
    let voice = turn.voice();
    let mut text = voice.say(Key::Confirmed, &[("number", ORDER_NUMBER)]);
    push_lines(&mut text, voice, &order.lines);
    push_sums(&mut text, voice, &order.totals);
    push_details(&mut text, voice, &order.details);
    Spoken::text(text)
}

fn push_lines(text: &mut String, voice: Voice<'_>, lines: &[PricedLine]) {
    for line in lines {
        let _ = write!(text, "\n• {} × {}", line.quantity, line.title);
        let options: Vec<_> = line.options.iter().map(|o| choice(voice, o)).collect();
        if !options.is_empty() {
            let _ = write!(text, " ({})", options.join(", "));
        }
        let _ = write!(text, " – {}", amount(line.total));
    }
}

fn choice(voice: Voice<'_>, choice: &OptionChoice) -> String {
    let value = if choice.count > 1 {
        format!("{} × {}", choice.count, choice.value)
    } else {
        choice.value.clone()
    };
    match (choice.negated, choice.amount) {
        (true, _) => voice.say(Key::Without, &[("value", &value)]),
        (false, Some(Amount::Extra)) => voice.say(Key::Extra, &[("value", &value)]),
        (false, Some(Amount::Light)) => voice.say(Key::Light, &[("value", &value)]),
        (false, None) => value,
    }
}

fn push_sums(text: &mut String, voice: Voice<'_>, totals: &Totals) {
    let mut push = |key: Key, money: Money| {
        let _ = write!(text, "\n{}: {}", voice.plain(key), amount(money));
    };
    let added_tax = totals.tax.minor != 0 && !totals.tax_inclusive;
    if totals.discount.minor != 0 || totals.delivery.minor != 0 || added_tax {
        push(Key::Subtotal, totals.subtotal);
    }
    if totals.discount.minor != 0 {
        let off = Money::new(-totals.discount.minor, totals.discount.currency);
        push(Key::Discount, off);
    }
    if totals.delivery.minor != 0 {
        push(Key::Delivery, totals.delivery);
    }
    if added_tax {
        push(Key::Tax, totals.tax);
    }
    push(Key::Total, totals.total);
    if totals.tax.minor != 0 && totals.tax_inclusive {
        let contained = voice.say(Key::TaxIncluded, &[("amount", &amount(totals.tax))]);
        let _ = write!(text, " ({contained})");
    }
}

fn push_details(text: &mut String, voice: Voice<'_>, details: &Details) {
    let known: Vec<_> = [DetailKind::Name, DetailKind::Address, DetailKind::Phone]
        .into_iter()
        .filter_map(|kind| details.value(kind))
        .map(|value| value.replace(['\r', '\n'], " "))
        .collect();
    if !known.is_empty() {
        let known = short(&known.join(", "), 300);
        text.push('\n');
        text.push_str(&voice.say(Key::DeliverTo, &[("details", &known)]));
    }
}

fn title_of(turn: &Turn<'_>, id: &RetailerId) -> String {
    let title = turn.world.catalog.product(id).map(|p| p.title.as_str());
    short(title.unwrap_or(id.as_str()), CARD_CHARS)
}

/// What one costs, with "from" where choices make it dearer.
pub(super) fn price_of(turn: &Turn<'_>, voice: Voice<'_>, product: &Product) -> String {
    let base = product.price_at(turn.now);
    let prices = product.variants.iter().map(|v| v.price.unwrap_or(base));
    let least = prices.clone().min_by_key(|p| p.minor).unwrap_or(base);
    let most = prices.max_by_key(|p| p.minor).unwrap_or(base);
    let required_extra = product
        .options
        .iter()
        .any(|o| o.required && o.values.iter().any(|v| v.surcharge_minor > 0));
    let shown = amount(least);
    if least.minor != most.minor || required_extra {
        voice.say(Key::FromPrice, &[("price", &shown)])
    } else {
        shown
    }
}

/// Price and availability of a product that was asked about.
pub(super) fn availability(turn: &Turn<'_>, voice: Voice<'_>, product: &Product) -> String {
    let price = price_of(turn, voice, product);
    let title = short(&product.title, CARD_CHARS);
    let ids: Vec<_> = if product.variants.is_empty() {
        vec![&product.retailer_id]
    } else {
        product.variants.iter().map(|v| &v.retailer_id).collect()
    };
    let free = ids.into_iter().try_fold(0_i64, |sum, id| {
        let free = turn.world.catalog.free(id)?;
        Some(sum.saturating_add(free.max(0)))
    });
    match free {
        Some(0) => voice.say(Key::NoneLeft, &[("product", &title), ("price", &price)]),
        Some(few) if few <= 3 => voice.say(
            Key::FewLeft,
            &[
                ("product", &title),
                ("price", &price),
                ("free", &few.to_string()),
            ],
        ),
        _ => voice.say(Key::Available, &[("product", &title), ("price", &price)]),
    }
}
