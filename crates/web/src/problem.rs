//! Errors of the API as RFC 9457 problem details. A problem says what to do about it; the cause
//! that is nobody's business goes to the log, once.

use axum::Json;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use utoipa::ToSchema;

/// One field of a request that cannot be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct FieldError {
    /// The field's name, with a path for nested ones (`lines[0].quantity`).
    pub field: String,
    /// What is wrong with it and what to do.
    pub detail: String,
}

/// An error answer (RFC 9457, `application/problem+json`).
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct Problem {
    /// What kind of problem this is, as a URN that never changes.
    #[schema(example = "urn:eziseller:problem:not_found")]
    #[serde(rename = "type")]
    pub kind: String,
    /// The kind in words.
    pub title: &'static str,
    /// The HTTP status.
    pub status: u16,
    /// This occurrence, with its remedy.
    pub detail: String,
    /// The fields that cannot be taken, where the body was read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub errors: Vec<FieldError>,
    /// Seconds to wait before another attempt; also the `Retry-After` header.
    #[serde(skip)]
    pub retry_after: Option<u32>,
}

impl Problem {
    fn new(status: StatusCode, code: &str, title: &'static str, detail: impl Into<String>) -> Self {
        Self {
            kind: format!("urn:eziseller:problem:{code}"),
            title,
            status: status.as_u16(),
            detail: detail.into(),
            errors: Vec::new(),
            retry_after: None,
        }
    }

    /// 400: the request itself cannot be read.
    pub(crate) fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::BAD_REQUEST,
            "bad_request",
            "The request cannot be read",
            detail,
        )
    }

    /// 401: no usable credentials.
    pub(crate) fn unauthorized() -> Self {
        Self::new(
            StatusCode::UNAUTHORIZED,
            "unauthorized",
            "Sign-in needed",
            "Send an API key in the header `Authorization: Bearer KEY`. Owners make keys in the dashboard under Settings.",
        )
    }

    /// 403: known, but not allowed.
    pub(crate) fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: there is no such thing, or it is another seller's.
    pub(crate) fn not_found(noun: &str) -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "not_found",
            "Not found",
            format!("There is no such {noun}. Check the id; lists show those that exist."),
        )
    }

    /// 405: the path exists, this method does not.
    pub(crate) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "method_not_allowed",
            "Method not allowed",
            "This address does not take that method; the `Allow` header and /api/openapi.json say which it takes.",
        )
    }

    /// 409: right in itself, but not in the present state.
    pub(crate) fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "Not possible now", detail)
    }

    /// 413: more than the limit.
    pub(crate) fn too_large(bytes_max: usize) -> Self {
        Self::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            "too_large",
            "Body too large",
            format!(
                "The body may have {} KiB at most; send less at a time.",
                bytes_max >> 10
            ),
        )
    }

    /// 415: a body of another type than the one that is read.
    pub(crate) fn unsupported_media_type(wanted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "unsupported_media_type",
            "Unsupported media type",
            format!("Send the body with the header `Content-Type: {wanted}`."),
        )
    }

    /// 422: read, but the values cannot be taken.
    pub(crate) fn unprocessable(detail: impl Into<String>) -> Self {
        Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "unprocessable",
            "Values that cannot be taken",
            detail,
        )
    }

    /// 422 for one field.
    pub(crate) fn field(field: impl Into<String>, detail: impl Into<String>) -> Self {
        let (field, detail) = (field.into(), detail.into());
        Self {
            errors: vec![FieldError {
                field: field.clone(),
                detail: detail.clone(),
            }],
            ..Self::unprocessable(format!("{field}: {detail}"))
        }
    }

    /// 503: the server cannot do it just now.
    pub(crate) fn unavailable() -> Self {
        Self {
            retry_after: Some(5),
            ..Self::new(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "Not available just now",
                "The database does not answer or the server is at its limit. Nothing was changed; try again in a few seconds.",
            )
        }
    }

    /// 500: our own fault. `cause` is logged and not shown.
    pub(crate) fn internal(cause: impl std::fmt::Display) -> Self {
        tracing::error!("A request failed: {cause}");
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here",
            "The failure was logged with this answer's `x-request-id`. Try again; if it stays, give the operator that id.",
        )
    }

    /// The HTTP status.
    pub(crate) fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let status = self.status_code();
        let retry_after = self.retry_after;
        let mut response = (status, Json(self)).into_response();
        let headers = response.headers_mut();
        headers.insert(
            header::CONTENT_TYPE,
            HeaderValue::from_static("application/problem+json"),
        );
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, seconds.into());
        }
        if status == StatusCode::UNAUTHORIZED {
            headers.insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
        }
        response
    }
}

impl From<store::StoreError> for Problem {
    fn from(error: store::StoreError) -> Self {
        use store::StoreError as E;
        match error {
            E::Missing(noun) => Self::not_found(noun),
            E::Conflict => Self::conflict(
                "Somebody else changed this at the same time; read it again and repeat.",
            ),
            E::Taken { what } => Self::conflict(format!("{what} is already taken; use another.")),
            E::Unavailable(cause) => {
                tracing::error!("The database does not answer: {cause}");
                Self::unavailable()
            }
            E::Saturated => Self::unavailable(),
            other => Self::internal(other),
        }
    }
}

impl From<engine::ActionError> for Problem {
    fn from(error: engine::ActionError) -> Self {
        use engine::ActionError as E;
        match error {
            E::Missing(noun) => Self::not_found(noun),
            E::Invalid { field, problem } => Self::field(field, problem),
            E::Store(error) => error.into(),
            refused @ (E::Changed | E::Refused(_) | E::OutOfStock(_) | E::Window(_)) => {
                Self::conflict(refused.to_string())
            }
        }
    }
}
