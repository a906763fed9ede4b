//! Draft orders on the dashboard: list, detail, confirm, reject.

use axum::extract::{Path, Query, State};
use domain::DraftOrderId;
use domain::catalog::RetailerId;
use domain::customer::DetailKind;
use domain::draft::Stage;
use domain::policy::Policy;
use engine::ActionError;
use serde::Deserialize;
use store::{Customer, DraftFilter, DraftRow, Message, SellerStore};

use super::viewer::{Fields, PageError, PageResult, Posted, Viewer, go};
use crate::pages::conversation::ThreadView;
use crate::pages::drafts::{self, DraftView, Shown};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::present;
use crate::problem::Problem;
use crate::products;
use crate::settings::policy_of;
use crate::state::AppState;

/// Draft orders of one page: each brings its messages with it.
const PAGE_ROWS: u32 = 20;
/// Messages that are looked through for those of a draft order.
const MESSAGES: u32 = 60;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    show: String,
    cursor: Option<String>,
}

/// `GET /`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let shown = Shown::parse(&query.show);
    let seller = state.store().seller(viewer.member.seller);
    let stages = match shown {
        Shown::Waiting => vec![Stage::AwaitingSeller],
        Shown::InProgress => {
            vec![
                Stage::Open,
                Stage::AwaitingCustomer,
                Stage::AwaitingConfirmation,
            ]
        }
        Shown::Ended => {
            vec![
                Stage::Confirmed,
                Stage::Rejected,
                Stage::Cancelled,
                Stage::Expired,
            ]
        }
    };
    let filter = DraftFilter {
        stages,
        after: query.cursor,
        limit: PAGE_ROWS,
        ..DraftFilter::default()
    };
    let found = seller.draft_orders(&filter).await?;
    let policy = policy_of(&seller.get().await?);
    let mut views = Vec::with_capacity(found.rows.len());
    for row in &found.rows {
        let (customer, messages) = companions(&seller, row).await?;
        views.push(view(&seller, row, customer.as_ref(), &messages, &policy).await?);
    }
    let connected = !seller.accounts().await?.is_empty();
    let in_progress = seller.counts().await?.drafts_in_progress.unsigned_abs();
    let frame = viewer.frame(&state).await?;
    let body = drafts::list(
        &frame,
        shown,
        &views,
        in_progress,
        found.next.as_deref(),
        connected,
    );
    let page = Page {
        title: "Draft orders",
        tab: Tab::Drafts,
        live: "drafts orders inbox",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// The customer and the messages that belong to a draft order.
pub(super) async fn companions(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<(Option<Customer>, Vec<Message>), PageError> {
    let customer = match row.customer_id {
        Some(id) => seller.customer(id).await?,
        None => None,
    };
    Ok((customer, messages_of(seller, row).await?))
}

/// The messages that had a part in a draft order.
pub(super) async fn messages_of(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<Vec<Message>, PageError> {
    let Some(conversation) = row.conversation_id else {
        return Ok(Vec::new());
    };
    let mut messages = seller.messages(conversation, None, MESSAGES).await?;
    messages.retain(|message| row.body.mids.contains(&message.mid));
    // A long conversation since: fetch the first ones by name.
    if messages.len() < row.body.mids.len() {
        for mid in row.body.mids.iter().take(12) {
            if !messages.iter().any(|message| message.mid == *mid)
                && let Some(message) = seller.message(conversation, mid).await?
            {
                messages.push(message);
            }
        }
        messages.sort_by_key(|message| message.at);
    }
    Ok(messages)
}

pub(super) async fn view(
    seller: &SellerStore<'_>,
    row: &DraftRow,
    customer: Option<&Customer>,
    messages: &[Message],
    policy: &Policy,
) -> Result<DraftView, PageError> {
    let draft = &row.body;
    let (quotes, quoted) = present::quotes(messages, &present::draft_keys(draft));
    let (name, handle) = present::customer_name(customer);
    let titles = titles(seller, row).await?;
    let title = |id: &str| {
        let known = titles.iter().find(|(known, _)| known == id);
        known.map_or_else(|| id.to_owned(), |(_, title)| title.clone())
    };
    let lines = draft
        .lines
        .iter()
        .zip(quoted)
        .map(|(line, quoted)| present::draft_line(line, row.currency, quoted));
    let order = match row.order_id {
        Some(id) => seller
            .order(id)
            .await?
            .map(|order| (order.id, order.number.unsigned_abs())),
        None => None,
    };
    let detail = |kind| draft.details.value(kind);
    Ok(DraftView {
        id: row.id,
        stage: row.stage,
        revision: draft.revision,
        name,
        handle,
        channel: present::source_name(&row.message_source),
        conversation: row.conversation_id,
        at: quotes.last().map_or(row.created_at, |quote| quote.at),
        lines: lines.collect(),
        sum: draft.totals.as_ref().map(present::sum_view),
        missing: present::missing_sentences(draft, policy, &title),
        confidence: draft.confidence,
        details: present::fact_rows(DetailKind::ALL.map(|kind| (kind, detail(kind)))),
        reason: draft.reason.clone(),
        order,
        short: Vec::new(),
        quotes,
    })
}

/// The titles of products that doubts speak of.
async fn titles(
    seller: &SellerStore<'_>,
    row: &DraftRow,
) -> Result<Vec<(String, String)>, PageError> {
    use domain::reading::Doubt;
    let mut ids: Vec<&RetailerId> = Vec::new();
    for doubt in &row.body.unresolved {
        match doubt {
            Doubt::AmbiguousProduct {
                candidates: some, ..
            }
            | Doubt::UnknownProduct { nearest: some, .. } => ids.extend(some.iter().take(4)),
            Doubt::UnclearOption { product, .. } => ids.push(product),
        }
    }
    let mut titles = Vec::with_capacity(ids.len());
    for id in ids {
        if let Some(found) = seller.product_by_retailer_id(id).await? {
            titles.push((id.to_string(), found.product.title));
        }
    }
    Ok(titles)
}

pub(super) async fn find(
    state: &AppState,
    viewer: &crate::access::Member,
    id: DraftOrderId,
) -> Result<DraftRow, PageError> {
    let row = state.store().seller(viewer.seller).draft_order(id).await?;
    row.ok_or_else(|| Problem::not_found("draft order").into())
}

/// `GET /drafts/{id}`
pub(super) async fn detail(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<DraftOrderId>,
) -> PageResult {
    let row = find(&state, &viewer.member, id).await?;
    let seller = state.store().seller(viewer.member.seller);
    let policy = policy_of(&seller.get().await?);
    let (customer, messages) = companions(&seller, &row).await?;
    let mut draft = view(&seller, &row, customer.as_ref(), &messages, &policy).await?;
    if !row.stage.is_final() {
        draft.short = products::shortages(&seller, &row).await?;
    }
    let thread = match row.conversation_id {
        Some(conversation) => {
            let keys = present::draft_keys(&row.body);
            let messages = seller.messages(conversation, None, 30).await?;
            Some(ThreadView {
                messages: messages
                    .iter()
                    .map(|m| present::message_view(m, &keys))
                    .collect(),
            })
        }
        None => None,
    };
    let steps = seller.draft_transitions(id).await?;
    let history: Vec<_> = steps
        .iter()
        .map(|s| (s.at, present::draft_step(s)))
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = drafts::detail(&frame, &draft, thread.as_ref(), &history);
    let page = Page {
        title: "Draft order",
        tab: Tab::Drafts,
        live: "drafts orders inbox",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

pub(super) fn revision(fields: &Fields) -> Option<u32> {
    fields.get("revision").parse().ok()
}

/// Says why an action was not carried out, on the draft order's own page.
pub(super) fn refused(state: &AppState, id: DraftOrderId, error: ActionError) -> PageResult {
    match error {
        ActionError::Missing(_) | ActionError::Store(_) => Err(error.into()),
        other => {
            let mut text = other.to_string();
            if let Some(first) = text.get(..1) {
                text = format!(
                    "{}{}.",
                    first.to_uppercase(),
                    text[1..].trim_end_matches('.')
                );
            }
            Ok(go(state, &format!("/drafts/{id}"), &Note::bad(text)))
        }
    }
}

/// `POST /drafts/{id}/confirm`
pub(super) async fn confirm(
    State(state): State<AppState>,
    Path(id): Path<DraftOrderId>,
    posted: Posted,
) -> PageResult {
    let oversell = posted.fields.is_on("oversell");
    let engine = state.engine();
    let by = posted.member.by();
    match engine
        .confirm_draft(by, id, revision(&posted.fields), oversell, None)
        .await
    {
        Ok(acted) => {
            let Some((order, number)) = acted.order else {
                return Ok(go(
                    &state,
                    &format!("/drafts/{id}"),
                    &Note::bad("It did not become an order; see what happened below."),
                ));
            };
            let note = Note::good(format!("Order #{number} is confirmed."));
            let page = format!("/orders/{order}");
            Ok(if posted.fields.get("back") == "list" {
                go(&state, "/", &note.with_link("See the order", page))
            } else {
                go(&state, &page, &note)
            })
        }
        Err(error) => refused(&state, id, error),
    }
}

/// `POST /drafts/{id}/reject`
pub(super) async fn reject(
    State(state): State<AppState>,
    Path(id): Path<DraftOrderId>,
    posted: Posted,
) -> PageResult {
    let reason = posted.fields.get("reason");
    let reason = (!reason.is_empty()).then(|| reason.to_owned());
    let by = posted.member.by();
    match state
        .engine()
        .reject_draft(by, id, revision(&posted.fields), reason)
        .await
    {
        Ok(_) => Ok(go(
            &state,
            "/",
            &Note::good("The draft order is rejected.")
                .with_link("See it", format!("/drafts/{id}")),
        )),
        Err(error) => refused(&state, id, error),
    }
}
