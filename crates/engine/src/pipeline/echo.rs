//! What the seller's side wrote, and what became of it: echoes and receipts.

use domain::ConversationId;
use domain::MessageId;
use domain::conversation::Incoming;
use store::{
    Direction, MessageChange, MessageState, NewMessage, NewNotification, OutboxChange, Outcome,
};

use super::lane::ReadEvent;
use super::talk::Talk;
use crate::intake::storable;
use crate::interpret::{Echoed, Receipt, ReceiptKind};

impl Talk<'_> {
    /// An echo of ours confirms that it was sent; any other means that somebody else spoke.
    pub(super) fn echoed(&mut self, read: &ReadEvent, echo: &Echoed) -> Outcome {
        let Some(mid) = echo.mid.as_deref() else {
            return Outcome::Kept {
                reason: "an echo without a message id".to_owned(),
            };
        };
        if let Some(place) = self.match_echo(mid, echo) {
            let ours = self.unechoed.remove(place);
            self.effects.outbox_changes.push(OutboxChange::Echoed {
                id: ours.id,
                mid: mid.to_owned(),
                at: echo.at,
            });
            if !self.knows(mid) {
                let sender = if ours.by_person {
                    "person"
                } else {
                    "automation"
                };
                let text = ours.text.clone();
                self.push_message(outbound(
                    self.place.conversation_id,
                    read,
                    echo,
                    sender,
                    text,
                ));
            }
            return Outcome::Done;
        }
        if self.knows(mid) {
            return Outcome::Done;
        }
        let Some(party) = read.event.party_id.as_deref() else {
            return Outcome::Kept {
                reason: "an echo that names nobody as its recipient".to_owned(),
            };
        };
        // Our own app never speaks as somebody else, whatever became of the outbox message.
        let ours = echo.app_id.is_some() && echo.app_id.as_deref() == self.app_id();
        if !ours {
            self.decide(&Incoming::PersonReplied { at: echo.at }, read.ids);
            self.effects
                .outbox_changes
                .push(OutboxChange::CancelWaiting {
                    conversation_id: self.place.conversation_id,
                    reason: "a person replied".to_owned(),
                });
        }
        self.meet(party, None);
        self.touched = true;
        let sender = if ours { "automation" } else { "person" };
        let text = echo.text.as_deref().map(|text| storable(text, usize::MAX));
        self.push_message(outbound(
            self.place.conversation_id,
            read,
            echo,
            sender,
            text,
        ));
        Outcome::Done
    }

    /// Which message in flight it is an echo of: by Meta's id, by the id we attached, else by its
    /// words where the answer to the send has not come (yet).
    fn match_echo(&self, mid: &str, echo: &Echoed) -> Option<usize> {
        let attached = echo.metadata.as_deref();
        let by_id = self.unechoed.iter().position(|m| {
            m.mid.as_deref() == Some(mid) || attached == Some(m.id.to_string().as_str())
        });
        by_id.or_else(|| {
            self.unechoed.iter().position(|m| {
                m.mid.is_none()
                    && match (&echo.text, &m.text) {
                        (Some(said), Some(meant)) => same_words(said, meant),
                        (None, _) => m.body.contains("\"say\":\"cards\""),
                        (Some(_), None) => false,
                    }
            })
        })
    }

    pub(super) fn receipt(&mut self, receipt: &Receipt) -> Outcome {
        if self.is_new {
            return Outcome::Done;
        }
        let conversation_id = self.place.conversation_id;
        let state = match receipt.what {
            ReceiptKind::Delivered => MessageState::Delivered,
            ReceiptKind::Read => MessageState::Read,
            ReceiptKind::Failed => MessageState::Failed,
        };
        for mid in &receipt.mids {
            self.effects.message_changes.push(MessageChange::State {
                conversation_id,
                mid: mid.clone(),
                state,
                reason: receipt.fault.as_deref().map(|f| storable(f, 500)),
            });
        }
        if let (ReceiptKind::Read, Some(at)) = (receipt.what, receipt.until) {
            self.effects.message_changes.push(MessageChange::ReadUntil {
                conversation_id,
                at,
            });
        }
        if receipt.what == ReceiptKind::Failed {
            self.effects.notifications.push(NewNotification {
                kind: "not_delivered".to_owned(),
                text: format!(
                    "A message to a customer was not delivered: {}",
                    receipt.fault.as_deref().unwrap_or("no reason given")
                ),
                subject_kind: Some("conversation".to_owned()),
                subject_id: Some(conversation_id.to_string()),
            });
        }
        Outcome::Done
    }
}

fn outbound(
    conversation_id: ConversationId,
    read: &ReadEvent,
    echo: &Echoed,
    sender: &str,
    text: Option<String>,
) -> NewMessage {
    NewMessage {
        id: MessageId::fresh(),
        conversation_id,
        mid: echo.mid.clone().unwrap_or_default(),
        event_id: Some(read.event.id),
        direction: Direction::Out,
        sender: sender.to_owned(),
        kind: "text".to_owned(),
        text,
        content: echo.content.as_ref().map(ToString::to_string),
        reading: None,
        language: None,
        state: MessageState::Sent,
        reason: None,
        at: echo.at,
    }
}

fn same_words(a: &str, b: &str) -> bool {
    a.split_whitespace().eq(b.split_whitespace())
}
