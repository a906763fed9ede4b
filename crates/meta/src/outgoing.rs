//! The platform's rules for what may be sent, as pure functions: how long a text may be, how many
//! replies and cards, and when a customer may be written to at all.

use crate::graph::{Card, CardButton, Channel, Outgoing, OutgoingChoice, OutgoingContent, To};

const HOUR_MS: i64 = 3_600_000;
/// The standard window after each message of the customer.
pub const WINDOW_MS: i64 = 24 * HOUR_MS;
/// How long a person may still answer under `HUMAN_AGENT`.
pub const HUMAN_AGENT_MS: i64 = 7 * 24 * HOUR_MS;
/// How long a comment may be answered in private.
pub const PRIVATE_REPLY_MS: i64 = 7 * 24 * HOUR_MS;

/// Cards in one generic template.
pub const CARDS_MAX: usize = 10;
/// Characters on a reply to tap.
pub const CHOICE_TITLE_CHARS_MAX: usize = 20;
/// Characters in a card's title and subtitle.
pub const CARD_TEXT_CHARS_MAX: usize = 80;
/// Buttons on a card.
pub const CARD_BUTTONS_MAX: usize = 3;

/// The longest text of one message.
///
/// Instagram counts bytes of UTF-8 (one page of Meta's says characters: bytes are safe under both
/// readings). Messenger and WhatsApp say characters without saying which; UTF-16 units are counted,
/// which are never fewer.
pub const fn text_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram => 1_000,
        Channel::Messenger => 2_000,
        Channel::Whatsapp => 4_096,
    }
}

/// The most replies to tap under one message; on WhatsApp they are then the rows of a list.
pub const fn choices_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram | Channel::Messenger => 13,
        Channel::Whatsapp => 10,
    }
}

/// The longest text above replies to tap: shorter on WhatsApp, where it is an interactive body.
const fn choices_text_max(channel: Channel) -> usize {
    match channel {
        Channel::Whatsapp => 1_024,
        other => text_max(other),
    }
}

/// The longest payload of a reply to tap, in bytes.
const fn payload_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram | Channel::Messenger => 1_000,
        Channel::Whatsapp => 200,
    }
}

const fn products_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram | Channel::Messenger => 10,
        Channel::Whatsapp => 30,
    }
}

/// Why something cannot be made to fit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DoesNotFit {
    /// More replies to tap than the channel shows.
    #[error("{given} replies to tap are more than the {max} that this channel shows")]
    TooManyChoices {
        /// How many there are.
        given: usize,
        /// How many there may be.
        max: usize,
    },
    /// Nothing in it.
    #[error("a message needs words, cards, products or a picture")]
    Empty,
    /// A payload is longer than Meta returns.
    #[error("the payload of a reply to tap is longer than {max} bytes")]
    PayloadTooLong {
        /// How long it may be.
        max: usize,
    },
    /// A private reply is one message.
    #[error("a private reply has to fit one message")]
    PrivateReplyTooLong,
}

/// Makes a message fit the channel: long texts become several messages, long titles are cut with
/// `…`, many cards and products are spread. Replies to tap go with the last piece.
pub fn fit(outgoing: &Outgoing, channel: Channel) -> Result<Vec<Outgoing>, DoesNotFit> {
    let contents = match &outgoing.content {
        OutgoingContent::Text(text) => split_text(text, channel)
            .into_iter()
            .map(OutgoingContent::Text)
            .collect(),
        OutgoingContent::Choices { text, choices } => fit_choices(text, choices, channel)?,
        OutgoingContent::Cards(cards) => cards
            .chunks(CARDS_MAX)
            .map(|cards| OutgoingContent::Cards(cards.iter().map(fit_card).collect()))
            .collect(),
        OutgoingContent::Products {
            catalog_id,
            ids,
            text,
        } => ids
            .chunks(products_max(channel))
            .map(|ids| OutgoingContent::Products {
                catalog_id: catalog_id.clone(),
                ids: ids.to_vec(),
                text: text.as_deref().map(|t| cut(t, 1_024)),
            })
            .collect(),
        other => vec![other.clone()],
    };
    if contents.is_empty() {
        return Err(DoesNotFit::Empty);
    }
    if contents.len() > 1 && matches!(outgoing.to, To::Comment(_)) {
        return Err(DoesNotFit::PrivateReplyTooLong);
    }
    let mut fitted: Vec<Outgoing> = contents
        .into_iter()
        .map(|content| Outgoing {
            content,
            ..outgoing.clone()
        })
        .collect();
    // Only the first piece answers the quoted message.
    for later in fitted.iter_mut().skip(1) {
        later.reply_to = None;
    }
    Ok(fitted)
}

