//! How one action of a person is carried out: the state is read, the core decides, its effects are
//! written, and all of it again when somebody else wrote meanwhile.

use domain::conversation::{ConversationState, Decision, Incoming, PayloadKey, SellerAction};
use domain::{ConversationId, DraftOrderId, SellerId, Timestamp};
use store::{CommitError, Conversation, LaneEffects, OutboxChange, Shortage, StoreError};

use crate::changes::Subject;
use crate::decide::{FreshIds, Judge};
use crate::effects::{Place, Scene, add_decision, conversation_write};
use crate::engine::Engine;
use crate::error::ActionError;
use crate::sales::{Acted, By};
use crate::snapshot::SellerSnapshot;

/// How often a decision is made again because somebody else wrote meanwhile.
pub(crate) const ATTEMPTS: u32 = 8;

/// What an action is about.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Target {
    /// A draft order, where it comes from; the revision that the person looked at, if told.
    Draft(DraftOrderId, Option<u32>),
    /// A conversation.
    Conversation(ConversationId),
}

/// A conversation, or a draft order without one, ready for a decision.
pub(crate) struct Stage {
    pub(crate) state: ConversationState,
    pub(crate) scene: Scene,
    /// `None`: a draft order of the shop front.
    pub(crate) conversation: Option<Conversation>,
    pub(crate) key: PayloadKey,
}

impl Engine {
    /// Decides and writes one action of a seller; again when somebody else wrote meanwhile.
    pub(crate) async fn act(
        &self,
        by: By,
        target: Target,
        action: SellerAction,
    ) -> Result<Acted, ActionError> {
        let snapshot = self.snapshot(by.seller).await?;
        for _ in 0..ATTEMPTS {
            let stage = self.stage(by.seller, target, &snapshot).await?;
            match self.act_once(by, &stage, &action, &snapshot).await {
                Err(ActionError::Changed) => {}
                done => return done,
            }
        }
        Err(ActionError::Changed)
    }

    async fn act_once(
        &self,
        by: By,
        stage: &Stage,
        action: &SellerAction,
        snapshot: &SellerSnapshot,
    ) -> Result<Acted, ActionError> {
        let now = self.now();
        let incoming = Incoming::Seller {
            action: action.clone(),
            member: by.member,
        };
        let decision = self.decided(stage, snapshot, &incoming, now).await?;
        let mut effects = self.effects_of(stage, &decision);
        if *action == SellerAction::TakeOver {
            cancel_waiting(&mut effects, stage);
        }
        match self.store().seller(by.seller).apply(&effects, now).await {
            Ok(applied) => {
                self.tell_applied(by.seller, &effects);
                // A refused move is recorded, and told to whoever asked for it.
                if let Some(refused) = decision.transitions.iter().find(|t| t.to.is_none()) {
                    return Err(ActionError::Refused(refused.why.clone()));
                }
                Ok(Acted {
                    draft: decision.drafts.last().cloned().or(decision.state.draft),
                    order: applied.orders.first().copied(),
                })
            }
            Err(CommitError::StockShort(short)) => {
                self.decide_short(by, stage, snapshot, &short).await
            }
            Err(CommitError::Conflict) => Err(ActionError::Changed),
            Err(e) => Err(commit_failed(e)),
        }
    }

    /// The order could not be reserved: what the core says to that, on the same state.
    async fn decide_short(
        &self,
        by: By,
        stage: &Stage,
        snapshot: &SellerSnapshot,
        short: &[Shortage],
    ) -> Result<Acted, ActionError> {
        let now = self.now();
        let short: Vec<_> = short
            .iter()
            .map(|s| (s.retailer_id.clone(), s.free))
            .collect();
        let incoming = Incoming::OutOfStock {
            short: short.clone(),
            by: by.actor(),
        };
        let decision = self.decided(stage, snapshot, &incoming, now).await?;
        let effects = self.effects_of(stage, &decision);
        match self.store().seller(by.seller).apply(&effects, now).await {
            Ok(_) => {
                self.tell_applied(by.seller, &effects);
                Err(ActionError::OutOfStock(short))
            }
            Err(CommitError::Conflict) => Err(ActionError::Changed),
            Err(e) => Err(commit_failed(e)),
        }
    }

    /// What the core says to `incoming` at this stage, by what is reserved at this moment.
    pub(crate) async fn decided(
        &self,
        stage: &Stage,
        snapshot: &SellerSnapshot,
        incoming: &Incoming,
        now: Timestamp,
    ) -> Result<Decision, StoreError> {
        let held = self.held(snapshot).await?;
        let judge = Judge {
            snapshot,
            held: &held,
            key: &stage.key,
            now,
        };
        Ok(judge.decide(&stage.state, incoming, FreshIds::make()))
    }

