//! One lane of a batch: its events read, and decided one after the other on the conversation's state.

use std::sync::Arc;

use domain::conversation::{DetailChange, Incoming, SellerAction};
use domain::customer::{Detail, DetailKind, DetailSource};
use domain::reading::Reading;
use domain::{ConversationId, DraftOrderId, MessageId, Timestamp};
use meta::Item;
use store::{
    AccountState, Direction, Lane, LaneEffects, Message, MessageChange, MessageState, NewMessage,
    OutboxMessage, Outcome, PendingEvent, Shortage,
};

use super::retry::{after_failure, caught};
use super::talk::Talk;
use crate::decide::{FreshIds, Held};
use crate::engine::Engine;
use crate::intake::storable;
use crate::interpret::{Meaning, Said, interpret};
use crate::llm::event::{Reread, Unsure};
use crate::snapshot::SellerSnapshot;

/// An event with what it means.
pub(super) struct ReadEvent {
    pub(super) event: PendingEvent,
    pub(super) ids: FreshIds,
    /// What it means, or why it cannot be read.
    pub(super) meaning: Result<What, String>,
}

/// What an event of a lane is.
pub(super) enum What {
    /// Meta's.
    Meta(Meaning),
    /// A second reader's answer.
    Second(Box<Reread>),
}

/// A lane whose events are read.
pub(super) struct Prepared {
    pub(super) lane: Lane,
    pub(super) events: Vec<ReadEvent>,
}

/// A lane with everything that its decisions need.
pub(super) struct Work {
    pub(super) lane: Lane,
    pub(super) events: Vec<ReadEvent>,
    /// Messages that the conversation has already.
    pub(super) known: Vec<Message>,
    /// What an echo may be of.
    pub(super) unechoed: Vec<OutboxMessage>,
    pub(super) seller: Option<(Arc<SellerSnapshot>, Held)>,
}

impl Prepared {
    /// The stored messages that its events are about.
    pub(super) fn message_keys(&self) -> impl Iterator<Item = (ConversationId, &str)> {
        let conversation = self.lane.conversation.as_ref().map(|c| c.id);
        self.events.iter().filter_map(move |read| {
            let mid = match read.meaning.as_ref().ok()? {
                What::Meta(Meaning::Said(said)) => said.mid.as_str(),
                What::Meta(Meaning::Changed { mid, .. }) => mid,
                What::Meta(Meaning::Echoed(echo)) => echo.mid.as_deref()?,
                What::Second(second) => &second.mid,
                What::Meta(_) => return None,
            };
            Some((conversation?, mid))
        })
    }

    /// The conversation, where an echo came.
    pub(super) fn echo_conversation(&self) -> Option<ConversationId> {
        let echo = |read: &ReadEvent| matches!(read.meaning, Ok(What::Meta(Meaning::Echoed(_))));
        let conversation = self.lane.conversation.as_ref()?.id;
        self.events.iter().any(echo).then_some(conversation)
    }

    /// Of the stored messages those of this conversation.
    pub(super) fn known_messages(&self, stored: &[Message]) -> Vec<Message> {
        let Some(conversation) = &self.lane.conversation else {
            return Vec::new();
        };
        stored
            .iter()
            .filter(|message| message.conversation_id == conversation.id)
            .cloned()
            .collect()
    }
}

impl Engine {
    /// Says what the lane's events mean.
    pub(super) fn read_lane(&self, mut lane: Lane, now: Timestamp) -> Prepared {
        let app_id = self.0.config.graph.app.as_ref().map(|app| app.id.as_str());
        let events = std::mem::take(&mut lane.events)
            .into_iter()
            .map(|event| {
                let at = event.received_at.min(now);
                let meaning = if event.object == crate::llm::event::OBJECT {
                    Reread::parse(&event.payload).map(|s| What::Second(Box::new(s)))
                } else {
                    caught(|| What::Meta(interpret(&Item::reparse(&event.payload), at, app_id)))
                };
                ReadEvent {
                    event,
                    ids: FreshIds::make(),
                    meaning,
                }
            })
            .collect();
        Prepared { lane, events }
    }