fn fit_choices(
    text: &str,
    choices: &[OutgoingChoice],
    channel: Channel,
) -> Result<Vec<OutgoingContent>, DoesNotFit> {
    let max = choices_max(channel);
    if choices.len() > max {
        return Err(DoesNotFit::TooManyChoices {
            given: choices.len(),
            max,
        });
    }
    let max = payload_max(channel);
    if choices.iter().any(|choice| choice.payload.len() > max) {
        return Err(DoesNotFit::PayloadTooLong { max });
    }
    let mut pieces = split_at(text, choices_text_max(channel), measure(channel));
    let Some(last) = pieces.pop() else {
        return Err(DoesNotFit::Empty);
    };
    let mut contents: Vec<OutgoingContent> =
        pieces.into_iter().map(OutgoingContent::Text).collect();
    contents.push(if choices.is_empty() {
        OutgoingContent::Text(last)
    } else {
        let choices = choices.iter().map(fit_choice).collect();
        OutgoingContent::Choices {
            text: last,
            choices,
        }
    });
    Ok(contents)
}

fn fit_choice(choice: &OutgoingChoice) -> OutgoingChoice {
    OutgoingChoice {
        title: cut(&choice.title, CHOICE_TITLE_CHARS_MAX),
        payload: choice.payload.clone(),
    }
}

fn fit_card(card: &Card) -> Card {
    let button = |button: &CardButton| match button {
        CardButton::Postback(choice) => CardButton::Postback(fit_choice(choice)),
        CardButton::Link { title, url } => CardButton::Link {
            title: cut(title, CHOICE_TITLE_CHARS_MAX),
            url: url.clone(),
        },
    };
    Card {
        title: cut(&card.title, CARD_TEXT_CHARS_MAX),
        subtitle: card
            .subtitle
            .as_deref()
            .map(|s| cut(s, CARD_TEXT_CHARS_MAX)),
        image_url: card.image_url.clone(),
        url: card.url.clone(),
        buttons: card
            .buttons
            .iter()
            .take(CARD_BUTTONS_MAX)
            .map(button)
            .collect(),
    }
}

/// Cuts a text to so many UTF-16 units, the last of them `…`.
fn cut(text: &str, max: usize) -> String {
    if text.encode_utf16().count() <= max {
        return text.to_owned();
    }
    let end = prefix_end(text, max - 1, char::len_utf16);
    format!("{}…", text[..end].trim_end())
}

fn measure(channel: Channel) -> fn(char) -> usize {
    match channel {
        Channel::Instagram => char::len_utf8,
        Channel::Messenger | Channel::Whatsapp => char::len_utf16,
    }
}

/// Splits a text into messages that the channel takes: at the end of a line, else of a word, else
/// wherever it must. Blank pieces are left out.
pub fn split_text(text: &str, channel: Channel) -> Vec<String> {
    split_at(text, text_max(channel), measure(channel))
}

fn split_at(text: &str, max: usize, measure: fn(char) -> usize) -> Vec<String> {
    let mut pieces = Vec::new();
    let mut rest = text.trim();
    while !rest.is_empty() {
        let fits = prefix_end(rest, max, measure);
        let end = if fits == rest.len() {
            fits
        } else {
            break_at(rest, fits)
        };
        pieces.push(rest[..end].trim_end().to_owned());
        rest = rest[end..].trim_start();
    }
    pieces
}

/// Where a piece that must end by `fits` ends: after a line that fills at least half of it, else
/// after a word that does, else at `fits`.
fn break_at(text: &str, fits: usize) -> usize {
    // One character more: a word that ends exactly at the limit is whole.
    let next = text[fits..]
        .chars()
        .next()
        .map_or(fits, |c| fits + c.len_utf8());
    let head = &text[..next];
    let late = |at: &usize| *at >= fits / 2;
    head.rfind('\n')
        .filter(late)
        .or_else(|| head.rfind(char::is_whitespace).filter(late))
        .unwrap_or(fits)
}

/// The end, in bytes, of the longest prefix that measures at most `max`; at least one character.
fn prefix_end(text: &str, max: usize, measure: fn(char) -> usize) -> usize {
    let mut used = 0;
    for (at, c) in text.char_indices() {
        used += measure(c);
        if used > max && at > 0 {
            return at;
        }
    }
    text.len()
}

