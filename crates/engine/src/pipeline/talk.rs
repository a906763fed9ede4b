//! A conversation while a lane's events are worked on: its state so far, and what is to be written.

use std::collections::{HashMap, HashSet};

use domain::conversation::{Annotation, ConversationState, Incoming, PayloadKey};
use domain::reading::{OrderLine, Reading};
use domain::{Channel, ConversationId, CustomerId, DraftOrderId, Timestamp};
use store::{
    CustomerWrite, Direction, LaneEffects, Message, NewMessage, OutboxMessage, PendingEvent,
    RoutedAccount, Shortage,
};

use super::lane::Work;
use crate::decide::{FreshIds, Held, Judge};
use crate::effects::{Place, Scene, add_decision, conversation_write};
use crate::engine::Engine;
use crate::intake::storable;
use crate::llm::event::Unsure;
use crate::llm::is_unsure;
use crate::outbox::RECONNECT_PAUSE;
use crate::snapshot::SellerSnapshot;

/// The words that the list of conversations shows, in characters.
const LAST_TEXT_CHARS: usize = 160;

pub(super) struct Talk<'a> {
    engine: &'a Engine,
    account: &'a RoutedAccount,
    short: &'a HashMap<DraftOrderId, Vec<Shortage>>,
    key: PayloadKey,
    pub(super) judge: JudgeParts<'a>,
    pub(super) state: ConversationState,
    pub(super) place: Place,
    scene: Scene,
    lane: &'a str,
    customer_id: CustomerId,
    customer_known: bool,
    language_known: Option<String>,
    read_version: Option<i64>,
    /// Whether the conversation is not stored yet.
    pub(super) is_new: bool,
    /// Whether it is to be stored.
    pub(super) touched: bool,
    wake_at: Option<Timestamp>,
    pub(super) unread: u32,
    last: Option<(Timestamp, Option<String>)>,
    seen: HashSet<String>,
    pub(super) known: Vec<Message>,
    pub(super) unechoed: Vec<OutboxMessage>,
    pub(super) effects: LaneEffects,
    /// Messages for the second reader, should the commit succeed.
    unsure: Vec<Unsure>,
}

/// What a [`Judge`] is made of besides the conversation's key.
#[derive(Clone, Copy)]
pub(super) struct JudgeParts<'a> {
    snapshot: &'a SellerSnapshot,
    held: &'a Held,
    pub(super) now: Timestamp,
}

impl<'a> Talk<'a> {
    pub(super) fn open(
        engine: &'a Engine,
        work: &'a Work,
        account: &'a RoutedAccount,
        snapshot: &'a SellerSnapshot,
        held: &'a Held,
        short: &'a HashMap<DraftOrderId, Vec<Shortage>>,
        now: Timestamp,
    ) -> Result<Self, String> {
        let lane = &work.lane;
        let conversation = lane.conversation.as_ref();
        let state = match conversation {
            Some(stored) => serde_json::from_str(&stored.state)
                .map_err(|e| format!("the conversation's stored state cannot be read: {e}"))?,
            None => ConversationState::default(),
        };
        let conversation_id = conversation.map_or_else(ConversationId::fresh, |c| c.id);
        let customer_id = lane
            .customer
            .as_ref()
            .map_or_else(CustomerId::fresh, |c| c.id);
        let party = work
            .events
            .iter()
            .find_map(|read| read.event.party_id.clone());
        let place = Place {
            account_id: account.id,
            conversation_id,
            channel: account.channel,
            recipient: party.unwrap_or_default(),
        };
        Ok(Self {
            engine,
            account,
            short,
            key: engine.payload_key(conversation_id),
            judge: JudgeParts {
                snapshot,
                held,
                now,
            },
            state,
            scene: Scene {
                seller_id: account.seller_id,
                currency: snapshot.profile.currency,
                customer_id: Some(customer_id),
                message_source: account.channel.as_str().to_owned(),
                place: Some(place.clone()),
            },
            place,
            lane: &lane.lane,
            customer_id,
            customer_known: lane.customer.is_some(),
            language_known: lane.customer.as_ref().and_then(|c| c.language.clone()),
            read_version: conversation.map(|c| c.version),
            is_new: conversation.is_none(),
            touched: false,
            wake_at: conversation.and_then(|c| c.wake_at),
            unread: 0,
            last: None,
            seen: work.known.iter().map(|m| m.mid.clone()).collect(),
            known: work.known.clone(),
            unechoed: work.unechoed.clone(),
            effects: LaneEffects {
                seller_id: Some(account.seller_id),
                ..LaneEffects::default()
            },
            unsure: Vec::new(),
        })
    }

