//! The callbacks that Meta's app review asks for: a person removes the app, or asks for their data
//! to be deleted. Both carry a `signed_request` in a form.

use axum::Json;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use engine::privacy::CallbackError;
use maud::html;
use serde::{Deserialize, Serialize};

use crate::pages::layout::render_bare;
use crate::pages::parts;
use crate::problem::Problem;
use crate::state::AppState;

#[derive(Debug, Deserialize)]
pub(super) struct Signed {
    signed_request: String,
}

type SignedForm = Result<Form<Signed>, FormRejection>;

fn read(form: SignedForm) -> Result<String, Problem> {
    form.map(|Form(signed)| signed.signed_request).map_err(|_| {
        Problem::bad_request(
            "A form with the field `signed_request` is expected, as Meta posts it.",
        )
    })
}

fn refused(error: CallbackError) -> Problem {
    match error {
        CallbackError::Refused(refused) => Problem::forbidden(refused.to_string()),
        CallbackError::Store(error) => error.into(),
    }
}

/// `POST /webhooks/meta/deauthorize`: the accounts that the person connected lose their tokens.
pub(super) async fn deauthorize(
    State(state): State<AppState>,
    form: SignedForm,
) -> Result<Response, Problem> {
    let signed = read(form)?;
    state.engine().deauthorize(&signed).await.map_err(refused)?;
    Ok(StatusCode::OK.into_response())
}

/// What Meta shows to the person.
#[derive(Debug, Serialize)]
pub(super) struct Deleted {
    url: String,
    confirmation_code: String,
}

/// `POST /webhooks/meta/data-deletion`: erases the person; `{url, confirmation_code}`.
pub(super) async fn delete_data(
    State(state): State<AppState>,
    headers: axum::http::HeaderMap,
    form: SignedForm,
) -> Result<Json<Deleted>, Problem> {
    let signed = read(form)?;
    let code = state
        .engine()
        .delete_person(&signed)
        .await
        .map_err(refused)?;
    let own = state.config().public_url.clone().unwrap_or_else(|| {
        let host = headers
            .get(header::HOST)
            .and_then(|v| v.to_str().ok())
            .unwrap_or("localhost");
        format!("http://{host}")
    });
    Ok(Json(Deleted {
        url: format!("{own}/data-deletion/{code}"),
        confirmation_code: code,
    }))
}

/// `GET /data-deletion/{code}`: what became of the request.
pub(super) async fn deletion_status(
    State(state): State<AppState>,
    Path(code): Path<String>,
) -> Response {
    let found = match state.engine().deletion_status(&code).await {
        Ok(found) => found,
        Err(error) => return Problem::from(error).into_response(),
    };
    let (status, title, text) = match &found {
        Some(request) if request.completed_at.is_some() => (
            StatusCode::OK,
            "Your data is deleted",
            "Your messages, your contact details and everything read from them are gone. Orders keep their items and sums for the shop's books, without your name, phone number and address.",
        ),
        Some(_) => (
            StatusCode::OK,
            "Your data is being deleted",
            "The request has arrived and is being carried out. Look here again in a few minutes.",
        ),
        None => (
            StatusCode::NOT_FOUND,
            "No such request",
            "There is no request with this code. Check the link that Meta showed you.",
        ),
    };
    let body = html! {
        div.gate.card {
            h1 { (title) }
            p { (text) }
            @if let Some(request) = &found {
                p.soft {
                    "Asked for " (parts::time(request.requested_at))
                    @if let Some(at) = request.completed_at { ", done " (parts::time(at)) }
                    ". Code: " code { (request.code) }
                }
            }
        }
    };
    (status, render_bare(title, body)).into_response()
}