/// Whether a customer may be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MaySend {
    /// Yes, until this time (milliseconds since 1970).
    Allowed {
        /// When the window closes.
        until_ms: i64,
    },
    /// Yes, by a person and with [`Outgoing::human_agent`] set, until this time.
    AllowedWithTag {
        /// When that window closes.
        until_ms: i64,
    },
    /// No.
    Refused(WhyNot),
}

/// Why a customer may not be written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhyNot {
    /// The customer never wrote.
    NeverWrote,
    /// More than 24 hours, and this is automatic: only a person may write now.
    OnlyAPerson,
    /// More than 24 hours, and the app has no Human Agent permission.
    NoHumanAgent,
    /// Too long ago for anybody.
    TooLate,
}

impl WhyNot {
    /// In English, with what can be done.
    pub const fn sentence(self) -> &'static str {
        match self {
            Self::NeverWrote => "The customer has to write first.",
            Self::OnlyAPerson => {
                "More than 24 hours have passed since the customer's last message: only a person \
                 may still write."
            }
            Self::NoHumanAgent => {
                "More than 24 hours have passed since the customer's last message, and the Meta app \
                 lacks the Human Agent permission: write from the Instagram app."
            }
            Self::TooLate => {
                "The customer's last message is too long ago: they have to write again."
            }
        }
    }
}

/// Whether a customer whose last message is of `last_customer_message_at` may be written to `now`
/// (both in milliseconds since 1970). Tags of other kinds ended on 2026-04-27.
pub fn may_send(
    channel: Channel,
    last_customer_message_at: Option<i64>,
    now: i64,
    by_person: bool,
    human_agent_enabled: bool,
) -> MaySend {
    let Some(last) = last_customer_message_at else {
        return MaySend::Refused(WhyNot::NeverWrote);
    };
    let age = now.saturating_sub(last);
    if age < WINDOW_MS {
        return MaySend::Allowed {
            until_ms: last.saturating_add(WINDOW_MS),
        };
    }
    if channel == Channel::Whatsapp || age >= HUMAN_AGENT_MS {
        return MaySend::Refused(WhyNot::TooLate);
    }
    if !by_person {
        return MaySend::Refused(WhyNot::OnlyAPerson);
    }
    if !human_agent_enabled {
        return MaySend::Refused(WhyNot::NoHumanAgent);
    }
    MaySend::AllowedWithTag {
        until_ms: last.saturating_add(HUMAN_AGENT_MS),
    }
}

