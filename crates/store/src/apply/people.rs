//! Customers, conversations, messages, and what the seller is told.

use domain::Timestamp;
use uuid::Uuid;

use super::effects::{LaneEffects, MessageChange};
use super::{CommitError, Ready, each};
use crate::column::{some_text, text as clean};
use crate::conversations::{MessageState, mid_key};
use crate::db::{Link, insert_rows, run};

pub(super) async fn customers(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    let rows = each(lanes, |lane| &lane.customer);
    let written = insert_rows!(
        link,
        "INSERT INTO customers (id, seller_id, account_id, channel, external_id, username, \
         language, created_at, updated_at) ",
        rows,
        |b, r| {
            b.push_bind(r.it.id.0)
                .push_bind(r.seller.0)
                .push_bind(r.it.account_id.map(|a| a.0))
                .push_bind(r.it.channel.as_str())
                .push_bind(some_text(r.it.external_id.as_ref()))
                .push_bind(some_text(r.it.username.as_ref()))
                .push_bind(r.it.language.clone())
                .push_bind(now.0)
                .push_bind(now.0);
        },
        " ON CONFLICT (id) DO UPDATE SET \
         username = COALESCE(excluded.username, customers.username), \
         language = COALESCE(excluded.language, customers.language), \
         updated_at = excluded.updated_at WHERE customers.seller_id = excluded.seller_id"
    );
    all_written(written, rows.len())
}

/// A row that was not written has another version, or is another seller's.
pub(super) fn all_written(written: u64, wanted: usize) -> Result<(), CommitError> {
    if written == wanted as u64 {
        Ok(())
    } else {
        Err(CommitError::Conflict)
    }
}

pub(super) async fn conversations(
    link: &mut Link,
    ready: &Ready<'_>,
    now: Timestamp,
) -> Result<(), CommitError> {
    let rows = each(ready.lanes, |lane| &lane.conversation);
    let rows: Vec<_> = rows.into_iter().zip(&ready.states).collect();
    let written = insert_rows!(
        link,
        "INSERT INTO conversations (id, seller_id, account_id, customer_id, channel, lane, state, \
         version, language, window_until, hand_over_until, wake_at, unread, last_message_at, \
         last_text, created_at, updated_at) ",
        rows,
        |b, r| {
            let (r, state) = r;
            b.push_bind(r.it.id.0)
                .push_bind(r.seller.0)
                .push_bind(r.it.account_id.0)
                .push_bind(r.it.customer_id.0)
                .push_bind(r.it.channel.as_str())
                .push_bind(r.it.lane.clone())
                .push_bind(state.as_slice())
                .push_bind(r.it.read_version.map_or(0, |v| v + 1))
                .push_bind(r.it.language.clone())
                .push_bind(r.it.window_until.map(|t| t.0))
                .push_bind(r.it.hand_over_until.map(|t| t.0))
                .push_bind(r.it.wake_at.map(|t| t.0))
                .push_bind(i64::from(r.it.unread_added))
                .push_bind(r.it.last_message_at.map_or(0, |t| t.0))
                .push_bind(some_text(r.it.last_text.as_ref()))
                .push_bind(now.0)
                .push_bind(now.0);
        },
        " ON CONFLICT (id) DO UPDATE SET state = excluded.state, version = excluded.version, \
         language = excluded.language, window_until = excluded.window_until, \
         hand_over_until = excluded.hand_over_until, wake_at = excluded.wake_at, \
         unread = conversations.unread + excluded.unread, \
         last_message_at = CASE WHEN excluded.last_message_at > conversations.last_message_at \
         THEN excluded.last_message_at ELSE conversations.last_message_at END, \
         last_text = COALESCE(excluded.last_text, conversations.last_text), \
         updated_at = excluded.updated_at \
         WHERE conversations.version = excluded.version - 1 \
         AND conversations.seller_id = excluded.seller_id"
    );
    all_written(written, rows.len())
}

pub(super) async fn details(link: &mut Link, lanes: &[LaneEffects]) -> Result<(), CommitError> {
    for lane in lanes {
        if lane.details.is_empty() {
            continue;
        }
        let customer = match (&lane.customer, &lane.conversation, &lane.order) {
            (Some(customer), _, _) => Some(customer.id),
            (_, Some(conversation), _) => Some(conversation.customer_id),
            (_, _, Some(order)) => order.customer_id,
            _ => None,
        };
        let (Some(seller), Some(customer)) = (lane.seller_id, customer) else {
            continue;
        };
        for change in &lane.details {
            crate::customers::write_detail(
                link,
                seller.0,
                customer,
                change.kind,
                change.detail.as_ref(),
            )
            .await?;
        }
    }
    Ok(())
}