    /// Decides the lane's events in order. Stops, leaving the rest pending, after an event that has
    /// to be tried again or that made an order: a commit holds one order of a conversation.
    pub(super) fn decide_lane(
        &self,
        work: &Work,
        short: &std::collections::HashMap<DraftOrderId, Vec<Shortage>>,
        now: Timestamp,
    ) -> (LaneEffects, Vec<Unsure>) {
        let (Some(account), Some((snapshot, held))) = (&work.lane.account, &work.seller) else {
            return (
                unrouted(work, "no connected account has any of its ids"),
                Vec::new(),
            );
        };
        if account.state == AccountState::Disconnected {
            return (unrouted(work, "the account is disconnected"), Vec::new());
        }
        let mut talk = match Talk::open(self, work, account, snapshot, held, short, now) {
            Ok(talk) => talk,
            Err(reason) => return (all_failed(work, &reason, now), Vec::new()),
        };
        for read in &work.events {
            let outcome = match &read.meaning {
                Ok(what) => caught(|| talk.take(read, what)).unwrap_or_else(|reason| {
                    metrics::counter!("eziseller_event_panics_total").increment(1);
                    after_failure(&read.event, &reason, now)
                }),
                Err(reason) => after_failure(&read.event, reason, now),
            };
            let stop = matches!(outcome, Outcome::Retry { .. });
            talk.effects.outcomes.push((read.event.id, outcome));
            if stop || talk.effects.order.is_some() {
                break;
            }
        }
        talk.close()
    }
}

fn unrouted(work: &Work, why: &str) -> LaneEffects {
    let outcome = |read: &ReadEvent| {
        let reason = format!("{why}: {}", read.event.account_ids.join(", "));
        (
            read.event.id,
            Outcome::Unrouted {
                reason: storable(&reason, 500),
            },
        )
    };
    LaneEffects {
        outcomes: work.events.iter().map(outcome).collect(),
        ..LaneEffects::default()
    }
}

fn all_failed(work: &Work, reason: &str, now: Timestamp) -> LaneEffects {
    // One at a time, in order: the first decides whether the rest goes on.
    let first = work.events.first();
    LaneEffects {
        seller_id: work.lane.seller.as_ref().map(|seller| seller.id),
        outcomes: first
            .map(|read| (read.event.id, after_failure(&read.event, reason, now)))
            .into_iter()
            .collect(),
        ..LaneEffects::default()
    }
}

