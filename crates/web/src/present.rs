//! From stored rows to what people read: names, words, quotes with what became of them.

use domain::customer::DetailKind;
use domain::draft::{Actor, DraftLine, DraftOrder};
use domain::order::PricedLine;
use domain::order::totals::Totals;
use domain::policy::Policy;
use domain::reading::{Amount, Change, Doubt, Intent, OptionChoice, Reading, Span};
use domain::{Channel, Money};
use store::{Customer, Direction, DraftTransition, Message, MessageState, OrderTransition};

use crate::highlight::{Mark, segments};
use crate::pages::conversation::MessageView;
use crate::pages::order_view::{LineView, Quote, SumView};
use crate::pages::people_pages::label;

/// A channel's proper name.
pub(crate) const fn channel_name(channel: Channel) -> &'static str {
    match channel {
        Channel::Instagram => "Instagram",
        Channel::Messenger => "Messenger",
        Channel::Whatsapp => "WhatsApp",
    }
}

/// Where a customer came from: a buyer of the shop front has no account.
pub(crate) fn customer_channel(customer: &Customer) -> &'static str {
    match customer.account_id {
        Some(_) => channel_name(customer.channel),
        None => "Shop",
    }
}

/// The proper name of an order's `message_source`.
pub(crate) fn source_name(source: &str) -> &'static str {
    source.parse().map_or("Shop", channel_name)
}

/// What a customer is called, and the handle.
pub(crate) fn customer_name(customer: Option<&Customer>) -> (String, String) {
    let Some(customer) = customer else {
        return ("A customer".to_owned(), String::new());
    };
    let handle = customer.username.clone().unwrap_or_default();
    let name = customer
        .details
        .value(DetailKind::Name)
        .or(customer.profile_name.as_deref())
        .map(str::to_owned)
        .or_else(|| (!handle.is_empty()).then(|| handle.clone()))
        .unwrap_or_else(|| {
            let id = customer.external_id.as_deref().unwrap_or_default();
            let tail: String = id
                .chars()
                .skip(id.chars().count().saturating_sub(4))
                .collect();
            format!("Customer {tail}").trim_end().to_owned()
        });
    (name, handle)
}

/// The choices of a line in words: `size: M, no onions, 2 × egg`.
pub(crate) fn options_words(options: &[OptionChoice]) -> String {
    let words: Vec<String> = options
        .iter()
        .map(
            |choice| match (choice.negated, choice.amount, choice.count) {
                (true, ..) => format!("no {}", choice.value),
                (_, Some(Amount::Extra), _) => format!("extra {}", choice.value),
                (_, Some(Amount::Light), _) => format!("light {}", choice.value),
                (_, _, n) if n > 1 => format!("{n} × {}", choice.value),
                _ => format!("{}: {}", choice.name, choice.value),
            },
        )
        .collect();
    words.join(", ")
}

/// The sums of a draft order or an order.
pub(crate) fn sum_view(totals: &Totals) -> SumView {
    let tax = (totals.tax.minor != 0).then(|| {
        let name = if totals.tax_inclusive {
            "of which tax"
        } else {
            "Tax"
        };
        (name.to_owned(), totals.tax)
    });
    SumView {
        subtotal: totals.subtotal,
        discount: totals.discount,
        delivery: totals.delivery,
        tax,
        total: totals.total,
    }
}

/// A draft order's line. `quoted`: whether a customer's words carry its number.
pub(crate) fn draft_line(line: &DraftLine, currency: domain::Currency, quoted: bool) -> LineView {
    let title = if line.title.is_empty() {
        line.line.product.to_string()
    } else {
        line.title.clone()
    };
    LineView {
        title,
        options: options_words(&line.line.options),
        quantity: line.line.quantity,
        total: line
            .unit_price
            .and_then(|price| price.times(line.line.quantity))
            .unwrap_or(Money::zero(currency)),
        confidence: line.confidence,
        quoted,
        missing: line.missing.clone(),
    }
}

