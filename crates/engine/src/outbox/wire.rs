//! From what is to be said to Meta's client's own types.

use domain::Channel;
use meta::graph::{Card, CardButton, Outgoing, OutgoingChoice, OutgoingContent};

use crate::outbox_body::Body;

pub(crate) const fn channel(channel: Channel) -> meta::graph::Channel {
    match channel {
        Channel::Instagram => meta::graph::Channel::Instagram,
        Channel::Messenger => meta::graph::Channel::Messenger,
        Channel::Whatsapp => meta::graph::Channel::Whatsapp,
    }
}

pub(super) fn outgoing(body: &Body, recipient: &str, human_agent: bool) -> Outgoing {
    let choice = |button: &domain::conversation::Button| OutgoingChoice {
        title: button.title.clone(),
        payload: button.payload.clone(),
    };
    let content = match body {
        Body::Text { text, buttons } if buttons.is_empty() => OutgoingContent::Text(text.clone()),
        Body::Text { text, buttons } => OutgoingContent::Choices {
            text: text.clone(),
            choices: buttons.iter().map(choice).collect(),
        },
        Body::Cards { cards } => OutgoingContent::Cards(
            cards
                .iter()
                .map(|card| Card {
                    title: card.title.clone(),
                    subtitle: Some(card.subtitle.clone()).filter(|s| !s.is_empty()),
                    image_url: card.image_url.clone(),
                    url: None,
                    buttons: vec![CardButton::Postback(choice(&card.button))],
                })
                .collect(),
        ),
    };
    Outgoing {
        human_agent,
        ..Outgoing::to_person(recipient, content)
    }
}
