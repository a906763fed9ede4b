//! Small pieces that many pages are made of.

use domain::Timestamp;
use maud::{Markup, html};

use crate::icons::{self, Icon};

/// How good a piece of news is; also a chip's color.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tone {
    /// Neither.
    Plain,
    /// Done, fine.
    Good,
    /// Something to look at.
    Warn,
    /// Wrong.
    Bad,
    /// Something to know.
    Info,
}

impl Tone {
    /// The style sheet's class.
    pub(crate) const fn class(self) -> &'static str {
        match self {
            Self::Plain => "",
            Self::Good => "good",
            Self::Warn => "warn",
            Self::Bad => "bad",
            Self::Info => "info",
        }
    }
}

/// What an action came to, with where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Note {
    /// How good it is.
    pub tone: Tone,
    /// The sentence.
    pub text: String,
    /// A page to go on to, and its name.
    pub link: Option<(String, String)>,
}

impl Note {
    /// Something worked.
    pub(crate) fn good(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Good,
            text: text.into(),
            link: None,
        }
    }

    /// Something did not.
    pub(crate) fn bad(text: impl Into<String>) -> Self {
        Self {
            tone: Tone::Bad,
            text: text.into(),
            link: None,
        }
    }

    /// With a page to go on to.
    pub(crate) fn with_link(mut self, name: impl Into<String>, href: impl Into<String>) -> Self {
        self.link = Some((href.into(), name.into()));
        self
    }
}

/// A note at the head of the page, read out by screen readers.
pub(crate) fn note(said: &Note) -> Markup {
    let role = if said.tone == Tone::Bad {
        "alert"
    } else {
        "status"
    };
    notice(
        said.tone,
        Some(role),
        html! {
            p { (said.text) @if let Some((href, name)) = &said.link { " " a href=(href) { (name) } } }
        },
    )
}

/// A notice that stands in the page.
pub(crate) fn notice(tone: Tone, role: Option<&str>, body: Markup) -> Markup {
    let icon = match tone {
        Tone::Good => icons::TICK,
        Tone::Warn | Tone::Bad => icons::WARN,
        Tone::Plain | Tone::Info => icons::INFO,
    };
    html! {
        div class={ "note " (tone.class()) } role=[role] tabindex=[role.map(|_| "-1")] {
            (icon) div.grow { (body) }
        }
    }
}

/// A small label.
pub(crate) fn chip(tone: Tone, text: &str) -> Markup {
    html! { span class={ "chip " (tone.class()) } { (text) } }
}

/// A small label with a sign.
pub(crate) fn chip_with(tone: Tone, icon: Icon, text: &str) -> Markup {
    html! { span class={ "chip " (tone.class()) } { (icon) (text) } }
}

/// A person's sign: the first letters of the name on a color of its own.
pub(crate) fn avatar(name: &str) -> Markup {
    let letters: String = name
        .split(|c: char| c.is_whitespace() || c == '.' || c == '_')
        .filter_map(|word| word.chars().find(|c| c.is_alphanumeric()))
        .take(2)
        .flat_map(char::to_uppercase)
        .collect();
    let sum: u32 = name
        .bytes()
        .fold(7, |sum, b| sum.wrapping_mul(31).wrapping_add(u32::from(b)));
    html! {
        span class={ "avatar t" (sum % 7) } aria-hidden="true" {
            @if letters.is_empty() { "?" } @else { (letters) }
        }
    }
}

/// A point in time: UTC in the page, the reader's own clock once the script has run.
pub(crate) fn time(at: Timestamp) -> Markup {
    html! { time datetime=(at.rfc3339()) data-time="ago" { (utc(at)) } }
}

/// Only the time of day.
pub(crate) fn clock(at: Timestamp) -> Markup {
    let text = at.rfc3339();
    html! { time datetime=(text) data-time="clock" { (text.get(11..16).unwrap_or("")) " UTC" } }
}

/// Only the day.
pub(crate) fn day(at: Timestamp) -> Markup {
    let text = at.rfc3339();
    html! { time datetime=(text) data-time="day" { (text.get(..10).unwrap_or("")) } }
}

/// `2026-11-24 20:15 UTC`.
pub(crate) fn utc(at: Timestamp) -> String {
    let text = at.rfc3339();
    match (text.get(..10), text.get(11..16)) {
        (Some(day), Some(time)) => format!("{day} {time} UTC"),
        _ => text,
    }
}

/// A stretch of time in the two largest units that matter: `5 h 20 min`.
pub(crate) fn duration(millis: i64) -> String {
    let minutes = millis.max(0) / Timestamp::MINUTE;
    let (days, hours, rest) = (minutes / 1440, minutes / 60 % 24, minutes % 60);
    match (days, hours, rest) {
        (0, 0, m) => format!("{m} min"),
        (0, h, 0) => format!("{h} h"),
        (0, h, m) => format!("{h} h {m} min"),
        (d, 0, _) => format!("{d} d"),
        (d, h, _) => format!("{d} d {h} h"),
    }
}