    /// Asks for a second opinion on a message, where there is somebody to ask.
    pub(super) fn doubt(
        &mut self,
        event: &PendingEvent,
        mid: &str,
        text: &str,
        before: Vec<OrderLine>,
        reading: &Reading,
    ) {
        if self.engine.0.llm.is_none() || !is_unsure(reading) {
            return;
        }
        self.unsure.push(Unsure {
            seller: self.account.seller_id,
            account_ids: event.account_ids.clone(),
            party_id: event.party_id.clone(),
            lane: event.lane.clone(),
            mid: mid.to_owned(),
            text: text.to_owned(),
            before,
            embedded: reading.clone(),
        });
    }

    /// Whether the conversation has a message with this id.
    pub(super) fn knows(&self, mid: &str) -> bool {
        self.seen.contains(mid)
    }

    /// Our own Meta app's id, where known.
    pub(super) fn app_id(&self) -> Option<&str> {
        let app = self.engine.config().graph.app.as_ref()?;
        Some(app.id.as_str())
    }

    /// Lets the core decide, and keeps what it wants. What the parser read comes back too.
    pub(super) fn decide(
        &mut self,
        incoming: &Incoming,
        ids: FreshIds,
    ) -> (Annotation, Option<Reading>) {
        let judge = Judge {
            snapshot: self.judge.snapshot,
            held: self.judge.held,
            key: &self.key,
            now: self.judge.now,
        };
        let (mut decision, reading) = judge.decide_reading(&self.state, incoming, ids);
        let lacking = decision
            .order
            .as_ref()
            .and_then(|order| self.short.get(&order.draft_order).map(|s| (order, s)));
        if let Some((order, lacking)) = lacking {
            let sold_out = Incoming::OutOfStock {
                short: lacking
                    .iter()
                    .map(|s| (s.retailer_id.clone(), s.free))
                    .collect(),
                by: order.confirmed_by,
            };
            decision = judge.decide(&self.state, &sold_out, ids);
        }
        add_decision(&mut self.effects, &decision, &self.scene, self.judge.now);
        self.state = decision.state;
        self.wake_at = decision.wake_at;
        self.touched = true;
        (decision.message, reading)
    }

    /// The customer behind the conversation, new or with news.
    pub(super) fn meet(&mut self, party: &str, name: Option<&str>) {
        let whatsapp = self.account.channel == Channel::Whatsapp;
        let name = name.filter(|_| whatsapp).map(|name| storable(name, 255));
        let language = self.state.language.clone();
        let news = language.is_some() && language != self.language_known;
        if self.customer_known && !news && self.effects.customer.is_none() {
            return;
        }
        self.effects.customer = Some(CustomerWrite {
            id: self.customer_id,
            account_id: Some(self.account.id),
            channel: self.account.channel,
            external_id: Some(party.to_owned()),
            username: name,
            language,
        });
    }

    /// Stores a message of the conversation.
    pub(super) fn push_message(&mut self, message: NewMessage) {
        self.seen.insert(message.mid.clone());
        self.touched = true;
        let newer = self.last.as_ref().is_none_or(|(at, _)| *at <= message.at);
        if newer {
            let shown = match (&message.text, message.direction) {
                (Some(text), _) => Some(storable(text, LAST_TEXT_CHARS)),
                (None, Direction::In) => Some(format!("[{}]", message.kind)),
                (None, Direction::Out) => None,
            };
            self.last = Some((message.at, shown));
        }
        self.effects.messages.push(message);
    }

    /// What is to be written.
    pub(super) fn close(mut self) -> (LaneEffects, Vec<Unsure>) {
        if !self.account.has_access() {
            // Nothing can be sent: not to be looked at again with each event.
            let later = self.judge.now.plus(RECONNECT_PAUSE);
            for message in &mut self.effects.outbox {
                message.due_at = later;
            }
        }
        if !self.touched {
            return (self.effects, self.unsure);
        }
        let mut write = conversation_write(
            &self.place,
            self.customer_id,
            self.lane,
            self.read_version,
            &self.state,
            self.wake_at,
        );
        write.unread_added = self.unread;
        if let Some((at, text)) = self.last {
            write.last_message_at = Some(at);
            write.last_text = text;
        }
        self.effects.conversation = Some(write);
        (self.effects, self.unsure)
    }
}