/// Whether a comment of `commented_at` may still be answered in private.
pub fn may_reply_privately(commented_at: i64, now: i64) -> bool {
    now.saturating_sub(commented_at) < PRIVATE_REPLY_MS
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const CHANNELS: [Channel; 3] = [Channel::Instagram, Channel::Messenger, Channel::Whatsapp];

    fn length(text: &str, channel: Channel) -> usize {
        text.chars().map(measure(channel)).sum()
    }

    proptest! {
        #[test]
        fn pieces_fit_and_lose_no_word(
            text in "[a-zé \n😀আ]{0,3000}",
            channel in prop::sample::select(&CHANNELS[..]),
        ) {
            let pieces = split_text(&text, channel);
            for piece in &pieces {
                prop_assert!(!piece.trim().is_empty());
                prop_assert!(length(piece, channel) <= text_max(channel));
            }
            let bare = |t: &str| t.split_whitespace().collect::<String>();
            prop_assert_eq!(bare(&pieces.concat()), bare(&text));
        }
    }

    #[test]
    fn a_text_is_cut_between_words() {
        let text = format!("{} {}", "a".repeat(990), "b".repeat(20));
        let pieces = split_text(&text, Channel::Instagram);
        assert_eq!(
            pieces.iter().map(String::len).collect::<Vec<_>>(),
            [990, 20]
        );
        let exact = format!("{} b", "a".repeat(1000));
        assert_eq!(split_text(&exact, Channel::Instagram)[0].len(), 1000);
        let emoji = "😀".repeat(300);
        let pieces = split_text(&emoji, Channel::Instagram);
        assert_eq!(
            pieces.iter().map(String::len).collect::<Vec<_>>(),
            [1000, 200]
        );
        assert_eq!(split_text(" \n ", Channel::Instagram), Vec::<String>::new());
    }

    fn choice(title: &str) -> OutgoingChoice {
        OutgoingChoice {
            title: title.into(),
            payload: "P".into(),
        }
    }

    #[test]
    fn replies_to_tap_are_bounded_and_their_titles_cut() {
        let choices = |n: usize| OutgoingContent::Choices {
            text: "Which size would you like, small or large?".into(),
            choices: vec![choice("A very long title indeed"); n],
        };
        let fitted = fit(&Outgoing::to_person("1", choices(13)), Channel::Instagram).unwrap();
        let OutgoingContent::Choices {
            choices: replies, ..
        } = &fitted[0].content
        else {
            panic!("replies stay")
        };
        assert_eq!(replies[0].title, "A very long title i…");
        assert_eq!(replies.len(), 13);
        let refused = fit(&Outgoing::to_person("1", choices(14)), Channel::Instagram);
        assert_eq!(
            refused,
            Err(DoesNotFit::TooManyChoices { given: 14, max: 13 })
        );
        let refused = fit(&Outgoing::to_person("1", choices(11)), Channel::Whatsapp);
        assert_eq!(
            refused,
            Err(DoesNotFit::TooManyChoices { given: 11, max: 10 })
        );
    }

    #[test]
    fn replies_to_tap_go_with_the_last_piece_and_the_quote_with_the_first() {
        let content = OutgoingContent::Choices {
            text: "word ".repeat(300),
            choices: vec![choice("Yes")],
        };
        let outgoing = Outgoing {
            reply_to: Some("m1".into()),
            ..Outgoing::to_person("1", content)
        };
        let fitted = fit(&outgoing, Channel::Instagram).unwrap();
        assert_eq!(fitted.len(), 2);
        assert!(matches!(fitted[0].content, OutgoingContent::Text(_)));
        assert!(matches!(fitted[1].content, OutgoingContent::Choices { .. }));
        assert_eq!(
            (fitted[0].reply_to.as_deref(), &fitted[1].reply_to),
            (Some("m1"), &None)
        );
    }

    #[test]
    fn cards_and_products_are_spread_over_messages() {
        let cards = OutgoingContent::Cards(vec![Card::default(); 23]);
        assert_eq!(
            fit(&Outgoing::to_person("1", cards), Channel::Instagram)
                .unwrap()
                .len(),
            3
        );
        let ids = vec!["1".to_owned(); 31];
        let products = OutgoingContent::Products {
            catalog_id: None,
            ids,
            text: None,
        };
        let of = |channel| {
            fit(&Outgoing::to_person("1", products.clone()), channel)
                .unwrap()
                .len()
        };
        assert_eq!((of(Channel::Instagram), of(Channel::Whatsapp)), (4, 2));
        let none = Outgoing::to_person("1", OutgoingContent::Cards(vec![]));
        assert_eq!(fit(&none, Channel::Instagram), Err(DoesNotFit::Empty));
        let long = Outgoing::private_reply("c1", "x".repeat(1001));
        assert_eq!(
            fit(&long, Channel::Instagram),
            Err(DoesNotFit::PrivateReplyTooLong)
        );
    }

    #[test]
    fn the_window_is_a_day_for_everybody_and_a_week_for_people() {
        let last = 1_793_000_000_000;
        let ask = |hours: i64, by_person, enabled| {
            may_send(
                Channel::Instagram,
                Some(last),
                last + hours * HOUR_MS,
                by_person,
                enabled,
            )
        };
        let open = MaySend::Allowed {
            until_ms: last + WINDOW_MS,
        };
        let tagged = MaySend::AllowedWithTag {
            until_ms: last + HUMAN_AGENT_MS,
        };
        assert_eq!(ask(0, false, false), open);
        assert_eq!(ask(23, false, false), open);
        assert_eq!(
            ask(-1, false, false),
            open,
            "a clock that runs ahead shuts nobody out"
        );
        assert_eq!(ask(24, false, true), MaySend::Refused(WhyNot::OnlyAPerson));
        assert_eq!(ask(24, true, false), MaySend::Refused(WhyNot::NoHumanAgent));
        assert_eq!(ask(24, true, true), tagged);
        assert_eq!(ask(167, true, true), tagged);
        assert_eq!(ask(168, true, true), MaySend::Refused(WhyNot::TooLate));
        assert_eq!(
            may_send(Channel::Whatsapp, Some(last), last + WINDOW_MS, true, true),
            MaySend::Refused(WhyNot::TooLate)
        );
        assert_eq!(
            may_send(Channel::Instagram, None, last, true, true),
            MaySend::Refused(WhyNot::NeverWrote)
        );
        assert!(may_reply_privately(last, last + PRIVATE_REPLY_MS - 1));
        assert!(!may_reply_privately(last, last + PRIVATE_REPLY_MS));
    }
}