    pub(crate) fn effects_of(&self, stage: &Stage, decision: &Decision) -> LaneEffects {
        let now = self.now();
        let mut effects = LaneEffects::default();
        add_decision(&mut effects, decision, &stage.scene, now);
        if let (Some(conversation), Some(place)) = (&stage.conversation, &stage.scene.place) {
            effects.conversation = Some(conversation_write(
                place,
                conversation.customer_id,
                &conversation.lane,
                Some(conversation.version),
                &decision.state,
                decision.wake_at,
            ));
        }
        effects
    }

    /// Tells open pages and the outbox what was written.
    pub(crate) fn tell_applied(&self, seller: SellerId, effects: &LaneEffects) {
        if !effects.outbox.is_empty() {
            self.0.outbox_waiting.notify_one();
        }
        if effects.conversation.is_some() {
            self.0.changes.tell(seller, Subject::Inbox);
        }
        if !effects.drafts.is_empty() {
            self.0.changes.tell(seller, Subject::Drafts);
        }
        if effects.order.is_some() || !effects.order_changes.is_empty() {
            self.0.changes.tell(seller, Subject::Orders);
        }
    }

    /// Reads what a decision about `target` needs.
    pub(crate) async fn stage(
        &self,
        seller: SellerId,
        target: Target,
        snapshot: &SellerSnapshot,
    ) -> Result<Stage, ActionError> {
        let (conversation, draft) = match target {
            Target::Conversation(id) => (Some(id), None),
            Target::Draft(id, revision) => {
                let row = self.store().seller(seller).draft_order(id).await?;
                let row = row.ok_or(ActionError::Missing("draft order"))?;
                if row.stage.is_final() {
                    return Err(ActionError::Refused(format!(
                        "this draft order is {} already",
                        row.stage
                    )));
                }
                if revision.is_some_and(|seen| seen != row.body.revision) {
                    return Err(ActionError::Changed);
                }
                (row.conversation_id, Some(row))
            }
        };
        let Some(conversation) = conversation else {
            let row = draft.ok_or(ActionError::Missing("draft order"))?;
            return Ok(Stage {
                key: self.payload_key(ConversationId(row.id.0)),
                scene: Scene {
                    seller_id: seller,
                    currency: snapshot.profile.currency,
                    customer_id: row.customer_id,
                    place: None,
                    message_source: row.message_source,
                },
                state: ConversationState {
                    details: row.body.details.clone(),
                    draft: Some(row.body),
                    ..ConversationState::default()
                },
                conversation: None,
            });
        };
        let stage = self
            .conversation_stage(seller, conversation, snapshot)
            .await?;
        if let Some(row) = draft {
            // The row and the conversation were read one after the other.
            let open = stage.state.draft.as_ref();
            if open.is_none_or(|d| d.id != row.id || d.revision != row.body.revision) {
                return Err(ActionError::Changed);
            }
        }
        Ok(stage)
    }

    pub(crate) async fn conversation_stage(
        &self,
        seller: SellerId,
        id: ConversationId,
        snapshot: &SellerSnapshot,
    ) -> Result<Stage, ActionError> {
        let store = self.store().seller(seller);
        let conversation = store.conversation(id).await?;
        let conversation = conversation.ok_or(ActionError::Missing("conversation"))?;
        let customer = store.customer(conversation.customer_id).await?;
        let recipient = customer.and_then(|c| c.external_id).unwrap_or_default();
        let state = serde_json::from_str(&conversation.state).map_err(|e| {
            ActionError::Store(store::StoreError::Corrupt(format!(
                "a conversation's state: {e}"
            )))
        })?;
        Ok(Stage {
            state,
            key: self.payload_key(id),
            scene: Scene {
                seller_id: seller,
                currency: snapshot.profile.currency,
                customer_id: Some(conversation.customer_id),
                message_source: conversation.channel.as_str().to_owned(),
                place: Some(Place {
                    account_id: conversation.account_id,
                    conversation_id: id,
                    channel: conversation.channel,
                    recipient,
                }),
            },
            conversation: Some(conversation),
        })
    }

    /// Signs the buttons of a conversation.
    pub(crate) fn payload_key(&self, conversation: ConversationId) -> PayloadKey {
        let keys = self.keyring().derive("buttons");
        PayloadKey::new(keys[0].as_slice(), conversation)
    }
}

/// A person speaks: what the automation still wanted to say is not said.
pub(crate) fn cancel_waiting(effects: &mut LaneEffects, stage: &Stage) {
    if let Some(place) = &stage.scene.place {
        effects.outbox_changes.push(OutboxChange::CancelWaiting {
            conversation_id: place.conversation_id,
            reason: "a person took over the conversation".to_owned(),
        });
    }
}

pub(crate) fn commit_failed(error: CommitError) -> ActionError {
    match error {
        CommitError::Store(e) => e.into(),
        CommitError::Conflict => ActionError::Changed,
        CommitError::StockShort(short) => {
            ActionError::OutOfStock(short.into_iter().map(|s| (s.retailer_id, s.free)).collect())
        }
    }
}