/// An order's line.
pub(crate) fn order_line(line: &PricedLine, quoted: bool) -> LineView {
    LineView {
        title: line.title.clone(),
        options: options_words(&line.options),
        quantity: line.quantity,
        total: line.total,
        confidence: 1.0,
        quoted,
        missing: Vec::new(),
    }
}

/// What stands in the way of a draft order, in sentences. `title` knows products by their id.
pub(crate) fn missing_sentences(
    draft: &DraftOrder,
    policy: &Policy,
    title: &dyn Fn(&str) -> String,
) -> Vec<String> {
    let mut reasons: Vec<String> = draft
        .unresolved
        .iter()
        .map(|doubt| doubt_sentence(doubt, title))
        .collect();
    for line in &draft.lines {
        for option in &line.missing {
            reasons.push(format!("Which {option} for {}?", line.title));
        }
        if line.unit_price.is_none() {
            reasons.push(format!(
                "{} has no price: it is not in your catalog any more",
                if line.title.is_empty() {
                    line.line.product.as_str()
                } else {
                    &line.title
                }
            ));
        }
    }
    for (needed, kind) in [
        (policy.require_name, DetailKind::Name),
        (policy.require_phone, DetailKind::Phone),
        (policy.require_address, DetailKind::Address),
    ] {
        if needed && draft.details.get(kind).is_none() && !draft.stage.is_final() {
            reasons.push(match kind {
                DetailKind::Name => "No name yet".to_owned(),
                DetailKind::Phone => "No phone number yet".to_owned(),
                DetailKind::Email => "No e-mail address yet".to_owned(),
                DetailKind::Address => "No address yet".to_owned(),
            });
        }
    }
    reasons
}

fn doubt_sentence(doubt: &Doubt, title: &dyn Fn(&str) -> String) -> String {
    let list = |ids: &[domain::catalog::RetailerId]| {
        let names: Vec<String> = ids.iter().take(4).map(|id| title(id.as_str())).collect();
        names.join(", ")
    };
    match doubt {
        Doubt::AmbiguousProduct {
            words, candidates, ..
        } => {
            format!("“{words}” could be {}", list(candidates))
        }
        Doubt::UnknownProduct { words, nearest, .. } if nearest.is_empty() => {
            format!("“{words}” is not in your catalog")
        }
        Doubt::UnknownProduct { words, nearest, .. } => {
            format!(
                "“{words}” is not in your catalog; the nearest: {}",
                list(nearest)
            )
        }
        Doubt::UnclearOption {
            product,
            option,
            words,
            values,
            ..
        } => format!(
            "“{words}”: which {option} of {}? {}",
            title(product.as_str()),
            values.join(", ")
        ),
    }
}

/// What a line is recognised by among the changes of a reading: its product, and among several of
/// one product its choices.
fn line_number(
    product: &str,
    options: &[OptionChoice],
    lines: &[(String, Vec<OptionChoice>)],
) -> Option<usize> {
    let exact = lines.iter().position(|(p, o)| p == product && o == options);
    exact
        .or_else(|| lines.iter().position(|(p, _)| p == product))
        .map(|i| i + 1)
}

/// The stretches of a message that became lines or doubts.
pub(crate) fn marks(reading: &Reading, lines: &[(String, Vec<OptionChoice>)]) -> Vec<(Span, Mark)> {
    let mut marks = Vec::new();
    for change in &reading.changes {
        if let Change::Add { line } | Change::Replace { line, .. } = change {
            let number = line_number(line.line.product.as_str(), &line.line.options, lines);
            if let Some(number) = number {
                marks.extend(line.spans.iter().map(|span| (*span, Mark::Line(number))));
            }
        }
    }
    for doubt in &reading.doubts {
        marks.push(match doubt {
            Doubt::AmbiguousProduct {
                span, candidates, ..
            } => {
                // A doubt that was settled since is one of the lines now.
                let settled = candidates
                    .iter()
                    .find_map(|id| line_number(id.as_str(), &[], lines));
                (*span, settled.map_or(Mark::Doubt, Mark::Line))
            }
            Doubt::UnclearOption { span, .. } | Doubt::UnknownProduct { span, .. } => {
                (*span, Mark::Doubt)
            }
        });
    }
    marks
}

