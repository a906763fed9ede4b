//! From what the core decided to what the store writes: one pure translation, for inbound events and
//! for taps on the dashboard alike.

use domain::conversation::{ConversationState, Decision, Notice, Speaker, window};
use domain::{
    AccountId, Channel, ConversationId, Currency, CustomerId, OutboxId, SellerId, Timestamp,
};
use store::{ConversationWrite, DraftWrite, LaneEffects, NewOutbox, NewWaiting, OrderWrite};

use crate::notices::notification;
use crate::outbox_body::{Body, bodies, purpose_word};

/// Where a decision takes place.
#[derive(Debug, Clone)]
pub(crate) struct Scene {
    pub(crate) seller_id: SellerId,
    pub(crate) currency: Currency,
    pub(crate) customer_id: Option<CustomerId>,
    /// `None`: through the shop front, where nothing can be said.
    pub(crate) place: Option<Place>,
    /// `instagram`, ..., `shop`.
    pub(crate) message_source: String,
}

/// A conversation to speak in.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) account_id: AccountId,
    pub(crate) conversation_id: ConversationId,
    pub(crate) channel: Channel,
    /// The customer's id on the channel.
    pub(crate) recipient: String,
}

impl Scene {
    fn account_id(&self) -> Option<AccountId> {
        self.place.as_ref().map(|place| place.account_id)
    }

    fn conversation_id(&self) -> Option<ConversationId> {
        self.place.as_ref().map(|place| place.conversation_id)
    }
}

/// Adds what `decision` wants done to `effects`; its state and wake-up time are the caller's.
pub(crate) fn add_decision(
    effects: &mut LaneEffects,
    decision: &Decision,
    scene: &Scene,
    now: Timestamp,
) {
    effects.seller_id = Some(scene.seller_id);
    for draft in &decision.drafts {
        let write = DraftWrite {
            draft: draft.clone(),
            account_id: scene.account_id(),
            conversation_id: scene.conversation_id(),
            customer_id: scene.customer_id,
            message_source: scene.message_source.clone(),
            currency: scene.currency,
        };
        // Several events of a commit may change the same draft order: the last word counts.
        match effects.drafts.iter_mut().find(|d| d.draft.id == draft.id) {
            Some(earlier) => *earlier = write,
            None => effects.drafts.push(write),
        }
    }
    effects
        .transitions
        .extend(decision.transitions.iter().cloned());
    effects.details.extend(decision.details.iter().cloned());
    if let Some(order) = &decision.order {
        effects.order = Some(OrderWrite {
            order: order.clone(),
            account_id: scene.account_id(),
            conversation_id: scene.conversation_id(),
            customer_id: scene.customer_id,
            message_source: scene.message_source.clone(),
        });
    }
    for notice in &decision.notices {
        // Where nothing can be said, nothing was held back either.
        if scene.place.is_none() && matches!(notice, Notice::WindowClosed { .. }) {
            continue;
        }
        effects
            .notifications
            .push(notification(notice, scene.conversation_id()));
        if let (Notice::WaitingList { item, quantity }, Some(customer_id)) =
            (notice, scene.customer_id)
        {
            effects.waiting.push(NewWaiting {
                retailer_id: item.clone(),
                customer_id,
                conversation_id: scene.conversation_id(),
                quantity: *quantity,
            });
        }
    }
    let Some(place) = &scene.place else { return };
    for reply in &decision.replies {
        for body in bodies(reply, place.channel) {
            effects.outbox.push(new_outbox(
                place,
                &body,
                purpose_word(reply.purpose),
                false,
                Some(reply.send_before),
                now,
            ));
        }
    }
}

/// A message to be sent in a conversation.
pub(crate) fn new_outbox(
    place: &Place,
    body: &Body,
    kind: &str,
    by_person: bool,
    window_until: Option<Timestamp>,
    now: Timestamp,
) -> NewOutbox {
    NewOutbox {
        id: OutboxId::fresh(),
        account_id: place.account_id,
        conversation_id: Some(place.conversation_id),
        recipient: place.recipient.clone(),
        kind: kind.to_owned(),
        text: Some(body.text()),
        body: body.json(),
        by_person,
        window_until,
        due_at: now,
    }
}

/// The conversation's row for `state`.
pub(crate) fn conversation_write(
    place: &Place,
    customer_id: CustomerId,
    lane: &str,
    read_version: Option<i64>,
    state: &ConversationState,
    wake_at: Option<Timestamp>,
) -> ConversationWrite {
    ConversationWrite {
        id: place.conversation_id,
        account_id: place.account_id,
        customer_id,
        channel: place.channel,
        lane: lane.to_owned(),
        read_version,
        state: serde_json::to_string(state).expect("a conversation's state is plain data"),
        language: state.language.clone(),
        window_until: state
            .last_customer_at
            .map(|at| at.plus(window::STANDARD_MS)),
        hand_over_until: match state.speaker {
            Speaker::Automation => None,
            Speaker::Person { until } => Some(until),
            Speaker::PersonUntilHandedBack => Some(Timestamp(i64::MAX)),
        },
        wake_at,
        unread_added: 0,
        last_message_at: None,
        last_text: None,
    }
}