pub(super) async fn messages(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<u64, CommitError> {
    let rows = each(lanes, |lane| &lane.messages);
    Ok(insert_rows!(
        link,
        "INSERT INTO messages (id, seller_id, conversation_id, mid_key, mid, event_id, direction, \
         sender, kind, text, content, reading, language, state, reason, at, created_at, \
         updated_at) ",
        rows,
        |b, r| {
            b.push_bind(r.it.id.0)
                .push_bind(r.seller.0)
                .push_bind(r.it.conversation_id.0)
                .push_bind(mid_key(&r.it.mid))
                .push_bind(clean(&r.it.mid))
                .push_bind(r.it.event_id.map(|e| e.0))
                .push_bind(r.it.direction.as_str())
                .push_bind(r.it.sender.clone())
                .push_bind(r.it.kind.clone())
                .push_bind(some_text(r.it.text.as_ref()))
                .push_bind(some_text(r.it.content.as_ref()))
                .push_bind(some_text(r.it.reading.as_ref()))
                .push_bind(r.it.language.clone())
                .push_bind(r.it.state.as_str())
                .push_bind(some_text(r.it.reason.as_ref()))
                .push_bind(r.it.at.0)
                .push_bind(now.0)
                .push_bind(now.0);
        },
        " ON CONFLICT (conversation_id, mid_key) DO NOTHING"
    ))
}

pub(super) async fn message_changes(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    for change in each(lanes, |lane| &lane.message_changes) {
        let seller = change.seller.0;
        match change.it {
            MessageChange::Edit {
                conversation_id,
                mid,
                text,
                reading,
            } => run!(
                link,
                "UPDATE messages SET text = $4, reading = COALESCE($5, reading), \
                 state = CASE WHEN state = 'received' THEN 'edited' ELSE state END, \
                 updated_at = $6 WHERE seller_id = $1 AND conversation_id = $2 AND mid_key = $3 \
                 AND state <> 'deleted'",
                seller,
                conversation_id.0,
                mid_key(mid),
                clean(text),
                some_text(reading.as_ref()),
                now.0
            )?,
            MessageChange::Delete {
                conversation_id,
                mid,
            } => run!(
                link,
                "UPDATE messages SET text = NULL, content = NULL, reading = NULL, \
                 state = 'deleted', updated_at = $4 \
                 WHERE seller_id = $1 AND conversation_id = $2 AND mid_key = $3",
                seller,
                conversation_id.0,
                mid_key(mid),
                now.0
            )?,
            MessageChange::State {
                conversation_id,
                mid,
                state,
                reason,
            } => run!(
                link,
                "UPDATE messages SET state = $4, reason = COALESCE($5, reason), updated_at = $6 \
                 WHERE seller_id = $1 AND conversation_id = $2 AND mid_key = $3 \
                 AND direction = 'out' AND (state = 'sent' OR (state = 'delivered' AND $7))",
                seller,
                conversation_id.0,
                mid_key(mid),
                state.as_str(),
                reason,
                now.0,
                *state != MessageState::Delivered && *state != MessageState::Sent
            )?,
            MessageChange::ReadUntil {
                conversation_id,
                at,
            } => run!(
                link,
                "UPDATE messages SET state = 'read', updated_at = $4 WHERE seller_id = $1 \
                 AND conversation_id = $2 AND at <= $3 AND direction = 'out' \
                 AND state IN ('sent', 'delivered')",
                seller,
                conversation_id.0,
                at.0,
                now.0
            )?,
        };
    }
    Ok(())
}

pub(super) async fn notifications(
    link: &mut Link,
    lanes: &[LaneEffects],
    now: Timestamp,
) -> Result<(), CommitError> {
    let rows = each(lanes, |lane| &lane.notifications);
    insert_rows!(
        link,
        "INSERT INTO notifications (id, seller_id, kind, text, subject_kind, subject_id, \
         created_at) ",
        rows,
        |b, r| {
            b.push_bind(Uuid::now_v7())
                .push_bind(r.seller.0)
                .push_bind(r.it.kind.clone())
                .push_bind(clean(&r.it.text))
                .push_bind(r.it.subject_kind.clone())
                .push_bind(r.it.subject_id.clone())
                .push_bind(now.0);
        },
        ""
    );
    Ok(())
}