/// The lines of a draft order as [`marks`] wants them.
pub(crate) fn draft_keys(draft: &DraftOrder) -> Vec<(String, Vec<OptionChoice>)> {
    draft
        .lines
        .iter()
        .map(|line| (line.line.product.to_string(), line.line.options.clone()))
        .collect()
}

/// The lines of an order as [`marks`] wants them.
pub(crate) fn order_keys(lines: &[PricedLine]) -> Vec<(String, Vec<OptionChoice>)> {
    lines
        .iter()
        .map(|line| (line.product.to_string(), line.options.clone()))
        .collect()
}

/// The customer's words of these messages, marked, and which lines they carry the number of.
pub(crate) fn quotes(
    messages: &[Message],
    lines: &[(String, Vec<OptionChoice>)],
) -> (Vec<Quote>, Vec<bool>) {
    let mut quoted = vec![false; lines.len()];
    let quotes = messages
        .iter()
        .filter(|message| message.direction == Direction::In && !is_a_mere_yes(message))
        .map(|message| {
            let marks = reading(message)
                .map(|r| marks(&r, lines))
                .unwrap_or_default();
            for (_, mark) in &marks {
                if let Mark::Line(n) = mark
                    && let Some(seen) = quoted.get_mut(n - 1)
                {
                    *seen = true;
                }
            }
            Quote {
                at: message.at,
                segments: segments(message.text.as_deref().unwrap_or_default(), &marks),
                instead: instead(message),
            }
        })
        .collect();
    (quotes, quoted)
}

/// A yes to what was read back says nothing of the goods; the conversation shows it.
fn is_a_mere_yes(message: &Message) -> bool {
    reading(message).is_some_and(|r| r.intent == Intent::Confirm && r.changes.is_empty())
}

fn reading(message: &Message) -> Option<Reading> {
    serde_json::from_str(message.reading.as_deref()?).ok()
}

/// What stands in the place of words, with the reason.
fn instead(message: &Message) -> Option<String> {
    if message.state == MessageState::Deleted {
        return Some("Deleted by the customer".to_owned());
    }
    if message.text.as_deref().is_some_and(|text| !text.is_empty()) {
        return None;
    }
    let what = match message.kind.as_str() {
        "image" => "A picture",
        "video" => "A video",
        "audio" => "A voice message",
        "file" => "A file",
        "sticker" => "A sticker",
        "share" => "A shared post",
        "story_mention" => "A mention in a story",
        "location" => "A place on the map",
        "contacts" => "A contact card",
        "ephemeral" => "A disappearing message",
        _ => "Something without words",
    };
    Some(match &message.reason {
        Some(reason) => format!("{what}: {reason}"),
        None => what.to_owned(),
    })
}

/// A message in the thread; `lines` are those of the open draft order, whose words are marked.
pub(crate) fn message_view(
    message: &Message,
    lines: &[(String, Vec<OptionChoice>)],
) -> MessageView {
    let outbound = message.direction == Direction::Out;
    let marks = if outbound {
        Vec::new()
    } else {
        reading(message)
            .map(|r| marks(&r, lines))
            .unwrap_or_default()
    };
    let by = match (outbound, message.sender.as_str()) {
        (false, _) => "",
        (true, "automation") => "Eziseller",
        (true, _) => "you",
    };
    let state = match message.state {
        MessageState::Received | MessageState::Deleted => "",
        MessageState::Edited => "edited",
        MessageState::Sent => "sent",
        MessageState::Delivered => "delivered",
        MessageState::Read => "seen",
        MessageState::Failed => "not delivered",
    };
    let state: Vec<&str> = [by, state]
        .into_iter()
        .filter(|word| !word.is_empty())
        .collect();
    MessageView {
        outbound,
        segments: segments(message.text.as_deref().unwrap_or_default(), &marks),
        instead: instead(message),
        at: message.at,
        state: state.join(" · "),
        failure: (message.state == MessageState::Failed).then(|| {
            message
                .reason
                .clone()
                .unwrap_or_else(|| "Meta refused it".to_owned())
        }),
    }
}