impl Talk<'_> {
    /// Works on one event.
    fn take(&mut self, read: &ReadEvent, what: &What) -> Outcome {
        match what {
            What::Meta(Meaning::Said(said)) => self.said(read, said),
            What::Meta(Meaning::Changed {
                mid,
                text,
                incoming,
            }) => self.changed(read, mid, text.as_deref(), incoming),
            What::Meta(Meaning::Echoed(echo)) => self.echoed(read, echo),
            What::Meta(Meaning::Receipt(receipt)) => self.receipt(receipt),
            What::Meta(Meaning::Owner { ours }) => self.owner(read, *ours),
            What::Meta(Meaning::Renamed { .. } | Meaning::Noted) => Outcome::Done,
            What::Meta(Meaning::Kept(reason)) => Outcome::Kept {
                reason: storable(reason, 500),
            },
            What::Second(second) => self.second(read, second),
        }
    }

    fn said(&mut self, read: &ReadEvent, said: &Said) -> Outcome {
        let Some(party) = read.event.party_id.as_deref() else {
            return Outcome::Kept {
                reason: "a message that names nobody as its sender".to_owned(),
            };
        };
        if self.knows(&said.mid) {
            return Outcome::Done;
        }
        if said.standby {
            let spoke = Incoming::PersonReplied { at: said.at };
            self.decide(&spoke, read.ids);
        }
        self.learn_number(said);
        let incoming = clean(&said.incoming);
        let before = self.state.standing().lines;
        let (note, reading) = self.decide(&incoming, read.ids);
        if let (Incoming::Text { text, .. }, Some(reading)) = (&incoming, &reading) {
            self.doubt(&read.event, &said.mid, text, before, reading);
        }
        self.meet(party, said.sender_name.as_deref());
        let text = said.text.as_deref().map(|text| storable(text, usize::MAX));
        self.push_message(NewMessage {
            id: MessageId::fresh(),
            conversation_id: self.place.conversation_id,
            mid: said.mid.clone(),
            event_id: Some(read.event.id),
            direction: Direction::In,
            sender: "customer".to_owned(),
            kind: said.kind.as_str().to_owned(),
            text,
            content: said.content.as_ref().map(ToString::to_string),
            reading: reading.as_ref().and_then(json),
            language: note.language,
            state: MessageState::Received,
            reason: said.reason.clone(),
            at: said.at,
        });
        self.unread += 1;
        Outcome::Done
    }

    /// WhatsApp tells the customer's number: it need not be asked for.
    fn learn_number(&mut self, said: &Said) {
        let digits: String = said
            .sender_phone
            .iter()
            .flat_map(|phone| phone.chars())
            .filter(char::is_ascii_digit)
            .collect();
        if digits.len() < 7 || digits.len() > 15 || self.state.details.phone.is_some() {
            return;
        }
        let detail = Detail {
            value: format!("+{digits}"),
            source: DetailSource::Message {
                mid: said.mid.clone(),
            },
            at: said.at,
        };
        self.state.details.phone = Some(detail.clone());
        self.effects.details.push(DetailChange {
            kind: DetailKind::Phone,
            detail: Some(detail),
        });
    }

    fn changed(
        &mut self,
        read: &ReadEvent,
        mid: &str,
        text: Option<&str>,
        incoming: &Incoming,
    ) -> Outcome {
        if !self.knows(mid) {
            return Outcome::Kept {
                reason: "it changes a message that is not known here".to_owned(),
            };
        }
        let (_, reading) = self.decide(&clean(incoming), read.ids);
        let conversation_id = self.place.conversation_id;
        let mid = mid.to_owned();
        self.effects.message_changes.push(match text {
            Some(text) => MessageChange::Edit {
                conversation_id,
                mid,
                text: storable(text, usize::MAX),
                reading: reading.as_ref().and_then(json),
            },
            None => MessageChange::Delete {
                conversation_id,
                mid,
            },
        });
        Outcome::Done
    }

    fn owner(&mut self, read: &ReadEvent, ours: bool) -> Outcome {
        if self.is_new {
            return Outcome::Done;
        }
        let action = if ours {
            SellerAction::HandBack
        } else {
            SellerAction::TakeOver
        };
        let incoming = Incoming::Seller {
            action,
            member: None,
        };
        self.decide(&incoming, read.ids);
        Outcome::Done
    }

    /// The second reader's answer, while nobody touched the message and nothing was confirmed.
    fn second(&mut self, read: &ReadEvent, second: &Reread) -> Outcome {
        let current = self.known.iter().find(|m| m.mid == second.mid);
        let unchanged = current.is_some_and(|m| m.text.as_deref() == Some(second.text.as_str()));
        let open = self
            .state
            .orders
            .iter()
            .all(|order| !order.mids.contains(&second.mid));
        if !unchanged || !open {
            return Outcome::Kept {
                reason: "the second reader's answer came too late".to_owned(),
            };
        }
        let incoming = Incoming::Reread {
            mid: second.mid.clone(),
            text: second.text.clone(),
            second: second.second.clone(),
        };
        self.decide(&incoming, read.ids);
        Outcome::Done
    }
}

fn json(reading: &Reading) -> Option<String> {
    serde_json::to_string(reading).ok()
}

/// The core's input without characters that PostgreSQL cannot store.
fn clean(incoming: &Incoming) -> Incoming {
    let mut incoming = incoming.clone();
    let clean = |text: &mut String| {
        if text.contains('\0') {
            *text = storable(text, usize::MAX);
        }
    };
    match &mut incoming {
        Incoming::Text { text, mid, .. } | Incoming::Edited { text, mid, .. } => {
            clean(text);
            clean(mid);
        }
        Incoming::Choice {
            title,
            payload,
            mid,
            ..
        } => {
            clean(title);
            clean(payload);
            clean(mid);
        }
        _ => {}
    }
    incoming
}
