//! Signing in and out.

use axum::extract::{Query, Request, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use axum_extra::extract::cookie::CookieJar;
use secrecy::SecretString;
use serde::Deserialize;

use super::viewer::{PageError, PageResult, foreign_form, read_fields};
use crate::access::{self, Member, random_token, set_cookie, with_cookie};
use crate::csrf;
use crate::pages::parts::{Note, Tone};
use crate::pages::sign_in::{SignInView, sign_in};
use crate::state::{AppState, ClientAddress};

/// Holds the secret that a sign-in form's token is made of, before there is a session.
const FORM_COOKIE: &str = "eziseller-form";
/// A sign-in page may stay open this long.
const FORM_SECONDS: i64 = 24 * 3_600;

#[derive(Debug, Default, Deserialize)]
pub(super) struct Next {
    #[serde(default)]
    next: String,
}

/// A path on this server, or the home page.
fn own_path(text: &str) -> &str {
    let fine = text.starts_with('/')
        && !text.starts_with("//")
        && !text.contains(['\\', '\r', '\n'])
        && !text.starts_with("/sign-");
    if fine { text } else { "/" }
}

/// `GET /sign-in`
pub(super) async fn form(
    State(state): State<AppState>,
    member: Option<Member>,
    Query(next): Query<Next>,
) -> Response {
    let next = own_path(&next.next);
    if member.is_some() {
        return Redirect::to(next).into_response();
    }
    fresh_form(
        &state,
        StatusCode::OK,
        SignInView {
            next: next.to_owned(),
            ..SignInView::default()
        },
    )
}

fn fresh_form(state: &AppState, status: StatusCode, view: SignInView) -> Response {
    let secret = random_token();
    let page = sign_in(&SignInView {
        csrf: csrf::token(&secret),
        ..view
    });
    with_cookie(
        (status, page),
        set_cookie(state, FORM_COOKIE, secret, FORM_SECONDS),
    )
}

/// `POST /sign-in`
pub(super) async fn enter(
    State(state): State<AppState>,
    address: ClientAddress,
    request: Request,
) -> PageResult {
    let headers = request.headers().clone();
    let ours = csrf::comes_from_us(&headers);
    let fields = read_fields(request, &state).await?;
    let secret = CookieJar::from_headers(&headers)
        .get(FORM_COOKIE)
        .map(|cookie| cookie.value().to_owned())
        .unwrap_or_default();
    if !ours {
        return Err(foreign_form());
    }
    let email = fields.get("email");
    let next = own_path(fields.get("next"));
    let again = |status, text: String| {
        let note = Some(Note {
            tone: Tone::Bad,
            text,
            link: None,
        });
        let view = SignInView {
            email: email.to_owned(),
            next: next.to_owned(),
            note,
            ..SignInView::default()
        };
        Ok(fresh_form(&state, status, view))
    };
    if secret.is_empty() || !csrf::token_fits(&secret, fields.get(csrf::FIELD)) {
        return again(
            StatusCode::FORBIDDEN,
            "This page had been open for too long, or cookies are switched off. Please try once more.".into(),
        );
    }
    if let Err(wait) = state.sign_ins().attempt(address.0, email) {
        let seconds = wait.as_secs() + 1;
        metrics::counter!("eziseller_sign_ins_total", "result" => "limited").increment(1);
        return again(
            StatusCode::TOO_MANY_REQUESTS,
            format!("Too many attempts. Please wait {seconds} seconds."),
        );
    }
    let member = state.store().system().member_by_email(email).await?;
    let stored = member.as_ref().map(|member| member.password_hash.clone());
    let password = SecretString::from(
        fields
            .0
            .iter()
            .find(|(n, _)| n == "password")
            .map(|(_, v)| v.clone())
            .unwrap_or_default(),
    );
    match (state.passwords().verify(password, stored).await, member) {
        (Ok(true), Some(member)) => {
            // A session from before would otherwise stay open beside the new one.
            if let Some(old) = access::cookie(&headers, &state) {
                state.store().system().end_session(&old).await?;
            }
            metrics::counter!("eziseller_sign_ins_total", "result" => "ok").increment(1);
            let session = access::begin(&state, member.id).await?;
            let response = with_cookie(Redirect::to(next), session);
            Ok(with_cookie(
                response,
                set_cookie(&state, FORM_COOKIE, String::new(), 0),
            ))
        }
        (Ok(_), _) => {
            metrics::counter!("eziseller_sign_ins_total", "result" => "refused").increment(1);
            again(
                StatusCode::UNAUTHORIZED,
                "That name and password do not fit together.".into(),
            )
        }
        (Err(busy), _) => again(StatusCode::SERVICE_UNAVAILABLE, format!("{busy}.")),
    }
}

/// `POST /sign-out`
pub(super) async fn leave(
    State(state): State<AppState>,
    posted: axum::http::HeaderMap,
    _form: super::viewer::Posted,
) -> Result<Response, PageError> {
    if let Some(token) = access::cookie(&posted, &state) {
        state.store().system().end_session(&token).await?;
    }
    Ok(with_cookie(
        Redirect::to("/sign-in"),
        access::forget(&state),
    ))
}

#[cfg(test)]
mod tests {
    use super::own_path;

    #[test]
    fn sign_in_leads_only_to_pages_of_ours() {
        for (text, path) in [
            ("/orders?status=paid", "/orders?status=paid"),
            ("", "/"),
            ("https://evil.example", "/"),
            ("//evil.example", "/"),
            ("/\\evil.example", "/"),
            ("/sign-out", "/"),
            ("javascript:alert(1)", "/"),
        ] {
            assert_eq!(own_path(text), path, "{text}");
        }
    }
}