/// Label and value of what is known of a customer.
pub(crate) fn fact_rows(pairs: [(DetailKind, Option<&str>); 4]) -> Vec<(&'static str, String)> {
    pairs
        .into_iter()
        .filter_map(|(kind, value)| Some((label(kind), value?.to_owned())))
        .collect()
}

/// Who did something, in words.
pub(crate) fn actor_words(actor: &Actor) -> &'static str {
    match actor {
        Actor::Customer => "the customer",
        Actor::Automation => "Eziseller",
        Actor::Member { id: Some(_) } => "your team",
        Actor::Member { id: None } => "your team or an API key",
        Actor::Clock => "time",
    }
}

/// A draft order's transition in words.
pub(crate) fn draft_step(step: &DraftTransition) -> String {
    let by = actor_words(&step.actor);
    let what = match step.to_stage {
        Some(stage) => crate::pages::drafts::stage_words(stage).1.to_owned(),
        None => format!("{} refused", step.event.replace('_', " ")),
    };
    format!("{what} (by {by}): {}", step.why)
}

/// An order's transition in words.
pub(crate) fn order_step(step: &OrderTransition) -> String {
    let by = actor_words(&step.actor);
    let refused = if step.refused { " refused" } else { "" };
    let why = if step.why.is_empty() {
        String::new()
    } else {
        format!(": {}", step.why)
    };
    format!("{}{refused} (by {by}){why}", step.to_status)
}

#[cfg(test)]
mod tests {
    use super::{marks, options_words};
    use crate::highlight::Mark;
    use domain::catalog::RetailerId;
    use domain::reading::{
        Amount, Change, Doubt, OptionChoice, OrderLine, ReadLine, Reading, Span,
    };

    fn choice(name: &str, value: &str) -> OptionChoice {
        OptionChoice {
            name: name.into(),
            value: value.into(),
            negated: false,
            amount: None,
            count: 1,
        }
    }

    #[test]
    fn choices_read_like_a_person_says_them() {
        let no = OptionChoice {
            negated: true,
            ..choice("toppings", "onions")
        };
        let extra = OptionChoice {
            amount: Some(Amount::Extra),
            ..choice("toppings", "cheese")
        };
        let two = OptionChoice {
            count: 2,
            ..choice("toppings", "egg")
        };
        assert_eq!(
            options_words(&[choice("size", "M"), no, extra, two]),
            "size: M, no onions, extra cheese, 2 × egg"
        );
    }

    #[test]
    fn words_carry_the_number_of_the_line_they_became() {
        let id = |text: &str| RetailerId::parse(text).unwrap();
        let read = |product: &str, options: Vec<OptionChoice>, start| ReadLine {
            line: OrderLine {
                product: id(product),
                quantity: 1,
                options,
            },
            confidence: 1.0,
            spans: vec![Span {
                start,
                end: start + 2,
            }],
            missing: vec![],
        };
        let reading = Reading {
            changes: vec![
                Change::Add {
                    line: read("a", vec![choice("size", "L")], 0),
                },
                Change::Add {
                    line: read("a", vec![choice("size", "M")], 3),
                },
                Change::Add {
                    line: read("gone", vec![], 6),
                },
            ],
            doubts: vec![Doubt::AmbiguousProduct {
                words: "cup".into(),
                span: Span { start: 9, end: 12 },
                quantity: 1,
                options: vec![],
                candidates: vec![id("b"), id("c")],
            }],
            ..Reading::nothing()
        };
        let lines = [
            ("a".to_owned(), vec![choice("size", "M")]),
            ("a".to_owned(), vec![choice("size", "L")]),
        ];
        let found = marks(&reading, &lines);
        let numbers: Vec<Mark> = found.into_iter().map(|(_, mark)| mark).collect();
        assert_eq!(numbers, [Mark::Line(2), Mark::Line(1), Mark::Doubt]);
    }
}
