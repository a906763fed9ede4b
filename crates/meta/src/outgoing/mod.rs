//! The platform's rules for what may be sent, as pure functions: how long a text may be, how many
//! replies and cards, and when a customer may be written to at all.

mod text;
mod window;

use text::{cut, measure, split_at};
pub use text::{split_text, text_max};
pub use window::*;

use crate::graph::{Card, CardButton, Channel, Outgoing, OutgoingChoice, OutgoingContent, To};

/// Cards in one generic template.
pub const CARDS_MAX: usize = 10;
/// Characters on a reply to tap.
pub const CHOICE_TITLE_CHARS_MAX: usize = 20;
/// Characters in a card's title and subtitle.
pub const CARD_TEXT_CHARS_MAX: usize = 80;
/// Buttons on a card.
pub const CARD_BUTTONS_MAX: usize = 3;

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

#[cfg(test)]
mod tests {
    use super::*;

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
}
