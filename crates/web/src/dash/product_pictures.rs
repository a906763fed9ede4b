//! A photo added to a product on the dashboard.

use axum::extract::{Multipart, Path, State};
use axum::http::HeaderMap;
use domain::ProductId;
use engine::ActionError;

use super::product_import::read_upload;
use super::viewer::{PageResult, Viewer, foreign_form, go, token_fits};
use crate::csrf;
use crate::limits;
use crate::pages::parts::Note;
use crate::state::AppState;

/// `POST /products/{id}/pictures`
pub(super) async fn add(
    State(state): State<AppState>,
    viewer: Viewer,
    Path(id): Path<ProductId>,
    headers: HeaderMap,
    upload: Multipart,
) -> PageResult {
    if !csrf::comes_from_us(&headers) {
        return Err(foreign_form());
    }
    let (fields, file) = read_upload(upload, limits::PICTURE_BODY_BYTES_MAX).await?;
    if !token_fits(&viewer.member, fields.get(csrf::FIELD)) {
        return Err(foreign_form());
    }
    let back = format!("/products/{id}");
    let Some((_, bytes)) = file.filter(|(_, bytes)| !bytes.is_empty()) else {
        return Ok(go(&state, &back, &Note::bad("Choose a photo first.")));
    };
    let main = fields.get("main") == "yes";
    let added = state
        .engine()
        .add_picture(viewer.member.seller, id, bytes, main)
        .await;
    let note = match added {
        Ok(()) => Note::good("The photo is added. Instagram gets it with the next sync."),
        Err(ActionError::Invalid { problem, .. } | ActionError::Refused(problem)) => {
            Note::bad(format!("The photo is not taken: {problem}."))
        }
        Err(error) => return Err(error.into()),
    };
    Ok(go(&state, &back, &note))
}
