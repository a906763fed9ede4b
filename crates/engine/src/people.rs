//! A person at the seller's side: replying by hand, taking a conversation over, handing it back,
//! correcting what is known of a customer.

use domain::conversation::window::{Author, HUMAN_AGENT_MS, STANDARD_MS, SendRight, send_right};
use domain::conversation::{Incoming, SellerAction};
use domain::customer::{Detail, DetailKind, DetailSource};
use domain::{ConversationId, CustomerId, OutboxId};
use store::{CommitError, CustomerWrite, LaneEffects};

use crate::action::{Target, cancel_waiting, commit_failed};
use crate::effects::new_outbox;
use crate::engine::Engine;
use crate::error::ActionError;
use crate::outbox_body::text_bodies;
use crate::sales::By;

/// The longest text that a person may send at once, in bytes; it goes out in portions.
pub const REPLY_BYTES_MAX: usize = 8_000;

impl Engine {
    /// Sends what a person typed, within Meta's windows; the automation keeps quiet from then on.
    /// The ids of the outbox messages that carry it.
    pub async fn reply(
        &self,
        by: By,
        conversation: ConversationId,
        text: &str,
    ) -> Result<Vec<OutboxId>, ActionError> {
        let text = text.trim();
        let problem = match text.len() {
            0 => Some("write something to send".to_owned()),
            n if n > REPLY_BYTES_MAX => Some(format!("at most {REPLY_BYTES_MAX} bytes at once")),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(ActionError::Invalid {
                field: "text",
                problem,
            });
        }
        let snapshot = self.snapshot(by.seller).await?;
        for _ in 0..5 {
            let now = self.now();
            let stage = self
                .conversation_stage(by.seller, conversation, &snapshot)
                .await?;
            let Some(place) = &stage.scene.place else {
                return Err(ActionError::Missing("conversation"));
            };
            let last = stage.state.last_customer_at;
            let tag = snapshot.policy.human_agent;
            let until = match send_right(Author::Person, place.channel, last, tag, now) {
                SendRight::Standard if !tag => last.map(|at| at.plus(STANDARD_MS)),
                SendRight::Standard | SendRight::HumanAgent => {
                    last.map(|at| at.plus(HUMAN_AGENT_MS))
                }
                SendRight::Refused(refusal) => return Err(ActionError::Window(refusal)),
            };
            let spoke = Incoming::PersonReplied { at: now };
            let decision = self.decided(&stage, &snapshot, &spoke, now).await?;
            let mut effects = self.effects_of(&stage, &decision);
            cancel_waiting(&mut effects, &stage);
            for body in text_bodies(text, place.channel) {
                let message = new_outbox(place, &body, "person", true, until, now);
                effects.outbox.push(message);
            }
            let ids = effects.outbox.iter().map(|m| m.id).collect();
            match self.store().seller(by.seller).apply(&effects, now).await {
                Ok(_) => {
                    self.tell_applied(by.seller, &effects);
                    return Ok(ids);
                }
                Err(CommitError::Conflict) => {}
                Err(e) => return Err(commit_failed(e)),
            }
        }
        Err(ActionError::Changed)
    }

    /// A person speaks from now on, until they hand back.
    pub async fn take_over(&self, by: By, conversation: ConversationId) -> Result<(), ActionError> {
        let target = Target::Conversation(conversation);
        self.act(by, target, SellerAction::TakeOver).await.map(drop)
    }

    /// Lets the automation speak again.
    pub async fn hand_back(&self, by: By, conversation: ConversationId) -> Result<(), ActionError> {
        let target = Target::Conversation(conversation);
        self.act(by, target, SellerAction::HandBack).await.map(drop)
    }

    /// Sets or corrects a customer's detail; no later message overwrites it.
    pub async fn set_detail(
        &self,
        by: By,
        customer: CustomerId,
        kind: DetailKind,
        value: &str,
    ) -> Result<(), ActionError> {
        let value = value.trim();
        if value.is_empty() || value.chars().count() > 500 {
            return Err(ActionError::Invalid {
                field: kind.as_str(),
                problem: "write 1 to 500 characters".to_owned(),
            });
        }
        let store = self.store().seller(by.seller);
        let conversations = store.conversations_of(customer).await?;
        if let Some(newest) = conversations.iter().max_by_key(|c| c.last_message_at) {
            let action = SellerAction::SetDetail {
                kind,
                value: value.to_owned(),
            };
            let target = Target::Conversation(newest.id);
            return self.act(by, target, action).await.map(drop);
        }
        let known = store.customer(customer).await?;
        let known = known.ok_or(ActionError::Missing("customer"))?;
        let now = self.now();
        let effects = LaneEffects {
            seller_id: Some(by.seller),
            customer: Some(CustomerWrite {
                id: known.id,
                account_id: known.account_id,
                channel: known.channel,
                external_id: known.external_id,
                username: None,
                language: None,
            }),
            details: vec![domain::conversation::DetailChange {
                kind,
                detail: Some(Detail {
                    value: value.to_owned(),
                    source: DetailSource::Seller,
                    at: now,
                }),
            }],
            ..LaneEffects::default()
        };
        store.apply(&effects, now).await.map_err(commit_failed)?;
        Ok(())
    }
}
