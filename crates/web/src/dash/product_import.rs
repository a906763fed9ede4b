//! The import of a product file on the dashboard.

use axum::body::Bytes;
use axum::extract::{Multipart, State};
use axum::http::{HeaderMap, StatusCode};

use super::viewer::{Fields, PageError, PageResult, Viewer, foreign_form, token_fits};
use crate::csrf;
use crate::limits;
use crate::pages::layout::{Page, Tab};
use crate::pages::product_pages::{self, ImportView};
use crate::problem::Problem;
use crate::products;
use crate::state::AppState;

/// Rejected rows that a page lists.
const REJECTED_ROWS: usize = 100;

/// `GET /products/import`
pub(super) async fn import_form(State(state): State<AppState>, viewer: Viewer) -> PageResult {
    show_import(&state, &viewer, StatusCode::OK, None, None).await
}

async fn show_import(
    state: &AppState,
    viewer: &Viewer,
    status: StatusCode,
    done: Option<&ImportView>,
    error: Option<&str>,
) -> PageResult {
    let frame = viewer.frame(state).await?;
    let body = product_pages::import(&frame, done, error);
    let page = Page {
        title: "Import products",
        tab: Tab::Products,
        live: "",
        body,
    };
    Ok(viewer.show_with(state, status, &frame, page))
}

/// `POST /products/import`
pub(super) async fn import(
    State(state): State<AppState>,
    viewer: Viewer,
    headers: HeaderMap,
    upload: Multipart,
) -> PageResult {
    if !csrf::comes_from_us(&headers) {
        return Err(foreign_form());
    }
    let (fields, file) = read_upload(upload, limits::IMPORT_BODY_BYTES_MAX).await?;
    if !token_fits(&viewer.member, fields.get(csrf::FIELD)) {
        return Err(foreign_form());
    }
    let Some((name, bytes)) = file.filter(|(_, bytes)| !bytes.is_empty()) else {
        let error = Some("Choose a file first.");
        return show_import(
            &state,
            &viewer,
            StatusCode::UNPROCESSABLE_ENTITY,
            None,
            error,
        )
        .await;
    };
    match products::import(&state, viewer.member.seller, bytes).await {
        Ok(done) => {
            let rejected = done
                .rejected
                .iter()
                .take(REJECTED_ROWS)
                .map(|row| {
                    (
                        row.line.to_string(),
                        row.retailer_id.clone().unwrap_or_default(),
                        row.reason.clone(),
                    )
                })
                .collect();
            let view = ImportView {
                file: name,
                created: done.created as usize,
                updated: done.updated as usize,
                unchanged: done.unchanged as usize,
                more_rejected: (done.rejected_count as usize).saturating_sub(REJECTED_ROWS),
                rejected,
            };
            show_import(&state, &viewer, StatusCode::OK, Some(&view), None).await
        }
        Err(problem) if problem.status < 500 => {
            show_import(
                &state,
                &viewer,
                problem.status_code(),
                None,
                Some(&problem.detail),
            )
            .await
        }
        Err(problem) => Err(problem.into()),
    }
}

type Upload = (Fields, Option<(String, Bytes)>);

/// The fields of a form with a file, and the file with its name. `bytes_max` is the route's limit.
pub(super) async fn read_upload(
    mut upload: Multipart,
    bytes_max: usize,
) -> Result<Upload, PageError> {
    let broken = |_| Problem::too_large(bytes_max);
    let (mut fields, mut file) = (Fields::default(), None);
    while let Some(part) = upload.next_field().await.map_err(broken)? {
        let name = part.name().unwrap_or_default().to_owned();
        if name == "file" {
            let shown: String = part
                .file_name()
                .unwrap_or("The file")
                .chars()
                .take(120)
                .collect();
            file = Some((shown, part.bytes().await.map_err(broken)?));
        } else {
            fields.0.push((name, part.text().await.map_err(broken)?));
        }
    }
    Ok((fields, file))
}
