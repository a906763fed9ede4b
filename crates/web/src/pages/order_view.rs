//! How an order or a draft order looks: the customer's words beside the lines understood from them,
//! what is missing, the sum.

use domain::{Money, Timestamp};
use maud::{Markup, html};

use super::parts::{self, Tone, chip, chip_with};
use crate::highlight::{Mark, Segment};
use crate::icons;

/// What a customer wrote, cut into what became a line and what did not.
#[derive(Debug, Clone)]
pub(crate) struct Quote {
    /// When.
    pub at: Timestamp,
    /// The text; empty when `instead` says why there is none.
    pub segments: Vec<Segment>,
    /// What there was instead of text ("a photo").
    pub instead: Option<String>,
}

/// One line as a person reads it.
#[derive(Debug, Clone)]
pub(crate) struct LineView {
    /// The product's title.
    pub title: String,
    /// The choices, in words.
    pub options: String,
    /// How many.
    pub quantity: u32,
    /// The line's sum.
    pub total: Money,
    /// How sure, 0 to 1.
    pub confidence: f32,
    /// Whether a customer's words are marked with its number.
    pub quoted: bool,
    /// Names of required options that nobody gave.
    pub missing: Vec<String>,
}

/// The sums under the lines.
#[derive(Debug, Clone)]
pub(crate) struct SumView {
    /// Of the lines.
    pub subtotal: Money,
    /// Taken off, positive; zero: not shown.
    pub discount: Money,
    /// Delivery.
    pub delivery: Money,
    /// Tax, and how it is called ("included").
    pub tax: Option<(String, Money)>,
    /// What the customer pays.
    pub total: Money,
}

/// Below this confidence a line is shown as unsure.
const SURE: f32 = 0.85;

/// The customer's words in bubbles.
pub(crate) fn words(quotes: &[Quote]) -> Markup {
    html! {
        div.words {
            @for quote in quotes {
                p.bubble.gone[quote.instead.is_some()] {
                    @if let Some(instead) = &quote.instead { (instead) }
                    @else { @for piece in &quote.segments { (segment(piece)) } }
                }
            }
        }
    }
}

/// One stretch of a text.
pub(crate) fn segment(segment: &Segment) -> Markup {
    html! {
        @match segment.mark {
            None => (segment.text),
            Some(Mark::Doubt) => mark.doubt title="Not sure what this is" { (segment.text) },
            Some(Mark::Line(n)) => {
                mark class={ "m" (color(n)) } { (segment.text) sup { span.sr { " line " } (n) } }
            }
        }
    }
}

/// There are six colors; the number tells lines apart for whoever cannot tell the colors.
const fn color(n: usize) -> usize {
    (n + 5) % 6 + 1
}

/// The lines, numbered like the marks in the words.
pub(crate) fn lines(lines: &[LineView]) -> Markup {
    html! {
        ol.lines {
            @for (i, line) in lines.iter().enumerate() {
                li {
                    span class={ "dot " @if line.quoted { "m" (color(i + 1)) } @else { "none" } } aria-hidden="true" { (i + 1) }
                    div.grow {
                        p.line-title { span.num { (line.quantity) " × " } (line.title) }
                        @if !line.options.is_empty() { p.line-options { (line.options) } }
                        @if line.confidence < SURE || !line.missing.is_empty() {
                            p.chips {
                                @for name in &line.missing { (chip(Tone::Warn, &format!("{name}?"))) }
                                @if line.confidence < SURE { (chip(Tone::Warn, "not sure")) }
                            }
                        }
                    }
                    span.line-price { (line.total) }
                }
            }
        }
    }
}

/// Subtotal, delivery, discount, tax and total; only what is not nothing.
pub(crate) fn sum(sum: &SumView) -> Markup {
    let several = sum.discount.minor != 0 || sum.delivery.minor != 0 || sum.tax.is_some();
    html! {
        dl.totals {
            @if several {
                div { dt { "Items" } dd { (sum.subtotal) } }
                @if sum.discount.minor != 0 { div { dt { "Discount" } dd { "− " (sum.discount) } } }
                @if sum.delivery.minor != 0 { div { dt { "Delivery" } dd { (sum.delivery) } } }
                @if let Some((name, tax)) = &sum.tax { div { dt { (name) } dd { (tax) } } }
            }
            div.sum { dt { "Total" } dd { (sum.total) } }
        }
    }
}

/// What still stands in the way.
pub(crate) fn missing(reasons: &[String]) -> Markup {
    html! {
        @if !reasons.is_empty() {
            ul.missing aria-label="Still to settle" {
                @for reason in reasons { li { (icons::WARN) span { (reason) } } }
            }
        }
    }
}

/// How sure the reading as a whole is, in words.
pub(crate) fn confidence(value: f32) -> Markup {
    let percent = (value.clamp(0.0, 1.0) * 100.0).round();
    html! {
        @if value >= 0.95 { (chip_with(Tone::Good, icons::TICK, "sure")) }
        @else if value >= SURE { (chip(Tone::Good, &format!("{percent} % sure"))) }
        @else { (chip(Tone::Warn, &format!("{percent} % sure"))) }
    }
}

/// Who it is from: name, handle, channel, when.
pub(crate) fn who(name: &str, handle: &str, channel: &str, at: Timestamp) -> Markup {
    html! {
        (parts::avatar(name))
        div.who-line.grow {
            strong { (name) }
            span.small {
                @if !handle.is_empty() && handle != name { "@" (handle) " · " }
                (channel) " · " (parts::time(at))
            }
        }
    }
}
