//! Connecting through Meta's logins, and the doctor, on the dashboard.

use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Redirect, Response};
use engine::connect::{ConnectError, Connected, Connecting, Linked};
use engine::doctor::Severity;
use meta::graph::Host;
use serde::Deserialize;
use store::{AccountState, ChannelAccount};

use super::viewer::{PageResult, Posted, Viewer, go};
use crate::pages::catalog_pages::{self, ConnectedView, FindingView};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::{Note, Tone};
use crate::present;
use crate::problem::Problem;
use crate::state::AppState;

const HOME: &str = "/connection";

/// `GET /connection`
pub(super) async fn page(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let accounts = state
        .store()
        .seller(viewer.member.seller)
        .accounts()
        .await?;
    let accounts: Vec<ConnectedView> = accounts.iter().map(account).collect();
    let graph = &state.engine().config().graph;
    let body = catalog_pages::connection(&accounts, graph.app.is_some(), graph.ig_app.is_some());
    let frame = viewer.frame(&state).await?;
    let page = Page {
        title: "Connection",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}

fn account(row: &ChannelAccount) -> ConnectedView {
    let handle = row.username.as_ref().map(|name| format!("@{name}"));
    ConnectedView {
        name: handle.unwrap_or_else(|| row.name.clone()),
        channel: present::channel_name(row.channel).to_owned(),
        state: match row.state {
            AccountState::Active => (Tone::Good, "connected"),
            AccountState::NeedsReconnect => (Tone::Bad, "connect again"),
            AccountState::Disconnected => (Tone::Bad, "disconnected"),
        },
        reason: row.state_reason.clone(),
        instagram_login: row.login == "instagram",
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct BeginQuery {
    #[serde(default)]
    again: String,
}

/// `GET /connect/{path}`: on to Meta's dialog.
pub(super) async fn begin(
    State(state): State<AppState>,
    Path(path): Path<String>,
    viewer: Viewer,
    Query(query): Query<BeginQuery>,
) -> PageResult {
    viewer.must_own()?;
    let host = match path.as_str() {
        "facebook" => Host::Facebook,
        "instagram" => Host::Instagram,
        _ => return Err(Problem::not_found("page").into()),
    };
    let who = Connecting {
        seller: viewer.member.seller,
        member: Some(viewer.member.id),
        host,
        again: query.again == "yes",
    };
    match state.engine().connect_begin(who).await {
        Ok(url) => Ok(Redirect::to(&url).into_response()),
        Err(error) => failed(&state, error),
    }
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct CallbackQuery {
    #[serde(default)]
    state: String,
    code: Option<String>,
}

/// `GET /connect/callback`: back from Meta.
pub(super) async fn callback(
    State(state): State<AppState>,
    viewer: Viewer,
    Query(query): Query<CallbackQuery>,
) -> PageResult {
    viewer.must_own()?;
    let seller = viewer.member.seller;
    let code = query.code.as_deref();
    match state
        .engine()
        .connect_finish(seller, &query.state, code)
        .await
    {
        Ok(Connected::Account(linked)) => Ok(done(&state, &linked)),
        Ok(Connected::Choose { choice, pages }) => {
            let pages: Vec<_> = pages
                .into_iter()
                .map(|page| (page.page_id, page.name, page.instagram))
                .collect();
            let frame = viewer.frame(&state).await?;
            let body = catalog_pages::choose_page(&frame, &choice, &pages);
            let page = Page {
                title: "Which page?",
                tab: Tab::More,
                live: "",
                body,
            };
            Ok(viewer.show(&state, &frame, page))
        }
        Err(error) => failed(&state, error),
    }
}

/// `POST /connect/page`: one of several was chosen.
pub(super) async fn choose(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.viewer().must_own()?;
    let (choice, page) = (posted.fields.get("choice"), posted.fields.get("page"));
    match state
        .engine()
        .connect_page(posted.member.seller, choice, page)
        .await
    {
        Ok(linked) => Ok(done(&state, &linked)),
        Err(error) => failed(&state, error),
    }
}

fn done(state: &AppState, linked: &Linked) -> Response {
    let mut problems = linked.warnings.clone();
    if !linked.missing_scopes.is_empty() {
        problems.push(format!(
            "These permissions are missing: {}. Connect again and leave every box ticked.",
            linked.missing_scopes.join(", ")
        ));
    }
    let note = if problems.is_empty() {
        Note::good(format!("{} is connected.", linked.account.name))
    } else {
        Note::bad(format!(
            "{} is connected, but: {}",
            linked.account.name,
            problems.join(" ")
        ))
    };
    let note = note.with_link("Check the connection", "/doctor");
    go(state, HOME, &note)
}

/// What went wrong, on the page where one can try again.
fn failed(state: &AppState, error: ConnectError) -> PageResult {
    if let ConnectError::Action(engine::ActionError::Store(error)) = error {
        return Err(engine::ActionError::Store(error).into());
    }
    Ok(go(state, HOME, &Note::bad(error.to_string())))
}

/// `GET /doctor`
pub(super) async fn doctor(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    let findings = state.engine().doctor(Some(viewer.member.seller)).await?;
    let findings: Vec<FindingView> = findings
        .into_iter()
        // What is the server's own is its operator's business.
        .filter(|finding| finding.account.is_some() || viewer.member.admin)
        .map(|finding| {
            let tone = match finding.severity {
                Severity::Error => Tone::Bad,
                Severity::Warning => Tone::Warn,
                Severity::Notice => Tone::Info,
            };
            (
                tone,
                finding.account,
                finding.finding,
                finding.evidence,
                finding.remedy,
            )
        })
        .collect();
    let frame = viewer.frame(&state).await?;
    let body = catalog_pages::doctor(&findings);
    let page = Page {
        title: "Doctor",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show(&state, &frame, page))
}
