//! Members and API keys on the dashboard; owners only.

use std::collections::BTreeMap;

use axum::extract::{Path, State};
use axum::http::StatusCode;
use domain::{ApiKeyId, MemberId};
use engine::ActionError;
use secrecy::{ExposeSecret, SecretString};
use store::Role;

use super::viewer::{PageError, PageResult, Posted, Viewer, go};
use crate::pages::layout::{Page, Tab};
use crate::pages::parts::Note;
use crate::pages::settings_pages::{self, KeyView, MemberView, SettingsForm};
use crate::password::check_strength;
use crate::problem::Problem;
use crate::state::AppState;

/// `GET /settings/team`
pub(super) async fn team(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    viewer.must_own()?;
    show(&state, &viewer, StatusCode::OK, &SettingsForm::default()).await
}

async fn show(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    typed: &SettingsForm,
) -> PageResult {
    let members = state.store().seller(viewer.member.seller).members().await?;
    let members: Vec<MemberView> = members
        .into_iter()
        .map(|member| MemberView {
            id: member.id,
            name: member.name,
            email: member.email,
            role: member.role.to_string(),
            is_self: member.id == viewer.member.id,
            signed_in_at: member.signed_in_at,
        })
        .collect();
    let frame = viewer.frame(state).await?;
    let body = settings_pages::team(&frame, &members, typed);
    let page = Page {
        title: "Team",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

async fn hash(state: &AppState, password: &str) -> Result<Result<String, String>, PageError> {
    let password = SecretString::from(password.to_owned());
    if let Err(weak) = check_strength(&password) {
        return Ok(Err(weak.to_string()));
    }
    match state.passwords().hash(password).await {
        Ok(hash) => Ok(Ok(hash)),
        Err(_) => Err(Problem::unavailable().into()),
    }
}

/// A password as it was typed, blanks at its ends included.
fn password(posted: &Posted) -> String {
    posted
        .fields
        .all("password")
        .next()
        .unwrap_or_default()
        .to_owned()
}

/// `POST /settings/team`
pub(super) async fn add(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let mut typed = SettingsForm {
        values: posted.fields.map(),
        errors: BTreeMap::new(),
    };
    typed.values.remove("password");
    let role: Role = posted.fields.get("role").parse().unwrap_or(Role::Staff);
    let (email, name) = (posted.fields.get("email"), posted.fields.get("name"));
    match hash(&state, &password(&posted)).await? {
        Err(weak) => {
            typed.errors.insert("password".into(), weak);
        }
        Ok(hash) => {
            let seller = Some(posted.member.seller);
            match state
                .engine()
                .add_member(seller, email, name, role, false, hash)
                .await
            {
                Ok(_) => {
                    let note = Note::good(format!("{name} can sign in now."));
                    return Ok(go(&state, "/settings/team", &note));
                }
                Err(ActionError::Invalid { field, problem }) => {
                    typed.errors.insert(field.to_owned(), problem);
                }
                Err(ActionError::Refused(why)) => {
                    typed.errors.insert("email".into(), why);
                }
                Err(error) => return Err(error.into()),
            }
        }
    }
    show(
        &state,
        &posted.viewer(),
        StatusCode::UNPROCESSABLE_ENTITY,
        &typed,
    )
    .await
}

/// `POST /settings/team/{id}`: another role, a new password, or gone.
pub(super) async fn change(
    State(state): State<AppState>,
    Path(id): Path<MemberId>,
    posted: Posted,
) -> PageResult {
    posted.must_own()?;
    let store = state.store().seller(posted.member.seller);
    let members = store.members().await?;
    let member = members.into_iter().find(|member| member.id == id);
    let member = member.ok_or_else(|| Problem::not_found("member"))?;
    let is_self = id == posted.member.id;
    let to = "/settings/team";
    if posted.fields.is_on("remove") {
        if is_self {
            return Ok(go(
                &state,
                to,
                &Note::bad("You cannot remove yourself; another owner can."),
            ));
        }
        store.remove_member(id).await?;
        return Ok(go(
            &state,
            to,
            &Note::good(format!("{} is removed and signed out.", member.name)),
        ));
    }
    if let Ok(role) = posted.fields.get("role").parse::<Role>()
        && role != member.role
        && !is_self
    {
        store.set_member_role(id, role).await?;
    }
    let new = password(&posted);
    if !new.is_empty() {
        match hash(&state, &new).await? {
            Err(weak) => {
                return Ok(go(
                    &state,
                    to,
                    &Note::bad(format!("The password was not changed: {weak}.")),
                ));
            }
            Ok(hash) => state.store().system().set_password(id, &hash).await?,
        }
        if is_self {
            return Ok(go(
                &state,
                "/sign-in",
                &Note::good("Your password is changed. Please sign in with it."),
            ));
        }
    }
    Ok(go(&state, to, &Note::good("Saved.")))
}

/// `GET /settings/keys`
pub(super) async fn keys(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    viewer.must_own()?;
    show_keys(&state, &viewer, StatusCode::OK, None, None).await
}

async fn show_keys(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    fresh: Option<&str>,
    error: Option<&str>,
) -> PageResult {
    let keys = state
        .store()
        .seller(viewer.member.seller)
        .api_keys()
        .await?;
    let keys: Vec<KeyView> = keys
        .into_iter()
        .map(|key| KeyView {
            id: key.id,
            name: key.name,
            hint: key.hint,
            at: key.created_at,
            used_at: key.used_at,
            revoked_at: key.revoked_at,
        })
        .collect();
    let frame = viewer.frame(state).await?;
    let body = settings_pages::keys(&frame, &keys, fresh, error);
    let page = Page {
        title: "API keys",
        tab: Tab::More,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /settings/keys`: the answer itself shows the key, this once.
pub(super) async fn add_key(State(state): State<AppState>, posted: Posted) -> PageResult {
    posted.must_own()?;
    let viewer = posted.viewer();
    match state
        .engine()
        .add_api_key(viewer.member.seller, posted.fields.get("name"))
        .await
    {
        Ok((_, key)) => {
            show_keys(
                &state,
                &viewer,
                StatusCode::OK,
                Some(key.expose_secret()),
                None,
            )
            .await
        }
        Err(ActionError::Invalid { problem, .. }) => {
            show_keys(
                &state,
                &viewer,
                StatusCode::UNPROCESSABLE_ENTITY,
                None,
                Some(&problem),
            )
            .await
        }
        Err(error) => Err(error.into()),
    }
}

/// `POST /settings/keys/{id}/revoke`
pub(super) async fn revoke_key(
    State(state): State<AppState>,
    Path(id): Path<ApiKeyId>,
    posted: Posted,
) -> PageResult {
    posted.must_own()?;
    state
        .store()
        .seller(posted.member.seller)
        .revoke_api_key(id, state.now())
        .await?;
    Ok(go(
        &state,
        "/settings/keys",
        &Note::good("The key is revoked; it opens nothing any more."),
    ))
}
