//! When something may be sent, and in what portions (Meta's messaging policy and Send API pages).

use serde::{Deserialize, Serialize};

use crate::{Channel, Timestamp};

/// The standard messaging window: 24 hours from the customer's last message.
pub const STANDARD_MS: i64 = 24 * Timestamp::HOUR;
/// The human agent window: 7 days from the customer's last message.
pub const HUMAN_AGENT_MS: i64 = 7 * Timestamp::DAY;

/// Who wrote what is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Author {
    /// The automation.
    Automation,
    /// A person, by hand.
    Person,
}

/// Whether and how it may go out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SendRight {
    /// As an ordinary response.
    Standard,
    /// With the tag `HUMAN_AGENT`.
    HumanAgent,
    /// Not at all.
    Refused(Refusal),
}

/// Why not.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Refusal {
    /// Meta forbids writing first.
    #[error("the customer has not written yet; Meta forbids the first message")]
    NeverWrote,
    /// The automation is too late, or `HUMAN_AGENT` is not switched on or not known there.
    #[error("the 24-hour window is closed; a person can call or wait for the customer to write")]
    WindowClosed,
    /// A person is too late as well.
    #[error("more than 7 days since the customer wrote; wait for the customer to write again")]
    HumanAgentClosed,
}

/// Decides by who wrote it and when the customer last wrote. WhatsApp has no human agent tag.
#[must_use]
pub fn send_right(
    author: Author,
    channel: Channel,
    last_customer_at: Option<Timestamp>,
    human_agent: bool,
    now: Timestamp,
) -> SendRight {
    let Some(last) = last_customer_at else {
        return SendRight::Refused(Refusal::NeverWrote);
    };
    let age = now.since(last);
    if age < STANDARD_MS {
        return SendRight::Standard;
    }
    if author == Author::Automation || !human_agent || channel == Channel::Whatsapp {
        return SendRight::Refused(Refusal::WindowClosed);
    }
    if age < HUMAN_AGENT_MS {
        SendRight::HumanAgent
    } else {
        SendRight::Refused(Refusal::HumanAgentClosed)
    }
}

/// Splits a text into portions of at most `bytes_max` bytes, at line ends where possible, else at
/// spaces, else between characters.
#[must_use]
pub fn split_text(text: &str, bytes_max: usize) -> Vec<&str> {
    let bytes_max = bytes_max.max(4);
    let mut rest = text.trim_end();
    let mut portions = Vec::new();
    while rest.len() > bytes_max {
        let mut cut = bytes_max;
        while !rest.is_char_boundary(cut) {
            cut -= 1;
        }
        let head = &rest[..cut];
        let at = head
            .rfind('\n')
            .or_else(|| head.rfind(' '))
            .filter(|at| *at > 0)
            .unwrap_or(cut);
        portions.push(rest[..at].trim_end());
        rest = rest[at..].trim_start();
    }
    if !rest.is_empty() {
        portions.push(rest);
    }
    portions.retain(|portion| !portion.is_empty());
    portions
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Author, HUMAN_AGENT_MS, Refusal, STANDARD_MS, SendRight, send_right, split_text};
    use crate::{Channel, Timestamp};

    #[test]
    fn the_window_by_author_age_and_channel() {
        let last = Timestamp(1_000_000);
        let right = |author, channel, age, tag| {
            send_right(author, channel, Some(last), tag, last.plus(age))
        };
        use Author::{Automation, Person};
        use Channel::{Instagram, Whatsapp};
        let closed = SendRight::Refused(Refusal::WindowClosed);
        for (author, channel, age, tag, want) in [
            (Automation, Instagram, 0, false, SendRight::Standard),
            (
                Automation,
                Instagram,
                STANDARD_MS - 1,
                true,
                SendRight::Standard,
            ),
            (Automation, Instagram, STANDARD_MS, true, closed),
            (Person, Instagram, STANDARD_MS, false, closed),
            (Person, Instagram, STANDARD_MS, true, SendRight::HumanAgent),
            (
                Person,
                Instagram,
                HUMAN_AGENT_MS - 1,
                true,
                SendRight::HumanAgent,
            ),
            (
                Person,
                Instagram,
                HUMAN_AGENT_MS,
                true,
                SendRight::Refused(Refusal::HumanAgentClosed),
            ),
            (Person, Whatsapp, STANDARD_MS, true, closed),
        ] {
            assert_eq!(
                right(author, channel, age, tag),
                want,
                "{author:?} {channel} {age}"
            );
        }
        assert_eq!(
            send_right(Person, Instagram, None, true, last),
            SendRight::Refused(Refusal::NeverWrote)
        );
    }

    proptest! {
        #[test]
        fn portions_fit_and_lose_nothing_but_space(text in "[a-zஅ-ஔ😀 \n]{0,400}", max in 4_usize..60) {
            let portions = split_text(&text, max);
            let kept = |s: &str| s.split_whitespace().collect::<String>();
            prop_assert!(portions.iter().all(|p| !p.is_empty() && p.len() <= max));
            prop_assert_eq!(kept(&portions.join("\n")), kept(&text));
        }
    }
}
