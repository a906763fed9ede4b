//! What the seller is told, in words. The screens translate by kind; these are the plain texts.

use domain::ConversationId;
use domain::conversation::Notice;
use store::NewNotification;

/// The notification for a notice of the core.
pub(crate) fn notification(
    notice: &Notice,
    conversation: Option<ConversationId>,
) -> NewNotification {
    let about_conversation = || conversation.map(|id| ("conversation", id.to_string()));
    let draft = |id: &domain::DraftOrderId| Some(("draft_order", id.to_string()));
    let (kind, text, subject) = match notice {
        Notice::DraftReady { draft_order } => (
            "draft_ready",
            "A draft order waits for your confirmation.".to_owned(),
            draft(draft_order),
        ),
        Notice::AskedInVain {
            draft_order,
            question,
        } => (
            "asked_in_vain",
            format!("The customer did not answer: {question}. Please look at the draft order."),
            draft(draft_order),
        ),
        Notice::QuestionOpen { .. } => (
            "question_open",
            "A customer asks something that you should answer.".to_owned(),
            about_conversation(),
        ),
        Notice::CannotRead { .. } => (
            "cannot_read",
            "A customer sent something that cannot be read here; please look at it.".to_owned(),
            about_conversation(),
        ),
        Notice::ChangedAfterConfirmation { draft_order, .. } => (
            "changed_after_confirmation",
            "A customer changed a message or asks for a change after the order was confirmed; \
             the order stays as it is until you change it."
                .to_owned(),
            draft(draft_order),
        ),
        Notice::DetailDiffers { kind, .. } => (
            "detail_differs",
            format!(
                "A customer gives another {} than the one you set; yours stays.",
                kind.as_str()
            ),
            about_conversation(),
        ),
        Notice::CancelAsked { draft_order, .. } => (
            "cancel_asked",
            "A customer calls a confirmed order off; please cancel it or answer.".to_owned(),
            draft(draft_order),
        ),
        Notice::AutoConfirmed { draft_order } => (
            "auto_confirmed",
            "An order was confirmed automatically.".to_owned(),
            draft(draft_order),
        ),
        Notice::OutOfStock { draft_order } => (
            "out_of_stock",
            "There was too little stock to confirm an order.".to_owned(),
            draft(draft_order),
        ),
        Notice::WaitingList { item, quantity } => (
            "waiting_list",
            format!("A customer waits for {quantity} × {item}."),
            about_conversation(),
        ),
        Notice::Expired { draft_order } => (
            "expired",
            "A draft order ran out of time.".to_owned(),
            draft(draft_order),
        ),
        Notice::WindowClosed { .. } => (
            "window_closed",
            "A reply was not sent because the customer's 24-hour window is closed.".to_owned(),
            about_conversation(),
        ),
    };
    let (subject_kind, subject_id) =
        subject.map_or((None, None), |(kind, id)| (Some(kind.to_owned()), Some(id)));
    NewNotification {
        kind: kind.to_owned(),
        text,
        subject_kind,
        subject_id,
    }
}
