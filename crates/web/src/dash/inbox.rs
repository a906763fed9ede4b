//! The inbox on the dashboard: conversations, replies, who speaks.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::conversation::window::{Author, SendRight, send_right};
use domain::conversation::{ConversationState, Speaker};
use domain::draft::Stage;
use domain::{ConversationId, Timestamp};
use engine::ActionError;
use serde::Deserialize;
use store::{Conversation, DraftFilter, OutboxMessage, OutboxState, SellerStore};

use super::viewer::{PageError, PageResult, Posted, Viewer, go};
use crate::highlight::Segment;
use crate::pages::conversation::{
    self, ConversationView, InboxItem, MessageView, Speaks, ThreadView,
};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::present;
use crate::problem::Problem;
use crate::settings::policy_of;
use crate::state::AppState;

const PAGE_ROWS: u32 = 40;
const MESSAGES: u32 = 50;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    cursor: Option<i64>,
}

/// `GET /inbox`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let seller = state.store().seller(viewer.member.seller);
    let rows = seller
        .conversations(query.cursor.map(Timestamp), PAGE_ROWS)
        .await?;
    let ids: Vec<_> = rows.iter().map(|row| row.customer_id).collect();
    let customers = seller.customers_by_id(&ids).await?;
    let now = state.now();
    let items: Vec<InboxItem> = rows
        .iter()
        .map(|row| {
            let customer = customers.iter().find(|c| c.id == row.customer_id);
            InboxItem {
                id: row.id,
                name: present::customer_name(customer).0,
                channel: present::channel_name(row.channel),
                last_text: row
                    .last_text
                    .clone()
                    .unwrap_or_else(|| "No words".to_owned()),
                at: row.last_message_at,
                unread: row.unread.unsigned_abs(),
                window_until: row.window_until,
                person_speaks: row.hand_over_until.is_some_and(|until| until > now),
            }
        })
        .collect();
    let cursor = (rows.len() == PAGE_ROWS as usize)
        .then(|| rows.last().map(|row| row.last_message_at.0.to_string()))
        .flatten();
    let frame = viewer.frame(&state).await?;
    let body = conversation::list(&items, now, cursor.as_deref());
    let page = Page {
        title: "Inbox",
        tab: Tab::Inbox,
        live: "inbox",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `GET /inbox/{id}`
pub(super) async fn page(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<ConversationId>,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let seller = state.store().seller(viewer.member.seller);
    let row = seller
        .conversation(id)
        .await?
        .ok_or_else(|| Problem::not_found("conversation"))?;
    if row.unread > 0 {
        seller.mark_seen(id).await?;
    }
    let view = view(&state, &seller, &row, query.cursor.map(Timestamp)).await?;
    show(&state, &viewer, StatusCode::OK, view).await
}

async fn show(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    view: ConversationView,
) -> PageResult {
    let frame = viewer.frame(state).await?;
    let body = conversation::page(&frame, &view);
    let page = Page {
        title: &view.name,
        tab: Tab::Inbox,
        live: "inbox drafts",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

async fn view(
    state: &AppState,
    seller: &SellerStore<'_>,
    row: &Conversation,
    before: Option<Timestamp>,
) -> Result<ConversationView, PageError> {
    let now = state.now();
    let customer = seller.customer(row.customer_id).await?;
    let (name, handle) = present::customer_name(customer.as_ref());
    let open = DraftFilter {
        stages: vec![
            Stage::Open,
            Stage::AwaitingCustomer,
            Stage::AwaitingConfirmation,
            Stage::AwaitingSeller,
        ],
        conversation_id: Some(row.id),
        limit: 1,
        ..DraftFilter::default()
    };
    let draft = seller.draft_orders(&open).await?.rows.pop();
    let keys = draft
        .as_ref()
        .map(|d| present::draft_keys(&d.body))
        .unwrap_or_default();
    let messages = seller.messages(row.id, before, MESSAGES).await?;
    let older = (messages.len() == MESSAGES as usize)
        .then(|| messages.first().map(|m| m.at.0.to_string()))
        .flatten();
    let mut thread: Vec<MessageView> = messages
        .iter()
        .map(|message| present::message_view(message, &keys))
        .collect();
    if before.is_none() {
        let states = [
            OutboxState::Pending,
            OutboxState::Sending,
            OutboxState::Unknown,
            OutboxState::Failed,
            OutboxState::Cancelled,
        ];
        let waiting = seller.outbox_of(row.id, &states).await?;
        let oldest = messages.first().map_or(Timestamp(0), |m| m.at);
        thread.extend(
            waiting
                .iter()
                .filter(|o| o.created_at >= oldest)
                .map(outbox_view),
        );
        thread.sort_by_key(|message| message.at);
    }
    let remembered: ConversationState = serde_json::from_str(&row.state).unwrap_or_default();
    let human_agent = policy_of(&seller.get().await?).human_agent;
    let right = send_right(
        Author::Person,
        row.channel,
        remembered.last_customer_at,
        human_agent,
        now,
    );
    let person = match remembered.speaker {
        Speaker::Person { until } if now < until => Speaks::Person(Some(until)),
        Speaker::PersonUntilHandedBack => Speaks::Person(None),
        Speaker::Automation | Speaker::Person { .. } => Speaks::Automation,
    };
    Ok(ConversationView {
        id: row.id,
        customer: row.customer_id,
        name,
        handle,
        channel: present::channel_name(row.channel),
        thread: ThreadView { messages: thread },
        older,
        window_until: row.window_until,
        closed: match right {
            SendRight::Refused(refusal) => Some(refusal),
            SendRight::Standard | SendRight::HumanAgent => None,
        },
        human_agent: right == SendRight::HumanAgent,
        person,
        draft: draft.map(|draft| draft.id),
        typed: String::new(),
        error: None,
        now,
    })
}

/// Something that is not among the messages, because it was not sent, or not surely.
fn outbox_view(row: &OutboxMessage) -> MessageView {
    let by = if row.by_person { "you" } else { "Eziseller" };
    let (state, failure) = match row.state {
        OutboxState::Failed => ("not sent", Some(row.reason.clone().unwrap_or_else(|| "Meta refused it".into()))),
        OutboxState::Cancelled => ("not sent", Some(row.reason.clone().unwrap_or_else(|| "no longer needed".into()))),
        OutboxState::Unknown => (
            "not confirmed",
            Some("Meta did not say whether it arrived; it is being looked up before anything is sent again".to_owned()),
        ),
        _ if row.attempts > 0 => ("sending again soon", row.reason.clone()),
        _ => ("sending…", None),
    };
    let text = row.text.clone().unwrap_or_default();
    MessageView {
        outbound: true,
        segments: vec![Segment { text, mark: None }],
        instead: None,
        at: row.created_at,
        state: format!("{by} · {state}"),
        failure,
    }
}

/// `POST /inbox/{id}/reply`
pub(super) async fn reply(
    State(state): State<AppState>,
    Path(id): Path<ConversationId>,
    posted: Posted,
) -> PageResult {
    let text = posted.fields.get("text").to_owned();
    match state.engine().reply(posted.member.by(), id, &text).await {
        Ok(_) => Ok(axum::response::IntoResponse::into_response(
            axum::response::Redirect::to(&format!("/inbox/{id}")),
        )),
        Err(error @ (ActionError::Missing(_) | ActionError::Store(_))) => Err(error.into()),
        Err(error) => {
            let viewer = posted.viewer();
            let seller = state.store().seller(viewer.member.seller);
            let row = seller
                .conversation(id)
                .await?
                .ok_or_else(|| Problem::not_found("conversation"))?;
            let view = ConversationView {
                typed: text,
                error: Some(error.to_string()),
                ..view(&state, &seller, &row, None).await?
            };
            show(&state, &viewer, StatusCode::UNPROCESSABLE_ENTITY, view).await
        }
    }
}

/// `POST /inbox/{id}/take-over`
pub(super) async fn take_over(
    State(state): State<AppState>,
    Path(id): Path<ConversationId>,
    posted: Posted,
) -> PageResult {
    state.engine().take_over(posted.member.by(), id).await?;
    Ok(go(
        &state,
        &format!("/inbox/{id}"),
        &Note::good("You answer from now on."),
    ))
}

/// `POST /inbox/{id}/hand-back`
pub(super) async fn hand_back(
    State(state): State<AppState>,
    Path(id): Path<ConversationId>,
    posted: Posted,
) -> PageResult {
    state.engine().hand_back(posted.member.by(), id).await?;
    Ok(go(
        &state,
        &format!("/inbox/{id}"),
        &Note::good("Eziseller answers again."),
    ))
}
