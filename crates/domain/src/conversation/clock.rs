//! What time alone does: nothing hangs for ever.

use super::ask::Ask;
use super::decision::Notice;
use super::state::{ConversationState, Speaker};
use super::turn::Turn;
use crate::Timestamp;
use crate::draft::{Actor, DraftEvent, DraftOrder, Stage};
use crate::policy::Policy;

/// When the stage of a draft order runs out.
fn deadline(draft: &DraftOrder, policy: &Policy) -> Option<Timestamp> {
    let wait = match draft.stage {
        Stage::Open => policy.open_ms,
        Stage::AwaitingCustomer => policy.question_ms,
        Stage::AwaitingConfirmation => policy.confirmation_ms,
        Stage::AwaitingSeller => policy.seller_ms,
        Stage::Confirmed | Stage::Rejected | Stage::Cancelled | Stage::Expired => return None,
    };
    Some(draft.stage_since.plus(wait))
}

/// When the conversation has to be looked at again.
pub(super) fn wake_at(state: &ConversationState, policy: &Policy) -> Option<Timestamp> {
    let deadline = state.draft.as_ref().and_then(|d| deadline(d, policy));
    deadline.into_iter().chain(state.settle_at).min()
}

impl Turn<'_> {
    /// Lets everything run out whose time is over.
    pub(super) fn let_run_out(&mut self) {
        if let Speaker::Person { until } = self.state.speaker
            && until <= self.now
        {
            self.state.speaker = Speaker::Automation;
        }
        self.forget_old_offer();
        let policy = self.world.policy;
        let Some(draft) = &self.state.draft else {
            return;
        };
        if deadline(draft, policy).is_none_or(|at| self.now < at) {
            return;
        }
        let draft_order = draft.id;
        let worth_a_look = !draft.lines.is_empty()
            || !draft.unresolved.is_empty()
            || !self.state.book.pending.is_empty();
        let asked = self.state.asked.take();
        match draft.stage {
            Stage::AwaitingCustomer | Stage::AwaitingConfirmation if worth_a_look => {
                let question = asked.as_ref().map_or_else(String::new, |a| a.what.id());
                if let Some(asked) = asked {
                    self.leave_to_seller(&asked.what);
                }
                self.pass_to_seller(Actor::Clock, "the customer did not answer");
                self.notify(Notice::AskedInVain {
                    draft_order,
                    question,
                });
            }
            _ => {
                self.move_draft(DraftEvent::Expire, Actor::Clock, "its time ran out");
                self.notify(Notice::Expired { draft_order });
            }
        }
    }

    fn forget_old_offer(&mut self) {
        let old = self.state.asked.as_ref().is_some_and(|asked| {
            matches!(asked.what, Ask::Offer { .. } | Ask::TellWhenBack { .. })
                && self.now.since(asked.at) >= self.world.policy.question_ms
        });
        if old && self.state.draft.is_none() {
            self.state.asked = None;
        }
    }
}
