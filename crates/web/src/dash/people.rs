//! Customers on the dashboard.

use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use domain::CustomerId;
use domain::customer::{DetailKind, DetailSource};
use engine::ActionError;
use serde::Deserialize;
use store::{Customer, CustomerFilter, OrderFilter};

use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::{self, Note};
use crate::pages::people_pages::{self, CustomerItem, CustomerView, DetailView};
use crate::present;
use crate::problem::Problem;
use crate::state::AppState;

const PAGE_ROWS: u32 = 50;
/// Orders that a customer's page lists.
const ORDERS: u32 = 20;

#[derive(Debug, Default, Deserialize)]
pub(super) struct ListQuery {
    #[serde(default)]
    q: String,
    cursor: Option<String>,
}

/// `GET /customers`
pub(super) async fn list(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<ListQuery>,
) -> PageResult {
    let search = query.q.trim();
    let filter = CustomerFilter {
        search: (!search.is_empty()).then(|| search.to_owned()),
        after: query.cursor,
        limit: PAGE_ROWS,
    };
    let found = state
        .store()
        .seller(viewer.member.seller)
        .customers(&filter)
        .await?;
    let items: Vec<CustomerItem> = found
        .rows
        .iter()
        .map(|row| {
            let (name, handle) = present::customer_name(Some(row));
            let phone = row.details.value(DetailKind::Phone).map(str::to_owned);
            let handle = (!handle.is_empty()).then(|| format!("@{handle}"));
            let channel = Some(present::customer_channel(row).to_owned());
            let under: Vec<String> = [channel, handle, phone].into_iter().flatten().collect();
            CustomerItem {
                id: row.id,
                name,
                under: under.join(" · "),
                at: row.created_at,
            }
        })
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = people_pages::list(&items, search, found.next.as_deref());
    let page = Page {
        title: "Customers",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

/// `GET /customers/{id}`
pub(super) async fn page(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<CustomerId>,
) -> PageResult {
    show(&state, &viewer, StatusCode::OK, id, None).await
}

/// What was typed and not taken: the field, its value, why.
type Refused = (DetailKind, String, String);

async fn show(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    id: CustomerId,
    refused: Option<Refused>,
) -> PageResult {
    let seller = state.store().seller(viewer.member.seller);
    let customer = seller
        .customer(id)
        .await?
        .ok_or_else(|| Problem::not_found("customer"))?;
    let (name, handle) = present::customer_name(Some(&customer));
    let filter = OrderFilter {
        customer_id: Some(id),
        limit: ORDERS,
        ..OrderFilter::default()
    };
    let rows = seller.orders(&filter).await?.rows;
    let view = CustomerView {
        id,
        name,
        handle,
        channel: present::customer_channel(&customer),
        since: customer.created_at,
        details: details(&customer, refused.as_ref()),
        orders: super::orders::items(&seller, &rows).await?,
        conversations: seller
            .conversations_of(id)
            .await?
            .iter()
            .map(|row| {
                (
                    row.id,
                    present::channel_name(row.channel),
                    row.last_message_at,
                )
            })
            .collect(),
    };
    let frame = viewer.frame(state).await?;
    let body = people_pages::page(&frame, &view);
    let page = Page {
        title: &view.name,
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

fn details(customer: &Customer, refused: Option<&Refused>) -> Vec<DetailView> {
    DetailKind::ALL
        .into_iter()
        .map(|kind| {
            let known = customer.details.get(kind);
            let source = match known.map(|detail| (&detail.source, detail.at)) {
                None => "Not known yet.".to_owned(),
                Some((DetailSource::Seller, at)) => {
                    format!("Set by your team, {}.", parts::utc(at))
                }
                Some((DetailSource::Message { .. }, at)) => {
                    format!("From the customer's message of {}.", parts::utc(at))
                }
            };
            let typed = refused.filter(|(field, ..)| *field == kind);
            DetailView {
                kind,
                value: typed
                    .map(|(_, value, _)| value.clone())
                    .or_else(|| known.map(|detail| detail.value.clone()))
                    .unwrap_or_default(),
                source,
                suggested: None,
                error: typed.map(|(.., why)| why.clone()),
            }
        })
        .collect()
}

/// `POST /customers/{id}`
pub(super) async fn update(
    State(state): State<AppState>,
    Path(id): Path<CustomerId>,
    posted: Posted,
) -> PageResult {
    let seller = state.store().seller(posted.member.seller);
    let customer = seller
        .customer(id)
        .await?
        .ok_or_else(|| Problem::not_found("customer"))?;
    for kind in DetailKind::ALL {
        let typed = posted.fields.get(kind.as_str()).replace("\r\n", "\n");
        let known = customer.details.value(kind).unwrap_or_default();
        if typed == known || typed.is_empty() {
            continue;
        }
        match state
            .engine()
            .set_detail(posted.member.by(), id, kind, &typed)
            .await
        {
            Ok(()) => {}
            Err(ActionError::Invalid { problem, .. }) => {
                let refused = Some((kind, typed, problem));
                return show(
                    &state,
                    &posted.viewer(),
                    StatusCode::UNPROCESSABLE_ENTITY,
                    id,
                    refused,
                )
                .await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(go(
        &state,
        &format!("/customers/{id}"),
        &Note::good("Saved."),
    ))
}
