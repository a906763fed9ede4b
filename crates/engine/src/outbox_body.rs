//! What an outbox message holds: what to say, before it is put into a channel's own shape.

use domain::Channel;
use domain::conversation::window::split_text;
use domain::conversation::{Button, Card, Purpose, Reply};
use serde::{Deserialize, Serialize};

/// The body of an outbox message, stored as JSON.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "say", rename_all = "snake_case")]
pub enum Body {
    /// Words, with quick replies where there are any.
    Text {
        /// The words.
        text: String,
        /// Quick replies, at most 13.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        buttons: Vec<Button>,
    },
    /// Product cards.
    Cards {
        /// At most 10.
        cards: Vec<Card>,
    },
}

impl Body {
    /// The words, for people to read.
    pub fn text(&self) -> String {
        match self {
            Self::Text { text, .. } => text.clone(),
            Self::Cards { cards } => {
                let titles: Vec<_> = cards.iter().map(|card| card.title.as_str()).collect();
                titles.join(", ")
            }
        }
    }

    pub(crate) fn json(&self) -> String {
        serde_json::to_string(self).expect("a body has only texts and lists")
    }
}

/// The longest text of one message, in bytes. Instagram: 1,000 bytes (Send API page); Messenger and
/// WhatsApp count 2,000 and 4,096 characters, which as many bytes never exceed.
pub const fn text_bytes_max(channel: Channel) -> usize {
    match channel {
        Channel::Instagram => 1_000,
        Channel::Messenger => 2_000,
        Channel::Whatsapp => 4_096,
    }
}

/// A reply as the messages that say it on `channel`, in order. Buttons go with the last text.
#[must_use]
pub fn bodies(reply: &Reply, channel: Channel) -> Vec<Body> {
    let mut bodies = text_bodies(&reply.text, channel);
    if !reply.buttons.is_empty() {
        if let Some(Body::Text { buttons, .. }) = bodies.last_mut() {
            buttons.clone_from(&reply.buttons);
        }
    } else if !reply.cards.is_empty() && channel != Channel::Whatsapp {
        bodies.push(Body::Cards {
            cards: reply.cards.clone(),
        });
    }
    bodies
}

/// Plain words as the messages that say them.
#[must_use]
pub fn text_bodies(text: &str, channel: Channel) -> Vec<Body> {
    split_text(text, text_bytes_max(channel))
        .into_iter()
        .map(|portion| Body::Text {
            text: portion.to_owned(),
            buttons: Vec::new(),
        })
        .collect()
}

/// The word for a purpose, in tables and metrics.
pub(crate) const fn purpose_word(purpose: Purpose) -> &'static str {
    match purpose {
        Purpose::Greet => "greet",
        Purpose::Ask => "ask",
        Purpose::ReadBack => "read_back",
        Purpose::Answer => "answer",
        Purpose::Hold => "hold",
        Purpose::Note => "note",
        Purpose::Thank => "thank",
        Purpose::Confirmed => "confirmed",
        Purpose::Sorry => "sorry",
        Purpose::AskInWords => "ask_in_words",
        Purpose::BackInStock => "back_in_stock",
    }
}

#[cfg(test)]
mod tests {
    use super::{Body, bodies};
    use domain::conversation::{Button, Purpose, Reply};
    use domain::{Channel, Timestamp};

    #[test]
    fn long_words_are_split_and_the_buttons_come_last() {
        let reply = Reply {
            purpose: Purpose::ReadBack,
            text: "অর্ডার ".repeat(200),
            buttons: vec![Button {
                title: "Confirm".to_owned(),
                payload: "p".to_owned(),
            }],
            cards: vec![],
            send_before: Timestamp(0),
        };
        let split = bodies(&reply, Channel::Instagram);
        assert!(split.len() > 1);
        let mut with_buttons = 0;
        for body in &split {
            let Body::Text { text, buttons } = body else {
                panic!("{body:?}")
            };
            assert!(text.len() <= 1_000);
            with_buttons += usize::from(!buttons.is_empty());
        }
        assert_eq!(with_buttons, 1);
        assert!(matches!(split.last(), Some(Body::Text { buttons, .. }) if buttons.len() == 1));
    }
}
