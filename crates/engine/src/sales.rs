//! What a seller does with draft orders and orders: confirm, reject, edit, move on. Decided by the
//! core on the same state as the customer's messages, and written by the same rules.

use domain::catalog::CatalogView;
use domain::conversation::SellerAction;
use domain::draft::{Actor, DraftOrder};
use domain::order::{Charges, OrderStatus};
use domain::reading::OrderLine;
use domain::{ConversationId, DraftOrderId, MemberId, OrderId, SellerId};
use store::{CommitError, OrderChange};

pub(crate) use crate::action::commit_failed;
use crate::action::{ATTEMPTS, Target};
use crate::changes::Subject;
use crate::engine::Engine;
use crate::error::ActionError;

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
                    self.0.restocked.notify_one();
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
}
