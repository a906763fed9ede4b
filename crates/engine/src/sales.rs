//! What a seller does with draft orders and orders: confirm, reject, edit, move on. Decided by the
//! core on the same state as the customer's messages, and written by the same rules.

use domain::catalog::CatalogView;
use domain::conversation::{ConversationState, Decision, Incoming, PayloadKey, SellerAction};
use domain::draft::{Actor, DraftOrder};
use domain::order::{Charges, OrderStatus};
use domain::reading::OrderLine;
use domain::{ConversationId, DraftOrderId, MemberId, OrderId, SellerId};
use store::{CommitError, Conversation, LaneEffects, OrderChange, OutboxChange, Shortage};

use crate::changes::Subject;
use crate::decide::{FreshIds, Judge};
use crate::effects::{Place, Scene, add_decision, conversation_write};
use crate::engine::Engine;
use crate::error::ActionError;
use crate::snapshot::SellerSnapshot;

/// How often a decision is made again because somebody else wrote meanwhile.
const ATTEMPTS: u32 = 8;

/// Who acts, and for which seller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct By {
    /// The seller whose data it is.
    pub seller: SellerId,
    /// The member; `None`: through an API key.
    pub member: Option<MemberId>,
}

impl By {
    pub(crate) fn actor(self) -> Actor {
        Actor::Member { id: self.member }
    }
}

/// What came of an action.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Acted {
    /// The draft order after it, where it concerned one.
    pub draft: Option<DraftOrder>,
    /// The order that was made, with its number.
    pub order: Option<(OrderId, u64)>,
}

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
    /// Makes an order of a draft order. `revision` is the one that the person looked at: another one
    /// now is [`ActionError::Changed`]. `oversell` lets stock go below zero.
    pub async fn confirm_draft(
        &self,
        by: By,
        draft: DraftOrderId,
        revision: Option<u32>,
        oversell: bool,
        note: Option<String>,
    ) -> Result<Acted, ActionError> {
        let action = SellerAction::Confirm { oversell, note };
        self.act(by, Target::Draft(draft, revision), action).await
    }

    /// Says no to a draft order.
    pub async fn reject_draft(
        &self,
        by: By,
        draft: DraftOrderId,
        revision: Option<u32>,
        reason: Option<String>,
    ) -> Result<Acted, ActionError> {
        let action = SellerAction::Reject { reason };
        self.act(by, Target::Draft(draft, revision), action).await
    }

    /// Replaces a draft order's lines.
    pub async fn edit_draft(
        &self,
        by: By,
        draft: DraftOrderId,
        revision: Option<u32>,
        lines: Vec<OrderLine>,
    ) -> Result<Acted, ActionError> {
        self.check_lines(by, &lines).await?;
        let action = SellerAction::EditLines { lines };
        self.act(by, Target::Draft(draft, revision), action).await
    }

    /// Gives a draft order its own charges.
    pub async fn charge_draft(
        &self,
        by: By,
        draft: DraftOrderId,
        revision: Option<u32>,
        charges: Charges,
    ) -> Result<Acted, ActionError> {
        let action = SellerAction::SetCharges { charges };
        self.act(by, Target::Draft(draft, revision), action).await
    }

    /// Opens a draft order in a conversation by hand, or replaces the lines of the open one.
    pub async fn write_draft(
        &self,
        by: By,
        conversation: ConversationId,
        lines: Vec<OrderLine>,
    ) -> Result<Acted, ActionError> {
        self.check_lines(by, &lines).await?;
        let action = SellerAction::EditLines { lines };
        self.act(by, Target::Conversation(conversation), action)
            .await
    }

    /// Moves an order on: paid, packed, shipped, delivered, cancelled, returned.
    pub async fn move_order(
        &self,
        by: By,
        order: OrderId,
        to: OrderStatus,
        why: &str,
    ) -> Result<(), ActionError> {
        let now = self.now();
        let change = OrderChange {
            order_id: order,
            to,
            actor: by.actor(),
            at: now,
            why: why.chars().take(500).collect(),
        };
        for _ in 0..ATTEMPTS {
            match self
                .store()
                .seller(by.seller)
                .change_order(&change, now)
                .await
            {
                Ok(true) => {
                    self.0.changes.tell(by.seller, Subject::Orders);
                    self.0.changes.tell(by.seller, Subject::Products);
                    return Ok(());
                }
                Ok(false) => {
                    let row = self.store().seller(by.seller).order(order).await?;
                    let from = row.ok_or(ActionError::Missing("order"))?.status;
                    let refused = from.go(to).err().map(|e| e.to_string());
                    return Err(refused.map_or(ActionError::Changed, ActionError::Refused));
                }
                Err(CommitError::Conflict) => {}
                Err(e) => return Err(commit_failed(e)),
            }
        }
        Err(ActionError::Changed)
    }

    async fn check_lines(&self, by: By, lines: &[OrderLine]) -> Result<(), ActionError> {
        let snapshot = self.snapshot(by.seller).await?;
        let invalid = |problem| ActionError::Invalid {
            field: "lines",
            problem,
        };
        for line in lines {
            let product = snapshot.catalog.product(&line.product);
            let product = product
                .ok_or_else(|| invalid(format!("`{}` is not in the catalog", line.product)))?;
            if line.quantity == 0 {
                return Err(invalid(format!(
                    "the quantity of `{}` is 0; remove the line instead",
                    line.product
                )));
            }
            for choice in &line.options {
                let option = product.option(&choice.name);
                let known =
                    option.is_some_and(|o| o.values.iter().any(|v| v.value == choice.value));
                if !known {
                    return Err(invalid(format!(
                        "`{}` does not offer {} = {}",
                        line.product, choice.name, choice.value
                    )));
                }
            }
        }
        Ok(())
    }

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
        let held = self.held(snapshot).await?;
        let incoming = Incoming::Seller {
            action: action.clone(),
            member: by.member,
        };
        let judge = Judge {
            snapshot,
            held: &held,
            key: &stage.key,
            now,
        };
        let decision = judge.decide(&stage.state, &incoming, FreshIds::make());
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
        let held = self.held(snapshot).await?;
        let short: Vec<_> = short
            .iter()
            .map(|s| (s.retailer_id.clone(), s.free))
            .collect();
        let incoming = Incoming::OutOfStock {
            short: short.clone(),
            by: by.actor(),
        };
        let judge = Judge {
            snapshot,
            held: &held,
            key: &stage.key,
            now,
        };
        let decision = judge.decide(&stage.state, &incoming, FreshIds::make());
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
