//! What is to be sent, and what is known of what was sent.

use domain::conversation::ORDER_NUMBER;
use domain::{OrderId, Timestamp};

use super::effects::{LaneEffects, NewOutbox, OutboxChange};
use super::{CommitError, each};
use crate::column::{some_text, text};
use crate::db::{Link, insert_rows, run};

/// Inserts the messages, the new order's number put into them.
pub(super) async fn insert(
    link: &mut Link,
    lanes: &[LaneEffects],
    numbers: &[(OrderId, u64)],
    now: Timestamp,
) -> Result<(), CommitError> {
    let mut rows: Vec<(uuid::Uuid, NewOutbox)> = Vec::new();
    for lane in lanes {
        let Some(seller) = lane.seller_id else {
            continue;
        };
        let number = lane.order.as_ref().and_then(|o| {
            let of_it = numbers.iter().find(|(id, _)| *id == o.order.id);
            of_it.map(|(_, number)| number.to_string())
        });
        for message in &lane.outbox {
            let mut message = message.clone();
            if let Some(number) = &number {
                message.text = message.text.map(|t| t.replace(ORDER_NUMBER, number));
                message.body = message.body.replace(ORDER_NUMBER, number);
            }
            rows.push((seller.0, message));
        }
    }
    if rows.is_empty() {
        return Ok(());
    }
    insert_rows!(
        link,
        "INSERT INTO outbox (id, seller_id, account_id, conversation_id, recipient, kind, text, \
         body, by_person, window_until, state, attempts, due_at, created_at, \
         updated_at) ",
        rows,
        |b, r| {
            let (seller, m) = r;
            b.push_bind(m.id.0)
                .push_bind(*seller)
                .push_bind(m.account_id.0)
                .push_bind(m.conversation_id.map(|c| c.0))
                .push_bind(text(&m.recipient))
                .push_bind(m.kind.clone())
                .push_bind(some_text(m.text.as_ref()))
                .push_bind(text(&m.body))
                .push_bind(m.by_person)
                .push_bind(m.window_until.map(|t| t.0))
                .push_bind("pending")
                .push_bind(0_i64)
                .push_bind(m.due_at.0)
                .push_bind(now.0)
                .push_bind(now.0);
        },
        ""
    );
    crate::wake::notify(link, crate::wake::OUTBOX).await?;
    Ok(())
}

pub(super) async fn changes(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    for change in each(lanes, |lane| &lane.outbox_changes) {
        let seller = change.seller.0;
        match change.it {
            OutboxChange::Echoed { id, mid, at } => run!(
                link,
                "UPDATE outbox SET state = 'sent', mid = COALESCE(mid, $3), reason = NULL, \
                 sent_at = COALESCE(sent_at, $4), echoed_at = $4, updated_at = $5 \
                 WHERE seller_id = $1 AND id = $2 AND echoed_at IS NULL",
                seller,
                id.0,
                mid,
                at.0,
                now.0
            )?,
            OutboxChange::Cancel { id, reason } => run!(
                link,
                "UPDATE outbox SET state = 'cancelled', reason = $3, updated_at = $4 \
                 WHERE seller_id = $1 AND id = $2 AND state = 'pending'",
                seller,
                id.0,
                reason,
                now.0
            )?,
            OutboxChange::CancelWaiting {
                conversation_id,
                reason,
            } => run!(
                link,
                "UPDATE outbox SET state = 'cancelled', reason = $3, updated_at = $4 \
                 WHERE seller_id = $1 AND conversation_id = $2 AND state = 'pending' \
                 AND by_person = $5",
                seller,
                conversation_id.0,
                reason,
                now.0,
                false
            )?,
        };
    }
    Ok(())
}