/// An empty list that says what to do next.
pub(crate) fn empty(icon: Icon, title: &str, text: &str, action: Option<(&str, &str)>) -> Markup {
    html! {
        div.card {
            div.empty {
                (icon)
                h2 { (title) }
                p { (text) }
                @if let Some((href, name)) = action { a.button.primary href=(href) { (name) } }
            }
        }
    }
}

/// The way back up.
pub(crate) fn back(href: &str, name: &str) -> Markup {
    html! { a.back href=(href) { span aria-hidden="true" { "‹" } (name) } }
}

/// The head of a page.
pub(crate) fn head(title: &str, under: &str, action: Option<Markup>) -> Markup {
    html! {
        div.head {
            div.grow { h1 { (title) } @if !under.is_empty() { p { (under) } } }
            @if let Some(action) = action { (action) }
        }
    }
}

/// The link to the next page of a list.
pub(crate) fn more(path: &str, query: &str, cursor: Option<&str>) -> Markup {
    html! {
        @if let Some(cursor) = cursor {
            p.pager {
                a.button href={ (path) "?" (query) @if !query.is_empty() { "&" } "cursor=" (cursor) } { "Show older" }
            }
        }
    }
}

/// A labelled field of a form.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Field<'a> {
    /// Its name in the form.
    pub name: &'a str,
    /// Its label.
    pub label: &'a str,
    /// What is in it.
    pub value: &'a str,
    /// How to fill it in.
    pub hint: &'a str,
    /// `type`; empty: `text`.
    pub kind: &'a str,
    /// `inputmode`.
    pub mode: &'a str,
    /// `autocomplete`.
    pub autocomplete: &'a str,
    /// Whether it must be filled in.
    pub required: bool,
    /// Why what was given is not taken.
    pub error: Option<&'a str>,
    /// Not marked as optional: it is plain that it may stay empty.
    pub(crate) plain: bool,
    /// Several lines.
    pub area: bool,
    /// Takes the whole width of a grid of fields.
    pub wide: bool,
}

impl Field<'_> {
    /// The labelled field.
    pub(crate) fn render(&self) -> Markup {
        let id = format!("f-{}", self.name);
        let help = format!("{id}-help");
        let described = (!self.hint.is_empty() || self.error.is_some()).then_some(help.as_str());
        let invalid = self.error.map(|_| "true");
        let given = |text: &'_ str| (!text.is_empty()).then(|| text.to_owned());
        html! {
            div.field.all[self.wide] {
                label for=(id) { (self.label) @if !self.required && !self.plain { span.soft { " (optional)" } } }
                @if self.area {
                    textarea #(id) name=(self.name) required[self.required] aria-invalid=[invalid]
                        aria-describedby=[described] { (self.value) }
                } @else {
                    input #(id) name=(self.name) value=(self.value) required[self.required]
                        type=(if self.kind.is_empty() { "text" } else { self.kind })
                        inputmode=[given(self.mode)] autocomplete=[given(self.autocomplete)]
                        aria-invalid=[invalid] aria-describedby=[described];
                }
                @if described.is_some() {
                    div #(help) {
                        @if let Some(error) = self.error { p.field-error { (error) } }
                        @if !self.hint.is_empty() { p.hint { (self.hint) } }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Field, avatar, duration, utc};
    use domain::Timestamp;

    #[test]
    fn stretches_of_time_read_well() {
        for (millis, text) in [
            (-5, "0 min"),
            (59 * Timestamp::SECOND, "0 min"),
            (20 * Timestamp::MINUTE, "20 min"),
            (2 * Timestamp::HOUR, "2 h"),
            (5 * Timestamp::HOUR + 20 * Timestamp::MINUTE, "5 h 20 min"),
            (26 * Timestamp::HOUR, "1 d 2 h"),
            (7 * Timestamp::DAY, "7 d"),
        ] {
            assert_eq!(duration(millis), text);
        }
        assert_eq!(utc(Timestamp(0)), "1970-01-01 00:00 UTC");
    }

    #[test]
    fn names_in_any_script_have_letters() {
        assert!(avatar("nadeesha.perera").into_string().contains(">NP<"));
        assert!(avatar("রাহিমা খাতুন").into_string().contains(">রখ<"));
        assert!(avatar("🙂").into_string().contains(">?<"));
    }

    #[test]
    fn a_wrong_field_is_tied_to_its_reason() {
        let html = Field {
            name: "price",
            label: "Price",
            error: Some("not a number"),
            ..Field::default()
        }
        .render()
        .into_string();
        assert!(
            html.contains(r#"aria-describedby="f-price-help""#),
            "{html}"
        );
        assert!(html.contains(r#"aria-invalid="true""#));
    }
}
